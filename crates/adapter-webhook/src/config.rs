//! What an operator writes about a receiver's webhook.

use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use yibiao_contract::cloud_event;
use yibiao_http_client::SecretRef;

/// The address that a subscription's events are posted to.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address: `https://host/path`. Plain `http` only to networks in `allow`.
    pub url: String,
    /// One secret that signs, or two while one replaces the other: a receiver that knows either can verify. Base64 behind
    /// `whsec_`, or any text of 24 characters or more.
    pub secrets: Vec<SecretRef>,
    /// Whether events carry the record.
    #[serde(default)]
    pub data: DataForm,
    /// For thin events: where the receiver reaches this node, such as `https://node:9464`. The whole event is fetched there.
    #[serde(default)]
    pub feed: Option<String>,
    /// A bearer token that the receiver asks for.
    #[serde(default)]
    pub token: Option<SecretRef>,
    /// Whether the receiver must agree to be sent events before the first (CloudEvents' `OPTIONS` handshake).
    #[serde(default = "handshake_default")]
    pub handshake: bool,
    /// As whom the node asks for that: a DNS name.
    #[serde(default = "origin_default")]
    pub origin: String,
    /// Private, loopback and other local networks that the address may be in, such as `10.1.0.0/16`.
    #[serde(default)]
    pub allow: Vec<String>,
    /// A PEM file of authorities to believe beside the system's.
    #[serde(default)]
    pub ca: Option<String>,
    /// How long the receiver may take to answer, in milliseconds, connecting included.
    #[serde(default = "timeout_ms_default")]
    pub timeout_ms: u64,
    /// How long an event is tried before it is dead-lettered, in seconds.
    #[serde(default = "give_up_seconds_default")]
    pub give_up_seconds: u64,
    /// The events' `source`.
    #[serde(default = "source_default")]
    pub source: String,
}

/// How much an event carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataForm {
    /// The record after the change.
    #[default]
    Full,
    /// Whose it is and which elements changed; the receiver fetches the rest at `dataref`.
    Thin,
}

fn handshake_default() -> bool {
    true
}

fn origin_default() -> String {
    "yibiao".to_owned()
}

fn timeout_ms_default() -> u64 {
    15_000
}

fn give_up_seconds_default() -> u64 {
    72 * 3_600
}

fn source_default() -> String {
    cloud_event::SOURCE.to_owned()
}

impl Config {
    /// Full events to an address, with the defaults.
    pub fn new(url: String, secrets: Vec<SecretRef>) -> Config {
        Config {
            url,
            secrets,
            data: DataForm::Full,
            feed: None,
            token: None,
            handshake: handshake_default(),
            origin: origin_default(),
            allow: Vec::new(),
            ca: None,
            timeout_ms: timeout_ms_default(),
            give_up_seconds: give_up_seconds_default(),
            source: source_default(),
        }
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

impl fmt::Debug for Config {
    /// Without the address, of which the path may be a secret of the receiver's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("data", &self.data).finish_non_exhaustive()
    }
}
