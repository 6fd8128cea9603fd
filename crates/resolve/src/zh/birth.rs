//! Birth dates and how they compare: a month on file is weaker than a day, and a lunar date may have been entered as a
//! solar one.

use crate::features::DateParts;
use tyme4rs::tyme::lunar::{LunarDay, LunarMonth};
use yibiao_record::{PartialDate, Precision};

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
    (14..=64).contains(&(rough(solar) - rough(lunar))) && read_as_lunar(lunar) == Some(solar)
}

fn read_as_lunar(date: DateParts) -> Option<DateParts> {
    if date.day == 0 || !(1900..2100).contains(&date.year) || date.day > 30 {
        return None;
    }
    let (year, month, day) = (isize::from(date.year), isize::from(date.month), usize::from(date.day));
    LunarMonth::new(year, month).ok()?;
    let solar = LunarDay::new(year, month, day).ok()?.get_solar_day();
    Some(DateParts {
        year: i16::try_from(solar.get_year()).ok()?,
        month: u8::try_from(solar.get_month()).ok()?,
        day: u8::try_from(solar.get_day()).ok()?,
        slack: 0,
    })
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
