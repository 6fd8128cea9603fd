//! The rows of a page, handed on in batches.
//!
//! **Invariant:** where a page is asked for again in the middle, its rows go on behind those that were handed on; where those
//! are others now, it begins again.

use crate::body::Said;
use crate::pull::position::{Position, Within};
use std::collections::VecDeque;
use yibiao_contract::BatchLimits;

/// A page, as far as its rows were not handed on.
pub(crate) struct Held {
    /// Where the next of its rows are asked for.
    pub(crate) at: Position,
    /// Where to go on behind it.
    pub(crate) after: Position,
    /// Whether the source was read to its end with it.
    pub(crate) end: bool,
    rows: VecDeque<Said>,
    handed_on: usize,
    digest: blake3::Hasher,
}

impl Held {
    /// A page that was asked for at a position.
    pub(crate) fn new(at: &Position, rows: Vec<Said>, after: Position, end: bool) -> Held {
        let (at, rows) = (at.clone(), rows.into());
        let mut held = Held { at, after, end, rows, handed_on: 0, digest: blake3::Hasher::new() };
        if let Some(within) = held.at.within.clone() {
            let mut digest = blake3::Hasher::new();
            held.rows.iter().take(within.rows).for_each(|row| put(&mut digest, row));
            if held.rows.len() >= within.rows && digest.finalize().to_hex().as_str() == within.digest {
                held.rows.drain(..within.rows);
                (held.handed_on, held.digest) = (within.rows, digest);
            }
        }
        held
    }

    /// Takes the rows of a batch; with them, as which of the page's rows the first one counts, from 1.
    pub(crate) fn take(&mut self, limits: BatchLimits) -> (u64, Vec<Said>) {
        let mut bytes = 0_usize;
        let fits = |row: &&Said| {
            let first = bytes == 0;
            bytes = bytes.saturating_add(row.raw.len());
            first || bytes <= limits.bytes_max
        };
        let count = self.rows.iter().take(limits.rows_max.max(1)).take_while(fits).count();
        let first = u64::try_from(self.handed_on).unwrap_or(u64::MAX).saturating_add(1);
        let rows: Vec<Said> = self.rows.drain(..count).collect();
        rows.iter().for_each(|row| put(&mut self.digest, row));
        self.handed_on += count;
        let digest = self.digest.finalize().to_hex().to_string();
        self.at = self.at.in_the_page(Within { rows: self.handed_on, digest });
        (first, rows)
    }

    /// Whether all of it was handed on.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn put(digest: &mut blake3::Hasher, row: &Said) {
    digest.update(&u64::try_from(row.raw.len()).unwrap_or(u64::MAX).to_le_bytes());
    digest.update(&row.raw);
}
