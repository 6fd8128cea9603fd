//! Dates of any precision, in every notation the departments use.

mod words;

use super::{Outcome, Reading, Unreadable, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::{ClaimFlags, PartialDate, Precision, Timestamp, Value};

/// How a column writes dates. Where a style names one precision, a coarser date does not fit (`None`) and a finer one
/// is cut to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// `19500619`
    Compact,
    /// `195006`
    CompactMonth,
    /// `1950-06-19`, `1950-06` or `1950`, as far as known
    Iso,
    /// `1950-06-19T00:00:00`
    IsoDateTime,
    /// `1950.6.19`, `1950.06` or `1950`, as far as known
    Dotted,
    /// `1950.06`
    DottedMonth,
    /// `1950年6月19日`, `1950年6月`, `1950年`, `1950年左右` or `50年代`, as far as known
    Chinese,
    /// `1950年6月`
    ChineseMonth,
    /// The serial day number of a spreadsheet, as text: `18433`
    SerialText,
    /// The serial day number as a number
    SerialNumber,
    /// A date cell of a spreadsheet
    DateCell,
    /// `1988`, as text
    Year,
    /// `1988`, as a number
    YearNumber,
    /// `80年代`; `1920年代` outside the thirties to nineties
    Decade,
    /// `1988` as a number if the year is known, `1988年左右` or `80年代` otherwise
    YearOrDecade,
}

/// The years that a date can plainly be of; a number outside is no year.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2100;
/// 1899-12-30, day 0 of the 1900 system as it counts from 1 March 1900 on, in days since 1970.
const SERIAL_EPOCH: i64 = -25_569;
const REFUSED: Unreadable = Unreadable("date");

/// Reads a date. A lunar date is converted and marked so. The column's style decides what a short number is: a serial
/// day in a column of serials, otherwise a year up to four digits and a serial day with five.
pub fn parse(cell: &Cell, style: Style) -> Outcome {
    let serials = matches!(style, Style::SerialText | Style::SerialNumber | Style::DateCell);
    let date = match cell {
        Cell::DateSerial(serial) => from_serial(*serial),
        Cell::Number(number) if number.fract() != 0.0 => from_serial(*number).filter(|_| *number > 10_000.0),
        _ => {
            let Some(said) = text::said(cell) else { return Ok(None) };
            let said = text::narrow(&said);
            if said.bytes().all(|b| b.is_ascii_digit()) {
                from_digits(&said, serials)
            } else if let Some(date) = separated(&said) {
                Some(date)
            } else {
                return words::parse(&said).map(Some).ok_or(REFUSED);
            }
        }
    };
    date.map(|date| Some(Reading::plain(Value::Date(date)))).ok_or(REFUSED)
}

/// Writes a date.
pub fn write(date: PartialDate, style: Style) -> Option<Cell> {
    let year = date.year_number();
    if !YEARS.contains(&year) {
        return None;
    }
    let fine = date.precision() >= Precision::Year;
    let month = date.month_number();
    let written = match (style, month, date.day_number()) {
        (Style::Compact, Some(month), Some(day)) => format!("{year}{month:02}{day:02}"),
        (Style::CompactMonth, Some(month), _) => format!("{year}{month:02}"),
        (Style::Iso, Some(month), Some(day)) => format!("{year}-{month:02}-{day:02}"),
        (Style::Iso, Some(month), None) => format!("{year}-{month:02}"),
        (Style::IsoDateTime, Some(month), Some(day)) => format!("{year}-{month:02}-{day:02}T00:00:00"),
        (Style::Dotted, Some(month), Some(day)) => format!("{year}.{month}.{day}"),
        (Style::Dotted, Some(month), None) | (Style::DottedMonth, Some(month), _) => {
            format!("{year}.{month:02}")
        }
        (Style::Chinese, Some(month), Some(day)) => format!("{year}年{month}月{day}日"),
        (Style::Chinese, Some(month), None) | (Style::ChineseMonth, Some(month), _) => {
            format!("{year}年{month}月")
        }
        (Style::Chinese, None, _) if fine => format!("{year}年"),
        (Style::Iso | Style::Dotted | Style::Year, _, _) if fine => year.to_string(),
        (Style::YearNumber | Style::YearOrDecade, _, _) if fine => {
            return Some(Cell::Integer(i64::from(year)));
        }
        (Style::SerialText, _, _) => to_serial(date)?.to_string(),
        (Style::SerialNumber, _, _) => return to_serial(date).map(Cell::Integer),
        (Style::DateCell, _, _) => {
            return to_serial(date)
                .and_then(|serial| i32::try_from(serial).ok())
                .map(|s| Cell::DateSerial(s.into()));
        }
        (Style::Chinese | Style::YearOrDecade, _, _) if date.precision() == Precision::AboutYear => {
            format!("{year}年左右")
        }
        (Style::Decade, _, _) if fine => decade(year),
        (Style::Chinese | Style::Decade | Style::YearOrDecade, _, _)
            if date.precision() == Precision::Decade =>
        {
            decade(year)
        }
        _ => return None,
    };
    Some(Cell::Text(written))
}

/// `80年代`; in full where the two digits alone would be unclear.
fn decade(year: i16) -> String {
    let first = year.div_euclid(10) * 10;
    if (1930..2000).contains(&first) { format!("{}年代", first - 1900) } else { format!("{first}年代") }
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn year(text: &str) -> Option<i16> {
    (text.len() == 4).then(|| number(text)).flatten().filter(|year| YEARS.contains(year))
}

/// `19500619`, `195006`, `1988`, `18433`. Zeros for the day or for month and day say that these are unknown.
fn from_digits(said: &str, serials: bool) -> Option<PartialDate> {
    if serials && said.len() <= 5 {
        return from_serial(f64::from(number::<u32>(said)?));
    }
    match said.len() {
        8 => {
            let (head, day) = said.split_at_checked(6)?;
            let (head, month) = head.split_at_checked(4)?;
            match (month, day) {
                ("00", "00") => Some(PartialDate::year(year(head)?)),
                (_, "00") => PartialDate::month(year(head)?, number(month)?),
                _ => PartialDate::day(year(head)?, number(month)?, number(day)?),
            }
        }
        6 => {
            let (head, month) = said.split_at_checked(4)?;
            PartialDate::month(year(head)?, number(month)?)
        }
        5 => from_serial(f64::from(number::<u32>(said)?)),
        4 => year(said).map(PartialDate::year),
        _ => None,
    }
}

/// `1950-06-19`, `1950.6.19`, `1950/6`, with or without a time of day behind it.
fn separated(said: &str) -> Option<PartialDate> {
    let day = match said.split_once(['T', ' ']) {
        Some((day, time)) if time.contains(':') || time.is_empty() => day,
        Some(_) => return None,
        None => said,
    };
    // A number with a fraction of zeros: `18433.0`, `19500619.0`.
    if let Some(whole) = day.strip_suffix(".0").filter(|whole| whole.len() != 4) {
        return number::<u32>(whole).and_then(|_| from_digits(whole, false));
    }
    let mut parts = day.splitn(4, ['-', '.', '/', '—', '–', '·', '、']);
    let year = year(parts.next()?)?;
    let short = |part: &str| (part.len() <= 2).then(|| number::<u8>(part)).flatten();
    let month = short(parts.next()?)?;
    let date = match parts.next() {
        Some(day) => PartialDate::day(year, month, short(day)?),
        None => PartialDate::month(year, month),
    };
    date.filter(|_| parts.next().is_none())
}

/// The day of a serial number; a time of day behind the point is dropped. Day 60 is 29 February 1900, which the 1900
/// system counts and which never was.
fn from_serial(serial: f64) -> Option<PartialDate> {
    if !(1.0..73_416.0).contains(&serial) {
        return None;
    }
    let whole: i64 = serial.trunc().to_string().parse().ok()?;
    let epoch = match whole {
        60 => return None,
        ..60 => SERIAL_EPOCH + 1,
        _ => SERIAL_EPOCH,
    };
    let (year, month, day, ..) = Timestamp((epoch + whole) * 86_400).civil();
    PartialDate::day(i16::try_from(year).ok()?, month, day)
}

fn to_serial(date: PartialDate) -> Option<i64> {
    let start = Timestamp::from_civil(date.year_number(), date.month_number()?, date.day_number()?, 0)?;
    let serial = start.0 / 86_400 - SERIAL_EPOCH;
    let serial = if serial <= 60 { serial - 1 } else { serial };
    (1..73_416).contains(&serial).then_some(serial)
}

#[cfg(test)]
mod tests;
