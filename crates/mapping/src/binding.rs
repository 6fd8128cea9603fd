//! A mapping bound to the columns of one edition: rows in.

use crate::bind::Warning;
use crate::column::{Class, Column, Form, Said};
use crate::identity::{Identity, identity_text};
use crate::mapping::{Delete, Key, Mapping, Mode};
use crate::normal::{citizen_id, text};
use crate::observed::{self, Observed};
use std::fmt;
use yibiao_format::{Cell, Row};
use yibiao_record::{Claim, ClaimFlags, ElementId, Op, Timestamp, Value};
use yibiao_schema::element;

/// A mapping with the place of each of its columns in an edition.
#[derive(Debug)]
pub struct Binding<'mapping> {
    pub(crate) mapping: &'mapping Mapping,
    /// Of each column of the mapping, its place in the row.
    pub(crate) places: Vec<Option<usize>>,
    /// The places in the order of their elements, in which claims come out.
    pub(crate) by_element: Vec<usize>,
    pub(crate) identity: Vec<Slot<'mapping>>,
    pub(crate) key: Option<usize>,
    pub(crate) op: Option<usize>,
    pub(crate) version: Option<usize>,
    pub(crate) reason: Option<usize>,
    pub(crate) household: Option<usize>,
    pub(crate) dwelling: Option<usize>,
    pub(crate) observed_column: Option<usize>,
    pub(crate) observed: Option<Timestamp>,
    pub(crate) warnings: Vec<Warning>,
}

/// An identity column and its place in the row.
#[derive(Debug)]
pub(crate) struct Slot<'mapping> {
    pub(crate) column: &'mapping Column,
    pub(crate) place: usize,
}

/// A row that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Parsed {
    /// Who it is about.
    pub identity: Identity,
    /// What it does.
    pub op: Op,
    /// What orders the versions of one key; 0 where the source has no rule.
    pub version: i64,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// What it claims, by element.
    pub claims: Vec<Claim>,
    /// Its source's number of the household.
    pub household: Option<Box<str>>,
    /// Its source's number of the dwelling.
    pub dwelling: Option<Box<str>>,
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row ({:?}, {} claims)", self.op, self.claims.len())
    }
}

/// A row that cannot be taken in, and why; nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{rule}: {reason}", .column.as_deref().map(|column| format!("column {column}: ")).unwrap_or_default())]
pub struct Quarantine {
    /// The column at fault.
    pub column: Option<String>,
    /// The rule that the row breaks.
    pub rule: &'static str,
    /// What that means and what to do.
    pub reason: String,
}

impl Quarantine {
    fn of(column: &str, rule: &'static str, reason: &str) -> Self {
        Self { column: Some(column.to_owned()), rule, reason: reason.to_owned() }
    }
}

impl<'mapping> Binding<'mapping> {
    /// The mapping.
    pub fn mapping(&self) -> &'mapping Mapping {
        self.mapping
    }

    /// Where the edition's columns differ from the mapping's.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The place in the row of each of the mapping's columns.
    pub(crate) fn places(&self) -> &[Option<usize>] {
        &self.places
    }

    /// Reads a row.
    pub fn parse(&self, row: &Row) -> Result<Parsed, Quarantine> {
        self.parse_at(row, self.identity(row)?, None)
    }

    /// As [`parse`](Self::parse), of a row whose key is known, and whose time is `otherwise` where it says none.
    pub(crate) fn parse_as(
        &self,
        row: &Row,
        identity: Identity,
        otherwise: Timestamp,
    ) -> Result<Parsed, Quarantine> {
        self.parse_at(row, identity, Some(otherwise))
    }

    fn parse_at(
        &self,
        row: &Row,
        identity: Identity,
        otherwise: Option<Timestamp>,
    ) -> Result<Parsed, Quarantine> {
        let op = self.op(row)?;
        let version = self.version(row)?;
        let observed_at = self.observed_at(row, otherwise)?;
        let claims = if op == Op::Upsert { self.claims(row)? } else { Vec::new() };
        Ok(Parsed {
            identity,
            op,
            version,
            observed_at,
            claims,
            household: self.reference(row, self.household),
            dwelling: self.reference(row, self.dwelling),
        })
    }

    fn claims(&self, row: &Row) -> Result<Vec<Claim>, Quarantine> {
        let mut claims = Vec::with_capacity(self.by_element.len());
        let mut certificate = None;
        for at in &self.by_element {
            let (Some(column), Some(Some(place))) = (self.mapping.columns.get(*at), self.places.get(*at))
            else {
                continue;
            };
            let Some(cell) = row.cells.get(*place) else { continue };
            let (value, mut flags) = match column.read(cell) {
                Said::Nothing => continue,
                Said::Value(reading) => (reading.value, reading.flags),
                Said::Unreadable(_) => {
                    let raw = text::cell_text(cell).map(Box::from).unwrap_or_default();
                    (Value::Unparsed(raw), ClaimFlags::UNPARSED)
                }
                Said::Unmapped => {
                    let reason = "the cell holds a code that the mapping does not list; add it to the mapping, or \
                                  correct the row at its source";
                    return Err(Quarantine::of(&column.name, "unmapped-code", reason));
                }
            };
            if column.class == Class::Derived {
                flags = flags.with(ClaimFlags::DERIVED);
            }
            claims.push(Claim { element: column.element, value, flags });
            if matches!(column.form, Form::CitizenId { .. }) {
                certificate = citizen_id::certificate(cell);
            }
        }
        if let Some((kind, level)) = certificate {
            for (element, code) in [(element::DISABILITY_TYPE, kind), (element::DISABILITY_LEVEL, level)] {
                add_derived(&mut claims, element, code);
            }
        }
        Ok(claims)
    }

    fn op(&self, row: &Row) -> Result<Op, Quarantine> {
        let (Mode::Log { op: column, upsert, delete }, Some(place)) = (&self.mapping.source.mode, self.op)
        else {
            return Ok(Op::Upsert);
        };
        let said = said(row, Some(place)).unwrap_or_default();
        if upsert.iter().any(|word| **word == *said) {
            return Ok(Op::Upsert);
        }
        if !delete.iter().any(|word| **word == *said) {
            let reason = "the row does not say whether it states or deletes; add the word to the mapping, or correct \
                          the row at its source";
            return Err(Quarantine::of(column, "unmapped-operation", reason));
        }
        let Delete::By { column, end, retract } = &self.mapping.source.delete else {
            return Ok(self.mapping.absence());
        };
        let because = said_or_empty(row, self.reason);
        if end.iter().any(|word| **word == *because) {
            Ok(Op::End)
        } else if retract.iter().any(|word| **word == *because) {
            Ok(Op::Retract)
        } else {
            let reason = "the reason of the deletion is none that the mapping lists, so it is unclear whether the row \
                          ended or was wrong";
            Err(Quarantine::of(column, "unmapped-reason", reason))
        }
    }

    fn version(&self, row: &Row) -> Result<i64, Quarantine> {
        let (Some(place), Some(column)) = (self.version, &self.mapping.source.version_column) else {
            return Ok(0);
        };
        row.cells.get(place).and_then(observed::of_cell).map(|at| at.0).ok_or_else(|| {
            let reason = "without a time it is unclear which of two versions of the row is newer";
            Quarantine::of(column, "unreadable-version", reason)
        })
    }

    fn of_row(&self, row: &Row) -> Option<Timestamp> {
        self.observed_column.and_then(|place| row.cells.get(place)).and_then(observed::of_cell)
    }

    fn observed_at(&self, row: &Row, otherwise: Option<Timestamp>) -> Result<Timestamp, Quarantine> {
        self.of_row(row).or(otherwise).or(self.observed).ok_or_else(|| Quarantine {
            column: match &self.mapping.source.observed {
                Observed::Column { column, .. } => Some(column.clone()),
                _ => None,
            },
            rule: "unreadable-observation",
            reason: "the row does not say when it was observed".to_owned(),
        })
    }

    pub(crate) fn identity(&self, row: &Row) -> Result<Identity, Quarantine> {
        if let (Some(place), Key::Column(column)) = (self.key, &self.mapping.source.key) {
            return match said(row, Some(place)) {
                Some(key) => Ok(Identity::Key(key)),
                None => Err(Quarantine::of(column, "missing-key", "a row without its key belongs to nobody")),
            };
        }
        let texts: Vec<Box<str>> = self
            .identity
            .iter()
            .map(|slot| slot.text(row.cells.get(slot.place).unwrap_or(&Cell::Absent)))
            .collect();
        if texts.iter().zip(&self.identity).all(|(text, slot)| text.is_empty() || !slot.names()) {
            let columns: Vec<_> = self.identity.iter().map(|slot| slot.column.name.as_str()).collect();
            return Err(Quarantine {
                column: None,
                rule: "missing-identity",
                reason: format!(
                    "neither name nor id number: the row belongs to nobody ({})",
                    columns.join(", ")
                ),
            });
        }
        Ok(Identity::Columns(texts))
    }

    fn reference(&self, row: &Row, place: Option<usize>) -> Option<Box<str>> {
        said(row, place).filter(|number| !text::is_placeholder(number, &[]))
    }
}

impl Slot<'_> {
    fn names(&self) -> bool {
        matches!(self.column.form, Form::Name(_) | Form::CitizenId { .. })
    }

    /// The cell as it identifies the row: the same text for every way of writing the same value.
    fn text(&self, cell: &Cell) -> Box<str> {
        identity_text(self.column, cell)
    }
}

/// What a disability certificate's number says besides the id, where the row does not say it itself.
fn add_derived(claims: &mut Vec<Claim>, element: ElementId, code: char) {
    if let Err(at) = claims.binary_search_by_key(&element, |claim| claim.element) {
        let value = Value::Code(code.to_string().into());
        claims.insert(at, Claim { element, value, flags: ClaimFlags::DERIVED });
    }
}

fn said(row: &Row, place: Option<usize>) -> Option<Box<str>> {
    text::cell_text(row.cells.get(place?)?).map(Box::from)
}

fn said_or_empty(row: &Row, place: Option<usize>) -> Box<str> {
    said(row, place).unwrap_or_default()
}
