//! What a connector is made of, and what can be wrong with that.

use crate::pull::config::Config;
use std::sync::Arc;
use yibiao_http_client::{BadUrl, SecretSource, Trust};
use yibiao_mapping::Mapping;
use yibiao_record::Timestamp;

/// What a connector is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// What the operator wrote.
    pub config: Config,
    /// What rows look like.
    pub mapping: Arc<Mapping>,
    /// The token of the configuration, found.
    pub token: Option<SecretSource>,
    /// The client's secret for `oauth`, found.
    pub client_secret: Option<SecretSource>,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// The time of day: of rows that do not say their own, and for limits that name a moment.
    pub clock: fn() -> Timestamp,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// An address is none.
    #[error("`{0}`: {1}")]
    Url(&'static str, BadUrl),
    /// A network is none.
    #[error("`allow`: {0} is no network; write one such as 10.1.0.0/16")]
    Network(String),
    /// A header is none.
    #[error("`headers`: {0} is no header")]
    Header(String),
    /// Deletes without keys.
    #[error("`deleted` needs `key`: only a row with a key can be said to be no more")]
    Deleted,
    /// A cursor in a body that is not sent.
    #[error("a cursor goes to the body only where `body` is written; write `body: {{}}`")]
    CursorTo,
    /// Two tokens.
    #[error("name `token` or `oauth`, not both")]
    Tokens,
}
