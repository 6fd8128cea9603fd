//! Who stands in which department's file, in which order and under which key: everything about the files that does
//! not depend on what is written in them.

mod register;

use crate::Plan;
use crate::dice::Dice;
use crate::identity::Numbers;
use crate::world::{PersonIndex, World};
pub(crate) use register::{Change, Kind, Registration, Story};

/// A department.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Department {
    /// Civil affairs: the relief ledger.
    Mz,
    /// Police: the population register.
    Ga,
    /// Health: visits to the old.
    Wj,
    /// Housing: the survey of rural houses.
    Zj,
    /// Emergency management: the evacuation list.
    Yj,
    /// Agriculture: monitoring of poor households.
    Ny,
}

impl Department {
    /// All departments, in the order of the truth files.
    pub(crate) const ALL: [Department; 6] =
        [Department::Mz, Department::Ga, Department::Wj, Department::Zj, Department::Yj, Department::Ny];

    /// Its short name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Department::Mz => "MZ",
            Department::Ga => "GA",
            Department::Wj => "WJ",
            Department::Zj => "ZJ",
            Department::Yj => "YJ",
            Department::Ny => "NY",
        }
    }

    /// Its number in paths of chance.
    pub(crate) fn number(self) -> u64 {
        match self {
            Department::Mz => 1,
            Department::Ga => 2,
            Department::Wj => 3,
            Department::Zj => 4,
            Department::Yj => 5,
            Department::Ny => 6,
        }
    }
}

/// A row about a person in MZ, WJ, YJ or NY.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// The person.
    pub(crate) person: PersonIndex,
    /// Index of the household under which the row stands.
    pub(crate) household: usize,
    /// 0, or 1 where the row was typed a second time.
    pub(crate) copy: u8,
    /// WJ: the quarter, 0 to 3.
    pub(crate) quarter: u8,
}

/// A row about a house in ZJ.
#[derive(Clone, Copy)]
pub(crate) struct Survey {
    /// Index of the house.
    pub(crate) house: usize,
    /// Its code.
    pub(crate) code: u64,
    /// 0, or 1 where the house was surveyed a second time.
    pub(crate) copy: u8,
}

/// Rows that a sheet of a workbook holds, less the lines around the entries.
const SHEET_ENTRIES_MAX: usize = 1_048_576 - 16;

/// All rows of all departments, in the order of their files.
pub(crate) struct Rolls {
    pub(crate) mz: Vec<Entry>,
    pub(crate) ga: Vec<Registration>,
    pub(crate) wj: Vec<Entry>,
    pub(crate) zj: Vec<Survey>,
    pub(crate) yj: Vec<Entry>,
    pub(crate) ny: Vec<Entry>,
}

impl Rolls {
    /// Draws up the rolls of a county.
    pub(crate) fn draw_up(plan: &Plan, world: &World) -> Rolls {
        let mut rolls = Rolls {
            mz: Vec::new(),
            ga: register::registrations(plan, world),
            wj: Vec::new(),
            zj: surveys(plan, world),
            yj: Vec::new(),
            ny: Vec::new(),
        };
        for (index, household) in world.households.iter().enumerate() {
            for (person, who) in world.members(household) {
                let entry = Entry { person, household: index, copy: 0, quarter: 0 };
                let enter = |department: Department, list: &mut Vec<Entry>, entry: Entry| {
                    list.push(entry);
                    let path = [10, department.number(), person.number(), u64::from(entry.quarter)];
                    if !who.planted && Dice::at(plan.seed, &path).happens(plan.noise.row_twice) {
                        list.push(Entry { copy: 1, ..entry });
                    }
                };
                if who.rolls.relief {
                    enter(Department::Mz, &mut rolls.mz, entry);
                }
                if who.rolls.relief_twice {
                    rolls.mz.push(Entry { copy: 1, ..entry });
                }
                if who.rolls.flood {
                    enter(Department::Yj, &mut rolls.yj, entry);
                }
                if who.rolls.monitoring {
                    enter(Department::Ny, &mut rolls.ny, entry);
                }
            }
            for guest in world.planted.guests.iter().filter(|(_, host)| *host == index) {
                // The second row of somebody who has a first one, else the only row.
                let copy = u8::from(world.person(guest.0).rolls.monitoring);
                rolls.ny.push(Entry { person: guest.0, household: index, copy, quarter: 0 });
            }
        }
        rolls.guests(plan, world);
        // What a sheet cannot hold is not in the file, so it is in no roll either.
        rolls.mz.truncate(SHEET_ENTRIES_MAX);
        rolls.yj.truncate(SHEET_ENTRIES_MAX);
        rolls.visits(plan, world);
        rolls
    }

    /// WJ: quarter after quarter, and within each the people in order.
    fn visits(&mut self, plan: &Plan, world: &World) {
        for quarter in 0..4_u8 {
            for (who, index) in world.people.iter().zip(0..) {
                if !who.rolls.visits.get(usize::from(quarter)).copied().unwrap_or(false) {
                    continue;
                }
                let person = PersonIndex(index);
                let entry = Entry { person, household: who.household, copy: 0, quarter };
                self.wj.push(entry);
                let path = [10, Department::Wj.number(), u64::from(index), u64::from(quarter)];
                if !who.planted && Dice::at(plan.seed, &path).happens(plan.noise.row_twice.times(40)) {
                    self.wj.push(Entry { copy: 1, ..entry });
                }
            }
        }
    }

    /// NY: an old person of a watched household is counted in a child's watched household too.
    fn guests(&mut self, plan: &Plan, world: &World) {
        let mut guests = Vec::new();
        for entry in &self.ny {
            let who = world.person(entry.person);
            let path = [11, entry.person.number()];
            if who.planted || who.age() < 60 || !Dice::at(plan.seed, &path).happens(plan.noise.two_households)
            {
                continue;
            }
            let child = self.ny.iter().find(|other| {
                let host = world.person(other.person);
                host.name.surname() == who.name.surname()
                    && other.household != entry.household
                    && !host.planted
                    && host.relation == crate::world::Relation::Head
                    && (18..46).contains(&(who.age() - host.age()))
            });
            if let Some(child) = child {
                guests.push(Entry { household: child.household, copy: 1, ..*entry });
            }
        }
        self.ny.extend(guests);
    }
}

fn surveys(plan: &Plan, world: &World) -> Vec<Survey> {
    let base = if plan.households > 300_000 { 10_000_000 } else { 1_000_000 };
    // Codes of second surveys lie above those of first ones.
    let mut again = Numbers::new(base, base, 41, &[]);
    let mut surveys = Vec::new();
    for (index, house) in world.houses.iter().enumerate() {
        let Some(code) = house.survey else { continue };
        surveys.push(Survey { house: index, code, copy: 0 });
        let path = [10, Department::Zj.number(), u64::try_from(index).expect("invariant: fits the machine")];
        let planted = world.person(house.owner).planted;
        if !planted && Dice::at(plan.seed, &path).happens(plan.noise.row_twice) {
            surveys.push(Survey { house: index, code: again.issue(), copy: 1 });
        }
    }
    surveys.sort_by_key(|survey| world.house(survey.house).village);
    surveys
}
