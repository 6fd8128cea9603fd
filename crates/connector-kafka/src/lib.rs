//! Reads a department's rows from a Kafka topic: JSON objects, Avro records, Debezium's change events.
//!
//! A message is about one row: its key is the row's local key, its value the row under the department's own column names,
//! and no value means that the row is no more. The group at the broker only says which partitions are read here and lets
//! others watch the lag; where reading goes on stands in the node's own commit, and each assignment starts there.
//!
//! **Invariant:** no position is told to the broker before the node's commit that holds it.
//! **Invariant:** a message that cannot be read is handed on with its bytes and a reason; the ones behind it go on.
//! **Invariant:** a partition that was taken away hands on nothing more.

mod config;
mod decode;
mod group;
mod position;
mod reading;
mod registry;
#[cfg(test)]
mod tests;

pub use config::{Config, Format};

use crate::reading::{Reading, edge};
use std::fmt;
use std::sync::Arc;
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding, Recovery,
};

/// What is fixed about a source.
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The department's columns.
    pub(crate) columns: Vec<String>,
}

/// A topic as a source of rows.
pub struct KafkaConnector {
    settings: Arc<Settings>,
    reading: Option<Reading>,
}

impl fmt::Debug for KafkaConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaConnector").field("config", &self.settings.config).finish_non_exhaustive()
    }
}

impl KafkaConnector {
    /// A connector for the topic; the columns come from the department's mapping.
    pub fn new(config: Config, columns: Vec<String>) -> KafkaConnector {
        KafkaConnector { settings: Arc::new(Settings { config, columns }), reading: None }
    }
}

impl Connector for KafkaConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: false }
    }

    async fn check(&self) -> Vec<Finding> {
        let settings = Arc::clone(&self.settings);
        blocking(move || Ok(reading::check(&settings))).await.unwrap_or_default()
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        blocking(move || {
            reading::partitions(&settings)?;
            let name = settings.config.topic.clone();
            Ok(vec![Discovered { name, columns: settings.columns.clone() }])
        })
        .await
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        // Where an earlier read was given up half-way, its consumer is gone and reading resumes from the cursor.
        let mut reading = self.reading.take().unwrap_or_default();
        let from = from.clone();
        let (reading, batch) = blocking(move || {
            let batch = reading.read(&settings, &from, limits);
            Ok((reading, batch))
        })
        .await?;
        self.reading = Some(reading);
        batch
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        if let Some(reading) = &self.reading {
            reading.tell_the_group(&self.settings, upto);
        }
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EdgeError> + Send + 'static,
) -> Result<T, EdgeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        let reason = "the reading task was ended".to_owned();
        Err(edge("cannot finish reading", reason, "reading resumes at the stored position", Recovery::Retry))
    })
}
