//! What the store keeps beside submissions, changes and decisions.

use std::fmt;
use yibiao_record::{ChangeSeq, DecisionSeq, ElementId, SourceKey, SubmissionSeq, SystemId, Timestamp};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// Position of an entry in the quarantine, from 1.
    QuarantineId
}
number! {
    /// Position of an entry in the audit log, from 1.
    AuditSeq
}
number! {
    /// Position of a commit in the life of the store, from 1.
    CommitSeq
}

/// A row that could not be taken in, with its bytes, so that nothing is lost. Never deleted, only closed.
#[derive(Clone, PartialEq, Eq)]
pub struct QuarantineEntry {
    /// Its place in the quarantine.
    pub id: QuarantineId,
    /// The system whose row it is.
    pub system: SystemId,
    /// The file or table that it stood in, without folders.
    pub edition: Box<str>,
    /// Where it stood there: what a person would look for.
    pub locator: u64,
    /// Its bytes as they came.
    pub raw: Box<[u8]>,
    /// What was wrong, without the row's content.
    pub reason: Box<str>,
    /// Which rule refused it, by its short name.
    pub rule: Box<str>,
    /// The time of the input that held it.
    pub at: Timestamp,
}

impl fmt::Debug for QuarantineEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quarantined {} of {} by {} ({} bytes)", self.id, self.system, self.rule, self.raw.len())
    }
}

/// Why a quarantined row needs no more attention, and which commit said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedQuarantine {
    /// The entry.
    pub id: QuarantineId,
    /// Why: retried, discarded by a steward.
    pub reason: Box<str>,
}

/// A change that a receiver refused for good, as it was sent. Not to be mixed up with the quarantine, which holds rows
/// that could not be taken in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DeadLetter {
    /// The change's place in the feed.
    pub at: ChangeSeq,
    /// Whose receiver refused it.
    pub subscription: Box<str>,
    /// Why, by a short name from a closed set.
    pub code: Box<str>,
    /// Why, in words, without the record's content.
    pub reason: Box<str>,
    /// Where it was sent to: a topic, a host.
    pub receiver: Box<str>,
    /// The part of the node that sent it.
    pub sender: Box<str>,
    /// The key that it was sent under; empty where it had none.
    pub key: Box<[u8]>,
    /// The headers that it was sent with.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The bytes that were sent, or would have been; empty where there never were any.
    pub body: Box<[u8]>,
    /// How often it was refused.
    pub refused: u64,
    /// When it was refused last.
    pub refused_at: Timestamp,
    /// Whether it is to be sent again.
    pub replay: bool,
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, subscription, code, body, .. } = self;
        write!(f, "dead letter {at} of {subscription} by {code} ({} bytes)", body.len())
    }
}

/// A part of the list of rows of one edition of a source without a key column: what the next edition is aligned with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionPage {
    /// The source.
    pub system: SystemId,
    /// Which edition, counted up.
    pub edition: u64,
    /// Which page of it, from 0. A page written again replaces the earlier one.
    pub page: u32,
    /// Its rows, in the edition's order.
    pub rows: Vec<EditionRow>,
}

/// One row of an [`EditionPage`].
#[derive(Clone, PartialEq, Eq)]
pub struct EditionRow {
    /// Where it stands in the edition.
    pub locator: u64,
    /// The local key that it was given.
    pub local: Box<str>,
    /// The text of its identity columns.
    pub identity: Vec<String>,
}

impl fmt::Debug for EditionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} ({} identity columns)", self.locator, self.identity.len())
    }
}

/// A digest of a value's encoding: enough to know the value again, and not the value itself.
pub type ValueDigest = [u8; 16];

/// What was last written into a receiver's row. A row without elements forgets the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredRow {
    /// The receiver and its key for the row.
    pub key: SourceKey,
    /// The elements written, with the digest of each value, sorted by element.
    pub elements: Vec<(ElementId, ValueDigest)>,
}

/// Where the logs stood after a commit. A replay keeps these boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boundary {
    /// The commit.
    pub commit: CommitSeq,
    /// The last submission.
    pub submission: SubmissionSeq,
    /// The last change.
    pub change: ChangeSeq,
    /// The last decision.
    pub decision: DecisionSeq,
    /// The last entry of the quarantine.
    pub quarantine: QuarantineId,
    /// The last entry of the audit log.
    pub audit: AuditSeq,
}
