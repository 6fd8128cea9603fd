//! Dead letters over the bus: what a topic cannot take is kept, shown, and sent again once it can.

use crate::desk::{Desk, members, wait_for};
use crate::rows;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_kafka_testkit::{Broker, Record};

/// A record's size as its sender counts it.
fn bytes(record: &Record) -> usize {
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len() + 10).sum();
    100 + record.key.len() + record.value.as_ref().map_or(0, Vec::len) + headers
}

#[test]
fn what_a_topic_cannot_take_is_kept_and_delivered_once_it_can() {
    let broker = Broker::shared();
    let desk = Desk::new(broker, "letters.county");
    let changes = "letters.county.chg.civil.person.v1";
    let rows = rows::of_county(20);
    let (before, after) = rows.split_at(rows.len() / 2);
    let node = desk.run();
    desk.has_topics();
    desk.send(before);
    desk.settled(before.len());
    node.stop();
    let mut sizes: Vec<usize> = desk.events().iter().map(bytes).collect();
    sizes.sort_unstable();
    // The larger half no longer fits.
    let limit = sizes[sizes.len() / 2];
    broker.set_topic(changes, "max.message.bytes", &limit.to_string());
    desk.send(after);
    let node = desk.run();
    let account = desk.settled(rows.len())["subscriptions"][0].clone();
    let dead = account["dead"].as_u64().unwrap();
    assert!(dead > 0 && account["gap"] == 0 && account["letters"] == dead, "{account}");

    let listed = desk.ask(&["dlq", "list", "--limit", "100000", "--subscription", "bus-persons"]).unwrap();
    assert_eq!(listed["all"], dead);
    let letters = listed["letters"].as_array().unwrap();
    assert!(letters.iter().all(|letter| letter["reason"] == "too_large" && letter["receiver"] == changes));
    assert!(!listed.to_string().contains("body"), "a list tells no content");
    // Each has the bytes that the dead-letter topic has, and the same headers.
    let topic: BTreeMap<String, Record> = broker
        .committed("letters.county.dlq.civil.person.v1")
        .into_iter()
        .map(|record| (record.headers["ce_id"].clone(), record))
        .collect();
    for letter in letters.iter().take(3) {
        let shown = desk.ask(&["dlq", "show", letter["letter"].as_str().unwrap()]).unwrap();
        let record = &topic[&letter["position"].to_string()];
        let hex: String = record.value.as_ref().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown["body_hex"], hex);
        assert_eq!(shown["key"], record.key);
        for (name, value) in &record.headers {
            assert_eq!(shown["headers"][name], *value, "{name}");
        }
        assert!(bytes(record) > limit);
    }

    // The node is asked while it runs; another is asked while it does not, and does it at its start.
    broker.set_topic(changes, "max.message.bytes", "1048588");
    let first = letters[0]["letter"].as_str().unwrap();
    assert_eq!(desk.ask(&["dlq", "replay", first]).unwrap()["letters"], 1);
    let open = || {
        let listed = desk.ask(&["dlq", "list", "--limit", "100000"])?;
        let letters = listed["letters"].as_array().unwrap().clone();
        letters.iter().all(|letter| letter["replay"] == false).then_some(letters)
    };
    wait_for(open, || "a replay".to_owned());
    node.stop();
    assert!(desk.ask(&["dlq", "purge"]).is_none(), "nobody purges everything by mistake");
    desk.ask(&["dlq", "replay", "--all"]).unwrap();
    let node = desk.run();
    let left = wait_for(open, || "a replay".to_owned());
    assert!(left.iter().all(|letter| letter["reason"] == "superseded"), "{left:?}");
    let account = desk.settled(rows.len())["subscriptions"][0].clone();
    assert!(account["gap"] == 0 && account["dead"] == left.len(), "{account}");
    node.stop();

    // Every event that counts as delivered is there once, and who keeps a table has what the node exports.
    let events = desk.events();
    let ids: BTreeSet<&str> = events.iter().map(|event| event.headers["ce_id"].as_str()).collect();
    assert_eq!(ids.len(), events.len());
    assert_eq!(account["delivered"], events.len());
    let exported = desk.exported();
    let mut told = members(&desk.current());
    told.retain(|key, _| exported.contains_key(key));
    assert_eq!(told, exported);
    let purged = desk.ask(&["dlq", "purge", "--reason", "superseded"]).unwrap();
    assert_eq!(purged["letters"], left.len());
    assert_eq!(desk.ask(&["dlq", "list"]).unwrap()["all"], 0);
}
