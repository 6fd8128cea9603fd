//! The rows of the invented county as departments would send them over a bus.

use serde_json::{Map, Value as Json};
use std::path::Path;
use yibiao_format::{Cell, Limits};
use yibiao_mapping::{Key, Mapping, SourceForm};
use yibiao_record::Timestamp;
use yibiao_synth::{County, Noise, Plan};

/// One message: the topic's department, the key, the row.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) system: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Every row of a county, department by department.
pub(crate) fn of_county(households: u32) -> Vec<Sent> {
    let dir = tempfile::tempdir().unwrap();
    let plan = Plan { households, seed: 7, noise: Noise::mid(), traps: true };
    County::generate(&plan).write(dir.path()).unwrap();
    Mapping::shipped().iter().flat_map(|mapping| of_system(mapping, dir.path())).collect()
}

fn of_system(mapping: &Mapping, dir: &Path) -> Vec<Sent> {
    let path = dir.join(&mapping.source().file);
    let rows: Vec<Map<String, Json>> = match &mapping.source().form {
        SourceForm::File(layout) => {
            let mut reader = yibiao_format::open(&path, layout, Limits::default()).unwrap();
            let columns = reader.opening().columns.clone();
            let mut rows = Vec::new();
            while let Some(row) = reader.next_row().unwrap() {
                // What the file's reader cannot read, no producer sends.
                let Ok(row) = row else { continue };
                rows.push(columns.iter().cloned().zip(row.cells.iter().map(json)).collect());
            }
            rows
        }
        SourceForm::Table { table, .. } => of_table(&path, table),
    };
    let system = mapping.system().to_string();
    rows.into_iter()
        .enumerate()
        .map(|(at, row)| {
            let own = match &mapping.source().key {
                Key::Column(column) => row.get(column).and_then(Json::as_str).map(str::to_owned),
                Key::Identity(_) => None,
            };
            let key = own.unwrap_or_else(|| format!("{system}-{at}"));
            Sent { system: system.clone(), key, value: Json::Object(row).to_string() }
        })
        .collect()
}

fn json(cell: &Cell) -> Json {
    match cell {
        Cell::Absent => Json::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Number(number) => (*number).into(),
        Cell::Integer(number) => (*number).into(),
        Cell::Bool(value) => (*value).into(),
        Cell::DateSerial(days) => {
            let seconds = (days - 25_569.0) * 86_400.0;
            let at = Timestamp(format!("{seconds:.0}").parse().unwrap()).to_string();
            at.split('T').next().unwrap().into()
        }
    }
}

fn of_table(path: &Path, table: &str) -> Vec<Map<String, Json>> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let mut object = Map::new();
        for (at, column) in columns.iter().enumerate() {
            let value = match row.get_ref(at)? {
                rusqlite::types::ValueRef::Integer(number) => number.into(),
                rusqlite::types::ValueRef::Real(number) => number.into(),
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
                rusqlite::types::ValueRef::Null | rusqlite::types::ValueRef::Blob(_) => Json::Null,
            };
            object.insert(column.clone(), value);
        }
        Ok(object)
    });
    rows.unwrap().map(Result::unwrap).collect()
}
