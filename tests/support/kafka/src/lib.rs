//! Apache Kafka itself for tests, and what stands around it in a department: KRaft brokers on free loopback ports, each
//! with a data folder of its own, one alone or three together; Debezium in Kafka Connect over PostgreSQL; a schema registry that is not ours; Python
//! with Confluent's client.
//!
//! Maven and PyPI bring what is not there, once, into the user's cache. What is started ends with the process that started
//! it, however that ends.
//!
//! **Invariant:** nothing is left behind: no process, no data folder.

mod broker;
mod certificate;
mod client;
mod connect;
mod debezium;
mod gate;
mod jars;
mod process;
mod python;
mod registry;

pub use broker::Broker;
pub use client::Record;
pub use connect::Connect;
pub use debezium::{Debezium, Form};
pub use gate::Gate;
pub use python::python;
pub use registry::ForeignRegistry;
