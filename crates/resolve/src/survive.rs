//! Canonical values: of all that an entity's rows claim, what stands.
//!
//! **Invariant:** a pure function of the rows, the pins and the dictionary; the order of the rows does not matter.

use crate::zh::{id_birth_date, id_sex};
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use yibiao_record::{
    Address, Canonical, CanonicalValue, Claim, ClaimFlags, Division, ElementId, EntityKind, Grid, IdQuality,
    Level, Op, Rule, SourceKey, Submission, SystemId, Timestamp, Value,
};
use yibiao_schema::{Dictionary, Element, element};

/// A value that a steward pinned on the entity, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The record on which it was pinned.
    pub key: SourceKey,
    /// Of which element.
    pub element: ElementId,
    /// The value.
    pub value: Value,
    /// When it was ruled. Of two pins of an element the later stands.
    pub at: Timestamp,
}

/// One claim that may become canonical.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    row: &'a Submission,
    claim: &'a Claim,
    /// The place of its system among those with authority; the number of those where it has none.
    rank: usize,
}

impl<'a> Candidate<'a> {
    fn value(&self) -> &'a Value {
        &self.claim.value
    }

    fn order(&self) -> (Reverse<Timestamp>, &'a SourceKey, Reverse<u64>) {
        (Reverse(self.row.observed_at), &self.row.key, Reverse(self.row.seq.0))
    }

    fn canonical(&self, value: Value, rule: Rule) -> CanonicalValue {
        CanonicalValue {
            value,
            source: self.row.seq,
            system: self.row.key.system,
            observed_at: self.row.observed_at,
            rule,
        }
    }
}

/// The canonical values of an entity from its rows. Of an ended row nothing is taken; nor is a claim that could not be
/// parsed, was derived from another cell or is an echo of what was delivered.
pub fn canonical(kind: EntityKind, rows: &[&Submission], pins: &[Pin], dictionary: &Dictionary) -> Canonical {
    let element = |number: ElementId| dictionary.element(number).filter(|element| element.entity == kind);
    let mut claims: Vec<(&Submission, &Claim)> = rows
        .iter()
        .filter(|row| row.op == Op::Upsert)
        .flat_map(|row| row.claims.iter().map(move |claim| (*row, claim)))
        .filter(|(_, claim)| {
            claim.is_evidence()
                && !claim.flags.has(ClaimFlags::ECHO)
                && says_something(&claim.value)
                && element(claim.element).is_some()
        })
        .collect();
    claims.sort_by_key(|(_, claim)| claim.element);
    let mut values = Vec::with_capacity(claims.len());
    for of_element in claims.chunk_by(|(_, a), (_, b)| a.element == b.element) {
        let number = of_element.first().map(|(_, claim)| claim.element);
        let Some(element) = number.and_then(element) else { continue };
        let chosen = pinned(element.number, rows, pins)
            .or_else(|| choose(element, &candidates(element, of_element), dictionary));
        values.extend(chosen.map(|value| (element.number, value)));
    }
    let mut canonical = Canonical(values);
    for pin in pins.iter().filter(|pin| element(pin.element).is_some()) {
        // Of what no row claims, a pin alone gives a value.
        if let Err(at) = canonical.0.binary_search_by_key(&pin.element, |(at, _)| *at) {
            let value = pinned(pin.element, rows, pins).expect("invariant: there is a pin");
            canonical.0.insert(at, (pin.element, value));
        }
    }
    if kind == EntityKind::Person {
        derive_from_id(&mut canonical);
    }
    canonical
}

/// Few rows claim one element, so these need no allocation.
type Candidates<'a> = SmallVec<[Candidate<'a>; 8]>;

fn candidates<'a>(element: &Element, claims: &[(&'a Submission, &'a Claim)]) -> Candidates<'a> {
    let rank = |system: SystemId| {
        let found = element.authority.iter().position(|other| *other == system);
        found.unwrap_or(element.authority.len())
    };
    let mut candidates: Candidates<'a> =
        claims.iter().map(|(row, claim)| Candidate { row, claim, rank: rank(row.key.system) }).collect();
    candidates.sort_by(|a, b| a.order().cmp(&b.order()));
    candidates
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Unparsed(_) => false,
        Value::Address(address) => !address.is_empty(),
        Value::Division(division) => !division.code.is_empty() || !division.names.is_empty(),
        Value::Phones(phones) => !phones.is_empty(),
        Value::Text(text) | Value::Code(text) => !text.is_empty(),
        _ => true,
    }
}

fn pinned(element: ElementId, rows: &[&Submission], pins: &[Pin]) -> Option<CanonicalValue> {
    let of_element = pins.iter().filter(|pin| pin.element == element);
    let pin = of_element.max_by(|a, b| (a.at, &a.value, &a.key).cmp(&(b.at, &b.value, &b.key)))?;
    let row = rows.iter().find(|row| row.key == pin.key);
    Some(CanonicalValue {
        value: pin.value.clone(),
        source: row.map(|row| row.seq).unwrap_or_default(),
        system: pin.key.system,
        observed_at: pin.at,
        rule: Rule::Pinned,
    })
}

/// Authority, then recency, then majority, then completeness, then the order of keys.
fn choose(element: &Element, all: &[Candidate<'_>], dictionary: &Dictionary) -> Option<CanonicalValue> {
    if let [only] = all {
        // Nothing to choose from and nothing to complete it with: what is below, in short.
        let ruled = only.rank < element.authority.len();
        let rule = if ruled { Rule::Authority } else { Rule::Recency };
        return Some(only.canonical(only.value().clone(), rule));
    }
    let sound = soundest(all);
    let best_rank = sound.iter().map(|candidate| candidate.rank).min()?;
    let ruled = best_rank < element.authority.len();
    let pool: Candidates<'_> =
        sound.iter().copied().filter(|candidate| candidate.rank == best_rank).collect();
    let (winner, rule) = if element.number == element::LAST_VISIT_DATE {
        // Whoever saw the person last knows best, whenever the row was written.
        (
            pool.iter().copied().min_by_key(|candidate| (Reverse(candidate.value()), candidate.order()))?,
            Rule::Recency,
        )
    } else {
        choose_in(&pool, &sound, element, dictionary)?
    };
    let rule = if ruled && rule == Rule::Recency { Rule::Authority } else { rule };
    Some(complete(winner, rule, &sound, element, dictionary))
}

/// Of citizen ids, those of the best quality there is; of anything else, all.
fn soundest<'a>(all: &[Candidate<'a>]) -> Candidates<'a> {
    let quality = |candidate: &Candidate<'_>| match candidate.value() {
        Value::Id(id) => match id.quality {
            IdQuality::Valid => 0,
            IdQuality::BadCheck => 1,
            IdQuality::Prefix => 2,
            IdQuality::Other => 3,
        },
        _ => 0,
    };
    let best = all.iter().map(quality).min().unwrap_or(0);
    all.iter().copied().filter(|candidate| quality(candidate) == best).collect()
}

/// The winner among claims of equal authority, and the rule that told.
fn choose_in<'a>(
    pool: &[Candidate<'a>],
    all: &[Candidate<'a>],
    element: &Element,
    dictionary: &Dictionary,
) -> Option<(Candidate<'a>, Rule)> {
    // The pool is sorted: latest first, then by key.
    let latest = pool.first()?.row.observed_at;
    let top: Candidates<'a> =
        pool.iter().copied().take_while(|candidate| candidate.row.observed_at == latest).collect();
    let first = *top.first()?;
    if top.iter().all(|candidate| candidate.value() == first.value()) {
        return Some((first, Rule::Recency));
    }
    let support = |candidate: &Candidate<'_>| {
        let systems: BTreeSet<SystemId> = all
            .iter()
            .filter(|other| other.value() == candidate.value())
            .map(|other| other.row.key.system)
            .collect();
        systems.len()
    };
    let most = top.iter().map(support).max()?;
    let leading: Candidates<'a> =
        top.iter().copied().filter(|candidate| support(candidate) == most).collect();
    let leader = *leading.first()?;
    if leading.iter().all(|candidate| candidate.value() == leader.value()) {
        return Some((leader, Rule::Majority));
    }
    let refines_all = |candidate: &&Candidate<'a>| {
        let refines =
            |other: &Candidate<'_>| dictionary.refines(element.number, candidate.value(), other.value());
        leading.iter().all(refines)
    };
    match leading.iter().find(refines_all) {
        Some(finest) => Some((*finest, Rule::Completeness)),
        None => Some((leader, Rule::TieBreak)),
    }
}

/// The winner's value, made more complete by claims that agree with it.
fn complete(
    winner: Candidate<'_>,
    rule: Rule,
    all: &[Candidate<'_>],
    element: &Element,
    dictionary: &Dictionary,
) -> CanonicalValue {
    // A set or a list that grew smaller is news, not a gap; a name with an endearment beside it is no better name.
    let scalar = matches!(winner.value(), Value::Date(_) | Value::Id(_) | Value::Code(_))
        && element.number != element::LAST_VISIT_DATE;
    let combines = matches!(winner.value(), Value::Address(_) | Value::Division(_) | Value::Grid(_));
    if !scalar && !combines || all.iter().all(|other| other.value() == winner.value()) {
        return winner.canonical(winner.value().clone(), rule);
    }
    let mut others = Candidates::from_slice(all);
    others.sort_by(|a, b| (a.rank, a.order()).cmp(&(b.rank, b.order())));
    let combined = match winner.value() {
        Value::Address(own) => {
            let addresses = others.iter().filter_map(|other| match other.value() {
                Value::Address(address) => Some(address),
                _ => None,
            });
            Some(Value::Address(addresses.fold(own.clone(), fill_address)))
        }
        Value::Division(own) => {
            let divisions = others.iter().filter_map(|other| match other.value() {
                Value::Division(division) => Some(division),
                _ => None,
            });
            Some(Value::Division(divisions.fold(own.clone(), fill_division)))
        }
        Value::Grid(own) => {
            let grids = others.iter().filter_map(|other| match other.value() {
                Value::Grid(grid) => Some(grid),
                _ => None,
            });
            Some(Value::Grid(grids.fold(own.clone(), fill_grid)))
        }
        _ => None,
    };
    if let Some(value) = combined {
        let rule = if value == *winner.value() { rule } else { Rule::Completeness };
        return winner.canonical(value, rule);
    }
    let finer = |of: &Value, than: &Value| of != than && dictionary.refines(element.number, of, than);
    let mut best = winner;
    for other in &others {
        if finer(other.value(), best.value()) {
            best = *other;
        }
    }
    let rule = if best.value() == winner.value() { rule } else { Rule::Completeness };
    let source = if best.value() == winner.value() { winner } else { best };
    source.canonical(source.value().clone(), rule)
}

/// Levels that are missing, from an address that agrees and shares the village or the road.
fn fill_address(own: Address, other: &Address) -> Address {
    let shares = |level: Level| own.get(level).is_some() && own.get(level) == other.get(level);
    if !own.agrees_with(other) || !(shares(Level::Village) || shares(Level::Road) || shares(Level::Compound))
    {
        return own;
    }
    other
        .levels()
        .fold(own, |own, (level, text)| if own.get(level).is_none() { own.with(level, text) } else { own })
}

fn fill_division(own: Division, other: &Division) -> Division {
    let codes_agree = own.code.starts_with(&*other.code) || other.code.starts_with(&*own.code);
    if !codes_agree || !own.names.agrees_with(&other.names) {
        return own;
    }
    let code = if other.code.len() > own.code.len() { other.code.clone() } else { own.code };
    let names = other.names.levels().fold(own.names, |names, (level, text)| {
        if names.get(level).is_none() { names.with(level, text) } else { names }
    });
    Division { code, names }
}

fn fill_grid(own: Grid, other: &Grid) -> Grid {
    let agrees = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
    if own.number != other.number
        || !agrees(&own.village_code, &other.village_code)
        || !agrees(&own.village, &other.village)
    {
        return own;
    }
    let either = |a: Box<str>, b: &str| if a.is_empty() { b.into() } else { a };
    Grid {
        village_code: either(own.village_code, &other.village_code),
        village: either(own.village, &other.village),
        number: own.number,
    }
}

/// Sex and birth date as a valid id number says them.
fn derive_from_id(canonical: &mut Canonical) {
    let Some(source) = canonical.get(element::CITIZEN_ID).cloned() else { return };
    let Value::Id(id) = &source.value else { return };
    if id.quality != IdQuality::Valid {
        return;
    }
    let derived = [
        (element::SEX, id_sex(id).map(|code| Value::Code(code.into()))),
        (element::BIRTH_DATE, id_birth_date(id).map(Value::Date)),
    ];
    for (element, value) in derived {
        let Some(value) = value else { continue };
        let stands = canonical.get(element).is_some_and(|own| own.value == value || own.rule == Rule::Pinned);
        if stands {
            continue;
        }
        let value = CanonicalValue { value, rule: Rule::Derived, ..source.clone() };
        match canonical.0.binary_search_by_key(&element, |(at, _)| *at) {
            Ok(at) => {
                if let Some(slot) = canonical.0.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => canonical.0.insert(at, (element, value)),
        }
    }
}

#[cfg(test)]
mod tests;
