//! The canonical record store, the only crate that knows the storage engine.
