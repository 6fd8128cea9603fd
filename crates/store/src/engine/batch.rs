//! What one commit writes, in one buffer.

use crate::key::Table;
use std::ops::Range;

/// Entries to put and keys to remove.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    steps: Vec<Step>,
}

struct Step {
    table: Table,
    key: Range<usize>,
    value: Option<Range<usize>>,
}

/// Table, key, and value to put, or `None` to remove.
pub(crate) type Written<'a> = (Table, &'a [u8], Option<&'a [u8]>);

impl Batch {
    /// Puts an entry; `write` appends its value.
    pub(crate) fn put(&mut self, table: Table, key: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        let key = self.append(key);
        let start = self.bytes.len();
        write(&mut self.bytes);
        let value = Some(start..self.bytes.len());
        self.steps.push(Step { table, key, value });
    }

    /// Forgets all steps and keeps the memory, unless it is much: what a commit took, the next one needs.
    pub(crate) fn clear(&mut self) {
        const KEPT_BYTES_MAX: usize = 64 << 20;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
        self.steps.clear();
    }

    /// Removes the entry under a key.
    pub(crate) fn remove(&mut self, table: Table, key: &[u8]) {
        let key = self.append(key);
        self.steps.push(Step { table, key, value: None });
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// The bytes of keys and values.
    pub(crate) fn bytes_len(&self) -> usize {
        self.bytes.len()
    }

    /// All steps in the order of the tables, and of one table in the order in which they were added, so that a later
    /// step on a key wins.
    pub(crate) fn steps(&self) -> Vec<Written<'_>> {
        let slice = |range: &Range<usize>| {
            self.bytes.get(range.clone()).expect("invariant: a step's ranges lie in the buffer")
        };
        let mut steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| (step.table, slice(&step.key), step.value.as_ref().map(slice)))
            .collect();
        steps.sort_by_key(|(table, _, _)| *table);
        steps
    }
}
