//! Brokers: one alone, one that asks for a login, three together.

use crate::process::Kept;
use crate::{certificate, jars};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use yibiao_contract::conformance::{Cannot, Trouble};

/// How long a broker may take to start.
const START: Duration = Duration::from_secs(180);

/// Java options of a program that does not live long enough for its compilers to pay.
const QUICK: [&str; 2] = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
/// Java options of a broker that is not alone on the machine, or does little.
const SMALL: &[&str] = &["-Xms128m", "-Xmx256m", QUICK[0], QUICK[1]];
/// The name and the password that a broker asks for.
const LOGIN: (&str, &str) = ("yibiao", "a password of the test");
/// What a broker that asks for a login has in its settings besides.
const SCRAM: &str = "sasl.enabled.mechanisms=SCRAM-SHA-512\n\
    sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512\n\
    ssl.keystore.type=PEM\n\
    ssl.truststore.type=PEM\n";

/// A broker, or one of three.
#[derive(Debug)]
pub struct Broker {
    process: Kept,
    jars: PathBuf,
    /// Where it listens, and those that belong to it.
    bootstrap: String,
    /// What a client must set besides.
    properties: BTreeMap<String, String>,
    /// Of the machine that runs it.
    options: &'static [&'static str],
}

/// Where one of several brokers listens: for clients, and for the others.
type Ports = (u16, u16);

impl Broker {
    /// The one broker of this test binary. Each test has topics of its own.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(Broker::start)
    }

    /// A broker of one's own, to be killed and started again.
    pub fn start() -> Broker {
        let all = [ports()];
        let broker = Broker::installed(&["-Xms256m", "-Xmx512m"], &all);
        broker.format(&properties(broker.process.folder(), 1, &all, "PLAINTEXT"), &[]);
        broker.start_again();
        broker
    }

    /// A broker that asks for a name and a password (SCRAM-SHA-512 over TLS); [`properties`](Self::properties) has them.
    pub fn start_with_login() -> Broker {
        let all = [ports()];
        let mut broker = Broker::installed(SMALL, &all);
        let (folder, (name, password)) = (broker.process.folder(), LOGIN);
        certificate::make(folder);
        let file = |file: &str| folder.join(file).display().to_string();
        let settings = format!(
            "{}inter.broker.listener.name=SASL_SSL\n{SCRAM}\
             ssl.keystore.location={}\n\
             ssl.truststore.location={}\n\
             listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.\
             ScramLoginModule required username=\"{name}\" password=\"{password}\";\n",
            properties(folder, 1, &all, "SASL_SSL"),
            file("both.pem"),
            file("authority.pem"),
        );
        let authority = file("authority.pem");
        let user = format!("SCRAM-SHA-512=[name={name},password={password}]");
        broker.format(&settings, &["--add-scram", &user]);
        broker.properties = [
            ("security.protocol", "SASL_SSL"),
            ("ssl.ca.location", &authority),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.username", name),
            ("sasl.password", password),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        broker.start_again();
        broker
    }

    /// Three brokers, by their numbers from 1. Every record is with two of them before it counts, and one may die.
    pub fn start_three() -> [Broker; 3] {
        let all = [ports(), ports(), ports()];
        let brokers = all.map(|_| Broker::installed(SMALL, &all));
        for (number, broker) in (1..).zip(&brokers) {
            broker.format(&properties(broker.process.folder(), number, &all, "PLAINTEXT"), &[]);
        }
        for broker in &brokers {
            broker.launch();
        }
        for broker in &brokers {
            broker.answered();
        }
        brokers
    }

    /// A broker that is not formatted yet.
    fn installed(options: &'static [&'static str], all: &[Ports]) -> Broker {
        let (jars, process) = (jars::kafka(), Kept::new("kafka", "KILL"));
        process.write("log4j2.yaml", include_str!("../log4j2.yaml"));
        let bootstrap: Vec<String> = all.iter().map(|(port, _)| format!("127.0.0.1:{port}")).collect();
        Broker { process, jars, bootstrap: bootstrap.join(","), properties: BTreeMap::new(), options }
    }

    /// Writes its settings and an empty store.
    fn format(&self, settings: &str, words: &[&str]) {
        let settings = self.process.write("server.properties", settings);
        let format = Command::new("java")
            .args(QUICK)
            .args(self.class_path())
            .args(["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c"])
            .arg(settings)
            .args(words)
            .output()
            .expect("java can be started: tests/run.sh installs it");
        assert!(format.status.success(), "{}", String::from_utf8_lossy(&format.stderr));
    }

    /// Where its classes are, and what it logs.
    fn class_path(&self) -> [String; 3] {
        let log4j = self.process.folder().join("log4j2.yaml");
        let log4j = format!("-Dlog4j2.configurationFile={}", log4j.display());
        ["-cp".to_owned(), format!("{}/*", self.jars.display()), log4j]
    }

    /// What a client of it must set besides `bootstrap.servers`.
    pub fn properties(&self) -> &BTreeMap<String, String> {
        &self.properties
    }

    /// Where it listens, and those that belong to it.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The jars that it runs from, which have Kafka Connect and its tools too.
    pub(crate) fn jars(&self) -> &Path {
        &self.jars
    }

    /// Ends it as a power cut would; its data stays.
    pub fn kill(&self) {
        self.process.end();
    }

    /// Brings on what a fixture of the conformance kit asks for, as far as this broker can suffer it.
    pub fn suffer(&self, trouble: Trouble) -> Result<(), Cannot> {
        match trouble {
            Trouble::Gone => {
                self.ends_transactions();
                self.kill();
                Ok(())
            }
            Trouble::Hanging => {
                Err(Cannot::because("the client library gives up a broker that hangs, as one that is gone"))
            }
            Trouble::Refusing | Trouble::Throttling => {
                Err(Cannot::because("the broker of the tests has neither accounts nor quotas"))
            }
        }
    }

    /// Starts it on the data that it has, and returns once it answers.
    pub fn start_again(&self) {
        self.launch();
        self.answered();
    }

    fn launch(&self) {
        let class_path = self.class_path();
        let settings = self.process.folder().join("server.properties").display().to_string();
        let mut words = self.options.to_vec();
        words.extend(class_path.iter().map(String::as_str));
        words.extend(["kafka.Kafka", &settings]);
        self.process.start(Path::new("java"), &words);
    }

    fn answered(&self) {
        let mut client = self.client();
        // A broker that is starting takes connections and leaves them unanswered.
        client.set("socket.connection.setup.timeout.ms", "3000").set("reconnect.backoff.max.ms", "500");
        let probe: BaseConsumer = client.create().expect("a client can be made");
        let started = Instant::now();
        while probe.fetch_metadata(None, Duration::from_millis(300)).is_err() {
            assert!(started.elapsed() < START, "the broker does not answer: {}", self.process.log());
        }
    }

    /// Settings of a client of it.
    pub fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        for (name, value) in &self.properties {
            client.set(name, value);
        }
        client.set("bootstrap.servers", &self.bootstrap).set("group.id", "testkit");
        client.set_log_level(rdkafka::config::RDKafkaLogLevel::Emerg);
        client
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

fn ports() -> Ports {
    (free_port(), free_port())
}

/// The settings of the broker of a number, from 1, among all.
fn properties(folder: &Path, number: usize, all: &[Ports], protocol: &str) -> String {
    let (port, control) = all.get(number - 1).expect("invariant: a broker is one of all");
    let voters = (1..).zip(all).map(|(number, (_, control))| format!("{number}@127.0.0.1:{control}"));
    let voters: Vec<String> = voters.collect();
    let (copies, in_sync) = (all.len(), all.len().div_ceil(2));
    format!(
        "process.roles=broker,controller\n\
         node.id={number}\n\
         controller.quorum.voters={}\n\
         listeners={protocol}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}\n\
         advertised.listeners={protocol}://127.0.0.1:{port}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map={protocol}:{protocol},CONTROLLER:PLAINTEXT\n\
         log.dirs={}\n\
         default.replication.factor={copies}\n\
         min.insync.replicas={in_sync}\n\
         offsets.topic.replication.factor={copies}\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor={copies}\n\
         transaction.state.log.min.isr={in_sync}\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor={copies}\n\
         share.coordinator.state.topic.min.isr={in_sync}\n\
         log.cleaner.dedupe.buffer.size=16777216\n\
         group.initial.rebalance.delay.ms=0\n\
         auto.create.topics.enable=false\n\
         broker.session.timeout.ms=1500\n\
         broker.heartbeat.interval.ms=300\n",
        voters.join(","),
        folder.join("data").display()
    )
}
