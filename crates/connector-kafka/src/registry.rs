//! Schemas by their number.

use crate::Config;
use crate::reading::edge;
use std::collections::BTreeMap;
use std::fmt;
use yibiao_contract::{EdgeError, Recovery};
use yibiao_registry::{Access, Registry as Client, RegistryError};
use yibiao_schema::avro::ForeignSchema;

/// The schemas asked for so far. A number means one schema for ever, so that they are never asked for again.
#[derive(Default)]
pub(crate) struct Registry {
    client: Option<Client>,
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

impl From<RegistryError> for Missing {
    fn from(error: RegistryError) -> Missing {
        let (hint, recovery) = if error.passes() {
            ("start the registry, or correct `registry:`; it is tried again by itself", Recovery::Retry)
        } else {
            ("correct `registry_user:`, `registry_password:` and `registry_authorities:`", Recovery::Halt)
        };
        Missing::Registry(edge("cannot ask for a schema", error.to_string(), hint, recovery))
    }
}

impl Registry {
    /// The schema of a number.
    pub(crate) fn schema(&mut self, config: &Config, id: u32) -> Result<&ForeignSchema, Missing> {
        if !self.known.contains_key(&id) {
            let schema = self.ask(config, id)?;
            self.known.insert(id, schema);
        }
        Ok(self.known.get(&id).expect("invariant: it was put there"))
    }

    fn ask(&mut self, config: &Config, id: u32) -> Result<ForeignSchema, Missing> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::new(access(config)?)?,
        };
        let text = self.client.insert(client).schema(id)?;
        let text = text.ok_or_else(|| Missing::Message(format!("the registry knows no schema {id}")))?;
        ForeignSchema::parse(&text).map_err(|error| Missing::Message(format!("schema {id}: {error}")))
    }
}

fn access(config: &Config) -> Result<Access, Missing> {
    let Some(url) = config.registry.clone() else {
        let hint = "name the registry with `registry:`";
        let reason = "the messages are Avro, and no registry is configured".to_owned();
        return Err(Missing::Registry(edge("cannot find a schema", reason, hint, Recovery::Halt)));
    };
    let login = config.registry_user.clone().zip(config.registry_password.clone());
    Ok(Access { url, login, authorities: config.registry_authorities.clone() })
}
