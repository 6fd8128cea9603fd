//! Which rows of a workbook decide something, and which contradict each other or what was decided before.

use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{EntityKind, SourceKey};

/// What stands in the column to decide in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    Unsure,
    Same,
    Different,
    /// Something else.
    Other(String),
}

/// The row of a task in which it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The row's number in the sheet.
    pub(super) row: u64,
    /// What it is about; `None` where the token was changed.
    pub(super) of: Option<(EntityKind, SourceKey, SourceKey)>,
    pub(super) cell: Cell,
    pub(super) reason: String,
}

/// A ruling in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) seq: u64,
    pub(super) kind: EntityKind,
    pub(super) left: SourceKey,
    pub(super) right: SourceKey,
    pub(super) same: bool,
}

/// A row that rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ruled {
    pub(super) row: u64,
    pub(super) kind: EntityKind,
    pub(super) left: SourceKey,
    pub(super) right: SourceKey,
    pub(super) same: bool,
    pub(super) reason: String,
}

/// The rows of a workbook by what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    pub(super) ruled: Vec<Ruled>,
    pub(super) undecided: Vec<u64>,
    pub(super) contradictory: Vec<(u64, String)>,
    pub(super) unclear: Vec<(u64, String)>,
}

/// A record of a kind, in lists of who is one with whom.
type Node = (EntityKind, SourceKey);

/// Sorts rows. None of those is taken over that contradict each other, directly or by what follows from them.
pub(super) fn sort(rows: Vec<Row>, standing: &[Standing]) -> Sorted {
    let mut sorted = Sorted::default();
    let mut by_pair: BTreeMap<(EntityKind, SourceKey, SourceKey), Vec<Ruled>> = BTreeMap::new();
    for Row { row, of, cell, reason } in rows {
        let same = match cell {
            Cell::Empty | Cell::Unsure => {
                sorted.undecided.push(row);
                continue;
            }
            Cell::Other(text) => {
                let why = format!("{text:?} is no decision; choose one of the list");
                sorted.unclear.push((row, why));
                continue;
            }
            Cell::Same => true,
            Cell::Different => false,
        };
        let Some((kind, a, b)) = of else {
            sorted
                .unclear
                .push((row, "its token was changed, so that nobody knows what it is about".to_owned()));
            continue;
        };
        let (left, right) = if a <= b { (a, b) } else { (b, a) };
        let ruled = Ruled { row, kind, left: left.clone(), right: right.clone(), same, reason };
        by_pair.entry((kind, left, right)).or_default().push(ruled);
    }
    let mut agreed = Vec::new();
    for mut ruled in by_pair.into_values() {
        let rows: Vec<String> = ruled.iter().map(|ruled| ruled.row.to_string()).collect();
        if ruled.iter().any(|one| one.same) && ruled.iter().any(|one| !one.same) {
            let why = format!("rows {} decide one task in two ways", rows.join(", "));
            sorted.contradictory.extend(ruled.iter().map(|ruled| (ruled.row, why.clone())));
        } else {
            ruled.truncate(1);
            agreed.extend(ruled);
        }
    }
    let conflicts = conflicts(&agreed, standing);
    for ruled in agreed {
        match conflicts.get(&ruled.row) {
            Some(why) => sorted.contradictory.push((ruled.row, why.clone())),
            None => sorted.ruled.push(ruled),
        }
    }
    sorted.ruled.sort_by_key(|ruled| ruled.row);
    sorted.contradictory.sort();
    sorted
}

/// The rows of which it follows that two records are one and two.
fn conflicts(ruled: &[Ruled], standing: &[Standing]) -> BTreeMap<u64, String> {
    let mut next: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
    let mut join = |kind: EntityKind, a: &SourceKey, b: &SourceKey| {
        next.entry((kind, a.clone())).or_default().insert((kind, b.clone()));
        next.entry((kind, b.clone())).or_default().insert((kind, a.clone()));
    };
    // A ruling on a pair that is decided anew no longer speaks.
    let anew = |old: &&Standing| {
        !ruled.iter().any(|new| (new.kind, &new.left, &new.right) == (old.kind, &old.left, &old.right))
    };
    for old in standing.iter().filter(anew).filter(|old| old.same) {
        join(old.kind, &old.left, &old.right);
    }
    for new in ruled.iter().filter(|new| new.same) {
        join(new.kind, &new.left, &new.right);
    }
    let mut conflicts = BTreeMap::new();
    let apart = ruled
        .iter()
        .filter(|new| !new.same)
        .map(|new| (Some(new.row), None, new.kind, &new.left, &new.right));
    let before = standing.iter().filter(anew).filter(|old| !old.same);
    let apart = apart.chain(before.map(|old| (None, Some(old.seq), old.kind, &old.left, &old.right)));
    for (row, seq, kind, left, right) in apart {
        let one = reach(&next, (kind, left.clone()));
        if !one.contains(&(kind, right.clone())) {
            continue;
        }
        let inside = ruled.iter().filter(|new| new.same && one.contains(&(new.kind, new.left.clone())));
        let rows: BTreeSet<u64> = inside.map(|new| new.row).chain(row).collect();
        let list: Vec<String> = rows.iter().map(u64::to_string).collect();
        let with = seq.map(|seq| format!(" and decision {seq}")).unwrap_or_default();
        let why =
            format!("of rows {}{with} it follows that two records are one and are two", list.join(", "));
        for row in rows {
            conflicts.entry(row).or_insert_with(|| why.clone());
        }
    }
    conflicts
}

/// All that are one with a record.
fn reach(next: &BTreeMap<Node, BTreeSet<Node>>, from: Node) -> BTreeSet<Node> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(node) = open.pop() {
        open.extend(next.get(&node).into_iter().flatten().filter(|other| !found.contains(*other)).cloned());
        found.insert(node);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use yibiao_record::SystemId;

    fn key(local: &str) -> SourceKey {
        SourceKey { system: SystemId::new("AA").unwrap(), local: local.into() }
    }

    fn row(row: u64, a: &str, b: &str, cell: Cell) -> Row {
        Row { row, of: Some((EntityKind::Person, key(a), key(b))), cell, reason: String::new() }
    }

    fn rows(sorted: &[Ruled]) -> Vec<(u64, bool)> {
        sorted.iter().map(|ruled| (ruled.row, ruled.same)).collect()
    }

    #[test]
    fn rows_are_told_by_what_becomes_of_them() {
        let given = vec![
            row(2, "a", "b", Cell::Same),
            row(3, "c", "d", Cell::Different),
            row(4, "e", "f", Cell::Empty),
            row(5, "g", "h", Cell::Unsure),
            row(6, "i", "j", Cell::Other("yes".into())),
            Row { of: None, ..row(7, "k", "l", Cell::Same) },
        ];
        let sorted = sort(given, &[]);
        assert_eq!(rows(&sorted.ruled), [(2, true), (3, false)]);
        assert_eq!(sorted.undecided, [4, 5]);
        assert_eq!(sorted.unclear.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [6, 7]);
        assert!(sorted.contradictory.is_empty());
    }

    #[test]
    fn one_task_decided_in_two_ways_is_not_taken_over() {
        let sorted = sort(vec![row(2, "a", "b", Cell::Same), row(9, "b", "a", Cell::Different)], &[]);
        assert!(sorted.ruled.is_empty());
        assert_eq!(sorted.contradictory.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 9]);
        let sorted = sort(vec![row(2, "a", "b", Cell::Same), row(9, "b", "a", Cell::Same)], &[]);
        assert_eq!(rows(&sorted.ruled), [(2, true)]);
    }

    #[test]
    fn a_contradiction_that_only_follows_is_found_and_the_rest_is_taken_over() {
        let given = vec![
            row(2, "a", "b", Cell::Same),
            row(3, "b", "c", Cell::Same),
            row(4, "c", "a", Cell::Different),
            row(5, "x", "y", Cell::Same),
        ];
        let sorted = sort(given, &[]);
        assert_eq!(rows(&sorted.ruled), [(5, true)]);
        assert_eq!(sorted.contradictory.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 3, 4]);
    }

    #[test]
    fn a_row_may_not_contradict_what_was_decided_before_but_may_decide_the_same_pair_anew() {
        let before =
            |same| [Standing { seq: 7, kind: EntityKind::Person, left: key("a"), right: key("c"), same }];
        let given = vec![row(2, "a", "b", Cell::Same), row(3, "b", "c", Cell::Same)];
        let sorted = sort(given.clone(), &before(false));
        assert_eq!(sorted.contradictory.len(), 2);
        assert!(sorted.contradictory[0].1.contains("decision 7"));
        assert_eq!(rows(&sort(given, &before(true)).ruled).len(), 2);
        let anew = vec![row(2, "c", "a", Cell::Same)];
        assert_eq!(rows(&sort(anew, &before(false)).ruled), [(2, true)]);
    }
}
