//! What the log says of a sender's traces.

use super::*;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use std::sync::Mutex;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_where_a_trace_goes_on_and_repeats_no_other_header() {
    let log = tempfile::NamedTempFile::new().unwrap();
    // For all tests of this program, since connectors read on threads of their own; the others send no traces.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("traceparent=trace"))
        .with_writer(Mutex::new(log.reopen().unwrap()))
        .with_ansi(false)
        .init();
    let broker = Broker::shared();
    let mut connector = connector(&config(broker, "traces"));
    let (_, start) = drain(&mut connector, &Cursor::default(), LIMITS).await;
    let producer: ThreadedProducer<DefaultProducerContext> = broker.client().create().unwrap();
    let sent: [(&str, &[&str]); 4] = [
        ("1", &[]),
        ("2", &["00-110101195003071218-b7ad6b7169203331-01"]),
        ("3", &[TRACE]),
        ("4", &[TRACE, TRACE]),
    ];
    for (key, traces) in sent {
        let headers = traces.iter().fold(OwnedHeaders::new(), |headers, trace| {
            headers.insert(Header { key: "traceparent", value: Some(*trace) })
        });
        let record = BaseRecord::to("traces").key(key).payload(r#"{"姓名":"张三"}"#).headers(headers);
        assert!(producer.send(record).is_ok(), "the queue has room");
    }
    producer.flush(Duration::from_secs(60)).unwrap();
    assert_eq!(drain(&mut connector, &start, LIMITS).await.0.len(), 4, "a trace is no condition");
    let log = std::fs::read_to_string(log.path()).unwrap();
    let [line] = log.lines().collect::<Vec<_>>()[..] else { panic!("{log}") };
    assert!(line.contains(TRACE) && line.contains("topic=\"traces\"") && line.contains("offset=2"), "{line}");
}
