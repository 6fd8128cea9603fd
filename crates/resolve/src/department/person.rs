//! What a row tells of its person.

use super::{addresses_of, evidence, field, name_of, name_texts, phones_of};
use crate::features::Features;
use crate::file::ModelFileError;
use crate::spec::{Field, Spec};
use crate::zh::{date_text, home_text, id_birth_date, id_sex, id_text};
use yibiao_record::{PartialDate, Submission, Value};
use yibiao_schema::element;

/// The fields of the person model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PersonFields {
    id: Field,
    name: Field,
    sex: Field,
    born: Field,
    own_born: Field,
    home: Field,
    phone: Field,
    contact: Field,
    head: Field,
}

impl PersonFields {
    /// Finds the fields in a spec.
    pub(crate) fn of(spec: &Spec) -> Result<Self, ModelFileError> {
        Ok(Self {
            id: field(spec, "id")?,
            name: field(spec, "name")?,
            sex: field(spec, "sex")?,
            born: field(spec, "born")?,
            own_born: field(spec, "own_born")?,
            home: field(spec, "home")?,
            phone: field(spec, "phone")?,
            contact: field(spec, "contact")?,
            head: field(spec, "head")?,
        })
    }

    /// The features of a row.
    pub(crate) fn features(&self, row: &Submission) -> Features {
        let mut features = Features::new();
        let id = match evidence(row, element::CITIZEN_ID) {
            Some(Value::Id(id)) => Some(id),
            _ => None,
        };
        features.push(self.id, id.and_then(id_text).unwrap_or_default());
        for text in name_of(row, element::NAME).map(name_texts).into_iter().flatten() {
            features.push(self.name, text);
        }
        let own_sex = match evidence(row, element::SEX) {
            Some(Value::Code(code)) if &**code == "1" || &**code == "2" => Some(&**code),
            _ => None,
        };
        features.push(self.sex, own_sex.or_else(|| id.and_then(id_sex)).unwrap_or_default());
        let own_born = match evidence(row, element::BIRTH_DATE) {
            Some(Value::Date(date)) => Some(*date),
            _ => None,
        };
        features.push(self.own_born, own_born.map(date_text).unwrap_or_default());
        let born = finest(own_born, id.and_then(id_birth_date));
        features.push(self.born, born.map(date_text).unwrap_or_default());
        for address in addresses_of(row) {
            features.push(self.home, home_text(&address).unwrap_or_default());
        }
        for phone in phones_of(row, element::MOBILE) {
            features.push(self.phone, phone.clone());
        }
        for phone in phones_of(row, element::CONTACT_PHONE) {
            features.push(self.contact, phone.clone());
        }
        if let Some(head) = name_of(row, element::HEAD_NAME) {
            features.push(self.head, head.full.clone());
        }
        features
    }
}

/// The row's own date, or that of its id where it says the same and more, or where there is no other. Where the two
/// contradict each other the own one counts: a pasted id brings its owner's birth date along.
fn finest(own: Option<PartialDate>, of_id: Option<PartialDate>) -> Option<PartialDate> {
    match (own, of_id) {
        (Some(own), Some(of_id)) if of_id.refines(own) => Some(of_id),
        (Some(own), _) => Some(own),
        (None, of_id) => of_id,
    }
}
