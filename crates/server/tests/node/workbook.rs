//! Editing a department's workbook as its clerk does, without losing anything else in it.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const SHEET: &str = "xl/worksheets/sheet1.xml";
/// Rows up to the end of the header of the ledger of people in hardship.
const HEADER: usize = 3;

/// A workbook taken apart: its parts by name, in their order, and the rows of its first sheet.
pub(crate) struct Workbook {
    parts: Vec<(String, Vec<u8>)>,
    before: String,
    /// Each row's inner XML; the first is row 1.
    pub(crate) rows: Vec<String>,
    after: String,
}

impl Workbook {
    pub(crate) fn open(path: &Path) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
        let mut parts = Vec::new();
        for at in 0..archive.len() {
            let mut part = archive.by_index(at).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            parts.push((part.name().unwrap().into_owned(), bytes));
        }
        let sheet = parts.iter().find(|(name, _)| name == SHEET).unwrap();
        let sheet = String::from_utf8(sheet.1.clone()).unwrap();
        let (before, rest) = sheet.split_once("<sheetData>").unwrap();
        let (data, after) = rest.split_once("</sheetData>").unwrap();
        let row = |row: &str| row.split_once('>').unwrap().1.strip_suffix("</row>").unwrap().to_owned();
        let rows = data.split("<row ").skip(1).map(row).collect();
        Self { parts, before: before.to_owned(), rows, after: after.to_owned() }
    }

    /// Puts it together again. Rows are numbered by where they stand; merges across columns, which titles and notes
    /// have, are left out, since they would merge other rows.
    pub(crate) fn save(&self, path: &Path) {
        let mut data = String::new();
        for (at, row) in (1..).zip(&self.rows) {
            data.push_str(&format!("<row r=\"{at}\">{}</row>", renumbered(row, at)));
        }
        let (before_merges, merges) = self.after.split_once("<mergeCells").unwrap();
        let (_, after_merges) = merges.split_once("</mergeCells>").unwrap();
        let after = format!("{before_merges}{after_merges}");
        let sheet = format!("{}<sheetData>{data}</sheetData>{after}", self.before);
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in &self.parts {
            archive.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
            archive.write_all(if name == SHEET { sheet.as_bytes() } else { bytes }).unwrap();
        }
        fs::write(path, archive.finish().unwrap().into_inner()).unwrap();
    }

    /// The places of the rows that hold people, in `rows`: titles, totals and notes fill none of these columns.
    pub(crate) fn people(&self) -> Vec<usize> {
        let person = |row: &String| ["r=\"C", "r=\"H", "r=\"L"].iter().any(|cell| row.contains(cell));
        (HEADER..self.rows.len()).filter(|at| person(&self.rows[*at])).collect()
    }
}

/// A row of text cells, by column letters.
pub(crate) fn row(cells: &[(&str, &str)]) -> String {
    let cell = |(column, text): &(&str, &str)| {
        format!("<c r=\"{column}1\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    cells.iter().map(cell).collect()
}

/// The row's cells with another row number.
fn renumbered(row: &str, number: usize) -> String {
    let mut text = String::new();
    for (at, cell) in row.split("r=\"").enumerate() {
        if at == 0 {
            text.push_str(cell);
            continue;
        }
        let (name, rest) = cell.split_once('"').unwrap();
        let column = name.trim_end_matches(|c: char| c.is_ascii_digit());
        text.push_str(&format!("r=\"{column}{number}\"{rest}"));
    }
    text
}
