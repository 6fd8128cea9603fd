//! The numbers by which records name their schemas: our own, or those of someone else's registry.

use crate::{Settings, edge};
use std::collections::BTreeMap;
use yibiao_contract::{EdgeError, Recovery};
use yibiao_record::EntityKind;
use yibiao_registry::{Access, Registry, RegistryError};
use yibiao_schema::avro::EntitySchema;

/// The numbers that someone else's registry gave.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    given: BTreeMap<EntityKind, u32>,
}

impl Numbers {
    /// Registers each topic's schema where the registry is not ours. Blocks.
    pub(crate) fn known(settings: &Settings) -> Result<Numbers, EdgeError> {
        let config = &settings.config;
        let Some(url) = config.registry.clone().filter(|_| config.register) else {
            return Ok(Numbers::default());
        };
        let login = config.registry_user.clone().zip(config.registry_password.clone());
        let access = Access { url, login, authorities: config.registry_authorities.clone() };
        let registry = Registry::new(access).map_err(|error| failed(&error))?;
        let mut given = BTreeMap::new();
        for schema in &settings.schemas {
            let kind = schema.kind();
            for topic in [config.changes_topic(kind), config.current_topic(kind)] {
                let number = registry.register(&format!("{topic}-value"), schema.text());
                let number = number.map_err(|error| failed(&error))?;
                // One text has one number in a registry, whatever the subject.
                given.insert(kind, number);
            }
        }
        Ok(Numbers { given })
    }

    /// The number of a schema.
    pub(crate) fn of(&self, schema: &EntitySchema) -> u32 {
        self.given.get(&schema.kind()).copied().unwrap_or_else(|| schema.id())
    }
}

fn failed(error: &RegistryError) -> EdgeError {
    let (hint, recovery) = match error {
        RegistryError::Away { .. } => {
            ("start the registry, or correct `registry:`; it is tried again by itself", Recovery::Retry)
        }
        RegistryError::Refused { .. } => (
            "the subject has other schemas: deliver under another `prefix:`, or allow the change there",
            Recovery::Halt,
        ),
        RegistryError::Shut { .. } | RegistryError::Authorities { .. } => (
            "correct `registry_user:`, `registry_password:` and `registry_authorities:`, and grant the right to register",
            Recovery::Halt,
        ),
    };
    edge("cannot register the schemas", error.to_string(), hint, recovery)
}
