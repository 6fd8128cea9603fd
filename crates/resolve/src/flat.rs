//! De-duplicates flat files: a schema says what the columns mean; keys, weights and frequencies come from the set.
//!
//! **Invariant:** the clusters are a function of the set of rows: their order changes nothing.

use crate::{
    engine::{Engine, Input, Statistics},
    features::Features,
    model::{FieldModel, Model},
    normalise::{DateOrder, normalise},
    plan::SpecError,
    spec::{Condition, Cuts, Effect, Field, FieldSpec, KeyExpressionError, Kind, RuleSpec, Spec},
    train::{self, Trained},
    wording::Occurrences,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yibiao_record::{SourceKey, SystemId};

/// What the columns of a file mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The column that names a row; without it rows are named by their number, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_key: Option<Box<str>>,
    /// What is compared.
    pub fields: Vec<SchemaField>,
    /// No file names an entity twice: rows of one file are never joined.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clean_files: bool,
    /// Cuts other than the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuts: Option<Cuts>,
}

/// One meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaField {
    /// What it means.
    pub is: Kind,
    /// The columns that hold it. A file may lack some of them; the texts of those that it has are joined by a space.
    pub columns: Vec<Box<str>>,
    /// Which part of a date comes first where a text does not tell.
    #[serde(default)]
    pub date_order: DateOrder,
    /// Fields of one group count once. Without it, all that tell where somebody lives are one group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<str>>,
}

/// A schema that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is not of the right form.
    #[error("cannot read the schema")]
    Form(#[source] Box<serde_saphyr::Error>),
    /// A field without columns.
    #[error("field {0} of the schema names no column")]
    NoColumn(usize),
    /// No field.
    #[error("the schema names no field")]
    NoField,
}

/// Rows that cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum FlatError {
    /// No file has any of a field's columns.
    #[error("no file has the column {0:?}")]
    MissingColumn(Box<str>),
    /// A file lacks the column that names its rows.
    #[error("file {file} lacks the row key column {column:?}")]
    MissingKey {
        /// The file's place among the files, from 1.
        file: usize,
        /// The column.
        column: Box<str>,
    },
    /// The keys made of the schema cannot be read.
    #[error("cannot make blocking keys from the schema")]
    Key(#[from] KeyExpressionError),
    /// The spec made of the schema cannot be used.
    #[error("cannot use the schema's fields")]
    Spec(#[from] SpecError),
}

/// A file: its header and its rows.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The columns' names.
    pub header: &'a [String],
    /// The rows; a short row lacks its last cells.
    pub rows: &'a [Vec<String>],
}

/// What [`resolve`] is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Reading the cells of that many rows.
    Reading(usize),
    /// Learning weights.
    Training,
    /// That many rows are compared.
    Comparing(usize),
}

/// The clusters of flat files.
#[derive(Clone, Debug, PartialEq)]
pub struct Flat {
    /// Of each file, of each row: its cluster, from 1 in the order of first rows.
    pub clusters: Vec<Vec<u64>>,
    /// What was learnt.
    pub trained: Trained,
    /// Counts.
    pub statistics: Statistics,
    /// Pairs of clusters that a person should look at.
    pub reviews: usize,
}

impl Schema {
    /// Reads a schema.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let schema: Schema =
            serde_saphyr::from_str(text).map_err(|error| SchemaError::Form(Box::new(error)))?;
        if schema.fields.is_empty() {
            return Err(SchemaError::NoField);
        }
        match schema.fields.iter().position(|field| field.columns.is_empty()) {
            Some(at) => Err(SchemaError::NoColumn(at + 1)),
            None => Ok(schema),
        }
    }

    /// What is compared, and by which keys candidates are found.
    pub fn spec(&self) -> Result<Spec, KeyExpressionError> {
        let mut fields: Vec<FieldSpec> = Vec::new();
        for (at, field) in self.fields.iter().enumerate() {
            let usual = usual_group(field.is, self.is_of_people());
            let group = field.group.clone().or_else(|| usual.map(Into::into));
            fields.push(FieldSpec { group, ..FieldSpec::new(&format!("f{at}"), field.is) });
        }
        let name_of =
            |kind: Kind| fields.iter().find(|field| field.kind == kind).map(|field| field.name.clone());
        if let Some(family) = name_of(Kind::FamilyName)
            && let Some(given) = fields.iter_mut().find(|field| field.kind == Kind::GivenName)
        {
            given.swaps_with = Some(family);
        }
        // Names written in each other's column meet by the words of both.
        if self.both_names().is_some() {
            fields.push(FieldSpec { compared: false, ..FieldSpec::new("names", Kind::FullName) });
        }
        let keys = crate::keys::keys(&fields)?;
        let mut spec = Spec { cuts: self.cuts.unwrap_or(CUTS), ..Spec::new(fields, keys) };
        if self.clean_files {
            // Two rows of a file may both fit one of another: the better must be seen to be better.
            spec.cuts.ceiling = spec.cuts.ceiling.max(CEILING_CLEAN);
            spec.fields.push(FieldSpec { compared: false, ..FieldSpec::new(FILE, Kind::Code) });
        }
        Ok(spec)
    }

    /// Whether a field is the name of a person.
    fn is_of_people(&self) -> bool {
        let names = [Kind::GivenName, Kind::FamilyName, Kind::FullName, Kind::HanName];
        self.fields.iter().any(|field| names.contains(&field.is))
    }

    fn features(&self, header: &[String], row: &[String]) -> Features {
        let mut features = Features::new();
        for (at, field) in self.fields.iter().enumerate() {
            let cells = field.columns.iter().filter_map(|column| {
                let at = header.iter().position(|name| **name == **column)?;
                row.get(at).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
            });
            let text = cells.collect::<Vec<_>>().join(" ");
            if let (Some(text), Ok(at)) = (normalise(field.is, &text, field.date_order), u8::try_from(at)) {
                features.push(Field(at), text);
            }
        }
        if let Some((given, family)) = self.both_names()
            && let Ok(at) = u8::try_from(self.fields.len())
        {
            let names: Vec<&str> = features.values(given).chain(features.values(family)).collect();
            let names = names.join(" ");
            features.push(Field(at), names);
        }
        features
    }

    /// The given and the family name, where the schema has both and no full name.
    fn both_names(&self) -> Option<(Field, Field)> {
        let of = |kind: Kind| {
            let at = self.fields.iter().position(|field| field.is == kind)?;
            u8::try_from(at).ok().map(Field)
        };
        if of(Kind::FullName).is_some() { None } else { of(Kind::GivenName).zip(of(Kind::FamilyName)) }
    }
}

/// The cuts of flat files. An average holds pairs that have little in common to compare, which weigh as little as the
/// prior; so clusters merge somewhat below even odds, and the band below that is for a person to look at.
const CUTS: Cuts =
    Cuts { weak: -2_000, review: -6_000, auto: -2_000, margin: 0, floor: -12_000, ceiling: 14_000 };

/// No pair weighs more where a row has at most one partner in each other file.
const CEILING_CLEAN: i32 = 60_000;

/// What tells where somebody lives agrees for a whole household: it counts once. A phone is a household's, but not the
/// house's where what stands in it are no people.
fn usual_group(kind: Kind, of_people: bool) -> Option<&'static str> {
    let home = matches!(kind, Kind::Address | Kind::Postcode | Kind::Place);
    (home || (of_people && kind == Kind::Phone)).then_some("home")
}

/// Clusters the rows of files.
pub fn resolve(
    schema: &Schema,
    tables: &[Table<'_>],
    mut progress: impl FnMut(Progress),
) -> Result<Flat, FlatError> {
    check_columns(schema, tables)?;
    let spec = schema.spec()?;
    progress(Progress::Reading(tables.iter().map(|table| table.rows.len()).sum()));
    let system = SystemId::new("flat").expect("invariant: a good system name");
    let occurrences = occurrences(schema, tables);
    // Rows of people that say the same may be of two; other rows that say the same are of one.
    let once = !schema.clean_files && !schema.is_of_people();
    let mut records: BTreeMap<SourceKey, Features> = BTreeMap::new();
    let mut keys: Vec<Vec<SourceKey>> = Vec::new();
    for (file, table) in tables.iter().enumerate() {
        let mut seen: BTreeMap<Features, u64> = BTreeMap::new();
        let mut of_file = Vec::with_capacity(table.rows.len());
        for row in table.rows {
            let mut features = schema.features(table.header, row);
            weigh_words(&mut features, &occurrences);
            if let Some(field) = spec.field(FILE) {
                features.push(field, file.to_string());
            }
            // Keys by content: the place of a row must not decide a tie.
            let count = seen.entry(features.clone()).and_modify(|count| *count += 1).or_insert(0);
            let (count, file) = if once && !features.is_empty() { (0, None) } else { (*count, Some(file)) };
            let key = SourceKey { system, local: content_key(file, &features, count) };
            of_file.push(key.clone());
            records.insert(key, features);
        }
        keys.push(of_file);
    }
    progress(Progress::Training);
    let sets: Vec<&Features> = records.values().collect();
    let trained = train::train(&spec, &sets, train::SEED)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (spec, model) = part_files(spec, trained.model.clone());
    let mut engine = Engine::new(spec, model)?.with_threads(threads);
    progress(Progress::Comparing(records.len()));
    engine
        .apply(records.iter().map(|(key, features)| Input::Upsert(key.clone(), features.clone())).collect());
    let clusters = number_clusters(&engine, &keys);
    Ok(Flat { clusters, trained, statistics: engine.statistics(), reviews: engine.review_count() })
}

/// The field that holds a row's file, where files name no entity twice.
pub(crate) const FILE: &str = "file";

/// Lets no two rows of one file be together. Only now: what is learnt should not know of files.
fn part_files(mut spec: Spec, mut model: Model) -> (Spec, Model) {
    if let Some(file) = spec.fields.iter_mut().find(|field| &*field.name == FILE) {
        file.compared = true;
        model.fields.insert(FILE.into(), FieldModel::from_shares(Kind::Code, [(0.5, 0.5); 2]));
        let same = Condition { field: FILE.into(), levels: vec!["exact".into()] };
        spec.rules.push(RuleSpec { when: vec![same], effect: Effect::Part });
    }
    (spec, model)
}

/// Of each field that is compared by its words, in how many rows each word occurs.
fn occurrences(schema: &Schema, tables: &[Table<'_>]) -> BTreeMap<Field, Occurrences> {
    let mut occurrences: BTreeMap<Field, Occurrences> = BTreeMap::new();
    for (at, field) in (0u8..).zip(&schema.fields) {
        if matches!(field.is, Kind::Organisation | Kind::Text) {
            occurrences.insert(Field(at), Occurrences::default());
        }
    }
    if occurrences.is_empty() {
        return occurrences;
    }
    for table in tables {
        for row in table.rows {
            for (field, text) in &schema.features(table.header, row).0 {
                if let Some(seen) = occurrences.get_mut(field) {
                    seen.note(text);
                }
            }
        }
    }
    occurrences
}

/// Puts its weight behind each word of texts that are compared by their words.
fn weigh_words(features: &mut Features, occurrences: &BTreeMap<Field, Occurrences>) {
    for (field, text) in &mut features.0 {
        if let Some(seen) = occurrences.get(field) {
            *text = seen.weigh(text).into();
        }
    }
}

fn content_key(file: Option<usize>, features: &Features, count: u64) -> Box<str> {
    let mut hash = 0;
    for (field, text) in &features.0 {
        hash = crate::hash::join(crate::hash::join(hash, u64::from(field.0)), crate::hash::text(text));
    }
    let file = file.map(|file| file.to_string()).unwrap_or_default();
    format!("{hash:016x}-{count}-{file}").into()
}

fn number_clusters(engine: &Engine, keys: &[Vec<SourceKey>]) -> Vec<Vec<u64>> {
    let mut numbers: BTreeMap<u32, u64> = BTreeMap::new();
    let mut number = |key: &SourceKey| {
        let record = engine.find(key).expect("invariant: every row was upserted");
        let next = u64::try_from(numbers.len()).unwrap_or(u64::MAX) + 1;
        *numbers.entry(engine.head(record)).or_insert(next)
    };
    keys.iter().map(|of_file| of_file.iter().map(&mut number).collect()).collect()
}

fn check_columns(schema: &Schema, tables: &[Table<'_>]) -> Result<(), FlatError> {
    for field in &schema.fields {
        let has = |column: &str| tables.iter().any(|table| table.header.iter().any(|name| name == column));
        if !field.columns.iter().any(|column| has(column)) {
            return Err(FlatError::MissingColumn(field.columns.first().cloned().unwrap_or_default()));
        }
    }
    if let Some(column) = &schema.row_key {
        for (at, table) in tables.iter().enumerate() {
            if !table.header.iter().any(|name| **name == **column) {
                return Err(FlatError::MissingKey { file: at + 1, column: column.clone() });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
