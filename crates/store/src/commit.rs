//! Writing: one commit, one transaction, one fsync.

use crate::audit::chain;
use crate::codec::{
    Put, write_audit, write_boundary, write_change, write_dead_letter, write_decision, write_delivered,
    write_edition_rows, write_quarantine, write_submission,
};
use crate::engine::{Batch, EngineError};
use crate::key::{self, Table};
use crate::{
    AuditDraft, AuditHash, AuditSeq, Boundary, CommitSeq, DeadLetter, DeliveredRow, EditionPage,
    QuarantineEntry, QuarantineId, ReadError, Store, View,
};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{MutexGuard, PoisonError};
use yibiao_record::{Change, ChangeSeq, Decision, DecisionSeq, Submission, SubmissionSeq, SystemId};

/// What one batch of work leaves behind. Sequence numbers are given by the caller and go on from
/// [`View::last`] without a gap.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// Accepted submissions.
    pub submissions: Vec<Submission>,
    /// Published changes.
    pub changes: Vec<Change>,
    /// Stewards' decisions.
    pub decisions: Vec<Decision>,
    /// Where connectors stand, by the source's name: replaced.
    pub cursors: Vec<(String, Vec<u8>)>,
    /// Where subscriptions stand, by name: replaced.
    pub positions: Vec<(String, u64)>,
    /// Rows that could not be taken in.
    pub quarantine: Vec<QuarantineEntry>,
    /// Quarantined rows that need no more attention, and why.
    pub quarantine_closed: Vec<(QuarantineId, Box<str>)>,
    /// What receivers refused for good: replaced by position and subscription.
    pub dead_letters: Vec<DeadLetter>,
    /// Dead letters that were replayed or purged, by position and subscription: removed.
    pub dead_letters_gone: Vec<(ChangeSeq, Box<str>)>,
    /// Parts of the list of an edition's rows.
    pub editions: Vec<EditionPage>,
    /// Editions now listed to their end: the pages of all earlier editions of the system are dropped.
    pub editions_complete: Vec<(SystemId, u64)>,
    /// What was written into receivers' rows: replaced by key.
    pub delivered: Vec<DeliveredRow>,
    /// What is to be written into the audit log.
    pub audit: Vec<AuditDraft>,
    /// Counters and what to add to each.
    pub counters: Vec<(String, i64)>,
}

impl Commit {
    /// Whether it would write nothing.
    pub fn is_empty(&self) -> bool {
        *self == Commit::default()
    }
}

impl fmt::Debug for Commit {
    /// How many of each: what a cursor or a row holds is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("submissions", &self.submissions.len())
            .field("changes", &self.changes.len())
            .field("decisions", &self.decisions.len())
            .field("quarantine", &self.quarantine.len())
            .field("dead_letters", &self.dead_letters.len())
            .field("delivered", &self.delivered.len())
            .field("audit", &self.audit.len())
            .finish_non_exhaustive()
    }
}

/// A log of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Accepted submissions.
    Submissions,
    /// The change feed.
    Changes,
    /// Stewards' decisions.
    Decisions,
    /// Rows that could not be taken in.
    Quarantine,
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Log::Submissions => "submission",
            Log::Changes => "change",
            Log::Decisions => "decision",
            Log::Quarantine => "quarantine entry",
        })
    }
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The numbers of a log do not go on from its end. Nothing was written; the store goes on.
    #[error("cannot commit {log} {found}: the next number of that log is {expected}")]
    Sequence {
        /// The log.
        log: Log,
        /// The number that is next.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A quarantine entry that is not there cannot be closed. Nothing was written; the store goes on.
    #[error("cannot close quarantine entry {0}: there is no such entry")]
    NoSuchEntry(QuarantineId),
    /// An earlier commit failed. Only opening the store again tells what reached the disk.
    #[error("cannot commit: an earlier commit failed; open the store again")]
    Refused,
    /// The store could not be read for what the commit replaces. Nothing was written.
    #[error("cannot read what the commit replaces")]
    Read(#[source] ReadError),
    /// The engine failed. The commit is on disk whole or not at all; the store refuses writes until opened again.
    #[error("cannot make commit {commit} durable")]
    Engine {
        /// The commit's number.
        commit: CommitSeq,
        /// What failed.
        source: EngineError,
    },
}

/// What the writer knows of the end of each log.
#[derive(Clone, Default)]
pub(crate) struct Tail {
    pub(crate) last: Boundary,
    pub(crate) audit_hash: AuditHash,
    pub(crate) counters: BTreeMap<String, i64>,
    pub(crate) failed: bool,
}

impl Store {
    /// Writes all of `commit`, and returns when it is on fsynced storage; or fails, and then all of it or nothing is
    /// there when the store is next opened. An empty commit writes nothing.
    pub fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let mut tail = self.tail();
        if tail.failed {
            return Err(CommitError::Refused);
        }
        if commit.is_empty() {
            return Ok(());
        }
        let started = std::time::Instant::now();
        let mut next = tail.clone();
        let mut batch = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        batch.clear(); // what a commit that failed left
        self.encode(commit, &mut next, &mut batch)?;
        let span = tracing::debug_span!(
            "commit",
            commit = next.last.commit.0,
            submissions = commit.submissions.len(),
            changes = commit.changes.len(),
            bytes = batch.bytes_len(),
        );
        let done = span.in_scope(|| self.engine.commit(&batch));
        match done {
            Ok(()) => *tail = next,
            Err(source) => {
                tail.failed = true;
                self.metrics.commit_errors.inc();
                return Err(CommitError::Engine { commit: next.last.commit, source });
            }
        }
        drop(tail);
        self.count(commit, &batch, started.elapsed());
        Ok(())
    }

    pub(crate) fn tail(&self) -> MutexGuard<'_, Tail> {
        // The tail is replaced in one assignment: a panic elsewhere cannot leave it half changed.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, commit: &Commit, batch: &Batch, took: std::time::Duration) {
        let number = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
        self.metrics.commit_seconds.observe(took.as_secs_f64());
        self.metrics.commit_submissions.observe(number(commit.submissions.len()));
        self.metrics.commit_bytes.inc_by(u64::try_from(batch.bytes_len()).unwrap_or(u64::MAX));
        // A size that cannot be asked for is no reason to fail a commit that is durable.
        if let Ok(bytes) = self.engine.disk_bytes() {
            self.metrics.disk_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
    }

    /// Adds a commit to a batch and moves `tail` to where the logs will end.
    fn encode(&self, commit: &Commit, tail: &mut Tail, batch: &mut Batch) -> Result<(), CommitError> {
        let last = &mut tail.last;
        for submission in &commit.submissions {
            let seq = follow(Log::Submissions, last.submission.0, submission.seq.0)?;
            batch.put(Table::Submission, &key::sequence(seq), |out| write_submission(out, submission));
            last.submission = SubmissionSeq(seq);
        }
        for change in &commit.changes {
            let seq = follow(Log::Changes, last.change.0, change.seq.0)?;
            batch.put(Table::Change, &key::sequence(seq), |out| write_change(out, change));
            last.change = ChangeSeq(seq);
        }
        for decision in &commit.decisions {
            let seq = follow(Log::Decisions, last.decision.0, decision.seq.0)?;
            batch.put(Table::Decision, &key::sequence(seq), |out| write_decision(out, decision));
            last.decision = DecisionSeq(seq);
        }
        for entry in &commit.quarantine {
            let seq = follow(Log::Quarantine, last.quarantine.0, entry.id.0)?;
            batch.put(Table::Quarantine, &key::sequence(seq), |out| write_quarantine(out, entry));
            last.quarantine = QuarantineId(seq);
        }
        for (id, reason) in &commit.quarantine_closed {
            if id.0 == 0 || *id > last.quarantine {
                return Err(CommitError::NoSuchEntry(*id));
            }
            batch.put(Table::QuarantineClosed, &key::sequence(id.0), |out| {
                out.extend_from_slice(reason.as_bytes());
            });
        }
        for draft in &commit.audit {
            let seq = AuditSeq(last.audit.0 + 1);
            let hash = chain(&tail.audit_hash, seq, draft);
            batch.put(Table::Audit, &key::sequence(seq.0), |out| {
                out.extend_from_slice(&hash);
                write_audit(out, draft);
            });
            last.audit = seq;
            tail.audit_hash = hash;
        }
        last.commit = CommitSeq(last.commit.0 + 1);
        batch.put(Table::Boundary, &key::sequence(last.commit.0), |out| write_boundary(out, last));
        self.encode_replaced(commit, tail, batch)
    }

    /// The tables whose entries are replaced.
    fn encode_replaced(
        &self,
        commit: &Commit,
        tail: &mut Tail,
        batch: &mut Batch,
    ) -> Result<(), CommitError> {
        for (name, cursor) in &commit.cursors {
            batch.put(Table::Cursor, name.as_bytes(), |out| out.extend_from_slice(cursor));
        }
        for (name, position) in &commit.positions {
            batch.put(Table::Position, name.as_bytes(), |out| out.put_varint(*position));
        }
        for row in &commit.delivered {
            let key = key::source_key(&row.key);
            if row.elements.is_empty() {
                batch.remove(Table::Delivered, &key);
            } else {
                batch.put(Table::Delivered, &key, |out| write_delivered(out, &row.elements));
            }
        }
        for (at, subscription) in &commit.dead_letters_gone {
            batch.remove(Table::DeadLetter, &key::dead_letter(at.0, subscription));
        }
        for letter in &commit.dead_letters {
            let key = key::dead_letter(letter.at.0, &letter.subscription);
            batch.put(Table::DeadLetter, &key, |out| write_dead_letter(out, letter));
        }
        for (name, delta) in &commit.counters {
            let count = tail.counters.entry(name.clone()).or_insert(0);
            *count = count.saturating_add(*delta);
            batch.put(Table::Counter, name.as_bytes(), |out| out.put_signed(*count));
        }
        self.encode_editions(commit, batch)
    }

    /// Earlier editions go first, so that a page of this commit is never among what is dropped.
    fn encode_editions(&self, commit: &Commit, batch: &mut Batch) -> Result<(), CommitError> {
        if !commit.editions_complete.is_empty() {
            let view = self.view().map_err(CommitError::Read)?;
            for (system, edition) in &commit.editions_complete {
                drop_editions_before(&view, *system, *edition, batch).map_err(CommitError::Read)?;
            }
        }
        for page in &commit.editions {
            let superseded = commit
                .editions_complete
                .iter()
                .any(|(of, edition)| *of == page.system && page.edition < *edition);
            if !superseded {
                let key = key::edition_page(page.system, page.edition, page.page);
                batch.put(Table::Edition, &key, |out| write_edition_rows(out, &page.rows));
            }
        }
        Ok(())
    }
}

fn drop_editions_before(
    view: &View,
    system: SystemId,
    edition: u64,
    batch: &mut Batch,
) -> Result<(), ReadError> {
    let from = key::edition_page(system, 0, 0);
    let to = key::edition_page(system, edition, 0);
    let fail = |source| ReadError::Engine { table: Table::Edition.name(), source };
    let pages =
        view.engine.range(Table::Edition, Bound::Included(&from), Bound::Excluded(&to)).map_err(fail)?;
    for page in pages {
        let (page, _) = page.map_err(fail)?;
        batch.remove(Table::Edition, page.as_slice());
    }
    Ok(())
}

fn follow(log: Log, last: u64, found: u64) -> Result<u64, CommitError> {
    let expected = last + 1;
    if found == expected { Ok(found) } else { Err(CommitError::Sequence { log, expected, found }) }
}
