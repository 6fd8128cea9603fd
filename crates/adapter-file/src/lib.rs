//! Writes a department's own file back, completed and corrected, and a receipt beside it.
//!
//! The newest file that the receiver delivered is the template: columns, order, codes, format and styles stay as they
//! are, and only the cells of the batch change. Beside the file `a.csv` lie `a.csv.receipt.csv` for people and
//! `.a.csv.position.json` for [`FileAdapter::last_applied`](yibiao_contract::Adapter::last_applied).
//!
//! **Invariant:** a file is there whole or not at all; a batch that changes nothing leaves it untouched.
//! **Invariant:** the template is only read.

mod config;
mod edition;
mod position;
mod sqlite;
#[cfg(test)]
mod tests;

pub use config::{Config, Form};

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use yibiao_contract::{Adapter, Delivery, EdgeError, Finding, OutBatch, OutRow, Outcome, Recovery};
use yibiao_format::{Cell, Edits, FormatError, Problem, write_csv_bom};

/// Why a row could not be written at all.
pub(crate) const NO_SUCH_ROW: &str = "the template has no such row";

/// Cells that stay as the receiver had them: by the row's place in the batch, column and reason.
pub(crate) type Refusals = BTreeMap<usize, Vec<(String, &'static str)>>;

/// A folder as a receiver of rows.
#[derive(Debug)]
pub struct FileAdapter {
    config: Config,
    /// Held while a file is written: a write that was given up goes on, and the next one waits for its end.
    writing: Arc<Mutex<()>>,
}

impl FileAdapter {
    /// An adapter for the receiver.
    pub fn new(config: Config) -> FileAdapter {
        FileAdapter { config, writing: Arc::default() }
    }
}

impl Adapter for FileAdapter {
    fn delivery(&self) -> Delivery {
        Delivery::Replace
    }

    async fn check(&self) -> Vec<Finding> {
        let config = self.config.clone();
        blocking(move || Ok(check(&config))).await.unwrap_or_default()
    }

    async fn write(&mut self, batch: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
        let (config, batch, writing) = (self.config.clone(), batch.clone(), Arc::clone(&self.writing));
        blocking(move || {
            // What a write that panicked left is written over.
            let _alone = writing.lock().unwrap_or_else(PoisonError::into_inner);
            write(&config, &batch)
        })
        .await
    }

    async fn last_applied(&self) -> Result<Option<u64>, EdgeError> {
        let config = self.config.clone();
        blocking(move || Ok(position::read(&config))).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EdgeError> + Send + 'static,
) -> Result<T, EdgeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(EdgeError {
            attempt: "cannot finish writing".to_owned(),
            reason: "the writing task was ended".to_owned(),
            hint: "start again; the batch is written again".to_owned(),
            recovery: Recovery::Retry,
            edition: None,
        })
    })
}

fn write(config: &Config, batch: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
    fs::create_dir_all(&config.folder)
        .map_err(|cause| system(&config.folder.display().to_string(), &cause))?;
    let refusals = match &config.form {
        Form::File(layout) => {
            let (edits, mut refusals) = edits(&batch.rows);
            let template = config.template();
            let target = config.target();
            let before = edition::stamp(&template);
            let prepared = yibiao_format::prepare(&template, &target, layout, config.limits, &edits)
                .map_err(|error| edge(&error))?;
            // Locators mean nothing in another edition than they were read from. Looked at when all is read and nothing
            // stands in place yet.
            edition::check(config, &template, before, batch.edition.as_deref())?;
            let rewritten = prepared.put_in_place().map_err(|error| edge(&error))?;
            let places: BTreeMap<u64, usize> =
                batch.rows.iter().zip(0..).filter_map(|(row, place)| Some((row.locator?, place))).collect();
            for refused in rewritten.refused {
                if let Some(place) = places.get(&refused.locator) {
                    refusals.entry(*place).or_default().push((refused.column, refused.reason));
                }
            }
            refusals
        }
        Form::Sqlite { table, key } => sqlite::write(config, table, key, batch)?,
    };
    let receipt = batch.rows.iter().enumerate().map(|(place, row)| receipt_row(row, refusals.get(&place)));
    write_csv_bom(&config.receipt(), &["row", "status", "状态", "reason"], receipt)
        .map_err(|error| edge(&error))?;
    position::write(config, batch.upto)?;
    Ok((0..batch.rows.len()).map(|place| outcome(refusals.get(&place))).collect())
}

/// The cells to set by locator; rows that the template does not hold are refused.
fn edits(rows: &[OutRow]) -> (Edits, Refusals) {
    let mut edits = Edits::new();
    let mut refusals = Refusals::new();
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| !row.cells.is_empty()) {
        match row.locator {
            Some(locator) => edits.entry(locator).or_default().extend(row.cells.iter().cloned()),
            None => {
                let refused = row.cells.iter().map(|(column, _)| (column.clone(), NO_SUCH_ROW)).collect();
                refusals.insert(place, refused);
            }
        }
    }
    (edits, refusals)
}

fn outcome(refused: Option<&Vec<(String, &'static str)>>) -> Outcome {
    match refused {
        Some(cells) if cells.iter().any(|(_, reason)| *reason == NO_SUCH_ROW) => {
            Outcome::Reject(NO_SUCH_ROW.to_owned())
        }
        _ => Outcome::Delivered,
    }
}

fn receipt_row(row: &OutRow, refused: Option<&Vec<(String, &'static str)>>) -> Vec<Cell> {
    let (status, in_chinese) = row.status.words();
    let name = match (row.locator.map(i64::try_from), &row.key) {
        (Some(Ok(locator)), _) => Cell::Integer(locator),
        (_, Some(key)) => Cell::Text(key.clone()),
        _ => Cell::Absent,
    };
    let mut reasons: Vec<String> = Vec::new();
    if !row.reason.is_empty() {
        reasons.push(row.reason.clone());
    }
    let refused = refused.into_iter().flatten();
    reasons.extend(refused.map(|(column, reason)| format!("column {column} stays as it was: {reason}")));
    vec![
        name,
        Cell::Text(status.to_owned()),
        Cell::Text(in_chinese.to_owned()),
        Cell::Text(reasons.join("; ")),
    ]
}

fn check(config: &Config) -> Vec<Finding> {
    let template = config.template();
    let subject = format!("template {}", template.display());
    let found = match &config.form {
        Form::File(layout) => yibiao_format::open(&template, layout, config.limits).map(|_| ()),
        Form::Sqlite { .. } => yibiao_format::plain_bytes(&template).map(|_| ()),
    };
    let template = match found {
        Ok(()) => Finding { subject, good: true, detail: "can be read".to_owned(), hint: String::new() },
        Err(error) => {
            Finding { subject, good: false, detail: error.reason.to_string(), hint: error.hint.to_owned() }
        }
    };
    vec![writable(&config.folder), template]
}

/// Whether files can be made in the folder, or in the nearest folder above it that exists.
fn writable(folder: &Path) -> Finding {
    let subject = format!("folder {}", folder.display());
    let nearest = folder.ancestors().find(|above| above.exists()).unwrap_or(folder);
    let probe = nearest.join(".yibiao-check");
    match fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => {
            let detail = if nearest == folder { "can be written to" } else { "will be created" };
            Finding { subject, good: true, detail: detail.to_owned(), hint: String::new() }
        }
        Err(cause) => {
            let error = system(&folder.display().to_string(), &cause);
            Finding { subject, good: false, detail: error.reason, hint: error.hint }
        }
    }
}

/// A failure of the system, in the words of [`FormatError`].
pub(crate) fn system(object: &str, cause: &io::Error) -> EdgeError {
    edge(&FormatError::on_write(object, cause))
}

/// The error as the pipeline takes it. A template that cannot be read may be followed by a better one.
pub(crate) fn edge(error: &FormatError) -> EdgeError {
    let recovery = match error.problem {
        Problem::NotAFile | Problem::NoRights => Recovery::Halt,
        _ => Recovery::Retry,
    };
    EdgeError {
        attempt: error.attempt_words(),
        reason: error.reason.to_string(),
        hint: error.hint.to_owned(),
        recovery,
        edition: None,
    }
}
