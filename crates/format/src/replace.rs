//! Puts a file in the place of another: written beside it, fsynced, renamed, the folder fsynced. A crash leaves the old
//! file or the new one, never a piece. Equal content leaves the old file untouched.

use crate::error::{FormatError, name_of};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const STEP_BYTES: usize = 1 << 16;

/// Where the content of `target` is written before it takes its place. There is one such place per target, so that
/// what a crash left there is overwritten by the next attempt.
pub fn partial_path(target: &Path) -> PathBuf {
    target.with_file_name(format!(".{}.partial", name_of(target)))
}

/// Puts a finished [`partial_path`] in the place of its target. Says whether the target changed.
pub fn put_in_place(target: &Path) -> Result<bool, FormatError> {
    let partial = partial_path(target);
    let fault = |cause| FormatError::io(&name_of(target), cause).writing();
    if same_content(&partial, target).map_err(fault)? {
        fs::remove_file(&partial).map_err(fault)?;
        return Ok(false);
    }
    File::open(&partial).and_then(|file| file.sync_all()).map_err(fault)?;
    fs::rename(&partial, target).map_err(fault)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)?;
    Ok(true)
}

/// Writes the content of a file and puts it in place. Says whether the target changed.
pub fn replace_file(
    target: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<bool, FormatError> {
    let mut replacement = Replacement::create(target)?;
    write(&mut replacement.writer).map_err(|cause| FormatError::io(&name_of(target), cause).writing())?;
    replacement.finish()
}

/// A file that is being written to take a target's place. Dropped unfinished, it leaves nothing.
pub(crate) struct Replacement {
    pub(crate) writer: BufWriter<File>,
    target: PathBuf,
    finished: bool,
}

impl Replacement {
    pub(crate) fn create(target: &Path) -> Result<Replacement, FormatError> {
        let file = File::create(partial_path(target))
            .map_err(|cause| FormatError::io(&name_of(target), cause).writing())?;
        let writer = BufWriter::with_capacity(STEP_BYTES, file);
        Ok(Replacement { writer, target: target.to_owned(), finished: false })
    }

    pub(crate) fn finish(mut self) -> Result<bool, FormatError> {
        self.writer.flush().map_err(|cause| FormatError::io(&name_of(&self.target), cause).writing())?;
        let changed = put_in_place(&self.target)?;
        self.finished = true;
        Ok(changed)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.finished {
            // Where even this fails, the next attempt overwrites it.
            fs::remove_file(partial_path(&self.target)).unwrap_or_default();
        }
    }
}

fn same_content(left: &Path, right: &Path) -> io::Result<bool> {
    let other = match File::open(right) {
        Ok(other) => other,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(cause),
    };
    let one = File::open(left)?;
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let mut one = BufReader::with_capacity(STEP_BYTES, one).bytes();
    let mut other = BufReader::with_capacity(STEP_BYTES, other).bytes();
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (left, right) if left != right => return Ok(false),
            _ => {}
        }
    }
}
