//! Every row of the sample files: nothing but true garbage is quarantined or left unread.
//!
//! The files lie beside the project, not in it. Where they are absent the tests say so and pass.

use crate::rows::mapping;
use rusqlite::types::ValueRef;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use yibiao_format::{Cell, Limits, Opening, Row};
use yibiao_mapping::align::{Incoming, Known, align};
use yibiao_mapping::{Identity, Mapping, SourceForm};
use yibiao_record::{Claim, ClaimFlags, ElementId};

const SYSTEMS: [&str; 6] = ["MZ", "GA", "WJ", "ZJ", "YJ", "NY"];

/// The folder of a sample, or `None` with a word on the console.
fn sample(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: the sample files {} are not on this machine", folder.display());
    None
}

fn read(mapping: &Mapping, folder: &Path) -> (Opening, Vec<Row>) {
    let source = mapping.source();
    let layout = match &source.form {
        SourceForm::Table { table, columns } => {
            return read_table(&folder.join(&source.file), table, columns);
        }
        SourceForm::File(layout) => layout,
    };
    let plain = folder.join(&source.file);
    let packed = folder.join(format!("{}.gz", source.file));
    let path = if plain.exists() { plain } else { packed };
    let mut reader = yibiao_format::open(&path, layout, Limits::default()).unwrap();
    let opening = reader.opening().clone();
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        rows.push(row.unwrap());
    }
    (opening, rows)
}

fn read_table(path: &Path, table: &str, columns: &[String]) -> (Opening, Vec<Row>) {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(path, flags).unwrap();
    let mut statement =
        database.prepare(&format!("SELECT {} FROM {table} ORDER BY rowid", columns.join(","))).unwrap();
    let cell = |value: ValueRef<'_>| match value {
        ValueRef::Null => Cell::Absent,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Number(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Blob(_) => panic!("no column holds bytes"),
    };
    let rows = statement
        .query_map([], |row| {
            (0..columns.len()).map(|at| row.get_ref(at).map(cell)).collect::<Result<Vec<_>, _>>()
        })
        .unwrap()
        .zip(1..)
        .map(|(cells, locator)| Row { locator, cells: cells.unwrap(), raw: Vec::new() })
        .collect();
    (Opening { columns: columns.to_vec(), ..Opening::default() }, rows)
}

/// Rows read, rows quarantined, and cells that did not read by column.
fn take_in(system: &str, folder: &Path) -> (usize, BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let mapping = mapping(system);
    let (opening, rows) = read(mapping, folder);
    let binding = mapping.bind(&mapping.source().file, &opening).unwrap();
    assert!(binding.warnings().is_empty(), "{system}: {:?}", binding.warnings());
    let column_of = |element: ElementId| {
        let column = mapping.columns().iter().find(|column| column.element() == element);
        column.unwrap().name().to_owned()
    };
    let (mut quarantined, mut unread) = (BTreeMap::new(), BTreeMap::new());
    for row in &rows {
        match binding.parse(row) {
            Ok(parsed) => {
                for claim in parsed.claims.iter().filter(|claim| claim.flags.has(ClaimFlags::UNPARSED)) {
                    *unread.entry(column_of(claim.element)).or_default() += 1;
                }
            }
            Err(quarantine) => *quarantined.entry(quarantine.to_string()).or_default() += 1,
        }
    }
    (rows.len(), quarantined, unread)
}

fn check(name: &str, rows: [usize; 6]) {
    let Some(folder) = sample(name) else { return };
    for (system, expected) in SYSTEMS.into_iter().zip(rows) {
        let (rows, quarantined, unread) = take_in(system, &folder);
        println!("{name} {system}: {rows} rows, quarantined {quarantined:?}, unread {unread:?}");
        assert_eq!(rows, expected, "{name} {system}");
        assert_eq!(quarantined, BTreeMap::new(), "{name} {system}");
        assert_eq!(unread, BTreeMap::new(), "{name} {system}");
    }
}

#[test]
fn every_row_of_the_small_sample_is_taken_in_and_every_cell_reads() {
    check("demo", [94, 967, 433, 186, 77, 69]);
}

#[test]
fn every_row_of_the_large_sample_is_taken_in_and_every_cell_reads() {
    check("dev_8k", [2304, 27_862, 10_161, 6711, 2405, 1543]);
}

#[test]
fn reversing_a_sample_file_and_inserting_a_row_at_its_top_rekeys_no_row() {
    let Some(folder) = sample("demo") else { return };
    for system in ["MZ", "WJ", "YJ", "NY"] {
        let mapping = mapping(system);
        let (opening, rows) = read(mapping, &folder);
        let binding = mapping.bind(&mapping.source().file, &opening).unwrap();
        let incoming: Vec<Incoming> = rows
            .iter()
            .zip(1..)
            .map(|(row, content)| match binding.parse(row).unwrap().identity {
                Identity::Columns(identity) => Incoming { identity, content },
                Identity::Key(_) => panic!("{system} has no key column"),
            })
            .collect();
        let names = mapping.identity_names();
        let first = align(&names, &[], &incoming);
        let keys: BTreeSet<_> = first.iter().map(|aligned| aligned.local.clone()).collect();
        assert_eq!(keys.len(), rows.len(), "{system}");
        let known: Vec<Known> = incoming
            .iter()
            .zip(&first)
            .map(|(row, aligned)| Known {
                local: aligned.local.clone(),
                identity: row.identity.clone(),
                written: None,
                content: row.content,
            })
            .collect();
        let new = Incoming { identity: names.iter().map(|_| "new".into()).collect(), content: 0 };
        let edited: Vec<_> = std::iter::once(new).chain(incoming.iter().rev().cloned()).collect();
        let again = align(&names, &known, &edited);
        let continued: Vec<_> = again.iter().skip(1).rev().map(|aligned| aligned.local.clone()).collect();
        assert_eq!(
            continued,
            first.iter().map(|aligned| aligned.local.clone()).collect::<Vec<_>>(),
            "{system}"
        );
        assert_eq!(again[0].known, None);
    }
}

/// Real cells of every kind against real values of every kind: each row is written with the values of a stranger.
#[test]
fn a_row_that_was_written_is_taken_in_and_not_written_again() {
    let Some(folder) = sample("demo") else { return };
    let mut values: Vec<Vec<Claim>> = Vec::new();
    for system in SYSTEMS {
        let mapping = mapping(system);
        let (opening, rows) = read(mapping, &folder);
        let binding = mapping.bind("file", &opening).unwrap();
        values.extend(rows.iter().map(|row| binding.parse(row).unwrap().claims));
    }
    for system in SYSTEMS {
        let mapping = mapping(system);
        let (opening, rows) = read(mapping, &folder);
        let binding = mapping.bind("file", &opening).unwrap();
        let mut written = 0;
        for (at, row) in rows.iter().enumerate() {
            for stranger in [at * 7 + 3, at * 11 + 500, at * 13 + 1_100] {
                let claims = &values[stranger % values.len()];
                let canonical = |element| {
                    let claim = claims.iter().find(|claim| claim.element == element && claim.is_evidence());
                    claim.map(|claim| claim.value.clone())
                };
                let mut row = row.clone();
                for edit in mapping.write(&binding.own(&row), &canonical) {
                    let place = opening.columns.iter().position(|column| *column == edit.column).unwrap();
                    row.cells[place] = edit.cell;
                    written += 1;
                }
                let parsed = binding.parse(&row).unwrap();
                assert!(parsed.claims.iter().all(|claim| !claim.flags.has(ClaimFlags::UNPARSED)), "{system}");
                let again = mapping.write(&binding.own(&row), &canonical);
                assert!(again.is_empty(), "{system} row {}: {again:?}", row.locator);
            }
        }
        assert!(written > rows.len(), "{system}: only {written} cells were written");
    }
}
