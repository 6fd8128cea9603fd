//! Model files: what is compared and what it weighs, as one text that a person reads and a tool compares line by line.
//!
//! **Invariant:** a file that carries a digest is its content: one that was changed since it was written is refused.

use crate::model::Model;
use crate::plan::SpecError;
use crate::spec::Spec;
use crate::train::Made;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use xxhash_rust::xxh3::xxh3_128;
use yibiao_record::EntityKind;

/// A model file: what is compared and what it weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// What it is a model of, such as `person`.
    pub name: Box<str>,
    /// A version never changes: what is learnt anew, or changed by hand, is another.
    pub version: u32,
    /// Of all else in the file. Absent in a file that is written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Box<str>>,
    /// How it was learnt; absent where the weights were chosen by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
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
    /// It was changed after it was written.
    #[error(
        "the model file says that its digest is {said}, but its content has {is}: a version never changes; write what you \
         changed into a file of a new version, without the line `digest`"
    )]
    Changed {
        /// The digest in the file.
        said: Box<str>,
        /// That of its content.
        is: Box<str>,
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

/// What a reader should know first.
const HEADER: &str = "# Written by yibiao; a version never changes. Weights are in thousandths of a bit: log2(m / u), m the share of\n\
             # matching pairs at the level, u of others. Values in `counts` are named by hash.\n";

impl ModelFile {
    /// A file of what was learnt, with its digest.
    pub fn new(name: &str, version: u32, made: Made, spec: Spec, model: Model) -> ModelFile {
        let mut file = ModelFile { name: name.into(), version, digest: None, made: Some(made), spec, model };
        file.digest = Some(file.content_digest());
        file
    }

    /// Reads a file.
    pub fn parse_yaml(text: &str) -> Result<ModelFile, ModelFileError> {
        // A frequency table has a line for each value: large files are in order, what repeats without end is not.
        let options = serde_saphyr::options! { budget: None };
        let file: ModelFile = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let place = error.location().map_or_else(
                || "the start".to_owned(),
                |at| format!("line {}, column {}", at.line(), at.column()),
            );
            ModelFileError::Form { place, reason: error.without_snippet().to_string() }
        })?;
        let is = file.content_digest();
        match &file.digest {
            Some(said) if *said != is => Err(ModelFileError::Changed { said: said.clone(), is }),
            _ => Ok(file),
        }
    }

    /// The file as text.
    pub fn to_yaml(&self) -> String {
        let mut text = HEADER.to_owned();
        let body = serde_saphyr::to_string(self).expect("invariant: a model file is plain data");
        text.push_str(&body);
        text
    }

    /// The digest of all of it but the digest itself.
    pub fn content_digest(&self) -> Box<str> {
        let content = (&self.name, self.version, &self.made, &self.spec, &self.model);
        let text = serde_json::to_vec(&content).expect("invariant: a model file is plain data");
        let mut digest = String::with_capacity(32);
        write!(digest, "{:032x}", xxh3_128(&text)).expect("invariant: a string takes all text");
        digest.into()
    }

    /// Name and version, as people say it: `person v2`.
    pub fn title(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }

    /// The file that ships for a kind.
    pub fn shipped(kind: EntityKind) -> ModelFile {
        Self::parse_yaml(Self::shipped_text(kind))
            .expect("invariant: the shipped model files are read by a test")
    }

    fn shipped_text(kind: EntityKind) -> &'static str {
        match kind {
            EntityKind::Dwelling => include_str!("../../../schemas/models/dwelling.v1.yaml"),
            EntityKind::Person => include_str!("../../../schemas/models/person.v1.yaml"),
            EntityKind::Household => include_str!("../../../schemas/models/household.v1.yaml"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    #[test]
    fn the_shipped_models_fit_their_specs_and_names() {
        for kind in EntityKind::ALL {
            let file = ModelFile::shipped(kind);
            assert_eq!((&*file.name, file.version), (kind.name(), 1));
            Engine::new(file.spec, file.model).unwrap();
        }
    }

    #[test]
    fn a_damaged_model_file_is_refused_with_its_place() {
        let error =
            ModelFile::parse_yaml("name: a\nversion: 1\nspec:\n  fields: []\n  keys: []\n  wrong: 1\n")
                .unwrap_err();
        assert!(error.to_string().contains("line 6"), "{error}");
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

    #[test]
    fn a_model_file_reads_back_as_it_was_written() {
        for kind in EntityKind::ALL {
            let mut file = ModelFile::shipped(kind);
            file.digest = Some(file.content_digest());
            let text = file.to_yaml();
            assert_eq!(ModelFile::parse_yaml(&text).unwrap(), file);
            // One line a level: what differs between two versions shows as lines.
            assert!(text.lines().any(|line| line.trim_start().starts_with("- {name: exact, m: ")), "{text}");
        }
    }

    #[test]
    fn a_file_that_was_changed_after_it_was_written_is_refused() {
        let mut file = ModelFile::shipped(EntityKind::Person);
        file.digest = Some(file.content_digest());
        let text = file.to_yaml().replace("prior: -15000", "prior: -14000");
        let error = ModelFile::parse_yaml(&text).unwrap_err();
        assert!(matches!(error, ModelFileError::Changed { .. }), "{error}");
    }
}
