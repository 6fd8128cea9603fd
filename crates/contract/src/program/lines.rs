//! The words of the protocol.

use crate::{EdgeError, Recovery};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What the node asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// The first line: which protocol the node speaks. Answered by `hello`.
    Hello {
        /// [`PROTOCOL`](super::PROTOCOL).
        protocol: u32,
    },
    /// Are source and rights as needed? Answered by `findings`.
    Check,
    /// What does the source offer? Answered by `schemas`.
    Discover,
    /// The next batch. Answered by items and `end`, or by `nothing`.
    Read {
        /// The cursor of an earlier `end`; empty at the very start.
        from: String,
        /// Most rows.
        rows_max: usize,
        /// Most bytes of raw rows; one row over it comes alone.
        bytes_max: usize,
    },
    /// Everything up to a cursor is durable. Answered by `done`.
    Commit {
        /// The cursor of an earlier `end`.
        upto: String,
    },
}

/// A line of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To `hello`.
    Hello(Hello),
    /// To `check`.
    Findings(Vec<FoundLine>),
    /// To `discover`.
    Schemas(Vec<SchemaLine>),
    /// An item: an edition begins.
    Open(OpenLine),
    /// An item: a row of the edition.
    Row(RowLine),
    /// An item: a row of the edition that could not be read.
    Bad(BadLine),
    /// An item: the edition was read to its end.
    Close {},
    /// An item: messages follow, with these columns.
    Messages(MessagesLine),
    /// An item: one message under the last `messages`.
    Message(MessageLine),
    /// The batch ends, and reading goes on here.
    End {
        /// At most 64 KiB.
        cursor: String,
    },
    /// There is nothing new.
    Nothing {},
    /// To `commit`.
    Done {},
    /// In place of any other answer.
    Error(ErrorLine),
}

/// What a program can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol that it speaks.
    pub protocol: u32,
    /// See [`ConnectorCapabilities::replay`](crate::ConnectorCapabilities::replay).
    pub replay: bool,
    /// See [`ConnectorCapabilities::snapshot`](crate::ConnectorCapabilities::snapshot).
    #[serde(default)]
    pub snapshot: bool,
}

/// As [`Finding`](crate::Finding).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundLine {
    /// What was looked at.
    pub subject: String,
    /// Whether it is as it should be.
    pub good: bool,
    /// What was found.
    pub detail: String,
    /// What to do next.
    #[serde(default)]
    pub hint: String,
}

/// As [`Discovered`](crate::Discovered).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaLine {
    /// File or table.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// As [`Edition`](crate::Edition).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenLine {
    /// The file's or table's name.
    pub name: String,
    /// The columns, in the order of the cells.
    pub columns: Vec<String>,
    /// Whether it holds every row of the source.
    #[serde(default)]
    pub whole: bool,
}

/// Bytes as they came: `raw` where they are UTF-8, `raw_base64` where not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

/// As [`Row`](crate::Row).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowLine {
    /// What a person would look for: the line, the number of the record.
    pub at: u64,
    /// The cells: `null`, text, number, `true` or `false`.
    pub cells: Vec<serde_json::Value>,
    /// The row's bytes; without them its cells as a JSON array.
    #[serde(flatten)]
    pub bytes: Bytes,
}

/// As [`BadRow`](crate::BadRow).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadLine {
    /// As of a row.
    pub at: u64,
    /// What is wrong, without what is there.
    pub reason: String,
    /// Its bytes.
    #[serde(flatten)]
    pub bytes: Bytes,
}

/// The head of [`Messages`](crate::Messages).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesLine {
    /// Where they come from: a topic, a table.
    pub name: String,
    /// The columns, in the order of the cells.
    pub columns: Vec<String>,
}

/// As [`Message`](crate::Message): `cells`, `"delete": true` or `bad`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageLine {
    /// What a person would look for: its offset.
    pub at: u64,
    /// When it was sent, in seconds since 1970.
    pub time: i64,
    /// The row's key, where the columns do not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The row stands so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<Vec<serde_json::Value>>,
    /// The row is no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
    /// It could not be read: why, without what is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad: Option<String>,
    /// Its bytes.
    #[serde(flatten)]
    pub bytes: Bytes,
}

/// As [`EdgeError`](crate::EdgeError).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorLine {
    /// What was attempted, on what.
    pub attempt: String,
    /// Why it failed.
    pub reason: String,
    /// What to do next.
    pub hint: String,
    /// `retry`, `quarantine` or `halt`.
    #[serde(default = "retry")]
    pub recovery: String,
    /// The edition to set aside, with `quarantine`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
}

fn retry() -> String {
    "retry".to_owned()
}

impl Bytes {
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Bytes {
        match std::str::from_utf8(bytes) {
            Ok(text) => Bytes { raw: Some(text.to_owned()), raw_base64: None },
            Err(_) => Bytes { raw: None, raw_base64: Some(STANDARD.encode(bytes)) },
        }
    }

    /// The bytes; `None` where there are none or they cannot be read.
    pub fn get(self) -> Option<Vec<u8>> {
        match (self.raw, self.raw_base64) {
            (Some(text), _) => Some(text.into_bytes()),
            (None, Some(coded)) => STANDARD.decode(coded).ok(),
            (None, None) => None,
        }
    }
}

impl From<EdgeError> for ErrorLine {
    fn from(error: EdgeError) -> ErrorLine {
        let EdgeError { attempt, reason, hint, recovery, edition } = error;
        let recovery = match recovery {
            Recovery::Retry => "retry",
            Recovery::Quarantine => "quarantine",
            Recovery::Halt => "halt",
        };
        ErrorLine { attempt, reason, hint, recovery: recovery.to_owned(), edition }
    }
}

impl From<ErrorLine> for EdgeError {
    fn from(line: ErrorLine) -> EdgeError {
        let ErrorLine { attempt, reason, hint, recovery, edition } = line;
        let recovery = match recovery.as_str() {
            "quarantine" => Recovery::Quarantine,
            "halt" => Recovery::Halt,
            _ => Recovery::Retry,
        };
        EdgeError { attempt, reason, hint, recovery, edition }
    }
}
