//! The invented county: people, households, houses and six departments' files about them.
//!
//! A [`Plan`] (how many households, which seed, how much noise) makes a [`County`]; the county writes the six files
//! and, apart from them, the truth about who is who. The files have the names, columns, formats and code dialects of
//! the departments' own exports, so the configuration and the mappings that read those read these.
//!
//! **Invariant:** nothing here is true: region codes 9901xx are in no list, phones begin with 1990, accounts are
//! `DEMO-ACCT-n`, and all names come from the lists of this crate.
//! **Invariant:** the same plan gives the same bytes; no clock, no hash order, no other chance than the seed.
//! **Invariant:** no file tells the truth file's answer: keys are scattered, not counted.

mod county;
mod day;
mod dice;
mod files;
mod identity;
mod names;
mod noise;
mod office;
mod place;
mod roll;
mod truth;
mod world;

pub use county::{County, Plan, TruthRow, Written};
pub use dice::Rate;
pub use files::{WriteError, WriteErrorKind};
pub use noise::Noise;
