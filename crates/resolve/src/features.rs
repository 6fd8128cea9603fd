//! A record's values as the engine holds them: each distinct value is stored once, with what is derived of it.
//!
//! **Invariant:** a value's number depends on the order of arrival, so nothing but equality may be read off it.

use crate::{
    hash,
    spec::{Field, Kind},
    zh,
};
use hashbrown::HashTable;
use smallvec::SmallVec;
use std::fmt;

/// The values of one record, by field; a field may have several. The texts are in matching form (see
/// [`Kind`](crate::Kind) and [`normalise`](crate::normalise)).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Features(pub(crate) Vec<(Field, Box<str>)>);

impl Features {
    /// A record without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value. An empty text adds nothing: it is no evidence.
    pub fn push(&mut self, field: Field, text: impl Into<Box<str>>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push((field, text));
        }
    }

    /// The values of a field.
    pub fn values(&self, field: Field) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(at, _)| *at == field).map(|(_, text)| &**text)
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Features {
    /// Fields only: values are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(field, _)| field.0)).finish()
    }
}

/// What is computed once per distinct value.
#[derive(Clone, PartialEq, Eq)]
pub enum Derived {
    /// Nothing: the text says it all.
    Plain,
    /// A date's parts.
    Date(DateParts),
    /// Hashes of the words, sorted, without repeats.
    Words(Box<[u64]>),
    /// A number in thousandths.
    Number(i64),
    /// Of a Chinese kind.
    Zh(zh::Key),
}

/// The parts of a date; zero where not known.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct DateParts {
    /// The year; of a decade, its first.
    pub year: i16,
    /// The month.
    pub month: u8,
    /// The day.
    pub day: u8,
    /// How many years up or down the year may be off: 2 about a year, 0 otherwise; 9 (up only) of a decade.
    pub slack: u8,
}

impl fmt::Debug for DateParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<date>")
    }
}

impl DateParts {
    /// Reads the forms that [`Kind::Date`] names.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_at_checked(4)?;
        if let Some(decade) = year.strip_suffix('_') {
            let decade: i16 = decade.parse().ok()?;
            return Some(Self { year: decade.checked_mul(10)?, slack: 9, ..Self::default() });
        }
        let year = year.parse().ok()?;
        if rest == "~" {
            return Some(Self { year, slack: 2, ..Self::default() });
        }
        let mut parts = rest.split('-').skip(1).map(str::parse);
        let month = parts.next().transpose().ok()?.unwrap_or(0);
        let day = parts.next().transpose().ok()?.unwrap_or(0);
        Some(Self { year, month, day, slack: 0 })
    }

    /// Whether one says nothing that the other contradicts.
    pub fn compatible(self, other: Self) -> bool {
        let years = match (self.slack, other.slack) {
            (0, 0) => self.year == other.year,
            (9, 9) => self.year == other.year,
            (9, _) => self.year == other.year.div_euclid(10) * 10,
            (_, 9) => other.year == self.year.div_euclid(10) * 10,
            (a, b) => self.year.abs_diff(other.year) <= u16::from(a.max(b)),
        };
        let agree = |a: u8, b: u8| a == 0 || b == 0 || a == b;
        years && agree(self.month, other.month) && agree(self.day, other.day)
    }
}

impl fmt::Debug for Derived {
    /// What is derived of a value is as personal as the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<derived>")
    }
}

impl Derived {
    /// How rare the value is by its own account, in thousandths of a bit.
    pub(crate) fn rarity(&self) -> Option<i32> {
        if let Derived::Zh(key) = self { zh::key::rarity(key) } else { None }
    }

    /// What is derived of a text of that kind.
    pub fn of(kind: Kind, text: &str) -> Self {
        match kind {
            Kind::Date => DateParts::parse(text).map_or(Derived::Plain, Derived::Date),
            Kind::FullName | Kind::Address | Kind::Organisation | Kind::Text | Kind::NameList => {
                Derived::Words(words(text))
            }
            Kind::Number => number(text).map_or(Derived::Plain, Derived::Number),
            Kind::HanName | Kind::CitizenId | Kind::BirthDate | Kind::Home => {
                zh::key::derive(kind, text).map_or(Derived::Plain, Derived::Zh)
            }
            Kind::GivenName
            | Kind::FamilyName
            | Kind::IdNumber
            | Kind::Phone
            | Kind::Email
            | Kind::Postcode
            | Kind::Code
            | Kind::Place => Derived::Plain,
        }
    }
}

fn words(text: &str) -> Box<[u64]> {
    let mut hashes: Vec<u64> = text.split(' ').filter(|word| !word.is_empty()).map(hash::text).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.into()
}

fn number(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut thousandths: i64 = whole.parse::<i64>().ok()?.checked_mul(1_000)?;
    for (digit, worth) in part.chars().zip([100, 10, 1]) {
        thousandths = thousandths.checked_add(i64::from(digit.to_digit(10)?) * worth)?;
    }
    Some(sign * thousandths)
}

/// A distinct value.
pub struct Value {
    /// The text, in matching form.
    pub text: Box<str>,
    /// What is derived of it.
    pub derived: Derived,
}

impl Value {
    /// A value of that kind.
    pub fn new(kind: Kind, text: &str) -> Self {
        Self { text: text.into(), derived: Derived::of(kind, text) }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<value>")
    }
}

/// The values that one pool of fields shares. Fields that may be compared with each other (given name and family
/// name) are of one pool.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    values: Vec<Value>,
    by_text: HashTable<u32>,
}

impl Pool {
    /// The number of a value, which is made if it is new.
    pub(crate) fn intern(&mut self, kind: Kind, text: &str) -> u32 {
        let values = &self.values;
        let at = |number: u32| usize::try_from(number).expect("invariant: 32 bits fit a usize");
        let text_of = |number: &u32| values.get(at(*number)).map_or("", |value| &*value.text);
        let entry = self.by_text.entry(
            hash::text(text),
            |number| text_of(number) == text,
            |number| hash::text(text_of(number)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(slot) => {
                let number = u32::try_from(values.len())
                    .expect("invariant: fewer than 2^26 distinct values of a kind");
                slot.insert(number);
                self.values.push(Value::new(kind, text));
                number
            }
        }
    }

    pub(crate) fn get(&self, number: u32) -> &Value {
        usize::try_from(number)
            .ok()
            .and_then(|at| self.values.get(at))
            .expect("invariant: a number was handed out by this pool")
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

/// The kinds of one pool compare by the same function and derive the same.
pub(crate) fn pool_kind(kind: Kind) -> Kind {
    match kind {
        Kind::FamilyName => Kind::GivenName,
        other => other,
    }
}

/// A record's values: field and value number packed in 32 bits, sorted, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packed(Box<[u32]>);

/// Bits of a value's number; the rest are the field.
const NUMBER_BITS: u32 = 26;

impl Packed {
    pub(crate) fn new(values: impl Iterator<Item = (Field, u32)>) -> Self {
        let mut packed: SmallVec<[u32; 24]> =
            values.map(|(field, number)| u32::from(field.0) << NUMBER_BITS | number).collect();
        packed.sort_unstable();
        packed.dedup();
        Self(Box::from(packed.as_slice()))
    }

    /// All values, sorted by field.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, u32)> {
        self.0.iter().map(|packed| {
            let field = u8::try_from(packed >> NUMBER_BITS).expect("invariant: six bits");
            (Field(field), packed & ((1 << NUMBER_BITS) - 1))
        })
    }

    /// The values of one field.
    pub(crate) fn of(&self, field: Field) -> impl Iterator<Item = u32> {
        self.iter().filter(move |(at, _)| *at == field).map(|(_, number)| number)
    }

    /// The raw words, for the merge in the scoring loop.
    pub(crate) fn raw(&self) -> &[u32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_compatible_with_what_says_less() {
        let date = |text| DateParts::parse(text).unwrap();
        for coarser in ["1988-05-03", "1988-05", "1988", "1990~", "198_"] {
            assert!(date("1988-05-03").compatible(date(coarser)), "{coarser}");
            assert!(date(coarser).compatible(date("1988-05-03")), "{coarser}");
        }
        for other in ["1988-05-04", "1988-06", "1987", "1991~", "199_"] {
            assert!(!date("1988-05-03").compatible(date(other)), "{other}");
        }
    }

    #[test]
    fn equal_texts_are_one_value() {
        let mut pool = Pool::default();
        let first = pool.intern(Kind::Code, "a");
        assert_ne!(first, pool.intern(Kind::Code, "b"));
        assert_eq!(first, pool.intern(Kind::Code, "a"));
        assert_eq!(pool.len(), 2);
    }

    #[test]
    fn features_print_without_values() {
        let mut features = Features::new();
        features.push(Field(3), "secret");
        features.push(Field(4), "");
        assert_eq!(format!("{features:?}"), "[3]");
    }
}
