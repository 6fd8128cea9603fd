//! Debezium in Kafka Connect over PostgreSQL: change events of real tables.

use crate::broker::free_port;
use crate::connect::Connect;
use crate::process::{self, Kept};
use crate::registry::ForeignRegistry;
use crate::{Broker, jars};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a part may take to start.
const START: Duration = Duration::from_secs(240);

/// How the events of a table are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON with its schema beside every value.
    JsonWithSchema,
    /// JSON alone.
    Json,
    /// Avro behind a Confluent header, its schema in the foreign registry.
    Avro,
}

/// A database whose changes Debezium reads.
#[derive(Debug)]
pub struct Debezium {
    // Dropped in this order: who reads the database ends before it.
    connect: Connect,
    database: Database,
}

impl Debezium {
    /// Starts PostgreSQL, runs `tables` in it, and then Kafka Connect, which reads each named table under a prefix: topic
    /// `<prefix>.public.<table>`.
    pub fn start(
        broker: &Broker,
        registry: &ForeignRegistry,
        tables: &str,
        read: &[(&str, &str, Form)],
    ) -> Debezium {
        let database = Database::start();
        database.sql(tables);
        let plugins = [("debezium", jars::debezium()), ("converter", jars::converter())];
        let connectors: Vec<(String, String)> = read
            .iter()
            .map(|(prefix, table, form)| {
                let name = prefix.replace(['.', '-'], "_");
                let settings = settings(database.port, registry, &name, prefix, table, *form);
                (name, settings)
            })
            .collect();
        Debezium { connect: Connect::start(broker, &plugins, &connectors), database }
    }

    /// Runs SQL.
    pub fn sql(&self, text: &str) {
        self.database.sql(text);
    }

    /// What Kafka Connect has said, for a test that waits in vain.
    pub fn log(&self) -> String {
        self.connect.log()
    }
}

/// PostgreSQL with a data folder of its own.
#[derive(Debug)]
struct Database {
    port: u16,
    process: Kept,
}

impl Database {
    fn start() -> Database {
        let database = Database { port: free_port(), process: Kept::new("postgres", "QUIT") };
        database.launch();
        database
    }

    fn launch(&self) {
        let programs = postgres_programs();
        let (data, port) = (self.process.folder().join("data"), self.port.to_string());
        let data = data.to_str().expect("the folder's path is UTF-8");
        // Who is root becomes somebody else: PostgreSQL refuses to run as root.
        let root =
            std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let (program, lowered): (&str, &[&str]) = if root {
            ("setpriv", &["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        } else {
            ("env", &[])
        };
        if root {
            let owner = Command::new("chown").arg("postgres").arg(self.process.folder()).status();
            assert!(
                owner.is_ok_and(|done| done.success()),
                "there is a user postgres: tests/run.sh installs it"
            );
        }
        let initdb = programs.join("initdb");
        let made = Command::new(program)
            .args(lowered)
            .arg(initdb)
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D", data])
            .output()
            .expect("initdb can be started: tests/run.sh installs PostgreSQL");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = programs.join("postgres");
        let server = server.to_str().expect("the path is UTF-8");
        let mut words: Vec<&str> = lowered.to_vec();
        words.extend([server, "-D", data, "-p", &port, "-c", "wal_level=logical", "-c", "fsync=off"]);
        words.extend(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        self.process.start(Path::new(program), &words);
        let started = Instant::now();
        while !self.psql("select 1").status.success() {
            assert!(started.elapsed() < START, "PostgreSQL does not answer: {}", self.process.log());
            process::pause();
        }
    }

    fn sql(&self, text: &str) {
        let done = self.psql(text);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn psql(&self, text: &str) -> std::process::Output {
        Command::new("psql")
            .args(["-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-p"])
            .arg(self.port.to_string())
            .args(["-c", text, "postgres"])
            .stdin(Stdio::null())
            .output()
            .expect("psql can be started: tests/run.sh installs it")
    }
}

/// The settings of a connector.
fn settings(
    port: u16,
    registry: &ForeignRegistry,
    name: &str,
    prefix: &str,
    table: &str,
    form: Form,
) -> String {
    let mut settings = format!(
        "connector.class=io.debezium.connector.postgresql.PostgresConnector\n\
             plugin.name=pgoutput\n\
             slot.name={name}\n\
             publication.name={name}\n\
             publication.autocreate.mode=filtered\n\
             database.hostname=127.0.0.1\n\
             database.port={port}\n\
             database.user=postgres\n\
             database.password=none\n\
             database.dbname=postgres\n\
             topic.prefix={prefix}\n\
             table.include.list=public.{table}\n\
             topic.creation.default.partitions=1\n\
             topic.creation.default.replication.factor=1\n",
    );
    for side in ["key", "value"] {
        let written = match form {
            Form::JsonWithSchema => writeln!(
                settings,
                "{side}.converter=org.apache.kafka.connect.json.JsonConverter\n{side}.converter.schemas.enable=true"
            ),
            Form::Json => writeln!(
                settings,
                "{side}.converter=org.apache.kafka.connect.json.JsonConverter\n{side}.converter.schemas.enable=false"
            ),
            Form::Avro => writeln!(
                settings,
                "{side}.converter=io.apicurio.registry.utils.converter.AvroConverter\n\
                     {side}.converter.apicurio.registry.url={}\n\
                     {side}.converter.apicurio.registry.auto-register=true\n\
                     {side}.converter.apicurio.registry.find-latest=true\n\
                     {side}.converter.apicurio.registry.headers.enabled=false\n\
                     {side}.converter.apicurio.registry.use-id=contentId\n\
                     {side}.converter.apicurio.registry.as-confluent=true\n\
                     field.name.adjustment.mode=avro_unicode",
                registry.own_url()
            ),
        };
        written.expect("invariant: text takes text");
    }
    settings
}

/// The newest PostgreSQL of Debian, whose programs are in no path.
fn postgres_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("tests/run.sh installs PostgreSQL");
    let newest = versions.filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin"))).max();
    newest.expect("tests/run.sh installs PostgreSQL")
}
