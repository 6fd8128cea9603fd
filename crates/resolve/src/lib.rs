//! Entity resolution: block, compare, score, cluster, survive; pure and deterministic.
//!
//! **Invariant:** `partition = F(live records, epoch, decisions)`: any order of arrival, any batching, updates,
//! removals and decisions interleaved, give the partition that one batch of the same inputs gives.
//! **Invariant:** records are compared with records only, never with canonical values.
//! **Invariant:** no clock, no randomness but from named seeds, no hash order and no thread timing in a result.

mod block;
mod bound;
mod cluster;
mod compare;
mod component;
pub mod department;
mod engine;
mod explain;
mod features;
pub mod file;
pub mod flat;
mod hash;
pub mod identity;
mod keys;
#[cfg(test)]
mod laws;
mod levels;
pub mod measure;
mod model;
mod normalise;
mod plan;
mod query;
mod regroup;
mod remedy;
mod score;
mod shares;
mod similar;
mod spec;
mod state;
mod story;
pub mod survive;
pub mod train;
mod wording;
pub mod world;
mod written;
pub mod zh;

pub use compare::compare;
pub use engine::{Engine, Input, Regroup, Review, Ruling, Statistics};
pub use features::{DateParts, Derived, Features, Value};
pub use levels::{Level, levels};
pub use model::{Epoch, FieldModel, Frequencies, GroupModel, LevelModel, Model, WithinModel};
pub use normalise::{DateOrder, normalise};
pub use plan::SpecError;
pub use remedy::{Remedy, Side};
pub use spec::{
    Condition, Cuts, Effect, Field, FieldSpec, KeyExpression, KeyExpressionError, KeySpec, Kind, Part,
    RuleSpec, Spec, Take,
};
pub use story::{
    ClusterStory, FieldStory, GroupStory, MeetingStory, NearStory, Obstacle, PairStory, Shown, StepStory,
    WhyNot,
};
