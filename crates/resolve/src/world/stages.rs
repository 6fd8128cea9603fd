//! The stages of a batch.

use super::rows::{Beside, Facet, NONE};
use super::{Step, World};
use crate::department::{DwellingPart, HouseholdPart};
use crate::engine::{Engine, Input, Regroup};
use crate::identity::identify;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{ChangeKind, EntityId, EntityKind, Op, SourceKey, Submission, Value};
use yibiao_schema::element;

/// What a batch has given and disturbed so far.
#[derive(Debug, Default)]
pub(super) struct Batch {
    persons: Vec<Input<u32>>,
    dwelling_rulings: Vec<Input<u32>>,
    household_rulings: Vec<Input<u32>>,
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
    pub(super) fn take_persons(&mut self) -> Vec<Input<u32>> {
        std::mem::take(&mut self.persons)
    }

    /// What is left for the other stages: the facets whose rows changed and the rulings, of dwellings and of households.
    pub(super) fn into_facets(self) -> [(BTreeSet<u32>, Vec<Input<u32>>); 2] {
        [(self.dwellings, self.dwelling_rulings), (self.households, self.household_rulings)]
    }

    pub(super) fn rule(&mut self, kind: EntityKind, input: Input<u32>) {
        match kind {
            EntityKind::Person => self.persons.push(input),
            EntityKind::Dwelling => self.dwelling_rulings.push(input),
            EntityKind::Household => self.household_rulings.push(input),
        }
    }
}

/// Inputs of a kind below which a thread of its own would cost more than it saves.
const INPUTS_WORTH_A_THREAD: usize = 64;

/// Dwellings and persons know nothing of each other.
fn side_by_side([one, other]: [(&mut Engine, Vec<Input<u32>>); 2]) -> [Vec<Regroup<u32>>; 2] {
    let run = |(engine, inputs): (&mut Engine, Vec<Input<u32>>)| engine.apply_numbered(inputs);
    if one.1.len() < INPUTS_WORTH_A_THREAD {
        return [run(one), run(other)];
    }
    std::thread::scope(|scope| {
        let one = scope.spawn(|| run(one));
        let other = run(other);
        [one.join().expect("invariant: resolving does not panic"), other]
    })
}

impl World {
    pub(super) fn take_row(&mut self, submission: &Submission, batch: &mut Batch) {
        let number = self.number(EntityKind::Person, &submission.key);
        if submission.version < self.rows.get(number).version {
            return;
        }
        self.leave_facets(number, batch);
        batch.rows.insert(number);
        let live = submission.op != Op::Retract;
        let row = self.rows.get_mut(number);
        row.seq = submission.seq;
        row.observed_at = submission.observed_at;
        row.version = submission.version;
        row.live = live;
        row.ended = submission.op == Op::End;
        if !live {
            batch.persons.push(Input::Remove(number));
            return;
        }
        batch.persons.push(Input::Upsert(number, self.person_fields.features(submission)));
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
        let dwelling = dwelling.map_or(NONE, |key| self.number(EntityKind::Dwelling, &key));
        let household = household.map_or(NONE, |key| self.number(EntityKind::Household, &key));
        if dwelling != NONE {
            self.dwelling_facets.get_mut(dwelling).rows.push(number);
            batch.dwellings.insert(dwelling);
        }
        if household != NONE {
            self.household_facets.get_mut(household).rows.push(number);
            batch.households.insert(household);
        }
        let row = self.rows.get_mut(number);
        row.is_head = of_household.is_head;
        (row.dwelling, row.household, row.texts) = (dwelling, household, texts);
    }

    /// Runs the stages and gives ids.
    pub(super) fn run(&mut self, batch: Batch) -> Vec<Step> {
        let mut kinds: BTreeMap<EntityId, ChangeKind> = BTreeMap::new();
        let (rows, mut dirty_households) = (batch.rows, batch.households);
        let mut moved_rows = rows.clone();

        let dwellings = self.dwelling_inputs(&batch.dwellings, batch.dwelling_rulings);
        let [dwellings, persons] =
            side_by_side([(&mut self.dwellings, dwellings), (&mut self.persons, batch.persons)]);
        let moved = self.settle(EntityKind::Dwelling, dwellings, &mut kinds);
        for facet in moved {
            moved_rows.extend(self.dwelling_facets.get(facet).rows.iter().copied());
        }

        for row in self.settle(EntityKind::Person, persons, &mut kinds) {
            moved_rows.insert(row);
            dirty_households.extend(Some(self.rows.get(row).household).filter(|facet| *facet != NONE));
        }

        let inputs = self.household_inputs(&dirty_households, batch.household_rulings);
        let regroups = self.households.apply_numbered(inputs);
        for facet in self.settle(EntityKind::Household, regroups, &mut kinds) {
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
        let members = self.member_numbers(entity);
        let keys = self.engine(entity.kind).keys(&members);
        let rows = self.rows_of_members(entity.kind, members);
        let relations = self.relations_of_rows(entity.kind, &rows);
        Step { entity, kind, members: keys, rows: self.seqs(&rows), relations }
    }

    pub(super) fn dwelling_inputs(&self, dirty: &BTreeSet<u32>, rulings: Vec<Input<u32>>) -> Vec<Input<u32>> {
        let mut inputs = rulings;
        for number in dirty.iter().copied() {
            let rows = &self.dwelling_facets.get(number).rows;
            if rows.is_empty() {
                inputs.push(Input::Remove(number));
                continue;
            }
            let parts: Vec<DwellingPart> = rows.iter().map(|row| self.dwelling_part(*row)).collect();
            let features = self.dwelling_fields.features(self.dwellings.key(number), parts.iter());
            inputs.push(Input::Upsert(number, features));
        }
        inputs
    }

    fn dwelling_part(&self, row: u32) -> DwellingPart {
        let texts = self.rows.get(row).texts.map(|text| self.texts.get(text).into());
        let [home, resident, resident_id, phone, _] = texts;
        DwellingPart { home, resident, resident_id, phone }
    }

    pub(super) fn household_inputs(
        &self,
        dirty: &BTreeSet<u32>,
        rulings: Vec<Input<u32>>,
    ) -> Vec<Input<u32>> {
        let mut inputs = rulings;
        for number in dirty.iter().copied() {
            let rows = &self.household_facets.get(number).rows;
            if rows.is_empty() {
                inputs.push(Input::Remove(number));
                continue;
            }
            let parts: Vec<HouseholdPart> = rows
                .iter()
                .map(|row| self.rows.get(*row))
                .map(|row| {
                    let [home, _, _, _, head] = row.texts.map(|text| self.texts.get(text).into());
                    HouseholdPart { head, home, is_head: row.is_head }
                })
                .collect();
            // Of each row, the smallest key of its person.
            let labels: Vec<&SourceKey> =
                rows.iter().filter_map(|row| self.persons.first_of_cluster(*row)).collect();
            let features = self.household_fields.features(parts.iter(), labels.into_iter());
            inputs.push(Input::Upsert(number, features));
        }
        inputs
    }

    /// Gives ids to what regrouped; gives the members that are in another entity than before, or in a changed one.
    fn settle(
        &mut self,
        kind: EntityKind,
        regroups: Vec<Regroup<u32>>,
        kinds: &mut BTreeMap<EntityId, ChangeKind>,
    ) -> Vec<u32> {
        let mut moved = Vec::new();
        for Regroup { before, after } in regroups {
            let before: Vec<(EntityId, Vec<u32>)> = before
                .into_iter()
                .filter_map(|members| Some((self.entity_of_member(kind, *members.first()?)?, members)))
                .collect();
            for member in before.iter().flat_map(|(_, members)| members) {
                self.assign(kind, *member, 0);
            }
            moved.extend(self.identify(kind, &before, &after, kinds));
        }
        moved
    }

    /// Gives ids to clusters, which are sorted by their keys; gives the members of those that changed.
    pub(super) fn identify(
        &mut self,
        kind: EntityKind,
        before: &[(EntityId, Vec<u32>)],
        after: &[Vec<u32>],
        kinds: &mut BTreeMap<EntityId, ChangeKind>,
    ) -> Vec<u32> {
        let mut moved = Vec::new();
        let mut next = self.ids.next(kind);
        let found = identify(kind, before, after, &mut next);
        for (entity, members) in before {
            if found.iter().all(|identified| identified.entity != *entity) {
                members.iter().for_each(|member| self.assign(kind, *member, entity.number));
                self.ids.set(*entity, members.first().copied());
            }
        }
        for identified in found {
            let (entity, members) = (identified.entity, identified.members);
            members.iter().for_each(|member| self.assign(kind, *member, entity.number));
            self.ids.set(entity, members.first().copied());
            moved.extend(members);
            kinds.insert(entity, identified.kind);
        }
        moved
    }

    /// Sets the entity of a member.
    pub(super) fn assign(&mut self, kind: EntityKind, member: u32, entity: u64) {
        match kind {
            EntityKind::Person => self.rows.get_mut(member).person = entity,
            EntityKind::Dwelling => self.dwelling_facets.get_mut(member).entity = entity,
            EntityKind::Household => self.household_facets.get_mut(member).entity = entity,
        }
    }

    pub(super) fn entities_of_rows(&self, rows: &BTreeSet<u32>) -> BTreeSet<EntityId> {
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
        let of = |kind, facets: &BTreeSet<u32>, table: &Beside<Facet>| {
            let numbers = facets.iter().map(|facet| table.get(*facet).entity).filter(|number| *number > 0);
            numbers.map(|number| EntityId { kind, number }).collect::<Vec<_>>()
        };
        let mut found = BTreeSet::new();
        found.extend(of(EntityKind::Dwelling, dwellings, &self.dwelling_facets));
        found.extend(of(EntityKind::Household, households, &self.household_facets));
        found
    }
}
