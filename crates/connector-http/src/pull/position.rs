//! Where a source that is asked stands: what to ask for next.

use serde::{Deserialize, Serialize};
use yibiao_contract::{Cursor, EdgeError, Recovery};

/// The version of what is stored.
const VERSION: u32 = 1;

/// A position. It is stored with the rows before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    version: u32,
    /// A digest of the address and of how pages follow each other: of another source the position says nothing.
    source: String,
    /// What to ask for.
    pub(crate) ask: Ask,
    /// The tag of the answer, where the same was asked for before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// A digest of the page there that could not be read and was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unread: Option<String>,
    /// How much of the page there was handed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<Within>,
}

/// How much of a page was handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Within {
    /// Rows.
    pub(crate) rows: usize,
    /// A digest of them.
    pub(crate) digest: String,
}

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ask {
    /// The first page.
    Start,
    /// The page of this number, or the rows behind this many.
    Number(u64),
    /// What follows this cursor.
    Cursor(String),
    /// The page at this path.
    Path(String),
}

impl Position {
    pub(crate) fn at(source: &str, ask: Ask) -> Position {
        Position { version: VERSION, source: source.to_owned(), ask, etag: None, unread: None, within: None }
    }

    /// In the middle of the page that was asked for here.
    pub(crate) fn in_the_page(&self, within: Within) -> Position {
        Position { within: Some(within), ..Position::at(&self.source, self.ask.clone()) }
    }

    /// Reads a cursor back. One of another source, whose configuration was changed, is the start.
    pub(crate) fn parse(source: &str, cursor: &Cursor) -> Result<Position, EdgeError> {
        if cursor.0.is_empty() {
            return Ok(Position::at(source, Ask::Start));
        }
        let fault = || EdgeError {
            attempt: "cannot go on asking for pages".to_owned(),
            reason: "the stored position is none of this connector".to_owned(),
            hint:
                "was the system read in another way before? give it a new name, or restore its configuration"
                    .to_owned(),
            recovery: Recovery::Halt,
            edition: None,
        };
        let position: Position = serde_json::from_slice(&cursor.0).map_err(|_| fault())?;
        if position.version != VERSION {
            return Err(fault());
        }
        Ok(if position.source == source { position } else { Position::at(source, Ask::Start) })
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_vec(self).expect("invariant: a position has only text keys"))
    }
}
