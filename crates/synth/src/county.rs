//! The county of a plan: its files and its truth.

use std::path::{Path, PathBuf};

use yibiao_record::SystemId;

use crate::files::{self, Source, WriteError};
use crate::noise::Noise;
use crate::roll::{Department, Rolls};
use crate::truth;
use crate::world::World;

/// What a county is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many households, planted ones included. About three people live in each.
    pub households: u32,
    /// The seed of all chance.
    pub seed: u64,
    /// How often things go wrong.
    pub noise: Noise,
    /// Whether the planted traps T01 to T24 stand in the first village; they take 31 households
    /// (so many the county has at least).
    pub traps: bool,
}

/// Who a record is about: the answer that a linker is scored by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TruthRow {
    /// The department.
    pub system: SystemId,
    /// What the department's file calls the record.
    pub local_key: Box<str>,
    /// Number of the person, from 1.
    pub person: u32,
    /// Number of the household that the record's household is, from 1.
    pub household: u32,
    /// Number of the house that the record names, from 1.
    pub dwelling: u32,
}

impl std::fmt::Debug for TruthRow {
    /// Without the key, which a department may make of personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:… = person {}", self.system, self.person)
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The files and their lengths in bytes.
    pub files: Vec<(PathBuf, u64)>,
}

/// A county.
pub struct County {
    plan: Plan,
    world: World,
    rolls: Rolls,
    truth: Vec<TruthRow>,
}

impl std::fmt::Debug for County {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("County")
            .field("people", &self.world.people.len())
            .field("rows", &self.truth.len())
            .finish()
    }
}

impl County {
    /// Makes the county of a plan. Pure: the same plan makes the same county.
    pub fn generate(plan: &Plan) -> County {
        let world = World::found(plan);
        let rolls = Rolls::draw_up(plan, &world);
        let truth = truth::rows(&world, &rolls);
        County { plan: plan.clone(), world, rolls, truth }
    }

    /// Who every record of every file is about, by department in the order MZ, GA, WJ, ZJ, YJ, NY.
    pub fn truth(&self) -> &[TruthRow] {
        &self.truth
    }

    /// How many people there are, those included whom only a house survey names.
    pub fn people(&self) -> usize {
        self.world.people.len()
    }

    /// How many records a department has, by its short name.
    pub fn records(&self, system: SystemId) -> usize {
        let department = Department::ALL.into_iter().find(|department| department.name() == system.as_str());
        match department {
            Some(Department::Mz) => self.rolls.mz.len(),
            Some(Department::Ga) => self.rolls.ga.len(),
            Some(Department::Wj) => self.rolls.wj.len(),
            Some(Department::Zj) => self.rolls.zj.len(),
            Some(Department::Yj) => self.rolls.yj.len(),
            Some(Department::Ny) => self.rolls.ny.len(),
            None => 0,
        }
    }

    /// Writes the departments' files into a directory that exists.
    pub fn write(&self, dir: &Path) -> Result<Written, WriteError> {
        let files = files::write(self.source(), dir)?;
        Ok(Written { files })
    }

    /// Writes the truth files: persons, households, houses, injected errors and traps.
    pub fn write_truth(&self, dir: &Path) -> Result<(), WriteError> {
        truth::write(self.source(), &self.truth, dir)
    }

    fn source(&self) -> Source<'_> {
        Source { plan: &self.plan, world: &self.world, rolls: &self.rolls }
    }
}
