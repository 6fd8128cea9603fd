//! Writing: one batch, one transaction. Blocks.

use crate::event::{self, Written};
use crate::numbers::Numbers;
use crate::topics::DEAD_BYTES_MAX;
use crate::{NAME, Quiet, Settings, edge, position, topics};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use std::fmt;
use std::time::{Duration, Instant};
use yibiao_contract::fault::{self, Point};
use yibiao_contract::{
    ChangeEvent, EdgeError, EventBatch, FeedMark, Letter, Outcome, Recovery, error_headers,
};
use yibiao_kafka_client::{Told, code, said};

/// How long the brokers keep a transaction open of which they hear nothing.
const OPEN_MS_MAX: &str = "60000";
/// Bytes of a batch on its way to a broker, at most.
const BATCH_BYTES: usize = 1_000_000;
/// How long to wait where the queue to the brokers is full.
const PAUSE: Duration = Duration::from_millis(5);

/// The one writer of a subscription.
pub(crate) struct Writer {
    producer: ThreadedProducer<Quiet>,
    numbers: Numbers,
    /// How long the brokers may take.
    timeout: Duration,
    /// Where the receiver has come.
    applied: Option<FeedMark>,
    /// The longest record that the topics take.
    bytes_max: usize,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "writer at {:?}", self.applied.as_ref().map(|applied| applied.position))
    }
}

impl Writer {
    /// Shuts out every earlier writer of the subscription, ends what it left open, and asks how far it came.
    pub(crate) fn open(settings: &Settings) -> Result<Writer, EdgeError> {
        let numbers = Numbers::known(settings)?;
        let bytes_max = topics::ensure(settings)?;
        let mut client = settings.client();
        client
            .set("transactional.id", settings.config.transactional_id(&settings.subscription))
            .set("enable.idempotence", "true")
            // The library's own limits must not be below those of any topic, nor its batches above.
            .set("message.max.bytes", DEAD_BYTES_MAX.max(bytes_max).to_string())
            .set("batch.size", bytes_max.clamp(1, BATCH_BYTES).to_string())
            .set("linger.ms", "5")
            // A transaction is committed whole or not at all: nobody waits for what became of one record.
            .set("delivery.report.only.error", "true")
            .set("compression.type", "zstd")
            // A record is given up before its transaction is.
            .set("message.timeout.ms", (settings.config.answer_ms_max.min(60_000) / 6 * 5).max(1).to_string())
            .set("transaction.timeout.ms", OPEN_MS_MAX)
            .set("reconnect.backoff.max.ms", "2000")
            // As Kafka's own clients spread keys.
            .set("partitioner", "murmur2_random");
        let producer: ThreadedProducer<Quiet> =
            client.create_with_context(Quiet::default()).map_err(|error| {
                edge("cannot write to Kafka", said(&error), "correct the receiver's settings", Recovery::Halt)
            })?;
        let timeout = Duration::from_millis(settings.config.answer_ms_max);
        retried(timeout, || producer.init_transactions(timeout))
            .map_err(|error| failure(settings, &producer.context().told, &error))?;
        Ok(Writer { producer, numbers, timeout, applied: position::read(settings)?, bytes_max })
    }

    pub(crate) fn applied(&self) -> Option<&FeedMark> {
        self.applied.as_ref()
    }

    /// Whether the receiver has what stands at a position.
    fn has(&self, position: u64) -> bool {
        self.applied.as_ref().is_some_and(|applied| applied.position >= position)
    }

    /// An event as it is sent.
    pub(crate) fn letter(&self, settings: &Settings, event: &ChangeEvent) -> Letter {
        event::letter(settings, Some(&self.numbers), event, self.bytes_max)
    }

    /// Writes what the receiver does not have yet.
    pub(crate) fn write(
        &mut self,
        settings: &Settings,
        batch: &EventBatch,
    ) -> Result<Vec<Outcome>, EdgeError> {
        if self.has(batch.upto.position) {
            return Ok(vec![Outcome::Delivered; batch.events.len()]);
        }
        let outcomes = self.whole(settings, &batch.events, Some(&batch.upto))?;
        self.applied = Some(batch.upto.clone());
        Ok(outcomes)
    }

    /// Writes events that were refused once; the position stays.
    pub(crate) fn rewrite(
        &mut self,
        settings: &Settings,
        events: &[ChangeEvent],
    ) -> Result<Vec<Outcome>, EdgeError> {
        self.whole(settings, events, None)
    }

    /// One transaction, or none of it.
    fn whole(
        &self,
        settings: &Settings,
        events: &[ChangeEvent],
        upto: Option<&FeedMark>,
    ) -> Result<Vec<Outcome>, EdgeError> {
        self.transaction(settings, events, upto).map_err(|error| {
            // Where even this fails, the next writer ends what is open.
            if let Err(again) = self.producer.abort_transaction(self.timeout) {
                tracing::debug!(%again, "the transaction is left to the next writer");
            }
            failure(settings, &self.producer.context().told, &error)
        })
    }

    fn transaction(
        &self,
        settings: &Settings,
        events: &[ChangeEvent],
        upto: Option<&FeedMark>,
    ) -> Result<Vec<Outcome>, KafkaError> {
        let started = Instant::now();
        self.producer.begin_transaction()?;
        let writers = event::writers(settings);
        let mut outcomes = Vec::with_capacity(events.len());
        for event in events {
            if upto.is_some() && self.has(event.position) {
                outcomes.push(Outcome::Delivered);
                continue;
            }
            let refused = match event::write(settings, &self.numbers, &writers, event) {
                Ok(written) if written.bytes() > self.bytes_max => {
                    format!(
                        "its record has {} bytes, and its topics take {}",
                        written.bytes(),
                        self.bytes_max
                    )
                }
                Ok(written) => {
                    self.send_event(&written)?;
                    outcomes.push(Outcome::Delivered);
                    continue;
                }
                Err(unfit) => unfit.to_string(),
            };
            self.send_dead(settings, event, &refused)?;
            outcomes.push(Outcome::Reject(refused));
        }
        if let Some(upto) = upto {
            let topic = settings.config.position_topic(&settings.subscription);
            let upto = position::text(upto);
            self.send(BaseRecord::to(&topic).key(&settings.subscription).payload(&upto).partition(0))?;
        }
        fault::pass(Point::InTransaction);
        let queued = started.elapsed();
        retried(self.timeout, || self.producer.commit_transaction(self.timeout))?;
        tracing::debug!(events = events.len(), ?queued, committed = ?started.elapsed(), "a transaction is committed");
        self.producer.context().told.answered();
        Ok(outcomes)
    }

    /// What the other topics cannot take goes to the one of dead letters, where that can.
    fn send_dead(&self, settings: &Settings, event: &ChangeEvent, reason: &str) -> Result<(), KafkaError> {
        let kind = event.entity.kind;
        let declared = settings.schemas.iter().any(|schema| schema.kind() == kind);
        let letter = self.letter(settings, event);
        // Half is left for its headers and what goes around it.
        if !declared || letter.body.len() > DEAD_BYTES_MAX / 2 {
            return Ok(());
        }
        let errors = error_headers(NAME, &settings.subscription, event.position, letter.code, reason);
        let headers = letter.headers.iter().map(|(name, value)| (name.as_str(), value));
        let headers = event::headers(headers.chain(errors.iter().map(|(name, value)| (*name, value))));
        let topic = settings.config.dead_topic(kind);
        let key = event.entity.to_string();
        let record = BaseRecord::to(&topic).key(&key).headers(headers);
        self.send(if letter.body.is_empty() { record } else { record.payload(&letter.body) })
    }

    fn send_event(&self, written: &Written) -> Result<(), KafkaError> {
        let Written { changes_topic, current_topic, key, headers, body, gone } = written;
        let headers = event::headers(headers.iter().map(|(name, value)| (name.as_str(), value)));
        let record = BaseRecord::to(changes_topic).key(key).payload(body).headers(headers.clone());
        self.send(record)?;
        let record = BaseRecord::to(current_topic).key(key).headers(headers);
        self.send(if *gone { record } else { record.payload(body) })
    }

    /// Queues a record; where the queue is full, once there is room.
    fn send(
        &self,
        record: BaseRecord<'_, String, impl rdkafka::message::ToBytes + ?Sized>,
    ) -> Result<(), KafkaError> {
        let started = Instant::now();
        let mut record = record;
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if started.elapsed() < self.timeout =>
                {
                    record = back;
                    std::thread::sleep(PAUSE);
                }
                Err((error, _)) => return Err(error),
            }
        }
    }
}

/// Repeats what the client library says may be repeated as it is.
fn retried(timeout: Duration, mut attempt: impl FnMut() -> Result<(), KafkaError>) -> Result<(), KafkaError> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && started.elapsed() < timeout => {}
            done => return done,
        }
    }
}

fn failure(settings: &Settings, told: &Told, error: &KafkaError) -> EdgeError {
    let attempt = format!("cannot write to {}.*", settings.config.prefix);
    let why = told.why(error);
    let hint = match code(error) {
        // The brokers also shut out a writer whose transaction took too long.
        Some(
            RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch,
        ) => "if it stays so, another node writes for this subscription: stop one of the two",
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed,
        ) => "grant the node's user to write to these topics under this transactional id",
        _ => why.hint.unwrap_or("start the brokers; it is tried again by itself"),
    };
    edge(&attempt, why.reason, hint, Recovery::Retry)
}
