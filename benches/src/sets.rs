//! The data sets with truth, which lie beside the project and are no part of it.

use crate::score::{Record, Score, score};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use yibiao_format::{Cell, Layout, Limits};
use yibiao_record::{EntityKind, SourceKey};
use yibiao_resolve::flat::{self, Schema, Table};
use yibiao_resolve::world::{Settings, World, WorldInput};
use yibiao_tests::Failure;
use yibiao_tests::departments::Folder;
use yibiao_tests::intake::Intake;

/// Rows are given to the world in batches of so many.
const BATCH: usize = 1_024;

/// How a set was resolved.
#[derive(Clone, Copy, Debug)]
pub struct Scored {
    /// Its score, automatic merges alone.
    pub score: Score,
    /// Pairs of clusters that a person should look at.
    pub reviews: usize,
}

/// The project's folder.
pub fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The folder of a data set; `None` where it is not there.
pub fn folder(set: &str) -> Option<PathBuf> {
    let folder = project().parent()?.join("shared/data").join(set);
    folder.is_dir().then_some(folder)
}

/// A CSV file with a header, read whole; the file may be packed (`.gz`).
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads a file. Every row must be readable.
    pub fn read(path: &Path) -> Result<Sheet, Failure> {
        let layout = Layout::Csv { encoding: None, separator: b',' };
        let mut reader = yibiao_format::open(path, &layout, Limits::default())?;
        let header = reader.opening().columns.clone();
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row()? {
            let row = row.map_err(|bad| format!("row {} of {} is bad", bad.locator, path.display()))?;
            rows.push(row.cells.into_iter().map(text).collect());
        }
        Ok(Sheet { header, rows })
    }

    /// The cells of a column.
    pub fn column(&self, name: &str) -> Result<Vec<&str>, Failure> {
        let at = self.header.iter().position(|column| column == name);
        let at = at.ok_or_else(|| format!("there is no column {name}"))?;
        Ok(self.rows.iter().map(|row| row.get(at).map(String::as_str).unwrap_or_default()).collect())
    }
}

fn text(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text,
        _ => String::new(),
    }
}

/// A world given the six departments' files of a folder, in file order.
pub fn departments(folder: &Folder) -> Result<World, Failure> {
    let mut intake = Intake::new(folder.versioned.clone());
    for row in &folder.rows {
        intake.take(row);
    }
    let mut world = World::new(Settings::shipped())?;
    let mut rows: Vec<_> = intake.standing().values().collect();
    rows.sort_by_key(|row| row.seq);
    for batch in rows.chunks(BATCH) {
        let inputs: Vec<WorldInput<'_>> =
            batch.iter().map(|submission| WorldInput::Record { submission }).collect();
        world.apply(&inputs);
    }
    Ok(world)
}

/// Scores the entities of a kind against the folder's truth: persons by row, households and dwellings by the numbers
/// that the departments give them. A row that was retracted has left the world, and stands alone.
pub fn score_departments(
    path: &Path,
    folder: &Folder,
    world: &World,
    kind: EntityKind,
) -> Result<(Scored, BTreeMap<Record, u64>), Failure> {
    let (file, column) = match kind {
        EntityKind::Person => ("truth_persons.csv", "true_person_id"),
        EntityKind::Household => ("truth_households.csv", "true_household_id"),
        EntityKind::Dwelling => ("truth_houses.csv", "true_house_id"),
    };
    let sheet = Sheet::read(&path.join(file))?;
    let (systems, keys) = (sheet.column("department")?, sheet.column("local_key")?);
    let names = systems.into_iter().zip(keys).map(|(system, key)| (Box::from(system), Box::from(key)));
    let truth: BTreeMap<Record, Box<str>> =
        names.zip(sheet.column(column)?).map(|(record, entity)| (record, Box::from(entity))).collect();
    let called = |member: &SourceKey| {
        let by_row = folder.called.get(member).unwrap_or(&member.local);
        (Box::from(member.system.as_str()), by_row.clone())
    };
    let mut clusters = BTreeMap::new();
    for entity in world.entities(kind) {
        for member in world.members(entity) {
            clusters.insert(called(&member), entity.number);
        }
    }
    let scored = Scored { score: score(&truth, &clusters), reviews: world.reviews(kind).len() };
    Ok((scored, clusters))
}

/// A flat set: its files, the schema that says what their columns mean, and the column that holds the truth.
#[derive(Clone, Copy, Debug)]
pub struct FlatSet {
    /// Its folder.
    pub name: &'static str,
    /// Its schema, among the examples.
    pub schema: &'static str,
    /// Its files, and the column of the truth where they hold it themselves.
    pub files: &'static [&'static str],
    /// The column of the truth that stands in the files; without it, it stands in a file of its own.
    pub truth: Option<&'static str>,
}

impl FlatSet {
    /// Resolves the set as `yibiao resolve` does, and scores it.
    pub fn run(&self, folder: &Path) -> Result<(Scored, BTreeMap<Record, u64>), Failure> {
        let schema = project().join("schemas/examples").join(self.schema);
        let schema = Schema::parse(&std::fs::read_to_string(schema)?)?;
        let mut sheets = Vec::new();
        for file in self.files {
            sheets.push((stem(file), Sheet::read(&folder.join(file))?));
        }
        let tables: Vec<Table<'_>> =
            sheets.iter().map(|(_, sheet)| Table { header: &sheet.header, rows: &sheet.rows }).collect();
        let resolved = flat::resolve(&schema, &tables, |_| {})?;
        let mut truth = BTreeMap::new();
        let mut clusters = BTreeMap::new();
        for ((file, sheet), numbers) in sheets.iter().zip(&resolved.clusters) {
            let keys = self.keys(&schema, sheet)?;
            for (key, number) in keys.iter().zip(numbers) {
                clusters.insert((file.clone(), key.clone()), *number);
            }
            if let Some(column) = self.truth {
                let known =
                    keys.into_iter().zip(sheet.column(column)?).filter(|(_, entity)| !entity.is_empty());
                truth.extend(known.map(|(key, entity)| ((file.clone(), key), Box::from(entity))));
            }
        }
        if self.truth.is_none() {
            let file = self.files.first().map(|file| stem(file)).unwrap_or_default();
            let sheet = Sheet::read(&folder.join("truth.csv"))?;
            let known = sheet.column("record_id")?.into_iter().zip(sheet.column("entity_id")?);
            truth.extend(known.map(|(key, entity)| ((file.clone(), Box::from(key)), Box::from(entity))));
        }
        Ok((Scored { score: score(&truth, &clusters), reviews: resolved.reviews }, clusters))
    }

    fn keys(&self, schema: &Schema, sheet: &Sheet) -> Result<Vec<Box<str>>, Failure> {
        match &schema.row_key {
            Some(column) => Ok(sheet.column(column)?.into_iter().map(Box::from).collect()),
            None => Ok((1..=sheet.rows.len()).map(|row| row.to_string().into()).collect()),
        }
    }
}

fn stem(file: &str) -> Box<str> {
    file.split('.').next().unwrap_or_default().into()
}
