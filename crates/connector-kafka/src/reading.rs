//! The blocking part: polls the consumer and gathers batches.

use crate::Settings;
use crate::group::Group;
use crate::polled::Polled;
use crate::position::Position;
use crate::registry::Registry;
use crate::topic;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};
use yibiao_contract::{Batch, BatchLimits, Cursor, EdgeError, Item, Message, Messages, Recovery};
use yibiao_kafka_client::{away, said};

/// How long a reading waits while the group is being joined or the end of the topic is not reached.
const SETTLE: Duration = Duration::from_secs(1);
/// How long a batch that has begun waits for its next message.
const LINGER: Duration = Duration::from_millis(2);

/// What is kept between reads. Losing it costs time, never messages.
#[derive(Default)]
pub(crate) struct Reading {
    held: Option<Held>,
    registry: Registry,
}

struct Held {
    consumer: BaseConsumer<Group>,
    topic: String,
    /// Where the next reading goes on.
    next: Cursor,
    /// By partition, the offset of the first message that is not durable yet.
    durable: BTreeMap<i32, i64>,
    /// The brokers were out of reach when last heard of.
    down: bool,
    /// A message that did not fit into the last batch.
    waiting: Option<Polled>,
    /// It stands behind a message that was not handed on: another is to take its place.
    astray: bool,
}

impl Drop for Held {
    /// A consumer that is closed gives everything up at once.
    fn drop(&mut self) {
        let leaving = {
            let mut state = self.consumer.context().state();
            state.closing = true;
            std::mem::take(&mut state.leaving)
        };
        if !leaving.is_empty()
            && let Err(error) = self.consumer.incremental_unassign(&self.listed(&leaving))
        {
            tracing::debug!(%error, "the partitions are given up with the membership");
        }
    }
}

impl Held {
    fn listed(&self, partitions: &BTreeSet<i32>) -> TopicPartitionList {
        let mut listed = TopicPartitionList::new();
        for partition in partitions {
            listed.add_partition(&self.topic, *partition);
        }
        listed
    }

    /// Gives up what the group wants back, once all that was handed over of it is durable and the group told so; says
    /// whether nothing is left to be given up.
    fn give_up(&mut self) -> Result<bool, KafkaError> {
        // Where the membership is lost, somebody else reads already.
        let lost = self.consumer.assignment_lost();
        let leaving = {
            let state = self.consumer.context().state();
            let open = |partition: &i32| state.next.get(partition) > self.durable.get(partition);
            if !lost && state.leaving.iter().any(open) {
                return Ok(false);
            }
            state.leaving.clone()
        };
        if leaving.is_empty() {
            return Ok(true);
        }
        if !lost {
            self.tell_the_group(&leaving);
        }
        self.consumer.incremental_unassign(&self.listed(&leaving))?;
        self.consumer.context().state().gone(&leaving);
        Ok(true)
    }

    /// Tells the brokers how far the node is, for whoever watches the lag or takes the partitions over. No position of
    /// ours depends on it.
    fn tell_the_group(&self, partitions: &BTreeSet<i32>) {
        let mut offsets = TopicPartitionList::new();
        for partition in partitions {
            let Some(next) = self.durable.get(partition) else { continue };
            if let Err(error) = offsets.add_partition_offset(&self.topic, *partition, Offset::Offset(*next)) {
                tracing::debug!(%error, partition, "the offset cannot be told to the group");
            }
        }
        if offsets.count() > 0
            && let Err(error) = self.consumer.commit(&offsets, CommitMode::Async)
        {
            tracing::debug!(%error, "the offsets cannot be told to the group");
        }
    }
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

impl Reading {
    pub(crate) fn read(
        &mut self,
        settings: &Settings,
        from: &Cursor,
        limits: BatchLimits,
    ) -> Result<Option<Batch>, EdgeError> {
        let position = Position::parse(&settings.config.topic, from)?;
        let mut held = match self.held.take() {
            Some(held) if held.next == *from && !held.astray => held,
            // Another position than where the consumer stands: a new one starts there.
            _ => Held {
                consumer: join(settings, &position)?,
                topic: settings.config.topic.clone(),
                next: from.clone(),
                durable: position.next.clone(),
                down: false,
                waiting: None,
                astray: false,
            },
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
        for polled in polled {
            polled.tell_its_trace(&settings.config.topic);
            let Polled { partition, message, .. } = polled;
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
        polled.retain(|polled| held.consumer.context().state().reads(polled.partition));
        let mut bytes = polled.iter().map(|polled| polled.message.raw.len()).sum::<usize>();
        while polled.len() < limits.rows_max && bytes < limits.bytes_max {
            // What was handed over is acknowledged between two readings.
            if !held.give_up().map_err(|error| failure(settings, &error))? {
                break;
            }
            let drained = held.consumer.context().state().drained();
            let patience = if drained && !held.down { wait } else { SETTLE };
            let left = patience.saturating_sub(started.elapsed()).min(wait);
            let next = held.consumer.poll(if polled.is_empty() { left } else { LINGER });
            {
                let mut state = held.consumer.context().state();
                if let Some(reason) = state.failed.take() {
                    return Err(edge(&cannot_read(settings), reason, RETRIED, Recovery::Retry).into());
                }
                polled.retain(|polled| state.reads(polled.partition));
            }
            match next {
                // It is read again by whoever has the partition next.
                Some(Ok(message)) if !held.consumer.context().state().reads(message.partition()) => {}
                Some(Ok(message)) => {
                    if std::mem::take(&mut held.down) {
                        held.consumer.context().told.answered();
                    }
                    held.consumer.context().state().at_end.remove(&message.partition());
                    let next = match Polled::of(settings, &mut self.registry, &message) {
                        Ok(next) => next,
                        // What was polled before it goes on; the next reading begins with it.
                        Err(_) if !polled.is_empty() => {
                            held.astray = true;
                            return Ok(polled);
                        }
                        Err(error) => return Err(error.into()),
                    };
                    bytes += next.message.raw.len();
                    if bytes > limits.bytes_max && !polled.is_empty() {
                        held.waiting = Some(next);
                        break;
                    }
                    polled.push(next);
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    if std::mem::take(&mut held.down) {
                        held.consumer.context().told.answered();
                    }
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
                        let answered = topic::answers(settings, &held.consumer);
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

    /// Whether all partitions that are read here are read to their end.
    #[cfg(test)]
    pub(crate) fn at_end(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.consumer.context().state().drained())
    }

    /// The partitions that are read here, and those of them that the group wants back.
    #[cfg(test)]
    pub(crate) fn share(&self) -> (BTreeSet<i32>, BTreeSet<i32>) {
        let state = self.held.as_ref().map(|held| held.consumer.context().state());
        state.map(|state| (state.assigned.clone(), state.leaving.clone())).unwrap_or_default()
    }

    /// How far the group says that partitions are read.
    #[cfg(test)]
    pub(crate) fn told(&self, partitions: &BTreeSet<i32>) -> BTreeMap<i32, i64> {
        let held = self.held.as_ref().expect("it has read");
        let told = held.consumer.committed_offsets(held.listed(partitions), Duration::from_secs(5));
        let told = told.expect("the brokers answer");
        let offset = |element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
            (element.partition(), element.offset().to_raw().unwrap_or(-1))
        };
        told.elements().iter().map(offset).collect()
    }

    /// Everything up to a position is durable.
    pub(crate) fn acknowledge(&mut self, settings: &Settings, upto: &Cursor) {
        let Some(held) = &mut self.held else { return };
        let Ok(position) = Position::parse(&settings.config.topic, upto) else { return };
        held.durable = position.next;
        // A commit that reaches the broker while the group is being joined again may end the member.
        if !held.down {
            let assigned = held.consumer.context().state().assigned.clone();
            held.tell_the_group(&assigned);
        }
    }
}

const RETRIED: &str = "it is tried again by itself";

pub(crate) fn edge(attempt: &str, reason: String, hint: &str, recovery: Recovery) -> EdgeError {
    EdgeError { attempt: attempt.to_owned(), reason, hint: hint.to_owned(), recovery, edition: None }
}

pub(crate) fn cannot_read(settings: &Settings) -> String {
    format!("cannot read topic {}", settings.config.topic)
}

/// What another error of the consumer means.
fn failure(settings: &Settings, error: &KafkaError) -> Stop {
    let (hint, recovery) = match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            ("create the topic, or let the node do so with `create_partitions:`", Recovery::Retry)
        }
        Some(RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::GroupAuthorizationFailed) => {
            ("grant the node's user to read the topic and to join the group", Recovery::Retry)
        }
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

/// A consumer that starts at a position.
fn join(settings: &Settings, position: &Position) -> Result<BaseConsumer<Group>, EdgeError> {
    topic::ensure(settings)?;
    let fetch_bytes_max = settings.config.message_bytes_max.saturating_add(1 << 20).max(1 << 20).to_string();
    let mut config = topic::client(settings);
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
    let refused =
        |error: KafkaError| edge(&attempt, said(&error), "correct the source's settings", Recovery::Halt);
    let consumer: BaseConsumer<Group> =
        config.create_with_context(Group::at(position.next.clone())).map_err(refused)?;
    consumer.subscribe(&[&settings.config.topic]).map_err(refused)?;
    Ok(consumer)
}
