//! What a connector gave, as the pipeline would have understood it.

use super::run::{Flaw, broken};
use super::sample::{COLUMNS, Sample};
use crate::{Batch, BatchLimits, Connector, Cursor, EdgeError, Item, MessageBody, Recovery};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use yibiao_format::Cell;

/// Batches after which a source of the kit's few rows counts as endless.
const BATCHES_MAX: usize = 10_000;
/// Failures in a row after which a source counts as broken for good, beside those that its fixture allows.
const FAILURES_MAX: u32 = 3;

/// What one thing that came says of its row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    Stands,
    Gone,
    Bad(String),
}

/// One row, message or bad row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// The row's key; where the columns have none, its bytes.
    pub(super) key: String,
    pub(super) columns: Rc<Vec<String>>,
    pub(super) cells: Vec<Cell>,
    pub(super) said: Said,
    pub(super) raw: Vec<u8>,
}

impl Line {
    pub(super) fn cell(&self, column: &str) -> &Cell {
        let place = self.columns.iter().position(|name| name == column);
        place.and_then(|place| self.cells.get(place)).unwrap_or(&Cell::Absent)
    }
}

#[derive(Clone)]
struct Open {
    whole: bool,
    columns: Rc<Vec<String>>,
    seen: BTreeSet<String>,
}

/// Everything that came, and how the rows stand after it.
#[derive(Default)]
pub(super) struct Book {
    pub(super) lines: Vec<Line>,
    pub(super) table: BTreeMap<String, Line>,
    /// What is wrong with the order and shape of the items.
    pub(super) faults: Vec<String>,
    open: Option<Open>,
}

impl Book {
    /// Whether every one of these rows came.
    pub(super) fn has(&self, keys: &BTreeSet<String>) -> bool {
        let came: BTreeSet<&String> = self.lines.iter().map(|line| &line.key).collect();
        keys.iter().all(|key| came.contains(key))
    }

    /// The rows that did not come.
    pub(super) fn missing(&self, keys: &BTreeSet<String>) -> Vec<String> {
        let came: BTreeSet<&String> = self.lines.iter().map(|line| &line.key).collect();
        keys.iter().filter(|key| !came.contains(key)).cloned().collect()
    }

    /// How often each row came.
    pub(super) fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for line in &self.lines {
            *counts.entry(line.key.as_str()).or_insert(0) += 1;
        }
        counts
    }

    /// Whether an edition was left open.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes a batch and says how many rows and bytes it held.
    pub(super) fn take(&mut self, batch: &Batch) -> (usize, usize) {
        let before = self.lines.len();
        for item in &batch.items {
            self.item(item);
        }
        let new = self.lines.get(before..).unwrap_or_default();
        (new.len(), new.iter().map(|line| line.raw.len()).sum())
    }

    /// What a batch would bring here.
    pub(super) fn peek(&self, batch: &Batch) -> Vec<Line> {
        let mut book = Book { open: self.open.clone(), ..Book::default() };
        book.take(batch);
        book.lines
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Open(edition) => {
                // An edition that broke off begins anew.
                let columns = Rc::new(edition.opening.columns.clone());
                self.open = Some(Open { whole: edition.whole, columns, seen: BTreeSet::new() });
            }
            Item::Row(row) => {
                self.row(None, &row.cells, &row.raw);
            }
            Item::Bad(bad) => match &self.open {
                Some(open) => {
                    let (columns, raw) = (Rc::clone(&open.columns), bad.raw.clone());
                    self.line(None, columns, Vec::new(), raw, Said::Bad(bad.reason.clone()));
                }
                None => self.faults.push("a bad row came outside an edition".to_owned()),
            },
            Item::Close => match self.open.take() {
                Some(open) if open.whole => self.table.retain(|key, _| open.seen.contains(key)),
                Some(_) => {}
                None => self.faults.push("`Close` came without `Open`".to_owned()),
            },
            Item::Messages(messages) => {
                let columns = Rc::new(messages.columns.clone());
                for message in &messages.messages {
                    let (cells, said) = match &message.body {
                        MessageBody::Cells(cells) => (cells.clone(), Said::Stands),
                        MessageBody::Delete => (Vec::new(), Said::Gone),
                        MessageBody::Bad(reason) => (Vec::new(), Said::Bad(reason.clone())),
                    };
                    let columns = Rc::clone(&columns);
                    self.line(message.key.as_deref(), columns, cells, message.raw.clone(), said);
                }
            }
        }
    }

    fn row(&mut self, key: Option<&str>, cells: &[Cell], raw: &[u8]) {
        let Some(open) = &self.open else {
            // The pipeline could not tell its columns: it would be lost.
            self.faults.push("a row came outside an edition".to_owned());
            return;
        };
        let columns = Rc::clone(&open.columns);
        self.line(key, columns, cells.to_vec(), raw.to_vec(), Said::Stands);
    }

    fn line(
        &mut self,
        key: Option<&str>,
        columns: Rc<Vec<String>>,
        cells: Vec<Cell>,
        raw: Vec<u8>,
        said: Said,
    ) {
        if said == Said::Stands && cells.len() != columns.len() {
            self.faults.push(format!("a row of {} cells under {} columns", cells.len(), columns.len()));
        }
        let mut line = Line { key: String::new(), columns, cells, said, raw };
        let told = text(line.cell(COLUMNS[0]));
        line.key = match key {
            Some(key) => key.to_owned(),
            None if told.is_empty() => String::from_utf8_lossy(&line.raw).into_owned(),
            None => told,
        };
        match line.said {
            Said::Stands => {
                if let Some(open) = &mut self.open {
                    open.seen.insert(line.key.clone());
                }
                self.table.insert(line.key.clone(), line.clone());
            }
            Said::Gone => {
                self.table.remove(&line.key);
            }
            Said::Bad(_) => {}
        }
        self.lines.push(line);
    }
}

/// A connector at work, read as the pipeline reads.
pub(super) struct Reading<C> {
    pub(super) connector: C,
    pub(super) cursor: Cursor,
    pub(super) book: Book,
    /// The cursor after each batch, and how many lines had come by then.
    pub(super) marks: Vec<(Cursor, usize)>,
    /// Rows and bytes of each batch.
    pub(super) sizes: Vec<(usize, usize)>,
    pub(super) errors: Vec<EdgeError>,
}

impl<C: Connector> Reading<C> {
    pub(super) fn new(connector: C, cursor: Cursor) -> Reading<C> {
        let (book, marks, sizes, errors) = Default::default();
        Reading { connector, cursor, book, marks, sizes, errors }
    }

    /// Takes what a read gave.
    pub(super) fn take(&mut self, batch: Batch) {
        self.sizes.push(self.book.take(&batch));
        self.cursor = batch.cursor;
        self.marks.push((self.cursor.clone(), self.book.lines.len()));
    }

    /// Reads on until `done` and nothing more comes, or so many reads in a row bring nothing. Each batch is committed
    /// before the next one is read.
    pub(super) async fn until(
        &mut self,
        limits: BatchLimits,
        idle_max: u32,
        done: impl Fn(&Book) -> bool,
    ) -> Result<(), Flaw> {
        let (mut idle, mut failures) = (0, 0);
        while self.sizes.len() < BATCHES_MAX {
            match self.connector.read(&self.cursor, limits).await {
                Ok(Some(batch)) => {
                    (idle, failures) = (0, 0);
                    self.take(batch);
                    self.commit().await?;
                    if self.book.lines.len() >= LINES_MAX {
                        return Ok(());
                    }
                }
                Ok(None) => {
                    idle += 1;
                    if idle >= idle_max || done(&self.book) {
                        return Ok(());
                    }
                }
                Err(error) => {
                    failures += 1;
                    let halts = error.recovery == Recovery::Halt;
                    self.errors.push(error);
                    if halts || failures >= FAILURES_MAX + idle_max {
                        return Ok(());
                    }
                }
            }
        }
        Err(broken(
            format!("{BATCHES_MAX} batches came, and no end"),
            "say `None` where nothing is left behind the cursor",
        ))
    }

    pub(super) async fn commit(&mut self) -> Result<(), Flaw> {
        let cursor = self.cursor.clone();
        self.connector.commit(&cursor).await.map_err(|error| {
            broken(format!("commit failed: {error}"), "commit what was read; to do nothing is allowed")
        })
    }

    /// The last failure, for a reason.
    pub(super) fn because(&self) -> String {
        self.errors.last().map(|error| format!(" ({error})")).unwrap_or_default()
    }
}

/// Lines after which reading a source as it stands has seen enough.
pub(super) const LINES_MAX: usize = 2_000;

/// A cell as text: numbers without an exponent, nothing for an absent one.
pub(super) fn text(cell: &Cell) -> String {
    match cell {
        Cell::Absent => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::DateSerial(days) => format!("day {days}"),
    }
}

/// The column whose cell means something else than the sample's, if any.
pub(super) fn differs(sample: &Sample, cell: impl Fn(&str) -> Cell) -> Option<&'static str> {
    sample
        .cells()
        .into_iter()
        .find(|(column, want)| !means(column, want, &cell(column)))
        .map(|(column, _)| column)
}

/// Whether a cell means what the sample says.
pub(super) fn means(column: &str, want: &str, cell: &Cell) -> bool {
    match (column, cell) {
        ("amount", cell) => decimal(&text(cell)) == decimal(want),
        ("born", Cell::DateSerial(days)) => {
            let gap = days - f64::from(serial(want).unwrap_or(i32::MIN));
            gap.abs() < 0.5
        }
        (_, cell) => text(cell) == want,
    }
}

/// A decimal without what does not change it.
fn decimal(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// The serial day of a date as spreadsheets count.
fn serial(date: &str) -> Option<i32> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(days + (month * 153 + 2) / 5 + day - 693_900)
}
