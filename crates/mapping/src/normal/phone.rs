//! Telephone numbers: mobiles and landlines, alone or several in a cell, in every notation the departments use.

use super::{Outcome, Reading, Unreadable, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::Value;

/// How a number is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `19900000022`, landlines `0990-1234567`
    #[default]
    Plain,
    /// `199 0000 0022`
    Spaced,
    /// `199-0000-0022`
    Hyphenated,
    /// `+86-199-0000-0022`
    International,
    /// A number cell; holds no landline, whose first zero it would lose
    Number,
}

/// How a column writes telephone numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// The grouping.
    pub form: Form,
    /// What stands between several numbers. Where not given, the column holds the first number only.
    pub separator: Option<Box<str>>,
}

/// Reads one or several numbers. Who else owns one (`(儿)`) is dropped.
pub fn parse(cell: &Cell) -> Outcome {
    let Some(said) = text::said(cell) else { return Ok(None) };
    let mut phones: Vec<Box<str>> = Vec::new();
    for item in said.split(['/', '／', '、', ',', '，', ';', '；', '\n', '或']) {
        let item = text::trim(item);
        if item.is_empty() {
            continue;
        }
        let phone = one(item)?;
        if !phones.iter().any(|known| **known == *phone) {
            phones.push(phone.into());
        }
    }
    if phones.is_empty() {
        Err(Unreadable("telephone number"))
    } else {
        Ok(Some(Reading::plain(Value::Phones(phones))))
    }
}

/// Writes the numbers.
pub fn write(phones: &[Box<str>], style: &Style) -> Option<Cell> {
    let first = phones.first()?;
    let Some(separator) = &style.separator else { return written(first, style.form) };
    if style.form == Form::Number && phones.len() == 1 {
        return written(first, style.form);
    }
    let form = if style.form == Form::Number { Form::Plain } else { style.form };
    let mut out = String::new();
    for phone in phones {
        if !out.is_empty() {
            out.push_str(separator);
        }
        match written(phone, form)? {
            Cell::Text(text) => out.push_str(&text),
            _ => return None,
        }
    }
    Some(Cell::Text(out))
}

fn one(item: &str) -> Result<String, Unreadable> {
    let refused = Unreadable("telephone number");
    if item.contains(['e', 'E']) {
        // What a spreadsheet makes of a number in a text column: `1.99E10`.
        let number = item.parse::<f64>().map_err(|_| refused)?.to_string();
        return if is_mobile(&number) { Ok(number) } else { Err(refused) };
    }
    let number = item.split(['(', '（']).next().filter(|head| head.chars().any(is_digit)).unwrap_or(item);
    let mut digits = String::with_capacity(16);
    for c in number.chars().map(text::narrow_char) {
        match c {
            '0'..='9' => digits.push(c),
            '+' | '-' | '(' | ')' | '.' | '—' | '－' => {}
            c if text::is_padding(c) => {}
            _ => return Err(refused),
        }
    }
    // 17951 is a carrier's prefix, and also how some mobiles begin.
    let carrier = || digits.strip_prefix("17951").filter(|rest| rest.len() > 6);
    let digits = digits.strip_prefix("0086").or_else(carrier).unwrap_or(&digits);
    let digits = if digits.len() == 13 { digits.strip_prefix("86").unwrap_or(digits) } else { digits };
    let digits = if digits.len() == 12 {
        digits.strip_prefix('0').filter(|d| is_mobile(d)).unwrap_or(digits)
    } else {
        digits
    };
    if is_mobile(digits) || is_landline(digits) { Ok(digits.to_owned()) } else { Err(refused) }
}

fn is_digit(c: char) -> bool {
    text::narrow_char(c).is_ascii_digit()
}

/// Eleven digits that begin with 1 and 3 to 9.
fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && !matches!(digits.as_bytes().get(1), Some(b'0'..=b'2'))
}

/// With area code (0 and two or three digits) ten to twelve digits; without, seven or eight.
fn is_landline(digits: &str) -> bool {
    if digits.starts_with('0') {
        return (10..=12).contains(&digits.len()) && !digits.starts_with("00");
    }
    (7..=8).contains(&digits.len()) && !digits.starts_with('1')
}

fn written(phone: &str, form: Form) -> Option<Cell> {
    if !is_mobile(phone) {
        return match form {
            Form::Number => None,
            _ => Some(Cell::Text(match area_length(phone).and_then(|at| phone.split_at_checked(at)) {
                Some((area, number)) => [area, "-", number].concat(),
                None => phone.to_owned(),
            })),
        };
    }
    let grouped = |separator: &str| {
        let (head, rest) = phone.split_at_checked(3)?;
        let (middle, tail) = rest.split_at_checked(4)?;
        Some([head, separator, middle, separator, tail].concat())
    };
    Some(match form {
        Form::Plain => Cell::Text(phone.to_owned()),
        Form::Spaced => Cell::Text(grouped(" ")?),
        Form::Hyphenated => Cell::Text(grouped("-")?),
        Form::International => Cell::Text(["+86-", &grouped("-")?].concat()),
        Form::Number => Cell::Number(phone.parse().ok()?),
    })
}

/// Area codes of three digits are 010 and 02x; all others have four.
fn area_length(phone: &str) -> Option<usize> {
    phone.starts_with('0').then(|| if phone.starts_with("01") || phone.starts_with("02") { 3 } else { 4 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(cell: Cell) -> Vec<String> {
        match parse(&cell).unwrap().unwrap().value {
            Value::Phones(phones) => phones.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_mobile_is_the_same_in_every_notation() {
        for text in [
            "19900000022",
            "199 0000 0022",
            "199-0000-0022",
            "+86-199-0000-0022",
            "+8619900000022",
            "008619900000022",
            "1795119900000022",
            "019900000022",
            "１９９００００００２２",
            "　199 0000 0022\u{200B}",
            "19900000022(儿)",
            "(+86)19900000022",
        ] {
            assert_eq!(read(Cell::Text(text.into())), ["19900000022"], "{text}");
        }
        assert_eq!(read(Cell::Number(1.990_000_003_3e10)), ["19900000033"]);
        assert_eq!(read(Cell::Integer(19_900_000_033)), ["19900000033"]);
        assert_eq!(read(Cell::Text("1.9900000033E10".into())), ["19900000033"]);
    }

    #[test]
    fn a_landline_keeps_its_area_code() {
        for text in ["0990-1234567", "(0990)1234567", "0990 1234567", "09901234567"] {
            assert_eq!(read(Cell::Text(text.into())), ["09901234567"], "{text}");
        }
        let cell = write(&["09901234567".into()], &Style::default());
        assert_eq!(cell, Some(Cell::Text("0990-1234567".into())));
    }

    #[test]
    fn several_numbers_come_apart_and_repeats_go() {
        for text in [
            "19900000022/19900000033(儿)",
            "19900000022、19900000033",
            "19900000022,19900000033,19900000022",
            "19900000022；19900000033(女儿)",
        ] {
            assert_eq!(read(Cell::Text(text.into())), ["19900000022", "19900000033"], "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_and_nothing_is_nothing() {
        for text in ["1990000002", "村主任电话", "199000000221", "199O0000022", "12000000000"] {
            assert_eq!(parse(&Cell::Text(text.into())), Err(Unreadable("telephone number")), "{text}");
        }
        for text in ["", "无", "-", "　"] {
            assert_eq!(parse(&Cell::Text(text.into())), Ok(None), "{text}");
        }
    }

    fn phone() -> impl Strategy<Value = Box<str>> {
        prop_oneof!["1[3-9][0-9]{9}", "0[3-9][0-9]{2}[2-9][0-9]{6}", "02[0-9][2-9][0-9]{7}"]
            .prop_map(|p| p.into())
    }

    #[test]
    fn a_mobile_that_begins_like_a_carriers_prefix_stays_whole() {
        for (said, means) in [("17951000000", "17951000000"), ("1795119900000022", "19900000022")] {
            let read = parse(&Cell::Text(said.into())).unwrap().unwrap().value;
            assert_eq!(read, Value::Phones(vec![means.into()]));
        }
    }

    proptest! {
        #[test]
        fn a_list_reads_back_as_written(phones in prop::collection::vec(phone(), 1..4)) {
            let mut phones = phones;
            let mut seen = Vec::new();
            phones.retain(|p| { let new = !seen.contains(p); seen.push(p.clone()); new });
            for form in [Form::Plain, Form::Spaced, Form::Hyphenated, Form::International] {
                let cell = write(&phones, &Style { form, separator: Some("/".into()) }).unwrap();
                prop_assert_eq!(parse(&cell).unwrap().unwrap().value, Value::Phones(phones.clone()));
            }
        }

        #[test]
        fn a_single_number_column_keeps_the_first(phones in prop::collection::vec(phone(), 1..4)) {
            for form in [Form::Plain, Form::Spaced, Form::Hyphenated, Form::International, Form::Number] {
                let style = Style { form, separator: None };
                let Some(cell) = write(&phones, &style) else { continue };
                let read = parse(&cell).unwrap().unwrap().value;
                prop_assert!(Value::Phones(phones.clone()).refines(&read));
                let Value::Phones(read) = read else { unreachable!() };
                prop_assert_eq!(write(&read, &style), Some(cell));
            }
        }

        #[test]
        fn whatever_is_read_can_be_written_and_read_again(text: String, numbers in "[-0-9+ /,E.()（]{0,30}") {
            let style = Style { form: Form::International, separator: Some(",".into()) };
            for text in [text, numbers] {
                let Ok(Some(Reading { value: Value::Phones(phones), .. })) = parse(&Cell::Text(text)) else { continue };
                let again = parse(&write(&phones, &style).unwrap()).unwrap().unwrap();
                prop_assert_eq!(again.value, Value::Phones(phones));
            }
        }
    }
}
