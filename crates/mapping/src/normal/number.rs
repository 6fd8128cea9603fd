//! Numbers: `480.00`, `1人`, `２３`, `三`, and numbers that the file stores as such.

use super::{Outcome, Reading, Unreadable, numeral, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::{Decimal, Value};

/// How a column writes numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// Exactly so many digits after the point; as many as needed where not given.
    pub decimals: Option<u8>,
    /// What follows the number (`人`).
    pub suffix: Box<str>,
    /// As a number, where the file has numbers; as text otherwise.
    pub number: bool,
}

/// Reads a decimal number.
pub fn parse_decimal(cell: &Cell) -> Outcome {
    decimal(cell).map(|number| number.map(|number| Reading::plain(Value::Decimal(number))))
}

/// Reads a whole number; `3.0` is one, `3.5` is none.
pub fn parse_integer(cell: &Cell) -> Outcome {
    let Some(number) = decimal(cell)? else { return Ok(None) };
    if number.scale() > 0 {
        return Err(Unreadable("whole number"));
    }
    Ok(Some(Reading::plain(Value::Integer(number.units()))))
}

/// Writes a decimal number; `None` where the style has too few digits after the point to hold it.
pub fn write_decimal(number: Decimal, style: &Style) -> Option<Cell> {
    let mut written = number.to_string();
    if let Some(decimals) = style.decimals {
        if number.scale() > decimals {
            return None;
        }
        if number.scale() == 0 && decimals > 0 {
            written.push('.');
        }
        for _ in number.scale()..decimals {
            written.push('0');
        }
    }
    if style.number {
        return written.parse().ok().map(Cell::Number);
    }
    written.push_str(&style.suffix);
    Some(Cell::Text(written))
}

/// Writes a whole number.
pub fn write_integer(number: i64, style: &Style) -> Option<Cell> {
    if style.number {
        return Some(Cell::Integer(number));
    }
    write_decimal(Decimal::new(number, 0)?, style)
}

fn decimal(cell: &Cell) -> Result<Option<Decimal>, Unreadable> {
    let refused = Unreadable("number");
    let number = match cell {
        Cell::Integer(number) => Decimal::new(*number, 0),
        // The shortest text that gives the same double is what the clerk typed.
        Cell::Number(number) => Decimal::parse(&number.to_string()),
        _ => {
            let Some(said) = text::said(cell) else { return Ok(None) };
            let narrow = text::narrow(&said);
            Decimal::parse(&narrow).or_else(|| worded(&narrow))
        }
    };
    number.map(Some).ok_or(refused)
}

/// A number with thousands separators, a unit behind it, a currency sign before it, or in Chinese numerals.
fn worded(said: &str) -> Option<Decimal> {
    let plain = said.trim_start_matches(['¥', '￥']);
    let plain = text::trim(plain.trim_end_matches(|c: char| "人口元亩间户个岁㎡平方米".contains(c)));
    if let Some(number) = numeral::parse(plain) {
        return Decimal::new(i64::from(number), 0);
    }
    if plain.contains(',') {
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let mut groups = whole.split(',');
        let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
        if !first || !groups.all(|group| group.len() == 3) {
            return None;
        }
        let joined = whole.replace(',', "");
        return Decimal::parse(&if fraction.is_empty() { joined } else { [&joined, ".", fraction].concat() });
    }
    // One that the suffix was stripped from; "." alone is no number.
    plain.contains(|c: char| c.is_ascii_digit()).then(|| Decimal::parse(plain)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        match parse_decimal(&Cell::Text(text.into())).unwrap().unwrap().value {
            Value::Decimal(number) => Some(number.to_string()),
            _ => None,
        }
    }

    #[test]
    fn numbers_of_every_column_are_read() {
        for (text, number) in [
            ("480.00", "480"),
            ("9860.50", "9860.5"),
            ("2.3", "2.3"),
            ("1人", "1"),
            ("３人", "3"),
            ("三人", "3"),
            ("96.50㎡", "96.5"),
            ("1,234.50元", "1234.5"),
            (" 310 ", "310"),
        ] {
            assert_eq!(read(text).as_deref(), Some(number), "{text}");
        }
        assert_eq!(parse_integer(&Cell::Text("1人".into())).unwrap().unwrap().value, Value::Integer(1));
        assert_eq!(parse_integer(&Cell::Number(3.0)).unwrap().unwrap().value, Value::Integer(3));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["约2", "1,23", ".", "1.5.2", "12a", "人"] {
            assert_eq!(parse_decimal(&Cell::Text(text.into())), Err(Unreadable("number")), "{text}");
        }
        assert_eq!(parse_integer(&Cell::Text("1.5".into())), Err(Unreadable("whole number")));
        assert_eq!(parse_decimal(&Cell::Number(f64::NAN)), Err(Unreadable("number")));
        assert_eq!(parse_decimal(&Cell::Text("不详".into())), Ok(None));
    }

    #[test]
    fn a_style_fixes_the_digits_and_the_suffix() {
        let two = Style { decimals: Some(2), ..Style::default() };
        let number = |text| Decimal::parse(text).unwrap();
        assert_eq!(write_decimal(number("480"), &two), Some(Cell::Text("480.00".into())));
        assert_eq!(write_decimal(number("480.5"), &two), Some(Cell::Text("480.50".into())));
        assert_eq!(write_decimal(number("480.123"), &two), None);
        let people = Style { suffix: "人".into(), ..Style::default() };
        assert_eq!(write_integer(3, &people), Some(Cell::Text("3人".into())));
        assert_eq!(write_integer(3, &Style { number: true, ..Style::default() }), Some(Cell::Integer(3)));
    }

    proptest! {
        #[test]
        fn a_decimal_reads_back_as_written(units in -99_999_999i64..99_999_999, scale in 0u8..4, number: bool) {
            let value = Decimal::new(units, scale).unwrap();
            let style = Style { number, decimals: Some(4), ..Style::default() };
            let cell = write_decimal(value, &style).unwrap();
            prop_assert_eq!(parse_decimal(&cell).unwrap().unwrap().value, Value::Decimal(value));
        }

        #[test]
        fn a_whole_number_reads_back_as_written(value in 0i64..1_000_000, number: bool) {
            let style = Style { number, suffix: "人".into(), ..Style::default() };
            let cell = write_integer(value, &style).unwrap();
            prop_assert_eq!(parse_integer(&cell).unwrap().unwrap().value, Value::Integer(value));
        }

        #[test]
        fn whatever_is_read_can_be_written_and_read_again(text: String, numbers in "-?[0-9一二十百,.０元人]{0,9}") {
            for text in [text, numbers] {
                let Ok(Some(Reading { value: Value::Decimal(number), .. })) = parse_decimal(&Cell::Text(text)) else {
                    continue;
                };
                let again = parse_decimal(&write_decimal(number, &Style::default()).unwrap());
                prop_assert_eq!(again, Ok(Some(Reading::plain(Value::Decimal(number)))));
            }
        }
    }
}
