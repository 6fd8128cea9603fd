//! Receipts: what a sender was told of each request, kept in the data folder.
//!
//! A receipt holds row numbers, entity ids and reasons: no values and no keys of rows.
//!
//! **Invariant:** a receipt is written after the durable commit of what it tells.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Receipts that are kept; the oldest go first.
const RECEIPTS_MAX: usize = 100_000;
/// After so many receipts it is looked whether some must go.
const LOOK_EVERY: usize = 1_000;

/// What a sender is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub(super) id: String,
    pub(super) system: String,
    /// Of the body, under an Idempotency-Key.
    pub(super) body: String,
    pub(super) received_at: String,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) rows: Vec<ReceiptRow>,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReceiptRow {
    pub(super) row: u64,
    pub(super) status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) entity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Which subscriptions receive it; left out where a request has very many rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) receivers: Vec<String>,
}

/// The receipts of a node.
#[derive(Debug)]
pub(super) struct Receipts {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that are being taken in.
    open: BTreeSet<String>,
    written: usize,
}

/// A request that is being taken in; no other of its id is, until it goes.
#[derive(Debug)]
pub(super) struct Open<'r> {
    receipts: &'r Receipts,
    id: String,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.receipts.state.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.id);
    }
}

impl Receipts {
    pub(super) fn new(folder: PathBuf) -> Receipts {
        // The first receipt looks what is there already.
        Receipts { folder, state: Mutex::new(State { open: BTreeSet::new(), written: LOOK_EVERY }) }
    }

    /// Begins a request; `None` while another of its id is being taken in.
    pub(super) fn begin(&self, id: &str) -> Option<Open<'_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open.insert(id.to_owned()).then(|| Open { receipts: self, id: id.to_owned() })
    }

    /// The receipt of an id.
    pub(super) fn get(&self, id: &str) -> io::Result<Option<Receipt>> {
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        match fs::read(self.path(id)) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a receipt. `last` says that it must survive a power cut.
    pub(super) fn keep(&self, receipt: &Receipt, last: bool) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.path(&receipt.id);
        let partial = path.with_extension("partial");
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(&serde_json::to_vec(receipt)?)?;
        if last {
            file.sync_all()?;
        }
        fs::rename(&partial, &path)?;
        if last {
            fs::File::open(&self.folder)?.sync_all()?;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.written += 1;
        if state.written < LOOK_EVERY {
            return Ok(());
        }
        state.written = 0;
        drop(state);
        self.forget()
    }

    /// Lets the oldest go.
    fn forget(&self) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
        found.sort();
        let surplus = found.len().saturating_sub(RECEIPTS_MAX);
        for (_, path) in found.into_iter().take(surplus) {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}
