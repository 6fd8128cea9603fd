//! One row element as cells.

use super::{attributes, name};
use crate::row::Cell;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// The cells of a row element. The reason never quotes its content.
pub(crate) fn cells(element: &str, columns: &[String]) -> Result<Vec<Cell>, String> {
    let mut cells: Vec<Option<Cell>> = vec![None; columns.len()];
    let mut reader = Reader::from_str(element);
    let mut open: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut nil = false;
    loop {
        match reader.read_event().map_err(|_| "it is not well-formed XML".to_owned())? {
            Event::Start(start) if open.is_empty() => {
                row_attributes(&start, columns, &mut cells)?;
                open.push(String::new());
            }
            Event::Empty(start) if open.is_empty() => row_attributes(&start, columns, &mut cells)?,
            Event::Start(start) => {
                let column = name::decode(start.name().as_ref());
                if open.len() > 1 && columns.contains(open.get(1).unwrap_or(&column)) {
                    return Err(format!("element {} holds elements", open.get(1).unwrap_or(&column)));
                }
                text.clear();
                nil = is_nil(&start)?;
                open.push(column);
            }
            Event::Empty(start) if open.len() == 1 => {
                let cell = if is_nil(&start)? { Cell::Absent } else { Cell::Text(String::new()) };
                set(&name::decode(start.name().as_ref()), cell, columns, &mut cells)?;
            }
            Event::End(_) => {
                let closed = open.pop().ok_or("it is not well-formed XML")?;
                if open.len() == 1 {
                    let cell = if nil { Cell::Absent } else { Cell::Text(std::mem::take(&mut text)) };
                    set(&closed, cell, columns, &mut cells)?;
                }
            }
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::CData(piece) => text.push_str(&piece.xml10_content()),
            Event::GeneralRef(reference) => text.push_str(&resolve(&reference)?),
            Event::DocType(_) => return Err("a document type stands inside it".to_owned()),
            Event::Eof if open.is_empty() => break,
            Event::Eof => return Err("it is not well-formed XML".to_owned()),
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
    }
    Ok(cells.into_iter().map(|cell| cell.unwrap_or(Cell::Absent)).collect())
}

/// Whether the element says that it has no value.
pub(crate) fn is_nil(start: &BytesStart<'_>) -> Result<bool, String> {
    if start.attributes_raw().trim().is_empty() {
        return Ok(false);
    }
    let attributes = attributes(start)?;
    Ok(attributes.iter().any(|(name, value)| {
        (name == "nil" || name.ends_with(":nil")) && matches!(value.trim(), "true" | "1")
    }))
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return Ok(letter.to_string());
    }
    resolve_xml_entity(reference)
        .map(str::to_owned)
        .ok_or_else(|| "it uses an entity that is not predefined".to_owned())
}

fn row_attributes(
    start: &BytesStart<'_>,
    columns: &[String],
    cells: &mut [Option<Cell>],
) -> Result<(), String> {
    for (key, value) in attributes(start)? {
        set(&format!("@{key}"), Cell::Text(value), columns, cells)?;
    }
    Ok(())
}

fn set(column: &str, cell: Cell, columns: &[String], cells: &mut [Option<Cell>]) -> Result<(), String> {
    let Some(slot) = columns.iter().position(|name| name == column).and_then(|place| cells.get_mut(place))
    else {
        return Ok(());
    };
    match slot.replace(cell) {
        None => Ok(()),
        Some(_) => Err(format!("element {column} stands twice")),
    }
}
