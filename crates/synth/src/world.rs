//! The county as it is: who lives where and with whom. What departments write about it comes later, in
//! [`roll`](crate::roll) and [`office`](crate::office).

mod family;
mod fate;
mod person;
pub(crate) mod planted;

use std::collections::BTreeMap;

use crate::Plan;
use crate::day::Moment;
use crate::dice::Dice;
use crate::identity::{IdOffice, Numbers, phones};
use crate::place::{Spot, Village, villages};
pub(crate) use person::{Marital, Person, PersonIndex, Relation, Sex, Work};
use planted::Planted;

/// People who live as one unit: they stand next to each other in [`World::people`].
#[derive(Clone)]
pub(crate) struct Household {
    /// The first member, who is the head.
    pub(crate) head: PersonIndex,
    /// How many members there are.
    pub(crate) size: u32,
    /// Index of the village.
    pub(crate) village: usize,
    /// Index of the house they live in.
    pub(crate) house: usize,
    /// Index of the house they are registered in.
    pub(crate) registered_house: usize,
    /// When they moved here, and from which house.
    pub(crate) moved: Option<(Moment, usize)>,
    /// Whether the parents of the head are registered as a unit of their own.
    pub(crate) parents_apart: bool,
    /// Relief: the case at MZ.
    pub(crate) relief: Option<Relief>,
    /// Monitoring against a return to poverty: the case at NY.
    pub(crate) monitoring: Option<Monitoring>,
    /// In a flood zone: which danger.
    pub(crate) flood: Option<&'static str>,
}

/// A relief case of a household at the civil affairs office.
#[derive(Clone)]
pub(crate) struct Relief {
    /// Year and month from which it is paid.
    pub(crate) since: (i32, u8),
    /// The number within the year.
    pub(crate) number: u32,
    /// What the household as such receives; nothing where only single members receive something.
    pub(crate) category: Option<&'static str>,
    /// Yuan a month for each member, by that category.
    pub(crate) amount: u32,
    /// Yuan of income a month for each member.
    pub(crate) income: u32,
}

/// A case at the agriculture office.
#[derive(Clone)]
pub(crate) struct Monitoring {
    /// The household's number there.
    pub(crate) number: u64,
    /// Why it is watched.
    pub(crate) category: &'static str,
    /// What may push it back.
    pub(crate) risk: &'static str,
    /// Tenths of a mu.
    pub(crate) farmland: u32,
    /// Fen of income a year for each member.
    pub(crate) income: u32,
    /// Who helps.
    pub(crate) helper: String,
}

/// A house or flat.
#[derive(Clone)]
pub(crate) struct House {
    /// Index of the village.
    pub(crate) village: usize,
    /// Where it stands.
    pub(crate) spot: Spot,
    /// The serial number of its standard address within the village.
    pub(crate) serial: u32,
    /// Who owns it.
    pub(crate) owner: PersonIndex,
    /// The household in it (or the last one).
    pub(crate) household: usize,
    /// The code of the rural survey, where it is in it.
    pub(crate) survey: Option<u64>,
    /// 1 brick and concrete, 2 earth and wood, 3 brick and wood, 4 reinforced concrete.
    pub(crate) structure: u8,
    /// Year in which it was built.
    pub(crate) built: i32,
    /// Halves of a square metre.
    pub(crate) area_halves: u32,
    /// `A` to `D`.
    pub(crate) grade: char,
    /// 自用, 出租 or 闲置.
    pub(crate) used: &'static str,
}

/// A trap that chance (not a plan) laid: its name, with the number of the group, and who is in it.
pub(crate) type Mark = (String, PersonIndex);

/// The county.
pub(crate) struct World {
    /// Everybody, members of a household next to each other; people whom no register holds stand after their house's
    /// household.
    pub(crate) people: Vec<Person>,
    /// All households.
    pub(crate) households: Vec<Household>,
    /// All houses.
    pub(crate) houses: Vec<House>,
    /// All villages.
    pub(crate) villages: Vec<Village>,
    /// Traps of chance.
    pub(crate) marks: Vec<Mark>,
    /// The planted cells, stories and traps.
    pub(crate) planted: Planted,
}

/// The offices that give out numbers, while the county is being made.
pub(crate) struct Founding {
    pub(crate) ids: IdOffice,
    pub(crate) phones: Numbers,
    pub(crate) survey_codes: Numbers,
    pub(crate) monitoring_numbers: Numbers,
    pub(crate) relief_numbers: BTreeMap<i32, u32>,
    pub(crate) addresses: BTreeMap<usize, u32>,
    pub(crate) accounts: u32,
}

impl World {
    /// Makes the county of a plan.
    pub(crate) fn found(plan: &Plan) -> World {
        let mut dice = Dice::at(plan.seed, &[1]);
        let wide = u64::from(plan.households > 300_000);
        let mut founding = Founding {
            ids: IdOffice::new(planted::reserved_ids()),
            phones: phones(plan.households),
            survey_codes: Numbers::new(
                0,
                1_000_000 * 10_u64.pow(u32::try_from(wide).unwrap_or(0)),
                31,
                &[planted::SAMPLE_HOUSE],
            ),
            monitoring_numbers: Numbers::new(510_000_000, 990_000, 37, &[planted::SAMPLE_MONITORING]),
            relief_numbers: BTreeMap::new(),
            addresses: BTreeMap::new(),
            accounts: 100,
        };
        let mut world = World {
            people: Vec::new(),
            households: Vec::new(),
            houses: Vec::new(),
            villages: villages(&mut dice, plan.households),
            marks: Vec::new(),
            planted: Planted::default(),
        };
        if plan.traps {
            planted::plant(&mut world, &mut founding, plan.seed);
        }
        let planted = world.households.len();
        let number = usize::try_from(plan.households).expect("invariant: fits the machine");
        let per_village = number.div_ceil(world.villages.len());
        for household in planted..number {
            let village = (household / per_village).min(world.villages.len() - 1);
            let path = u64::try_from(household).expect("invariant: fits the machine");
            let mut dice = Dice::at(plan.seed, &[2, path]);
            family::settle(&mut world, &mut founding, plan, &mut dice, village);
        }
        fate::share_names(&mut world, plan);
        world
    }

    /// A person.
    pub(crate) fn person(&self, index: PersonIndex) -> &Person {
        self.people.get(index.at()).expect("invariant: an index of this county")
    }

    /// A household.
    pub(crate) fn household(&self, index: usize) -> &Household {
        self.households.get(index).expect("invariant: an index of this county")
    }

    /// A house.
    pub(crate) fn house(&self, index: usize) -> &House {
        self.houses.get(index).expect("invariant: an index of this county")
    }

    /// A village.
    pub(crate) fn village(&self, index: usize) -> &Village {
        self.villages.get(index).expect("invariant: an index of this county")
    }

    /// The members of a household, the head first.
    pub(crate) fn members(&self, household: &Household) -> impl Iterator<Item = (PersonIndex, &Person)> {
        let first = household.head.at();
        let size = usize::try_from(household.size).expect("invariant: fits the machine");
        let members = self.people.get(first..first + size).expect("invariant: members stand together");
        members.iter().zip(household.head.0..).map(|(person, index)| (PersonIndex(index), person))
    }

    /// How many members of a household are there today.
    pub(crate) fn living(&self, household: &Household) -> usize {
        self.members(household).filter(|(_, member)| member.died.is_none()).count()
    }
}
