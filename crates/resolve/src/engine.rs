//! The engine of one entity kind: records in, changes of the partition out.
//!
//! **Invariant:** the partition is a function of the live records, the epoch (spec and model) and the decisions in
//! force; not of order, batching or history. Dense numbers depend on arrival and order nothing: every order that can
//! show is by hash of the record key, then by the key.

use crate::{
    block::hashes,
    features::{Features, Packed},
    hash,
    model::{Epoch, Model},
    plan::{Plan, SpecError},
    regroup::regroups,
    spec::Spec,
    state::{Slot, State, View, Worker, slot_of},
};
use hashbrown::{HashMap, HashTable};
use rustc_hash::FxBuildHasher;
use std::{collections::BTreeMap, fmt};
use yibiao_record::SourceKey;

/// One input of the engine. `R` is what names a record: its key or, inside, the engine's number for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<R = SourceKey> {
    /// A record, new or in a new version.
    Upsert(R, Features),
    /// A record is no longer evidence.
    Remove(R),
    /// A steward's ruling on two records, which need not be live; it replaces an earlier one on the same two.
    Rule(R, R, Ruling),
    /// The ruling on two records no longer holds.
    TakeBack(R, R),
}

impl Input {
    fn numbered(self, mut number: impl FnMut(&SourceKey) -> u32) -> Input<u32> {
        match self {
            Input::Upsert(key, features) => Input::Upsert(number(&key), features),
            Input::Remove(key) => Input::Remove(number(&key)),
            Input::Rule(a, b, ruling) => Input::Rule(number(&a), number(&b), ruling),
            Input::TakeBack(a, b) => Input::TakeBack(number(&a), number(&b)),
        }
    }
}

/// What a steward ruled on two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// They are one entity.
    Link,
    /// They are two.
    Unlink,
}

/// A least set of clusters that became other clusters. A record that came or went is on one side only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regroup<R = SourceKey> {
    /// The clusters before, each sorted by key; sorted by their first keys.
    pub before: Vec<Vec<R>>,
    /// The clusters after, likewise.
    pub after: Vec<Vec<R>>,
}

/// Two clusters that a steward should see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The members of the one, sorted by key.
    pub left: Vec<SourceKey>,
    /// The members of the other.
    pub right: Vec<SourceKey>,
    /// The average weight between them, in thousandths of a bit.
    pub average: i32,
    /// A fixed rule asks, or forbids the merge that the weight would allow.
    pub ruled: bool,
}

/// Counts of what the engine holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Live records.
    pub records: usize,
    /// Clusters of two records or more.
    pub clusters: usize,
    /// Distinct values.
    pub values: usize,
    /// Values of blocking keys.
    pub blocks: usize,
    /// Values of blocking keys that more records share than the cap allows.
    pub capped_blocks: usize,
    /// Pairs scored as candidates since the start.
    pub candidates: u64,
    /// Pairs scored inside components since the start.
    pub component_pairs: u64,
    /// Pairs at or above the weak cut.
    pub edges: usize,
}

/// The engine. See the module.
pub struct Engine {
    pub(crate) spec: Spec,
    pub(crate) model: Model,
    pub(crate) epoch: Epoch,
    pub(crate) state: State,
    by_key: HashTable<u32>,
    /// Members of clusters of two or more, in canonical order, by head.
    pub(crate) clusters: HashMap<u32, Box<[u32]>, FxBuildHasher>,
    /// Doubts by heads, both ways; average, and whether a rule asks.
    pub(crate) doubts: BTreeMap<(u32, u32), (i32, bool)>,
    pub(crate) workers: Vec<Worker>,
    pub(crate) live: usize,
    pub(crate) statistics: Statistics,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("epoch", &self.epoch)
            .field("records", &self.live)
            .finish_non_exhaustive()
    }
}

/// What one batch has disturbed so far.
#[derive(Default)]
pub(crate) struct Disturbed {
    /// Records whose candidates may differ.
    pub(crate) dirty: Vec<u32>,
    /// Records whose edges or rulings differ.
    pub(crate) loose: Vec<u32>,
}

impl Engine {
    /// An empty engine.
    pub fn new(spec: Spec, model: Model) -> Result<Self, SpecError> {
        let plan = Plan::new(&spec, &model)?;
        Ok(Self {
            epoch: Epoch::of(&spec, &model),
            spec,
            model,
            workers: vec![Worker::new(&plan)],
            state: State::new(plan),
            by_key: HashTable::new(),
            clusters: HashMap::default(),
            doubts: BTreeMap::new(),
            live: 0,
            statistics: Statistics::default(),
        })
    }

    /// The same, scoring with so many threads. Their number changes nothing but time.
    pub fn with_threads(mut self, threads: usize) -> Self {
        let plan = &self.state.plan;
        self.workers.resize_with(threads.max(1), || Worker::new(plan));
        self
    }

    /// Takes a batch of inputs and tells how the partition changed, sorted. Of several inputs on one key the last stands.
    pub fn apply(&mut self, inputs: Vec<Input>) -> Vec<Regroup> {
        let inputs = inputs.into_iter().map(|input| input.numbered(|key| self.number(key))).collect();
        let regroups = self.apply_numbered(inputs);
        let keyed = |clusters: Vec<Vec<u32>>| clusters.iter().map(|members| self.keys(members)).collect();
        let keyed = |Regroup { before, after }| Regroup { before: keyed(before), after: keyed(after) };
        regroups.into_iter().map(keyed).collect()
    }

    /// The same, by the numbers of records.
    pub(crate) fn apply_numbered(&mut self, inputs: Vec<Input<u32>>) -> Vec<Regroup<u32>> {
        let mut disturbed = Disturbed::default();
        for input in inputs {
            self.take(input, &mut disturbed);
        }
        self.rescore(&mut disturbed);
        self.state.fresh.clear();
        let (before, after) = self.recluster(&disturbed);
        regroups(before, after, |record| self.key(record))
    }

    fn take(&mut self, input: Input<u32>, disturbed: &mut Disturbed) {
        match input {
            Input::Upsert(record, features) => {
                let packed = self.state.values.pack(&self.state.plan, &features);
                let slot = self.state.slot(record);
                if slot.live && slot.packed == packed {
                    return;
                }
                self.withdraw(record, disturbed);
                let slot = self.state.slot_mut(record);
                slot.packed = packed;
                slot.live = true;
                self.live += 1;
                self.enter(record, disturbed);
            }
            Input::Remove(record) => self.withdraw(record, disturbed),
            Input::Rule(a, b, ruling) => {
                if a != b {
                    self.state.rulings.entry(a).or_default().insert(b, ruling);
                    self.state.rulings.entry(b).or_default().insert(a, ruling);
                    disturbed.loose.extend([a, b]);
                }
            }
            Input::TakeBack(a, b) => {
                for (one, other) in [(a, b), (b, a)] {
                    if let Some(of_one) = self.state.rulings.get_mut(&one) {
                        of_one.remove(&other);
                        if of_one.is_empty() {
                            self.state.rulings.remove(&one);
                        }
                    }
                }
                disturbed.loose.extend([a, b]);
            }
        }
    }

    /// The number of a key, which is made if it is new. Numbers are dense, from 0 on, and not used again.
    pub(crate) fn number(&mut self, key: &SourceKey) -> u32 {
        let hash = hash::key(key);
        let slots = &self.state.slots;
        let same = |record: &u32| slot_of(slots, *record).key == *key;
        match self.by_key.entry(hash, same, |record| slot_of(slots, *record).hash) {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let record =
                    u32::try_from(self.state.slots.len()).expect("invariant: fewer than 2^32 records");
                vacant.insert(record);
                let (packed, edges) = (Packed::default(), Vec::new());
                self.state.slots.push(Slot {
                    key: key.clone(),
                    hash,
                    packed,
                    edges,
                    head: UNCLUSTERED,
                    live: false,
                    dirty: false,
                });
                record
            }
        }
    }

    pub(crate) fn find(&self, key: &SourceKey) -> Option<u32> {
        let same = |record: &u32| self.state.slot(*record).key == *key;
        self.by_key.find(hash::key(key), same).copied()
    }

    /// The key of a record.
    pub(crate) fn key(&self, record: u32) -> &SourceKey {
        &self.state.slot(record).key
    }

    /// The keys of records.
    pub(crate) fn keys(&self, records: &[u32]) -> Vec<SourceKey> {
        records.iter().map(|record| self.key(*record).clone()).collect()
    }

    /// Takes a live record out of the blocks.
    fn withdraw(&mut self, record: u32, disturbed: &mut Disturbed) {
        if !self.state.slot(record).live {
            return;
        }
        let State { plan, values, slots, blocks, fresh, .. } = &mut self.state;
        for (at, key) in plan.keys.iter().enumerate() {
            let view = View { plan, values, slots, key: at, fresh };
            blocks.remove(key, &view, record, &mut disturbed.dirty);
        }
        fresh.remove(&record);
        disturbed.dirty.push(record);
        // Whom a steward linked to the record hangs on no edge of it.
        disturbed.loose.extend(self.state.linked(record));
        self.state.slot_mut(record).live = false;
        self.live -= 1;
    }

    /// Enters a live record into the blocks.
    fn enter(&mut self, record: u32, disturbed: &mut Disturbed) {
        let State { plan, values, slots, blocks, fresh, .. } = &mut self.state;
        let packed = &slot_of(slots, record).packed;
        let of_keys = plan.keys.iter().enumerate().map(|key| hashes(plan, values, packed, key, 0));
        fresh.insert(record, of_keys.collect());
        for (at, key) in plan.keys.iter().enumerate() {
            let view = View { plan, values, slots, key: at, fresh };
            blocks.insert(key, &view, record, &mut disturbed.dirty);
        }
        disturbed.dirty.push(record);
    }
}

/// The head of a record that is in no cluster.
pub(crate) const UNCLUSTERED: u32 = u32::MAX;
