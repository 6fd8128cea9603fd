//! Administrative divisions: codes of 2 to 12 digits, and names from province to village.

use super::{Outcome, Reading, Unreadable, address, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::{Address, ClaimFlags, Division, Level, Value};

/// How a column writes divisions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Style {
    /// The code, cut to so many digits (6, 9, 12); a shorter one does not fit.
    Code(u8),
    /// The names of town and village, with this between them; both must be known.
    Names(Box<str>),
}

const REFUSED: Unreadable = Unreadable("administrative division");

/// Reads a division: a code, or names of levels down to the village.
pub fn parse(cell: &Cell) -> Outcome {
    let Some(said) = text::said(cell) else { return Ok(None) };
    let said = text::narrow(&said);
    if said.starts_with(|c: char| c.is_ascii_digit()) {
        return from_code(&said).map(Some).ok_or(REFUSED);
    }
    let names = address::read(&said).filter(|names| names.levels().all(|(level, _)| level <= Level::Village));
    let names = names.ok_or(REFUSED)?;
    Ok(Some(Reading::plain(Value::Division(Division { code: "".into(), names }))))
}

/// Writes a division.
pub fn write(division: &Division, style: &Style) -> Option<Cell> {
    match style {
        Style::Code(digits) => {
            division.code.get(..usize::from(*digits)).map(|code| Cell::Text(code.to_owned()))
        }
        Style::Names(separator) => {
            let (town, village) = (division.names.get(Level::Town)?, division.names.get(Level::Village)?);
            let written = [town, separator, village].concat();
            let back: Address = address::read(&written)?;
            division.names.refines(&back).then_some(Cell::Text(written))
        }
    }
}

/// `990101`, `990101101203`, `990101000000`, and `9.90101E+11`, what a spreadsheet leaves of twelve digits.
fn from_code(said: &str) -> Option<Reading> {
    let (digits, flags) = match said.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => {
            let exponent: usize = exponent.trim_start_matches('+').parse().ok()?;
            if !matches!(exponent, 5 | 8 | 11) || mantissa.find('.').is_some_and(|at| at != 1) {
                return None;
            }
            (mantissa.replacen('.', "", 1), ClaimFlags::TRUNCATED)
        }
        None => (said.to_owned(), ClaimFlags::default()),
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = matches!(digits.len(), 2 | 4 | 6 | 9 | 12);
    if flags == ClaimFlags::default() && !whole {
        return None;
    }
    let known = [12, 9, 6, 4, 2].into_iter().find(|length| *length <= digits.len())?;
    let mut code = digits.get(..known)?;
    // Zeros fill the levels that are not given.
    for (from, zeros) in [(9, "000"), (6, "000"), (4, "00"), (2, "00")] {
        if code.len() == from + zeros.len() && code.ends_with(zeros) {
            code = code.get(..from)?;
        }
    }
    let division = Division { code: code.into(), names: Address::default() };
    Some(Reading { value: Value::Division(division), flags })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(said: &str) -> (Division, ClaimFlags) {
        let reading = parse(&Cell::Text(said.into())).unwrap().unwrap();
        match reading.value {
            Value::Division(division) => (division, reading.flags),
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_code_stands_without_the_zeros_of_levels_not_given() {
        for (said, code) in [
            ("990101", "990101"),
            ("990101101", "990101101"),
            ("990101101203", "990101101203"),
            ("990101000000", "990101"),
            ("990101101000", "990101101"),
            ("990000", "99"),
            ("９９０１０１", "990101"),
        ] {
            assert_eq!(&*read(said).0.code, code, "{said}");
        }
        let number = parse(&Cell::Number(990_101_101_203.0)).unwrap().unwrap();
        let code = Division { code: "990101101203".into(), names: Address::default() };
        assert_eq!(number.value, Value::Division(code));
    }

    #[test]
    fn a_code_that_a_spreadsheet_cut_keeps_the_levels_it_shows() {
        assert_eq!(&*read("9.90101E+11").0.code, "990101");
        assert_eq!(&*read("9.901011012E+11").0.code, "990101101");
        assert_eq!(read("9.90101E+11").1, ClaimFlags::TRUNCATED);
    }

    #[test]
    fn names_come_apart_with_and_without_a_space() {
        let village = Address::default().with(Level::Town, "青石镇").with(Level::Village, "桃花村");
        for said in ["青石镇桃花村", "青石镇 桃花村", "青石镇　桃花村", "青石镇/桃花村"]
        {
            assert!(read(said).0.names == village, "{said}");
        }
        let community = Address::default().with(Level::Town, "东城街道").with(Level::Village, "人民路社区");
        assert!(read("东城街道 人民路社区").0.names == community);
    }

    #[test]
    fn what_is_no_division_is_refused() {
        for said in ["99010", "990101101203002", "备注:见附表", "桃花村3组", "9.9E+3", "12号"] {
            assert_eq!(parse(&Cell::Text(said.into())), Err(REFUSED), "{said}");
        }
        assert_eq!(parse(&Cell::Text("无".into())), Ok(None));
    }

    #[test]
    fn a_code_that_is_too_short_does_not_fit() {
        let town = Division { code: "990101101".into(), names: Address::default() };
        assert_eq!(write(&town, &Style::Code(6)), Some(Cell::Text("990101".into())));
        assert_eq!(write(&town, &Style::Code(12)), None);
    }

    proptest! {
        #[test]
        fn a_division_reads_back_as_far_as_its_column_holds_it(
            code in "[1-9][0-9][0-9][1-9][0-9][1-9][1-9][0-9]{2}[1-9][0-9]{2}",
            town in "[青石桃源白鹤东城]{2,3}(镇|乡|街道)",
            village in "[桃花李家坝和平]{2,3}(村|社区)",
        ) {
            let names = Address::default().with(Level::Town, &town).with(Level::Village, &village);
            let division = Division { code: code.into(), names };
            for style in [Style::Code(6), Style::Code(9), Style::Code(12), Style::Names("".into()), Style::Names(" ".into())] {
                let cell = write(&division, &style).unwrap();
                let Value::Division(read) = parse(&cell).unwrap().unwrap().value else { unreachable!() };
                prop_assert!(division.refines(&read));
                prop_assert_eq!(write(&read, &style), Some(cell));
            }
        }

        #[test]
        fn whatever_code_is_read_can_be_written_and_read_again(said: String, code in "[0-9]{2,12}|[0-9.E+]{0,16}") {
            for said in [said, code] {
                let Ok(Some(Reading { value: Value::Division(division), .. })) = parse(&Cell::Text(said)) else { continue };
                let Some(cell) = write(&division, &Style::Code(u8::try_from(division.code.len()).unwrap())) else { continue };
                prop_assume!(!division.code.is_empty());
                prop_assert_eq!(parse(&cell).unwrap().unwrap().value, Value::Division(division));
            }
        }
    }
}
