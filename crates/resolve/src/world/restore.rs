//! Starting up from what is on disk: the live rows, the ids as the change feed gave them, the decisions.

use super::{Step, World, rows::Beside, stages::Batch};
use crate::engine::Input;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{ChangeKind, Decision, EntityId, EntityKind, SourceKey, Submission};

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
                self.persons.apply_numbered(run);
            }
        }
        let run = batch.take_persons();
        self.persons.apply_numbered(run);
        self.restore_facets(batch);
        self.restore_ids(assignments, next)
    }

    fn restore_facets(&mut self, batch: Batch) {
        let [(dwellings, dwelling_rulings), (households, household_rulings)] = batch.into_facets();
        for run in runs(self.dwelling_inputs(&dwellings, dwelling_rulings)) {
            self.dwellings.apply_numbered(run);
        }
        for run in runs(self.household_inputs(&households, household_rulings)) {
            self.households.apply_numbered(run);
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
        let mut odd: Vec<(EntityId, Vec<u32>)> = Vec::new();
        for Assignment { entity, mut members } in assignments {
            members.sort();
            let known = members.iter().map(|key| self.engine(entity.kind).find(key));
            // A key that no row has is no member; that the entity is another one then shows in the count.
            let numbers: Vec<u32> = known.flatten().collect();
            let same = numbers.first().and_then(|member| self.engine(entity.kind).cluster(*member));
            if numbers.len() == members.len() && same.as_ref() == Some(&numbers) {
                numbers.iter().for_each(|member| self.assign(entity.kind, *member, entity.number));
                self.ids.set(entity, numbers.first().copied());
            } else {
                odd.push((entity, numbers));
            }
        }
        self.reconcile(&odd)
    }

    /// Gives ids to the clusters that are not as they were told.
    fn reconcile(&mut self, odd: &[(EntityId, Vec<u32>)]) -> Vec<Step> {
        let mut kinds = BTreeMap::new();
        for kind in EntityKind::ALL {
            let before: Vec<_> = odd.iter().filter(|(entity, _)| entity.kind == kind).cloned().collect();
            let unassigned: Vec<u32> = match kind {
                EntityKind::Person => unassigned(&self.rows, |row| row.person),
                EntityKind::Dwelling => unassigned(&self.dwelling_facets, |facet| facet.entity),
                EntityKind::Household => unassigned(&self.household_facets, |facet| facet.entity),
            };
            let engine = self.engine(kind);
            let mut after: Vec<Vec<u32>> =
                unassigned.into_iter().filter_map(|member| engine.cluster(member)).collect();
            let first = |members: &[u32]| members.first().map(|member| engine.key(*member));
            after.sort_unstable_by(|a, b| first(a).cmp(&first(b)));
            after.dedup();
            self.identify(kind, &before, &after, &mut kinds);
        }
        // Whoever has a relation to what changed has another one now.
        let mut rows: BTreeSet<u32> = BTreeSet::new();
        for (entity, members) in odd {
            rows.extend(self.rows_of_members(entity.kind, members.clone()));
        }
        rows.extend(kinds.keys().flat_map(|entity| self.row_numbers(*entity)));
        for entity in self.entities_of_rows(&rows) {
            kinds.entry(entity).or_insert(ChangeKind::Updated);
        }
        kinds.into_iter().map(|(entity, kind)| self.step(entity, kind)).collect()
    }
}

fn unassigned<T: Clone + Default>(of: &Beside<T>, entity: impl Fn(&T) -> u64) -> Vec<u32> {
    of.iter().filter(|(_, one)| entity(one) == 0).map(|(number, _)| number).collect()
}

fn runs(inputs: Vec<Input<u32>>) -> Vec<Vec<Input<u32>>> {
    let mut inputs = inputs.into_iter();
    let mut runs = Vec::new();
    loop {
        let run: Vec<Input<u32>> = inputs.by_ref().take(RUN).collect();
        if run.is_empty() {
            return runs;
        }
        runs.push(run);
    }
}
