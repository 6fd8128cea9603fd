//! Dates in words: `1950年6月19日`, `1950年五月初五(农历)`, `民国39年`, `80年代`, `2010年左右`.

use super::{ClaimFlags, PartialDate, Reading, Value, YEARS};
use crate::normal::{numeral, text};
use tyme4rs::tyme::lunar::{LunarDay, LunarMonth};
use tyme4rs::tyme::solar::SolarDay;

/// A month as words give it.
#[derive(Clone, Copy)]
struct Month {
    number: u8,
    leap: bool,
}

/// Reads a date in words.
pub(super) fn parse(said: &str) -> Option<Reading> {
    let (said, marked_lunar) = without_calendar(said);
    let (said, about) = without_about(&said);
    let said = text::trim(said);
    if let Some(decade) = decade(said) {
        return Some(Reading::plain(Value::Date(decade)));
    }
    let Some((year, rest)) = said.split_once('年') else {
        let year = super::year(said).filter(|_| about)?;
        return Some(Reading::plain(Value::Date(PartialDate::about_year(year))));
    };
    let year = year_in_words(year)?;
    let rest = rest.trim_end_matches(['生', '建', '修', '成']);
    let rest = text::trim(rest);
    if rest.is_empty() {
        let date = if about { PartialDate::about_year(year) } else { PartialDate::year(year) };
        return Some(Reading::plain(Value::Date(date)));
    }
    let (month, rest) = rest.split_once('月')?;
    let day = text::trim(rest.trim_end_matches(['日', '号']));
    let (month, lunar_month) = month_in_words(month)?;
    let (day, lunar_day) = match day {
        "" => (None, false),
        day => day_in_words(day).map(|(day, lunar)| (Some(day), lunar))?,
    };
    if marked_lunar || lunar_month || lunar_day {
        let value = Value::Date(from_lunar(year, month, day)?);
        return Some(Reading { value, flags: ClaimFlags::LUNAR });
    }
    let date = match day {
        Some(day) => PartialDate::day(year, month.number, day)?,
        None => PartialDate::month(year, month.number)?,
    };
    Some(Reading::plain(Value::Date(date)))
}

/// The text without the name of the calendar, and whether that is the lunar one.
fn without_calendar(said: &str) -> (String, bool) {
    const LUNAR: [&str; 4] = ["农历", "阴历", "旧历", "夏历"];
    const SOLAR: [&str; 5] = ["公历", "阳历", "新历", "公元", "西历"];
    let mut out: String = said.chars().filter(|c| !text::is_padding(*c)).collect();
    let mut lunar = false;
    for name in LUNAR.iter().chain(&SOLAR) {
        if let Some(at) = out.find(name) {
            lunar |= LUNAR.contains(name);
            out.replace_range(at..at + name.len(), "");
        }
    }
    (out.replace("()", "").trim_matches([':', ',']).to_owned(), lunar)
}

/// The text without a word for "about", and whether there was one.
fn without_about(said: &str) -> (&str, bool) {
    for word in ["大约", "大概", "约", "左右", "前后", "上下"] {
        if let Some(rest) = said.strip_prefix(word).or_else(|| said.strip_suffix(word)) {
            return (rest, true);
        }
    }
    (said, false)
}

/// `80年代`, `八十年代`, `1980年代`, `上世纪80年代`, `20世纪八十年代`. Two digits of a decade that could be of either
/// century (`10年代`, `20年代`) are refused.
fn decade(said: &str) -> Option<PartialDate> {
    let (decade, rest) = said.split_once("年代")?;
    if !matches!(rest, "" | "初" | "中" | "末" | "初期" | "中期" | "末期" | "后期" | "建" | "修建")
    {
        return None;
    }
    let (century, decade) = match decade.split_once("世纪") {
        Some(("上" | "20" | "二十", decade)) => (Some(1900), decade),
        Some(("本" | "21" | "二十一", decade)) => (Some(2000), decade),
        Some(_) => return None,
        None => (None, decade),
    };
    let value = i16::try_from(numeral::parse(decade)?).ok()?;
    let first = match (century, value) {
        (_, 1800..=2100) if value % 10 == 0 => value,
        (Some(century), 0..=90) if value % 10 == 0 => century + value,
        (None, 30..=90) if value % 10 == 0 => 1900 + value,
        (None, 0) => 2000,
        _ => return None,
    };
    Some(PartialDate::decade(first))
}

/// `1950`, `一九五〇`, `民国39`, `民国三十九`.
fn year_in_words(said: &str) -> Option<i16> {
    let year = match said.strip_prefix("民国") {
        Some("元") => 1912,
        Some(of_republic) => 1911 + i16::try_from(numeral::parse(of_republic)?).ok()?.min(1_000),
        None => i16::try_from(numeral::parse(said)?).ok()?,
    };
    YEARS.contains(&year).then_some(year)
}

/// The month, and whether only the lunar calendar calls one so.
fn month_in_words(said: &str) -> Option<(Month, bool)> {
    let (said, leap) = said.strip_prefix('闰').map_or((said, false), |said| (said, true));
    let (number, lunar) = match text::trim(said) {
        "正" => (1, true),
        "冬" => (11, true),
        "腊" => (12, true),
        said => (u8::try_from(numeral::parse(said)?).ok()?, false),
    };
    (1..=12).contains(&number).then_some((Month { number, leap }, lunar || leap))
}

/// The day, and whether only the lunar calendar calls one so (`初五`, `廿三`).
fn day_in_words(said: &str) -> Option<(u8, bool)> {
    let (number, lunar) = match said.strip_prefix('初') {
        Some(rest) => (rest, true),
        None => (said, said.starts_with('廿')),
    };
    u8::try_from(numeral::parse(number)?).ok().map(|day| (day, lunar))
}

/// The solar date of a lunar one. Of a lunar month without a day only the year is certain, if even that.
fn from_lunar(year: i16, month: Month, day: Option<u8>) -> Option<PartialDate> {
    let signed = if month.leap { -isize::from(month.number) } else { isize::from(month.number) };
    // `LunarDay::new` takes months unchecked: an impossible leap month must be refused before.
    let days = LunarMonth::new(isize::from(year), signed).ok()?.get_day_count();
    let solar =
        |day: usize| LunarDay::new(isize::from(year), signed, day).ok().map(|day| day.get_solar_day());
    match day {
        Some(day) => to_day(&solar(usize::from(day))?),
        None => {
            let (first, last) = (to_day(&solar(1)?)?.year_number(), to_day(&solar(days)?)?.year_number());
            Some(if first == last { PartialDate::year(first) } else { PartialDate::about_year(first) })
        }
    }
}

fn to_day(solar: &SolarDay) -> Option<PartialDate> {
    PartialDate::day(
        i16::try_from(solar.get_year()).ok()?,
        u8::try_from(solar.get_month()).ok()?,
        u8::try_from(solar.get_day()).ok()?,
    )
}
