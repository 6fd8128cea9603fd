//! A person of the county.

use crate::day::{AS_OF, Day};
use crate::identity::CitizenId;
use crate::names::PersonName;

/// Which person of the county.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct PersonIndex(pub(crate) u32);

impl PersonIndex {
    /// The place in the list of people.
    pub(crate) fn at(self) -> usize {
        usize::try_from(self.0).expect("invariant: fits the machine")
    }

    /// The number for paths of chance.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.0)
    }
}

/// Man or woman.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Sex {
    /// Man.
    Man,
    /// Woman.
    Woman,
}

impl Sex {
    /// The other one.
    pub(crate) fn other(self) -> Sex {
        match self {
            Sex::Man => Sex::Woman,
            Sex::Woman => Sex::Man,
        }
    }
}

/// How somebody stands to the head of the household.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// The head.
    Head,
    /// Husband or wife.
    Spouse,
    /// Son.
    Son,
    /// Daughter.
    Daughter,
    /// Daughter-in-law.
    DaughterInLaw,
    /// Grandson.
    Grandson,
    /// Granddaughter.
    Granddaughter,
    /// Father.
    Father,
    /// Mother.
    Mother,
    /// Somebody else.
    Other,
}

/// Marital status.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marital {
    /// Never married.
    Single,
    /// Married.
    Married,
    /// Husband or wife died.
    Widowed,
    /// Divorced.
    Divorced,
}

/// What somebody works as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Nothing that would be written down.
    None,
    /// On the land.
    Farm,
    /// For themselves.
    Own,
    /// For a firm: where it is, its brand and its trade.
    Firm(&'static str, &'static str, &'static str),
}

impl Work {
    /// The employer, where there is one to write.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Work::None => None,
            Work::Farm => Some("务农".to_owned()),
            Work::Own => Some("个体经营".to_owned()),
            Work::Firm(place, brand, trade) => Some(format!("{place}{brand}{trade}")),
        }
    }
}

/// The departments' files that a person stands in, other than the population register.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rolls {
    /// MZ.
    pub(crate) relief: bool,
    /// MZ a second time, under a second heading.
    pub(crate) relief_twice: bool,
    /// WJ, in each of the four quarters.
    pub(crate) visits: [bool; 4],
    /// YJ.
    pub(crate) flood: bool,
    /// NY.
    pub(crate) monitoring: bool,
    /// The population register holds nothing.
    pub(crate) unregistered: bool,
}

/// A person.
#[derive(Clone)]
pub(crate) struct Person {
    /// The name today.
    pub(crate) name: PersonName,
    /// The name before, of people who changed it.
    pub(crate) former: Option<PersonName>,
    /// Sex.
    pub(crate) sex: Sex,
    /// Day of birth.
    pub(crate) born: Day,
    /// Citizen id.
    pub(crate) id: CitizenId,
    /// A second valid id, of people registered twice.
    pub(crate) second_id: Option<CitizenId>,
    /// Code of the ethnicity by GB/T 3304.
    pub(crate) ethnicity: &'static str,
    /// Own phone.
    pub(crate) phone: Option<u64>,
    /// The phone before.
    pub(crate) former_phone: Option<u64>,
    /// Who looks after them.
    pub(crate) guardian: Option<PersonIndex>,
    /// Index of the household.
    pub(crate) household: usize,
    /// How they stand to its head.
    pub(crate) relation: Relation,
    /// Marital status.
    pub(crate) marital: Marital,
    /// Code of the education by GB/T 4658.
    pub(crate) education: u8,
    /// Work.
    pub(crate) work: Work,
    /// ICD-10 codes of chronic diseases.
    pub(crate) illnesses: Vec<&'static str>,
    /// Kind (2 to 8, as health records count them) and degree (1 to 4) of a disability.
    pub(crate) disability: Option<(u8, u8)>,
    /// How dependent they are, from 0 to 40.
    pub(crate) dependence: u8,
    /// Day of death.
    pub(crate) died: Option<Day>,
    /// Number of the account.
    pub(crate) account: u32,
    /// The files they stand in.
    pub(crate) rolls: Rolls,
    /// Whether every cell about them is planned, so that chance must not touch it.
    pub(crate) planted: bool,
}

impl Person {
    /// Age on the day of the files.
    pub(crate) fn age(&self) -> i32 {
        self.born.years_until(AS_OF)
    }

    /// Whether the birth is so recent that no id has been issued outside the register.
    pub(crate) fn is_newborn(&self) -> bool {
        AS_OF.0 - self.born.0 < 120
    }
}
