//! The engine of one entity kind: records in, changes of the partition out.
//!
//! **Invariant:** the partition is a function of the live records, the epoch (spec and model) and the decisions in
//! force; not of order, batching or history. Dense numbers depend on arrival and order nothing: every order that can
//! show is by hash of the record key, then by the key.

use crate::{
    block::{Blocks, Records, Steps, steps},
    cluster::{self, Clustering, Matrix, mark},
    features::{Features, Packed},
    hash,
    model::{Epoch, Model},
    plan::{Plan, SpecError},
    regroup::regroups,
    score::{Scorer, Values},
    spec::{Effect, Spec},
};
use hashbrown::{HashMap, HashTable};
use rustc_hash::FxBuildHasher;
use std::{collections::BTreeMap, fmt};
use yibiao_record::SourceKey;

/// One input of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A record, new or in a new version.
    Upsert(SourceKey, Features),
    /// A record is no longer evidence.
    Remove(SourceKey),
    /// A steward's ruling on two records, which need not be live; it replaces an earlier one on the same two.
    Rule(SourceKey, SourceKey, Ruling),
    /// The ruling on two records no longer holds.
    TakeBack(SourceKey, SourceKey),
}

/// What a steward ruled on two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ruling {
    /// They are one entity.
    Link,
    /// They are two.
    Unlink,
}

/// A least set of clusters that became other clusters. A record that came or went is on one side only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regroup {
    /// The clusters before, each sorted by key; sorted.
    pub before: Vec<Vec<SourceKey>>,
    /// The clusters after, likewise.
    pub after: Vec<Vec<SourceKey>>,
}

/// What a batch of inputs changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Changes of the partition, sorted.
    pub regroups: Vec<Regroup>,
    /// Live records that the batch gave anew and whose cluster has the same members as before, sorted.
    pub touched: Vec<SourceKey>,
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
    /// Components that were split by a higher weak cut since the start, for being too large.
    pub oversized_components: u64,
}

/// A component of more records is split by raising the weak cut.
const COMPONENT_RECORDS_MAX: usize = 500;

/// By how much the weak cut rises at a time.
const WEAK_STEP: i32 = 1_000;

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) key: SourceKey,
    hash: u64,
    pub(crate) packed: Packed,
    edges: Vec<(u32, i32)>,
    /// The first record of its cluster in canonical order.
    head: u32,
    pub(crate) live: bool,
}

/// The records, as the blocks see them.
struct View<'a> {
    plan: &'a Plan,
    values: &'a Values,
    slots: &'a [Slot],
    key: usize,
}

fn slot_of(slots: &[Slot], record: u32) -> &Slot {
    usize::try_from(record).ok().and_then(|at| slots.get(at)).expect("invariant: a number of this engine")
}

fn slot_of_mut(slots: &mut [Slot], record: u32) -> &mut Slot {
    usize::try_from(record).ok().and_then(|at| slots.get_mut(at)).expect("invariant: a number of this engine")
}

impl Records for View<'_> {
    fn steps(&self, record: u32) -> Steps {
        let key = self.plan.keys.get(self.key).expect("invariant: a key of this plan");
        steps(self.plan, self.values, &slot_of(self.slots, record).packed, self.key, key)
    }

    fn rank(&self, record: u32) -> (u64, &SourceKey) {
        let slot = slot_of(self.slots, record);
        (slot.hash, &slot.key)
    }
}

/// The engine. See the module.
pub struct Engine {
    pub(crate) spec: Spec,
    pub(crate) model: Model,
    pub(crate) plan: Plan,
    epoch: Epoch,
    pub(crate) values: Values,
    slots: Vec<Slot>,
    by_key: HashTable<u32>,
    blocks: Blocks,
    /// Members of clusters of two or more, in canonical order, by head.
    clusters: HashMap<u32, Box<[u32]>, FxBuildHasher>,
    /// Rulings by record, both ways.
    rulings: BTreeMap<u32, BTreeMap<u32, Ruling>>,
    /// Doubts by heads, both ways; average, and whether a rule asks.
    doubts: BTreeMap<(u32, u32), (i32, bool)>,
    scorer: Scorer,
    /// Per record, the last round in which it was seen.
    seen: Vec<u32>,
    round: u32,
    live: usize,
    statistics: Statistics,
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
struct Disturbed {
    /// Records whose candidates may differ.
    dirty: Vec<u32>,
    /// Records whose edges or rulings differ.
    loose: Vec<u32>,
    /// Records that the batch gave.
    given: Vec<u32>,
}

impl Engine {
    /// An empty engine.
    pub fn new(spec: Spec, model: Model) -> Result<Self, SpecError> {
        let plan = Plan::new(&spec, &model)?;
        let (values, blocks, scorer) = (Values::new(&plan), Blocks::new(plan.cap), Scorer::new(&plan));
        Ok(Self {
            epoch: Epoch::of(&spec, &model),
            spec,
            model,
            plan,
            values,
            slots: Vec::new(),
            by_key: HashTable::new(),
            blocks,
            clusters: HashMap::default(),
            rulings: BTreeMap::new(),
            doubts: BTreeMap::new(),
            scorer,
            seen: Vec::new(),
            round: 0,
            live: 0,
            statistics: Statistics::default(),
        })
    }

    /// Takes a batch of inputs and tells how the partition changed. Of several inputs on one key the last stands.
    pub fn apply(&mut self, inputs: Vec<Input>) -> Applied {
        let mut disturbed = Disturbed::default();
        for input in inputs {
            self.take(input, &mut disturbed);
        }
        self.rescore(&mut disturbed);
        let (before, after) = self.recluster(&disturbed);
        let key = |record: u32| &slot_of(&self.slots, record).key;
        let regroups = regroups(&before, &after, key);
        let moved: std::collections::BTreeSet<&SourceKey> =
            regroups.iter().flat_map(|regroup| regroup.after.iter().flatten()).collect();
        let still = disturbed.given.iter().map(|record| slot_of(&self.slots, *record));
        let mut touched: Vec<SourceKey> = still
            .filter(|slot| slot.live && !moved.contains(&slot.key))
            .map(|slot| slot.key.clone())
            .collect();
        touched.sort_unstable();
        touched.dedup();
        Applied { regroups, touched }
    }

    fn take(&mut self, input: Input, disturbed: &mut Disturbed) {
        match input {
            Input::Upsert(key, features) => {
                let record = self.number(key);
                let packed = self.values.pack(&self.plan, &features);
                disturbed.given.push(record);
                let slot = slot_of(&self.slots, record);
                if slot.live && slot.packed == packed {
                    return;
                }
                self.withdraw(record, disturbed);
                let slot = slot_of_mut(&mut self.slots, record);
                slot.packed = packed;
                slot.live = true;
                self.live += 1;
                self.enter(record, disturbed);
            }
            Input::Remove(key) => {
                if let Some(record) = self.find(&key) {
                    self.withdraw(record, disturbed);
                }
            }
            Input::Rule(a, b, ruling) => {
                let (a, b) = (self.number(a), self.number(b));
                if a != b {
                    self.rulings.entry(a).or_default().insert(b, ruling);
                    self.rulings.entry(b).or_default().insert(a, ruling);
                    disturbed.loose.extend([a, b]);
                }
            }
            Input::TakeBack(a, b) => {
                let (a, b) = (self.number(a), self.number(b));
                for (one, other) in [(a, b), (b, a)] {
                    if let Some(of_one) = self.rulings.get_mut(&one) {
                        of_one.remove(&other);
                        if of_one.is_empty() {
                            self.rulings.remove(&one);
                        }
                    }
                }
                disturbed.loose.extend([a, b]);
            }
        }
    }

    /// The number of a key, which is made if it is new. Numbers are not used again.
    fn number(&mut self, key: SourceKey) -> u32 {
        let hash = hash::key(&key);
        let slots = &self.slots;
        let same = |record: &u32| slot_of(slots, *record).key == key;
        match self.by_key.entry(hash, same, |record| slot_of(slots, *record).hash) {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let record = u32::try_from(self.slots.len()).expect("invariant: fewer than 2^32 records");
                vacant.insert(record);
                let (packed, edges) = (Packed::default(), Vec::new());
                self.slots.push(Slot { key, hash, packed, edges, head: UNCLUSTERED, live: false });
                self.seen.push(0);
                record
            }
        }
    }

    pub(crate) fn find(&self, key: &SourceKey) -> Option<u32> {
        let same = |record: &u32| slot_of(&self.slots, *record).key == *key;
        self.by_key.find(hash::key(key), same).copied()
    }

    pub(crate) fn slot(&self, record: u32) -> &Slot {
        slot_of(&self.slots, record)
    }

    /// Takes a live record out of the blocks.
    fn withdraw(&mut self, record: u32, disturbed: &mut Disturbed) {
        if !slot_of(&self.slots, record).live {
            return;
        }
        let (plan, values, slots) = (&self.plan, &self.values, self.slots.as_slice());
        for (at, key) in plan.keys.iter().enumerate() {
            let view = View { plan, values, slots, key: at };
            self.blocks.remove(key, &view, record, &mut disturbed.dirty);
        }
        disturbed.dirty.push(record);
        // Whom a steward linked to the record hangs on no edge of it.
        disturbed.loose.extend(self.linked(record));
        slot_of_mut(&mut self.slots, record).live = false;
        self.live -= 1;
    }

    /// Enters a live record into the blocks.
    fn enter(&mut self, record: u32, disturbed: &mut Disturbed) {
        let (plan, values, slots) = (&self.plan, &self.values, self.slots.as_slice());
        for (at, key) in plan.keys.iter().enumerate() {
            let view = View { plan, values, slots, key: at };
            self.blocks.insert(key, &view, record, &mut disturbed.dirty);
        }
        disturbed.dirty.push(record);
    }

    /// Drops and finds anew the edges of all dirty records.
    fn rescore(&mut self, disturbed: &mut Disturbed) {
        let dirty = &mut disturbed.dirty;
        dirty.sort_unstable();
        dirty.dedup();
        for record in dirty.iter().copied() {
            for (other, _) in std::mem::take(&mut slot_of_mut(&mut self.slots, record).edges) {
                disturbed.loose.push(other);
                slot_of_mut(&mut self.slots, other).edges.retain(|(end, _)| *end != record);
            }
        }
        let mut candidates = Vec::new();
        for record in dirty.iter().copied() {
            if !slot_of(&self.slots, record).live {
                continue;
            }
            self.candidates(record, &mut candidates);
            // Of two dirty records the later has the pair.
            candidates.retain(|other| *other < record || dirty.binary_search(other).is_err());
            self.statistics.candidates += u64::try_from(candidates.len()).unwrap_or(u64::MAX);
            for other in candidates.iter().copied() {
                self.try_edge(record, other);
            }
            disturbed.loose.extend(slot_of(&self.slots, record).edges.iter().map(|(other, _)| *other));
        }
        disturbed.loose.extend(dirty.iter().copied());
        disturbed.loose.sort_unstable();
        disturbed.loose.dedup();
    }

    /// The records that a live record meets, without itself.
    pub(crate) fn candidates(&mut self, record: u32, out: &mut Vec<u32>) {
        out.clear();
        let (plan, values, slots) = (&self.plan, &self.values, self.slots.as_slice());
        for (at, key) in plan.keys.iter().enumerate() {
            self.blocks.candidates(key, &View { plan, values, slots, key: at }, record, out);
        }
        self.round += 1;
        let round = self.round;
        let seen = &mut self.seen;
        out.retain(|other| {
            let slot = usize::try_from(*other).ok().and_then(|at| seen.get_mut(at));
            *other != record && slot.is_some_and(|slot| std::mem::replace(slot, round) != round)
        });
    }

    fn try_edge(&mut self, a: u32, b: u32) {
        let (of_a, of_b) = (&slot_of(&self.slots, a).packed, &slot_of(&self.slots, b).packed);
        let outcome = self.scorer.score(&self.plan, &self.values, of_a, of_b);
        let asked = matches!(outcome.effect, Some(Effect::Review | Effect::Join));
        if outcome.weight >= self.plan.cuts.weak || asked {
            let weight = outcome.weight.max(self.plan.cuts.weak);
            slot_of_mut(&mut self.slots, a).edges.push((b, weight));
            slot_of_mut(&mut self.slots, b).edges.push((a, weight));
        }
    }

    /// Clusters every component that holds a disturbed record. Gives the old and the new clusters of their records.
    fn recluster(&mut self, disturbed: &Disturbed) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
        self.round += 1;
        let round = self.round;
        let (mut components, mut records): (Vec<Vec<u32>>, Vec<u32>) = (Vec::new(), Vec::new());
        for record in disturbed.loose.iter().copied() {
            if slot_of(&self.slots, record).live {
                let component = self.component(record, round);
                records.extend_from_slice(&component);
                components.push(component);
            } else {
                records.push(record);
            }
        }
        let before = self.dissolve(&records);
        let mut after = Vec::new();
        for component in components.iter().filter(|component| !component.is_empty()) {
            self.cluster_component(component, &mut after);
        }
        (before, after)
    }

    /// The records that edges and links join to a record, unless it was seen in this round.
    fn component(&mut self, record: u32, round: u32) -> Vec<u32> {
        let mut component = Vec::new();
        let mut open = vec![record];
        while let Some(record) = open.pop() {
            let at = usize::try_from(record).ok().and_then(|at| self.seen.get_mut(at));
            if at.is_none_or(|seen| std::mem::replace(seen, round) == round) {
                continue;
            }
            component.push(record);
            open.extend(slot_of(&self.slots, record).edges.iter().map(|(other, _)| *other));
            open.extend(self.linked(record));
        }
        component
    }

    /// Live records that stewards linked to a record.
    fn linked(&self, record: u32) -> impl Iterator<Item = u32> {
        let rulings = self.rulings.get(&record).into_iter().flatten();
        let links = rulings.filter(|(_, ruling)| **ruling == Ruling::Link).map(|(other, _)| *other);
        links.filter(|other| slot_of(&self.slots, *other).live)
    }

    /// Takes the clusters of records apart and forgets their doubts; gives the clusters.
    fn dissolve(&mut self, records: &[u32]) -> Vec<Vec<u32>> {
        let mut heads: Vec<u32> = records.iter().map(|record| slot_of(&self.slots, *record).head).collect();
        heads.sort_unstable();
        heads.dedup();
        let mut clusters = Vec::new();
        for head in heads {
            let others: Vec<u32> =
                self.doubts.range((head, 0)..=(head, u32::MAX)).map(|((_, other), _)| *other).collect();
            for other in others {
                self.doubts.remove(&(head, other));
                self.doubts.remove(&(other, head));
            }
            match self.clusters.remove(&head) {
                Some(members) => clusters.push(members.into_vec()),
                None if self.clustered(head) => clusters.push(vec![head]),
                None => {}
            }
        }
        for record in records {
            slot_of_mut(&mut self.slots, *record).head = UNCLUSTERED;
        }
        clusters
    }

    /// Whether a record that heads no larger cluster is a cluster of its own.
    fn clustered(&self, record: u32) -> bool {
        record != UNCLUSTERED && slot_of(&self.slots, record).head == record
    }

    fn cluster_component(&mut self, component: &[u32], after: &mut Vec<Vec<u32>>) {
        let mut parts = vec![(component.to_vec(), self.plan.cuts.weak)];
        while let Some((mut records, weak)) = parts.pop() {
            records.sort_unstable_by(|a, b| self.order(*a, *b));
            if records.len() > COMPONENT_RECORDS_MAX && weak < self.plan.cuts.ceiling {
                self.statistics.oversized_components += 1;
                let weak = (weak + WEAK_STEP).min(self.plan.cuts.ceiling);
                parts.extend(self.split(&records, weak).into_iter().map(|part| (part, weak)));
                continue;
            }
            let found = self.cluster_records(&records);
            self.settle(&records, &found, after);
        }
    }

    fn order(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let (a, b) = (slot_of(&self.slots, a), slot_of(&self.slots, b));
        (a.hash, &a.key).cmp(&(b.hash, &b.key))
    }

    /// The components of records by links and by edges at or above a cut.
    fn split(&mut self, records: &[u32], weak: i32) -> Vec<Vec<u32>> {
        let inside: std::collections::BTreeSet<u32> = records.iter().copied().collect();
        let mut left = inside.clone();
        let mut parts = Vec::new();
        for first in records {
            let (mut part, mut open) = (Vec::new(), vec![*first]);
            while let Some(record) = open.pop() {
                if !left.remove(&record) {
                    continue;
                }
                part.push(record);
                let strong = slot_of(&self.slots, record).edges.iter().filter(|(_, weight)| *weight >= weak);
                open.extend(strong.map(|(other, _)| *other).filter(|other| inside.contains(other)));
                open.extend(self.linked(record).filter(|other| inside.contains(other)));
            }
            if !part.is_empty() {
                parts.push(part);
            }
        }
        parts
    }

    /// Clusters records given in canonical order.
    pub(crate) fn cluster_records(&mut self, records: &[u32]) -> Clustering {
        if records.len() == 1 {
            return Clustering { clusters: vec![vec![0]], ..Clustering::default() };
        }
        let mut matrix = Matrix::new(records.len());
        for (at, a) in records.iter().enumerate() {
            for (other, b) in records.iter().enumerate().take(at) {
                let (of_a, of_b) = (&slot_of(&self.slots, *a).packed, &slot_of(&self.slots, *b).packed);
                let outcome = self.scorer.score(&self.plan, &self.values, of_a, of_b);
                let marks = match outcome.effect {
                    Some(Effect::Veto) => mark::VETO,
                    Some(Effect::Review) => mark::ASK,
                    Some(Effect::Join) | None => 0,
                };
                matrix.set(at, other, outcome.weight, marks);
            }
        }
        let pairs = records.len() * (records.len() - 1) / 2;
        self.statistics.component_pairs += u64::try_from(pairs).unwrap_or(u64::MAX);
        for (at, record) in records.iter().enumerate() {
            for (other, ruling) in self.rulings.get(record).into_iter().flatten() {
                let marks = if *ruling == Ruling::Link { mark::MUST } else { mark::CANNOT };
                if let Some(other) = records.iter().position(|record| record == other) {
                    matrix.add_mark(at, other, marks);
                }
            }
        }
        cluster::cluster(&matrix, &self.plan.cuts)
    }

    /// Makes the clusters of a component the current ones.
    fn settle(&mut self, records: &[u32], found: &Clustering, after: &mut Vec<Vec<u32>>) {
        let record = |at: usize| records.get(at).copied().expect("invariant: a record of the component");
        for members in &found.clusters {
            let members: Vec<u32> = members.iter().map(|at| record(*at)).collect();
            let head = members.first().copied().expect("invariant: a cluster has a record");
            for member in &members {
                slot_of_mut(&mut self.slots, *member).head = head;
            }
            if members.len() > 1 {
                self.clusters.insert(head, Box::from(members.as_slice()));
            }
            after.push(members);
        }
        for doubt in &found.doubts {
            let (left, right) = (record(doubt.left), record(doubt.right));
            let (left, right) = (slot_of(&self.slots, left).head, slot_of(&self.slots, right).head);
            let value = (doubt.average.floor(), doubt.ruled);
            self.doubts.insert((left, right), value);
            self.doubts.insert((right, left), value);
        }
    }

    /// The epoch: the content of spec and model.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The members of the cluster of a live record, sorted by key.
    pub fn cluster_of(&self, key: &SourceKey) -> Option<Vec<SourceKey>> {
        let record = self.find(key).filter(|record| slot_of(&self.slots, *record).live)?;
        let head = slot_of(&self.slots, record).head;
        let mut members: Vec<SourceKey> =
            self.members(head).iter().map(|member| slot_of(&self.slots, *member).key.clone()).collect();
        members.sort_unstable();
        Some(members)
    }

    /// The members of a cluster, in canonical order.
    pub(crate) fn members(&self, head: u32) -> Vec<u32> {
        self.clusters.get(&head).map_or_else(|| vec![head], |members| members.to_vec())
    }

    /// The head of a live record's cluster.
    pub(crate) fn head(&self, record: u32) -> u32 {
        slot_of(&self.slots, record).head
    }

    /// All clusters, each sorted by key; sorted.
    pub fn partition(&self) -> Vec<Vec<SourceKey>> {
        let mut by_head: BTreeMap<u32, Vec<SourceKey>> = BTreeMap::new();
        for slot in self.slots.iter().filter(|slot| slot.live) {
            by_head.entry(slot.head).or_default().push(slot.key.clone());
        }
        let mut clusters: Vec<Vec<SourceKey>> = by_head.into_values().collect();
        clusters.iter_mut().for_each(|members| members.sort_unstable());
        clusters.sort_unstable();
        clusters
    }

    /// What stewards should see: what would join most records first, then what fits best, then by key.
    pub fn reviews(&self) -> Vec<Review> {
        let keys = |head: u32| {
            let mut keys: Vec<SourceKey> = self
                .members(head)
                .into_iter()
                .map(|member| slot_of(&self.slots, member).key.clone())
                .collect();
            keys.sort_unstable();
            keys
        };
        let once = self.doubts.iter().filter(|((left, right), _)| left < right);
        let mut reviews: Vec<Review> = once
            .map(|((left, right), (average, ruled))| {
                let (left, right) = (keys(*left), keys(*right));
                let (left, right) = if left <= right { (left, right) } else { (right, left) };
                Review { left, right, average: *average, ruled: *ruled }
            })
            .collect();
        let changes = |review: &Review| review.left.len() * review.right.len();
        reviews.sort_unstable_by(|a, b| {
            let first = changes(b).cmp(&changes(a)).then(b.average.cmp(&a.average));
            first.then_with(|| (&a.left, &a.right).cmp(&(&b.left, &b.right)))
        });
        reviews
    }

    /// How many records are live.
    pub fn record_count(&self) -> usize {
        self.live
    }

    /// How many questions wait for a steward.
    pub fn review_count(&self) -> usize {
        self.doubts.len() / 2
    }

    /// The ruling on two records that is in force.
    pub fn ruling(&self, a: &SourceKey, b: &SourceKey) -> Option<Ruling> {
        self.rulings.get(&self.find(a)?)?.get(&self.find(b)?).copied()
    }

    /// Whether a record is live.
    pub fn is_live(&self, key: &SourceKey) -> bool {
        self.find(key).is_some_and(|record| slot_of(&self.slots, record).live)
    }

    /// Counts of what the engine holds.
    pub fn statistics(&self) -> Statistics {
        let (blocks, capped_blocks) = self.blocks.sizes();
        Statistics {
            records: self.live,
            clusters: self.clusters.len(),
            values: self.values.len(),
            blocks,
            capped_blocks,
            edges: self.slots.iter().map(|slot| slot.edges.len()).sum::<usize>() / 2,
            ..self.statistics
        }
    }
}

/// The head of a record that is in no cluster.
const UNCLUSTERED: u32 = u32::MAX;
