//! How a model was learnt: what goes into its file beside the weights. Counts and shares only, no value of any row.

use super::Implausible;
use crate::features::Features;
use crate::hash;
use crate::measure::Measured;
use crate::model::Model;
use crate::spec::one_a_line;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is learnt, and how sure it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// How it was learnt.
    pub made: Made,
    /// What speaks against it; nothing, where it is plausible.
    pub findings: Vec<Implausible>,
}

/// How a model was learnt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The version of the program.
    pub by: Box<str>,
    /// The seed by which pairs were drawn.
    pub seed: u64,
    /// The records read.
    pub records: u64,
    /// A hash of the set of records.
    pub sample: Box<str>,
    /// The share of all pairs that match.
    pub matching_share: f64,
    /// About how many pairs that is.
    pub matches: u64,
    /// The runs of expectation maximisation.
    #[serde(serialize_with = "one_a_line")]
    pub sessions: Vec<Session>,
    /// Fields that could not be learnt, or are told to rules only, and keep the weights that they had.
    pub kept: Vec<Box<str>>,
    /// What stewards had ruled.
    pub labels: Labels,
    /// What the model does to the records that it was learnt from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

/// One run of expectation maximisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The key whose pairs were read.
    pub key: String,
    /// How many pairs.
    pub pairs: u64,
    /// The share of them that match.
    pub matching_share: f64,
    /// Whether its result was used.
    pub used: bool,
    /// Of each field that the run could see, the share of matching pairs that agree fully.
    pub agreement: BTreeMap<Box<str>, f64>,
}

/// Rulings of stewards, and how the model stands to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Pairs that were linked.
    pub linked: u64,
    /// Pairs that were parted.
    pub parted: u64,
    /// Linked ones that weigh less than what a steward would be asked about.
    pub linked_below: u64,
    /// Parted ones that weigh as much as what merges by itself.
    pub parted_above: u64,
}

/// A share in six digits: what a person can read and compute with.
pub(crate) fn rounded(share: f64) -> f64 {
    format!("{share:.5e}").parse().unwrap_or(share)
}

/// A count from an estimate.
#[expect(clippy::as_conversions, reason = "an estimate of a count, which a float holds")]
pub(super) fn whole(count: f64) -> u64 {
    count.round().max(0.0) as u64
}

/// A hash of the set of records, whatever their order.
pub(super) fn sample_hash(records: &[&Features]) -> String {
    let of = |features: &&Features| {
        features
            .0
            .iter()
            .fold(0, |all, (field, text)| hash::join(all, hash::join(u64::from(field.0), hash::text(text))))
    };
    let mut hashes: Vec<u64> = records.iter().map(of).collect();
    hashes.sort_unstable();
    format!("{:016x}", hashes.into_iter().fold(0, hash::join))
}
