//! Whether what was learnt can be a model at all. Each rule has a name, and a finding says what was seen.

use super::{Trained, exact};
use crate::levels::levels;
use crate::spec::{Field, Spec};

/// Matching pairs for each field that is learnt: with fewer, shares are chance.
const MATCHES_PER_FIELD: u32 = 10;
/// In no set is a larger share of all pairs one entity.
pub(super) const MATCHING_SHARE_MAX: f64 = 0.05;
/// Runs that see a field may differ in the weight of its agreement by so much, in bits.
const SESSIONS_DIFFER_MAX: f64 = 2.0;
/// A level is one of agreement where the shipped share of matching pairs is so many times that of others.
const AGREES_FROM: f64 = 16.0;
/// Of a level that fewer matching pairs reach nothing was learnt.
const SEEN_FROM: f64 = 0.01;
/// Fewer rulings tell nothing of a model.
const RULINGS_MIN: u64 = 10;

/// Why a model is not to be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Implausible {
    /// No key gave pairs to learn from.
    #[error(
        "no_session: no individuating key joins enough rows that match; name a column that individuates, or give more rows"
    )]
    NoSession,
    /// Too few pairs match.
    #[error(
        "too_few_matches: about {found} pairs match, and {needed} are needed for {fields} fields; give more rows"
    )]
    TooFewMatches {
        /// As many as are expected in the set.
        found: u64,
        /// Ten for each field.
        needed: u32,
        /// The fields that are to be learnt.
        fields: u32,
    },
    /// More pairs match than can.
    #[error(
        "matching_share: at least {most} of all pairs would match; a column that nearly all rows share is taken for evidence, \
         or the rows are of very few entities"
    )]
    MatchingShare {
        /// The bound.
        most: f64,
    },
    /// Values of matching pairs agree no more often than those of others.
    #[error(
        "agreement_unlikelier: matching pairs agree on {field} at level {level} less often than others do; the field does not mean what it is said to"
    )]
    AgreementUnlikelier {
        /// The field.
        field: Box<str>,
        /// The level.
        level: Box<str>,
    },
    /// Agreeing somewhat weighs less than not at all.
    #[error("not_monotone: {field} weighs less at level {level} than where it does not agree at all")]
    NotMonotone {
        /// The field.
        field: Box<str>,
        /// The level.
        level: Box<str>,
    },
    /// Two runs learnt different things.
    #[error(
        "sessions_disagree: keys differ by {bits:.1} bits about {field}; one of them does not individuate"
    )]
    SessionsDisagree {
        /// The field.
        field: Box<str>,
        /// By how much its agreement weighs more under one key than under another.
        bits: f64,
    },
    /// Stewards ruled otherwise.
    #[error(
        "rulings_contradicted: {wrong} of {rulings} rulings of stewards fall on the wrong side of the cuts"
    )]
    RulingsContradicted {
        /// Pairs that were linked and weigh too little to be asked about, or were parted and would merge.
        wrong: u64,
        /// All.
        rulings: u64,
    },
}

impl Implausible {
    /// Whether there is too little to learn from, so that the shipped weights know more.
    pub fn is_too_little(&self) -> bool {
        match self {
            Implausible::NoSession
            | Implausible::TooFewMatches { .. }
            | Implausible::MatchingShare { .. } => true,
            Implausible::AgreementUnlikelier { .. }
            | Implausible::NotMonotone { .. }
            | Implausible::SessionsDisagree { .. }
            | Implausible::RulingsContradicted { .. } => false,
        }
    }

    /// The rule that it breaks.
    pub fn rule(&self) -> &'static str {
        match self {
            Implausible::NoSession => "no_session",
            Implausible::TooFewMatches { .. } => "too_few_matches",
            Implausible::MatchingShare { .. } => "matching_share",
            Implausible::AgreementUnlikelier { .. } => "agreement_unlikelier",
            Implausible::NotMonotone { .. } => "not_monotone",
            Implausible::SessionsDisagree { .. } => "sessions_disagree",
            Implausible::RulingsContradicted { .. } => "rulings_contradicted",
        }
    }
}

/// What speaks against a model that was learnt; nothing, where it is plausible.
pub(super) fn findings(spec: &Spec, silent: &[Field], trained: &Trained) -> Vec<Implausible> {
    let made = &trained.made;
    let mut found = Vec::new();
    if !made.sessions.iter().any(|session| session.used) {
        found.push(Implausible::NoSession);
    }
    let weighs = (0u8..).map(Field).zip(&spec.fields);
    let weighs = weighs.filter(|(at, field)| field.compared && !silent.contains(at));
    let fields = u32::try_from(weighs.count()).unwrap_or(u32::MAX);
    let needed = fields.saturating_mul(MATCHES_PER_FIELD);
    if made.matches < u64::from(needed) {
        found.push(Implausible::TooFewMatches { found: made.matches, needed, fields });
    }
    if made.matching_share >= MATCHING_SHARE_MAX {
        found.push(Implausible::MatchingShare { most: MATCHING_SHARE_MAX });
    }
    levels_of(spec, trained, &mut found);
    sessions(trained, &mut found);
    let super::Labels { linked, parted, linked_below, parted_above } = made.labels;
    let (rulings, wrong) = (linked + parted, linked_below + parted_above);
    if rulings >= RULINGS_MIN && wrong * 2 > rulings {
        found.push(Implausible::RulingsContradicted { wrong, rulings });
    }
    found
}

fn levels_of(spec: &Spec, trained: &Trained, found: &mut Vec<Implausible>) {
    let fields = spec.fields.iter().filter(|field| !trained.made.kept.contains(&field.name));
    for (field, model) in fields.filter_map(|field| Some((field, trained.model.fields.get(&field.name)?))) {
        let Some(least) = model.levels.last() else { continue };
        // A field that tells nothing, such as a name that each source has of its own, is left out by itself.
        if model.levels.iter().all(|level| level.bits == 0) {
            continue;
        }
        for (level, usual) in model.levels.iter().zip(levels(field.kind)) {
            let (field, level_name) = (field.name.clone(), level.name.clone());
            if usual.exact && level.m < level.u {
                found.push(Implausible::AgreementUnlikelier { field, level: level_name });
            } else if usual.m > usual.u * AGREES_FROM && level.m >= SEEN_FROM && level.bits < least.bits {
                found.push(Implausible::NotMonotone { field, level: level_name });
            }
        }
    }
}

fn sessions(trained: &Trained, found: &mut Vec<Implausible>) {
    for (name, model) in &trained.model.fields {
        let used = trained.made.sessions.iter().filter(|session| session.used);
        let shares = used.filter_map(|session| session.agreement.get(name).copied());
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for share in shares {
            (least, most) = (least.min(share), most.max(share));
        }
        let bits = if most > 0.0 { (most / least).log2() } else { 0.0 };
        if bits > SESSIONS_DIFFER_MAX && exact(model) > 0 {
            found.push(Implausible::SessionsDisagree { field: name.clone(), bits });
        }
    }
}
