//! What rows tell of a household: who is in it, who heads it, where it is.

use super::{addresses_of, evidence, field, name_of};
use crate::features::Features;
use crate::file::ModelFileError;
use crate::hash;
use crate::spec::{Field, Spec};
use crate::zh::home_text;
use std::collections::BTreeSet;
use yibiao_record::{SourceKey, Submission, Value};
use yibiao_schema::element;

/// The fields of the household model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HouseholdFields {
    members: Field,
    head: Field,
    home: Field,
}

/// What one row adds to the features of its household.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HouseholdPart {
    pub(crate) head: Box<str>,
    pub(crate) home: Box<str>,
    /// Whether the row is about the head.
    pub(crate) is_head: bool,
}

impl HouseholdPart {
    /// Of a row.
    pub(crate) fn of(row: &Submission) -> Self {
        let head = name_of(row, element::HEAD_NAME);
        let own = name_of(row, element::NAME);
        let relation = match evidence(row, element::RELATION_TO_HEAD) {
            Some(Value::Code(code)) => Some(&**code),
            _ => None,
        };
        let named = head.zip(own).is_some_and(|(head, own)| head.full == own.full);
        Self {
            head: head.map(|head| head.full.clone()).unwrap_or_default(),
            home: addresses_of(row).iter().find_map(home_text).unwrap_or_default().into(),
            // GB/T 4761: 01 oneself, 02 head of household.
            is_head: relation.map_or(named, |relation| matches!(relation, "01" | "02")),
        }
    }
}

impl HouseholdFields {
    /// Finds the fields in a spec.
    pub(crate) fn of(spec: &Spec) -> Result<Self, ModelFileError> {
        Ok(Self { members: field(spec, "members")?, head: field(spec, "head")?, home: field(spec, "home")? })
    }

    /// The features of a household from what its rows add, and the persons in it, each named by the smallest record key
    /// of her cluster: a name that does not depend on history, as an entity's id would.
    pub(crate) fn features<'a>(
        &self,
        parts: impl Iterator<Item = &'a HouseholdPart>,
        persons: impl Iterator<Item = &'a SourceKey>,
    ) -> Features {
        let mut features = Features::new();
        for part in parts {
            features.push(self.head, part.head.clone());
            features.push(self.home, part.home.clone());
        }
        let members: BTreeSet<String> = persons.map(|key| format!("{:016x}", hash::key(key))).collect();
        features.push(self.members, members.into_iter().collect::<Vec<_>>().join(" "));
        features
    }
}
