//! The configuration file: read whole, checked whole, before anything is opened.
//!
//! **Invariant:** a [`Config`] that exists is complete: every `${NAME}` is replaced, every system has a mapping, every
//! subscription exists in the policy.

pub(crate) mod pull;
mod reader;
pub(crate) mod webhook;
mod written;

use reader::Reader;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use written::Written;

/// Most lists, maps and values of the file: that of a node with tens of thousands of deliveries is in order.
const NODES_MAX: usize = 2_500_000;

/// A configuration that cannot be used: which file, which key, what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read the configuration {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot parse the configuration {}: {detail}", path.display())]
    Parse { path: PathBuf, detail: String },
    #[error("{} names {key} twice ({name})", path.display())]
    Twice { path: PathBuf, key: &'static str, name: String },
    #[error("{} uses ${{{name}}} at {key}, but the environment has no {name}; set it, or write the value into the file", path.display())]
    Environment { path: PathBuf, key: String, name: String },
    #[error("{} has {value:?} at {key}: {detail}", path.display())]
    Value { path: PathBuf, key: String, value: String, detail: String },
    #[error("{} has no secret at {key}: {detail}", path.display())]
    Secret { path: PathBuf, key: String, detail: String },
}

/// The whole file.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) cache_bytes: usize,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) poll: Duration,
    pub(crate) policy: Option<PathBuf>,
    pub(crate) sources: Vec<Source>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) tokens: Vec<Token>,
}

/// The storage engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    #[default]
    Redb,
    Sled,
}

/// One connected system.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) system: String,
    pub(crate) mapping: Option<PathBuf>,
    pub(crate) from: From,
}

/// Where its rows come from.
#[derive(Clone, Debug)]
pub(crate) enum From {
    File {
        folder: PathBuf,
        settle: Duration,
    },
    Sql {
        folder: PathBuf,
        settle: Duration,
    },
    Kafka(Box<yibiao_connector_kafka::Config>),
    Program(Box<yibiao_connector_process::Config>),
    /// A REST source.
    Pull(Box<pull::Pull>),
    /// Only what is pushed to it.
    Http,
}

/// Where a subscription's rows or events go.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) subscription: String,
    pub(crate) to: To,
}

/// The receiver.
#[derive(Clone, Debug)]
pub(crate) enum To {
    /// The subscriber's own rows, in its own file.
    File {
        folder: PathBuf,
    },
    /// Events.
    Kafka(Box<yibiao_adapter_kafka::Config>),
    Webhook(Box<webhook::Webhook>),
}

/// A token for the HTTP interface.
#[derive(Clone)]
pub(crate) struct Token {
    /// A digest of the token itself.
    pub(crate) digest: blake3::Hash,
    /// The systems that it may push for.
    pub(crate) push: Vec<String>,
    /// The subscriptions whose feed it may read.
    pub(crate) subscriptions: Vec<String>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("push", &self.push)
            .field("subscriptions", &self.subscriptions)
            .finish_non_exhaustive()
    }
}

/// Memory for the engine's pages unless the file says otherwise.
const CACHE_MIB_DEFAULT: usize = 256;
/// How often a watched source is looked at.
const POLL_DEFAULT: Duration = Duration::from_secs(2);
/// How long a file must have lain unchanged before it is read.
const SETTLE_DEFAULT: Duration = Duration::from_secs(1);
/// How long joining a group at the broker may take.
const KAFKA_SETTLE: Duration = Duration::from_secs(10);

impl Config {
    /// Reads a file. Relative paths in it are relative to its folder.
    pub(crate) fn load(path: &Path, environment: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text, environment)
    }

    /// How long after something was dropped all sources will read it.
    pub(crate) fn settle(&self) -> Duration {
        let settle = |source: &Source| match &source.from {
            From::File { settle, .. } | From::Sql { settle, .. } => *settle,
            From::Kafka(_) => KAFKA_SETTLE,
            From::Program(_) | From::Pull(_) | From::Http => Duration::ZERO,
        };
        self.sources.iter().map(settle).max().unwrap_or_default()
    }

    /// Takes files as finished: for files that the program has just written itself.
    pub(crate) fn read_at_once(&mut self) {
        for source in &mut self.sources {
            if let From::File { settle, .. } | From::Sql { settle, .. } = &mut source.from {
                *settle = Duration::ZERO;
            }
        }
    }

    fn parse(path: &Path, text: &str, environment: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
        let budget = serde_saphyr::budget! { max_nodes: NODES_MAX, max_events: NODES_MAX * 2 };
        let options = serde_saphyr::options! { budget: budget };
        let written: Written = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| ConfigError::Parse { path: path.to_owned(), detail: error.to_string() })?;
        let reader = Reader { path, environment };
        let node = written.node;
        let mut sources: Vec<Source> = Vec::new();
        for (at, source) in written.sources.into_iter().enumerate() {
            let source = reader.source(at, source)?;
            if sources.iter().any(|other| other.system == source.system) {
                return Err(ConfigError::Twice { path: path.to_owned(), key: "system", name: source.system });
            }
            sources.push(source);
        }
        let (mut deliveries, mut subscriptions) = (Vec::new(), BTreeSet::new());
        for (at, delivery) in written.deliveries.into_iter().enumerate() {
            if !subscriptions.insert(delivery.subscription.clone()) {
                let name = delivery.subscription;
                return Err(ConfigError::Twice { path: path.to_owned(), key: "subscription", name });
            }
            deliveries.push(reader.delivery(at, delivery)?);
        }
        Ok(Config {
            data: reader.folder("node.data", &node.data)?,
            engine: node.engine,
            cache_bytes: node.cache_mib.unwrap_or(CACHE_MIB_DEFAULT) << 20,
            listen: node.listen.map(|listen| reader.address("node.listen", &listen)).transpose()?,
            poll: reader.seconds("node.poll_seconds", node.poll_seconds, POLL_DEFAULT)?,
            policy: written.policy.map(|policy| reader.folder("policy", &policy)).transpose()?,
            sources,
            deliveries,
            tokens: written.http.tokens.into_iter().filter_map(|token| reader.token(token)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> BTreeMap<String, String> {
        ["INPUT_DIR", "OUT_DIR", "DATA_DIR"].map(|name| (name.to_owned(), format!("/srv/{name}"))).into()
    }

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("/etc/yibiao.yaml"), text, &environment())
    }

    #[test]
    fn the_demo_configuration_reads_six_systems_and_writes_six() {
        let config = parse(include_str!("../../../deploy/demo/yibiao.yaml")).unwrap();
        assert_eq!(config.data, Path::new("/srv/DATA_DIR"));
        assert_eq!((config.sources.len(), config.deliveries.len()), (6, 6));
    }

    #[test]
    fn an_unset_variable_is_named_with_its_key() {
        let text = "node: { data: \"${NOWHERE}/x\" }\nsources: []\n";
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains("${NOWHERE} at node.data"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = parse("node: { data: x, colour: red }\nsources: []\n").unwrap_err().to_string();
        assert!(error.contains("colour"), "{error}");
    }

    #[test]
    fn an_address_beyond_loopback_is_refused() {
        let error = parse("node: { data: x, listen: 0.0.0.0:80 }\nsources: []\n").unwrap_err().to_string();
        assert!(error.contains("loopback"), "{error}");
    }

    #[test]
    fn a_system_named_twice_is_refused() {
        let text = "node: { data: x }\nsources:\n- { system: A, sql: { folder: f } }\n- { system: A, sql: { folder: f } }\n";
        assert!(parse(text).unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn a_relative_path_is_relative_to_the_file() {
        let config = parse("node: { data: store }\nsources: []\n").unwrap();
        assert_eq!(config.data, Path::new("/etc/store"));
    }
}
