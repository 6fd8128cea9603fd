//! What is told of pairs and clusters: plain data, for a terminal, JSON or a page.

use crate::{
    engine::Ruling,
    remedy::Remedy,
    spec::{Cuts, Effect},
};
use serde::{Serialize, Serializer};
use std::fmt;
use yibiao_record::SourceKey;

/// A value or a record key, shown to a person who may see it. It prints redacted under `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Shown(pub Box<str>);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

pub(crate) fn key<S: Serializer>(key: &SourceKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}:{}", key.system, key.local))
}

fn keys<S: Serializer>(keys: &[SourceKey], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(keys.iter().map(|key| format!("{}:{}", key.system, key.local)))
}

/// How one field of a pair compared, and what that weighs in thousandths of a bit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldStory {
    /// The field.
    pub field: Box<str>,
    /// Its evidence group.
    pub group: Option<Box<str>>,
    /// The one record's value that agreed best.
    pub left: Shown,
    /// The other's.
    pub right: Shown,
    /// The level.
    pub level: &'static str,
    /// The share of matching pairs at that level.
    pub m: f64,
    /// The share of other pairs.
    pub u: f64,
    /// The weight of the level.
    pub bits: i32,
    /// What the rarity of the value adds: its share in place of that of agreement by chance (`u`), within limits.
    pub rarity: i32,
    /// What a Chinese name tells by itself, from its surname and characters, in thousandths of a bit. Three quarters of
    /// it count.
    pub name_bits: Option<i32>,
    /// How often the value occurs, and how many values the model counted; of other values that agree fully.
    pub seen: Option<[u64; 2]>,
    /// The weight is that of two people of one home: an evidence group agrees.
    pub within_group: bool,
}

/// What an evidence group counts in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupStory {
    /// The group.
    pub group: Box<str>,
    /// What its fields would add up to.
    pub sum: i32,
    /// What counts.
    pub bits: i32,
}

/// A pair, from the prior to the weight.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairStory {
    /// The one record.
    #[serde(serialize_with = "key")]
    pub left: SourceKey,
    /// The other.
    #[serde(serialize_with = "key")]
    pub right: SourceKey,
    /// What any pair weighs before anything is compared.
    pub prior: i32,
    /// The fields that both have.
    pub fields: Vec<FieldStory>,
    /// The evidence groups.
    pub groups: Vec<GroupStory>,
    /// The effect of fixed rules.
    pub rule: Option<Effect>,
    /// A steward's ruling on the two.
    pub ruling: Option<Ruling>,
    /// The weight, within the floor and the ceiling.
    pub weight: i32,
    /// The cuts.
    pub cuts: Cuts,
}

/// A step by which a cluster came together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepStory {
    /// The one part.
    #[serde(serialize_with = "keys")]
    pub left: Vec<SourceKey>,
    /// The other.
    #[serde(serialize_with = "keys")]
    pub right: Vec<SourceKey>,
    /// The average weight between them; none where a steward linked them.
    pub average: Option<i32>,
}

/// Why two clusters are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// They are one.
    None,
    /// A steward parted records of the two.
    Ruling,
    /// A fixed rule forbids the merge, or leaves it to a steward.
    Rule,
    /// The average weight is in the band that a steward decides.
    Review,
    /// The average weight is too low.
    Weight,
    /// No chain of weak pairs leads from the one to the other.
    Apart,
}

/// A cluster that was near and stayed apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearStory {
    /// Its members.
    #[serde(serialize_with = "keys")]
    pub members: Vec<SourceKey>,
    /// The average weight between the two.
    pub average: i32,
    /// Why they are two.
    pub obstacle: Obstacle,
}

/// How a cluster came together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterStory {
    /// Its members.
    #[serde(serialize_with = "keys")]
    pub members: Vec<SourceKey>,
    /// The merges, first to last.
    pub steps: Vec<StepStory>,
    /// The clusters of the same component, nearest first.
    pub near: Vec<NearStory>,
}

/// A blocking key under which two records have a value in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeetingStory {
    /// The key.
    pub key: String,
    /// Whether the two meet by it, or too many records share the value.
    pub meets: bool,
}

/// Whether two records are together, and why not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhyNot {
    /// The pair.
    pub pair: PairStory,
    /// The keys that they have in common.
    pub meetings: Vec<MeetingStory>,
    /// The average weight between their clusters.
    pub average: Option<i32>,
    /// What keeps them apart.
    pub obstacle: Obstacle,
    /// What would have to change.
    pub remedies: Vec<Remedy>,
}
