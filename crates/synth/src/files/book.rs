//! Workbooks, as small as a spreadsheet program accepts them, with the looks that a department gives its template.
//!
//! Rows go straight into the archive, so a ledger of any length takes no memory but its distinct texts.

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use quick_xml::escape::escape;
use yibiao_format::Cell;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::WriteErrorKind;

/// How a cell looks; the number is its place among the formats of the styles part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The big bold line on top.
    Title,
    /// A heading over several columns.
    Group,
    /// A column heading.
    Heading,
    /// Text, kept as text.
    Text,
    /// A whole number.
    Whole,
    /// An amount of money.
    Money,
    /// A date.
    Date,
    /// The line of totals.
    Total,
    /// A remark.
    Note,
    /// Nothing special.
    Plain,
}

impl Look {
    fn format(self) -> u8 {
        match self {
            Look::Plain => 0,
            Look::Title => 1,
            Look::Group => 2,
            Look::Heading => 3,
            Look::Text => 4,
            Look::Whole => 5,
            Look::Money => 6,
            Look::Date => 7,
            Look::Total => 8,
            Look::Note => 9,
        }
    }
}

/// A workbook being written.
pub(super) struct Book<W: Write + Seek> {
    zip: ZipWriter<W>,
    sheets: Vec<&'static str>,
    strings: Option<BTreeMap<String, u32>>,
    string_uses: u32,
    row: u32,
}

const NAMESPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

impl<W: Write + Seek> Book<W> {
    /// An empty book, whose texts stand in one shared table or each in its cell.
    pub(super) fn new(out: W, shared_strings: bool) -> Book<W> {
        Book {
            zip: ZipWriter::new(out),
            sheets: Vec::new(),
            strings: shared_strings.then(BTreeMap::new),
            string_uses: 0,
            row: 0,
        }
    }

    /// Begins a sheet with columns of those widths and so many frozen columns and rows.
    pub(super) fn begin_sheet(
        &mut self,
        name: &'static str,
        widths: &[u8],
        frozen: (u32, u32),
    ) -> Result<(), WriteErrorKind> {
        self.sheets.push(name);
        self.row = 0;
        self.part(&format!("xl/worksheets/sheet{}.xml", self.sheets.len()))?;
        let mut head = format!(
            "{DECLARATION}<worksheet xmlns=\"{NAMESPACE}\"><sheetViews><sheetView workbookViewId=\"0\""
        );
        let (columns, rows) = frozen;
        if rows == 0 {
            head.push_str("/>");
        } else {
            let pane = if columns > 0 { "bottomRight" } else { "bottomLeft" };
            let across = if columns > 0 { format!(" xSplit=\"{columns}\"") } else { String::new() };
            head.push_str(&format!(
                "><pane{across} ySplit=\"{rows}\" topLeftCell=\"{}{}\" activePane=\"{pane}\" state=\"frozen\"/>\
                 <selection pane=\"{pane}\"/></sheetView>",
                column_name(columns),
                rows + 1
            ));
        }
        head.push_str("</sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>");
        if !widths.is_empty() {
            head.push_str("<cols>");
            for (column, width) in (1_u32..).zip(widths) {
                head.push_str(&format!(
                    "<col min=\"{column}\" max=\"{column}\" width=\"{width}\" customWidth=\"1\"/>"
                ));
            }
            head.push_str("</cols>");
        }
        head.push_str("<sheetData>");
        self.zip.write_all(head.as_bytes())?;
        Ok(())
    }

    /// Adds a row of cells, from the first column on. Absent cells leave no trace.
    pub(super) fn row<'c>(
        &mut self,
        cells: impl Iterator<Item = (&'c Cell, Look)>,
    ) -> Result<u32, WriteErrorKind> {
        self.row += 1;
        let mut xml = format!("<row r=\"{}\">", self.row);
        for (column, (cell, look)) in (0_u32..).zip(cells) {
            let place = format!("{}{}", column_name(column), self.row);
            self.cell(&mut xml, &place, cell, look);
        }
        xml.push_str("</row>");
        self.zip.write_all(xml.as_bytes())?;
        Ok(self.row)
    }

    fn cell(&mut self, xml: &mut String, place: &str, cell: &Cell, look: Look) {
        let format = look.format();
        match cell {
            Cell::Absent | Cell::Bool(_) => {}
            Cell::Text(text) => match &mut self.strings {
                Some(strings) => {
                    let next = u32::try_from(strings.len()).expect("invariant: rows are capped");
                    let number = *strings.entry(text.clone()).or_insert(next);
                    self.string_uses += 1;
                    xml.push_str(&format!("<c r=\"{place}\" s=\"{format}\" t=\"s\"><v>{number}</v></c>"));
                }
                None => {
                    xml.push_str(&format!("<c r=\"{place}\" s=\"{format}\" t=\"inlineStr\"><is>"));
                    xml.push_str(&text_element(text));
                    xml.push_str("</is></c>");
                }
            },
            Cell::Number(number) | Cell::DateSerial(number) => {
                let digits = if *number >= 1e15 { format!("{number:E}") } else { number.to_string() };
                xml.push_str(&format!("<c r=\"{place}\" s=\"{format}\"><v>{digits}</v></c>"));
            }
            Cell::Integer(number) => {
                xml.push_str(&format!("<c r=\"{place}\" s=\"{format}\"><v>{number}</v></c>"))
            }
        }
    }

    /// Ends the sheet, with those merged ranges.
    pub(super) fn end_sheet(&mut self, merges: &[String]) -> Result<(), WriteErrorKind> {
        let mut tail = String::from("</sheetData>");
        if !merges.is_empty() {
            tail.push_str(&format!("<mergeCells count=\"{}\">", merges.len()));
            for range in merges {
                tail.push_str(&format!("<mergeCell ref=\"{range}\"/>"));
            }
            tail.push_str("</mergeCells>");
        }
        tail.push_str("<pageMargins left=\"0.5\" right=\"0.5\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\" footer=\"0.3\"/></worksheet>");
        self.zip.write_all(tail.as_bytes())?;
        Ok(())
    }

    /// Writes what binds the sheets together.
    pub(super) fn finish(mut self) -> Result<(), WriteErrorKind> {
        let strings = self.strings.take();
        if let Some(strings) = &strings {
            self.part("xl/sharedStrings.xml")?;
            let mut in_order: Vec<(&String, u32)> =
                strings.iter().map(|(text, number)| (text, *number)).collect();
            in_order.sort_unstable_by_key(|(_, number)| *number);
            let head = format!(
                "{DECLARATION}<sst xmlns=\"{NAMESPACE}\" count=\"{}\" uniqueCount=\"{}\">",
                self.string_uses,
                in_order.len()
            );
            self.zip.write_all(head.as_bytes())?;
            for (text, _) in in_order {
                self.zip.write_all(format!("<si>{}</si>", text_element(text)).as_bytes())?;
            }
            self.zip.write_all(b"</sst>")?;
        }
        self.text_part("xl/styles.xml", STYLES)?;
        self.bind(strings.is_some())?;
        self.zip.finish()?.flush()?;
        Ok(())
    }

    fn bind(&mut self, shared_strings: bool) -> Result<(), WriteErrorKind> {
        let (mut sheets, mut relations, mut types) = (String::new(), String::new(), String::new());
        for (number, name) in (1..).zip(self.sheets.clone()) {
            sheets.push_str(&format!(
                "<sheet name=\"{}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>",
                escape(name)
            ));
            relations.push_str(&relation(number, "worksheet", &format!("worksheets/sheet{number}.xml")));
            types.push_str(&part_type(&format!("/xl/worksheets/sheet{number}.xml"), "worksheet"));
        }
        let next = self.sheets.len() + 1;
        relations.push_str(&relation(next, "styles", "styles.xml"));
        types.push_str(&part_type("/xl/styles.xml", "styles"));
        if shared_strings {
            relations.push_str(&relation(next + 1, "sharedStrings", "sharedStrings.xml"));
            types.push_str(&part_type("/xl/sharedStrings.xml", "sharedStrings"));
        }
        self.text_part(
            "xl/workbook.xml",
            &format!("<workbook xmlns=\"{NAMESPACE}\" xmlns:r=\"{RELATIONS}\"><bookViews><workbookView/></bookViews><sheets>{sheets}</sheets></workbook>"),
        )?;
        self.text_part(
            "xl/_rels/workbook.xml.rels",
            &format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}</Relationships>"),
        )?;
        let office = relation(1, "officeDocument", "xl/workbook.xml");
        self.text_part(
            "_rels/.rels",
            &format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{office}</Relationships>"),
        )?;
        self.text_part(
            "[Content_Types].xml",
            &format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Default Extension=\"xml\" ContentType=\"application/xml\"/>{}{types}</Types>",
                part_type("/xl/workbook.xml", "sheet.main")
            ),
        )
    }

    fn part(&mut self, name: &str) -> Result<(), WriteErrorKind> {
        // Without a time of its own the archive would differ from run to run.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        self.zip.start_file(name, options)?;
        Ok(())
    }

    fn text_part(&mut self, name: &str, xml: &str) -> Result<(), WriteErrorKind> {
        self.part(name)?;
        self.zip.write_all(DECLARATION.as_bytes())?;
        self.zip.write_all(xml.as_bytes())?;
        Ok(())
    }
}

/// The letters of a column, counted from 0.
pub(super) fn column_name(column: u32) -> String {
    let letter = |n: u32| char::from_u32(u32::from('A') + n % 26).expect("invariant: a letter");
    if column < 26 {
        letter(column).to_string()
    } else {
        format!("{}{}", letter(column / 26 - 1), letter(column))
    }
}

fn text_element(text: &str) -> String {
    let keeps_space = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    let space = if keeps_space { " xml:space=\"preserve\"" } else { "" };
    format!("<t{space}>{}</t>", escape(text))
}

fn relation(number: usize, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"rId{number}\" Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/>")
}

fn part_type(part: &str, kind: &str) -> String {
    format!(
        "<Override PartName=\"{part}\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml\"/>"
    )
}

/// The formats, in the order of [`Look::format`].
const STYLES: &str = concat!(
    "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">",
    "<numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/></numFmts>",
    "<fonts count=\"4\">",
    "<font><sz val=\"11\"/><name val=\"宋体\"/><charset val=\"134\"/></font>",
    "<font><b/><sz val=\"16\"/><name val=\"黑体\"/><charset val=\"134\"/></font>",
    "<font><b/><sz val=\"11\"/><name val=\"宋体\"/><charset val=\"134\"/></font>",
    "<font><i/><sz val=\"10\"/><color rgb=\"FF7F7F7F\"/><name val=\"宋体\"/><charset val=\"134\"/></font>",
    "</fonts>",
    "<fills count=\"5\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>",
    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFD9E1F2\"/><bgColor indexed=\"64\"/></patternFill></fill>",
    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFB4C6E7\"/><bgColor indexed=\"64\"/></patternFill></fill>",
    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFFFF2CC\"/><bgColor indexed=\"64\"/></patternFill></fill>",
    "</fills>",
    "<borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border>",
    "<border><left style=\"thin\"/><right style=\"thin\"/><top style=\"thin\"/><bottom style=\"thin\"/><diagonal/></border></borders>",
    "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>",
    "<cellXfs count=\"10\">",
    "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>",
    "<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\" applyAlignment=\"1\"><alignment horizontal=\"center\" vertical=\"center\"/></xf>",
    "<xf numFmtId=\"0\" fontId=\"2\" fillId=\"3\" borderId=\"1\" xfId=\"0\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" applyAlignment=\"1\"><alignment horizontal=\"center\"/></xf>",
    "<xf numFmtId=\"0\" fontId=\"2\" fillId=\"2\" borderId=\"1\" xfId=\"0\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" applyAlignment=\"1\"><alignment horizontal=\"center\" wrapText=\"1\"/></xf>",
    "<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"1\" xfId=\"0\" applyNumberFormat=\"1\" applyBorder=\"1\"/>",
    "<xf numFmtId=\"1\" fontId=\"0\" fillId=\"0\" borderId=\"1\" xfId=\"0\" applyNumberFormat=\"1\" applyBorder=\"1\"/>",
    "<xf numFmtId=\"4\" fontId=\"0\" fillId=\"0\" borderId=\"1\" xfId=\"0\" applyNumberFormat=\"1\" applyBorder=\"1\"/>",
    "<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"1\" xfId=\"0\" applyNumberFormat=\"1\" applyBorder=\"1\"/>",
    "<xf numFmtId=\"4\" fontId=\"2\" fillId=\"4\" borderId=\"1\" xfId=\"0\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" applyNumberFormat=\"1\"/>",
    "<xf numFmtId=\"0\" fontId=\"3\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\" applyAlignment=\"1\"><alignment vertical=\"top\" wrapText=\"1\"/></xf>",
    "</cellXfs>",
    "<cellStyles count=\"1\"><cellStyle name=\"常规\" xfId=\"0\" builtinId=\"0\"/></cellStyles>",
    "</styleSheet>",
);
