//! Reads files that a department drops in a folder: CSV, XLSX, NDJSON and XML, plain or as `.gz`.
//!
//! Watched or one-shot is the caller's choice: each [`FileConnector::read`] looks at the folder anew. A file that is
//! still being written is left alone until it has settled; one that is delivered again with the same content is
//! recognised by its digest and yields nothing.
//!
//! **Invariant:** the folder is only read.
//! **Invariant:** an edition is closed only if the file was read to its end and is still the one that was opened.

mod config;
mod folder;
mod position;
mod reading;
#[cfg(test)]
mod tests;

pub use config::Config;

use crate::reading::{Reading, edge};
use std::fmt;
use std::sync::Arc;
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding, Recovery,
};
use yibiao_format::Layout;

/// The time in milliseconds since 1970, given from outside.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What is fixed about a source.
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) layout: Layout,
    clock: Clock,
}

/// A folder as a source of rows.
pub struct FileConnector {
    settings: Arc<Settings>,
    reading: Option<Reading>,
}

impl fmt::Debug for FileConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileConnector").field("config", &self.settings.config).finish_non_exhaustive()
    }
}

impl FileConnector {
    /// A connector for the folder; the layout comes from the department's mapping.
    pub fn new(config: Config, layout: Layout, clock: Clock) -> FileConnector {
        FileConnector { settings: Arc::new(Settings { config, layout, clock }), reading: None }
    }
}

impl Connector for FileConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: self.settings.config.snapshot }
    }

    async fn check(&self) -> Vec<Finding> {
        let settings = Arc::clone(&self.settings);
        blocking(move || Ok(check(&settings))).await.unwrap_or_default()
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        blocking(move || discover(&settings)).await
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        // Where an earlier read was given up half-way, its state is gone and reading resumes from the cursor.
        let mut reading = self.reading.take().unwrap_or_default();
        let from = from.clone();
        let (reading, batch) = blocking(move || {
            let now_ms = (settings.clock)();
            let batch = reading.read(&settings, &from, limits, now_ms);
            Ok((reading, batch))
        })
        .await?;
        self.reading = Some(reading);
        batch
    }

    async fn commit(&mut self, _upto: &Cursor) -> Result<(), EdgeError> {
        // The folder belongs to the department: nothing is moved or marked in it.
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EdgeError> + Send + 'static,
) -> Result<T, EdgeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(EdgeError {
            attempt: "cannot finish reading".to_owned(),
            reason: "the reading task was ended".to_owned(),
            hint: "start again; reading resumes at the stored position".to_owned(),
            recovery: Recovery::Retry,
            edition: None,
        })
    })
}

fn check(settings: &Settings) -> Vec<Finding> {
    let config = &settings.config;
    let folder = format!("folder {}", config.folder.display());
    let files = match folder::list(settings) {
        Ok(files) => files,
        Err(error) => {
            return vec![Finding { subject: folder, good: false, detail: error.reason, hint: error.hint }];
        }
    };
    let readable =
        Finding { subject: folder, good: true, detail: "can be read".to_owned(), hint: String::new() };
    if files.is_empty() {
        let absent = Finding {
            subject: format!("file {}", config.name),
            good: false,
            detail: "no such file lies in the folder".to_owned(),
            hint: "have it delivered, or check the name in the configuration".to_owned(),
        };
        return vec![readable, absent];
    }
    let mut findings = vec![readable];
    findings.extend(files.iter().map(|found| {
        let subject = format!("file {}", found.name);
        match yibiao_format::open(&found.path, &settings.layout, config.limits()) {
            Ok(reader) => Finding {
                subject,
                good: true,
                detail: format!("can be read, {} columns", reader.opening().columns.len()),
                hint: String::new(),
            },
            Err(error) => Finding {
                subject,
                good: false,
                detail: error.reason.to_string(),
                hint: error.hint.to_owned(),
            },
        }
    }));
    findings
}

fn discover(settings: &Settings) -> Result<Vec<Discovered>, EdgeError> {
    folder::list(settings)?
        .into_iter()
        .map(|found| {
            let reader = yibiao_format::open(&found.path, &settings.layout, settings.config.limits())
                .map_err(|error| edge(&error, &found.name))?;
            Ok(Discovered { name: found.name, columns: reader.opening().columns.clone() })
        })
        .collect()
}
