//! Learns a model without labels: the shares of other pairs from random pairs, the shares of matching pairs by
//! expectation maximisation over pairs that share an individuating key, each key's own fields left out.
//!
//! **Invariant:** a function of the set of records, the rulings and the seed; the order of the records changes nothing.

mod labels;
mod made;
mod plausible;

pub use labels::Label;
pub(crate) use made::rounded;
pub use made::{Labels, Made, Session, Trained};
use made::{sample_hash, whole};
pub use plausible::Implausible;

use crate::{
    features::{Features, Packed},
    hash,
    levels::levels,
    model::{FieldModel, Frequencies, GroupModel, Model, WithinModel, bits_of_ratio},
    plan::{Plan, SpecError},
    score::{Scorer, Values},
    shares::{Keyed, MISSING, Patterns, Shares, expected_matches},
    spec::{Field, Kind, Spec},
};
use plausible::MATCHING_SHARE_MAX;
use std::collections::BTreeMap;

/// The seed of the shipped training; any other does as well.
pub const SEED: u64 = 0x5969_6269_616f;

/// Random pairs read.
const RANDOM_PAIRS_MAX: u64 = 1_000_000;
/// Pairs read in a session.
const SESSION_PAIRS_MAX: usize = 400_000;
/// Records of one value of a key of which pairs are read in a session.
const SESSION_BLOCK_MAX: usize = 60;
/// Fewer pairs that live together say nothing about households.
const HOME_PAIRS_MIN: f64 = 30.0;
/// A group agrees from this share of the most that it can say on.
const HOME_SHARE_OF_MOST: f64 = 0.8;

struct Learner<'a> {
    spec: &'a Spec,
    base: &'a Model,
    plan: Plan,
    values: Values,
    records: Vec<Packed>,
    scorer: Scorer,
    /// Fields whose levels weigh nothing in the base model: they are told to rules only.
    silent: Vec<Field>,
}

/// What a model is learnt from.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// What is compared.
    pub spec: &'a Spec,
    /// The model that the spec had: of it stay the fields that weigh nothing there.
    pub base: &'a Model,
    /// The records.
    pub records: &'a [&'a Features],
    /// What stewards ruled on pairs of them.
    pub labels: &'a [Label<'a>],
    /// By which pairs are drawn.
    pub seed: u64,
    /// How often a value must occur to be listed with its frequency.
    pub listed_min: u64,
}

/// In a model that is kept, a value that fewer records have is not listed: the hash of a telephone number names its owner.
pub const LISTED_MIN: u64 = 10;

/// Learns a model.
pub fn train(training: &Training<'_>) -> Result<Trained, SpecError> {
    let Training { spec, records, labels, seed, .. } = *training;
    let mut learner = Learner::new(training)?;
    let total_pairs = pair_count(learner.records.len());
    let random = learner.random_patterns(seed);
    let sessions: Vec<Keyed> = learner.session_patterns(seed);
    let presence = learner.presence();
    let mut shares = Shares::defaults(spec);
    shares.learn_other(&random, None);
    let (mut reports, mut matching) = (Vec::new(), (1.0 / total_pairs.max(2.0)).min(MATCHING_SHARE_MAX));
    // Random pairs hold matches, which show in small sets: with each pass they weigh less.
    for _ in 0..4 {
        reports = shares.learn_matching(&sessions, spec);
        matching = expected_matches(&sessions, &shares, &presence, matching) / total_pairs.max(1.0);
        matching = matching.max(1.0 / total_pairs.max(2.0)).min(MATCHING_SHARE_MAX);
        shares.learn_other(&random, Some(matching));
    }
    let linked = learner.label_patterns(labels);
    shares.adjust_matching(&linked);
    let (fields, kept) = learner.models(&shares, training);
    let prior = log2_millibits(matching / (1.0 - matching));
    let groups = learner.groups(&shares, prior);
    let model = Model { prior, fields, groups };
    let made = Made {
        by: env!("CARGO_PKG_VERSION").into(),
        seed,
        records: u64::try_from(records.len()).unwrap_or(u64::MAX),
        sample: sample_hash(records).into(),
        matching_share: rounded(matching),
        matches: whole(matching * total_pairs),
        sessions: reports,
        kept,
        labels: labels::judge(spec, &model, labels)?,
        measured: None,
    };
    let mut trained = Trained { model, made, findings: Vec::new() };
    trained.findings = plausible::findings(spec, &learner.silent, &trained);
    Ok(trained)
}

/// The weight of full agreement.
fn exact(model: &FieldModel) -> i32 {
    model.levels.first().map_or(0, |level| level.bits)
}

fn pair_count(records: usize) -> f64 {
    let records = f64::from(u32::try_from(records).unwrap_or(u32::MAX));
    records * (records - 1.0).max(0.0) / 2.0
}

#[expect(clippy::as_conversions, reason = "a logarithm times 1000 fits 32 bits")]
fn log2_millibits(ratio: f64) -> i32 {
    (ratio.log2() * 1_000.0).round() as i32
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    hash::join(*state, 0)
}

impl<'a> Learner<'a> {
    fn new(training: &Training<'a>) -> Result<Self, SpecError> {
        let Training { spec, base, records, .. } = *training;
        let plan = Plan::new(spec, &Model::default_for(spec))?;
        let mut sorted: Vec<&&Features> = records.iter().collect();
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut values = Values::new(&plan);
        let records = sorted.into_iter().map(|features| values.pack(&plan, features)).collect();
        let scorer = Scorer::new(&plan);
        let silent = |field: &crate::spec::FieldSpec| {
            base.fields.get(&field.name).is_some_and(|model| model.levels.iter().all(|level| level.bits == 0))
        };
        let mut learner = Self { spec, base, plan, values, records, scorer, silent: Vec::new() };
        learner.silent = learner.fields_where(silent);
        Ok(learner)
    }

    fn pattern(&mut self, a: usize, b: usize, pattern: &mut [u8]) {
        pattern.fill(MISSING);
        let (Some(a), Some(b)) = (self.records.get(a), self.records.get(b)) else { return };
        fill(self.scorer.compare(&self.plan, &self.values, a, b), &self.silent, pattern);
    }

    /// How the pairs compare that stewards linked.
    fn label_patterns(&mut self, labels: &[Label<'_>]) -> Patterns {
        let mut patterns = Patterns::new();
        for label in labels.iter().filter(|label| label.linked) {
            let (a, b) =
                (self.values.pack(&self.plan, label.left), self.values.pack(&self.plan, label.right));
            let mut pattern = vec![MISSING; self.spec.fields.len()];
            fill(self.scorer.compare(&self.plan, &self.values, &a, &b), &self.silent, &mut pattern);
            *patterns.entry(pattern.into()).or_insert(0.0) += 1.0;
        }
        patterns
    }

    fn count(&mut self, pairs: impl Iterator<Item = (usize, usize)>) -> Patterns {
        let mut pattern = vec![MISSING; self.spec.fields.len()];
        let mut patterns = Patterns::new();
        for (a, b) in pairs {
            self.pattern(a, b, &mut pattern);
            match patterns.get_mut(pattern.as_slice()) {
                Some(count) => *count += 1.0,
                None => drop(patterns.insert(Box::from(pattern.as_slice()), 1.0)),
            }
        }
        patterns
    }

    fn random_patterns(&mut self, seed: u64) -> Patterns {
        let size = self.records.len();
        let all = size * size.saturating_sub(1) / 2;
        if u64::try_from(all).unwrap_or(u64::MAX) <= RANDOM_PAIRS_MAX {
            return self.count((0..size).flat_map(|a| (0..a).map(move |b| (a, b))));
        }
        let (mut state, modulus) = (seed, u64::try_from(size).unwrap_or(u64::MAX));
        let mut pick = move || usize::try_from(next(&mut state) % modulus).unwrap_or(0);
        let pairs = (0..RANDOM_PAIRS_MAX).map(move |_| (pick(), pick())).filter(|(a, b)| a != b);
        self.count(pairs)
    }

    fn session_patterns(&mut self, seed: u64) -> Vec<Keyed> {
        let mut sessions = Vec::new();
        for (at, key) in self.spec.keys.iter().enumerate().filter(|(_, key)| key.individuating) {
            let own: Vec<Field> = key.on.0.iter().filter_map(|part| self.spec.field(&part.field)).collect();
            // Who shares a postcode shares the place, one entity or two: what goes with the key's fields tells nothing here.
            let groups: Vec<_> = own.iter().filter_map(|field| self.plan.field(*field).group).collect();
            let without = (0u8..).map(Field).zip(&self.plan.fields).filter(|(field, of_plan)| {
                own.contains(field) || of_plan.group.is_some_and(|group| groups.contains(&group))
            });
            let without = without.map(|(field, _)| field).chain(self.silent.iter().copied()).collect();
            let pairs = self.session_pairs(at, seed);
            let patterns = self.count(pairs.into_iter());
            sessions.push(Keyed { key: key.on.to_string(), own, without, patterns });
        }
        sessions
    }

    /// Pairs that share a value of a key, sampled where they are too many.
    fn session_pairs(&self, at: usize, seed: u64) -> Vec<(usize, usize)> {
        let Some(key) = self.plan.keys.get(at) else { return Vec::new() };
        let mut blocks: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (record, packed) in self.records.iter().enumerate() {
            let hashes = crate::block::hashes(&self.plan, &self.values, packed, (at, key), 0);
            for value in &hashes {
                blocks.entry(*value).or_default().push(record);
            }
        }
        let mut pairs = pairs_of(blocks, seed);
        if let Some(file) = self.spec.field(crate::flat::FILE) {
            let file_of = |at: usize| self.records.get(at).and_then(|record| record.of(file).next());
            // No file names an entity twice.
            pairs.retain(|(a, b)| file_of(*a) != file_of(*b));
        }
        pairs
    }

    /// Of each field, the share of pairs that have it, if records that lack it are not alike.
    fn presence(&self) -> Vec<f64> {
        let has = |field: usize| {
            let field = Field(u8::try_from(field).unwrap_or(u8::MAX));
            let count = self.records.iter().filter(|record| record.of(field).next().is_some()).count();
            let share = f64::from(u32::try_from(count).unwrap_or(u32::MAX))
                / f64::from(u32::try_from(self.records.len().max(1)).unwrap_or(u32::MAX));
            share * share
        };
        (0..self.spec.fields.len()).map(has).collect()
    }

    /// What evidence groups say. Of pairs that live together, those of one person are told from those of two by what is
    /// learnt of matching pairs; how two people of one home compare is learnt here.
    fn groups(&mut self, shares: &Shares, prior: i32) -> BTreeMap<Box<str>, GroupModel> {
        let names: std::collections::BTreeSet<_> = self
            .spec
            .fields
            .iter()
            .filter(|field| field.compared)
            .filter_map(|field| field.group.clone())
            .collect();
        let mut groups = BTreeMap::new();
        for name in names {
            let inside = self.fields_where(|field| field.group.as_ref() == Some(&name));
            let pairs: std::collections::BTreeSet<(usize, usize)> =
                inside.iter().flat_map(|field| self.value_pairs(*field, SEED)).collect();
            let mut patterns = self.count(pairs.into_iter());
            let most = patterns.keys().map(|pattern| shares.bits(pattern, &inside)).fold(0.0, f64::max);
            let agrees_from = (f64::from(-prior) / 1_000.0).min(most * HOME_SHARE_OF_MOST);
            patterns.retain(|pattern, _| shares.bits(pattern, &inside) >= agrees_from);
            if patterns.values().sum::<f64>() >= HOME_PAIRS_MIN {
                let group = self.group(shares, &inside, &patterns, (agrees_from, prior));
                groups.insert(name, group);
            }
        }
        groups
    }

    fn group(
        &self,
        shares: &Shares,
        inside: &[Field],
        patterns: &Patterns,
        (from, prior): (f64, i32),
    ) -> GroupModel {
        let (share, others) = shares.others_within(patterns, inside);
        let mut within = BTreeMap::new();
        for (at, (field, other)) in self.spec.fields.iter().zip(others).enumerate() {
            let Some(learnt) = shares.fields.get(at).filter(|_| field.compared) else { continue };
            if self.silent.iter().any(|silent| usize::from(silent.0) == at) {
                continue;
            }
            if inside.iter().any(|inside| usize::from(inside.0) == at) {
                continue;
            }
            // In a home no agreement is worth more than among strangers.
            let weigh = |(m, (within, other)): (&f64, (&f64, &f64))| {
                bits_of_ratio(*m, *within).min(bits_of_ratio(*m, *other).max(0))
            };
            let bits = learnt.matching.iter().zip(other.iter().zip(&learnt.other)).map(weigh).collect();
            // Where agreement by chance is that much likelier than elsewhere, a rare value is rare no more.
            let rarity = other.first() < learnt.other.first().map(|share| share * 8.0).as_ref();
            within.insert(field.name.clone(), WithinModel { bits, rarity });
        }
        #[expect(clippy::as_conversions, reason = "a sum of evidence in thousandths of a bit fits 32 bits")]
        let agrees_from = (from * 1_000.0).round() as i32;
        GroupModel { agrees_from, bits: log2_millibits(share / (1.0 - share)) - prior, within }
    }

    fn fields_where(&self, is: impl Fn(&crate::spec::FieldSpec) -> bool) -> Vec<Field> {
        let fields = self.spec.fields.iter().enumerate().filter(|(_, field)| is(field));
        fields.filter_map(|(at, _)| u8::try_from(at).ok().map(Field)).collect()
    }

    /// Pairs that share a value of a field.
    fn value_pairs(&self, field: Field, seed: u64) -> Vec<(usize, usize)> {
        let mut blocks: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (record, packed) in self.records.iter().enumerate() {
            for value in packed.of(field) {
                blocks.entry(u64::from(value)).or_default().push(record);
            }
        }
        // Values that very many share say nothing of a home.
        blocks.retain(|_, records| records.len() <= SESSION_BLOCK_MAX);
        pairs_of(blocks, seed)
    }

    fn models(
        &self,
        shares: &Shares,
        training: &Training<'_>,
    ) -> (BTreeMap<Box<str>, FieldModel>, Vec<Box<str>>) {
        let (mut fields, mut kept) = (BTreeMap::new(), Vec::new());
        for (at, spec) in self.spec.fields.iter().enumerate().filter(|(_, field)| field.compared) {
            let mut learnt = shares.fields.get(at).cloned().unwrap_or_default();
            for share in learnt.matching.iter_mut().chain(&mut learnt.other) {
                *share = rounded(*share);
            }
            let field = Field(u8::try_from(at).unwrap_or(u8::MAX));
            if self.silent.contains(&field) {
                kept.push(spec.name.clone());
                fields.extend(self.base.fields.get(&spec.name).map(|base| (spec.name.clone(), base.clone())));
                continue;
            }
            let mut model = if !learnt.learnt {
                kept.push(spec.name.clone());
                let defaults = levels(spec.kind).iter().map(|level| level.m);
                FieldModel::from_shares(spec.kind, defaults.zip(learnt.other))
            } else if learnt.matching.first() > learnt.other.first() {
                FieldModel::from_shares(spec.kind, learnt.matching.into_iter().zip(learnt.other))
            } else {
                // Where matching pairs agree no more than others, as on names that each source has of its own for a
                // journal, the field tells nothing.
                let other = learnt.other;
                FieldModel::from_shares(spec.kind, other.clone().into_iter().zip(other))
            };
            // A Chinese name tells by itself how rare it is.
            model.frequencies = (spec.kind != Kind::HanName).then(|| {
                let texts = training.records.iter().flat_map(|record| record.values(field));
                Frequencies::count(texts).listing(training.listed_min)
            });
            fields.insert(spec.name.clone(), model);
        }
        (fields, kept)
    }
}

/// Writes the levels of a pair into a pattern, but for fields that are told to rules only.
fn fill(outcomes: &[crate::score::FieldOutcome], silent: &[Field], pattern: &mut [u8]) {
    for outcome in outcomes.iter().filter(|outcome| !silent.contains(&outcome.field)) {
        if let Some(slot) = pattern.get_mut(usize::from(outcome.field.0)) {
            *slot = outcome.level;
        }
    }
}

/// The pairs of each block, sampled where they are too many.
fn pairs_of(mut blocks: BTreeMap<u64, Vec<usize>>, seed: u64) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (value, records) in &mut blocks {
        // A large block is sampled, else its pairs would be most of all.
        let mut state = seed ^ value;
        while records.len() > SESSION_BLOCK_MAX {
            let drop = usize::try_from(next(&mut state)).unwrap_or(0) % records.len();
            records.swap_remove(drop);
        }
        pairs
            .extend(records.iter().enumerate().flat_map(|(at, a)| records.iter().take(at).map(|b| (*a, *b))));
    }
    let mut state = seed;
    if pairs.len() > SESSION_PAIRS_MAX {
        for at in 0..SESSION_PAIRS_MAX {
            let with = at + usize::try_from(next(&mut state)).unwrap_or(0) % (pairs.len() - at);
            pairs.swap(at, with);
        }
        pairs.truncate(SESSION_PAIRS_MAX);
    }
    pairs
}

#[cfg(test)]
mod tests;
