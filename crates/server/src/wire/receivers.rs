//! The adapters that take events, and what is shared by all who speak HTTP to others.

use super::{Subscriber, WireError, now};
use crate::config::pull::Pull;
use crate::config::webhook::Webhook;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use yibiao_adapter_kafka::KafkaAdapter;
use yibiao_adapter_webhook::{AttemptLog, Parts, WebhookAdapter};
use yibiao_connector_http::pull::{self, PullConnector};
use yibiao_contract::{
    ChangeEvent, Delivery as How, EdgeError, EventAdapter, EventBatch, FeedMark, Finding, Letter, Outcome,
    Patience,
};
use yibiao_http_client::Trust;
use yibiao_mapping::Mapping;
use yibiao_schema::Dictionary;

/// Most bytes of each of the two files that tell what was tried.
const ATTEMPTS_BYTES_MAX: u64 = 8 << 20;

/// Where a subscription's events go.
#[derive(Clone, Debug)]
pub(super) enum Events {
    Kafka(Box<yibiao_adapter_kafka::Config>),
    Webhook(Box<Webhook>),
}

/// Every adapter that takes events.
#[derive(Debug)]
pub(crate) enum AnyEventAdapter {
    Kafka(Box<KafkaAdapter>),
    Webhook(Box<WebhookAdapter>),
}

impl EventAdapter for AnyEventAdapter {
    fn delivery(&self) -> How {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.delivery(),
            AnyEventAdapter::Webhook(webhook) => webhook.delivery(),
        }
    }

    fn events_max(&self) -> usize {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.events_max(),
            AnyEventAdapter::Webhook(webhook) => webhook.events_max(),
        }
    }

    fn patience(&self) -> Patience {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.patience(),
            AnyEventAdapter::Webhook(webhook) => webhook.patience(),
        }
    }

    fn trouble(&self) -> Option<String> {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.trouble(),
            AnyEventAdapter::Webhook(webhook) => webhook.trouble(),
        }
    }

    fn letter(&self, event: &ChangeEvent) -> Letter {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.letter(event),
            AnyEventAdapter::Webhook(webhook) => webhook.letter(event),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.name(),
            AnyEventAdapter::Webhook(webhook) => webhook.name(),
        }
    }

    async fn check(&self) -> Vec<Finding> {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.check().await,
            AnyEventAdapter::Webhook(webhook) => webhook.check().await,
        }
    }

    async fn last_applied(&mut self) -> Result<Option<FeedMark>, EdgeError> {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.last_applied().await,
            AnyEventAdapter::Webhook(webhook) => webhook.last_applied().await,
        }
    }

    async fn write(&mut self, batch: &EventBatch) -> Result<Vec<Outcome>, EdgeError> {
        match self {
            // What it holds meanwhile must not make the tasks of ten thousand webhooks as large.
            AnyEventAdapter::Kafka(kafka) => Box::pin(kafka.write(batch)).await,
            AnyEventAdapter::Webhook(webhook) => webhook.write(batch).await,
        }
    }

    async fn rewrite(&mut self, events: Vec<ChangeEvent>) -> Result<Vec<Outcome>, EdgeError> {
        match self {
            AnyEventAdapter::Kafka(kafka) => kafka.rewrite(events).await,
            AnyEventAdapter::Webhook(webhook) => webhook.rewrite(events).await,
        }
    }
}

/// What all share who speak HTTP to others.
#[derive(Debug)]
pub(super) struct Shared {
    log: AttemptLog,
    /// By the file of authorities that are believed beside the system's.
    trusts: BTreeMap<Option<String>, Trust>,
}

impl Shared {
    pub(super) fn new(data: &Path) -> Shared {
        Shared { log: AttemptLog::new(data.to_owned(), ATTEMPTS_BYTES_MAX), trusts: BTreeMap::new() }
    }

    /// Whose certificates are believed.
    pub(super) fn trust(&mut self, file: Option<&String>) -> Result<Trust, yibiao_http_client::TrustError> {
        if let Some(trust) = self.trusts.get(&file.cloned()) {
            return Ok(trust.clone());
        }
        let trust = Trust::load(file.map(Path::new))?;
        self.trusts.insert(file.cloned(), trust.clone());
        Ok(trust)
    }

    /// What the connector of a source that is asked is made of.
    pub(super) fn origin(&mut self, mapping: &Arc<Mapping>, pull: &Pull) -> Result<pull::Parts, WireError> {
        let refuse = |reason: String| WireError::System {
            system: mapping.system().to_string(),
            reason,
            hint: "correct `pull` under `sources`",
        };
        let Pull { config, token, client_secret } = pull.clone();
        let trust = self.trust(config.ca.as_ref()).map_err(|error| refuse(error.to_string()))?;
        let mapping = Arc::clone(mapping);
        let parts = pull::Parts { config, mapping, token, client_secret, trust, clock: now };
        PullConnector::new(parts.clone()).map_err(|error| refuse(error.to_string()))?;
        Ok(parts)
    }

    /// The adapter of a subscriber.
    pub(super) fn adapter(&mut self, subscriber: &Subscriber) -> Result<AnyEventAdapter, WireError> {
        let Subscriber { subscription, to, kinds } = subscriber;
        let webhook = match to {
            Events::Kafka(config) => {
                let kinds = kinds.iter().copied();
                let (config, subscription) = ((**config).clone(), subscription.to_string());
                let kafka = KafkaAdapter::new(config, subscription, Dictionary::shipped(), kinds);
                return Ok(AnyEventAdapter::Kafka(Box::new(kafka)));
            }
            Events::Webhook(webhook) => webhook,
        };
        let refuse = |reason: String| WireError::Subscription {
            subscription: subscription.to_string(),
            reason,
            hint: "correct `webhook` under `deliveries`",
        };
        let Webhook { config, secrets, token } = (**webhook).clone();
        let trust = self.trust(config.ca.as_ref()).map_err(|error| refuse(error.to_string()))?;
        let adapter = WebhookAdapter::new(Parts {
            config,
            subscription: subscription.to_string(),
            secrets,
            token,
            trust,
            log: self.log.clone(),
            clock: now,
            dictionary: Dictionary::shipped(),
        });
        adapter
            .map(|webhook| AnyEventAdapter::Webhook(Box::new(webhook)))
            .map_err(|error| refuse(error.to_string()))
    }
}
