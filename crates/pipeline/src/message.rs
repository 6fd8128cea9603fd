//! From messages to parsed rows: each binds by itself, none belongs to an edition.

use crate::parse::{Parcel, UNREADABLE};
use yibiao_contract::{Message, MessageBody, Messages};
use yibiao_mapping::{Mapping, MessageBinding};

/// Parses messages, in order. Nothing is lost: what cannot be parsed comes out as refused, with its bytes.
pub(crate) fn parse(mapping: &Mapping, messages: Messages, parcels: &mut Vec<Parcel>) {
    let Messages { name, columns, messages } = messages;
    let binding = mapping.bind_messages(&name, &columns);
    parcels.extend(messages.into_iter().map(|message| match &binding {
        Ok(binding) => parcel(binding, &name, message),
        Err(error) => refused(&name, message.locator, message.raw, UNREADABLE, error.reason.clone()),
    }));
}

fn parcel(binding: &MessageBinding<'_>, name: &str, message: Message) -> Parcel {
    let Message { locator, key, at, raw, body } = message;
    let parsed = match body {
        MessageBody::Cells(cells) => binding.parse(key.as_deref(), at, cells),
        MessageBody::Delete => binding.delete(key.as_deref(), at),
        MessageBody::Bad(reason) => return refused(name, locator, raw, UNREADABLE, reason),
    };
    match parsed {
        // People know the row by its key, not by where its last message lay.
        Ok(parsed) => Parcel::Row { locator: 0, raw, parsed },
        Err(fault) => {
            let column = fault.column.map(|column| format!("column {column}: ")).unwrap_or_default();
            refused(name, locator, raw, fault.rule, format!("{column}{}", fault.reason))
        }
    }
}

fn refused(name: &str, locator: u64, raw: Vec<u8>, rule: &'static str, reason: String) -> Parcel {
    Parcel::Refused { edition: name.into(), locator, raw, rule, reason }
}
