//! Kafka Connect: a file into a topic, and the topic into a file.

use crate::{Figures, watch};
use std::io::Write;
use std::time::{Duration, Instant};
use yibiao_benches::rows;
use yibiao_kafka_testkit::{Broker, Connect};

const TOPIC: &str = "connect.rows";
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn run(broker: &Broker, rows: usize) -> Figures {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (source, sink) = (folder.path().join("in"), folder.path().join("out"));
    let mut file = std::fs::File::create(&source).expect("the new folder can be written to");
    for person in 0..u32::try_from(rows).unwrap_or(0) {
        writeln!(file, "{}", rows::row(person)).expect("the disk has room");
    }
    broker.make_topic(TOPIC, 3);
    let converters = "key.converter=org.apache.kafka.connect.storage.StringConverter\n\
                      value.converter=org.apache.kafka.connect.storage.StringConverter\n";
    let source = format!(
        "connector.class=org.apache.kafka.connect.file.FileStreamSourceConnector\nfile={}\ntopic={TOPIC}\n{converters}",
        source.display()
    );
    let into = format!(
        "connector.class=org.apache.kafka.connect.file.FileStreamSinkConnector\nfile={}\ntopics={TOPIC}\n{converters}",
        sink.display()
    );
    let connect = Connect::start(broker, &[], &[("source".to_owned(), source), ("sink".to_owned(), into)]);
    let started = Instant::now();
    let lines = || {
        let text = std::fs::read(&sink).unwrap_or_default();
        text.iter().filter(|byte| **byte == b'\n').count()
    };
    let mut first = None;
    loop {
        let there = lines();
        if there > 0 && first.is_none() {
            first = Some((Instant::now(), there));
        }
        if there >= rows {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "Kafka Connect does not come to an end: {}", connect.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let (from, before) = first.unwrap_or((started, 0));
    let counted = f64::from(u32::try_from(rows.saturating_sub(before)).unwrap_or(0));
    // Where all of it came at once, from when it answered.
    let seconds = if before >= rows { started.elapsed() } else { from.elapsed() }.as_secs_f64();
    let counted = if before >= rows { f64::from(u32::try_from(rows).unwrap_or(0)) } else { counted };
    let rate = counted / seconds.max(1e-9);
    Figures {
        name: "Kafka Connect, file to file, with its start",
        rate,
        cpu: watch::cpu(connect.pid()),
        rows,
        latency: None,
    }
}
