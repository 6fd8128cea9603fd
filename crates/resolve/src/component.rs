//! From disturbed records to a new partition: edges anew, components by search, clusters inside each.
//!
//! **Invariant:** a component that lost or gained an edge or a link holds a disturbed record, so only components that
//! hold one are clustered again.

use crate::{
    cluster::Clustering,
    engine::{Disturbed, Engine, UNCLUSTERED},
    state::{Clustered, Edge, side_by_side},
};

impl Engine {
    /// Drops and finds anew the edges of all dirty records.
    pub(crate) fn rescore(&mut self, disturbed: &mut Disturbed) {
        let dirty = &mut disturbed.dirty;
        dirty.sort_unstable();
        dirty.dedup();
        for record in dirty.iter().copied() {
            let slot = self.state.slot_mut(record);
            slot.dirty = true;
            for (other, _) in std::mem::take(&mut slot.edges) {
                disturbed.loose.push(other);
                self.state.slot_mut(other).edges.retain(|(end, _)| *end != record);
            }
        }
        let live: Vec<u32> = dirty.iter().copied().filter(|record| self.state.slot(*record).live).collect();
        let state = &self.state;
        let score = |worker: &mut _, record: &u32, (edges, pairs): &mut (Vec<Edge>, usize)| {
            *pairs += state.edges(worker, *record, edges);
        };
        for (edges, pairs) in side_by_side(&mut self.workers, &live, score, || (Vec::new(), 0)) {
            self.statistics.candidates += u64::try_from(pairs).unwrap_or(u64::MAX);
            for (a, b, outcome) in edges {
                self.state.slot_mut(a).edges.push((b, outcome));
                self.state.slot_mut(b).edges.push((a, outcome));
                disturbed.loose.push(b);
            }
        }
        for record in dirty.iter().copied() {
            self.state.slot_mut(record).dirty = false;
        }
        disturbed.loose.extend(dirty.iter().copied());
        disturbed.loose.sort_unstable();
        disturbed.loose.dedup();
    }

    /// Clusters every component that holds a disturbed record. Gives the old and the new clusters of their records.
    pub(crate) fn recluster(&mut self, disturbed: &Disturbed) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
        let (components, records) = self.components(&disturbed.loose);
        let before = self.dissolve(&records);
        let state = &self.state;
        let cluster = |worker: &mut _, component: &Vec<u32>, found: &mut Vec<Clustered>| {
            let parts = state.cluster_component(worker, component);
            found.extend(parts);
        };
        let mut after = Vec::new();
        for found in side_by_side(&mut self.workers, &components, cluster, Vec::new) {
            for (records, clustering) in found {
                self.settle(&records, &clustering, &mut after);
            }
        }
        (before, after)
    }

    /// The components that hold the records, and all records of them with those that are live no more.
    fn components(&mut self, loose: &[u32]) -> (Vec<Vec<u32>>, Vec<u32>) {
        let worker = self.workers.first_mut().expect("invariant: an engine has a worker");
        worker.start_round(self.state.slots.len());
        let (mut components, mut records): (Vec<Vec<u32>>, Vec<u32>) = (Vec::new(), Vec::new());
        for record in loose.iter().copied() {
            if !self.state.slot(record).live {
                records.push(record);
                continue;
            }
            let (mut component, mut open) = (Vec::new(), vec![record]);
            while let Some(record) = open.pop() {
                if worker.is_new(record) {
                    component.push(record);
                    open.extend(self.state.slot(record).edges.iter().map(|(other, _)| *other));
                    open.extend(self.state.linked(record));
                }
            }
            if !component.is_empty() {
                records.extend_from_slice(&component);
                components.push(component);
            }
        }
        (components, records)
    }

    /// Takes the clusters of records apart and forgets their doubts; gives the clusters.
    fn dissolve(&mut self, records: &[u32]) -> Vec<Vec<u32>> {
        let mut heads: Vec<u32> = records.iter().map(|record| self.state.slot(*record).head).collect();
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
            self.state.slot_mut(*record).head = UNCLUSTERED;
        }
        clusters
    }

    /// Whether a record that heads no larger cluster is a cluster of its own.
    fn clustered(&self, record: u32) -> bool {
        record != UNCLUSTERED && self.state.slot(record).head == record
    }

    /// Makes the clusters of a component the current ones.
    fn settle(&mut self, records: &[u32], found: &Clustering, after: &mut Vec<Vec<u32>>) {
        let pairs = records.len() * (records.len() - 1) / 2;
        self.statistics.component_pairs += u64::try_from(pairs).unwrap_or(u64::MAX);
        let record = |at: usize| records.get(at).copied().expect("invariant: a record of the component");
        for members in &found.clusters {
            let members: Vec<u32> = members.iter().map(|at| record(*at)).collect();
            let head = members.first().copied().expect("invariant: a cluster has a record");
            for member in &members {
                self.state.slot_mut(*member).head = head;
            }
            if members.len() > 1 {
                self.clusters.insert(head, Box::from(members.as_slice()));
            }
            after.push(members);
        }
        for doubt in &found.doubts {
            let (left, right) = (record(doubt.left), record(doubt.right));
            let (left, right) = (self.state.slot(left).head, self.state.slot(right).head);
            let value = (doubt.average.floor(), doubt.ruled);
            self.doubts.insert((left, right), value);
            self.doubts.insert((right, left), value);
        }
    }
}
