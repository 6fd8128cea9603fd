//! Reads a department's rows from a Kafka topic: JSON objects, Avro records, Debezium's change events.
//!
//! A message is about one row: its key is the row's local key, its value the row under the department's own column names,
//! and no value means that the row is no more. The group at the broker only says which partitions are read here and lets
//! others watch the lag; where reading goes on stands in the node's own commit, and each assignment starts there.
//!
//! **Invariant:** no position is told to the broker before the node's commit that holds it.
//! **Invariant:** a message that cannot be read is handed on with its bytes and a reason; the ones behind it go on.
//! **Invariant:** a partition that the group wants back is given up once all that was handed on of it is durable, and
//! hands on nothing more.

mod config;
mod decode;
mod group;
mod polled;
mod position;
mod reading;
mod registry;
#[cfg(test)]
mod tests;
mod topic;

pub use config::{Config, Format};

use crate::reading::{Reading, edge};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// Locked while it is read from: a reading that was given up goes on to its end, and the next one waits for it. Two at
    /// once would be two members of the group.
    reading: Arc<Mutex<Reading>>,
}

impl fmt::Debug for KafkaConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaConnector").field("config", &self.settings.config).finish_non_exhaustive()
    }
}

impl KafkaConnector {
    /// A connector for the topic; the columns come from the department's mapping.
    pub fn new(config: Config, columns: Vec<String>) -> KafkaConnector {
        KafkaConnector { settings: Arc::new(Settings { config, columns }), reading: Arc::default() }
    }
}

impl Connector for KafkaConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: false }
    }

    async fn check(&self) -> Vec<Finding> {
        let settings = Arc::clone(&self.settings);
        blocking(move || Ok(topic::check(&settings))).await.unwrap_or_default()
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        blocking(move || {
            topic::partitions(&settings)?;
            let name = settings.config.topic.clone();
            Ok(vec![Discovered { name, columns: settings.columns.clone() }])
        })
        .await
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let (settings, reading) = (Arc::clone(&self.settings), Arc::clone(&self.reading));
        let from = from.clone();
        blocking(move || locked(&reading).read(&settings, &from, limits)).await
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        locked(&self.reading).acknowledge(&self.settings, upto);
        Ok(())
    }
}

/// What a reading that panicked left is given up by the next one, which starts at its own position.
fn locked(reading: &Mutex<Reading>) -> MutexGuard<'_, Reading> {
    reading.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EdgeError> + Send + 'static,
) -> Result<T, EdgeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        let reason = "the reading task was ended".to_owned();
        Err(edge("cannot finish reading", reason, "reading resumes at the stored position", Recovery::Retry))
    })
}
