//! The levels at which values of each kind compare, best first, with the shares of the shipped default model.

use crate::{spec::Kind, zh};

/// One level of agreement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Its name.
    pub name: &'static str,
    /// Whether the two values are the same, so that the rarity of the value adds to the evidence.
    pub exact: bool,
    /// The share of matching pairs at this level in the shipped default model.
    pub m: f64,
    /// The share of other pairs at this level in the shipped default model.
    pub u: f64,
}

const fn exact(m: f64, u: f64) -> Level {
    Level { name: "exact", exact: true, m, u }
}

const fn level(name: &'static str, m: f64, u: f64) -> Level {
    Level { name, exact: false, m, u }
}

const NAME: &[Level] = &[
    exact(0.78, 0.006),
    level("swapped", 0.02, 0.000_05),
    level("one_edit", 0.07, 0.002),
    level("close", 0.04, 0.006),
    level("near", 0.02, 0.03),
    level("initial", 0.02, 0.006),
    level("else", 0.05, 0.95),
];
const FULL_NAME: &[Level] = &[
    exact(0.60, 0.000_1),
    level("same_words", 0.05, 0.000_02),
    level("one_edit", 0.12, 0.000_05),
    level("contained", 0.08, 0.000_2),
    level("similar_words", 0.07, 0.000_5),
    level("one_word", 0.04, 0.02),
    level("else", 0.04, 0.979),
];
const DATE: &[Level] = &[
    exact(0.80, 0.000_05),
    level("compatible", 0.05, 0.02),
    level("swapped", 0.01, 0.000_1),
    level("one_edit", 0.05, 0.001),
    level("two_parts", 0.03, 0.004),
    level("same_year", 0.02, 0.015),
    level("same_decade", 0.02, 0.25),
    level("else", 0.02, 0.71),
];
const ID_NUMBER: &[Level] = &[
    exact(0.93, 0.000_001),
    level("one_edit", 0.04, 0.000_002),
    level("two_edits", 0.01, 0.000_03),
    level("else", 0.02, 0.999_9),
];
const PHONE: &[Level] = &[
    exact(0.75, 0.000_02),
    level("suffix", 0.02, 0.000_02),
    level("one_edit", 0.03, 0.000_05),
    level("else", 0.20, 0.999_9),
];
const EMAIL: &[Level] = &[
    exact(0.75, 0.000_01),
    level("one_edit", 0.08, 0.000_01),
    level("same_local", 0.03, 0.000_1),
    level("close", 0.04, 0.000_5),
    level("else", 0.10, 0.999),
];
const ADDRESS: &[Level] = &[
    exact(0.60, 0.000_2),
    level("same_words", 0.03, 0.000_05),
    level("close", 0.12, 0.001),
    level("some", 0.05, 0.02),
    level("else", 0.20, 0.979),
];
const POSTCODE: &[Level] = &[
    exact(0.75, 0.002),
    level("one_edit", 0.06, 0.002),
    level("sector", 0.05, 0.01),
    level("area", 0.04, 0.03),
    level("else", 0.10, 0.956),
];
const ORGANISATION: &[Level] = &[
    exact(0.60, 0.000_1),
    level("same_words", 0.08, 0.000_05),
    level("close", 0.15, 0.000_5),
    level("contained", 0.07, 0.001),
    level("some", 0.05, 0.03),
    level("else", 0.05, 0.968),
];
const CODE: &[Level] = &[exact(0.95, 0.2), level("else", 0.05, 0.8)];
const TEXT: &[Level] = &[
    exact(0.50, 0.000_1),
    level("most", 0.25, 0.000_5),
    level("half", 0.12, 0.005),
    level("some", 0.08, 0.05),
    level("else", 0.05, 0.944),
];
const NAME_LIST: &[Level] = &[
    exact(0.55, 0.000_1),
    level("same", 0.20, 0.000_05),
    level("contained", 0.10, 0.000_3),
    level("half", 0.08, 0.000_5),
    level("one", 0.04, 0.003),
    level("else", 0.03, 0.996),
];
const PLACE: &[Level] = &[
    exact(0.75, 0.02),
    level("one_edit", 0.06, 0.002),
    level("close", 0.04, 0.01),
    level("else", 0.15, 0.968),
];
const NUMBER: &[Level] =
    &[exact(0.80, 0.02), level("close", 0.05, 0.02), level("near", 0.05, 0.1), level("else", 0.10, 0.86)];

/// The levels of a kind, best first; the last is disagreement.
pub fn levels(kind: Kind) -> &'static [Level] {
    match kind {
        Kind::GivenName | Kind::FamilyName => NAME,
        Kind::FullName => FULL_NAME,
        Kind::Date => DATE,
        Kind::IdNumber => ID_NUMBER,
        Kind::Phone => PHONE,
        Kind::Email => EMAIL,
        Kind::Address => ADDRESS,
        Kind::Postcode => POSTCODE,
        Kind::Organisation => ORGANISATION,
        Kind::Code => CODE,
        Kind::Text => TEXT,
        Kind::NameList => NAME_LIST,
        Kind::Place => PLACE,
        Kind::Number => NUMBER,
        Kind::HanName => zh::key::HAN_NAME,
        Kind::CitizenId => zh::key::CITIZEN_ID,
        Kind::BirthDate => zh::key::BIRTH_DATE,
        Kind::Home => zh::key::HOME,
    }
}
