//! One JSON object a line. Values are taken straight from the bytes of the line, no tree is built.

use crate::error::{FormatError, name_of};
use crate::row::{BadRow, Cell, Limits, Opening, Row};
use crate::source::{self, Window};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io;
use std::path::Path;

/// A line as it stands in the file.
pub(crate) struct Line {
    /// Where it starts, in plain bytes from the start of the file.
    pub(crate) start: u64,
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Its bytes without the line end, cut at the limit.
    pub(crate) raw: Vec<u8>,
    /// Whether it is cut.
    pub(crate) cut: bool,
}

/// Finds lines in a stream.
pub(crate) struct Framer {
    window: Window,
    number: u64,
    row_bytes_max: usize,
}

impl Framer {
    pub(crate) fn open(path: &Path, limits: Limits) -> Result<Framer, FormatError> {
        let mut window = Window::new(source::open(path)?);
        let head = window.load(3).map_err(|cause| FormatError::io(&name_of(path), cause))?;
        let mark_bytes = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        window.consume(mark_bytes);
        Ok(Framer::new(window, limits))
    }

    pub(crate) fn new(window: Window, limits: Limits) -> Framer {
        Framer { window, number: 0, row_bytes_max: limits.row_bytes_max }
    }

    /// The next line that is not blank; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let start = self.window.offset();
            let Some((mut raw, length)) = self.line()? else { return Ok(None) };
            self.number += 1;
            if raw.last() == Some(&b'\r') {
                raw.pop();
            }
            if raw.iter().all(u8::is_ascii_whitespace) && length <= self.row_bytes_max {
                continue;
            }
            return Ok(Some(Line { start, number: self.number, raw, cut: length > self.row_bytes_max }));
        }
    }

    /// The bytes up to the line end, at most so many as the limit says, and how many there were.
    fn line(&mut self) -> io::Result<Option<(Vec<u8>, usize)>> {
        let mut raw = Vec::new();
        let mut length: usize = 0;
        loop {
            let loaded = self.window.loaded();
            let end = memchr::memchr(b'\n', loaded);
            let part = end.unwrap_or(loaded.len());
            let room = self.row_bytes_max.saturating_sub(raw.len()).min(part);
            raw.extend_from_slice(loaded.get(..room).unwrap_or_default());
            length = length.saturating_add(part);
            self.window.consume(end.map_or(part, |end| end + 1));
            if end.is_some() {
                return Ok(Some((raw, length)));
            }
            if !self.window.grow()? {
                return Ok((length > 0).then_some((raw, length)));
            }
        }
    }
}

/// Reads the rows of a file.
pub(crate) struct Rows {
    framer: Framer,
    columns: Vec<String>,
}

impl Rows {
    pub(crate) fn open(
        path: &Path,
        columns: &[String],
        limits: Limits,
    ) -> Result<(Opening, Rows), FormatError> {
        let framer = Framer::open(path, limits)?;
        let opening = Opening { columns: columns.to_vec(), ..Opening::default() };
        Ok((opening, Rows { framer, columns: columns.to_vec() }))
    }

    pub(crate) fn locator(&self) -> u64 {
        self.framer.number
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Result<Row, BadRow>>> {
        let Some(Line { number: locator, raw, cut, .. }) = self.framer.next()? else { return Ok(None) };
        let cells = if cut {
            Err("it is longer than the limit `row_bytes_max`".to_owned())
        } else {
            cells(&raw, &self.columns)
        };
        Ok(Some(match cells {
            Ok(cells) => Ok(Row { locator, cells, raw }),
            Err(reason) => Err(BadRow { locator, raw, reason }),
        }))
    }
}

/// The cells of one line, one JSON object, in the order of `columns`; or why it has none. The reason never quotes the
/// line.
pub fn cells(line: &[u8], columns: &[String]) -> Result<Vec<Cell>, String> {
    let mut fault = None;
    let mut parser = serde_json::Deserializer::from_slice(line);
    let read = parser
        .deserialize_map(LineVisitor { columns, fault: &mut fault })
        .and_then(|cells| parser.end().map(|()| cells));
    match (read, fault) {
        (_, Some(fault)) => Err(fault),
        (Ok(cells), None) => Ok(cells),
        // The library's own message may quote the value: only the kind and the place are passed on.
        (Err(error), None) => Err(match error.classify() {
            serde_json::error::Category::Eof => "the JSON breaks off".to_owned(),
            serde_json::error::Category::Data => "it is no JSON object".to_owned(),
            _ => format!("it is not JSON from byte {} on", error.column()),
        }),
    }
}

struct LineVisitor<'a> {
    columns: &'a [String],
    fault: &'a mut Option<String>,
}

impl<'de> Visitor<'de> for LineVisitor<'_> {
    type Value = Vec<Cell>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Cell>, A::Error> {
        let mut cells: Vec<Option<Cell>> = vec![None; self.columns.len()];
        let mut expected = 0;
        while let Some(found) = map.next_key_seed(Key { columns: self.columns, expected })? {
            let Some(place) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            expected = place + 1;
            let value = map.next_value_seed(Value)?;
            if let Some(slot) = cells.get_mut(place)
                && slot.replace(value).is_some()
            {
                let column = self.columns.get(place).map(String::as_str).unwrap_or_default();
                *self.fault = Some(format!("key {column} stands twice"));
            }
        }
        Ok(cells.into_iter().map(|cell| cell.unwrap_or(Cell::Absent)).collect())
    }
}

/// Finds the column of a key. Most files keep one order, so the next column is tried first.
struct Key<'a> {
    columns: &'a [String],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        if self.columns.get(self.expected).is_some_and(|column| column == key) {
            return Ok(Some(self.expected));
        }
        Ok(self.columns.iter().position(|column| column == key))
    }
}

/// One value as a cell. An object or an array is kept as its JSON text.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
        // Beyond i64 the digits are kept as text, since a float would change them.
        Ok(i64::try_from(value).map_or_else(|_| Cell::Text(value.to_string()), Cell::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Cell, E> {
        Ok(Cell::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Cell, A::Error> {
        let tree = serde_json::Value::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Cell::Text(tree.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cell, A::Error> {
        let tree = serde_json::Value::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Cell::Text(tree.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use crate::row::Limits;
    use crate::testing::{Folder, ndjson, raws, render, render_within};

    fn check(content: &str) -> String {
        let folder = Folder::new();
        render(&folder.file("a.ndjson", content), &ndjson("k v"))
    }

    #[test]
    fn values_keep_the_type_that_the_file_gives_them() {
        insta::assert_snapshot!(check(
            "{\"k\":\"1\",\"v\":null}\n{\"v\":7,\"other\":[1],\"k\":true}\r\n{\"k\":1.5}\n{\"k\":18446744073709551615,\"v\":{\"b\":[1,\"x\"]}}"
        ), @r#"
        k v
        1 '1' ~
        2 true 7i
        3 1.5f ~
        4 '18446744073709551615' '{\"b\":[1,\"x\"]}'
        "#);
    }

    #[test]
    fn a_line_that_is_no_object_is_bad_and_its_content_is_not_quoted() {
        insta::assert_snapshot!(check(
            "[1]\n{\"k\":\"secret\n\n{\"k\":\"secret\" 1}\n{\"k\":\"a\",\"k\":\"b\"}\n\"secret\"\n{\"k\":\"1\"} x\n{\"k\":\"ok\"}\n"
        ), @r"
        k v
        1 bad (3 bytes): it is no JSON object
        2 bad (12 bytes): the JSON breaks off
        4 bad (16 bytes): it is not JSON from byte 15 on
        5 bad (17 bytes): key k stands twice
        6 bad (8 bytes): it is no JSON object
        7 bad (11 bytes): it is not JSON from byte 11 on
        8 'ok' ~
        ");
    }

    #[test]
    fn a_line_over_the_limit_is_cut_and_reading_goes_on() {
        let folder = Folder::new();
        let limits = Limits { row_bytes_max: 10, ..Limits::default() };
        let path = folder.file("a.ndjson", "{\"k\":\"aaaaaaaaaaaaaaaa\"}\n{\"k\":\"b\"}\n");
        insta::assert_snapshot!(render_within(&path, &ndjson("k"), limits), @r"
        k
        1 bad (10 bytes): it is longer than the limit `row_bytes_max`
        2 'b'
        ");
    }

    #[test]
    fn the_bytes_of_a_row_are_those_of_its_line() {
        let folder = Folder::new();
        let path = folder.file("a.ndjson", "\u{feff}{ \"k\" : 1 }\r\nbroken\n");
        assert_eq!(raws(&path, &ndjson("k")), [b"{ \"k\" : 1 }".to_vec(), b"broken".to_vec()]);
    }
}
