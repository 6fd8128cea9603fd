//! The model: how much each level of agreement weighs. Immutable; learnt by [`train`](crate::train) or shipped.
//!
//! **Invariant:** scoring reads integers only (thousandths of a bit), so the order of summation cannot matter.

use crate::{
    hash,
    levels::{Level, levels},
    spec::{Kind, Spec, one_a_line},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use xxhash_rust::xxh3::xxh3_128;

/// Weights of one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelModel {
    /// The level's name.
    pub name: Box<str>,
    /// The share of matching pairs that compare at this level.
    pub m: f64,
    /// The share of other pairs that do.
    pub u: f64,
    /// The evidence, in thousandths of a bit: `log2(m / u)`, unless set by hand.
    pub bits: i32,
}

/// How often values occur. Values are named by hash, so that a model holds no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequencies {
    /// Values counted in all.
    pub total: u64,
    /// What is assumed of a value that is not listed; 0: that it is as rare as agreement by chance says.
    pub unlisted: u64,
    /// The counts of values, by hash of their text.
    pub counts: BTreeMap<u64, u64>,
}

/// A value that so many records of a small set have is shared by several entities.
const HUB_MIN: u64 = 10;

impl Frequencies {
    /// Counts texts; those that occur once are not listed.
    pub fn count<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let (mut counts, mut total) = (BTreeMap::new(), 0);
        for text in texts {
            *counts.entry(hash::text(text)).or_insert(0) += 1;
            total += 1;
        }
        counts.retain(|_, count| *count > 1);
        Self { total, unlisted: 1, counts }
    }

    /// Lists only values that occur at least `min` times; the others are taken to occur as often as they do on average.
    pub(crate) fn listing(mut self, min: u64) -> Self {
        let few = self.counts.values().filter(|count| **count < min);
        let (values, occurrences) =
            few.fold((0, 0), |(values, occurrences), count| (values + 1, occurrences + count));
        let singles = self.total.saturating_sub(self.counts.values().sum());
        self.unlisted = ((occurrences + singles) / (values + singles).max(1)).max(1);
        self.counts.retain(|_, count| *count >= min);
        self
    }

    /// Lists only values that so many have that they cannot be of one entity; of the others nothing is said.
    pub(crate) fn hubs(mut self) -> Self {
        self.counts.retain(|_, count| *count >= HUB_MIN);
        self.unlisted = 0;
        self
    }

    /// How often a text occurs.
    pub fn of(&self, text: &str) -> u64 {
        self.counts.get(&hash::text(text)).copied().unwrap_or(self.unlisted).max(1)
    }
}

/// Weights of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldModel {
    /// The levels, in the order of [`levels`].
    #[serde(serialize_with = "one_a_line")]
    pub levels: Vec<LevelModel>,
    /// How often values occur; without it all are taken as equally rare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequencies: Option<Frequencies>,
}

impl FieldModel {
    /// From shares of matching and other pairs per level.
    pub fn from_shares(kind: Kind, shares: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let level = |(level, (m, u)): (&Level, (f64, f64))| LevelModel {
            name: level.name.into(),
            m,
            u,
            bits: bits_of_ratio(m, u),
        };
        Self { levels: levels(kind).iter().zip(shares).map(level).collect(), frequencies: None }
    }

    /// The shipped default of a kind.
    pub fn default_of(kind: Kind) -> Self {
        Self::from_shares(kind, levels(kind).iter().map(|level| (level.m, level.u)))
    }

    /// What a value adds to an exact agreement that is as rare as it says of itself, in thousandths of a bit.
    pub(crate) fn rarity_of(&self, rarity: i32) -> i32 {
        let chance = self.levels.first().map_or(0, |exact| bits_of_ratio(exact.u, 1.0));
        // Names of one place and time are more alike than their parts are.
        (chance + rarity / 4 * 3).clamp(-RARITY_BITS_MAX, RARITY_BITS_MAX / 2)
    }

    /// What the rarity of a value adds to an exact agreement, in thousandths of a bit.
    pub(crate) fn rarity(&self, text: &str) -> i32 {
        let Some(frequencies) = &self.frequencies else { return 0 };
        let unsaid = frequencies.unlisted == 0 && !frequencies.counts.contains_key(&hash::text(text));
        if frequencies.total == 0 || unsaid {
            return 0;
        }
        self.rarity_of_count(frequencies.of(text), frequencies.total)
    }

    /// What full agreement on a value that occurs so often among so many adds, in thousandths of a bit: the share of the
    /// value, as bits, against the share of agreement by chance.
    pub fn rarity_of_count(&self, count: u64, total: u64) -> i32 {
        let chance = self.levels.first().map_or(0, |exact| bits_of_ratio(exact.u, 1.0));
        (chance - log2_ratio(count, total)).clamp(-RARITY_BITS_MAX, RARITY_BITS_MAX)
    }
}

/// Rarity moves the weight of an agreement by no more than this.
pub(crate) const RARITY_BITS_MAX: i32 = 8_000;

/// Weights of an evidence group: what it says that two rows are of one home, and what other agreements are worth there.
/// In a home a family name is no news, and nor is the home itself to its other people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupModel {
    /// From this sum on, without rarity, the group agrees; below it its fields add up, in thousandths of a bit.
    pub agrees_from: i32,
    /// What a group that agrees weighs in all.
    pub bits: i32,
    /// What the levels of other fields weigh where the group agrees, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub within: BTreeMap<Box<str>, WithinModel>,
}

/// Weights of a field's levels where an evidence group agrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithinModel {
    /// Per level, in thousandths of a bit.
    pub bits: Vec<i32>,
    /// Whether the rarity of a value still counts.
    pub rarity: bool,
}

/// A model: what a spec's fields weigh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The weight that a pair has before anything is compared, in thousandths of a bit.
    pub prior: i32,
    /// The fields, by name.
    pub fields: BTreeMap<Box<str>, FieldModel>,
    /// Evidence groups, by name. Of a group that is not listed the best field counts alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<Box<str>, GroupModel>,
}

/// The prior of the shipped default: one pair of candidates in some ten thousand matches.
const DEFAULT_PRIOR: i32 = -13_300;

impl Model {
    /// The shipped default for a spec: no training needed.
    pub fn default_for(spec: &Spec) -> Self {
        let compared = spec.fields.iter().filter(|field| field.compared);
        let fields = compared.map(|field| (field.name.clone(), FieldModel::default_of(field.kind))).collect();
        Self { prior: DEFAULT_PRIOR, fields, groups: BTreeMap::new() }
    }

    /// The shipped default for a spec among so many records: of few records a larger share of pairs match. Each is taken
    /// to have half a partner on average, which the prior of the shipped default is among some five thousand.
    pub fn default_among(spec: &Spec, records: usize) -> Self {
        let others = u64::try_from(records.saturating_sub(1)).unwrap_or(u64::MAX).max(1);
        Self { prior: log2_ratio(1, others.saturating_mul(2)), ..Self::default_for(spec) }
    }
}

/// Names a spec and a model by their content: the epoch under which a partition was computed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u128);

impl Epoch {
    /// The epoch of a spec and a model.
    pub fn of(spec: &Spec, model: &Model) -> Self {
        let text = serde_json::to_vec(&(spec, model)).expect("invariant: a spec and a model are plain data");
        Self(xxh3_128(&text))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `log2(m / u)` in thousandths of a bit, both floored, by integer arithmetic: the same on every machine.
pub(crate) fn bits_of_ratio(m: f64, u: f64) -> i32 {
    log2_ratio(billionths(m), billionths(u))
}

#[expect(
    clippy::as_conversions,
    reason = "a share between 0 and 1 in billionths fits; no lossless conversion exists"
)]
fn billionths(share: f64) -> u64 {
    ((share.clamp(0.0, 1.0) * 1e9).round() as u64).max(1_000)
}

/// `log2(a / b)` in thousandths of a bit.
pub(crate) fn log2_ratio(a: u64, b: u64) -> i32 {
    log2(a.max(1)) - log2(b.max(1))
}

fn log2(x: u64) -> i32 {
    let whole = x.ilog2();
    // The mantissa in 2^31 parts, squared sixteen times: each squaring yields one binary digit of the logarithm.
    let mut mantissa = if whole >= 31 { x >> (whole - 31) } else { x << (31 - whole) };
    let mut fraction: i64 = 0;
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        fraction <<= 1;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    i32::try_from(i64::from(whole) * 1_000 + ((fraction * 1_000 + (1 << 15)) >> 16))
        .expect("invariant: at most 64,000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_logarithms_are_those_of_the_floats() {
        for (a, b) in [(1, 1), (2, 1), (1, 2), (3, 1), (1_000_000, 7), (u64::MAX, 1), (12_345, 98_765)] {
            #[expect(clippy::as_conversions, reason = "the float is only compared with")]
            let float = ((a as f64).log2() - (b as f64).log2()) * 1_000.0;
            assert!((f64::from(log2_ratio(a, b)) - float).abs() <= 1.0, "{a} {b} {float}");
        }
    }

    #[test]
    fn a_rare_value_weighs_more_than_a_common_one() {
        let mut field = FieldModel::default_of(Kind::FamilyName);
        let texts = std::iter::repeat_n("smith", 500).chain(["zykov"; 2]).chain(["a", "b"]);
        field.frequencies = Some(Frequencies::count(texts));
        assert!(field.rarity("zykov") > field.rarity("smith") + 5_000);
        assert!(field.rarity("never seen") >= field.rarity("zykov"));
    }

    #[test]
    fn an_epoch_is_its_content() {
        let spec = Spec::new(vec![crate::FieldSpec::new("a", Kind::Code)], Vec::new());
        let (model, mut other) = (Model::default_for(&spec), Model::default_for(&spec));
        assert_eq!(Epoch::of(&spec, &model), Epoch::of(&spec, &other));
        other.prior += 1;
        assert_ne!(Epoch::of(&spec, &model), Epoch::of(&spec, &other));
        let text = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), model);
    }
}
