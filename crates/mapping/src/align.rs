//! Keys for rows of files without a key column: a new edition is aligned with the last one, so that sorting the file
//! or inserting a row re-keys nothing else.
//!
//! In this order, each step on the rows that the ones before left over:
//! 1. the same identity (the columns that the mapping names), and of several such rows those with the same content,
//!    then in their order;
//! 2. the identity as we wrote it into the department's own file;
//! 3. one row on either side that agrees in all identity columns but one;
//! 4. a new key: the identity columns and an occurrence number.
//!
//! **Invariant:** every row of the new edition has a key, and no two have the same.
//! **Invariant:** the result does not depend on the order in which the rows of the last edition are given.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// A row of the last edition.
#[derive(Clone, PartialEq, Eq)]
pub struct Known {
    /// Its key.
    pub local: Box<str>,
    /// Its identity columns, as it came.
    pub identity: Vec<Box<str>>,
    /// Its identity columns as we wrote them back, where we did.
    pub written: Option<Vec<Box<str>>>,
    /// A number that equal rows share, such as a hash of the bytes; 0 where not known.
    pub content: u64,
}

/// A row of the new edition.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its identity columns.
    pub identity: Vec<Box<str>>,
    /// As [`Known::content`].
    pub content: u64,
}

/// The key of a row of the new edition.
#[derive(Clone, PartialEq, Eq)]
pub struct Aligned {
    /// The key.
    pub local: Box<str>,
    /// The row of the last edition that it continues.
    pub known: Option<usize>,
}

macro_rules! redacted {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            /// Without the identity, which is personal.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!("<", stringify!($name), ">"))
            }
        }
    )* };
}
redacted!(Known, Incoming, Aligned);

/// Keys the rows of a new edition. `names` says of each identity column whether it names the person
/// ([`crate::Mapping::identity_names`]): rows are only paired by step 3 if they agree in such a one.
pub fn align(names: &[bool], known: &[Known], incoming: &[Incoming]) -> Vec<Aligned> {
    let mut pairing = Pairing { of_incoming: vec![None; incoming.len()], of_known: vec![None; known.len()] };
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by(|a, b| {
        known.get(*a).map(|row| natural(&row.local)).cmp(&known.get(*b).map(|row| natural(&row.local)))
    });

    let as_came = |row: &Known| Some(row.identity.clone());
    let as_written = |row: &Known| row.written.clone();
    let forms: [&Form<'_>; 2] = [&as_came, &as_written];
    for form in forms {
        pairing.match_equal(&order, known, incoming, form, true);
        pairing.match_equal(&order, known, incoming, form, false);
    }
    pairing.match_near(names, &order, known, incoming);

    let mut taken: BTreeSet<Box<str>> = known.iter().map(|row| row.local.clone()).collect();
    let mut next: BTreeMap<String, u64> = BTreeMap::new();
    let mut aligned = Vec::with_capacity(incoming.len());
    for (row, of_known) in incoming.iter().zip(&pairing.of_incoming) {
        let continued = of_known.and_then(|at| known.get(at));
        let local = match continued {
            Some(known) => known.local.clone(),
            None => new_key(&row.identity, &mut next, &mut taken),
        };
        aligned.push(Aligned { local, known: *of_known });
    }
    aligned
}

/// A key that no row has: the identity columns, joined, and the first free occurrence number.
fn new_key(
    identity: &[Box<str>],
    next: &mut BTreeMap<String, u64>,
    taken: &mut BTreeSet<Box<str>>,
) -> Box<str> {
    let mut stem = String::new();
    for column in identity {
        for c in column.chars() {
            // The separators, and the escape itself, cannot come from a column.
            if matches!(c, '|' | '#' | '\\') {
                stem.push('\\');
            }
            stem.push(c);
        }
        stem.push('|');
    }
    stem.pop();
    let occurrence = next.entry(stem.clone()).or_insert(0);
    loop {
        *occurrence += 1;
        let key: Box<str> = format!("{stem}#{occurrence}").into();
        if taken.insert(key.clone()) {
            return key;
        }
    }
}

/// A key apart into its stem and occurrence number, so that `#10` follows `#9`.
fn natural(key: &str) -> (&str, u64) {
    key.rsplit_once('#').and_then(|(stem, number)| Some((stem, number.parse().ok()?))).unwrap_or((key, 0))
}

/// One of the identities of a row of the last edition.
type Form<'a> = dyn Fn(&Known) -> Option<Vec<Box<str>>> + 'a;

/// Who continues whom, so far.
struct Pairing {
    of_incoming: Vec<Option<usize>>,
    of_known: Vec<Option<usize>>,
}

impl Pairing {
    fn pair(&mut self, known: usize, incoming: usize) {
        if let Some(slot) = self.of_incoming.get_mut(incoming) {
            *slot = Some(known);
        }
        if let Some(slot) = self.of_known.get_mut(known) {
            *slot = Some(incoming);
        }
    }

    fn free_known(&self, at: usize) -> bool {
        self.of_known.get(at).is_some_and(Option::is_none)
    }

    fn free_incoming(&self, at: usize) -> bool {
        self.of_incoming.get(at).is_some_and(Option::is_none)
    }

    /// Pairs rows of equal identity, and of equal content where asked, in their order.
    fn match_equal(
        &mut self,
        order: &[usize],
        known: &[Known],
        incoming: &[Incoming],
        form: &Form<'_>,
        by_content: bool,
    ) {
        let content = |number: u64| if by_content { number } else { 0 };
        let mut waiting: BTreeMap<(Vec<Box<str>>, u64), VecDeque<usize>> = BTreeMap::new();
        for at in order.iter().copied().filter(|at| self.free_known(*at)) {
            let Some(row) = known.get(at) else { continue };
            if let Some(identity) = form(row)
                && (!by_content || row.content != 0)
            {
                waiting.entry((identity, content(row.content))).or_default().push_back(at);
            }
        }
        for (at, row) in incoming.iter().enumerate() {
            if !self.free_incoming(at) || (by_content && row.content == 0) {
                continue;
            }
            let found = waiting.get_mut(&(row.identity.clone(), content(row.content)));
            if let Some(known) = found.and_then(VecDeque::pop_front) {
                self.pair(known, at);
            }
        }
    }

    /// Pairs the rows left over that agree in all columns but one, where neither could be paired otherwise.
    fn match_near(&mut self, names: &[bool], order: &[usize], known: &[Known], incoming: &[Incoming]) {
        let mut partners: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut suitors: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for dropped in 0..names.len() {
            let mut by_rest: BTreeMap<Vec<&str>, BTreeSet<usize>> = BTreeMap::new();
            for at in order.iter().copied().filter(|at| self.free_known(*at)) {
                let Some(row) = known.get(at) else { continue };
                for identity in std::iter::once(&row.identity).chain(&row.written) {
                    if let Some(rest) = rest(names, identity, dropped) {
                        by_rest.entry(rest).or_default().insert(at);
                    }
                }
            }
            for (at, row) in incoming.iter().enumerate().filter(|(at, _)| self.free_incoming(*at)) {
                let found = rest(names, &row.identity, dropped).and_then(|rest| by_rest.get(&rest));
                for known in found.into_iter().flatten() {
                    partners.entry(at).or_default().insert(*known);
                    suitors.entry(*known).or_default().insert(at);
                }
            }
        }
        for (incoming, found) in &partners {
            let mut found = found.iter();
            if let (Some(known), None) = (found.next(), found.next())
                && suitors.get(known).is_some_and(|rows| rows.len() == 1)
            {
                self.pair(*known, *incoming);
            }
        }
    }
}

/// The columns without one, if at least two say something and one of those names the person.
fn rest<'a>(names: &[bool], identity: &'a [Box<str>], dropped: usize) -> Option<Vec<&'a str>> {
    let left = || identity.iter().zip(names).enumerate().filter(|(at, _)| *at != dropped);
    let says = left().filter(|(_, (text, _))| !text.is_empty());
    let named = says.clone().any(|(_, (_, names))| *names);
    (named && says.count() >= 2).then(|| left().map(|(_, (text, _))| &**text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [bool; 3] = [true, true, false];

    fn row(identity: [&str; 3], content: u64) -> Incoming {
        Incoming { identity: identity.map(Box::from).to_vec(), content }
    }

    /// The rows of an edition as the next one finds them.
    fn known(rows: &[Incoming], aligned: &[Aligned]) -> Vec<Known> {
        rows.iter()
            .zip(aligned)
            .map(|(row, aligned)| Known {
                local: aligned.local.clone(),
                identity: row.identity.clone(),
                written: None,
                content: row.content,
            })
            .collect()
    }

    fn keys(aligned: &[Aligned]) -> Vec<&str> {
        aligned.iter().map(|aligned| &*aligned.local).collect()
    }

    #[test]
    fn a_new_key_is_the_identity_and_its_occurrence() {
        let rows = [row(["1", "甲", "村"], 1), row(["1", "甲", "村"], 2), row(["", "乙|#", "村"], 3)];
        assert_eq!(keys(&align(&NAMES, &[], &rows)), ["1|甲|村#1", "1|甲|村#2", "|乙\\|\\#|村#1"]);
    }

    #[test]
    fn of_rows_with_one_identity_the_unchanged_ones_keep_their_keys_wherever_they_stand() {
        let before = [row(["", "王", "村"], 1), row(["", "王", "村"], 2)];
        let known = known(&before, &align(&NAMES, &[], &before));
        let after = [row(["", "王", "村"], 9), row(["", "王", "村"], 2), row(["", "王", "村"], 1)];
        assert_eq!(keys(&align(&NAMES, &known, &after)), ["|王|村#3", "|王|村#2", "|王|村#1"]);
    }

    #[test]
    fn a_row_whose_identity_we_wrote_back_keeps_its_key() {
        let before = [row(["15位", "冉秀英", "村"], 1)];
        let mut known = known(&before, &align(&NAMES, &[], &before));
        known[0].written = Some(["18位", "冉琇英", "村"].map(Box::from).to_vec());
        let after = [row(["18位", "冉琇英", "村"], 2)];
        assert_eq!(keys(&align(&NAMES, &known, &after)), ["15位|冉秀英|村#1"]);
    }

    #[test]
    fn a_row_corrected_in_one_column_keeps_its_key() {
        let before = [row(["1", "甲", "村"], 1), row(["2", "乙", "村"], 2)];
        let known = known(&before, &align(&NAMES, &[], &before));
        let after = [row(["2", "乙", "城"], 4), row(["1", "贾", "村"], 3)];
        assert_eq!(keys(&align(&NAMES, &known, &after)), ["2|乙|村#1", "1|甲|村#1"]);
    }

    #[test]
    fn who_only_shares_a_place_with_one_who_left_is_someone_else() {
        let before = [row(["", "甲", "村"], 1)];
        let known = known(&before, &align(&NAMES, &[], &before));
        let after = [row(["", "乙", "村"], 2)];
        assert_eq!(keys(&align(&NAMES, &known, &after)), ["|乙|村#1"]);
    }

    #[test]
    fn two_rows_that_could_both_continue_one_are_new() {
        let before = [row(["1", "甲", "村"], 1)];
        let known = known(&before, &align(&NAMES, &[], &before));
        let after = [row(["1", "乙", "村"], 2), row(["1", "甲", "城"], 3)];
        assert!(align(&NAMES, &known, &after).iter().all(|aligned| aligned.known.is_none()));
    }

    fn rows() -> impl Strategy<Value = Vec<Incoming>> {
        let one = ("[1-4]?", "[甲乙丙丁]", "[村城]").prop_map(|(id, name, place)| [id, name, place]);
        prop::collection::vec(one, 0..14).prop_map(|rows| {
            let content = (1..).map(|number: u64| number);
            let row = |(identity, content): ([String; 3], u64)| Incoming {
                identity: identity.map(Box::from).to_vec(),
                content,
            };
            rows.into_iter().zip(content).map(row).collect()
        })
    }

    proptest! {
        #[test]
        fn sorting_a_file_changes_no_key(rows in rows(), turn in 0usize..14, swap in any::<bool>()) {
            let keyed = align(&NAMES, &[], &rows);
            let known = known(&rows, &keyed);
            let mut sorted: Vec<_> = rows.iter().cloned().zip(keyed).collect();
            if !sorted.is_empty() {
                let turn = turn % sorted.len();
                sorted.rotate_left(turn);
            }
            if swap {
                sorted.sort_by(|a, b| b.0.identity.cmp(&a.0.identity));
            }
            let again: Vec<_> = sorted.iter().map(|(row, _)| row.clone()).collect();
            let expected: Vec<_> = sorted.iter().map(|(_, aligned)| &*aligned.local).collect();
            let aligned = align(&NAMES, &known, &again);
            prop_assert_eq!(keys(&aligned), expected);
        }

        #[test]
        fn inserting_and_removing_rows_rekeys_no_other(
            rows in rows(),
            new in ("[1-4]?", "[甲乙丙丁]", "[村城]"),
            at in 0usize..15,
            gone in 0usize..15,
        ) {
            let keyed = align(&NAMES, &[], &rows);
            let known = known(&rows, &keyed);
            let mut kept: Vec<_> = rows.iter().cloned().zip(keyed).collect();
            if gone < kept.len() {
                kept.remove(gone);
            }
            let mut after: Vec<_> = kept.iter().map(|(row, _)| row.clone()).collect();
            let at = at.min(after.len());
            after.insert(at, Incoming { identity: [new.0, new.1, new.2].map(Box::from).to_vec(), content: 99 });
            let aligned = align(&NAMES, &known, &after);
            let mut others = aligned.iter().enumerate().filter(|(place, _)| *place != at);
            for (_, before) in &kept {
                prop_assert_eq!(&others.next().unwrap().1.local, &before.local);
            }
        }

        #[test]
        fn every_row_has_a_key_of_its_own(before in rows(), after in rows()) {
            let known = known(&before, &align(&NAMES, &[], &before));
            let aligned = align(&NAMES, &known, &after);
            let distinct: BTreeSet<_> = aligned.iter().map(|aligned| aligned.local.clone()).collect();
            prop_assert_eq!(distinct.len(), after.len());
        }

        #[test]
        fn the_order_of_the_last_edition_does_not_matter(before in rows(), after in rows(), turn in 0usize..14) {
            let known = known(&before, &align(&NAMES, &[], &before));
            let mut turned = known.clone();
            if !turned.is_empty() {
                let turn = turn % turned.len();
                turned.rotate_left(turn);
            }
            let first = align(&NAMES, &known, &after);
            let second = align(&NAMES, &turned, &after);
            prop_assert_eq!(keys(&first), keys(&second));
        }
    }
}
