//! The text of a worksheet with some cells replaced.

use super::{NewCell, Outcome, Wanted, attribute};
use crate::row::Cell;
use crate::xml::name::looks_escaped;
use quick_xml::Reader;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// The sheet with the wanted cells; `None` if it is not well-formed.
pub(super) fn edit(text: &str, wanted: &Wanted, outcome: &mut Outcome) -> Option<String> {
    let mut edited = String::with_capacity(text.len() + (1 << 12));
    let mut copied = 0;
    let mut reader = Reader::from_str(text);
    let mut next_row = 0;
    let mut styles = Vec::new();
    loop {
        let start = usize::try_from(reader.buffer_position()).ok()?;
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "col" => {
                styles.extend(column_style(&tag));
            }
            Event::Start(tag) if tag.local_name().as_ref() == "row" => {
                let row = match attribute(&tag, "r") {
                    Some(number) => number.parse::<u32>().ok()?.checked_sub(1)?,
                    None => next_row,
                };
                next_row = row + 1;
                let cells = wanted.get(&row);
                let open = Row { number: row, prefix: prefix(&tag), style: row_style(&tag), styles: &styles };
                let pieces = open.pieces(text, &mut reader, cells, outcome)?;
                for (from, to, piece) in pieces {
                    edited.push_str(text.get(copied..from)?);
                    edited.push_str(&piece);
                    copied = to;
                }
            }
            Event::Empty(tag) if tag.local_name().as_ref() == "row" => {
                next_row = match attribute(&tag, "r") {
                    Some(number) => number.parse().ok()?,
                    None => next_row + 1,
                };
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            _ => debug_assert!(start <= text.len(), "the reader stays within its text"),
        }
    }
    edited.push_str(text.get(copied..)?);
    Some(edited)
}

/// A row's start tag.
struct Row<'a> {
    number: u32,
    /// The namespace prefix of its name, with the colon.
    prefix: String,
    /// The style of cells that the row does not hold yet.
    style: Option<String>,
    /// Styles of columns: first, last, style.
    styles: &'a [(u32, u32, String)],
}

/// A cell as it stands in the sheet.
struct Found {
    place: u32,
    start: usize,
    end: usize,
    attributes: String,
    formula: bool,
}

type Piece = (usize, usize, String);

impl Row<'_> {
    /// Reads the row to its end; the pieces to put in the place of its cells, in order.
    fn pieces(
        &self,
        text: &str,
        reader: &mut Reader<&[u8]>,
        wanted: Option<&BTreeMap<u32, NewCell>>,
        outcome: &mut Outcome,
    ) -> Option<Vec<Piece>> {
        let (cells, end) = self.cells(reader)?;
        let mut pieces: Vec<Piece> = Vec::new();
        for (place, new) in wanted.into_iter().flatten() {
            let locator = u64::from(self.number) + 1;
            match cells.iter().find(|cell| cell.place == *place) {
                Some(cell) if cell.formula => {
                    outcome.refuse(locator, &new.column, "the cell holds a formula");
                    continue;
                }
                Some(cell) => pieces.push((cell.start, cell.end, self.cell(&cell.attributes, &new.cell))),
                None => {
                    let at = cells.iter().find(|cell| cell.place > *place).map_or(end, |cell| cell.start);
                    let style = self.style.clone().or_else(|| self.column_style(*place));
                    let style = style.map(|style| format!(" s=\"{style}\"")).unwrap_or_default();
                    let attributes = format!(" r=\"{}{locator}\"{style}", letters(*place));
                    pieces.push((at, at, self.cell(&attributes, &new.cell)));
                }
            }
            outcome.cells += 1;
        }
        debug_assert!(pieces.iter().all(|(_, end, _)| *end <= text.len()), "pieces lie within the sheet");
        Some(pieces)
    }

    /// The row's cells, and where its end tag starts.
    fn cells(&self, reader: &mut Reader<&[u8]>) -> Option<(Vec<Found>, usize)> {
        let mut cells: Vec<Found> = Vec::new();
        let mut next_place = 0;
        let mut inside = false;
        loop {
            let start = usize::try_from(reader.buffer_position()).ok()?;
            let event = reader.read_event().ok()?;
            let end = usize::try_from(reader.buffer_position()).ok()?;
            match event {
                Event::Start(tag) if tag.local_name().as_ref() == "c" => {
                    cells.push(found(&tag, next_place, start, end)?);
                    inside = true;
                }
                Event::Empty(tag) if tag.local_name().as_ref() == "c" => {
                    cells.push(found(&tag, next_place, start, end)?);
                    next_place = cells.last()?.place + 1;
                }
                Event::Start(tag) | Event::Empty(tag) if inside && tag.local_name().as_ref() == "f" => {
                    cells.last_mut()?.formula = true;
                }
                Event::End(tag) if tag.local_name().as_ref() == "c" => {
                    let cell = cells.last_mut()?;
                    cell.end = end;
                    next_place = cell.place + 1;
                    inside = false;
                }
                Event::End(tag) if tag.local_name().as_ref() == "row" => return Some((cells, start)),
                Event::Eof => return None,
                _ => {}
            }
        }
    }

    fn cell(&self, attributes: &str, cell: &Cell) -> String {
        let p = &self.prefix;
        match cell {
            Cell::Absent => format!("<{p}c{attributes}/>"),
            Cell::Text(text) if text.is_empty() => format!("<{p}c{attributes}/>"),
            Cell::Text(text) => {
                let space = if text.trim() == text { "" } else { " xml:space=\"preserve\"" };
                let text = escaped(text);
                format!("<{p}c{attributes} t=\"inlineStr\"><{p}is><{p}t{space}>{text}</{p}t></{p}is></{p}c>")
            }
            Cell::Number(number) | Cell::DateSerial(number) => {
                format!("<{p}c{attributes}><{p}v>{number}</{p}v></{p}c>")
            }
            Cell::Integer(number) => format!("<{p}c{attributes}><{p}v>{number}</{p}v></{p}c>"),
            Cell::Bool(value) => {
                format!("<{p}c{attributes} t=\"b\"><{p}v>{}</{p}v></{p}c>", u8::from(*value))
            }
        }
    }

    fn column_style(&self, place: u32) -> Option<String> {
        let style = self.styles.iter().find(|(first, last, _)| (*first..=*last).contains(&place));
        style.map(|(_, _, style)| style.clone())
    }
}

fn found(tag: &BytesStart<'_>, next_place: u32, start: usize, end: usize) -> Option<Found> {
    let place = match attribute(tag, "r") {
        Some(reference) => place_of(&reference)?,
        None => next_place,
    };
    // The type belongs to the old value; `cm` and `vm` to a formula or a value of the newest kinds.
    let attributes = tag
        .attributes()
        .flatten()
        .filter(|attribute| !matches!(attribute.key.as_ref(), "t" | "cm" | "vm"))
        .map(|attribute| format!(" {}=\"{}\"", attribute.key.as_ref(), attribute.value))
        .collect();
    Some(Found { place, start, end, attributes, formula: false })
}

fn prefix(tag: &BytesStart<'_>) -> String {
    tag.name().prefix().map(|prefix| format!("{}:", prefix.as_ref())).unwrap_or_default()
}

fn row_style(tag: &BytesStart<'_>) -> Option<String> {
    let own = attribute(tag, "customFormat").is_some_and(|own| own == "1" || own == "true");
    own.then(|| attribute(tag, "s"))?
}

fn column_style(tag: &BytesStart<'_>) -> Option<(u32, u32, String)> {
    let first = attribute(tag, "min")?.parse::<u32>().ok()?.checked_sub(1)?;
    let last = attribute(tag, "max")?.parse::<u32>().ok()?.checked_sub(1)?;
    Some((first, last, attribute(tag, "style")?))
}

/// The column of a reference such as `AB12`, from 0.
fn place_of(reference: &str) -> Option<u32> {
    let mut place: u32 = 0;
    for letter in reference.chars().take_while(char::is_ascii_alphabetic) {
        let value = u32::from(letter.to_ascii_uppercase()) - u32::from('A') + 1;
        place = place.checked_mul(26)?.checked_add(value)?;
    }
    place.checked_sub(1)
}

/// The letters of a column, from 0.
fn letters(place: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = place + 1;
    while rest > 0 {
        let digit = (rest - 1) % 26;
        letters.extend(char::from_u32(u32::from('A') + digit));
        rest = (rest - 1) / 26;
    }
    letters.into_iter().rev().collect()
}

/// The text as a sheet holds it: what looks like its escape is escaped.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        plain.push_str(before);
        plain.push_str(if looks_escaped(from, |next| next == '\r') { "_x005F_" } else { "_" });
        rest = from.strip_prefix('_').unwrap_or_default();
    }
    plain.push_str(rest);
    partial_escape(plain).replace('\r', "_x000D_")
}

#[cfg(test)]
mod tests {
    use super::{letters, place_of};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_letters_of_a_column_name_it(place in 0_u32..16_384) {
            prop_assert_eq!(place_of(&format!("{}7", letters(place))), Some(place));
        }
    }
}
