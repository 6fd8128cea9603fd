//! A system's mapping: its source, its columns, and the ways of its rows in and out.

use crate::column::{Column, Parents};
use crate::compile::{self, MappingError};
use crate::observed::Observed;
use std::fmt;
use yibiao_format::Layout;
use yibiao_record::{Op, SystemId};
use yibiao_schema::Dictionary;

/// How the columns of one system relate to elements.
#[derive(Clone)]
pub struct Mapping {
    pub(crate) system: SystemId,
    pub(crate) department: Title,
    pub(crate) form: Title,
    pub(crate) source: Source,
    pub(crate) columns: Vec<Column>,
    pub(crate) parents: Parents,
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mapping of {} ({} columns)", self.system, self.columns.len())
    }
}

/// A name in Chinese and English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What a system's source is and how its rows are told apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The file's name, without `.gz`.
    pub file: String,
    /// How the rows are laid out.
    pub form: SourceForm,
    /// What an edition holds.
    pub mode: Mode,
    /// What tells the rows apart.
    pub key: Key,
    /// The column or attribute by which people find a row, where the file has one. It is no key.
    pub locator: Option<String>,
    /// What the end of a row means.
    pub delete: Delete,
    /// The column that orders the versions of one row.
    pub version_column: Option<String>,
    /// When the rows were observed.
    pub observed: Observed,
    /// The column that numbers households, where the source numbers them.
    pub household: Option<String>,
    /// How a row is about a dwelling.
    pub dwelling: Dwelling,
}

/// A file's layout, or a table's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceForm {
    /// A file.
    File(Layout),
    /// A table of a database.
    Table {
        /// Its name.
        table: String,
        /// The columns to read.
        columns: Vec<String>,
    },
}

/// What an edition of the source holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All rows: one that is absent was deleted.
    Snapshot,
    /// Steps: each row says what it does.
    Log {
        /// The column that says it.
        op: String,
        /// What it says of a row that is stated.
        upsert: Vec<Box<str>>,
        /// What it says of a row that is deleted.
        delete: Vec<Box<str>>,
    },
}

/// What tells rows apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A column of the file.
    Column(String),
    /// Columns that together say who a row is about, for a file without a key.
    Identity(Vec<IdentityColumn>),
}

/// One of the columns that say who a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityColumn {
    /// Its name.
    pub name: String,
    /// Whether it names the person (name or id number), rather than a place or a date that several share.
    pub names: bool,
}

/// What the end of a row means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delete {
    /// Always this.
    Always(Op),
    /// What a column gives as the reason decides.
    By {
        /// The column.
        column: String,
        /// Reasons of a life event.
        end: Vec<Box<str>>,
        /// Reasons of a mistake.
        retract: Vec<Box<str>>,
    },
}

/// How a row is about a dwelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dwelling {
    /// It is not.
    None,
    /// A column holds the source's own number of the dwelling.
    Reference(String),
    /// The row describes one without a number.
    Row,
}

impl Mapping {
    /// Reads and checks a mapping. `file` is its name in errors.
    pub fn parse_yaml(file: &str, text: &str, dictionary: &Dictionary) -> Result<Mapping, MappingError> {
        compile::mapping(file, text, dictionary)
    }

    /// The system whose rows it reads and writes.
    pub fn system(&self) -> SystemId {
        self.system
    }

    /// The department that runs the system.
    pub fn department(&self) -> &Title {
        &self.department
    }

    /// The form that the rows fill in.
    pub fn form(&self) -> &Title {
        &self.form
    }

    /// The source of its rows.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Its columns, in the mapping's order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What it means that a row is no longer there, where no reason is given.
    pub fn absence(&self) -> Op {
        match &self.source.delete {
            Delete::Always(op) => *op,
            Delete::By { .. } => Op::End,
        }
    }

    /// Whether each of the key's identity columns names the person, in their order; empty where a column is the key.
    pub fn identity_names(&self) -> Vec<bool> {
        match &self.source.key {
            Key::Column(_) => Vec::new(),
            Key::Identity(columns) => columns.iter().map(|column| column.names).collect(),
        }
    }
}

impl Source {
    /// The columns that say what a row does, when and under which key, besides those that hold elements.
    pub(crate) fn row_columns(&self) -> Vec<&str> {
        let op = match &self.mode {
            Mode::Log { op, .. } => Some(op),
            Mode::Snapshot => None,
        };
        let key = match &self.key {
            Key::Column(column) => Some(column),
            Key::Identity(_) => None,
        };
        let reason = match &self.delete {
            Delete::By { column, .. } => Some(column),
            Delete::Always(_) => None,
        };
        let observed = match &self.observed {
            Observed::Column { column, .. } => Some(column),
            _ => None,
        };
        [op, key, self.locator.as_ref(), self.version_column.as_ref(), reason, observed]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }
}
