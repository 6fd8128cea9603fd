//! Reading of separated values.

use crate::row::{Cell, Layout, Limits};
use crate::testing::{Folder, csv, gb18030, raws, render, render_within};
use proptest::prelude::*;

fn check(content: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    render(&folder.file("a.csv", content), &csv())
}

#[test]
fn quoted_records_may_span_lines_and_hold_separators_and_quotes() {
    insta::assert_snapshot!(check("k,v\r\n1,\"a,\"\"b\"\"\r\nc\"\r\n2,x\"y\n\n3,"), @r#"
    k v
    1 '1' 'a,\"b\"\r\nc'
    2 '2' 'x\"y'
    3 '3' ''
    "#);
}

#[test]
fn a_record_with_too_few_or_too_many_fields_is_bad_and_reading_goes_on() {
    insta::assert_snapshot!(check("k,v\n1\n2,b,\n3,c\n"), @r"
    k v
    1 bad (1 bytes): it has 1 fields, the header has 2
    2 bad (4 bytes): it has 3 fields, the header has 2
    3 '3' 'c'
    ");
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    insta::assert_snapshot!(check("k,v\n1,\"a\n2,b\n3,c\n"), @r"
    k v
    1 bad (4 bytes): a quote is opened and never closed
    2 '2' 'b'
    3 '3' 'c'
    ");
}

#[test]
fn utf_8_gb18030_utf_16_and_byte_order_marks_are_detected() {
    let text = "姓名,住址\n王䶮,桃花村\n李𬭎,\"青石,镇\"\n";
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let expected = check(text);
    insta::assert_snapshot!(expected, @r"
    姓名 住址
    1 '王䶮' '桃花村'
    2 '李𬭎' '青石,镇'
    ");
    assert_eq!(check(format!("\u{feff}{text}")), expected);
    assert_eq!(check(gb18030(text)), expected);
    assert_eq!(check(gb18030(&format!("\u{feff}{text}"))), expected);
    assert_eq!(check(utf16), expected);
}

#[test]
fn the_bytes_of_a_row_are_those_of_the_file() {
    let folder = Folder::new();
    let row = "李𬭎,\"青石,\r\n镇\"";
    let gb = folder.file("gb.csv", gb18030(&format!("姓名,住址\r\n{row}\r\n")));
    assert_eq!(raws(&gb, &csv()), [gb18030(row)]);
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let utf16 = folder.file("utf16.csv", wide(&format!("\u{feff}姓名,住址\r\n{row}\r\n")));
    assert_eq!(raws(&utf16, &csv()), [wide(row)]);
}

#[test]
fn a_separator_that_is_the_second_byte_of_a_letter_does_not_part_it() {
    // 襹 is 0xD27C in GBK: its second byte is the bar.
    let folder = Folder::new();
    let content = gb18030("k|v\n襹|b\n");
    assert_eq!(content.iter().filter(|byte| **byte == b'|').count(), 3);
    let layout = Layout::Csv { encoding: Some("gbk".to_owned()), separator: b'|' };
    insta::assert_snapshot!(render(&folder.file("a.csv", content), &layout), @r"
    k v
    1 '襹' 'b'
    ");
}

#[test]
fn a_row_in_another_encoding_than_its_file_is_bad_and_never_guessed() {
    let utf8 = "3,青石镇桃花村\n";
    let mut mostly_gb = gb18030("k,v\n1,青石镇\n2,桃花村\n");
    mostly_gb.extend(utf8.as_bytes());
    insta::assert_snapshot!(check(mostly_gb), @r"
    k v
    1 '1' '青石镇'
    2 '2' '桃花村'
    3 bad (20 bytes): it is utf-8 in a file that is gb18030
    ");
    let mut mostly_utf8 = "k,v\n1,青石镇\n2,桃花村\n".as_bytes().to_vec();
    mostly_utf8.extend(gb18030("3,桃\n4,x\n"));
    insta::assert_snapshot!(check(mostly_utf8), @r"
    k v
    1 '1' '青石镇'
    2 '2' '桃花村'
    3 bad (4 bytes): column v is not text in utf-8
    4 '4' 'x'
    ");
}

#[test]
fn a_cell_cut_in_the_middle_of_a_letter_makes_its_row_bad() {
    let mut cut = gb18030("k,v\n1,青石\n2,青\n");
    cut.truncate(cut.len() - 2);
    cut.push(b'\n');
    insta::assert_snapshot!(check(cut), @r"
    k v
    1 '1' '青石'
    2 bad (3 bytes): column v is not text in gb18030
    ");
}

#[test]
fn a_row_over_the_limit_is_bad_and_reading_goes_on() {
    let folder = Folder::new();
    let limits = Limits { row_bytes_max: 8, ..Limits::default() };
    let path = folder.file("a.csv", "k,v\n1,aaaaaaaaaaaaaaaaaaaaaaaaa\n2,b\n");
    insta::assert_snapshot!(render_within(&path, &csv(), limits), @r"
    k v
    1 bad (8 bytes): it is longer than the limit `row_bytes_max`, or a quote is never closed
    2 '2' 'b'
    ");
}

#[test]
fn a_column_without_a_name_is_named_by_its_place() {
    insta::assert_snapshot!(check("k, 姓名 ,\n1,a,\n"), @r"
    k 姓名 [3]
    1 '1' 'a' ''
    ");
}

proptest! {
    /// The `csv` crate is the judge: what it writes is read back, whatever the cells hold.
    #[test]
    fn what_a_csv_writer_writes_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n 王䶮]{0,5}", 2), 1..6),
    ) {
        let mut writer = ::csv::WriterBuilder::new().quote_style(::csv::QuoteStyle::NonNumeric).from_writer(Vec::new());
        writer.write_record(["k", "v"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let folder = Folder::new();
        for content in [text.clone().into_bytes(), gb18030(&text)] {
            let layout = if content == text.as_bytes() { "utf-8" } else { "gb18030" };
            let layout = Layout::Csv { encoding: Some(layout.to_owned()), separator: b',' };
            let mut reader = crate::open(&folder.file("a.csv", content), &layout, Limits::default()).unwrap();
            for row in &rows {
                let read = reader.next_row().unwrap().unwrap().unwrap();
                let expected: Vec<Cell> = row.iter().cloned().map(Cell::Text).collect();
                prop_assert_eq!(&read.cells, &expected);
            }
            prop_assert_eq!(reader.next_row().unwrap(), None);
        }
    }
}

#[test]
fn a_latin_file_is_told_from_a_chinese_one() {
    let latin = b"name\nJ\xf6rg\nMendon\xe7a\nAndr\xe9\nB\xf6hm\nL\xf3pez Le\xf3n\n";
    assert_eq!(detected(latin), "windows-1252");
    let chinese =
        crate::encoding::encode(encoding_rs::GB18030, "姓名\n欧阳娜\n朱镕基\n陶喆\n周杰伦\n李娜\n").unwrap();
    assert_eq!(detected(&chinese), "gb18030");
}

fn detected(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, content).unwrap();
    crate::encoding::choose(&path, None).unwrap().encoding.name().to_lowercase()
}
