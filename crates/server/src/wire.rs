//! The one place that knows which connectors and adapters exist.

mod receivers;

pub(crate) use receivers::AnyEventAdapter;

use crate::config::{Config, Delivery as DeliveryConfig, Engine, From, Source as SourceConfig, To};
use crate::http::{Door, Parts, Token, Topic, What};
use receivers::{Events, Shared};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use yibiao_adapter_file::{FileAdapter, Form};
use yibiao_connector_file::FileConnector;
use yibiao_connector_http::pull::{self, PullConnector};
use yibiao_connector_http::{HttpConnector, Inbox};
use yibiao_connector_kafka::KafkaConnector;
use yibiao_connector_process::ProcessConnector;
use yibiao_connector_sql::SqlConnector;
use yibiao_contract::{
    Adapter, Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Delivery as How, Discovered,
    EdgeError, Finding, OutBatch, Outcome,
};
use yibiao_format::Layout;
use yibiao_mapping::{Key, Mapping, Mode, SourceForm};
use yibiao_pipeline::{Delivery, EventDelivery, Source};
use yibiao_policy::{Limits, Policy, Subscription};
use yibiao_record::{EntityKind, SystemId, Timestamp};
use yibiao_schema::Dictionary;
use yibiao_store::EngineKind;

/// A mapping, policy or wiring that is wrong: nothing was opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("cannot read {what} {}", path.display())]
    Read { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Mapping(#[from] yibiao_mapping::MappingError),
    #[error(transparent)]
    Policy(#[from] yibiao_policy::PolicyError),
    #[error("cannot connect {system}: {reason}; {hint}")]
    System { system: String, reason: String, hint: &'static str },
    #[error("cannot deliver for {subscription}: {reason}; {hint}")]
    Subscription { subscription: String, reason: String, hint: &'static str },
}

/// Every connector that exists.
#[derive(Debug)]
pub(crate) enum AnyConnector {
    File(FileConnector),
    Sql(SqlConnector),
    Kafka(KafkaConnector),
    Program(ProcessConnector),
    Pull(Box<PullConnector>),
}

impl Connector for AnyConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        match self {
            AnyConnector::File(file) => file.capabilities(),
            AnyConnector::Sql(sql) => sql.capabilities(),
            AnyConnector::Kafka(kafka) => kafka.capabilities(),
            AnyConnector::Program(program) => program.capabilities(),
            AnyConnector::Pull(pull) => pull.capabilities(),
        }
    }

    async fn check(&self) -> Vec<Finding> {
        match self {
            AnyConnector::File(file) => file.check().await,
            AnyConnector::Sql(sql) => sql.check().await,
            AnyConnector::Kafka(kafka) => kafka.check().await,
            AnyConnector::Program(program) => program.check().await,
            AnyConnector::Pull(pull) => pull.check().await,
        }
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        match self {
            AnyConnector::File(file) => file.discover().await,
            AnyConnector::Sql(sql) => sql.discover().await,
            AnyConnector::Kafka(kafka) => kafka.discover().await,
            AnyConnector::Program(program) => program.discover().await,
            AnyConnector::Pull(pull) => pull.discover().await,
        }
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        match self {
            AnyConnector::File(file) => file.read(from, limits).await,
            AnyConnector::Sql(sql) => sql.read(from, limits).await,
            AnyConnector::Kafka(kafka) => kafka.read(from, limits).await,
            AnyConnector::Program(program) => program.read(from, limits).await,
            AnyConnector::Pull(pull) => pull.read(from, limits).await,
        }
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        match self {
            AnyConnector::File(file) => file.commit(upto).await,
            AnyConnector::Sql(sql) => sql.commit(upto).await,
            AnyConnector::Kafka(kafka) => kafka.commit(upto).await,
            AnyConnector::Program(program) => program.commit(upto).await,
            AnyConnector::Pull(pull) => pull.commit(upto).await,
        }
    }
}

/// Every adapter that exists.
#[derive(Debug)]
pub(crate) enum AnyAdapter {
    File(FileAdapter),
}

impl Adapter for AnyAdapter {
    fn delivery(&self) -> How {
        let AnyAdapter::File(file) = self;
        file.delivery()
    }

    async fn check(&self) -> Vec<Finding> {
        let AnyAdapter::File(file) = self;
        file.check().await
    }

    async fn write(&mut self, batch: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
        let AnyAdapter::File(file) = self;
        file.write(batch).await
    }

    async fn last_applied(&self) -> Result<Option<u64>, EdgeError> {
        let AnyAdapter::File(file) = self;
        file.last_applied().await
    }
}

/// Where a system's rows are, ready to be opened.
#[derive(Clone, Debug)]
enum Origin {
    File(yibiao_connector_file::Config, Layout),
    Sql(yibiao_connector_sql::Config),
    Kafka(Box<yibiao_connector_kafka::Config>, Vec<String>),
    Program(Box<yibiao_connector_process::Config>),
    Pull(Box<pull::Parts>),
    Http,
}

impl Origin {
    /// Joins where the configuration says that the rows are with what the mapping says that they look like.
    fn of(mapping: &Arc<Mapping>, from: &From, shared: &mut Shared) -> Result<Origin, WireError> {
        let source = mapping.source();
        let refuse = |reason: &str, hint| {
            Err(WireError::System { system: mapping.system().to_string(), reason: reason.to_owned(), hint })
        };
        match (from, &source.form) {
            (From::Http, _) => Ok(Origin::Http),
            (From::Program(config), _) => Ok(Origin::Program(config.clone())),
            (From::Pull(pull), _) => shared.origin(mapping, pull).map(|parts| Origin::Pull(Box::new(parts))),
            (From::Kafka(config), _) => Ok(Origin::Kafka(config.clone(), mapping.message_columns())),
            (From::File { folder, settle }, SourceForm::File(layout)) => {
                let snapshot = source.mode == Mode::Snapshot;
                let mut config =
                    yibiao_connector_file::Config::new(folder.clone(), source.file.clone(), snapshot);
                config.settle_ms = milliseconds(*settle);
                Ok(Origin::File(config, layout.clone()))
            }
            (From::Sql { folder, settle }, SourceForm::Table { table, .. }) => {
                let Key::Column(key) = &source.key else {
                    return refuse(
                        "its mapping names no key column",
                        "give the table's key column in the mapping",
                    );
                };
                let path = folder.join(&source.file);
                let mut config = yibiao_connector_sql::Config::new(path, table.clone(), key.clone());
                config.settle_ms = milliseconds(*settle);
                Ok(Origin::Sql(config))
            }
            (From::File { .. }, SourceForm::Table { .. }) => {
                refuse("its mapping is of a table", "write `sql:` in place of `file:`")
            }
            (From::Sql { .. }, SourceForm::File(_)) => {
                refuse("its mapping is of a file", "write `file:` in place of `sql:`")
            }
        }
    }

    /// The way back to whoever sent the rows: its own file is the template. None where it sends no file.
    fn adapter(&self, system: SystemId, folder: &Path) -> Option<AnyAdapter> {
        let (template, form) = match self {
            Origin::File(config, layout) => (config.folder.join(&config.name), Form::File(layout.clone())),
            Origin::Sql(config) => {
                (config.path.clone(), Form::Sqlite { table: config.table.clone(), key: config.key.clone() })
            }
            Origin::Kafka(..) | Origin::Program(_) | Origin::Pull(_) | Origin::Http => return None,
        };
        let folder = folder.join(system.as_str());
        Some(AnyAdapter::File(FileAdapter::new(yibiao_adapter_file::Config::new(folder, template, form))))
    }

    /// Whatever reads it, but for what is pushed.
    fn connector(&self) -> Option<AnyConnector> {
        Some(match self {
            Origin::Http => return None,
            Origin::Pull(parts) => AnyConnector::Pull(Box::new(
                PullConnector::new((**parts).clone()).expect("invariant: it was made of these parts before"),
            )),
            Origin::File(config, layout) => {
                AnyConnector::File(FileConnector::new(config.clone(), layout.clone(), Arc::new(clock_ms)))
            }
            Origin::Sql(config) => AnyConnector::Sql(SqlConnector::new(config.clone(), Arc::new(clock_ms))),
            Origin::Kafka(config, columns) => {
                AnyConnector::Kafka(KafkaConnector::new((**config).clone(), columns.clone()))
            }
            Origin::Program(config) => AnyConnector::Program(ProcessConnector::new((**config).clone())),
        })
    }
}

/// A system that is connected.
#[derive(Clone, Debug)]
struct Connected {
    mapping: Arc<Mapping>,
    origin: Origin,
    inbox: Inbox,
}

/// A subscription that has somewhere to go.
#[derive(Debug)]
struct Receiver {
    subscription: Box<str>,
    of: Connected,
    folder: PathBuf,
}

/// A subscription whose events go somewhere.
#[derive(Debug)]
struct Subscriber {
    subscription: Box<str>,
    to: Events,
    kinds: Vec<EntityKind>,
}

/// What a configuration wires together.
#[derive(Debug)]
pub(crate) struct Wiring {
    pub(crate) mappings: Vec<Arc<Mapping>>,
    pub(crate) policy: Policy,
    sources: Vec<Connected>,
    receivers: Vec<Receiver>,
    subscribers: Vec<Subscriber>,
    data: PathBuf,
    tokens: Vec<Token>,
}

impl Wiring {
    /// Reads mappings and policy and checks that everything named exists.
    pub(crate) fn of(config: &Config) -> Result<Wiring, WireError> {
        let mut sources = Vec::new();
        let mut shared = Shared::new(&config.data);
        for source in &config.sources {
            let mapping = mapping(source)?;
            let origin = Origin::of(&mapping, &source.from, &mut shared)?;
            sources.push(Connected { origin, mapping, inbox: Inbox::new() });
        }
        let policy = policy(config.policy.as_deref())?;
        let by_system: BTreeMap<SystemId, &Connected> =
            sources.iter().map(|source| (source.mapping.system(), source)).collect();
        let (mut receivers, mut subscribers) = (Vec::new(), Vec::new());
        for delivery in &config.deliveries {
            let subscription = subscription(delivery, &policy)?;
            let to = match &delivery.to {
                To::File { folder } => {
                    receivers.push(receiver(subscription, folder, &by_system)?);
                    continue;
                }
                To::Kafka(config) => Events::Kafka(config.clone()),
                To::Webhook(webhook) => Events::Webhook(webhook.clone()),
            };
            let kinds = subscription.entities().collect();
            subscribers.push(Subscriber { subscription: subscription.id().into(), to, kinds });
        }
        let mappings = sources.iter().map(|source| source.mapping.clone()).collect();
        let tokens = tokens(config, &policy, &by_system)?;
        let wiring =
            Wiring { mappings, policy, sources, receivers, subscribers, data: config.data.clone(), tokens };
        wiring.event_deliveries()?;
        Ok(wiring)
    }

    /// A connector for every source.
    pub(crate) fn sources(&self) -> Vec<Source<HttpConnector<AnyConnector>>> {
        let source = |of: &Connected| Source {
            mapping: of.mapping.clone(),
            connector: HttpConnector::new(Some(of.inbox.clone()), of.origin.connector()),
        };
        self.sources.iter().map(source).collect()
    }

    /// By name, what makes a connector for every source that another than HTTP brings in, to be tried on it. It stays out
    /// of the way of a node that runs.
    pub(crate) fn trials(&self) -> Vec<(String, Box<dyn Fn() -> AnyConnector>)> {
        self.sources
            .iter()
            .filter(|of| !matches!(of.origin, Origin::Http))
            .map(|of| {
                let mut origin = of.origin.clone();
                if let Origin::Kafka(config, _) = &mut origin {
                    config.group.push_str(".conformance");
                    config.instance = None;
                    config.create_partitions = None;
                }
                let connect: Box<dyn Fn() -> AnyConnector> =
                    Box::new(move || origin.connector().expect("invariant: what is pushed was left out"));
                (format!("source {}", of.mapping.system()), connect)
            })
            .collect()
    }

    /// An adapter, and a reader of the receiver's own rows, for every delivery.
    pub(crate) fn deliveries(&self) -> Vec<Delivery<HttpConnector<AnyConnector>, AnyAdapter>> {
        self.receivers
            .iter()
            .filter_map(|Receiver { subscription, of, folder }| {
                Some(Delivery {
                    subscription: subscription.clone(),
                    mapping: of.mapping.clone(),
                    reader: HttpConnector::new(None, of.origin.connector()),
                    adapter: of.origin.adapter(of.mapping.system(), folder)?,
                })
            })
            .collect()
    }

    /// What is served over HTTP.
    pub(crate) fn http(&self) -> Parts {
        let door = |of: &Connected| {
            (of.mapping.system(), Door { mapping: of.mapping.clone(), inbox: of.inbox.clone() })
        };
        let files = self.receivers.iter().map(|receiver| receiver.subscription.clone());
        let events = self.subscribers.iter().map(|subscriber| subscriber.subscription.clone());
        let topics = |Subscriber { to, kinds, .. }: &Subscriber| {
            let Events::Kafka(config) = to else { return Vec::new() };
            let topics = kinds.iter().flat_map(|kind| {
                [(config.changes_topic(*kind), *kind), (config.current_topic(*kind), *kind)]
            });
            topics.collect()
        };
        Parts {
            tokens: self.tokens.clone(),
            doors: self.sources.iter().map(door).collect(),
            delivered: files.chain(events).collect(),
            subjects: self.subscribers.iter().flat_map(topics).collect(),
            topics: self.topics(),
        }
    }

    /// Every topic that the node reads or writes.
    fn topics(&self) -> Vec<Topic> {
        let read = self.sources.iter().filter_map(|of| {
            let Origin::Kafka(config, columns) = &of.origin else { return None };
            let (brokers, name) = (config.brokers.clone(), config.topic.clone());
            Some(Topic { brokers, name, what: What::Rows(of.mapping.system(), columns.clone()) })
        });
        let to_kafka = self.subscribers.iter().filter_map(|of| match &of.to {
            Events::Kafka(config) => Some((&of.subscription, config, &of.kinds)),
            Events::Webhook(_) => None,
        });
        let written = to_kafka.flat_map(|(subscription, config, kinds)| {
            let topic = |name, what| Topic { brokers: config.brokers.clone(), name, what };
            let of_kinds = kinds.iter().flat_map(move |kind| {
                [
                    topic(config.changes_topic(*kind), What::Changes(*kind)),
                    topic(config.current_topic(*kind), What::Current(*kind)),
                    topic(config.dead_topic(*kind), What::Dead(*kind)),
                ]
            });
            of_kinds.chain([topic(config.position_topic(subscription), What::Position)])
        });
        read.chain(written).collect()
    }

    /// An adapter for every subscription that receives events.
    pub(crate) fn event_deliveries(&self) -> Result<Vec<EventDelivery<AnyEventAdapter>>, WireError> {
        let mut shared = Shared::new(&self.data);
        let delivery = |of: &Subscriber| {
            Ok(EventDelivery { subscription: of.subscription.clone(), adapter: shared.adapter(of)? })
        };
        self.subscribers.iter().map(delivery).collect()
    }
}

fn mapping(source: &SourceConfig) -> Result<Arc<Mapping>, WireError> {
    let refuse = |reason: String, hint| WireError::System { system: source.system.clone(), reason, hint };
    let system = SystemId::new(&source.system)
        .map_err(|error| refuse(error.to_string(), "correct `system` in the configuration"))?;
    let Some(path) = &source.mapping else {
        let shipped = Mapping::of_system(system).cloned().map(Arc::new);
        let hint = "name the file of its mapping with `mapping:`";
        return shipped.ok_or_else(|| refuse("no mapping of that name is shipped".to_owned(), hint));
    };
    let text = read("the mapping", path)?;
    let mapping = Mapping::parse_yaml(&path.display().to_string(), &text, Dictionary::shipped())?;
    if mapping.system() == system {
        return Ok(Arc::new(mapping));
    }
    let reason = format!("{} is the mapping of {}", path.display(), mapping.system());
    Err(refuse(reason, "correct `system` or `mapping` in the configuration"))
}

fn policy(path: Option<&Path>) -> Result<Policy, WireError> {
    let Some(path) = path else { return Ok(Policy::shipped().clone()) };
    let text = read("the policy", path)?;
    Ok(Policy::parse_yaml(&path.display().to_string(), &text, Dictionary::shipped(), Limits::shipped())?)
}

fn read(what: &'static str, path: &Path) -> Result<String, WireError> {
    std::fs::read_to_string(path).map_err(|source| WireError::Read { what, path: path.to_owned(), source })
}

fn subscription<'p>(delivery: &DeliveryConfig, policy: &'p Policy) -> Result<&'p Subscription, WireError> {
    policy.subscription(&delivery.subscription).ok_or_else(|| {
        let known: Vec<&str> = policy.subscriptions().map(|subscription| subscription.id()).collect();
        WireError::Subscription {
            subscription: delivery.subscription.clone(),
            reason: format!("the policy has no such subscription (it has {})", known.join(", ")),
            hint: "name one of these, or add it to the policy",
        }
    })
}

/// The tokens, for systems and subscriptions that exist.
fn tokens(
    config: &Config,
    policy: &Policy,
    sources: &BTreeMap<SystemId, &Connected>,
) -> Result<Vec<Token>, WireError> {
    let token = |token: &crate::config::Token| {
        let system = |name: &String| {
            let known = SystemId::new(name).ok().filter(|system| sources.contains_key(system));
            known.ok_or_else(|| WireError::System {
                system: name.clone(),
                reason: "a token is for it, but it is not among the sources".to_owned(),
                hint: "connect it under `sources`, or correct `http.tokens`",
            })
        };
        let subscription = |id: &String| {
            let known = policy.subscription(id).map(|known| known.id().into());
            known.ok_or_else(|| WireError::Subscription {
                subscription: id.clone(),
                reason: "a token is for it, but the policy has no such subscription".to_owned(),
                hint: "add it to the policy, or correct `http.tokens`",
            })
        };
        Ok(Token {
            digest: token.digest,
            push: token.push.iter().map(system).collect::<Result<_, _>>()?,
            subscriptions: token
                .subscriptions
                .iter()
                .map(subscription)
                .collect::<Result<BTreeSet<_>, _>>()?,
        })
    };
    config.tokens.iter().map(token).collect()
}

fn receiver(
    subscription: &Subscription,
    folder: &Path,
    sources: &BTreeMap<SystemId, &Connected>,
) -> Result<Receiver, WireError> {
    let id = subscription.id().to_owned();
    let refuse = |reason: String, hint| WireError::Subscription { subscription: id.clone(), reason, hint };
    let subscriber = subscription.subscriber();
    let Some(of) = sources.get(&subscriber) else {
        let reason = format!("its receiver {subscriber} is not among the sources");
        return Err(refuse(reason, "connect it under `sources`: its own rows are what it gets back"));
    };
    if matches!(of.origin, Origin::Kafka(..) | Origin::Program(_) | Origin::Pull(_) | Origin::Http) {
        let reason =
            format!("its receiver {subscriber} sends messages, so that there is no file to write back");
        return Err(refuse(
            reason,
            "deliver events instead: write `kafka:` or `webhook:` in place of `file:`",
        ));
    }
    Ok(Receiver { subscription: id.as_str().into(), of: (*of).clone(), folder: folder.to_owned() })
}

/// The engine of that name.
pub(crate) fn engine(engine: Engine) -> EngineKind {
    match engine {
        Engine::Redb => EngineKind::Redb,
        Engine::Sled => EngineKind::Sled,
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn clock_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    milliseconds(since)
}

/// The time of day.
pub(crate) fn now() -> Timestamp {
    Timestamp(i64::try_from(clock_ms() / 1_000).unwrap_or(i64::MAX))
}
