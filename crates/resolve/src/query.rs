//! What may be asked of an engine. Answers are sorted by record keys, so that they do not show the order of arrival.

use crate::engine::{Engine, Review, Ruling, Statistics};
use crate::features::Features;
use crate::model::Epoch;
use std::collections::BTreeMap;
use yibiao_record::SourceKey;

impl Engine {
    /// The epoch: the content of spec and model.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The members of the cluster of a live record, sorted by key.
    pub fn cluster_of(&self, key: &SourceKey) -> Option<Vec<SourceKey>> {
        Some(self.keys(&self.cluster(self.find(key)?)?))
    }

    /// The same, by numbers.
    pub(crate) fn cluster(&self, record: u32) -> Option<Vec<u32>> {
        let slot = Some(self.state.slot(record)).filter(|slot| slot.live)?;
        let mut members = self.members(slot.head);
        members.sort_unstable_by(|a, b| self.key(*a).cmp(self.key(*b)));
        Some(members)
    }

    /// The smallest key of the cluster of a live record.
    pub(crate) fn first_of_cluster(&self, record: u32) -> Option<&SourceKey> {
        let head = Some(self.state.slot(record)).filter(|slot| slot.live)?.head;
        match self.clusters.get(&head) {
            Some(members) => members.iter().map(|member| self.key(*member)).min(),
            None => Some(self.key(head)),
        }
    }

    /// The members of a cluster, in canonical order.
    pub(crate) fn members(&self, head: u32) -> Vec<u32> {
        self.clusters.get(&head).map_or_else(|| vec![head], |members| members.to_vec())
    }

    /// The head of a live record's cluster.
    pub(crate) fn head(&self, record: u32) -> u32 {
        self.state.slot(record).head
    }

    /// All clusters, each sorted by key; sorted.
    pub fn partition(&self) -> Vec<Vec<SourceKey>> {
        let mut by_head: BTreeMap<u32, Vec<SourceKey>> = BTreeMap::new();
        for slot in self.state.slots.iter().filter(|slot| slot.live) {
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
            let mut keys: Vec<SourceKey> =
                self.members(head).into_iter().map(|member| self.state.slot(member).key.clone()).collect();
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
        self.state.rulings.get(&self.find(a)?)?.get(&self.find(b)?).copied()
    }

    /// Whether a record is live.
    pub fn is_live(&self, key: &SourceKey) -> bool {
        self.find(key).is_some_and(|record| self.state.slot(record).live)
    }

    /// The live records and what is compared of them, sorted by key.
    pub(crate) fn features(&self) -> BTreeMap<SourceKey, Features> {
        let (plan, values) = (&self.state.plan, &self.state.values);
        let live = self.state.slots.iter().filter(|slot| slot.live);
        live.map(|slot| {
            let mut features = Features::new();
            for (field, number) in slot.packed.iter() {
                features.push(field, values.value(plan.field(field), number).text.clone());
            }
            (slot.key.clone(), features)
        })
        .collect()
    }

    /// The rulings in force on two live records.
    pub(crate) fn rulings(&self) -> impl Iterator<Item = (&SourceKey, &SourceKey, Ruling)> {
        let pairs =
            self.state.rulings.iter().flat_map(|(a, of)| of.iter().map(move |(b, ruling)| (*a, *b, *ruling)));
        pairs.filter(|(a, b, _)| a < b).filter_map(|(a, b, ruling)| {
            let (a, b) = (self.state.slot(a), self.state.slot(b));
            (a.live && b.live).then_some((&a.key, &b.key, ruling))
        })
    }

    /// Counts of what the engine holds.
    pub fn statistics(&self) -> Statistics {
        let (blocks, capped_blocks) = self.state.blocks.sizes();
        Statistics {
            records: self.live,
            clusters: self.clusters.len(),
            values: self.state.values.len(),
            blocks,
            capped_blocks,
            edges: self.state.slots.iter().map(|slot| slot.edges.len()).sum::<usize>() / 2,
            ..self.statistics
        }
    }
}
