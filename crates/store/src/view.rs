//! Reading.

mod entries;

pub use entries::Entries;

use crate::audit::chain;
use crate::codec::{
    DecodeError, Reader, read_audit, read_boundary, read_change, read_dead_letter, read_decision,
    read_delivered, read_edition_rows, read_quarantine, read_submission, whole,
};
use crate::engine::{EngineError, EngineView};
use crate::key::{self, Table};
use crate::{
    AuditDraft, AuditEntry, AuditError, AuditHash, AuditSeq, Boundary, ClosedQuarantine, CommitSeq,
    DeadLetter, DeliveredRow, EditionPage, QuarantineEntry, QuarantineId, ValueDigest,
};
use entries::{Decode, numbers};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use yibiao_record::{
    Change, ChangeSeq, Decision, DecisionSeq, ElementId, SourceKey, Submission, SubmissionSeq, SystemId,
};

/// Whether a submission's raw bytes are wanted. Leaving them out saves the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw {
    /// With its bytes.
    Keep,
    /// With `raw` empty.
    Skip,
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The engine failed.
    #[error("cannot read table {table} of the store")]
    Engine {
        /// The table.
        table: &'static str,
        /// What failed.
        source: EngineError,
    },
    /// The bytes are not what this version writes.
    #[error("cannot decode {} of table {table} of the store", Position(*position))]
    Decode {
        /// The table.
        table: &'static str,
        /// The entry's number, in a table that has numbers.
        position: Option<u64>,
        /// What is wrong.
        source: DecodeError,
    },
    /// A log lacks an entry.
    #[error("table {table} of the store lacks entry {position}")]
    Missing {
        /// The log.
        table: &'static str,
        /// The entry.
        position: u64,
    },
}

struct Position(Option<u64>);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => write!(f, "entry {number}"),
            None => f.write_str("an entry"),
        }
    }
}

/// What was in the store at one moment. Holds no lock: commits go on beside it.
pub struct View {
    pub(crate) engine: EngineView,
    last: Boundary,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("last", &self.last).finish_non_exhaustive()
    }
}

impl View {
    pub(crate) fn new(engine: EngineView) -> Result<View, ReadError> {
        let table = Table::Boundary.name();
        let last = match engine.last(Table::Boundary).map_err(|source| ReadError::Engine { table, source })? {
            None => Boundary::default(),
            Some((at, bytes)) => {
                let position = key::parse_sequence(at.as_slice());
                let bad = |source| ReadError::Decode { table, position, source };
                let commit = CommitSeq(position.ok_or(bad(DecodeError::Bounds { what: "key" }))?);
                read_boundary(commit, bytes.as_slice()).map_err(bad)?
            }
        };
        Ok(View { engine, last })
    }

    /// Where the logs end.
    pub fn last(&self) -> Boundary {
        self.last
    }

    /// A submission.
    pub fn submission(&self, seq: SubmissionSeq) -> Result<Option<Submission>, ReadError> {
        self.entry(Table::Submission, seq.0, self.last.submission.0, |seq, bytes| {
            read_submission(SubmissionSeq(seq), bytes, Raw::Keep)
        })
    }

    /// Submissions in the order of their numbers.
    pub fn submissions(&self, range: impl RangeBounds<SubmissionSeq>, raw: Raw) -> Entries<Submission> {
        let range = numbers(&range, |seq| seq.0, self.last.submission.0);
        self.entries(
            Table::Submission,
            range,
            match raw {
                Raw::Keep => |seq, bytes| read_submission(SubmissionSeq(seq), bytes, Raw::Keep),
                Raw::Skip => |seq, bytes| read_submission(SubmissionSeq(seq), bytes, Raw::Skip),
            },
        )
    }

    /// A change.
    pub fn change(&self, seq: ChangeSeq) -> Result<Option<Change>, ReadError> {
        self.entry(Table::Change, seq.0, self.last.change.0, |seq, bytes| read_change(ChangeSeq(seq), bytes))
    }

    /// Changes in the order of the feed.
    pub fn changes(&self, range: impl RangeBounds<ChangeSeq>) -> Entries<Change> {
        let range = numbers(&range, |seq| seq.0, self.last.change.0);
        self.entries(Table::Change, range, |seq, bytes| read_change(ChangeSeq(seq), bytes))
    }

    /// At most `limit` changes after a position in the feed.
    pub fn changes_after(&self, seq: ChangeSeq, limit: usize) -> Result<Vec<Change>, ReadError> {
        self.changes((Bound::Excluded(seq), Bound::Unbounded)).take(limit).collect()
    }

    /// All decisions, in their order.
    pub fn decisions(&self) -> Entries<Decision> {
        self.entries(Table::Decision, (1, self.last.decision.0), |seq, bytes| {
            read_decision(DecisionSeq(seq), bytes)
        })
    }

    /// Where each commit ended, in the order of commits.
    pub fn boundaries(&self, range: impl RangeBounds<CommitSeq>) -> Entries<Boundary> {
        let range = numbers(&range, |seq| seq.0, self.last.commit.0);
        self.entries(Table::Boundary, range, |seq, bytes| read_boundary(CommitSeq(seq), bytes))
    }

    /// Where a connector stands; `None` of a source never read.
    pub fn cursor(&self, source: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.get(Table::Cursor, source.as_bytes(), None, |bytes| Ok(bytes.to_vec()))
    }

    /// All cursors, by the source's name.
    pub fn cursors(&self) -> Result<BTreeMap<String, Vec<u8>>, ReadError> {
        self.named(Table::Cursor, "", |bytes| Ok(bytes.to_vec()))
    }

    /// Where a subscription stands; `None` of one that has received nothing.
    pub fn position(&self, subscription: &str) -> Result<Option<u64>, ReadError> {
        self.get(Table::Position, subscription.as_bytes(), None, |bytes| whole(bytes, Reader::varint))
    }

    /// All positions, by the subscription's name.
    pub fn positions(&self) -> Result<BTreeMap<String, u64>, ReadError> {
        self.named(Table::Position, "", |bytes| whole(bytes, Reader::varint))
    }

    /// All counters, by name.
    pub fn counters(&self) -> Result<BTreeMap<String, i64>, ReadError> {
        self.named(Table::Counter, "", |bytes| whole(bytes, Reader::signed))
    }

    /// The counters whose names begin with a text.
    pub fn counters_of(&self, prefix: &str) -> Result<BTreeMap<String, i64>, ReadError> {
        self.named(Table::Counter, prefix, |bytes| whole(bytes, Reader::signed))
    }

    /// A counter; 0 of one that was never added to.
    pub fn counter(&self, name: &str) -> Result<i64, ReadError> {
        let count = self.get(Table::Counter, name.as_bytes(), None, |bytes| whole(bytes, Reader::signed))?;
        Ok(count.unwrap_or(0))
    }

    /// A row of the quarantine, open or closed.
    pub fn quarantined(&self, id: QuarantineId) -> Result<Option<QuarantineEntry>, ReadError> {
        self.entry(Table::Quarantine, id.0, self.last.quarantine.0, |id, bytes| {
            read_quarantine(QuarantineId(id), bytes)
        })
    }

    /// Rows of the quarantine, open and closed, in their order.
    pub fn quarantine(&self, range: impl RangeBounds<QuarantineId>) -> Entries<QuarantineEntry> {
        let range = numbers(&range, |id| id.0, self.last.quarantine.0);
        self.entries(Table::Quarantine, range, |id, bytes| read_quarantine(QuarantineId(id), bytes))
    }

    /// Which rows of the quarantine need no more attention, and why.
    pub fn quarantine_closed(&self) -> Result<BTreeMap<QuarantineId, ClosedQuarantine>, ReadError> {
        let mut closed = BTreeMap::new();
        self.scan(Table::QuarantineClosed, Bound::Unbounded, Bound::Unbounded, |at, bytes| {
            let id = QuarantineId(key::parse_sequence(at).ok_or(DecodeError::Bounds { what: "key" })?);
            let reason = std::str::from_utf8(bytes).map_err(|_| DecodeError::Bounds { what: "text" })?;
            closed.insert(id, ClosedQuarantine { id, reason: reason.into() });
            Ok(())
        })?;
        Ok(closed)
    }

    /// What a subscription's receiver refused at a position; `None` where it refused nothing there, or it is gone.
    pub fn dead_letter(&self, at: ChangeSeq, subscription: &str) -> Result<Option<DeadLetter>, ReadError> {
        self.get(Table::DeadLetter, &key::dead_letter(at.0, subscription), Some(at.0), |bytes| {
            read_dead_letter(at, subscription, bytes)
        })
    }

    /// Hands over every dead letter, in the order of the feed, one at a time: they may be many.
    pub fn dead_letters(&self, mut each: impl FnMut(DeadLetter)) -> Result<(), ReadError> {
        self.scan(Table::DeadLetter, Bound::Unbounded, Bound::Unbounded, |at, bytes| {
            let (position, subscription) =
                key::parse_dead_letter(at).ok_or(DecodeError::Bounds { what: "key" })?;
            each(read_dead_letter(ChangeSeq(position), subscription, bytes)?);
            Ok(())
        })
    }

    /// The numbers of the editions of a system that are listed, complete or not.
    pub fn editions(&self, system: SystemId) -> Result<Vec<u64>, ReadError> {
        let mut editions = Vec::new();
        let (from, to) = (key::edition_page(system, 0, 0), key::edition_page(system, u64::MAX, u32::MAX));
        self.scan(Table::Edition, Bound::Included(&from), Bound::Included(&to), |at, _| {
            let (_, edition, _) = key::parse_edition_page(at).ok_or(DecodeError::Bounds { what: "key" })?;
            if editions.last() != Some(&edition) {
                editions.push(edition);
            }
            Ok(())
        })?;
        Ok(editions)
    }

    /// The pages of an edition, in their order.
    pub fn edition_pages(&self, system: SystemId, edition: u64) -> Result<Vec<EditionPage>, ReadError> {
        let mut pages = Vec::new();
        let (from, to) =
            (key::edition_page(system, edition, 0), key::edition_page(system, edition, u32::MAX));
        self.scan(Table::Edition, Bound::Included(&from), Bound::Included(&to), |at, bytes| {
            let (system, edition, page) =
                key::parse_edition_page(at).ok_or(DecodeError::Bounds { what: "key" })?;
            pages.push(EditionPage { system, edition, page, rows: read_edition_rows(bytes)? });
            Ok(())
        })?;
        Ok(pages)
    }

    /// What was last written into a receiver's row: elements and the digests of their values; empty if nothing.
    pub fn delivered(&self, key: &SourceKey) -> Result<Vec<(ElementId, ValueDigest)>, ReadError> {
        let elements = self.get(Table::Delivered, &key::source_key(key), None, read_delivered)?;
        Ok(elements.unwrap_or_default())
    }

    /// What was last written into all rows of a receiver, in the order of their keys.
    pub fn delivered_to(&self, system: SystemId) -> Result<Vec<DeliveredRow>, ReadError> {
        let mut rows = Vec::new();
        let from = key::system(system);
        let to = u64::from_be_bytes(from).checked_add(1).map(u64::to_be_bytes);
        let to = to.as_ref().map_or(Bound::Unbounded, |to| Bound::Excluded(to.as_slice()));
        self.scan(Table::Delivered, Bound::Included(&from), to, |at, bytes| {
            let key = key::parse_source_key(at).ok_or(DecodeError::Bounds { what: "key" })?;
            rows.push(DeliveredRow { key, elements: read_delivered(bytes)? });
            Ok(())
        })?;
        Ok(rows)
    }

    /// Entries of the audit log, in their order.
    pub fn audit(&self, range: impl RangeBounds<AuditSeq>) -> Entries<AuditEntry> {
        let range = numbers(&range, |seq| seq.0, self.last.audit.0);
        self.entries(Table::Audit, range, read_audit_entry)
    }

    /// Walks the audit log from its start and checks every hash; the hash of the last entry.
    pub fn verify_audit(&self) -> Result<AuditHash, AuditError> {
        let mut hash = AuditHash::default();
        for entry in self.audit(..) {
            let entry = entry.map_err(AuditError::Read)?;
            hash = chain(&hash, entry.seq, &entry.draft);
            if hash != entry.hash {
                return Err(AuditError::Broken { seq: entry.seq });
            }
        }
        Ok(hash)
    }

    pub(crate) fn audit_hash(&self) -> Result<AuditHash, ReadError> {
        let last = self.entry(Table::Audit, self.last.audit.0, self.last.audit.0, |seq, bytes| {
            read_audit_entry(seq, bytes)
        })?;
        Ok(last.map_or(AuditHash::default(), |entry| entry.hash))
    }

    fn get<T>(
        &self,
        table: Table,
        key: &[u8],
        position: Option<u64>,
        decode: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, ReadError> {
        let table_name = table.name();
        let bytes =
            self.engine.get(table, key).map_err(|source| ReadError::Engine { table: table_name, source })?;
        bytes.map(|bytes| decode(bytes.as_slice())).transpose().map_err(|source| ReadError::Decode {
            table: table_name,
            position,
            source,
        })
    }

    /// An entry of a log; none before its start and after its end, an error for a hole.
    fn entry<T>(
        &self,
        table: Table,
        number: u64,
        last: u64,
        decode: impl FnOnce(u64, &[u8]) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, ReadError> {
        if number == 0 || number > last {
            return Ok(None);
        }
        let found = self.get(table, &key::sequence(number), Some(number), |bytes| decode(number, bytes))?;
        found.map(Some).ok_or(ReadError::Missing { table: table.name(), position: number })
    }

    fn entries<T>(&self, table: Table, range: (u64, u64), decode: Decode<T>) -> Entries<T> {
        Entries::new(&self.engine, table, range, decode)
    }

    /// Calls `each` with key and value of every entry between two keys.
    fn scan(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), ReadError> {
        let table_name = table.name();
        let fail = |source| ReadError::Engine { table: table_name, source };
        for entry in self.engine.range(table, from, to).map_err(fail)? {
            let (key, value) = entry.map_err(fail)?;
            each(key.as_slice(), value.as_slice()).map_err(|source| ReadError::Decode {
                table: table_name,
                position: None,
                source,
            })?;
        }
        Ok(())
    }

    /// The entries of a table whose keys are names that begin with a text.
    fn named<T>(
        &self,
        table: Table,
        prefix: &str,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<BTreeMap<String, T>, ReadError> {
        let mut entries = BTreeMap::new();
        // No text has this byte: what begins with the prefix is before it.
        let end = [prefix.as_bytes(), &[0xff]].concat();
        let (from, to) = (Bound::Included(prefix.as_bytes()), Bound::Excluded(&*end));
        self.scan(table, from, to, |at, bytes| {
            let name = std::str::from_utf8(at).map_err(|_| DecodeError::Bounds { what: "key" })?;
            entries.insert(name.to_owned(), decode(bytes)?);
            Ok(())
        })?;
        Ok(entries)
    }
}

fn read_audit_entry(seq: u64, bytes: &[u8]) -> Result<AuditEntry, DecodeError> {
    let (hash, rest) = bytes.split_first_chunk().ok_or(DecodeError::Short)?;
    let draft: AuditDraft = read_audit(rest)?;
    Ok(AuditEntry { seq: AuditSeq(seq), draft, hash: *hash })
}
