//! Separated values: records framed in the bytes of the file, so that a row's bytes and the place of each of its
//! fields are known in the original encoding. Quoting as RFC 4180 has it, read leniently.
//!
//! A record whose quote is never closed costs its first line only: reading resumes on the next one.
#![expect(
    clippy::indexing_slicing,
    reason = "the scanner's positions never pass the loaded bytes: each is compared with their length first"
)]

use crate::encoding::{self, TextEncoding};
use crate::error::{FormatError, Problem, name_of};
use crate::row::{BadRow, Cell, Limits, Opening, Row};
use crate::source::{self, Window};
use encoding_rs::{Encoding, UTF_8};
use std::io;
use std::ops::Range;
use std::path::Path;

/// Finds records in a stream.
pub(crate) struct Framer {
    window: Window,
    separator: u8,
    /// In a legacy two-byte encoding, the second byte of a character may look like this separator.
    skip_second_byte: bool,
    row_bytes_max: usize,
}

/// One record as it stands in the file.
pub(crate) struct Record {
    /// Where it starts, in plain bytes from the start of the file.
    pub(crate) start: u64,
    /// Its bytes without the line end.
    pub(crate) raw: Vec<u8>,
    /// Its fields, as ranges of `raw`, quotes included; or why there are none.
    pub(crate) fields: Result<Vec<Range<usize>>, &'static str>,
}

enum End {
    Line { length: usize, terminator: usize },
    File { length: usize, quoted: bool },
    TooLong,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Plain,
    Quoted,
    QuoteSeen,
}

impl Framer {
    pub(crate) fn new(window: Window, separator: u8, encoding: &'static Encoding, limits: Limits) -> Framer {
        let skip_second_byte = separator >= 0x30 && encoding != UTF_8 && !encoding::is_wide(encoding);
        Framer { window, separator, skip_second_byte, row_bytes_max: limits.row_bytes_max }
    }

    /// The next record that is not an empty line; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            let mut fields = Vec::new();
            let start = self.window.offset();
            let end = match self.scan(&mut fields)? {
                End::Line { length, .. } | End::File { length, .. } if length > self.row_bytes_max => {
                    End::TooLong
                }
                end => end,
            };
            let record = match end {
                End::File { length: 0, .. } => return Ok(None),
                End::Line { length: 0, terminator } => {
                    self.window.consume(terminator);
                    continue;
                }
                End::Line { length, terminator } => {
                    let raw = self.window.loaded()[..length].to_vec();
                    self.window.consume(length + terminator);
                    Record { start, raw, fields: Ok(fields) }
                }
                End::File { length, quoted: false } => {
                    let raw = self.window.loaded()[..length].to_vec();
                    self.window.consume(length);
                    Record { start, raw, fields: Ok(fields) }
                }
                End::File { quoted: true, .. } => {
                    self.first_line(start, "a quote is opened and never closed")?
                }
                End::TooLong => self.first_line(
                    start,
                    "it is longer than the limit `row_bytes_max`, or a quote is never closed",
                )?,
            };
            return Ok(Some(record));
        }
    }

    /// Gives up on the record and takes its first line, however long, as a bad one.
    fn first_line(&mut self, start: u64, reason: &'static str) -> io::Result<Record> {
        let mut raw = Vec::new();
        loop {
            let loaded = self.window.loaded();
            let end = memchr::memchr2(b'\n', b'\r', loaded);
            let part = end.unwrap_or(loaded.len());
            let room = self.row_bytes_max.saturating_sub(raw.len());
            raw.extend_from_slice(&loaded[..part.min(room)]);
            self.window.consume(part);
            if end.is_some() {
                let line_end = self.window.load(2)?;
                let terminator = if line_end.starts_with(b"\r\n") { 2 } else { 1 };
                self.window.consume(terminator);
                break;
            }
            if !self.window.grow()? {
                break;
            }
        }
        Ok(Record { start, raw, fields: Err(reason) })
    }

    fn scan(&mut self, fields: &mut Vec<Range<usize>>) -> io::Result<End> {
        let mut state = State::Start;
        let mut at = 0;
        let mut field = 0;
        loop {
            let loaded = self.window.loaded();
            while at < loaded.len() {
                let byte = loaded[at];
                match (state, byte) {
                    (State::Start, b'"') => state = State::Quoted,
                    (State::Quoted, b'"') => state = State::QuoteSeen,
                    (State::Quoted, _) => {}
                    (State::QuoteSeen, b'"') => state = State::Quoted,
                    (_, b'\n') => {
                        fields.push(field..at);
                        return Ok(End::Line { length: at, terminator: 1 });
                    }
                    (_, b'\r') => {
                        fields.push(field..at);
                        let terminator =
                            if self.window.load(at + 2)?.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
                        return Ok(End::Line { length: at, terminator });
                    }
                    (_, byte) if byte == self.separator => {
                        fields.push(field..at);
                        field = at + 1;
                        state = State::Start;
                    }
                    (_, byte) => {
                        state = State::Plain;
                        if self.skip_second_byte && byte >= 0x81 {
                            match loaded.get(at + 1) {
                                Some(second) if *second >= 0x40 => at += 1,
                                Some(_) => {}
                                None => break,
                            }
                        }
                    }
                }
                at += 1;
            }
            if at > self.row_bytes_max {
                return Ok(End::TooLong);
            }
            if !self.window.grow()? {
                let length = self.window.loaded().len();
                fields.push(field..length);
                return Ok(End::File { length, quoted: state == State::Quoted });
            }
        }
    }
}

/// A field's bytes without its quotes.
pub(crate) fn unquote(field: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let Some(inner) = field.strip_prefix(b"\"") else { return field.into() };
    if let Some(simple) = inner.strip_suffix(b"\"")
        && !simple.contains(&b'"')
    {
        return simple.into();
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'"' {
            plain.push(byte);
        } else if bytes.peek() == Some(&b'"') {
            plain.push(b'"');
            bytes.next();
        } else {
            // The closing quote. What follows it up to the separator belongs to the field as it stands.
            plain.extend(bytes.by_ref());
        }
    }
    plain.into()
}

/// Opens the stream behind its byte order mark, as bytes in which the structure can be read.
pub(crate) fn framer(
    path: &Path,
    text: TextEncoding,
    separator: u8,
    limits: Limits,
) -> Result<Framer, FormatError> {
    let name = name_of(path);
    if !separator.is_ascii() || separator.is_ascii_alphanumeric() || b"\"\r\n".contains(&separator) {
        return Err(FormatError::new(
            &name,
            Problem::Structure,
            "the separator is a letter, a digit, a quote or a line end",
            "set the separator to one ASCII sign, such as a comma or a tab",
        ));
    }
    let mut window = Window::new(source::open(path)?);
    window.load(text.mark_bytes).map_err(|cause| FormatError::io(&name, cause))?;
    window.consume(text.mark_bytes);
    if encoding::is_wide(text.encoding) {
        window = window.transcoded(text.encoding);
    }
    Ok(Framer::new(window, separator, text.encoding, limits))
}

/// Reads the rows of a file.
pub(crate) struct Rows {
    framer: Framer,
    encoding: &'static Encoding,
    columns: Vec<String>,
    locator: u64,
}

impl Rows {
    pub(crate) fn open(
        path: &Path,
        configured: Option<&str>,
        separator: u8,
        limits: Limits,
    ) -> Result<(Opening, Rows), FormatError> {
        let text = encoding::choose(path, configured)?;
        let mut framer = framer(path, text, separator, limits)?;
        let columns = header(&name_of(path), &mut framer, text.encoding, limits)?;
        let opening = Opening { columns: columns.clone(), ..Opening::default() };
        Ok((opening, Rows { framer, encoding: text.encoding, columns, locator: 0 }))
    }

    pub(crate) fn locator(&self) -> u64 {
        self.locator
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Result<Row, BadRow>>> {
        let Some(record) = self.framer.next()? else { return Ok(None) };
        self.locator += 1;
        let locator = self.locator;
        let cells = record
            .fields
            .map_err(str::to_owned)
            .and_then(|fields| cells(&record.raw, &fields, &self.columns, self.encoding));
        let raw = as_in_file(record.raw, self.encoding);
        Ok(Some(match cells {
            Ok(cells) => Ok(Row { locator, cells, raw }),
            Err(reason) => Err(BadRow { locator, raw, reason }),
        }))
    }
}

/// The names of the header record, trimmed; a column without a name is named by its place.
pub(crate) fn header(
    file: &str,
    framer: &mut Framer,
    encoding: &'static Encoding,
    limits: Limits,
) -> Result<Vec<String>, FormatError> {
    let record = framer.next().map_err(|cause| FormatError::io(file, cause))?;
    let record = record.ok_or_else(|| source::empty(file))?;
    let fields = record.fields.map_err(|reason| {
        FormatError::new(
            file,
            Problem::Header,
            format!("the header cannot be read: {reason}"),
            "check that the file is separated values with a header record",
        )
    })?;
    let names = fields
        .iter()
        .enumerate()
        .map(|(place, field)| {
            let name = text(encoding, &unquote(&record.raw[field.clone()])).ok_or_else(|| {
                FormatError::new(
                    file,
                    Problem::Encoding,
                    format!("name {} of the header is not text in {}", place + 1, encoding.name()),
                    "set the encoding of the file in the mapping, or leave it out to detect it",
                )
            })?;
            let name = name.trim();
            Ok(if name.is_empty() { format!("[{}]", place + 1) } else { name.to_owned() })
        })
        .collect::<Result<Vec<_>, FormatError>>()?;
    check_names(file, &names, limits)?;
    Ok(names)
}

/// Refuses a header that is too wide or names two columns alike.
pub(crate) fn check_names(file: &str, names: &[String], limits: Limits) -> Result<(), FormatError> {
    if names.len() > limits.columns_max {
        return Err(FormatError::new(
            file,
            Problem::TooLarge,
            format!(
                "the header has {} columns, the limit `columns_max` is {}",
                names.len(),
                limits.columns_max
            ),
            "check the separator, or raise the limit",
        ));
    }
    let mut sorted: Vec<(&String, usize)> = names.iter().zip(1..).collect();
    sorted.sort();
    let twice = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0);
    if let Some([(name, first), (_, second)]) = twice {
        return Err(FormatError::new(
            file,
            Problem::Header,
            format!("columns {first} and {second} of the header have the same name"),
            "rename one of them in the file, and check that the first record is the header",
        )
        .at_column(name));
    }
    Ok(())
}

fn cells(
    raw: &[u8],
    fields: &[Range<usize>],
    columns: &[String],
    encoding: &'static Encoding,
) -> Result<Vec<Cell>, String> {
    if fields.len() != columns.len() {
        return Err(format!("it has {} fields, the header has {}", fields.len(), columns.len()));
    }
    if encoding::is_stray_utf8(encoding, raw) {
        return Err(format!("it is utf-8 in a file that is {}", encoding.name().to_lowercase()));
    }
    let mut cells = Vec::with_capacity(fields.len());
    for (field, column) in fields.iter().zip(columns) {
        match text(encoding, &unquote(&raw[field.clone()])) {
            Some(text) => cells.push(Cell::Text(text)),
            None => return Err(format!("column {column} is not text in {}", encoding.name().to_lowercase())),
        }
    }
    Ok(cells)
}

/// The text of bytes from the framer, which of a wide encoding are UTF-8 already.
pub(crate) fn text(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding::decode(if encoding::is_wide(encoding) { UTF_8 } else { encoding }, bytes)
}

/// The bytes as the file has them.
fn as_in_file(raw: Vec<u8>, encoding: &'static Encoding) -> Vec<u8> {
    if !encoding::is_wide(encoding) {
        return raw;
    }
    std::str::from_utf8(&raw).ok().and_then(|text| encoding::encode(encoding, text)).unwrap_or(raw)
}

#[cfg(test)]
mod tests;
