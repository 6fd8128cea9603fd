//! The traits [`Connector`] and [`Adapter`], and what passes between them and the pipeline.
//!
//! **Invariant:** reading has no side effect at the source; only [`Connector::commit`] may, and the pipeline calls it
//! after the durable commit, never before.
//! **Invariant:** an author cannot acknowledge early: cursors, retries, batches, metrics and dead letters belong to the
//! pipeline.
//!
//! What follows is the page for authors.
#![doc = include_str!("../README.md")]

#[cfg(feature = "cloud-events")]
pub mod cloud_event;
#[cfg(feature = "conformance")]
pub mod conformance;
mod event;
pub mod fault;
#[cfg(feature = "program")]
pub mod program;
mod trace;
#[cfg(feature = "cloud-events")]
pub mod values;
mod words;

pub use event::{
    ChangeEvent, EventAdapter, EventBatch, EventRecord, FeedMark, Letter, Patience, REFUSED, TOO_LARGE,
    UNFIT, error_headers,
};
pub use trace::{TRACE_PARENT, TraceParent};
// What the traits speak of, so that an author needs this one crate.
pub use yibiao_format::{BadRow, Cell, Opening, Row, cells_json, json_cells};
pub use yibiao_record::Timestamp;

use std::fmt;
use std::future::Future;

/// Where a connector stands in its source. The bytes are the connector's own; the pipeline only keeps them. Empty at
/// the very start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(pub Vec<u8>);

/// One thing that a connector read, in the order of the source.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A file, or one reading of a table, begins. Every row and bad row up to [`Item::Close`] belongs to it.
    Open(Edition),
    /// A row.
    Row(Row),
    /// A row that could not be read.
    Bad(BadRow),
    /// The edition was read to its end. Without it (a file that breaks off) nothing is concluded from absence.
    Close,
    /// Messages: they belong to no edition.
    Messages(Messages),
}

/// Messages with one set of columns. Each stands for itself, whatever else the source holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Messages {
    /// Where they come from, as the quarantine names it: a topic.
    pub name: String,
    /// The columns, in the order of the cells.
    pub columns: Vec<String>,
    /// The messages, in the order of the source.
    pub messages: Vec<Message>,
}

/// One message about one row.
#[derive(Clone, PartialEq)]
pub struct Message {
    /// What a person would look for at the source: its offset.
    pub locator: u64,
    /// The row's local key; `None` where the columns tell it.
    pub key: Option<String>,
    /// When it was sent: when the row was observed, unless the row says that itself.
    pub at: Timestamp,
    /// Its bytes as they came.
    pub raw: Vec<u8>,
    /// What it says.
    pub body: MessageBody,
}

/// What a message says of its row.
#[derive(Clone, PartialEq)]
pub enum MessageBody {
    /// The row stands so, or as its operation column says.
    Cells(Vec<Cell>),
    /// The row is no more.
    Delete,
    /// It could not be read: why, without its content.
    Bad(String),
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} ({:?}, {} bytes)", self.locator, self.body, self.raw.len())
    }
}

impl fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MessageBody::Cells(_) => "cells",
            MessageBody::Delete => "delete",
            MessageBody::Bad(_) => "bad",
        })
    }
}

/// One edition of a source: a file as it was dropped, a reading of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Edition {
    /// The file's or table's name, without folders.
    pub name: String,
    /// What stands before the rows.
    pub opening: Opening,
    /// Whether it holds every row of the source, so that a missing one was deleted. A connector that reads only what
    /// changed since its cursor says no.
    pub whole: bool,
    /// A digest of its content: equal for equal content, whenever it is read. It tells an adapter whether it still writes
    /// into the edition that the rows were read from.
    pub digest: Box<str>,
}

/// What one call of [`Connector::read`] yields: bounded in rows and bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// What was read.
    pub items: Vec<Item>,
    /// Where reading goes on once these items are durable.
    pub cursor: Cursor,
}

/// Bounds on a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Most rows.
    pub rows_max: usize,
    /// Most bytes of raw rows; one row over it comes alone.
    pub bytes_max: usize,
}

/// What the pipeline does about a failure. It matches on this, never on text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Try again after a while.
    Retry,
    /// Set this edition aside with its reason and go on with the next.
    Quarantine,
    /// A person must act first.
    Halt,
}

/// A failure of a connector or adapter: what was attempted on what, why, and what to do next. It never holds
/// personal data.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}: {reason}; {hint}")]
pub struct EdgeError {
    /// What was attempted, on what: `cannot read ga_population.ndjson`.
    pub attempt: String,
    /// Why it failed.
    pub reason: String,
    /// What to do next.
    pub hint: String,
    /// What the pipeline does.
    pub recovery: Recovery,
    /// The edition it is about, where it is about one (quarantined under this name).
    pub edition: Option<String>,
}

/// One finding of [`Connector::check`] or [`Adapter::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `folder /srv/in`.
    pub subject: String,
    /// Whether it is as it should be.
    pub good: bool,
    /// What is wrong and the likely cause, or what was found.
    pub detail: String,
    /// What to do next; empty where `good`.
    pub hint: String,
}

/// A schema that a source offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// File or table.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// What a connector can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectorCapabilities {
    /// The source can be read again from an older cursor.
    pub replay: bool,
    /// An edition holds every row, so that absence means deletion.
    pub snapshot: bool,
}

/// Brings a department's rows in.
///
/// **Contract:** `read` returns `None` when there is nothing new; of two reads from one cursor of an unchanged source, one
/// begins with all that the other gives; a cursor that was never committed may be read from again.
pub trait Connector: Send + fmt::Debug {
    /// What it can do.
    fn capabilities(&self) -> ConnectorCapabilities;
    /// Whether source and rights are as needed.
    fn check(&self) -> impl Future<Output = Vec<Finding>> + Send;
    /// What the source offers.
    fn discover(&self) -> impl Future<Output = Result<Vec<Discovered>, EdgeError>> + Send;
    /// The next batch after `from`.
    fn read(
        &mut self,
        from: &Cursor,
        limits: BatchLimits,
    ) -> impl Future<Output = Result<Option<Batch>, EdgeError>> + Send;
    /// Everything up to `upto` is durable.
    fn commit(&mut self, upto: &Cursor) -> impl Future<Output = Result<(), EdgeError>> + Send;
    /// Resolves when there is something to read before the pipeline would look again. A source that cannot tell never
    /// does.
    fn ready(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// How an adapter takes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Adds each row; a repeat is a second row.
    Append,
    /// Sets each row under its key; a repeat changes nothing.
    Upsert,
    /// As `Upsert`, together with the position, at once.
    Transactional,
    /// Takes all rows of the receiver at once and replaces what it wrote before.
    Replace,
}

/// One row for a receiver, in the receiver's own columns.
#[derive(Clone, PartialEq)]
pub struct OutRow {
    /// Where the row stands in the newest edition that the receiver sent (see [`Row::locator`]); `None` for a row that it does
    /// not hold.
    pub locator: Option<u64>,
    /// The receiver's own key, where its file has a key column.
    pub key: Option<String>,
    /// The cells to set: column and text or number. Cells not named stay as the receiver had them.
    pub cells: Vec<(String, yibiao_format::Cell)>,
    /// For the receipt: what was done for the row.
    pub status: RowStatus,
    /// For the receipt: rules and counts, never values.
    pub reason: String,
}

impl fmt::Debug for OutRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {:?} ({:?}, {} cells)", self.locator, self.status, self.cells.len())
    }
}

/// What the receipt says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// At least one cell was completed or corrected.
    Changed,
    /// The row was right already.
    Unchanged,
    /// Part of it waits for a steward.
    Review,
    /// It could not be read and stands in the quarantine.
    Quarantined,
    /// Its subject is not covered by the subscription.
    Filtered,
}

impl RowStatus {
    /// The word in the receipt, English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            RowStatus::Changed => ("changed", "已更新"),
            RowStatus::Unchanged => ("unchanged", "无变化"),
            RowStatus::Review => ("review", "待裁决"),
            RowStatus::Quarantined => ("quarantined", "已隔离"),
            RowStatus::Filtered => ("filtered", "不在订阅范围"),
        }
    }
}

/// What an adapter is asked to write.
#[derive(Clone, Debug, PartialEq)]
pub struct OutBatch {
    /// The feed position that the batch brings the receiver to.
    pub upto: u64,
    /// The digest of the edition that the rows were read from ([`Edition::digest`]). An adapter that writes into the
    /// receiver's own edition refuses the batch, to be tried again, where that has become another.
    pub edition: Option<Box<str>>,
    /// The rows, in the receiver's own order.
    pub rows: Vec<OutRow>,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// Not now; again after this many milliseconds.
    Retry(u64),
    /// The receiver refuses it for good, with its reason.
    Reject(String),
    /// Nobody knows: treated as an error.
    Unknown,
    /// The receiver is gone for good and asks to be left alone: its subscription is disabled until an operator enables
    /// it again.
    Gone,
}

/// Sends rows to a receiver.
///
/// **Contract:** one outcome per row, in order; a batch written twice leaves the receiver as after the first time unless
/// the capability is [`Delivery::Append`].
pub trait Adapter: Send + fmt::Debug {
    /// How it takes rows.
    fn delivery(&self) -> Delivery;
    /// Whether receiver and rights are as needed.
    fn check(&self) -> impl Future<Output = Vec<Finding>> + Send;
    /// Writes a batch.
    fn write(&mut self, batch: &OutBatch) -> impl Future<Output = Result<Vec<Outcome>, EdgeError>> + Send;
    /// The feed position that the receiver is known to have reached, where it can tell.
    fn last_applied(&self) -> impl Future<Output = Result<Option<u64>, EdgeError>> + Send;
}
