//! The workbook as it came back.

use super::sort::{Cell, Row};
use super::{COLUMNS, DECISION_COLUMNS, DECISIONS, DIFFERENT, SAME, TAKE_BACK, TASKS, Token, UNSURE};
use crate::flat::text;
use crate::handle::Refusal;
use std::path::Path;
use yibiao_format::{Layout, Limits};

/// A row of the workbook, and the number of the decision to take back that it names.
type ToTakeBack = (u64, u64);

/// The rows in which tasks are decided; and the decisions to take back, each with its row.
pub(super) fn workbook(file: &Path) -> Result<(Vec<Row>, Vec<ToTakeBack>), Refusal> {
    let [_, _, _, _, _, _, decision, reason, token] = COLUMNS;
    let mut rows = Vec::new();
    for (row, [cell, reason, token]) in sheet(file, TASKS, [decision, reason, token])? {
        let cell = cell_of(&cell);
        // The other rows of a task tell of its fields; a decision that was written there counts as well.
        let (head, token) = match token.strip_prefix(HEAD) {
            Some(token) => (true, token.to_owned()),
            None => (false, token),
        };
        if !head && cell == Cell::Empty {
            continue;
        }
        rows.push(Row { row, of: Token::read(&token), cell, reason });
    }
    let [number, .., take_back] = DECISION_COLUMNS;
    let mut take_backs = Vec::new();
    for (row, [number, cell]) in sheet(file, DECISIONS, [number, take_back])? {
        if cell_is(&cell, TAKE_BACK)
            && let Ok(number) = number.parse()
        {
            take_backs.push((row, number));
        }
    }
    Ok((rows, take_backs))
}

/// Stands before the token in the row of a task in which it is decided.
pub(super) const HEAD: &str = "*";

/// Some columns of a sheet, by row.
fn sheet<const N: usize>(
    file: &Path,
    name: &str,
    columns: [&str; N],
) -> Result<Vec<(u64, [String; N])>, Refusal> {
    let layout = Layout::Xlsx {
        sheet: name.to_owned(),
        header_row: 1,
        fill_down: Vec::new(),
        required_any: Vec::new(),
    };
    let mut reader = yibiao_format::open(file, &layout, Limits::default()).map_err(Refusal::failed)?;
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = reader.opening().columns.iter().position(|name| name.trim() == column);
        *place = found.ok_or_else(|| {
            Refusal::Failed(format!(
                "sheet {name} of {} has no column {column}; export the tasks again, and leave the header as it is",
                file.display()
            ))
        })?;
    }
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().map_err(Refusal::failed)? {
        let Ok(row) = row else { continue };
        let cell =
            |place: usize| row.cells.get(place).cloned().map(text).unwrap_or_default().trim().to_owned();
        rows.push((row.locator, places.map(cell)));
    }
    Ok(rows)
}

/// Both languages are understood, and either alone.
fn cell_is(cell: &str, choice: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    choice == cell || choice.split_once(' ').is_some_and(|(zh, en)| cell == zh || cell == en)
}

fn cell_of(cell: &str) -> Cell {
    let known = [(SAME, Cell::Same), (DIFFERENT, Cell::Different), (UNSURE, Cell::Unsure)];
    if cell.trim().is_empty() {
        return Cell::Empty;
    }
    let found = known.into_iter().find(|(choice, _)| cell_is(cell, choice));
    found.map_or_else(|| Cell::Other(cell.trim().to_owned()), |(_, cell)| cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_understood_in_either_language() {
        for text in ["同一 same", "同一", "Same", " same "] {
            assert_eq!(cell_of(text), Cell::Same, "{text}");
        }
        assert_eq!(cell_of("不同"), Cell::Different);
        assert_eq!(cell_of(" "), Cell::Empty);
        assert_eq!(cell_of("maybe"), Cell::Other("maybe".into()));
    }
}
