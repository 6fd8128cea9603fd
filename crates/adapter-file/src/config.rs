//! What the wiring says about a receiver.

use std::path::PathBuf;
use yibiao_format::{Layout, Limits};

/// A receiver that takes its own file back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder to write to, created where missing.
    pub folder: PathBuf,
    /// The newest file that the receiver delivered. It is only read. Where it is not there, the same name with `.gz`
    /// behind it serves as well; what is written has the plain name.
    pub template: PathBuf,
    /// What kind of file it is.
    pub form: Form,
    /// Limits on reading the template.
    pub limits: Limits,
}

/// What kind of file a receiver takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Rows of a file; a row is found by its locator.
    File(Layout),
    /// A table of a SQLite database; a row is found by its key.
    Sqlite {
        /// The table.
        table: String,
        /// The column that identifies a row.
        key: String,
    },
}

impl Config {
    /// A receiver with the default limits.
    pub fn new(folder: PathBuf, template: PathBuf, form: Form) -> Config {
        Config { folder, template, form, limits: Limits::default() }
    }

    pub(crate) fn name(&self) -> String {
        self.template.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The template as it lies there.
    pub(crate) fn template(&self) -> PathBuf {
        if !self.template.exists() {
            let packed = self.template.with_file_name(format!("{}.gz", self.name()));
            if packed.exists() {
                return packed;
            }
        }
        self.template.clone()
    }

    pub(crate) fn target(&self) -> PathBuf {
        let name = self.name();
        self.folder.join(name.strip_suffix(".gz").unwrap_or(&name))
    }

    /// The receipt beside the file.
    pub(crate) fn receipt(&self) -> PathBuf {
        let target = self.target();
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        target.with_file_name(format!("{name}.receipt.csv"))
    }

    /// The position beside the file, hidden from people.
    pub(crate) fn position(&self) -> PathBuf {
        let target = self.target();
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        target.with_file_name(format!(".{name}.position.json"))
    }
}
