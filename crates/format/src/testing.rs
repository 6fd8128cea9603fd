//! What the tests of this crate share: files made on the spot, and rows in short.

use crate::row::{Cell, Layout, Limits};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A folder that goes away with the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// A stream that gives a few bytes at a time, as a slow network does.
pub(crate) struct Trickle {
    content: Vec<u8>,
    at: usize,
    step: usize,
}

impl std::io::Read for Trickle {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let count = self.step.min(target.len()).min(self.content.len() - self.at);
        target[..count].copy_from_slice(&self.content[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// A window over these bytes that grows by a few at a time.
pub(crate) fn trickle(content: &[u8], step: usize) -> crate::source::Window {
    crate::source::Window::new(Box::new(Trickle { content: content.to_vec(), at: 0, step }))
}

pub(crate) fn names(columns: &str) -> Vec<String> {
    columns.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

pub(crate) fn csv() -> Layout {
    Layout::Csv { encoding: None, separator: b',' }
}

pub(crate) fn ndjson(columns: &str) -> Layout {
    Layout::Ndjson { columns: names(columns) }
}

pub(crate) fn xml(row: &str, columns: &str) -> Layout {
    Layout::Xml { row: row.to_owned(), columns: names(columns) }
}

pub(crate) fn xlsx(header_row: u32, fill_down: &str, required_any: &str) -> Layout {
    let (fill_down, required_any) = (names(fill_down), names(required_any));
    Layout::Xlsx { sheet: "S".to_owned(), header_row, fill_down, required_any }
}

pub(crate) fn gb18030(text: &str) -> Vec<u8> {
    crate::encoding::encode(encoding_rs::GB18030, text).unwrap()
}

/// Columns, rows and end of a file, a line each.
pub(crate) fn render(path: &Path, layout: &Layout) -> String {
    render_within(path, layout, Limits::default())
}

pub(crate) fn render_within(path: &Path, layout: &Layout, limits: Limits) -> String {
    let mut reader = match crate::open(path, layout, limits) {
        Ok(reader) => reader,
        Err(error) => return error.to_string(),
    };
    let mut lines = vec![reader.opening().columns.join(" ")];
    loop {
        match reader.next_row() {
            Ok(Some(Ok(row))) => {
                let cells: Vec<String> = row.cells.iter().map(short).collect();
                lines.push(format!("{} {}", row.locator, cells.join(" ")));
            }
            Ok(Some(Err(bad))) => {
                lines.push(format!("{} bad ({} bytes): {}", bad.locator, bad.raw.len(), bad.reason));
            }
            Ok(None) => break,
            Err(error) => {
                lines.push(error.to_string());
                break;
            }
        }
    }
    lines.join("\n")
}

fn short(cell: &Cell) -> String {
    match cell {
        Cell::Absent => "~".to_owned(),
        Cell::Text(text) => format!("'{}'", text.escape_debug()),
        Cell::Number(number) => format!("{number}f"),
        Cell::Integer(number) => format!("{number}i"),
        Cell::Bool(value) => value.to_string(),
        Cell::DateSerial(days) => format!("day {days}"),
    }
}

/// The raw bytes of the rows, good and bad.
pub(crate) fn raws(path: &Path, layout: &Layout) -> Vec<Vec<u8>> {
    let mut reader = crate::open(path, layout, Limits::default()).unwrap();
    let mut raws = Vec::new();
    while let Some(read) = reader.next_row().unwrap() {
        raws.push(read.map_or_else(|bad| bad.raw, |row| row.raw));
    }
    raws
}

/// Parts beside the sheet, as small as a workbook can be. Style 1 is a date, style 2 bold.
pub(crate) const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font/><font><b/></font></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="14" applyNumberFormat="1"/><xf fontId="1"/></cellXfs></styleSheet>"#;

/// A workbook whose sheet `S` has this data, with what follows it (merged cells).
pub(crate) fn workbook(data: &str, behind: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let sheet = format!(r#"<worksheet xmlns="{main}"><sheetData>{data}</sheetData>{behind}</worksheet>"#);
    let book = format!(
        r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="T" sheetId="1" r:id="r1"/><sheet name="S" sheetId="2" r:id="r2"/></sheets></workbook>"#
    );
    let links = format!(
        r#"<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/other.xml"/><Relationship Id="r2" Type="{office}/worksheet" Target="/xl/worksheets/sheet2.xml"/><Relationship Id="r3" Type="{office}/styles" Target="styles.xml"/><Relationship Id="r4" Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
    );
    let root = format!(
        r#"<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let types = format!(
        r#"<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#
    );
    let strings = format!(r#"<sst xmlns="{main}"><si><t>共享</t></si><si><t>K</t></si></sst>"#);
    let other = format!(r#"<worksheet xmlns="{main}"><sheetData/></worksheet>"#);
    let parts = [
        ("[Content_Types].xml", types.as_str()),
        ("_rels/.rels", &root),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &links),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", &strings),
        ("xl/worksheets/other.xml", &other),
        ("xl/worksheets/sheet2.xml", &sheet),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The parts of a workbook by name.
pub(crate) fn parts(path: &Path) -> std::collections::BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    (0..zip.len())
        .map(|place| {
            let mut part = zip.by_index(place).unwrap();
            let mut text = String::new();
            std::io::Read::read_to_string(&mut part, &mut text).unwrap();
            (part.name().unwrap().into_owned(), text)
        })
        .collect()
}

/// A sheet's rows from a picture: cells parted by `|`, each `t:` text, `n:` number, `d:` date, `s:` shared string,
/// `b:` bold text, or nothing.
pub(crate) fn sheet(rows: &[(u32, &str)]) -> String {
    let mut data = String::new();
    for (number, picture) in rows {
        data.push_str(&format!("<row r=\"{number}\">"));
        for (cell, column) in picture.split('|').zip('A'..='Z') {
            let (kind, value) = cell.split_once(':').unwrap_or(("", ""));
            let reference = format!("{column}{number}");
            let inline = format!("t=\"inlineStr\"><is><t>{value}</t></is></c>");
            data.push_str(&match kind {
                "t" => format!("<c r=\"{reference}\" {inline}"),
                "b" => format!("<c r=\"{reference}\" s=\"2\" {inline}"),
                "n" => format!("<c r=\"{reference}\"><v>{value}</v></c>"),
                "d" => format!("<c r=\"{reference}\" s=\"1\"><v>{value}</v></c>"),
                "s" => format!("<c r=\"{reference}\" t=\"s\"><v>{value}</v></c>"),
                _ => String::new(),
            });
        }
        data.push_str("</row>");
    }
    data
}

/// The `mergeCells` element for these ranges.
pub(crate) fn merged(ranges: &str) -> String {
    let cells: String = ranges.split(' ').map(|range| format!("<mergeCell ref=\"{range}\"/>")).collect();
    format!("<mergeCells>{cells}</mergeCells>")
}
