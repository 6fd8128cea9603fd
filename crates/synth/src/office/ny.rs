//! NY, the monitoring of poor households: an XML export with codes in words.

use yibiao_format::Cell;

use super::address::{self, Style};
use super::clerk::{BirthForm, IdForm};
use super::{Sheet, Written, words};
use crate::Plan;
use crate::roll::{Department, Entry};
use crate::world::World;

/// The elements of a record. The parenthesis of 承包耕地(亩) is escaped when written.
pub(crate) const COLUMNS: [&str; 26] = [
    "行政区划",
    "户编号",
    "户主姓名",
    "姓名",
    "与户主关系",
    "证件号码",
    "性别",
    "出生日期",
    "民族",
    "联系电话",
    "家庭详细地址",
    "家庭人口数",
    "文化程度",
    "务工单位",
    "健康状况",
    "患病情况",
    "残疾类型",
    "残疾级别",
    "监测对象类别",
    "风险类型",
    "住房是否安全",
    "人均年纯收入",
    "承包耕地(亩)",
    "一卡通账号",
    "帮扶责任人",
    "走访时间",
];

/// Stands for an element that says it is nil.
pub(crate) const NIL: Cell = Cell::Bool(false);

/// The row of an entry. An absent cell is an element that is not there, empty text an empty element, [`NIL`] a nil one.
pub(crate) fn row(plan: &Plan, world: &World, entry: &Entry) -> Written {
    let mut sheet = Sheet::open(plan, world, Department::Ny, entry.person, entry.household, entry.copy);
    let who = sheet.who;
    let guest = entry.household != who.household;
    if guest {
        sheet.clerk.note("household_ref", "second_household");
    } else if entry.copy > 0 {
        sheet.clerk.note("row", "duplicate");
    }
    let name = sheet.clerk.name(world, who);
    let id = citizen_id(&mut sheet);
    let sex = if words::sex(sheet.clerk.sex(who)) == "男" { "男性" } else { "女性" };
    let born = match sheet.clerk.birth(who) {
        BirthForm::Missing => String::new(),
        BirthForm::Day(day) | BirthForm::LunarWords(day) => day.serial().to_string(),
    };
    let house = sheet.clerk.residence(world, sheet.household);
    let village = world.village(house.village);
    let phone = sheet
        .clerk
        .phone(world, entry.person, who, village.officer_phone)
        .map(|phone| phone.to_string())
        .unwrap_or_default();
    let place = address::write(&mut sheet.clerk, world, house, Style::Monitoring, "residence_address");
    let head = world.person(sheet.household.head);
    let case = sheet.household.monitoring.as_ref().expect("invariant: who is monitored has a case");
    let relation = if guest { "之母" } else { words::relation_of(who.relation) };
    let relation = if guest && who.sex == crate::world::Sex::Man { "之父" } else { relation };
    let (health, sickness) = health(&sheet);
    let (kind, degree) = disability(&mut sheet);
    let code = if sheet.clerk.dice.percent(15) { scientific(village.code) } else { village.code.to_string() };
    let month = sheet.clerk.dice.between(7, 9);
    let size = u32::from(guest) + u32::try_from(world.living(sheet.household)).expect("invariant: a family");
    let filled = |text: &str| Cell::Text(text.to_owned());
    let cells = vec![
        Cell::Text(code),
        Cell::Text(case.number.to_string()),
        Cell::Text(head.name.text().replace('·', "\u{2027}")),
        Cell::Text(name),
        filled(relation),
        Cell::Text(id),
        filled(sex),
        Cell::Text(born),
        filled(words::ethnicity_short(who.ethnicity)),
        Cell::Text(phone),
        Cell::Text(place),
        Cell::Text(size.to_string()),
        Cell::Text(sheet.clerk.or_blank(words::education(who.education).to_owned()).unwrap_or_default()),
        employer(&mut sheet),
        filled(health),
        Cell::Text(sickness),
        kind,
        degree,
        filled(case.category),
        filled(case.risk),
        filled(if house.grade >= 'C' { "否" } else { "是" }),
        Cell::Text(format!("{}.{:02}", case.income / 100, case.income % 100)),
        Cell::Text(format!("{}.{}", case.farmland / 10, case.farmland % 10)),
        Cell::Text(account(&mut sheet, head.account)),
        Cell::Text(case.helper.clone()),
        Cell::Text(format!("20260{month}")),
    ];
    sheet.finish(Department::Ny, entry.copy, &COLUMNS, cells)
}

fn citizen_id(sheet: &mut Sheet<'_>) -> String {
    match sheet.clerk.citizen_id(sheet.world, sheet.who, sheet.household, false) {
        IdForm::Missing => String::new(),
        IdForm::Text(id) => id,
        IdForm::Truncated(full) => {
            let part = |from: usize, to: usize| full.chars().skip(from).take(to - from).collect::<String>();
            format!("{}.{}E+17", part(0, 1), part(1, 15))
        }
    }
}

/// `9.90101E+11`, as a spreadsheet shows a long number.
fn scientific(code: u64) -> String {
    let digits = code.to_string();
    let part = |from: usize, to: usize| digits.chars().skip(from).take(to - from).collect::<String>();
    format!("{}.{}E+{}", part(0, 1), part(1, 6), digits.len() - 1)
}

fn employer(sheet: &mut Sheet<'_>) -> Cell {
    match sheet.who.work.text() {
        Some(work) if work != "务农" => Cell::Text(work),
        _ if sheet.clerk.dice.percent(34) => NIL,
        _ => Cell::Text(String::new()),
    }
}

fn health(sheet: &Sheet<'_>) -> (&'static str, String) {
    let who = sheet.who;
    let sick: Vec<&str> = who.illnesses.iter().map(|code| words::illness(code)).collect();
    let health = match (sick.len(), who.disability) {
        (3.., _) => "患有大病",
        (1.., _) => "长期慢性病",
        (0, Some(_)) => "残疾",
        (0, None) => "健康",
    };
    (health, sick.join("、"))
}

fn disability(sheet: &mut Sheet<'_>) -> (Cell, Cell) {
    match sheet.who.disability {
        Some((kind, degree)) => (
            Cell::Text(format!("{}残疾", words::disability(kind))),
            Cell::Text(words::degree(degree).to_owned()),
        ),
        None if sheet.clerk.dice.percent(50) => (Cell::Absent, Cell::Absent),
        None => (Cell::Text(String::new()), Cell::Text(String::new())),
    }
}

fn account(sheet: &mut Sheet<'_>, head: u32) -> String {
    let mut account = sheet.who.account;
    if account != head && !sheet.who.planted && sheet.clerk.dice.percent(40) {
        sheet.clerk.note("bank_account", "head_of_household_account");
        account = head;
    }
    format!("DEMO ACCT {account:04}")
}
