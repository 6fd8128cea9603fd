//! The blocking part: polls the consumer and gathers batches.

use crate::Settings;
use crate::decode::decode;
use crate::group::Group;
use crate::position::Position;
use crate::registry::Registry;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};
use yibiao_contract::{
    Batch, BatchLimits, Cursor, EdgeError, Finding, Item, Message, MessageBody, Messages, Recovery,
};
use yibiao_record::Timestamp;

/// How long a reading waits while the group is being joined or the end of the topic is not reached.
const SETTLE: Duration = Duration::from_secs(1);
/// How long a batch that has begun waits for its next message.
const LINGER: Duration = Duration::from_millis(2);
/// How long to wait between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a question to the brokers may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What is kept between reads. Losing it costs time, never messages.
#[derive(Default)]
pub(crate) struct Reading {
    held: Option<Held>,
    registry: Registry,
}

struct Held {
    consumer: BaseConsumer<Group>,
    /// Where the next reading goes on.
    next: Cursor,
    /// The brokers were out of reach when last heard of.
    down: bool,
    /// A message that did not fit into the last batch.
    waiting: Option<Polled>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("held", &self.held.is_some()).finish_non_exhaustive()
    }
}

/// Why polling stopped.
struct Stop {
    error: EdgeError,
    /// The consumer goes on where it stands; without it, messages already polled are read again by a new one.
    keep: bool,
}

impl From<EdgeError> for Stop {
    fn from(error: EdgeError) -> Stop {
        Stop { error, keep: false }
    }
}

/// A message as it came, by its partition.
struct Polled {
    partition: i32,
    message: Message,
}

impl Reading {
    pub(crate) fn read(
        &mut self,
        settings: &Settings,
        from: &Cursor,
        limits: BatchLimits,
    ) -> Result<Option<Batch>, EdgeError> {
        let position = Position::parse(&settings.config.topic, from)?;
        let mut held = match self.held.take() {
            Some(held) if held.next == *from => held,
            // Another position than where the consumer stands: a new one starts there.
            _ => {
                Held { consumer: join(settings, &position)?, next: from.clone(), down: false, waiting: None }
            }
        };
        let polled = match self.poll(settings, &mut held, limits) {
            Ok(polled) => polled,
            Err(stop) => {
                if stop.keep {
                    self.held = Some(held);
                }
                return Err(stop.error);
            }
        };
        if polled.is_empty() {
            self.held = Some(held);
            return Ok(None);
        }
        let mut position = position;
        let mut by_partition: BTreeMap<i32, Vec<Message>> = BTreeMap::new();
        for Polled { partition, message } in polled {
            let next = i64::try_from(message.locator).unwrap_or(i64::MAX).saturating_add(1);
            position.next.insert(partition, next);
            by_partition.entry(partition).or_default().push(message);
        }
        held.consumer.context().state().next.clone_from(&position.next);
        held.next = position.cursor();
        let cursor = held.next.clone();
        self.held = Some(held);
        let items = by_partition.into_iter().map(|(partition, messages)| {
            let name = format!("{}/{partition}", settings.config.topic);
            Item::Messages(Messages { name, columns: settings.columns.clone(), messages })
        });
        Ok(Some(Batch { items: items.collect(), cursor }))
    }

    /// What there is, up to the limits.
    fn poll(
        &mut self,
        settings: &Settings,
        held: &mut Held,
        limits: BatchLimits,
    ) -> Result<Vec<Polled>, Stop> {
        let started = Instant::now();
        let wait = Duration::from_millis(settings.config.wait_ms);
        let mut polled: Vec<Polled> = held.waiting.take().into_iter().collect();
        let mut bytes = polled.iter().map(|polled| polled.message.raw.len()).sum::<usize>();
        while polled.len() < limits.rows_max && bytes < limits.bytes_max {
            let drained = held.consumer.context().state().drained();
            let patience = if drained && !held.down { wait } else { SETTLE };
            let left = patience.saturating_sub(started.elapsed()).min(wait);
            let next = held.consumer.poll(if polled.is_empty() { left } else { LINGER });
            {
                let mut state = held.consumer.context().state();
                if let Some(reason) = state.failed.take() {
                    return Err(edge(&cannot_read(settings), reason, RETRIED, Recovery::Retry).into());
                }
                let revoked = std::mem::take(&mut state.revoked);
                polled.retain(|polled| !revoked.contains(&polled.partition));
            }
            match next {
                Some(Ok(message)) => {
                    held.down = false;
                    held.consumer.context().state().at_end.remove(&message.partition());
                    let next = self.polled(settings, &message)?;
                    bytes += next.message.raw.len();
                    if bytes > limits.bytes_max && !polled.is_empty() {
                        held.waiting = Some(next);
                        break;
                    }
                    polled.push(next);
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    held.down = false;
                    held.consumer.context().state().at_end.insert(partition);
                }
                // Told of every connection that breaks, perhaps long ago: whether the brokers answer is asked below.
                Some(Err(error)) if away(&error) => held.down = true,
                // What was polled before it is still good.
                Some(Err(_)) if !polled.is_empty() => return Ok(polled),
                Some(Err(error)) => return Err(failure(settings, &error)),
                None if !polled.is_empty() => break,
                None if started.elapsed() >= patience => {
                    if held.down {
                        let answered = metadata(settings, &held.consumer);
                        answered.map_err(|error| Stop { error, keep: true })?;
                        held.down = false;
                    }
                    break;
                }
                None => {}
            }
        }
        Ok(polled)
    }

    fn polled(&mut self, settings: &Settings, message: &BorrowedMessage<'_>) -> Result<Polled, EdgeError> {
        let (key, value) = (message.key(), message.payload());
        let bytes_max = settings.config.message_bytes_max;
        let length = value.map_or(0, <[u8]>::len);
        let (key, body) = if length > bytes_max {
            (None, MessageBody::Bad(format!("it has {length} bytes, more than `message_bytes_max`")))
        } else {
            decode(settings, &mut self.registry, key, value)?
        };
        let at = Timestamp(message.timestamp().to_millis().unwrap_or(0).div_euclid(1_000));
        let raw = value.map(|value| value.get(..bytes_max).unwrap_or(value).to_vec()).unwrap_or_default();
        let locator = u64::try_from(message.offset()).unwrap_or(0);
        Ok(Polled { partition: message.partition(), message: Message { locator, key, at, raw, body } })
    }

    /// Whether all partitions that are read here are read to their end.
    #[cfg(test)]
    pub(crate) fn at_end(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.consumer.context().state().drained())
    }

    /// Tells the broker how far the node is, for whoever watches the lag. Nothing depends on it.
    pub(crate) fn tell_the_group(&self, settings: &Settings, upto: &Cursor) {
        // A commit that reaches the broker while the group is being joined again may end the member.
        let Some(held) = self.held.as_ref().filter(|held| !held.down) else { return };
        let Ok(position) = Position::parse(&settings.config.topic, upto) else { return };
        let mut offsets = TopicPartitionList::new();
        let assigned = held.consumer.context().state().assigned.clone();
        for (partition, next) in
            position.next.into_iter().filter(|(partition, _)| assigned.contains(partition))
        {
            if let Err(error) =
                offsets.add_partition_offset(&settings.config.topic, partition, Offset::Offset(next))
            {
                tracing::debug!(%error, partition, "the offset cannot be told to the group");
            }
        }
        if offsets.count() > 0
            && let Err(error) = held.consumer.commit(&offsets, CommitMode::Async)
        {
            tracing::debug!(%error, "the offsets cannot be told to the group");
        }
    }
}

const RETRIED: &str = "it is tried again by itself";

pub(crate) fn edge(attempt: &str, reason: String, hint: &str, recovery: Recovery) -> EdgeError {
    EdgeError { attempt: attempt.to_owned(), reason, hint: hint.to_owned(), recovery, edition: None }
}

fn cannot_read(settings: &Settings) -> String {
    format!("cannot read topic {}", settings.config.topic)
}

/// Whether an error says that brokers are out of reach, which the client library mends by itself once they are back.
fn away(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::Resolve
        )
    )
}

/// What another error of the consumer means.
fn failure(settings: &Settings, error: &KafkaError) -> Stop {
    let (hint, recovery) = match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            ("create the topic, or let the node do so with `create_partitions:`", Recovery::Retry)
        }
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed,
        ) => ("grant the node's user to read the topic and to join the group", Recovery::Retry),
        Some(RDKafkaErrorCode::FencedInstanceId) => (
            "if it stays so, another node has the same `instance:`; it is tried again by itself",
            Recovery::Retry,
        ),
        Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => (
            "the topic no longer holds the messages behind the stored position: it was made anew, or kept them too \
             short; have the department send every row again, into a new topic",
            Recovery::Halt,
        ),
        _ => (RETRIED, Recovery::Retry),
    };
    // A member of the group that lives on need not be waited for by the next one; after a fatal error it does not.
    let keep = recovery == Recovery::Retry && !matches!(error, KafkaError::MessageConsumptionFatal(_));
    Stop { error: edge(&cannot_read(settings), error.to_string(), hint, recovery), keep }
}

fn client(settings: &Settings) -> ClientConfig {
    let mut client = ClientConfig::new();
    for (name, value) in &settings.config.properties {
        client.set(name, value);
    }
    client.set("bootstrap.servers", &settings.config.brokers);
    client
}

/// A consumer that starts at a position.
fn join(settings: &Settings, position: &Position) -> Result<BaseConsumer<Group>, EdgeError> {
    ensure_topic(settings)?;
    let fetch_bytes_max = settings.config.message_bytes_max.saturating_add(1 << 20).max(1 << 20).to_string();
    let mut config = client(settings);
    config
        .set("group.id", &settings.config.group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        // A node that died is given up after so long, so that the next one is not kept waiting.
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "2000")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        // A position that the topic no longer has must be seen, not skipped over.
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("max.partition.fetch.bytes", &fetch_bytes_max)
        .set("reconnect.backoff.max.ms", "2000");
    if let Some(instance) = &settings.config.instance {
        config.set("group.instance.id", instance);
    }
    let attempt = cannot_read(settings);
    let refused = |error: KafkaError| {
        edge(&attempt, error.to_string(), "correct the source's settings", Recovery::Halt)
    };
    let consumer: BaseConsumer<Group> =
        config.create_with_context(Group::at(position.next.clone())).map_err(refused)?;
    consumer.subscribe(&[&settings.config.topic]).map_err(refused)?;
    Ok(consumer)
}

/// Makes the topic where it is missing and the configuration says how.
fn ensure_topic(settings: &Settings) -> Result<(), EdgeError> {
    let Some(partitions) = settings.config.create_partitions else { return Ok(()) };
    let attempt = format!("cannot make topic {}", settings.config.topic);
    let failed = |reason: String| {
        let hint = "start the brokers, or make the topic by hand; it is tried again by itself";
        edge(&attempt, reason, hint, Recovery::Retry)
    };
    let admin: AdminClient<Group> =
        client(settings).create_with_context(Group::default()).map_err(|error| failed(error.to_string()))?;
    let replicas = TopicReplication::Fixed(settings.config.create_replicas);
    let topic = NewTopic::new(&settings.config.topic, partitions, replicas);
    let options = AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
    // Every reading runs on a thread that may block.
    let made = tokio::runtime::Handle::current().block_on(admin.create_topics([&topic], &options));
    if let Some(Err((_, code))) = made.map_err(|error| failed(error.to_string()))?.pop()
        && code != RDKafkaErrorCode::TopicAlreadyExists
    {
        return Err(failed(code.to_string()));
    }
    // A broker hears of a new topic a little after its controller.
    let started = Instant::now();
    while self::partitions(settings)? == 0 {
        if started.elapsed() > TIMEOUT {
            return Err(failed("the brokers do not know it yet".to_owned()));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn metadata(settings: &Settings, consumer: &BaseConsumer<Group>) -> Result<usize, EdgeError> {
    let topic = &settings.config.topic;
    let metadata = consumer.fetch_metadata(Some(topic), TIMEOUT).map_err(|error| {
        let hint = "start the brokers, or correct `brokers:`; it is tried again by itself";
        edge(&cannot_read(settings), error.to_string(), hint, Recovery::Retry)
    })?;
    Ok(metadata
        .topics()
        .iter()
        .find(|found| found.name() == topic)
        .map_or(0, |found| found.partitions().len()))
}

/// How many partitions the topic has.
pub(crate) fn partitions(settings: &Settings) -> Result<usize, EdgeError> {
    let mut config = client(settings);
    let consumer: BaseConsumer<Group> = config
        .set("group.id", &settings.config.group)
        .create_with_context(Group::default())
        .map_err(|error| {
            edge(&cannot_read(settings), error.to_string(), "correct the source's settings", Recovery::Halt)
        })?;
    metadata(settings, &consumer)
}

pub(crate) fn check(settings: &Settings) -> Vec<Finding> {
    let subject = format!("topic {}", settings.config.topic);
    let finding = |good, detail: String, hint: &str| {
        vec![Finding { subject: subject.clone(), good, detail, hint: hint.to_owned() }]
    };
    match partitions(settings) {
        Ok(0) if settings.config.create_partitions.is_some() => {
            finding(true, "is made when the node starts".to_owned(), "")
        }
        Ok(0) => finding(
            false,
            "there is no such topic".to_owned(),
            "create it, or let the node do so with `create_partitions:`",
        ),
        Ok(partitions) => finding(true, format!("can be read, {partitions} partitions"), ""),
        Err(error) => finding(false, error.reason, &error.hint),
    }
}
