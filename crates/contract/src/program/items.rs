//! Items as lines, and back.

use super::lines::{Answer, BadLine, Bytes, MessageLine, MessagesLine, OpenLine, RowLine};
use crate::{Edition, Item, Message, MessageBody, Messages};
use yibiao_format::{BadRow, Cell, Opening, Row, cells_json};
use yibiao_record::Timestamp;

/// A cell as JSON.
fn json(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Absent => serde_json::Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Number(number) | Cell::DateSerial(number) => (*number).into(),
        Cell::Integer(number) => (*number).into(),
        Cell::Bool(value) => (*value).into(),
    }
}

/// A cell from JSON; what is nested comes as its text.
fn cell(value: serde_json::Value) -> Cell {
    match value {
        serde_json::Value::Null => Cell::Absent,
        serde_json::Value::String(text) => Cell::Text(text),
        serde_json::Value::Bool(value) => Cell::Bool(value),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            (None, Some(number)) => Cell::Number(number),
            (None, None) => Cell::Text(number.to_string()),
        },
        nested => Cell::Text(nested.to_string()),
    }
}

/// An item as lines.
pub fn lines_of(item: &Item) -> Vec<Answer> {
    match item {
        Item::Open(edition) => {
            let Edition { name, opening, whole, .. } = edition.clone();
            vec![Answer::Open(OpenLine { name, columns: opening.columns, whole })]
        }
        Item::Row(row) => {
            let cells = row.cells.iter().map(json).collect();
            vec![Answer::Row(RowLine { at: row.locator, cells, bytes: Bytes::of(&row.raw) })]
        }
        Item::Bad(bad) => {
            let BadRow { locator, raw, reason } = bad.clone();
            vec![Answer::Bad(BadLine { at: locator, reason, bytes: Bytes::of(&raw) })]
        }
        Item::Close => vec![Answer::Close {}],
        Item::Messages(messages) => {
            let Messages { name, columns, messages } = messages;
            let head = Answer::Messages(MessagesLine { name: name.clone(), columns: columns.clone() });
            std::iter::once(head).chain(messages.iter().map(message_line)).collect()
        }
    }
}

fn message_line(message: &Message) -> Answer {
    let bytes = Bytes::of(&message.raw);
    let line = MessageLine {
        at: message.locator,
        time: message.at.0,
        key: message.key.clone(),
        bytes,
        ..MessageLine::default()
    };
    Answer::Message(match &message.body {
        MessageBody::Cells(cells) => MessageLine { cells: Some(cells.iter().map(json).collect()), ..line },
        MessageBody::Delete => MessageLine { delete: true, ..line },
        MessageBody::Bad(reason) => MessageLine { bad: Some(reason.clone()), ..line },
    })
}

/// Items, put together from lines.
#[derive(Debug, Default)]
pub struct Items(Vec<Item>);

impl Items {
    /// Takes a line; gives back one that is no item, or a message without its `messages`.
    pub fn take(&mut self, line: Answer) -> Result<(), Box<Answer>> {
        self.0.push(match line {
            Answer::Open(OpenLine { name, columns, whole }) => {
                let opening = Opening { columns, ..Opening::default() };
                Item::Open(Edition { name, opening, whole, digest: "".into() })
            }
            Answer::Row(RowLine { at, cells, bytes }) => {
                let cells: Vec<Cell> = cells.into_iter().map(cell).collect();
                let raw = bytes.get().unwrap_or_else(|| cells_json(&cells));
                Item::Row(Row { locator: at, cells, raw })
            }
            Answer::Bad(BadLine { at, reason, bytes }) => {
                Item::Bad(BadRow { locator: at, raw: bytes.get().unwrap_or_default(), reason })
            }
            Answer::Close {} => Item::Close,
            Answer::Messages(MessagesLine { name, columns }) => {
                Item::Messages(Messages { name, columns, messages: Vec::new() })
            }
            Answer::Message(line) => match self.0.last_mut() {
                Some(Item::Messages(messages)) => {
                    messages.messages.push(message(line));
                    return Ok(());
                }
                _ => return Err(Box::new(Answer::Message(line))),
            },
            other => return Err(Box::new(other)),
        });
        Ok(())
    }

    /// The items.
    pub fn end(self) -> Vec<Item> {
        self.0
    }
}

fn message(line: MessageLine) -> Message {
    let MessageLine { at, time, key, cells, delete, bad, bytes } = line;
    let cells: Option<Vec<Cell>> = cells.map(|cells| cells.into_iter().map(cell).collect());
    let raw = bytes.get().or_else(|| cells.as_deref().map(cells_json)).unwrap_or_default();
    let body = match (bad, cells) {
        (Some(reason), _) => MessageBody::Bad(reason),
        (None, _) if delete => MessageBody::Delete,
        (None, Some(cells)) => MessageBody::Cells(cells),
        (None, None) => MessageBody::Bad("it has neither `cells`, `delete` nor `bad`".to_owned()),
    };
    Message { locator: at, key, at: Timestamp(time), raw, body }
}
