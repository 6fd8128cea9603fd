//! The table as rows: a thread steps through one query and hands the rows over a bounded channel.
//!
//! One query sees one state of the database from its first row to its last, whatever writers do meanwhile.

use crate::config::Config;
use crate::file::{self, fault};
use crate::position::Mark;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use yibiao_contract::{EdgeError, Recovery};
use yibiao_format::{BadRow, Cell, Row, cells_json};

/// Rows that wait between the thread and the reader.
const WAITING_MAX: usize = 256;

/// What the thread sends. The last message is `End` or `Failed`.
pub(crate) enum Message {
    Row(Result<Row, BadRow>, Option<Mark>),
    End,
    Failed(EdgeError),
}

/// A query in progress.
pub(crate) struct Query {
    receiver: Option<Receiver<Message>>,
    thread: Option<JoinHandle<()>>,
}

impl Query {
    /// Starts a query for all rows, or for those whose cursor column is beyond a mark.
    pub(crate) fn start(config: &Config, beyond: Option<Mark>) -> Query {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let config = config.clone();
        let thread = std::thread::spawn(move || {
            let last = match step_through(&config, beyond, &sender) {
                Ok(()) => Message::End,
                Err(error) => Message::Failed(error),
            };
            // Where nobody listens any more, nobody needs to know.
            sender.send(last).unwrap_or_default();
        });
        Query { receiver: Some(receiver), thread: Some(thread) }
    }

    pub(crate) fn next(&mut self) -> Message {
        self.receiver.as_ref().and_then(|receiver| receiver.recv().ok()).unwrap_or(Message::End)
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        // Without a receiver the thread ends at its next row; then the database is let go.
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap_or_default();
        }
    }
}

/// The columns of the table.
pub(crate) fn columns(config: &Config) -> Result<Vec<String>, EdgeError> {
    let connection = open(config)?;
    let statement = connection
        .prepare(&format!("SELECT * FROM {}", quoted(&config.table)))
        .map_err(|error| sql(config, &error))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    // SQLite takes an unknown quoted column for a text: so it is looked up here.
    for column in std::iter::once(&config.key).chain(&config.cursor) {
        if !columns.contains(column) {
            return Err(fault(config, &format!("it has no column {column}"), Recovery::Halt));
        }
    }
    Ok(columns)
}

fn open(config: &Config) -> Result<Connection, EdgeError> {
    let header = file::header(config)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = if header.logged && !file::log_path(config).exists() {
        // A database in log mode whose writer is gone: read-only access would leave new files beside it.
        let path = config.path.to_string_lossy();
        let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{path}?immutable=1");
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(&config.path, flags)
    };
    let connection = opened.map_err(|error| sql(config, &error))?;
    connection.busy_timeout(Duration::from_millis(config.busy_ms)).map_err(|error| sql(config, &error))?;
    Ok(connection)
}

fn step_through(
    config: &Config,
    beyond: Option<Mark>,
    sender: &SyncSender<Message>,
) -> Result<(), EdgeError> {
    let columns = columns(config)?;
    let connection = open(config)?;
    let (table, key) = (quoted(&config.table), quoted(&config.key));
    let cursor = config.cursor.as_deref().map(quoted);
    let filter = match (&cursor, &beyond) {
        (Some(cursor), Some(_)) => format!("WHERE {cursor} > ?1"),
        _ => String::new(),
    };
    let order = cursor.map_or_else(|| key.clone(), |cursor| format!("{cursor}, {key}"));
    let mut statement = connection
        .prepare(&format!("SELECT * FROM {table} {filter} ORDER BY {order}"))
        .map_err(|error| sql(config, &error))?;
    let place = config.cursor.as_ref().and_then(|cursor| columns.iter().position(|name| name == cursor));
    let rows = match &beyond {
        Some(Mark::Integer(number)) => statement.query([number]),
        Some(Mark::Real(number)) => statement.query([number]),
        Some(Mark::Text(text)) => statement.query([text]),
        None => statement.query([]),
    };
    let mut rows = rows.map_err(|error| sql(config, &error))?;
    let mut locator = 0;
    while let Some(row) = rows.next().map_err(|error| sql(config, &error))? {
        locator += 1;
        let read = read_row(config, row, &columns, locator)?;
        let mark = match place.map(|place| row.get_ref(place)) {
            Some(Ok(value)) => mark(value),
            _ => None,
        };
        if sender.send(Message::Row(read, mark)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn read_row(
    config: &Config,
    row: &rusqlite::Row<'_>,
    columns: &[String],
    locator: u64,
) -> Result<Result<Row, BadRow>, EdgeError> {
    let mut cells = Vec::with_capacity(columns.len());
    let mut bad = None;
    for (place, column) in columns.iter().enumerate() {
        let value = row.get_ref(place).map_err(|error| sql(config, &error))?;
        cells.push(match value {
            ValueRef::Null => Cell::Absent,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Real(number) => Cell::Number(number),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Cell::Text(text.to_owned()),
                Err(_) => {
                    bad = Some(format!("column {column} is not text in utf-8"));
                    Cell::Text(hex(bytes))
                }
            },
            ValueRef::Blob(bytes) => {
                bad = Some(format!("column {column} holds binary data"));
                Cell::Text(hex(bytes))
            }
        });
    }
    let mut raw = cells_json(&cells);
    if raw.len() > config.row_bytes_max {
        raw.truncate(config.row_bytes_max);
        bad = Some("it is longer than the limit `row_bytes_max`".to_owned());
    }
    Ok(match bad {
        None => Ok(Row { locator, cells, raw }),
        Some(reason) => Err(BadRow { locator, raw, reason }),
    })
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{digits}'")
}

fn mark(value: ValueRef<'_>) -> Option<Mark> {
    match value {
        ValueRef::Integer(number) => Some(Mark::Integer(number)),
        ValueRef::Real(number) => Some(Mark::Real(number)),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().map(|text| Mark::Text(text.to_owned())),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The error in our own words: the engine's may quote values.
fn sql(config: &Config, error: &rusqlite::Error) -> EdgeError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            fault(config, "another program holds the database", Recovery::Retry)
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            fault(config, "it is damaged", Recovery::Quarantine)
        }
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => EdgeError {
            hint: "its writer was interrupted: have the department's system open it once, then deliver it"
                .to_owned(),
            ..fault(config, "it needs repair, which its reader may not do", Recovery::Halt)
        },
        Some(ErrorCode::Unknown) => fault(config, "it has no such table", Recovery::Halt),
        _ => fault(config, "the database engine reports a failure", Recovery::Retry),
    }
}
