//! Numbers of entities, each with one of its members.

use super::rows::NONE;
use yibiao_record::{EntityId, EntityKind};

/// Per kind, the member that stands for each number, from number 1 on; `NONE` for an entity that is no more.
#[derive(Debug, Default)]
pub(super) struct Ids {
    members: [Vec<u32>; 3],
}

fn place(kind: EntityKind) -> usize {
    match kind {
        EntityKind::Dwelling => 0,
        EntityKind::Person => 1,
        EntityKind::Household => 2,
    }
}

impl Ids {
    fn of(&self, kind: EntityKind) -> &[u32] {
        self.members.get(place(kind)).expect("invariant: three kinds")
    }

    /// The first number never given out.
    pub(super) fn next(&self, kind: EntityKind) -> u64 {
        u64::try_from(self.of(kind).len()).expect("invariant: a length fits 64 bits") + 1
    }

    /// Makes all numbers before `next` given out.
    pub(super) fn reserve(&mut self, kind: EntityKind, next: u64) {
        let len =
            usize::try_from(next.saturating_sub(1)).expect("invariant: numbers are dense and fit memory");
        let members = self.members.get_mut(place(kind)).expect("invariant: three kinds");
        if members.len() < len {
            members.resize(len, NONE);
        }
    }

    /// Sets or clears the member that stands for an entity.
    pub(super) fn set(&mut self, entity: EntityId, member: Option<u32>) {
        self.reserve(entity.kind, entity.number + 1);
        let at = usize::try_from(entity.number - 1).ok();
        let slot = self.members.get_mut(place(entity.kind)).and_then(|members| members.get_mut(at?));
        if let Some(slot) = slot {
            *slot = member.unwrap_or(NONE);
        }
    }

    /// The member that stands for an entity.
    pub(super) fn representative(&self, entity: EntityId) -> Option<u32> {
        let at = usize::try_from(entity.number.checked_sub(1)?).ok()?;
        self.of(entity.kind).get(at).copied().filter(|member| *member != NONE)
    }

    /// The numbers of the entities that there are.
    pub(super) fn live(&self, kind: EntityKind) -> impl Iterator<Item = u64> {
        (1..).zip(self.of(kind)).filter(|(_, member)| **member != NONE).map(|(number, _)| number)
    }
}
