//! Shares of levels among matching and other pairs, learnt by expectation maximisation over counted patterns.
//!
//! **Invariant:** a function of the counts; patterns are read in their order, so sums of floats repeat exactly.

use crate::{
    levels::levels,
    spec::{Field, FieldSpec, Spec},
    train::{Session, rounded},
};
use std::collections::BTreeMap;

/// Rounds of expectation maximisation: more move nothing.
const ROUNDS: usize = 60;
/// Fewer matching pairs teach nothing.
const SESSION_MATCHES_MIN: f64 = 30.0;
/// No share is taken to be less.
const SHARE_MIN: f64 = 1e-6;
/// A missing value in a pattern.
pub(crate) const MISSING: u8 = u8::MAX;
/// As if that many pairs more had compared as is assumed of them.
const OTHERS_ASSUMED: f64 = 20.0;
/// The same of matching pairs, which matters in small sets.
const MATCHING_ASSUMED: f64 = 5.0;
/// What is learnt without labels counts as so many pairs beside those that stewards linked.
const LEARNT_ASSUMED: f64 = 100.0;
/// How many pairs compare the same, per list of levels.
pub(crate) type Patterns = BTreeMap<Box<[u8]>, f64>;

/// The pairs of a key.
pub(crate) struct Keyed {
    pub(crate) key: String,
    /// The key's fields.
    pub(crate) own: Vec<Field>,
    /// Fields that tell nothing of these pairs, because they share the key.
    pub(crate) without: Vec<Field>,
    /// How the pairs compare.
    pub(crate) patterns: Patterns,
}

/// Shares of one field, per level.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldShares {
    pub(crate) matching: Vec<f64>,
    pub(crate) other: Vec<f64>,
    pub(crate) learnt: bool,
    /// The shares among other pairs of the shipped default.
    assumed: Vec<f64>,
    /// The shares among matching pairs of the shipped default.
    presumed: Vec<f64>,
}

pub(crate) struct Shares {
    pub(crate) fields: Vec<FieldShares>,
}

impl Shares {
    pub(crate) fn defaults(spec: &Spec) -> Self {
        let of = |field: &FieldSpec| FieldShares {
            matching: levels(field.kind).iter().map(|level| level.m).collect(),
            other: levels(field.kind).iter().map(|level| level.u).collect(),
            assumed: levels(field.kind).iter().map(|level| level.u).collect(),
            presumed: levels(field.kind).iter().map(|level| level.m).collect(),
            learnt: false,
        };
        Self { fields: spec.fields.iter().map(of).collect() }
    }

    /// The odds of a match that a pattern adds; `without` are left out.
    fn odds(&self, pattern: &[u8], without: &[Field]) -> f64 {
        let mut odds = 1.0;
        for (at, (level, shares)) in pattern.iter().zip(&self.fields).enumerate() {
            if *level == MISSING || without.iter().any(|field| usize::from(field.0) == at) {
                continue;
            }
            let level = usize::from(*level);
            if let (Some(m), Some(u)) = (shares.matching.get(level), shares.other.get(level)) {
                odds *= m / u;
            }
        }
        odds
    }

    /// The evidence of some fields of a pattern, in bits.
    pub(crate) fn bits(&self, pattern: &[u8], fields: &[Field]) -> f64 {
        let others: Vec<Field> = (0..pattern.len())
            .filter_map(|at| u8::try_from(at).ok().map(Field))
            .filter(|field| !fields.contains(field))
            .collect();
        self.odds(pattern, &others).log2()
    }

    /// The share of matching pairs among pairs that live together, and how the others of them compare; `without` is what
    /// they live together by.
    pub(crate) fn others_within(&self, patterns: &Patterns, without: &[Field]) -> (f64, Vec<Vec<f64>>) {
        let pairs: f64 = patterns.values().sum();
        let mut shares = Shares { fields: self.fields.clone() };
        let mut share = 0.5;
        for _ in 0..ROUNDS {
            let mut counts: Vec<Vec<f64>> =
                self.fields.iter().map(|field| vec![0.0; field.other.len()]).collect();
            let mut matching = 0.0;
            for (pattern, count) in patterns {
                let of_pattern = count * posterior(share, shares.odds(pattern, without));
                matching += of_pattern;
                add(&mut counts, pattern, count - of_pattern);
            }
            share = (matching / pairs.max(1.0)).clamp(1e-4, 0.999);
            for ((field, base), counts) in shares.fields.iter_mut().zip(&self.fields).zip(counts) {
                field.other = smooth(&counts, &base.other, OTHERS_ASSUMED);
            }
        }
        (share, shares.fields.into_iter().map(|field| field.other).collect())
    }

    /// The shares of other pairs from random pairs, each counted by how likely it is no match.
    pub(crate) fn learn_other(&mut self, random: &Patterns, matching: Option<f64>) {
        let mut counts: Vec<Vec<f64>> =
            self.fields.iter().map(|field| vec![0.0; field.other.len()]).collect();
        for (pattern, count) in random {
            let other = matching.map_or(1.0, |share| 1.0 - posterior(share, self.odds(pattern, &[])));
            add(&mut counts, pattern, count * other);
        }
        for (field, counts) in self.fields.iter_mut().zip(counts) {
            field.other = smooth(&counts, &field.assumed, OTHERS_ASSUMED);
        }
    }

    /// One run per session; the mean of the runs that could see a field is its share.
    pub(crate) fn learn_matching(&mut self, sessions: &[Keyed], spec: &Spec) -> Vec<Session> {
        let mut sums: Vec<Vec<f64>> =
            self.fields.iter().map(|field| vec![0.0; field.matching.len()]).collect();
        let mut weights = vec![0.0; self.fields.len()];
        let mut reports = Vec::new();
        for Keyed { key, without, patterns, .. } in sessions {
            let run = self.run(without, patterns);
            let pairs: f64 = patterns.values().sum();
            let used = run.matching_share * pairs >= SESSION_MATCHES_MIN;
            let sees = |at: usize| {
                !without.iter().any(|field| usize::from(field.0) == at)
                    && run.seen.get(at).is_some_and(|seen| *seen >= SESSION_MATCHES_MIN)
            };
            let agreement =
                spec.fields.iter().zip(&run.matching).enumerate().filter(|(at, _)| used && sees(*at));
            let agreement = agreement
                .filter_map(|(_, (field, shares))| Some((field.name.clone(), rounded(*shares.first()?))));
            #[expect(clippy::as_conversions, reason = "a count of pairs, exact in a float")]
            reports.push(Session {
                key: key.clone(),
                pairs: pairs as u64,
                matching_share: rounded(run.matching_share),
                used,
                agreement: agreement.collect(),
            });
            if !used {
                continue;
            }
            for (at, (sum, shares)) in sums.iter_mut().zip(&run.matching).enumerate() {
                if !sees(at) {
                    continue;
                }
                let weight = run.seen.get(at).copied().unwrap_or(0.0).sqrt();
                sum.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share * weight);
                if let Some(slot) = weights.get_mut(at) {
                    *slot += weight;
                }
            }
        }
        for ((field, sum), weight) in self.fields.iter_mut().zip(sums).zip(weights) {
            if weight > 0.0 {
                field.matching = sum.into_iter().map(|sum| (sum / weight).max(SHARE_MIN)).collect();
                field.learnt = true;
            }
        }
        reports
    }

    /// Lets pairs that stewards linked speak on the shares of matching pairs: what was learnt is a Beta prior of
    /// [`LEARNT_ASSUMED`] pairs, and rulings count as no more than that many, because stewards see the doubtful pairs only.
    pub(crate) fn adjust_matching(&mut self, linked: &Patterns) {
        let mut counts: Vec<Vec<f64>> =
            self.fields.iter().map(|field| vec![0.0; field.matching.len()]).collect();
        for (pattern, count) in linked {
            add(&mut counts, pattern, *count);
        }
        for (field, counts) in self.fields.iter_mut().zip(counts) {
            let seen: f64 = counts.iter().sum();
            if seen > 0.0 {
                let scale = (LEARNT_ASSUMED / seen).min(1.0);
                let counts: Vec<f64> = counts.into_iter().map(|count| count * scale).collect();
                field.matching = smooth(&counts, &field.matching, LEARNT_ASSUMED);
            }
        }
    }

    /// Expectation maximisation over the patterns of one key.
    fn run(&self, without: &[Field], patterns: &Patterns) -> Run {
        let mut shares = Shares { fields: self.fields.clone() };
        let (mut share, pairs): (f64, f64) = (0.5, patterns.values().sum());
        let mut seen = vec![0.0; self.fields.len()];
        for _ in 0..ROUNDS {
            let mut counts: Vec<Vec<f64>> =
                self.fields.iter().map(|field| vec![0.0; field.matching.len()]).collect();
            let (mut others, mut matching) = (counts.clone(), 0.0);
            for (pattern, count) in patterns {
                let of_pattern = count * posterior(share, shares.odds(pattern, without));
                matching += of_pattern;
                add(&mut counts, pattern, of_pattern);
                add(&mut others, pattern, count - of_pattern);
            }
            share = (matching / pairs.max(1.0)).clamp(1e-6, 0.999);
            seen = counts.iter().map(|counts| counts.iter().sum()).collect();
            // Two works of one author are of one year more often than any two: what does not match is learnt here too.
            for (((field, base), counts), others) in
                shares.fields.iter_mut().zip(&self.fields).zip(counts).zip(others)
            {
                field.matching = smooth(&counts, &base.presumed, MATCHING_ASSUMED);
                field.other = smooth(&others, &base.other, OTHERS_ASSUMED);
            }
        }
        Run {
            matching_share: share,
            matching: shares.fields.into_iter().map(|field| field.matching).collect(),
            seen,
        }
    }
}

struct Run {
    matching_share: f64,
    matching: Vec<Vec<f64>>,
    /// Matching pairs that have the field.
    seen: Vec<f64>,
}

fn posterior(share: f64, odds: f64) -> f64 {
    let odds = share / (1.0 - share) * odds;
    odds / (1.0 + odds)
}

fn add(counts: &mut [Vec<f64>], pattern: &[u8], count: f64) {
    for (level, counts) in pattern.iter().zip(counts) {
        if let Some(slot) = counts.get_mut(usize::from(*level)) {
            *slot += count;
        }
    }
}

/// Counts made shares, as if so many pairs more had compared as assumed.
fn smooth(counts: &[f64], assumed: &[f64], pairs: f64) -> Vec<f64> {
    let seen: f64 = counts.iter().sum::<f64>() + pairs;
    let share = |(count, share): (&f64, &f64)| ((count + pairs * share) / seen).max(SHARE_MIN);
    counts.iter().zip(assumed).map(share).collect()
}

/// How many pairs match in all: those that the keys find, over the share that the keys should find of them, which is
/// that of matching pairs that have the keys' fields and agree on them.
pub(crate) fn expected_matches(sessions: &[Keyed], shares: &Shares, presence: &[f64], prior: f64) -> f64 {
    let (mut found, mut findable) = (0.0, 0.0);
    for Keyed { own, patterns, .. } in sessions {
        let of_pattern = |pattern: &[u8], count: f64| count * posterior(prior, shares.odds(pattern, &[]));
        let agree = own.iter().map(|field| {
            let at = usize::from(field.0);
            let exact = shares.fields.get(at).and_then(|field| field.matching.first());
            exact.copied().unwrap_or(0.0) * presence.get(at).copied().unwrap_or(0.0)
        });
        let agree: f64 = agree.product();
        if agree > KEY_RECALL_MIN {
            found += patterns.iter().map(|(pattern, count)| of_pattern(pattern, *count)).sum::<f64>();
            findable += agree;
        }
    }
    if findable > 0.0 { found / findable } else { found }
}

/// A key that finds a smaller share of the matching pairs says little about their number.
const KEY_RECALL_MIN: f64 = 0.05;
