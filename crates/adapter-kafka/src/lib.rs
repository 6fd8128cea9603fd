//! Publishes the events of a subscription to Kafka: CloudEvents in binary mode, Avro with Confluent framing, keyed by
//! entity id.
//!
//! Two topics for each kind of entity: `chg` has every event, and `cur`, compacted, the record as it is now, with a
//! tombstone for one that is gone. A third, `dlq`, has the events that fit neither, with the reason; a topic of the
//! subscription has the feed position.
//!
//! **Invariant:** the events of a batch, their current records and the position are one transaction: a reader of committed
//! records sees all of them or none, and each once, whoever dies when.
//! **Invariant:** the position is read back only after every earlier writer of the subscription was shut out.

mod config;
mod event;
mod numbers;
mod position;
#[cfg(test)]
mod tests;
mod topics;
mod transaction;

pub use config::Config;

use crate::transaction::Writer;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use std::fmt;
use std::sync::Arc;
use yibiao_contract::{
    ChangeEvent, Delivery, EdgeError, EventAdapter, EventBatch, FeedMark, Finding, Letter, Outcome, Recovery,
};
use yibiao_kafka_client::Told;
use yibiao_record::EntityKind;
use yibiao_schema::Dictionary;
use yibiao_schema::avro::EntitySchema;

/// What this adapter is called.
pub(crate) const NAME: &str = "adapter-kafka";
/// Events of a transaction, at most: its end costs the brokers the same, however many it holds.
const EVENTS_MAX: usize = 4_000;

/// What is fixed about a receiver.
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) subscription: String,
    pub(crate) schemas: Vec<EntitySchema>,
}

/// What the client library says of connections is kept for the errors that follow from it.
#[derive(Default)]
pub(crate) struct Quiet {
    pub(crate) told: Told,
}

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        self.told.error(error, reason);
    }
}

impl ConsumerContext for Quiet {}

impl ProducerContext for Quiet {
    type DeliveryOpaque = ();

    /// A record that was not taken fails its transaction.
    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

impl Settings {
    pub(crate) fn client(&self) -> ClientConfig {
        yibiao_kafka_client::client(&self.config.brokers, &self.config.properties)
    }
}

/// Topics as a receiver of events.
pub struct KafkaAdapter {
    settings: Arc<Settings>,
    writer: Option<Writer>,
}

impl fmt::Debug for KafkaAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaAdapter").field("config", &self.settings.config).finish_non_exhaustive()
    }
}

impl KafkaAdapter {
    /// An adapter for one subscription, which receives these kinds of entity.
    pub fn new(
        config: Config,
        subscription: String,
        dictionary: &'static Dictionary,
        kinds: impl IntoIterator<Item = EntityKind>,
    ) -> KafkaAdapter {
        let schemas = kinds.into_iter().map(|kind| EntitySchema::of(dictionary, kind)).collect();
        KafkaAdapter { settings: Arc::new(Settings { config, subscription, schemas }), writer: None }
    }
}

impl EventAdapter for KafkaAdapter {
    fn delivery(&self) -> Delivery {
        Delivery::Transactional
    }

    fn events_max(&self) -> usize {
        EVENTS_MAX
    }

    async fn check(&self) -> Vec<Finding> {
        let settings = Arc::clone(&self.settings);
        let subject = format!("brokers {}", settings.config.brokers);
        blocking(move || topics::check(&settings)).await.unwrap_or_else(|error| {
            vec![Finding { subject, good: false, detail: error.reason, hint: error.hint }]
        })
    }

    async fn last_applied(&mut self) -> Result<Option<FeedMark>, EdgeError> {
        // Whoever asks after a failure must not get what was known before it.
        self.writer = None;
        let settings = Arc::clone(&self.settings);
        let writer = blocking(move || Writer::open(&settings)).await?;
        let applied = writer.applied().cloned();
        self.writer = Some(writer);
        Ok(applied)
    }

    async fn write(&mut self, batch: &EventBatch) -> Result<Vec<Outcome>, EdgeError> {
        let (settings, batch) = (Arc::clone(&self.settings), batch.clone());
        self.with_writer(move |writer| writer.write(&settings, &batch)).await
    }

    async fn rewrite(&mut self, events: Vec<ChangeEvent>) -> Result<Vec<Outcome>, EdgeError> {
        // The topics may take longer records than they did when the writer was opened.
        self.writer = None;
        let settings = Arc::clone(&self.settings);
        self.with_writer(move |writer| writer.rewrite(&settings, &events)).await
    }

    fn letter(&self, event: &ChangeEvent) -> Letter {
        match &self.writer {
            Some(writer) => writer.letter(&self.settings, event),
            None => event::letter(&self.settings, None, event, usize::MAX),
        }
    }

    fn name(&self) -> &'static str {
        NAME
    }
}

impl KafkaAdapter {
    /// Lets the writer write. One that fails is gone: the next shuts it out and asks how far it came.
    async fn with_writer(
        &mut self,
        write: impl FnOnce(&mut Writer) -> Result<Vec<Outcome>, EdgeError> + Send + 'static,
    ) -> Result<Vec<Outcome>, EdgeError> {
        let settings = Arc::clone(&self.settings);
        let writer = self.writer.take();
        let (writer, outcomes) = blocking(move || {
            let mut writer = match writer {
                Some(writer) => writer,
                None => Writer::open(&settings)?,
            };
            let outcomes = write(&mut writer)?;
            Ok((writer, outcomes))
        })
        .await?;
        self.writer = Some(writer);
        Ok(outcomes)
    }
}

pub(crate) fn edge(attempt: &str, reason: String, hint: &str, recovery: Recovery) -> EdgeError {
    EdgeError { attempt: attempt.to_owned(), reason, hint: hint.to_owned(), recovery, edition: None }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EdgeError> + Send + 'static,
) -> Result<T, EdgeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        let reason = "the writing task was ended".to_owned();
        Err(edge("cannot finish writing", reason, "it is tried again by itself", Recovery::Retry))
    })
}
