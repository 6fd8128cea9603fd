//! GA, the population register: one message for each state of a registration.

use yibiao_format::Cell;

use super::address;
use super::clerk::{BirthForm, IdForm};
use super::{Sheet, Slip, Written, text, words};
use crate::Plan;
use crate::day::Moment;
use crate::place::Spot;
use crate::roll::{Change, Department, Kind, Registration};
use crate::world::{House, World};

/// The members of a message after `op`, `person_key` and `更新时间`.
pub(crate) const COLUMNS: [&str; 18] = [
    "GMSFHM", "XM", "XBDM", "CSRQ", "MZDM", "LXDH", "HJDXZ", "XZDXZ", "XZQHDM", "WGBH", "HH", "HZXM",
    "YHZGXDM", "HYZKDM", "WHCDDM", "FWCS", "BZDZID", "FWYT",
];

/// Which state of a registration a message tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// As first entered.
    Before,
    /// As it is now.
    Now,
}

/// The state of a registration.
pub(crate) fn row(plan: &Plan, world: &World, registration: &Registration, state: State) -> Written {
    let copy = match registration.kind {
        Kind::Home => 0,
        _ => 1,
    };
    let mut sheet =
        Sheet::open(plan, world, Department::Ga, registration.person, registration.household, copy);
    let before =
        if state == State::Before { registration.story.changed.map(|(_, change)| change) } else { None };
    let second = registration.kind == Kind::SecondId;
    if registration.kind == Kind::MarriedOut {
        sheet.clerk.note("row", "married_out");
    } else if registration.kind == Kind::WithChild {
        sheet.clerk.note("row", "two_households");
    } else if second {
        sheet.clerk.note("row", "double_hukou");
    }
    let id = citizen_id(&mut sheet, second);
    let name = name(&mut sheet, before);
    let sex = sheet.clerk.sex(sheet.who);
    let born = match sheet.clerk.birth(sheet.who) {
        BirthForm::Missing => None,
        BirthForm::Day(day) | BirthForm::LunarWords(day) => Some(day.compact()),
    };
    let phone = phone(&mut sheet, registration, before);
    let (registered, residence) = houses(&mut sheet, before);
    let registered_at = address::full(world, registered);
    let residence_at = address::full(world, residence);
    let village = world.village(residence.village);
    let work = if before == Some(Change::Work) { None } else { sheet.who.work.text() };
    let work = work.or_else(|| sheet.clerk.dice.percent(60).then(|| "无".to_owned()));
    let lower = if before == Some(Change::Education) {
        lower_education(sheet.who.education)
    } else {
        sheet.who.education
    };
    let used = if residence.used == "出租" {
        "30"
    } else if matches!(residence.spot, Spot::Urban { number: ..20, .. }) {
        "20"
    } else {
        "10"
    };
    let cells = vec![
        text(id),
        Cell::Text(name),
        Cell::Text(words::sex_code(sex).to_owned()),
        text(born),
        Cell::Text(sheet.who.ethnicity.to_owned()),
        text(phone),
        Cell::Text(registered_at),
        Cell::Text(residence_at),
        Cell::Text(crate::place::DISTRICT_CODE.to_string()),
        Cell::Text(format!("{}{:03}", village.code, village.grid(residence.spot.group()))),
        Cell::Text(registration.unit.to_string()),
        Cell::Text(world.person(registration.head).name.text()),
        Cell::Text(words::relation_code(registration.relation, sheet.who.sex).to_owned()),
        Cell::Text(words::marital_code(marital(&sheet, registration)).to_string()),
        Cell::Text(lower.to_string()),
        text(work),
        Cell::Text(format!("{}-{:04}", village.code, residence.serial)),
        Cell::Text(used.to_owned()),
    ];
    sheet.finish(Department::Ga, copy, &COLUMNS, cells)
}

/// One line of the file, without its end.
pub(crate) fn line(
    op: &str,
    registration: &Registration,
    at: Moment,
    written: Option<&Written>,
    reason: Option<&str>,
) -> String {
    let mut line = String::with_capacity(700);
    line.push_str("{\"op\":");
    line.push_str(&quoted(op));
    member(&mut line, "person_key", Some(&key(registration)));
    member(&mut line, "更新时间", Some(&at.text()));
    for (column, cell) in
        COLUMNS.iter().zip(written.map(|written| written.cells.as_slice()).unwrap_or_default())
    {
        let value = match cell {
            Cell::Text(text) => Some(text.as_str()),
            _ => None,
        };
        member(&mut line, column, value);
    }
    if let Some(reason) = reason {
        member(&mut line, "注销原因", Some(reason));
    }
    line.push('}');
    line
}

fn member(line: &mut String, name: &str, value: Option<&str>) {
    line.push(',');
    line.push_str(&quoted(name));
    line.push(':');
    match value {
        Some(value) => line.push_str(&quoted(value)),
        None => line.push_str("null"),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The key of a registration.
pub(crate) fn key(registration: &Registration) -> String {
    format!("RK{:08}", registration.key)
}

/// The standard address of a house.
pub(crate) fn standard_address(world: &World, house: &House) -> String {
    format!("{}-{:04}", world.village(house.village).code, house.serial)
}

fn citizen_id(sheet: &mut Sheet<'_>, second: bool) -> Option<String> {
    match sheet.clerk.citizen_id(sheet.world, sheet.who, sheet.household, second) {
        IdForm::Missing => None,
        IdForm::Text(text) => Some(text),
        // The register itself never holds a number; what came from a spreadsheet came with zeros at the end.
        IdForm::Truncated(full) => {
            let head: String = full.chars().take(15).collect();
            Some(format!("{head}000"))
        }
    }
}

fn name(sheet: &mut Sheet<'_>, before: Option<Change>) -> String {
    match (before, sheet.who.former) {
        (Some(Change::Name), Some(former)) => former.text(),
        _ => sheet.clerk.name(sheet.world, sheet.who),
    }
}

fn phone(sheet: &mut Sheet<'_>, registration: &Registration, before: Option<Change>) -> Option<String> {
    let officer = sheet.world.village(sheet.house.village).officer_phone;
    let now = sheet.clerk.phone(sheet.world, registration.person, sheet.who, officer);
    let phone = match (before, sheet.who.former_phone) {
        (Some(Change::Phone), Some(former)) => Some(former),
        _ => now,
    };
    // A second registration is kept by nobody.
    phone.filter(|_| registration.kind != Kind::MarriedOut).map(|phone| phone.to_string())
}

/// Where somebody is registered and where they live, by that message.
fn houses<'a>(sheet: &mut Sheet<'a>, before: Option<Change>) -> (&'a House, &'a House) {
    let world = sheet.world;
    match (before, sheet.household.moved) {
        (Some(Change::Move), Some((_, from))) => (world.house(from), world.house(from)),
        _ => (world.house(sheet.household.registered_house), sheet.clerk.residence(world, sheet.household)),
    }
}

fn marital(sheet: &Sheet<'_>, registration: &Registration) -> crate::world::Marital {
    if registration.kind == Kind::MarriedOut { crate::world::Marital::Single } else { sheet.who.marital }
}

fn lower_education(code: u8) -> u8 {
    match code {
        10 => 20,
        20 | 30 => 60,
        40 | 60 => 70,
        70 => 80,
        _ => 90,
    }
}

/// Deviations that lie in the messages of a registration rather than in one of its rows.
pub(crate) fn story_slips(registration: &Registration, world: &World) -> Option<Slip> {
    let died = world.person(registration.person).died.is_some();
    let unreported = died && registration.kind == Kind::Home && registration.story.closed.is_none();
    unreported.then_some(Slip { element: "alive", kind: "death_not_reported" })
}
