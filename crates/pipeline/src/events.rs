//! From the feed to what one subscription may see of it: events for subscribers that keep copies of canonical records.
//!
//! A change carries only what changed. What stood before and after it is folded from the entity's own changes, which an
//! index in memory finds; so the same question about the same feed gets the same events, whenever it is asked.
//!
//! **Invariant:** every change between two positions is an event or counted as filtered, never both and never neither.

use crate::account::Disposition;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use yibiao_contract::{ChangeEvent, EventRecord};
use yibiao_policy::{Policy, Projected, RuleId, Subject, Subscription};
use yibiao_record::{Change, ChangeKind, ChangeSeq, ElementId, EntityId, SourceKey, Timestamp, Value};
use yibiao_store::{ReadError, View};

/// Entities whose latest state is kept at hand.
const RECENT_MAX: usize = 20_000;
/// Most changes that are read at once where few events are wanted, most of which would be dropped.
const STEP_MAX: usize = 32;

/// Which changes each entity has. One serves any number of subscriptions.
#[derive(Debug, Default)]
pub struct EventFeed {
    index: BTreeMap<EntityId, Vec<u64>>,
    /// The changes up to here are indexed.
    upto: u64,
    /// States folded lately, with the change after which they hold.
    recent: BTreeMap<EntityId, (u64, Option<State>)>,
}

/// What a subscription sees of a stretch of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events, in the order of the feed.
    pub events: Vec<ChangeEvent>,
    /// The position that it comes to.
    pub upto: u64,
    /// The changes that the policy does not let through: position and rule, in the order of the feed.
    pub filtered: Vec<(u64, RuleId)>,
}

/// The subscription, its policy and the time at which something would leave.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The subscription.
    pub subscription: &'a Subscription,
    /// The time of the delivery.
    pub at: Timestamp,
}

/// An entity as the feed tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    members: Vec<SourceKey>,
    values: BTreeMap<ElementId, Value>,
}

impl EventPage {
    /// The counts of the page: events as delivered, the rest as filtered.
    pub(crate) fn dispositions(&self) -> BTreeMap<Disposition, u64> {
        let mut counts = BTreeMap::new();
        for (_, rule) in &self.filtered {
            *counts.entry(Disposition::Filtered(*rule)).or_insert(0) += 1;
        }
        if !self.events.is_empty() {
            counts.insert(Disposition::Delivered, u64::try_from(self.events.len()).unwrap_or(u64::MAX));
        }
        counts
    }

    /// Ends before the event of this place, where there is one.
    pub(crate) fn cut(&mut self, at: usize) {
        let Some(next) = self.events.get(at).map(|event| event.position) else { return };
        self.events.truncate(at);
        self.filtered.retain(|(position, _)| *position < next);
        self.upto = next.saturating_sub(1);
    }
}

impl EventFeed {
    /// What becomes of at most `limit` changes after a position, up to `events_max` events.
    pub fn page(
        &mut self,
        view: &View,
        viewer: Viewer<'_>,
        after: u64,
        limit: usize,
        events_max: usize,
    ) -> Result<EventPage, ReadError> {
        self.catch_up(view)?;
        let mut page = EventPage { upto: after, ..EventPage::default() };
        // As many as events are wanted, and more where they are not let through.
        let (mut left, mut step) = (limit, events_max);
        while left > 0 && page.events.len() < events_max {
            let changes = view.changes_after(ChangeSeq(page.upto), step.min(left))?;
            if changes.is_empty() {
                break;
            }
            left = left.saturating_sub(changes.len());
            step = step.max((step.saturating_mul(2)).min(STEP_MAX));
            self.take(view, viewer, changes, events_max, &mut page)?;
        }
        Ok(page)
    }

    /// Adds what becomes of some changes to a page, until it has its events.
    fn take(
        &mut self,
        view: &View,
        viewer: Viewer<'_>,
        changes: Vec<Change>,
        events_max: usize,
        page: &mut EventPage,
    ) -> Result<(), ReadError> {
        for change in changes {
            if page.events.len() >= events_max {
                break;
            }
            page.upto = change.seq.0;
            let before = self.state(view, change.entity, change.seq.0.saturating_sub(1))?;
            let now = fold(before.clone(), &change);
            match viewer.event(&change, before.as_ref(), now.as_ref()) {
                Ok(event) => page.events.push(event),
                Err(rule) => page.filtered.push((change.seq.0, rule)),
            }
            self.keep(change.entity, change.seq.0, now);
        }
        Ok(())
    }

    /// The entities after `after` that the subscription sees as they stand at a position: at most `limit` are looked at.
    /// Each comes as created, at its own last position; and the entity to go on after, where there may be more.
    pub fn snapshot(
        &mut self,
        view: &View,
        viewer: Viewer<'_>,
        upto: u64,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<(Vec<ChangeEvent>, Option<EntityId>), ReadError> {
        self.catch_up(view)?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let entities: Vec<EntityId> =
            self.index.range((from, Bound::Unbounded)).map(|(entity, _)| *entity).take(limit).collect();
        let mut events = Vec::new();
        for entity in &entities {
            let Some(last) = self.last_before(*entity, upto) else { continue };
            let Some(state) = self.state(view, *entity, upto)? else { continue };
            let Ok(record) = viewer.record(*entity, &state, None) else { continue };
            let time = view.change(ChangeSeq(last))?.map(|change| change.time).unwrap_or_default();
            events.push(ChangeEvent {
                position: last,
                entity: *entity,
                kind: ChangeKind::Created,
                time,
                changed: record.values.iter().map(|(element, _)| *element).collect(),
                record: Some(record),
            });
        }
        let more = if entities.len() < limit { None } else { entities.last().copied() };
        Ok((events, more))
    }

    /// The changes of an entity after a position, up to another.
    pub(crate) fn changes_of(
        &mut self,
        view: &View,
        entity: EntityId,
        after: u64,
        upto: u64,
    ) -> Result<Vec<u64>, ReadError> {
        self.catch_up(view)?;
        let of = self.index.get(&entity).into_iter().flatten();
        Ok(of.copied().filter(|seq| *seq > after && *seq <= upto).collect())
    }

    /// How many of the changes up to a position are not indexed yet.
    pub(crate) fn lacks(&self, upto: u64) -> usize {
        usize::try_from(upto.saturating_sub(self.upto)).unwrap_or(usize::MAX)
    }

    fn catch_up(&mut self, view: &View) -> Result<(), ReadError> {
        for change in view.changes((Bound::Excluded(ChangeSeq(self.upto)), Bound::Unbounded)) {
            let change = change?;
            self.upto = change.seq.0;
            self.index.entry(change.entity).or_default().push(change.seq.0);
        }
        Ok(())
    }

    /// The last change of an entity up to a position.
    fn last_before(&self, entity: EntityId, upto: u64) -> Option<u64> {
        let changes = self.index.get(&entity)?;
        changes.get(changes.partition_point(|seq| *seq <= upto).checked_sub(1)?).copied()
    }

    /// How an entity stands after a position.
    fn state(&self, view: &View, entity: EntityId, upto: u64) -> Result<Option<State>, ReadError> {
        let (from, mut state) = match self.recent.get(&entity) {
            Some((seq, state)) if *seq <= upto => (*seq, state.clone()),
            _ => (0, None),
        };
        for seq in self.index.get(&entity).into_iter().flatten().filter(|seq| **seq > from && **seq <= upto) {
            if let Some(change) = view.change(ChangeSeq(*seq))? {
                state = fold(state, &change);
            }
        }
        Ok(state)
    }

    fn keep(&mut self, entity: EntityId, seq: u64, state: Option<State>) {
        if self.recent.len() >= RECENT_MAX {
            self.recent.clear(); // it costs time to fold anew, nothing else
        }
        self.recent.insert(entity, (seq, state));
    }
}

/// How an entity stands after a change of it.
fn fold(before: Option<State>, change: &Change) -> Option<State> {
    let mut state = match change.kind {
        ChangeKind::Merged { .. } | ChangeKind::Retired => return None,
        ChangeKind::Created | ChangeKind::Split { .. } => State::default(),
        ChangeKind::Updated => before.unwrap_or_default(),
    };
    state.members.clone_from(&change.members);
    for (element, value) in &change.values {
        match value {
            Some(value) => state.values.insert(*element, value.value.clone()),
            None => state.values.remove(element),
        };
    }
    Some(state)
}

impl Viewer<'_> {
    /// What the subscription is told of a change, or the rule by which it is told nothing.
    fn event(
        &self,
        change: &Change,
        before: Option<&State>,
        now: Option<&State>,
    ) -> Result<ChangeEvent, RuleId> {
        let entity = change.entity;
        let seen = before.map(|state| self.record(entity, state, None));
        let sees = now.map(|state| self.record(entity, state, None));
        let (kind, record, changed) = match (seen, sees) {
            (Some(Ok(seen)), Some(Ok(sees))) => {
                let changed = changed(&seen, &sees);
                if seen == sees {
                    return Err(self.why_unseen(entity, change, now));
                }
                (ChangeKind::Updated, Some(sees), changed)
            }
            (_, Some(Ok(sees))) => {
                let kind = match change.kind {
                    ChangeKind::Split { from } => ChangeKind::Split { from },
                    _ => ChangeKind::Created,
                };
                let changed = changed(&EventRecord::default(), &sees);
                (kind, Some(sees), changed)
            }
            (Some(Ok(seen)), _) => {
                let kind = match change.kind {
                    ChangeKind::Merged { into } => ChangeKind::Merged { into },
                    _ => ChangeKind::Retired,
                };
                (kind, None, changed(&seen, &EventRecord::default()))
            }
            (_, Some(Err(rule))) | (Some(Err(rule)), None) => return Err(rule),
            (None, None) => return Err(RuleId::OutsidePopulation),
        };
        // Which kinds of event it receives is asked of the state that it sees, or saw last.
        if let Some(state) = now.filter(|_| record.is_some()).or(before) {
            self.record(entity, state, Some(&kind))?;
        }
        Ok(ChangeEvent { position: change.seq.0, entity, kind, time: change.time, changed, record })
    }

    /// What the subscription sees of an entity.
    fn record(
        &self,
        entity: EntityId,
        state: &State,
        event: Option<&ChangeKind>,
    ) -> Result<EventRecord, RuleId> {
        let values = |element: ElementId| state.values.get(&element).cloned();
        let held = state.members.iter().any(|key| key.system == self.subscription.subscriber());
        let subject = Subject { kind: entity.kind, event, held, values: &values };
        let admitted = self.policy.admit(self.subscription, subject, self.at)?;
        let mut record = EventRecord::default();
        if self.subscription.members() {
            record.members.clone_from(&state.members);
        }
        for (element, value) in &state.values {
            match admitted.project(*element, value) {
                Projected::Allow => record.values.push((*element, value.clone())),
                Projected::Mask(masked) => record.values.push((*element, masked)),
                Projected::Refuse(_) => {}
            }
        }
        for flag in self.subscription.flags().filter(|flag| flag.entity() == entity.kind) {
            if let Ok(Some(answer)) = admitted.flag(flag) {
                record.flags.push((flag.name(), answer));
            }
        }
        Ok(record)
    }

    /// The rule that hides what a change changed.
    fn why_unseen(&self, entity: EntityId, change: &Change, now: Option<&State>) -> RuleId {
        let values = |element: ElementId| now.and_then(|state| state.values.get(&element)).cloned();
        let subject = Subject { kind: entity.kind, event: None, held: true, values: &values };
        let Ok(admitted) = self.policy.admit(self.subscription, subject, self.at) else {
            return RuleId::NotSubscribed;
        };
        let mut refusals = change.values.iter().filter_map(|(element, value)| {
            match admitted.project(*element, &value.as_ref()?.value) {
                Projected::Refuse(rule) => Some(rule),
                Projected::Allow | Projected::Mask(_) => None,
            }
        });
        refusals.next_back().unwrap_or(RuleId::NotSubscribed)
    }
}

/// The elements whose value is another.
fn changed(before: &EventRecord, after: &EventRecord) -> Vec<ElementId> {
    let value = |record: &EventRecord, element: ElementId| {
        record
            .values
            .binary_search_by_key(&element, |(at, _)| *at)
            .ok()
            .and_then(|at| record.values.get(at).cloned())
    };
    let elements: BTreeSet<ElementId> =
        before.values.iter().chain(&after.values).map(|(element, _)| *element).collect();
    elements.into_iter().filter(|element| value(before, *element) != value(after, *element)).collect()
}

#[cfg(test)]
mod tests;
