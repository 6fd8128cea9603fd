//! How far receivers are behind, in seconds: when the changes came that still wait.
//!
//! **Invariant:** it is shown and decides nothing.

use std::collections::VecDeque;
use yibiao_record::{ChangeSeq, Timestamp};

/// Moments that are kept; of more, every second one goes.
const MOMENTS_MAX: usize = 4_096;

/// When the feed grew, since the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    /// The last change that was there at each moment, both rising.
    moments: VecDeque<(ChangeSeq, Timestamp)>,
}

impl Lag {
    /// The feed ends at a change now.
    pub(crate) fn note(&mut self, last: ChangeSeq, now: Timestamp) {
        if self.moments.back().is_some_and(|(noted, _)| *noted >= last) {
            return;
        }
        if self.moments.len() >= MOMENTS_MAX {
            let mut keep = false;
            self.moments.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.moments.push_back((last, now));
    }

    /// When a change came, as far as is known.
    fn came(&self, change: ChangeSeq) -> Option<Timestamp> {
        let at = self.moments.partition_point(|(last, _)| *last < change);
        self.moments.get(at).map(|(_, time)| *time)
    }

    /// For a receiver at a position: how far the feed has gone on, and how long the oldest change waits, in seconds.
    pub(crate) fn behind(&self, position: u64, now: Timestamp) -> (u64, u64) {
        let since = |from: Timestamp, to: Timestamp| u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0);
        match (self.came(ChangeSeq(position + 1)), self.moments.back()) {
            (Some(oldest), Some((_, newest))) => (since(oldest, *newest), since(oldest, now)),
            _ => (0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_as_late_as_the_oldest_change_that_it_lacks() {
        let mut lag = Lag::default();
        for (last, now) in [(3, 100), (3, 105), (8, 110), (9, 130)] {
            lag.note(ChangeSeq(last), Timestamp(now));
        }
        let behind = |position| lag.behind(position, Timestamp(150));
        assert_eq!(behind(0), (30, 50));
        assert_eq!(behind(2), (30, 50));
        assert_eq!(behind(3), (20, 40), "change 4 came at 110");
        assert_eq!(behind(8), (0, 20));
        assert_eq!(behind(9), (0, 0));
    }

    #[test]
    fn a_feed_of_any_length_takes_bounded_memory_and_tells_no_moment_too_early() {
        let mut lag = Lag::default();
        for change in 1..100_000_u64 {
            lag.note(ChangeSeq(change), Timestamp(i64::try_from(change).unwrap()));
        }
        assert!(lag.moments.len() <= MOMENTS_MAX);
        assert!(lag.came(ChangeSeq(50_000)) >= Some(Timestamp(50_000)));
    }
}
