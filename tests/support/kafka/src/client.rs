//! Topics and records for tests, by the plain client library.

use crate::Broker;
use crate::process;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// A record as a reader of committed records sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its key.
    pub key: String,
    /// Its value; `None` of a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its headers, as text.
    pub headers: BTreeMap<String, String>,
}

impl Broker {
    /// Makes a topic.
    pub fn make_topic(&self, name: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().expect("a client can be made");
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
        // On a thread of its own: the caller may be a task already.
        let made = std::thread::scope(|scope| {
            let make = || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
                runtime.block_on(admin.create_topics([&topic], &AdminOptions::new()))
            };
            scope.spawn(make).join().expect("the thread does not panic")
        });
        assert!(matches!(made.as_deref(), Ok([Ok(_)])), "{made:?}");
    }

    /// Gives a topic one setting; its others become the broker's defaults.
    pub fn set_topic(&self, name: &str, setting: &str, value: &str) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().expect("a client can be made");
        let of = AlterConfig::new(ResourceSpecifier::Topic(name)).set(setting, value);
        let set = std::thread::scope(|scope| {
            let set = || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
                runtime.block_on(admin.alter_configs([&of], &AdminOptions::new()))
            };
            scope.spawn(set).join().expect("the thread does not panic")
        });
        assert!(matches!(set.as_deref(), Ok([Ok(_)])), "{set:?}");
    }

    /// Whether there is a topic of that name.
    pub fn has_topic(&self, name: &str) -> bool {
        let consumer: BaseConsumer = self.client().create().expect("a client can be made");
        let metadata = consumer.fetch_metadata(Some(name), PATIENCE).expect("the broker answers");
        metadata.topics().iter().any(|topic| topic.name() == name && !topic.partitions().is_empty())
    }

    /// The number of the broker that leads a partition.
    pub fn leader(&self, topic: &str, partition: i32) -> i32 {
        let consumer: BaseConsumer = self.client().create().expect("a client can be made");
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("the broker answers");
        let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
        let mut leaders = partitions.filter(|found| found.id() == partition).map(|found| found.leader());
        leaders.next().expect("the topic has the partition")
    }

    /// Waits until every partition has a leader and all its copies are as far as that one.
    pub fn in_sync(&self) {
        let consumer: BaseConsumer = self.client().create().expect("a client can be made");
        let started = Instant::now();
        let behind = || {
            let metadata = consumer.fetch_metadata(None, PATIENCE).expect("the broker answers");
            let topics = metadata.topics().iter();
            let behind = topics.filter(|topic| {
                let mut partitions = topic.partitions().iter();
                partitions.any(|found| found.leader() < 0 || found.isr().len() < found.replicas().len())
            });
            behind.map(|topic| topic.name().to_owned()).collect::<Vec<_>>()
        };
        loop {
            let behind = behind();
            if behind.is_empty() {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "copies are behind: {behind:?}");
            process::pause();
        }
    }

    /// Writes records, each a key and a value or a tombstone, and returns once the broker has them.
    pub fn produce<'a>(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = (Option<&'a [u8]>, Option<&'a [u8]>)>,
    ) {
        let mut client = self.client();
        // A broker that dies meanwhile must neither double them nor change their order.
        client.set("enable.idempotence", "true").set("partitioner", "murmur2_random").set("linger.ms", "5");
        let producer: ThreadedProducer<DefaultProducerContext> =
            client.create().expect("a client can be made");
        for (key, value) in records {
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic);
            if let Some(key) = key {
                record = record.key(key);
            }
            if let Some(value) = value {
                record = record.payload(value);
            }
            while let Err((error, back)) = producer.send(record) {
                assert!(matches!(error, KafkaError::MessageProduction(_)), "{error}");
                producer.poll(Duration::from_millis(10));
                record = back;
            }
        }
        producer.flush(PATIENCE).expect("the broker takes the records");
    }

    /// Every committed record of a topic, in the order of its partitions and offsets; none where there is no such topic.
    pub fn committed(&self, topic: &str) -> Vec<Record> {
        let mut records = Vec::new();
        let mut client = self.client();
        client
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed");
        let consumer: BaseConsumer = client.create().expect("a client can be made");
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("the broker answers");
        let partitions: BTreeSet<i32> = metadata
            .topics()
            .iter()
            .flat_map(|found| found.partitions().iter().map(|partition| partition.id()))
            .collect();
        let mut from = TopicPartitionList::new();
        for partition in &partitions {
            from.add_partition_offset(topic, *partition, Offset::Beginning).expect("the offset is one");
        }
        consumer.assign(&from).expect("the partitions exist");
        let (mut ended, started) = (BTreeSet::new(), Instant::now());
        while ended != partitions {
            assert!(started.elapsed() < PATIENCE, "{topic} is not read to its end");
            match consumer.poll(Duration::from_millis(500)) {
                Some(Ok(message)) => records.push(record(&message)),
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    ended.insert(partition);
                }
                Some(Err(_)) | None => {}
            }
        }
        records.sort_by_key(|record: &Record| (record.partition, record.offset));
        records
    }

    /// Writes a record to the first partition of a topic, in a transaction that stays open until what is returned is called.
    pub fn leaves_open(&self, topic: &str, value: &str) -> impl FnOnce() + use<> {
        let mut client = self.client();
        let producer: ThreadedProducer<DefaultProducerContext> =
            client.set("transactional.id", "testkit").create().expect("a client can be made");
        producer.init_transactions(PATIENCE).expect("the broker knows the producer");
        producer.begin_transaction().expect("no other is open");
        let record = BaseRecord::to(topic).partition(0).key("testkit").payload(value);
        assert!(producer.send(record).is_ok(), "the queue has room");
        producer.flush(PATIENCE).expect("the broker takes the record");
        move || producer.abort_transaction(PATIENCE).expect("the transaction is open")
    }

    /// Waits until every transaction has its end in every partition. The broker says before that one is committed; and
    /// killed in between and started again, it may forget to write the end.
    pub fn ends_transactions(&self) {
        let consumer = |isolation| -> BaseConsumer {
            self.client().set("isolation.level", isolation).create().expect("a client can be made")
        };
        let (stable, all) = (consumer("read_committed"), consumer("read_uncommitted"));
        let end = |consumer: &BaseConsumer, topic: &str, partition| {
            consumer.fetch_watermarks(topic, partition, PATIENCE).expect("the broker answers").1
        };
        let metadata = all.fetch_metadata(None, PATIENCE).expect("the broker answers");
        let started = Instant::now();
        for topic in metadata.topics() {
            for partition in topic.partitions() {
                while end(&stable, topic.name(), partition.id()) < end(&all, topic.name(), partition.id()) {
                    assert!(started.elapsed() < PATIENCE, "{} has an open transaction", topic.name());
                }
            }
        }
    }
}

fn record(message: &rdkafka::message::BorrowedMessage<'_>) -> Record {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    Record {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(text).unwrap_or_default(),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers
            .map(|header| (header.key.to_owned(), header.value.map(text).unwrap_or_default()))
            .collect(),
    }
}
