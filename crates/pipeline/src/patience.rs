//! When a receiver that did not take an event is tried again, and when the event is given up: decided by nothing but what
//! went before and the time.

use std::time::Duration;
use yibiao_contract::Patience;
use yibiao_record::Timestamp;

/// How it goes with the event at the head of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// When it first failed.
    since: Option<Timestamp>,
    /// How often in a row the receiver has taken nothing.
    failures: u32,
}

/// What is to be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try again after this pause.
    Again(Duration),
    /// The event is dead.
    GiveUp,
}

impl Trouble {
    /// The receiver took something.
    pub(crate) fn over(&mut self) {
        *self = Trouble::default();
    }

    /// The event at the head was not taken; `asked` is how long the receiver wants to be left alone.
    pub(crate) fn failed(&mut self, patience: Patience, asked: Duration, now: Timestamp) -> Next {
        self.failures = self.failures.saturating_add(1);
        let doublings = self.failures.saturating_sub(1).min(31);
        let pause = patience.first.saturating_mul(1 << doublings).min(patience.longest).max(asked);
        let since = *self.since.get_or_insert(now);
        let Some(give_up) = patience.give_up else { return Next::Again(pause) };
        let tried = Duration::from_secs(u64::try_from(now.0 - since.0).unwrap_or(0));
        let left = give_up.saturating_sub(tried);
        if left.is_zero() {
            // The next event has its own time; the receiver is as it was.
            self.since = None;
            return Next::GiveUp;
        }
        // One last attempt is made at the end of the time.
        Next::Again(pause.min(left))
    }
}

/// A pause, longer by up to a quarter: receivers that fail together are not all tried again at one moment.
pub(crate) fn spread(pause: Duration, subscription: &str) -> Duration {
    let first = blake3::hash(subscription.as_bytes()).as_bytes().first().copied().unwrap_or_default();
    let longer = pause / 4 * u32::from(first) / u32::from(u8::MAX);
    // In whole milliseconds, as a person reads it.
    Duration::from_millis(u64::try_from((pause + longer).as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_are_tried_at_moments_of_their_own_and_at_most_a_quarter_later() {
        let moments: std::collections::BTreeSet<Duration> =
            (0..1_000).map(|receiver| spread(HOUR, &format!("s{receiver}"))).collect();
        assert!(moments.len() > 200);
        assert!(moments.iter().all(|moment| (HOUR..=HOUR * 5 / 4).contains(moment)));
    }

    const HOUR: Duration = Duration::from_secs(3_600);
    const PATIENCE: Patience = Patience {
        first: Duration::from_secs(1),
        longest: HOUR,
        give_up: Some(Duration::from_secs(72 * 3_600)),
    };

    /// The moments of all attempts of one event, in seconds after the first, until it is given up.
    fn attempts(trouble: &mut Trouble, asked: Duration) -> Vec<u64> {
        let (mut now, mut moments) = (0, vec![0]);
        while let Next::Again(pause) = trouble.failed(PATIENCE, asked, Timestamp(i64::try_from(now).unwrap()))
        {
            now += pause.as_secs();
            moments.push(now);
        }
        moments
    }

    #[test]
    fn pauses_double_up_to_an_hour_and_an_event_is_given_up_after_72_hours() {
        let moments = attempts(&mut Trouble::default(), Duration::ZERO);
        assert_eq!(moments[..6], [0, 1, 3, 7, 15, 31]);
        assert_eq!(*moments.last().unwrap(), 72 * 3_600);
        let longest = moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert_eq!((longest, moments.len()), (3_600, 84));
    }

    #[test]
    fn an_event_behind_one_that_was_given_up_has_its_own_time_and_long_pauses() {
        let mut trouble = Trouble::default();
        attempts(&mut trouble, Duration::ZERO);
        let moments = attempts(&mut trouble, Duration::ZERO);
        assert_eq!((moments[1], *moments.last().unwrap()), (3_600, 72 * 3_600));
        trouble.over();
        assert_eq!(attempts(&mut trouble, Duration::ZERO)[1], 1);
    }

    #[test]
    fn the_receiver_is_left_alone_as_long_as_it_asks_and_no_longer_than_the_event_lasts() {
        assert_eq!(attempts(&mut Trouble::default(), Duration::from_secs(120))[..3], [0, 120, 240]);
        assert_eq!(attempts(&mut Trouble::default(), HOUR * 1_000), [0, 72 * 3_600]);
    }

    #[test]
    fn whoever_has_no_end_is_tried_for_ever() {
        let mut trouble = Trouble::default();
        for _ in 0..1_000 {
            let next = trouble.failed(Patience::ENDLESS, Duration::ZERO, Timestamp(i64::MAX));
            assert!(matches!(next, Next::Again(pause) if pause <= Patience::ENDLESS.longest));
        }
    }
}
