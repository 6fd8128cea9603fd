//! What an operator writes about a Kafka receiver.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use yibiao_record::EntityKind;

/// The topics that a subscription's events go to.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the brokers are: `host:port`, several with commas.
    pub brokers: String,
    /// What topic names begin with: `<environment>.<jurisdiction>`.
    pub prefix: String,
    /// The domain in topic names.
    #[serde(default = "domain_default")]
    pub domain: String,
    /// Where our schemas are read, for the `dataschema` of each event: `http://host:port/registry` of the node itself, or
    /// a registry of someone else.
    #[serde(default)]
    pub registry: Option<String>,
    /// The registry is someone else's: our schemas are registered there, and its numbers are written.
    #[serde(default)]
    pub register: bool,
    /// The name under which the registry lets us in.
    #[serde(default)]
    pub registry_user: Option<String>,
    /// The password that goes with it.
    #[serde(default)]
    pub registry_password: Option<String>,
    /// A file (PEM) of the authorities that vouch for the registry, besides those that the system trusts.
    #[serde(default)]
    pub registry_authorities: Option<PathBuf>,
    /// Partitions of the topics of events and of current records.
    #[serde(default = "partitions_default")]
    pub partitions: i32,
    /// Copies of each partition.
    #[serde(default = "replicas_default")]
    pub replicas: i32,
    /// How many days events are kept; current records are kept until they are replaced.
    #[serde(default = "retention_days_default")]
    pub retention_days: u32,
    /// How long the brokers may take to open a writer, to commit or to take a record, in milliseconds.
    #[serde(default = "answer_ms_max_default")]
    pub answer_ms_max: u64,
    /// More settings for the client library, such as `security.protocol`. They go before those made here.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

fn domain_default() -> String {
    "civil".to_owned()
}

fn partitions_default() -> i32 {
    3
}

fn replicas_default() -> i32 {
    1
}

fn retention_days_default() -> u32 {
    30
}

fn answer_ms_max_default() -> u64 {
    60_000
}

impl Config {
    /// Topics below `prefix`, with the defaults.
    pub fn new(brokers: String, prefix: String) -> Config {
        Config {
            brokers,
            prefix,
            domain: domain_default(),
            registry: None,
            register: false,
            registry_user: None,
            registry_password: None,
            registry_authorities: None,
            partitions: partitions_default(),
            replicas: replicas_default(),
            retention_days: retention_days_default(),
            answer_ms_max: answer_ms_max_default(),
            properties: BTreeMap::new(),
        }
    }

    /// The topic of every event of a kind of entity.
    pub fn changes_topic(&self, kind: EntityKind) -> String {
        format!("{}.chg.{}.{}.v1", self.prefix, self.domain, kind.name())
    }

    /// The topic of the record as it is now.
    pub fn current_topic(&self, kind: EntityKind) -> String {
        format!("{}.cur.{}.{}.v1", self.prefix, self.domain, kind.name())
    }

    /// The topic of events that could not be delivered to the other two, with the reason in their headers.
    pub fn dead_topic(&self, kind: EntityKind) -> String {
        format!("{}.dlq.{}.{}.v1", self.prefix, self.domain, kind.name())
    }

    /// The topic that tells how far a subscription's receiver has come. One for each, so that nobody else writes to it.
    pub fn position_topic(&self, subscription: &str) -> String {
        format!("{}.ctl.position.{subscription}.v1", self.prefix)
    }

    /// By this name the brokers shut out whoever wrote for the subscription before.
    pub(crate) fn transactional_id(&self, subscription: &str) -> String {
        format!("{}.{subscription}", self.prefix)
    }
}

impl fmt::Debug for Config {
    /// Without the properties, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("brokers", &self.brokers)
            .field("prefix", &self.prefix)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}
