//! From a request's body to items: rows as JSON, NDJSON or CSV, or the department's own file.
//!
//! **Invariant:** a body is understood whole before anything of it is taken in: one that breaks off changes nothing.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::io::Write;
use yibiao_contract::{Edition, Item, Message, MessageBody, Messages};
use yibiao_format::{BadRow, Cell, FormatError, Layout, Limits, Row, json_cells};
use yibiao_mapping::{Mapping, MessageBinding, Mode, SourceForm};
use yibiao_record::Timestamp;

/// Messages of one item, so that a large request can be parted into batches.
const MESSAGES_MAX: usize = 1_000;
/// How pushed messages are named in the quarantine.
const NAME: &str = "push";

/// What the sender says that the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One JSON object, or an array of them.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// The department's own CSV file, or, where its file is none, UTF-8 rows below a header.
    Csv,
    /// The department's own file.
    Own,
    /// Nothing: JSON where it looks like it, the department's own file otherwise.
    Unsaid,
}

/// A body that cannot be taken in. It holds nothing of the content.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is not what it was said to be.
    #[error("the body cannot be read: {reason}; {hint}")]
    Unreadable {
        /// Why.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// The system has no file of that kind.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The node could not write it aside.
    #[error("cannot write the body aside")]
    Aside(#[from] std::io::Error),
}

/// A body that was understood.
#[derive(Debug)]
pub struct Pushed {
    /// What it comes to.
    pub items: Vec<Item>,
    /// Its rows, in order.
    pub rows: Vec<PushedRow>,
}

/// One row of a body.
#[derive(Clone, PartialEq, Eq)]
pub struct PushedRow {
    /// Where it stands: of a file as people count its rows, otherwise its ordinal from 1.
    pub locator: u64,
    /// Its local key; `None` where it has none before the file is aligned with the one before, or none at all.
    pub key: Option<Box<str>>,
    /// Why it goes to the quarantine, without its content.
    pub fault: Option<String>,
}

impl fmt::Debug for PushedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} (refused: {})", self.locator, self.fault.is_some())
    }
}

/// Reads a body. `gzip` says that it is packed; `at` is the time of rows that do not say their own.
pub fn read_body(
    mapping: &Mapping,
    kind: Kind,
    gzip: bool,
    body: &[u8],
    limits: Limits,
    at: Timestamp,
) -> Result<Pushed, BodyError> {
    let own_csv = matches!(&mapping.source().form, SourceForm::File(Layout::Csv { .. }));
    let looks_like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    match kind {
        Kind::Json | Kind::Ndjson if gzip => {
            Err(BodyError::Unsupported("only the department's own file may come packed"))
        }
        Kind::Json => rows(mapping, NAME, 1, json_rows(body)?, at),
        Kind::Ndjson => rows(mapping, NAME, 1, lines(body), at),
        Kind::Csv if !own_csv && !gzip => csv_rows(mapping, body, at),
        Kind::Unsaid if looks_like_json && !gzip => match json_rows(body) {
            Ok(found) => rows(mapping, NAME, 1, found, at),
            Err(_) => rows(mapping, NAME, 1, lines(body), at),
        },
        Kind::Csv | Kind::Own | Kind::Unsaid => own_file(mapping, gzip, body, limits),
    }
}

fn unreadable(reason: impl Into<String>, hint: &str) -> BodyError {
    BodyError::Unreadable { reason: reason.into(), hint: hint.to_owned() }
}

/// A row as it came, with its key where it was said beside it.
pub(crate) struct Said {
    pub(crate) raw: Vec<u8>,
    pub(crate) key: Option<String>,
    /// The row, none for one that is no more, or why it is none.
    pub(crate) body: Result<Option<Vec<u8>>, String>,
}

/// A row with its key beside it; no value means that the row is no more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyed<'a> {
    key: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

fn said(raw: &[u8]) -> Said {
    // A row of the department's own has other members than these two.
    let (key, body) = match serde_json::from_slice::<Keyed<'_>>(raw) {
        Ok(Keyed { key, value }) => (Some(key), Ok(value.map(|value| value.get().as_bytes().to_vec()))),
        Err(_) => (None, Ok(Some(raw.to_vec()))),
    };
    Said { raw: raw.to_vec(), key, body }
}

fn json_rows(body: &[u8]) -> Result<Vec<Said>, BodyError> {
    let fault = |error: serde_json::Error| {
        // The library's own message may quote the content: only the place is passed on.
        let at = format!("it is not JSON from line {}, column {} on", error.line(), error.column());
        unreadable(at, "send one JSON object, an array of them, or NDJSON as application/x-ndjson")
    };
    if body.trim_ascii_start().first() == Some(&b'[') {
        let rows: Vec<&RawValue> = serde_json::from_slice(body).map_err(fault)?;
        return Ok(rows.into_iter().map(|row| said(row.get().as_bytes())).collect());
    }
    let row: &RawValue = serde_json::from_slice(body).map_err(fault)?;
    Ok(vec![said(row.get().as_bytes())])
}

fn lines(body: &[u8]) -> Vec<Said> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(said).collect()
}

fn csv_rows(mapping: &Mapping, body: &[u8], at: Timestamp) -> Result<Pushed, BodyError> {
    let hint = "send UTF-8 with a header of the department's own column names";
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let header = reader.headers().map_err(|_| unreadable("its header is not UTF-8", hint))?.clone();
    let mut found = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|_| unreadable("it is not separated values", hint))?;
        found.push(csv_row(&header, &record));
    }
    rows(mapping, NAME, 1, found, at)
}

fn csv_row(header: &csv::StringRecord, record: &csv::ByteRecord) -> Said {
    let raw = record.iter().collect::<Vec<_>>().join(&b',');
    let fields: Option<Vec<&str>> = record.iter().map(|field| std::str::from_utf8(field).ok()).collect();
    let body = match fields {
        None => Err("it is not UTF-8".to_owned()),
        Some(fields) if fields.len() != header.len() => {
            Err(format!("it has {} fields, the header has {}", fields.len(), header.len()))
        }
        Some(fields) => {
            let row: serde_json::Map<String, serde_json::Value> =
                header.iter().map(str::to_owned).zip(fields.into_iter().map(Into::into)).collect();
            Ok(Some(serde_json::Value::Object(row).to_string().into_bytes()))
        }
    };
    Said { raw, key: None, body }
}

/// Rows that stand for themselves, as messages; `first` is the ordinal of the first.
pub(crate) fn rows(
    mapping: &Mapping,
    name: &str,
    first: u64,
    found: Vec<Said>,
    at: Timestamp,
) -> Result<Pushed, BodyError> {
    if found.is_empty() {
        return Err(unreadable("it holds no row", "send at least one row"));
    }
    let columns = mapping.message_columns();
    let binding =
        mapping.bind_messages(name, &columns).map_err(|error| unreadable(error.reason, error.hint))?;
    let mut pushed = Pushed { items: Vec::new(), rows: Vec::with_capacity(found.len()) };
    let mut messages = Vec::new();
    for (locator, said) in (first..).zip(found) {
        let (message, row) = message(&binding, &columns, locator, said, at);
        messages.push(message);
        pushed.rows.push(row);
        if messages.len() == MESSAGES_MAX {
            pushed.items.push(item(name, &columns, std::mem::take(&mut messages)));
        }
    }
    if !messages.is_empty() {
        pushed.items.push(item(name, &columns, messages));
    }
    Ok(pushed)
}

fn item(name: &str, columns: &[String], messages: Vec<Message>) -> Item {
    Item::Messages(Messages { name: name.to_owned(), columns: columns.to_vec(), messages })
}

fn message(
    binding: &MessageBinding<'_>,
    columns: &[String],
    locator: u64,
    said: Said,
    at: Timestamp,
) -> (Message, PushedRow) {
    let body = match said.body {
        Ok(Some(row)) => json_cells(&row, columns).map_or_else(MessageBody::Bad, MessageBody::Cells),
        Ok(None) => MessageBody::Delete,
        Err(reason) => MessageBody::Bad(reason),
    };
    let (key, fault) = match &body {
        MessageBody::Cells(cells) => understood(binding, said.key, at, cells),
        MessageBody::Delete => {
            let fault = binding.delete(said.key.as_deref(), at).err().map(|fault| fault.reason);
            (said.key, fault)
        }
        MessageBody::Bad(reason) => (said.key, Some(reason.clone())),
    };
    let row = PushedRow { locator, key: key.as_deref().map(str::trim).map(Into::into), fault: fault.clone() };
    (Message { locator, key, at, raw: said.raw, body }, row)
}

/// The key of a row, its own where none was said, and what is wrong with it.
fn understood(
    binding: &MessageBinding<'_>,
    key: Option<String>,
    at: Timestamp,
    cells: &[Cell],
) -> (Option<String>, Option<String>) {
    let key = match key.map_or_else(|| binding.own_key(cells.to_vec()).map(String::from), Ok) {
        Ok(key) => key,
        Err(fault) => return (None, Some(fault.reason)),
    };
    let fault = binding.parse(Some(&key), at, cells.to_vec()).err();
    let words = fault.map(|fault| {
        let column = fault.column.map(|column| format!("column {column}: ")).unwrap_or_default();
        format!("{column}{}", fault.reason)
    });
    (Some(key), words)
}

/// The department's own file, as if it had been dropped in a folder.
fn own_file(mapping: &Mapping, gzip: bool, body: &[u8], limits: Limits) -> Result<Pushed, BodyError> {
    let source = mapping.source();
    let SourceForm::File(layout) = &source.form else {
        return Err(BodyError::Unsupported("the system's rows lie in a database: push rows, not its file"));
    };
    let folder = tempfile::tempdir()?;
    let name = source.file.trim_end_matches(".gz").replace('*', "_");
    let path = folder.path().join(if gzip { format!("{name}.gz") } else { name.clone() });
    std::fs::File::create(&path)?.write_all(body)?;
    let fault = |error: FormatError| BodyError::Unreadable {
        reason: error.reason.to_string(),
        hint: error.hint.to_owned(),
    };
    let mut reader = yibiao_format::open(&path, layout, limits).map_err(fault)?;
    let opening = reader.opening().clone();
    let binding = mapping
        .bind(&name, &opening)
        .map_err(|error| BodyError::Unreadable { reason: error.reason, hint: error.hint.to_owned() })?;
    let edition = Edition {
        name,
        opening: opening.clone(),
        whole: source.mode == Mode::Snapshot,
        digest: blake3::hash(body).to_hex().as_str().into(),
    };
    let mut pushed = Pushed { items: vec![Item::Open(edition)], rows: Vec::new() };
    while let Some(read) = reader.next_row().map_err(fault)? {
        let (item, row) = match read {
            Ok(row) => {
                let seen = file_row(&binding, &row);
                (Item::Row(row), seen)
            }
            Err(BadRow { locator, raw, reason }) => {
                let row = PushedRow { locator, key: None, fault: Some(reason.clone()) };
                (Item::Bad(BadRow { locator, raw, reason }), row)
            }
        };
        pushed.items.push(item);
        pushed.rows.push(row);
    }
    pushed.items.push(Item::Close);
    Ok(pushed)
}

fn file_row(binding: &yibiao_mapping::Binding<'_>, row: &Row) -> PushedRow {
    let locator = row.locator;
    match binding.parse(row) {
        Ok(parsed) => {
            let key = match parsed.identity {
                yibiao_mapping::Identity::Key(key) => Some(key),
                yibiao_mapping::Identity::Columns(_) => None,
            };
            PushedRow { locator, key, fault: None }
        }
        Err(fault) => {
            let column = fault.column.map(|column| format!("column {column}: ")).unwrap_or_default();
            PushedRow { locator, key: None, fault: Some(format!("{column}{}", fault.reason)) }
        }
    }
}
