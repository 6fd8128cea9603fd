//! The position beside a written file: up to which change it is, and the digest of the file that this is true of.
//!
//! Version 1 is a JSON object. It is written after the file and its receipt; after a crash between them it does not fit
//! the file, and the receiver counts as unknown.

use crate::config::Config;
use crate::edge;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::Path;
use yibiao_contract::EdgeError;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    version: u32,
    upto: u64,
    /// BLAKE3 of the written file.
    digest: String,
}

/// Notes the position of the written file.
pub(crate) fn write(config: &Config, upto: u64) -> Result<(), EdgeError> {
    let digest = digest(&config.target()).unwrap_or_default();
    let position = Position { version: VERSION, upto, digest };
    let content = serde_json::to_vec(&position).expect("invariant: a position is plain data");
    yibiao_format::replace_file(&config.position(), |file| file.write_all(&content))
        .map_err(|error| edge(&error))?;
    Ok(())
}

/// The position of the written file; `None` where there is none, or another file than the one it was noted for.
pub(crate) fn read(config: &Config) -> Option<u64> {
    let position: Position = serde_json::from_slice(&fs::read(config.position()).ok()?).ok()?;
    let fits = position.version == VERSION && digest(&config.target()).as_ref() == Some(&position.digest);
    fits.then_some(position.upto)
}

fn digest(path: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).ok()?).ok()?;
    Some(hasher.finalize().to_hex().to_string())
}
