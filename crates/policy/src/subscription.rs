//! Subscriptions: who receives which elements of whom, for what, on what basis, until when.

use crate::{Flag, RuleId};
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{ElementId, EntityKind, SystemId, Timestamp};

/// How an element is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// As it is.
    Full,
    /// Only what the mask of its type leaves.
    Masked,
}

/// Who is in a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Division codes; a subject's code must begin with one of them. None: everywhere.
    pub divisions: Vec<String>,
    /// Elements that a subject must have a value of.
    pub present: BTreeSet<ElementId>,
    /// Coded elements, of which a subject must have one of these codes or a finer one.
    pub codes: BTreeMap<ElementId, Vec<String>>,
}

/// A subscription that was checked against dictionary and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub(crate) id: String,
    pub(crate) subscriber: SystemId,
    pub(crate) matter: String,
    pub(crate) purpose: String,
    pub(crate) legal_basis: Vec<String>,
    pub(crate) approvers: Vec<String>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) end: Timestamp,
    pub(crate) own_rows_only: bool,
    pub(crate) entities: BTreeSet<EntityKind>,
    pub(crate) events: Option<BTreeSet<String>>,
    pub(crate) elements: BTreeMap<ElementId, Handling>,
    pub(crate) flags: BTreeSet<Flag>,
    pub(crate) population: Population,
    pub(crate) members: bool,
    pub(crate) destroy: bool,
}

impl Subscription {
    /// Its name in configuration, receipts and audit.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who receives.
    pub fn subscriber(&self) -> SystemId {
        self.subscriber
    }

    /// The matter that it is for.
    pub fn matter(&self) -> &str {
        &self.matter
    }

    /// What the data is used for.
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The provisions that it rests on.
    pub fn legal_basis(&self) -> &[String] {
        &self.legal_basis
    }

    /// The offices that approved it.
    pub fn approvers(&self) -> &[String] {
        &self.approvers
    }

    /// The first moment at which nothing may leave any more.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// Whether only subjects that the subscriber holds itself are delivered.
    pub fn own_rows_only(&self) -> bool {
        self.own_rows_only
    }

    /// The kinds of entity that it receives.
    pub fn entities(&self) -> impl Iterator<Item = EntityKind> {
        self.entities.iter().copied()
    }

    /// The elements that it receives, in the order of their numbers, and how.
    pub fn elements(&self) -> impl Iterator<Item = (ElementId, Handling)> {
        self.elements.iter().map(|(element, handling)| (*element, *handling))
    }

    /// The yes-or-no answers that it receives.
    pub fn flags(&self) -> impl Iterator<Item = Flag> {
        self.flags.iter().copied()
    }

    /// Whether it receives which source records an entity is made of, by system and local key.
    pub fn members(&self) -> bool {
        self.members
    }

    /// Who is in it.
    pub fn population(&self) -> &Population {
        &self.population
    }

    /// Whether it runs at a time.
    pub fn runs(&self, at: Timestamp) -> Result<(), RuleId> {
        if at >= self.end {
            Err(RuleId::Expired)
        } else if self.from.is_some_and(|from| at < from) {
            Err(RuleId::NotBegun)
        } else {
            Ok(())
        }
    }

    /// Whether the receiver owes a receipt that it destroyed what it was given.
    pub fn destruction_due(&self, at: Timestamp) -> bool {
        self.destroy && at >= self.end
    }
}
