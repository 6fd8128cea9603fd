//! Schemas by their number, from a registry that speaks Confluent's REST.

use crate::reading::edge;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use ureq::Agent;
use yibiao_contract::{EdgeError, Recovery};
use yibiao_schema::avro::ForeignSchema;

/// How long a question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// The schemas asked for so far. A number means one schema for ever, so that they are never asked for again.
#[derive(Default)]
pub(crate) struct Registry {
    agent: Option<Agent>,
    known: BTreeMap<u32, ForeignSchema>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "registry ({} schemas known)", self.known.len())
    }
}

/// Why there is no schema.
pub(crate) enum Missing {
    /// The message is at fault.
    Message(String),
    /// The registry is.
    Registry(EdgeError),
}

impl Registry {
    /// The schema of a number.
    pub(crate) fn schema(&mut self, url: Option<&str>, id: u32) -> Result<&ForeignSchema, Missing> {
        if !self.known.contains_key(&id) {
            let schema = self.ask(url, id)?;
            self.known.insert(id, schema);
        }
        Ok(self.known.get(&id).expect("invariant: it was put there"))
    }

    fn ask(&mut self, url: Option<&str>, id: u32) -> Result<ForeignSchema, Missing> {
        let Some(url) = url else {
            let hint = "name the registry with `registry:`";
            let reason = "the messages are Avro, and no registry is configured".to_owned();
            return Err(Missing::Registry(edge("cannot find a schema", reason, hint, Recovery::Halt)));
        };
        let agent = self.agent.get_or_insert_with(|| {
            Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build().into()
        });
        let unreachable = |reason: String| {
            let hint = "start the registry, or correct `registry:`; it is tried again by itself";
            Missing::Registry(edge(&format!("cannot ask the registry {url}"), reason, hint, Recovery::Retry))
        };
        let address = format!("{}/schemas/ids/{id}", url.trim_end_matches('/'));
        let mut answer = agent.get(&address).call().map_err(|error| unreachable(error.to_string()))?;
        match answer.status().as_u16() {
            200 => {}
            404 => return Err(Missing::Message(format!("the registry knows no schema {id}"))),
            status => return Err(unreachable(format!("it answered {status}"))),
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let body = body.map_err(|error| unreachable(error.to_string()))?;
        let body: serde_json::Value =
            serde_json::from_str(&body).map_err(|_| unreachable("its answer is no JSON".to_owned()))?;
        let text = body.get("schema").and_then(serde_json::Value::as_str).unwrap_or_default();
        ForeignSchema::parse(text).map_err(|error| Missing::Message(format!("schema {id}: {error}")))
    }
}
