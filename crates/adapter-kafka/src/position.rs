//! How far the receiver has come, as the brokers know it: the last record of the position topic.

use crate::{Quiet, Settings, edge};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};
use yibiao_contract::{EdgeError, FeedMark, Recovery};

/// How long reading may take without a record.
const PATIENCE: Duration = Duration::from_secs(30);
/// The last committed position is among so many offsets from the end, unless as many transactions were given up.
const TAIL: i64 = 200;

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
    match read_from(settings, Offset::OffsetTail(TAIL))? {
        Some(position) => Ok(Some(position)),
        None => read_from(settings, Offset::Beginning),
    }
}

fn read_from(settings: &Settings, from: Offset) -> Result<Option<FeedMark>, EdgeError> {
    let topic = settings.config.position_topic(&settings.subscription);
    let hint = "start the brokers; it is tried again by itself";
    let failed = |reason: String| edge(&format!("cannot read topic {topic}"), reason, hint, Recovery::Retry);
    let mut client = settings.client();
    client
        .set("group.id", settings.config.transactional_id(&settings.subscription))
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed");
    let consumer: BaseConsumer<Quiet> =
        client.create_with_context(Quiet).map_err(|error| failed(error.to_string()))?;
    let mut partition = TopicPartitionList::new();
    partition
        .add_partition_offset(&topic, 0, from)
        .and_then(|()| consumer.assign(&partition))
        .map_err(|error| failed(error.to_string()))?;
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
            Some(Err(error)) if heard.elapsed() > PATIENCE => return Err(failed(error.to_string())),
            None if heard.elapsed() > PATIENCE => return Err(failed("the brokers do not answer".to_owned())),
            Some(Err(_)) | None => {}
        }
    }
}
