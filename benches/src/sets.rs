//! The data sets with truth, which lie beside the project and are no part of it.

use crate::score::{Record, Score, score};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use yibiao_format::{Cell, Layout, Limits};
use yibiao_record::{EntityKind, SourceKey};
use yibiao_resolve::flat::{self, Schema, Table, Weights};
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
    let scored = Scored { score: score(&truth, &clusters, None), reviews: world.reviews(kind).len() };
    Ok((scored, clusters))
}

/// Where the truth of a flat set stands.
#[derive(Clone, Copy, Debug)]
pub enum Truth {
    /// In a column of the files; rows where it is empty are not scored.
    Column(&'static str),
    /// In `truth.csv`: record and entity.
    File,
    /// In a file of pairs, one row of each of two files; only pairs between these are scored.
    Pairs {
        /// The file.
        file: &'static str,
        /// Its columns: the row of the first file, and of the second.
        columns: [&'static str; 2],
    },
    /// In a file of columns `DATA_SOURCE`, `RECORD_ID` and `CLUSTER_ID`.
    Sources(&'static str),
}

/// A flat set: its files, the schema that says what their columns mean, and the truth.
#[derive(Clone, Copy, Debug)]
pub struct FlatSet {
    /// Its folder.
    pub name: &'static str,
    /// What its entities are.
    pub entity: &'static str,
    /// Its schema, among the examples.
    pub schema: &'static str,
    /// Its files.
    pub files: &'static [&'static str],
    /// Where the truth stands.
    pub truth: Truth,
}

impl FlatSet {
    /// Resolves the set as `yibiao resolve` does, and scores it.
    pub fn run(&self, folder: &Path) -> Result<(Scored, BTreeMap<Record, u64>, Weights), Failure> {
        let schema = project().join("schemas/examples").join(self.schema);
        let schema = Schema::parse(&std::fs::read_to_string(schema)?)?;
        let mut sheets = Vec::new();
        for file in self.files {
            sheets.push((stem(file), Sheet::read(&folder.join(file))?));
        }
        let tables: Vec<Table<'_>> =
            sheets.iter().map(|(_, sheet)| Table { header: &sheet.header, rows: &sheet.rows }).collect();
        let resolved = flat::resolve(&schema, &tables, None, |_| {})?;
        let mut clusters = BTreeMap::new();
        for ((file, sheet), numbers) in sheets.iter().zip(&resolved.clusters) {
            let keys = self.keys(&schema, sheet)?;
            clusters
                .extend(keys.into_iter().zip(numbers).map(|(key, number)| ((file.clone(), key), *number)));
        }
        let truth = self.truth(folder, &schema, &sheets)?;
        let between = match (self.truth, sheets.as_slice()) {
            (Truth::Pairs { .. }, [(one, _), (other, _)]) => Some((&**one, &**other)),
            _ => None,
        };
        let scored = Scored { score: score(&truth, &clusters, between), reviews: resolved.reviews };
        Ok((scored, clusters, resolved.weights))
    }

    fn truth(
        &self,
        folder: &Path,
        schema: &Schema,
        sheets: &[(Box<str>, Sheet)],
    ) -> Result<BTreeMap<Record, Box<str>>, Failure> {
        let mut truth = BTreeMap::new();
        match self.truth {
            Truth::Column(column) => {
                for (file, sheet) in sheets {
                    let keys = self.keys(schema, sheet)?;
                    let known =
                        keys.into_iter().zip(sheet.column(column)?).filter(|(_, entity)| !entity.is_empty());
                    truth.extend(known.map(|(key, entity)| ((file.clone(), key), Box::from(entity))));
                }
            }
            Truth::File => {
                let file = self.files.first().map(|file| stem(file)).unwrap_or_default();
                let sheet = Sheet::read(&folder.join("truth.csv"))?;
                let known = sheet.column("record_id")?.into_iter().zip(sheet.column("entity_id")?);
                truth.extend(known.map(|(key, entity)| ((file.clone(), Box::from(key)), Box::from(entity))));
            }
            Truth::Sources(file) => {
                let sheet = Sheet::read(&folder.join(file))?;
                let keys = sheet.column("DATA_SOURCE")?.into_iter().zip(sheet.column("RECORD_ID")?);
                let named = keys.map(|(source, key)| (source.to_lowercase().into(), Box::from(key)));
                truth.extend(named.zip(sheet.column("CLUSTER_ID")?.into_iter().map(Box::from)));
            }
            Truth::Pairs { file, columns: [one, other] } => {
                let sheet = Sheet::read(&folder.join(file))?;
                let pairs = sheet.column(one)?.into_iter().zip(sheet.column(other)?);
                return self.joined(schema, sheets, &pairs.collect::<Vec<_>>());
            }
        }
        Ok(truth)
    }

    /// The entities that pairs of rows of two files make.
    fn joined(
        &self,
        schema: &Schema,
        sheets: &[(Box<str>, Sheet)],
        pairs: &[(&str, &str)],
    ) -> Result<BTreeMap<Record, Box<str>>, Failure> {
        let mut entities: BTreeMap<Record, usize> = BTreeMap::new();
        for (file, sheet) in sheets {
            for key in self.keys(schema, sheet)? {
                entities.insert((file.clone(), key), entities.len());
            }
        }
        let [(one, _), (other, _)] = sheets else { return Err("pairs are of two files".into()) };
        for (left, right) in pairs {
            let of = |file: &str, key: &str| entities.get(&(file.into(), key.into())).copied();
            let (Some(left), Some(right)) = (of(one, left), of(other, right)) else {
                return Err(format!("{} lacks a row that its truth names", self.name).into());
            };
            entities.values_mut().filter(|entity| **entity == right).for_each(|entity| *entity = left);
        }
        Ok(entities.into_iter().map(|(record, entity)| (record, entity.to_string().into())).collect())
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
