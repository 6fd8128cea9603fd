//! Reads a file of JSON lines: one row a line, only ever added to.

use std::fs::File;
use std::io::{BufRead, BufReader, Error, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding,
};
use yibiao_contract::{Item, Message, MessageBody, Messages, Timestamp, json_cells};

/// A file of JSON lines as a source of rows: where it is, and the keys that are columns.
#[derive(Debug)]
pub struct HelloSource(pub PathBuf, pub Vec<String>);

impl HelloSource {
    fn failed(&self, error: Error) -> EdgeError {
        let (attempt, reason) = (format!("cannot read {}", self.0.display()), error.kind().to_string());
        EdgeError::retry(attempt, reason, "have the file delivered, or correct its path")
    }
}

impl Connector for HelloSource {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: false }
    }
    async fn check(&self) -> Vec<Finding> {
        let found = File::open(&self.0).map(|_| "can be read".to_owned()).map_err(|error| self.failed(error));
        vec![Finding::of(self.0.display().to_string(), found)]
    }
    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        Ok(vec![Discovered { name: self.0.display().to_string(), columns: self.1.clone() }])
    }
    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let (mut place, mut bytes, mut messages) = (from.place()?, 0, Vec::new());
        let mut file = BufReader::new(File::open(&self.0).map_err(|error| self.failed(error))?);
        let changed =
            file.get_ref().metadata().and_then(|meta| meta.modified()).map_err(|error| self.failed(error))?;
        let at = Timestamp(changed.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64));
        file.seek(SeekFrom::Start(place)).map_err(|error| self.failed(error))?;
        while messages.len() < limits.rows_max {
            let mut raw = Vec::new();
            let length = file.read_until(b'\n', &mut raw).map_err(|error| self.failed(error))?;
            // A line that does not end yet is still being written.
            if raw.pop() != Some(b'\n') || (bytes > 0 && bytes + raw.len() > limits.bytes_max) {
                break;
            }
            bytes += raw.len();
            let body = json_cells(&raw, &self.1).map_or_else(MessageBody::Bad, MessageBody::Cells);
            messages.push(Message { locator: place, key: None, at, raw, body });
            place += length as u64;
        }
        let messages = Messages { name: self.0.display().to_string(), columns: self.1.clone(), messages };
        let some = !messages.messages.is_empty();
        Ok(some.then(|| Batch { items: vec![Item::Messages(messages)], cursor: Cursor::at(place) }))
    }
    async fn commit(&mut self, _upto: &Cursor) -> Result<(), EdgeError> {
        Ok(()) // nothing is marked or moved at the source
    }
}
