//! Finds row elements in the bytes of a document without parsing them.
//!
//! Tags, comments and CDATA sections are told apart by ASCII signs, none of which is ever the second byte of a
//! character in the encodings that get here.
#![expect(
    clippy::indexing_slicing,
    reason = "the scanner's positions never pass the loaded bytes: the search functions return only such"
)]

use crate::error::{FormatError, Problem};
use crate::row::Limits;
use crate::source::Window;
use encoding_rs::Encoding;
use memchr::memmem;
use std::io;

/// A row element as it stands in the file.
pub(crate) struct Element {
    /// Where it starts, in plain bytes behind the byte order mark's end (of a transcoded file: in its UTF-8 form).
    pub(crate) start: u64,
    /// Its place among the row elements, from 1.
    pub(crate) ordinal: u64,
    /// Its bytes, cut at the limit.
    pub(crate) raw: Vec<u8>,
    /// Why it cannot be parsed.
    pub(crate) fault: Option<&'static str>,
}

/// Finds row elements.
pub(crate) struct Framer {
    window: Window,
    row: Vec<u8>,
    root: Vec<u8>,
    encoding: &'static Encoding,
    row_bytes_max: usize,
    ordinal: u64,
    ended: bool,
}

/// What begins at a `<`.
enum Mark {
    RowStart,
    RowEnd,
    RootEnd,
    /// A comment, section, instruction or tag, up to and with this.
    Other(&'static [u8]),
    DocType,
}

/// What a search came to.
enum Search {
    At(usize),
    Ended,
    TooFar,
}

/// Why an element ends where it does.
#[derive(Clone, Copy, PartialEq)]
enum Stop {
    Row,
    Next,
    Limit,
    Document,
}

const BROKEN: &str = "the element breaks off: another begins, or the root ends";
const TOO_LONG: &str = "it is longer than the limit `row_bytes_max`";

impl Framer {
    pub(crate) fn new(window: Window, row: Vec<u8>, encoding: &'static Encoding, limits: Limits) -> Framer {
        let row_bytes_max = limits.row_bytes_max;
        Framer { window, row, root: Vec::new(), encoding, row_bytes_max, ordinal: 0, ended: false }
    }

    pub(crate) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    pub(crate) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// The root element's name, once the prologue is parsed.
    pub(crate) fn set_root(&mut self, name: Vec<u8>) {
        self.root = name;
    }

    /// What stands before the first row, left unconsumed; `None` if it is over the limit.
    pub(crate) fn prologue(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut at = 0;
        loop {
            let open = match self.find(b"<", at)? {
                Search::At(open) => open,
                Search::Ended => return Ok(Some(self.window.loaded().to_vec())),
                Search::TooFar => return Ok(None),
            };
            at = match self.mark(open)? {
                Mark::RowStart => return Ok(Some(self.window.loaded()[..open].to_vec())),
                Mark::DocType => return Ok(Some(self.window.loaded().to_vec())),
                Mark::RowEnd | Mark::RootEnd => open + 1,
                Mark::Other(close) => match self.find(close, open)? {
                    Search::At(end) => end,
                    Search::Ended => return Ok(Some(self.window.loaded().to_vec())),
                    Search::TooFar => return Ok(None),
                },
            };
            if at > self.row_bytes_max {
                return Ok(None);
            }
        }
    }

    /// The next row element; `None` behind the root's end.
    pub(crate) fn next(&mut self, file: &str) -> Result<Option<Element>, FormatError> {
        let io = |cause| FormatError::io(file, cause);
        while !self.ended {
            let open = match self.find(b"<", 0).map_err(io)? {
                Search::At(open) => open,
                Search::Ended => return Err(self.broken_off(file)),
                Search::TooFar => {
                    self.window.consume(self.row_bytes_max.max(1));
                    continue;
                }
            };
            match self.mark(open).map_err(io)? {
                Mark::RowStart => {
                    self.window.consume(open);
                    return self.element(file).map(Some);
                }
                Mark::RootEnd => {
                    self.ended = true;
                    self.window.consume(open);
                }
                Mark::RowEnd => self.window.consume(open + 1),
                Mark::DocType => return Err(super::doctype(file)),
                Mark::Other(close) => match self.find(close, open).map_err(io)? {
                    Search::At(end) => {
                        let tag = &self.window.loaded()[open + 1..end];
                        // A file without a row: its root is one empty tag.
                        self.ended = self.ordinal == 0 && tag.ends_with(b"/>") && is_name(tag, &self.root);
                        self.window.consume(end);
                    }
                    Search::Ended => return Err(self.broken_off(file)),
                    Search::TooFar => {
                        return Err(FormatError::new(file, Problem::TooLarge, TOO_LONG, "raise the limit")
                            .at_row(self.ordinal + 1));
                    }
                },
            }
        }
        Ok(None)
    }

    fn broken_off(&self, file: &str) -> FormatError {
        FormatError::new(
            file,
            Problem::BrokenOff,
            "the document ends before its root element does",
            "the file was not copied to its end: have it delivered again",
        )
        .at_row(self.ordinal + 1)
    }

    /// The element that begins at the front of the window.
    fn element(&mut self, file: &str) -> Result<Element, FormatError> {
        let io = |cause| FormatError::io(file, cause);
        let start = self.window.offset();
        let (end, stop) = self.element_end().map_err(io)?;
        if stop == Stop::Document {
            return Err(self.broken_off(file));
        }
        self.ordinal += 1;
        let fault = match stop {
            Stop::Row if end <= self.row_bytes_max => None,
            Stop::Row | Stop::Limit => Some(TOO_LONG),
            Stop::Next | Stop::Document => Some(BROKEN),
        };
        let raw = self.window.loaded()[..end.min(self.row_bytes_max)].to_vec();
        self.window.consume(end);
        if stop == Stop::Limit {
            self.skip_rest().map_err(io)?;
        }
        Ok(Element { start, ordinal: self.ordinal, raw, fault })
    }

    /// Where the element at the front of the window ends, and why there.
    fn element_end(&mut self) -> io::Result<(usize, Stop)> {
        let mut at = match self.tag_end(1)? {
            Search::At(end) if self.window.loaded()[..end].ends_with(b"/>") => return Ok((end, Stop::Row)),
            Search::At(end) => end,
            Search::Ended => return Ok((0, Stop::Document)),
            Search::TooFar => return Ok((self.row_bytes_max, Stop::Limit)),
        };
        loop {
            if at > self.row_bytes_max {
                return Ok((at, Stop::Limit));
            }
            let open = match self.find(b"<", at)? {
                Search::At(open) => open,
                Search::Ended => return Ok((0, Stop::Document)),
                Search::TooFar => return Ok((self.row_bytes_max, Stop::Limit)),
            };
            let (close, ends): (&[u8], bool) = match self.mark(open)? {
                Mark::RowStart | Mark::RootEnd => return Ok((open, Stop::Next)),
                Mark::RowEnd => (b">", true),
                Mark::DocType => (b">", false),
                Mark::Other(close) => (close, false),
            };
            at = match self.find(close, open)? {
                Search::At(end) if ends => return Ok((end, Stop::Row)),
                Search::At(end) => end,
                Search::Ended => return Ok((0, Stop::Document)),
                Search::TooFar => return Ok((self.row_bytes_max, Stop::Limit)),
            };
        }
    }

    /// Drops what is left of an element that is over the limit, in constant memory.
    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let open = match self.find(b"<", 0)? {
                Search::At(open) => open,
                Search::Ended => return Ok(()),
                Search::TooFar => {
                    self.window.consume(self.row_bytes_max.max(1));
                    continue;
                }
            };
            match self.mark(open)? {
                Mark::RowStart | Mark::RootEnd => {
                    self.window.consume(open);
                    return Ok(());
                }
                Mark::RowEnd => {
                    self.window.consume(open + 1);
                    return Ok(());
                }
                Mark::Other(_) | Mark::DocType => self.window.consume(open + 1),
            }
        }
    }

    /// Where a start tag ends, quotes in its attributes heeded.
    fn tag_end(&mut self, from: usize) -> io::Result<Search> {
        let mut at = from;
        let mut quote = None;
        loop {
            let loaded = self.window.loaded();
            while at < loaded.len() {
                if at > self.row_bytes_max {
                    return Ok(Search::TooFar);
                }
                match (loaded[at], quote) {
                    (b'>', None) => return Ok(Search::At(at + 1)),
                    (sign @ (b'"' | b'\''), None) => quote = Some(sign),
                    (sign, Some(open)) if sign == open => quote = None,
                    _ => {}
                }
                at += 1;
            }
            if !self.window.grow()? {
                return Ok(Search::Ended);
            }
        }
    }

    /// The end of the next occurrence, or of `<` its start. It must begin within the limit from `from`: how much happens
    /// to be loaded decides nothing.
    fn find(&mut self, needle: &[u8], from: usize) -> io::Result<Search> {
        let mut at = from;
        let furthest = from.saturating_add(self.row_bytes_max);
        loop {
            let loaded = self.window.loaded();
            if let Some(found) = memmem::find(loaded.get(at..).unwrap_or_default(), needle) {
                let start = at + found;
                return Ok(match start <= furthest {
                    true if needle == b"<" => Search::At(start),
                    true => Search::At(start + needle.len()),
                    false => Search::TooFar,
                });
            }
            at = loaded.len().saturating_sub(needle.len() - 1).max(from);
            if at > furthest {
                return Ok(Search::TooFar);
            }
            if !self.window.grow()? {
                return Ok(Search::Ended);
            }
        }
    }

    fn mark(&mut self, open: usize) -> io::Result<Mark> {
        let longest = self.row.len().max(self.root.len()).max(8) + 4;
        let loaded = self.window.load(open + longest)?;
        let tag = &loaded[open + 1..];
        Ok(match tag {
            [b'!', b'-', b'-', ..] => Mark::Other(b"-->"),
            [b'?', ..] => Mark::Other(b"?>"),
            _ if tag.starts_with(b"![CDATA[") => Mark::Other(b"]]>"),
            [b'!', ..] => Mark::DocType,
            [b'/', end @ ..] if is_name(end, &self.row) => Mark::RowEnd,
            [b'/', end @ ..] if is_name(end, &self.root) => Mark::RootEnd,
            _ if is_name(tag, &self.row) => Mark::RowStart,
            _ => Mark::Other(b">"),
        })
    }
}

fn is_name(tag: &[u8], name: &[u8]) -> bool {
    !name.is_empty()
        && tag
            .strip_prefix(name)
            .is_some_and(|rest| matches!(rest.first(), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')))
}
