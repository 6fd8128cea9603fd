//! What the departments' rows tell of persons, dwellings and households: the features that the engine compares.
//!
//! Evidence of living together (address, telephone, the head of the household) is one group in the models, so that it
//! never joins two members of a family.

mod dwelling;
#[cfg(test)]
pub(crate) mod fixture;
mod household;
mod person;
#[cfg(test)]
mod traps;

pub(crate) use dwelling::{DwellingFields, DwellingPart};
pub(crate) use household::{HouseholdFields, HouseholdPart};
pub(crate) use person::PersonFields;

use crate::file::ModelFileError;
use crate::spec::{Field, Spec};
use yibiao_record::{Address, Claim, ClaimFlags, ElementId, Level, Name, Submission, Value};
use yibiao_schema::element;

/// A claim that may be compared: parsed, not derived from another cell, and the source's own word.
fn evidence(row: &Submission, element: ElementId) -> Option<&Value> {
    let told = |claim: &&Claim| claim.is_evidence() && !claim.flags.has(ClaimFlags::ECHO);
    row.claim(element).filter(told).map(|claim| &claim.value)
}

fn name_of(row: &Submission, element: ElementId) -> Option<&Name> {
    match evidence(row, element) {
        Some(Value::Name(name)) => Some(name),
        _ => None,
    }
}

fn phones_of(row: &Submission, element: ElementId) -> &[Box<str>] {
    match evidence(row, element) {
        Some(Value::Phones(phones)) => phones,
        _ => &[],
    }
}

/// The forms of a name as texts to compare: the full one and the others, the rare character described in brackets read
/// as one that was lost.
fn name_texts(name: &Name) -> Vec<String> {
    crate::zh::name_texts(name)
}

/// The addresses of a row: as written, and, where the row names another village elsewhere (merged villages live on in
/// addresses), with that village.
fn addresses_of(row: &Submission) -> Vec<Address> {
    let division = match evidence(row, element::DIVISION_CODE) {
        Some(Value::Division(division)) => Some(&division.names),
        _ => None,
    };
    let named = |level: Level| division.and_then(|names| names.get(level));
    let mut found: Vec<Address> = Vec::new();
    let mut add = |address: Address| {
        if !found.contains(&address) {
            found.push(address);
        }
    };
    for element in [element::RESIDENCE_ADDRESS, element::HUKOU_ADDRESS] {
        let Some(Value::Address(address)) = evidence(row, element) else { continue };
        let mut address = address.clone();
        for level in [Level::Town, Level::Village] {
            if let (None, Some(text)) = (address.get(level), named(level)) {
                address = address.with(level, text);
            }
        }
        if let Some(village) =
            named(Level::Village).filter(|village| address.get(Level::Village) != Some(*village))
        {
            add(address.clone().with(Level::Village, village));
        }
        add(address);
    }
    if let (true, Some(names)) = (found.is_empty(), division) {
        found.push(names.clone());
    }
    found
}

fn field(spec: &Spec, name: &'static str) -> Result<Field, ModelFileError> {
    spec.field(name).ok_or(ModelFileError::Field { name })
}
