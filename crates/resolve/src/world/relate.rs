//! Relations: who is in which household, who heads it, who lives in which house, who owns it.

use super::World;
use super::rows::{NONE, Row};
use std::collections::BTreeMap;
use yibiao_record::{EntityId, EntityKind, Relation, Role, SystemId, Timestamp};

impl World {
    /// The relations of an entity, from its rows that were not ended; each once per system, with the earliest time.
    pub fn relations(&self, entity: EntityId) -> Vec<Relation> {
        self.relations_of_rows(entity.kind, &self.row_numbers(entity))
    }

    /// The relations that rows of an entity of that kind give it.
    pub(super) fn relations_of_rows(&self, kind: EntityKind, rows: &[u32]) -> Vec<Relation> {
        let mut found: BTreeMap<(Role, EntityId, SystemId), Timestamp> = BTreeMap::new();
        for number in rows {
            let row = self.rows.get(*number);
            if row.ended || !row.live {
                continue;
            }
            let system = self.persons.key(*number).system;
            for (role, to) in self.relations_of_row(kind, row, self.owners.contains(&system)) {
                let since = found.entry((role, to, system)).or_insert(row.observed_at);
                *since = (*since).min(row.observed_at);
            }
        }
        let relation = |((role, to, system), observed_at)| Relation { role, to, system, observed_at };
        found.into_iter().map(relation).collect()
    }

    fn relations_of_row(&self, kind: EntityKind, row: &Row, owns: bool) -> Vec<(Role, EntityId)> {
        let household = self.number_of(row.household, EntityKind::Household);
        let dwelling = self.number_of(row.dwelling, EntityKind::Dwelling);
        let mut relations = Vec::new();
        match kind {
            EntityKind::Person => {
                relations.extend(household.map(|to| (Role::MemberOf, to)));
                relations.extend(household.filter(|_| row.is_head).map(|to| (Role::HeadOf, to)));
                relations.extend(dwelling.map(|to| (if owns { Role::Owns } else { Role::LivesIn }, to)));
            }
            EntityKind::Household if !owns => relations.extend(dwelling.map(|to| (Role::LivesIn, to))),
            EntityKind::Household | EntityKind::Dwelling => {}
        }
        relations
    }

    fn number_of(&self, facet: u32, kind: EntityKind) -> Option<EntityId> {
        if facet == NONE {
            return None;
        }
        let facets =
            if kind == EntityKind::Household { &self.household_facets } else { &self.dwelling_facets };
        let number = facets.get(facet).entity;
        (number > 0).then_some(EntityId { kind, number })
    }
}
