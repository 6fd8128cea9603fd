//! The four counts of the promise: every change of the feed ends, for every subscription, as delivered, filtered, dead or
//! pending.
//!
//! **Invariant:** the counts are added to in the commit that moves the subscription's position, so that they add up to
//! the feed whatever dies when; [`Node::accounts`] checks it against the feed itself.

use crate::deliver::{DeliverError, DeliveryReport, Rejected};
use crate::letters::Resent;
use crate::node::Node;
use crate::receiver::Disabled;
use std::collections::BTreeMap;
use std::ops::Bound;
use yibiao_policy::{Projected, RuleId, Subject, Subscription};
use yibiao_record::{Change, ChangeKind, ChangeSeq, EntityId, SourceKey, Timestamp};
use yibiao_store::{AuditDraft, Commit, DeadLetter, ReadError, View};

/// What became of a change for a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// The receiver has it.
    Delivered,
    /// The policy, by this rule, does not let it through.
    Filtered(RuleId),
    /// The receiver refused it for good.
    Dead,
}

impl Disposition {
    /// The name, in metrics and reports.
    pub fn name(self) -> &'static str {
        match self {
            Disposition::Delivered => "delivered",
            Disposition::Filtered(_) => "filtered",
            Disposition::Dead => "dead",
        }
    }

    /// The name with the rule.
    pub(crate) fn counter(self, subscription: &str) -> String {
        match self {
            Disposition::Filtered(rule) => format!("subscription/{subscription}/filtered/{}", rule.id()),
            other => format!("subscription/{subscription}/{}", other.name()),
        }
    }
}

/// The counts of one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The subscription.
    pub subscription: String,
    /// Changes that the receiver has.
    pub delivered: u64,
    /// Changes that the policy did not let through, by rule.
    pub filtered: BTreeMap<String, u64>,
    /// Changes that the receiver refused for good.
    pub dead: u64,
    /// Those of them whose dead letter was purged.
    pub purged: u64,
    /// Dead letters that wait.
    pub letters: usize,
    /// Changes that wait.
    pub pending: u64,
    /// Changes of the feed.
    pub feed: u64,
    /// Since when and why its receiver is left alone, where it is.
    pub disabled: Option<Disabled>,
}

impl Account {
    /// Changes of the feed that none of the four counts holds, or that two hold: 0 unless the promise is broken.
    pub fn gap(&self) -> i64 {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        signed(self.feed)
            - signed(self.pending)
            - signed(self.delivered)
            - signed(self.filtered_in_all())
            - signed(self.dead)
    }

    /// Changes that the policy did not let through.
    pub fn filtered_in_all(&self) -> u64 {
        self.filtered.values().sum()
    }
}

/// The entity whose row a change is about.
fn concerned(change: &Change) -> EntityId {
    if let ChangeKind::Merged { into } = change.kind { into } else { change.entity }
}

impl Node {
    /// Moves a subscription's position to `upto` and counts what lies between, in one commit.
    pub(crate) fn note_delivery(
        &mut self,
        id: &str,
        upto: ChangeSeq,
        rejected: &Rejected,
        at: Timestamp,
        report: &mut DeliveryReport,
    ) -> Result<(), DeliverError> {
        let view = self.store.view()?;
        let from = ChangeSeq(view.position(id)?.unwrap_or(0));
        let Some(subscription) = self.policy.subscription(id) else { return Ok(()) };
        let mut letters = Vec::new();
        for change in view.changes((Bound::Excluded(from), Bound::Included(upto))) {
            let change = change?;
            let disposition = self.disposition(subscription, &change, rejected, at, &view);
            if disposition == Disposition::Dead
                && let Some(row) = rejected.get(&concerned(&change))
            {
                letters.push(row.letter(id, change.seq, at));
            }
            *report.changes.entry(disposition).or_insert(0) += 1;
        }
        let mut resent = Vec::new();
        for letter in self.marked_letters(id, &view)? {
            // The rows were all written anew just now.
            let Some(change) = view.change(letter.at)? else { continue };
            let became = match self.disposition(subscription, &change, rejected, at, &view) {
                Disposition::Delivered => Resent::Delivered,
                Disposition::Filtered(rule) => Resent::Filtered(rule),
                Disposition::Dead => match rejected.get(&concerned(&change)) {
                    Some(row) => Resent::Refused(row.letter(id, change.seq, at)),
                    None => continue,
                },
            };
            resent.push((letter, became));
        }
        if !resent.is_empty() {
            self.settle_letters(id, resent, at)?;
        }
        if from == upto {
            return Ok(());
        }
        self.move_position(id, upto, &report.changes, letters, at)
    }

    /// Moves a subscription's position and adds the counts of what lay between, with the letters of what was refused, in
    /// one commit.
    pub(crate) fn move_position(
        &mut self,
        id: &str,
        upto: ChangeSeq,
        counts: &BTreeMap<Disposition, u64>,
        letters: Vec<DeadLetter>,
        at: Timestamp,
    ) -> Result<(), DeliverError> {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let counts: Vec<(Disposition, i64)> =
            counts.iter().map(|(disposition, n)| (*disposition, signed(*n))).collect();
        let commit = Commit {
            positions: vec![(id.to_owned(), upto.0)],
            counters: counts.iter().map(|(disposition, n)| (disposition.counter(id), *n)).collect(),
            audit: vec![AuditDraft {
                at,
                actor: id.into(),
                action: "deliver".into(),
                subjects: Vec::new(),
                counts: counts.iter().map(|(disposition, n)| (disposition.name().into(), *n)).collect(),
            }],
            dead_letters: letters,
            ..Commit::default()
        };
        self.store.commit(&commit)?;
        self.letters.committed(&commit);
        self.renew_last()?;
        self.refresh_account(id)?;
        Ok(())
    }

    fn disposition(
        &self,
        subscription: &Subscription,
        change: &Change,
        rejected: &Rejected,
        at: Timestamp,
        view: &View,
    ) -> Disposition {
        let entity = concerned(change);
        if rejected.contains_key(&entity) {
            return Disposition::Dead;
        }
        let of_subscriber = |key: &SourceKey| key.system == subscription.subscriber();
        // A member of any kind is of the system whose row it comes from.
        let held = match change.kind {
            ChangeKind::Merged { into } => self.world.members(into).iter().any(of_subscriber),
            _ => change.members.iter().any(of_subscriber),
        };
        // Looked up only where the subscription is for a part of the population.
        let values = |element| Some(self.canonical(entity, view).ok()?.get(element)?.value.clone());
        let subject = Subject { kind: entity.kind, event: Some(&change.kind), held, values: &values };
        let admitted = match self.policy.admit(subscription, subject, at) {
            Ok(admitted) => admitted,
            Err(rule) => return Disposition::Filtered(rule),
        };
        // A step about who is who concerns every value of the receiver's row; an update, those that it names.
        if !matches!(change.kind, ChangeKind::Updated) || change.values.is_empty() {
            return Disposition::Delivered;
        }
        let mut refused = None;
        for (element, value) in &change.values {
            let Some(value) = value else { return Disposition::Delivered };
            match admitted.project(*element, &value.value) {
                Projected::Refuse(rule) => refused = Some(rule),
                Projected::Allow | Projected::Mask(_) => return Disposition::Delivered,
            }
        }
        refused.map_or(Disposition::Delivered, Disposition::Filtered)
    }

    /// The counts of every subscription.
    pub fn accounts(&self) -> Result<Vec<Account>, ReadError> {
        let view = self.store.view()?;
        let account = |subscription| self.account(&view, subscription);
        self.policy.subscriptions().map(account).collect()
    }

    fn account(&self, view: &View, subscription: &Subscription) -> Result<Account, ReadError> {
        let feed = view.last().change.0;
        let prefix = format!("subscription/{}/", subscription.id());
        let mut account = Account {
            subscription: subscription.id().to_owned(),
            delivered: 0,
            filtered: BTreeMap::new(),
            dead: 0,
            purged: 0,
            letters: self.letters.waiting(subscription.id()),
            pending: feed.saturating_sub(view.position(subscription.id())?.unwrap_or(0)),
            feed,
            disabled: Disabled::read(view, subscription.id())?,
        };
        for (name, count) in view.counters_of(&prefix)? {
            let name = name.strip_prefix(&prefix).unwrap_or_default();
            let count = u64::try_from(count).unwrap_or(0);
            match name.strip_prefix("filtered/") {
                Some(rule) => {
                    account.filtered.insert(rule.to_owned(), count);
                }
                None if name == "dead" => account.dead = count,
                None if name == "purged" => account.purged = count,
                None => account.delivered = count,
            }
        }
        Ok(account)
    }

    /// Shows the counts of a subscription in the metrics.
    pub(crate) fn refresh_account(&self, id: &str) -> Result<(), ReadError> {
        if let Some(subscription) = self.policy.subscription(id) {
            self.metrics.tallies.show(&self.account(&self.store.view()?, subscription)?);
        }
        Ok(())
    }

    /// Shows the counts of all in the metrics.
    pub(crate) fn refresh_accounts(&self) -> Result<(), ReadError> {
        self.accounts()?.iter().for_each(|account| self.metrics.tallies.show(account));
        Ok(())
    }
}
