//! Walking a log.

use super::ReadError;
use crate::codec::DecodeError;
use crate::engine::{EngineError, EngineRange, EngineView, Entry};
use crate::key::{self, Table};
use std::fmt;
use std::ops::{Bound, RangeBounds};

/// Reads an entry of a log from its number and bytes.
pub(super) type Decode<T> = fn(u64, &[u8]) -> Result<T, DecodeError>;

/// The first and last number of a range within a log that ends at `last`. An empty range ends before it starts.
pub(super) fn numbers<S>(range: &impl RangeBounds<S>, number: impl Fn(&S) -> u64, last: u64) -> (u64, u64) {
    let from = match range.start_bound() {
        Bound::Included(seq) => number(seq).max(1),
        Bound::Excluded(seq) => number(seq).saturating_add(1),
        Bound::Unbounded => 1,
    };
    let to = match range.end_bound() {
        Bound::Included(seq) => number(seq),
        Bound::Excluded(seq) => number(seq).saturating_sub(1),
        Bound::Unbounded => last,
    };
    (from, to.min(last))
}

/// Entries of a log, in the order of their numbers. After an error it ends.
pub struct Entries<T> {
    table: Table,
    range: Option<Result<EngineRange, EngineError>>,
    next: u64,
    last: u64,
    decode: Decode<T>,
}

impl<T> fmt::Debug for Entries<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entries {} to {} of {}", self.next, self.last, self.table.name())
    }
}

impl<T> Entries<T> {
    /// The entries from one number to another, which must not lie beyond the end of the log.
    pub(super) fn new(engine: &EngineView, table: Table, (from, to): (u64, u64), decode: Decode<T>) -> Self {
        let (first, last) = (key::sequence(from), key::sequence(to));
        let range = engine.range(table, Bound::Included(&first), Bound::Included(&last));
        Self { table, range: Some(range), next: from, last: to, decode }
    }

    fn read(&mut self, item: Option<Result<Entry, EngineError>>) -> Result<T, ReadError> {
        let table = self.table.name();
        let position = self.next;
        let missing = ReadError::Missing { table, position };
        let Some(item) = item else { return Err(missing) };
        let (at, bytes) = item.map_err(|source| ReadError::Engine { table, source })?;
        if key::parse_sequence(at.as_slice()) != Some(position) {
            return Err(missing);
        }
        (self.decode)(position, bytes.as_slice()).map_err(|source| ReadError::Decode {
            table,
            position: Some(position),
            source,
        })
    }
}

impl<T> Iterator for Entries<T> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.last {
            return None;
        }
        let read = match self.range.take()? {
            Err(source) => return Some(Err(ReadError::Engine { table: self.table.name(), source })),
            Ok(mut range) => {
                let item = range.next();
                let read = self.read(item);
                if read.is_ok() {
                    self.range = Some(Ok(range));
                }
                read
            }
        };
        self.next += 1;
        Some(read)
    }
}
