//! What of a key's messages stands, by the rules of a node's intake, so that messages may come in any order that their
//! source allows.
//!
//! **Invariant:** of a source that orders its versions itself, what stands is a function of the set of messages taken.

use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{Op, SourceKey, Submission, SubmissionSeq, SystemId, Timestamp};

/// What is known of a key.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The row as last stated.
    stated: Option<Submission>,
    /// The last end or retraction: its version, what it was, and when.
    ended: Option<(i64, Op, Timestamp)>,
}

/// The intake.
#[derive(Clone, Debug)]
pub struct Intake {
    versioned: BTreeSet<SystemId>,
    known: BTreeMap<SourceKey, Known>,
    standing: BTreeMap<SourceKey, Submission>,
    taken: u64,
}

impl Intake {
    /// An empty intake. `versioned` are the systems that order the versions of a key themselves; of the others, what
    /// comes later stands.
    pub fn new(versioned: BTreeSet<SystemId>) -> Self {
        Self { versioned, known: BTreeMap::new(), standing: BTreeMap::new(), taken: 0 }
    }

    /// What stands of each key.
    pub fn standing(&self) -> &BTreeMap<SourceKey, Submission> {
        &self.standing
    }

    /// Takes a message; gives what stands of its key, where that is news.
    pub fn take(&mut self, message: &Submission) -> Option<&Submission> {
        let versioned = self.versioned.contains(&message.key.system);
        let known = self.known.entry(message.key.clone()).or_default();
        let news = if message.op == Op::Upsert {
            known.state(message, versioned)
        } else {
            known.end(message, versioned)
        };
        if !news {
            return None;
        }
        let standing = known.standing(&message.key, SubmissionSeq(self.taken + 1));
        let before = self.standing.get(&message.key);
        let same = |before: &Submission| Submission { seq: standing.seq, ..before.clone() } == standing;
        if before.is_some_and(same) {
            return None;
        }
        self.taken += 1;
        self.standing.insert(message.key.clone(), standing);
        self.standing.get(&message.key)
    }
}

impl Known {
    fn state(&mut self, message: &Submission, versioned: bool) -> bool {
        // Of two rows of one version, the one with the greater bytes holds, whichever came first.
        if versioned
            && let Some(held) = &self.stated
            && (held.version, &held.raw) >= (message.version, &message.raw)
        {
            return false;
        }
        self.stated = Some(message.clone());
        if !versioned {
            self.ended = None;
        }
        true
    }

    fn end(&mut self, message: &Submission, versioned: bool) -> bool {
        let ended = (message.version, message.op, message.observed_at);
        if versioned && self.ended.is_some_and(|held| held >= ended) {
            return false;
        }
        self.ended = Some(ended);
        true
    }

    fn standing(&self, key: &SourceKey, seq: SubmissionSeq) -> Submission {
        let stated = self.stated.as_ref();
        // An end holds against a row of its own version.
        let ended = self.ended.filter(|(version, ..)| stated.is_none_or(|row| *version >= row.version));
        let of_row = stated.map(|row| (row.version, Op::Upsert, row.observed_at));
        let (version, op, observed_at) = ended.or(of_row).expect("invariant: a key is known by a message");
        Submission {
            seq,
            key: key.clone(),
            op,
            version,
            observed_at,
            claims: stated.map(|row| row.claims.clone()).unwrap_or_default(),
            raw: Box::default(),
        }
    }
}
