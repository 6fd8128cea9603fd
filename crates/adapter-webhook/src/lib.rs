//! Posts the events of a subscription to a receiver's address: CloudEvents in structured JSON, one event a request, signed.
//!
//! **Invariant:** events go one after the other in the order of the feed; behind one that the receiver did not take, none
//! is tried. So each record's events keep their order.
//! **Invariant:** an event counts as delivered once the receiver answered its request with 2xx. One of which the answer
//! was lost is sent again under the same id: at least once, and whoever keeps the ids that it has seen has it exactly once.
//! **Invariant:** nothing is sent before the receiver agreed to be sent events, unless the configuration waives that.

mod attempts;
mod config;
mod post;
mod signature;
#[cfg(test)]
mod tests;

pub use attempts::{Attempt, AttemptLog};
pub use config::{Config, DataForm};

use crate::post::{Agreement, Answered, Post};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;
use yibiao_contract::{
    ChangeEvent, Delivery, EdgeError, EventAdapter, EventBatch, FeedMark, Finding, Letter, Outcome, Patience,
    Recovery,
};
use yibiao_http_client::{Allowed, BadUrl, SecretSource, Trust, Url};
use yibiao_record::Timestamp;
use yibiao_schema::Dictionary;

/// Most events of a batch.
const EVENTS_MAX: usize = 256;
/// How long one write goes on to the next event: then what was delivered is noted.
const WRITE_MAX: Duration = Duration::from_secs(1);
/// The first pause after a failure, and the longest.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_LONGEST: Duration = Duration::from_secs(3_600);
/// Events in a row that a receiver may refuse. One that refuses more refuses not the events but the node, for which a
/// wrong address or token is the likely cause: then they wait.
const REFUSED_IN_A_ROW_MAX: u32 = 10;

/// What an adapter is made of.
#[derive(Debug)]
pub struct Parts {
    /// What the operator wrote.
    pub config: Config,
    /// Whose events they are.
    pub subscription: String,
    /// The secrets of the configuration, found.
    pub secrets: Vec<SecretSource>,
    /// The token of the configuration, found.
    pub token: Option<SecretSource>,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// Where attempts are noted.
    pub log: AttemptLog,
    /// The time of day.
    pub clock: fn() -> Timestamp,
    /// What the elements are called.
    pub dictionary: &'static Dictionary,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The address is none.
    #[error("`url`: {0}")]
    Url(BadUrl),
    /// A network is none.
    #[error("`allow`: {0} is no network; write one such as 10.1.0.0/16")]
    Network(String),
    /// There is none or too many.
    #[error("`secrets`: name one secret, or two while one replaces the other")]
    Secrets,
    /// Thin events without an address to fetch them at.
    #[error("`feed`: thin events need the address at which the receiver reaches this node")]
    Feed,
    /// The origin is no header value.
    #[error("`origin`: write a DNS name")]
    Origin,
}

/// An address as a receiver of events.
pub struct WebhookAdapter {
    post: Post,
    agreement: Option<Agreement>,
    /// Not before this may the next event go.
    next: Option<Instant>,
    refused_in_a_row: u32,
    /// Events of the next batch: more with each batch that is taken, one after a failure, so that nothing is held for a
    /// receiver that hangs.
    window: usize,
    trouble: Option<String>,
}

impl fmt::Debug for WebhookAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookAdapter")
            .field("subscription", &self.post.subscription())
            .finish_non_exhaustive()
    }
}

impl WebhookAdapter {
    /// An adapter for one subscription.
    pub fn new(parts: Parts) -> Result<WebhookAdapter, ConfigError> {
        let config = &parts.config;
        let url = Url::parse(&config.url).map_err(ConfigError::Url)?;
        let allowed =
            Allowed::parse(config.allow.iter().map(String::as_str)).map_err(ConfigError::Network)?;
        if !(1..=2).contains(&parts.secrets.len()) {
            return Err(ConfigError::Secrets);
        }
        if config.data == DataForm::Thin && config.feed.is_none() {
            return Err(ConfigError::Feed);
        }
        let post = Post::new(parts, url, allowed).ok_or(ConfigError::Origin)?;
        Ok(WebhookAdapter {
            post,
            agreement: None,
            next: None,
            refused_in_a_row: 0,
            window: 1,
            trouble: None,
        })
    }

    /// What becomes of the event at the head of the line, by the receiver's answer.
    fn settle(&mut self, answered: Answered) -> Result<Outcome, EdgeError> {
        match answered {
            Answered::Taken => {
                self.refused_in_a_row = 0;
                Ok(Outcome::Delivered)
            }
            Answered::Refused(status) if self.refused_in_a_row >= REFUSED_IN_A_ROW_MAX => {
                self.trouble = Some(format!(
                    "it refused the last {REFUSED_IN_A_ROW_MAX} events and this one, with {status}: look at its address and token"
                ));
                Ok(Outcome::Retry(0))
            }
            Answered::Refused(status) => {
                self.refused_in_a_row += 1;
                Ok(Outcome::Reject(format!("the receiver answered {status}")))
            }
            Answered::Gone => {
                self.agreement = None;
                self.trouble = Some("it answered 410: it wants no more events".to_owned());
                Ok(Outcome::Gone)
            }
            Answered::Later { reason, after } => {
                self.trouble = Some(reason);
                Ok(Outcome::Retry(milliseconds(after)))
            }
            Answered::Denied(status) => Err(self.edge(
                format!("it answered {status}: it does not let the node in"),
                "correct `token`, or have the receiver let the node in",
            )),
            Answered::Forbidden(reason) => Err(self.edge(
                reason,
                "correct `url`, or list the network under `allow` if the receiver is meant to be there",
            )),
            Answered::Unwilling(reason) => Err(self.edge(
                reason,
                "have the receiver answer OPTIONS with WebHook-Allowed-Origin, or set `handshake: false`",
            )),
            Answered::NoKey(reason) => Err(self.edge(reason, "correct `secrets` or `token`")),
        }
    }

    fn edge(&self, reason: String, hint: &str) -> EdgeError {
        EdgeError {
            attempt: format!("cannot post to {}", self.post.url()),
            reason,
            hint: hint.to_owned(),
            recovery: Recovery::Halt,
            edition: None,
        }
    }

    /// Whether the receiver agrees, asked where it is not known.
    async fn agree(&mut self) -> Answered {
        if self.agreement.is_some() {
            return Answered::Taken;
        }
        match self.post.agree().await {
            Ok(agreement) => {
                self.agreement = Some(agreement);
                Answered::Taken
            }
            Err(answered) => answered,
        }
    }

    /// How long the receiver's rate lets the next event wait.
    fn pause(&self) -> Duration {
        self.next.map(|next| next.saturating_duration_since(Instant::now())).unwrap_or_default()
    }
}

impl EventAdapter for WebhookAdapter {
    fn delivery(&self) -> Delivery {
        Delivery::Upsert
    }

    fn events_max(&self) -> usize {
        self.window
    }

    fn patience(&self) -> Patience {
        let give_up = Some(Duration::from_secs(self.post.config().give_up_seconds));
        Patience { first: PAUSE_FIRST, longest: PAUSE_LONGEST, give_up }
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    fn letter(&self, event: &ChangeEvent) -> Letter {
        self.post.letter(event)
    }

    fn name(&self) -> &'static str {
        "adapter-webhook"
    }

    async fn check(&self) -> Vec<Finding> {
        vec![self.post.check().await]
    }

    async fn last_applied(&mut self) -> Result<Option<FeedMark>, EdgeError> {
        Ok(None)
    }

    async fn write(&mut self, batch: &EventBatch) -> Result<Vec<Outcome>, EdgeError> {
        self.trouble = None;
        let started = Instant::now();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(batch.events.len());
        for event in &batch.events {
            let pause = self.pause();
            if !outcomes.is_empty() && (!pause.is_zero() || started.elapsed() >= WRITE_MAX) {
                outcomes.push(Outcome::Retry(milliseconds(pause)));
                break;
            }
            tokio::time::sleep(pause).await;
            let answered = match self.agree().await {
                Answered::Taken => self.post.event(event).await,
                // What is said to the question is said of the node, not of the event.
                Answered::Refused(status) => {
                    Answered::Unwilling(format!("it answered OPTIONS with {status}"))
                }
                unanswered => unanswered,
            };
            self.next = self.agreement.as_ref().and_then(Agreement::interval).map(|gap| Instant::now() + gap);
            let outcome = match self.settle(answered) {
                // What was delivered is noted first; the next write meets the fault at its head.
                Err(_) if !outcomes.is_empty() => Outcome::Retry(0),
                settled => settled?,
            };
            outcomes.push(outcome);
            if !outcomes.last().is_some_and(settled) {
                break;
            }
        }
        let whole = outcomes.iter().all(settled);
        self.window =
            if whole { (self.window * 2).min(EVENTS_MAX) } else { outcomes.len().saturating_sub(1).max(1) };
        outcomes.resize(batch.events.len(), Outcome::Retry(0));
        Ok(outcomes)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whether nothing more is to be done about an event.
fn settled(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Delivered | Outcome::Reject(_))
}
