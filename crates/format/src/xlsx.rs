//! One worksheet of a workbook, with title rows above the header and notes below the data.
//!
//! Before anything is read, every part is unpacked once and counted, so that neither the archive's directory nor its
//! content can promise less than it takes.

use crate::csv::check_names;
use crate::error::{FormatError, Problem, name_of};
use crate::row::{Cell, Limits, Opening, Row};
use crate::source;
use calamine::{DataRef, Dimensions, Reader as _, Xlsx};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

/// Most parts that a workbook may have.
const PARTS_MAX: usize = 10_000;

/// A file one can seek in: the workbook itself, or its content unpacked from `.gz`.
pub(crate) trait Archive: Read + Seek + Send {}
impl<T: Read + Seek + Send> Archive for T {}

/// How the layout describes the sheet.
pub(crate) struct Sheet<'a> {
    pub(crate) name: &'a str,
    pub(crate) header_row: u32,
    pub(crate) fill_down: &'a [String],
    pub(crate) required_any: &'a [String],
}

/// The rows of a sheet, all read.
pub(crate) struct Rows {
    rows: VecDeque<Row>,
    locator: u64,
}

type Cells = BTreeMap<u32, BTreeMap<u32, Cell>>;

/// A sheet as the file holds it.
pub(crate) struct Content {
    pub(crate) cells: Cells,
    pub(crate) merged: Vec<Dimensions>,
}

impl Rows {
    pub(crate) fn open(
        path: &Path,
        sheet: &Sheet<'_>,
        limits: Limits,
    ) -> Result<(Opening, Rows), FormatError> {
        let file = name_of(path);
        let content = content(path, sheet.name, limits)?;
        let (places, opening) = header(&file, &content, sheet, limits)?;
        let rows = rows(&content, &places, &opening.columns, sheet);
        Ok((opening, Rows { rows, locator: 0 }))
    }

    pub(crate) fn locator(&self) -> u64 {
        self.locator
    }

    pub(crate) fn next(&mut self) -> Option<Row> {
        let row = self.rows.pop_front()?;
        self.locator = row.locator;
        Some(row)
    }
}

/// The workbook as an archive whose parts were counted.
pub(crate) fn archive(path: &Path, limits: Limits) -> Result<Box<dyn Archive>, FormatError> {
    let mut archive: Box<dyn Archive> = if source::is_packed(path) {
        Box::new(Cursor::new(source::whole(path, limits.unpacked_bytes_max)?))
    } else {
        Box::new(BufReader::new(source::open_file(path)?))
    };
    count_parts(&name_of(path), &mut archive, limits)?;
    archive.rewind().map_err(|cause| FormatError::io(&name_of(path), cause))?;
    Ok(archive)
}

fn count_parts(file: &str, archive: &mut Box<dyn Archive>, limits: Limits) -> Result<(), FormatError> {
    let damaged = || {
        FormatError::new(
            file,
            Problem::Structure,
            "it is no workbook, or it is damaged or protected by a password",
            "save it as .xlsx without a password and have it delivered again",
        )
    };
    let too_large = |part: &str| {
        FormatError::new(
            file,
            Problem::TooLarge,
            format!("its part {part} unpacks to more than {} bytes", limits.unpacked_bytes_max),
            "have a genuine workbook delivered, or raise the limit `unpacked_bytes_max`",
        )
    };
    let mut zip = zip::ZipArchive::new(archive).map_err(|_| damaged())?;
    if zip.len() > PARTS_MAX {
        return Err(FormatError::new(
            file,
            Problem::TooLarge,
            format!("it has more than {PARTS_MAX} parts"),
            "have a genuine workbook delivered",
        ));
    }
    let mut left = limits.unpacked_bytes_max;
    for place in 0..zip.len() {
        let part = zip.by_index(place).map_err(|_| damaged())?;
        let name = part.name().map(|name| name.into_owned()).unwrap_or_default();
        if part.size() > left {
            return Err(too_large(&name));
        }
        let counted =
            io::copy(&mut part.take(left.saturating_add(1)), &mut io::sink()).map_err(|_| damaged())?;
        left = left.checked_sub(counted).ok_or_else(|| too_large(&name))?;
    }
    Ok(())
}

/// Every cell of the sheet that is not empty.
pub(crate) fn content(path: &Path, sheet: &str, limits: Limits) -> Result<Content, FormatError> {
    // Fuzzing found references at which the library's arithmetic panics where overflow is checked. A hostile workbook
    // must not end more than its own reading, and everything it touched is dropped with it.
    std::panic::catch_unwind(|| read_content(path, sheet, limits)).unwrap_or_else(|_| {
        Err(FormatError::new(
            &name_of(path),
            Problem::Structure,
            "its sheet cannot be read",
            "open it, save it again as .xlsx and deliver that",
        ))
    })
}

fn read_content(path: &Path, sheet: &str, limits: Limits) -> Result<Content, FormatError> {
    let file = name_of(path);
    let damaged = |reason: &str| {
        FormatError::new(
            &file,
            Problem::Structure,
            reason,
            "open it, save it again as .xlsx and deliver that",
        )
    };
    let mut book = Xlsx::new(archive(path, limits)?).map_err(|_| damaged("its parts do not fit together"))?;
    if !book.sheet_names().iter().any(|name| name == sheet) {
        return Err(FormatError::new(
            &file,
            Problem::Header,
            format!("it has no sheet {sheet}"),
            "name the sheet in the mapping as the workbook does",
        ));
    }
    let merged =
        book.merge_cells_by_sheet_name(sheet).map_err(|_| damaged("its merged cells cannot be read"))?;
    let days = if book.has_1904_epoch() { 1462.0 } else { 0.0 };
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|_| damaged("its sheet cannot be read"))?;
    let mut cells = Cells::new();
    let mut last_row = 0;
    loop {
        let found = reader.next_cell().map_err(|_| FormatError {
            row: Some(last_row),
            ..damaged("its sheet cannot be read further")
        })?;
        let Some(found) = found else { break };
        let (row, column) = found.get_position();
        last_row = u64::from(row) + 1;
        if let Some(cell) = cell(found.get_value(), days)
            && usize::try_from(column).is_ok_and(|column| column < limits.columns_max)
        {
            cells.entry(row).or_default().insert(column, cell);
        }
    }
    Ok(Content { cells, merged })
}

fn cell(value: &DataRef<'_>, days: f64) -> Option<Cell> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::Int(number) => Cell::Integer(*number),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::DateTime(time) => Cell::DateSerial(time.as_f64() + days),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cell::Text(text.clone())
        }
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Error(error) => Cell::Text(error.to_string()),
    })
}

/// The columns that have a name, by their place in the sheet.
pub(crate) fn header(
    file: &str,
    content: &Content,
    sheet: &Sheet<'_>,
    limits: Limits,
) -> Result<(Vec<u32>, Opening), FormatError> {
    let fault = |reason: String| {
        FormatError::new(
            file,
            Problem::Header,
            reason,
            "set `header_row` in the mapping to the row of the column names",
        )
        .at_row(u64::from(sheet.header_row))
    };
    let row = sheet.header_row.checked_sub(1).ok_or_else(|| fault("rows are counted from 1".to_owned()))?;
    let text_at = |row: u32, column: u32| {
        let text = text(content.cells.get(&row)?.get(&column)?);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    // A cell of the line above is a name only if it reaches down to the header; what spans columns is a group.
    let upper = |column: u32| {
        let above = row.checked_sub(1)?;
        let over = content.merged.iter().find(|area| area.contains(above, column));
        match over {
            Some(area) if area.end.0 >= row && area.start.1 == area.end.1 => text_at(area.start.0, column),
            Some(_) => None,
            None => text_at(above, column),
        }
    };
    let last = [Some(row), row.checked_sub(1)]
        .into_iter()
        .flatten()
        .filter_map(|row| content.cells.get(&row)?.keys().next_back().copied())
        .max()
        .unwrap_or(0);
    let (places, columns): (Vec<u32>, Vec<String>) = (0..=last)
        .filter_map(|column| Some((column, text_at(row, column).or_else(|| upper(column))?)))
        .unzip();
    if columns.is_empty() {
        return Err(fault("the header row is empty".to_owned()));
    }
    check_names(file, &columns, limits)?;
    let titles = content
        .cells
        .range(..row)
        .map(|(_, cells)| cells.values().map(text).collect::<Vec<_>>().join(" "))
        .map(|title| title.trim().to_owned())
        .filter(|title| !title.is_empty())
        .collect();
    Ok((places, Opening { columns, titles, attributes: Vec::new() }))
}

fn rows(content: &Content, places: &[u32], columns: &[String], sheet: &Sheet<'_>) -> VecDeque<Row> {
    let required: Vec<usize> = (0..columns.len())
        .filter(|at| columns.get(*at).is_some_and(|name| sheet.required_any.contains(name)))
        .collect();
    let filled: Vec<bool> = columns.iter().map(|name| sheet.fill_down.contains(name)).collect();
    let mut anchors: BTreeMap<(u32, u32), &Cell> = BTreeMap::new();
    for area in &content.merged {
        let Some(anchor) = content.cells.get(&area.start.0).and_then(|cells| cells.get(&area.start.1)) else {
            continue;
        };
        // A merged area is bounded by the rows that hold cells, so that a hostile range costs nothing.
        for (row, _) in content.cells.range(area.start.0..=area.end.0) {
            anchors.insert((*row, area.start.1), anchor);
        }
    }
    let mut rows = VecDeque::new();
    for (row, cells) in content.cells.range(sheet.header_row..) {
        let one_merged_cell = content.merged.iter().any(|area| {
            area.start.0 == *row
                && area.start.1 < area.end.1
                && cells.keys().all(|at| area.contains(*row, *at))
        });
        let cells: Vec<Cell> = places
            .iter()
            .zip(&filled)
            .map(|(place, filled)| {
                let own = cells.get(place);
                let anchor = if *filled { anchors.get(&(*row, *place)).copied() } else { None };
                own.or(anchor).cloned().unwrap_or(Cell::Absent)
            })
            .collect();
        let required_empty =
            !required.is_empty() && required.iter().all(|at| cells.get(*at).is_none_or(is_blank));
        if one_merged_cell || required_empty || cells.iter().all(is_blank) {
            continue;
        }
        rows.push_back(Row { locator: u64::from(*row) + 1, raw: crate::row::cells_json(&cells), cells });
    }
    rows
}

fn is_blank(cell: &Cell) -> bool {
    match cell {
        Cell::Absent => true,
        Cell::Text(text) => text.trim().is_empty(),
        Cell::Number(_) | Cell::Integer(_) | Cell::Bool(_) | Cell::DateSerial(_) => false,
    }
}

fn text(cell: &Cell) -> String {
    crate::row::plain_text(cell)
}

#[cfg(test)]
mod tests;
