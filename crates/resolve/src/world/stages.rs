//! The stages of a batch.

use super::rows::{Facet, NONE, Table};
use super::{Step, World};
use crate::department::{DwellingPart, HouseholdPart};
use crate::engine::{Input, Regroup};
use crate::identity::identify;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{ChangeKind, EntityId, EntityKind, Op, SourceKey, Submission, Value};
use yibiao_schema::element;

/// What a batch has given and disturbed so far.
#[derive(Debug, Default)]
pub(super) struct Batch {
    persons: Vec<Input>,
    dwelling_rulings: Vec<Input>,
    household_rulings: Vec<Input>,
    /// Rows that the batch gave.
    rows: BTreeSet<u32>,
    /// Facets whose rows changed.
    dwellings: BTreeSet<u32>,
    households: BTreeSet<u32>,
    /// Members on which a value was pinned or a pin taken back.
    pub(super) pinned: Vec<(EntityKind, SourceKey)>,
}

impl Batch {
    /// The inputs of the person stage so far.
    pub(super) fn take_persons(&mut self) -> Vec<Input> {
        std::mem::take(&mut self.persons)
    }

    /// What is left for the other stages: the facets whose rows changed and the rulings, of dwellings and of households.
    pub(super) fn into_facets(self) -> [(BTreeSet<u32>, Vec<Input>); 2] {
        [(self.dwellings, self.dwelling_rulings), (self.households, self.household_rulings)]
    }

    pub(super) fn rule(&mut self, kind: EntityKind, input: Input) {
        match kind {
            EntityKind::Person => self.persons.push(input),
            EntityKind::Dwelling => self.dwelling_rulings.push(input),
            EntityKind::Household => self.household_rulings.push(input),
        }
    }
}

impl World {
    pub(super) fn take_row(&mut self, submission: &Submission, batch: &mut Batch) {
        let number = self.rows.number(&submission.key);
        if submission.version < self.rows.get(number).version {
            return;
        }
        self.leave_facets(number, batch);
        batch.rows.insert(number);
        let live = submission.op != Op::Retract;
        let row = self.rows.get_mut(number);
        row.observed_at = submission.observed_at;
        row.version = submission.version;
        row.live = live;
        row.ended = submission.op == Op::End;
        if !live {
            batch.persons.push(Input::Remove(submission.key.clone()));
            return;
        }
        batch.persons.push(Input::Upsert(submission.key.clone(), self.person_fields.features(submission)));
        self.enter_facets(number, submission, batch);
    }

    fn leave_facets(&mut self, number: u32, batch: &mut Batch) {
        let row = self.rows.get_mut(number);
        let (dwelling, household) =
            (std::mem::replace(&mut row.dwelling, NONE), std::mem::replace(&mut row.household, NONE));
        if dwelling != NONE {
            self.dwelling_facets.get_mut(dwelling).rows.retain(|other| *other != number);
            batch.dwellings.insert(dwelling);
        }
        if household != NONE {
            self.household_facets.get_mut(household).rows.retain(|other| *other != number);
            batch.households.insert(household);
        }
    }

    fn enter_facets(&mut self, number: u32, submission: &Submission, batch: &mut Batch) {
        let key = &submission.key;
        let numbered = |element| match submission.claim(element).map(|claim| &claim.value) {
            Some(Value::Reference { number, .. }) => {
                Some(SourceKey { system: key.system, local: number.clone() })
            }
            _ => None,
        };
        let by_row = self.houses_by_row.contains(&key.system).then(|| key.clone());
        let (dwelling, household) =
            (numbered(element::HOUSE_REF).or(by_row), numbered(element::HOUSEHOLD_REF));
        let of_dwelling = dwelling.as_ref().map(|_| DwellingPart::of(submission)).unwrap_or_default();
        let of_household = household.as_ref().map(|_| HouseholdPart::of(submission)).unwrap_or_default();
        let home = if of_household.home.is_empty() { &of_dwelling.home } else { &of_household.home };
        let DwellingPart { resident, resident_id, phone, .. } = &of_dwelling;
        let texts = [home, resident, resident_id, phone, &of_household.head];
        let texts = texts.map(|text| self.texts.intern(text));
        let enter = |facets: &mut Table<Facet>, key: Option<SourceKey>, dirty: &mut BTreeSet<u32>| {
            key.map_or(NONE, |key| {
                let facet = facets.number(&key);
                facets.get_mut(facet).rows.push(number);
                dirty.insert(facet);
                facet
            })
        };
        let dwelling = enter(&mut self.dwelling_facets, dwelling, &mut batch.dwellings);
        let household = enter(&mut self.household_facets, household, &mut batch.households);
        let row = self.rows.get_mut(number);
        row.is_head = of_household.is_head;
        (row.dwelling, row.household, row.texts) = (dwelling, household, texts);
    }

    /// Runs the stages and gives ids.
    pub(super) fn run(&mut self, batch: Batch) -> Vec<Step> {
        let mut kinds: BTreeMap<EntityId, ChangeKind> = BTreeMap::new();
        let (rows, mut dirty_households) = (batch.rows, batch.households);
        let mut moved_rows = rows.clone();

        let inputs = self.dwelling_inputs(&batch.dwellings, batch.dwelling_rulings);
        let regroups = self.dwellings.apply(inputs);
        let moved = self.settle(EntityKind::Dwelling, &regroups, &mut kinds);
        for facet in moved {
            moved_rows.extend(self.dwelling_facets.get(facet).rows.iter().copied());
        }

        let regroups = self.persons.apply(batch.persons);
        for row in self.settle(EntityKind::Person, &regroups, &mut kinds) {
            moved_rows.insert(row);
            dirty_households.extend(Some(self.rows.get(row).household).filter(|facet| *facet != NONE));
        }

        let inputs = self.household_inputs(&dirty_households, batch.household_rulings);
        let regroups = self.households.apply(inputs);
        for facet in self.settle(EntityKind::Household, &regroups, &mut kinds) {
            moved_rows.extend(self.household_facets.get(facet).rows.iter().copied());
        }

        let touched = self.entities_of_rows(&moved_rows);
        let facets = self.entities_of_facets(&batch.dwellings, &dirty_households);
        let pinned = batch
            .pinned
            .iter()
            .filter_map(|(kind, key)| self.entity_of(*kind, key).or_else(|| self.entity_of_row(*kind, key)));
        for entity in touched.into_iter().chain(facets).chain(pinned.collect::<Vec<_>>()) {
            kinds.entry(entity).or_insert(ChangeKind::Updated);
        }
        kinds.into_iter().map(|(entity, kind)| self.step(entity, kind)).collect()
    }

    pub(super) fn step(&self, entity: EntityId, kind: ChangeKind) -> Step {
        let members = self.members(entity);
        let rows = self.rows_of_members(entity.kind, &members);
        let relations = self.relations_of_rows(entity.kind, &rows);
        // A person's members are its rows.
        let keys = match entity.kind {
            EntityKind::Person => members.clone(),
            EntityKind::Dwelling | EntityKind::Household => self.keys_of_rows(&rows),
        };
        Step { entity, kind, members, rows: keys, relations }
    }

    pub(super) fn dwelling_inputs(&self, dirty: &BTreeSet<u32>, rulings: Vec<Input>) -> Vec<Input> {
        let mut inputs = rulings;
        for facet in dirty {
            let facet = self.dwelling_facets.get(*facet);
            if facet.rows.is_empty() {
                inputs.push(Input::Remove(facet.key.clone()));
                continue;
            }
            let parts: Vec<DwellingPart> = facet.rows.iter().map(|row| self.dwelling_part(*row)).collect();
            inputs.push(Input::Upsert(
                facet.key.clone(),
                self.dwelling_fields.features(&facet.key, parts.iter()),
            ));
        }
        inputs
    }

    fn dwelling_part(&self, row: u32) -> DwellingPart {
        let texts = self.rows.get(row).texts.map(|text| self.texts.get(text).into());
        let [home, resident, resident_id, phone, _] = texts;
        DwellingPart { home, resident, resident_id, phone }
    }

    pub(super) fn household_inputs(&self, dirty: &BTreeSet<u32>, rulings: Vec<Input>) -> Vec<Input> {
        let mut inputs = rulings;
        for facet in dirty {
            let facet = self.household_facets.get(*facet);
            if facet.rows.is_empty() {
                inputs.push(Input::Remove(facet.key.clone()));
                continue;
            }
            let parts: Vec<HouseholdPart> = facet
                .rows
                .iter()
                .map(|row| self.rows.get(*row))
                .map(|row| {
                    let [home, _, _, _, head] = row.texts.map(|text| self.texts.get(text).into());
                    HouseholdPart { head, home, is_head: row.is_head }
                })
                .collect();
            let labels: Vec<&SourceKey> = facet.rows.iter().filter_map(|row| self.label(*row)).collect();
            let features = self.household_fields.features(parts.iter(), labels.into_iter());
            inputs.push(Input::Upsert(facet.key.clone(), features));
        }
        inputs
    }

    /// The smallest key of the row's person.
    fn label(&self, row: u32) -> Option<&SourceKey> {
        self.persons.first_of_cluster(&self.rows.get(row).key)
    }

    /// Gives ids to what regrouped; gives the members that are in another entity than before, or in a changed one.
    fn settle(
        &mut self,
        kind: EntityKind,
        regroups: &[Regroup],
        kinds: &mut BTreeMap<EntityId, ChangeKind>,
    ) -> Vec<u32> {
        let mut moved = Vec::new();
        for regroup in regroups {
            let before: Vec<(EntityId, Vec<SourceKey>)> = regroup
                .before
                .iter()
                .filter_map(|members| Some((self.entity_of(kind, members.first()?)?, members.clone())))
                .collect();
            for key in before.iter().flat_map(|(_, members)| members) {
                self.assign(kind, key, 0);
            }
            moved.extend(self.identify(kind, &before, &regroup.after, kinds));
        }
        moved
    }

    /// Gives ids to clusters; gives the members of those that changed.
    pub(super) fn identify(
        &mut self,
        kind: EntityKind,
        before: &[(EntityId, Vec<SourceKey>)],
        after: &[Vec<SourceKey>],
        kinds: &mut BTreeMap<EntityId, ChangeKind>,
    ) -> Vec<u32> {
        let mut moved = Vec::new();
        let mut next = self.ids.next(kind);
        let found = identify(kind, before, after, &mut next);
        let listed: BTreeSet<EntityId> = found.iter().map(|identified| identified.entity).collect();
        for (entity, members) in before.iter().filter(|(entity, _)| !listed.contains(entity)) {
            for key in members {
                self.assign(kind, key, entity.number);
            }
        }
        for identified in found {
            let entity = identified.entity;
            let members = identified.members.iter();
            let numbers: Vec<u32> = members.filter_map(|key| self.assign(kind, key, entity.number)).collect();
            self.ids.set(entity, numbers.first().copied());
            moved.extend(numbers);
            kinds.insert(entity, identified.kind);
        }
        moved
    }

    /// Sets the entity of a member; gives the member's number.
    pub(super) fn assign(&mut self, kind: EntityKind, key: &SourceKey, entity: u64) -> Option<u32> {
        let facets = match kind {
            EntityKind::Person => {
                let row = self.rows.find(key)?;
                self.rows.get_mut(row).person = entity;
                return Some(row);
            }
            EntityKind::Dwelling => &mut self.dwelling_facets,
            EntityKind::Household => &mut self.household_facets,
        };
        let facet = facets.find(key)?;
        facets.get_mut(facet).entity = entity;
        Some(facet)
    }

    fn entities_of_rows(&self, rows: &BTreeSet<u32>) -> BTreeSet<EntityId> {
        let number = |kind, number| (number > 0).then_some(EntityId { kind, number });
        let mut found = BTreeSet::new();
        for row in rows {
            let row = self.rows.get(*row);
            found.extend(number(EntityKind::Person, row.person));
            if row.household != NONE {
                found.extend(number(EntityKind::Household, self.household_facets.get(row.household).entity));
            }
        }
        found
    }

    fn entities_of_facets(
        &self,
        dwellings: &BTreeSet<u32>,
        households: &BTreeSet<u32>,
    ) -> BTreeSet<EntityId> {
        let of = |kind, facets: &BTreeSet<u32>, table: &Table<Facet>| {
            let numbers = facets.iter().map(|facet| table.get(*facet).entity).filter(|number| *number > 0);
            numbers.map(|number| EntityId { kind, number }).collect::<Vec<_>>()
        };
        let mut found = BTreeSet::new();
        found.extend(of(EntityKind::Dwelling, dwellings, &self.dwelling_facets));
        found.extend(of(EntityKind::Household, households, &self.household_facets));
        found
    }
}
