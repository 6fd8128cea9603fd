//! Reads a department's table: SQLite, first whole, then by a cursor column where there is one.
//!
//! **Invariant:** the database is only read, and nothing is left beside it.
//! **Invariant:** an edition is one query: it shows one state of the table, and is closed only at its end.

mod config;
mod file;
mod position;
mod reading;
mod table;
#[cfg(test)]
mod tests;

pub use config::Config;

use crate::reading::Reading;
use std::fmt;
use std::sync::{Arc, Mutex};
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding, Recovery,
};

/// The time in milliseconds since 1970, given from outside.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What is fixed about a source.
pub(crate) struct Settings {
    pub(crate) config: Config,
    clock: Clock,
}

/// A table as a source of rows.
pub struct SqlConnector {
    settings: Arc<Settings>,
    /// Locked only while it is taken out or put back, so that the connector can be shared between threads.
    reading: Mutex<Option<Reading>>,
}

impl fmt::Debug for SqlConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlConnector").field("config", &self.settings.config).finish_non_exhaustive()
    }
}

impl SqlConnector {
    /// A connector for the table.
    pub fn new(config: Config, clock: Clock) -> SqlConnector {
        SqlConnector { settings: Arc::new(Settings { config, clock }), reading: Mutex::new(None) }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Reading>> {
        self.reading.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Connector for SqlConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: self.settings.config.cursor.is_none() }
    }

    async fn check(&self) -> Vec<Finding> {
        let settings = Arc::clone(&self.settings);
        blocking(move || Ok(check(&settings.config))).await.unwrap_or_default()
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        blocking(move || {
            let columns = table::columns(&settings.config)?;
            Ok(vec![Discovered { name: settings.config.table.clone(), columns }])
        })
        .await
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        // Where an earlier read was given up half-way, its state is gone and reading resumes from the cursor.
        let mut reading = self.held().take().unwrap_or_default();
        let from = from.clone();
        let (reading, batch) = blocking(move || {
            let now_ms = (settings.clock)();
            let batch = reading.read(&settings, &from, limits, now_ms);
            Ok((reading, batch))
        })
        .await?;
        *self.held() = Some(reading);
        batch
    }

    async fn commit(&mut self, _upto: &Cursor) -> Result<(), EdgeError> {
        // The database belongs to the department: nothing is marked in it.
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

fn check(config: &Config) -> Vec<Finding> {
    let subject = format!("table {} of {}", config.table, config.path.display());
    let finding = match file::stamp(config) {
        Ok(None) => Finding {
            subject,
            good: false,
            detail: "the database is not there".to_owned(),
            hint: "have it delivered, or check the path in the configuration".to_owned(),
        },
        Err(error) => Finding { subject, good: false, detail: error.reason, hint: error.hint },
        Ok(Some(_)) => match table::columns(config) {
            Ok(columns) => Finding {
                subject,
                good: true,
                detail: format!("can be read, {} columns", columns.len()),
                hint: String::new(),
            },
            Err(error) => Finding { subject, good: false, detail: error.reason, hint: error.hint },
        },
    };
    vec![finding]
}
