//! Why a file could not be read or written: which file, where in it, and what to do next.

use std::fmt;
use std::io;
use std::path::Path;

/// What kind of trouble it is. Callers choose their recovery by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no such file.
    Missing,
    /// A folder or a device stands where a file is expected.
    NotAFile,
    /// The rights do not suffice.
    NoRights,
    /// The file holds no byte.
    Empty,
    /// The bytes are not text in the encoding that is configured or was detected.
    Encoding,
    /// The header is missing or ambiguous, or the sheet is not there.
    Header,
    /// The file is not of its format, or uses a feature that is refused.
    Structure,
    /// A limit is exceeded.
    TooLarge,
    /// The file ends before its content does.
    BrokenOff,
    /// No room is left on the device.
    DiskFull,
    /// Any other failure of the device.
    Device,
}

/// A file could not be read or written. It never holds a row's content.
#[derive(Debug)]
pub struct FormatError {
    /// What was attempted: `read` or `write`.
    pub attempt: &'static str,
    /// The file's name, without folders.
    pub file: Box<str>,
    /// The row, as in [`crate::Row::locator`].
    pub row: Option<u64>,
    /// The column.
    pub column: Option<Box<str>>,
    /// The kind.
    pub problem: Problem,
    /// What is wrong.
    pub reason: Box<str>,
    /// What to do next.
    pub hint: &'static str,
    /// The cause, where the system gave one.
    pub source: Option<io::Error>,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.attempt_words(), self.reason, self.hint)
    }
}

impl std::error::Error for FormatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|cause| -> &(dyn std::error::Error + 'static) { cause })
    }
}

impl FormatError {
    /// A failure of the system while writing a file that this crate did not write itself.
    pub fn on_write(file: &str, cause: &io::Error) -> FormatError {
        FormatError::io(file, io::Error::from(cause.kind())).writing()
    }

    /// What was attempted on what, and where in it: `cannot read a.csv, row 7`.
    pub fn attempt_words(&self) -> String {
        let mut words = format!("cannot {} {}", self.attempt, self.file);
        if let Some(row) = self.row {
            words.push_str(&format!(", row {row}"));
        }
        if let Some(column) = &self.column {
            words.push_str(&format!(", column {column}"));
        }
        words
    }

    pub(crate) fn new(
        file: &str,
        problem: Problem,
        reason: impl Into<Box<str>>,
        hint: &'static str,
    ) -> FormatError {
        FormatError {
            attempt: "read",
            file: file.into(),
            row: None,
            column: None,
            problem,
            reason: reason.into(),
            hint,
            source: None,
        }
    }

    pub(crate) fn at_row(mut self, row: u64) -> FormatError {
        self.row = Some(row);
        self
    }

    pub(crate) fn at_column(mut self, column: &str) -> FormatError {
        self.column = Some(column.into());
        self
    }

    pub(crate) fn writing(mut self) -> FormatError {
        self.attempt = "write";
        self
    }

    /// Words for a failure of the system, by its kind.
    pub(crate) fn io(file: &str, cause: io::Error) -> FormatError {
        use io::ErrorKind;
        let (problem, reason, hint) = match cause.kind() {
            ErrorKind::NotFound => {
                (Problem::Missing, "it is not there", "check the path in the configuration")
            }
            ErrorKind::PermissionDenied => (
                Problem::NoRights,
                "the rights do not suffice",
                "give the account that runs yibiao the right to read inputs and to write outputs",
            ),
            ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                (Problem::NotAFile, "a file and a folder are mixed up", "check the path in the configuration")
            }
            ErrorKind::UnexpectedEof => (
                Problem::BrokenOff,
                "the compressed data breaks off",
                "the file was not copied to its end: have it delivered again",
            ),
            ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                (Problem::Structure, "the compressed data is damaged", "have the file delivered again")
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                (Problem::DiskFull, "no room is left on the device", "make room; writing is tried again")
            }
            _ => (Problem::Device, "the system reports a failure", "see the cause; check device and mount"),
        };
        FormatError { source: Some(cause), ..FormatError::new(file, problem, reason, hint) }
    }
}

/// The last component of a path, for messages.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
