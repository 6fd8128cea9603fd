//! What an operator writes about a database source.

use serde::Deserialize;
use std::path::PathBuf;
use yibiao_format::Limits;

/// A table of a SQLite database.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database file. It is only read, and may be missing for now.
    pub path: PathBuf,
    /// The table or view.
    pub table: String,
    /// The column that identifies a row; rows come in its order.
    pub key: String,
    /// A column that grows with every insert and update. With it, later readings bring only rows beyond the greatest
    /// value seen: rows whose value is empty or not greater, and deleted rows, go unnoticed. Without it, the whole
    /// table is read again whenever the file has changed.
    #[serde(default)]
    pub cursor: Option<String>,
    /// The file is read once it has not changed for so long, in milliseconds. 0 reads at once.
    #[serde(default = "settle_ms_default")]
    pub settle_ms: u64,
    /// How long to wait for a writer that holds the database, in milliseconds.
    #[serde(default = "busy_ms_default")]
    pub busy_ms: u64,
    /// Longest row, in bytes of its cells as JSON.
    #[serde(default = "row_bytes_max_default")]
    pub row_bytes_max: usize,
}

fn settle_ms_default() -> u64 {
    2000
}

fn busy_ms_default() -> u64 {
    5000
}

fn row_bytes_max_default() -> usize {
    Limits::default().row_bytes_max
}

impl Config {
    /// A table that is read whole, with the defaults.
    pub fn new(path: PathBuf, table: String, key: String) -> Config {
        Config {
            path,
            table,
            key,
            cursor: None,
            settle_ms: settle_ms_default(),
            busy_ms: busy_ms_default(),
            row_bytes_max: row_bytes_max_default(),
        }
    }

    pub(crate) fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}
