//! Rules of dates, one table a rule.

use super::*;
use proptest::prelude::*;

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn read(cell: &Cell, style: Style) -> PartialDate {
    match parse(cell, style).unwrap().unwrap().value {
        Value::Date(date) => date,
        _ => unreachable!(),
    }
}

fn day(year: i16, month: u8, day: u8) -> PartialDate {
    PartialDate::day(year, month, day).unwrap()
}

#[test]
fn a_day_is_the_same_in_every_notation() {
    for said in [
        "19500619",
        "1950-06-19",
        "1950-6-19",
        "1950.6.19",
        "1950/06/19",
        "1950年6月19日",
        "1950年06月19号",
        "一九五〇年六月十九日",
        "公元1950年6月19日",
        "1950-06-19T00:00:00",
        "1950-06-19 08:30:00",
        "1950-06-19T09:00:00+08:00",
        "１９５０．６．１９",
        "18433",
        "18433.0",
        "19500619.0",
        "民国39年6月19日",
        "1950年 6月 19日",
    ] {
        assert!(read(&text(said), Style::Compact) == day(1950, 6, 19), "{said}");
    }
    for cell in [
        Cell::DateSerial(18_433.0),
        Cell::DateSerial(18_433.75),
        Cell::Integer(18_433),
        Cell::Number(18_433.5),
    ] {
        assert!(read(&cell, Style::Dotted) == day(1950, 6, 19));
    }
    assert!(read(&Cell::Number(19_500_619.0), Style::Compact) == day(1950, 6, 19));
}

#[test]
fn a_lunar_date_is_converted_and_marked() {
    for (said, date) in [
        ("1950年五月初五(农历)", day(1950, 6, 19)),
        ("农历1950年五月初五", day(1950, 6, 19)),
        ("1950年五月初五", day(1950, 6, 19)),
        ("1950年5月5日(阴历)", day(1950, 6, 19)),
        ("1987年闰六月十五（农历）", day(1987, 8, 9)),
        ("1944年腊月十二(农历)", day(1945, 1, 25)),
        ("1946年冬月初一(农历)", day(1946, 11, 24)),
        ("1937年正月二十(农历)", day(1937, 3, 2)),
        ("1944年六月廿八(农历)", day(1944, 8, 16)),
        ("1948年三月三十(农历)", day(1948, 5, 8)),
    ] {
        let reading = parse(&text(said), Style::Dotted).unwrap().unwrap();
        assert!(reading.value == Value::Date(date), "{said}");
        assert_eq!(reading.flags, ClaimFlags::LUNAR, "{said}");
    }
    // No day: the solar month is not known.
    assert!(read(&text("农历1950年五月"), Style::Dotted) == PartialDate::year(1950));
    assert!(read(&text("1950年冬月(农历)"), Style::Dotted) == PartialDate::about_year(1950));
}

#[test]
fn what_is_not_said_is_not_known() {
    let month = PartialDate::month(1950, 6).unwrap();
    for said in ["1950.06", "1950.6", "1950-06", "1950/6", "195006", "1950年6月", "民国39年6月", "19500600"]
    {
        assert!(read(&text(said), Style::Dotted) == month, "{said}");
    }
    for said in ["1988", "1988年", "1988年建", "一九八八年", "19880000"] {
        assert!(read(&text(said), Style::Year) == PartialDate::year(1988), "{said}");
    }
    assert!(read(&Cell::Integer(1988), Style::YearNumber) == PartialDate::year(1988));
    assert!(read(&text("民国39年"), Style::Dotted) == PartialDate::year(1950));
    for said in ["2010年左右", "约2010年", "大约2010年", "2010左右", "2010年前后"] {
        assert!(read(&text(said), Style::Chinese) == PartialDate::about_year(2010), "{said}");
    }
    for said in ["80年代", "八十年代", "1980年代", "上世纪80年代", "20世纪八十年代", "80年代末", "８０年代"]
    {
        assert!(read(&text(said), Style::Decade) == PartialDate::decade(1980), "{said}");
    }
    assert!(read(&text("00年代"), Style::Decade) == PartialDate::decade(2000));
}

#[test]
fn a_number_is_a_serial_day_in_a_column_of_serials() {
    assert!(read(&text("1000"), Style::SerialText) == day(1902, 9, 26));
    assert!(read(&text("59"), Style::SerialText) == day(1900, 2, 28));
    assert!(read(&text("61"), Style::SerialText) == day(1900, 3, 1));
    assert_eq!(parse(&text("60"), Style::SerialText), Err(REFUSED));
    assert!(read(&text("1950"), Style::Dotted) == PartialDate::year(1950));
}

#[test]
fn impossible_and_unclear_dates_are_refused() {
    for said in [
        "19501319",
        "1950-02-30",
        "1950.6.19.1",
        "20年代",
        "85年代",
        "1950年闰五月初五(农历)",
        "1950年四月三十(农历)",
        "昨天",
        "6月19日",
        "05/06/1950",
        "2019.123",
        "990101195006190225",
    ] {
        assert_eq!(parse(&text(said), Style::Dotted), Err(REFUSED), "{said}");
    }
    for said in ["", "不详", "/", " "] {
        assert_eq!(parse(&text(said), Style::Dotted), Ok(None), "{said}");
    }
}

#[test]
fn every_style_writes_as_its_column_does() {
    let date = day(1950, 6, 19);
    for (style, written) in [
        (Style::Compact, "19500619"),
        (Style::CompactMonth, "195006"),
        (Style::Iso, "1950-06-19"),
        (Style::IsoDateTime, "1950-06-19T00:00:00"),
        (Style::Dotted, "1950.6.19"),
        (Style::DottedMonth, "1950.06"),
        (Style::Chinese, "1950年6月19日"),
        (Style::ChineseMonth, "1950年6月"),
        (Style::SerialText, "18433"),
        (Style::Year, "1950"),
        (Style::Decade, "50年代"),
    ] {
        assert_eq!(write(date, style), Some(text(written)), "{style:?}");
    }
    assert_eq!(write(date, Style::SerialNumber), Some(Cell::Integer(18_433)));
    assert_eq!(write(date, Style::DateCell), Some(Cell::DateSerial(18_433.0)));
    assert_eq!(write(PartialDate::year(1950), Style::Compact), None);
    assert_eq!(write(PartialDate::decade(2000), Style::Decade), Some(text("2000年代")));
    assert_eq!(write(PartialDate::about_year(2010), Style::YearOrDecade), Some(text("2010年左右")));
}

const STYLES: [Style; 15] = [
    Style::Compact,
    Style::CompactMonth,
    Style::Iso,
    Style::IsoDateTime,
    Style::Dotted,
    Style::DottedMonth,
    Style::Chinese,
    Style::ChineseMonth,
    Style::SerialText,
    Style::SerialNumber,
    Style::DateCell,
    Style::Year,
    Style::YearNumber,
    Style::Decade,
    Style::YearOrDecade,
];

fn any_date() -> impl Strategy<Value = PartialDate> {
    let year = 1750i16..2150;
    prop_oneof![
        (year.clone(), 1u8..13, 1u8..32)
            .prop_filter_map("no such day", |(y, m, d)| PartialDate::day(y, m, d)),
        (year.clone(), 1u8..13).prop_filter_map("no such month", |(y, m)| PartialDate::month(y, m)),
        year.clone().prop_map(PartialDate::year),
        year.clone().prop_map(PartialDate::about_year),
        year.prop_map(PartialDate::decade),
    ]
}

proptest! {
    #[test]
    fn a_date_reads_back_as_far_as_its_style_holds_it(date in any_date()) {
        for style in STYLES {
            let Some(cell) = write(date, style) else { continue };
            prop_assert!(parse(&cell, style).is_ok(), "{:?} {:?}", style, cell);
            let read = read(&cell, style);
            prop_assert!(date.refines(read), "{:?}", style);
            prop_assert_eq!(write(read, style), Some(cell), "{:?}", style);
        }
    }

    #[test]
    fn a_style_as_fine_as_the_date_loses_nothing(year in 1901i16..2100, month in 1u8..13, d in 1u8..29) {
        let date = day(year, month, d);
        for style in [Style::Compact, Style::Iso, Style::IsoDateTime, Style::Dotted, Style::Chinese, Style::SerialText,
            Style::SerialNumber, Style::DateCell]
        {
            prop_assert!(read(&write(date, style).unwrap(), style) == date);
        }
    }

    #[test]
    fn whatever_is_read_can_be_written_and_read_again(
        said: String,
        words in "(农历)?(民国)?[0-9一二三十〇]{0,4}年?(代|左右)?(闰|正|腊|冬)?[0-9一二十]{0,2}月?(初|廿)?[0-9一二十]{0,2}日?",
        digits in "[12][0-9]{3}[./-]?[01]?[0-9][./-]?[0-3]?[0-9]( [0-9]:[0-9])?",
        number in prop_oneof![any::<f64>(), 0.0..80_000f64],
    ) {
        for cell in [text(&said), text(&words), text(&digits), Cell::Number(number), Cell::DateSerial(number)] {
            for style in [Style::Dotted, Style::SerialText] {
                let Ok(Some(reading)) = parse(&cell, style) else { continue };
                let Value::Date(date) = reading.value else { unreachable!() };
                prop_assert!(read(&write(date, Style::Chinese).unwrap(), Style::Chinese) == date);
            }
        }
    }
}
