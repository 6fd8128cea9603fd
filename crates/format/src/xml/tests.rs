//! Reading of XML.

use crate::row::Limits;
use crate::testing::{Folder, gb18030, raws, render, render_within, xml};

const COLUMNS: &str = "@序号 姓名 承包耕地(亩)";

fn check(content: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    render(&folder.file("a.xml", content), &xml("记录", COLUMNS))
}

#[test]
fn elements_attributes_nil_and_escaped_names_become_cells() {
    insta::assert_snapshot!(check(r#"<?xml version="1.0"?><数据 xmlns:xsi="x"><!-- <记录> -->
        <记录 序号="1"><姓名>冉&#x742F;英 &amp; <![CDATA[<田>]]></姓名><承包耕地_x0028_亩_x0029_>8.0</承包耕地_x0028_亩_x0029_></记录>
        <记录 序号='2'><姓名 xsi:nil="true"/><其他><姓名>里面</姓名></其他></记录><记录 序号="3"><姓名/><姓名2>x</姓名2></记录>
        <记录/></数据>"#), @r"
    @序号 姓名 承包耕地(亩)
    1 '1' '冉琯英 & <田>' '8.0'
    2 '2' ~ ~
    3 '3' '' ~
    4 ~ ~ ~
    ");
}

#[test]
fn root_attributes_come_in_the_order_of_the_file() {
    let folder = Folder::new();
    let path = folder.file("a.xml", r#"<d xmlns="u" 批次="2026H2" b="1&lt;2"><r/></d>"#);
    let reader = crate::open(&path, &xml("r", ""), Limits::default()).unwrap();
    let expected =
        [("批次", "2026H2"), ("b", "1<2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(reader.opening().attributes, expected);
}

#[test]
fn a_malformed_row_is_bad_and_reading_goes_on() {
    insta::assert_snapshot!(check(r#"<d><记录><姓名>a & b</姓名></记录><记录><姓名>x</性名></记录><记录><姓名>a</姓名><姓名>b</姓名></记录><记录><姓名><b>x</b></姓名></记录><记录><姓名>未完<记录 序号="6"><姓名>好</姓名></记录></d>"#), @r"
    @序号 姓名 承包耕地(亩)
    1 bad (39 bytes): it is not well-formed XML
    2 bad (35 bytes): it is not well-formed XML
    3 bad (53 bytes): element 姓名 stands twice
    4 bad (42 bytes): element 姓名 holds elements
    5 bad (22 bytes): the element breaks off: another begins, or the root ends
    6 '6' '好' ~
    ");
}

#[test]
fn gb18030_is_read_as_declared_and_as_its_bytes() {
    let folder = Folder::new();
    let row = "<记录 序号=\"1\"><姓名>李𬭎</姓名></记录>";
    let text = format!("<?xml version=\"1.0\" encoding=\"GBK\"?><数据>{row}</数据>");
    let path = folder.file("a.xml", gb18030(&text));
    insta::assert_snapshot!(render(&path, &xml("记录", COLUMNS)), @r"
    @序号 姓名 承包耕地(亩)
    1 '1' '李𬭎' ~
    ");
    assert_eq!(raws(&path, &xml("记录", COLUMNS)), [gb18030(row)]);
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(check(wide), check(gb18030(&text)));
}

#[test]
fn a_document_that_breaks_off_gives_its_rows_and_then_the_error() {
    insta::assert_snapshot!(check("<d><记录><姓名>a</姓名></记录><记录><姓名>b"), @r"
    @序号 姓名 承包耕地(亩)
    1 ~ 'a' ~
    cannot read a.xml, row 2: the document ends before its root element does; the file was not copied to its end: have it delivered again
    ");
    insta::assert_snapshot!(check("<d><记录/>"), @r"
    @序号 姓名 承包耕地(亩)
    1 ~ ~ ~
    cannot read a.xml, row 2: the document ends before its root element does; the file was not copied to its end: have it delivered again
    ");
}

#[test]
fn a_document_without_rows_is_read_to_its_end() {
    insta::assert_snapshot!(check("<d a='1'/>"), @"@序号 姓名 承包耕地(亩)");
    insta::assert_snapshot!(check("<d>\n</d>\n"), @"@序号 姓名 承包耕地(亩)");
}

#[test]
fn a_row_over_the_limit_is_bad_and_reading_goes_on() {
    let folder = Folder::new();
    let limits = Limits { row_bytes_max: 64, ..Limits::default() };
    let long = "长".repeat(100_000);
    let path = folder.file("a.xml", format!("<d><记录><姓名>{long}</姓名></记录><记录 序号=\"2\"/></d>"));
    insta::assert_snapshot!(render_within(&path, &xml("记录", COLUMNS), limits), @r"
    @序号 姓名 承包耕地(亩)
    1 bad (64 bytes): it is longer than the limit `row_bytes_max`
    2 '2' ~ ~
    ");
}
