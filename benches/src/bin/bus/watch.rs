//! Sees records come out of a topic, and what a process costs.

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use yibiao_benches::rows;
use yibiao_kafka_testkit::Broker;

/// How long to wait for the next record.
const PATIENCE: Duration = Duration::from_secs(300);

/// A reader of the committed records of a topic.
pub(crate) struct Watch(BaseConsumer);

impl Watch {
    /// From the topic's start.
    pub(crate) fn on(broker: &Broker, topic: &str, partitions: i32) -> Watch {
        let mut client = broker.client();
        client.set("enable.auto.commit", "false").set("isolation.level", "read_committed");
        client.set("fetch.wait.max.ms", "5");
        let consumer: BaseConsumer = client.create().expect("a client can be made");
        let mut from = TopicPartitionList::new();
        for partition in 0..partitions {
            from.add_partition_offset(topic, partition, Offset::Beginning).expect("the offset is one");
        }
        consumer.assign(&from).expect("the partitions exist");
        Watch(consumer)
    }

    /// Sees so many records, and tells of each, when it came, what `read` makes of it.
    pub(crate) fn see<T>(
        &self,
        records: usize,
        read: impl Fn(Option<&[u8]>, Option<&[u8]>) -> Option<T>,
    ) -> Vec<(Instant, T)> {
        let mut seen = Vec::with_capacity(records);
        while seen.len() < records {
            let message = self.0.poll(PATIENCE).expect("the records come").expect("the topic can be read");
            if let Some(what) = read(message.key(), message.payload()) {
                seen.push((Instant::now(), what));
            }
        }
        seen
    }
}

/// Records a second, from the first to the last.
pub(crate) fn rate<T>(seen: &[(Instant, T)]) -> f64 {
    let (Some((first, _)), Some((last, _))) = (seen.first(), seen.last()) else { return 0.0 };
    f64::from(u32::try_from(seen.len()).unwrap_or(u32::MAX))
        / last.duration_since(*first).as_secs_f64().max(1e-9)
}

/// Within what time half and 99 of a hundred came, of those whose sending is known.
pub(crate) fn latency(
    sent: &BTreeMap<u32, Instant>,
    seen: &[(Instant, u32)],
) -> Option<(Duration, Duration)> {
    let mut took: Vec<Duration> = seen
        .iter()
        .filter_map(|(at, person)| Some(at.saturating_duration_since(*sent.get(person)?)))
        .collect();
    took.sort_unstable();
    let of = |hundredth: usize| took.get(took.len().saturating_sub(1) * hundredth / 100).copied();
    Some((of(50)?, of(99)?))
}

/// Writes rows into a topic, numbered from `from`.
pub(crate) fn send(broker: &Broker, topic: &str, from: u32, rows: usize) {
    let upto = from + u32::try_from(rows).unwrap_or(0);
    let rows: Vec<(String, String)> =
        (from..upto).map(|person| (rows::key(person), rows::row(person))).collect();
    broker.produce(topic, rows.iter().map(|(key, row)| (Some(key.as_bytes()), Some(row.as_bytes()))));
}

/// Sends rows at a rate, and says when each was sent.
pub(crate) fn paced(broker: &Broker, topic: &str, from: u32, rows: u32, rate: f64) -> BTreeMap<u32, Instant> {
    use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
    let mut client = broker.client();
    // As every sender of many rows does: a request of its own for each would measure the broker.
    client.set("partitioner", "murmur2_random").set("linger.ms", "5");
    let producer: ThreadedProducer<DefaultProducerContext> = client.create().expect("a client can be made");
    let started = Instant::now();
    let mut sent = BTreeMap::new();
    for nth in 0..rows {
        let due = started + Duration::from_secs_f64(f64::from(nth) / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let person = from + nth;
        let (key, row) = (rows::key(person), rows::row(person));
        sent.insert(person, Instant::now());
        let record = BaseRecord::to(topic).key(&key).payload(&row);
        assert!(producer.send(record).is_ok(), "the broker takes the row");
    }
    producer.flush(PATIENCE).expect("the broker takes the rows");
    sent
}

/// Processor time of a process so far, user and system.
pub(crate) fn cpu(pid: u32) -> Duration {
    /// Of Linux on every machine of today.
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u32 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    Duration::from_secs_f64(f64::from(ticks) / TICKS_A_SECOND)
}
