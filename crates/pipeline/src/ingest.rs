//! Taking in: rows become submissions, submissions become changes, and both become one commit.
//!
//! **Invariant:** a batch is decided on before anything of it is written, and written as one commit; only then does
//! [`Node::ingest`] return.

use crate::intake::{Closed, Intake, KeyedRow, Refused, Taken};
use crate::metrics::{RowOutcome, Stage};
use crate::node::Node;
use crate::parse::Parcel;
use crate::records::{Entry, digest};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::sync::oneshot;
use yibiao_contract::fault::{self, Point};
use yibiao_contract::{Cursor, EdgeError, Recovery};
use yibiao_mapping::{ARRIVAL, Mode, align};
use yibiao_record::{Claim, ElementId, Op, SourceKey, Submission, SubmissionSeq, SystemId, Timestamp, Value};
use yibiao_store::{
    Commit, CommitError, DeliveredRow, EditionPage, QuarantineEntry, QuarantineId, ReadError, ValueDigest,
    value_digest,
};

/// Why a batch was not taken in. The node must be opened again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// What is known of the rows could not be read.
    #[error("cannot read what the store knows of the batch's rows")]
    Read(#[from] ReadError),
    /// It could not be made durable. Nothing of it was acknowledged.
    #[error(
        "cannot make the batch durable; free disk space or mend the disk, then start the node again: it goes on where it stopped"
    )]
    Commit(#[from] CommitError),
    /// The thread that publishes ended in a panic.
    #[error(
        "cannot publish: the publishing thread has failed; start the node again: it goes on where it stopped"
    )]
    Panicked,
}

/// A parsed batch of one source.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) system: SystemId,
    pub(crate) parcels: Vec<Parcel>,
    /// Where the source's connector goes on once the batch is durable.
    pub(crate) cursor: Cursor,
}

/// Rows of one page of an edition's list.
const PAGE_ROWS_MAX: usize = 10_000;
/// Submissions of one commit. An edition without a key column is aligned as a whole, and may come to more.
const COMMIT_SUBMISSIONS_MAX: usize = 8_000;

/// In the list of what was written into a row: its identity columns as they read since. No element has this number.
pub(crate) const IDENTITY: ElementId = ElementId(0);

/// The digest under [`IDENTITY`].
pub(crate) fn identity_digest(columns: &[Box<str>]) -> ValueDigest {
    value_digest(&Value::Codes(columns.to_vec()))
}

/// A batch on its way to the commit.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) commit: Commit,
    pub(crate) rows: BTreeMap<(SystemId, RowOutcome), u64>,
    /// The latest time that the batch's rows state.
    pub(crate) time: Timestamp,
}

impl Draft {
    fn count(&mut self, system: SystemId, outcome: RowOutcome) {
        *self.rows.entry((system, outcome)).or_insert(0) += 1;
    }

    /// A submission of this draft.
    pub(crate) fn submission(&self, seq: SubmissionSeq) -> Option<&Submission> {
        let first = self.commit.submissions.first()?.seq.0;
        self.commit.submissions.get(usize::try_from(seq.0.checked_sub(first)?).ok()?)
    }
}

/// How a row stands to what is known of its key.
enum Standing {
    /// It is what is known already.
    Repeat,
    /// It is older than what is known.
    Stale,
    /// It states what a row said that has ended since.
    EndedLater,
    /// It is news.
    News,
}

impl Node {
    /// Takes in batches of several sources, in one commit unless an edition is larger. It is durable when `waiting` is
    /// told so, or after [`settle`](Node::settle).
    pub(crate) fn ingest(
        &mut self,
        group: Vec<Incoming>,
        waiting: Vec<oneshot::Sender<()>>,
    ) -> Result<(), IngestError> {
        let timer = self.metrics.batch_seconds.start_timer();
        let mut draft = Draft::default();
        let mut received = 0;
        for Incoming { system, parcels, cursor } in group {
            let span = tracing::info_span!("batch", %system, parcels = parcels.len());
            let _entered = span.enter();
            let mut started = Instant::now();
            let taken = self.take(system, parcels)?;
            let rows = u64::try_from(taken.rows.len() + taken.refused.len()).unwrap_or(u64::MAX);
            for row in taken.rows {
                self.row(row, &mut draft)?;
                if draft.commit.submissions.len() >= COMMIT_SUBMISSIONS_MAX {
                    // Without the cursor: after a crash the edition is read again, and these rows are repeats.
                    self.metrics.spent(Stage::Decide, started);
                    self.finish(std::mem::take(&mut draft), Vec::new())?;
                    started = Instant::now();
                }
            }
            for refused in taken.refused {
                self.refuse(system, refused, &mut draft)?;
            }
            for closed in taken.closed {
                self.close(system, closed, &mut draft)?;
            }
            draft.commit.cursors.push((system.to_string(), cursor.0));
            self.metrics.spent(Stage::Decide, started);
            self.metrics.received.with_label_values(&[system.as_str()]).inc_by(rows);
            received += rows;
            tracing::debug!(rows, "batch decided on");
        }
        self.finish(draft, waiting)?;
        self.metrics.batch_rows.observe(f64::from(u32::try_from(received).unwrap_or(u32::MAX)));
        timer.observe_duration();
        Ok(())
    }

    /// A source failed. Where the failure is about an edition, the edition goes to the quarantine by name.
    pub(crate) fn source_failed(&mut self, system: SystemId, error: &EdgeError) -> Result<(), IngestError> {
        let kind = match error.recovery {
            Recovery::Retry => "retry",
            Recovery::Quarantine => "quarantine",
            Recovery::Halt => "halt",
        };
        self.metrics.errors.with_label_values(&[system.as_str(), "receiving", kind]).inc();
        self.intakes.remove(&system); // what was read of the broken edition stands; nothing follows from its end
        let (Recovery::Quarantine, Some(edition)) = (error.recovery, &error.edition) else { return Ok(()) };
        let mut draft = Draft::default();
        let refused = Refused {
            edition: edition.as_str().into(),
            locator: 0,
            raw: Vec::new(),
            rule: "unreadable",
            reason: format!("{}; {}", error.reason, error.hint),
        };
        self.refuse(system, refused, &mut draft)?;
        self.finish(draft, Vec::new())?;
        self.settle()
    }

    fn take(&mut self, system: SystemId, parcels: Vec<Parcel>) -> Result<Taken, IngestError> {
        let names = self.mappings.get(&system).map(|mapping| mapping.identity_names()).unwrap_or_default();
        if !names.is_empty() {
            self.settle()?; // its rows are aligned with what the store knows of the last edition
        }
        let mut intake = self.intakes.remove(&system).unwrap_or_else(|| Intake::new(system, names));
        let taken = intake.take(parcels, |incoming| self.known_rows(system, incoming))?;
        self.intakes.insert(system, intake);
        Ok(taken)
    }

    /// The rows of the last edition of a source without a key column.
    fn known_rows(
        &self,
        system: SystemId,
        incoming: &[align::Incoming],
    ) -> Result<Vec<align::Known>, ReadError> {
        let view = self.store.view()?;
        let Some(edition) = view.editions(system)?.pop() else { return Ok(Vec::new()) };
        // How we wrote a row's identity columns is kept as a digest only: it is told by the incoming row that has it.
        let by_digest: BTreeMap<ValueDigest, &align::Incoming> =
            incoming.iter().map(|row| (identity_digest(&row.identity), row)).collect();
        let mut known = Vec::new();
        for row in view.edition_pages(system, edition)?.into_iter().flat_map(|page| page.rows) {
            let key = SourceKey { system, local: row.local };
            let content = self.records.get(&key).map_or(0, |entry| entry.digest);
            let delivered = view.delivered(&key)?;
            let written = delivered.iter().find(|(element, _)| *element == IDENTITY);
            let written =
                written.and_then(|(_, digest)| by_digest.get(digest)).map(|row| row.identity.clone());
            let identity = row.identity.into_iter().map(Box::from).collect();
            known.push(align::Known { local: key.local, identity, written, content });
        }
        Ok(known)
    }

    /// Decides what a row is against what is known of its key.
    fn row(&mut self, row: KeyedRow, draft: &mut Draft) -> Result<(), IngestError> {
        let KeyedRow { key, locator, raw, mut parsed } = row;
        draft.time = draft.time.max(parsed.observed_at);
        let content = digest(&raw);
        let known = self.records.get(&key).copied();
        if let (ARRIVAL, Some(known)) = (parsed.version, known) {
            parsed.version = known.version;
        }
        let versioned = self.is_log(key.system);
        let mut submission = Submission {
            seq: SubmissionSeq(0),
            key,
            op: parsed.op,
            version: parsed.version,
            observed_at: parsed.observed_at,
            claims: parsed.claims,
            raw: raw.into(),
        };
        let Some(known) = known else {
            let claims_version = if submission.op == Op::Upsert { submission.version } else { i64::MIN };
            self.accept(submission, claims_version, content, locator, RowOutcome::New, draft);
            return Ok(());
        };
        match standing(&known, &submission, content, versioned) {
            Standing::Repeat => {
                self.seen_again(&submission.key, locator, content, RowOutcome::Repeated, draft)
            }
            Standing::Stale => draft.count(submission.key.system, RowOutcome::Stale),
            Standing::EndedLater => {
                // The end stands; what it ended is now known. The log tells the row as it came and the end after it, so
                // that a replay knows which version gave the claims.
                let (system, claims_version) = (submission.key.system, submission.version);
                let end = Submission {
                    op: known.op,
                    version: known.version,
                    raw: Box::default(),
                    ..submission.clone()
                };
                self.note(submission, claims_version, content, locator, draft);
                self.note(end, claims_version, content, locator, draft);
                draft.count(system, RowOutcome::Changed);
            }
            Standing::News if submission.op == Op::Upsert => {
                let changed = self.without_echoes(&mut submission, &known, draft)?;
                if changed {
                    let version = submission.version;
                    self.accept(submission, version, content, locator, RowOutcome::Changed, draft);
                } else {
                    self.seen_again(&submission.key, locator, content, RowOutcome::Repeated, draft);
                }
            }
            Standing::News => {
                let outcome =
                    if submission.op == Op::End { RowOutcome::Ended } else { RowOutcome::Retracted };
                submission.claims = self.claims(known.seq, draft)?;
                self.accept(submission, known.claims_version, known.digest, known.locator, outcome, draft);
            }
        }
        Ok(())
    }

    /// Whether versions of a key are ordered by their source and not by arrival.
    fn is_log(&self, system: SystemId) -> bool {
        self.mappings.get(&system).is_some_and(|mapping| {
            matches!(mapping.source().mode, Mode::Log { .. }) || mapping.source().version_column.is_some()
        })
    }

    fn accept(
        &mut self,
        submission: Submission,
        claims_version: i64,
        content: u64,
        locator: u64,
        outcome: RowOutcome,
        draft: &mut Draft,
    ) {
        draft.count(submission.key.system, outcome);
        self.note(submission, claims_version, content, locator, draft);
    }

    fn note(
        &mut self,
        mut submission: Submission,
        claims_version: i64,
        content: u64,
        locator: u64,
        draft: &mut Draft,
    ) {
        submission.seq = SubmissionSeq(self.last.submission.0 + 1);
        self.last.submission = submission.seq;
        let entry = Entry {
            seq: submission.seq,
            version: submission.version,
            claims_version,
            digest: content,
            op: submission.op,
            locator,
        };
        self.records.set(&submission.key, entry);
        draft.commit.submissions.push(submission);
    }

    fn seen_again(
        &mut self,
        key: &SourceKey,
        locator: u64,
        content: u64,
        outcome: RowOutcome,
        draft: &mut Draft,
    ) {
        if let Some(entry) = self.records.get_mut(key) {
            entry.locator = locator;
            entry.digest = content;
        }
        draft.count(key.system, outcome);
    }

    /// The claims of an accepted submission.
    fn claims(&mut self, seq: SubmissionSeq, draft: &Draft) -> Result<Vec<Claim>, IngestError> {
        if let Some(submission) = draft.submission(seq) {
            return Ok(submission.claims.clone());
        }
        if self.publishing.holds(seq) {
            self.settle()?;
        }
        Ok(self.store.view()?.submission(seq)?.map(|submission| submission.claims).unwrap_or_default())
    }

    /// Puts its source's own last word in place of each claim that is our own word come back. Says whether anything is
    /// left that its source changed.
    fn without_echoes(
        &mut self,
        submission: &mut Submission,
        known: &Entry,
        draft: &mut Draft,
    ) -> Result<bool, IngestError> {
        if self.publishing.holds_delivered() {
            self.settle()?;
        }
        let delivered = self.store.view()?.delivered(&submission.key)?;
        if delivered.is_empty() {
            return Ok(true);
        }
        let own = self.claims(known.seq, draft)?;
        let own_claim = |claim: &Claim| own.iter().find(|own| own.element == claim.element);
        let mut left = delivered.clone();
        let mut claims = Vec::with_capacity(submission.claims.len());
        for claim in std::mem::take(&mut submission.claims) {
            let word = value_digest(&claim.value);
            if own_claim(&claim).is_some_and(|own| own.value == claim.value) {
                claims.push(claim);
            } else if delivered.contains(&(claim.element, word)) {
                claims.extend(own_claim(&claim).cloned());
            } else {
                // Its source has spoken anew: what we delivered before no longer explains this cell.
                left.retain(|(element, _)| *element != claim.element);
                claims.push(claim);
            }
        }
        submission.claims = claims;
        if left != delivered {
            draft.commit.delivered.push(DeliveredRow { key: submission.key.clone(), elements: left });
        }
        Ok(submission.claims != own || known.op != Op::Upsert)
    }

    /// Sets a row aside, with its bytes, unless it stands there already.
    fn refuse(&mut self, system: SystemId, refused: Refused, draft: &mut Draft) -> Result<(), IngestError> {
        draft.count(system, RowOutcome::Quarantined);
        let entry = QuarantineEntry {
            id: QuarantineId(self.last.quarantine.0 + 1),
            system,
            edition: refused.edition,
            locator: refused.locator,
            raw: refused.raw.into(),
            reason: refused.reason.into(),
            rule: refused.rule.into(),
            at: draft.time,
        };
        if self.quarantine.holds(&entry) {
            return Ok(());
        }
        self.quarantine.note(&entry);
        self.last.quarantine = entry.id;
        draft.commit.quarantine.push(entry);
        Ok(())
    }

    /// What follows from the end of an edition: rows that are no longer there, and the list to align the next one with.
    fn close(&mut self, system: SystemId, closed: Closed, draft: &mut Draft) -> Result<(), IngestError> {
        let Some(mapping) = self.mappings.get(&system).cloned() else { return Ok(()) };
        if !closed.rows.is_empty() {
            self.settle()?;
            let edition = self.store.view()?.editions(system)?.pop().unwrap_or(0) + 1;
            for (page, rows) in (0u32..).zip(closed.rows.chunks(PAGE_ROWS_MAX)) {
                draft.commit.editions.push(EditionPage { system, edition, page, rows: rows.to_vec() });
            }
            draft.commit.editions_complete.push((system, edition));
        }
        if !closed.whole || mapping.source().mode != Mode::Snapshot {
            return Ok(());
        }
        let gone: Vec<SourceKey> = self
            .records
            .of_system(system)
            .filter(|(key, entry)| entry.op == Op::Upsert && !closed.seen.contains(&key.local))
            .map(|(key, _)| key.clone())
            .collect();
        if closed.seen.is_empty() && !gone.is_empty() {
            let reason = "the edition holds no rows, so nothing is concluded from it; if all rows were really deleted, \
                          retract them one by one"
                .to_owned();
            let refused =
                Refused { edition: closed.name, locator: 0, raw: Vec::new(), rule: "empty-edition", reason };
            return self.refuse(system, refused, draft);
        }
        for key in gone {
            let Some(known) = self.records.get(&key).copied() else { continue };
            let op = mapping.absence();
            let outcome = if op == Op::End { RowOutcome::Ended } else { RowOutcome::Retracted };
            let claims = self.claims(known.seq, draft)?;
            let submission = Submission {
                seq: SubmissionSeq(0),
                key,
                op,
                version: known.version,
                observed_at: draft.time,
                claims,
                raw: Box::default(),
            };
            self.accept(submission, known.claims_version, known.digest, known.locator, outcome, draft);
        }
        Ok(())
    }

    /// Resolves a draft, and has it published and committed while the next is decided on.
    fn finish(&mut self, draft: Draft, waiting: Vec<oneshot::Sender<()>>) -> Result<(), IngestError> {
        let resolved = self.resolve(draft, &[]);
        self.settle()?;
        fault::pass(Point::AfterDecide);
        self.publishing.start(resolved, waiting);
        self.show_quarantine();
        Ok(())
    }
}

fn standing(known: &Entry, row: &Submission, content: u64, versioned: bool) -> Standing {
    if row.op == Op::Upsert && known.op == Op::Upsert && known.digest == content {
        return Standing::Repeat;
    }
    if !versioned {
        // What has ended cannot end again.
        let again = row.op != Op::Upsert && row.op == known.op;
        return if again { Standing::Repeat } else { Standing::News };
    }
    let newer = match row.op {
        // Of two rows of one version, the one with the greater digest holds, whichever came first.
        Op::Upsert if known.op == Op::Upsert => (row.version, content) > (known.version, known.digest),
        Op::Upsert => row.version > known.version,
        // An end holds against a row of its own version.
        _ if known.op == Op::Upsert => row.version >= known.version,
        _ => (row.version, row.op) > (known.version, known.op),
    };
    if newer {
        Standing::News
    } else if row.op == Op::Upsert && known.op != Op::Upsert && row.version > known.claims_version {
        Standing::EndedLater
    } else if row.version == known.version && row.op == known.op {
        Standing::Repeat
    } else {
        Standing::Stale
    }
}
