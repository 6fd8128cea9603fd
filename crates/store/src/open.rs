//! Opening a store: what is there, whose it is, and whether it is whole.

use crate::codec::{Put, Reader};
use crate::commit::Tail;
use crate::engine::{Backend, Batch, Engine, EngineError, EngineKind, EngineView, OpenFailure};
use crate::files::{parent, sync_folder};
use crate::key::{self, FORMAT, FORMAT_KEY, Table};
use crate::{Metrics, ReadError, View};
use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The file by whose lock a process holds a data folder.
const LOCK_FILE: &str = "yibiao.lock";

/// Where a store lies and what it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The data folder; made where missing.
    pub dir: PathBuf,
    /// The engine.
    pub engine: EngineKind,
    /// Memory for the engine's page cache.
    pub cache_bytes: usize,
}

impl Options {
    /// The default engine with a cache of 256 MiB.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), engine: EngineKind::default(), cache_bytes: 256 << 20 }
    }
}

/// An open store. One process at a time holds it; within it, any number of threads.
pub struct Store {
    pub(crate) engine: Engine,
    pub(crate) tail: Mutex<Tail>,
    /// The buffer of the last commit, for the next.
    pub(crate) spare: Mutex<Batch>,
    pub(crate) metrics: Metrics,
    warnings: Vec<String>,
    /// Held while the store is open. Declared after the engine, and so let go after it.
    lock: Option<FolderLock>,
}

/// Why a store did not open: what, where, why, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or read.
    #[error("cannot use {} as data folder; check that it is a folder that this user may write", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error("cannot open the store in {}: another process has it open; stop that one first, or name another data folder", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// It was made by another engine.
    #[error("cannot open the store in {} with engine {wanted}: it was made with {found}; set engine = {found}, or name another data folder", dir.display())]
    OtherEngine {
        /// The folder.
        dir: PathBuf,
        /// The engine asked for.
        wanted: EngineKind,
        /// The engine whose files are there.
        found: EngineKind,
    },
    /// This build is without the engine.
    #[error("cannot open the store in {}: this program was built without engine {engine}; use redb, or build with --features {engine}", dir.display())]
    NotBuilt {
        /// The folder.
        dir: PathBuf,
        /// The engine.
        engine: EngineKind,
    },
    /// The file is not a store.
    #[error("cannot open the store in {}: its file was written by another program or is damaged at its start; restore a backup, or name another data folder", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
    },
    /// A later version wrote it.
    #[error("cannot open the store in {}: it has format {found} and this program reads up to {FORMAT}; use the program version that wrote it, or a later one", dir.display())]
    Format {
        /// The folder.
        dir: PathBuf,
        /// The format found.
        found: u64,
    },
    /// A log does not end where the last commit says.
    #[error("cannot open the store in {}: log {table} ends at {found} and the last commit says {expected}; restore a backup", dir.display())]
    Torn {
        /// The folder.
        dir: PathBuf,
        /// The log.
        table: &'static str,
        /// Where the log ends.
        found: u64,
        /// Where the last commit says that it ends.
        expected: u64,
    },
    /// It cannot be read.
    #[error("cannot read the store in {}; check the disk, or restore a backup", dir.display())]
    Read {
        /// The folder.
        dir: PathBuf,
        /// What could not be read.
        source: ReadError,
    },
    /// The file holds what the engine never writes.
    #[error("cannot open the store in {}: its file is damaged; keep it aside, check the disk, and restore a backup", dir.display())]
    Damaged {
        /// The folder.
        dir: PathBuf,
    },
    /// The engine failed.
    #[error("cannot open the store in {}; check the disk, its free space and the rights of this user", dir.display())]
    Engine {
        /// The folder.
        dir: PathBuf,
        /// What failed.
        source: EngineError,
    },
}

impl Store {
    /// Opens the store in a folder, or makes one there.
    pub fn open(options: &Options) -> Result<Store, OpenError> {
        let dir = &options.dir;
        let folder = |source| OpenError::Folder { dir: dir.clone(), source };
        std::fs::create_dir_all(dir).map_err(folder)?;
        let lock = lock(dir)?;
        for other in EngineKind::ALL {
            let there = other.path_in(dir).try_exists().map_err(folder)?;
            if other != options.engine && there {
                return Err(OpenError::OtherEngine {
                    dir: dir.clone(),
                    wanted: options.engine,
                    found: other,
                });
            }
        }
        let path = options.engine.path_in(dir);
        let mut store = guarded(dir, || {
            let engine = Engine::open(options.engine, &path, options.cache_bytes)
                .map_err(|failure| open_failed(dir, options.engine, failure))?;
            // A new file's name is durable only with its folder, and a new folder's with its parent.
            sync_folder(dir).map_err(folder)?;
            sync_folder(parent(dir)).map_err(folder)?;
            Store::start(engine, dir)
        })?;
        store.lock = Some(lock);
        if options.engine == EngineKind::Sled {
            let warning = "the sled engine is experimental: after a loss of power it may have lost acknowledged \
                           data or not open again; use redb for data that matters";
            tracing::warn!(engine = "sled", "{warning}");
            store.warnings.push(warning.to_owned());
        }
        Ok(store)
    }

    /// Opens a store of the default engine over a file of the caller's: for tests that put faults into it.
    pub fn open_on(file: impl Backend, cache_bytes: usize) -> Result<Store, OpenError> {
        let dir = Path::new("(a file of the caller)");
        let engine = Engine::open_on(file, cache_bytes)
            .map_err(|failure| open_failed(dir, EngineKind::Redb, failure))?;
        Store::start(engine, dir)
    }

    /// Takes an open engine as a store: checks its format and that its logs are whole.
    pub(crate) fn start(engine: Engine, dir: &Path) -> Result<Store, OpenError> {
        let engine_failed = |source| OpenError::Engine { dir: dir.to_owned(), source };
        let view = engine.view().map_err(engine_failed)?;
        match format(&view).map_err(|source| OpenError::Read { dir: dir.to_owned(), source })? {
            Some(FORMAT) => {}
            Some(found) => return Err(OpenError::Format { dir: dir.to_owned(), found }),
            None if is_empty(&view).map_err(engine_failed)? => {
                let mut batch = Batch::default();
                batch.put(Table::Meta, FORMAT_KEY, |out| out.put_varint(FORMAT));
                engine.commit(&batch).map_err(engine_failed)?;
            }
            None => return Err(OpenError::Foreign { dir: dir.to_owned() }),
        }
        let tail = tail(&engine, dir)?;
        let metrics = Metrics::new();
        let bytes = engine.disk_bytes().map_err(engine_failed)?;
        metrics.disk_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        Ok(Store {
            engine,
            tail: Mutex::new(tail),
            spare: Mutex::default(),
            metrics,
            warnings: Vec::new(),
            lock: None,
        })
    }

    /// What is there now: on redb a snapshot that later commits do not change. On sled only the logs are held at
    /// their length of now; what is replaced (cursors, positions, counters) is read as it is when asked.
    pub fn view(&self) -> Result<View, ReadError> {
        let engine = self.engine.view();
        View::new(engine.map_err(|source| ReadError::Engine { table: Table::Boundary.name(), source })?)
    }

    /// The store's metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What an operator should know about how this store is kept. Also logged when it was opened.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether a commit failed, so that the store must be opened again before the next.
    pub fn is_failed(&self) -> bool {
        self.tail().failed
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("last", &self.tail().last).finish_non_exhaustive()
    }
}

/// Opens with a guard: over a damaged file the engine panics where it finds what it never writes.
pub(crate) fn guarded<T>(dir: &Path, open: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
    // Nothing that was half-way changed is seen again: what was being opened is dropped with the panic.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(open))
        .unwrap_or_else(|_| Err(OpenError::Damaged { dir: dir.to_owned() }))
}

pub(crate) fn open_failed(dir: &Path, engine: EngineKind, failure: OpenFailure) -> OpenError {
    let dir = dir.to_owned();
    match failure {
        OpenFailure::InUse => OpenError::InUse { dir },
        OpenFailure::Foreign => OpenError::Foreign { dir },
        OpenFailure::Damaged => OpenError::Damaged { dir },
        OpenFailure::NotBuilt => OpenError::NotBuilt { dir, engine },
        OpenFailure::Engine(source) => OpenError::Engine { dir, source },
    }
}

/// The lock by which this process has a data folder.
struct FolderLock(File);

impl Drop for FolderLock {
    /// Closing the file would do, but for a child process that is being started just now and has a copy of it.
    fn drop(&mut self) {
        // The file is closed next, which unlocks it too.
        drop(self.0.unlock());
    }
}

/// Takes the data folder for this process.
fn lock(dir: &Path) -> Result<FolderLock, OpenError> {
    let folder = |source| OpenError::Folder { dir: dir.to_owned(), source };
    let file =
        File::options().create(true).write(true).truncate(false).open(dir.join(LOCK_FILE)).map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(folder(source)),
    }
}

/// The format that the store was written in; `None` of a new one.
fn format(view: &EngineView) -> Result<Option<u64>, ReadError> {
    let table = Table::Meta.name();
    let bytes = view.get(Table::Meta, FORMAT_KEY).map_err(|source| ReadError::Engine { table, source })?;
    bytes
        .map(|bytes| Reader::new(bytes.as_slice()).varint())
        .transpose()
        .map_err(|source| ReadError::Decode { table, position: None, source })
}

fn is_empty(view: &EngineView) -> Result<bool, EngineError> {
    for table in Table::ALL {
        if view.last(table)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads where the logs end, and checks that each ends where the last commit says.
fn tail(engine: &Engine, dir: &Path) -> Result<Tail, OpenError> {
    let unread = |source| OpenError::Read { dir: dir.to_owned(), source };
    let engine_failed = |source| OpenError::Engine { dir: dir.to_owned(), source };
    let view = View::new(engine.view().map_err(engine_failed)?).map_err(unread)?;
    let last = view.last();
    for (table, expected) in [
        (Table::Submission, last.submission.0),
        (Table::Change, last.change.0),
        (Table::Decision, last.decision.0),
        (Table::Quarantine, last.quarantine.0),
        (Table::Audit, last.audit.0),
    ] {
        let entry = view.engine.last(table).map_err(engine_failed)?;
        let found = entry.and_then(|(at, _)| key::parse_sequence(at.as_slice())).unwrap_or(0);
        if found != expected {
            return Err(OpenError::Torn { dir: dir.to_owned(), table: table.name(), found, expected });
        }
    }
    let audit_hash = view.audit_hash().map_err(unread)?;
    let counters = view.counters().map_err(unread)?;
    Ok(Tail { last, audit_hash, counters, failed: false })
}
