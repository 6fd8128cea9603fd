//! Support for the tests and the benchmarks of the whole workspace: a folder of six departments' files as submissions,
//! histories in which they may arrive, and pictures of what a world makes of them.
//!
//! **Invariant:** everything random comes from a seed that the caller names.

pub mod arrival;
pub mod departments;
pub mod dice;
pub mod history;
pub mod intake;
pub mod picture;

/// Why a test's or a benchmark's data could not be had.
pub type Failure = Box<dyn std::error::Error>;
