//! What every client of Kafka's brokers does: it is set up, and it says why they are out of reach.
//!
//! The client library answers a question that no broker took with "timed out". Why (a login that is refused, a certificate
//! that nobody vouches for, a port where nobody listens) it tells on another way, to the client's context: [`Told`] keeps
//! it for the failures that follow.
//!
//! **Invariant:** no value of a setting, which may be a password, is in what an error says.

#[cfg(test)]
mod tests;

use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a question waits before the client is asked for what it suffered.
const ASK: Duration = Duration::from_secs(1);
/// How long that is waited for.
const TELL: Duration = Duration::from_millis(100);

/// The settings of a client, before those of its use.
pub fn client(brokers: &str, properties: &BTreeMap<String, String>) -> ClientConfig {
    let mut client = ClientConfig::new();
    for (name, value) in properties {
        client.set(name, value);
    }
    client.set("bootstrap.servers", brokers);
    client
}

/// What an error says, without the value of a setting.
pub fn said(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, reason, name, _) => format!("cannot set {name}: {reason}"),
        other => other.to_string(),
    }
}

/// What kind of error it is, where it says so.
pub fn code(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::Transaction(error) => Some(error.code()),
        other => other.rdkafka_error_code(),
    }
}

/// Whether brokers are out of reach, or let nobody in: the client library tries again by itself, and reaches them once
/// that is mended.
pub fn away(error: &KafkaError) -> bool {
    matches!(
        code(error),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::MessageTimedOut
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::SSL
        )
    )
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The failure, and what was told before it.
    pub reason: String,
    /// What to do next, where the cause says it.
    pub hint: Option<&'static str>,
}

impl From<&KafkaError> for Why {
    /// A failure of which nothing was told.
    fn from(error: &KafkaError) -> Why {
        Why { reason: said(error), hint: None }
    }
}

/// What the client library told last of the connections that fail, until one is good again. The context of a client that
/// only asks, and part of any other's.
#[derive(Debug, Default)]
pub struct Told {
    last: Mutex<Option<Cause>>,
}

#[derive(Debug)]
struct Cause {
    code: Option<RDKafkaErrorCode>,
    reason: String,
}

impl Told {
    /// A broker has answered: what was told before is over.
    pub fn answered(&self) {
        *self.last() = None;
    }

    /// Why something failed.
    pub fn why(&self, error: &KafkaError) -> Why {
        let last = self.last();
        let Some(cause) = last.as_ref().filter(|_| away(error)) else {
            return Why::from(error);
        };
        let (what, hint) = match cause.code {
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed) => (
                "authentication failed: ",
                Some(
                    "correct `sasl.mechanism`, `sasl.username` and `sasl.password` under `properties:`, or have the user \
                     made at the brokers; it is tried again by itself",
                ),
            ),
            Some(RDKafkaErrorCode::SSL) => (
                "TLS failed: ",
                Some(
                    "correct `security.protocol` and `ssl.ca.location` under `properties:`; it is tried again by itself",
                ),
            ),
            _ => ("", None),
        };
        Why { reason: format!("{}: {what}{}", said(error), cause.reason), hint }
    }

    fn last(&self) -> MutexGuard<'_, Option<Cause>> {
        // It is changed by one assignment: a panic elsewhere cannot leave it half changed.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Told {
    /// What concerns an operation comes to it as well, and is told there.
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "told by the client library");
        // That all brokers are down follows from what was told of each.
        if away(&error) && code(&error) != Some(RDKafkaErrorCode::AllBrokersDown) {
            *self.last() = Some(Cause { code: code(&error), reason: reason.to_owned() });
        }
    }
}

impl ConsumerContext for Told {}

/// How many partitions a topic has; none where it is missing. Asks by a client made for it, until an answer comes, the cause
/// of none is one that no waiting mends, or the time is over.
pub fn partitions(asker: &BaseConsumer<Told>, topic: &str, timeout: Duration) -> Result<usize, Why> {
    let (started, told) = (Instant::now(), asker.context());
    loop {
        let left = timeout.saturating_sub(started.elapsed());
        let error = match asker.fetch_metadata(Some(topic), ASK.min(left)) {
            Ok(metadata) => {
                let found = metadata.topics().iter().find(|found| found.name() == topic);
                return Ok(found.map_or(0, |found| found.partitions().len()));
            }
            Err(error) => error,
        };
        // A client tells what it suffered when it is polled.
        while told.last().is_none() && asker.poll(TELL).is_some() {}
        let why = told.why(&error);
        if why.hint.is_some() || started.elapsed() >= timeout {
            return Err(why);
        }
    }
}
