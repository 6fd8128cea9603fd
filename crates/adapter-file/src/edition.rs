//! Whether the template is still the edition that the rows of a batch were read from.

use crate::config::{Config, Form};
use crate::edge;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use yibiao_contract::{EdgeError, Recovery};

/// Size and time of a file, and of the write-ahead log beside it: what tells that somebody wrote meanwhile.
pub(crate) type Stamp = [Option<(u64, Option<SystemTime>)>; 2];

/// The stamp of the template.
pub(crate) fn stamp(template: &Path) -> Stamp {
    let of = |path: &Path| fs::metadata(path).ok().map(|meta: Metadata| (meta.len(), meta.modified().ok()));
    [of(template), of(&log_path(template))]
}

/// Refuses the batch, to be tried again, where the template is another than `edition`, or was written to since
/// `before`.
pub(crate) fn check(
    config: &Config,
    template: &Path,
    before: Stamp,
    edition: Option<&str>,
) -> Result<(), EdgeError> {
    let Some(edition) = edition else { return Ok(()) };
    let now = match &config.form {
        Form::File(_) => yibiao_format::plain_digest(template).map_err(|error| edge(&error))?,
        Form::Sqlite { .. } => {
            database_digest(template).map_err(|cause| crate::system(&config.name(), &cause))?
        }
    };
    if now == edition && stamp(template) == before {
        return Ok(());
    }
    Err(EdgeError {
        attempt: format!("cannot write {}", config.name()),
        reason: "its receiver delivered another file while this one was made ready".to_owned(),
        hint: "it is made again from the new file".to_owned(),
        recovery: Recovery::Retry,
        edition: None,
    })
}

/// BLAKE3 of a database and its write-ahead log, as the connector takes it.
fn database_digest(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    if let Ok(log) = File::open(log_path(path)) {
        hasher.update_reader(log)?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn log_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}
