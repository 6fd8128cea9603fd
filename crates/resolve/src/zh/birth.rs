//! Birth dates and how they compare: a month on file is weaker than a day, and a lunar date may have been entered as a
//! solar one.

use crate::features::DateParts;
use std::sync::OnceLock;
use tyme4rs::tyme::lunar::{LunarDay, LunarMonth};
use yibiao_record::{PartialDate, Precision, Timestamp};

/// A birth date.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BirthDate {
    pub(crate) date: DateParts,
}

/// The text of a date as a feature: `1988-05-03`, `1988-05`, `1988`, `1988~` (about), `198_` (decade).
pub fn date_text(date: PartialDate) -> String {
    let year = date.year_number();
    match (date.precision(), date.month_number(), date.day_number()) {
        (Precision::Decade, _, _) => format!("{:03}_", year.div_euclid(10)),
        (Precision::AboutYear, _, _) => format!("{year:04}~"),
        (_, Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (_, Some(month), None) => format!("{year:04}-{month:02}"),
        _ => format!("{year:04}"),
    }
}

impl BirthDate {
    /// Reads the matching form back.
    pub(crate) fn parse(text: &str) -> Option<BirthDate> {
        DateParts::parse(text).map(|date| BirthDate { date })
    }

    /// The level, an index into [`BIRTH_DATE`](super::key::BIRTH_DATE).
    pub(crate) fn compare(&self, other: &BirthDate) -> u8 {
        let (x, y) = (self.date, other.date);
        let whole = x.day != 0 && y.day != 0;
        if x.compatible(y) {
            return if whole {
                0
            } else if x.month != 0 && y.month != 0 {
                1
            } else if x.slack == 0 && y.slack == 0 {
                2
            } else {
                5
            };
        }
        if whole && (is_lunar_of(x, y) || is_lunar_of(y, x)) {
            return 4;
        }
        let same =
            [x.year == y.year, x.month == y.month, x.day == y.day].iter().filter(|same| **same).count();
        if whole && (x.year == y.year && x.month == y.day && x.day == y.month || same == 2) {
            return 3;
        }
        if x.year.abs_diff(y.year) <= 1 { 6 } else { 7 }
    }
}

/// Whether the solar date `solar` is what `lunar` is, read as a date of the lunar calendar. The lunar calendar runs three
/// to eight weeks behind, so most pairs need no astronomy.
fn is_lunar_of(lunar: DateParts, solar: DateParts) -> bool {
    let rough =
        |date: DateParts| i32::from(date.year) * 372 + i32::from(date.month) * 31 + i32::from(date.day);
    (14..=64).contains(&(rough(solar) - rough(lunar)))
        && lunar_day(lunar).is_some_and(|day| solar_day(solar) == Some(day))
}

/// First year of the lunar calendar that is looked up.
const LUNAR_FROM: i16 = 1900;

/// A month of the lunar calendar: the day on which it begins, and how many it has.
type LunarSpan = Option<(i64, u8)>;

/// The months of the years from [`LUNAR_FROM`] on, leap months apart, each year computed when it is first asked for: the
/// astronomy of one date costs more than scoring a whole pair.
static LUNAR_YEARS: [OnceLock<[LunarSpan; 12]>; 200] = [const { OnceLock::new() }; 200];

/// The day, counted from 1970, of a date of the lunar calendar.
fn lunar_day(date: DateParts) -> Option<i64> {
    let year = LUNAR_YEARS.get(usize::try_from(date.year.checked_sub(LUNAR_FROM)?).ok()?)?;
    let months = year.get_or_init(|| {
        let mut month = 0;
        [(); 12].map(|()| {
            month += 1;
            lunar_span(date.year, month)
        })
    });
    let (first, days) = (*months.get(usize::from(date.month.checked_sub(1)?))?)?;
    (1..=days).contains(&date.day).then(|| first + i64::from(date.day) - 1)
}

fn lunar_span(year: i16, month: isize) -> LunarSpan {
    let of = LunarMonth::new(isize::from(year), month).ok()?;
    let first = LunarDay::new(isize::from(year), month, 1).ok()?.get_solar_day();
    let first = DateParts {
        year: i16::try_from(first.get_year()).ok()?,
        month: u8::try_from(first.get_month()).ok()?,
        day: u8::try_from(first.get_day()).ok()?,
        slack: 0,
    };
    Some((solar_day(first)?, u8::try_from(of.get_day_count()).ok()?))
}

/// The day, counted from 1970.
fn solar_day(date: DateParts) -> Option<i64> {
    Timestamp::from_civil(date.year, date.month, date.day, 0).map(|start| start.0.div_euclid(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: &str) {
        let (a, b) = (BirthDate::parse(a).unwrap(), BirthDate::parse(b).unwrap());
        let name = |level: u8| crate::zh::key::BIRTH_DATE[usize::from(level)].name;
        assert_eq!(name(a.compare(&b)), expected);
        assert_eq!(name(b.compare(&a)), expected);
    }

    #[test]
    fn a_birth_date_tells_as_much_as_the_coarser_of_the_two() {
        check("1950-06-19", "1950-06-19", "day");
        check("1950-06-19", "1950-06", "month");
        check("1950-06", "1950-06", "month");
        check("1950-06-19", "1950", "year");
        check("1950-06-19", "195_", "about");
        check("195_", "195_", "about");
    }

    #[test]
    fn a_lunar_date_entered_as_it_stood_is_recognised() {
        check("1950-05-05", "1950-06-19", "lunar");
        check("1948-02-09", "1948-03-19", "lunar");
        check("1950-05-05", "1950-06-20", "year_off");
    }

    #[test]
    fn one_wrong_part_is_a_slip() {
        check("1950-06-19", "1950-06-16", "slip");
        check("1950-06-09", "1950-09-06", "slip");
        check("1950-06-19", "1951-07-19", "year_off");
        check("1950-06-19", "1960-01-02", "else");
    }
}
