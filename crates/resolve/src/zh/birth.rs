//! Birth dates and how they compare: a month on file is weaker than a day, and a lunar date may have been entered as a
//! solar one.

use crate::features::DateParts;
use tyme4rs::tyme::lunar::{LunarDay, LunarMonth};
use yibiao_record::{PartialDate, Precision};

/// A birth date with its other reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BirthDate {
    pub(crate) date: DateParts,
    /// The solar date, if the date is a lunar one entered as it stood.
    solar: Option<DateParts>,
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
        let date = DateParts::parse(text)?;
        Some(BirthDate { date, solar: read_as_lunar(date) })
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
        if whole && (self.solar == Some(y) || other.solar == Some(x)) {
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
