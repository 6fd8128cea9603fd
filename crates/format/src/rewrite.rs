//! Writes a receiver's own file back with some cells changed and every other byte as it was.
//!
//! Each format finds the places to change as splices, in the order of the file; what lies between them is copied.

mod csv;
mod ndjson;
mod xlsx;
mod xml;

use crate::encoding;
use crate::error::{FormatError, name_of};
use crate::replace::Replacement;
use crate::row::{Cell, Layout, Limits};
use crate::source::{self, Bytes};
use encoding_rs::Encoding;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

/// The cells to set: by the row's locator, column and new cell.
pub type Edits = BTreeMap<u64, Vec<(String, Cell)>>;

/// What a rewriting did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Cells that differ from the template.
    pub cells: u64,
    /// Cells that stay as the receiver had them, in the order of the file.
    pub refused: Vec<Refused>,
    /// Whether the file at the target is another than before; if not, it was not touched.
    pub replaced: bool,
}

/// A cell that could not be set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The row.
    pub locator: u64,
    /// The column.
    pub column: String,
    /// Why, without the value.
    pub reason: &'static str,
}

/// Writes `template` with `edits` to `target`. Without edits, `target` has the bytes of the template; of a packed
/// template, its plain bytes.
pub fn rewrite(
    template: &Path,
    target: &Path,
    layout: &Layout,
    limits: Limits,
    edits: &Edits,
) -> Result<Rewritten, FormatError> {
    prepare(template, target, layout, limits, edits)?.put_in_place()
}

/// A rewritten file that does not stand in its place yet. Dropped, it leaves nothing.
pub struct Prepared {
    outcome: Outcome,
    replacement: Replacement,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prepared with {} cells", self.outcome.cells)
    }
}

impl Prepared {
    /// Puts it in its place.
    pub fn put_in_place(self) -> Result<Rewritten, FormatError> {
        let replaced = self.replacement.finish()?;
        Ok(Rewritten { cells: self.outcome.cells, refused: self.outcome.refused, replaced })
    }
}

/// Does all of [`rewrite`] but putting the file in its place, so that the caller can look at the template once more.
pub fn prepare(
    template: &Path,
    target: &Path,
    layout: &Layout,
    limits: Limits,
    edits: &Edits,
) -> Result<Prepared, FormatError> {
    let mut outcome = Outcome::default();
    let mut replacement = Replacement::create(target)?;
    match layout {
        Layout::Csv { encoding, separator } => {
            csv::write(
                template,
                encoding.as_deref(),
                *separator,
                limits,
                edits,
                &mut outcome,
                &mut replacement,
            )?;
        }
        Layout::Ndjson { columns } => {
            ndjson::write(template, columns, limits, edits, &mut outcome, &mut replacement)?;
        }
        Layout::Xml { row, columns } => {
            xml::write(template, row, columns, limits, edits, &mut outcome, &mut replacement)?;
        }
        Layout::Xlsx { sheet, header_row, fill_down, required_any } => {
            let sheet = crate::xlsx::Sheet { name: sheet, header_row: *header_row, fill_down, required_any };
            xlsx::write(template, &sheet, limits, edits, &mut outcome, &mut replacement)?;
        }
    }
    for (locator, cells) in edits.range((std::ops::Bound::Excluded(outcome.seen), std::ops::Bound::Unbounded))
    {
        outcome.refuse_row(*locator, cells, "the template has no such row");
    }
    outcome.refused.sort();
    Ok(Prepared { outcome, replacement })
}

/// What happened so far.
#[derive(Default)]
struct Outcome {
    cells: u64,
    refused: Vec<Refused>,
    /// The last row that was looked at. Every edit up to it is dealt with.
    seen: u64,
}

impl Outcome {
    fn refuse(&mut self, locator: u64, column: &str, reason: &'static str) {
        self.refused.push(Refused { locator, column: column.to_owned(), reason });
    }

    fn refuse_row(&mut self, locator: u64, cells: &[(String, Cell)], reason: &'static str) {
        for (column, _) in cells {
            self.refuse(locator, column, reason);
        }
    }

    /// The edits of a row; those of rows before it that never came are refused.
    fn edits_of<'a>(&mut self, edits: &'a Edits, locator: u64) -> Option<&'a Vec<(String, Cell)>> {
        for (missed, cells) in edits.range(self.seen + 1..locator) {
            self.refuse_row(*missed, cells, "the template has no such row");
        }
        self.seen = self.seen.max(locator);
        edits.get(&locator)
    }

    /// The place of an edit's column, or a refusal.
    fn place(&mut self, locator: u64, columns: &[String], column: &str) -> Option<usize> {
        let place = columns.iter().position(|name| name == column);
        if place.is_none() {
            self.refuse(locator, column, "the file has no such column");
        }
        place
    }
}

/// Copies a stream, with some pieces replaced.
struct Splicer<'a> {
    source: Bytes,
    at: u64,
    target: &'a mut dyn Write,
    reading: String,
    writing: String,
}

impl fmt::Debug for Splicer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "splicer at {}", self.at)
    }
}

impl<'a> Splicer<'a> {
    fn new(template: &Path, source: Bytes, target: &'a mut dyn Write, target_name: &Path) -> Splicer<'a> {
        Splicer { source, at: 0, target, reading: name_of(template), writing: name_of(target_name) }
    }

    /// Copies up to `from` and puts `bytes` in the place of what stands up to `to`. Calls come in the file's order.
    fn splice(&mut self, from: u64, to: u64, bytes: &[u8]) -> Result<(), FormatError> {
        self.copy(from.saturating_sub(self.at))?;
        let gone = to.saturating_sub(self.at);
        let skipped = io::copy(&mut self.source.by_ref().take(gone), &mut io::sink());
        self.at += skipped.map_err(|cause| FormatError::io(&self.reading, cause))?;
        self.target.write_all(bytes).map_err(|cause| FormatError::io(&self.writing, cause).writing())
    }

    /// Copies the rest.
    fn finish(mut self) -> Result<(), FormatError> {
        self.copy(u64::MAX)
    }

    fn copy(&mut self, count: u64) -> Result<(), FormatError> {
        let mut left = count;
        let mut piece = vec![0; 1 << 16];
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            let read = self.source.read(piece.get_mut(..room).unwrap_or_default());
            let read = match read {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(|cause| FormatError::io(&self.reading, cause))?,
            };
            if read == 0 {
                break;
            }
            let copied = piece.get(..read).unwrap_or_default();
            self.target.write_all(copied).map_err(|cause| FormatError::io(&self.writing, cause).writing())?;
            let read = u64::try_from(read).unwrap_or(u64::MAX);
            self.at += read;
            left -= read;
        }
        Ok(())
    }
}

/// A text file whose structure is read from a UTF-8 form of it: that form is spliced in memory and encoded at the end.
fn through_utf8(
    template: &Path,
    encoding: &'static Encoding,
    mark_bytes: usize,
    replacement: &mut Replacement,
    splice: impl FnOnce(Splicer<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let reading = |cause| FormatError::io(&name_of(template), cause);
    let mut source = source::open(template)?;
    let mut mark = vec![0; mark_bytes];
    source.read_exact(&mut mark).map_err(reading)?;
    let mut text = Vec::new();
    splice(Splicer::new(template, encoding::transcode(source, encoding), &mut text, template))?;
    let text = String::from_utf8_lossy(&text);
    let bytes = encoding::encode(encoding, &text).unwrap_or_default();
    let writing = |cause| FormatError::io(&name_of(template), cause).writing();
    replacement.writer.write_all(&mark).and_then(|()| replacement.writer.write_all(&bytes)).map_err(writing)
}

/// Whether two cells read the same to a person and to the mapping.
fn same(old: &Cell, new: &Cell) -> bool {
    match (number(old), number(new)) {
        (Some(old), Some(new)) => old.total_cmp(&new).is_eq(),
        (None, None) => match (old, new) {
            (Cell::Text(_) | Cell::Absent, Cell::Text(_) | Cell::Absent) => {
                crate::row::plain_text(old) == crate::row::plain_text(new)
            }
            _ => old == new,
        },
        _ => false,
    }
}

#[expect(
    clippy::as_conversions,
    reason = "a whole number compares with a float as the float that stands for it"
)]
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) | Cell::DateSerial(number) => Some(*number),
        Cell::Integer(number) => Some(*number as f64),
        Cell::Absent | Cell::Text(_) | Cell::Bool(_) => None,
    }
}

/// Whether XML 1.0 can hold the text.
fn is_xml_text(text: &str) -> bool {
    text.chars().all(|letter| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..))
}

/// A position in bytes as an offset in the file.
fn offset(base: u64, position: usize) -> u64 {
    base.saturating_add(u64::try_from(position).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
