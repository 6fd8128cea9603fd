//! Rows that were set aside: which are there already, and how to try them again.

use crate::ingest::IngestError;
use crate::node::Node;
use crate::records::digest;
use std::collections::BTreeSet;
use yibiao_record::SystemId;
use yibiao_store::{Commit, QuarantineEntry, QuarantineId, ReadError, View};

/// What stands in the quarantine, by where it came from and what it is.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    known: BTreeSet<(SystemId, Box<str>, u64, u64)>,
}

impl Quarantine {
    /// Reads the open entries.
    pub(crate) fn load(view: &View) -> Result<Self, ReadError> {
        let closed = view.quarantine_closed()?;
        let mut quarantine = Quarantine::default();
        for entry in view.quarantine(..) {
            let entry = entry?;
            if !closed.contains_key(&entry.id) {
                quarantine.note(&entry);
            }
        }
        Ok(quarantine)
    }

    pub(crate) fn holds(&self, entry: &QuarantineEntry) -> bool {
        self.known.contains(&place(entry))
    }

    pub(crate) fn note(&mut self, entry: &QuarantineEntry) {
        self.known.insert(place(entry));
    }

    /// How many rows wait.
    pub(crate) fn open(&self) -> usize {
        self.known.len()
    }
}

fn place(entry: &QuarantineEntry) -> (SystemId, Box<str>, u64, u64) {
    (entry.system, entry.edition.clone(), entry.locator, digest(&entry.raw))
}

impl Node {
    /// The rows that wait in the quarantine.
    pub fn quarantined(&self) -> Result<Vec<QuarantineEntry>, ReadError> {
        let view = self.store.view()?;
        let closed = view.quarantine_closed()?;
        let open = |entry: &Result<QuarantineEntry, ReadError>| !matches!(entry, Ok(entry) if closed.contains_key(&entry.id));
        view.quarantine(..).filter(open).collect()
    }

    /// One row of the quarantine, open or closed.
    pub fn quarantine_entry(&self, id: QuarantineId) -> Result<Option<QuarantineEntry>, ReadError> {
        self.store.view()?.quarantined(id)
    }

    /// Lets every source that has rows in the quarantine be read again from its start: rows that are known already are
    /// repeats, rows that can be read now are taken in, and the others are set aside anew. Says how many entries that
    /// closes and which systems are read again.
    pub fn retry_quarantine(&mut self) -> Result<(usize, BTreeSet<SystemId>), IngestError> {
        let open = self.quarantined()?;
        let systems: BTreeSet<SystemId> = open.iter().map(|entry| entry.system).collect();
        let commit = Commit {
            quarantine_closed: open.iter().map(|entry| (entry.id, "retried".into())).collect(),
            cursors: systems.iter().map(|system| (system.to_string(), Vec::new())).collect(),
            ..Commit::default()
        };
        self.store.commit(&commit)?;
        self.renew_last()?;
        self.quarantine = Quarantine::default();
        self.refresh_gauges();
        Ok((open.len(), systems))
    }
}
