//! De-duplicates flat files: a schema says what the columns mean; keys, weights and frequencies come from the set.
//!
//! **Invariant:** the clusters are a function of the set of rows: their order changes nothing.

use crate::{
    engine::{Engine, Input, Statistics},
    features::Features,
    normalise::{DateOrder, normalise},
    plan::SpecError,
    spec::{Cuts, Field, FieldSpec, KeyExpressionError, Kind, Spec},
    train::{self, Trained},
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
            let group = field.group.clone().or_else(|| usual_group(field.is).map(Into::into));
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
        Ok(Spec { cuts: self.cuts.unwrap_or(CUTS), ..Spec::new(fields, keys) })
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

/// What tells where somebody lives agrees for a whole household: it counts once.
fn usual_group(kind: Kind) -> Option<&'static str> {
    matches!(kind, Kind::Address | Kind::Postcode | Kind::Place | Kind::Phone).then_some("home")
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
    let mut records: Vec<(SourceKey, Features)> = Vec::new();
    for (file, table) in tables.iter().enumerate() {
        let mut seen: BTreeMap<Features, u64> = BTreeMap::new();
        for row in table.rows {
            let features = schema.features(table.header, row);
            // Keys by content: the place of a row must not decide a tie.
            let count = seen.entry(features.clone()).and_modify(|count| *count += 1).or_insert(0);
            let local = content_key(file, &features, *count);
            records.push((SourceKey { system, local }, features));
        }
    }
    progress(Progress::Training);
    let sets: Vec<&Features> = records.iter().map(|(_, features)| features).collect();
    let trained = train::train(&spec, &sets, train::SEED)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut engine = Engine::new(spec, trained.model.clone())?.with_threads(threads);
    progress(Progress::Comparing(records.len()));
    engine
        .apply(records.iter().map(|(key, features)| Input::Upsert(key.clone(), features.clone())).collect());
    let clusters = number_clusters(&engine, &records, tables);
    Ok(Flat { clusters, trained, statistics: engine.statistics(), reviews: engine.review_count() })
}

fn content_key(file: usize, features: &Features, count: u64) -> Box<str> {
    let mut hash = 0;
    for (field, text) in &features.0 {
        hash = crate::hash::join(crate::hash::join(hash, u64::from(field.0)), crate::hash::text(text));
    }
    format!("{hash:016x}-{count}-{file}").into()
}

fn number_clusters(
    engine: &Engine,
    records: &[(SourceKey, Features)],
    tables: &[Table<'_>],
) -> Vec<Vec<u64>> {
    let mut numbers: BTreeMap<u32, u64> = BTreeMap::new();
    let mut keys = records.iter().map(|(key, _)| key);
    let mut number = |key: &SourceKey| {
        let record = engine.find(key).expect("invariant: every row was upserted");
        let next = u64::try_from(numbers.len()).unwrap_or(u64::MAX) + 1;
        *numbers.entry(engine.head(record)).or_insert(next)
    };
    tables.iter().map(|table| keys.by_ref().take(table.rows.len()).map(&mut number).collect()).collect()
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
