//! What a world makes of its inputs, without what may depend on history: entity numbers and places in logs.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use xxhash_rust::xxh3::Xxh3;
use yibiao_record::{
    ElementId, EntityId, EntityKind, Role, Rule, SourceKey, Submission, SystemId, Timestamp, Value,
};
use yibiao_resolve::survive;
use yibiao_resolve::world::World;
use yibiao_schema::Dictionary;

/// A canonical value and why it stands, its source named by key.
type Standing = (ElementId, Value, Option<SourceKey>, SystemId, Timestamp, Rule);

/// A relation, the other entity named by its first member.
type Link = (Role, Option<SourceKey>, SystemId, Timestamp);

/// An entity without its number.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Entity {
    rows: Vec<SourceKey>,
    values: Vec<Standing>,
    links: Vec<Link>,
}

/// Of two clusters: the members of either, the average weight between them, and whether a rule asks.
type Doubt = (Vec<SourceKey>, Vec<SourceKey>, i32, bool);

/// A world without its numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The engines' partitions, by kind in stage order.
    partitions: Vec<Vec<Vec<SourceKey>>>,
    entities: BTreeMap<(EntityKind, Vec<SourceKey>), Entity>,
    doubts: Vec<Vec<Doubt>>,
}

impl fmt::Debug for Picture {
    /// Digests and counts: a failure must not print persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doubts: usize = self.doubts.iter().map(Vec::len).sum();
        let entities = self.entities.len();
        write!(f, "{:016x} of {entities} entities and {doubts} doubts", self.digest())
    }
}

impl Picture {
    /// Takes the picture of a world; `standing` are its rows.
    pub fn of(world: &World, standing: &BTreeMap<SourceKey, Submission>) -> Picture {
        let kinds = EntityKind::ALL;
        let doubts = |kind: EntityKind| {
            let reviews = world.reviews(kind).into_iter();
            let mut doubts: Vec<Doubt> =
                reviews.map(|review| (review.left, review.right, review.average, review.ruled)).collect();
            doubts.sort();
            doubts
        };
        Picture {
            partitions: kinds.iter().map(|kind| world.engine(*kind).partition()).collect(),
            entities: kinds
                .iter()
                .flat_map(|kind| world.entities(*kind))
                .map(|entity| ((entity.kind, world.members(entity)), picture(world, entity, standing)))
                .collect(),
            doubts: kinds.iter().map(|kind| doubts(*kind)).collect(),
        }
    }

    /// Whether the entities that have a number are the clusters of the engines.
    pub fn numbers_fit(&self) -> bool {
        EntityKind::ALL.iter().zip(&self.partitions).all(|(kind, partition)| {
            let numbered = self.entities.keys().filter(|(of, _)| of == kind).map(|(_, members)| members);
            numbered.eq(partition.iter())
        })
    }

    /// Entities that only one of two pictures has, or that differ in rows, values or relations.
    pub fn differing(&self, other: &Picture) -> usize {
        let here = self.entities.iter().filter(|(name, entity)| other.entities.get(*name) != Some(entity));
        let there = other.entities.keys().filter(|name| !self.entities.contains_key(*name));
        here.count() + there.count()
    }

    /// A number of the partitions alone.
    pub fn partition_digest(&self) -> u64 {
        digest(&self.partitions)
    }

    /// A number of everything in the picture.
    pub fn digest(&self) -> u64 {
        digest(&(&self.partitions, &self.entities, &self.doubts))
    }
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = Xxh3::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn picture(world: &World, entity: EntityId, standing: &BTreeMap<SourceKey, Submission>) -> Entity {
    let rows = world.rows(entity);
    let submissions: Vec<&Submission> = rows.iter().filter_map(|key| standing.get(key)).collect();
    let by_seq = |seq| submissions.iter().find(|row| row.seq == seq).map(|row| row.key.clone());
    let canonical = survive::canonical(entity.kind, &submissions, &world.pins(entity), Dictionary::shipped());
    let values = canonical
        .0
        .into_iter()
        .map(|(element, value)| {
            (element, value.value, by_seq(value.source), value.system, value.observed_at, value.rule)
        })
        .collect();
    let mut links: Vec<Link> = world
        .relations(entity)
        .into_iter()
        .map(|relation| {
            let other = world.members(relation.to).into_iter().next();
            (relation.role, other, relation.system, relation.observed_at)
        })
        .collect();
    links.sort();
    Entity { rows, values, links }
}
