//! The file as it is written; [`Config`](super::Config) is the file as it is meant.

use super::Engine;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) node: WrittenNode,
    #[serde(default)]
    pub(super) policy: Option<String>,
    pub(super) sources: Vec<WrittenSource>,
    #[serde(default)]
    pub(super) deliveries: Vec<WrittenDelivery>,
    #[serde(default)]
    pub(super) http: WrittenHttp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenHttp {
    #[serde(default)]
    pub(super) tokens: Vec<WrittenToken>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenToken {
    /// The environment variable that holds the token.
    pub(super) env: String,
    #[serde(default)]
    pub(super) push: Vec<String>,
    #[serde(default)]
    pub(super) subscriptions: Vec<String>,
}

/// Nothing is to be said of a source that is only pushed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPush {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenNode {
    pub(super) data: String,
    #[serde(default)]
    pub(super) engine: Engine,
    #[serde(default)]
    pub(super) cache_mib: Option<usize>,
    #[serde(default)]
    pub(super) listen: Option<String>,
    #[serde(default)]
    pub(super) poll_seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSource {
    pub(super) system: String,
    #[serde(default)]
    pub(super) mapping: Option<String>,
    #[serde(default)]
    pub(super) file: Option<WrittenFile>,
    #[serde(default)]
    pub(super) sql: Option<WrittenFile>,
    #[serde(default)]
    pub(super) kafka: Option<Box<yibiao_connector_kafka::Config>>,
    #[serde(default)]
    pub(super) program: Option<Box<yibiao_connector_process::Config>>,
    #[serde(default)]
    pub(super) pull: Option<Box<yibiao_connector_http::pull::Config>>,
    #[serde(default)]
    pub(super) http: Option<WrittenPush>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenFile {
    pub(super) folder: String,
    #[serde(default)]
    pub(super) settle_seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenFolder {
    pub(super) folder: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenDelivery {
    pub(super) subscription: String,
    #[serde(default)]
    pub(super) file: Option<WrittenFolder>,
    #[serde(default)]
    pub(super) kafka: Option<Box<yibiao_adapter_kafka::Config>>,
    #[serde(default)]
    pub(super) webhook: Option<Box<yibiao_adapter_webhook::Config>>,
}
