//! YJ, the evacuation list: a spreadsheet for people who go from door to door.

use yibiao_format::Cell;

use super::address::{self, Style};
use super::clerk::{Clerk, IdForm};
use super::{Sheet, Written, text, words};
use crate::Plan;
use crate::roll::{Department, Entry};
use crate::world::{House, Relation, Sex, World};

/// The columns, in the order of the sheet.
pub(crate) const COLUMNS: [&str; 18] = [
    "镇村",
    "所在网格",
    "转移对象",
    "身份证",
    "电话",
    "居住地点",
    "同住人数",
    "独居",
    "需协助转移",
    "紧急联系人",
    "紧急联系电话",
    "房屋结构",
    "建房时间",
    "危房等级",
    "隐患情况",
    "整改情况",
    "安置点",
    "转移责任人",
];

/// The row of an entry.
pub(crate) fn row(plan: &Plan, world: &World, entry: &Entry) -> Written {
    let mut sheet = Sheet::open(plan, world, Department::Yj, entry.person, entry.household, entry.copy);
    if entry.copy > 0 {
        sheet.clerk.note("row", "duplicate");
    }
    let who = sheet.who;
    let name = sheet.clerk.name(world, who);
    let id = citizen_id(&mut sheet);
    let house = sheet.clerk.residence(world, sheet.household);
    let village = world.village(house.village);
    let phone = phone(&mut sheet, entry, village.officer_phone);
    let place = address::write(&mut sheet.clerk, world, house, Style::Flood, "residence_address");
    let living = world.living(sheet.household);
    let helpless = who.dependence >= 9
        || who.age() < 4
        || who.age() >= 85
        || who.disability.is_some_and(|(_, degree)| degree == 1);
    let (contact, contact_phone) = contact(&mut sheet);
    let danger = sheet.household.flood.unwrap_or("屋后滑坡隐患");
    let danger = if house.grade >= 'C' || sheet.clerk.dice.percent(15) {
        format!("{danger};墙体裂缝")
    } else {
        danger.to_owned()
    };
    let space = if sheet.clerk.dice.percent(65) { " " } else { "" };
    let [day, night] = &village.staff.evacuation;
    let cells = vec![
        Cell::Text(format!("{}{space}{}", village.town(), village.name)),
        Cell::Text(format!("{}网格", village.grid(house.spot.group()))),
        Cell::Text(name),
        id,
        phone,
        Cell::Text(place),
        Cell::Number(f64::from(u32::try_from(living).expect("invariant: a family"))),
        text((living == 1).then(|| "√".to_owned())),
        Cell::Text(if helpless { "是" } else { "否" }.to_owned()),
        text(contact),
        contact_phone,
        Cell::Text(words::structure(house.structure).to_owned()),
        built(&mut sheet.clerk, house),
        grade(&mut sheet.clerk, house),
        Cell::Text(danger),
        Cell::Text(
            (sheet.clerk.dice.pick(&["未整改", "已设警示,未加固", "已落实监测", "已加固"])).to_owned(),
        ),
        Cell::Text(if village.urban {
            format!("{}活动中心", village.name)
        } else {
            format!("{}小学", village.name)
        }),
        Cell::Text(if house.spot.group().is_multiple_of(2) { day.clone() } else { night.clone() }),
    ];
    sheet.finish(Department::Yj, entry.copy, &COLUMNS, cells)
}

fn citizen_id(sheet: &mut Sheet<'_>) -> Cell {
    match sheet.clerk.citizen_id(sheet.world, sheet.who, sheet.household, false) {
        IdForm::Missing if sheet.clerk.dice.percent(22) => Cell::Text("未提供".to_owned()),
        IdForm::Missing => Cell::Absent,
        IdForm::Truncated(full) => super::mz::number_of(&full),
        IdForm::Text(id) => Cell::Text(id),
    }
}

fn phone(sheet: &mut Sheet<'_>, entry: &Entry, officer: u64) -> Cell {
    let who = sheet.who;
    let phone = sheet.clerk.phone(sheet.world, entry.person, who, officer);
    let Some(phone) = phone else { return Cell::Absent };
    if let Some(guardian) = who.guardian.map(|guardian| sheet.world.person(guardian))
        && let Some(other) = guardian.phone.filter(|other| *other != phone)
        && !who.planted
        && who.age() >= 60
        && sheet.clerk.dice.percent(18)
    {
        let how = match (guardian.relation, guardian.sex) {
            (Relation::Spouse, _) => "亲",
            (_, Sex::Man) => "儿",
            (_, Sex::Woman) => "女",
        };
        return Cell::Text(format!("{phone}/{other}({how})"));
    }
    // 11 digits fit a spreadsheet number.
    number_or_text(&mut sheet.clerk, phone, 20)
}

fn number_or_text(clerk: &mut Clerk<'_>, phone: u64, percent: u32) -> Cell {
    let digits = phone.to_string();
    match digits.parse() {
        Ok(number) if clerk.dice.percent(percent) => Cell::Number(number),
        _ => Cell::Text(digits),
    }
}

fn contact(sheet: &mut Sheet<'_>) -> (Option<String>, Cell) {
    let Some((name, phone)) = sheet.contact() else { return (None, Cell::Absent) };
    let guardian = sheet.who.guardian.map(|guardian| sheet.world.person(guardian));
    let child = guardian.is_some_and(|guardian| sheet.who.age() - guardian.age() >= 16);
    let sex = guardian.map(|guardian| guardian.sex);
    let name = match sex {
        Some(Sex::Man) if child && sheet.clerk.dice.percent(45) => format!("{name}(儿子)"),
        Some(Sex::Woman) if child && sheet.clerk.dice.percent(45) => format!("{name}(女儿)"),
        _ => name,
    };
    let phone = phone.map_or(Cell::Absent, |phone| number_or_text(&mut sheet.clerk, phone, 30));
    (Some(name), phone)
}

fn built(clerk: &mut Clerk<'_>, house: &House) -> Cell {
    let year = house.built;
    match clerk.dice.below(100) {
        0..30 => Cell::Number(f64::from(year)),
        30..69 => Cell::Text(format!("{year}年")),
        69..80 => Cell::Text(format!("{year}年左右")),
        // Nobody says 00年代 of this century.
        _ if year >= 2000 => Cell::Text(format!("{year}年")),
        _ => Cell::Text(format!("{:02}年代", year % 100 / 10 * 10)),
    }
}

fn grade(clerk: &mut Clerk<'_>, house: &House) -> Cell {
    Cell::Text(if clerk.dice.percent(80) { format!("{}级", house.grade) } else { house.grade.to_string() })
}
