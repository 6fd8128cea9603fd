//! What a model does to a set of records: how its pairs weigh, what each blocking key costs and brings, which records can
//! never be joined. Counts only, no value of any record.

use crate::engine::{Engine, Input, Ruling};
use crate::features::Features;
use crate::plan::SpecError;
use crate::spec::one_a_line;
use crate::state::Worker;
use crate::train::{self, Label, Trained, Training};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a model does to a set of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The records.
    pub records: u64,
    /// Pairs that some key finds.
    pub candidates: u64,
    /// Records that weigh less than the automatic cut even with themselves: they say too little to be joined.
    pub unlinkable: u64,
    /// How many candidate pairs weigh how much, by whole bits, lightest first.
    #[serde(serialize_with = "one_a_line")]
    pub weights: Vec<Bin>,
    /// The blocking keys, in the order of the spec.
    #[serde(serialize_with = "one_a_line")]
    pub keys: Vec<KeyCost>,
}

/// Pairs of one weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// From so many bits on, up to one more.
    pub bits: i32,
    /// The pairs.
    pub pairs: u64,
}

/// What a blocking key costs and brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCost {
    /// The key.
    pub key: String,
    /// Pairs that it finds.
    pub pairs: u64,
    /// Of these, pairs that no other key finds.
    pub only: u64,
    /// Of these again, pairs that weigh at least the review cut: what would be lost without the key.
    pub only_of_weight: u64,
}

impl Engine {
    /// Learns a model from the live records and the rulings on them, and measures it on them where it is plausible.
    pub fn learn(&self, seed: u64) -> Result<Trained, SpecError> {
        let features = self.features();
        let records: Vec<&Features> = features.values().collect();
        let labels = self.rulings().filter_map(|(left, right, ruling)| {
            let (left, right) = (features.get(left)?, features.get(right)?);
            Some(Label { left, right, linked: ruling == Ruling::Link })
        });
        let labels: Vec<Label<'_>> = labels.collect();
        let (spec, base, listed_min) = (&self.spec, &self.model, train::LISTED_MIN);
        let training = Training { spec, base, records: &records, labels: &labels, seed, listed_min };
        let mut trained = train::train(&training)?;
        if trained.findings.is_empty() {
            let mut engine =
                Engine::new(self.spec.clone(), trained.model.clone())?.with_threads(self.workers.len());
            engine.apply(features.into_iter().map(|(key, features)| Input::Upsert(key, features)).collect());
            trained.made.measured = Some(engine.measure());
        }
        Ok(trained)
    }

    /// Measures the model on the live records.
    pub fn measure(&self) -> Measured {
        let cuts = self.state.plan.cuts;
        let mut measured = Measured::default();
        let cost = |key: &crate::spec::KeySpec| KeyCost {
            key: key.on.to_string(),
            pairs: 0,
            only: 0,
            only_of_weight: 0,
        };
        measured.keys = self.spec.keys.iter().map(cost).collect();
        let mut weights: BTreeMap<i32, u64> = BTreeMap::new();
        let mut worker = Worker::new(&self.state.plan);
        let live = (0u32..).zip(&self.state.slots).filter(|(_, slot)| slot.live);
        for (record, _) in live {
            measured.records += 1;
            measured.unlinkable +=
                u64::from(self.state.score(&mut worker, record, record).weight < cuts.auto);
            for (other, found_by) in self.met(record) {
                let weight = self.state.score(&mut worker, record, other).weight;
                measured.candidates += 1;
                *weights.entry(weight.div_euclid(1_000)).or_insert(0) += 1;
                for at in &found_by {
                    let Some(cost) = measured.keys.get_mut(*at) else { continue };
                    cost.pairs += 1;
                    if found_by.len() == 1 {
                        cost.only += 1;
                        cost.only_of_weight += u64::from(weight >= cuts.review);
                    }
                }
            }
        }
        measured.weights = weights.into_iter().map(|(bits, pairs)| Bin { bits, pairs }).collect();
        measured
    }

    /// The earlier records that a record meets, each with the keys by which it does.
    fn met(&self, record: u32) -> BTreeMap<u32, Vec<usize>> {
        let mut met: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let mut by_key = Vec::new();
        for (at, key) in self.state.plan.keys.iter().enumerate() {
            by_key.clear();
            self.state.blocks.candidates(key, &self.state.view(at), record, &mut by_key);
            by_key.sort_unstable();
            by_key.dedup();
            for other in by_key.iter().filter(|other| **other < record) {
                met.entry(*other).or_default().push(at);
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Features, Field, FieldSpec, Input, KeySpec, Kind, Model, Spec};
    use yibiao_record::{SourceKey, SystemId};

    #[test]
    fn each_pair_is_counted_once_and_under_every_key_that_finds_it() {
        let fields = vec![FieldSpec::new("name", Kind::FullName), FieldSpec::new("born", Kind::Date)];
        let keys = vec![KeySpec::new("name.word").unwrap(), KeySpec::new("born").unwrap()];
        let spec = Spec::new(fields, keys);
        let model = Model { prior: -4_000, ..Model::default_for(&spec) };
        let mut engine = Engine::new(spec, model).unwrap();
        let rows =
            [["ada king", "1815-12-10"], ["ada king", "1815-12-10"], ["bo lima", "1815-12-10"], ["", ""]];
        let inputs = rows.iter().enumerate().map(|(at, cells)| {
            let mut features = Features::new();
            for (field, cell) in (0..).zip(cells) {
                features.push(Field(field), *cell);
            }
            let key = SourceKey { system: SystemId::new("AA").unwrap(), local: at.to_string().into() };
            Input::Upsert(key, features)
        });
        engine.apply(inputs.collect());
        let measured = engine.measure();
        assert_eq!((measured.records, measured.candidates), (4, 3));
        assert_eq!(measured.weights.iter().map(|bin| bin.pairs).sum::<u64>(), 3);
        let cost = |at: usize| (measured.keys[at].pairs, measured.keys[at].only);
        assert_eq!((cost(0), cost(1)), ((1, 0), (3, 2)));
        // Whoever says nothing does not reach the automatic cut.
        assert_eq!(measured.unlinkable, 1);
    }
}
