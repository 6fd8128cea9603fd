//! How far the receiver has come, as the brokers know it: the last record of the position topic.

use crate::{Quiet, Settings, edge};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};
use yibiao_contract::{EdgeError, FeedMark, Recovery};
use yibiao_kafka_client::Why;

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// The last committed position is among so many offsets from the end, unless as many transactions were given up.
const TAIL: i64 = 200;
/// Nothing comes.
const SILENT: KafkaError = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);

/// The position as it is written: its number and the digest of the change there.
pub(crate) fn text(mark: &FeedMark) -> String {
    format!("{} {}", mark.position, mark.digest)
}

fn parse(text: &str) -> Option<FeedMark> {
    let (position, digest) = text.split_once(' ')?;
    Some(FeedMark { position: position.parse().ok()?, digest: digest.into() })
}

/// Reads the position. No transaction of the subscription is open: whoever asks has shut out every other writer before.
pub(crate) fn read(settings: &Settings) -> Result<Option<FeedMark>, EdgeError> {
    ended(settings)?;
    match read_from(settings, Offset::OffsetTail(TAIL))? {
        Some(position) => Ok(Some(position)),
        None => read_from(settings, Offset::Beginning),
    }
}

/// Waits until every transaction has its end in the topic. Brokers say that one is committed before they have written its
/// end everywhere, and one that is killed in between may, started again, forget to: to a reader of committed records the
/// position would seem to be an older one, and what it had acknowledged would be sent twice.
fn ended(settings: &Settings) -> Result<(), EdgeError> {
    let topic = settings.config.position_topic(&settings.subscription);
    let patience = Duration::from_millis(settings.config.answer_ms_max);
    let end = |isolation| -> Result<i64, EdgeError> {
        let consumer = consumer(settings, &topic, isolation)?;
        let ends = consumer.fetch_watermarks(&topic, 0, patience);
        ends.map(|(_, end)| end).map_err(|error| failed(&topic, consumer.context().told.why(&error)))
    };
    let started = Instant::now();
    loop {
        let (stable, written) = (end("read_committed")?, end("read_uncommitted")?);
        if stable >= written {
            return Ok(());
        }
        if started.elapsed() > patience {
            let reason = format!("its transaction at offset {stable} is neither committed nor given up");
            let hint = "the brokers have lost track of it: `kafka-transactions.sh find-hanging` shows it, and its `abort` \
                        ends it; then it goes on by itself";
            return Err(edge(&format!("cannot read topic {topic}"), reason, hint, Recovery::Retry));
        }
        std::thread::sleep(PAUSE);
    }
}

fn failed(topic: &str, why: Why) -> EdgeError {
    let hint = why.hint.unwrap_or("start the brokers; it is tried again by itself");
    edge(&format!("cannot read topic {topic}"), why.reason, hint, Recovery::Retry)
}

fn consumer(settings: &Settings, topic: &str, isolation: &str) -> Result<BaseConsumer<Quiet>, EdgeError> {
    let mut client = settings.client();
    client
        .set("group.id", settings.config.transactional_id(&settings.subscription))
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", isolation);
    client.create_with_context(Quiet::default()).map_err(|error| failed(topic, Why::from(&error)))
}

fn read_from(settings: &Settings, from: Offset) -> Result<Option<FeedMark>, EdgeError> {
    let topic = settings.config.position_topic(&settings.subscription);
    let patience = Duration::from_millis(settings.config.answer_ms_max);
    let failed = |why| failed(&topic, why);
    let consumer = consumer(settings, &topic, "read_committed")?;
    let mut partition = TopicPartitionList::new();
    partition
        .add_partition_offset(&topic, 0, from)
        .and_then(|()| consumer.assign(&partition))
        .map_err(|error| failed(Why::from(&error)))?;
    let mut position = None;
    let mut heard = Instant::now();
    loop {
        match consumer.poll(Duration::from_secs(1)) {
            Some(Ok(record)) => {
                heard = Instant::now();
                let text = record.payload().and_then(|bytes| std::str::from_utf8(bytes).ok());
                let Some(read) = text.and_then(parse) else {
                    let hint =
                        "something else was written to it: restore it, or deliver under a new subscription";
                    let reason = format!("offset {} is no position", record.offset());
                    return Err(edge(&format!("cannot read topic {topic}"), reason, hint, Recovery::Halt));
                };
                position = Some(read);
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(position),
            Some(Err(error)) if heard.elapsed() > patience => {
                return Err(failed(consumer.context().told.why(&error)));
            }
            None if heard.elapsed() > patience => return Err(failed(consumer.context().told.why(&SILENT))),
            Some(Err(_)) | None => {}
        }
    }
}
