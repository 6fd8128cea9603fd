//! Numbers that name people and things: citizen ids, phones, keys of registers.
//!
//! **Invariant:** no number made here can be anybody's: region codes 9901xx are not in GB/T 2260, phones begin with
//! 1990, which is not given out to callers in this form, accounts are `DEMO-ACCT-n`.

use std::collections::BTreeSet;

use crate::day::Day;
use crate::dice::{Dice, scatter};
use crate::world::Sex;

/// An 18-digit citizen id, by its parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CitizenId {
    /// The region of first registration.
    pub(crate) region: u32,
    /// The date of birth in it.
    pub(crate) born: Day,
    /// The sequence number, odd for men.
    pub(crate) sequence: u16,
}

impl CitizenId {
    /// All eighteen characters, with a valid check character.
    pub(crate) fn full(self) -> String {
        let mut text = format!("{:06}{}{:03}", self.region, self.born.compact(), self.sequence);
        text.push(check_character(&text));
        text
    }

    /// The fifteen digits used before 1999.
    pub(crate) fn old_form(self) -> String {
        let (year, month, day) = self.born.civil();
        format!("{:06}{:02}{month:02}{day:02}{:03}", self.region, year % 100, self.sequence)
    }
}

/// The check character of seventeen digits by GB 11643 (ISO 7064 MOD 11-2).
pub(crate) fn check_character(digits: &str) -> char {
    let sum = digits.chars().fold(0, |sum, digit| (sum + digit.to_digit(10).unwrap_or(0)) * 2 % 11);
    match (12 - sum) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).expect("invariant: one digit"),
    }
}

/// Regions in which people were first registered, with weights.
const REGIONS: &[(u32, u32)] =
    &[(990_101, 85), (990_102, 5), (990_103, 3), (990_112, 2), (990_121, 3), (990_122, 2)];

const FIRST_YEAR: i32 = 1900;
const DAYS: usize = 47_500;
const PER_DAY: u32 = 500;

/// Gives out citizen ids, each once.
pub(crate) struct IdOffice {
    given: Vec<[u16; 2]>,
    reserved: BTreeSet<CitizenId>,
}

impl IdOffice {
    /// An office that will not give out the reserved ones.
    pub(crate) fn new(reserved: impl IntoIterator<Item = CitizenId>) -> IdOffice {
        IdOffice { given: vec![[0; 2]; DAYS * REGIONS.len()], reserved: reserved.into_iter().collect() }
    }

    /// The next id for somebody born that day.
    pub(crate) fn issue(&mut self, dice: &mut Dice, born: Day, sex: Sex) -> CitizenId {
        let region = dice.weigh(REGIONS);
        let place =
            REGIONS.iter().position(|(code, _)| *code == region).expect("invariant: drawn from the list");
        let since =
            usize::try_from(born.0 - Day::of(FIRST_YEAR, 1, 1).0).expect("invariant: born since 1900");
        let counters = self.given.get_mut(place * DAYS + since).expect("invariant: born before 2030");
        let counter = if sex == Sex::Man { &mut counters[0] } else { &mut counters[1] };
        loop {
            let salt = u64::from(born.0.unsigned_abs());
            let nth = scatter(u64::from(*counter), u64::from(PER_DAY), salt);
            assert!(u32::from(*counter) < PER_DAY, "invariant: fewer than 500 births a day, region and sex");
            *counter += 1;
            let nth = u16::try_from(nth).expect("invariant: below 500");
            let id = CitizenId { region, born, sequence: nth * 2 + u16::from(sex == Sex::Man) };
            if !self.reserved.contains(&id) {
                return id;
            }
        }
    }
}

/// Gives out numbers of one kind in scattered order, each once, leaving the reserved ones.
pub(crate) struct Numbers {
    next: u64,
    size: u64,
    base: u64,
    salt: u64,
    reserved: Vec<u64>,
}

impl Numbers {
    /// Numbers from `base` to `base + size - 1`.
    pub(crate) fn new(base: u64, size: u64, salt: u64, reserved: &[u64]) -> Numbers {
        Numbers { next: 0, size, base, salt, reserved: reserved.to_vec() }
    }

    /// The next number.
    pub(crate) fn issue(&mut self) -> u64 {
        loop {
            assert!(
                self.next < self.size,
                "invariant: a range of numbers is made for the size of the county"
            );
            let number = self.base + scatter(self.next, self.size, self.salt);
            self.next += 1;
            if !self.reserved.contains(&number) {
                return number;
            }
        }
    }
}

/// Phones for a county of so many households. Planted people hold the first thousand of the range.
pub(crate) fn phones(households: u32) -> Numbers {
    // Each household needs about five numbers, former ones included: beyond 99,000 the five free digits become seven.
    if households < 18_000 {
        Numbers::new(19_900_001_000, 99_000, 17, &[])
    } else {
        Numbers::new(19_900_100_000, 9_900_000, 17, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_is_that_of_the_standard() {
        let id = CitizenId { region: 990_101, born: Day::of(1950, 6, 19), sequence: 22 };
        assert_eq!(id.full(), "990101195006190225");
        assert_eq!(id.old_form(), "990101500619022");
        assert_eq!(check_character("11010519491231002"), 'X');
    }

    #[test]
    fn ids_of_one_day_are_all_different_and_leave_reserved_ones() {
        let reserved = CitizenId { region: 990_101, born: Day::of(1962, 3, 5), sequence: 13 };
        let mut office = IdOffice::new([reserved]);
        let mut dice = Dice::at(1, &[]);
        let ids: BTreeSet<CitizenId> =
            (0..450).map(|_| office.issue(&mut dice, Day::of(1962, 3, 5), Sex::Man)).collect();
        assert_eq!(ids.len(), 450);
        assert!(!ids.contains(&reserved));
        assert!(ids.iter().all(|id| id.sequence % 2 == 1));
    }
}
