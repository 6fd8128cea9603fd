//! What is asked rather than merged where the weights are not learnt from the files.
//!
//! Shipped weights take fields to be independent. Of a family or an office they are not: its address, its phone and its
//! mailbox agree for all who live or work there. Learnt weights have seen that; these rules stand in for it.

use crate::spec::{Condition, Effect, FieldSpec, Kind, RuleSpec};

/// Levels at which two values speak of two people; none where the kind tells nothing of it.
fn apart(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::FullName => &["one_word", "else"],
        Kind::GivenName | Kind::FamilyName | Kind::IdNumber => &["else"],
        Kind::Date => &["same_year", "same_decade", "else"],
        _ => &[],
    }
}

/// Of people of whom no number of an id is equal, these are for a steward: two dates of birth; names that have nothing in
/// common; another name with no date that agrees; another name beside another number.
pub(super) fn rules(fields: &[FieldSpec]) -> Vec<RuleSpec> {
    let compared = |kind: Kind| fields.iter().filter(move |field| field.compared && field.kind == kind);
    let at = |field: &FieldSpec, levels: &[&str]| Condition {
        field: field.name.clone(),
        levels: levels.iter().map(|level| (*level).into()).collect(),
    };
    let differs = |field: &FieldSpec| at(field, apart(field.kind));
    let unequal = |ids: &FieldSpec| at(ids, &["two_edits", "else", "missing"]);
    let undated: Vec<Condition> = compared(Kind::Date)
        .map(|date| at(date, &["compatible", "two_parts", "same_year", "same_decade", "else", "missing"]))
        .collect();
    let names: Vec<&FieldSpec> = compared(Kind::FullName).chain(compared(Kind::GivenName)).collect();
    let mut all: Vec<Vec<Condition>> = compared(Kind::Date).map(|date| vec![differs(date)]).collect();
    for name in names {
        all.push([vec![differs(name)], undated.clone()].concat());
        all.extend(compared(Kind::IdNumber).map(|id| vec![differs(name), differs(id)]));
        if name.kind == Kind::FullName {
            all.push(vec![at(name, &["else"])]);
        }
        all.extend(
            compared(Kind::FamilyName)
                .filter(|_| name.kind == Kind::GivenName)
                .map(|family| vec![differs(name), differs(family)]),
        );
    }
    let rule = |mut when: Vec<Condition>| {
        // A field that is asked for already must not be asked for again.
        let ids = compared(Kind::IdNumber).filter(|id| when.iter().all(|asked| asked.field != id.name));
        let ids: Vec<Condition> = ids.map(unequal).collect();
        when.extend(ids);
        RuleSpec { when, effect: Effect::Veto }
    };
    all.into_iter().map(rule).collect()
}
