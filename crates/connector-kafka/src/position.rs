//! The cursor: of each partition of the topic, the offset of the next message.
//!
//! Version 1 is a JSON object. A partition that it does not name is read from its start.

use crate::reading::edge;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yibiao_contract::{Cursor, EdgeError, Recovery};

const VERSION: u32 = 1;

/// The cursor's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    version: u32,
    topic: String,
    /// By partition, the offset of the next message.
    pub(crate) next: BTreeMap<i32, i64>,
}

impl Position {
    pub(crate) fn parse(topic: &str, cursor: &Cursor) -> Result<Position, EdgeError> {
        if cursor.0.is_empty() {
            return Ok(Position { version: VERSION, topic: topic.to_owned(), next: BTreeMap::new() });
        }
        let fault = |reason: &str| {
            let hint = "use the version and topic that it was written with, or start the source anew";
            edge("cannot resume at the stored position", reason.to_owned(), hint, Recovery::Halt)
        };
        let position: Position =
            serde_json::from_slice(&cursor.0).map_err(|_| fault("it is not a position of a Kafka source"))?;
        match position {
            Position { version, .. } if version != VERSION => Err(fault("it has another version")),
            Position { topic: of, .. } if of != topic => Err(fault("it is of another topic")),
            position => Ok(position),
        }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_vec(self).expect("invariant: a position has only text keys"))
    }
}
