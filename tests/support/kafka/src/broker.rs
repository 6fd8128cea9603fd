//! A broker.

use crate::jars;
use crate::process::Kept;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use yibiao_contract::conformance::{Cannot, Trouble};

/// How long a broker may take to start.
const START: Duration = Duration::from_secs(180);

/// A broker.
#[derive(Debug)]
pub struct Broker {
    process: Kept,
    jars: PathBuf,
    bootstrap: String,
}

impl Broker {
    /// The one broker of this test binary. Each test has topics of its own.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(Broker::start)
    }

    /// A broker of one's own, to be killed and started again.
    pub fn start() -> Broker {
        let (jars, process) = (jars::kafka(), Kept::new("kafka", "KILL"));
        let (port, control) = (free_port(), free_port());
        let log4j = process.write("log4j2.yaml", include_str!("../log4j2.yaml"));
        let properties = process.write("server.properties", &properties(process.folder(), port, control));
        let format = Command::new("java")
            .arg("-cp")
            .arg(jars.join("*"))
            .arg(format!("-Dlog4j2.configurationFile={}", log4j.display()))
            .args(["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c"])
            .arg(properties)
            .output()
            .expect("java can be started: tests/run.sh installs it");
        assert!(format.status.success(), "{}", String::from_utf8_lossy(&format.stderr));
        let broker = Broker { process, jars, bootstrap: format!("127.0.0.1:{port}") };
        broker.start_again();
        broker
    }

    /// Where it listens.
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
        let class_path = format!("{}/*", self.jars.display());
        let folder = self.process.folder().display();
        let log4j = format!("-Dlog4j2.configurationFile={folder}/log4j2.yaml");
        let properties = format!("{folder}/server.properties");
        let words = ["-Xms256m", "-Xmx512m", "-cp", &class_path, &log4j, "kafka.Kafka", &properties];
        self.process.start(Path::new("java"), &words);
        let probe: BaseConsumer = self.client().create().expect("a client can be made");
        let started = Instant::now();
        while probe.fetch_metadata(None, Duration::from_millis(300)).is_err() {
            assert!(started.elapsed() < START, "the broker does not answer: {}", self.process.log());
        }
    }

    /// Settings of a client of it.
    pub fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
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

fn properties(folder: &Path, port: u16, control: u16) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{control}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={}\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         auto.create.topics.enable=false\n\
         broker.session.timeout.ms=1500\n\
         broker.heartbeat.interval.ms=300\n",
        folder.join("data").display()
    )
}
