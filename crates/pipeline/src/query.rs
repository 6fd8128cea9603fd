//! What a node tells of itself.

use crate::account::Account;
use crate::metrics::RowOutcome;
use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_mapping::Key;
use yibiao_record::{
    Canonical, ChangeKind, ElementId, EntityId, EntityKind, Op, Relation, SourceKey, Submission, SystemId,
    Value,
};
use yibiao_resolve::Review;
use yibiao_resolve::world::World;
use yibiao_store::ReadError;

/// What a node holds and has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Per system.
    pub systems: BTreeMap<SystemId, SystemStatus>,
    /// Living entities by kind.
    pub entities: BTreeMap<EntityKind, usize>,
    /// Records compared, by kind.
    pub records: BTreeMap<EntityKind, usize>,
    /// Tasks that wait for a steward, by kind.
    pub reviews: BTreeMap<EntityKind, usize>,
    /// Rows that wait in the quarantine.
    pub quarantined: usize,
    /// Submissions accepted.
    pub submissions: u64,
    /// Changes published.
    pub changes: u64,
    /// Decisions taken.
    pub decisions: u64,
    /// The four counts of each subscription.
    pub accounts: Vec<Account>,
}

/// What a node has of one system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemStatus {
    /// Source keys whose row stands.
    pub live: usize,
    /// Source keys whose row ended.
    pub ended: usize,
    /// Source keys whose row was withdrawn.
    pub retracted: usize,
    /// Rows ever read, by what became of them.
    pub rows: BTreeMap<RowOutcome, u64>,
}

/// One source key and where it belongs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The system.
    pub system: SystemId,
    /// The key as people know it: the key column, or the row number in the newest edition.
    pub shown: String,
    /// Its entity; of a row that was withdrawn, the one that last held it.
    pub entity: Option<EntityId>,
    /// Whether its row stands.
    pub live: bool,
}

/// How an entity stands.
#[derive(Debug)]
pub struct Story {
    /// The entity.
    pub entity: EntityId,
    /// Its records.
    pub members: Vec<SourceKey>,
    /// The latest submissions that give its values.
    pub rows: Vec<Submission>,
    /// Its canonical values.
    pub canonical: Canonical,
    /// What it is to others.
    pub relations: Vec<Relation>,
}

impl Node {
    /// What the node holds and has done.
    pub fn status(&self) -> Result<Status, ReadError> {
        let counters = self.store.view()?.counters()?;
        let mut status = Status {
            quarantined: self.quarantine.open(),
            submissions: self.last.submission.0,
            changes: self.last.change.0,
            decisions: self.last.decision.0,
            accounts: self.accounts()?,
            ..Status::default()
        };
        for kind in EntityKind::ALL {
            status.entities.insert(kind, self.published_by().published.count(kind));
            status.records.insert(kind, self.world.engine(kind).record_count());
            status.reviews.insert(kind, self.world.engine(kind).review_count());
        }
        for system in self.mappings.keys() {
            let mut of = SystemStatus::default();
            for (_, entry) in self.records.of_system(*system) {
                *match entry.op {
                    Op::Upsert => &mut of.live,
                    Op::End => &mut of.ended,
                    Op::Retract => &mut of.retracted,
                } += 1;
            }
            for outcome in RowOutcome::ALL {
                let count = counters.get(&format!("rows/{system}/{}", outcome.name())).copied().unwrap_or(0);
                of.rows.insert(outcome, u64::try_from(count).unwrap_or(0));
            }
            status.systems.insert(*system, of);
        }
        Ok(status)
    }

    /// Whether a system's file has no key column, so that people know its rows by their number.
    fn by_number(&self, system: SystemId) -> bool {
        self.mappings.get(&system).is_some_and(|mapping| matches!(mapping.source().key, Key::Identity(_)))
    }

    /// A source key as people know it. A row that the newest edition no longer holds has `~` before its last number.
    pub fn shown(&self, key: &SourceKey) -> String {
        match self.records.get(key) {
            // It came as a message, under a key of its own.
            Some(entry) if entry.locator == 0 => key.local.to_string(),
            Some(entry) if self.by_number(key.system) && entry.op == Op::Upsert => entry.locator.to_string(),
            Some(entry) if self.by_number(key.system) => format!("~{}", entry.locator),
            _ => key.local.to_string(),
        }
    }

    /// The source key that people know by this text.
    pub fn find(&self, system: SystemId, shown: &str) -> Option<SourceKey> {
        if self.by_number(system) {
            let mut keys = self.records.of_system(system).map(|(key, _)| key);
            return keys.find(|key| self.shown(key) == shown).cloned();
        }
        let key = SourceKey { system, local: shown.into() };
        self.records.get(&key).map(|_| key)
    }

    /// Every source key ever accepted and where it belongs, sorted. Of persons, the rows; of households and dwellings,
    /// their numbers in each system.
    pub fn members(&self, kind: EntityKind) -> Result<Vec<Member>, ReadError> {
        let mut members = Vec::new();
        if kind == EntityKind::Person {
            let withdrawn = self.last_entities()?;
            for (key, entry) in self.records.systems().flat_map(|system| self.records.of_system(system)) {
                let live = entry.op == Op::Upsert;
                let entity = self.world.entity_of_row(kind, key).or_else(|| withdrawn.get(key).copied());
                members.push(Member { system: key.system, shown: self.shown(key), entity, live });
            }
        } else {
            for entity in self.published_by().published.entities(kind) {
                for key in self.world.members(entity) {
                    let shown = self.shown(&key);
                    members.push(Member { system: key.system, shown, entity: Some(entity), live: true });
                }
            }
        }
        members.sort();
        Ok(members)
    }

    /// The person that last held each row that was withdrawn since, under the id that it has now.
    fn last_entities(&self) -> Result<BTreeMap<SourceKey, EntityId>, ReadError> {
        let withdrawn: BTreeSet<&SourceKey> = self
            .records
            .systems()
            .flat_map(|system| self.records.of_system(system))
            .filter(|(_, entry)| entry.op == Op::Retract)
            .map(|(key, _)| key)
            .collect();
        let mut last = BTreeMap::new();
        let mut merged = BTreeMap::new();
        if withdrawn.is_empty() {
            return Ok(last);
        }
        for change in self.store.view()?.changes(..) {
            let change = change?;
            if let ChangeKind::Merged { into } = change.kind {
                merged.insert(change.entity, into);
            }
            if change.entity.kind == EntityKind::Person {
                let held = change.members.into_iter().filter(|key| withdrawn.contains(key));
                last.extend(held.map(|key| (key, change.entity)));
            }
        }
        for entity in last.values_mut() {
            while let Some(into) = merged.get(entity) {
                *entity = *into;
            }
        }
        Ok(last)
    }

    /// The living entities of a kind.
    pub fn entities(&self, kind: EntityKind) -> Vec<EntityId> {
        self.published_by().published.entities(kind).collect()
    }

    /// The entity that holds a record.
    pub fn entity_of(&self, kind: EntityKind, key: &SourceKey) -> Option<EntityId> {
        self.world.entity_of_row(kind, key)
    }

    /// What stewards are asked about a kind, what would change most first.
    pub fn reviews(&self, kind: EntityKind) -> Vec<Review> {
        self.world.engine(kind).reviews()
    }

    /// What a record claims for an element.
    pub fn claim(&self, key: &SourceKey, element: ElementId) -> Result<Option<Value>, ReadError> {
        let Some(entry) = self.records.get(key) else { return Ok(None) };
        let row = self.store.view()?.submission(entry.seq)?;
        let claim = row.as_ref().and_then(|row| row.claim(element));
        Ok(claim.filter(|claim| claim.is_evidence()).map(|claim| claim.value.clone()))
    }

    /// The entities, for explanations.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// How an entity stands; `None` where there is none of that id any more.
    pub fn story(&self, entity: EntityId) -> Result<Option<Story>, ReadError> {
        let members = self.world.members(entity);
        if members.is_empty() {
            return Ok(None);
        }
        let view = self.store.view()?;
        let rows = self.submissions(entity, &view)?;
        let canonical = self.canonical(entity, &view)?;
        Ok(Some(Story { entity, members, rows, canonical, relations: self.world.relations(entity) }))
    }

    /// The rows of a system about which a steward is asked.
    pub(crate) fn reviewed_rows(&self, system: SystemId) -> BTreeSet<SourceKey> {
        let reviews = self.world.reviews(EntityKind::Person);
        let keys = reviews.into_iter().flat_map(|review| review.left.into_iter().chain(review.right));
        keys.filter(|key| key.system == system).collect()
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:… of {:?} (live: {})", self.system, self.entity, self.live)
    }
}
