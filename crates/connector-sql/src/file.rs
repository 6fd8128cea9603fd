//! The database as a file: whether it is there, whole, and another than before.

use crate::config::Config;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;
use yibiao_contract::{EdgeError, Recovery};

/// What tells without reading that the database is another than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stamp {
    size: u64,
    modified_ns: u64,
    log_size: u64,
    log_modified_ns: u64,
}

impl Stamp {
    pub(crate) fn modified_ms(self) -> u64 {
        self.modified_ns.max(self.log_modified_ns) / 1_000_000
    }
}

/// The write-ahead log beside the database.
pub(crate) fn log_path(config: &Config) -> PathBuf {
    let mut name = config.path.clone().into_os_string();
    name.push("-wal");
    PathBuf::from(name)
}

/// The stamp; `None` while there is no file.
pub(crate) fn stamp(config: &Config) -> Result<Option<Stamp>, EdgeError> {
    let meta = match fs::metadata(&config.path) {
        Ok(meta) if meta.is_file() => meta,
        Ok(_) => return Err(fault(config, "it is a folder or a device, no file", Recovery::Halt)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(system(config, &cause)),
    };
    let log = fs::metadata(log_path(config)).ok();
    Ok(Some(Stamp {
        size: meta.len(),
        modified_ns: modified_ns(&meta),
        log_size: log.as_ref().map_or(0, fs::Metadata::len),
        log_modified_ns: log.as_ref().map_or(0, modified_ns),
    }))
}

fn modified_ns(meta: &fs::Metadata) -> u64 {
    let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    modified.and_then(|time| u64::try_from(time.as_nanos()).ok()).unwrap_or(0)
}

/// What the first bytes say.
pub(crate) struct Header {
    /// The database uses a write-ahead log.
    pub(crate) logged: bool,
}

/// Checks that it is a database and has as many pages as it says.
pub(crate) fn header(config: &Config) -> Result<Header, EdgeError> {
    let mut file = File::open(&config.path).map_err(|cause| system(config, &cause))?;
    let size = file.metadata().map_err(|cause| system(config, &cause))?.len();
    let mut head = [0; 100];
    let whole = file.read_exact(&mut head);
    if whole.is_err() || !head.starts_with(b"SQLite format 3\0") {
        return Err(fault(config, "it is no SQLite database", Recovery::Quarantine));
    }
    let number = |at: usize, length: usize| {
        head.iter().skip(at).take(length).fold(0_u64, |sum, byte| sum * 256 + u64::from(*byte))
    };
    let page_bytes = match number(16, 2) {
        1 => 65_536,
        bytes => bytes,
    };
    // The page count is valid only if the file was last written by a program that keeps it.
    let counted = number(24, 4) == number(92, 4);
    if counted && size < number(28, 4) * page_bytes {
        let hint = "it is being copied, or the copy broke off: deliver it under another name and rename it";
        return Err(EdgeError {
            hint: hint.to_owned(),
            ..fault(config, "it is shorter than its first page says", Recovery::Retry)
        });
    }
    Ok(Header { logged: number(19, 1) == 2 })
}

/// BLAKE3 of the database and its log.
pub(crate) fn digest(config: &Config) -> Result<String, EdgeError> {
    let mut hasher = blake3::Hasher::new();
    let file = File::open(&config.path).map_err(|cause| system(config, &cause))?;
    hasher.update_reader(file).map_err(|cause| system(config, &cause))?;
    if let Ok(log) = File::open(log_path(config)) {
        hasher.update_reader(log).map_err(|cause| system(config, &cause))?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// An error about this database.
pub(crate) fn fault(config: &Config, reason: &str, recovery: Recovery) -> EdgeError {
    EdgeError {
        attempt: format!("cannot read table {} of {}", config.table, config.file_name()),
        reason: reason.to_owned(),
        hint: match recovery {
            Recovery::Retry => "reading is tried again",
            Recovery::Quarantine => "have the database delivered again",
            Recovery::Halt => {
                "check path, table and columns in the configuration, and the rights on the file"
            }
        }
        .to_owned(),
        recovery,
        edition: (recovery == Recovery::Quarantine).then(|| config.table.clone()),
    }
}

fn system(config: &Config, cause: &io::Error) -> EdgeError {
    match cause.kind() {
        io::ErrorKind::PermissionDenied => fault(config, "the rights do not suffice", Recovery::Halt),
        io::ErrorKind::NotFound => fault(config, "it is not there any more", Recovery::Retry),
        _ => fault(config, "the system reports a failure", Recovery::Retry),
    }
}
