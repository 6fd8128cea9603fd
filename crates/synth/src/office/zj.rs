//! ZJ, the survey of rural houses: a database table with tight types.

use yibiao_format::Cell;

use super::address::{self, Style};
use super::clerk::{Clerk, Desk, IdForm};
use super::{Slip, Written};
use crate::Plan;
use crate::roll::{Department, Survey};
use crate::world::{House, Person, World};

/// The columns of the table.
pub(crate) const COLUMNS: [&str; 14] = [
    "house_code",
    "village_code",
    "house_addr",
    "owner_name",
    "owner_id_card",
    "phone",
    "object_type",
    "structure",
    "built_year",
    "area_m2",
    "usage",
    "safety_level",
    "risk_desc",
    "rectify_status",
];

/// The code of a surveyed house.
pub(crate) fn code(survey: &Survey) -> String {
    format!("ZJ-99-{:06}", survey.code)
}

/// The row of a house.
pub(crate) fn row(plan: &Plan, world: &World, survey: &Survey) -> Written {
    let house = world.house(survey.house);
    let owner = world.person(house.owner);
    let village = world.village(house.village);
    let desk = Desk { department: Department::Zj, town: village.town_number(), village: village.code };
    let mut clerk = Clerk::at(plan, desk, &[survey.code], owner.planted);
    if survey.copy > 0 {
        clerk.note("row", "duplicate");
    }
    let address = address::write(&mut clerk, world, house, Style::Survey, "residence_address");
    let mut name = clerk.name(world, owner);
    if name.chars().count() > 8 {
        name = name.chars().take(8).collect();
        clerk.note("name", "cut_to_8");
    }
    let id = citizen_id(&mut clerk, world, owner);
    let phone = phone(&mut clerk, world, house);
    let (risk, status) = risk(&mut clerk, house);
    let cells = vec![
        Cell::Text(code(survey)),
        Cell::Text(village.code.to_string()),
        Cell::Text(address),
        Cell::Text(name),
        id,
        super::text(phone),
        kind_of_owner(&mut clerk, world, house),
        Cell::Text(house.structure.to_string()),
        if clerk.leaves_blank() { Cell::Absent } else { Cell::Integer(i64::from(house.built)) },
        Cell::Number(f64::from(house.area_halves) / 2.0),
        Cell::Text(house.used.to_owned()),
        Cell::Text(house.grade.to_string()),
        super::text(risk),
        Cell::Integer(status),
    ];
    finish(world, house, survey.copy, cells, clerk.slips)
}

fn finish(world: &World, house: &House, copy: u8, mut cells: Vec<Cell>, mut slips: Vec<Slip>) -> Written {
    if let Some(planted) = world.planted.cells.get(&(Department::Zj, house.owner, copy)) {
        for (column, planted) in planted {
            let place = COLUMNS.iter().position(|name| name == column);
            let cell = place.and_then(|place| cells.get_mut(place));
            *cell.expect("invariant: planted cells name columns of the table") = planted.clone();
            slips.push(Slip { element: column, kind: "planted" });
        }
    }
    Written { cells, slips }
}

/// The id as the double precision number that the column is: fifteen digits at best, and no X.
fn citizen_id(clerk: &mut Clerk<'_>, world: &World, owner: &Person) -> Cell {
    let household = world.household(owner.household);
    match clerk.citizen_id(world, owner, household, false) {
        IdForm::Missing => Cell::Absent,
        IdForm::Truncated(full) => {
            // Only what a narrow column of a spreadsheet showed is left: six digits.
            let shown: String = full.chars().take(6).collect();
            shown.parse::<f64>().map_or(Cell::Absent, |number| Cell::Number(number * 1e12))
        }
        IdForm::Text(id) if id.len() == 15 => id.parse().map_or(Cell::Absent, Cell::Number),
        IdForm::Text(id) => {
            let digits: String = id.chars().take(15).collect();
            let Ok(number) = digits.parse::<f64>() else { return Cell::Absent };
            if !id.ends_with('X') {
                clerk.note("citizen_id", "double_15_significant");
                return Cell::Number(number * 1000.0);
            }
            if clerk.dice.percent(50) {
                clerk.note("citizen_id", "x_not_a_number");
                Cell::Absent
            } else {
                clerk.note("citizen_id", "x_dropped_double");
                Cell::Number(number * 100.0)
            }
        }
    }
}

fn phone(clerk: &mut Clerk<'_>, world: &World, house: &House) -> Option<String> {
    let village = world.village(house.village);
    let owner = world.person(house.owner);
    if !owner.planted && clerk.dice.percent(6) {
        clerk.note("mobile", "landline");
        return Some(format!("0990-0{:06}", clerk.dice.below(1_000_000)));
    }
    if owner.rolls.unregistered {
        return None;
    }
    clerk.phone(world, house.owner, owner, village.officer_phone).map(|phone| phone.to_string())
}

fn kind_of_owner(clerk: &mut Clerk<'_>, world: &World, house: &House) -> Cell {
    if clerk.leaves_blank() {
        return Cell::Absent;
    }
    let household = world.household(house.household);
    let category = household.relief.as_ref().and_then(|relief| relief.category);
    let kind = match category {
        Some("农村低保" | "城市低保") => "低保户",
        Some("分散特困供养" | "集中特困供养") => "特困户",
        _ if household.monitoring.is_some() => "监测户",
        _ => "一般户",
    };
    Cell::Text(kind.to_owned())
}

fn risk(clerk: &mut Clerk<'_>, house: &House) -> (Option<String>, i64) {
    let dangers = ["地基局部下沉", "屋面漏雨", "墙体空鼓脱落", "檩条腐朽"];
    match house.grade {
        'A' | 'B' => (clerk.dice.percent(68).then(|| "无明显隐患".to_owned()), 0),
        _ => {
            let crack = format!("后墙开裂约{}cm", clerk.dice.between(1, 5));
            let what = if clerk.dice.percent(22) { crack } else { (clerk.dice.pick(&dangers)).to_owned() };
            (Some(what), i64::from(clerk.dice.below(3)))
        }
    }
}
