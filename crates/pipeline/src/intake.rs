//! The edition of a source that is being read: which rows it has shown, and under which keys.
//!
//! **Invariant:** nothing is concluded from the absence of a row before the edition was read to its end.

use crate::parse::Parcel;
use crate::records::digest;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use yibiao_mapping::{Identity, Parsed, align};
use yibiao_record::{SourceKey, SystemId};
use yibiao_store::EditionRow;

/// A row with its key.
#[derive(Debug)]
pub(crate) struct KeyedRow {
    pub(crate) key: SourceKey,
    pub(crate) locator: u64,
    pub(crate) raw: Vec<u8>,
    pub(crate) parsed: Parsed,
}

/// A row, or a whole edition, that was refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) edition: Box<str>,
    pub(crate) locator: u64,
    pub(crate) raw: Vec<u8>,
    pub(crate) rule: &'static str,
    pub(crate) reason: String,
}

/// What a batch of parcels comes to.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) rows: Vec<KeyedRow>,
    pub(crate) refused: Vec<Refused>,
    /// Editions read to their end.
    pub(crate) closed: Vec<Closed>,
}

/// An edition read to its end.
#[derive(Debug)]
pub(crate) struct Closed {
    /// Its name.
    pub(crate) name: Box<str>,
    /// Whether it held every row of its source.
    pub(crate) whole: bool,
    /// The local keys that it showed.
    pub(crate) seen: HashSet<Box<str>, FxBuildHasher>,
    /// Its rows, where it has no key column: what the next edition is aligned with.
    pub(crate) rows: Vec<EditionRow>,
}

/// The edition that is being read.
#[derive(Debug, Default)]
struct Reading {
    name: Box<str>,
    whole: bool,
    seen: HashSet<Box<str>, FxBuildHasher>,
    /// Rows of a file without a key column wait for the edition's end: only then can it be aligned.
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    locator: u64,
    raw: Vec<u8>,
    parsed: Parsed,
    identity: Vec<Box<str>>,
}

/// The reading of one source.
#[derive(Debug)]
pub(crate) struct Intake {
    system: SystemId,
    /// Of each identity column, whether it names the person; empty where a column is the key.
    names: Vec<bool>,
    reading: Option<Reading>,
}

impl Intake {
    pub(crate) fn new(system: SystemId, names: Vec<bool>) -> Self {
        Self { system, names, reading: None }
    }

    /// Whether its rows have no key column.
    pub(crate) fn by_identity(&self) -> bool {
        !self.names.is_empty()
    }

    /// Gives each row its key. `known` tells the last edition of a source without a key column.
    pub(crate) fn take<E>(
        &mut self,
        parcels: Vec<Parcel>,
        known: impl Fn(&[align::Incoming]) -> Result<Vec<align::Known>, E>,
    ) -> Result<Taken, E> {
        let mut taken = Taken::default();
        for parcel in parcels {
            match parcel {
                Parcel::Open { name, whole } => {
                    self.reading = Some(Reading { name, whole, ..Reading::default() })
                }
                Parcel::Row { locator, raw, parsed } => self.row(locator, raw, parsed, &mut taken),
                Parcel::Refused { edition, locator, raw, rule, reason } => {
                    taken.refused.push(Refused { edition, locator, raw, rule, reason });
                }
                Parcel::Close => {
                    if let Some(reading) = self.reading.take() {
                        self.close(reading, &known, &mut taken)?;
                    }
                }
            }
        }
        Ok(taken)
    }

    fn row(&mut self, locator: u64, raw: Vec<u8>, mut parsed: Parsed, taken: &mut Taken) {
        match std::mem::replace(&mut parsed.identity, Identity::Key(Box::default())) {
            Identity::Key(local) => {
                if let Some(reading) = self.reading.as_mut().filter(|reading| reading.whole) {
                    reading.seen.insert(local.clone());
                }
                let key = SourceKey { system: self.system, local };
                taken.rows.push(KeyedRow { key, locator, raw, parsed });
            }
            Identity::Columns(identity) => {
                if let Some(reading) = &mut self.reading {
                    reading.waiting.push(Waiting { locator, raw, parsed, identity });
                }
            }
        }
    }

    fn close<E>(
        &self,
        mut reading: Reading,
        known: &impl Fn(&[align::Incoming]) -> Result<Vec<align::Known>, E>,
        taken: &mut Taken,
    ) -> Result<(), E> {
        let mut rows = Vec::new();
        if self.by_identity() {
            let incoming: Vec<align::Incoming> = reading
                .waiting
                .iter()
                .map(|row| align::Incoming { identity: row.identity.clone(), content: digest(&row.raw) })
                .collect();
            let aligned = align::align(&self.names, &known(&incoming)?, &incoming);
            for (waiting, aligned) in std::mem::take(&mut reading.waiting).into_iter().zip(aligned) {
                let Waiting { locator, raw, parsed, identity } = waiting;
                let local = aligned.local;
                reading.seen.insert(local.clone());
                let identity = identity.into_iter().map(String::from).collect();
                rows.push(EditionRow { locator, local: local.clone(), identity });
                taken.rows.push(KeyedRow {
                    key: SourceKey { system: self.system, local },
                    locator,
                    raw,
                    parsed,
                });
            }
        }
        taken.closed.push(Closed { name: reading.name, whole: reading.whole, seen: reading.seen, rows });
        Ok(())
    }
}
