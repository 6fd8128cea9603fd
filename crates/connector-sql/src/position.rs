//! The cursor: the last reading, how far the cursor column got, and the reading in progress.
//!
//! Version 1 is a JSON object. After a restart a reading in progress starts anew: it must be seen whole, and every row
//! is idempotent.

use crate::file::Stamp;
use serde::{Deserialize, Serialize};
use yibiao_contract::{Cursor, EdgeError, Recovery};

const VERSION: u32 = 1;

/// The cursor's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    version: u32,
    /// The file at the last reading that ended, or that was refused.
    #[serde(default)]
    pub(crate) done: Option<Done>,
    /// The greatest value of the cursor column at that time.
    #[serde(default)]
    pub(crate) last: Option<Mark>,
    /// The reading in progress.
    #[serde(default)]
    pub(crate) open: Option<Open>,
}

/// A file that is dealt with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    pub(crate) stamp: Stamp,
    /// BLAKE3 of the database and its write-ahead log.
    pub(crate) digest: String,
}

/// A reading in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    pub(crate) digest: String,
    pub(crate) rows: u64,
}

/// A value of the cursor column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    Integer(i64),
    Real(f64),
    Text(String),
}

impl Position {
    pub(crate) fn parse(cursor: &Cursor) -> Result<Position, EdgeError> {
        if cursor.0.is_empty() {
            return Ok(Position { version: VERSION, done: None, last: None, open: None });
        }
        let fault = |reason: &str| EdgeError {
            attempt: "cannot resume at the stored position".to_owned(),
            reason: reason.to_owned(),
            hint: "use the version that wrote it, or start the source anew".to_owned(),
            recovery: Recovery::Halt,
            edition: None,
        };
        let position: Position = serde_json::from_slice(&cursor.0)
            .map_err(|_| fault("it is not a position of a database source"))?;
        if position.version != VERSION {
            return Err(fault("it has another version"));
        }
        Ok(position)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_vec(self).expect("invariant: a position is plain data"))
    }
}
