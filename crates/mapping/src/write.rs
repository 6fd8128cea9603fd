//! The way back: which cells of a department's own row change, given the canonical values of what it is about.
//!
//! **Invariant:** a cell is only ever completed or corrected: one that says the same or more stays as it is, and what
//! a cell says truly is not lost to a coarser way of writing.

use crate::binding::Binding;
use crate::code_map::CodeMap;
use crate::column::{Class, Column, Form, Said, Write};
use crate::identity::identity_text;
use crate::mapping::{Key, Mapping};
use crate::normal::text;
use std::collections::BTreeMap;
use std::fmt;
use yibiao_format::{Cell, Row};
use yibiao_record::{ElementId, Name, Value};

/// A department's own row, as its newest edition holds it.
#[derive(Clone, Default)]
pub struct OwnRow<'row> {
    /// The cells in the order of [`Mapping::columns`]; `None` where the edition has no such column.
    cells: Vec<Option<&'row Cell>>,
}

impl fmt::Debug for OwnRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "own row ({} cells)", self.cells.len())
    }
}

/// A cell to set in a department's own row.
#[derive(Clone, PartialEq)]
pub struct CellEdit {
    /// The column.
    pub column: String,
    /// What to set.
    pub cell: Cell,
    /// The element that the column holds.
    pub element: ElementId,
    /// What the cell was.
    pub before: Before,
}

impl fmt::Debug for CellEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edit of {} ({:?})", self.column, self.before)
    }
}

/// What a cell was before it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Before {
    /// It said nothing: it is completed.
    Empty,
    /// It said something else: it is corrected.
    Differs,
}

/// Which spelling each part of a file keeps to, learnt from its rows: an empty cell is completed as its neighbours
/// are written. The same rows give the same spellings in any order.
#[derive(Clone, Debug, Default)]
pub struct Spellings {
    /// How often, by column, section and spelling.
    counts: BTreeMap<(usize, Box<str>), BTreeMap<usize, u64>>,
}

impl Spellings {
    /// Learns from a row.
    pub fn note(&mut self, mapping: &Mapping, own: &OwnRow<'_>) {
        for (at, column) in mapping.columns.iter().enumerate() {
            let Some(cell) = own.cell(at) else { continue };
            let Some(spelling) = column.spelling(cell) else { continue };
            let section = own.section(mapping, column);
            *self.counts.entry((at, section)).or_default().entry(spelling).or_default() += 1;
        }
    }

    /// The spelling most used in the row's section; of two used equally often, the first.
    fn of(&self, at: usize, section: &str) -> Option<usize> {
        let counts = self.counts.get(&(at, section.into()))?;
        let most = counts.values().max()?;
        counts.iter().find(|(_, count)| *count == most).map(|(spelling, _)| *spelling)
    }
}

impl<'row> OwnRow<'row> {
    fn cell(&self, at: usize) -> Option<&'row Cell> {
        self.cells.get(at).copied().flatten()
    }

    /// What the column by which the file falls into sections says in this row.
    fn section(&self, mapping: &Mapping, column: &Column) -> Box<str> {
        let Form::Code(CodeMap { section: Some(by), .. }) = &column.form else { return Box::default() };
        let at = mapping.columns.iter().position(|other| other.name == *by);
        at.and_then(|at| self.cell(at)).and_then(text::cell_text).map(Box::from).unwrap_or_default()
    }
}

impl Binding<'_> {
    /// A row of the edition, as the way back needs it.
    pub fn own<'row>(&self, row: &'row Row) -> OwnRow<'row> {
        let cell = |place: &Option<usize>| place.and_then(|place| row.cells.get(place));
        OwnRow { cells: self.places().iter().map(cell).collect() }
    }

    /// The row's identity columns as they will read once `edits` are set; what [`crate::align`] looks for in the next
    /// edition. Empty where a column is the key.
    pub fn identity_after(&self, row: &Row, edits: &[CellEdit]) -> Vec<Box<str>> {
        let own = self.own(row);
        let Key::Identity(columns) = &self.mapping().source.key else { return Vec::new() };
        columns
            .iter()
            .map(|named| {
                let at = self.mapping().columns.iter().position(|column| column.name == named.name);
                let edited = edits.iter().find(|edit| edit.column == named.name).map(|edit| &edit.cell);
                let cell = edited.or_else(|| at.and_then(|at| own.cell(at))).unwrap_or(&Cell::Absent);
                at.and_then(|at| self.mapping().columns.get(at))
                    .map(|column| identity_text(column, cell))
                    .unwrap_or_default()
            })
            .collect()
    }
}

impl Mapping {
    /// The cells to set in a department's own row, where the canonical values are known, say something that the row
    /// does not say yet, and fit the column.
    pub fn write(&self, own: &OwnRow<'_>, canonical: &dyn Fn(ElementId) -> Option<Value>) -> Vec<CellEdit> {
        self.write_like(own, &Spellings::default(), canonical)
    }

    /// As [`Mapping::write`], in the spellings that the other rows of the file keep to.
    pub fn write_like(
        &self,
        own: &OwnRow<'_>,
        spellings: &Spellings,
        canonical: &dyn Fn(ElementId) -> Option<Value>,
    ) -> Vec<CellEdit> {
        let mut edits = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let Some(cell) = own.cell(at) else { continue };
            if column.write == Write::Never {
                continue;
            }
            let spelling = column
                .spelling(cell)
                .or_else(|| spellings.of(at, &own.section(self, column)))
                .unwrap_or_default();
            let edit = if column.class == Class::Derived {
                column.derived(canonical, &self.parents).and_then(|to| column.replace_derived(cell, to))
            } else {
                canonical(column.element).and_then(|value| column.replace(cell, &value, spelling))
            };
            if let Some((cell, before)) = edit {
                edits.push(CellEdit { column: column.name.clone(), cell, element: column.element, before });
            }
        }
        edits
    }
}

impl Column {
    /// What to set in place of `own` so that the cell says `value`, where that completes or corrects it.
    fn replace(&self, own: &Cell, value: &Value, spelling: usize) -> Option<(Cell, Before)> {
        let said = match self.read(own) {
            Said::Nothing => return Some((self.write(value, spelling)?, Before::Empty)),
            Said::Unreadable(_) | Said::Unmapped => None,
            Said::Value(reading) => Some(reading.value),
        };
        if self.write != Write::Correct || self.keeps(own) {
            return None;
        }
        let Some(said) = said else { return Some((self.write(value, spelling)?, Before::Differs)) };
        if self.refines(&said, value) {
            return None;
        }
        let written =
            self.write(&with_own(value, &said), spelling).or_else(|| self.write(value, spelling))?;
        let Said::Value(back) = self.read(&written) else { return None };
        let back = back.value;
        // As much as the column can hold is there, or the cell truly says what the written one would not.
        if said == back || (self.refines(value, &said) && !self.refines(&back, &said)) {
            return None;
        }
        Some((written, Before::Differs))
    }

    fn replace_derived(&self, own: &Cell, written: Cell) -> Option<(Cell, Before)> {
        if text::cell_text(own) == text::cell_text(&written) {
            return None;
        }
        match (self.read(own), self.read(&written)) {
            _ if text::cell_text(own).is_none() => Some((written, Before::Empty)),
            (Said::Value(own), Said::Value(back)) if own.value == back.value => None,
            _ => (self.write == Write::Correct && !self.keeps(own)).then_some((written, Before::Differs)),
        }
    }

    /// Whether the cell says something that the mapping never writes over.
    fn keeps(&self, own: &Cell) -> bool {
        !self.keep.is_empty()
            && text::cell_text(own).is_some_and(|said| self.keep.iter().any(|word| **word == *said))
    }
}

/// The canonical value with what the cell says besides, which it does not refute: the levels of an address that
/// agrees, a nickname.
fn with_own(value: &Value, own: &Value) -> Value {
    match (value, own) {
        (Value::Address(address), Value::Address(own)) if address.agrees_with(own) => {
            let more = own.levels().filter(|(level, _)| address.get(*level).is_none());
            Value::Address(more.fold(address.clone(), |address, (level, text)| address.with(level, text)))
        }
        (Value::Name(name), Value::Name(own)) => {
            Value::Name(Name { full: name.full.clone(), others: own.others.clone() })
        }
        _ => value.clone(),
    }
}
