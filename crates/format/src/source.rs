//! A file as a stream of plain bytes: opened, checked to be a file, unpacked where its name ends in `.gz`.

use crate::error::{FormatError, Problem, name_of};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// A file's plain bytes.
pub(crate) type Bytes = Box<dyn Read + Send + Sync>;

/// Opens a file for one pass over its plain bytes: unpacked where its name ends in `.gz`.
pub fn plain_bytes(path: &Path) -> Result<impl Read + Send + Sync + use<>, FormatError> {
    open(path)
}

/// BLAKE3 of a file's plain bytes, in hexadecimal. Where packed data breaks off, of what could be unpacked: the rows
/// before the break can still be read, and the reader reports the break itself.
pub fn plain_digest(path: &Path) -> Result<String, FormatError> {
    let mut hasher = blake3::Hasher::new();
    let mut source = open(path)?;
    let mut piece = vec![0; 1 << 17];
    while let Ok(count @ 1..) = source.read(&mut piece) {
        hasher.update(piece.get(..count).unwrap_or_default());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Opens the file for one pass.
pub(crate) fn open(path: &Path) -> Result<Bytes, FormatError> {
    let file = open_file(path)?;
    if is_packed(path) {
        Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file))))
    } else {
        Ok(Box::new(file))
    }
}

/// Opens the file itself, packed or not.
pub(crate) fn open_file(path: &Path) -> Result<File, FormatError> {
    let name = name_of(path);
    let meta = std::fs::metadata(path).map_err(|cause| FormatError::io(&name, cause))?;
    if !meta.is_file() {
        return Err(FormatError::new(
            &name,
            Problem::NotAFile,
            "it is a folder or a device, no file",
            "check the path in the configuration",
        ));
    }
    if meta.len() == 0 {
        return Err(empty(&name));
    }
    File::open(path).map_err(|cause| FormatError::io(&name, cause))
}

/// The whole content of a file, refused over the limit.
pub(crate) fn whole(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FormatError> {
    let name = name_of(path);
    let mut content = Vec::new();
    open(path)?
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|cause| FormatError::io(&name, cause))?;
    if u64::try_from(content.len()).is_ok_and(|length| length > bytes_max) {
        return Err(FormatError::new(
            &name,
            Problem::TooLarge,
            format!("it is larger than {bytes_max} bytes"),
            "raise the limit `unpacked_bytes_max` if the file is genuine",
        ));
    }
    Ok(content)
}

/// Whether the name says that the content is packed.
pub(crate) fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

pub(crate) fn empty(name: &str) -> FormatError {
    FormatError::new(name, Problem::Empty, "it is empty", "have it exported and delivered again")
}

/// A window that slides over a stream: framing reads from it, and asks for more only when it has to.
pub(crate) struct Window {
    source: Bytes,
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
    ended: bool,
}

const STEP_BYTES: usize = 1 << 16;

impl Window {
    pub(crate) fn new(source: Bytes) -> Window {
        Window { source, buffer: Vec::new(), start: 0, offset: 0, ended: false }
    }

    /// The rest of the stream, transcoded to UTF-8.
    pub(crate) fn transcoded(self, encoding: &'static encoding_rs::Encoding) -> Window {
        let rest = self.buffer.get(self.start..).unwrap_or_default().to_vec();
        Window::new(crate::encoding::transcode(Box::new(io::Cursor::new(rest).chain(self.source)), encoding))
    }

    /// What is loaded and not yet consumed. Growing keeps the positions in it.
    pub(crate) fn loaded(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// How many bytes were consumed so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Loads more; `false` at the end of the stream.
    pub(crate) fn grow(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let before = self.buffer.len();
        self.buffer.resize(before + STEP_BYTES, 0);
        let free = self.buffer.get_mut(before..).unwrap_or_default();
        let read = loop {
            match self.source.read(free) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        self.ended = matches!(read, Ok(0));
        read.map(|count| count > 0)
    }

    /// Loads until so many bytes are there or the stream ends.
    pub(crate) fn load(&mut self, bytes: usize) -> io::Result<&[u8]> {
        while self.loaded().len() < bytes && self.grow()? {}
        Ok(self.loaded())
    }

    /// Drops bytes from the front.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.loaded().len());
        self.start += count;
        self.offset += u64::try_from(count).unwrap_or(u64::MAX);
    }
}
