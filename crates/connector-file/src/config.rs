//! What an operator writes about a file source.

use serde::Deserialize;
use std::path::PathBuf;
use yibiao_format::Limits;

/// A folder into which a department drops its files.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder. It is only read.
    pub folder: PathBuf,
    /// The file's name, in which `*` stands for any letters. The same name with `.gz` behind it serves as well. Where
    /// several files match, they are read in the order of their names.
    pub name: String,
    /// Whether each file holds every row of the source, so that a row missing in a newer file was deleted.
    #[serde(default)]
    pub snapshot: bool,
    /// A file is read once it has not changed for so long, in milliseconds. 0 reads at once.
    #[serde(default = "settle_ms_default")]
    pub settle_ms: u64,
    /// Longest row, in bytes.
    #[serde(default = "row_bytes_max_default")]
    pub row_bytes_max: usize,
    /// Most bytes that the parts of a workbook may unpack to.
    #[serde(default = "unpacked_bytes_max_default")]
    pub unpacked_bytes_max: u64,
    /// Most columns.
    #[serde(default = "columns_max_default")]
    pub columns_max: usize,
}

fn settle_ms_default() -> u64 {
    2000
}

fn row_bytes_max_default() -> usize {
    Limits::default().row_bytes_max
}

fn unpacked_bytes_max_default() -> u64 {
    Limits::default().unpacked_bytes_max
}

fn columns_max_default() -> usize {
    Limits::default().columns_max
}

impl Config {
    /// A source of one file, with the defaults.
    pub fn new(folder: PathBuf, name: String, snapshot: bool) -> Config {
        Config {
            folder,
            name,
            snapshot,
            settle_ms: settle_ms_default(),
            row_bytes_max: row_bytes_max_default(),
            unpacked_bytes_max: unpacked_bytes_max_default(),
            columns_max: columns_max_default(),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            row_bytes_max: self.row_bytes_max,
            unpacked_bytes_max: self.unpacked_bytes_max,
            columns_max: self.columns_max,
        }
    }
}
