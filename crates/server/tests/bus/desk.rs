//! A node on the bus, by the configuration that is shipped for it, under topics of its own.

use crate::rows::Sent;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use yibiao_contract::fault::Point;
use yibiao_kafka_testkit::{Broker, Record};
use yibiao_record::EntityKind;
use yibiao_schema::Dictionary;
use yibiao_schema::avro::{AvroRecord, EntitySchema};

/// How long a state may take to come.
const PATIENCE: Duration = Duration::from_secs(300);

/// Configuration and store of one node, gone with the value.
pub(crate) struct Desk<'broker> {
    dir: TempDir,
    broker: &'broker Broker,
    prefix: String,
    port: u16,
}

/// A node that runs. It is killed where a test ends before it does.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only where it has ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Running {
    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it as a service manager does.
    pub(crate) fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        let code = self.0.wait().unwrap().code();
        assert_eq!(code, Some(0), "it drains in order");
    }
}

impl<'broker> Desk<'broker> {
    /// A node by the configuration that is shipped.
    pub(crate) fn new(broker: &'broker Broker, prefix: &str) -> Self {
        Self::of(broker, prefix, &Self::shipped(prefix))
    }

    /// The configuration that is shipped, under topics of its own.
    pub(crate) fn shipped(prefix: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let shipped = std::fs::read_to_string(root.join("deploy/bus/yibiao.yaml")).unwrap();
        let policy = root.join("schemas/policy/bus.yaml");
        shipped
            .replace("demo.county", prefix)
            .replace("../../schemas/policy/bus.yaml", policy.to_str().unwrap())
    }

    /// A node by a configuration of its own.
    pub(crate) fn of(broker: &'broker Broker, prefix: &str, config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("yibiao.yaml"), config).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { dir, broker, prefix: prefix.to_owned(), port }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yibiao"));
        command
            .args(words)
            .arg("-c")
            .arg(self.dir.path().join("yibiao.yaml"))
            .env("KAFKA_BOOTSTRAP", self.broker.bootstrap())
            .env("HTTP_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("DATA_DIR", self.dir.path().join("store"))
            .env("YIBIAO_TOKEN", "a token of the test")
            .env("YIBIAO_FAULTS", self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// Starts the node.
    pub(crate) fn run(&self) -> Running {
        let log = std::fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        Running(self.command(&["run"]).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// Whoever passes the point next is held there.
    pub(crate) fn arm(&self, point: Point) {
        std::fs::write(self.dir.path().join(point.name()), "").unwrap();
    }

    /// Waits until the node is held at the point.
    pub(crate) fn held(&self, point: Point) {
        let held = self.held_path(point);
        wait_for(
            || held.exists().then_some(()),
            || format!("the node does not come to {}: {}", point.name(), self.log()),
        );
    }

    /// Lets the node go on from the point, or forgets that one was held there.
    pub(crate) fn release(&self, point: Point) {
        std::fs::remove_file(self.held_path(point)).unwrap();
    }

    fn held_path(&self, point: Point) -> PathBuf {
        self.dir.path().join(format!("{}.held", point.name()))
    }

    /// What the node has said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// What a verb answers; `None` where it cannot.
    pub(crate) fn ask(&self, words: &[&str]) -> Option<Json> {
        let done = self.command(&[words, &["--json"]].concat()).output().unwrap();
        done.status.success().then(|| serde_json::from_slice(&done.stdout).unwrap())
    }

    /// What a verb says to a person, whether it can or not.
    pub(crate) fn say(&self, words: &[&str]) -> String {
        let done = self.command(words).output().unwrap();
        [done.stdout, done.stderr].map(|said| String::from_utf8(said).unwrap()).concat()
    }

    /// Sends rows, in the order of the list per department.
    pub(crate) fn send(&self, rows: &[Sent]) {
        for system in rows.iter().map(|sent| &sent.system).collect::<BTreeSet<_>>() {
            let of: Vec<&Sent> = rows.iter().filter(|sent| sent.system == *system).collect();
            let records = of.iter().map(|sent| (Some(sent.key.as_bytes()), Some(sent.value.as_bytes())));
            self.broker.produce(&self.topic(system), records);
        }
    }

    /// Sends a delete.
    pub(crate) fn delete(&self, system: &str, key: &str) {
        self.broker.produce(&self.topic(system), [(Some(key.as_bytes()), None)]);
    }

    pub(crate) fn topic(&self, system: &str) -> String {
        format!("{}.in.{}.rows.v1", self.prefix, system.to_lowercase())
    }

    /// Makes the departments' topics, which the node would make.
    pub(crate) fn make_topics(&self) {
        for system in ["mz", "ga", "wj", "zj", "yj", "ny"] {
            self.broker.make_topic(&self.topic(system), 3);
        }
    }

    /// Waits until the node has made the topics that it reads.
    pub(crate) fn has_topics(&self) {
        for system in ["mz", "ga", "wj", "zj", "yj", "ny"] {
            let there = || self.broker.has_topic(&self.topic(system)).then_some(());
            wait_for(there, || self.log());
        }
    }

    /// Waits until so many rows were taken in and every change of a person was sent on; what the node says then.
    pub(crate) fn settled(&self, rows: usize) -> Json {
        wait_for(
            || {
                let status = self.ask(&["status"])?;
                let counts = status["systems"].as_array().unwrap().iter().flat_map(|system| {
                    system["rows"].as_object().unwrap().values().map(|count| count.as_u64().unwrap())
                });
                let read: u64 = counts.sum();
                let account = &status["subscriptions"][0];
                (read >= u64::try_from(rows).unwrap() && account["pending"] == 0).then_some(status)
            },
            || format!("{:?}\n{}", self.ask(&["status"]), self.log()),
        )
    }

    /// How many rows were taken in, where the node says it.
    pub(crate) fn changes(&self) -> Option<u64> {
        self.ask(&["status"])?["changes"].as_u64()
    }

    /// Why the node is not ready, by part; nothing where it is.
    pub(crate) fn unready(&self) -> BTreeMap<String, String> {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let answer = ureq::Agent::from(config).get(format!("http://127.0.0.1:{}/readyz", self.port)).call();
        let Ok(mut answer) = answer else { return BTreeMap::from([("node".to_owned(), "away".to_owned())]) };
        let answer: Json = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        serde_json::from_value(answer["reasons"].clone()).unwrap()
    }

    /// Where the node serves its schemas.
    pub(crate) fn registry(&self) -> String {
        format!("http://127.0.0.1:{}/registry", self.port)
    }

    pub(crate) fn events(&self) -> Vec<Record> {
        self.broker.committed(&format!("{}.chg.civil.person.v1", self.prefix))
    }

    pub(crate) fn current(&self) -> Vec<Record> {
        self.broker.committed(&format!("{}.cur.civil.person.v1", self.prefix))
    }

    /// Whose each source record is, as the node exports it.
    pub(crate) fn exported(&self) -> BTreeMap<(String, String), String> {
        let path = self.dir.path().join("members.csv");
        let words = ["export", "--entity", "person", "--members", "--out", path.to_str().unwrap()];
        assert!(self.ask(&words).is_some());
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
        let (system, key, entity, live) =
            (place("system"), place("local_key"), place("entity_id"), place("live"));
        lines
            .map(|line| line.split(',').collect::<Vec<_>>())
            .filter(|cells| cells[live] == "true")
            .map(|cells| ((cells[system].to_owned(), cells[key].to_owned()), cells[entity].to_owned()))
            .collect()
    }
}

/// Whose each source record is, as a topic's last record of each entity says.
pub(crate) fn members(records: &[Record]) -> BTreeMap<(String, String), String> {
    let mut members = BTreeMap::new();
    for (entity, record) in standing(records) {
        for key in record.members {
            let before = members.insert((key.system.to_string(), key.local.to_string()), entity.clone());
            assert_eq!(before, None, "a source record is of one person");
        }
    }
    members
}

/// What a topic's last record of each entity says.
pub(crate) fn standing(records: &[Record]) -> BTreeMap<String, AvroRecord> {
    let schema = EntitySchema::of(Dictionary::shipped(), EntityKind::Person);
    let mut standing = BTreeMap::new();
    for record in records {
        match &record.value {
            Some(value) => drop(standing.insert(record.key.clone(), schema.decode(&value[5..]).unwrap())),
            None => drop(standing.remove(&record.key)),
        }
    }
    standing
}

/// Asks again and again until there is an answer.
pub(crate) fn wait_for<T>(mut answer: impl FnMut() -> Option<T>, else_say: impl Fn() -> String) -> T {
    let started = Instant::now();
    let (_keep, never) = mpsc::channel::<()>();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain: {}", else_say());
        assert!(never.recv_timeout(Duration::from_millis(100)).is_err());
    }
}
