//! Reading of worksheets.

use crate::row::Limits;
use crate::testing::{Folder, merged, raws, render, sheet, workbook, xlsx};

#[test]
fn title_rows_two_line_headers_notes_and_totals_are_no_data() {
    let folder = Folder::new();
    let data = sheet(&[
        (1, "t:台账(2026年10月)"),
        (2, "t:基本||t:补贴|t:电话"),
        (3, "s:1|t: 姓名 |t:金额|"),
        (4, "t:1|t:甲|n:480|t:199"),
        (6, "n:990101196203050000|s:0|d:33000|"),
        (7, "t:合计||n:480|"),
        (8, ""),
        (9, "t:说明:每月更新"),
        (10, "t:填表人:乙"),
    ]);
    let path = folder.file("a.xlsx", workbook(&data, &merged("A1:D1 A2:B2 D2:D3 A9:D9")));
    let layout = xlsx(3, "", "姓名");
    insta::assert_snapshot!(render(&path, &layout), @r"
    K 姓名 金额 电话
    4 '1' '甲' 480f '199'
    6 990101196203050000f '共享' day 33000 ~
    ");
    let reader = crate::open(&path, &layout, Limits::default()).unwrap();
    assert_eq!(reader.opening().titles, ["台账(2026年10月)", "基本 补贴 电话"]);
    let raw = String::from_utf8(raws(&path, &layout).pop().unwrap()).unwrap();
    assert_eq!(raw, r#"[9.9010119620305e17,"共享",{"serial":33000.0},null]"#);
}

#[test]
fn a_title_merged_over_the_columns_names_none_of_them() {
    let folder = Folder::new();
    let data = sheet(&[(1, "t:清单"), (2, "|t:姓名"), (3, "t:x|t:甲")]);
    let path = folder.file("a.xlsx", workbook(&data, &merged("A1:B1")));
    insta::assert_snapshot!(render(&path, &xlsx(2, "", "姓名")), @r"
    姓名
    3 '甲'
    ");
}

#[test]
fn merged_cells_fill_down_where_the_layout_says_and_empty_ones_do_not() {
    let folder = Folder::new();
    let data = sheet(&[(1, "t:镇|t:组|t:姓名"), (2, "t:青石|t:一|t:甲"), (3, "||t:乙"), (4, "||t:丙")]);
    let path = folder.file("a.xlsx", workbook(&data, &merged("A2:A3 B2:B3")));
    insta::assert_snapshot!(render(&path, &xlsx(1, "镇", "姓名")), @r"
    镇 组 姓名
    2 '青石' '一' '甲'
    3 '青石' ~ '乙'
    4 ~ ~ '丙'
    ");
}

#[test]
fn a_row_that_is_one_merged_cell_is_a_note() {
    let folder = Folder::new();
    let data = sheet(&[(1, "t:k|t:v"), (2, "t:1|t:a"), (3, "t:备注")]);
    let path = folder.file("a.xlsx", workbook(&data, &merged("A3:B3")));
    insta::assert_snapshot!(render(&path, &xlsx(1, "", "")), @r"
    k v
    2 '1' 'a'
    ");
}

#[test]
fn a_cell_in_the_last_corner_of_the_sheet_costs_no_more_than_itself() {
    let folder = Folder::new();
    let data = format!(
        "{}<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>",
        sheet(&[(1, "t:k"), (2, "t:1")])
    );
    let path = folder.file("a.xlsx", workbook(&data, &merged("A3:XFD1048576")));
    insta::assert_snapshot!(render(&path, &xlsx(1, "k", "")), @r"
    k
    2 '1'
    ");
}

#[test]
fn a_reference_that_overflows_ends_the_reading_of_its_workbook_only() {
    let folder = Folder::new();
    let data = format!("{}<row r=\"2\"><c r=\"A99999999999\"><v>1</v></c></row>", sheet(&[(1, "t:k")]));
    let rendered = render(&folder.file("a.xlsx", workbook(&data, "")), &xlsx(1, "", ""));
    assert!(rendered.starts_with("cannot read a.xlsx") || rendered.starts_with("k"), "{rendered}");
}
