//! From a cell's text to matching form: what differs in writing only becomes equal, what says nothing becomes nothing.

use crate::{spec::Kind, written};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Which part of a date comes first where a text does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 2024-05-03
    #[default]
    Ymd,
    /// 05/03/2024
    Mdy,
    /// 03.05.2024
    Dmy,
}

/// Texts that people write where they know nothing.
const PLACEHOLDERS: [&str; 14] = [
    "",
    "-",
    "n a",
    "na",
    "nan",
    "nil",
    "none",
    "null",
    "unknown",
    "not known",
    "not available",
    "no data",
    "x",
    "xx",
];

/// The matching form of a text that means `kind`, or `None` where it says nothing.
pub fn normalise(kind: Kind, text: &str, order: DateOrder) -> Option<String> {
    let text = written::unescaped(text);
    let folded = fold(&text);
    let done = match kind {
        Kind::Date => return date(&folded, order),
        Kind::IdNumber => folded.chars().filter(|c| c.is_alphanumeric()).collect(),
        Kind::Phone => phone(&folded)?,
        Kind::Email => email(&folded),
        Kind::Number => return number(&folded),
        Kind::GivenName | Kind::FamilyName | Kind::FullName => words(&folded, "'’"),
        Kind::Organisation => written::organisation(&words(&folded, "'’.")),
        Kind::Address => written::address(&words(&folded, "'’")),
        Kind::Text => written::pairs(&words(&folded, "'’")),
        Kind::NameList => written::name_list(&folded),
        _ => words(&folded, "'"),
    };
    let empty = PLACEHOLDERS.contains(&done.as_str());
    let zeros = matches!(kind, Kind::IdNumber | Kind::Phone | Kind::Postcode) && repeats(&done);
    (!empty && !zeros).then_some(done)
}

/// Lower case, compatibility forms and accents dropped.
fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b' ') {
        return Cow::Borrowed(text.trim());
    }
    let folded: String =
        text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    Cow::Owned(folded.trim().to_owned())
}

/// Letters and digits in words parted by one space; characters of `dropped` join what stands around them.
fn words(text: &str, dropped: &str) -> String {
    let kept = text.chars().filter(|c| !dropped.contains(*c));
    let spaced: String = kept.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a number is one digit over and over: nobody's.
fn repeats(text: &str) -> bool {
    let mut digits = text.chars().filter(|c| c.is_ascii_digit());
    let first = digits.next();
    text.chars().all(|c| c.is_ascii_digit() || c == ' ')
        && first.is_some_and(|first| digits.all(|c| c == first))
}

fn phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 5).then_some(digits)
}

/// The address alone, without the name that mail programs write before it.
fn email(text: &str) -> String {
    let address = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    address.map_or(text, |(address, _)| address).split_whitespace().collect()
}

fn number(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| *c != ',' && *c != ' ').collect();
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let good = !whole.is_empty()
        && whole.len() < 15
        && (whole.chars().chain(part.chars())).all(|c| c.is_ascii_digit());
    good.then_some(plain)
}

fn date(text: &str, order: DateOrder) -> Option<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let named = parts.clone().find_map(month_of_name);
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    if let Some(month) = named {
        return match *numbers {
            [year] if year.len() == 4 => dated(year, month, None),
            [year, day, ..] if year.len() == 4 => dated(year, month, Some(day)),
            [day, year, ..] => dated(year, month, Some(day)),
            _ => None,
        };
    }
    let numbers = match *numbers {
        // A time of day may follow.
        [a, b, c, ..] if text.split_once([' ', 't']).is_none_or(|(day, _)| day.contains(c)) => vec![a, b, c],
        [whole] if whole.len() == 8 => eight(whole)?,
        _ => numbers,
    };
    match *numbers {
        [year, month, day] if year.len() == 4 => {
            dated(year, month, Some(day)).or_else(|| dated(year, day, Some(month)))
        }
        [a, b, year] if year.len() == 4 || order != DateOrder::Ymd => {
            let (month, day) = if order == DateOrder::Dmy { (b, a) } else { (a, b) };
            dated(year, month, Some(day)).or_else(|| dated(year, day, Some(month)))
        }
        [year, month, day] => dated(year, month, Some(day)),
        [year, month] if year.len() == 4 => dated(year, month, None),
        [year] if year.len() == 4 && year > "1000" => Some(year.into()),
        _ => None,
    }
}

/// A date of its parts, where they are one. Of a year of two digits the century is the one that spreadsheets give it:
/// 1930 to 2029.
fn dated(year: &str, month: &str, day: Option<&str>) -> Option<String> {
    let read = |text: &str| text.parse::<u16>().ok();
    let year = match (year.len(), read(year)?) {
        (4, year) => year,
        (2, year) if year < 30 => 2_000 + year,
        (2, year) => 1_900 + year,
        _ => return None,
    };
    let month = read(month).filter(|month| (1..=12).contains(month))?;
    if year <= 1_000 {
        return None;
    }
    let Some(day) = day else { return Some(format!("{year:04}-{month:02}")) };
    let day = read(day).filter(|day| (1..=31).contains(day))?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// The number of a month that is written out, or as its first three letters, in English.
fn month_of_name(text: &str) -> Option<&'static str> {
    const MONTHS: [(&str, &str); 12] = [
        ("january", "1"),
        ("february", "2"),
        ("march", "3"),
        ("april", "4"),
        ("may", "5"),
        ("june", "6"),
        ("july", "7"),
        ("august", "8"),
        ("september", "9"),
        ("october", "10"),
        ("november", "11"),
        ("december", "12"),
    ];
    let names =
        |name: &str| text.len() >= 3 && name.starts_with(text) || text == "sept" && name == "september";
    MONTHS.iter().find(|(name, _)| names(name)).map(|(_, number)| *number)
}

/// Eight digits: year first where that is a year of people now alive or lately dead, else year last.
fn eight(digits: &str) -> Option<Vec<&str>> {
    let first = digits.get(..2)?;
    if matches!(first, "17" | "18" | "19" | "20") {
        return Some(vec![digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?]);
    }
    Some(vec![digits.get(..2)?, digits.get(2..4)?, digits.get(4..)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: Option<&str>) {
        assert_eq!(normalise(kind, text, DateOrder::Mdy).as_deref(), expected, "{kind:?} {text}");
    }

    #[test]
    fn what_differs_in_writing_only_becomes_equal() {
        check(Kind::FullName, " O’Brien,  JOSÉ ", Some("obrien jose"));
        check(Kind::Phone, "+44 (0)20-7946 0018", Some("4402079460018"));
        check(Kind::Postcode, "NE30  3DD", Some("ne30 3dd"));
        check(Kind::Email, "A.Lima@X.org ", Some("a.lima@x.org"));
        check(Kind::IdNumber, "786-77-6454", Some("786776454"));
        check(Kind::Number, "1,234.50", Some("1234.50"));
    }

    #[test]
    fn what_says_nothing_becomes_nothing() {
        for text in ["", " - ", "N/A", "unknown"] {
            check(Kind::FamilyName, text, None);
        }
        check(Kind::IdNumber, "000-00-0000", None);
        check(Kind::Postcode, "00000", None);
        check(Kind::Phone, "12", None);
        check(Kind::Date, "31/31/2024", None);
    }

    #[test]
    fn a_date_is_read_in_every_usual_form() {
        for text in
            ["1994-05-06", "05/06/1994", "19940506", "05061994", "1994-05-06T00:00:00", "1994-05-06 10:11:12"]
        {
            check(Kind::Date, text, Some("1994-05-06"));
        }
        check(Kind::Date, "26.05.1994", Some("1994-05-26"));
        check(Kind::Date, "1994", Some("1994"));
        check(Kind::Date, "1994-05", Some("1994-05"));
        for text in ["May 6 1994", "6 May 94", "06-may-1994", "5/6/94", "6th of May, 1994"] {
            check(Kind::Date, text, Some("1994-05-06"));
        }
        check(Kind::Date, "Sept 1994", Some("1994-09"));
        check(Kind::Date, "1/2/29", Some("2029-01-02"));
        check(Kind::Date, "1/2/30", Some("1930-01-02"));
        check(Kind::Date, "13/32/94", None);
        assert_eq!(normalise(Kind::Date, "6.5.94", DateOrder::Dmy).as_deref(), Some("1994-05-06"));
        assert_eq!(normalise(Kind::Date, "94-5-6", DateOrder::Ymd).as_deref(), Some("1994-05-06"));
    }

    #[test]
    fn an_email_is_its_address_whatever_name_stands_before_it() {
        check(Kind::Email, "\"Ada Lima\" <ada@lima.org>", Some("ada@lima.org"));
        check(Kind::Email, "Ada Lima<ada@lima.org>", Some("ada@lima.org"));
    }
}
