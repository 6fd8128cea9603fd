//! Edits of JSON lines: a value's bytes are replaced; a missing key comes behind the others.

use super::{Edits, Outcome, Splicer, offset, same};
use crate::error::{FormatError, name_of};
use crate::ndjson::{Framer, cells};
use crate::replace::Replacement;
use crate::row::{Cell, Limits};
use crate::source;
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

pub(super) fn write(
    template: &Path,
    columns: &[String],
    limits: Limits,
    edits: &Edits,
    outcome: &mut Outcome,
    replacement: &mut Replacement,
) -> Result<(), FormatError> {
    let name = name_of(template);
    let mut framer = Framer::open(template, limits)?;
    let mut splicer = Splicer::new(template, source::open(template)?, &mut replacement.writer, template);
    while let Some(line) = framer.next().map_err(|cause| FormatError::io(&name, cause))? {
        let Some(wanted) = outcome.edits_of(edits, line.number) else { continue };
        let old = if line.cut { None } else { cells(&line.raw, columns).ok() };
        let Some((old, values)) = old.zip(values(&line.raw)) else {
            outcome.refuse_row(line.number, wanted, "the row cannot be read");
            continue;
        };
        let style = Style::of(&line.raw);
        let mut pieces = BTreeMap::new();
        let mut missing = String::new();
        for (column, cell) in wanted {
            let Some(place) = outcome.place(line.number, columns, column) else { continue };
            let before = old.get(place).unwrap_or(&Cell::Absent);
            if same(before, cell) && matches!(before, Cell::Absent) == matches!(cell, Cell::Absent) {
                continue;
            }
            let Some(json) = style.json(cell) else {
                outcome.refuse(line.number, column, "JSON cannot hold it");
                continue;
            };
            outcome.cells += 1;
            match values.get(column.as_str()) {
                Some((start, end)) => {
                    pieces.insert(*start, (*end, json));
                }
                None => {
                    let key = style.text(column);
                    let Style { comma, colon, .. } = &style;
                    missing.push_str(&format!("{comma}{key}{colon}{json}"));
                }
            }
        }
        for (start, (end, json)) in pieces {
            splicer.splice(offset(line.start, start), offset(line.start, end), json.as_bytes())?;
        }
        if !missing.is_empty() {
            let close = line.raw.iter().rposition(|byte| *byte == b'}').unwrap_or(line.raw.len());
            let missing = if values.is_empty() { missing.trim_start_matches([',', ' ']) } else { &missing };
            let at = offset(line.start, close);
            splicer.splice(at, at, missing.as_bytes())?;
        }
    }
    splicer.finish()
}

/// How a line is written.
struct Style {
    comma: &'static str,
    colon: &'static str,
    ascii: bool,
}

impl Style {
    fn of(line: &[u8]) -> Style {
        let has = |needle: &[u8]| memchr::memmem::find(line, needle).is_some();
        Style {
            comma: if has(b", \"") { ", " } else { "," },
            colon: if has(b"\": ") { ": " } else { ":" },
            ascii: line.is_ascii() && has(b"\\u"),
        }
    }

    fn json(&self, cell: &Cell) -> Option<String> {
        Some(match cell {
            Cell::Absent => "null".to_owned(),
            Cell::Text(text) => self.text(text),
            Cell::Integer(number) => number.to_string(),
            Cell::Bool(value) => value.to_string(),
            Cell::Number(number) | Cell::DateSerial(number) => {
                return number.is_finite().then(|| number.to_string());
            }
        })
    }

    fn text(&self, text: &str) -> String {
        let json = serde_json::Value::from(text).to_string();
        if !self.ascii {
            return json;
        }
        let mut plain = String::with_capacity(json.len());
        for letter in json.chars() {
            if letter.is_ascii() {
                plain.push(letter);
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    plain.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        plain
    }
}

/// Where the values stand in the line, by key.
fn values(line: &[u8]) -> Option<BTreeMap<String, (usize, usize)>> {
    let mut parser = serde_json::Deserializer::from_slice(line);
    let values = parser.deserialize_map(ValuesVisitor).ok()?;
    let base = line.as_ptr().addr();
    values
        .into_iter()
        .map(|(key, value)| {
            // The value is a slice of the line: its address tells its place.
            let start = value.get().as_ptr().addr().checked_sub(base)?;
            Some((key, (start, start + value.get().len())))
        })
        .collect()
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            values.push((key, value));
        }
        Ok(values)
    }
}
