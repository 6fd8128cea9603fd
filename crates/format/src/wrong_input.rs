//! What people deliver by mistake or malice: each is an error that names file and place and what to do.

use crate::row::{Layout, Limits};
use crate::testing::{Folder, csv, ndjson, render, render_within, sheet, trickle, workbook, xlsx, xml};
use proptest::prelude::*;
use std::io::Write;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn every_layout() -> [(&'static str, Layout); 4] {
    [("a.csv", csv()), ("a.ndjson", ndjson("k")), ("a.xml", xml("r", "k")), ("a.xlsx", xlsx(1, "", ""))]
}

#[test]
fn an_empty_file() {
    let folder = Folder::new();
    for (name, layout) in every_layout() {
        let message = render(&folder.file(name, ""), &layout);
        assert_eq!(message, format!("cannot read {name}: it is empty; have it exported and delivered again"));
    }
    insta::assert_snapshot!(render(&folder.file("bom.csv", "\u{feff}"), &csv()), @"cannot read bom.csv: it is empty; have it exported and delivered again");
}

#[test]
fn a_folder_where_a_file_is_expected() {
    let folder = Folder::new();
    for (name, layout) in every_layout() {
        std::fs::create_dir(folder.path(name)).unwrap();
        let message = render(&folder.path(name), &layout);
        assert_eq!(
            message,
            format!(
                "cannot read {name}: it is a folder or a device, no file; check the path in the configuration"
            )
        );
    }
}

#[test]
fn a_file_that_is_not_there() {
    insta::assert_snapshot!(render(&Folder::new().path("a.csv"), &csv()), @"cannot read a.csv: it is not there; check the path in the configuration");
}

#[test]
fn rights_that_do_not_suffice() {
    // The superuser may read everything: so the words are checked where the system's answer comes in.
    let cause = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    insta::assert_snapshot!(crate::FormatError::io("a.csv", cause), @"cannot read a.csv: the rights do not suffice; give the account that runs yibiao the right to read inputs and to write outputs");
}

#[test]
fn a_disk_that_is_full() {
    let cause = std::io::Error::from(std::io::ErrorKind::StorageFull);
    insta::assert_snapshot!(crate::FormatError::io("a.csv", cause).writing(), @"cannot write a.csv: no room is left on the device; make room; writing is tried again");
}

#[test]
fn another_encoding_than_configured() {
    let folder = Folder::new();
    let path = folder.file("a.csv", crate::testing::gb18030("姓名,k\n王,1\n"));
    let configured = |encoding: &str| Layout::Csv { encoding: Some(encoding.to_owned()), separator: b',' };
    insta::assert_snapshot!(render(&path, &configured("utf-8")), @"cannot read a.csv: name 1 of the header is not text in UTF-8; set the encoding of the file in the mapping, or leave it out to detect it");
    insta::assert_snapshot!(render(&path, &configured("klingon")), @"cannot read a.csv: klingon is no encoding; name one of the WHATWG encodings, such as `gb18030` or `utf-8`, or leave it out to detect it");
    let ascii_header = folder.file("b.csv", crate::testing::gb18030("k,v\n1,王\n2,x\n"));
    insta::assert_snapshot!(render(&ascii_header, &configured("utf-8")), @r"
    k v
    1 bad (4 bytes): column v is not text in utf-8
    2 '2' 'x'
    ");
}

#[test]
fn a_header_that_names_two_columns_alike() {
    let folder = Folder::new();
    insta::assert_snapshot!(render(&folder.file("a.csv", "姓名,k, 姓名\n"), &csv()), @"cannot read a.csv, column 姓名: columns 1 and 3 of the header have the same name; rename one of them in the file, and check that the first record is the header");
    let book = workbook(&sheet(&[(1, "t:k|t:k"), (2, "t:1|t:2")]), "");
    insta::assert_snapshot!(render(&folder.file("a.xlsx", book), &xlsx(1, "", "")), @"cannot read a.xlsx, column k: columns 1 and 2 of the header have the same name; rename one of them in the file, and check that the first record is the header");
}

#[test]
fn one_line_of_a_hundred_megabytes() {
    let folder = Folder::new();
    let mut line = vec![b'x'; 100 << 20];
    line.extend(b"\n");
    let mut csv_file = b"k,v\n1,a\n".to_vec();
    csv_file.extend(&line);
    csv_file.extend(b"3,c\n");
    insta::assert_snapshot!(render(&folder.file("a.csv", csv_file), &csv()), @r"
    k v
    1 '1' 'a'
    2 bad (1048576 bytes): it is longer than the limit `row_bytes_max`, or a quote is never closed
    3 '3' 'c'
    ");
    let mut lines = b"{\"k\":1}\n".to_vec();
    lines.extend(&line);
    lines.extend(b"{\"k\":3}\n");
    insta::assert_snapshot!(render(&folder.file("a.ndjson", lines), &ndjson("k")), @r"
    k
    1 1i
    2 bad (1048576 bytes): it is longer than the limit `row_bytes_max`
    3 3i
    ");
}

#[test]
fn a_workbook_that_unpacks_to_too_much() {
    let folder = Folder::new();
    let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default()).unwrap();
    zip.write_all(&vec![b' '; 4 << 20]).unwrap();
    let honest = zip.finish().unwrap().into_inner();
    let layout = xlsx(1, "", "");
    insta::assert_snapshot!(render_within(&folder.file("a.xlsx", &honest), &layout, limits), @"cannot read a.xlsx: its part xl/worksheets/sheet1.xml unpacks to more than 1048576 bytes; have a genuine workbook delivered, or raise the limit `unpacked_bytes_max`");
    // The same archive, with a directory that says it unpacks to 1 kB.
    let size = u32::to_le_bytes(4 << 20);
    let mut lying = honest;
    let places: Vec<usize> = memchr::memmem::find_iter(&lying, &size).collect();
    for place in places {
        lying[place..place + 4].copy_from_slice(&u32::to_le_bytes(1 << 10));
    }
    let message = render_within(&folder.file("b.xlsx", lying), &layout, limits);
    assert!(message.starts_with("cannot read b.xlsx: "), "{message}");
}

#[test]
fn a_file_that_is_no_workbook() {
    let folder = Folder::new();
    insta::assert_snapshot!(render(&folder.file("a.xlsx", "k,v\n"), &xlsx(1, "", "")), @"cannot read a.xlsx: it is no workbook, or it is damaged or protected by a password; save it as .xlsx without a password and have it delivered again");
}

#[test]
fn a_workbook_without_the_sheet_or_the_header() {
    let folder = Folder::new();
    let path = folder.file("a.xlsx", workbook(&sheet(&[(1, "t:k"), (2, "t:1")]), ""));
    let other =
        Layout::Xlsx { sheet: "台账".to_owned(), header_row: 1, fill_down: vec![], required_any: vec![] };
    insta::assert_snapshot!(render(&path, &other), @"cannot read a.xlsx: it has no sheet 台账; name the sheet in the mapping as the workbook does");
    insta::assert_snapshot!(render(&path, &xlsx(7, "", "")), @"cannot read a.xlsx, row 7: the header row is empty; set `header_row` in the mapping to the row of the column names");
}

#[test]
fn xml_with_a_document_type_or_an_entity_of_its_own() {
    let folder = Folder::new();
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><d><r><k>&b;</k></r></d>"#;
    insta::assert_snapshot!(render(&folder.file("a.xml", bomb), &xml("r", "k")), @"cannot read a.xml: it has a document type, which may define entities; have it exported without <!DOCTYPE …>; such files are never read");
    insta::assert_snapshot!(render(&folder.file("b.xml", "<d><r><k>&b;</k></r><r><k>&lt;</k></r></d>"), &xml("r", "k")), @r"
    k
    1 bad (17 bytes): it uses an entity that is not predefined
    2 '<'
    ");
}

#[test]
fn a_file_that_is_no_xml() {
    let folder = Folder::new();
    insta::assert_snapshot!(render(&folder.file("a.xml", "k,v\n1,2\n"), &xml("r", "k")), @"cannot read a.xml: it begins with text and is no XML; have the file exported and delivered again");
}

#[test]
fn packed_data_that_breaks_off() {
    let folder = Folder::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(b"k,v\n1,a\n2,b\n").unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() - 10);
    insta::assert_snapshot!(render(&folder.file("a.csv.gz", packed), &csv()), @r"
    k v
    1 '1' 'a'
    cannot read a.csv.gz, row 2: the compressed data breaks off; the file was not copied to its end: have it delivered again
    ");
    insta::assert_snapshot!(render(&folder.file("b.csv.gz", "k,v\n1,a\n2,b\n3,c\n"), &csv()), @"cannot read b.csv.gz: the compressed data is damaged; have the file delivered again");
}

/// Frames of CSV, NDJSON and XML over a stream that comes in steps: where each starts, how long it is, whether it is
/// good. XML ends with its error, where there is one.
fn frames(content: &[u8], step: usize, limits: Limits) -> [Vec<(u64, usize, bool)>; 3] {
    let mut csv = crate::csv::Framer::new(trickle(content, step), b',', encoding_rs::UTF_8, limits);
    let records = std::iter::from_fn(|| csv.next().unwrap());
    let records = records.map(|record| (record.start, record.raw.len(), record.fields.is_ok())).collect();
    let mut ndjson = crate::ndjson::Framer::new(trickle(content, step), limits);
    let lines = std::iter::from_fn(|| ndjson.next().unwrap());
    let lines = lines.map(|line| (line.start, line.raw.len(), !line.cut)).collect();
    let mut xml = crate::xml::Framer::new(trickle(content, step), b"r".to_vec(), encoding_rs::UTF_8, limits);
    xml.set_root(b"d".to_vec());
    let mut elements = Vec::new();
    loop {
        match xml.next("a.xml") {
            Ok(Some(element)) => elements.push((element.start, element.raw.len(), element.fault.is_none())),
            Ok(None) => break,
            Err(error) => {
                elements.push((0, error.to_string().len(), false));
                break;
            }
        }
    }
    [records, lines, elements]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the bytes are, reading comes to an end, and where the stream is cut into reads changes nothing.
    #[test]
    fn rows_do_not_depend_on_how_the_bytes_arrive(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "<d>", "<r>", "</r>", "<r a='>'>", "<r/>", "</d>", "<!-- ", " -->", "<![CDATA[", "]]>", "<x/>", "<x>", "</x>",
                "<?p", "?>", "\"", ",", "\r", "\n", "\r\n", "a", "王", "    ", "{}", "rrrrrrrrrr",
            ]),
            0..40,
        ),
        step in 1_usize..9,
    ) {
        let content = pieces.concat().into_bytes();
        let limits = Limits { row_bytes_max: 24, ..Limits::default() };
        let [csv, ndjson, xml] = frames(&content, usize::MAX, limits);
        let [slow_csv, slow_ndjson, slow_xml] = frames(&content, step, limits);
        prop_assert_eq!(csv, slow_csv);
        prop_assert_eq!(ndjson, slow_ndjson);
        prop_assert_eq!(xml, slow_xml);
    }
}
