//! Values as people read them in tables and exports.

use yibiao_record::{Address, ElementId, IdQuality, Level, PartialDate, Precision, Value};
use yibiao_schema::Dictionary;

/// The text of a value. A code is followed by its meaning.
pub fn text(dictionary: &Dictionary, element: ElementId, value: &Value) -> String {
    let meaning = |code: &str| {
        let found = dictionary.codes_of(element).and_then(|list| list.code(code));
        found.map_or_else(|| code.to_owned(), |found| format!("{code} {}", found.zh))
    };
    match value {
        Value::Text(text) | Value::Unparsed(text) => text.to_string(),
        Value::Name(name) if name.others.is_empty() => name.full.to_string(),
        Value::Name(name) => format!("{} ({})", name.full, name.others.join(", ")),
        Value::Code(code) => meaning(code),
        Value::Codes(codes) => codes.iter().map(|code| meaning(code)).collect::<Vec<_>>().join("; "),
        Value::Date(day) => date(*day),
        Value::Decimal(decimal) => decimal.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Bool(yes) => if *yes { "是" } else { "否" }.to_owned(),
        Value::Id(id) => match id.quality {
            IdQuality::Valid => id.digits.to_string(),
            IdQuality::Prefix => format!("{}…", id.digits),
            IdQuality::BadCheck => format!("{} (check fails)", id.digits),
            IdQuality::Other => format!("{} (other paper)", id.digits),
        },
        Value::Phones(phones) => phones.join(" / "),
        Value::Address(place) => address(place),
        Value::Division(division) => {
            format!("{} {}", division.code, address(&division.names)).trim().to_owned()
        }
        Value::Grid(grid) => format!("{}{} 第{}网格", grid.village_code, grid.village, grid.number),
        Value::Reference { scheme, number } => format!("{scheme}:{number}"),
    }
}

fn date(day: PartialDate) -> String {
    let mut text = format!("{:04}", day.year_number());
    match day.precision() {
        Precision::Decade => text.push_str("年代"),
        Precision::AboutYear => text.push_str("年左右"),
        Precision::Year | Precision::Month | Precision::Day => {}
    }
    for part in [day.month_number(), day.day_number()].into_iter().flatten() {
        text.push_str(&format!("-{part:02}"));
    }
    text
}

fn address(address: &Address) -> String {
    address
        .levels()
        .map(|(level, text)| match level {
            Level::Group => format!("{text}组"),
            Level::RoadNumber | Level::House => format!("{text}号"),
            Level::Building => format!("{text}栋"),
            Level::Unit => format!("{text}单元"),
            Level::Room => format!("{text}室"),
            _ => text.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yibiao_schema::element;

    fn check(element: ElementId, value: &Value, expected: &str) {
        assert_eq!(text(Dictionary::shipped(), element, value), expected);
    }

    #[test]
    fn values_read_as_a_person_would_write_them() {
        check(element::SEX, &Value::Code("2".into()), "2 女");
        check(element::BIRTH_DATE, &Value::Date(PartialDate::month(1950, 6).unwrap()), "1950-06");
        check(element::BUILD_YEAR, &Value::Date(PartialDate::decade(1985)), "1980年代");
        let place = Address::default()
            .with(Level::Village, "桃花村")
            .with(Level::Group, "3")
            .with(Level::House, "12");
        check(element::RESIDENCE_ADDRESS, &Value::Address(place), "桃花村3组12号");
    }
}
