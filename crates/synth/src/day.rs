//! Days as people and departments write them.

use tyme4rs::tyme::solar::SolarDay;
use yibiao_record::Timestamp;

/// A civil day, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i32);

/// The day on which the invented files were made.
pub(crate) const AS_OF: Day = Day(20_757);

const SECONDS: i64 = 86_400;

impl Day {
    /// That day of the calendar, which exists.
    pub(crate) fn of(year: i32, month: u8, day: u8) -> Day {
        Day::checked(year, month, day).expect("invariant: a day of the calendar")
    }

    /// That day, if there is one.
    pub(crate) fn checked(year: i32, month: u8, day: u8) -> Option<Day> {
        let start = Timestamp::from_civil(i16::try_from(year).ok()?, month, day, 0)?;
        i32::try_from(start.0 / SECONDS - i64::from(start.0 % SECONDS != 0)).ok().map(Day)
    }

    /// Year, month, day.
    pub(crate) fn civil(self) -> (i32, u8, u8) {
        let (year, month, day, ..) = Timestamp(i64::from(self.0) * SECONDS).civil();
        (i32::try_from(year).expect("invariant: a day within the calendar"), month, day)
    }

    /// The year.
    pub(crate) fn year(self) -> i32 {
        self.civil().0
    }

    /// Whole years from here to `then`.
    pub(crate) fn years_until(self, then: Day) -> i32 {
        let ((year, month, day), (then_year, then_month, then_day)) = (self.civil(), then.civil());
        then_year - year - i32::from((then_month, then_day) < (month, day))
    }

    /// `19500619`.
    pub(crate) fn compact(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}{month:02}{day:02}")
    }

    /// `1950-06-19`.
    pub(crate) fn dashed(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `2025-11-19T10:22:24+08:00`, so many seconds into the day.
    pub(crate) fn at(self, second: u32) -> String {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{}T{hour:02}:{minute:02}:{second:02}+08:00", self.dashed())
    }

    /// The number by which a spreadsheet counts the day.
    pub(crate) fn serial(self) -> i32 {
        self.0 + 25_569
    }

    /// The same day in the lunar calendar: year, month (negative: a leap month), day.
    pub(crate) fn lunar(self) -> (i32, i32, u8) {
        let (year, month, day) = self.civil();
        let lunar = SolarDay::from_ymd(
            isize::try_from(year).expect("invariant: a year"),
            usize::from(month),
            usize::from(day),
        )
        .get_lunar_day();
        (
            i32::try_from(lunar.get_year()).expect("invariant: a year"),
            i32::try_from(lunar.get_month()).expect("invariant: a month"),
            u8::try_from(lunar.get_day()).expect("invariant: a day of the month"),
        )
    }

    /// `1950年五月初五(农历)`.
    pub(crate) fn lunar_words(self) -> String {
        let (year, month, day) = self.lunar();
        let leap = if month < 0 { "闰" } else { "" };
        let month = match month.abs() {
            1 => "正",
            2 => "二",
            3 => "三",
            4 => "四",
            5 => "五",
            6 => "六",
            7 => "七",
            8 => "八",
            9 => "九",
            10 => "十",
            11 => "冬",
            _ => "腊",
        };
        format!("{year}年{leap}{month}月{}(农历)", lunar_day_words(day))
    }
}

/// A time of the change log: a day and a second of it, in China.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    /// The day.
    pub(crate) day: Day,
    /// Seconds into it.
    pub(crate) second: u32,
}

impl Moment {
    /// As the population register writes it.
    pub(crate) fn text(self) -> String {
        self.day.at(self.second)
    }
}

/// A small number in words: `三`, `十二`.
pub(crate) fn number_words(number: u8) -> String {
    let digit = |n: u8| {
        ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"]
            .get(usize::from(n))
            .copied()
            .expect("invariant: one digit")
    };
    match number {
        0 => "零".to_owned(),
        1..10 => digit(number).to_owned(),
        10..20 => format!("十{}", digit(number - 10)),
        _ => format!("{}十{}", digit(number / 10 % 10), digit(number % 10)),
    }
}

fn lunar_day_words(day: u8) -> String {
    match day {
        1..=10 => format!("初{}", number_words(day)),
        11..=19 => number_words(day),
        20 => "二十".to_owned(),
        21..=29 => format!("廿{}", number_words(day - 20)),
        _ => "三十".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_of_the_last_day_of_october() {
        assert_eq!(AS_OF.dashed(), "2026-10-31");
    }

    #[test]
    fn a_day_is_written_in_every_calendar() {
        let day = Day::of(1950, 6, 19);
        assert_eq!(day.serial(), 18_433);
        assert_eq!(day.compact(), "19500619");
        assert_eq!(day.lunar_words(), "1950年五月初五(农历)");
        assert_eq!(Day::of(1960, 2, 29).years_until(Day::of(2026, 2, 28)), 65);
    }

    #[test]
    fn a_leap_month_is_named() {
        assert_eq!(Day::of(1987, 8, 9).lunar(), (1987, -6, 15));
        assert_eq!(Day::of(1987, 8, 9).lunar_words(), "1987年闰六月十五(农历)");
    }
}
