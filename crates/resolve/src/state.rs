//! What scoring reads: the records, their values and blocks, and the rulings. Workers read it side by side.
//!
//! **Invariant:** everything here is a function of the state; a worker holds memory that only saves time.

use crate::{
    block::{Blocks, Hashes, Records, hashes},
    cluster::{self, Clustering, Matrix, mark},
    engine::Ruling,
    features::Packed,
    plan::Plan,
    score::{Outcome, Scorer, Values},
    spec::Effect,
};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};
use yibiao_record::SourceKey;

/// A component of more records is split by raising the weak cut.
const COMPONENT_RECORDS_MAX: usize = 500;

/// By how much the weak cut rises at a time.
const WEAK_STEP: i32 = 1_000;

/// A record.
pub(crate) struct Slot {
    pub(crate) key: SourceKey,
    pub(crate) hash: u64,
    pub(crate) packed: Packed,
    /// The records with which it weighs at least the weak cut, or a rule asks, and what the pair weighs.
    pub(crate) edges: Vec<(u32, Outcome)>,
    /// The first record of its cluster in canonical order.
    pub(crate) head: u32,
    pub(crate) live: bool,
    /// Its candidates are being found anew.
    pub(crate) dirty: bool,
}

/// Per record that came in the batch at hand, its values under each key: asked for when it is entered, and again when its
/// candidates are sought.
pub(crate) type Fresh = HashMap<u32, Box<[Hashes]>, FxBuildHasher>;

/// What scoring reads.
pub(crate) struct State {
    pub(crate) plan: Plan,
    pub(crate) values: Values,
    pub(crate) slots: Vec<Slot>,
    pub(crate) blocks: Blocks,
    pub(crate) fresh: Fresh,
    /// Rulings by record, both ways.
    pub(crate) rulings: BTreeMap<u32, BTreeMap<u32, Ruling>>,
}

/// What one thread of work needs for itself.
pub(crate) struct Worker {
    pub(crate) scorer: Scorer,
    /// Per record, the last round in which it was seen.
    seen: Vec<u32>,
    round: u32,
}

impl Worker {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { scorer: Scorer::new(plan), seen: Vec::new(), round: 0 }
    }

    /// Starts a round in which each of so many records is new once.
    pub(crate) fn start_round(&mut self, records: usize) {
        if self.round == u32::MAX {
            self.seen.clear();
            self.round = 0;
        }
        self.round += 1;
        if self.seen.len() < records {
            self.seen.resize(records, 0);
        }
    }

    /// Whether a record is new in this round; it is so once.
    pub(crate) fn is_new(&mut self, record: u32) -> bool {
        let slot = usize::try_from(record).ok().and_then(|at| self.seen.get_mut(at));
        slot.is_some_and(|slot| std::mem::replace(slot, self.round) != self.round)
    }
}

/// The records, as the blocks of one key see them.
pub(crate) struct View<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) values: &'a Values,
    pub(crate) slots: &'a [Slot],
    pub(crate) key: usize,
    pub(crate) fresh: &'a Fresh,
}

pub(crate) fn slot_of(slots: &[Slot], record: u32) -> &Slot {
    usize::try_from(record).ok().and_then(|at| slots.get(at)).expect("invariant: a number of this engine")
}

impl Records for View<'_> {
    fn hashes(&self, record: u32, depth: usize) -> Hashes {
        if depth == 0
            && let Some(found) = self.fresh.get(&record).and_then(|of_keys| of_keys.get(self.key))
        {
            return found.clone();
        }
        let key = self.plan.keys.get(self.key).expect("invariant: a key of this plan");
        hashes(self.plan, self.values, &slot_of(self.slots, record).packed, (self.key, key), depth)
    }

    fn rank(&self, record: u32) -> (u64, &SourceKey) {
        let slot = slot_of(self.slots, record);
        (slot.hash, &slot.key)
    }
}

/// A pair that weighs at least the weak cut, or of which a rule asks.
pub(crate) type Edge = (u32, u32, Outcome);

/// A part of a component, in canonical order, and what became of it.
pub(crate) type Clustered = (Vec<u32>, Clustering);

impl State {
    pub(crate) fn new(plan: Plan) -> Self {
        let (values, blocks) = (Values::new(&plan), Blocks::new(plan.cap));
        Self { plan, values, slots: Vec::new(), blocks, fresh: Fresh::default(), rulings: BTreeMap::new() }
    }

    /// The records, as the blocks of a key see them.
    pub(crate) fn view(&self, key: usize) -> View<'_> {
        View { plan: &self.plan, values: &self.values, slots: &self.slots, key, fresh: &self.fresh }
    }

    pub(crate) fn slot(&self, record: u32) -> &Slot {
        slot_of(&self.slots, record)
    }

    pub(crate) fn slot_mut(&mut self, record: u32) -> &mut Slot {
        let slot = usize::try_from(record).ok().and_then(|at| self.slots.get_mut(at));
        slot.expect("invariant: a number of this engine")
    }

    /// Live records that stewards linked to a record.
    pub(crate) fn linked(&self, record: u32) -> impl Iterator<Item = u32> {
        let rulings = self.rulings.get(&record).into_iter().flatten();
        let links = rulings.filter(|(_, ruling)| **ruling == Ruling::Link).map(|(other, _)| *other);
        links.filter(|other| self.slot(*other).live)
    }

    /// The order of records that shows: by hash of the key, then by the key.
    pub(crate) fn order(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let (a, b) = (self.slot(a), self.slot(b));
        (a.hash, &a.key).cmp(&(b.hash, &b.key))
    }

    pub(crate) fn score(&self, worker: &mut Worker, a: u32, b: u32) -> Outcome {
        worker.scorer.score(&self.plan, &self.values, &self.slot(a).packed, &self.slot(b).packed)
    }

    /// The records that a live record meets, without itself.
    pub(crate) fn candidates(&self, worker: &mut Worker, record: u32, out: &mut Vec<u32>) {
        out.clear();
        for (at, key) in self.plan.keys.iter().enumerate() {
            self.blocks.candidates(key, &self.view(at), record, out);
        }
        worker.start_round(self.slots.len());
        out.retain(|other| *other != record && worker.is_new(*other));
    }

    /// The edges of a live dirty record, and how many pairs were scored. Of two dirty records the later has the pair.
    pub(crate) fn edges(&self, worker: &mut Worker, record: u32, edges: &mut Vec<Edge>) -> usize {
        let mut candidates = Vec::new();
        self.candidates(worker, record, &mut candidates);
        candidates.retain(|other| *other < record || !self.slot(*other).dirty);
        for other in candidates.iter().copied() {
            let (a, b) = (&self.slot(record).packed, &self.slot(other).packed);
            if let Some(outcome) = worker.scorer.edge(&self.plan, &self.values, a, b) {
                edges.push((record, other, outcome));
            }
        }
        candidates.len()
    }

    /// Clusters a component, in parts where it is too large.
    pub(crate) fn cluster_component(&self, worker: &mut Worker, component: &[u32]) -> Vec<Clustered> {
        let mut done = Vec::new();
        let mut parts = vec![(component.to_vec(), self.plan.cuts.weak)];
        while let Some((mut records, weak)) = parts.pop() {
            records.sort_unstable_by(|a, b| self.order(*a, *b));
            if records.len() > COMPONENT_RECORDS_MAX && weak < self.plan.cuts.ceiling {
                let weak = (weak + WEAK_STEP).min(self.plan.cuts.ceiling);
                parts.extend(self.split(&records, weak).into_iter().map(|part| (part, weak)));
                continue;
            }
            let found = self.cluster_records(worker, &records);
            done.push((records, found));
        }
        done
    }

    /// The components of records by links and by edges at or above a cut.
    fn split(&self, records: &[u32], weak: i32) -> Vec<Vec<u32>> {
        let inside: BTreeSet<u32> = records.iter().copied().collect();
        let mut left = inside.clone();
        let mut parts = Vec::new();
        for first in records {
            let (mut part, mut open) = (Vec::new(), vec![*first]);
            while let Some(record) = open.pop() {
                if !left.remove(&record) {
                    continue;
                }
                part.push(record);
                let strong = self.slot(record).edges.iter().filter(|(_, outcome)| outcome.weight >= weak);
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
    fn cluster_records(&self, worker: &mut Worker, records: &[u32]) -> Clustering {
        if records.len() == 1 {
            return Clustering { clusters: vec![vec![0]], ..Clustering::default() };
        }
        cluster::cluster(&self.matrix(worker, records), &self.plan.cuts)
    }

    /// The weights and marks of all pairs of records. What an edge weighs is known.
    pub(crate) fn matrix(&self, worker: &mut Worker, records: &[u32]) -> Matrix {
        let mut matrix = Matrix::new(records.len());
        let mut places: Vec<(u32, usize)> =
            records.iter().enumerate().map(|(at, record)| (*record, at)).collect();
        places.sort_unstable();
        let place = |record: &u32| {
            let found = places.binary_search_by_key(record, |(record, _)| *record).ok();
            found.and_then(|found| places.get(found)).map(|(_, at)| *at)
        };
        let mut known: Vec<Option<Outcome>> = Vec::with_capacity(records.len());
        for (at, a) in records.iter().enumerate() {
            known.clear();
            known.resize(at, None);
            for (other, outcome) in &self.slot(*a).edges {
                if let Some(slot) = place(other).and_then(|other| known.get_mut(other)) {
                    *slot = Some(*outcome);
                }
            }
            for ((other, b), known) in records.iter().enumerate().zip(&known) {
                let outcome = known.unwrap_or_else(|| self.score(worker, *a, *b));
                let marks = match outcome.effect {
                    Some(Effect::Part) => mark::CANNOT,
                    Some(Effect::Veto) => mark::VETO,
                    Some(Effect::Review) => mark::ASK,
                    Some(Effect::Join) | None => 0,
                };
                matrix.set(at, other, outcome.weight, marks);
            }
        }
        for (at, record) in records.iter().enumerate() {
            for (other, ruling) in self.rulings.get(record).into_iter().flatten() {
                let marks = if *ruling == Ruling::Link { mark::MUST } else { mark::CANNOT };
                if let Some(other) = records.iter().position(|record| record == other) {
                    matrix.add_mark(at, other, marks);
                }
            }
        }
        matrix
    }
}

/// How many items a worker takes at a time.
const ITEMS_AT_A_TIME: usize = 32;

/// Does work on items by all workers side by side. The results come in no order that means anything.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    workers: &mut [Worker],
    items: &[T],
    work: impl Fn(&mut Worker, &T, &mut R) + Sync,
    empty: impl Fn() -> R,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let run = |worker: &mut Worker, mut result: R| {
        loop {
            let from = next.fetch_add(ITEMS_AT_A_TIME, Ordering::Relaxed);
            let Some(some) =
                items.get(from..items.len().min(from + ITEMS_AT_A_TIME)).filter(|some| !some.is_empty())
            else {
                return result;
            };
            some.iter().for_each(|item| work(worker, item, &mut result));
        }
    };
    let count = workers.len().min(items.len().div_ceil(ITEMS_AT_A_TIME)).max(1);
    let Some((first, others)) = workers.get_mut(..count).and_then(<[Worker]>::split_first_mut) else {
        return Vec::new();
    };
    std::thread::scope(|scope| {
        let run = &run;
        let handles: Vec<_> = others
            .iter_mut()
            .map(|worker| {
                let result = empty();
                scope.spawn(move || run(worker, result))
            })
            .collect();
        let mut results = vec![run(first, empty())];
        results.extend(
            handles.into_iter().map(|handle| handle.join().expect("invariant: scoring does not panic")),
        );
        results
    })
}
