//! When a row was observed and which version of it is newer, as its source says; never the time of arrival.
//!
//! A date without a time stands for the end of its day, month or year: until then it may have been observed.

use crate::normal::date;
use yibiao_format::{Cell, Opening};
use yibiao_record::{PartialDate, Precision, Timestamp, Value};

/// China Standard Time, which every source keeps.
const OFFSET_SECONDS: i64 = 8 * 3_600;

/// Where the time of observation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// In a column of the row.
    Column {
        /// The column.
        column: String,
        /// Where the column says nothing.
        otherwise: Option<Timestamp>,
    },
    /// In a title row, as year and month (`2026年10月`), or as a year whose month is known.
    Title {
        /// The month, where the title names a year only.
        month: Option<u8>,
    },
    /// In an attribute of the root element.
    Attribute(String),
    /// The file has no time.
    Constant(Timestamp),
}

/// The time in the file's opening; `None` where it is not there.
pub(crate) fn of_opening(observed: &Observed, opening: &Opening) -> Option<Timestamp> {
    match observed {
        Observed::Column { otherwise, .. } => *otherwise,
        Observed::Title { month } => opening.titles.iter().find_map(|title| of_title(title, *month)),
        Observed::Attribute(name) => {
            opening.attributes.iter().find(|(key, _)| key == name).and_then(|(_, text)| of_text(text))
        }
        Observed::Constant(at) => Some(*at),
    }
}

/// The time in a cell: a time with its offset, or a date.
pub(crate) fn of_cell(cell: &Cell) -> Option<Timestamp> {
    if let Cell::Text(text) = cell
        && let Some(at) = of_rfc3339(text)
    {
        return Some(at);
    }
    match date::parse(cell, date::Style::Iso).ok()??.value {
        Value::Date(date) => end_of(date),
        _ => None,
    }
}

/// As [`of_cell`], of text.
pub(crate) fn of_text(text: &str) -> Option<Timestamp> {
    of_cell(&Cell::Text(text.to_owned()))
}

/// The first `YYYY年`, with `M月` behind it unless `month` is given.
fn of_title(title: &str, month: Option<u8>) -> Option<Timestamp> {
    for (at, _) in title.match_indices('年') {
        let (before, after) = title.split_at(at);
        let year: String = {
            let mut last: Vec<char> = before.chars().rev().take_while(char::is_ascii_digit).collect();
            last.reverse();
            last.into_iter().collect()
        };
        if year.len() != 4 {
            continue;
        }
        let year: i16 = year.parse().ok()?;
        let behind = after.trim_start_matches('年');
        let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
        let named = behind.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('月');
        let named = digits.parse().ok().filter(|_| named);
        if let Some(month) = named.or(month) {
            return end_of(PartialDate::month(year, month)?);
        }
    }
    None
}

/// `2026-10-31T09:00:00+08:00`, also with `Z`, a space for `T`, or fractions of a second, which are cut off.
fn of_rfc3339(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?.parse().ok()?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() {
        return None;
    }
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => return None,
    };
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut parts = clock.split(':');
    let hour = i64::from(number(parts.next()?).filter(|hour| *hour < 24)?);
    let minute = i64::from(number(parts.next()?).filter(|minute| *minute < 60)?);
    let second = i64::from(number(parts.next()?).filter(|second| *second < 61)?);
    if parts.next().is_some() {
        return None;
    }
    let offset = if offset.eq_ignore_ascii_case("z") {
        0
    } else {
        let (hours, minutes) = offset.trim_start_matches(['+', '-']).split_once(':')?;
        let seconds = i64::from(number(hours)?) * 3_600 + i64::from(number(minutes)?) * 60;
        if offset.starts_with('-') { -seconds } else { seconds }
    };
    let day = Timestamp::from_civil(year, month, day, offset)?;
    Some(Timestamp(day.0 + hour * 3_600 + minute * 60 + second))
}

/// Two digits.
fn number(text: &str) -> Option<u8> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// The last second of a day, month or year; `None` of a decade and of "about".
fn end_of(date: PartialDate) -> Option<Timestamp> {
    let year = date.year_number();
    let (year, month, day) = match date.precision() {
        Precision::Day => {
            let start =
                Timestamp::from_civil(year, date.month_number()?, date.day_number()?, OFFSET_SECONDS)?;
            return Some(Timestamp(start.0 + 86_399));
        }
        Precision::Month if date.month_number()? == 12 => (year.checked_add(1)?, 1, 1),
        Precision::Month => (year, date.month_number()? + 1, 1),
        Precision::Year => (year.checked_add(1)?, 1, 1),
        Precision::AboutYear | Precision::Decade => return None,
    };
    Some(Timestamp(Timestamp::from_civil(year, month, day, OFFSET_SECONDS)?.0 - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(title: &str) -> Opening {
        Opening { titles: vec![title.to_owned()], ..Opening::default() }
    }

    #[test]
    fn a_title_with_year_and_month_means_the_end_of_the_month() {
        let at =
            of_opening(&Observed::Title { month: None }, &opening("示例区困难群众动态管理台账(2026年10月)"));
        assert_eq!(at.unwrap().to_string(), "2026-10-31T15:59:59Z");
        let december = of_opening(&Observed::Title { month: None }, &opening("台账2025年12月"));
        assert_eq!(december.unwrap().to_string(), "2025-12-31T15:59:59Z");
    }

    #[test]
    fn a_title_with_a_year_takes_the_month_that_the_mapping_gives() {
        let title = opening("示例区2026年汛期危险区域人员转移避险清单");
        assert_eq!(of_opening(&Observed::Title { month: None }, &title), None);
        let at = of_opening(&Observed::Title { month: Some(9) }, &title);
        assert_eq!(at.unwrap().to_string(), "2026-09-30T15:59:59Z");
    }

    #[test]
    fn a_time_keeps_its_offset_to_the_second() {
        for (text, utc) in [
            ("2026-10-31T09:00:00+08:00", "2026-10-31T01:00:00Z"),
            ("2026-10-31 09:00:00+08:00", "2026-10-31T01:00:00Z"),
            ("2026-10-31T01:00:00.250Z", "2026-10-31T01:00:00Z"),
            ("2026-10-30T20:30:05-04:30", "2026-10-31T01:00:05Z"),
        ] {
            assert_eq!(of_text(text).unwrap().to_string(), utc, "{text}");
        }
        for bad in [
            "2026-10-31T25:00:00Z",
            "2026-13-31T01:00:00Z",
            "2026-02-30T01:00:00Z",
            "x",
            "2026-10-31T9:00:00Z",
        ] {
            assert_eq!(of_rfc3339(bad), None, "{bad}");
        }
    }
}
