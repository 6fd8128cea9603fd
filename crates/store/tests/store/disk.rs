//! A disk in memory that remembers what was fsynced, loses power and fails on demand.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use yibiao_store::Backend;

/// Bytes that a disk writes whole or not at all: the page of the file system, the sector of the disk.
pub(crate) const PAGE: usize = 4096;
pub(crate) const SECTOR: usize = 512;

/// What the operating system calls an input/output error, and a full disk.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// Random numbers that follow from a seed (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// What happened to the disk.
#[derive(Clone)]
pub(crate) enum Event {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
    /// The store acknowledged commit `n`.
    Acked(u64),
}

/// When and how the disk fails.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// The operation after so many fails with an input/output error, once.
    Error(u64),
    /// The operation after so many finds no space, and every one from then on.
    NoSpace(u64),
    /// The operation after so many fails with an input/output error, and every one from then on.
    Dead(u64),
    /// It holds so many bytes.
    Full(u64),
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    log: Vec<Event>,
    fault: Option<Fault>,
    operations: u64,
    failures: u64,
}

/// The disk; clones are the same disk.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}

impl Disk {
    pub(crate) fn holding(bytes: Vec<u8>) -> Disk {
        let disk = Disk::default();
        disk.state().bytes = bytes;
        disk
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn acked(&self, n: u64) {
        self.state().log.push(Event::Acked(n));
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    pub(crate) fn log(&self) -> Vec<Event> {
        self.state().log.clone()
    }

    /// Whether it fails for want of space.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self.state().fault, Some(Fault::Full(_) | Fault::NoSpace(_)))
    }

    /// How often it failed.
    pub(crate) fn failures(&self) -> u64 {
        self.state().failures
    }
}

impl State {
    /// Counts a write, a change of length or a sync, and fails it if its time has come.
    fn operation(&mut self, end: u64) -> io::Result<()> {
        self.operations += 1;
        let failure = match self.fault {
            Some(Fault::Error(after)) if self.operations == after + 1 => Some(EIO),
            Some(Fault::Dead(after)) if self.operations > after => Some(EIO),
            Some(Fault::NoSpace(after)) if self.operations > after => Some(ENOSPC),
            Some(Fault::Full(capacity)) if end > capacity => Some(ENOSPC),
            _ => None,
        };
        let Some(code) = failure else { return Ok(()) };
        self.failures += 1;
        Err(io::Error::from_raw_os_error(code))
    }
}

impl Backend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(u64::try_from(self.state().bytes.len()).unwrap())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.operation(len)?;
        apply(&mut state.bytes, &Event::SetLen(len));
        state.log.push(Event::SetLen(len));
        Ok(())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let start = usize::try_from(offset).unwrap();
        let bytes = state.bytes.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let write = Event::Write(offset, bytes.to_vec());
        if let Err(error) = state.operation(offset + u64::try_from(bytes.len()).unwrap()) {
            // A write that fails may still have written its beginning.
            let torn = Event::Write(offset, bytes[..bytes.len() / 2].to_vec());
            if !matches!(state.fault, Some(Fault::Full(_))) {
                apply(&mut state.bytes, &torn);
                state.log.push(torn);
            }
            return Err(error);
        }
        apply(&mut state.bytes, &write);
        state.log.push(write);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        state.operation(0)?;
        state.log.push(Event::Sync);
        Ok(())
    }
}

/// Does to a file what an event did.
pub(crate) fn apply(file: &mut Vec<u8>, event: &Event) {
    match event {
        Event::Write(offset, bytes) => {
            let start = usize::try_from(*offset).unwrap();
            let end = start + bytes.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[start..end].copy_from_slice(bytes);
        }
        Event::SetLen(len) => file.resize(usize::try_from(*len).unwrap(), 0),
        Event::Sync | Event::Acked(_) => {}
    }
}

/// Does to a file what is left of events that were never fsynced: of each write some blocks, of the changes of length
/// some, chosen by `random`.
pub(crate) fn apply_torn(file: &mut Vec<u8>, events: &[Event], block: usize, random: &mut Random) {
    for event in events {
        match event {
            Event::Write(offset, bytes) => {
                let mut start = usize::try_from(*offset).unwrap();
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let length = (block - start % block).min(rest.len());
                    let (part, more) = rest.split_at(length);
                    if random.coin() {
                        apply(file, &Event::Write(u64::try_from(start).unwrap(), part.to_vec()));
                    }
                    start += length;
                    rest = more;
                }
            }
            event => {
                if random.coin() {
                    apply(file, event);
                }
            }
        }
    }
}
