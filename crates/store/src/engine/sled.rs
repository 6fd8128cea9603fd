//! sled 0.34, experimental: one tree, each key behind the number of its table.
//!
//! sled's own `flush` does not fsync on Linux (it calls `sync_file_range`), so every commit also syncs the files. Even so
//! it did not always open after a simulated loss of power: see Decision 1 in ARCHITECTURE.md.

use super::{Batch, EngineError, Entry, OpenFailure};
use crate::key::Table;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often, and after what pause, a lock is tried again that sled's threads let go of late.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Engine {
    database: sled::Db,
    path: PathBuf,
}

impl Engine {
    pub(super) fn open(path: &Path, cache_bytes: usize) -> Result<Self, OpenFailure> {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(u64::try_from(cache_bytes).unwrap_or(u64::MAX))
            .flush_every_ms(None);
        let mut opened = config.open().map_err(open_failure);
        // The data folder is ours already: who still has sled's lock is a thread of a store that was just closed.
        for _ in 0..LOCK_TRIES {
            if !matches!(opened, Err(OpenFailure::InUse)) {
                break;
            }
            std::thread::sleep(LOCK_PAUSE);
            opened = config.open().map_err(open_failure);
        }
        let database = opened?;
        let engine = Self { database, path: path.to_owned() };
        engine.sync().map_err(OpenFailure::Engine)?;
        Ok(engine)
    }

    pub(super) fn view(&self) -> View {
        View { tree: (*self.database).clone() }
    }

    pub(super) fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut changes = sled::Batch::default();
        for (table, key, value) in batch.steps() {
            let key = prefixed(table, key);
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        self.database.apply_batch(changes).map_err(failed)?;
        self.database.flush().map_err(failed)?;
        self.sync()
    }

    /// Syncs every file of the database, and the folders that name them.
    fn sync(&self) -> Result<(), EngineError> {
        let mut folders = vec![self.path.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).map_err(failed_io)? {
                let path = entry.map_err(failed_io)?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                match File::open(&path) {
                    Ok(file) => file.sync_data().map_err(failed_io)?,
                    // sled removes old snapshots from a thread of its own.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(failed_io(error)),
                }
            }
            File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed_io)?;
        }
        Ok(())
    }

    pub(super) fn disk_bytes(&self) -> Result<u64, EngineError> {
        self.database.size_on_disk().map_err(failed)
    }
}

impl Drop for Engine {
    /// Waits for what sled's threads still write, so that the folder can be opened again at once.
    fn drop(&mut self) {
        // Whatever was acknowledged is durable already: a failure here loses nothing.
        drop(self.database.flush());
    }
}

pub(crate) struct View {
    tree: sled::Tree,
}

impl View {
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<super::Bytes>, EngineError> {
        let value = self.tree.get(prefixed(table, key)).map_err(failed)?;
        Ok(value.map(|bytes| super::Bytes::Sled(Bytes { bytes, skip: 0 })))
    }

    pub(super) fn range(&self, table: Table, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Range {
        let from = match from {
            Bound::Included(key) => Bound::Included(prefixed(table, key)),
            Bound::Excluded(key) => Bound::Excluded(prefixed(table, key)),
            Bound::Unbounded => Bound::Included(vec![table.tag()]),
        };
        let to = match to {
            Bound::Included(key) => Bound::Included(prefixed(table, key)),
            Bound::Excluded(key) => Bound::Excluded(prefixed(table, key)),
            Bound::Unbounded => Bound::Excluded(vec![table.tag() + 1]),
        };
        Range(self.tree.range::<Vec<u8>, _>((from, to)))
    }
}

fn prefixed(table: Table, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(table.tag());
    bytes.extend_from_slice(key);
    bytes
}

pub(crate) struct Bytes {
    bytes: sled::IVec,
    skip: usize,
}

impl Bytes {
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.skip..).expect("invariant: a key begins with its table's number")
    }
}

pub(crate) struct Range(sled::Iter);

impl Range {
    pub(super) fn next(&mut self) -> Option<Result<Entry, EngineError>> {
        self.0.next().map(entry)
    }

    pub(super) fn next_back(&mut self) -> Option<Result<Entry, EngineError>> {
        self.0.next_back().map(entry)
    }
}

fn entry(item: sled::Result<(sled::IVec, sled::IVec)>) -> Result<Entry, EngineError> {
    let (key, value) = item.map_err(failed)?;
    Ok((
        super::Bytes::Sled(Bytes { bytes: key, skip: 1 }),
        super::Bytes::Sled(Bytes { bytes: value, skip: 0 }),
    ))
}

fn open_failure(error: sled::Error) -> OpenFailure {
    match error {
        // sled has no error of its own for a lock that another process holds.
        sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => OpenFailure::InUse,
        sled::Error::Unsupported(_) => OpenFailure::Foreign,
        other => OpenFailure::Engine(failed(other)),
    }
}

fn failed(error: sled::Error) -> EngineError {
    let kind = match &error {
        sled::Error::Io(error) => Some(error.kind()),
        _ => None,
    };
    EngineError { kind, source: Box::new(error) }
}

fn failed_io(error: io::Error) -> EngineError {
    EngineError { kind: Some(error.kind()), source: Box::new(error) }
}
