//! The conformance kit: tests any [`Connector`](crate::Connector), [`Adapter`](crate::Adapter) or
//! [`EventAdapter`](crate::EventAdapter) against the rules of its contract, and says which level it reaches.
//!
//! An author writes a fixture (a source or receiver of their own, and the means to change it) and one test:
//!
//! ```text
//! #[tokio::test]
//! async fn it_reaches_silver() {
//!     conformance::connector(&mut MySource::new()).await.require(Level::Silver);
//! }
//! ```
//!
//! Needs the cargo feature `conformance`.
//!
//! **Invariant:** a check can fail: for each there is a connector or adapter in the kit's own tests that fails it and no
//! other.

mod adapter;
mod adapter_silver;
mod book;
mod connector;
mod connector_silver;
mod event;
mod event_silver;
pub mod gold;
mod report;
mod run;
mod sample;
#[cfg(test)]
mod tests;

pub use adapter::{AdapterFixture, adapter};
pub use connector::{ConnectorFixture, Trouble, connector};
pub use event::{EventFixture, Received, event_adapter};
pub use report::{Check, Level, Report, Verdict};
pub use run::Cannot;
pub use sample::{COLUMNS, Sample, samples};
