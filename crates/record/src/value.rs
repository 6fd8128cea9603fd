//! What a cell says, in canonical types.
//!
//! **Invariant:** [`Value::refines`] is reflexive and transitive within a type: `a.refines(b)` means that `a`
//! says everything that `b` says, or more. It is what "completed, not contradicted" means everywhere.

use crate::PartialDate;
use crate::place::{Address, Division, Grid};
use std::fmt;

/// A value of an element. `Debug` shows the type only: values are personal data.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Free text, trimmed, otherwise as its source wrote it.
    Text(Box<str>),
    /// A person's name with its other forms.
    Name(Name),
    /// A code of the element's code list, canonical edition.
    Code(Box<str>),
    /// A set of codes: sorted, without repeats.
    Codes(Vec<Box<str>>),
    /// A date of known precision.
    Date(PartialDate),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
    /// A citizen id number, as far as its source knew it.
    Id(IdNumber),
    /// Telephone numbers in the source's order, digits only (a landline with its area code), without repeats.
    Phones(Vec<Box<str>>),
    /// A postal address, by level.
    Address(Address),
    /// An administrative division: its code, its names, or both.
    Division(Division),
    /// A grid of a village or community.
    Grid(Grid),
    /// A source's own reference for a household or a house, under that source's scheme (`MZ`, `GA`).
    Reference {
        /// Whose numbering it is.
        scheme: Box<str>,
        /// The number.
        number: Box<str>,
    },
    /// Text that its mapping could not parse. Never evidence, never canonical; kept so that nothing is lost.
    Unparsed(Box<str>),
}

impl Value {
    /// Whether `self` says everything that `coarser` says, or more.
    pub fn refines(&self, coarser: &Value) -> bool {
        match (self, coarser) {
            (Value::Date(fine), Value::Date(coarse)) => fine.refines(*coarse),
            (Value::Id(fine), Value::Id(coarse)) => fine.refines(coarse),
            (Value::Address(fine), Value::Address(coarse)) => fine.refines(coarse),
            (Value::Division(fine), Value::Division(coarse)) => fine.refines(coarse),
            (Value::Grid(fine), Value::Grid(coarse)) => fine.refines(coarse),
            (Value::Name(fine), Value::Name(coarse)) => {
                fine.full == coarse.full && coarse.others.iter().all(|other| fine.others.contains(other))
            }
            (Value::Phones(fine), Value::Phones(coarse)) => coarse.iter().all(|phone| fine.contains(phone)),
            (Value::Codes(fine), Value::Codes(coarse)) => coarse.iter().all(|code| fine.contains(code)),
            (fine, coarse) => fine == coarse,
        }
    }

    /// The name of the type, as in the dictionary.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Name(_) => "name",
            Value::Code(_) => "code",
            Value::Codes(_) => "codes",
            Value::Date(_) => "date",
            Value::Decimal(_) => "decimal",
            Value::Integer(_) => "integer",
            Value::Bool(_) => "boolean",
            Value::Id(_) => "citizen_id",
            Value::Phones(_) => "phones",
            Value::Address(_) => "address",
            Value::Division(_) => "division",
            Value::Grid(_) => "grid",
            Value::Reference { .. } => "reference",
            Value::Unparsed(_) => "unparsed",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.type_name())
    }
}

macro_rules! redacted_debug {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!("<", stringify!($name), ">"))
            }
        }
    )* };
}
redacted_debug!(Name, IdNumber, Address, Division, Grid);

/// A person's name. The full name is as its source wrote it, but for padding, spaces inside a two- to four-character
/// name, and the interpunct, which is U+00B7; it is never converted between scripts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The name in full.
    pub full: Box<str>,
    /// Other forms in the same cell: a nickname, a bracketed name, "wife of": sorted, without repeats.
    pub others: Vec<Box<str>>,
}

impl Name {
    /// A name without other forms.
    pub fn plain(full: &str) -> Self {
        Self { full: full.into(), others: Vec::new() }
    }
}

/// How far a citizen id number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdQuality {
    /// Eighteen characters, the birth date exists and the check character holds (GB 11643, ISO 7064 MOD 11-2).
    Valid,
    /// Only the first characters survived (a spreadsheet or a double kept 15 or fewer significant digits).
    /// Never proof of identity.
    Prefix,
    /// Eighteen characters, but the check or the date fails: a slip of the hand is in it somewhere.
    BadCheck,
    /// Another length or another kind of paper.
    Other,
}

/// A citizen id number (公民身份号码). A 15-digit number of the old form is raised to 18 when it is parsed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNumber {
    /// Upper case, digits and `X` only: 18 characters if [`IdQuality::Valid`], fewer if [`IdQuality::Prefix`].
    pub digits: Box<str>,
    /// How far it is known.
    pub quality: IdQuality,
}

impl IdNumber {
    /// Whether `self` is `coarser`, or a valid number that begins with `coarser`'s known digits.
    pub fn refines(&self, coarser: &IdNumber) -> bool {
        self == coarser
            || (coarser.quality == IdQuality::Prefix
                && matches!(self.quality, IdQuality::Valid | IdQuality::Prefix)
                && self.digits.starts_with(&*coarser.digits))
    }
}

/// An exact decimal: `units` / 10^`scale`, with no trailing zero in `units` while `scale` > 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

impl Decimal {
    /// The normal form of `units` / 10^`scale`; `None` where `scale` is over 18.
    pub fn new(mut units: i64, mut scale: u8) -> Option<Self> {
        if scale > 18 {
            return None;
        }
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Some(Self { units, scale })
    }

    /// Reads plain decimal notation (`-12.50`); `None` for anything else, and for more than 18 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let negative = whole.starts_with('-');
        let whole = whole.strip_prefix('-').unwrap_or(whole);
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty()
            || !digits(whole)
            || !digits(fraction)
            || whole.len() + fraction.len() > 18
        {
            return None;
        }
        let units: i64 = [whole, fraction].concat().parse().ok()?;
        Self::new(if negative { -units } else { units }, u8::try_from(fraction.len()).ok()?)
    }

    /// The unscaled number.
    pub fn units(self) -> i64 {
        self.units
    }

    /// Digits after the point.
    pub fn scale(self) -> u8 {
        self.scale
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let scaled = |d: &Self, to: u8| i128::from(d.units) * 10i128.pow(u32::from(to - d.scale));
        let to = self.scale.max(other.scale);
        scaled(self, to).cmp(&scaled(other, to))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.units);
        }
        let power = 10u64.pow(u32::from(self.scale));
        let sign = if self.units < 0 { "-" } else { "" };
        let units = self.units.unsigned_abs();
        write!(f, "{sign}{}.{:0width$}", units / power, units % power, width = usize::from(self.scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_whole_id_refines_its_damaged_form_but_not_the_reverse() {
        let whole = IdNumber { digits: "990101195006190225".into(), quality: IdQuality::Valid };
        let damaged = IdNumber { digits: "990101195006190".into(), quality: IdQuality::Prefix };
        assert!(whole.refines(&damaged));
        assert!(!damaged.refines(&whole));
        let slip = IdNumber { digits: "990101195006190252".into(), quality: IdQuality::BadCheck };
        assert!(!whole.refines(&slip));
    }

    #[test]
    fn a_value_never_prints_what_it_holds() {
        let name = Value::Name(Name::plain("冉秀英"));
        assert_eq!(format!("{name:?}"), "<name>");
    }

    proptest! {
        #[test]
        fn a_decimal_reads_back_as_written(units in -999_999_999i64..999_999_999, scale in 0u8..6) {
            let decimal = Decimal::new(units, scale).unwrap();
            prop_assert_eq!(Decimal::parse(&decimal.to_string()), Some(decimal));
        }
    }
}
