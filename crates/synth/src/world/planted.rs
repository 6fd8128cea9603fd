//! The planted traps: situations that every linker must get right, in 青石镇桃花村, the same in every county.
//!
//! Chance never touches what is planned here: the rows of planted people say the truth except where a cell is planted.

mod plot;
mod sample;
mod traps;

use std::collections::BTreeMap;

use yibiao_format::Cell;

use super::{Founding, PersonIndex, World};
use crate::day::Day;
use crate::identity::CitizenId;
use crate::roll::{Department, Kind, Story};
use plot::Plot;

/// Number of the survey code of the sample woman's house.
pub(crate) const SAMPLE_HOUSE: u64 = 731;
/// Her number at NY.
pub(crate) const SAMPLE_MONITORING: u64 = 510_000_779;
/// Her registered household.
pub(crate) const SAMPLE_UNIT: u64 = 990_101_012_345;

/// A row: the department, the person and which of their rows there.
pub(crate) type RowKey = (Department, PersonIndex, u8);

/// What is planned, apart from the people themselves.
#[derive(Default)]
pub(crate) struct Planted {
    /// Cells that say something else than the truth in the department's usual words, by row.
    pub(crate) cells: BTreeMap<RowKey, Vec<(&'static str, Cell)>>,
    /// Stories of registrations.
    pub(crate) stories: BTreeMap<(PersonIndex, Kind), Story>,
    /// Second registrations and the household in which they stand.
    pub(crate) registered_again: BTreeMap<PersonIndex, (Kind, usize)>,
    /// People counted in a second household of NY.
    pub(crate) guests: Vec<(PersonIndex, usize)>,
    /// The household that has [`SAMPLE_UNIT`].
    pub(crate) sample_household: Option<usize>,
    /// Which traps people are in.
    pub(crate) traps: Vec<(&'static str, PersonIndex)>,
}

/// Adds the planted households to the first village.
pub(crate) fn plant(world: &mut World, founding: &mut Founding, seed: u64) {
    let mut plot = Plot::new(world, founding, seed);
    sample::plant(&mut plot);
    traps::plant(&mut plot);
    // The sample woman's house has the number 312; the houses of chance begin after it.
    founding.addresses.insert(0, 312);
}

/// Ids of planted people, which are given to nobody else.
pub(crate) fn reserved_ids() -> Vec<CitizenId> {
    plot::CAST
        .iter()
        .flat_map(|role| {
            let (year, month, day) = role.born;
            let first =
                CitizenId { region: 990_101, born: Day::of(year, month, day), sequence: role.sequence };
            [first, CitizenId { region: 990_102, ..first }]
        })
        .collect()
}
