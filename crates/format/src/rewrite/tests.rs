//! Writing back: only the edited cells change.

use super::{Edits, Rewritten, rewrite};
use crate::row::{Cell, Layout, Limits};
use crate::testing::{Folder, csv, gb18030, merged, ndjson, parts, render, sheet, workbook, xlsx, xml};
use proptest::prelude::*;
use std::fs;

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn edits(cells: &[(u64, &str, Cell)]) -> Edits {
    let mut edits = Edits::new();
    for (locator, column, cell) in cells {
        edits.entry(*locator).or_default().push(((*column).to_owned(), cell.clone()));
    }
    edits
}

/// The bytes after rewriting, and what it reports.
fn rewritten(
    name: &str,
    content: &[u8],
    layout: &Layout,
    cells: &[(u64, &str, Cell)],
) -> (Vec<u8>, Rewritten) {
    let folder = Folder::new();
    let template = folder.file(name, content);
    let target = folder.path("out");
    let report = rewrite(&template, &target, layout, Limits::default(), &edits(cells)).unwrap();
    (fs::read(&target).unwrap(), report)
}

fn check(name: &str, content: &str, layout: &Layout, cells: &[(u64, &str, Cell)]) -> String {
    let (bytes, report) = rewritten(name, content.as_bytes(), layout, cells);
    let refused: Vec<String> = report
        .refused
        .iter()
        .map(|cell| format!("! {} {}: {}", cell.locator, cell.column, cell.reason))
        .collect();
    format!("{}{} cells\n{}", String::from_utf8(bytes).unwrap(), report.cells, refused.join("\n"))
}

#[test]
fn without_edits_every_format_comes_out_byte_for_byte() {
    let utf16: Vec<u8> = "\u{feff}k,v\r\n1,\"a\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let book = workbook(&sheet(&[(1, "t:k|t:v"), (2, "t:1|n:2")]), "");
    let cases: [(&str, Vec<u8>, Layout); 6] = [
        ("a.csv", b"\xef\xbb\xbfk,v\r\n1,\"a\"\n\n2,b\r".to_vec(), csv()),
        ("b.csv", gb18030("k,v\n李𬭎,x"), csv()),
        ("c.csv", utf16, csv()),
        ("a.ndjson", b"\xef\xbb\xbf{\"k\" : 1}\r\n\nbroken\n{\"k\":2}".to_vec(), ndjson("k")),
        (
            "a.xml",
            "<?xml version='1.0'?>\n<d a='1'><r  k = \"1\" ><x>&lt;</x\n></r></d>\n".into(),
            xml("r", "@k x"),
        ),
        ("a.xlsx", book, xlsx(1, "", "")),
    ];
    for (name, content, layout) in cases {
        let (bytes, report) = rewritten(name, &content, &layout, &[]);
        assert_eq!(bytes, content, "{name}");
        assert_eq!(report, Rewritten { cells: 0, refused: vec![], replaced: true });
    }
}

#[test]
fn a_packed_template_comes_out_plain() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"k,v\n1,a\n").unwrap();
    let packed = packed.finish().unwrap();
    let (bytes, _) = rewritten("a.csv.gz", &packed, &csv(), &[(1, "v", text("b"))]);
    assert_eq!(String::from_utf8(bytes).unwrap(), "k,v\n1,b\n");
}

#[test]
fn csv_keeps_order_line_ends_and_quotes_and_quotes_what_must_be() {
    let content = "k,\"v\",w\r\n1,\"a\",\r\n\r\n2,\"x\r\ny\",z\n3\n4,,\n";
    let cells = [
        (1, "v", text("b")),
        (1, "w", text("c,\"d")),
        (2, "v", text("")),
        (2, "k", text("2")),
        (3, "v", text("x")),
        (4, "u", text("x")),
        (9, "v", text("x")),
    ];
    insta::assert_snapshot!(check("a.csv", content, &csv(), &cells).replace('\r', "␍"), @r#"
    k,"v",w␍
    1,"b","c,""d"␍
    ␍
    2,"",z
    3
    4,,
    3 cells
    ! 3 v: the row cannot be read
    ! 4 u: the file has no such column
    ! 9 v: the template has no such row
    "#);
}

#[test]
fn csv_stays_in_its_encoding_with_hanzi_outside_gbk() {
    let (bytes, _) = rewritten("a.csv", &gb18030("姓名,v\n李宏,一\n"), &csv(), &[(1, "姓名", text("李𬭎"))]);
    assert_eq!(bytes, gb18030("姓名,v\n李𬭎,一\n"));
    let big5 = Layout::Csv { encoding: Some("big5".to_owned()), separator: b',' };
    let (bytes, report) = rewritten("a.csv", b"k,v\n1,a\n", &big5, &[(1, "v", text("䶮𬭎"))]);
    assert_eq!(bytes, b"k,v\n1,a\n");
    assert_eq!(report.refused[0].reason, "the file's encoding cannot hold it");
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let (bytes, _) = rewritten("a.csv", &wide("\u{feff}k,v\r\n1,a\r\n"), &csv(), &[(1, "v", text("𬭎"))]);
    assert_eq!(bytes, wide("\u{feff}k,v\r\n1,𬭎\r\n"));
}

#[test]
fn json_keeps_key_order_spacing_and_escapes() {
    let content = "{\"k\": 1, \"v\": \"a\", \"o\": [1, {}]}\n{\"v\":\"\\u7532\",\"k\":2}\n{}\nbroken\n";
    let cells = [
        (1, "v", text("李\"𬭎")),
        (1, "w", text("新")),
        (1, "k", Cell::Integer(1)),
        (2, "v", text("乙𬭎")),
        (2, "k", Cell::Absent),
        (3, "k", Cell::Bool(true)),
        (3, "w", Cell::Absent),
        (4, "k", Cell::Integer(1)),
    ];
    insta::assert_snapshot!(check("a.ndjson", content, &ndjson("k v w"), &cells), @r#"
    {"k": 1, "v": "李\"𬭎", "o": [1, {}], "w": "新"}
    {"v":"\u4e59\ud872\udf4e","k":null}
    {"k":true}
    broken
    5 cells
    ! 4 k: the row cannot be read
    "#);
}

#[test]
fn xml_keeps_white_space_attributes_and_other_elements() {
    let content = r#"<?xml version="1.0"?>
<d xmlns:xsi="x">
  <r  序号='1'>
    <a>旧 &amp; 旧</a>
    <b xsi:nil="true" n="7"/>
    <o>1</o>
  </r>
  <r 序号="2"><a/></r>
  <r/>
</d>
"#;
    let cells = [
        (1, "a", text("新 < & >")),
        (1, "b", text("b")),
        (1, "c(亩)", text("8.0")),
        (1, "@序号", text("1\"2")),
        (2, "b", text("x")),
        (2, "a", text("")),
        (2, "c(亩)", text("y\u{1}")),
        (3, "a", text("x")),
    ];
    insta::assert_snapshot!(check("a.xml", content, &xml("r", "@序号 a b c(亩)"), &cells), @r#"
    <?xml version="1.0"?>
    <d xmlns:xsi="x">
      <r  序号='1&quot;2'>
        <a>新 &lt; &amp; &gt;</a>
        <b n="7">b</b>
        <c_x0028_亩_x0029_>8.0</c_x0028_亩_x0029_>
        <o>1</o>
      </r>
      <r 序号="2"><a/><b>x</b></r>
      <r/>
    </d>
    5 cells
    ! 2 c(亩): XML cannot hold it
    ! 3 a: the row cannot be read
    "#);
}

#[test]
fn xml_stays_in_its_encoding() {
    let head = "<?xml version=\"1.0\" encoding=\"GB18030\"?><数据><r><a>";
    let (bytes, _) = rewritten(
        "a.xml",
        &gb18030(&format!("{head}旧</a></r></数据>")),
        &xml("r", "a"),
        &[(1, "a", text("李𬭎"))],
    );
    assert_eq!(bytes, gb18030(&format!("{head}李𬭎</a></r></数据>")));
}

#[test]
fn a_workbook_keeps_its_styles_and_every_other_part() {
    let folder = Folder::new();
    let data = sheet(&[(1, "t:k|t:v|t:d|t:n|t:w"), (2, "b:1|s:0|d:33000|n:5|"), (3, "t:2||d:33001||t:x")]);
    let template = folder.file("a.xlsx", workbook(&data, &merged("B3:C3")));
    let target = folder.path("b.xlsx");
    let layout = xlsx(1, "", "");
    let cells = [
        (2, "k", text(" 新<1> _x0041_")),
        (2, "v", Cell::Number(7.5)),
        (2, "d", Cell::DateSerial(33002.0)),
        (2, "n", Cell::Absent),
        (2, "w", text("补")),
        (3, "n", Cell::Integer(990_101_196_203_050_001)),
        (3, "w", text("x")),
    ];
    let report = rewrite(&template, &target, &layout, Limits::default(), &edits(&cells)).unwrap();
    assert_eq!((report.cells, report.refused), (6, vec![]));
    insta::assert_snapshot!(render(&target, &layout), @r"
    k v d n w
    2 ' 新<1> _x0041_' 7.5f day 33002 ~ '补'
    3 '2' ~ day 33001 '990101196203050001' 'x'
    ");
    let (before, mut after) = (parts(&template), parts(&target));
    let changed =
        after.insert("xl/worksheets/sheet2.xml".to_owned(), before["xl/worksheets/sheet2.xml"].clone());
    assert_eq!(before, after);
    insta::assert_snapshot!(changed.unwrap().split("</row>").nth(1).unwrap(), @r#"<row r="2"><c r="A2" s="2" t="inlineStr"><is><t xml:space="preserve"> 新&lt;1&gt; _x005F_x0041_</t></is></c><c r="B2"><v>7.5</v></c><c r="C2" s="1"><v>33002</v></c><c r="D2"/><c r="E2" t="inlineStr"><is><t>补</t></is></c>"#);
}

#[test]
fn a_workbook_refuses_what_a_cell_cannot_take() {
    let folder = Folder::new();
    let data = format!(
        "{}<row r=\"4\"><c r=\"A4\"><f>1+1</f><v>2</v></c><c r=\"B4\"><v>1</v></c></row>",
        sheet(&[(1, "t:镇|t:v"), (2, "t:青石|t:a"), (3, "|t:b")])
    );
    let template = folder.file("a.xlsx", workbook(&data, &merged("A2:A3")));
    let target = folder.path("b.xlsx");
    let cells = [
        (2, "镇", text("桃花")),
        (3, "镇", text("桃花")),
        (2, "v", Cell::DateSerial(1.0)),
        (3, "v", text("\u{0}")),
        (4, "镇", text("x")),
        (4, "v", text(&"长".repeat(32_768))),
        (5, "v", text("x")),
    ];
    let layout = xlsx(1, "镇", "");
    let report = rewrite(&template, &target, &layout, Limits::default(), &edits(&cells)).unwrap();
    let refused: Vec<String> = report
        .refused
        .iter()
        .map(|cell| format!("{} {}: {}", cell.locator, cell.column, cell.reason))
        .collect();
    insta::assert_snapshot!(refused.join("\n"), @r"
    2 v: the cell has no date format
    3 v: a workbook cannot hold it
    4 v: it is longer than a cell can hold
    4 镇: the cell holds a formula
    5 v: the template has no such row
    ");
    insta::assert_snapshot!(render(&target, &layout), @r"
    镇 v
    2 '桃花' 'a'
    3 '桃花' 'b'
    4 2f 1f
    ");
    let other = edits(&[(3, "镇", text("别的"))]);
    let report = rewrite(&template, &target, &layout, Limits::default(), &other).unwrap();
    assert_eq!(report.refused[0].reason, "it is part of a merged cell");
}

#[test]
fn equal_content_leaves_the_target_untouched() {
    let folder = Folder::new();
    let book = workbook(&sheet(&[(1, "t:k"), (2, "t:1")]), "");
    let template = folder.file("a.xlsx", book);
    let target = folder.path("b.xlsx");
    let once = |value: &str| {
        let edits = edits(&[(2, "k", text(value))]);
        rewrite(&template, &target, &xlsx(1, "", ""), Limits::default(), &edits).unwrap().replaced
    };
    assert!(once("2"));
    let before = fs::metadata(&target).unwrap().modified().unwrap();
    assert!(!once("2"));
    assert_eq!(fs::metadata(&target).unwrap().modified().unwrap(), before);
    assert!(once("3"));
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 2);
}

#[test]
fn a_failure_leaves_the_old_target_and_nothing_else() {
    let folder = Folder::new();
    let target = folder.file("out.xml", "old");
    let template = folder.file("a.xml", "<d><r><a>1</a></r>");
    let error = rewrite(&template, &target, &xml("r", "a"), Limits::default(), &Edits::new()).unwrap_err();
    assert_eq!(error.problem, crate::Problem::BrokenOff);
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 2);
}

#[test]
fn a_full_disk_leaves_the_old_target_and_nothing_else() {
    let folder = Folder::new();
    let target = folder.file("out.csv", "old");
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    let error = crate::replace_file(&target, |file| {
        file.write_all(b"half a ro")?;
        Err(full())
    });
    insta::assert_snapshot!(error.unwrap_err(), @"cannot write out.csv: no room is left on the device; make room; writing is tried again");
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_named_in_the_error() {
    let folder = Folder::new();
    let template = folder.file("a.csv", "k\n1\n");
    let target = folder.path("none/a.csv");
    let error = rewrite(&template, &target, &csv(), Limits::default(), &Edits::new()).unwrap_err();
    insta::assert_snapshot!(error, @"cannot write a.csv: it is not there; check the path in the configuration");
}

#[test]
fn a_receipt_opens_in_a_spreadsheet_program_and_runs_nothing() {
    let folder = Folder::new();
    let path = folder.path("r.csv");
    let rows = [vec![Cell::Integer(-4), text("=1+1")], vec![Cell::Absent, text("已更新,\"x\"")]];
    assert!(crate::write_csv_bom(&path, &["row", "状态"], rows.clone()).unwrap());
    assert!(!crate::write_csv_bom(&path, &["row", "状态"], rows).unwrap());
    let content = fs::read_to_string(&path).unwrap();
    assert_eq!(content, "\u{feff}row,状态\r\n-4,'=1+1\r\n,\"已更新,\"\"x\"\"\"\r\n");
}

/// A template of three rows and columns in each format.
fn template(format: usize, cells: &[[String; 3]; 3]) -> (&'static str, Vec<u8>, Layout, u64) {
    let escape = |text: &str| quick_xml::escape::escape(text).into_owned();
    match format {
        0 => {
            let rows = cells.iter().map(|row| {
                row.iter()
                    .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
                    .collect::<Vec<_>>()
                    .join(",")
            });
            let content = format!("a,b,c\r\n{}\r\n", rows.collect::<Vec<_>>().join("\r\n"));
            ("a.csv", gb18030(&content), csv(), 1)
        }
        1 => {
            let rows = cells.iter().map(|[a, b, c]| serde_json::json!({"a": a, "b": b, "c": c}).to_string());
            ("a.ndjson", rows.collect::<Vec<_>>().join("\n").into_bytes(), ndjson("a b c"), 1)
        }
        2 => {
            let rows = cells.iter().map(|[a, b, c]| {
                format!("<r>\n <a>{}</a>\n <b>{}</b>\n <c>{}</c></r>", escape(a), escape(b), escape(c))
            });
            ("a.xml", format!("<d>{}</d>", rows.collect::<String>()).into_bytes(), xml("r", "a b c"), 1)
        }
        _ => {
            let mut data = sheet(&[(1, "t:a|t:b|t:c")]);
            for (number, row) in (2..).zip(cells) {
                let cells = ["A", "B", "C"].iter().zip(row).map(|(column, cell)| {
                    let cell = escape(cell);
                    format!("<c r=\"{column}{number}\" s=\"2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{cell}</t></is></c>")
                });
                data.push_str(&format!("<row r=\"{number}\">{}</row>", cells.collect::<String>()));
            }
            ("a.xlsx", workbook(&data, ""), xlsx(1, "", ""), 2)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Read after write: the edited cell is the new one, and every other cell is as it was.
    #[test]
    fn what_was_written_reads_as_the_edit_and_the_rest_as_before(
        format in 0_usize..4,
        cells in prop::array::uniform3(prop::array::uniform3("[a<&,\"李𬭎]{1,4}")),
        row in 0_usize..3,
        column in 0_usize..3,
        new in "[a<&,\"李𬭎\n]{1,5}",
    ) {
        let (name, content, layout, first) = template(format, &cells);
        let folder = Folder::new();
        let path = folder.file(name, content);
        let target = folder.path(&format!("out-{name}"));
        let locator = first + u64::try_from(row).unwrap();
        let column_name = ["a", "b", "c"][column];
        let edits = edits(&[(locator, column_name, text(&new))]);
        rewrite(&path, &target, &layout, Limits::default(), &edits).unwrap();
        let mut expected = cells.clone();
        expected[row][column] = new;
        let mut reader = crate::open(&target, &layout, Limits::default()).unwrap();
        for expected in expected {
            let read = reader.next_row().unwrap().unwrap().unwrap();
            prop_assert_eq!(read.cells, expected.map(Cell::Text).to_vec());
        }
        prop_assert_eq!(reader.next_row().unwrap(), None);
    }
}
