//! What was last published of each entity, as digests: enough to tell what a new state changes, without keeping values.
//!
//! **Invariant:** it equals what replaying the change feed gives, and is rebuilt that way at start.

use rustc_hash::FxHasher;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use yibiao_record::{
    Canonical, CanonicalValue, Change, ChangeKind, ElementId, EntityId, EntityKind, Relation, SourceKey,
    Value,
};

/// One published value: the element's number in the upper 16 bits, 48 bits of the value's digest below.
type Mark = u64;

#[derive(Clone, Debug, Default)]
struct State {
    shape: u64,
    marks: Box<[Mark]>,
}

/// Digests of all living entities.
#[derive(Debug, Default)]
pub(crate) struct Published {
    of: BTreeMap<EntityKind, Vec<Option<State>>>,
    /// How many entities of a kind live.
    living: BTreeMap<EntityKind, usize>,
}

/// Whether an entity's members, relations or values differ from what was published.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Members or relations changed.
    pub(crate) shape: bool,
    /// The elements whose value changed, with the value after.
    pub(crate) values: Vec<(ElementId, Option<CanonicalValue>)>,
}

impl Published {
    /// What publishing this state would change.
    pub(crate) fn difference(
        &self,
        entity: EntityId,
        canonical: Canonical,
        members: &[SourceKey],
        relations: &[Relation],
    ) -> Difference {
        let none = State::default();
        let known = self.state(entity).unwrap_or(&none);
        let gone = known.marks.iter().map(|mark| element_of(*mark));
        let mut values: Vec<(ElementId, Option<CanonicalValue>)> =
            gone.filter(|element| canonical.get(*element).is_none()).map(|element| (element, None)).collect();
        let changed = canonical
            .0
            .into_iter()
            .filter(|(element, value)| !known.marks.contains(&mark(*element, &value.value)));
        values.extend(changed.map(|(element, value)| (element, Some(value))));
        values.sort_by_key(|(element, _)| *element);
        Difference { shape: known.shape != shape(members, relations), values }
    }

    /// Notes a change as published.
    pub(crate) fn note(&mut self, change: &Change) {
        let Ok(at) = usize::try_from(change.entity.number) else { return };
        let states = self.of.entry(change.entity.kind).or_default();
        if states.len() <= at {
            states.resize(at + 1, None);
        }
        let Some(slot) = states.get_mut(at) else { return };
        let living = self.living.entry(change.entity.kind).or_insert(0);
        if matches!(change.kind, ChangeKind::Merged { .. } | ChangeKind::Retired) {
            *living -= usize::from(slot.take().is_some());
            return;
        }
        *living += usize::from(slot.is_none());
        let mut marks: Vec<Mark> = slot.take().map(|state| state.marks.into_vec()).unwrap_or_default();
        marks.retain(|mark| change.values.iter().all(|(element, _)| *element != element_of(*mark)));
        let set = change
            .values
            .iter()
            .filter_map(|(element, value)| value.as_ref().map(|value| mark(*element, &value.value)));
        marks.extend(set);
        marks.sort_unstable();
        *slot = Some(State { shape: shape(&change.members, &change.relations), marks: marks.into() });
    }

    /// How many entities of a kind live.
    pub(crate) fn count(&self, kind: EntityKind) -> usize {
        self.living.get(&kind).copied().unwrap_or(0)
    }

    /// The living entities of a kind, in the order of their numbers.
    pub(crate) fn entities(&self, kind: EntityKind) -> impl Iterator<Item = EntityId> {
        let states = self.of.get(&kind).map_or(&[][..], Vec::as_slice);
        (0u64..)
            .zip(states)
            .filter(|(_, state)| state.is_some())
            .map(move |(number, _)| EntityId { kind, number })
    }

    fn state(&self, entity: EntityId) -> Option<&State> {
        self.of.get(&entity.kind)?.get(usize::try_from(entity.number).ok()?)?.as_ref()
    }
}

fn shape(members: &[SourceKey], relations: &[Relation]) -> u64 {
    let mut hasher = FxHasher::default();
    members.hash(&mut hasher);
    for relation in relations {
        (relation.role, relation.to, relation.system).hash(&mut hasher);
    }
    hasher.finish()
}

fn mark(element: ElementId, value: &Value) -> Mark {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    (u64::from(element.0) << 48) | (hasher.finish() >> 16)
}

fn element_of(mark: Mark) -> ElementId {
    ElementId(u16::try_from(mark >> 48).expect("invariant: sixteen bits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yibiao_record::{ChangeSeq, Rule, SubmissionSeq, SystemId, Timestamp};

    fn value(text: &str) -> CanonicalValue {
        CanonicalValue {
            value: Value::Text(text.into()),
            source: SubmissionSeq(1),
            system: SystemId::new("GA").unwrap(),
            observed_at: Timestamp(0),
            rule: Rule::Authority,
        }
    }

    fn change(values: Vec<(ElementId, Option<CanonicalValue>)>, kind: ChangeKind) -> Change {
        Change {
            seq: ChangeSeq(1),
            entity: EntityId { kind: EntityKind::Person, number: 3 },
            kind,
            time: Timestamp(0),
            members: Vec::new(),
            values,
            relations: Vec::new(),
        }
    }

    #[test]
    fn only_what_differs_from_the_published_state_is_a_difference() {
        let entity = EntityId { kind: EntityKind::Person, number: 3 };
        let mut published = Published::default();
        let both = vec![(ElementId(1), Some(value("a"))), (ElementId(2), Some(value("b")))];
        published.note(&change(both, ChangeKind::Created));
        let same = Canonical(vec![(ElementId(1), value("a")), (ElementId(2), value("b"))]);
        let difference = published.difference(entity, same, &[], &[]);
        assert!(difference.values.is_empty() && !difference.shape);
        let other = Canonical(vec![(ElementId(1), value("a")), (ElementId(3), value("c"))]);
        let elements: Vec<(u16, bool)> = published
            .difference(entity, other, &[], &[])
            .values
            .iter()
            .map(|(element, value)| (element.0, value.is_some()))
            .collect();
        assert_eq!(elements, [(2, false), (3, true)]);
    }

    #[test]
    fn a_merged_entity_is_no_longer_counted() {
        let mut published = Published::default();
        published.note(&change(vec![(ElementId(1), Some(value("a")))], ChangeKind::Created));
        assert_eq!(published.count(EntityKind::Person), 1);
        let into = EntityId { kind: EntityKind::Person, number: 1 };
        published.note(&change(Vec::new(), ChangeKind::Merged { into }));
        assert_eq!(published.count(EntityKind::Person), 0);
    }
}
