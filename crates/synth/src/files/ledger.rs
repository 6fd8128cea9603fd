//! The two workbooks: the relief ledger of MZ and the evacuation list of YJ.

use std::io::{Seek, Write};

use yibiao_format::Cell;

use super::book::{Book, Look, column_name};
use super::{Source, WriteErrorKind};
use crate::office::{mz, yj};
use crate::roll::Entry;
use crate::world::World;

/// The sheet row of the first entry of the ledger, below title, groups and headings.
pub(crate) const RELIEF_FIRST_ROW: u64 = 4;
/// The sheet row of the first entry of the list, below title and headings.
pub(crate) const FLOOD_FIRST_ROW: u64 = 3;

/// Headings over several columns of the ledger, with first and last column.
const GROUPS: &[(&str, u32, u32)] =
    &[("基本信息", 0, 6), ("属地", 7, 8), ("家庭情况", 9, 14), ("健康与照护", 15, 19), ("救助情况", 20, 24)];

const RELIEF_WIDTHS: [u8; 25] =
    [22, 10, 6, 14, 15, 34, 26, 18, 16, 14, 10, 10, 8, 10, 14, 10, 10, 10, 8, 14, 22, 12, 12, 18, 12];
const FLOOD_WIDTHS: [u8; 18] = [18, 9, 18, 22, 26, 24, 8, 6, 10, 16, 16, 10, 12, 9, 26, 18, 18, 12];

/// Writes the ledger.
pub(super) fn write_relief(source: Source<'_>, out: impl Write + Seek) -> Result<(), WriteErrorKind> {
    let mut book = Book::new(out, true);
    book.begin_sheet("台账", &RELIEF_WIDTHS, (2, 3))?;
    line(&mut book, &[("示例区困难群众动态管理台账(2026年10月)", 0)], Look::Title)?;
    let groups: Vec<(&str, u32)> = GROUPS.iter().map(|(name, first, _)| (*name, *first)).collect();
    line(&mut book, &groups, Look::Group)?;
    headings(&mut book, &mz::COLUMNS)?;
    let (mut people, mut total, mut row) = (0_u32, 0.0, 3);
    for entry in source.rolls.mz.iter() {
        let written = mz::row(source.plan, source.world, entry);
        total += amount(written.cells.get(mz::AMOUNT));
        people += 1;
        row = book
            .row(written.cells.iter().enumerate().map(|(column, cell)| (cell, relief_look(column, cell))))?;
    }
    let mut totals = vec![Cell::Absent; mz::COLUMNS.len()];
    for (place, cell) in [
        (0, Cell::Text("合计".into())),
        (1, Cell::Text(format!("{people}人"))),
        (mz::AMOUNT, Cell::Number(total)),
    ] {
        if let Some(total) = totals.get_mut(place) {
            *total = cell;
        }
    }
    book.row(totals.iter().map(|cell| (cell, Look::Total)))?;
    line(&mut book, &[], Look::Plain)?;
    let note =
        "说明:1.本表由各镇(街道)民政办按月更新;2.高龄津贴与低保可叠加享受;3.身份证号请设置为文本格式。";
    line(&mut book, &[(note, 0)], Look::Note)?;
    line(&mut book, &[("填表人:示例甲    审核人:示例乙    填报日期:2026年10月31日", 0)], Look::Plain)?;
    let last = column_name(24);
    let mut merges = vec![format!("A1:{last}1"), format!("A{0}:{last}{0}", row + 3)];
    merges
        .extend(GROUPS.iter().map(|(_, from, to)| format!("{}2:{}2", column_name(*from), column_name(*to))));
    book.end_sheet(&merges)?;
    book.begin_sheet("填表说明", &[60], (0, 0))?;
    line(&mut book, &[("填表说明", 0)], Look::Title)?;
    for rule in [
        "一、救助类别可多选,用逗号分隔。",
        "二、残疾等级填大写(壹级至肆级)。",
        "三、出生年月可填公历或农历。",
    ] {
        line(&mut book, &[(rule, 0)], Look::Plain)?;
    }
    book.end_sheet(&[])?;
    book.finish()
}

/// Writes the list.
pub(super) fn write_flood(source: Source<'_>, out: impl Write + Seek) -> Result<(), WriteErrorKind> {
    let mut book = Book::new(out, false);
    book.begin_sheet("转移清单", &FLOOD_WIDTHS, (0, 2))?;
    line(&mut book, &[("示例区2026年汛期危险区域人员转移避险清单", 0)], Look::Title)?;
    headings(&mut book, &yj::COLUMNS)?;
    let mut merges = vec!["A1:R1".to_owned()];
    let (mut row, mut first_of_run) = (2, 3);
    for (place, entry) in source.rolls.yj.iter().enumerate() {
        let mut written = yj::row(source.plan, source.world, entry);
        if lies_under_merged_cell(source.world, &source.rolls.yj, place) {
            if let Some(cell) = written.cells.first_mut() {
                *cell = Cell::Absent;
            }
        } else {
            merge(&mut merges, first_of_run, row);
            first_of_run = row + 1;
        }
        row = book.row(written.cells.iter().map(|cell| (cell, flood_look(cell))))?;
    }
    merge(&mut merges, first_of_run, row);
    let note = "备注:1.房屋结构、危房等级以住建部门鉴定为准;2.夜间转移须提前告知紧急联系人。";
    line(&mut book, &[(note, 0)], Look::Note)?;
    merges.push(format!("A{0}:R{0}", row + 1));
    book.end_sheet(&merges)?;
    book.finish()
}

/// In some villages the first column is merged down over the people of one household.
pub(crate) fn lies_under_merged_cell(world: &World, entries: &[Entry], place: usize) -> bool {
    let Some(before) = place.checked_sub(1).and_then(|before| entries.get(before)) else { return false };
    entries.get(place).is_some_and(|entry| {
        let household = world.household(entry.household);
        let planted = world.person(entry.person).planted;
        // A household that moved may stand under two addresses, which one cell cannot say.
        let merges = !world.village(household.village).code.is_multiple_of(3) && household.moved.is_none();
        merges && !planted && before.household == entry.household
    })
}

fn merge(merges: &mut Vec<String>, first: u32, last: u32) {
    if last > first {
        merges.push(format!("A{first}:A{last}"));
    }
}

fn amount(cell: Option<&Cell>) -> f64 {
    match cell {
        Some(Cell::Number(number)) => *number,
        Some(Cell::Text(text)) => text.parse().unwrap_or(0.0),
        _ => 0.0,
    }
}

/// A line of texts at given columns.
fn line<W: Write + Seek>(
    book: &mut Book<W>,
    texts: &[(&str, u32)],
    look: Look,
) -> Result<u32, WriteErrorKind> {
    let last = texts.iter().map(|(_, column)| column + 1).max().unwrap_or(0);
    let cells: Vec<Cell> = (0..last)
        .map(|column| {
            let here = texts.iter().find(|(_, at)| *at == column);
            here.map_or(Cell::Absent, |(text, _)| Cell::Text((*text).to_owned()))
        })
        .collect();
    book.row(cells.iter().map(|cell| (cell, look)))
}

fn headings<W: Write + Seek>(book: &mut Book<W>, columns: &[&str]) -> Result<u32, WriteErrorKind> {
    let cells: Vec<Cell> = columns.iter().map(|column| Cell::Text((*column).to_owned())).collect();
    book.row(cells.iter().map(|cell| (cell, Look::Heading)))
}

fn relief_look(column: usize, cell: &Cell) -> Look {
    match cell {
        Cell::DateSerial(_) => Look::Date,
        Cell::Number(_) if column == mz::AMOUNT => Look::Money,
        Cell::Number(_) => Look::Whole,
        _ => Look::Text,
    }
}

fn flood_look(cell: &Cell) -> Look {
    match cell {
        Cell::Number(_) => Look::Whole,
        _ => Look::Text,
    }
}
