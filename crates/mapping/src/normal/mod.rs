//! Normalisers: a cell's text to a value and back, one pair of pure functions per type of value.
//!
//! Every `parse` answers `Ok(None)` for an empty cell (padding and the words of [`text::is_placeholder`] count as
//! empty), a [`Reading`], or [`Unreadable`] with the rule that failed and without the cell's content. Every `write`
//! answers `None` where the column's style cannot hold the value.
//!
//! **Invariant:** no text makes a normaliser panic.
//! **Invariant:** `parse(write(v))` is `v`, or a value that `v` refines and that is written the same way again.

pub mod address;
pub mod citizen_id;
pub mod codes;
pub mod date;
pub mod division;
pub mod flag;
pub mod grid;
pub mod name;
pub mod number;
pub mod numeral;
pub mod phone;
pub mod text;

use yibiao_record::{ClaimFlags, Value};

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The value.
    pub value: Value,
    /// What had to be done to read it.
    pub flags: ClaimFlags,
}

impl Reading {
    fn plain(value: Value) -> Self {
        Self { value, flags: ClaimFlags::default() }
    }
}

/// Why a cell could not be read: the name of the rule, never the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cell does not read as {0}")]
pub struct Unreadable(pub &'static str);

/// What every `parse` answers.
pub type Outcome = Result<Option<Reading>, Unreadable>;

#[cfg(test)]
mod tests;
