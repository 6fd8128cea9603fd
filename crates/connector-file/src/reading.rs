//! The blocking part: chooses the next file and reads it in batches.

use crate::Settings;
use crate::folder::{self, Found, Observed, Stamp};
use crate::position::{Done, Open, Position};
use std::collections::BTreeMap;
use std::fmt;
use yibiao_contract::{Batch, BatchLimits, Cursor, EdgeError, Edition, Item, Recovery};
use yibiao_format::{BadRow, FormatError, Problem, Reader, Row};

/// What is kept between reads. Losing it costs time, never rows.
#[derive(Default)]
pub(crate) struct Reading {
    held: Option<Held>,
    observed: Observed,
    digests: BTreeMap<String, (Stamp, String)>,
    /// Editions that gave an error, so that the next read goes on behind them.
    refused: BTreeMap<String, Done>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("held", &self.held.is_some()).finish_non_exhaustive()
    }
}

/// A file in progress.
struct Held {
    /// The cursor that goes on here, and the one before with its row count.
    next: Cursor,
    before: (Cursor, u64),
    found: Found,
    digest: String,
    /// None once the file was read to its end: what is left serves a repetition of the last batch.
    reader: Option<Reader>,
    rows: u64,
    /// A row that did not fit into the last batch.
    waiting: Option<Result<Row, BadRow>>,
    /// The file breaks off here.
    failure: Option<FormatError>,
}

impl Reading {
    pub(crate) fn read(
        &mut self,
        settings: &Settings,
        from: &Cursor,
        limits: BatchLimits,
        now_ms: u64,
    ) -> Result<Option<Batch>, EdgeError> {
        let mut position = Position::parse(from)?;
        if let Some(held) = self.resume(settings, from, &position)? {
            return self.fill(settings, held, Vec::new(), position, limits);
        }
        let in_progress = position.open.take().map(|open| open.name);
        let mut refusals = false;
        for found in folder::list(settings)? {
            if !found.is_file {
                return Err(not_a_file(&found));
            }
            if let Some(done) = self.refused.get(&found.name)
                && done.stamp() == found.stamp
            {
                refusals |= position.files.get(&found.name) != Some(done);
                position.files.insert(found.name, done.clone());
                continue;
            }
            let known = position.files.get(&found.name);
            let restart = in_progress.as_ref() == Some(&found.name);
            if known.is_some_and(|done| done.stamp() == found.stamp)
                || (!restart && !folder::settled(settings, &mut self.observed, &found, now_ms))
            {
                continue;
            }
            let digest = self.digest(&found)?;
            if known.is_some_and(|done| done.digest == digest) {
                continue;
            }
            let (held, open) = self.start(settings, from, found, digest)?;
            return self.fill(settings, held, vec![open], position, limits);
        }
        // A refused edition is a step forward that must be remembered, though it brought nothing.
        Ok(refusals.then(|| Batch { items: Vec::new(), cursor: position.cursor() }))
    }

    /// The file in progress, where reading goes on, or one batch back where the last one is asked for again.
    fn resume(
        &mut self,
        settings: &Settings,
        from: &Cursor,
        position: &Position,
    ) -> Result<Option<Held>, EdgeError> {
        let Some(held) = self.held.take() else { return Ok(None) };
        if held.next == *from {
            return Ok(held.reader.is_some().then_some(held));
        }
        let (before, rows) = &held.before;
        if *before != *from
            || position.open.is_none()
            || stamp_now(settings, &held.found.name) != Some(held.found.stamp)
        {
            return Ok(None);
        }
        let mut reader = yibiao_format::open(&held.found.path, &settings.layout, settings.config.limits())
            .map_err(|error| edge(&error, &held.found.name))?;
        for _ in 0..*rows {
            reader.next_row().map_err(|error| edge(&error, &held.found.name))?;
        }
        let rows = *rows;
        Ok(Some(Held { reader: Some(reader), rows, waiting: None, failure: None, ..held }))
    }

    fn start(
        &mut self,
        settings: &Settings,
        from: &Cursor,
        found: Found,
        digest: String,
    ) -> Result<(Held, Item), EdgeError> {
        let reader = match yibiao_format::open(&found.path, &settings.layout, settings.config.limits()) {
            Ok(reader) => reader,
            Err(error) => return Err(self.refuse(&error, &found, digest)),
        };
        let edition = Edition {
            name: found.name.clone(),
            opening: reader.opening().clone(),
            whole: settings.config.snapshot,
            digest: digest.as_str().into(),
        };
        let before = (from.clone(), 0);
        let next = from.clone();
        let held =
            Held { next, before, found, digest, reader: Some(reader), rows: 0, waiting: None, failure: None };
        Ok((held, Item::Open(edition)))
    }

    fn fill(
        &mut self,
        settings: &Settings,
        mut held: Held,
        mut items: Vec<Item>,
        mut position: Position,
        limits: BatchLimits,
    ) -> Result<Option<Batch>, EdgeError> {
        let from = std::mem::take(&mut held.next);
        let rows_before = held.rows;
        let name = held.found.name.clone();
        let failure = match gather(&mut held, &mut items, limits) {
            Filled::Full => None,
            Filled::Ended => {
                if stamp_now(settings, &name) != Some(held.found.stamp) {
                    return Err(changed(&name));
                }
                items.push(Item::Close);
                position.open = None;
                position.files.insert(name, Done::new(held.found.stamp, held.digest.clone(), false));
                let cursor = position.cursor();
                held.reader = None;
                held.next = cursor.clone();
                held.before = (from, rows_before);
                self.held = Some(held);
                return Ok(Some(Batch { items, cursor }));
            }
            Filled::Failed(error) => Some(error),
        };
        if let Some(error) = failure {
            if items.is_empty() {
                return Err(self.refuse(&error, &held.found, held.digest));
            }
            held.failure = Some(error);
        }
        position.open = Some(Open { name, digest: held.digest.clone(), rows: held.rows });
        let cursor = position.cursor();
        held.next = cursor.clone();
        held.before = (from, rows_before);
        self.held = Some(held);
        Ok(Some(Batch { items, cursor }))
    }

    /// The error of an edition, remembered where the edition itself is at fault.
    fn refuse(&mut self, error: &FormatError, found: &Found, digest: String) -> EdgeError {
        let error = edge(error, &found.name);
        if error.recovery == Recovery::Quarantine {
            self.refused.insert(found.name.clone(), Done::new(found.stamp, digest, true));
        }
        error
    }

    fn digest(&mut self, found: &Found) -> Result<String, EdgeError> {
        if let Some((stamp, digest)) = self.digests.get(&found.name)
            && *stamp == found.stamp
        {
            return Ok(digest.clone());
        }
        let digest = match yibiao_format::plain_digest(&found.path) {
            Ok(digest) => digest,
            Err(error) => return Err(self.refuse(&error, found, String::new())),
        };
        self.digests.insert(found.name.clone(), (found.stamp, digest.clone()));
        Ok(digest)
    }
}

enum Filled {
    Full,
    Ended,
    Failed(FormatError),
}

fn gather(held: &mut Held, items: &mut Vec<Item>, limits: BatchLimits) -> Filled {
    if let Some(error) = held.failure.take() {
        return Filled::Failed(error);
    }
    let (mut rows, mut bytes) = (0, 0);
    while rows < limits.rows_max.max(1) {
        let read = match held.waiting.take() {
            Some(waiting) => Some(waiting),
            None => match held.reader.as_mut().map(Reader::next_row) {
                Some(Ok(read)) => read,
                Some(Err(error)) => return Filled::Failed(error),
                None => None,
            },
        };
        let Some(row) = read else { return Filled::Ended };
        let size = match &row {
            Ok(row) => row.raw.len(),
            Err(bad) => bad.raw.len(),
        };
        if rows > 0 && bytes + size > limits.bytes_max {
            held.waiting = Some(row);
            break;
        }
        rows += 1;
        bytes += size;
        held.rows += 1;
        items.push(match row {
            Ok(row) => Item::Row(row),
            Err(bad) => Item::Bad(bad),
        });
    }
    Filled::Full
}

fn stamp_now(settings: &Settings, name: &str) -> Option<Stamp> {
    folder::list(settings).ok()?.into_iter().find(|found| found.name == name).map(|found| found.stamp)
}

fn changed(name: &str) -> EdgeError {
    EdgeError {
        attempt: format!("cannot read {name}"),
        reason: "it changed while it was read".to_owned(),
        hint: "deliver files under another name first and rename them; reading starts again".to_owned(),
        recovery: Recovery::Retry,
        edition: Some(name.to_owned()),
    }
}

fn not_a_file(found: &Found) -> EdgeError {
    EdgeError {
        attempt: format!("cannot read {}", found.name),
        reason: "it is a folder or a device, no file".to_owned(),
        hint: "move it away and deliver the file under this name".to_owned(),
        recovery: Recovery::Halt,
        edition: None,
    }
}

/// The error as the pipeline takes it.
pub(crate) fn edge(error: &FormatError, name: &str) -> EdgeError {
    let recovery = match error.problem {
        Problem::Missing | Problem::Device | Problem::DiskFull => Recovery::Retry,
        Problem::NotAFile | Problem::NoRights => Recovery::Halt,
        Problem::Empty
        | Problem::Encoding
        | Problem::Header
        | Problem::Structure
        | Problem::TooLarge
        | Problem::BrokenOff => Recovery::Quarantine,
    };
    EdgeError {
        attempt: error.attempt_words(),
        reason: error.reason.to_string(),
        hint: error.hint.to_owned(),
        recovery,
        edition: Some(name.to_owned()),
    }
}
