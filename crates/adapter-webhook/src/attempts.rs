//! What was tried, one line an attempt, in two files of bounded size: whoever operates a node can look why a receiver has
//! nothing.
//!
//! **Invariant:** a line names the subscription, the event by its position, and what came of it; nothing of an address, a
//! record or an answer.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The file that is written to, and the one before it.
const NAMES: [&str; 2] = ["attempts.ndjson", "attempts.1.ndjson"];

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began, in UTC.
    pub at: String,
    /// For which subscription.
    pub subscription: String,
    /// Which event, by its position in the feed; none where the receiver was asked whether it agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// What came of it: `agreed`, `delivered`, `rejected`, `gone`, `later`, or how it failed.
    pub outcome: String,
    /// The status of the answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// The log of a node's attempts. Clones are the same.
#[derive(Clone)]
pub struct AttemptLog(Arc<Mutex<Log>>);

struct Log {
    folder: PathBuf,
    bytes_max: u64,
    open: Option<(File, u64)>,
}

impl fmt::Debug for AttemptLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptLog")
    }
}

impl AttemptLog {
    /// A log in a folder, each of its two files of at most so many bytes. The folder need not be there yet.
    pub fn new(folder: PathBuf, bytes_max: u64) -> AttemptLog {
        AttemptLog(Arc::new(Mutex::new(Log { folder, bytes_max, open: None })))
    }

    pub(crate) fn note(&self, attempt: &Attempt) {
        let Attempt { subscription, event, outcome, status, took_ms, .. } = attempt;
        tracing::debug!(%subscription, event, %outcome, status, took_ms, "attempt");
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = log.write(attempt) {
            log.open = None;
            tracing::warn!(%error, folder = %log.folder.display(), "cannot note an attempt");
        }
    }

    /// The last attempts noted in a folder, of one subscription where one is named, the newest last.
    pub fn read(folder: &Path, subscription: Option<&str>, limit: usize) -> io::Result<Vec<Attempt>> {
        let mut found = VecDeque::new();
        for name in NAMES.iter().rev() {
            let file = match File::open(folder.join(name)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for line in BufReader::new(file).lines() {
                // The last line of a node that was killed may be cut.
                let Ok(attempt) = serde_json::from_str::<Attempt>(&line?) else { continue };
                if subscription.is_none_or(|wanted| attempt.subscription == wanted) {
                    found.push_back(attempt);
                }
                if found.len() > limit {
                    found.pop_front();
                }
            }
        }
        Ok(found.into())
    }
}

impl Log {
    fn write(&mut self, attempt: &Attempt) -> io::Result<()> {
        let mut line = serde_json::to_vec(attempt)?;
        line.push(b'\n');
        let [now, before] = NAMES.map(|name| self.folder.join(name));
        let (mut file, mut bytes) = match self.open.take() {
            Some(open) => open,
            None => {
                let file = OpenOptions::new().create(true).append(true).open(&now)?;
                let bytes = file.metadata()?.len();
                (file, bytes)
            }
        };
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if bytes > 0 && bytes.saturating_add(length) > self.bytes_max {
            std::fs::rename(&now, before)?;
            file = OpenOptions::new().create(true).append(true).open(&now)?;
            bytes = 0;
        }
        file.write_all(&line)?;
        self.open = Some((file, bytes + length));
        Ok(())
    }
}
