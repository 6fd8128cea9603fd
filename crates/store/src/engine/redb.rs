//! The default engine: one file, one write transaction a commit.

use super::backend::{Adapted, Backend};
use super::{Batch, EngineError, Entry, OpenFailure};
use crate::files::{put_in_place, remove_if_there};
use crate::key::Table;
use redb::{
    Builder, Database, DatabaseError, Durability, ReadOnlyTable, ReadableDatabase, StorageError,
    TableDefinition, TableError,
};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the size on disk is asked of.
enum Size {
    File(PathBuf),
    Backend(Arc<dyn Backend>),
}

pub(crate) struct Engine {
    database: Database,
    size: Size,
}

impl Engine {
    pub(super) fn open(path: &Path, cache_bytes: usize) -> Result<Self, OpenFailure> {
        if !path.try_exists().map_err(|error| OpenFailure::Engine(failed_io(error)))? {
            make(path)?;
        }
        let database = Builder::new().set_cache_size(cache_bytes).open(path).map_err(open_failure)?;
        Ok(Self { database, size: Size::File(path.to_owned()) })
    }

    /// Not even what the engine could repair counts as intact.
    pub(super) fn is_intact(&mut self) -> Result<bool, OpenFailure> {
        self.database.check_integrity().map_err(open_failure)
    }

    pub(super) fn open_on(file: impl Backend, cache_bytes: usize) -> Result<Self, OpenFailure> {
        let file: Arc<dyn Backend> = Arc::new(file);
        let database = Builder::new()
            .set_cache_size(cache_bytes)
            .create_with_backend(Adapted(Arc::clone(&file)))
            .map_err(open_failure)?;
        Ok(Self { database, size: Size::Backend(file) })
    }

    pub(super) fn view(&self) -> Result<View, EngineError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let open = |table: Table| match transaction.open_table(definition(table)) {
            Ok(table) => Ok(Some(table)),
            // Before the first commit, and of a table newer than the file.
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(failed(error)),
        };
        Ok(View { tables: Table::ALL.into_iter().map(open).collect::<Result<_, _>>()? })
    }

    /// Two-phase commit and the allocator's state with it (quick-repair): opening after a crash is then immediate,
    /// whatever the size of the file, and no checksum decides which of two states is taken.
    pub(super) fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut transaction = self.database.begin_write().map_err(failed)?;
        transaction.set_durability(Durability::Immediate).map_err(failed)?;
        transaction.set_quick_repair(true);
        let steps = batch.steps();
        for steps in steps.chunk_by(|(a, _, _), (b, _, _)| a == b) {
            let Some((table, _, _)) = steps.first() else { continue };
            let mut table = transaction.open_table(definition(*table)).map_err(failed)?;
            for (_, key, value) in steps {
                match value {
                    Some(value) => drop(table.insert(key, value).map_err(failed)?),
                    None => drop(table.remove(key).map_err(failed)?),
                }
            }
        }
        transaction.commit().map_err(failed)
    }

    pub(super) fn disk_bytes(&self) -> Result<u64, EngineError> {
        match &self.size {
            Size::File(path) => std::fs::metadata(path).map(|data| allocated(&data)).map_err(failed_io),
            Size::Backend(file) => file.len().map_err(failed_io),
        }
    }
}

/// Makes an empty file under another name first: redb takes a file that it was making when the power went for one of
/// another program.
fn make(path: &Path) -> Result<(), OpenFailure> {
    let new = path.with_extension("redb.new");
    let io = |error| OpenFailure::Engine(failed_io(error));
    remove_if_there(&new).map_err(io)?;
    Builder::new().create(&new).and_then(Database::close).map_err(open_failure)?;
    put_in_place(&new, path).map_err(io)
}

/// What the file takes of the disk. redb makes it longer by doubling, and the file system stores no hole.
#[cfg(unix)]
fn allocated(data: &std::fs::Metadata) -> u64 {
    /// The unit of `st_blocks`, whatever the file system's own block.
    const BLOCK_BYTES: u64 = 512;
    std::os::unix::fs::MetadataExt::blocks(data) * BLOCK_BYTES
}

/// What the file takes of the disk, at most.
#[cfg(not(unix))]
fn allocated(data: &std::fs::Metadata) -> u64 {
    data.len()
}

fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

pub(crate) struct View {
    tables: Vec<Option<ReadOnlyTable<&'static [u8], &'static [u8]>>>,
}

impl View {
    fn table(&self, table: Table) -> Option<&ReadOnlyTable<&'static [u8], &'static [u8]>> {
        self.tables.get(usize::from(table.tag()))?.as_ref()
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<super::Bytes>, EngineError> {
        let Some(table) = self.table(table) else { return Ok(None) };
        Ok(table.get(key).map_err(failed)?.map(super::Bytes::Redb))
    }

    pub(super) fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> Result<Range, EngineError> {
        // redb panics on a range that ends before it starts.
        let empty = match (from, to) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
            | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
            _ => false,
        };
        let Some(table) = self.table(table).filter(|_| !empty) else { return Ok(Range(None)) };
        table.range::<&[u8]>((from, to)).map(|range| Range(Some(range))).map_err(failed)
    }
}

pub(crate) type Bytes = redb::AccessGuard<'static, &'static [u8]>;

type Item = (Bytes, Bytes);

pub(crate) struct Range(Option<redb::Range<'static, &'static [u8], &'static [u8]>>);

impl Range {
    pub(super) fn next(&mut self) -> Option<Result<Entry, EngineError>> {
        self.0.as_mut()?.next().map(entry)
    }

    pub(super) fn next_back(&mut self) -> Option<Result<Entry, EngineError>> {
        self.0.as_mut()?.next_back().map(entry)
    }
}

fn entry(item: Result<Item, StorageError>) -> Result<Entry, EngineError> {
    let (key, value) = item.map_err(failed)?;
    Ok((super::Bytes::Redb(key), super::Bytes::Redb(value)))
}

fn open_failure(error: DatabaseError) -> OpenFailure {
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenFailure::InUse,
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
            OpenFailure::Foreign
        }
        DatabaseError::Storage(StorageError::Corrupted(_)) => OpenFailure::Damaged,
        other => OpenFailure::Engine(failed(other)),
    }
}

fn failed(error: impl Into<redb::Error>) -> EngineError {
    let error = error.into();
    let kind = match &error {
        redb::Error::Io(error) => Some(error.kind()),
        _ => None,
    };
    EngineError { kind, source: Box::new(error) }
}

fn failed_io(error: io::Error) -> EngineError {
    EngineError { kind: Some(error.kind()), source: Box::new(error) }
}
