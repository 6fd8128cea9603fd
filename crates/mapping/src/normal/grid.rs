//! Grids: `990101101203002`, `桃花村第二网格`, `2网格`.

use super::{Outcome, Reading, Unreadable, numeral, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::{Grid, Value};

/// How a column writes grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// The village's code and the number in three digits: `990101101203002`
    Code,
    /// `桃花村第二网格`
    Named,
    /// `2网格`
    Number,
}

const REFUSED: Unreadable = Unreadable("grid");
/// Digits of a village's code.
const VILLAGE_DIGITS: usize = 12;
const NUMBER_MAX: u16 = 999;

/// Reads a grid.
pub fn parse(cell: &Cell) -> Outcome {
    let Some(said) = text::said(cell) else { return Ok(None) };
    read(&text::narrow(&said)).map(|grid| Some(Reading::plain(Value::Grid(grid)))).ok_or(REFUSED)
}

/// Writes a grid; what the style needs of the village must be known.
pub fn write(grid: &Grid, style: Style) -> Option<Cell> {
    if !(1..=NUMBER_MAX).contains(&grid.number) {
        return None;
    }
    let number = grid.number;
    Some(Cell::Text(match style {
        Style::Code if grid.village_code.len() == VILLAGE_DIGITS => {
            format!("{}{number:03}", grid.village_code)
        }
        Style::Named if !grid.village.is_empty() => {
            format!("{}第{}网格", grid.village, numeral::hanzi(u32::from(number)))
        }
        Style::Number => format!("{number}网格"),
        _ => return None,
    }))
}

fn read(said: &str) -> Option<Grid> {
    let in_range = |number: u16| (1..=NUMBER_MAX).contains(&number).then_some(number);
    if said.bytes().all(|b| b.is_ascii_digit()) {
        let (village_code, number) = match said.len() {
            15 => said.split_at_checked(VILLAGE_DIGITS)?,
            _ => ("", said),
        };
        let number = in_range(number.parse().ok()?)?;
        return Some(Grid { village_code: village_code.into(), village: "".into(), number });
    }
    let head = said
        .strip_suffix("网格")
        .or_else(|| said.strip_suffix("号网格"))
        .or_else(|| said.strip_suffix("格"))?;
    let head = text::trim(head.strip_suffix('号').unwrap_or(head));
    let number_at = head.char_indices().rev().take_while(|(_, c)| numeral::is_numeral(*c)).last()?.0;
    let (village, number) = head.split_at_checked(number_at)?;
    let number = in_range(u16::try_from(numeral::parse(number)?).ok()?)?;
    let village = text::trim(village.strip_suffix('第').unwrap_or(village));
    Some(Grid { village_code: "".into(), village: village.into(), number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(village_code: &str, village: &str, number: u16) -> Value {
        Value::Grid(Grid { village_code: village_code.into(), village: village.into(), number })
    }

    #[test]
    fn a_grid_is_read_in_every_notation() {
        for (said, value) in [
            ("990101101203002", grid("990101101203", "", 2)),
            ("桃花村第二网格", grid("", "桃花村", 2)),
            ("人民路社区第十一网格", grid("", "人民路社区", 11)),
            ("桃花村2网格", grid("", "桃花村", 2)),
            ("2网格", grid("", "", 2)),
            ("第２网格", grid("", "", 2)),
            ("2号网格", grid("", "", 2)),
            ("002", grid("", "", 2)),
        ] {
            assert_eq!(parse(&Cell::Text(said.into())).unwrap().unwrap().value, value, "{said}");
        }
    }

    #[test]
    fn what_is_no_grid_is_refused() {
        for said in ["0网格", "桃花村网格", "9901011012030021", "网格", "1000"] {
            assert_eq!(parse(&Cell::Text(said.into())), Err(REFUSED), "{said}");
        }
        assert_eq!(parse(&Cell::Absent), Ok(None));
    }

    proptest! {
        #[test]
        fn a_grid_reads_back_as_far_as_its_column_holds_it(
            village_code in "[0-9]{12}", village in "[桃花李家坝]{2,3}(村|社区)", number in 1u16..999,
        ) {
            let whole = Grid { village_code: village_code.into(), village: village.into(), number };
            for style in [Style::Code, Style::Named, Style::Number] {
                let cell = write(&whole, style).unwrap();
                let Value::Grid(read) = parse(&cell).unwrap().unwrap().value else { unreachable!() };
                prop_assert!(whole.refines(&read));
                prop_assert_eq!(write(&read, style), Some(cell));
            }
        }

        #[test]
        fn whatever_is_read_can_be_written_and_read_again(said: String, grid in "[桃花村第二0-9]{0,9}(号|网格|格)?") {
            for said in [said, grid] {
                let Ok(Some(Reading { value: Value::Grid(grid), .. })) = parse(&Cell::Text(said)) else { continue };
                let again = parse(&write(&grid, Style::Number).unwrap()).unwrap().unwrap();
                prop_assert!(Value::Grid(grid).refines(&again.value));
            }
        }
    }
}
