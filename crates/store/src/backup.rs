//! Backup of a running store into one file, and restore from it.
//!
//! A backup is a store file of the default engine, whatever engine the store has: [`restore`] can put it under either.

use crate::engine::{Batch, Engine, EngineError, EngineKind, EngineView};
use crate::files::{parent, put_in_place, remove_if_there, sync_folder};
use crate::key::Table;
use crate::open::{guarded, open_failed};
use crate::{OpenError, Options, Store};
use std::ffi::OsString;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// Bytes copied in one commit.
const COPY_BYTES: usize = 8 << 20;

/// Page cache of the file copied to or from.
const COPY_CACHE_BYTES: usize = 64 << 20;

/// Why a backup was not made. Nothing stands under its name then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something already.
    #[error("cannot back up to {}: it exists; name a new file", path.display())]
    Exists {
        /// The backup's file.
        path: PathBuf,
    },
    /// The file cannot be made.
    #[error("cannot write the backup {}; check its folder, the free space and the rights of this user", path.display())]
    Write {
        /// The backup's file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The store cannot be read, or the copy not written.
    #[error("cannot copy the store to {}", path.display())]
    Copy {
        /// The backup's file.
        path: PathBuf,
        /// What failed.
        source: EngineError,
    },
    /// The copy does not open.
    #[error("cannot open the new backup {}", path.display())]
    Open {
        /// The backup's file.
        path: PathBuf,
        /// Why.
        source: Box<OpenError>,
    },
}

/// Why a backup was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The folder is in use.
    #[error("cannot restore into {}: it is not empty; name an empty or new folder", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder cannot be made or read.
    #[error("cannot restore into {}; check the rights of this user and the free space", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no backup.
    #[error("cannot read the backup {}; check the path and the rights of this user", path.display())]
    Backup {
        /// The backup's file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The backup or the restored store does not open.
    #[error("cannot open the backup {} as a store; take an earlier one", path.display())]
    Open {
        /// The backup's file.
        path: PathBuf,
        /// Why.
        source: Box<OpenError>,
    },
    /// The backup cannot be read, or the store not written.
    #[error("cannot copy the backup {} into {}", path.display(), dir.display())]
    Copy {
        /// The backup's file.
        path: PathBuf,
        /// The folder.
        dir: PathBuf,
        /// What failed.
        source: EngineError,
    },
}

impl Store {
    /// Copies the store, as it is now, into a new file, while commits go on (on sled they wait). Returns when the copy
    /// is checked and on fsynced storage.
    pub fn backup(&self, to: &Path) -> Result<(), BackupError> {
        let path = to.to_owned();
        let write = |source| BackupError::Write { path: to.to_owned(), source };
        if to.try_exists().map_err(write)? {
            return Err(BackupError::Exists { path });
        }
        let partial = beside(to, "partial");
        remove_if_there(&partial).map_err(write)?;
        let done = self.copy_to(&partial, to).and_then(|()| put_in_place(&partial, to).map_err(write));
        if done.is_err() {
            // The first error is the one to tell; what is left is overwritten by the next backup.
            drop(remove_if_there(&partial));
        }
        done
    }

    fn copy_to(&self, partial: &Path, to: &Path) -> Result<(), BackupError> {
        let copy = |source| BackupError::Copy { path: to.to_owned(), source };
        let open = |error| BackupError::Open { path: to.to_owned(), source: Box::new(error) };
        // An engine without snapshots holds still only while nobody writes.
        let still = (!self.engine.has_snapshots()).then(|| self.tail());
        let view = self.engine.view().map_err(copy)?;
        let target = Engine::open(EngineKind::Redb, partial, COPY_CACHE_BYTES)
            .map_err(|failure| open(open_failed(to, EngineKind::Redb, failure)))?;
        copy_all(&view, &target).map_err(copy)?;
        drop(still);
        drop(Store::start(target, to).map_err(open)?);
        Ok(())
    }
}

/// Makes a store in an empty or new folder from a backup, which is only read.
pub fn restore(from: &Path, options: &Options) -> Result<(), RestoreError> {
    let dir = options.dir.clone();
    let folder = |source| RestoreError::Folder { dir: dir.clone(), source };
    std::fs::create_dir_all(&dir).and_then(|()| sync_folder(parent(&dir))).map_err(folder)?;
    if std::fs::read_dir(&dir).map_err(folder)?.next().is_some() {
        return Err(RestoreError::NotEmpty { dir });
    }
    let backup = |source| RestoreError::Backup { path: from.to_owned(), source };
    let mut source = std::fs::File::open(from).map_err(backup)?;
    if !source.metadata().map_err(backup)?.is_file() {
        return Err(backup(io::ErrorKind::IsADirectory.into()));
    }
    let partial = dir.join("restore.partial");
    let done = copy_file(&mut source, &partial).map_err(folder).and_then(|()| {
        restore_copy(from, &partial, options)?;
        match options.engine {
            EngineKind::Redb => put_in_place(&partial, &options.engine.path_in(&dir)).map_err(folder),
            EngineKind::Sled => std::fs::remove_file(&partial).map_err(folder),
        }
    });
    if done.is_err() {
        // The first error is the one to tell; a folder that stays as it is, is refused the next time.
        drop(remove_if_there(&partial));
    }
    done
}

/// Checks the copy of a backup, and puts its entries under the engine where that is another.
fn restore_copy(from: &Path, partial: &Path, options: &Options) -> Result<(), RestoreError> {
    let open = |error| RestoreError::Open { path: from.to_owned(), source: Box::new(error) };
    let copy = |source| RestoreError::Copy { path: from.to_owned(), dir: options.dir.clone(), source };
    let store = guarded(from, || open_copy(from, partial)).map_err(open)?;
    if options.engine != EngineKind::Redb {
        let path = options.engine.path_in(&options.dir);
        let target = Engine::open(options.engine, &path, options.cache_bytes)
            .map_err(|failure| open(open_failed(&options.dir, options.engine, failure)))?;
        copy_all(&store.engine.view().map_err(copy)?, &target).map_err(copy)?;
        drop(Store::start(target, &options.dir).map_err(open)?);
    }
    Ok(())
}

/// Opens the copy of a backup, after every checksum in it was looked at: a backup may have lain long.
fn open_copy(from: &Path, partial: &Path) -> Result<Store, OpenError> {
    let dir = || from.to_owned();
    let failed = |failure| open_failed(from, EngineKind::Redb, failure);
    let mut engine = Engine::open(EngineKind::Redb, partial, COPY_CACHE_BYTES).map_err(failed)?;
    if !engine.is_intact().map_err(failed)? {
        return Err(OpenError::Damaged { dir: dir() });
    }
    let last = engine.view().and_then(|view| view.last(Table::Meta));
    if last.map_err(|source| OpenError::Engine { dir: dir(), source })?.is_none() {
        return Err(OpenError::Foreign { dir: dir() });
    }
    Store::start(engine, from)
}

fn copy_all(from: &EngineView, to: &Engine) -> Result<(), EngineError> {
    let mut batch = Batch::default();
    for table in Table::ALL {
        for entry in from.range(table, Bound::Unbounded, Bound::Unbounded)? {
            let (key, value) = entry?;
            batch.put(table, key.as_slice(), |out| out.extend_from_slice(value.as_slice()));
            if batch.bytes_len() >= COPY_BYTES {
                to.commit(&batch)?;
                batch = Batch::default();
            }
        }
    }
    to.commit(&batch)
}

fn copy_file(from: &mut std::fs::File, to: &Path) -> io::Result<()> {
    let mut target = std::fs::File::create_new(to)?;
    io::copy(from, &mut target)?;
    target.sync_all()
}

/// The path of a file whose name goes on with `.extension`.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}
