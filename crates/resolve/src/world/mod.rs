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

use crate::department::{DwellingFields, HouseholdFields, ModelFile, ModelFileError, PersonFields};
use crate::engine::{Engine, Review};
use crate::survive::Pin;
use decide::Decisions;
use ids::Ids;
use rows::{Facet, NONE, Row, Table, Texts};
use std::collections::BTreeSet;
use yibiao_record::{ChangeKind, Decision, EntityId, EntityKind, Relation, SourceKey, Submission, SystemId};

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
    /// The source rows that give its values, sorted.
    pub rows: Vec<SourceKey>,
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
    rows: Table<Row>,
    dwelling_facets: Table<Facet>,
    household_facets: Table<Facet>,
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
            rows: Table::new(),
            dwelling_facets: Table::new(),
            household_facets: Table::new(),
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
        let number = match kind {
            EntityKind::Person => self.rows.find(member).map(|row| self.rows.get(row).person),
            EntityKind::Dwelling => facet_entity(&self.dwelling_facets, member),
            EntityKind::Household => facet_entity(&self.household_facets, member),
        }?;
        (number > 0).then_some(EntityId { kind, number })
    }

    /// The entity of a kind that a source row speaks of.
    pub fn entity_of_row(&self, kind: EntityKind, row: &SourceKey) -> Option<EntityId> {
        let row = self.rows.get(self.rows.find(row)?);
        let of = |facets: &Table<Facet>, facet: u32| if facet == NONE { 0 } else { facets.get(facet).entity };
        let number = match kind {
            EntityKind::Person => row.person,
            EntityKind::Dwelling => of(&self.dwelling_facets, row.dwelling),
            EntityKind::Household => of(&self.household_facets, row.household),
        };
        (number > 0).then_some(EntityId { kind, number })
    }

    /// The members of an entity, sorted; none of one that is no more.
    pub fn members(&self, entity: EntityId) -> Vec<SourceKey> {
        let Some(member) = self.ids.representative(entity) else { return Vec::new() };
        let key = match entity.kind {
            EntityKind::Person => &self.rows.get(member).key,
            EntityKind::Dwelling => &self.dwelling_facets.get(member).key,
            EntityKind::Household => &self.household_facets.get(member).key,
        };
        self.engine(entity.kind).cluster_of(key).unwrap_or_default()
    }

    /// The source rows that give an entity's values, sorted.
    pub fn rows(&self, entity: EntityId) -> Vec<SourceKey> {
        self.keys_of_rows(&self.row_numbers(entity))
    }

    fn keys_of_rows(&self, rows: &[u32]) -> Vec<SourceKey> {
        rows.iter().map(|row| self.rows.get(*row).key.clone()).collect()
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

    /// The rows of an entity, sorted by key.
    fn row_numbers(&self, entity: EntityId) -> Vec<u32> {
        self.rows_of_members(entity.kind, &self.members(entity))
    }

    /// The rows of an entity with these members, sorted by key.
    fn rows_of_members(&self, kind: EntityKind, members: &[SourceKey]) -> Vec<u32> {
        let facets = match kind {
            EntityKind::Person => return members.iter().filter_map(|key| self.rows.find(key)).collect(),
            EntityKind::Dwelling => &self.dwelling_facets,
            EntityKind::Household => &self.household_facets,
        };
        let facet_rows =
            |key: &SourceKey| facets.find(key).map(|facet| facets.get(facet).rows.iter().copied());
        let mut rows: Vec<u32> = members.iter().filter_map(facet_rows).flatten().collect();
        rows.sort_by(|a, b| self.rows.get(*a).key.cmp(&self.rows.get(*b).key));
        rows
    }
}

fn facet_entity(facets: &Table<Facet>, key: &SourceKey) -> Option<u64> {
    facets.find(key).map(|facet| facets.get(facet).entity)
}
