//! A source in memory whose connector does everything right, but for one fault, named after the check that finds it.

use super::receiver::patience;
use crate::conformance::{COLUMNS, Cannot, ConnectorFixture, Sample, Trouble};
use crate::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding, Item,
    Message, MessageBody, Messages, Recovery,
};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use yibiao_format::Cell;
use yibiao_record::Timestamp;

#[derive(Clone)]
enum Entry {
    Row(Sample),
    Removed(String),
    Poison(String),
    /// Read by a connector that destroys what it reads.
    Lost,
}

#[derive(Default)]
struct State {
    log: Vec<Entry>,
    trouble: Option<Trouble>,
    locked: bool,
}

pub(super) struct SourceFixture {
    state: Arc<Mutex<State>>,
    fault: &'static str,
    /// It cannot be filled.
    pub(super) fixed: bool,
}

impl SourceFixture {
    pub(super) fn new(fault: &'static str) -> SourceFixture {
        SourceFixture { state: Arc::default(), fault, fixed: false }
    }

    fn change(&mut self, change: impl FnOnce(&mut State)) -> Result<(), Cannot> {
        if self.fixed {
            return Err(Cannot::because("it is taken as it stands"));
        }
        change(&mut self.state.lock().unwrap());
        Ok(())
    }
}

impl ConnectorFixture for SourceFixture {
    type Connector = Source;

    fn subject(&self) -> String {
        "<memory>".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        let log = rows.iter().cloned().map(Entry::Row).collect();
        self.change(|state| *state = State { log, ..State::default() })
    }

    fn connect(&mut self) -> Source {
        Source {
            state: Arc::clone(&self.state),
            fault: self.fault,
            reads: 0,
            last: None,
            committed: BTreeSet::new(),
            ended: false,
            lose: false,
            under_way: false,
            name: String::new(),
        }
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.change(|state| state.log.push(Entry::Row(row.clone())))
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.change(|state| state.log.push(Entry::Removed(row.id.clone())))
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.change(|state| state.log.push(Entry::Poison(format!("{{{marker}"))))
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        self.change(|state| state.trouble = Some(trouble))
    }

    fn mend(&mut self) {
        self.state.lock().unwrap().trouble = None;
    }

    fn patience(&self) -> Duration {
        patience(self.fault)
    }
}

pub(super) struct Source {
    state: Arc<Mutex<State>>,
    fault: &'static str,
    reads: u32,
    /// The last reading: where it began and ended.
    last: Option<(Cursor, Cursor)>,
    committed: BTreeSet<Vec<u8>>,
    ended: bool,
    /// The next reading skips a row.
    lose: bool,
    under_way: bool,
    name: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "source in memory {}", if self.fault == "quiet" { &self.name } else { "" })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if self.fault == "open-close" && self.reads == 0 {
            self.state().locked = true;
        }
    }
}

fn cursor(at: usize) -> Cursor {
    Cursor(format!("m1:{at}").into_bytes())
}

fn place(from: &Cursor) -> Option<usize> {
    if from.0.is_empty() {
        return Some(0);
    }
    std::str::from_utf8(&from.0).ok()?.strip_prefix("m1:")?.parse().ok()
}

impl Source {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn is(&self, fault: &str) -> bool {
        self.fault == fault
    }

    fn error(&self, reason: &str, recovery: Recovery) -> EdgeError {
        let hint = if self.is("error-words") { "" } else { "start it again" };
        EdgeError {
            attempt: "cannot read the memory".to_owned(),
            reason: reason.to_owned(),
            hint: hint.to_owned(),
            recovery,
            edition: None,
        }
    }

    /// What stands in the way, if anything.
    async fn well(&mut self) -> Result<(), EdgeError> {
        let (trouble, locked) = {
            let state = self.state();
            (state.trouble, state.locked)
        };
        if locked {
            return Err(self.error("it is locked", Recovery::Retry));
        }
        let (name, reason) = match trouble {
            None => return Ok(()),
            Some(Trouble::Gone) => ("gone", "it is not there"),
            Some(Trouble::Hanging) if self.is("hanging") => std::future::pending().await,
            Some(Trouble::Hanging) => ("hanging", "it does not answer"),
            Some(Trouble::Refusing) => ("refusing", "it refuses"),
            Some(Trouble::Throttling) => ("throttling", "it asks to come later"),
        };
        self.lose = self.is(name);
        Err(self.error(reason, Recovery::Retry))
    }

    fn message(&mut self, at: usize, entry: &Entry) -> Option<Message> {
        let earlier = |key: &str| {
            let state = self.state.lock().unwrap();
            state.log.iter().take(at).any(|entry| matches!(entry, Entry::Row(row) if row.id == key))
        };
        let (key, body, raw) = match entry {
            Entry::Lost => return None,
            Entry::Row(row) if self.is("update") && earlier(&row.id) => return None,
            Entry::Removed(_) if self.is("delete") => return None,
            Entry::Poison(_) if self.is("poison") => return None,
            Entry::Removed(key) => (Some(key.clone()), MessageBody::Delete, Vec::new()),
            Entry::Poison(bytes) => {
                (None, MessageBody::Bad("it is no object".to_owned()), bytes.clone().into_bytes())
            }
            Entry::Row(row) => {
                self.name.clone_from(&row.name);
                let cell = |text: &str| match self.is("values") {
                    true => text.replace(|letter: char| letter > '\u{ffff}', "?"),
                    false => text.to_owned(),
                };
                let mut cells: Vec<Cell> = row.cells().map(|(_, text)| Cell::Text(cell(text))).into();
                if self.is("shape") && row.note.is_empty() {
                    cells.pop();
                }
                let raw = if self.is("bytes") { Vec::new() } else { row.json().into_bytes() };
                (Some(row.id.clone()), MessageBody::Cells(cells), raw)
            }
        };
        let locator = u64::try_from(at).unwrap();
        Some(Message { locator, key, at: Timestamp(1_790_000_000), raw, body })
    }
}

impl Connector for Source {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: false }
    }

    async fn check(&self) -> Vec<Finding> {
        if self.is("check-good") && self.state().trouble.is_none() {
            return Vec::new();
        }
        let good = self.state().trouble.is_none() || self.is("check-broken");
        let detail = if good { "is there" } else { "is not there" };
        let hint = if good { "" } else { "make it again" };
        vec![Finding { subject: "memory".to_owned(), good, detail: detail.to_owned(), hint: hint.to_owned() }]
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        let columns = COLUMNS.iter().skip(usize::from(self.is("discover")));
        Ok(vec![Discovered {
            name: "memory".to_owned(),
            columns: columns.map(|name| (*name).to_owned()).collect(),
        }])
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        self.reads += 1;
        self.well().await?;
        let mut at = match place(from) {
            Some(at) => at,
            None if self.is("foreign-cursor") => 0,
            None => return Err(self.error("the position is of another kind", Recovery::Halt)),
        };
        if self.is("given-up") {
            if std::mem::replace(&mut self.under_way, true) {
                at += 1;
            }
            tokio::task::yield_now().await;
            self.under_way = false;
        }
        if std::mem::take(&mut self.lose) {
            at += 1;
        }
        let log = self.state().log.clone();
        if self.is("empty") && log.is_empty() {
            return Err(self.error("it holds nothing", Recovery::Retry));
        }
        match &self.last {
            Some((began, ended)) if self.is("repeat") && began == from => at = place(ended).unwrap(),
            Some((_, ended))
                if self.is("read-ahead") && ended == from && !self.committed.contains(&from.0) =>
            {
                return Ok(None);
            }
            None if self.is("restart") && at > 0 && at < log.len() => at += 1,
            _ => {}
        }
        if std::mem::take(&mut self.ended) && self.is("nothing-new") && at == log.len() {
            at = log.len() - 1;
        }
        let (mut messages, mut bytes) = (Vec::new(), 0);
        while let Some(entry) = log.get(at) {
            let message = self.message(at, entry);
            let size = message.as_ref().map_or(0, |message| message.raw.len());
            let full = (messages.len() >= limits.rows_max && !self.is("batch-rows"))
                || (bytes + size > limits.bytes_max && !self.is("batch-bytes") && !messages.is_empty());
            if full {
                break;
            }
            if self.is("read-all") && at == 1 {
                messages.extend(message.clone());
            }
            bytes += size;
            messages.extend(message);
            if self.is("redeliver")
                && let Some(entry) = self.state().log.get_mut(at)
            {
                *entry = Entry::Lost;
            }
            at += 1;
        }
        if messages.is_empty() && (cursor(at) == *from || log.is_empty()) {
            self.ended = true;
            return Ok(None);
        }
        let cursor = cursor(at);
        self.last = Some((from.clone(), cursor.clone()));
        let columns = COLUMNS.map(str::to_owned).to_vec();
        let messages = Messages { name: "memory".to_owned(), columns, messages };
        Ok(Some(Batch { items: vec![Item::Messages(messages)], cursor }))
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        self.committed.insert(upto.0.clone());
        Ok(())
    }
}
