//! What is remembered of each source row and of each facet (a household or house as one system numbers it). No
//! submission is kept: only keys, numbers and shared texts.

use crate::hash;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;
use yibiao_record::{SourceKey, Timestamp};

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
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: SourceKey,
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

/// A household or house as one system numbers it, or a row that speaks of a house without number.
#[derive(Debug)]
pub(super) struct Facet {
    pub(super) key: SourceKey,
    pub(super) rows: SmallVec<[u32; 2]>,
    /// The number of its entity; 0 for none yet.
    pub(super) entity: u64,
}

/// What a table holds.
pub(super) trait Keyed {
    fn key(&self) -> &SourceKey;
    fn new(key: SourceKey) -> Self;
}

impl Keyed for Row {
    fn key(&self) -> &SourceKey {
        &self.key
    }

    fn new(key: SourceKey) -> Self {
        Row {
            key,
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

impl Keyed for Facet {
    fn key(&self) -> &SourceKey {
        &self.key
    }

    fn new(key: SourceKey) -> Self {
        Facet { key, rows: SmallVec::new(), entity: 0 }
    }
}

/// Things by key, with dense numbers.
#[derive(Debug)]
pub(super) struct Table<T> {
    items: Vec<T>,
    by_key: HashTable<u32>,
}

impl<T: Keyed> Table<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), by_key: HashTable::new() }
    }

    pub(super) fn find(&self, key: &SourceKey) -> Option<u32> {
        self.by_key.find(hash::key(key), |number| self.get(*number).key() == key).copied()
    }

    /// The number of a key, which is made if it is new.
    pub(super) fn number(&mut self, key: &SourceKey) -> u32 {
        let items = &self.items;
        let of = |number: &u32| item_at(items, *number).key();
        match self.by_key.entry(hash::key(key), |number| of(number) == key, |number| hash::key(of(number))) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(slot) => {
                let number = index_number(items.len());
                slot.insert(number);
                self.items.push(T::new(key.clone()));
                number
            }
        }
    }

    pub(super) fn get(&self, number: u32) -> &T {
        item_at(&self.items, number)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        let found = usize::try_from(number).ok().and_then(|at| self.items.get_mut(at));
        found.expect("invariant: a number of this table")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }
}

fn item_at<T>(items: &[T], number: u32) -> &T {
    usize::try_from(number).ok().and_then(|at| items.get(at)).expect("invariant: a number of this table")
}
