//! Which files lie in the folder, and whether they are complete.

use crate::Settings;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;
use yibiao_contract::{EdgeError, Recovery};

/// What tells without reading that a file is another than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) modified_ns: u64,
}

/// A file that matches.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its name without `.gz`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
    pub(crate) is_file: bool,
}

/// When a file was first seen as it is.
pub(crate) type Observed = BTreeMap<String, (Stamp, u64)>;

/// The matching files in the order of their names.
pub(crate) fn list(settings: &Settings) -> Result<Vec<Found>, EdgeError> {
    let folder = &settings.config.folder;
    let fault = |cause: io::Error| EdgeError {
        attempt: format!("cannot list folder {}", folder.display()),
        reason: reason(&cause).to_owned(),
        hint: "check the folder in the configuration and the rights on it".to_owned(),
        recovery: if cause.kind() == io::ErrorKind::Interrupted { Recovery::Retry } else { Recovery::Halt },
        edition: None,
    };
    let mut files: BTreeMap<String, Found> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else { continue };
        let name = file_name.strip_suffix(".gz").unwrap_or(file_name);
        if !matches(&settings.config.name, name) && !matches(&settings.config.name, file_name) {
            continue;
        }
        // A link is followed: what counts is the file behind it. One that vanished meanwhile was not there.
        let Ok(meta) = fs::metadata(entry.path()) else { continue };
        let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_ns = modified.and_then(|time| u64::try_from(time.as_nanos()).ok()).unwrap_or(0);
        let stamp = Stamp { size: meta.len(), modified_ns };
        let found = Found { name: name.to_owned(), path: entry.path(), stamp, is_file: meta.is_file() };
        if files.insert(name.to_owned(), found).is_some() {
            return Err(EdgeError {
                attempt: format!("cannot choose a file for {name}"),
                reason: "it lies there twice, plain and as .gz".to_owned(),
                hint: "leave the newer one and move the other away".to_owned(),
                recovery: Recovery::Halt,
                edition: None,
            });
        }
    }
    Ok(files.into_values().collect())
}

/// Whether the file was left alone for the settle time. `observed` remembers since when it is as it is, for clocks of
/// file servers that run ahead of ours.
pub(crate) fn settled(settings: &Settings, observed: &mut Observed, found: &Found, now_ms: u64) -> bool {
    let settle_ms = settings.config.settle_ms;
    let since = match observed.get(&found.name) {
        Some((stamp, since)) if *stamp == found.stamp => *since,
        _ => {
            observed.insert(found.name.clone(), (found.stamp, now_ms));
            now_ms
        }
    };
    let modified_ms = found.stamp.modified_ns / 1_000_000;
    let quiet_ms = now_ms.saturating_sub(since).max(now_ms.saturating_sub(modified_ms));
    quiet_ms >= settle_ms
}

/// Whether a name matches a pattern in which `*` stands for any letters.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// A failure of the system in our own words.
pub(crate) fn reason(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::PermissionDenied => "the rights do not suffice",
        io::ErrorKind::NotADirectory => "it is no folder",
        _ => "the system reports a failure",
    }
}
