//! Edits of row elements: an edited row is written anew from its own text, with only the contents changed.

use super::{Edits, Outcome, Splicer, is_xml_text, offset, through_utf8};
use crate::encoding;
use crate::error::{FormatError, name_of};
use crate::replace::Replacement;
use crate::row::{Cell, Limits, plain_text};
use crate::source;
use crate::xml::{self, Framer, name, row::is_nil};
use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::escape::{escape, partial_escape};
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn write(
    template: &Path,
    row: &str,
    columns: &[String],
    limits: Limits,
    edits: &Edits,
    outcome: &mut Outcome,
    replacement: &mut Replacement,
) -> Result<(), FormatError> {
    let opened = xml::open(template, row, limits)?;
    let name = name_of(template);
    if encoding::is_wide(opened.encoding) {
        return through_utf8(template, opened.encoding, opened.mark_bytes, replacement, |splicer| {
            splice(&name, opened.framer, UTF_8, columns, edits, outcome, splicer)
        });
    }
    let splicer = Splicer::new(template, source::open(template)?, &mut replacement.writer, template);
    splice(&name, opened.framer, opened.encoding, columns, edits, outcome, splicer)
}

fn splice(
    name: &str,
    mut framer: Framer,
    encoding: &'static Encoding,
    columns: &[String],
    edits: &Edits,
    outcome: &mut Outcome,
    mut splicer: Splicer<'_>,
) -> Result<(), FormatError> {
    while let Some(element) = framer.next(name)? {
        let Some(wanted) = outcome.edits_of(edits, element.ordinal) else { continue };
        let text = if element.fault.is_some() { None } else { encoding::decode(encoding, &element.raw) };
        let old = text.as_deref().and_then(|text| xml::row::cells(text, columns).ok());
        let Some((text, old)) = text.zip(old) else {
            outcome.refuse_row(element.ordinal, wanted, "the row cannot be read");
            continue;
        };
        let edited =
            RowEdit { text: &text, columns, old: &old, locator: element.ordinal }.apply(wanted, outcome);
        if edited != text {
            // Letters outside the file's encoding become character references, which XML reads as the letters.
            let (bytes, _, _) = encoding.encode(&edited);
            let end = offset(element.start, element.raw.len());
            splicer.splice(element.start, end, &bytes)?;
        }
    }
    splicer.finish()
}

struct RowEdit<'a> {
    text: &'a str,
    columns: &'a [String],
    old: &'a [Cell],
    locator: u64,
}

/// Where a column's element stands in the row's text.
struct Child {
    start: usize,
    end: usize,
    /// The start tag without `nil` and without a closing slash.
    tag: String,
    name: String,
}

/// The row's structure.
#[derive(Default)]
struct Parts {
    children: BTreeMap<String, Child>,
    /// Start and end of the row's start tag.
    row_tag: (usize, usize),
    /// The white space before the first child.
    indent: String,
}

impl RowEdit<'_> {
    fn apply(&self, wanted: &[(String, Cell)], outcome: &mut Outcome) -> String {
        let Some(parts) = parts(self.text) else {
            outcome.refuse_row(self.locator, wanted, "the row cannot be read");
            return self.text.to_owned();
        };
        // Keyed by place and column, so that what is inserted at one place keeps the order of the columns.
        let mut pieces: BTreeMap<(usize, usize), (usize, String)> = BTreeMap::new();
        for (column, cell) in wanted {
            let Some(place) = outcome.place(self.locator, self.columns, column) else { continue };
            let new = plain_text(cell);
            if plain_text(self.old.get(place).unwrap_or(&Cell::Absent)) == new {
                continue;
            }
            if !is_xml_text(&new) {
                outcome.refuse(self.locator, column, "XML cannot hold it");
                continue;
            }
            let piece = match column.strip_prefix('@') {
                Some(attribute) => self.attribute(&parts, attribute, &new),
                None => Some(self.element(&parts, place, column, &new)),
            };
            match piece {
                Some((start, end, text)) => {
                    pieces.insert((start, place), (end, text));
                    outcome.cells += 1;
                }
                None => outcome.refuse(self.locator, column, "the row has no such attribute"),
            }
        }
        let mut edited = String::with_capacity(self.text.len());
        let mut at = 0;
        for ((start, _), (end, text)) in pieces {
            edited.push_str(self.text.get(at..start).unwrap_or_default());
            edited.push_str(&text);
            at = end.max(at);
        }
        edited.push_str(self.text.get(at..).unwrap_or_default());
        edited
    }

    fn element(&self, parts: &Parts, place: usize, column: &str, new: &str) -> (usize, usize, String) {
        let content = partial_escape(new).replace('\r', "&#13;");
        if let Some(child) = parts.children.get(column) {
            let text = format!("{}>{content}</{}>", child.tag, child.name);
            return (child.start, child.end, text);
        }
        let name = name::encode(column);
        let element = format!("{}<{name}>{content}</{name}>", parts.indent);
        let before = self.columns.iter().take(place).rev().find_map(|column| parts.children.get(column));
        let at = before.map_or(parts.row_tag.1, |child| child.end);
        (at, at, element)
    }

    fn attribute(&self, parts: &Parts, attribute: &str, new: &str) -> Option<(usize, usize, String)> {
        let (start, end) = parts.row_tag;
        let tag = self.text.get(start..end)?;
        let value = attribute_value(tag, &name::encode(attribute))?;
        let text = escape(new).replace('\r', "&#13;").replace('\n', "&#10;").replace('\t', "&#9;");
        Some((start + value.0, start + value.1, text))
    }
}

/// Where an attribute's value stands in a tag that is known to be well-formed.
fn attribute_value(tag: &str, name: &str) -> Option<(usize, usize)> {
    let mut at = tag.find(|letter: char| letter.is_ascii_whitespace())?;
    loop {
        let rest = tag.get(at..)?;
        let equals = rest.find('=')?;
        let key = rest.get(..equals)?.trim();
        let after = rest.get(equals + 1..)?;
        let open = after.find(['"', '\''])?;
        let quote = after.get(open..)?.chars().next()?;
        let start = at + equals + 1 + open + 1;
        let end = start + tag.get(start..)?.find(quote)?;
        if key == name {
            return Some((start, end));
        }
        at = end + 1;
    }
}

fn parts(text: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    let mut reader = Reader::from_str(text);
    let mut depth = 0;
    let mut open: Option<(String, Child)> = None;
    loop {
        let start = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let end = usize::try_from(reader.buffer_position()).ok()?;
        match event {
            Event::Start(_) if depth == 0 => {
                parts.row_tag = (start, end);
                depth = 1;
            }
            Event::Start(tag) => {
                if depth == 1 {
                    open = Some((name::decode(tag.name().as_ref()), child(text, &tag, start, end)?));
                }
                depth += 1;
            }
            // A row that is one empty tag has no place for an element.
            Event::Empty(_) if depth == 0 => return None,
            Event::Empty(tag) if depth == 1 => {
                let child = child(text, &tag, start, end)?;
                parts.children.insert(name::decode(tag.name().as_ref()), child);
            }
            Event::End(_) => {
                depth -= 1;
                if depth == 1
                    && let Some((column, mut child)) = open.take()
                {
                    child.end = end;
                    parts.children.insert(column, child);
                }
            }
            Event::Text(space) if depth == 1 && parts.children.is_empty() && parts.indent.is_empty() => {
                parts.indent = if space.trim().is_empty() { space.to_string() } else { String::new() };
            }
            Event::Eof => return Some(parts),
            _ => {}
        }
    }
}

fn child(text: &str, tag: &BytesStart<'_>, start: usize, end: usize) -> Option<Child> {
    let written = text.get(start..end)?;
    let mut plain = written.trim_end_matches('>').trim_end_matches('/').trim_end().to_owned();
    if is_nil(tag).unwrap_or(false) {
        let key = tag.attributes().flatten().map(|attribute| attribute.key.as_ref().to_owned());
        let key = key.into_iter().find(|key| key == "nil" || key.ends_with(":nil"))?;
        let (_, value_end) = attribute_value(written, &key)?;
        let key_start = written.get(..value_end)?.rfind(&key)?;
        let before = written.get(..key_start)?.trim_end();
        let after = plain.get(value_end + 1..).unwrap_or_default();
        plain = format!("{before}{after}");
    }
    let name = tag.name().as_ref().to_owned();
    Some(Child { start, end, tag: plain, name })
}
