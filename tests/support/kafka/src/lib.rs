//! Apache Kafka itself for tests: one KRaft broker on free loopback ports with a data folder of its own.
//!
//! Maven brings the jars once, into the user's cache. A broker ends with the process that started it, however that ends:
//! a shell holds it and waits for its standard input to close.
//!
//! **Invariant:** nothing is left behind: no process, no data folder.
#![expect(clippy::panic, reason = "a test without its broker fails, and says why")]

mod client;
mod jars;

pub use client::Record;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a broker may take to start.
const START: Duration = Duration::from_secs(60);

/// Starts Java, tells its process id, and ends it when the standard input closes or says something.
const KEEPER: &str = r#"
exec 3<&0
java -Xms256m -Xmx512m -cp "$1/*" -Dlog4j2.configurationFile="$2/log4j2.yaml" kafka.Kafka "$2/server.properties" \
    </dev/null >>"$2/broker.log" 2>&1 &
pid=$!
echo $pid
read word <&3
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
[ "$word" = keep ] || rm -rf "$2"
"#;

/// A broker.
#[derive(Debug)]
pub struct Broker {
    folder: PathBuf,
    jars: PathBuf,
    bootstrap: String,
    keeper: Mutex<Option<Child>>,
}

impl Broker {
    /// The one broker of this test binary. Each test has topics of its own.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(Broker::start)
    }

    /// A broker of one's own, to be killed and started again.
    pub fn start() -> Broker {
        let jars = jars::folder();
        let folder =
            tempfile::Builder::new().prefix("yibiao-kafka-").tempdir().expect("a folder can be made").keep();
        let (port, control) = (free_port(), free_port());
        let bootstrap = format!("127.0.0.1:{port}");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("the new folder can be written to");
        };
        write("log4j2.yaml", include_str!("../log4j2.yaml"));
        write("server.properties", &properties(&folder, port, control));
        let format = Command::new("java")
            .arg("-cp")
            .arg(jars.join("*"))
            .arg(format!("-Dlog4j2.configurationFile={}", folder.join("log4j2.yaml").display()))
            .args(["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c"])
            .arg(folder.join("server.properties"))
            .output()
            .expect("java can be started: tests/run.sh installs it");
        assert!(format.status.success(), "{}", String::from_utf8_lossy(&format.stderr));
        let broker = Broker { folder, jars, bootstrap, keeper: Mutex::new(None) };
        broker.start_again();
        broker
    }

    /// Where it listens.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Ends it as a power cut would; its data stays.
    pub fn kill(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut keeper) = keeper else { return };
        let told = keeper.stdin.take().map(|mut stdin| stdin.write_all(b"keep\n"));
        assert!(matches!(told, Some(Ok(()))), "the keeper takes its order");
        keeper.wait().expect("the keeper ends");
    }

    /// Starts it on the data that it has, and returns once it answers.
    pub fn start_again(&self) {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "kafka"])
            .arg(&self.jars)
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let mut pid = String::new();
        let stdout = keeper.stdout.take().expect("invariant: it is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the keeper tells the process id");
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(keeper);
        let probe: BaseConsumer = self.client().create().expect("a client can be made");
        let started = Instant::now();
        while probe.fetch_metadata(None, Duration::from_millis(300)).is_err() {
            if started.elapsed() > START {
                let log = std::fs::read_to_string(self.folder.join("broker.log")).unwrap_or_default();
                panic!("the broker does not answer: {log}");
            }
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

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(keeper.stdin.take());
            keeper.wait().expect("the keeper ends");
        } else {
            std::fs::remove_dir_all(&self.folder).expect("the folder is ours");
        }
    }
}

fn free_port() -> u16 {
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
