//! The CSV file of the health visits: GB18030 without a mark, lines ended as on Windows, cells of several lines.

use std::io::Write;

use encoding_rs::GB18030;
use yibiao_format::Cell;

use super::{Source, WriteErrorKind};
use crate::office::wj;

/// Writes the file.
pub(super) fn write(source: Source<'_>, out: &mut impl Write) -> Result<(), WriteErrorKind> {
    let mut records = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Encode { out });
    records.write_record(wj::COLUMNS)?;
    for entry in &source.rolls.wj {
        let written = wj::row(source.plan, source.world, entry);
        records.write_record(written.cells.iter().map(|cell| match cell {
            Cell::Text(text) => text.as_str(),
            _ => "",
        }))?;
        // The encoder must see whole records: half a character has no code.
        records.flush()?;
    }
    records.flush()?;
    Ok(())
}

/// Turns the UTF-8 of whole records into GB18030.
struct Encode<W: Write> {
    out: W,
}

impl<W: Write> Write for Encode<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?;
        self.out.write_all(&GB18030.encode(text).0)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
