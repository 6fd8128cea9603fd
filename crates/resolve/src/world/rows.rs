//! What is remembered of each source row and of each facet (a household or house as one system numbers it). No
//! submission is kept: only numbers and shared texts. Their keys are with the engines, whose numbers they have.

use crate::hash;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;
use yibiao_record::{SubmissionSeq, Timestamp};

/// No row, facet or entity.
pub(super) const NONE: u32 = u32::MAX;

/// Texts, each stored once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: Vec<Box<str>>,
    by_text: HashTable<u32>,
}

impl Texts {
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        let texts = &self.texts;
        let of = |number: &u32| text_at(texts, *number);
        match self.by_text.entry(
            hash::text(text),
            |number| of(number) == text,
            |number| hash::text(of(number)),
        ) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(slot) => {
                let number = index_number(texts.len());
                slot.insert(number);
                self.texts.push(text.into());
                number
            }
        }
    }

    pub(super) fn get(&self, number: u32) -> &str {
        text_at(&self.texts, number)
    }
}

fn text_at(texts: &[Box<str>], number: u32) -> &str {
    usize::try_from(number).ok().and_then(|at| texts.get(at)).expect("invariant: a number of this pool")
}

fn index_number(len: usize) -> u32 {
    u32::try_from(len).ok().filter(|number| *number < NONE).expect("invariant: fewer than 2^32 - 1 rows")
}

/// One source row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Its latest submission.
    pub(super) seq: SubmissionSeq,
    pub(super) observed_at: Timestamp,
    pub(super) version: i64,
    /// It is evidence; not so once retracted.
    pub(super) live: bool,
    /// A life event ended it: evidence still, but without relations.
    pub(super) ended: bool,
    /// Its person heads the household.
    pub(super) is_head: bool,
    /// Its facets.
    pub(super) dwelling: u32,
    pub(super) household: u32,
    /// Home, resident, her id, telephone, head: texts for the features of the facets.
    pub(super) texts: [u32; 5],
    /// The number of its person; 0 for none yet.
    pub(super) person: u64,
}

impl Default for Row {
    fn default() -> Self {
        Row {
            seq: SubmissionSeq(0),
            observed_at: Timestamp(0),
            version: i64::MIN,
            live: false,
            ended: false,
            is_head: false,
            dwelling: NONE,
            household: NONE,
            texts: [0; 5],
            person: 0,
        }
    }
}

/// A household or house as one system numbers it, or a row that speaks of a house without number.
#[derive(Clone, Debug, Default)]
pub(super) struct Facet {
    pub(super) rows: SmallVec<[u32; 2]>,
    /// The number of its entity; 0 for none yet.
    pub(super) entity: u64,
}

/// What is remembered of an engine's records, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Beside<T>(Vec<T>);

impl<T: Clone + Default> Beside<T> {
    /// Makes room for a record.
    pub(super) fn reach(&mut self, number: u32) {
        let len = at(number) + 1;
        if self.0.len() < len {
            self.0.resize(len, T::default());
        }
    }

    pub(super) fn get(&self, number: u32) -> &T {
        self.0.get(at(number)).expect("invariant: a number that was reached")
    }

    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        self.0.get_mut(at(number)).expect("invariant: a number that was reached")
    }

    /// All, with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.0)
    }
}

fn at(number: u32) -> usize {
    usize::try_from(number).expect("invariant: 32 bits fit a usize")
}
