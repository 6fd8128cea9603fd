//! The house survey of ZJ: the database table, and its dump as the department hands it over.

use std::io::Write;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use yibiao_format::Cell;

use super::{Source, WriteErrorKind};
use crate::office::zj;

const TABLE: &str = "CREATE TABLE zj_house_survey (
  house_code     varchar(20) PRIMARY KEY,
  village_code   char(12),
  house_addr     varchar(100),
  owner_name     varchar(8),
  owner_id_card  double precision,
  phone          varchar(20),
  object_type    varchar(20),
  structure      char(1),
  built_year     smallint,
  area_m2        numeric(8,2),
  usage          varchar(10),
  safety_level   char(1),
  risk_desc      text,
  rectify_status smallint
)";

const INDEX: &str = "CREATE INDEX zj_house_survey_village ON zj_house_survey (village_code)";

const MEANINGS: [(&str, &str); 14] = [
    ("house_code", "房屋编码"),
    ("village_code", "村编码"),
    ("house_addr", "房屋地址"),
    ("owner_name", "产权人"),
    ("owner_id_card", "产权人身份证"),
    ("phone", "联系电话"),
    ("object_type", "对象类别"),
    ("structure", "结构(1砖混2土木3砖木4钢混9其他)"),
    ("built_year", "建成年份"),
    ("area_m2", "建筑面积"),
    ("usage", "用途"),
    ("safety_level", "安全等级"),
    ("risk_desc", "隐患描述"),
    ("rectify_status", "整改状态(0未整改1整改中2已整改)"),
];

/// Rows in one statement of the dump.
const ROWS_PER_STATEMENT: usize = 500;

/// Writes the dump.
pub(super) fn write_dump(source: Source<'_>, out: &mut impl Write) -> Result<(), WriteErrorKind> {
    let mut head = String::from(
        "-- 示例区住房城乡建设局 农村房屋安全排查 2026 (synthetic data)\nSET client_encoding = 'UTF8';\nBEGIN;\n",
    );
    head.push_str(&format!("DROP TABLE IF EXISTS zj_house_survey;\n{TABLE};\n"));
    for (column, meaning) in MEANINGS {
        head.push_str(&format!("COMMENT ON COLUMN zj_house_survey.{column} IS '{meaning}';\n"));
    }
    out.write_all(head.as_bytes())?;
    for surveys in source.rolls.zj.chunks(ROWS_PER_STATEMENT) {
        let mut rows = Vec::with_capacity(surveys.len());
        for survey in surveys {
            let written = zj::row(source.plan, source.world, survey);
            let cells: Vec<String> =
                zj::COLUMNS.iter().zip(&written.cells).map(|(column, cell)| literal(column, cell)).collect();
            rows.push(format!("({})", cells.join(",")));
        }
        let columns = zj::COLUMNS.join(",");
        let statement = format!("INSERT INTO zj_house_survey ({columns}) VALUES\n{};\n", rows.join(",\n"));
        out.write_all(statement.as_bytes())?;
    }
    out.write_all(format!("{INDEX};\nCOMMIT;\n").as_bytes())?;
    Ok(())
}

/// Writes the database.
pub(super) fn write_database(source: Source<'_>, path: &Path) -> Result<(), WriteErrorKind> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut database = Connection::open(path)?;
    // The file is made anew from the plan whenever it is needed: it need not survive a power failure.
    database.execute_batch(&format!("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {TABLE};"))?;
    let transaction = database.transaction()?;
    {
        let places = vec!["?"; zj::COLUMNS.len()].join(",");
        let mut insert = transaction.prepare(&format!("INSERT INTO zj_house_survey VALUES ({places})"))?;
        for survey in &source.rolls.zj {
            let written = zj::row(source.plan, source.world, survey);
            insert.execute(params_from_iter(written.cells.into_iter().map(value)))?;
        }
    }
    transaction.commit()?;
    database.execute_batch(INDEX)?;
    Ok(())
}

fn literal(column: &str, cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) if column == "area_m2" => format!("{number:.2}"),
        Cell::Number(number) if *number >= 1e15 => format!("{number:E}").replace('E', "E+"),
        Cell::Number(number) => number.to_string(),
        _ => "NULL".to_owned(),
    }
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Text(text) => Value::Text(text),
        Cell::Integer(number) => Value::Integer(number),
        Cell::Number(number) => Value::Real(number),
        _ => Value::Null,
    }
}
