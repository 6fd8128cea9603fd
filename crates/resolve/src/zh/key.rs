//! What the matching core calls of the Chinese kinds: levels, derived values, comparison, blocking keys.

use super::birth::BirthDate;
use super::citizen::CitizenId;
use super::form::NameForm;
use super::level::form_level;
use super::place::Home;
use crate::levels::Level;
use crate::spec::{Kind, Take};

/// What is derived of a value of a Chinese kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Of a name.
    Name(Box<NameForm>),
    /// Of a citizen id.
    Id(CitizenId),
    /// Of a birth date.
    Birth(BirthDate),
    /// Of an address.
    Home(Box<Home>),
}

const fn level(name: &'static str, m: f64, u: f64) -> Level {
    Level { name, exact: false, m, u }
}

const fn telling(name: &'static str, m: f64, u: f64) -> Level {
    Level { name, exact: true, m, u }
}

/// Levels of names, as [`HanNameLevel`](super::HanNameLevel). The rarity of the name adds to the first three.
pub(crate) const HAN_NAME: &[Level] = &[
    telling("exact", 0.90, 0.000_03),
    telling("same_sound", 0.045, 0.000_02),
    telling("look_alike", 0.015, 0.000_03),
    level("one_character", 0.008, 0.004),
    level("transliteration", 0.003, 0.000_1),
    level("nickname", 0.002, 0.000_5),
    level("surname", 0.015, 0.06),
    level("different", 0.007, 0.935),
];

/// Levels of citizen ids.
pub(crate) const CITIZEN_ID: &[Level] = &[
    level("same", 0.86, 0.000_000_4),
    level("slip", 0.02, 0.000_000_5),
    level("beginning", 0.09, 0.000_01),
    level("near", 0.005, 0.000_1),
    level("conflict", 0.015, 0.6),
    level("different", 0.01, 0.4),
];

/// Levels of birth dates.
pub(crate) const BIRTH_DATE: &[Level] = &[
    level("day", 0.90, 0.000_04),
    level("month", 0.05, 0.001_2),
    level("year", 0.02, 0.014),
    level("slip", 0.012, 0.003),
    level("lunar", 0.006, 0.000_05),
    level("about", 0.006, 0.1),
    level("year_off", 0.004, 0.03),
    level("else", 0.006, 0.85),
];

/// Levels of addresses.
pub(crate) const HOME: &[Level] = &[
    level("house", 0.50, 0.000_3),
    level("spot", 0.05, 0.000_3),
    level("group", 0.20, 0.005),
    level("village", 0.08, 0.012),
    level("other_house", 0.03, 0.006),
    level("other_group", 0.03, 0.02),
    level("town", 0.03, 0.2),
    level("elsewhere", 0.08, 0.75),
];

/// What is derived of a text of a Chinese kind.
pub(crate) fn derive(kind: Kind, text: &str) -> Option<Key> {
    match kind {
        Kind::HanName => NameForm::new(text).map(|form| Key::Name(Box::new(form))),
        Kind::CitizenId => Some(Key::Id(CitizenId::parse(text))),
        Kind::BirthDate => BirthDate::parse(text).map(Key::Birth),
        Kind::Home => Some(Key::Home(Box::new(Home::parse(text)))),
        _ => None,
    }
}

/// The level at which two values of one kind compare.
pub(crate) fn compare(a: &Key, b: &Key) -> u8 {
    match (a, b) {
        (Key::Name(a), Key::Name(b)) => form_level(a, b).index(),
        (Key::Id(a), Key::Id(b)) => a.compare(b),
        (Key::Birth(a), Key::Birth(b)) => a.compare(b),
        (Key::Home(a), Key::Home(b)) => a.compare(b),
        _ => 7,
    }
}

/// How rare a value is, in thousandths of a bit, where its kind can tell.
pub(crate) fn rarity(key: &Key) -> Option<i32> {
    match key {
        Key::Name(form) => Some(form.rarity_millibits()),
        _ => None,
    }
}

/// What a blocking key takes of a value of a Chinese kind; `None` where it takes the text as of any other.
pub(crate) fn taken(take: Take, key: &Key) -> Option<Option<u64>> {
    Some(match (take, key) {
        (Take::Sound, Key::Name(form)) => (!form.has_lost() && !form.nickname).then(|| form.sound_key()),
        (Take::Head, Key::Name(form)) => Some(form.surname_key()),
        (Take::Tail, Key::Name(form)) => (!form.has_lost() && !form.nickname).then(|| form.last_key()),
        (Take::Whole | Take::First(_), Key::Name(form)) => (!form.nickname).then(|| form.sound_key()),
        (Take::Year, Key::Birth(birth)) => (birth.date.slack == 0).then(|| number(birth.date.year, 0, 0)),
        (Take::Month, Key::Birth(birth)) => {
            (birth.date.month != 0).then(|| number(birth.date.year, birth.date.month, 0))
        }
        (Take::Whole, Key::Birth(birth)) => {
            (birth.date.day != 0).then(|| number(birth.date.year, birth.date.month, birth.date.day))
        }
        (Take::Village, Key::Home(home)) => home.village_key(),
        (Take::Group, Key::Home(home)) => home.group_key(),
        (Take::Whole, Key::Home(home)) => home.house_key(),
        _ => return None,
    })
}

fn number(year: i16, month: u8, day: u8) -> u64 {
    u64::from(year.unsigned_abs()) << 16 | u64::from(month) << 8 | u64::from(day)
}
