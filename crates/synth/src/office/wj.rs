//! WJ, the health visits to old people: columns of the health record standard, one file for four quarters.

use yibiao_format::Cell;

use super::address::{self, Style, full_width};
use super::clerk::{BirthForm, IdForm};
use super::mz::groups;
use super::{Sheet, Written, words};
use crate::Plan;
use crate::day::Day;
use crate::dice::Dice;
use crate::roll::{Department, Entry};
use crate::world::{Sex, World};

/// The columns, in the order of the file.
pub(crate) const COLUMNS: [&str; 19] = [
    "DE02_01_030_00",
    "DE02_01_039_00",
    "DE02_01_040_00",
    "DE02_01_005_01",
    "DE02_01_025_00",
    "DE02_01_010_00",
    "现住址",
    "ORG_AREA",
    "DE02_01_018_00",
    "联系人姓名",
    "联系人电话",
    "健康状况",
    "慢病类型",
    "残疾情况代码",
    "残疾等级代码",
    "自理能力评估",
    "居住情况",
    "随访日期",
    "签约医生",
];

/// The row of an entry. What stands in the person's health record (id, name, birth) is the same in every quarter, right
/// or wrong; what the visit found differs.
pub(crate) fn row(plan: &Plan, world: &World, entry: &Entry) -> Written {
    let mut sheet = Sheet::open(plan, world, Department::Wj, entry.person, entry.household, entry.copy);
    if entry.copy > 0 {
        sheet.clerk.note("row", "duplicate");
    }
    let who = sheet.who;
    let id = citizen_id(&mut sheet);
    let name = sheet.clerk.name(world, who);
    let village = world.village(sheet.house.village);
    let sex = sex(&mut sheet, village.town_number());
    let born = match sheet.clerk.birth(who) {
        BirthForm::Missing => String::new(),
        BirthForm::Day(day) | BirthForm::LunarWords(day) => format!("{}T00:00:00", day.dashed()),
    };
    let phone = phone(&mut sheet, entry, village.officer_phone);
    let home = sheet.clerk.residence(world, sheet.household);
    let (contact, contact_phone) = sheet.contact().unzip();
    let marital = (words::marital_code(who.marital) / 10).to_string();
    let ethnicity = sheet.clerk.or_blank(words::ethnicity(who.ethnicity).to_owned()).unwrap_or_default();
    let (kind, degree) = disability(&mut sheet);
    // From here on the dice are those of the visit.
    let path = [22, entry.person.number(), u64::from(entry.quarter), u64::from(entry.copy)];
    sheet.clerk.dice = Dice::at(plan.seed, &path);
    let home_at = address::write(&mut sheet.clerk, world, home, Style::Visit, "residence_address");
    let contact_phone = contact_phone.flatten().map(|phone| phone.to_string()).unwrap_or_default();
    let contact_phone =
        if sheet.clerk.dice.percent(40) { groups(&contact_phone, "-") } else { contact_phone };
    let cells = vec![
        id,
        name,
        sex.to_owned(),
        born,
        ethnicity,
        phone,
        home_at,
        village.town_code().to_string(),
        marital,
        contact.unwrap_or_default(),
        contact_phone.trim_matches('-').to_owned(),
        health(&mut sheet),
        who.illnesses.join(sheet.clerk.dice.pick(&[";", ","])),
        kind,
        degree,
        care(&mut sheet),
        living(&mut sheet),
        visited(&mut sheet, entry.quarter),
        village.staff.doctor.clone(),
    ];
    let cells = cells.into_iter().map(Cell::Text).collect();
    sheet.finish(Department::Wj, entry.copy, &COLUMNS, cells)
}

fn citizen_id(sheet: &mut Sheet<'_>) -> String {
    match sheet.clerk.citizen_id(sheet.world, sheet.who, sheet.household, false) {
        IdForm::Missing => if sheet.clerk.dice.percent(18) { "无" } else { "" }.to_owned(),
        IdForm::Truncated(full) => {
            let part = |from: usize, to: usize| full.chars().skip(from).take(to - from).collect::<String>();
            format!("{}.{}E+17", part(0, 1), part(1, 6))
        }
        IdForm::Text(id) if id.len() != 18 => id,
        IdForm::Text(id) => match sheet.clerk.dice.below(100) {
            0..22 => {
                let part = |from: usize, to: usize| id.chars().skip(from).take(to - from).collect::<String>();
                format!("{} {} {}", part(0, 6), part(6, 14), part(14, 18))
            }
            22..24 => id.chars().map(full_width).collect(),
            24..40 => id.replace('X', "x"),
            _ => id,
        },
    }
}

/// Digits by the national standard, but letters in every third town.
fn sex(sheet: &mut Sheet<'_>, town: u64) -> &'static str {
    let sex = sheet.clerk.sex(sheet.who);
    match sex {
        Sex::Man if town.is_multiple_of(3) => "M",
        Sex::Woman if town.is_multiple_of(3) => "F",
        other => words::sex_code(other),
    }
}

fn phone(sheet: &mut Sheet<'_>, entry: &Entry, officer: u64) -> String {
    let Some(phone) = sheet.clerk.phone(sheet.world, entry.person, sheet.who, officer) else {
        return String::new();
    };
    let digits = phone.to_string();
    match sheet.clerk.dice.below(100) {
        0..48 => digits,
        48..78 => format!("+86-{}", groups(&digits, "-")),
        78..97 => groups(&digits, "-"),
        _ => format!("86{digits}"),
    }
}

fn disability(sheet: &mut Sheet<'_>) -> (String, String) {
    match sheet.who.disability {
        Some((kind, degree)) => (kind.to_string(), degree.to_string()),
        None if sheet.clerk.dice.percent(30) => (String::new(), String::new()),
        None => ("1".to_owned(), String::new()),
    }
}

fn health(sheet: &mut Sheet<'_>) -> String {
    match sheet.who.illnesses.len() {
        0 => sheet.clerk.dice.weigh(&[("1", 70), ("2", 30)]),
        1 | 2 => "3",
        _ => "4",
    }
    .to_string()
}

fn care(sheet: &mut Sheet<'_>) -> String {
    let score = sheet.who.dependence;
    match sheet.clerk.dice.below(100) {
        0..2 => String::new(),
        2..38 => score.to_string(),
        _ => format!("{score}({})", words::dependence(score)),
    }
}

fn living(sheet: &mut Sheet<'_>) -> String {
    let old = sheet.world.members(sheet.household).all(|(_, member)| member.age() >= 60);
    let (code, words) = match sheet.household.size {
        1 => ("2", "独居"),
        _ if old => ("3", "空巢"),
        _ => ("1", "与家人同住"),
    };
    if sheet.clerk.dice.percent(60) { format!("{code}{words}") } else { code.to_owned() }
}

fn visited(sheet: &mut Sheet<'_>, quarter: u8) -> String {
    let first = match quarter {
        0 => Day::of(2025, 10, 8),
        1 => Day::of(2026, 1, 6),
        2 => Day::of(2026, 4, 7),
        _ => Day::of(2026, 7, 6),
    };
    Day(first.0 + sheet.clerk.dice.between(0, 80)).compact()
}
