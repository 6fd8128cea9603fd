//! XML in which one element is one row. Rows are framed in the bytes of the file and parsed one by one, so that a
//! malformed row is a bad row and not the end of the file. No document type, no entities beyond the five predefined.

mod frame;
pub(crate) mod name;
pub(crate) mod row;

pub(crate) use frame::{Element, Framer};

use crate::encoding::{self, TextEncoding};
use crate::error::{FormatError, Problem, name_of};
use crate::row::{BadRow, Cell, Limits, Opening, Row};
use crate::source::{self, Window};
use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::path::Path;

const RESEND: &str = "have the file exported and delivered again";

/// Reads the rows of a file.
pub(crate) struct Rows {
    framer: Framer,
    file: String,
    columns: Vec<String>,
}

impl Rows {
    pub(crate) fn open(
        path: &Path,
        row: &str,
        columns: &[String],
        limits: Limits,
    ) -> Result<(Opening, Rows), FormatError> {
        let file = name_of(path);
        let Opened { framer, attributes, .. } = open(path, row, limits)?;
        let opening = Opening { columns: columns.to_vec(), titles: Vec::new(), attributes };
        Ok((opening, Rows { framer, file, columns: columns.to_vec() }))
    }

    pub(crate) fn locator(&self) -> u64 {
        self.framer.ordinal()
    }

    pub(crate) fn next(&mut self) -> Result<Option<Result<Row, BadRow>>, FormatError> {
        let Some(element) = self.framer.next(&self.file)? else { return Ok(None) };
        let Element { ordinal: locator, raw, fault, .. } = element;
        let encoding = self.framer.encoding();
        let cells = match fault {
            Some(reason) => Err(reason.to_owned()),
            None => cells(&raw, encoding, &self.columns),
        };
        Ok(Some(match cells {
            Ok(cells) => Ok(Row { locator, cells, raw }),
            Err(reason) => Err(BadRow { locator, raw, reason }),
        }))
    }
}

fn cells(raw: &[u8], encoding: &'static Encoding, columns: &[String]) -> Result<Vec<Cell>, String> {
    if encoding::is_stray_utf8(encoding, raw) {
        return Err(format!("it is utf-8 in a file that is {}", encoding.name().to_lowercase()));
    }
    let text = encoding::decode(encoding, raw)
        .ok_or_else(|| format!("it is not text in {}", encoding.name().to_lowercase()))?;
    row::cells(&text, columns)
}

/// A document that stands before its first row.
pub(crate) struct Opened {
    pub(crate) framer: Framer,
    /// The root's attributes.
    pub(crate) attributes: Vec<(String, String)>,
    /// The encoding of the file; rows come in UTF-8 where it is a wide one.
    pub(crate) encoding: &'static Encoding,
    pub(crate) mark_bytes: usize,
}

/// Opens the document, reads what stands before the first row, and stands before it.
pub(crate) fn open(path: &Path, row: &str, limits: Limits) -> Result<Opened, FormatError> {
    let file = name_of(path);
    let mut window = Window::new(source::open(path)?);
    let io = |cause| FormatError::io(&file, cause);
    let head = window.load(256).map_err(io)?;
    let text = declared(&file, head)?;
    window.consume(text.mark_bytes);
    if encoding::is_wide(text.encoding) {
        window = window.transcoded(text.encoding);
    }
    let bytes_of = if encoding::is_wide(text.encoding) { UTF_8 } else { text.encoding };
    let encoded = |name: &str| encoding::encode(bytes_of, name).unwrap_or_default();
    let mut framer = Framer::new(window, encoded(&name::encode(row)), bytes_of, limits);
    let before = framer.prologue().map_err(io)?.ok_or_else(|| {
        FormatError::new(
            &file,
            Problem::TooLarge,
            "what stands before the first row is longer than the limit `row_bytes_max`",
            "check the name of the row element in the mapping",
        )
    })?;
    let prologue = encoding::decode(bytes_of, &before).ok_or_else(|| {
        FormatError::new(
            &file,
            Problem::Encoding,
            format!("what stands before the first row is not text in {}", bytes_of.name().to_lowercase()),
            "have the encoding declared that the file is in",
        )
    })?;
    let root = root(&file, &prologue)?;
    framer.set_root(encoded(&root.name));
    Ok(Opened { framer, attributes: root.attributes, encoding: text.encoding, mark_bytes: text.mark_bytes })
}

/// The encoding by byte order mark or declaration.
fn declared(file: &str, head: &[u8]) -> Result<TextEncoding, FormatError> {
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(head) {
        return Ok(TextEncoding { encoding, mark_bytes });
    }
    let declaration: Vec<u8> = head.iter().copied().take_while(|byte| *byte != b'>').collect();
    let declaration = String::from_utf8_lossy(&declaration).replace('\'', "\"");
    let label = declaration
        .starts_with("<?xml")
        .then(|| declaration.split_once("encoding"))
        .flatten()
        .and_then(|(_, rest)| rest.split('"').nth(1));
    let Some(label) = label else { return Ok(TextEncoding { encoding: UTF_8, mark_bytes: 0 }) };
    let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        FormatError::new(
            file,
            Problem::Encoding,
            "the declared encoding is unknown",
            "have the file exported as UTF-8 or GB18030",
        )
    })?;
    let encoding = if encoding == encoding_rs::GBK { encoding_rs::GB18030 } else { encoding };
    Ok(TextEncoding { encoding, mark_bytes: 0 })
}

struct Root {
    name: String,
    attributes: Vec<(String, String)>,
}

fn root(file: &str, prologue: &str) -> Result<Root, FormatError> {
    if prologue.trim().is_empty() {
        return Err(source::empty(file));
    }
    let structure = |reason: String| FormatError::new(file, Problem::Structure, reason, RESEND);
    let mut reader = Reader::from_str(prologue);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                let attributes = attributes(&start).map_err(structure)?;
                return Ok(Root { name: start.name().as_ref().to_owned(), attributes });
            }
            Ok(Event::DocType(_)) => return Err(doctype(file)),
            Ok(Event::Text(text)) if !text.trim().is_empty() => {
                return Err(structure("it begins with text and is no XML".to_owned()));
            }
            Ok(Event::Eof) => return Err(structure("it has no root element".to_owned())),
            // A long document type may not be there to its end.
            Err(_) if prologue.contains("<!DOCTYPE") => return Err(doctype(file)),
            Err(_) => return Err(structure("it is no XML".to_owned())),
            Ok(_) => {}
        }
    }
}

pub(crate) fn doctype(file: &str) -> FormatError {
    FormatError::new(
        file,
        Problem::Structure,
        "it has a document type, which may define entities",
        "have it exported without <!DOCTYPE …>; such files are never read",
    )
}

/// The attributes of a tag with their names decoded, namespace declarations left out.
fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute =
            attribute.map_err(|_| "an attribute of a tag is malformed or stands twice".to_owned())?;
        let key = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|_| format!("attribute {key} uses an entity that is not predefined"))?;
        attributes.push((name::decode(key), value.into_owned()));
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests;
