//! What comes of the messages of a topic, on Kafka itself.

mod sharing;
mod traces;

use crate::decode::decode;
use crate::registry::Registry;
use crate::{Config, Format, KafkaConnector, Settings};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use yibiao_contract::{Batch, BatchLimits, Connector, Cursor, Item, Message, MessageBody, Recovery};
use yibiao_format::Cell;
use yibiao_kafka_testkit::Broker;

const LIMITS: BatchLimits = BatchLimits { rows_max: 100, bytes_max: 1 << 20 };

fn columns() -> Vec<String> {
    vec!["姓名".to_owned(), "op".to_owned()]
}

fn config(broker: &Broker, topic: &str) -> Config {
    let mut config = Config::new(broker.bootstrap().to_owned(), topic.to_owned(), format!("group-{topic}"));
    config.create_partitions = Some(1);
    config.wait_ms = 300;
    config
}

fn connector(config: &Config) -> KafkaConnector {
    KafkaConnector::new(config.clone(), columns())
}

fn shown(message: &Message) -> String {
    let key = message.key.as_deref().unwrap_or("-");
    let body = match &message.body {
        MessageBody::Cells(cells) => {
            let cell = |cell: &Cell| match cell {
                Cell::Text(text) => text.clone(),
                Cell::Integer(number) => number.to_string(),
                _ => "-".to_owned(),
            };
            cells.iter().map(cell).collect::<Vec<_>>().join(",")
        }
        MessageBody::Delete => "delete".to_owned(),
        MessageBody::Bad(reason) => format!("bad: {reason}"),
    };
    format!("{}:{key}:{body}", message.locator)
}

fn messages(batch: &Batch) -> Vec<String> {
    let of = |item: &Item| match item {
        Item::Messages(messages) => messages.messages.iter().map(shown).collect::<Vec<_>>(),
        other => panic!("no message: {other:?}"),
    };
    batch.items.iter().flat_map(of).collect()
}

/// The next batch; as the pipeline does, it waits while the group is being joined and tries again where that helps.
async fn next(connector: &mut KafkaConnector, from: &Cursor, limits: BatchLimits) -> Option<Batch> {
    for _ in 0..30 {
        match connector.read(from, limits).await {
            Ok(read) if read.is_some() || connector.at_end() => return read,
            Ok(_) => {}
            Err(error) => assert_eq!(error.recovery, Recovery::Retry, "{error}"),
        }
    }
    panic!("the topic is not read to its end");
}

/// Everything from a position on, and where it ends.
async fn drain(connector: &mut KafkaConnector, from: &Cursor, limits: BatchLimits) -> (Vec<String>, Cursor) {
    let (mut all, mut cursor) = (Vec::new(), from.clone());
    while let Some(batch) = next(connector, &cursor, limits).await {
        all.extend(messages(&batch));
        cursor = batch.cursor;
        connector.commit(&cursor).await.unwrap();
    }
    (all, cursor)
}

impl KafkaConnector {
    /// Whether all partitions that are read here are read to their end.
    fn at_end(&self) -> bool {
        crate::locked(&self.reading).at_end()
    }
}

fn record<'a>(key: &'a str, value: &'a str) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    (Some(key.as_bytes()), Some(value.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_deletes_and_poison_come_in_the_order_of_the_topic() {
    let broker = Broker::shared();
    let mut connector = connector(&config(broker, "rows"));
    let (none, start) = drain(&mut connector, &Cursor::default(), LIMITS).await;
    assert!(none.is_empty(), "the topic is made");
    let null: (Option<&[u8]>, Option<&[u8]>) = (Some(b"1"), None);
    broker.produce(
        "rows",
        [
            record("1", r#"{"姓名":"张三","op":"I","more":1}"#),
            record("2", "{broken"),
            null,
            (None, Some(r#"{"姓名":"李四"}"#.as_bytes())),
            record("3", "null"),
        ],
    );
    let (all, end) = drain(&mut connector, &start, LIMITS).await;
    assert_eq!(
        all,
        ["0:1:张三,I", "1:2:bad: it is not JSON from byte 2 on", "2:1:delete", "3:-:李四,-", "4:3:delete"]
    );
    assert_eq!(drain(&mut connector, &end, LIMITS).await.0, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_on_at_the_nodes_own_position_whatever_the_group_says() {
    let broker = Broker::shared();
    let config = config(broker, "resume");
    let mut first = connector(&config);
    drain(&mut first, &Cursor::default(), LIMITS).await;
    let values: Vec<String> = (0..50).map(|number| format!(r#"{{"姓名":"n{number}"}}"#)).collect();
    broker.produce("resume", values.iter().map(|value| record("k", value)));
    let small = BatchLimits { rows_max: 20, ..LIMITS };
    let batch = next(&mut first, &Cursor::default(), small).await.unwrap();
    let middle = batch.cursor.clone();
    let (rest, end) = drain(&mut first, &middle, small).await;
    assert_eq!(messages(&batch).len() + rest.len(), 50);
    // The same connector, sent back, and another one: both give what follows the position.
    assert_eq!(drain(&mut first, &middle, small).await.0, rest);
    drop(first);
    assert_eq!(drain(&mut connector(&config), &middle, small).await, (rest, end));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_the_topic_no_longer_holds_stops_for_a_person() {
    let broker = Broker::shared();
    let config = config(broker, "anew");
    drain(&mut connector(&config), &Cursor::default(), LIMITS).await;
    let beyond = Cursor(br#"{"version":1,"topic":"anew","next":{"0":1000}}"#.to_vec());
    let mut connector = connector(&config);
    let mut read = Ok(None);
    for _ in 0..30 {
        read = connector.read(&beyond, LIMITS).await;
        if read.is_err() {
            break;
        }
    }
    assert_eq!(read.unwrap_err().recovery, Recovery::Halt);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_is_an_error_that_says_what_to_do() {
    let broker = Broker::shared();
    let mut config = config(broker, "nowhere");
    config.create_partitions = None;
    let connector = connector(&config);
    let finding = connector.check().await.pop().unwrap();
    assert!(!finding.good && finding.hint.contains("create_partitions"), "{finding:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_is_set_aside_and_the_next_goes_on() {
    let broker = Broker::shared();
    let mut config = config(broker, "large");
    config.message_bytes_max = 30;
    let mut connector = connector(&config);
    drain(&mut connector, &Cursor::default(), LIMITS).await;
    let long = format!(r#"{{"姓名":"{}"}}"#, "长".repeat(20));
    broker.produce("large", [record("1", &long), record("2", r#"{"姓名":"短"}"#)]);
    let (all, _) = drain(&mut connector, &Cursor::default(), LIMITS).await;
    assert_eq!(all, ["0:-:bad: it has 73 bytes, more than `message_bytes_max`", "1:2:短,-"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_for_longer_than_every_timeout_is_told_and_read_again_when_it_is_back() {
    let broker = Broker::start();
    let config = config(&broker, "away");
    let mut connector = connector(&config);
    let (_, start) = drain(&mut connector, &Cursor::default(), LIMITS).await;
    broker.kill();
    // Each reading that fails has waited for the brokers as long as it does; two outlast the membership in the group.
    let mut told = Vec::new();
    for _ in 0..30 {
        told.extend(connector.read(&start, LIMITS).await.err());
        if told.len() == 2 {
            break;
        }
    }
    assert_eq!(told.len(), 2);
    for error in told {
        assert_eq!(error.recovery, Recovery::Retry, "{error}");
        assert!(error.reason.contains("refused"), "it says why: {error}");
    }
    broker.start_again();
    broker.produce("away", [record("1", r#"{"姓名":"张三"}"#)]);
    let mut back = None;
    for _ in 0..60 {
        if let Ok(Some(batch)) = connector.read(&start, LIMITS).await {
            back = Some(messages(&batch));
            break;
        }
    }
    assert_eq!(back.unwrap(), ["0:1:张三,-"]);
}

fn settings(format: Format, registry: Option<String>) -> Settings {
    let mut config = Config::new(String::new(), "t".to_owned(), "g".to_owned());
    config.format = format;
    config.registry = registry;
    config.days = vec!["born".to_owned()];
    Settings { config, columns: ["id", "born", "area"].map(str::to_owned).to_vec() }
}

fn decoded(settings: &Settings, key: &[u8], value: Option<&[u8]>) -> String {
    let (key, body) = decode(settings, &mut Registry::default(), Some(key), value).unwrap();
    shown(&Message { locator: 0, key, at: yibiao_record::Timestamp(0), raw: Vec::new(), body })
}

#[test]
fn debeziums_envelope_is_read_with_schemas_and_without() {
    let settings = settings(Format::DebeziumJson, None);
    let plain = br#"{"before":null,"after":{"id":7,"born":-7033,"area":"x"},"op":"c"}"#;
    assert_eq!(decoded(&settings, br#"{"id":7}"#, Some(plain)), "0:7:7,1950-09-30,x");
    let with_schema = r#"{"schema":{"type":"struct","fields":[{"field":"before"},{"field":"after","fields":[
        {"field":"area","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}}]}]},
        "payload":{"before":null,"after":{"id":7,"born":null,"area":"BNI="},"op":"u"}}"#;
    let key = br#"{"schema":{"type":"struct"},"payload":{"id":7}}"#;
    assert_eq!(decoded(&settings, key, Some(with_schema.as_bytes())), "0:7:7,-,12.34");
    let delete = br#"{"before":{"id":7},"after":null,"op":"d"}"#;
    assert_eq!(decoded(&settings, br#"{"id":7}"#, Some(delete)), "0:7:delete");
    assert_eq!(decoded(&settings, br#"{"id":7}"#, None), "0:7:delete");
    for (bad, reason) in [
        (r#"{"op":"t"}"#, "empties the table"),
        (r#"{"op":"x"}"#, "none of c, u, r and d"),
        (r#"{"op":"c","after":{"area":"__debezium_unavailable_value"}}"#, "replica identity full"),
        ("[1]", "no envelope"),
    ] {
        let shown = decoded(&settings, br#"{"id":7}"#, Some(bad.as_bytes()));
        assert!(shown.starts_with("0:7:bad") && shown.contains(reason), "{shown}");
    }
}

/// What Debezium 3.6 wrote of a table of PostgreSQL 15: a snapshot of two rows, an update, a delete with its tombstone.
#[test]
fn what_debezium_wrote_of_a_real_table_reads_alike_with_schemas_and_without() {
    let mut plain = settings(Format::DebeziumJson, None);
    plain.columns = ["id", "xm", "born", "area", "at"].map(str::to_owned).to_vec();
    plain.config.decimals = BTreeMap::from([("area".to_owned(), 2)]);
    let with_schemas = Settings {
        config: Config { days: Vec::new(), decimals: BTreeMap::new(), ..plain.config.clone() },
        columns: plain.columns.clone(),
    };
    for (settings, captured) in [
        (plain, include_str!("../fixtures/debezium_3_6_postgres_plain.tsv")),
        (with_schemas, include_str!("../fixtures/debezium_3_6_postgres_schema.tsv")),
    ] {
        let read = |line: &str| {
            let (key, value) = line.split_once('\t').unwrap();
            decoded(&settings, key.as_bytes(), (value != "null").then_some(value.as_bytes()))
        };
        let all: Vec<String> = captured.lines().map(read).collect();
        assert_eq!(
            all,
            [
                "0:k1:k1,张三,1950-09-30,12.34,2026-10-01T00:00:00.000000Z",
                "0:k2:k2,李四,-,-0.05,2026-10-01T00:00:00.000000Z",
                "0:k1:k1,张三,1950-09-30,99.50,2026-10-01T00:00:00.000000Z",
                "0:k2:delete",
                "0:k2:delete",
            ]
        );
    }
}

/// A registry that knows schema 5 and answers `requests` questions.
fn registry(requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for _ in 0..requests {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 1024];
            let length = stream.read(&mut asked).unwrap();
            let known = asked[..length].starts_with(b"GET /schemas/ids/5 ");
            let body = if known {
                r#"{"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"}]}"}"#
            } else {
                "{}"
            };
            let status = if known { "200 OK" } else { "404 Not Found" };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    url
}

#[test]
fn avro_is_read_by_the_schema_that_its_header_names() {
    let settings = settings(Format::Avro, Some(registry(2)));
    let mut registry = Registry::default();
    let mut shown_of = |value: &[u8]| {
        let (key, body) = decode(&settings, &mut registry, Some(b"k"), Some(value)).unwrap();
        shown(&Message { locator: 0, key, at: yibiao_record::Timestamp(0), raw: Vec::new(), body })
    };
    assert_eq!(shown_of(&[0, 0, 0, 0, 5, 14]), "0:k:7,-,-");
    assert_eq!(shown_of(&[0, 0, 0, 0, 5, 16]), "0:k:8,-,-", "a known schema is not asked for again");
    assert_eq!(shown_of(&[0, 0, 0, 0, 6, 14]), "0:k:bad: the registry knows no schema 6");
    assert_eq!(shown_of(&[0, 0, 0, 0, 5, 14, 1]), "0:k:bad: schema 5: 1 bytes are left behind the record");
    assert!(shown_of(b"{}").starts_with("0:k:bad: it does not begin with a zero byte"));
}

#[test]
fn a_registry_that_is_away_stops_the_source_and_blames_no_message() {
    let settings = settings(Format::Avro, Some("http://127.0.0.1:1".to_owned()));
    let error = decode(&settings, &mut Registry::default(), None, Some(&[0, 0, 0, 0, 5, 14])).unwrap_err();
    assert_eq!(error.recovery, Recovery::Retry);
}
