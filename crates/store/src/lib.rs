//! The canonical record store, the only crate that knows the storage engine.
//!
//! A [`Store`] keeps what must last and cannot be derived: the logs of submissions, changes, decisions and audit
//! entries, and where each source and subscription stands. Everything else (indexes, clusters, canonical values) is
//! rebuilt from these logs on start.
//!
//! **Invariant:** [`Store::commit`] returns only when the whole [`Commit`] is on fsynced storage; after a crash at any
//! moment a commit is there whole or not at all, and one that returned is there.
//! **Invariant:** the logs are dense: numbers go up by one from 1, and an entry of a log is never changed.
//! **Invariant:** after a failed commit the store refuses writes until it is opened again, because only opening tells
//! what reached the disk.
//! **Invariant:** nothing outside `engine` names an engine. Tags and tables on disk are never reused (`key`, `codec`).

mod audit;
mod backup;
mod codec;
mod commit;
mod engine;
mod entry;
mod files;
mod key;
mod metrics;
mod open;
mod view;

pub use audit::{AuditDraft, AuditEntry, AuditError, AuditHash};
pub use backup::{BackupError, RestoreError, restore};
pub use codec::{DecodeError, value_digest};
pub use commit::{Commit, CommitError, Log};
pub use engine::{Backend, EngineError, EngineKind};
pub use entry::{
    AuditSeq, Boundary, ClosedQuarantine, CommitSeq, DeadLetter, DeliveredRow, EditionPage, EditionRow,
    QuarantineEntry, QuarantineId, ValueDigest,
};
pub use metrics::Metrics;
pub use open::{OpenError, Options, Store};
pub use view::{Entries, Raw, ReadError, View};

#[cfg(test)]
mod tests;
