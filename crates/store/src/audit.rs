//! The audit log: who did what, when, to which ids; each entry is chained to the one before by its hash.
//!
//! **Invariant:** an entry holds names of accounts and actions, ids and counts; never a value, a local key or any other
//! personal data, so that it can be kept and shown for ever.

use crate::codec::{Put, write_audit};
use crate::{AuditSeq, ReadError};
use yibiao_record::Timestamp;

/// The BLAKE3 hash of an entry and all entries before it.
pub type AuditHash = [u8; 32];

/// What is to be written down; the store gives it a number and chains it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditDraft {
    /// When, as the input says that led to it.
    pub at: Timestamp,
    /// The account or part of the node that acted.
    pub actor: Box<str>,
    /// What was done, as a short name.
    pub action: Box<str>,
    /// The ids of what it was done to.
    pub subjects: Vec<Box<str>>,
    /// How many of what.
    pub counts: Vec<(Box<str>, i64)>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub seq: AuditSeq,
    /// What was written down.
    pub draft: AuditDraft,
    /// The hash of the entry before (of the first, zeros), of the number and of the draft.
    pub hash: AuditHash,
}

/// Why the audit log does not verify.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// An entry is not the one that was chained.
    #[error("audit entry {seq} does not match its hash: it or one before it was altered")]
    Broken {
        /// The first such entry.
        seq: AuditSeq,
    },
    /// The log could not be read.
    #[error("cannot read the audit log")]
    Read(#[source] ReadError),
}

/// The hash of an entry that follows one with the hash `previous`.
pub(crate) fn chain(previous: &AuditHash, seq: AuditSeq, draft: &AuditDraft) -> AuditHash {
    let mut bytes = previous.to_vec();
    bytes.put_varint(seq.0);
    write_audit(&mut bytes, draft);
    *blake3::hash(&bytes).as_bytes()
}
