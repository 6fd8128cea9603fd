//! Finding a mapping's columns in an edition.

use crate::binding::{Binding, Slot};
use crate::mapping::{Delete, Dwelling, Key, Mapping, Mode};
use crate::observed::{self, Observed};
use std::fmt;
use yibiao_format::Opening;
use yibiao_record::Timestamp;

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

impl Mapping {
    /// Finds the mapping's columns in an edition. `edition` is its name in errors.
    pub fn bind(&self, edition: &str, opening: &Opening) -> Result<Binding<'_>, BindError> {
        let mut binding = self.bind_rows(edition, opening)?;
        (binding.observed_column, binding.observed) = self.observation(&Columns { edition, opening })?;
        Ok(binding)
    }

    /// As [`bind`](Self::bind), of rows of which only the column says when they were observed.
    pub(crate) fn bind_rows(&self, edition: &str, opening: &Opening) -> Result<Binding<'_>, BindError> {
        let found = Columns { edition, opening };
        self.refuse_doubles(&found)?;
        let places: Vec<_> = self.columns.iter().map(|column| found.find(&column.name)).collect();
        let mut by_element: Vec<usize> = (0..self.columns.len()).collect();
        by_element.sort_by_key(|at| self.columns.get(*at).map(|column| column.element));
        let (key, identity) = match &self.source.key {
            Key::Column(name) => (Some(found.needed(name, "key")?), Vec::new()),
            Key::Identity(_) => (None, self.identity_slots(&found)?),
        };
        let op = match &self.source.mode {
            Mode::Log { op, .. } => Some(found.needed(op, "operation")?),
            Mode::Snapshot => None,
        };
        let version = match &self.source.version_column {
            Some(name) => Some(found.needed(name, "version")?),
            None => None,
        };
        let reason = match &self.source.delete {
            Delete::By { column, .. } => found.find(column),
            Delete::Always(_) => None,
        };
        let dwelling = match &self.source.dwelling {
            Dwelling::Reference(name) => found.find(name),
            Dwelling::Row | Dwelling::None => None,
        };
        let observed_column = match &self.source.observed {
            Observed::Column { column, .. } => found.find(column),
            _ => None,
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
            household: self.source.household.as_deref().and_then(|name| found.find(name)),
            dwelling,
            observed_column,
            observed: None,
        })
    }

    /// Of two columns with one name it is unclear which one counts.
    fn refuse_doubles(&self, found: &Columns<'_>) -> Result<(), BindError> {
        for (at, column) in found.opening.columns.iter().enumerate() {
            let looked_at = self.columns.iter().any(|own| own.name == *column)
                || self.source.row_columns().contains(&column.as_str());
            if looked_at && found.opening.columns.iter().skip(at + 1).any(|other| other == column) {
                let hint =
                    "rename or remove one of the two in the file, so that it is clear which one counts";
                return Err(found.refuse(format!("the column {column} stands twice"), hint));
            }
        }
        Ok(())
    }

    fn identity_slots(&self, found: &Columns<'_>) -> Result<Vec<Slot<'_>>, BindError> {
        let Key::Identity(columns) = &self.source.key else { return Ok(Vec::new()) };
        let slot = |name: &str| {
            let place = found.needed(name, "identity")?;
            let column = self
                .columns
                .iter()
                .find(|column| column.name == name)
                .expect("invariant: an identity column is a column of the mapping");
            Ok(Slot { column, place })
        };
        columns.iter().map(|named| slot(&named.name)).collect()
    }

    /// The column that says when a row was observed, and the time that holds for all rows.
    fn observation(&self, found: &Columns<'_>) -> Result<(Option<usize>, Option<Timestamp>), BindError> {
        let at = observed::of_opening(&self.source.observed, found.opening);
        let column = match &self.source.observed {
            Observed::Column { column, otherwise: None } => Some(found.needed(column, "observation")?),
            Observed::Column { column, .. } => found.find(column),
            Observed::Title { .. } if at.is_none() => {
                let hint = "write year and month into the title row, as in 2026年10月";
                return Err(found.refuse("no title tells which month it is about".into(), hint));
            }
            Observed::Attribute(name) if at.is_none() => {
                let hint =
                    "export the file with this attribute on its root element, as a time with its offset";
                return Err(found.refuse(format!("the attribute {name} is missing or no time"), hint));
            }
            Observed::Title { .. } | Observed::Attribute(_) | Observed::Constant(_) => None,
        };
        Ok((column, at))
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

/// The columns of an edition.
struct Columns<'a> {
    edition: &'a str,
    opening: &'a Opening,
}

impl Columns<'_> {
    fn refuse(&self, reason: String, hint: &'static str) -> BindError {
        BindError { edition: self.edition.to_owned(), reason, hint }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.opening.columns.iter().position(|column| column == name)
    }

    fn needed(&self, name: &str, what: &str) -> Result<usize, BindError> {
        self.find(name).ok_or_else(|| {
            let hint = "export the file with this column, or correct the mapping if it was renamed";
            self.refuse(format!("the {what} column {name} is missing"), hint)
        })
    }
}
