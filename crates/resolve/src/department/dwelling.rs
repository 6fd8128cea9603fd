//! What rows tell of a dwelling. Several rows may speak of one (all persons at one standard address).

use super::{addresses_of, evidence, field, name_of, name_texts, phones_of};
use crate::features::Features;
use crate::file::ModelFileError;
use crate::spec::{Field, Spec};
use crate::zh::{home_text, id_text};
use yibiao_record::{SourceKey, Submission, Value};
use yibiao_schema::element;

/// The fields of the dwelling model.
#[derive(Clone, Debug)]
pub(crate) struct DwellingFields {
    home: Field,
    resident: Field,
    resident_id: Field,
    phone: Field,
    /// Registers that give each house one number, by system.
    registers: Vec<(Box<str>, Field)>,
}

/// What one row adds to the features of its dwelling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DwellingPart {
    pub(crate) home: Box<str>,
    pub(crate) resident: Box<str>,
    pub(crate) resident_id: Box<str>,
    pub(crate) phone: Box<str>,
}

impl DwellingPart {
    /// Of a row: its residence (the first address, the registered one where there is no other), the person, and the
    /// first telephone.
    pub(crate) fn of(row: &Submission) -> Self {
        let home = addresses_of(row).iter().find_map(home_text).unwrap_or_default();
        let name = name_of(row, element::NAME);
        let real = name.map(name_texts).and_then(|texts| texts.into_iter().next_back());
        let phone = phones_of(row, element::MOBILE).first().map(|phone| &**phone).unwrap_or_default();
        let id = match evidence(row, element::CITIZEN_ID) {
            Some(Value::Id(id)) => id_text(id),
            _ => None,
        };
        Self {
            home: home.into(),
            resident: real.unwrap_or_default().into(),
            resident_id: id.unwrap_or_default().into(),
            phone: phone.into(),
        }
    }
}

impl DwellingFields {
    /// Finds the fields in a spec.
    pub(crate) fn of(spec: &Spec) -> Result<Self, ModelFileError> {
        let registers = spec.fields.iter().filter_map(|other| {
            let system = other.name.strip_prefix("register_")?;
            Some((system.into(), spec.field(&other.name)?))
        });
        Ok(Self {
            home: field(spec, "home")?,
            resident: field(spec, "resident")?,
            resident_id: field(spec, "resident_id")?,
            phone: field(spec, "phone")?,
            registers: registers.collect(),
        })
    }

    /// The features of a dwelling from what its rows add.
    pub(crate) fn features<'a>(
        &self,
        facet: &SourceKey,
        parts: impl Iterator<Item = &'a DwellingPart>,
    ) -> Features {
        let mut features = Features::new();
        for part in parts {
            features.push(self.home, part.home.clone());
            features.push(self.resident, part.resident.clone());
            features.push(self.resident_id, part.resident_id.clone());
            features.push(self.phone, part.phone.clone());
        }
        let register = self.registers.iter().find(|(system, _)| **system == *facet.system.as_str());
        if let Some((_, field)) = register {
            features.push(*field, facet.local.clone());
        }
        features
    }
}
