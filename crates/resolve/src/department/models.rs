//! The shipped model files: spec and weights of one kind of entity.

use crate::model::Model;
use crate::plan::SpecError;
use crate::spec::Spec;
use serde::{Deserialize, Serialize};
use yibiao_record::EntityKind;

/// A model file: what is compared and what it weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Fields, blocking keys, rules, cuts.
    pub spec: Spec,
    /// The weights.
    pub model: Model,
}

/// A model file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// It is not of the form.
    #[error("cannot read the model file at {place}: {reason}")]
    Form {
        /// Line and column.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A field that the departments' features fill is not there.
    #[error("the model file has no field {name}")]
    Field {
        /// The field.
        name: &'static str,
    },
    /// Its parts do not fit together.
    #[error("the parts of the model file do not fit together")]
    Spec(#[source] SpecError),
}

impl ModelFile {
    /// Reads a file.
    pub fn parse_yaml(text: &str) -> Result<ModelFile, ModelFileError> {
        serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location().map_or_else(
                || "the start".to_owned(),
                |at| format!("line {}, column {}", at.line(), at.column()),
            );
            ModelFileError::Form { place, reason: error.without_snippet().to_string() }
        })
    }

    /// The file that ships for a kind.
    pub fn shipped(kind: EntityKind) -> ModelFile {
        let text = match kind {
            EntityKind::Dwelling => include_str!("../../../../schemas/models/dwelling.v1.yaml"),
            EntityKind::Person => include_str!("../../../../schemas/models/person.v1.yaml"),
            EntityKind::Household => include_str!("../../../../schemas/models/household.v1.yaml"),
        };
        Self::parse_yaml(text).expect("invariant: the shipped model files are read by a test")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    #[test]
    fn the_shipped_models_fit_their_specs() {
        for kind in EntityKind::ALL {
            let file = ModelFile::shipped(kind);
            Engine::new(file.spec, file.model).unwrap();
        }
    }

    #[test]
    fn a_damaged_model_file_is_refused_with_its_place() {
        let error = ModelFile::parse_yaml("spec:\n  fields: []\n  keys: []\n  wrong: 1\n").unwrap_err();
        assert!(error.to_string().contains("line 4"), "{error}");
    }

    #[test]
    fn the_weight_of_a_level_is_that_of_its_shares() {
        for kind in EntityKind::ALL {
            for (name, field) in ModelFile::shipped(kind).model.fields {
                for level in field.levels.iter().filter(|level| level.u < 1.0 && level.bits != 0) {
                    let told = (level.m / level.u).log2() * 1_000.0;
                    assert!((told - f64::from(level.bits)).abs() < 30.0, "{name} {}", level.name);
                }
            }
        }
    }
}
