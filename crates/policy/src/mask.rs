//! What is left of a value when it is delivered masked.
//!
//! **Invariant:** a mask of what identifies a person is text with `*` in it, never a value of the element's type, so
//! nothing can take it for one.

use yibiao_record::{Address, Division, ElementId, IdQuality, Level, PartialDate, Precision, Value};
use yibiao_schema::{CodeList, Dictionary, ValueType};

/// Digits of an id number's region.
const REGION: usize = 6;

/// Whether there is a mask for the values of a type.
pub(crate) fn exists(dictionary: &Dictionary, element: ElementId, value_type: ValueType) -> bool {
    match value_type {
        ValueType::CitizenId
        | ValueType::Name
        | ValueType::Phones
        | ValueType::Address
        | ValueType::Division
        | ValueType::Date => true,
        ValueType::Code | ValueType::Codes => dictionary
            .codes_of(element)
            .is_some_and(|list| list.codes().iter().any(|code| code.parent.is_some())),
        ValueType::Text
        | ValueType::Decimal
        | ValueType::Integer
        | ValueType::Boolean
        | ValueType::Grid
        | ValueType::Reference => false,
    }
}

/// What may be shown of a value; `None` where nothing may.
pub(crate) fn mask(dictionary: &Dictionary, element: ElementId, value: &Value) -> Option<Value> {
    match value {
        Value::Id(id) => match id.quality {
            IdQuality::Valid | IdQuality::BadCheck => id_text(&id.digits, true),
            IdQuality::Prefix => id_text(&id.digits, false),
            IdQuality::Other => None,
        },
        Value::Name(name) => {
            let first = name.full.chars().next()?;
            Some(Value::Text(format!("{first}**").into()))
        }
        Value::Phones(phones) => {
            let shown: Vec<String> = phones.iter().map(|phone| phone_text(phone)).collect();
            (!shown.is_empty()).then(|| Value::Text(shown.join("、").into()))
        }
        Value::Address(address) => {
            let coarse = above(address, Level::Village);
            (!coarse.is_empty()).then_some(Value::Address(coarse))
        }
        Value::Division(division) => {
            let code: String = division.code.chars().take(REGION).collect();
            let names = above(&division.names, Level::District);
            let known = !code.is_empty() || !names.is_empty();
            known.then(|| Value::Division(Division { code: code.into(), names }))
        }
        Value::Date(date) if date.precision() > Precision::Year => {
            Some(Value::Date(PartialDate::year(date.year_number())))
        }
        Value::Date(date) => Some(Value::Date(*date)),
        Value::Code(code) => coarsest(dictionary.codes_of(element)?, code).map(Value::Code),
        Value::Codes(codes) => {
            let list = dictionary.codes_of(element)?;
            let mut coarse: Vec<_> = codes.iter().filter_map(|code| coarsest(list, code)).collect();
            coarse.sort();
            coarse.dedup();
            (!coarse.is_empty()).then_some(Value::Codes(coarse))
        }
        Value::Text(_)
        | Value::Decimal(_)
        | Value::Integer(_)
        | Value::Bool(_)
        | Value::Grid(_)
        | Value::Reference { .. }
        | Value::Unparsed(_) => None,
    }
}

/// The region and, where `check`, the last position; birth date and sequence are hidden.
fn id_text(digits: &str, check: bool) -> Option<Value> {
    let length = digits.chars().count();
    if length <= REGION || check && length != 18 {
        return None;
    }
    let hide = |(at, digit): (usize, char)| {
        if at < REGION || check && at + 1 == length { digit } else { '*' }
    };
    Some(Value::Text(digits.chars().enumerate().map(hide).collect::<String>().into()))
}

/// The first three and last four digits of a mobile number; of a shorter one, the last two.
fn phone_text(phone: &str) -> String {
    let length = phone.chars().count();
    let (head, tail) = if length >= 11 { (3, 4) } else { (0, 2.min(length / 3)) };
    phone
        .chars()
        .enumerate()
        .map(|(at, digit)| if at < head || at + tail >= length { digit } else { '*' })
        .collect()
}

/// The levels down to `last`.
fn above(address: &Address, last: Level) -> Address {
    address
        .levels()
        .filter(|(level, _)| *level <= last)
        .fold(Address::default(), |coarse, (level, text)| coarse.with(level, text))
}

/// The coarsest code above a code. A code that has none above it, and none below it that it would stand for, says as
/// much masked as in full, so it is not shown.
fn coarsest(list: &CodeList, code: &str) -> Option<Box<str>> {
    match list.ancestors(code).last() {
        Some(ancestor) => Some(ancestor.code.clone()),
        None => list.codes().iter().any(|other| other.parent.as_deref() == Some(code)).then(|| code.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yibiao_record::{IdNumber, Name};
    use yibiao_schema::element;

    #[track_caller]
    fn shows(element: ElementId, value: Value, expected: Option<&str>) {
        match (mask(Dictionary::shipped(), element, &value), expected) {
            (Some(Value::Text(text)), Some(expected)) => assert_eq!(&*text, expected),
            (Some(Value::Code(code)), Some(expected)) => assert_eq!(&*code, expected),
            (Some(Value::Codes(codes)), Some(expected)) => assert_eq!(codes.join(" "), expected),
            (masked, expected) => assert_eq!(masked.is_some(), expected.is_some()),
        }
    }

    fn id(digits: &str, quality: IdQuality) -> Value {
        Value::Id(IdNumber { digits: digits.into(), quality })
    }

    #[test]
    fn of_an_id_number_the_region_and_the_last_position_are_left() {
        shows(element::CITIZEN_ID, id("990101195006190225", IdQuality::Valid), Some("990101***********5"));
        shows(element::CITIZEN_ID, id("99010119500619022X", IdQuality::BadCheck), Some("990101***********X"));
        shows(element::CITIZEN_ID, id("990101195006190", IdQuality::Prefix), Some("990101*********"));
        shows(element::CITIZEN_ID, id("990101", IdQuality::Prefix), None);
        shows(element::CITIZEN_ID, id("E12345678", IdQuality::Other), None);
    }

    #[test]
    fn of_a_name_the_first_character_is_left_whatever_its_length() {
        for name in ["冉琇英", "冉英", "冉·买买提"] {
            shows(element::NAME, Value::Name(Name::plain(name)), Some("冉**"));
        }
    }

    #[test]
    fn of_a_telephone_number_the_ends_are_left() {
        let phones = |phones: &[&str]| Value::Phones(phones.iter().map(|phone| (*phone).into()).collect());
        shows(element::MOBILE, phones(&["19900000022", "1234567"]), Some("199****0022、*****67"));
        shows(element::MOBILE, phones(&["12"]), Some("**"));
        shows(element::MOBILE, phones(&[]), None);
    }

    #[test]
    fn of_a_code_the_coarsest_above_it_is_left() {
        shows(element::SELF_CARE_ABILITY, Value::Code("12".into()), Some("8"));
        shows(element::SELF_CARE_ABILITY, Value::Code("3".into()), Some("9"));
        shows(element::SELF_CARE_ABILITY, Value::Code("9".into()), Some("9"));
        shows(element::SEX, Value::Code("1".into()), None);
        shows(element::ASSISTANCE_CATEGORY, Value::Codes(vec!["112".into(), "210".into()]), Some("110"));
        shows(element::ASSISTANCE_CATEGORY, Value::Codes(vec!["210".into()]), None);
    }

    #[test]
    fn of_an_address_nothing_below_the_village_is_left() {
        let full = Address::default().with(Level::Village, "桃花村").with(Level::Group, "3");
        let coarse = Address::default().with(Level::Village, "桃花村");
        let masked = mask(Dictionary::shipped(), element::RESIDENCE_ADDRESS, &Value::Address(full));
        assert!(masked == Some(Value::Address(coarse)));
        let house = Address::default().with(Level::House, "12");
        assert!(mask(Dictionary::shipped(), element::RESIDENCE_ADDRESS, &Value::Address(house)).is_none());
    }

    #[test]
    fn of_a_date_no_more_than_the_year_is_left() {
        let masked = |date| mask(Dictionary::shipped(), element::BIRTH_DATE, &Value::Date(date));
        assert!(masked(PartialDate::day(1950, 6, 19).unwrap()) == Some(Value::Date(PartialDate::year(1950))));
        assert!(masked(PartialDate::decade(1985)) == Some(Value::Date(PartialDate::decade(1985))));
    }
}
