//! What the benchmarks share: where the data sets lie, how a clustering is scored, where figures are written.

pub mod invented;
pub mod report;
pub mod rows;
pub mod running;
pub mod score;
pub mod sets;
