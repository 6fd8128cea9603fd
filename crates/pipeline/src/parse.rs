//! From what a connector read to parsed rows: the pure half of taking in.

use crate::message;
use std::sync::Arc;
use yibiao_contract::{EdgeError, Edition, Item, Recovery};
use yibiao_format::Row;
use yibiao_mapping::{BindError, Mapping, Parsed};
use yibiao_record::SystemId;

/// One thing on its way into the node.
#[derive(Debug)]
pub(crate) enum Parcel {
    /// An edition begins.
    Open { name: Box<str>, whole: bool },
    /// A row and what it says.
    Row { locator: u64, raw: Vec<u8>, parsed: Parsed },
    /// A row that cannot be taken in: kept with its bytes.
    Refused { edition: Box<str>, locator: u64, raw: Vec<u8>, rule: &'static str, reason: String },
    /// The edition was read to its end.
    Close,
}

/// Parses the items of one source, in order.
#[derive(Debug)]
pub(crate) struct Parser {
    mapping: Arc<Mapping>,
    /// The edition that is being read; `None` where none is, or where it was refused as a whole.
    edition: Option<Edition>,
    /// Editions that were refused as a whole and that nobody was told of yet.
    refused: Vec<EdgeError>,
}

/// The rule name of a row that its file's reader refused.
pub(crate) const UNREADABLE: &str = "unreadable";

impl Parser {
    /// A parser at the start of a source.
    pub(crate) fn new(mapping: Arc<Mapping>) -> Self {
        Self { mapping, edition: None, refused: Vec::new() }
    }

    /// Whose rows it parses.
    pub(crate) fn system(&self) -> SystemId {
        self.mapping.system()
    }

    /// Forgets the edition that broke off.
    pub(crate) fn abandon(&mut self) {
        self.edition = None;
    }

    /// The editions that were refused as a whole since it was last asked.
    pub(crate) fn refused(&mut self) -> Vec<EdgeError> {
        std::mem::take(&mut self.refused)
    }

    /// Parses a batch. Nothing is lost: what cannot be parsed comes out as refused, with its bytes.
    pub(crate) fn parse(&mut self, items: Vec<Item>) -> Vec<Parcel> {
        let mut parcels = Vec::with_capacity(items.len());
        let mut items = items.into_iter().peekable();
        while let Some(item) = items.next() {
            match item {
                Item::Open(edition) => self.open(edition, &mut parcels),
                Item::Close => {
                    if self.edition.take().is_some() {
                        parcels.push(Parcel::Close);
                    }
                }
                Item::Messages(messages) => message::parse(&self.mapping, messages, &mut parcels),
                row => {
                    let rows = std::iter::once(row).chain(std::iter::from_fn(|| {
                        items.next_if(|item| matches!(item, Item::Row(_) | Item::Bad(_)))
                    }));
                    self.rows(rows, &mut parcels);
                }
            }
        }
        parcels
    }

    fn open(&mut self, edition: Edition, parcels: &mut Vec<Parcel>) {
        let name: Box<str> = edition.name.as_str().into();
        match self.mapping.bind(&edition.name, &edition.opening) {
            Ok(binding) => {
                for warning in binding.warnings() {
                    tracing::warn!(system = %self.mapping.system(), edition = %name, %warning, "columns differ from the mapping");
                }
                parcels.push(Parcel::Open { name, whole: edition.whole });
                self.edition = Some(edition);
            }
            Err(BindError { edition, reason, hint }) => {
                self.refused.push(EdgeError {
                    attempt: format!("cannot read {edition}"),
                    reason,
                    hint: hint.to_owned(),
                    recovery: Recovery::Quarantine,
                    edition: Some(name.into()),
                });
                self.edition = None;
            }
        }
    }

    /// The rows between two other items, bound to their columns once.
    fn rows(&self, rows: impl Iterator<Item = Item>, parcels: &mut Vec<Parcel>) {
        let Some(edition) = &self.edition else { return }; // refused as a whole: its file is its record
        let Ok(binding) = self.mapping.bind(&edition.name, &edition.opening) else { return };
        let name = || edition.name.as_str().into();
        for item in rows {
            parcels.push(match item {
                Item::Row(row) => match binding.parse(&row) {
                    Ok(parsed) => {
                        let Row { locator, raw, .. } = row;
                        Parcel::Row { locator, raw, parsed }
                    }
                    Err(refused) => {
                        let column =
                            refused.column.map(|column| format!("column {column}: ")).unwrap_or_default();
                        let reason = format!("{column}{}", refused.reason);
                        Parcel::Refused {
                            edition: name(),
                            locator: row.locator,
                            raw: row.raw,
                            rule: refused.rule,
                            reason,
                        }
                    }
                },
                Item::Bad(bad) => Parcel::Refused {
                    edition: name(),
                    locator: bad.locator,
                    raw: bad.raw,
                    rule: UNREADABLE,
                    reason: bad.reason,
                },
                Item::Open(_) | Item::Close | Item::Messages(_) => continue,
            });
        }
    }
}
