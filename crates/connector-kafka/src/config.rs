//! What an operator writes about a Kafka source.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// A topic that a department writes its rows to.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the brokers are: `host:port`, several with commas.
    pub brokers: String,
    /// The topic.
    pub topic: String,
    /// The consumer group: nodes of one group share the partitions.
    pub group: String,
    /// This node's own name in the group: started again under it, it has its partitions back at once. No two nodes have
    /// the same.
    #[serde(default)]
    pub instance: Option<String>,
    /// What the messages are.
    #[serde(default)]
    pub format: Format,
    /// Where the schema registry is, for the Avro formats: `http(s)://host:port/path`.
    #[serde(default)]
    pub registry: Option<String>,
    /// The name under which the registry lets us in.
    #[serde(default)]
    pub registry_user: Option<String>,
    /// The password that goes with it.
    #[serde(default)]
    pub registry_password: Option<String>,
    /// A file (PEM) of the authorities that vouch for the registry, besides those that the system trusts.
    #[serde(default)]
    pub registry_authorities: Option<PathBuf>,
    /// Makes the topic with so many partitions where it is missing; without it a missing topic is an error.
    #[serde(default)]
    pub create_partitions: Option<i32>,
    /// Copies of each partition of a topic that is made.
    #[serde(default = "replicas_default")]
    pub create_replicas: i32,
    /// Longest message, in bytes: a longer one goes to the quarantine, cut.
    #[serde(default = "message_bytes_max_default")]
    pub message_bytes_max: usize,
    /// How long a reading waits for a message where there is none, in milliseconds.
    #[serde(default = "wait_ms_default")]
    pub wait_ms: u64,
    /// Debezium without schemas: the columns whose numbers are days since 1970.
    #[serde(default)]
    pub days: Vec<String>,
    /// Debezium without schemas: the columns whose text is a base64 decimal, and its scale.
    #[serde(default)]
    pub decimals: BTreeMap<String, usize>,
    /// More settings for the client library, such as `security.protocol`. They go before those made here.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// What the messages of a topic are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The key is text, the value a JSON object.
    #[default]
    Json,
    /// The value is an Avro record behind a Confluent header; the key is text, or Avro too.
    Avro,
    /// Debezium's envelope in JSON, with schemas or without.
    DebeziumJson,
    /// Debezium's envelope in Avro, behind a Confluent header.
    DebeziumAvro,
}

fn replicas_default() -> i32 {
    1
}

fn message_bytes_max_default() -> usize {
    1 << 20
}

fn wait_ms_default() -> u64 {
    100
}

impl Config {
    /// A topic of JSON objects, with the defaults.
    pub fn new(brokers: String, topic: String, group: String) -> Config {
        Config {
            brokers,
            topic,
            group,
            instance: None,
            format: Format::Json,
            registry: None,
            registry_user: None,
            registry_password: None,
            registry_authorities: None,
            create_partitions: None,
            create_replicas: replicas_default(),
            message_bytes_max: message_bytes_max_default(),
            wait_ms: wait_ms_default(),
            days: Vec::new(),
            decimals: BTreeMap::new(),
            properties: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for Config {
    /// Without the properties, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("group", &self.group)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
