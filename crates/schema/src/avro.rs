//! Avro: one record schema per kind of entity, made from the dictionary, and the canonical values in it.
//!
//! **Invariant:** the schema of a dictionary is a function of the dictionary: the same bytes on every run and machine.
//! **Invariant:** a published schema only grows: [`compatible`] refuses what an old reader or an old record would not
//! survive, and a rename, which Avro takes for a field that went and another that came.

mod compatibility;
mod convert;
mod datum;
mod foreign;
pub mod plain;
mod shape;
#[cfg(test)]
mod tests;

pub use compatibility::{Incompatible, compatible};
pub use convert::{AvroError, AvroRecord, from_avro, to_avro, to_avro_values};
pub use datum::{EntitySchema, RecordWriter, schema_id};
pub use foreign::{ForeignError, ForeignSchema};
pub use shape::{NAMESPACE, export, file_name};
