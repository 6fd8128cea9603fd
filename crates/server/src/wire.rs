//! The one place that knows which connectors and adapters exist.

mod receivers;
mod sources;

pub(crate) use receivers::AnyEventAdapter;
pub(crate) use sources::{AnyAdapter, AnyConnector};

use crate::config::{Config, Delivery as DeliveryConfig, Engine, Source as SourceConfig, To};
use crate::http::{Door, Parts, Token, Topic, What};
use receivers::{Events, Shared};
use sources::Origin;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use yibiao_connector_http::{HttpConnector, Inbox};
use yibiao_mapping::Mapping;
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
