//! Resolves a folder of the six departments' files and writes the clusters for the scorer:
//! `accuracy_departments FOLDER CLUSTERS.csv [PERSON_MODEL.yaml]`.
//!
//! No store, no feed: format, mapping and resolver only, so that a change of a weight can be judged in seconds.

use rusqlite::types::ValueRef;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;
use yibiao_format::{Cell, Limits, Opening, Row, cells_json};
use yibiao_mapping::{Identity, Mapping, SourceForm};
use yibiao_record::{Claim, EntityKind, Op, SourceKey, Submission, SubmissionSeq};
use yibiao_resolve::file::ModelFile;
use yibiao_resolve::world::{Settings, World, WorldInput};

type Failure = Box<dyn Error>;

/// Rows are given to the world in batches of so many.
const BATCH: usize = 1_024;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("name the folder with the six files")?;
    let out = arguments.next().ok_or("name the file to write")?;
    let mut settings = Settings::shipped();
    if let Some(model) = arguments.next() {
        settings.person = ModelFile::parse_yaml(&std::fs::read_to_string(model)?)?;
    }
    let started = Instant::now();
    let mut submissions = Vec::new();
    for mapping in Mapping::shipped() {
        read(mapping, &folder, &mut submissions)?;
    }
    let read_s = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let mut world = World::new(settings)?;
    for batch in submissions.chunks(BATCH) {
        let inputs: Vec<WorldInput<'_>> =
            batch.iter().map(|submission| WorldInput::Record { submission }).collect();
        world.apply(&inputs);
    }
    let resolve_s = started.elapsed().as_secs_f64();
    write_clusters(&world, &submissions, &out)?;
    for kind in [EntityKind::Dwelling, EntityKind::Household] {
        write_facets(&world, kind, &out.with_extension(format!("{}.csv", kind.name())))?;
    }
    report(&world, submissions.len(), read_s, resolve_s);
    Ok(())
}

fn find(folder: &Path, file: &str) -> Result<PathBuf, Failure> {
    let plain = folder.join(file);
    let packed = folder.join(format!("{file}.gz"));
    [plain, packed].into_iter().find(|path| path.exists()).ok_or_else(|| format!("there is no {file}").into())
}

fn read(mapping: &Mapping, folder: &Path, submissions: &mut Vec<Submission>) -> Result<(), Failure> {
    let source = mapping.source();
    let path = find(folder, &source.file)?;
    let mut last: BTreeMap<Box<str>, Vec<Claim>> = BTreeMap::new();
    let mut refused = 0;
    let mut take = |opening: &Opening, rows: &mut dyn FnMut() -> Result<Option<Row>, Failure>| {
        let binding = mapping.bind(&source.file, opening)?;
        while let Some(row) = rows()? {
            let Ok(parsed) = binding.parse(&row) else {
                refused += 1;
                continue;
            };
            let local: Box<str> = match parsed.identity {
                Identity::Key(key) => key,
                Identity::Columns(_) => row.locator.to_string().into(),
            };
            let claims = match (parsed.op, parsed.claims.is_empty()) {
                (Op::Upsert, _) | (_, false) => parsed.claims,
                _ => last.get(&local).cloned().unwrap_or_default(),
            };
            last.insert(local.clone(), claims.clone());
            submissions.push(Submission {
                seq: SubmissionSeq(u64::try_from(submissions.len())? + 1),
                key: SourceKey { system: mapping.system(), local },
                op: parsed.op,
                version: parsed.version,
                observed_at: parsed.observed_at,
                claims,
                raw: Box::default(),
            });
        }
        Ok::<(), Failure>(())
    };
    match &source.form {
        SourceForm::File(layout) => {
            let mut reader = yibiao_format::open(&path, layout, Limits::default())?;
            let opening = reader.opening().clone();
            take(&opening, &mut || {
                loop {
                    match reader.next_row()? {
                        Some(Ok(row)) => return Ok(Some(row)),
                        Some(Err(_)) => {}
                        None => return Ok(None),
                    }
                }
            })?;
        }
        SourceForm::Table { table, columns } => {
            let connection =
                rusqlite::Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let mut statement = connection.prepare(&format!("SELECT {} FROM {table}", columns.join(",")))?;
            let opening = Opening { columns: columns.clone(), ..Opening::default() };
            let mut rows = statement.query([])?;
            let mut locator = 0;
            take(&opening, &mut || {
                let Some(row) = rows.next()? else { return Ok(None) };
                let cells = (0..columns.len())
                    .map(|at| Ok(cell(row.get_ref(at)?)))
                    .collect::<Result<Vec<_>, Failure>>()?;
                locator += 1;
                Ok(Some(Row { locator, raw: cells_json(&cells), cells }))
            })?;
        }
    }
    if refused > 0 {
        eprint(&format!("{}: {refused} rows refused", mapping.system()));
    }
    Ok(())
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Cell::Absent,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Number(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
    }
}

fn write_clusters(world: &World, submissions: &[Submission], out: &Path) -> Result<(), Failure> {
    let mut text = String::from("department,local_key,cluster_id\n");
    let mut keys: Vec<&SourceKey> = submissions.iter().map(|submission| &submission.key).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        if let Some(entity) = world.entity_of(EntityKind::Person, key) {
            writeln!(text, "{},{},{entity}", key.system, key.local)?;
        }
    }
    std::fs::write(out, text)?;
    Ok(())
}

/// Houses and households, each as its department numbers it (a row that speaks of a house without number: the row).
fn write_facets(world: &World, kind: EntityKind, out: &Path) -> Result<(), Failure> {
    let mut text = String::from("department,local_key,cluster_id\n");
    for entity in world.entities(kind) {
        for key in world.members(entity) {
            writeln!(text, "{},{},{entity}", key.system, key.local)?;
        }
    }
    std::fs::write(out, text)?;
    Ok(())
}

fn report(world: &World, rows: usize, read_s: f64, resolve_s: f64) {
    eprint(&format!("{rows} rows read in {read_s:.2} s, resolved in {resolve_s:.2} s"));
    for kind in EntityKind::ALL {
        let statistics = world.engine(kind).statistics();
        let reviews = world.reviews(kind);
        let asked: std::collections::BTreeSet<&SourceKey> =
            reviews.iter().flat_map(|review| review.left.iter().min_by_key(|_| review.left.len())).collect();
        eprint(&format!(
            "{}: {} records, {} entities, {} review tasks over {} clusters; {} candidates, {} edges, {} blocks, {} over the cap",
            kind.name(),
            statistics.records,
            world.entities(kind).count(),
            reviews.len(),
            asked.len(),
            statistics.candidates,
            statistics.edges,
            statistics.blocks,
            statistics.capped_blocks,
        ));
    }
}

#[expect(clippy::print_stderr, reason = "a benchmark tells its figures to the terminal")]
fn eprint(text: &str) {
    eprintln!("{text}");
}
