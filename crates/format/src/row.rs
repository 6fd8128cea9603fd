//! What a file is made of, once it is read.

/// One cell as the file holds it, before any meaning.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// The file has no such cell or element, or JSON `null`, `xsi:nil`, SQL `NULL`.
    Absent,
    /// Text, possibly empty, untrimmed.
    Text(String),
    /// A number that the file stores as a number (a spreadsheet cell, a JSON or SQL number).
    Number(f64),
    /// A whole number that the file stores exactly as such.
    Integer(i64),
    /// A truth value that the file stores as such.
    Bool(bool),
    /// A spreadsheet cell with a date format: its serial day number (1900 system).
    DateSerial(f64),
}

/// One row, with its cells in the order of [`Opening::columns`].
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What a person would look for in the file: the sheet's row number, the ordinal of the CSV record, the line of
    /// the NDJSON file, the ordinal of the XML element; from 1. A database row: its ordinal in this reading.
    pub locator: u64,
    /// The cells.
    pub cells: Vec<Cell>,
    /// The bytes of the row as they came; of a workbook or a database, the cells as a JSON array.
    pub raw: Vec<u8>,
}

/// A row that could not be read: its bytes and why.
#[derive(Clone, Debug, PartialEq)]
pub struct BadRow {
    /// As [`Row::locator`].
    pub locator: u64,
    /// The bytes, cut at [`Limits::row_bytes_max`].
    pub raw: Vec<u8>,
    /// What was wrong, without the row's content: lower-case fragment with column where known.
    pub reason: String,
}

/// What stands before and around the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opening {
    /// The columns, in the order of the cells. Of a merged two-line header, the lower line.
    pub columns: Vec<String>,
    /// The text of title rows above the header, top first.
    pub titles: Vec<String>,
    /// Attributes of the XML root element, in the file's order.
    pub attributes: Vec<(String, String)>,
}

/// How a file is laid out, as a mapping states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Comma- or otherwise separated values with a header record.
    Csv {
        /// WHATWG name of the encoding (`gb18030`), or `None` to detect it (BOM, then UTF-8, then GB18030).
        encoding: Option<String>,
        /// The separator, one ASCII byte.
        separator: u8,
    },
    /// A worksheet.
    Xlsx {
        /// The sheet's name.
        sheet: String,
        /// The row of the column names, from 1; rows above are titles.
        header_row: u32,
        /// Columns whose merged cells fill down.
        fill_down: Vec<String>,
        /// A row in which all of these columns are empty, or that is one merged cell, is a note or a total, no data.
        required_any: Vec<String>,
    },
    /// One JSON object a line.
    Ndjson {
        /// The keys that are columns, in this order; other keys are kept in the raw bytes only.
        columns: Vec<String>,
    },
    /// Repeated elements under a root.
    Xml {
        /// The row element's name.
        row: String,
        /// The columns, as element names decoded from `_xHHHH_` escapes; an attribute of the row element as `@name`.
        columns: Vec<String>,
    },
}

/// Limits on what is read. None can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest row, in bytes as it stands in the file.
    pub row_bytes_max: usize,
    /// Largest part of a workbook when unpacked, in bytes.
    pub unpacked_bytes_max: u64,
    /// Most columns of a row.
    pub columns_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { row_bytes_max: 1 << 20, unpacked_bytes_max: 2 << 30, columns_max: 1 << 10 }
    }
}

/// The cells as a JSON array: the raw bytes of a row of a workbook or a database. A number keeps a point or an
/// exponent, so that it is told from a whole number; a serial date is an object.
pub fn cells_json(cells: &[Cell]) -> Vec<u8> {
    let items: Vec<String> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Absent => "null".to_owned(),
            Cell::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Cell::Number(number) => number_json(*number),
            Cell::Integer(number) => number.to_string(),
            Cell::Bool(value) => value.to_string(),
            Cell::DateSerial(days) => format!("{{\"serial\":{}}}", number_json(*days)),
        })
        .collect();
    format!("[{}]", items.join(",")).into_bytes()
}

fn number_json(number: f64) -> String {
    if number.is_finite() { format!("{number:?}") } else { "null".to_owned() }
}

/// The cell as plain text: digits without an exponent, nothing for an absent one.
pub(crate) fn plain_text(cell: &Cell) -> String {
    match cell {
        Cell::Absent => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) | Cell::DateSerial(number) => number.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Bool(value) => value.to_string(),
    }
}
