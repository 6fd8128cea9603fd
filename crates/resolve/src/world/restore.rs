//! Starting up from what is on disk: the live rows, the ids as the change feed gave them, the decisions.

use super::{Step, World, rows::Keyed, stages::Batch};
use crate::engine::Input;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{Decision, EntityId, EntityKind, SourceKey, Submission};

/// An entity and its members, as the change feed last told them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The entity.
    pub entity: EntityId,
    /// Its members.
    pub members: Vec<SourceKey>,
}

/// Rows are given to the engines in runs of so many.
const RUN: usize = 4_096;

impl World {
    /// Fills an empty world. `rows` are the standing versions of all rows, `next` the next number of each kind. Gives the
    /// steps that follow where the partition is not the one told: none under the same models and decisions.
    pub fn restore(
        &mut self,
        rows: impl Iterator<Item = Submission>,
        assignments: impl Iterator<Item = Assignment>,
        next: &[(EntityKind, u64)],
        decisions: &[Decision],
    ) -> Vec<Step> {
        let mut batch = Batch::default();
        for decision in decisions {
            self.take_decision(decision, &mut batch);
        }
        let mut count = 0;
        for row in rows {
            self.take_row(&row, &mut batch);
            count += 1;
            if count % RUN == 0 {
                let run = batch.take_persons();
                self.persons.apply(run);
            }
        }
        let run = batch.take_persons();
        self.persons.apply(run);
        self.restore_facets(batch);
        self.restore_ids(assignments, next)
    }

    fn restore_facets(&mut self, batch: Batch) {
        let [(dwellings, dwelling_rulings), (households, household_rulings)] = batch.into_facets();
        for run in runs(self.dwelling_inputs(&dwellings, dwelling_rulings)) {
            self.dwellings.apply(run);
        }
        for run in runs(self.household_inputs(&households, household_rulings)) {
            self.households.apply(run);
        }
    }

    fn restore_ids(
        &mut self,
        assignments: impl Iterator<Item = Assignment>,
        next: &[(EntityKind, u64)],
    ) -> Vec<Step> {
        for (kind, next) in next {
            self.ids.reserve(*kind, *next);
        }
        let mut odd: Vec<(EntityId, Vec<SourceKey>)> = Vec::new();
        for Assignment { entity, mut members } in assignments {
            members.sort();
            let same = members.first().and_then(|key| self.engine(entity.kind).cluster_of(key));
            if same.as_ref() == Some(&members) {
                let numbers: Vec<Option<u32>> =
                    members.iter().map(|key| self.assign(entity.kind, key, entity.number)).collect();
                self.ids.set(entity, numbers.into_iter().next().flatten());
            } else {
                odd.push((entity, members));
            }
        }
        self.reconcile(&odd)
    }

    /// Gives ids to the clusters that are not as they were told.
    fn reconcile(&mut self, odd: &[(EntityId, Vec<SourceKey>)]) -> Vec<Step> {
        let mut kinds = BTreeMap::new();
        for kind in EntityKind::ALL {
            let before: Vec<_> = odd.iter().filter(|(entity, _)| entity.kind == kind).cloned().collect();
            let unassigned: Vec<SourceKey> = match kind {
                EntityKind::Person => keys(self.rows.iter().filter(|row| row.person == 0)),
                EntityKind::Dwelling => keys(self.dwelling_facets.iter().filter(|facet| facet.entity == 0)),
                EntityKind::Household => keys(self.household_facets.iter().filter(|facet| facet.entity == 0)),
            };
            let clusters: BTreeSet<Vec<SourceKey>> =
                unassigned.iter().filter_map(|key| self.engine(kind).cluster_of(key)).collect();
            let after: Vec<Vec<SourceKey>> = clusters.into_iter().collect();
            self.identify(kind, &before, &after, &mut kinds);
        }
        kinds.into_iter().map(|(entity, kind)| self.step(entity, kind)).collect()
    }
}

fn keys<'a, T: Keyed + 'a>(items: impl Iterator<Item = &'a T>) -> Vec<SourceKey> {
    items.map(|item| item.key().clone()).collect()
}

fn runs(inputs: Vec<Input>) -> Vec<Vec<Input>> {
    let mut inputs = inputs.into_iter();
    let mut runs = Vec::new();
    loop {
        let run: Vec<Input> = inputs.by_ref().take(RUN).collect();
        if run.is_empty() {
            return runs;
        }
        runs.push(run);
    }
}
