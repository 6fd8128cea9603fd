//! Stable ids: which cluster keeps which id when clusters regroup.
//!
//! **Invariant:** a pure function of the ids before, the clusters after and the next free number. The clusters after are
//! listed in an order of their own, by their keys: new numbers are given out along it. No other order matters.

use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{ChangeKind, EntityId, EntityKind};

/// What became of one entity when clusters regrouped. `M` names a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified<M> {
    /// Its id.
    pub entity: EntityId,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its members after; none when merged or retired.
    pub members: Vec<M>,
}

/// Gives ids to the clusters `after` that stand where the entities `before` stood. A cluster keeps the id that most of
/// its members carried (of equals the older, which is the lower number); an id that no cluster keeps is merged into
/// where most of its members went, or retired when none is left; a cluster that could keep none gets the next number.
/// Entities that did not change are not listed. `next` is the first number never given out.
pub fn identify<M: Ord + Clone>(
    kind: EntityKind,
    before: &[(EntityId, Vec<M>)],
    after: &[Vec<M>],
    next: &mut u64,
) -> Vec<Identified<M>> {
    // Most regroupings are one entity that came, or one that grew: nothing is to be weighed.
    match (before, after) {
        ([], [members]) => {
            let entity = EntityId { kind, number: *next };
            *next += 1;
            return vec![Identified { entity, kind: ChangeKind::Created, members: members.clone() }];
        }
        ([(entity, old)], [members]) if members.iter().any(|member| old.contains(member)) => {
            if same_members(old, members) {
                return Vec::new();
            }
            return vec![Identified { entity: *entity, kind: ChangeKind::Updated, members: members.clone() }];
        }
        _ => {}
    }
    let carried: BTreeMap<&M, EntityId> =
        before.iter().flat_map(|(id, members)| members.iter().map(move |key| (key, *id))).collect();
    let overlaps: Vec<BTreeMap<EntityId, usize>> = after
        .iter()
        .map(|members| {
            let mut counts = BTreeMap::new();
            for id in members.iter().filter_map(|key| carried.get(key)) {
                *counts.entry(*id).or_insert(0) += 1;
            }
            counts
        })
        .collect();
    let ids = keep_or_mint(kind, &overlaps, next);

    let mut found = Vec::new();
    for ((members, overlap), (id, minted)) in after.iter().zip(&overlaps).zip(&ids) {
        let change = match (minted, most(overlap)) {
            (true, Some(from)) => ChangeKind::Split { from },
            (true, None) => ChangeKind::Created,
            (false, _) => {
                let unchanged = before.iter().any(|(other, old)| other == id && same_members(old, members));
                if unchanged {
                    continue;
                }
                ChangeKind::Updated
            }
        };
        found.push(Identified { entity: *id, kind: change, members: members.clone() });
    }
    let kept: BTreeSet<EntityId> = ids.iter().map(|(id, _)| *id).collect();
    for (id, _) in before.iter().filter(|(id, _)| !kept.contains(id)) {
        let mut went: BTreeMap<EntityId, usize> = BTreeMap::new();
        for (overlap, (into, _)) in overlaps.iter().zip(&ids) {
            *went.entry(*into).or_insert(0) += overlap.get(id).copied().unwrap_or(0);
        }
        went.retain(|_, count| *count > 0);
        let change = most(&went).map_or(ChangeKind::Retired, |into| ChangeKind::Merged { into });
        found.push(Identified { entity: *id, kind: change, members: Vec::new() });
    }
    found.sort_by_key(|identified| identified.entity);
    found
}

fn same_members<M: Ord>(old: &[M], new: &[M]) -> bool {
    old == new
        || old.len() == new.len()
            && old.iter().collect::<BTreeSet<_>>() == new.iter().collect::<BTreeSet<_>>()
}

/// Per cluster its id, and whether it was minted.
fn keep_or_mint(
    kind: EntityKind,
    overlaps: &[BTreeMap<EntityId, usize>],
    next: &mut u64,
) -> Vec<(EntityId, bool)> {
    let mut wishes: Vec<(usize, EntityId, usize)> = overlaps
        .iter()
        .enumerate()
        .flat_map(|(cluster, counts)| counts.iter().map(move |(id, count)| (*count, *id, cluster)))
        .collect();
    wishes.sort_by(|(count, id, cluster), (other_count, other_id, other)| {
        (other_count, id, cluster).cmp(&(count, other_id, other))
    });
    let mut by_cluster: BTreeMap<usize, EntityId> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (_, id, cluster) in wishes {
        if !taken.contains(&id) && !by_cluster.contains_key(&cluster) {
            taken.insert(id);
            by_cluster.insert(cluster, id);
        }
    }
    let mut mint = || {
        let id = EntityId { kind, number: *next };
        *next += 1;
        id
    };
    (0..overlaps.len())
        .map(|at| by_cluster.get(&at).map_or_else(|| (mint(), true), |id| (*id, false)))
        .collect()
}

/// The id with the highest count; of equals the lowest.
fn most(counts: &BTreeMap<EntityId, usize>) -> Option<EntityId> {
    counts.iter().max_by_key(|(id, count)| (**count, std::cmp::Reverse(**id))).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(locals: &str) -> Vec<String> {
        locals.split(' ').filter(|local| !local.is_empty()).map(String::from).collect()
    }

    fn id(number: u64) -> EntityId {
        EntityId { kind: EntityKind::Person, number }
    }

    /// `1:a b|2:c` before, `a c|b` after.
    #[track_caller]
    fn check(before: &str, after: &str, expected: &[(u64, &str)]) {
        let before: Vec<_> = before
            .split('|')
            .filter_map(|entity| entity.split_once(':'))
            .map(|(number, members)| (id(number.parse().unwrap()), keys(members)))
            .collect();
        let after: Vec<_> = after.split('|').map(keys).filter(|members| !members.is_empty()).collect();
        let mut next = 10;
        let found = identify(EntityKind::Person, &before, &after, &mut next);
        let told: Vec<_> = found
            .iter()
            .map(|identified| {
                let to = match &identified.kind {
                    ChangeKind::Merged { into } => format!("merged {}", into.number),
                    ChangeKind::Split { from } => format!("split {}", from.number),
                    other => other.name().to_owned(),
                };
                (identified.entity.number, to)
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(number, told)| (*number, (*told).to_owned())).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_new_cluster_gets_the_next_number() {
        check("", "a b|c", &[(10, "created"), (11, "created")]);
    }

    #[test]
    fn a_cluster_keeps_the_id_that_most_members_carried() {
        check("1:a|2:b c", "a b c", &[(1, "merged 2"), (2, "updated")]);
    }

    #[test]
    fn of_equals_the_older_id_stays() {
        check("1:a|2:b", "a b", &[(1, "updated"), (2, "merged 1")]);
    }

    #[test]
    fn the_smaller_part_of_a_split_gets_a_new_id() {
        check("1:a b c", "a|b c", &[(1, "updated"), (10, "split 1")]);
    }

    #[test]
    fn an_entity_without_members_retires() {
        check("1:a", "", &[(1, "retired")]);
        check("1:a b", "b", &[(1, "updated")]);
    }

    #[test]
    fn members_that_change_sides_need_no_new_id() {
        check("1:a b c|2:d e", "a b|c d e", &[(1, "updated"), (2, "updated")]);
        check("1:a b|2:c", "a c|b", &[(1, "updated"), (2, "merged 1"), (10, "split 1")]);
    }

    #[test]
    fn what_did_not_change_is_not_told() {
        check("1:a b|2:c", "b a|c d", &[(2, "updated")]);
    }

    fn grouped(assignment: &[u8]) -> Vec<Vec<String>> {
        let mut groups: BTreeMap<u8, Vec<String>> = BTreeMap::new();
        for (at, group) in assignment.iter().enumerate() {
            groups.entry(*group).or_default().push(at.to_string());
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort();
        groups
    }

    proptest! {
        #[test]
        fn ids_are_unique_and_do_not_depend_on_the_order_of_members_or_of_what_was(
            before in prop::collection::vec(0u8..4, 0..9), after in prop::collection::vec(0u8..4, 0..9),
        ) {
            let before: Vec<_> = grouped(&before).into_iter().zip(1..).map(|(members, n)| (id(n), members)).collect();
            let after = grouped(&after);
            let (mut next, mut next_reversed) = (10, 10);
            let found = identify(EntityKind::Person, &before, &after, &mut next);
            let reversed: Vec<Vec<_>> = after.iter().map(|members| members.iter().rev().cloned().collect()).collect();
            let before_reversed: Vec<_> = before.iter().rev().cloned().collect();
            let mut from_reversed = identify(EntityKind::Person, &before_reversed, &reversed, &mut next_reversed);
            from_reversed.iter_mut().for_each(|identified| identified.members.reverse());
            prop_assert_eq!(&found, &from_reversed);
            prop_assert_eq!(next, next_reversed);
            let mut state: BTreeMap<EntityId, Vec<String>> = before.into_iter().collect();
            for identified in &found {
                if identified.members.is_empty() {
                    state.remove(&identified.entity);
                } else {
                    state.insert(identified.entity, identified.members.clone());
                }
            }
            let mut members: Vec<_> = state.into_values().collect();
            members.iter_mut().for_each(|members| members.sort());
            members.sort();
            prop_assert_eq!(members, after);
        }
    }
}
