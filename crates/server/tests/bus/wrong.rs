//! What cannot be read, and a registry that is away.

use crate::desk::{Desk, wait_for};
use crate::numbered::{citizen_id, name};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::Path;
use yibiao_kafka_testkit::{Broker, ForeignRegistry, Gate};
use yibiao_registry::{Access, Registry};

const TOPIC: &str = "wrong.county.in.ga.rows.v1";

/// 更新时间, as Debezium writes it where Avro's names have no Chinese.
const TIME: &str = "_u66f4_u65b0_u65f6_u95f4";

fn config(registry: u16, authority: &Path) -> String {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/policy/bus.yaml");
    format!(
        r#"
node: {{ data: "${{DATA_DIR}}", listen: "${{HTTP_LISTEN}}", poll_seconds: 0.05 }}
policy: {}
sources:
  - system: GA
    kafka: {{ brokers: "${{KAFKA_BOOTSTRAP}}", topic: {TOPIC}, group: wrong.ga, format: avro, create_partitions: 1,
             registry: "https://127.0.0.1:{registry}/apis/ccompat/v7", registry_authorities: "{}",
             message_bytes_max: 300 }}
"#,
        policy.display(),
        authority.display()
    )
}

/// A schema of the row; `more` has it differ from others.
fn schema(more: &str) -> String {
    let fields = ["op", "GMSFHM", "XM", TIME].map(|name| format!(r#"{{"name":"{name}","type":"string"}}"#));
    format!(r#"{{"type":"record","name":"Row{more}","fields":[{}]}}"#, fields.join(","))
}

/// A row as Avro behind a Confluent header.
fn row(number: u32, person: u64) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(number.to_be_bytes());
    for text in ["I", &citizen_id(person), &name(person), "2026-10-01 08:00:00"] {
        bytes.push(u8::try_from(text.len() * 2).unwrap());
        bytes.extend(text.as_bytes());
    }
    bytes
}

#[test]
fn what_cannot_be_read_is_kept_with_its_bytes_and_a_registry_that_is_away_is_waited_for() {
    let (broker, foreign) = (Broker::shared(), ForeignRegistry::shared());
    let register = |more: &str| {
        let access = Access { url: foreign.url(), ..Access::default() };
        Registry::new(access).unwrap().register(&format!("{TOPIC}{more}-value"), &schema(more)).unwrap()
    };
    let first = register("");
    let gate = Gate::to(foreign.secure_port());
    let desk = Desk::of(broker, "wrong.county", &config(gate.port(), &foreign.authority()));
    broker.make_topic(TOPIC, 1);
    let long = [row(first, 9), vec![b'x'; 400]].concat();
    let bad = [row(2_147_483_600, 8), row(first, 7)[..20].to_vec(), long, b"{\"XM\":\"x\"}".to_vec()];
    let mut messages = vec![("p0", row(first, 0))];
    messages.extend(["b1", "b2", "b3", "b4"].into_iter().zip(bad.clone()));
    messages.push(("p1", row(first, 1)));
    let produce = |messages: &[(&str, Vec<u8>)]| {
        broker.produce(
            TOPIC,
            messages.iter().map(|(key, value)| (Some(key.as_bytes()), Some(value.as_slice()))),
        );
    };
    produce(&messages);
    let node = desk.run();
    let away = || {
        let told =
            || desk.unready().remove("source GA").filter(|reason| reason.contains("cannot ask for a schema"));
        wait_for(told, || format!("{:?}\n{}", desk.unready(), desk.log()))
    };
    let becomes = |keys: &[&str]| {
        let expected: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let there = || desk.exported().into_keys().map(|(_, key)| key).collect::<BTreeSet<_>>();
        wait_for(|| (there() == expected).then_some(()), || format!("{:?}\n{}", there(), desk.log()));
    };
    // It is away at the start: nothing is taken for bad.
    away();
    assert_eq!(desk.ask(&["quarantine", "list"]).unwrap().as_array().unwrap().len(), 0);
    gate.open();
    becomes(&["p0", "p1"]);
    let list = desk.ask(&["quarantine", "list"]).unwrap();
    let kept: Vec<(Json, Vec<u8>)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let shown = desk.ask(&["quarantine", "show", &entry["id"].to_string()]).unwrap();
            let digits = shown["raw_hex"].as_str().unwrap().to_owned();
            let byte = |at: usize| u8::from_str_radix(digits.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap();
            (entry["row"].clone(), (0..digits.len() / 2).map(byte).collect())
        })
        .collect();
    let cut = |bytes: &Vec<u8>| bytes[..bytes.len().min(300)].to_vec();
    let expected: Vec<(Json, Vec<u8>)> = (1..).map(Json::from).zip(bad.iter().map(cut)).collect();
    assert_eq!(kept, expected);

    // It goes away in mid-flight: what needs it waits, in its order, and so does what is behind it.
    gate.shut();
    let second = register("B");
    produce(&[("p2", row(first, 2)), ("p3", row(second, 3)), ("p4", row(first, 4))]);
    away();
    becomes(&["p0", "p1", "p2"]);
    gate.open();
    becomes(&["p0", "p1", "p2", "p3", "p4"]);
    assert_eq!(desk.ask(&["quarantine", "list"]).unwrap().as_array().unwrap().len(), 4);
    node.stop();
}
