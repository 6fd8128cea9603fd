//! A mapping bound to the columns of one edition: rows in.

use crate::column::{Class, Column, Form, Said};
use crate::identity::{Identity, identity_text};
use crate::mapping::{Delete, Dwelling, Key, Mapping, Mode};
use crate::normal::text;
use crate::observed::{self, Observed};
use std::fmt;
use yibiao_format::{Cell, Opening, Row};
use yibiao_record::{Claim, ClaimFlags, Op, Timestamp, Value};

/// A mapping with the place of each of its columns in an edition.
#[derive(Debug)]
pub struct Binding<'mapping> {
    mapping: &'mapping Mapping,
    /// Of each column of the mapping, its place in the row.
    places: Vec<Option<usize>>,
    /// The places in the order of their elements, in which claims come out.
    by_element: Vec<usize>,
    identity: Vec<Slot<'mapping>>,
    key: Option<usize>,
    op: Option<usize>,
    version: Option<usize>,
    reason: Option<usize>,
    household: Option<usize>,
    dwelling: Option<usize>,
    observed_column: Option<usize>,
    observed: Option<Timestamp>,
    warnings: Vec<Warning>,
}

#[derive(Debug)]
struct Slot<'mapping> {
    column: &'mapping Column,
    place: usize,
}

/// An edition that the mapping cannot read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {edition}: {reason}; {hint}")]
pub struct BindError {
    /// The edition.
    pub edition: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do.
    pub hint: &'static str,
}

/// A difference between the edition's columns and the mapping's that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The mapping's column is not in the file: its element is not read.
    Missing(String),
    /// The file's column is not in the mapping: it is carried along unread.
    Unknown(String),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Missing(column) => write!(f, "column {column} is missing: its values are not read"),
            Warning::Unknown(column) => {
                write!(f, "column {column} is unknown: it is kept as it is and not read")
            }
        }
    }
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

impl Mapping {
    /// Finds the mapping's columns in an edition. `edition` is its name in errors.
    pub fn bind(&self, edition: &str, opening: &Opening) -> Result<Binding<'_>, BindError> {
        let refuse = |reason: String, hint| BindError { edition: edition.to_owned(), reason, hint };
        for (at, column) in opening.columns.iter().enumerate() {
            let looked_at = self.columns.iter().any(|own| own.name == *column)
                || self.source.row_columns().contains(&column.as_str());
            if looked_at && opening.columns.iter().skip(at + 1).any(|other| other == column) {
                let hint =
                    "rename or remove one of the two in the file, so that it is clear which one counts";
                return Err(refuse(format!("the column {column} stands twice"), hint));
            }
        }
        let find = |name: &str| opening.columns.iter().position(|column| column == name);
        let needed = |name: &str, what: &str| {
            find(name).ok_or_else(|| {
                let hint = "export the file with this column, or correct the mapping if it was renamed";
                refuse(format!("the {what} column {name} is missing"), hint)
            })
        };
        let places: Vec<_> = self.columns.iter().map(|column| find(&column.name)).collect();
        let mut by_element: Vec<usize> = (0..self.columns.len()).collect();
        by_element.sort_by_key(|at| self.columns.get(*at).map(|column| column.element));
        let mut identity = Vec::new();
        let mut key = None;
        match &self.source.key {
            Key::Column(name) => key = Some(needed(name, "key")?),
            Key::Identity(columns) => {
                for named in columns {
                    let place = needed(&named.name, "identity")?;
                    let column = self
                        .columns
                        .iter()
                        .find(|column| column.name == named.name)
                        .expect("invariant: an identity column is a column of the mapping");
                    identity.push(Slot { column, place });
                }
            }
        }
        let op = match &self.source.mode {
            Mode::Log { op, .. } => Some(needed(op, "operation")?),
            Mode::Snapshot => None,
        };
        let version = match &self.source.version_column {
            Some(name) => Some(needed(name, "version")?),
            None => None,
        };
        let reason = match &self.source.delete {
            Delete::By { column, .. } => find(column),
            Delete::Always(_) => None,
        };
        let dwelling = match &self.source.dwelling {
            Dwelling::Reference(name) => find(name),
            Dwelling::Row | Dwelling::None => None,
        };
        let observed = observed::of_opening(&self.source.observed, opening);
        let observed_column = match &self.source.observed {
            Observed::Column { column, otherwise: None } => Some(needed(column, "observation")?),
            Observed::Column { column, .. } => find(column),
            Observed::Title { .. } if observed.is_none() => {
                let hint = "write year and month into the title row, as in 2026年10月";
                return Err(refuse("no title tells which month it is about".into(), hint));
            }
            Observed::Attribute(name) if observed.is_none() => {
                let hint =
                    "export the file with this attribute on its root element, as a time with its offset";
                return Err(refuse(format!("the attribute {name} is missing or no time"), hint));
            }
            Observed::Title { .. } | Observed::Attribute(_) | Observed::Constant(_) => None,
        };
        Ok(Binding {
            mapping: self,
            warnings: self.warnings(opening, &places),
            places,
            by_element,
            identity,
            key,
            op,
            version,
            reason,
            household: self.source.household.as_deref().and_then(find),
            dwelling,
            observed_column,
            observed,
        })
    }

    fn warnings(&self, opening: &Opening, places: &[Option<usize>]) -> Vec<Warning> {
        let missing = self
            .columns
            .iter()
            .zip(places)
            .filter(|(_, place)| place.is_none())
            .map(|(column, _)| Warning::Missing(column.name.clone()));
        let of_row = self.source.row_columns();
        let unknown = opening
            .columns
            .iter()
            .filter(|name| {
                !of_row.contains(&name.as_str()) && !self.columns.iter().any(|column| column.name == **name)
            })
            .map(|name| Warning::Unknown(name.clone()));
        missing.chain(unknown).collect()
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
        let op = self.op(row)?;
        let version = self.version(row)?;
        let observed_at = self.observed_at(row)?;
        let identity = self.identity(row)?;
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

    fn observed_at(&self, row: &Row) -> Result<Timestamp, Quarantine> {
        let of_row = self.observed_column.and_then(|place| row.cells.get(place)).and_then(observed::of_cell);
        of_row.or(self.observed).ok_or_else(|| Quarantine {
            column: match &self.mapping.source.observed {
                Observed::Column { column, .. } => Some(column.clone()),
                _ => None,
            },
            rule: "unreadable-observation",
            reason: "the row does not say when it was observed".to_owned(),
        })
    }

    fn identity(&self, row: &Row) -> Result<Identity, Quarantine> {
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
        matches!(self.column.form, Form::Name(_) | Form::CitizenId(_))
    }

    /// The cell as it identifies the row: the same text for every way of writing the same value.
    fn text(&self, cell: &Cell) -> Box<str> {
        identity_text(self.column, cell)
    }
}

fn said(row: &Row, place: Option<usize>) -> Option<Box<str>> {
    text::cell_text(row.cells.get(place?)?).map(Box::from)
}

fn said_or_empty(row: &Row, place: Option<usize>) -> Box<str> {
    said(row, place).unwrap_or_default()
}
