//! De-duplicates flat files: a schema says what the columns mean; keys, weights and frequencies come from the set.
//!
//! **Invariant:** the clusters are a function of the set of rows: their order changes nothing.

mod cautious;
mod rows;

use crate::{
    engine::Statistics,
    features::Features,
    model::Model,
    normalise::{DateOrder, normalise},
    plan::SpecError,
    spec::{Cuts, Field, FieldSpec, KeyExpressionError, Kind, Spec},
    train::{self, Implausible, Trained, Training},
};
use rows::Rows;
use serde::{Deserialize, Serialize};

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
    /// The model.
    pub weights: Weights,
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

/// The model by which files were clustered.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// Learnt from the files.
    Learnt(Trained),
    /// The shipped default: there is too little to learn from.
    Shipped(Trained),
    /// Given by the caller.
    Given,
}

impl Weights {
    /// What was learnt, used or not.
    pub fn trained(&self) -> Option<&Trained> {
        match self {
            Weights::Learnt(trained) | Weights::Shipped(trained) => Some(trained),
            Weights::Given => None,
        }
    }
}

/// Clusters the rows of files, by a model for the schema's spec where one is given, else by one that is learnt.
pub fn resolve(
    schema: &Schema,
    tables: &[Table<'_>],
    given: Option<&Model>,
    mut progress: impl FnMut(Progress),
) -> Result<Flat, FlatError> {
    let (rows, model, weights) = match given {
        Some(given) => (Rows::read(schema, tables, &mut progress)?, given.clone(), Weights::Given),
        None => {
            let (mut rows, trained) = learn(schema, tables, LISTED_ALL, &mut progress)?;
            if trained.findings.iter().any(Implausible::is_too_little) {
                if schema.is_of_people() {
                    rows.spec.rules.extend(cautious::rules(&rows.spec.fields));
                }
                let shipped = rows.shipped();
                (rows, shipped, Weights::Shipped(trained))
            } else {
                // Weights that look odd still fit these very rows; a file of them is refused.
                (rows, trained.model.clone(), Weights::Learnt(trained))
            }
        }
    };
    let engine = rows.engine(model, &mut progress)?;
    let clusters = rows.number_clusters(&engine);
    Ok(Flat { clusters, weights, statistics: engine.statistics(), reviews: engine.review_count() })
}

/// Learns a model for a schema from files, and measures it on them.
///
/// The model is for a file: rare values are not listed in it.
pub fn train(
    schema: &Schema,
    tables: &[Table<'_>],
    mut progress: impl FnMut(Progress),
) -> Result<(Spec, Trained), FlatError> {
    let (rows, mut trained) = learn(schema, tables, train::LISTED_MIN, &mut progress)?;
    if trained.findings.is_empty() {
        trained.made.measured = Some(rows.engine(trained.model.clone(), &mut progress)?.measure());
    }
    Ok((rows.spec, trained))
}

fn learn(
    schema: &Schema,
    tables: &[Table<'_>],
    listed_min: u64,
    progress: &mut impl FnMut(Progress),
) -> Result<(Rows, Trained), FlatError> {
    let rows = Rows::read(schema, tables, progress)?;
    progress(Progress::Training);
    let records: Vec<&Features> = rows.records.values().collect();
    let base = Model::default_among(&rows.spec, records.len());
    let training = Training {
        spec: &rows.spec,
        base: &base,
        records: &records,
        labels: &[],
        seed: train::SEED,
        listed_min,
    };
    let trained = train::train(&training)?;
    Ok((rows, trained))
}

/// Values that occur once are all alike.
const LISTED_ALL: u64 = 2;

/// The field that holds a row's file, where files name no entity twice.
pub(crate) const FILE: &str = "file";

#[cfg(test)]
mod tests;
