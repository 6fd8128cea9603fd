//! What readers of the topics see, on Kafka itself.

use crate::{Config, KafkaAdapter};
use std::collections::BTreeMap;
use yibiao_contract::{
    ChangeEvent, EventAdapter, EventBatch, EventRecord, FeedMark, Outcome, Recovery, TOO_LARGE,
};
use yibiao_kafka_testkit::{Broker, Record};
use yibiao_record::{ChangeKind, EntityId, EntityKind, Name, SourceKey, SystemId, Timestamp, Value};
use yibiao_schema::avro::EntitySchema;
use yibiao_schema::{Dictionary, element};

fn entity(number: u64) -> EntityId {
    EntityId { kind: EntityKind::Person, number }
}

fn event(position: u64, number: u64, kind: ChangeKind, name: Option<&str>) -> ChangeEvent {
    let record = name.map(|name| EventRecord {
        members: vec![SourceKey { system: SystemId::new("MZ").unwrap(), local: format!("k{number}").into() }],
        values: vec![(element::NAME, Value::Name(Name::plain(name)))],
        flags: Vec::new(),
    });
    let changed = vec![element::NAME];
    ChangeEvent { position, entity: entity(number), kind, time: Timestamp(1_790_000_000), changed, record }
}

fn batch(events: Vec<ChangeEvent>) -> EventBatch {
    EventBatch { upto: mark(events.last().map_or(0, |event| event.position)), events }
}

fn mark(position: u64) -> FeedMark {
    FeedMark { position, digest: format!("d{position}").into() }
}

fn config(broker: &Broker, prefix: &str) -> Config {
    Config::new(broker.bootstrap().to_owned(), prefix.to_owned())
}

fn adapter(config: &Config) -> KafkaAdapter {
    KafkaAdapter::new(config.clone(), "s".to_owned(), Dictionary::shipped(), [EntityKind::Person])
}

/// The ids of the events in a topic, in their order per key.
fn ids(records: &[Record]) -> BTreeMap<String, Vec<String>> {
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records {
        ids.entry(record.key.clone()).or_default().push(record.headers["ce_id"].clone());
    }
    ids
}

fn one_to_four() -> Vec<ChangeEvent> {
    vec![
        event(1, 1, ChangeKind::Created, Some("甲")),
        event(2, 2, ChangeKind::Created, Some("乙")),
        event(4, 1, ChangeKind::Updated, Some("丙")),
        event(7, 2, ChangeKind::Merged { into: entity(1) }, None),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_events_current_records_and_a_position() {
    let broker = Broker::shared();
    let config = config(broker, "shape.county");
    let mut adapter = adapter(&config);
    assert_eq!(adapter.last_applied().await.unwrap(), None);
    let outcomes = adapter.write(&batch(one_to_four())).await.unwrap();
    assert_eq!(outcomes, vec![Outcome::Delivered; 4]);
    assert!(adapter.check().await.iter().all(|finding| finding.good));

    let events = broker.committed("shape.county.chg.civil.person.v1");
    assert_eq!(
        ids(&events),
        BTreeMap::from([
            ("P-00000001".to_owned(), vec!["1".to_owned(), "4".to_owned()]),
            ("P-00000002".to_owned(), vec!["2".to_owned(), "7".to_owned()]),
        ])
    );
    let schema = EntitySchema::of(Dictionary::shipped(), EntityKind::Person);
    for event in &events {
        let (header, body) = event.value.as_ref().unwrap().split_at(5);
        assert_eq!(header, [&[0], &schema.id().to_be_bytes()[..]].concat());
        let read = schema.decode(body).unwrap();
        assert_eq!(read.id.to_string(), event.key);
        assert_eq!(read.members.is_empty(), event.headers["ce_type"] == "yibiao.person.merged.v1");
    }
    let merged = events.iter().find(|event| event.headers["ce_id"] == "7").unwrap();
    assert_eq!(merged.headers["ce_mergedinto"], "P-00000001");
    assert_eq!(merged.headers["ce_time"], "2026-09-21T14:13:20Z");

    let current = broker.committed("shape.county.cur.civil.person.v1");
    let last: BTreeMap<_, _> =
        current.iter().map(|record| (record.key.as_str(), record.value.is_some())).collect();
    assert_eq!(last, BTreeMap::from([("P-00000001", true), ("P-00000002", false)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_kafkas_commit_and_ours_repeats_nothing() {
    let broker = Broker::shared();
    let config = config(broker, "crash.county");
    let mut first = adapter(&config);
    first.last_applied().await.unwrap();
    first.write(&batch(one_to_four()[..2].to_vec())).await.unwrap();
    drop(first);
    let mut second = adapter(&config);
    assert_eq!(second.last_applied().await.unwrap(), Some(mark(2)));
    // The node had not noted the batch: it sends it again, and more behind it.
    second.write(&batch(one_to_four())).await.unwrap();
    second.write(&batch(one_to_four())).await.unwrap();
    assert_eq!(broker.committed("crash.county.chg.civil.person.v1").len(), 4);
    assert_eq!(second.last_applied().await.unwrap(), Some(mark(7)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_was_replaced_writes_nothing_more() {
    let broker = Broker::shared();
    let config = config(broker, "fence.county");
    let (mut old, mut new) = (adapter(&config), adapter(&config));
    old.last_applied().await.unwrap();
    new.last_applied().await.unwrap();
    new.write(&batch(one_to_four())).await.unwrap();
    let error = old.write(&batch(vec![event(9, 9, ChangeKind::Created, Some("丁"))])).await.unwrap_err();
    assert!(error.hint.contains("another node"), "{error}");
    assert_eq!(broker.committed("fence.county.chg.civil.person.v1").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_would_lose_records_is_refused() {
    let broker = Broker::shared();
    broker.make_topic("lossy.county.cur.civil.person.v1", 1);
    let error = adapter(&config(broker, "lossy.county")).last_applied().await.unwrap_err();
    assert_eq!(error.reason, "its cleanup.policy is delete, and compact is needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_does_not_fit_is_refused_alone() {
    let broker = Broker::shared();
    let mut adapter = adapter(&config(broker, "unfit.county"));
    let mut masked = event(1, 1, ChangeKind::Created, None);
    let values = vec![(element::NAME, Value::Text("甲**".into()))];
    masked.record = Some(EventRecord { values, ..EventRecord::default() });
    let outcomes =
        adapter.write(&batch(vec![masked, event(2, 2, ChangeKind::Created, Some("乙"))])).await.unwrap();
    assert!(matches!(outcomes.as_slice(), [Outcome::Reject(_), Outcome::Delivered]), "{outcomes:?}");
    assert_eq!(broker.committed("unfit.county.chg.civil.person.v1").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_its_topic_cannot_take_goes_to_the_dead_letters_with_its_bytes_until_it_can() {
    let broker = Broker::shared();
    let mut adapter = adapter(&config(broker, "large.letters"));
    adapter.last_applied().await.unwrap();
    let changes = "large.letters.chg.civil.person.v1";
    broker.set_topic(changes, "max.message.bytes", "1200");
    adapter.last_applied().await.unwrap();
    let large = event(1, 1, ChangeKind::Created, Some(&"甲".repeat(500)));
    let small = event(2, 2, ChangeKind::Created, Some("乙"));
    let outcomes = adapter.write(&batch(vec![large.clone(), small])).await.unwrap();
    assert!(matches!(outcomes.as_slice(), [Outcome::Reject(_), Outcome::Delivered]), "{outcomes:?}");
    let letter = adapter.letter(&large);
    assert_eq!((letter.code, letter.receiver.as_str()), (TOO_LARGE, changes));
    assert!(letter.body.len() > 1_500);
    let dead = broker.committed("large.letters.dlq.civil.person.v1");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].value.as_deref(), Some(&*letter.body));
    assert_eq!(dead[0].key, "P-00000001");
    for (name, value) in [
        ("ce_id", "1"),
        ("yibiao.reason", "too_large"),
        ("__connect.errors.offset", "1"),
        ("__connect.errors.connector.name", "s"),
        ("__connect.errors.stage", "TASK_PUT"),
    ] {
        assert_eq!(dead[0].headers[name], value, "{name}");
    }
    broker.set_topic(changes, "max.message.bytes", "100000");
    assert_eq!(adapter.rewrite(vec![large]).await.unwrap(), [Outcome::Delivered]);
    let events = broker.committed(changes);
    let bodies: Vec<_> =
        events.iter().map(|event| (event.headers["ce_id"].as_str(), event.value.as_ref())).collect();
    assert!(bodies.contains(&("1", Some(&letter.body))), "{}", events.len());
    assert_eq!(adapter.last_applied().await.unwrap(), Some(mark(2)), "the position stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_died_and_came_back_has_every_event_once() {
    let broker = Broker::start();
    let config = config(&broker, "reborn.county");
    let mut adapter = adapter(&config);
    adapter.last_applied().await.unwrap();
    adapter.write(&batch(one_to_four())).await.unwrap();
    broker.ends_transactions();
    broker.kill();
    broker.start_again();
    let next = batch(vec![event(9, 1, ChangeKind::Updated, Some("丁"))]);
    if adapter.write(&next).await.is_err() {
        adapter.last_applied().await.unwrap();
        adapter.write(&next).await.unwrap();
    }
    let ids = ids(&broker.committed("reborn.county.chg.civil.person.v1"));
    assert_eq!(ids["P-00000001"], ["1", "4", "9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_for_longer_than_every_timeout_has_every_event_once_when_it_is_back() {
    let broker = Broker::start();
    let mut config = config(&broker, "long.county");
    config.answer_ms_max = 3_000;
    let mut adapter = adapter(&config);
    adapter.last_applied().await.unwrap();
    adapter.write(&batch(one_to_four()[..2].to_vec())).await.unwrap();
    broker.ends_transactions();
    broker.kill();
    // The first runs into the timeouts of its transaction, the second into those of opening a writer.
    for _ in 0..2 {
        let error = adapter.write(&batch(one_to_four())).await.unwrap_err();
        assert_eq!(error.recovery, Recovery::Retry, "{error}");
    }
    broker.start_again();
    assert_eq!(adapter.last_applied().await.unwrap(), Some(mark(2)));
    adapter.write(&batch(one_to_four())).await.unwrap();
    let ids = ids(&broker.committed("long.county.chg.civil.person.v1"));
    assert_eq!(
        (&*ids["P-00000001"], &*ids["P-00000002"]),
        (&["1", "4"].map(str::to_owned)[..], &["2", "7"].map(str::to_owned)[..])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_the_brokers_never_end_is_told_and_not_taken_for_an_older_position() {
    let broker = Broker::shared();
    let config = config(broker, "open.county");
    let mut writer = adapter(&config);
    writer.last_applied().await.unwrap();
    writer.write(&batch(one_to_four())).await.unwrap();
    let abort = broker.leaves_open(&config.position_topic("s"), "8 d8");
    let impatient = Config { answer_ms_max: 3_000, ..config.clone() };
    let error = adapter(&impatient).last_applied().await.unwrap_err();
    assert_eq!(error.recovery, Recovery::Retry);
    assert!(error.reason.contains("neither committed nor given up"), "{error}");
    abort();
    assert_eq!(writer.last_applied().await.unwrap(), Some(mark(7)));
}
