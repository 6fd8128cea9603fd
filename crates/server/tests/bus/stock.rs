//! Subscribers that know nothing of us.

use crate::desk::Desk;
use crate::rows;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use yibiao_kafka_testkit::{Broker, python};

#[test]
fn a_stock_client_reads_every_person_with_the_schema_that_our_registry_serves() {
    let broker = Broker::shared();
    let desk = Desk::new(broker, "stock.county");
    let node = desk.run();
    let rows = rows::of_county(12);
    desk.has_topics();
    desk.send(&rows);
    desk.settled(rows.len());
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bus/stock_client.py");
    let topic = "stock.county.cur.civil.person.v1";
    let printed = python(&program, &[broker.bootstrap(), &desk.registry(), topic]);
    let mut lines = printed.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());

    let mut asked = lines.next().unwrap();
    let subjects = asked["subjects"].take();
    assert!(subjects.as_array().unwrap().contains(&json!(format!("{topic}-value"))), "{subjects}");
    assert_eq!(
        asked,
        json!({
            "subjects": null, "versions": [1], "same_id": true, "same_text": true, "compatible": true,
            "changed_compatible": false, "refused": 403,
        })
    );

    let mut table: BTreeMap<String, Json> = BTreeMap::new();
    for line in lines {
        let entity = line["key"].as_str().unwrap().to_owned();
        assert_eq!(line["headers"]["ce_subject"], line["key"]);
        match &line["value"] {
            Json::Null => drop(table.remove(&entity)),
            person => drop(table.insert(entity, person.clone())),
        }
    }
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let mut members = BTreeMap::new();
    for (entity, person) in &table {
        assert_eq!(text(&person["id"]), *entity);
        for key in person["members"].as_array().unwrap() {
            members.insert((text(&key["system"]), text(&key["local_key"])), entity.clone());
        }
    }
    let exported = desk.exported();
    members.retain(|key, _| exported.contains_key(key)); // those whose row ended are evidence still
    assert_eq!(members, exported);
    node.stop();
}
