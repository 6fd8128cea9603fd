//! Kafka Connect, one process by itself.

use crate::broker::{Broker, free_port};
use crate::process::{self, Kept};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long it may take to start.
const START: Duration = Duration::from_secs(240);

/// A worker with its connectors.
#[derive(Debug)]
pub struct Connect {
    process: Kept,
}

impl Connect {
    /// Starts connectors, each a name and its settings, with the jars of plugins besides Kafka's own.
    pub fn start(broker: &Broker, plugins: &[(&str, PathBuf)], connectors: &[(String, String)]) -> Connect {
        let process = Kept::new("connect", "KILL");
        let folder = process.folder().join("plugins");
        std::fs::create_dir(&folder).expect("the new folder can be written to");
        for (name, jars) in plugins {
            plugin(&folder.join(name), jars);
        }
        let rest = free_port();
        let worker = format!(
            "bootstrap.servers={}\n\
             key.converter=org.apache.kafka.connect.json.JsonConverter\n\
             value.converter=org.apache.kafka.connect.json.JsonConverter\n\
             offset.storage.file.filename={}\n\
             offset.flush.interval.ms=1000\n\
             plugin.path={}\n\
             plugin.discovery=only_scan\n\
             listeners=http://127.0.0.1:{rest}\n",
            broker.bootstrap(),
            process.folder().join("offsets").display(),
            folder.display()
        );
        let mut files = vec![process.write("worker.properties", &worker)];
        for (name, settings) in connectors {
            files.push(process.write(&format!("{name}.properties"), &format!("name={name}\n{settings}")));
        }
        let log4j = process.write("log4j2.yaml", include_str!("../log4j2.yaml"));
        let log4j = format!("-Dlog4j2.configurationFile={}", log4j.display());
        let class_path = format!("{}/*", broker.jars().display());
        let program = "org.apache.kafka.connect.cli.ConnectStandalone";
        let mut words = vec!["-Xmx512m", "-cp", &class_path, &log4j, program];
        words.extend(files.iter().map(|file| file.to_str().expect("the folder's path is UTF-8")));
        process.start(Path::new("java"), &words);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", rest)).is_err() {
            assert!(started.elapsed() < START, "Kafka Connect does not answer: {}", process.log());
            process::pause();
        }
        Connect { process }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What it has said, for whoever waits in vain.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// Makes a plugin's folder of links, without what Kafka Connect itself brings.
fn plugin(folder: &Path, jars: &Path) {
    const BROUGHT: [&str; 6] =
        ["connect-api", "kafka-clients", "slf4j-api", "lz4-java", "snappy-java", "zstd-jni"];
    std::fs::create_dir(folder).expect("the new folder can be written to");
    for entry in std::fs::read_dir(jars).expect("the cache can be read") {
        let jar = entry.expect("the cache can be read");
        let name = jar.file_name().into_string().expect("jars have plain names");
        if !BROUGHT.iter().any(|brought| name.starts_with(brought)) {
            std::os::unix::fs::symlink(jar.path(), folder.join(name)).expect("a link can be made");
        }
    }
}
