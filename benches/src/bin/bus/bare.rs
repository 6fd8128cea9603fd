//! The ceiling: reads a record, writes it on.

use crate::{Figures, watch};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use yibiao_kafka_testkit::Broker;

const IN: &str = "bare.in";
const OUT: &str = "bare.out";
/// Rows of the measurement of latency.
const PACED: u32 = 5_000;

pub(crate) fn run(broker: &Broker, rows: usize) -> Figures {
    broker.make_topic(IN, 3);
    broker.make_topic(OUT, 3);
    watch::send(broker, IN, 0, rows);
    let stop = AtomicBool::new(false);
    let (before, watch) = (watch::cpu(std::process::id()), watch::Watch::on(broker, OUT, 3));
    std::thread::scope(|scope| {
        scope.spawn(|| pass_on(broker, &stop));
        let seen = watch.see(rows, |_, _| Some(()));
        let cpu = watch::cpu(std::process::id()).saturating_sub(before);
        let rate = watch::rate(&seen);
        let from = u32::try_from(rows).unwrap_or(0);
        let reader = scope.spawn(|| {
            watch.see(usize::try_from(PACED).unwrap_or(0), |key, _| {
                std::str::from_utf8(key?).ok()?.strip_prefix('r')?.parse::<u32>().ok()
            })
        });
        let sent = watch::paced(broker, IN, from, PACED, (rate / 2.0).min(2_000.0));
        let latency = reader.join().ok().and_then(|seen| watch::latency(&sent, &seen));
        stop.store(true, Ordering::Relaxed);
        Figures { name: "bare loop of the client library, with its reader", rate, cpu, rows, latency }
    })
}

fn pass_on(broker: &Broker, stop: &AtomicBool) {
    let consumer: BaseConsumer =
        broker.client().set("enable.auto.commit", "false").create().expect("a client can be made");
    let mut from = TopicPartitionList::new();
    for partition in 0..3 {
        from.add_partition_offset(IN, partition, Offset::Beginning).expect("the offset is one");
    }
    consumer.assign(&from).expect("the partitions exist");
    let producer: ThreadedProducer<DefaultProducerContext> = broker
        .client()
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .set("compression.type", "zstd")
        .create()
        .expect("a client can be made");
    while !stop.load(Ordering::Relaxed) {
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        let mut record = BaseRecord::to(OUT)
            .key(message.key().unwrap_or_default())
            .payload(message.payload().unwrap_or_default());
        while let Err((error, back)) = producer.send(record) {
            assert!(
                matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)),
                "the broker takes the row: {error}"
            );
            std::thread::sleep(Duration::from_millis(1));
            record = back;
        }
    }
    producer.flush(Duration::from_secs(60)).expect("the broker takes the rows");
}
