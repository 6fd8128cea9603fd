//! The cursor: which files were read, and which one is in progress.
//!
//! Version 1 is a JSON object. Progress inside a file names the file only: after a restart it is read from its start,
//! since its edition must be seen whole and every row is idempotent.

use crate::folder::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yibiao_contract::{Cursor, EdgeError, Recovery};

const VERSION: u32 = 1;

/// The cursor's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    version: u32,
    /// By name without `.gz`, the edition that was read or refused last.
    pub(crate) files: BTreeMap<String, Done>,
    /// The edition in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) open: Option<Open>,
}

/// An edition that is dealt with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    size: u64,
    modified_ns: u64,
    /// BLAKE3 of the plain content.
    pub(crate) digest: String,
    /// It could not be read, or not to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) refused: bool,
}

/// An edition in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    pub(crate) name: String,
    pub(crate) digest: String,
    /// Rows read so far, good and bad.
    pub(crate) rows: u64,
}

impl Done {
    pub(crate) fn new(stamp: Stamp, digest: String, refused: bool) -> Done {
        Done { size: stamp.size, modified_ns: stamp.modified_ns, digest, refused }
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { size: self.size, modified_ns: self.modified_ns }
    }
}

impl Position {
    pub(crate) fn parse(cursor: &Cursor) -> Result<Position, EdgeError> {
        if cursor.0.is_empty() {
            return Ok(Position { version: VERSION, files: BTreeMap::new(), open: None });
        }
        let fault = |reason: &str| EdgeError {
            attempt: "cannot resume at the stored position".to_owned(),
            reason: reason.to_owned(),
            hint: "use the version that wrote it, or start the source anew".to_owned(),
            recovery: Recovery::Halt,
            edition: None,
        };
        let position: Position =
            serde_json::from_slice(&cursor.0).map_err(|_| fault("it is not a position of a file source"))?;
        if position.version != VERSION {
            return Err(fault("it has another version"));
        }
        Ok(position)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_vec(self).expect("invariant: a position has only text keys"))
    }
}
