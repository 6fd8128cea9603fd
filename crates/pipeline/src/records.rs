//! What is known of every source key, in memory: enough to tell a new row from a repeat without reading the store.
//!
//! **Invariant:** an entry is a function of the submissions of its key; it is rebuilt from the store at start.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use yibiao_record::{Op, SourceKey, Submission, SubmissionSeq, SystemId};

/// The state of one source key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its latest submission.
    pub(crate) seq: SubmissionSeq,
    /// That submission's version.
    pub(crate) version: i64,
    /// The version of the row that gave its claims; below `version` where a later message ended it.
    pub(crate) claims_version: i64,
    /// Digest of the bytes of the row last seen, be it accepted or an echo.
    pub(crate) digest: u64,
    /// What its latest submission did.
    pub(crate) op: Op,
    /// Where it stands in the newest edition that holds it.
    pub(crate) locator: u64,
}

/// All source keys ever accepted.
#[derive(Debug, Default)]
pub(crate) struct Records {
    entries: Vec<(SourceKey, Entry)>,
    by_key: HashTable<u32>,
    of_system: BTreeMap<SystemId, Vec<u32>>,
}

fn hash(key: &SourceKey) -> u64 {
    FxBuildHasher.hash_one(key)
}

fn at(entries: &[(SourceKey, Entry)], number: u32) -> &(SourceKey, Entry) {
    usize::try_from(number).ok().and_then(|at| entries.get(at)).expect("invariant: a number of these entries")
}

impl Records {
    fn find(&self, key: &SourceKey) -> Option<usize> {
        let found = self.by_key.find(hash(key), |number| at(&self.entries, *number).0 == *key)?;
        usize::try_from(*found).ok()
    }

    /// The entry of a key.
    pub(crate) fn get(&self, key: &SourceKey) -> Option<&Entry> {
        self.entries.get(self.find(key)?).map(|(_, entry)| entry)
    }

    /// The entry of a key, to note a new locator or digest.
    pub(crate) fn get_mut(&mut self, key: &SourceKey) -> Option<&mut Entry> {
        let found = self.find(key)?;
        self.entries.get_mut(found).map(|(_, entry)| entry)
    }

    /// Sets the entry of a key.
    pub(crate) fn set(&mut self, key: &SourceKey, entry: Entry) {
        if let Some(known) = self.get_mut(key) {
            *known = entry;
            return;
        }
        let number =
            u32::try_from(self.entries.len()).expect("invariant: fewer than 2^32 source keys on one node");
        self.entries.push((key.clone(), entry));
        let entries = &self.entries;
        self.by_key.insert_unique(hash(key), number, |number| hash(&at(entries, *number).0));
        self.of_system.entry(key.system).or_default().push(number);
    }

    /// Replays an accepted submission, in the order of the log.
    pub(crate) fn replay(&mut self, submission: &Submission) {
        let known = self.get(&submission.key).copied();
        let claims_version = match (submission.op, known) {
            (Op::Upsert, _) => submission.version,
            (_, Some(known)) => known.claims_version,
            (_, None) => i64::MIN,
        };
        // An end without a row of its own leaves the digest of the row that it ended.
        let digest = known
            .filter(|_| submission.op != Op::Upsert)
            .map_or_else(|| digest(&submission.raw), |known| known.digest);
        let locator = known.map_or(0, |known| known.locator);
        self.set(
            &submission.key,
            Entry {
                seq: submission.seq,
                version: submission.version,
                claims_version,
                digest,
                op: submission.op,
                locator,
            },
        );
    }

    /// The keys of a system with their entries, in the order of their first acceptance.
    pub(crate) fn of_system(&self, system: SystemId) -> impl Iterator<Item = &(SourceKey, Entry)> {
        let numbers = self.of_system.get(&system).into_iter().flatten();
        numbers.map(|number| at(&self.entries, *number))
    }

    /// The systems that ever sent a row.
    pub(crate) fn systems(&self) -> impl Iterator<Item = SystemId> {
        self.of_system.keys().copied()
    }
}

/// Digest of a row's bytes; equal digests are taken for equal rows of one key.
pub(crate) fn digest(raw: &[u8]) -> u64 {
    let hash = blake3::hash(raw);
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
