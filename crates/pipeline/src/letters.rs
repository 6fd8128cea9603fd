//! Dead letters: what receivers refused for good, kept with its bytes until it is sent again or purged. Not to be mixed up
//! with the quarantine, which holds rows that could not be taken in.
//!
//! **Invariant:** a letter comes in the commit that counts its change as dead, and goes in the one that counts it as
//! something else; one that is purged stays counted as dead.

use crate::account::Disposition;
use crate::deliver::DeliverError;
use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_contract::{ChangeEvent, EventAdapter, Letter, REFUSED};
use yibiao_policy::RuleId;
use yibiao_record::{ChangeSeq, Timestamp};
use yibiao_store::{AuditDraft, Commit, DeadLetter, ReadError, View};

/// The code of a letter whose entity's receiver has a later event by now.
const SUPERSEDED: &str = "superseded";
/// Letters that the audit log names one by one; of more it has the number.
const NAMED_MAX: usize = 100;
/// Letters that are sent again at once.
const AGAIN_MAX: usize = 500;

/// Which letters wait, and which of them are to be sent again: by subscription, their positions.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    waiting: BTreeMap<Box<str>, BTreeSet<u64>>,
    marked: BTreeMap<Box<str>, BTreeSet<u64>>,
}

impl Letters {
    pub(crate) fn load(view: &View) -> Result<Letters, ReadError> {
        let mut letters = Letters::default();
        view.dead_letters(|letter| letters.note(&letter))?;
        Ok(letters)
    }

    /// What a commit that is durable did to them.
    pub(crate) fn committed(&mut self, commit: &Commit) {
        for (at, subscription) in &commit.dead_letters_gone {
            for of in [&mut self.waiting, &mut self.marked] {
                of.get_mut(subscription).map(|of| of.remove(&at.0));
            }
        }
        commit.dead_letters.iter().for_each(|letter| self.note(letter));
    }

    fn note(&mut self, letter: &DeadLetter) {
        let (subscription, at) = (&letter.subscription, letter.at.0);
        self.waiting.entry(subscription.clone()).or_default().insert(at);
        if letter.replay {
            self.marked.entry(subscription.clone()).or_default().insert(at);
        } else if let Some(of) = self.marked.get_mut(subscription) {
            of.remove(&at);
        }
    }

    pub(crate) fn waiting(&self, subscription: &str) -> usize {
        self.waiting.get(subscription).map_or(0, BTreeSet::len)
    }

    /// How many of all are to be sent again.
    pub(crate) fn marks(&self) -> usize {
        self.marked.values().map(BTreeSet::len).sum()
    }

    /// Those that have letters to be sent again.
    pub(crate) fn marked_subscriptions(&self) -> BTreeSet<Box<str>> {
        let some = self.marked.iter().filter(|(_, of)| !of.is_empty());
        some.map(|(subscription, _)| subscription.clone()).collect()
    }

    fn marked(&self, subscription: &str) -> impl Iterator<Item = u64> {
        self.marked.get(subscription).into_iter().flatten().copied()
    }
}

/// Which letters are meant: those that all of its parts name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// These, by subscription and position; empty for any.
    pub letters: BTreeSet<(Box<str>, u64)>,
    /// Of one subscription.
    pub subscription: Option<Box<str>>,
    /// Refused for one reason, by its code.
    pub code: Option<Box<str>>,
}

impl Selection {
    fn holds(&self, letter: &DeadLetter) -> bool {
        (self.letters.is_empty() || self.letters.contains(&(letter.subscription.clone(), letter.at.0)))
            && self.subscription.as_ref().is_none_or(|of| *of == letter.subscription)
            && self.code.as_ref().is_none_or(|code| *code == letter.code)
    }
}

/// What became of a letter that was to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resent {
    /// The receiver has it.
    Delivered,
    /// Today's policy does not let it through.
    Filtered(RuleId),
    /// The receiver refused it once more.
    Refused(DeadLetter),
    /// The receiver has a later event of the entity, which carries the whole record: the older one must not follow it.
    Superseded(u64),
}

impl Resent {
    fn name(&self) -> &'static str {
        match self {
            Resent::Delivered => "replayed",
            Resent::Filtered(_) => "filtered",
            Resent::Refused(_) => "refused",
            Resent::Superseded(_) => "superseded",
        }
    }
}

/// An event that a receiver refused, as it is kept.
pub(crate) fn dead_letter(
    subscription: &str,
    adapter: &impl EventAdapter,
    event: &ChangeEvent,
    reason: &str,
    at: Timestamp,
) -> DeadLetter {
    kept(subscription, ChangeSeq(event.position), adapter.name(), adapter.letter(event), reason, at)
}

/// What was sent for a change and refused, as it is kept.
pub(crate) fn kept(
    subscription: &str,
    change: ChangeSeq,
    sender: &str,
    letter: Letter,
    reason: &str,
    at: Timestamp,
) -> DeadLetter {
    let Letter { code, receiver, key, headers, body } = letter;
    DeadLetter {
        at: change,
        subscription: subscription.into(),
        code: if code.is_empty() { REFUSED } else { code }.into(),
        reason: reason.into(),
        receiver: receiver.into(),
        sender: sender.into(),
        key: key.into(),
        headers: headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        body: body.into(),
        refused: 1,
        refused_at: at,
        replay: false,
    }
}

impl Node {
    /// The dead letters of a selection, in the order of the feed, at most `limit`; and how many there are.
    pub fn dead_letters(
        &self,
        which: &Selection,
        limit: usize,
    ) -> Result<(Vec<DeadLetter>, usize), ReadError> {
        let (mut found, mut all) = (Vec::new(), 0);
        self.store.view()?.dead_letters(|letter| {
            if which.holds(&letter) {
                all += 1;
                if found.len() < limit {
                    found.push(letter);
                }
            }
        })?;
        Ok((found, all))
    }

    /// One dead letter, to be looked at by a person, which is written down.
    pub fn look_at_dead_letter(
        &mut self,
        subscription: &str,
        at: u64,
        actor: &str,
        now: Timestamp,
    ) -> Result<Option<DeadLetter>, DeliverError> {
        let found = self.store.view()?.dead_letter(ChangeSeq(at), subscription)?;
        if let Some(letter) = &found {
            let audit = vec![draft("dlq.show", actor, now, [letter])];
            self.store.commit(&Commit { audit, ..Commit::default() })?;
            self.renew_last()?;
        }
        Ok(found)
    }

    /// Marks letters to be sent again, which their deliveries do as soon as they can; how many.
    pub fn replay_dead_letters(
        &mut self,
        which: &Selection,
        actor: &str,
        now: Timestamp,
    ) -> Result<usize, DeliverError> {
        let (mut letters, count) = self.dead_letters(which, usize::MAX)?;
        for letter in &mut letters {
            letter.replay = true;
        }
        if count > 0 {
            let audit = vec![draft("dlq.replay", actor, now, &letters)];
            self.change_letters(Commit { audit, dead_letters: letters, ..Commit::default() })?;
        }
        Ok(count)
    }

    /// Drops letters with their bytes; how many. Their changes stay counted as dead.
    pub fn purge_dead_letters(
        &mut self,
        which: &Selection,
        actor: &str,
        now: Timestamp,
    ) -> Result<usize, DeliverError> {
        let (letters, count) = self.dead_letters(which, usize::MAX)?;
        if count > 0 {
            let audit = vec![draft("dlq.purge", actor, now, &letters)];
            let counters = letters.iter().map(|letter| (purged_counter(&letter.subscription), 1)).collect();
            for letter in &letters {
                self.metrics.tallies.settled(&letter.subscription, "purged");
            }
            let dead_letters_gone =
                letters.into_iter().map(|letter| (letter.at, letter.subscription)).collect();
            self.change_letters(Commit { audit, counters, dead_letters_gone, ..Commit::default() })?;
        }
        Ok(count)
    }

    /// The letters of a subscription that are to be sent again: the first of them.
    pub(crate) fn marked_letters(
        &self,
        subscription: &str,
        view: &View,
    ) -> Result<Vec<DeadLetter>, ReadError> {
        let marked = self.letters.marked(subscription).take(AGAIN_MAX);
        let letters = marked.map(|at| view.dead_letter(ChangeSeq(at), subscription));
        letters.filter_map(Result::transpose).collect()
    }

    /// Notes what became of letters that were to be sent again: the counts move in the same commit.
    pub(crate) fn settle_letters(
        &mut self,
        subscription: &str,
        resent: Vec<(DeadLetter, Resent)>,
        now: Timestamp,
    ) -> Result<(), DeliverError> {
        let mut commit = Commit::default();
        let mut moved: BTreeMap<&'static str, i64> = BTreeMap::new();
        for (letter, resent) in resent {
            *moved.entry(resent.name()).or_insert(0) += 1;
            self.metrics.tallies.settled(subscription, resent.name());
            let became = match resent {
                Resent::Delivered => Disposition::Delivered,
                Resent::Filtered(rule) => Disposition::Filtered(rule),
                Resent::Refused(again) => {
                    let refused = letter.refused + 1;
                    commit.dead_letters.push(DeadLetter { refused, ..again });
                    continue;
                }
                Resent::Superseded(by) => {
                    let reason = format!("its receiver has the later event {by} of the entity: purge it");
                    let (code, reason) = (SUPERSEDED.into(), reason.into());
                    commit.dead_letters.push(DeadLetter { code, reason, replay: false, ..letter });
                    continue;
                }
            };
            commit.counters.push((Disposition::Dead.counter(subscription), -1));
            commit.counters.push((became.counter(subscription), 1));
            commit.dead_letters_gone.push((letter.at, letter.subscription));
        }
        let counts = moved.into_iter().map(|(name, n)| (name.into(), n)).collect();
        let (actor, action) = (subscription.into(), "dlq.resend".into());
        commit.audit.push(AuditDraft { at: now, actor, action, subjects: Vec::new(), counts });
        self.change_letters(commit)
    }

    fn change_letters(&mut self, commit: Commit) -> Result<(), DeliverError> {
        self.store.commit(&commit)?;
        self.letters.committed(&commit);
        self.renew_last()?;
        let gone = commit.dead_letters_gone.iter().map(|(_, subscription)| subscription);
        let letters = commit.dead_letters.iter().map(|letter| &letter.subscription);
        let concerned: BTreeSet<&Box<str>> = gone.chain(letters).collect();
        concerned.into_iter().try_for_each(|subscription| self.refresh_account(subscription))?;
        self.tell();
        Ok(())
    }
}

/// The counter of purged letters.
pub(crate) fn purged_counter(subscription: &str) -> String {
    format!("subscription/{subscription}/purged")
}

fn draft<'l>(
    action: &str,
    actor: &str,
    at: Timestamp,
    letters: impl IntoIterator<Item = &'l DeadLetter>,
) -> AuditDraft {
    let mut subjects: Vec<Box<str>> = Vec::new();
    let mut count = 0;
    for letter in letters {
        count += 1;
        if subjects.len() < NAMED_MAX {
            subjects.push(format!("{}:{}", letter.subscription, letter.at).into());
        }
    }
    AuditDraft {
        at,
        actor: actor.into(),
        action: action.into(),
        subjects,
        counts: vec![("letters".into(), count)],
    }
}

#[cfg(test)]
mod tests;
