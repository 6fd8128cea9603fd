//! The configuration file: read whole, checked whole, before anything is opened.
//!
//! **Invariant:** a [`Config`] that exists is complete: every `${NAME}` is replaced, every system has a mapping, every
//! subscription exists in the policy.

pub(crate) mod pull;
pub(crate) mod webhook;

use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

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

// The file as it is written; `Config` is the file as it is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    node: WrittenNode,
    #[serde(default)]
    policy: Option<String>,
    sources: Vec<WrittenSource>,
    #[serde(default)]
    deliveries: Vec<WrittenDelivery>,
    #[serde(default)]
    http: WrittenHttp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHttp {
    #[serde(default)]
    tokens: Vec<WrittenToken>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenToken {
    /// The environment variable that holds the token.
    env: String,
    #[serde(default)]
    push: Vec<String>,
    #[serde(default)]
    subscriptions: Vec<String>,
}

/// Nothing is to be said of a source that is only pushed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPush {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNode {
    data: String,
    #[serde(default)]
    engine: Engine,
    #[serde(default)]
    cache_mib: Option<usize>,
    #[serde(default)]
    listen: Option<String>,
    #[serde(default)]
    poll_seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSource {
    system: String,
    #[serde(default)]
    mapping: Option<String>,
    #[serde(default)]
    file: Option<WrittenFile>,
    #[serde(default)]
    sql: Option<WrittenFile>,
    #[serde(default)]
    kafka: Option<Box<yibiao_connector_kafka::Config>>,
    #[serde(default)]
    program: Option<Box<yibiao_connector_process::Config>>,
    #[serde(default)]
    pull: Option<Box<yibiao_connector_http::pull::Config>>,
    #[serde(default)]
    http: Option<WrittenPush>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    folder: String,
    #[serde(default)]
    settle_seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFolder {
    folder: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDelivery {
    subscription: String,
    #[serde(default)]
    file: Option<WrittenFolder>,
    #[serde(default)]
    kafka: Option<Box<yibiao_adapter_kafka::Config>>,
    #[serde(default)]
    webhook: Option<Box<yibiao_adapter_webhook::Config>>,
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
        let written: Written = serde_saphyr::from_str(text)
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
        let mut deliveries: Vec<Delivery> = Vec::new();
        for (at, delivery) in written.deliveries.into_iter().enumerate() {
            if deliveries.iter().any(|other| other.subscription == delivery.subscription) {
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

/// Turns what is written into what is meant, naming file and key where it can't.
struct Reader<'a> {
    path: &'a Path,
    environment: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    fn source(&self, at: usize, source: WrittenSource) -> Result<Source, ConfigError> {
        let key = |rest: &str| format!("sources[{at}].{rest}");
        let settle = |key: String, of: &WrittenFile| self.seconds(&key, of.settle_seconds, SETTLE_DEFAULT);
        let from = match (source.file, source.sql, source.kafka, source.program, source.pull, source.http) {
            (None, None, None, None, None, Some(WrittenPush {})) => From::Http,
            (None, None, None, None, Some(pull), None) => {
                From::Pull(Box::new(self.pull(&key("pull"), *pull)?))
            }
            (Some(file), None, None, None, None, None) => From::File {
                folder: self.folder(&key("file.folder"), &file.folder)?,
                settle: settle(key("file.settle_seconds"), &file)?,
            },
            (None, Some(sql), None, None, None, None) => From::Sql {
                folder: self.folder(&key("sql.folder"), &sql.folder)?,
                settle: settle(key("sql.settle_seconds"), &sql)?,
            },
            (None, None, Some(mut kafka), None, None, None) => {
                for (name, text) in [
                    ("kafka.brokers", &mut kafka.brokers),
                    ("kafka.topic", &mut kafka.topic),
                    ("kafka.group", &mut kafka.group),
                ] {
                    *text = self.text(&key(name), text)?;
                }
                self.texts(&key("kafka.instance"), &mut kafka.instance)?;
                self.registry(&key("kafka"), &mut kafka.registry, &mut kafka.registry_authorities)?;
                self.texts(&key("kafka.registry_user"), &mut kafka.registry_user)?;
                self.texts(&key("kafka.registry_password"), &mut kafka.registry_password)?;
                self.texts(&key("kafka.properties"), kafka.properties.values_mut())?;
                From::Kafka(kafka)
            }
            (None, None, None, Some(mut program), None, None) => {
                self.texts(&key("program.run"), &mut program.run)?;
                self.texts(&key("program.env"), program.env.values_mut())?;
                From::Program(program)
            }
            _ => {
                let detail = "name exactly one of `file`, `sql`, `kafka`, `program`, `pull` and `http`";
                return Err(self.value(&key("file"), &source.system, detail));
            }
        };
        let mapping = source.mapping.map(|mapping| self.folder(&key("mapping"), &mapping)).transpose()?;
        Ok(Source { system: source.system, mapping, from })
    }

    /// A token; `None` where its variable is not set, so that nobody can have it.
    fn token(&self, token: WrittenToken) -> Option<Token> {
        let WrittenToken { env, push, subscriptions } = token;
        let Some(text) = self.environment.get(&env).map(|text| text.trim()).filter(|text| !text.is_empty())
        else {
            tracing::warn!(variable = %env, "the environment has no such token: nobody can use it");
            return None;
        };
        Some(Token { digest: blake3::hash(text.as_bytes()), push, subscriptions })
    }

    fn delivery(&self, at: usize, delivery: WrittenDelivery) -> Result<Delivery, ConfigError> {
        let WrittenDelivery { subscription, file, kafka, webhook } = delivery;
        let key = |rest: &str| format!("deliveries[{at}].{rest}");
        let to = match (file, kafka, webhook) {
            (Some(file), None, None) => To::File { folder: self.folder(&key("file.folder"), &file.folder)? },
            (None, Some(mut kafka), None) => {
                kafka.brokers = self.text(&key("kafka.brokers"), &kafka.brokers)?;
                kafka.prefix = self.text(&key("kafka.prefix"), &kafka.prefix)?;
                self.registry(&key("kafka"), &mut kafka.registry, &mut kafka.registry_authorities)?;
                self.texts(&key("kafka.registry_user"), &mut kafka.registry_user)?;
                self.texts(&key("kafka.registry_password"), &mut kafka.registry_password)?;
                self.texts(&key("kafka.properties"), kafka.properties.values_mut())?;
                To::Kafka(kafka)
            }
            (None, None, Some(webhook)) => To::Webhook(Box::new(self.webhook(&key("webhook"), *webhook)?)),
            _ => {
                let detail = "name exactly one of `file`, `kafka` and `webhook`";
                return Err(self.value(&key("file"), &subscription, detail));
            }
        };
        Ok(Delivery { subscription, to })
    }

    /// Where a schema registry is, and the file of who vouches for it.
    fn registry(
        &self,
        key: &str,
        url: &mut Option<String>,
        authorities: &mut Option<PathBuf>,
    ) -> Result<(), ConfigError> {
        self.texts(&format!("{key}.registry"), url)?;
        if let Some(path) = authorities {
            let written = path.display().to_string();
            *path = self.folder(&format!("{key}.registry_authorities"), &written)?;
        }
        Ok(())
    }

    /// As [`text`](Self::text), of each.
    fn texts<'t>(
        &self,
        key: &str,
        texts: impl IntoIterator<Item = &'t mut String>,
    ) -> Result<(), ConfigError> {
        for text in texts {
            *text = self.text(key, text)?;
        }
        Ok(())
    }

    /// Replaces each `${NAME}`.
    fn text(&self, key: &str, written: &str) -> Result<String, ConfigError> {
        let mut text = String::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(self.value(key, written, "`${` has no `}`"));
            };
            let value = self.environment.get(name).filter(|value| !value.is_empty());
            text.push_str(value.ok_or_else(|| ConfigError::Environment {
                path: self.path.to_owned(),
                key: key.to_owned(),
                name: name.to_owned(),
            })?);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }

    /// A path. One from the environment is relative to where the program was started, as on any command line; one
    /// written in the file is relative to the file.
    fn folder(&self, key: &str, written: &str) -> Result<PathBuf, ConfigError> {
        let path = PathBuf::from(self.text(key, written)?);
        if path.is_absolute() || written.starts_with("${") {
            return Ok(path);
        }
        Ok(self.path.parent().unwrap_or(Path::new("")).join(path))
    }

    fn address(&self, key: &str, written: &str) -> Result<SocketAddr, ConfigError> {
        let text = self.text(key, written)?;
        let address: SocketAddr = text
            .parse()
            .map_err(|_| self.value(key, &text, "write an address and a port, such as 127.0.0.1:9464"))?;
        if !address.ip().is_loopback() {
            return Err(self.value(
                key,
                &text,
                "only a loopback address may be served without authentication",
            ));
        }
        Ok(address)
    }

    fn seconds(&self, key: &str, written: Option<f64>, default: Duration) -> Result<Duration, ConfigError> {
        let Some(seconds) = written else { return Ok(default) };
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| self.value(key, &seconds.to_string(), "write a number of seconds, 0 or more"))
    }

    fn value(&self, key: &str, value: &str, detail: &str) -> ConfigError {
        ConfigError::Value {
            path: self.path.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            detail: detail.to_owned(),
        }
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
