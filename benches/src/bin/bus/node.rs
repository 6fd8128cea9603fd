//! Yibiao: rows of a department in, canonical persons out.

use crate::{Figures, watch};
use std::path::Path;
use yibiao_benches::running::Running;
use yibiao_kafka_testkit::Broker;
use yibiao_record::EntityKind;
use yibiao_schema::Dictionary;
use yibiao_schema::avro::EntitySchema;

const IN: &str = "bench.county.in.mz.rows.v1";
const OUT: &str = "bench.county.chg.civil.person.v1";
/// Rows of the measurement of latency.
const PACED: u32 = 3_000;

pub(crate) fn run(broker: &Broker, node: &Path, rows: usize) -> Figures {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/policy/bus.yaml");
    let config = format!(
        "node: {{ data: store, poll_seconds: 0.02 }}\n\
         policy: {}\n\
         sources:\n  - system: MZ\n    kafka: {{ brokers: \"{brokers}\", topic: {IN}, group: bench, wait_ms: 20 }}\n\
         deliveries:\n  - subscription: bus-persons\n    kafka: {{ brokers: \"{brokers}\", prefix: bench.county }}\n",
        policy.display(),
        brokers = broker.bootstrap()
    );
    std::fs::write(folder.path().join("yibiao.yaml"), config).expect("the new folder can be written to");
    broker.make_topic(IN, 3);
    broker.make_topic(OUT, 3);
    watch::send(broker, IN, 0, rows);
    let watch = watch::Watch::on(broker, OUT, 3);
    let running = Running::node(node, folder.path(), &[]);
    let schema = EntitySchema::of(Dictionary::shipped(), EntityKind::Person);
    let person = |_: Option<&[u8]>, value: Option<&[u8]>| {
        let read = schema.decode(value?.get(5..)?).ok()?;
        read.members.first()?.local.strip_prefix('r')?.parse::<u32>().ok()
    };
    let seen = watch.see(rows, person);
    let cpu = watch::cpu(running.0.id());
    let rate = watch::rate(&seen);
    let from = u32::try_from(rows).unwrap_or(0);
    let (sent, seen) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| watch.see(usize::try_from(PACED).unwrap_or(0), person));
        let sent = watch::paced(broker, IN, from, PACED, rate / 2.0);
        (sent, reader.join().unwrap_or_default())
    });
    Figures { name: "Yibiao", rate, cpu, rows, latency: watch::latency(&sent, &seen) }
}
