//! What Gold asks: a numbered source, both ends killed at any moment, and a verdict over what arrived.
//!
//! The kit does not kill anybody: whoever drives the rounds does. It gives the numbers to send and judges what came.

use std::collections::BTreeMap;

/// One numbered thing: the number rises by one from 1 under each key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numbered {
    /// Whose number it is.
    pub key: String,
    /// Its place under the key.
    pub number: u64,
}

/// So many numbered things over so many keys, in turn.
pub fn numbered(count: u64, keys: u64) -> impl Iterator<Item = Numbered> {
    let keys = keys.max(1);
    (0..count).map(move |at| Numbered { key: format!("G{}", at % keys), number: at / keys + 1 })
}

/// What became of what was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Sent and acknowledged, and did not arrive.
    pub missing: u64,
    /// Arrived more than once: allowed where the receiver only appends.
    pub duplicates: u64,
    /// Arrived for the first time behind a later one of its key.
    pub out_of_order: u64,
    /// Arrived, though never sent.
    pub unknown: u64,
}

/// Judges what arrived, in the order of arrival, against what was sent.
pub fn judge<'a>(
    sent: impl IntoIterator<Item = &'a Numbered>,
    arrived: impl IntoIterator<Item = &'a Numbered>,
) -> Outcome {
    let mut left: BTreeMap<&Numbered, u64> = sent.into_iter().map(|sent| (sent, 0)).collect();
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut outcome = Outcome::default();
    for one in arrived {
        match left.get_mut(one) {
            None => outcome.unknown += 1,
            Some(0) => {
                let last = last.entry(&one.key).or_insert(0);
                outcome.out_of_order += u64::from(one.number < *last);
                *last = one.number.max(*last);
                left.insert(one, 1);
            }
            Some(_) => outcome.duplicates += 1,
        }
    }
    outcome.missing = left.values().fold(0, |missing, count| missing + u64::from(*count == 0));
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_doubled_or_late_is_counted() {
        let sent: Vec<Numbered> = numbered(6, 2).collect();
        assert_eq!(judge(&sent, &sent), Outcome::default());
        let place = |at: usize| sent[at].clone();
        let stranger = Numbered { key: "G9".to_owned(), number: 1 };
        // G0 has 1, 2, 3 at 0, 2, 4; its second comes late, its third twice, and G1's last does not come.
        let arrived = [place(0), place(1), place(4), place(2), place(4), place(3), stranger];
        let found = judge(&sent, &arrived);
        assert_eq!(found, Outcome { missing: 1, duplicates: 1, out_of_order: 1, unknown: 1 });
    }
}
