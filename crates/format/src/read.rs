//! One way to read all formats: open, then row by row to an end that is complete or a break.

use crate::error::{FormatError, Problem, name_of};
use crate::row::{BadRow, Layout, Limits, Opening, Row};
use crate::{csv, ndjson, xlsx, xml};
use std::fmt;
use std::path::Path;

/// Opens a file and reads what stands before its rows. A name that ends in `.gz` is unpacked on the way.
pub fn open(path: &Path, layout: &Layout, limits: Limits) -> Result<Reader, FormatError> {
    let (opening, rows) = match layout {
        Layout::Csv { encoding, separator } => {
            let (opening, rows) = csv::Rows::open(path, encoding.as_deref(), *separator, limits)?;
            (opening, Rows::Csv(rows))
        }
        Layout::Ndjson { columns } => {
            let (opening, rows) = ndjson::Rows::open(path, columns, limits)?;
            (opening, Rows::Ndjson(rows))
        }
        Layout::Xml { row, columns } => {
            let (opening, rows) = xml::Rows::open(path, row, columns, limits)?;
            (opening, Rows::Xml(rows))
        }
        Layout::Xlsx { sheet, header_row, fill_down, required_any } => {
            let sheet = xlsx::Sheet { name: sheet, header_row: *header_row, fill_down, required_any };
            let (opening, rows) = xlsx::Rows::open(path, &sheet, limits)?;
            (opening, Rows::Xlsx(rows))
        }
    };
    Ok(Reader { file: name_of(path), opening, rows })
}

/// A file that is being read. CSV, NDJSON and XML are read in constant memory.
pub struct Reader {
    file: String,
    opening: Opening,
    rows: Rows,
}

enum Rows {
    Csv(csv::Rows),
    Ndjson(ndjson::Rows),
    Xml(xml::Rows),
    Xlsx(xlsx::Rows),
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reader of {} at row {}", self.file, self.locator())
    }
}

impl Reader {
    /// What stands before the rows.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// The next row, good or bad. `Ok(None)` says that the file was read to its end; an error, that it breaks off
    /// here or cannot be read further, and that nothing may be concluded from what did not come.
    pub fn next_row(&mut self) -> Result<Option<Result<Row, BadRow>>, FormatError> {
        let read = match &mut self.rows {
            Rows::Csv(rows) => rows.next(),
            Rows::Ndjson(rows) => rows.next(),
            Rows::Xml(rows) => return rows.next(),
            Rows::Xlsx(rows) => return Ok(rows.next().map(Ok)),
        };
        read.map_err(|cause| FormatError::io(&self.file, cause).at_row(self.locator() + 1)).map_err(|error| {
            match error.problem {
                Problem::NoRights | Problem::Missing => FormatError { problem: Problem::Device, ..error },
                _ => error,
            }
        })
    }

    fn locator(&self) -> u64 {
        match &self.rows {
            Rows::Csv(rows) => rows.locator(),
            Rows::Ndjson(rows) => rows.locator(),
            Rows::Xml(rows) => rows.locator(),
            Rows::Xlsx(rows) => rows.locator(),
        }
    }
}
