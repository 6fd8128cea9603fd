//! What may leave, to whom: limits of departments, subscriptions, masks.
//!
//! **Invariant:** a [`Policy`] that exists asks for nothing that the limits refuse: it is checked whole when it loads.
//! **Invariant:** a value leaves only through [`Admitted::project`], and an [`Admitted`] exists only for a subject of
//! the subscription's population, within its time.
//! **Invariant:** redaction is total over types and fails closed: no transform for a type means that it is refused.
//! **Invariant:** the crate is pure: time comes in as an argument.

mod check;
mod flag;
mod limits;
mod mask;
mod project;
mod rule;
mod subscription;
#[cfg(test)]
mod tests;

pub use flag::Flag;
pub use limits::{Department, Limits};
pub use project::{Admitted, Policy, Projected, Subject};
pub use rule::{PolicyError, Refusal, RuleId};
pub use subscription::{Handling, Population, Subscription};
