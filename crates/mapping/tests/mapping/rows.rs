//! Rows of the six files, built from the cells that matter.

use yibiao_format::{Cell, Opening, Row};
use yibiao_mapping::{Identity, Mapping, Parsed, Quarantine};
use yibiao_record::{Claim, ElementId, SystemId, Value};
use yibiao_schema::Dictionary;

pub(crate) fn mapping(system: &str) -> &'static Mapping {
    Mapping::of_system(SystemId::new(system).unwrap()).unwrap()
}

pub(crate) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// An edition with all columns of the mapping, those that `cells` name, and a title and attribute with a time.
pub(crate) fn edition(system: &str, cells: &[(&str, Cell)]) -> (Opening, Row) {
    let mut columns: Vec<String> =
        mapping(system).columns().iter().map(|column| column.name().to_owned()).collect();
    for (name, _) in cells {
        if !columns.iter().any(|column| column == name) {
            columns.push((*name).to_owned());
        }
    }
    let cell = |column: &String| {
        cells.iter().find(|(name, _)| name == column).map_or(Cell::Absent, |(_, cell)| cell.clone())
    };
    let row = Row { locator: 1, cells: columns.iter().map(cell).collect(), raw: Vec::new() };
    let opening = Opening {
        columns,
        titles: vec!["示例区2026年10月".to_owned()],
        attributes: vec![("导出时间".to_owned(), "2026-10-31T09:00:00+08:00".to_owned())],
    };
    (opening, row)
}

pub(crate) fn try_parse(system: &str, cells: &[(&str, Cell)]) -> Result<Parsed, Quarantine> {
    let mut cells = cells.to_vec();
    let mut default = |name: &'static str, cell: Cell| {
        if !cells.iter().any(|(column, _)| *column == name) {
            cells.push((name, cell));
        }
    };
    match system {
        "GA" => {
            default("op", text("I"));
            default("person_key", text("RK00000001"));
            default("更新时间", text("2026-01-01T00:00:00+08:00"));
            default("注销原因", Cell::Absent);
        }
        "WJ" => default("随访日期", text("20260915")),
        "ZJ" => default("house_code", text("ZJ-99-000001")),
        _ => {}
    }
    let (opening, row) = edition(system, &cells);
    mapping(system).bind("file", &opening).unwrap().parse(&row)
}

pub(crate) fn parse(system: &str, cells: &[(&str, Cell)]) -> Parsed {
    try_parse(system, cells).unwrap()
}

pub(crate) fn element(id: &str) -> ElementId {
    Dictionary::shipped().by_id(id).unwrap().number
}

pub(crate) fn claim<'row>(parsed: &'row Parsed, id: &str) -> Option<&'row Claim> {
    parsed.claims.iter().find(|claim| claim.element == element(id))
}

pub(crate) fn value(parsed: &Parsed, id: &str) -> Value {
    claim(parsed, id).unwrap_or_else(|| panic!("no claim for {id}")).value.clone()
}

/// The identity columns' texts.
pub(crate) fn identity(parsed: &Parsed) -> Vec<&str> {
    match &parsed.identity {
        Identity::Columns(columns) => columns.iter().map(|column| &**column).collect(),
        Identity::Key(key) => vec![key],
    }
}
