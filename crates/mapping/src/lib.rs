//! A system's rows to elements and back, with the normalisers.
//!
//! A mapping file per system (`schemas/mapping/`) is read forwards to parse rows and backwards to write them.
//!
//! **Invariant:** a value that cannot be parsed never blocks its row: it is kept raw, flagged, and is no evidence.
//! **Invariant:** a code that no spelling knows is never guessed: its row goes to the quarantine with column and rule.
//! **Invariant:** written backwards and read forwards, a lossless column gives the same value, a lossy one a value
//! that the original refines and that is written the same way again, and a derived one is never evidence.
//! **Invariant:** pure: no I/O, no clock; errors and reasons hold nothing of a row's content.

pub mod align;
mod bind;
mod binding;
mod burden;
mod code_map;
mod column;
mod compile;
mod file;
mod identity;
#[cfg(test)]
mod laws;
mod mapping;
mod message;
pub mod normal;
mod observed;
mod scope;
mod shipped;
mod write;

pub use bind::{BindError, Warning};
pub use binding::{Binding, Parsed, Quarantine};
pub use burden::{Burden, burden};
pub use column::{Class, Column, Write};
pub use compile::MappingError;
pub use identity::Identity;
pub use mapping::{Delete, Dwelling, IdentityColumn, Key, Mapping, Mode, Source, SourceForm, Title};
pub use message::{ARRIVAL, MessageBinding};
pub use observed::Observed;
pub use write::{Before, CellEdit, OwnRow, Spellings};
