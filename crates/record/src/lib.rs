//! Canonical types and ids: the words in which every other crate speaks.
//!
//! **Invariant:** pure values. No I/O, no clock, no logging, no serialisation format.
//! **Invariant:** what may hold personal data ([`Value`], [`Claim`], [`Submission`], [`SourceKey`] and what
//! contains them) prints redacted under `Debug` and has no `Display`; code that must read a value calls an
//! accessor by name.
//! **Invariant:** every type has a total order or equality that does not depend on time of arrival.

mod change;
mod date;
mod id;
mod place;
mod submission;
mod value;

pub use change::{
    Canonical, CanonicalValue, Change, ChangeKind, Decision, DecisionKind, Relation, Role, Rule,
};
pub use date::{PartialDate, Precision, Timestamp};
pub use id::{
    ChangeSeq, DecisionSeq, ElementId, EntityId, EntityKind, SourceKey, SubmissionSeq, SystemId,
    SystemIdError,
};
pub use place::{Address, Division, Grid, Level};
pub use submission::{Claim, ClaimFlags, Op, Submission};
pub use value::{Decimal, IdNumber, IdQuality, Name, Value};
