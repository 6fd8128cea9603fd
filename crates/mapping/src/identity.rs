//! Who a row is about: what its key is made of where the file has no key column.

use crate::column::{Column, Said};
use crate::normal::text;
use std::fmt;
use yibiao_format::Cell;
use yibiao_record::{PartialDate, Precision, Value};

/// Who a row is about, in its source's words.
#[derive(Clone, PartialEq, Eq)]
pub enum Identity {
    /// The key column's text.
    Key(Box<str>),
    /// The identity columns, normalised; see [`crate::align`].
    Columns(Vec<Box<str>>),
}

impl fmt::Debug for Identity {
    /// Without the content, which is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Identity::Key(_) => "<key>",
            Identity::Columns(_) => "<columns>",
        })
    }
}

/// A cell as it identifies its row: the same text for every way of writing the same value.
pub(crate) fn identity_text(column: &Column, cell: &Cell) -> Box<str> {
    match column.read(cell) {
        Said::Nothing => Box::default(),
        Said::Value(reading) => value_text(&reading.value),
        Said::Unreadable(_) | Said::Unmapped => {
            text::cell_text(cell).map(|said| text::key(&said).into()).unwrap_or_default()
        }
    }
}

/// A value as one line of text, in which equal values are equal texts.
fn value_text(value: &Value) -> Box<str> {
    match value {
        Value::Text(text) | Value::Code(text) | Value::Unparsed(text) => text.clone(),
        Value::Name(name) => name.full.clone(),
        Value::Id(id) => id.digits.clone(),
        Value::Codes(items) | Value::Phones(items) => items.join("/").into(),
        Value::Date(date) => date_text(*date).into(),
        Value::Decimal(number) => number.to_string().into(),
        Value::Integer(number) => number.to_string().into(),
        Value::Bool(truth) => truth.to_string().into(),
        Value::Address(address) => {
            address.levels().map(|(_, text)| text).collect::<Vec<_>>().join(" ").into()
        }
        Value::Division(division) => {
            let names = division.names.levels().map(|(_, text)| text);
            std::iter::once(&*division.code).chain(names).collect::<Vec<_>>().join(" ").trim().into()
        }
        Value::Grid(grid) => format!("{}{}-{}", grid.village_code, grid.village, grid.number).into(),
        Value::Reference { number, .. } => number.clone(),
    }
}

fn date_text(date: PartialDate) -> String {
    let year = date.year_number();
    match (date.precision(), date.month_number(), date.day_number()) {
        (Precision::Decade, ..) => format!("{year}s"),
        (Precision::AboutYear, ..) => format!("~{year}"),
        (_, Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (_, Some(month), None) => format!("{year:04}-{month:02}"),
        _ => format!("{year:04}"),
    }
}
