//! A receiver in memory whose adapter does everything right, but for one fault, named after the check that finds it.

use crate::conformance::{AdapterFixture, Cannot, Sample, Trouble};
use crate::{Adapter, Delivery, EdgeError, Finding, OutBatch, OutRow, Outcome, Recovery, RowStatus};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use yibiao_format::Cell;

#[derive(Default)]
struct State {
    rows: Vec<Sample>,
    position: Option<u64>,
    trouble: Option<Trouble>,
    /// A write was given up half-way.
    half: bool,
}

pub(super) struct ReceiverFixture {
    state: Arc<Mutex<State>>,
    fault: &'static str,
}

impl ReceiverFixture {
    pub(super) fn new(fault: &'static str) -> ReceiverFixture {
        ReceiverFixture { state: Arc::default(), fault }
    }
}

impl AdapterFixture for ReceiverFixture {
    type Adapter = Receiver;

    fn subject(&self) -> String {
        "memory".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        *self.state.lock().unwrap() = State { rows: rows.to_vec(), ..State::default() };
        Ok(())
    }

    fn connect(&mut self) -> Receiver {
        Receiver { state: Arc::clone(&self.state), fault: self.fault, last: None, name: String::new() }
    }

    fn look(&mut self) -> Vec<Sample> {
        self.state.lock().unwrap().rows.clone()
    }

    fn unfit(&self) -> Result<OutRow, Cannot> {
        let cells = vec![("name".to_owned(), Cell::Text("x".to_owned()))];
        Ok(OutRow {
            locator: Some(999),
            key: Some("K999".to_owned()),
            cells,
            status: RowStatus::Changed,
            reason: String::new(),
        })
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        self.state.lock().unwrap().trouble = Some(trouble);
        Ok(())
    }

    fn mend(&mut self) {
        self.state.lock().unwrap().trouble = None;
    }

    fn patience(&self) -> Duration {
        patience(self.fault)
    }
}

pub(super) struct Receiver {
    state: Arc<Mutex<State>>,
    fault: &'static str,
    /// The position of the last batch that this adapter wrote.
    last: Option<u64>,
    name: String,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "receiver in memory {}", if self.fault == "quiet" { &self.name } else { "" })
    }
}

/// How long a check of a twin may take: only one that never answers needs all of it.
pub(super) fn patience(fault: &str) -> Duration {
    if fault == "hanging" { Duration::from_millis(100) } else { Duration::from_secs(60) }
}

/// What a fault is called that a trouble brings out.
pub(super) fn named(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Gone => "gone",
        Trouble::Hanging => "hanging",
        Trouble::Refusing => "refusing",
        Trouble::Throttling => "throttling",
    }
}

/// The error of a receiver in trouble.
pub(super) fn error(fault: &str) -> EdgeError {
    let attempt = if fault == "error-words" { "" } else { "cannot write to the memory" };
    EdgeError {
        attempt: attempt.to_owned(),
        reason: "it is in trouble".to_owned(),
        hint: "make it again".to_owned(),
        recovery: Recovery::Retry,
        edition: None,
    }
}

/// What a check of a receiver finds.
pub(super) fn findings(fault: &str, trouble: Option<Trouble>) -> Vec<Finding> {
    if fault == "check-good" && trouble.is_none() {
        return Vec::new();
    }
    let good = trouble.is_none() || fault == "check-broken";
    let detail = if good { "is there" } else { "is in trouble" };
    let hint = if good { "" } else { "make it again" };
    vec![Finding { subject: "memory".to_owned(), good, detail: detail.to_owned(), hint: hint.to_owned() }]
}

impl Receiver {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn is(&self, fault: &str) -> bool {
        self.fault == fault
    }

    fn set(&self, row: &mut Sample, cells: &[(String, Cell)]) {
        if self.is("untouched") && !cells.iter().any(|(column, _)| column == "note") {
            row.note.clear();
        }
        for (column, cell) in cells {
            let Cell::Text(text) = cell else { continue };
            let text = match self.is("values") {
                true => text.replace(|letter: char| letter > '\u{ffff}', "?"),
                false => text.clone(),
            };
            match column.as_str() {
                "name" => row.name = text,
                "amount" => row.amount = text,
                "born" => row.born = text,
                _ => row.note = text,
            }
        }
    }
}

impl Adapter for Receiver {
    fn delivery(&self) -> Delivery {
        Delivery::Transactional
    }

    async fn check(&self) -> Vec<Finding> {
        findings(self.fault, self.state().trouble)
    }

    async fn write(&mut self, batch: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
        let trouble = self.state().trouble;
        if let Some(trouble) = trouble {
            return match self.is(named(trouble)) {
                true if trouble == Trouble::Hanging => std::future::pending().await,
                true if trouble == Trouble::Refusing => {
                    Ok(vec![Outcome::Reject("it may not".to_owned()); batch.rows.len()])
                }
                true => Ok(vec![Outcome::Delivered; batch.rows.len()]),
                false => Err(error(self.fault)),
            };
        }
        if self.is("given-up") {
            let half = std::mem::replace(&mut self.state().half, true);
            tokio::task::yield_now().await;
            let mut state = self.state();
            state.half = false;
            let doubled = state.rows.first().cloned();
            state.rows.extend(doubled.filter(|_| half));
        }
        let mut state = self.state.lock().unwrap();
        let fresh = self.last.is_none();
        let again = match self.fault {
            "twice" => self.last == Some(batch.upto),
            "redeliver" => fresh && state.position == Some(batch.upto),
            _ => false,
        };
        let doubled = state.rows.first().cloned();
        state.rows.extend(doubled.filter(|_| again));
        let mut outcomes = Vec::new();
        for (place, out) in batch.rows.iter().enumerate() {
            let key = out.key.as_deref().unwrap_or_default();
            let known = state.rows.iter_mut().find(|row| row.id == key);
            let Some(row) = known else {
                outcomes.push(match self.is("refuse-one") {
                    true => Outcome::Delivered,
                    false => Outcome::Reject("there is no such row".to_owned()),
                });
                continue;
            };
            let kept = (self.is("written") && place + 1 == batch.rows.len())
                || (self.is("many") && place >= 100)
                || (self.is("order") && !fresh);
            if !kept {
                self.set(row, &out.cells);
                self.name.clone_from(&row.name);
            }
            outcomes.push(Outcome::Delivered);
        }
        state.position = Some(batch.upto);
        self.last = Some(batch.upto);
        if self.is("outcomes") {
            outcomes.pop();
        }
        Ok(outcomes)
    }

    async fn last_applied(&self) -> Result<Option<u64>, EdgeError> {
        let position = self.state().position;
        Ok(if self.is("position") { position.map(|position| position - 1) } else { position })
    }
}
