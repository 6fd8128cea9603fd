//! The truth: who every record is about, and what is wrong in it. It stands in files of its own and is never an input.

mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use yibiao_record::SystemId;

use crate::county::TruthRow;
use crate::files::{self, FLOOD_FIRST_ROW, RELIEF_FIRST_ROW, Source, WriteError};
use crate::office::ga::{self, State};
use crate::office::{Slip, mz, ny, wj, yj, zj};
use crate::roll::{Department, Rolls};
use crate::world::{PersonIndex, World};

/// The rows of all departments, in file order.
pub(crate) fn rows(world: &World, rolls: &Rolls) -> Vec<TruthRow> {
    let mut rows = Vec::with_capacity(rolls.ga.len() * 2);
    let mut push = |department, local_key: String, person: PersonIndex, household, dwelling| {
        rows.push(TruthRow {
            system: system(department),
            local_key: local_key.into_boxed_str(),
            person: person.0 + 1,
            household: number(household),
            dwelling: number(dwelling),
        });
    };
    let home = |household| world.household(household).house;
    for (entry, row) in rolls.mz.iter().zip(RELIEF_FIRST_ROW..) {
        push(Department::Mz, row.to_string(), entry.person, entry.household, home(entry.household));
    }
    for registration in &rolls.ga {
        let household = registration.household;
        push(Department::Ga, ga::key(registration), registration.person, household, home(household));
    }
    for (entry, row) in rolls.wj.iter().zip(1_u64..) {
        push(Department::Wj, row.to_string(), entry.person, entry.household, home(entry.household));
    }
    for survey in &rolls.zj {
        let house = world.house(survey.house);
        push(Department::Zj, zj::code(survey), house.owner, house.household, survey.house);
    }
    for (entry, row) in rolls.yj.iter().zip(FLOOD_FIRST_ROW..) {
        push(Department::Yj, row.to_string(), entry.person, entry.household, home(entry.household));
    }
    for (entry, row) in rolls.ny.iter().zip(1_u64..) {
        push(Department::Ny, row.to_string(), entry.person, entry.household, home(entry.household));
    }
    rows
}

/// Writes the truth files.
pub(crate) fn write(source: Source<'_>, truth: &[TruthRow], dir: &Path) -> Result<(), WriteError> {
    let persons = truth.iter().map(|row| format!("{},{},P{:07}", row.system, row.local_key, row.person));
    files::write_lines(dir, "truth_persons.csv", headed("department,local_key,true_person_id", persons))?;
    let households = households(source)
        .into_iter()
        .map(|((department, key), unit)| format!("{department},{key},H{unit:07}"));
    files::write_lines(
        dir,
        "truth_households.csv",
        headed("department,local_key,true_household_id", households),
    )?;
    let houses = houses(source)
        .into_iter()
        .map(|((department, key), house)| format!("{department},{key},D{house:07}"));
    files::write_lines(dir, "truth_houses.csv", headed("department,local_key,true_house_id", houses))?;
    let errors = errors(source, truth);
    files::write_lines(dir, "truth_errors.csv", headed("department,local_key,element,kind", errors))?;
    let traps = traps(source, truth).into_iter();
    files::write_lines(dir, "truth_traps.csv", headed("trap,department,local_key,true_person_id", traps))?;
    let facts = facts::facts(source.world);
    files::write_lines(dir, "truth_values.csv", headed("true_person_id,element,value", facts))
}

fn headed(head: &str, lines: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    std::iter::once(head.to_owned()).chain(lines)
}

fn system(department: Department) -> SystemId {
    SystemId::new(department.name()).expect("invariant: a short name")
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).expect("invariant: fewer than 4 thousand million")
}

type Numbered = BTreeMap<(&'static str, String), u32>;

fn households(source: Source<'_>) -> Numbered {
    let mut units = Numbered::new();
    for registration in &source.rolls.ga {
        units.insert(("GA", registration.unit.to_string()), number(registration.household));
    }
    for entry in &source.rolls.mz {
        if let Some(relief) = &source.world.household(entry.household).relief {
            units.insert(
                ("MZ", format!("DB{}-{:04}", relief.since.0, relief.number)),
                number(entry.household),
            );
        }
    }
    for entry in &source.rolls.ny {
        if let Some(case) = &source.world.household(entry.household).monitoring {
            units.insert(("NY", case.number.to_string()), number(entry.household));
        }
    }
    units
}

fn houses(source: Source<'_>) -> Numbered {
    let world = source.world;
    let mut houses = Numbered::new();
    for registration in &source.rolls.ga {
        let household = world.household(registration.household);
        let before = household.moved.map(|(_, from)| from);
        for house in std::iter::once(household.house).chain(before) {
            houses.insert(("GA", ga::standard_address(world, world.house(house))), number(house));
        }
    }
    for survey in &source.rolls.zj {
        houses.insert(("ZJ", zj::code(survey)), number(survey.house));
    }
    for (entry, row) in source.rolls.yj.iter().zip(FLOOD_FIRST_ROW..) {
        houses.insert(("YJ", row.to_string()), number(world.household(entry.household).house));
    }
    houses
}

/// The deviations of every row, found by writing it once more.
fn errors<'a>(source: Source<'a>, truth: &'a [TruthRow]) -> impl Iterator<Item = String> {
    let Source { plan, world, rolls } = source;
    let mz = rolls.mz.iter().map(move |entry| mz::row(plan, world, entry).slips);
    let ga = rolls.ga.iter().map(move |registration| {
        let mut slips = ga::row(plan, world, registration, State::Now).slips;
        slips.extend(ga::story_slips(registration, world));
        slips
    });
    let wj = rolls.wj.iter().map(move |entry| wj::row(plan, world, entry).slips);
    let zj = rolls.zj.iter().map(move |survey| zj::row(plan, world, survey).slips);
    let yj = rolls.yj.iter().enumerate().map(move |(place, entry)| {
        let mut slips = yj::row(plan, world, entry).slips;
        if files::lies_under_merged_cell(world, &rolls.yj, place) {
            slips.push(Slip { element: "division_code", kind: "under_merged_cell" });
        }
        slips
    });
    let ny = rolls.ny.iter().map(move |entry| ny::row(plan, world, entry).slips);
    let all = mz.chain(ga).chain(wj).chain(zj).chain(yj).chain(ny);
    truth.iter().zip(all).flat_map(|(row, mut slips)| {
        slips.sort_unstable();
        slips.dedup();
        slips
            .into_iter()
            .map(|slip| format!("{},{},{},{}", row.system, row.local_key, slip.element, slip.kind))
    })
}

/// Every record of everybody who is in a trap.
fn traps(source: Source<'_>, truth: &[TruthRow]) -> BTreeSet<String> {
    let mut labels: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    let mut label = |person: PersonIndex, name: String| {
        labels.entry(person.0 + 1).or_default().insert(name);
    };
    for (trap, person) in &source.world.planted.traps {
        label(*person, (*trap).to_owned());
    }
    for (trap, person) in &source.world.marks {
        label(*person, trap.clone());
    }
    for (person, trap) in facts::situations(source) {
        label(person, trap.to_owned());
    }
    let mut lines = BTreeSet::new();
    for row in truth {
        for trap in labels.get(&row.person).into_iter().flatten() {
            lines.insert(format!("{trap},{},{},P{:07}", row.system, row.local_key, row.person));
        }
    }
    lines
}
