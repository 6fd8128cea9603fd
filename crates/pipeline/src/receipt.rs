//! What became of rows that were just taken in: what a sender is told.

use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_policy::{Policy, Subject};
use yibiao_record::{ElementId, EntityId, EntityKind, Op, SourceKey, SubmissionSeq, SystemId, Timestamp};
use yibiao_store::ReadError;

/// A row that was handed in: its local key, or where it stands in its file.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its local key, where it has one by itself.
    pub key: Option<Box<str>>,
    /// Where it stands in its file.
    pub locator: u64,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {}", self.locator)
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It was taken in, and nobody else spoke of its subject so far.
    New,
    /// Nothing in it is news.
    Repeat,
    /// It was taken in and joined to what others say of its subject.
    Joined,
    /// It was taken in, and a steward is asked whom it is about.
    Waiting,
    /// Its row is no more.
    Withdrawn,
    /// It was set aside.
    Quarantined,
}

impl Fate {
    /// Its name in receipts.
    pub fn name(self) -> &'static str {
        match self {
            Fate::New => "new",
            Fate::Repeat => "repeat",
            Fate::Joined => "joined",
            Fate::Waiting => "waiting",
            Fate::Withdrawn => "withdrawn",
            Fate::Quarantined => "quarantined",
        }
    }
}

/// What a sender is told of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What became of it.
    pub fate: Fate,
    /// The entity that it is about.
    pub entity: Option<EntityId>,
    /// The subscriptions that receive it by the policy as it stands, by id, without the sender's own.
    pub receivers: Vec<Box<str>>,
}

/// Which of a row's entities a sender is told, the first that there is.
const TOLD: [EntityKind; 3] = [EntityKind::Person, EntityKind::Dwelling, EntityKind::Household];

impl Node {
    /// The last submission that was taken in: what follows it, came later.
    pub fn last_submission(&self) -> SubmissionSeq {
        self.last.submission
    }

    /// What became of rows of a system that were handed in after `boundary`. Who receives each is told of the first
    /// `receivers_max` rows.
    pub fn received(
        &self,
        system: SystemId,
        boundary: SubmissionSeq,
        rows: &[Sent],
        receivers_max: usize,
        at: Timestamp,
    ) -> Result<Vec<Received>, ReadError> {
        let by_place: BTreeMap<u64, &SourceKey> = if rows.iter().all(|row| row.key.is_some()) {
            BTreeMap::new()
        } else {
            let live = self.records.of_system(system).filter(|(_, entry)| entry.op == Op::Upsert);
            live.map(|(key, entry)| (entry.locator, key)).collect()
        };
        let reviewed = if self.world.engine(EntityKind::Person).review_count() == 0 {
            BTreeSet::new()
        } else {
            self.reviewed_rows(system)
        };
        let mut told: BTreeMap<EntityId, Vec<Box<str>>> = BTreeMap::new();
        let mut received = Vec::with_capacity(rows.len());
        for (count, row) in rows.iter().enumerate() {
            let key = match &row.key {
                Some(local) => Some(SourceKey { system, local: local.clone() }),
                None => by_place.get(&row.locator).map(|key| (*key).clone()),
            };
            let Some((key, entry)) =
                key.and_then(|key| self.records.get(&key).copied().map(|entry| (key, entry)))
            else {
                received.push(Received { fate: Fate::Quarantined, entity: None, receivers: Vec::new() });
                continue;
            };
            let entity = TOLD.into_iter().find_map(|kind| self.world.entity_of_row(kind, &key));
            let fate = match entity {
                _ if entry.seq <= boundary => Fate::Repeat,
                _ if entry.op != Op::Upsert => Fate::Withdrawn,
                _ if reviewed.contains(&key) => Fate::Waiting,
                Some(entity) if self.world.rows(entity).len() > 1 => Fate::Joined,
                _ => Fate::New,
            };
            let receivers = match entity.filter(|_| count < receivers_max) {
                None => Vec::new(),
                Some(entity) => match told.get(&entity) {
                    Some(known) => known.clone(),
                    None => {
                        let receivers = self.receivers(system, entity, at)?;
                        told.insert(entity, receivers.clone());
                        receivers
                    }
                },
            };
            received.push(Received { fate, entity, receivers });
        }
        Ok(received)
    }

    /// The subscriptions of others that an entity is let through to.
    fn receivers(
        &self,
        system: SystemId,
        entity: EntityId,
        at: Timestamp,
    ) -> Result<Vec<Box<str>>, ReadError> {
        let Some(story) = self.story(entity)? else { return Ok(Vec::new()) };
        let values = |element: ElementId| story.canonical.get(element).map(|value| value.value.clone());
        let policy: &Policy = &self.policy;
        let others = policy.subscriptions().filter(|subscription| subscription.subscriber() != system);
        let admitted = others.filter(|subscription| {
            let held = story.members.iter().any(|key| key.system == subscription.subscriber());
            let subject = Subject { kind: entity.kind, event: None, held, values: &values };
            let own = subscription.own_rows_only() && !held;
            !own && policy.admit(subscription, subject, at).is_ok()
        });
        Ok(admitted.map(|subscription| subscription.id().into()).collect())
    }
}
