//! Ingest, publish, deliver, review: the loops between connectors, the pure crates, the store and adapters. Names no
//! connector.
//!
//! **Invariant:** a source is acknowledged after the durable commit of its batch, never before.
//! **Invariant:** one place ([`Node`]) writes the store.

mod account;
mod deliver;
mod desk;
mod dispatch;
mod events;
mod guard;
mod ingest;
mod intake;
mod lag;
mod letters;
mod message;
mod metrics;
mod models;
mod node;
mod page;
mod parse;
mod patience;
mod project;
mod publish;
mod published;
mod publisher;
mod pull;
mod quarantine;
mod query;
mod receipt;
mod receiver;
mod records;
mod replay;
mod review;
mod run;
mod sent;
mod source;
mod tallies;
#[cfg(test)]
mod testing;

pub use account::{Account, Disposition};
pub use deliver::{DeliverError, Delivery, DeliveryReport};
pub use dispatch::{Dispatch, DispatchError, EventDelivery};
pub use events::{EventFeed, EventPage, Viewer};
pub use ingest::IngestError;
pub use letters::Selection;
pub use metrics::{Metrics, RowOutcome, Stage};
pub use models::{AdoptError, ModelPlan};
pub use node::{Node, OpenError, Parts};
pub use page::SharedFeed;
pub use pull::SnapshotPage;
pub use query::{Member, Status, Story, SystemStatus};
pub use receipt::{Fate, Received, Sent};
pub use receiver::Disabled;
pub use review::{DecideError, Decided};
pub use run::{Job, Part, RunError, RunOptions, RunReport, run};
pub use source::Source;
