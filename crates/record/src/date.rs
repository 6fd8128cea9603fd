//! Dates of known precision, and points in time.

use std::fmt;

/// How much of a date its source knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `80年代`: one of ten years; `year` is the first of them.
    Decade,
    /// `2010年左右`: that year or one near it.
    AboutYear,
    /// The year.
    Year,
    /// Year and month.
    Month,
    /// The day.
    Day,
}

/// A calendar date (proleptic Gregorian) of known precision. Parts beyond the precision are zero, so that equal
/// dates are equal values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    year: i16,
    month: u8,
    day: u8,
    precision: Precision,
}

impl PartialDate {
    /// A whole date, or `None` where there is no such day.
    pub fn day(year: i16, month: u8, day: u8) -> Option<Self> {
        (day >= 1 && day <= days_in_month(year, month)?).then_some(Self {
            year,
            month,
            day,
            precision: Precision::Day,
        })
    }

    /// A month, or `None` where `month` is not 1 to 12.
    pub fn month(year: i16, month: u8) -> Option<Self> {
        days_in_month(year, month)?;
        Some(Self { year, month, day: 0, precision: Precision::Month })
    }

    /// A year.
    pub fn year(year: i16) -> Self {
        Self { year, month: 0, day: 0, precision: Precision::Year }
    }

    /// About a year.
    pub fn about_year(year: i16) -> Self {
        Self { year, month: 0, day: 0, precision: Precision::AboutYear }
    }

    /// The decade that begins with (or contains) `year`.
    pub fn decade(year: i16) -> Self {
        Self { year: year.div_euclid(10) * 10, month: 0, day: 0, precision: Precision::Decade }
    }

    /// The year; of a decade, its first.
    pub fn year_number(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12, where known.
    pub fn month_number(self) -> Option<u8> {
        (self.precision >= Precision::Month).then_some(self.month)
    }

    /// The day of the month, from 1, where known.
    pub fn day_number(self) -> Option<u8> {
        (self.precision == Precision::Day).then_some(self.day)
    }

    /// How much is known.
    pub fn precision(self) -> Precision {
        self.precision
    }

    /// Whether `self` says everything that `coarser` says, or more: 1988-05 refines 1988 and the 1980s; a year
    /// refines "about" a year at most two away from it.
    pub fn refines(self, coarser: PartialDate) -> bool {
        if self == coarser {
            return true;
        }
        match coarser.precision {
            Precision::Decade => {
                self.precision > Precision::Decade && self.year.div_euclid(10) * 10 == coarser.year
            }
            Precision::AboutYear => {
                self.precision > Precision::AboutYear && self.year.abs_diff(coarser.year) <= 2
            }
            Precision::Year => self.precision > Precision::Year && self.year == coarser.year,
            Precision::Month => {
                self.precision > Precision::Month && (self.year, self.month) == (coarser.year, coarser.month)
            }
            Precision::Day => false,
        }
    }
}

/// Days in a month, or `None` where there is no such month.
fn days_in_month(year: i16, month: u8) -> Option<u8> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    })
}

impl fmt::Debug for PartialDate {
    /// Only the precision: a birth date is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "date by {:?}", self.precision)
    }
}

/// A point in time: seconds since 1970-01-01T00:00:00Z. It comes from an input, never from the clock of the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The start of a civil day at a UTC offset given in seconds (China: 28,800).
    pub fn from_civil(year: i16, month: u8, day: u8, offset_seconds: i64) -> Option<Self> {
        PartialDate::day(year, month, day)?;
        // Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
        let (y, m, d) = (i64::from(year), i64::from(month), i64::from(day));
        let y = if m <= 2 { y - 1 } else { y };
        let era = y.div_euclid(400);
        let yoe = y - era * 400;
        let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        Some(Self((era * 146_097 + doe - 719_468) * 86_400 - offset_seconds))
    }

    /// Year, month, day, hour, minute, second in UTC.
    pub fn civil(self) -> (i64, u8, u8, u8, u8, u8) {
        let days = self.0.div_euclid(86_400);
        let seconds = self.0.rem_euclid(86_400);
        // Hinnant, civil_from_days.
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z - era * 146_097;
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let small = |n: i64| u8::try_from(n).expect("invariant: a part of a date or a time of day");
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        (
            yoe + era * 400 + i64::from(month <= 2),
            small(month),
            small(doy - (153 * mp + 2) / 5 + 1),
            small(seconds / 3_600),
            small(seconds / 60 % 60),
            small(seconds % 60),
        )
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339, in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_date_refines_what_is_coarser_and_agrees() {
        let day = PartialDate::day(1988, 5, 3).unwrap();
        for coarser in [
            PartialDate::month(1988, 5).unwrap(),
            PartialDate::year(1988),
            PartialDate::about_year(1990),
            PartialDate::decade(1985),
        ] {
            assert!(day.refines(coarser));
            assert!(!coarser.refines(day));
        }
        assert!(!day.refines(PartialDate::month(1988, 6).unwrap()));
        assert!(!day.refines(PartialDate::decade(1990)));
    }

    #[test]
    fn there_is_no_thirtieth_of_february() {
        assert!(PartialDate::day(2024, 2, 29).is_some());
        assert!(PartialDate::day(2023, 2, 29).is_none());
        assert!(PartialDate::day(1900, 2, 29).is_none());
        assert!(PartialDate::month(2024, 13).is_none());
    }

    #[test]
    fn a_timestamp_is_written_in_utc() {
        let start = Timestamp::from_civil(2026, 10, 31, 28_800).unwrap();
        assert_eq!(start.to_string(), "2026-10-30T16:00:00Z");
    }

    proptest! {
        #[test]
        fn a_day_survives_the_way_to_seconds_and_back(year in 1850i16..2200, month in 1u8..=12, day in 1u8..=31) {
            if let Some(at) = Timestamp::from_civil(year, month, day, 0) {
                prop_assert_eq!(at.civil(), (i64::from(year), month, day, 0, 0, 0));
            }
        }
    }
}
