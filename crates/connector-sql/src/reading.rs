//! The blocking part: decides whether to read, and reads in batches.

use crate::Settings;
use crate::file::{self, Stamp};
use crate::position::{Done, Mark, Open, Position};
use crate::table::{self, Message, Query};
use std::fmt;
use yibiao_contract::{Batch, BatchLimits, Cursor, EdgeError, Edition, Item, Recovery};
use yibiao_format::{BadRow, Opening, Row};

/// What is kept between reads. Losing it costs time, never rows.
#[derive(Default)]
pub(crate) struct Reading {
    held: Option<Held>,
    observed: Option<(Stamp, u64)>,
    /// A file that brought nothing new behind a reading of this digest, so that it is not read at every look.
    unchanged: Option<(Stamp, String)>,
    refused: Option<Done>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("held", &self.held.is_some()).finish_non_exhaustive()
    }
}

/// A reading in progress.
struct Held {
    next: Cursor,
    before: (Cursor, u64),
    done: Done,
    /// None once it has ended: what is left serves a repetition of the last batch.
    query: Option<Query>,
    beyond: Option<Mark>,
    last: Option<Mark>,
    rows: u64,
    waiting: Option<(Result<Row, BadRow>, Option<Mark>)>,
    failure: Option<EdgeError>,
}

enum Filled {
    Full,
    Ended,
    Failed(EdgeError),
}

impl Reading {
    pub(crate) fn read(
        &mut self,
        settings: &Settings,
        from: &Cursor,
        limits: BatchLimits,
        now_ms: u64,
    ) -> Result<Option<Batch>, EdgeError> {
        let config = &settings.config;
        let mut position = Position::parse(from)?;
        if let Some(held) = self.resume(settings, from, &position)? {
            return self.fill(held, Vec::new(), position, limits);
        }
        let restart = position.open.take().is_some();
        let Some(stamp) = file::stamp(config)? else { return Ok(None) };
        if let Some(refused) = &self.refused
            && refused.stamp == stamp
        {
            let news = position.done.as_ref() != Some(refused);
            position.done = Some(refused.clone());
            // A refused file is a step forward that must be remembered, though it brought nothing.
            return Ok(news.then(|| Batch { items: Vec::new(), cursor: position.cursor() }));
        }
        let same = position.done.as_ref().is_some_and(|done| {
            let unchanged = self.unchanged.as_ref();
            done.stamp == stamp
                || unchanged.is_some_and(|(seen, digest)| *seen == stamp && *digest == done.digest)
        });
        if same || (!restart && !self.settled(config.settle_ms, stamp, now_ms)) {
            return Ok(None);
        }
        let digest = file::digest(config)?;
        if position.done.as_ref().is_some_and(|done| done.digest == digest) {
            self.unchanged = Some((stamp, digest));
            return Ok(None);
        }
        let done = Done { stamp, digest: digest.clone() };
        let columns = table::columns(config).map_err(|error| self.refuse(error, &done))?;
        let beyond = if config.cursor.is_some() { position.last.clone() } else { None };
        let edition = Edition {
            name: config.table.clone(),
            opening: Opening { columns, ..Opening::default() },
            whole: beyond.is_none(),
            digest: digest.as_str().into(),
        };
        let held = Held {
            next: from.clone(),
            before: (from.clone(), 0),
            done,
            query: Some(Query::start(config, beyond.clone())),
            last: position.last.clone(),
            beyond,
            rows: 0,
            waiting: None,
            failure: None,
        };
        self.fill(held, vec![Item::Open(edition)], position, limits)
    }

    /// The reading in progress, where it goes on, or one batch back where the last one is asked for again.
    fn resume(
        &mut self,
        settings: &Settings,
        from: &Cursor,
        position: &Position,
    ) -> Result<Option<Held>, EdgeError> {
        let Some(held) = self.held.take() else { return Ok(None) };
        if held.next == *from {
            return Ok(held.query.is_some().then_some(held));
        }
        let (before, rows) = (&held.before.0, held.before.1);
        if *before != *from
            || position.open.is_none()
            || file::stamp(&settings.config)? != Some(held.done.stamp)
        {
            return Ok(None);
        }
        let mut query = Query::start(&settings.config, held.beyond.clone());
        for _ in 0..rows {
            query.next();
        }
        Ok(Some(Held { query: Some(query), rows, waiting: None, failure: None, ..held }))
    }

    /// Whether the file was left alone for the settle time.
    fn settled(&mut self, settle_ms: u64, stamp: Stamp, now_ms: u64) -> bool {
        let since = match self.observed {
            Some((seen, since)) if seen == stamp => since,
            _ => now_ms,
        };
        self.observed = Some((stamp, since));
        now_ms.saturating_sub(since).max(now_ms.saturating_sub(stamp.modified_ms())) >= settle_ms
    }

    fn fill(
        &mut self,
        mut held: Held,
        mut items: Vec<Item>,
        mut position: Position,
        limits: BatchLimits,
    ) -> Result<Option<Batch>, EdgeError> {
        let from = std::mem::take(&mut held.next);
        let rows_before = held.rows;
        match gather(&mut held, &mut items, limits) {
            Filled::Full => {}
            Filled::Ended if held.rows == 0 && held.beyond.is_some() => {
                self.unchanged = position.done.map(|done| (held.done.stamp, done.digest));
                return Ok(None);
            }
            Filled::Ended => {
                items.push(Item::Close);
                held.query = None;
                position.open = None;
                position.done = Some(held.done.clone());
                position.last = held.last.clone();
            }
            Filled::Failed(error) if items.is_empty() => return Err(self.refuse(error, &held.done)),
            Filled::Failed(error) => held.failure = Some(error),
        }
        if held.query.is_some() {
            position.open = Some(Open { digest: held.done.digest.clone(), rows: held.rows });
        }
        let cursor = position.cursor();
        held.next = cursor.clone();
        held.before = (from, rows_before);
        self.held = Some(held);
        Ok(Some(Batch { items, cursor }))
    }

    /// The error of a reading, remembered where the file itself is at fault.
    fn refuse(&mut self, error: EdgeError, done: &Done) -> EdgeError {
        if error.recovery == Recovery::Quarantine {
            self.refused = Some(done.clone());
        }
        error
    }
}

fn gather(held: &mut Held, items: &mut Vec<Item>, limits: BatchLimits) -> Filled {
    if let Some(error) = held.failure.take() {
        return Filled::Failed(error);
    }
    let (mut rows, mut bytes) = (0, 0);
    while rows < limits.rows_max.max(1) {
        let (row, mark) = match held.waiting.take() {
            Some(waiting) => waiting,
            None => match held.query.as_mut().map(Query::next) {
                Some(Message::Row(row, mark)) => (row, mark),
                Some(Message::Failed(error)) => return Filled::Failed(error),
                Some(Message::End) | None => return Filled::Ended,
            },
        };
        let size = match &row {
            Ok(row) => row.raw.len(),
            Err(bad) => bad.raw.len(),
        };
        if rows > 0 && bytes + size > limits.bytes_max {
            held.waiting = Some((row, mark));
            break;
        }
        rows += 1;
        bytes += size;
        held.rows += 1;
        held.last = mark.or(held.last.take());
        items.push(match row {
            Ok(row) => Item::Row(row),
            Err(bad) => Item::Bad(bad),
        });
    }
    Filled::Full
}
