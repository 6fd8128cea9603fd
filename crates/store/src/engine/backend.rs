//! The file under the default engine, as a trait, so that tests can cut its power and fill its disk.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A file of bytes.
///
/// **Contract:** what was written before a [`sync`](Self::sync) that returned is there after a loss of power. What was
/// written since may be there or not, in any part.
#[expect(clippy::len_without_is_empty, reason = "a file's length in bytes, not a collection's")]
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// The length.
    fn len(&self) -> io::Result<u64>;
    /// Sets the length; new bytes are zero.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Reads bytes, all of them.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;
    /// Writes bytes, all of them.
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes durable what was written.
    fn sync(&self) -> io::Result<()>;
}

/// A [`Backend`] as redb wants it.
#[derive(Debug)]
pub(super) struct Adapted(pub(super) Arc<dyn Backend>);

impl redb::StorageBackend for Adapted {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
