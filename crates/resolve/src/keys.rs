//! The blocking keys of a flat file, from what its fields mean.

use crate::spec::{FieldSpec, KeyExpressionError, KeySpec, Kind};

/// Keys for fields. Individuating ones come first; the composite ones catch what a slip in one field hides.
pub(crate) fn keys(fields: &[FieldSpec]) -> Result<Vec<KeySpec>, KeyExpressionError> {
    let of = |kind: Kind| fields.iter().filter(move |field| field.kind == kind).map(|field| &*field.name);
    let first = |kind: Kind| of(kind).next();
    let mut keys = Vec::new();
    for name in [Kind::IdNumber, Kind::Email].into_iter().flat_map(of) {
        keys.push(KeySpec::new(name)?.individuating());
    }
    for name in of(Kind::Phone) {
        keys.push(KeySpec::new(name)?);
    }
    let (given, family, full) = (first(Kind::GivenName), first(Kind::FamilyName), first(Kind::FullName));
    let born = first(Kind::Date);
    let mut refine: Vec<String> = Vec::new();
    refine.extend(born.map(|born| format!("{born}.year")));
    refine.extend(first(Kind::Postcode).map(|postcode| format!("{postcode}.sector")));
    refine.extend(first(Kind::Place).map(str::to_owned));
    let refined = |key: KeySpec, by: &[String]| by.iter().try_fold(key, |key, by| key.refined_by(by));
    if let (Some(given), Some(family)) = (given, family) {
        keys.push(refined(KeySpec::new(&format!("{given} + {family}"))?, &refine)?.individuating());
    }
    if let Some(full) = full {
        let key = refined(KeySpec::new(&format!("{full}.words"))?, &refine)?;
        keys.push(if given.is_some() && family.is_some() { key } else { key.individuating() });
    }
    // What a person is called, coarsely, and what else is known of her, coarsely.
    let mut called: Vec<String> = Vec::new();
    called.extend(family.map(|family| format!("{family}.sound")));
    called.extend(given.map(|given| format!("{given}.sound")));
    if family.is_none() && given.is_none() {
        called.extend(full.iter().flat_map(|full| [format!("{full}.head"), format!("{full}.tail")]));
    }
    if let Some(born) = born {
        let mut key = KeySpec::new(born)?;
        for name in &called {
            key = key.refined_by(name)?;
        }
        // The date of what has a title is no date of birth.
        if !called.is_empty() || [Kind::Organisation, Kind::Text].into_iter().flat_map(of).next().is_none() {
            keys.push(key.individuating());
        }
        if let (Some(given), Some(family)) = (given, family) {
            keys.push(KeySpec::new(&format!("{family}.sound + {given}.first1 + {born}.year"))?);
            keys.push(KeySpec::new(&format!("{given}.first3 + {born}.year + {family}.first1"))?);
            keys.push(KeySpec::new(&format!("{family}.first3 + {born}.monthday"))?);
            keys.push(KeySpec::new(&format!("{given}.first3 + {born}.monthday"))?);
        }
        if let Some(full) = full {
            keys.push(KeySpec::new(&format!("{full}.word + {born}.monthday"))?);
            keys.push(KeySpec::new(&format!("{full}.word + {born}.year"))?);
        }
    }
    for near in [Kind::Address, Kind::Postcode, Kind::Place].into_iter().flat_map(of) {
        for name in &called {
            keys.push(KeySpec::new(&format!("{near} + {name}"))?);
        }
        keys.extend(full.map(|full| KeySpec::new(&format!("{near} + {full}.word"))).transpose()?);
        keys.extend(born.map(|born| KeySpec::new(&format!("{near} + {born}.year"))).transpose()?);
    }
    if let (Some(given), Some(family)) = (given, family) {
        keys.push(KeySpec::new(&format!("{family}.sound + {given}.sound"))?);
        keys.push(KeySpec::new(&format!("{family}.first4 + {given}.first2"))?);
    }
    for words in [Kind::Organisation, Kind::Text].into_iter().flat_map(of) {
        if !called.is_empty() {
            keys.push(KeySpec::new(&format!("{words}.words"))?);
        }
        keys.push(KeySpec::new(&format!("{words}.word"))?);
    }
    if called.is_empty() {
        keys.extend(nameless(fields, &refine)?);
    }
    Ok(keys)
}

/// Keys for what is no person: its name or title with where it is, who wrote it, or when.
fn nameless(fields: &[FieldSpec], refine: &[String]) -> Result<Vec<KeySpec>, KeyExpressionError> {
    let of = |kind: Kind| fields.iter().filter(move |field| field.kind == kind).map(|field| &*field.name);
    // The first text is the title; what follows says less.
    let title = of(Kind::Organisation).chain(of(Kind::Text)).next();
    let mut keys = Vec::new();
    let by = [Kind::Phone, Kind::Address, Kind::NameList].into_iter().flat_map(of);
    for other in by {
        let whole = KeySpec::new(other)?;
        keys.push(refine.iter().try_fold(whole, |key, by| key.refined_by(by))?.individuating());
        if let Some(title) = title {
            keys.push(KeySpec::new(&format!("{other}.word + {title}.head"))?);
        }
    }
    if let Some(title) = title {
        let whole = KeySpec::new(&format!("{title}.words"))?;
        keys.push(refine.iter().try_fold(whole, |key, by| key.refined_by(by))?.individuating());
        for near in [Kind::Postcode, Kind::Place, Kind::Date].into_iter().flat_map(of) {
            keys.push(KeySpec::new(&format!("{title}.word + {near}"))?);
        }
        for people in of(Kind::NameList) {
            keys.push(KeySpec::new(&format!("{title}.word + {people}.word"))?);
        }
    }
    Ok(keys)
}
