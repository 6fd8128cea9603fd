//! How two texts of words compare: names of organisations, titles, lists of people. A word that few rows have weighs more
//! than one that many have, and a slip in a word costs little.
//!
//! **Invariant:** symmetric in the two texts.

use crate::similar::{winkler_reaches, within_edits};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Stands between a word and its weight. No word of a matching form holds it.
const MARK: char = '^';
/// What a word weighs that says nothing of it.
const WEIGHT_PLAIN: u32 = 4;
const WEIGHT_MAX: u32 = 15;
/// Words so short are not looked at for slips.
const SLIP_LETTERS_MIN: usize = 5;
/// A word of so many letters that begins another may be short for it.
const SHORT_LETTERS_MIN: usize = 3;

/// In how many rows each word occurs, and how many rows there are.
#[derive(Debug, Default)]
pub(crate) struct Occurrences {
    rows: u32,
    words: BTreeMap<Box<str>, u32>,
}

impl Occurrences {
    pub(crate) fn note(&mut self, text: &str) {
        self.rows += 1;
        for word in text.split(' ').collect::<BTreeSet<_>>() {
            match self.words.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(self.words.insert(word.into(), 1)),
            }
        }
    }

    /// The text with a weight behind each word: how many bits it tells, at most [`WEIGHT_MAX`].
    pub(crate) fn weigh(&self, text: &str) -> String {
        let mut weighed = String::with_capacity(text.len() * 2);
        for word in text.split(' ') {
            let count = self.words.get(word).copied().unwrap_or(1).max(1);
            let weight = (self.rows / count).max(1).ilog2().clamp(1, WEIGHT_MAX);
            let gap = if weighed.is_empty() { "" } else { " " };
            write!(weighed, "{gap}{word}{MARK}{weight}").expect("invariant: a string takes all text");
        }
        weighed
    }
}

/// The words of a text, sorted, with their weights; and the text without these.
struct Wording<'a> {
    words: Vec<(&'a str, u32)>,
    plain: String,
}

impl<'a> Wording<'a> {
    fn of(text: &'a str) -> Self {
        let read = |word: &'a str| match word.rsplit_once(MARK) {
            Some((word, weight)) => (word, weight.parse().unwrap_or(WEIGHT_PLAIN)),
            None => (word, WEIGHT_PLAIN),
        };
        let mut words: Vec<(&str, u32)> = text.split(' ').map(read).collect();
        let plain = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ");
        words.sort_unstable();
        words.dedup();
        Self { words, plain }
    }

    fn weight(&self) -> u32 {
        self.words.iter().map(|(_, weight)| weight).sum()
    }
}

/// What two texts share.
struct Common {
    /// The weight of what both have, of the text that has less, and of all words of both.
    shared: u32,
    lesser: u32,
    all: u32,
    /// How many words the text with fewer has.
    fewer: usize,
    /// Both have numbers that the other lacks.
    numbers_differ: bool,
    same_letters: bool,
    close_letters: bool,
}

fn is_number(word: &str) -> bool {
    matches!(word, "ii" | "iii" | "iv" | "vi" | "vii" | "viii" | "ix")
        || word.chars().all(|letter| letter.is_ascii_digit())
}

/// Whether the one is the other with a slip, or short for it.
fn alike(a: &str, b: &str) -> bool {
    if is_number(a) || is_number(b) {
        return false;
    }
    let (a_letters, b_letters) = (a.chars().count(), b.chars().count());
    let short = a_letters.min(b_letters);
    (short >= SHORT_LETTERS_MIN && (a.starts_with(b) || b.starts_with(a)))
        || (short >= SLIP_LETTERS_MIN && within_edits(a, b, 1))
}

fn common(a: &str, b: &str) -> Common {
    // One order for both directions: words are paired off greedily.
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let (a, b) = (Wording::of(a), Wording::of(b));
    let (lesser, both) = (a.weight().min(b.weight()), a.weight() + b.weight());
    let has = |of: &Wording<'_>, word: &str| of.words.iter().any(|(other, _)| *other == word);
    let mut shared: u32 = a.words.iter().filter(|(word, _)| has(&b, word)).map(|(_, weight)| weight).sum();
    let left: Vec<_> = a.words.iter().filter(|(word, _)| !has(&b, word)).collect();
    let mut right: Vec<_> = b.words.iter().filter(|(word, _)| !has(&a, word)).collect();
    let numbers_differ =
        left.iter().any(|(word, _)| is_number(word)) && right.iter().any(|(word, _)| is_number(word));
    let mut spared = 0;
    for (word, weight) in left {
        if let Some(at) = right.iter().position(|(other, _)| alike(word, other)) {
            let (_, other) = right.remove(at);
            // What a slip made is rare because nobody else slipped so.
            shared += weight.min(other);
            spared += weight.abs_diff(*other);
        }
    }
    let joined = |wording: &Wording<'_>| wording.plain.replace(' ', "");
    Common {
        shared,
        lesser,
        all: (both - shared).saturating_sub(spared).max(1),
        fewer: a.words.len().min(b.words.len()),
        numbers_differ,
        same_letters: joined(&a) == joined(&b),
        close_letters: winkler_reaches(&a.plain, &b.plain, 0.93),
    }
}

/// Whether the text that has less has next to nothing of its own.
fn contained(common: &Common) -> bool {
    common.shared * 20 >= common.lesser * 19
}

/// The level at which names of organisations compare that are not the same.
pub(crate) fn organisation(a: &str, b: &str) -> u8 {
    let common = common(a, b);
    let Common { shared, all, numbers_differ, .. } = common;
    if common.same_letters || (shared == all && !numbers_differ) {
        1
    } else if !numbers_differ && (common.close_letters || shared * 10 >= all * 7) {
        2
    } else if !numbers_differ && (contained(&common) || shared * 2 >= all) {
        3
    } else if shared * 4 >= all {
        4
    } else {
        5
    }
}

/// The level at which texts compare that are not the same.
pub(crate) fn text(a: &str, b: &str) -> u8 {
    let common = common(a, b);
    let Common { shared, all, numbers_differ, fewer, .. } = common;
    if common.same_letters || (!numbers_differ && shared * 10 >= all * 7) {
        1
    } else if !numbers_differ && (shared * 10 >= all * 4 || (fewer >= 3 && contained(&common))) {
        2
    } else if shared * 100 >= all * 15 {
        3
    } else {
        4
    }
}

/// Stands between a family name and the initial of a given name in a list of people.
pub(crate) const INITIAL: char = '~';

/// The level at which lists of people compare that are not the same.
pub(crate) fn name_list(a: &str, b: &str) -> u8 {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let split = |text: &str| -> Vec<(String, String)> {
        let part = |name: &str| {
            let (family, initial) = name.split_once(INITIAL).unwrap_or((name, ""));
            (family.to_owned(), initial.to_owned())
        };
        text.split(' ').map(part).collect()
    };
    let (mut few, mut many) = (split(a), split(b));
    if few.len() > many.len() {
        std::mem::swap(&mut few, &mut many);
    }
    let more = many.len();
    let mut shared = 0;
    for (family, initial) in &few {
        let same = |(other, first): &(String, String)| {
            (initial == first || initial.is_empty() || first.is_empty())
                && (family == other
                    || (family.chars().count() >= SLIP_LETTERS_MIN && within_edits(family, other, 1)))
        };
        if let Some(at) = many.iter().position(same) {
            many.remove(at);
            shared += 1;
        }
    }
    if shared == more {
        1
    } else if shared == few.len() {
        2
    } else if shared * 2 >= more {
        3
    } else if shared > 0 {
        4
    } else {
        5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_many_rows_have_weighs_less() {
        let mut seen = Occurrences::default();
        for text in ["oak school", "elm school", "ash school", "oak school"] {
            seen.note(text);
        }
        assert_eq!(seen.weigh("oak elm school"), "oak^1 elm^2 school^1");
    }

    #[test]
    fn common_words_neither_join_nor_part() {
        let weighed =
            |text: &str| text.replace("school", "school^1").replace("oak", "oak^9").replace("elm", "elm^9");
        assert_eq!(organisation(&weighed("oak school"), &weighed("oak")), 2);
        assert_eq!(organisation(&weighed("oak school"), &weighed("elm school")), 5);
    }

    #[test]
    fn numbers_that_differ_part_what_is_else_the_same() {
        assert!(organisation("primary school north 12", "primary school north 13") >= 4);
        assert!(text("theory of sets part ii", "theory of sets part iii") >= 3);
        assert_eq!(organisation("primary school north 12", "primary school north"), 2);
    }

    #[test]
    fn a_slip_or_a_short_form_of_a_word_costs_nothing() {
        assert_eq!(text("incremental maintenance of views", "incremental maintenence of views"), 1);
        assert_eq!(organisation("univ hospital", "university hospital"), 1);
        assert_eq!(organisation("head start", "headstart"), 1);
    }

    #[test]
    fn people_are_the_same_by_family_name_and_initial() {
        for (a, b, level) in [
            ("king~a lovelace~b", "king lovelace~b", 1),
            ("king~a lovelace~b", "king~a lovelase~b", 1),
            ("king~a lovelace~b", "king~a", 2),
            ("king~a lovelace~b moore~c", "king~a lovelace~b orr~d", 3),
            ("king~a lovelace~b moore~c", "king~a orr~d poe~e", 4),
            ("king~a", "king~b", 5),
        ] {
            assert_eq!((name_list(a, b), name_list(b, a)), (level, level), "{a} {b}");
        }
    }
}
