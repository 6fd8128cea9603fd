//! Canonical values, the published steps of an entity, and what stewards rule.

use crate::{
    ChangeSeq, DecisionSeq, ElementId, EntityId, EntityKind, SourceKey, SubmissionSeq, SystemId, Timestamp,
    Value,
};
use std::fmt;

/// Which rule chose a canonical value among the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A steward pinned it.
    Pinned,
    /// Its department has authority over the element.
    Authority,
    /// The most recently observed claim.
    Recency,
    /// The value that most sources agree on.
    Majority,
    /// The most complete of values that agree.
    Completeness,
    /// Computed from other canonical values (sex and birth date from a valid id).
    Derived,
    /// Nothing told the claims apart but the order of their keys.
    TieBreak,
}

impl Rule {
    /// The name, as shown to people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Pinned => "pinned",
            Rule::Authority => "authority",
            Rule::Recency => "recency",
            Rule::Majority => "majority",
            Rule::Completeness => "completeness",
            Rule::Derived => "derived",
            Rule::TieBreak => "tie-break",
        }
    }
}

/// A canonical value and why it won.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalValue {
    /// The value.
    pub value: Value,
    /// The submission that gave it.
    pub source: SubmissionSeq,
    /// That submission's system.
    pub system: SystemId,
    /// When its source observed it.
    pub observed_at: Timestamp,
    /// Which rule chose it.
    pub rule: Rule,
}

/// An entity's canonical values, sorted by element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canonical(pub Vec<(ElementId, CanonicalValue)>);

impl Canonical {
    /// The value of an element.
    pub fn get(&self, element: ElementId) -> Option<&CanonicalValue> {
        self.0
            .binary_search_by_key(&element, |(at, _)| *at)
            .ok()
            .and_then(|at| self.0.get(at))
            .map(|(_, value)| value)
    }
}

/// What one entity is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A person is a member of a household.
    MemberOf,
    /// A person heads a household.
    HeadOf,
    /// A person or household lives in a dwelling.
    LivesIn,
    /// A person owns a dwelling.
    Owns,
}

impl Role {
    /// The name, as shown to people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Role::MemberOf => "member_of",
            Role::HeadOf => "head_of",
            Role::LivesIn => "lives_in",
            Role::Owns => "owns",
        }
    }
}

/// A relation of an entity to another, as a row stated it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// What it is to the other.
    pub role: Role,
    /// The other.
    pub to: EntityId,
    /// The system whose row says so.
    pub system: SystemId,
    /// Since when that row has been observed.
    pub observed_at: Timestamp,
}

/// What happened to an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came to be.
    Created,
    /// A value, a member or a relation changed.
    Updated,
    /// It was found to be another: subscribers re-point to that one.
    Merged {
        /// The id that lives on.
        into: EntityId,
    },
    /// It came to be by parting from another.
    Split {
        /// The entity that it parted from.
        from: EntityId,
    },
    /// Its last record was retracted.
    Retired,
}

impl ChangeKind {
    /// The name, as in event types and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            ChangeKind::Created => "created",
            ChangeKind::Updated => "updated",
            ChangeKind::Merged { .. } => "merged",
            ChangeKind::Split { .. } => "split",
            ChangeKind::Retired => "retired",
        }
    }
}

/// One published step of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the feed, which is its id.
    pub seq: ChangeSeq,
    /// Whose step it is.
    pub entity: EntityId,
    /// What happened.
    pub kind: ChangeKind,
    /// The time of the latest input that led to it.
    pub time: Timestamp,
    /// The members after it, sorted; empty when merged or retired.
    pub members: Vec<SourceKey>,
    /// The elements whose value changed, with the value after (`None`: no value any more), sorted by element. Of
    /// `Created` and `Split`, all values.
    pub values: Vec<(ElementId, Option<CanonicalValue>)>,
    /// The relations after it, sorted.
    pub relations: Vec<Relation>,
}

/// What was ruled: by a steward, on record keys, so that it outlives every merge and split; or by whoever answers for the
/// model.
#[derive(Clone, PartialEq, Eq)]
pub enum DecisionKind {
    /// The two records are the same entity.
    Link(EntityKind, SourceKey, SourceKey),
    /// The two records are different entities.
    Unlink(EntityKind, SourceKey, SourceKey),
    /// The entity that holds the record has this value.
    Pin(EntityKind, SourceKey, ElementId, Value),
    /// An earlier decision no longer holds.
    TakeBack(DecisionSeq),
    /// From here on entities of the kind are compared by the model of which this is the file.
    Adopt(EntityKind, Box<str>),
}

impl fmt::Debug for DecisionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecisionKind::Link(kind, a, b) => write!(f, "link {} {a:?} {b:?}", kind.name()),
            DecisionKind::Unlink(kind, a, b) => write!(f, "unlink {} {a:?} {b:?}", kind.name()),
            DecisionKind::Pin(kind, key, element, _) => {
                write!(f, "pin {} {key:?} {}", kind.name(), element.0)
            }
            DecisionKind::TakeBack(seq) => write!(f, "take back {seq}"),
            DecisionKind::Adopt(kind, _) => write!(f, "adopt a model of {}", kind.name()),
        }
    }
}

/// A steward's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its place in the log of decisions.
    pub seq: DecisionSeq,
    /// What was ruled.
    pub kind: DecisionKind,
    /// Who ruled: an account name, not a person's name.
    pub actor: Box<str>,
    /// Why, in the steward's words.
    pub reason: Box<str>,
    /// When, given with the decision.
    pub at: Timestamp,
}
