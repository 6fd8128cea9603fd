//! Citizen id numbers, as far as they are known, and how they compare.

use smallvec::SmallVec;
use yibiao_record::{IdNumber, IdQuality, PartialDate};

/// An id number in matching form: its text is the digits, followed by `~` where only the beginning is known and by `!`
/// where a slip of the hand is in it.
#[derive(Clone, PartialEq, Eq)]
pub struct CitizenId {
    digits: SmallVec<[u8; 18]>,
    quality: IdQuality,
}

/// The text of an id number as a feature; `None` where it can tell nothing.
pub fn id_text(id: &IdNumber) -> Option<String> {
    match id.quality {
        IdQuality::Valid => Some(id.digits.to_string()),
        IdQuality::Prefix => (id.digits.len() >= 14).then(|| format!("{}~", id.digits)),
        IdQuality::BadCheck => Some(format!("{}!", id.digits)),
        IdQuality::Other => (id.digits.len() >= 15).then(|| format!("{}!", id.digits)),
    }
}

/// The birth date inside an id number, where those digits are known and not in doubt.
pub fn id_birth_date(id: &IdNumber) -> Option<PartialDate> {
    if !matches!(id.quality, IdQuality::Valid | IdQuality::Prefix) {
        return None;
    }
    let part = |from: usize, to: usize| id.digits.get(from..to).and_then(|text| text.parse::<u16>().ok());
    let (year, month, day) = (part(6, 10)?, part(10, 12)?, part(12, 14)?);
    PartialDate::day(i16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

/// The sex code (1 male, 2 female) inside a valid id number.
pub fn id_sex(id: &IdNumber) -> Option<&'static str> {
    let digit = id.digits.as_bytes().get(16).filter(|_| id.quality == IdQuality::Valid)?;
    Some(if digit % 2 == 1 { "1" } else { "2" })
}

impl CitizenId {
    /// Reads the matching form back.
    pub(crate) fn parse(text: &str) -> CitizenId {
        let (digits, quality) = match (text.strip_suffix('~'), text.strip_suffix('!')) {
            (Some(digits), _) => (digits, IdQuality::Prefix),
            (_, Some(digits)) => (digits, IdQuality::BadCheck),
            _ => (text, IdQuality::Valid),
        };
        CitizenId { digits: SmallVec::from_slice(digits.as_bytes()), quality }
    }

    /// The level, an index into [`CITIZEN_ID`](super::key::CITIZEN_ID).
    pub(crate) fn compare(&self, other: &CitizenId) -> u8 {
        use IdQuality::{Prefix, Valid};
        match (self.quality, other.quality) {
            (Valid, Valid) => {
                if self.digits == other.digits {
                    0
                } else {
                    5
                }
            }
            (Prefix, _) | (_, Prefix) => {
                let agree = self.digits.iter().zip(&other.digits).take_while(|(a, b)| a == b).count();
                let known = self.digits.len().min(other.digits.len());
                if agree == known {
                    2
                } else if slips(&self.digits, &other.digits, known) <= 1 && self.quality != other.quality {
                    3
                } else {
                    4
                }
            }
            _ => match slips(&self.digits, &other.digits, usize::MAX) {
                0 | 1 => 1,
                2 => 3,
                _ => 4,
            },
        }
    }
}

/// Substitutions and swaps of neighbours over the first `known` places; one place more or less counts as well. Told
/// exactly up to two.
fn slips(a: &[u8], b: &[u8], known: usize) -> usize {
    let (a, b) = (a.get(..known.min(a.len())).unwrap_or(a), b.get(..known.min(b.len())).unwrap_or(b));
    if a.len() != b.len() {
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        let front = short.iter().zip(long).take_while(|(x, y)| x == y).count();
        let dropped = long.len() == short.len() + 1 && short.get(front..) == long.get(front + 1..);
        return if dropped { 1 } else { 3 };
    }
    let differing: SmallVec<[usize; 4]> =
        a.iter().zip(b).enumerate().filter(|(_, (x, y))| x != y).map(|(at, _)| at).take(4).collect();
    match *differing {
        [first, second]
            if second == first + 1 && a.get(first) == b.get(second) && a.get(second) == b.get(first) =>
        {
            1
        }
        _ => differing.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: &str) {
        let (a, b) = (CitizenId::parse(a), CitizenId::parse(b));
        let name = |level: u8| crate::zh::key::CITIZEN_ID[usize::from(level)].name;
        assert_eq!(name(a.compare(&b)), expected);
        assert_eq!(name(b.compare(&a)), expected);
    }

    #[test]
    fn two_valid_numbers_are_the_same_or_different_never_near() {
        check("990101195006190225", "990101195006190225", "same");
        check("990101195006190225", "990101195006190241", "different");
    }

    #[test]
    fn a_beginning_agrees_but_never_proves() {
        check("990101195006190~", "990101195006190225", "beginning");
        check("990101195006190~", "990101195006190~", "beginning");
        check("990101195006190~", "990101195206190225", "near");
        check("990101195006190~", "990101196203050197", "conflict");
    }

    #[test]
    fn one_wrong_or_dropped_digit_or_two_swapped_are_a_slip() {
        check("990101195006190252!", "990101195006190225", "slip");
        check("990101195006180225!", "990101195006190225", "slip");
        check("99010119500619022!", "990101195006190225", "slip");
        check("990101195106180225!", "990101195006190225", "near");
        check("990101197106111225!", "990101195006190225", "conflict");
    }

    #[test]
    fn birth_date_and_sex_are_taken_from_what_is_sure() {
        let id = |digits: &str, quality| IdNumber { digits: digits.into(), quality };
        let whole = id("990101195006190225", IdQuality::Valid);
        assert_eq!(id_birth_date(&whole), PartialDate::day(1950, 6, 19));
        assert_eq!(id_sex(&whole), Some("2"));
        let cut = id("990101195006190", IdQuality::Prefix);
        assert_eq!((id_birth_date(&cut), id_sex(&cut)), (PartialDate::day(1950, 6, 19), None));
        assert_eq!(id_birth_date(&id("9901011950", IdQuality::Prefix)), None);
        assert_eq!(id_birth_date(&id("990101195006190252", IdQuality::BadCheck)), None);
    }
}
