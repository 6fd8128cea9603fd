//! The rows of files as records, and the engine that clusters them.

use super::{FILE, FlatError, Progress, Schema, Table};
use crate::{
    engine::{Engine, Input},
    features::Features,
    model::{FieldModel, Frequencies, Model},
    spec::{Condition, Effect, Field, Kind, RuleSpec, Spec},
    wording::Occurrences,
};
use std::collections::BTreeMap;
use yibiao_record::{SourceKey, SystemId};

/// The rows of files as records.
pub(super) struct Rows {
    pub(super) spec: Spec,
    pub(super) records: BTreeMap<SourceKey, Features>,
    /// Of each file, of each row: its record.
    keys: Vec<Vec<SourceKey>>,
}

impl Rows {
    pub(super) fn read(
        schema: &Schema,
        tables: &[Table<'_>],
        progress: &mut impl FnMut(Progress),
    ) -> Result<Rows, FlatError> {
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
                let (count, file) =
                    if once && !features.is_empty() { (0, None) } else { (*count, Some(file)) };
                let key = SourceKey { system, local: content_key(file, &features, count) };
                of_file.push(key.clone());
                records.insert(key, features);
            }
            keys.push(of_file);
        }
        Ok(Rows { spec, records, keys })
    }

    /// The shipped weights for so few records. A few records tell nothing of how rare values are; but a value that very
    /// many of them have, such as an office's address, does not tell its owners apart.
    pub(super) fn shipped(&self) -> Model {
        let mut model = Model::default_among(&self.spec, self.records.len());
        for (field, spec) in (0u8..).map(Field).zip(&self.spec.fields) {
            if let Some(model) = model.fields.get_mut(&spec.name) {
                let texts = self.records.values().flat_map(|record| record.values(field));
                model.frequencies = Some(Frequencies::count(texts).hubs());
            }
        }
        model
    }

    /// An engine that holds the records.
    pub(super) fn engine(
        &self,
        model: Model,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Engine, FlatError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (spec, model) = part_files(self.spec.clone(), model);
        let mut engine = Engine::new(spec, model)?.with_threads(threads);
        progress(Progress::Comparing(self.records.len()));
        let inputs = self.records.iter();
        engine.apply(inputs.map(|(key, features)| Input::Upsert(key.clone(), features.clone())).collect());
        Ok(engine)
    }

    /// Of each file, of each row: its cluster, from 1 in the order of first rows.
    pub(super) fn number_clusters(&self, engine: &Engine) -> Vec<Vec<u64>> {
        let mut numbers: BTreeMap<u32, u64> = BTreeMap::new();
        let mut number = |key: &SourceKey| {
            let record = engine.find(key).expect("invariant: every row was upserted");
            let next = u64::try_from(numbers.len()).unwrap_or(u64::MAX) + 1;
            *numbers.entry(engine.head(record)).or_insert(next)
        };
        self.keys.iter().map(|of_file| of_file.iter().map(&mut number).collect()).collect()
    }
}

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
