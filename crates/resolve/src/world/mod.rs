//! All entities: the three engines in stage order, with stable ids and relations.
//!
//! Dwellings first, then persons, then households by the persons in them, then relations. Each stage is a pure function
//! of the rows and of the stages before; there is no loop.
//!
//! **Invariant:** the partition of each kind is a function of the live rows, the models and the decisions in force.
//! Only entity numbers depend on history.

mod decide;
mod ids;
mod relate;
mod restore;
mod rows;
mod stages;
#[cfg(test)]
mod tests;

pub use restore::Assignment;

use crate::department::{DwellingFields, HouseholdFields, PersonFields};
use crate::engine::{Engine, Review};
use crate::file::{ModelFile, ModelFileError};
use crate::survive::Pin;
use decide::Decisions;
use ids::Ids;
use rows::{Beside, Facet, NONE, Row, Texts};
use std::collections::BTreeSet;
use yibiao_record::{
    ChangeKind, Decision, EntityId, EntityKind, Relation, SourceKey, Submission, SubmissionSeq, SystemId,
};

/// What a world is set up with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How dwellings compare.
    pub dwelling: ModelFile,
    /// How persons compare.
    pub person: ModelFile,
    /// How households compare.
    pub household: ModelFile,
    /// Systems whose rows name the owner of a house rather than who lives there.
    pub owners: Vec<SystemId>,
    /// Systems whose every row speaks of a house, though it gives it no number.
    pub houses_by_row: Vec<SystemId>,
}

impl Settings {
    /// How entities of a kind compare.
    pub fn model(&self, kind: EntityKind) -> &ModelFile {
        match kind {
            EntityKind::Dwelling => &self.dwelling,
            EntityKind::Person => &self.person,
            EntityKind::Household => &self.household,
        }
    }

    /// The same, to put another in its place.
    pub fn model_mut(&mut self, kind: EntityKind) -> &mut ModelFile {
        match kind {
            EntityKind::Dwelling => &mut self.dwelling,
            EntityKind::Person => &mut self.person,
            EntityKind::Household => &mut self.household,
        }
    }

    /// The shipped models, and the six departments' ways.
    pub fn shipped() -> Self {
        let systems = |names: &[&str]| {
            let system = |name: &&str| SystemId::new(name).expect("invariant: a short name in ASCII");
            names.iter().map(system).collect()
        };
        Self {
            dwelling: ModelFile::shipped(EntityKind::Dwelling),
            person: ModelFile::shipped(EntityKind::Person),
            household: ModelFile::shipped(EntityKind::Household),
            owners: systems(&["ZJ"]),
            houses_by_row: systems(&["ZJ", "YJ", "NY"]),
        }
    }
}

/// One input.
#[derive(Clone, Copy, Debug)]
pub enum WorldInput<'a> {
    /// A row. Of two versions of a key the one with the higher `version` stands, of equals the later given.
    Record {
        /// The row.
        submission: &'a Submission,
    },
    /// A steward's decision.
    Decision(&'a Decision),
}

/// What became of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The entity.
    pub entity: EntityId,
    /// What happened. `Updated` also where only rows or relations may have changed.
    pub kind: ChangeKind,
    /// Its members after: of a person source rows, of a dwelling or household its facets. Sorted; none when merged or
    /// retired.
    pub members: Vec<SourceKey>,
    /// The latest submissions of the source rows that give its values, in the order of their keys.
    pub rows: Vec<SubmissionSeq>,
    /// Its relations after, sorted.
    pub relations: Vec<Relation>,
}

/// All entities. See the module.
#[derive(Debug)]
pub struct World {
    dwellings: Engine,
    persons: Engine,
    households: Engine,
    dwelling_fields: DwellingFields,
    person_fields: PersonFields,
    household_fields: HouseholdFields,
    owners: Vec<SystemId>,
    houses_by_row: Vec<SystemId>,
    texts: Texts,
    /// Of each person record, which is a source row.
    rows: Beside<Row>,
    /// Of each dwelling and household record.
    dwelling_facets: Beside<Facet>,
    household_facets: Beside<Facet>,
    ids: Ids,
    decisions: Decisions,
}

impl World {
    /// An empty world.
    pub fn new(settings: Settings) -> Result<World, ModelFileError> {
        let engine = |file: &ModelFile| {
            Engine::new(file.spec.clone(), file.model.clone()).map_err(ModelFileError::Spec)
        };
        Ok(World {
            dwellings: engine(&settings.dwelling)?,
            persons: engine(&settings.person)?,
            households: engine(&settings.household)?,
            dwelling_fields: DwellingFields::of(&settings.dwelling.spec)?,
            person_fields: PersonFields::of(&settings.person.spec)?,
            household_fields: HouseholdFields::of(&settings.household.spec)?,
            owners: settings.owners,
            houses_by_row: settings.houses_by_row,
            texts: Texts::default(),
            rows: Beside::default(),
            dwelling_facets: Beside::default(),
            household_facets: Beside::default(),
            ids: Ids::default(),
            decisions: Decisions::default(),
        })
    }

    /// The same, scoring with so many threads. Their number changes nothing but time.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.dwellings = self.dwellings.with_threads(threads);
        self.persons = self.persons.with_threads(threads);
        self.households = self.households.with_threads(threads);
        self
    }

    /// Takes a batch of inputs and tells what became of which entities, sorted by kind in stage order, then by number.
    pub fn apply(&mut self, inputs: &[WorldInput<'_>]) -> Vec<Step> {
        let mut batch = stages::Batch::default();
        for input in inputs {
            match input {
                WorldInput::Record { submission } => self.take_row(submission, &mut batch),
                WorldInput::Decision(decision) => self.take_decision(decision, &mut batch),
            }
        }
        self.run(batch)
    }

    /// The entity of a member: of a person a source row, of a dwelling or household a facet.
    pub fn entity_of(&self, kind: EntityKind, member: &SourceKey) -> Option<EntityId> {
        self.entity_of_member(kind, self.engine(kind).find(member)?)
    }

    fn entity_of_member(&self, kind: EntityKind, member: u32) -> Option<EntityId> {
        let number = match kind {
            EntityKind::Person => self.rows.get(member).person,
            EntityKind::Dwelling => self.dwelling_facets.get(member).entity,
            EntityKind::Household => self.household_facets.get(member).entity,
        };
        (number > 0).then_some(EntityId { kind, number })
    }

    /// The entity of a kind that a source row speaks of.
    pub fn entity_of_row(&self, kind: EntityKind, row: &SourceKey) -> Option<EntityId> {
        let number = self.persons.find(row)?;
        let row = self.rows.get(number);
        let member = match kind {
            EntityKind::Person => number,
            EntityKind::Dwelling => row.dwelling,
            EntityKind::Household => row.household,
        };
        if member == NONE { None } else { self.entity_of_member(kind, member) }
    }

    /// The members of an entity, sorted; none of one that is no more.
    pub fn members(&self, entity: EntityId) -> Vec<SourceKey> {
        self.engine(entity.kind).keys(&self.member_numbers(entity))
    }

    /// The source rows that give an entity's values, sorted.
    pub fn rows(&self, entity: EntityId) -> Vec<SourceKey> {
        self.persons.keys(&self.row_numbers(entity))
    }

    /// The latest submissions of the source rows that give an entity's values, in the order of their keys.
    pub fn submissions(&self, entity: EntityId) -> Vec<SubmissionSeq> {
        self.seqs(&self.row_numbers(entity))
    }

    fn seqs(&self, rows: &[u32]) -> Vec<SubmissionSeq> {
        rows.iter().map(|row| self.rows.get(*row).seq).collect()
    }

    /// The entities of a kind, by number.
    pub fn entities(&self, kind: EntityKind) -> impl Iterator<Item = EntityId> {
        self.ids.live(kind).map(move |number| EntityId { kind, number })
    }

    /// The next number of a kind: what must be given back to [`restore`](World::restore).
    pub fn next_number(&self, kind: EntityKind) -> u64 {
        self.ids.next(kind)
    }

    /// What stewards should see of a kind: what would join most records first.
    pub fn reviews(&self, kind: EntityKind) -> Vec<Review> {
        self.engine(kind).reviews()
    }

    /// The pins in force on an entity.
    pub fn pins(&self, entity: EntityId) -> Vec<Pin> {
        if !self.decisions.any_pin() {
            return Vec::new();
        }
        let members: BTreeSet<SourceKey> =
            self.members(entity).into_iter().chain(self.rows(entity)).collect();
        self.decisions.pins(entity.kind, &members)
    }

    /// The engine of a kind, for explanations and counts.
    pub fn engine(&self, kind: EntityKind) -> &Engine {
        match kind {
            EntityKind::Dwelling => &self.dwellings,
            EntityKind::Person => &self.persons,
            EntityKind::Household => &self.households,
        }
    }

    /// The engine of a kind, for explanations that score pairs.
    pub fn engine_mut(&mut self, kind: EntityKind) -> &mut Engine {
        match kind {
            EntityKind::Dwelling => &mut self.dwellings,
            EntityKind::Person => &mut self.persons,
            EntityKind::Household => &mut self.households,
        }
    }

    /// The members of an entity, sorted by key.
    fn member_numbers(&self, entity: EntityId) -> Vec<u32> {
        let member = self.ids.representative(entity);
        member.and_then(|member| self.engine(entity.kind).cluster(member)).unwrap_or_default()
    }

    /// The rows of an entity, sorted by key.
    fn row_numbers(&self, entity: EntityId) -> Vec<u32> {
        self.rows_of_members(entity.kind, self.member_numbers(entity))
    }

    /// The rows of an entity with these members, which are sorted, as the rows are.
    fn rows_of_members(&self, kind: EntityKind, members: Vec<u32>) -> Vec<u32> {
        let facets = match kind {
            EntityKind::Person => return members,
            EntityKind::Dwelling => &self.dwelling_facets,
            EntityKind::Household => &self.household_facets,
        };
        let mut rows: Vec<u32> =
            members.iter().flat_map(|facet| facets.get(*facet).rows.iter().copied()).collect();
        rows.sort_by(|a, b| self.persons.key(*a).cmp(self.persons.key(*b)));
        rows
    }

    /// The number of a member, which is made if it is new.
    fn number(&mut self, kind: EntityKind, key: &SourceKey) -> u32 {
        let number = self.engine_mut(kind).number(key);
        match kind {
            EntityKind::Person => self.rows.reach(number),
            EntityKind::Dwelling => self.dwelling_facets.reach(number),
            EntityKind::Household => self.household_facets.reach(number),
        }
        number
    }
}
