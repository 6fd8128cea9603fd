//! The storage engines behind one small set of calls: `view`, `get`, `range`, `commit`.
//!
//! **Invariant:** no type of an engine leaves this module.
//! **Invariant:** `commit` is atomic over all tables and returns only when the batch is on fsynced storage.

mod backend;
mod batch;
mod redb;
#[cfg(feature = "sled")]
mod sled;

pub use backend::Backend;
pub(crate) use batch::Batch;

use crate::key::Table;
use std::fmt;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// Which engine keeps a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// redb: lost and tore nothing in any kill, power-cut or torn-page test. The default.
    #[default]
    Redb,
    /// sled 0.34, experimental: it may lose what it acknowledged, or not open again, after a power cut. Only in a
    /// build with the cargo feature `sled`.
    Sled,
}

impl EngineKind {
    /// All engines.
    pub const ALL: [EngineKind; 2] = [EngineKind::Redb, EngineKind::Sled];

    /// The name, as in configuration.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Redb => "redb",
            EngineKind::Sled => "sled",
        }
    }

    /// The engine of that [`name`](Self::name).
    pub fn by_name(name: &str) -> Option<EngineKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The file or folder that it keeps in a data folder.
    pub(crate) fn path_in(self, dir: &Path) -> PathBuf {
        dir.join(match self {
            EngineKind::Redb => "yibiao.redb",
            EngineKind::Sled => "yibiao.sled",
        })
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failure inside the storage engine or of the file under it. The source tells what the engine said.
#[derive(Debug, thiserror::Error)]
#[error("storage engine failed")]
pub struct EngineError {
    kind: Option<io::ErrorKind>,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl EngineError {
    /// What the operating system said, where it was that: a full disk, for one.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        self.kind
    }
}

/// Why an engine did not open.
pub(crate) enum OpenFailure {
    /// Another process has it open.
    InUse,
    /// The file is of another program.
    Foreign,
    /// The file holds what the engine never writes.
    Damaged,
    /// This build is without the engine.
    #[cfg_attr(feature = "sled", expect(dead_code, reason = "every engine is in this build"))]
    NotBuilt,
    /// The engine said no.
    Engine(EngineError),
}

/// An open engine.
pub(crate) enum Engine {
    Redb(redb::Engine),
    #[cfg(feature = "sled")]
    Sled(sled::Engine),
}

impl Engine {
    /// Opens the engine's file, or makes it.
    pub(crate) fn open(kind: EngineKind, path: &Path, cache_bytes: usize) -> Result<Self, OpenFailure> {
        match kind {
            EngineKind::Redb => redb::Engine::open(path, cache_bytes).map(Engine::Redb),
            #[cfg(feature = "sled")]
            EngineKind::Sled => sled::Engine::open(path, cache_bytes).map(Engine::Sled),
            #[cfg(not(feature = "sled"))]
            EngineKind::Sled => Err(OpenFailure::NotBuilt),
        }
    }

    /// Reads all of the default engine's file and looks whether every checksum in it is right; other engines look by
    /// themselves when they open.
    pub(crate) fn is_intact(&mut self) -> Result<bool, OpenFailure> {
        match self {
            Engine::Redb(engine) => engine.is_intact(),
            #[cfg(feature = "sled")]
            Engine::Sled(_) => Ok(true),
        }
    }

    /// Opens the default engine over a file of the caller's.
    pub(crate) fn open_on(file: impl Backend, cache_bytes: usize) -> Result<Self, OpenFailure> {
        redb::Engine::open_on(file, cache_bytes).map(Engine::Redb)
    }

    /// A reader. On redb it is a snapshot; sled has none.
    pub(crate) fn view(&self) -> Result<EngineView, EngineError> {
        Ok(match self {
            Engine::Redb(engine) => EngineView::Redb(engine.view()?),
            #[cfg(feature = "sled")]
            Engine::Sled(engine) => EngineView::Sled(engine.view()),
        })
    }

    /// Whether a [`view`](Self::view) stays as it was while commits go on.
    pub(crate) fn has_snapshots(&self) -> bool {
        match self {
            Engine::Redb(_) => true,
            #[cfg(feature = "sled")]
            Engine::Sled(_) => false,
        }
    }

    /// Applies a batch, whole and durable, or fails.
    pub(crate) fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        match self {
            Engine::Redb(engine) => engine.commit(batch),
            #[cfg(feature = "sled")]
            Engine::Sled(engine) => engine.commit(batch),
        }
    }

    /// The size on disk.
    pub(crate) fn disk_bytes(&self) -> Result<u64, EngineError> {
        match self {
            Engine::Redb(engine) => engine.disk_bytes(),
            #[cfg(feature = "sled")]
            Engine::Sled(engine) => engine.disk_bytes(),
        }
    }
}

/// A reader of an engine.
pub(crate) enum EngineView {
    Redb(redb::View),
    #[cfg(feature = "sled")]
    Sled(sled::View),
}

impl EngineView {
    /// The value under a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, EngineError> {
        match self {
            EngineView::Redb(view) => view.get(table, key),
            #[cfg(feature = "sled")]
            EngineView::Sled(view) => view.get(table, key),
        }
    }

    /// The entries between two keys, in their order.
    pub(crate) fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> Result<EngineRange, EngineError> {
        match self {
            EngineView::Redb(view) => view.range(table, from, to).map(EngineRange::Redb),
            #[cfg(feature = "sled")]
            EngineView::Sled(view) => Ok(EngineRange::Sled(view.range(table, from, to))),
        }
    }

    /// The last entry of a table.
    pub(crate) fn last(&self, table: Table) -> Result<Option<Entry>, EngineError> {
        self.range(table, Bound::Unbounded, Bound::Unbounded)?.next_back().transpose()
    }
}

/// Bytes that an engine holds.
pub(crate) enum Bytes {
    Redb(redb::Bytes),
    #[cfg(feature = "sled")]
    Sled(sled::Bytes),
}

impl Bytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Redb(bytes) => bytes.value(),
            #[cfg(feature = "sled")]
            Bytes::Sled(bytes) => bytes.as_slice(),
        }
    }
}

/// A key and its value.
pub(crate) type Entry = (Bytes, Bytes);

/// The entries of a range, from either end.
pub(crate) enum EngineRange {
    Redb(redb::Range),
    #[cfg(feature = "sled")]
    Sled(sled::Range),
}

impl Iterator for EngineRange {
    type Item = Result<Entry, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            EngineRange::Redb(range) => range.next(),
            #[cfg(feature = "sled")]
            EngineRange::Sled(range) => range.next(),
        }
    }
}

impl DoubleEndedIterator for EngineRange {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            EngineRange::Redb(range) => range.next_back(),
            #[cfg(feature = "sled")]
            EngineRange::Sled(range) => range.next_back(),
        }
    }
}
