//! Edits of a worksheet: only the sheet's own part is written anew, and in it only the edited cells, which keep their
//! style. Every other part is carried over in its packed bytes.

mod sheet;

use super::{Edits, Outcome, is_xml_text, same};
use crate::error::{FormatError, Problem, name_of};
use crate::replace::Replacement;
use crate::row::{Cell, Limits};
use crate::source;
use crate::xlsx::{self, Archive, Content, Sheet};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Longest text of a cell.
const TEXT_LETTERS_MAX: usize = 32_767;
/// Whole numbers beyond it lose digits in a cell, which is a float.
const EXACT_MAX: u64 = 1 << 53;

/// The cells to set, by row and column from 0.
type Wanted = BTreeMap<u32, BTreeMap<u32, NewCell>>;

/// A cell to set, with what a refusal needs.
struct NewCell {
    cell: Cell,
    column: String,
}

pub(super) fn write(
    template: &Path,
    sheet: &Sheet<'_>,
    limits: Limits,
    edits: &Edits,
    outcome: &mut Outcome,
    replacement: &mut Replacement,
) -> Result<(), FormatError> {
    let name = name_of(template);
    let content = xlsx::content(template, sheet.name, limits)?;
    let (places, opening) = xlsx::header(&name, &content, sheet, limits)?;
    let wanted = wanted(&content, sheet, &places, &opening.columns, edits, outcome);
    let mut archive = xlsx::archive(template, limits)?;
    if wanted.is_empty() {
        return copy(template, replacement);
    }
    let damaged = |reason: &str| {
        FormatError::new(
            &name,
            Problem::Structure,
            reason,
            "open it, save it again as .xlsx and deliver that",
        )
    };
    let mut zip = ZipArchive::new(&mut archive).map_err(|_| damaged("it is no workbook"))?;
    let part = part_of(&mut zip, sheet.name).ok_or_else(|| damaged("its parts do not name the sheet"))?;
    let text = text_of(&mut zip, &part).ok_or_else(|| damaged("its sheet is no text in utf-8"))?;
    let edited =
        sheet::edit(&text, &wanted, outcome).ok_or_else(|| damaged("its sheet is not well-formed XML"))?;
    if edited == text {
        return copy(template, replacement);
    }
    let writing = |error| {
        let cause = match error {
            zip::result::ZipError::Io(cause) => cause,
            _ => io::Error::from(io::ErrorKind::Other),
        };
        FormatError::io(&name, cause).writing()
    };
    let mut target = ZipWriter::new(&mut replacement.writer);
    for place in 0..zip.len() {
        let entry = zip.by_index_raw(place).map_err(|_| damaged("its archive is damaged"))?;
        let is_sheet = entry.name().is_ok_and(|found| found == part);
        if is_sheet {
            let mut options = SimpleFileOptions::default().compression_method(entry.compression());
            if let Some(time) = entry.last_modified() {
                options = options.last_modified_time(time);
            }
            drop(entry);
            target.start_file(&part, options).map_err(writing)?;
            target.write_all(edited.as_bytes()).map_err(|cause| FormatError::io(&name, cause).writing())?;
        } else {
            target.raw_copy_file(entry).map_err(writing)?;
        }
    }
    target.finish().map_err(writing)?;
    Ok(())
}

fn copy(template: &Path, replacement: &mut Replacement) -> Result<(), FormatError> {
    io::copy(&mut source::open(template)?, &mut replacement.writer)
        .map(|_| ())
        .map_err(|cause| FormatError::io(&name_of(template), cause).writing())
}

/// The edits that change a cell and that the cell can take.
fn wanted(
    content: &Content,
    sheet: &Sheet<'_>,
    places: &[u32],
    columns: &[String],
    edits: &Edits,
    outcome: &mut Outcome,
) -> Wanted {
    let mut wanted = Wanted::new();
    for (locator, cells) in edits {
        outcome.seen = *locator;
        let row = u32::try_from(*locator).ok().and_then(|number| number.checked_sub(1));
        let row = row.filter(|row| *row >= sheet.header_row && content.cells.contains_key(row));
        let Some(row) = row else {
            outcome.refuse_row(*locator, cells, "the template has no such row");
            continue;
        };
        for (column, cell) in cells {
            let Some(place) = outcome.place(*locator, columns, column).and_then(|at| places.get(at)) else {
                continue;
            };
            let at = |row: u32, place: u32| {
                content.cells.get(&row).and_then(|cells| cells.get(&place)).unwrap_or(&Cell::Absent)
            };
            let area = content.merged.iter().find(|area| area.contains(row, *place));
            if let Some(area) = area.filter(|area| area.start != (row, *place)) {
                // What the merged cell shows is set at its first row; the others can only agree with it.
                let shown = wanted
                    .get(&area.start.0)
                    .and_then(|cells: &BTreeMap<u32, NewCell>| cells.get(&area.start.1))
                    .map_or_else(|| at(area.start.0, area.start.1), |new| &new.cell);
                if !same(shown, cell) {
                    outcome.refuse(*locator, column, "it is part of a merged cell");
                }
                continue;
            }
            let old = at(row, *place);
            if same(old, cell) {
                continue;
            }
            match fits(old, cell) {
                Ok(cell) => {
                    let new = NewCell { cell, column: column.clone() };
                    wanted.entry(row).or_default().insert(*place, new);
                }
                Err(reason) => outcome.refuse(*locator, column, reason),
            }
        }
    }
    wanted
}

/// The cell as a sheet can hold it in the place of the old one.
fn fits(old: &Cell, new: &Cell) -> Result<Cell, &'static str> {
    match new {
        Cell::Text(text) if text.chars().count() > TEXT_LETTERS_MAX => {
            Err("it is longer than a cell can hold")
        }
        Cell::Text(text) if !is_xml_text(text) => Err("a workbook cannot hold it"),
        Cell::Integer(number) if number.unsigned_abs() > EXACT_MAX => Ok(Cell::Text(number.to_string())),
        Cell::Number(number) if !number.is_finite() => Err("a workbook cannot hold it"),
        Cell::DateSerial(_) if !matches!(old, Cell::DateSerial(_)) => Err("the cell has no date format"),
        other => Ok(other.clone()),
    }
}

/// The archive's name of the part that holds the sheet.
fn part_of<R: Archive>(zip: &mut ZipArchive<R>, sheet: &str) -> Option<String> {
    let book = text_of(zip, "xl/workbook.xml")?;
    let id = find(&book, "sheet", |tag| (attribute(tag, "name")? == sheet).then(|| attribute(tag, "id"))?)?;
    let links = text_of(zip, "xl/_rels/workbook.xml.rels")?;
    let target = find(&links, "Relationship", |tag| {
        (attribute(tag, "Id")? == id).then(|| attribute(tag, "Target"))?
    })?;
    let path = match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("xl/{target}"),
    };
    // Names in an archive compare without regard to case.
    let mut names =
        (0..zip.len()).filter_map(|place| zip.name_for_index(place)?.ok().map(|name| name.into_owned()));
    names.find(|name| name.eq_ignore_ascii_case(&path))
}

fn find(text: &str, element: &str, pick: impl Fn(&BytesStart<'_>) -> Option<String>) -> Option<String> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == element => {
                if let Some(found) = pick(&tag) {
                    return Some(found);
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// An attribute by its name without a prefix.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

fn text_of<R: Read + Seek>(zip: &mut ZipArchive<R>, part: &str) -> Option<String> {
    let mut text = String::new();
    zip.by_name(part).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}
