//! A receiver's database with some cells changed: copied, updated under the key column, put in place.
//!
//! Triggers of the database do not run, and a value goes in only if the declared type holds it as it is: SQLite itself
//! would take anything.

use crate::config::Config;
use crate::{Refusals, edge, edition};
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use yibiao_contract::{EdgeError, OutBatch, OutRow, Recovery};
use yibiao_format::{Cell, partial_path, put_in_place};

const BUSY_MS: u64 = 5000;

/// Writes the database. Refusals are by place of the row in the batch.
pub(crate) fn write(
    config: &Config,
    table: &str,
    key: &str,
    batch: &OutBatch,
) -> Result<Refusals, EdgeError> {
    let template = config.template();
    let before = edition::stamp(&template);
    let target = config.target();
    let partial = partial_path(&target);
    let fault = |error: rusqlite::Error| fault(config, &error);
    remove(&partial);
    copy(config, &partial)?;
    edition::check(config, &template, before, batch.edition.as_deref()).inspect_err(|_| remove(&partial))?;
    let mut refusals = Refusals::new();
    let mut connection = Connection::open_with_flags(
        &partial,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(fault)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(fault)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(fault)?;
    // The copy is thrown away if anything fails: a journal would guard nothing. One in log mode stays in it.
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(fault)?;
    let journal = if mode == "wal" { "" } else { "PRAGMA journal_mode = MEMORY;" };
    connection
        .execute_batch(&format!("{journal} PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;"))
        .map_err(fault)?;
    let columns = columns(&connection, table).map_err(fault)?;
    if !columns.contains_key(key) {
        return Err(EdgeError {
            attempt: format!("cannot write table {table} of {}", config.name()),
            reason: format!("it has no column {key}"),
            hint: "check table and key column in the mapping".to_owned(),
            recovery: Recovery::Halt,
            edition: None,
        });
    }
    let transaction = connection.transaction().map_err(fault)?;
    let update = Update { connection: &transaction, table, key, columns: &columns };
    for (place, row) in batch.rows.iter().enumerate().filter(|(_, row)| !row.cells.is_empty()) {
        let refused = update.row(row).map_err(fault)?;
        if !refused.is_empty() {
            refusals.insert(place, refused);
        }
    }
    transaction.commit().map_err(fault)?;
    connection.close().map_err(|(_, error)| fault(error))?;
    put_in_place(&target).map_err(|error| edge(&error))?;
    remove(&partial);
    Ok(refusals)
}

/// Removes what an earlier attempt left.
fn remove(partial: &Path) {
    for ending in ["", "-journal", "-wal", "-shm"] {
        let mut name = partial.as_os_str().to_owned();
        name.push(ending);
        // What is not there need not go; what cannot go makes the next step fail, with its reason.
        fs::remove_file(PathBuf::from(name)).unwrap_or_default();
    }
}

/// Copies the template as it stands, with what is still in its write-ahead log.
fn copy(config: &Config, partial: &Path) -> Result<(), EdgeError> {
    let template = config.template();
    let mut log = template.as_os_str().to_owned();
    log.push("-wal");
    if PathBuf::from(log).exists() {
        let fault = |error: rusqlite::Error| fault(config, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(&template, flags).map_err(fault)?;
        source.busy_timeout(Duration::from_millis(BUSY_MS)).map_err(fault)?;
        let mut target = Connection::open(partial).map_err(fault)?;
        let backup = rusqlite::backup::Backup::new(&source, &mut target).map_err(fault)?;
        return backup.run_to_completion(1024, Duration::ZERO, None).map_err(fault);
    }
    let mut source = yibiao_format::plain_bytes(&template).map_err(|error| edge(&error))?;
    let copied = fs::File::create(partial).and_then(|mut file| std::io::copy(&mut source, &mut file));
    copied.map(|_| ()).map_err(|cause| crate::system(&config.name(), &cause))
}

/// What a column can hold.
#[derive(Clone, Copy)]
enum Holds {
    Anything,
    /// Text of at most so many letters.
    Text(Option<usize>),
    Whole,
    Float,
    Number,
}

/// The columns with their declared types, by SQLite's own rules of affinity.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<BTreeMap<String, Holds>> {
    let mut statement = connection.prepare("SELECT name, type FROM pragma_table_info(?1)")?;
    let columns = statement.query_map([table], |row| {
        let declared: String = row.get(1)?;
        Ok((row.get(0)?, holds(&declared.to_ascii_uppercase())))
    })?;
    columns.collect()
}

fn holds(declared: &str) -> Holds {
    let has = |word: &str| declared.contains(word);
    if has("INT") {
        Holds::Whole
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        let width = declared.split_once('(').and_then(|(_, rest)| rest.split([')', ',']).next());
        Holds::Text(width.and_then(|width| width.trim().parse().ok()))
    } else if declared.is_empty() || has("BLOB") {
        Holds::Anything
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Holds::Float
    } else {
        Holds::Number
    }
}

impl Holds {
    /// The cell as a value of the column, or why it cannot hold it.
    fn value(self, cell: &Cell) -> Result<Value, &'static str> {
        let value = match cell {
            Cell::Absent => Value::Null,
            Cell::Text(text) => Value::Text(text.clone()),
            Cell::Integer(number) => Value::Integer(*number),
            Cell::Number(number) | Cell::DateSerial(number) => Value::Real(*number),
            Cell::Bool(value) => Value::Integer(i64::from(*value)),
        };
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Holds::Text(Some(width)), Value::Text(text)) if text.chars().count() > width => {
                Err("it is longer than the column")
            }
            (Holds::Text(_), Value::Integer(number)) => Ok(Value::Text(number.to_string())),
            (Holds::Text(_), Value::Real(number)) => Ok(Value::Text(number.to_string())),
            (Holds::Whole | Holds::Float | Holds::Number, Value::Text(text)) => self.number(&text),
            (Holds::Whole, Value::Real(number)) if number.fract() != 0.0 => {
                Err("the column holds whole numbers")
            }
            (Holds::Float, Value::Integer(number)) => self.number(&number.to_string()),
            (_, value) => Ok(value),
        }
    }

    /// A number from its digits, if the column keeps every one of them.
    fn number(self, digits: &str) -> Result<Value, &'static str> {
        if !matches!(self, Holds::Float)
            && let Ok(number) = digits.parse::<i64>()
            && number.to_string() == digits
        {
            return Ok(Value::Integer(number));
        }
        let number: f64 = digits.parse().map_err(|_| "the column holds numbers")?;
        let whole = !digits.contains(['.', 'e', 'E']);
        if !number.is_finite() || (whole && number.to_string() != digits) {
            return Err("the column would change its digits");
        }
        Ok(Value::Real(number))
    }
}

struct Update<'a> {
    connection: &'a Connection,
    table: &'a str,
    key: &'a str,
    columns: &'a BTreeMap<String, Holds>,
}

impl Update<'_> {
    /// Sets the cells of one row that differ. What is refused comes back as column and reason.
    fn row(&self, row: &OutRow) -> rusqlite::Result<Vec<(String, &'static str)>> {
        let mut refused = Vec::new();
        let all = |reason| row.cells.iter().map(|(column, _)| (column.clone(), reason)).collect();
        let Some(key) = &row.key else { return Ok(all(crate::NO_SUCH_ROW)) };
        let (table, key_column) = (quoted(self.table), quoted(self.key));
        let count: i64 = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM {table} WHERE {key_column} = ?1"))?
            .query_row([key], |row| row.get(0))?;
        match count {
            0 => return Ok(all(crate::NO_SUCH_ROW)),
            1 => {}
            _ => return Ok(all("its key stands for several rows")),
        }
        for (column, cell) in &row.cells {
            let Some(holds) = self.columns.get(column) else {
                refused.push((column.clone(), "the table has no such column"));
                continue;
            };
            match holds.value(cell) {
                Err(reason) => refused.push((column.clone(), reason)),
                Ok(value) => {
                    if !self.set(key, column, &value)? {
                        refused.push((column.clone(), "the table's rules refuse it"));
                    }
                }
            }
        }
        Ok(refused)
    }

    /// Sets one cell where it differs; `false` if the table refuses it.
    fn set(&self, key: &str, column: &str, value: &Value) -> rusqlite::Result<bool> {
        let (table, key_column, column) = (quoted(self.table), quoted(self.key), quoted(column));
        let old: Option<Value> = self
            .connection
            .prepare_cached(&format!("SELECT {column} FROM {table} WHERE {key_column} = ?1"))?
            .query_row([key], |row| row.get(0))
            .optional()?;
        if old.is_some_and(|old| same(&old, value)) {
            return Ok(true);
        }
        let updated = self
            .connection
            .prepare_cached(&format!("UPDATE {table} SET {column} = ?2 WHERE {key_column} = ?1"))?
            .execute(rusqlite::params![key, value]);
        match updated {
            Ok(_) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether two values read the same.
fn same(old: &Value, new: &Value) -> bool {
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Blob(_) => "\0".to_owned(),
    };
    plain(old) == plain(new)
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The error in our own words: the engine's may quote values.
fn fault(config: &Config, error: &rusqlite::Error) -> EdgeError {
    let (reason, hint, recovery) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            ("no room is left on the device", "make room; writing is tried again", Recovery::Retry)
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ("another program holds the receiver's database", "writing is tried again", Recovery::Retry)
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            "the receiver's database is damaged",
            "have it delivered again; writing is tried again",
            Recovery::Retry,
        ),
        _ => ("the database engine reports a failure", "writing is tried again", Recovery::Retry),
    };
    EdgeError {
        attempt: format!("cannot write {}", config.name()),
        reason: reason.to_owned(),
        hint: hint.to_owned(),
        recovery,
        edition: None,
    }
}
