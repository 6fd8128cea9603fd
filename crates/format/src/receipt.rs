//! Small tables for people, as CSV that a spreadsheet program opens with a double click.

use crate::error::FormatError;
use crate::replace::replace_file;
use crate::row::{Cell, plain_text};
use std::io;
use std::path::Path;

/// Writes a table in UTF-8 with a byte order mark and CRLF. A text cell that a spreadsheet program would take for a
/// formula gets a quote before it. Says whether the file changed.
pub fn write_csv_bom(
    path: &Path,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<bool, FormatError> {
    replace_file(path, |file| {
        file.write_all(b"\xef\xbb\xbf")?;
        let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        let written = table
            .write_record(header)
            .and_then(|()| rows.into_iter().try_for_each(|row| table.write_record(row.iter().map(harmless))));
        written.map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(cause) => cause,
            _ => io::Error::from(io::ErrorKind::InvalidInput),
        })?;
        table.flush()
    })
}

fn harmless(cell: &Cell) -> String {
    let text = plain_text(cell);
    let is_formula = matches!(cell, Cell::Text(_)) && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text }
}
