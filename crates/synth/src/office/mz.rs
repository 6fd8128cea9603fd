//! MZ, the relief ledger: a spreadsheet kept by hand, month after month.

use yibiao_format::Cell;

use super::address::{self, Style};
use super::clerk::{BirthForm, Clerk, IdForm};
use super::{Sheet, Written, text, words};
use crate::Plan;
use crate::day::Day;
use crate::roll::{Department, Entry};
use crate::world::{Person, Relief, World};

/// The columns, in the order of the sheet.
pub(crate) const COLUMNS: [&str; 25] = [
    "身份证号",
    "姓名",
    "性别",
    "出生年月",
    "联系方式",
    "户籍所在地",
    "家庭住址",
    "所属镇村",
    "网格",
    "家庭编号",
    "户主",
    "与户主关系",
    "家庭人口",
    "监护人",
    "监护人电话",
    "残疾类别",
    "残疾等级",
    "自理能力",
    "是否独居",
    "最近探访日期",
    "救助类别",
    "享受起始年月",
    "月保障金(元)",
    "银行账号",
    "月人均收入",
];

/// Place of the amount, of which the sheet gives the sum.
pub(crate) const AMOUNT: usize = 22;

/// The row of an entry.
pub(crate) fn row(plan: &Plan, world: &World, entry: &Entry) -> Written {
    let mut sheet = Sheet::open(plan, world, Department::Mz, entry.person, entry.household, entry.copy);
    if entry.copy > 0 {
        sheet.clerk.note("row", "duplicate");
    }
    let id = citizen_id(&mut sheet);
    let who = sheet.who;
    let village = world.village(sheet.house.village);
    let name = sheet.clerk.name(world, who);
    let sex = words::sex(sheet.clerk.sex(who));
    let born = birth(&mut sheet.clerk, who);
    let phone = sheet
        .clerk
        .phone(world, entry.person, who, village.officer_phone)
        .map(|phone| spaced(&mut sheet.clerk, phone));
    let registered = world.house(sheet.household.registered_house);
    let registered_at = address::write(&mut sheet.clerk, world, registered, Style::Ledger, "hukou_address");
    let home = sheet.clerk.residence(world, sheet.household);
    let home_at = address::write(&mut sheet.clerk, world, home, Style::LedgerHome, "residence_address");
    let home_village = world.village(home.village);
    let head = world.person(sheet.household.head);
    let head_name =
        if sheet.household.head == entry.person { name.trim().to_owned() } else { head.name.text() };
    let alone = sheet.household.size == 1;
    let relief = sheet.household.relief.as_ref().expect("invariant: who stands in the ledger has a case");
    let (contact, contact_phone) = sheet.contact().unzip();
    let (kind, degree) = disability(&mut sheet.clerk, who);
    let account = account(&mut sheet, head);
    let (categories, amount) = relief_of(who, relief);
    let income = relief.category.is_some().then(|| f64::from(relief.income));
    let cells = vec![
        id,
        Cell::Text(name),
        Cell::Text(sex.to_owned()),
        born,
        text(phone),
        Cell::Text(registered_at),
        Cell::Text(home_at),
        Cell::Text(format!("{}{}", home_village.town(), home_village.name)),
        Cell::Text(format!(
            "{}第{}网格",
            home_village.name,
            crate::day::number_words(home_village.grid(home.spot.group()))
        )),
        Cell::Text(format!("DB{}-{:04}", relief.since.0, relief.number)),
        Cell::Text(head_name),
        Cell::Text(words::relation(who.relation).to_owned()),
        Cell::Text(format!("{}人", sheet.household.size)),
        text(contact),
        text(contact_phone.flatten().map(|phone| phone.to_string())),
        text(kind.map(str::to_owned)),
        text(degree.map(str::to_owned)),
        text(sheet.clerk.or_blank(words::care(who.dependence).to_owned())),
        Cell::Text(if alone { "是" } else { "否" }.to_owned()),
        text(visit(&mut sheet.clerk)),
        Cell::Text(join(&mut sheet.clerk, &categories)),
        Cell::Text(format!("{}.{:02}", relief.since.0, relief.since.1)),
        money(&mut sheet.clerk, amount),
        Cell::Text(account),
        income.map_or(Cell::Absent, Cell::Number),
    ];
    sheet.finish(Department::Mz, entry.copy, &COLUMNS, cells)
}

/// What somebody receives, and how much a month.
pub(crate) fn relief_of(who: &Person, relief: &Relief) -> (Vec<&'static str>, u32) {
    let mut categories: Vec<&str> = relief.category.into_iter().collect();
    let mut amount = relief.amount;
    if who.age() >= 80 {
        categories.push("高龄津贴");
        amount += if who.age() >= 90 { 200 } else { 50 };
    }
    if who.disability.is_some() {
        categories.push("残疾人两项补贴");
        amount += 160;
    }
    (categories, amount)
}

fn citizen_id(sheet: &mut Sheet<'_>) -> Cell {
    match sheet.clerk.citizen_id(sheet.world, sheet.who, sheet.household, false) {
        IdForm::Missing => match sheet.clerk.dice.below(100) {
            0..65 => Cell::Absent,
            65..77 => Cell::Text("无".to_owned()),
            77..88 => Cell::Text("不详".to_owned()),
            _ => Cell::Text("/".to_owned()),
        },
        IdForm::Truncated(full) => number_of(&full),
        IdForm::Text(id) => {
            let lower = sheet.clerk.dice.percent(35);
            let id = if lower { id.replace('X', "x") } else { id };
            Cell::Text(match sheet.clerk.dice.below(100) {
                0..11 => format!("'{id}"),
                11..15 => format!("{id} "),
                _ => id,
            })
        }
    }
}

/// What a spreadsheet keeps of an id that it takes for a number; an X keeps it text of seventeen digits and a zero.
pub(super) fn number_of(full: &str) -> Cell {
    // A double has 53 bits; spreadsheets cut at fifteen digits before that.
    let digits: String = full.chars().take(15).collect();
    digits.parse::<f64>().map_or(Cell::Absent, |number| Cell::Number(number * 1000.0))
}

fn birth(clerk: &mut Clerk<'_>, who: &Person) -> Cell {
    let day = match clerk.birth(who) {
        BirthForm::Missing => return Cell::Absent,
        BirthForm::LunarWords(day) => return Cell::Text(day.lunar_words()),
        BirthForm::Day(day) => day,
    };
    let (year, month, date) = day.civil();
    Cell::Text(match clerk.dice.below(100) {
        0..33 => format!("{year}.{month:02}"),
        33..54 => day.dashed(),
        54..64 => return Cell::DateSerial(f64::from(day.serial())),
        64..76 => format!("{year}年{month}月"),
        76..83 => format!("{year}{month:02}"),
        83..93 => format!("{year}.{month}.{date}"),
        93..96 if year < 1949 => format!("民国{}年{month}月", year - 1911),
        _ => format!("{year}.{month:02}.{date:02}"),
    })
}

fn spaced(clerk: &mut Clerk<'_>, phone: u64) -> String {
    let digits = phone.to_string();
    if clerk.dice.percent(26) { groups(&digits, " ") } else { digits }
}

/// A mobile number in groups of 3, 4 and 4.
pub(super) fn groups(digits: &str, between: &str) -> String {
    let part = |from: usize, to: usize| digits.chars().skip(from).take(to - from).collect::<String>();
    [part(0, 3), part(3, 7), part(7, 11)].join(between)
}

fn disability(clerk: &mut Clerk<'_>, who: &Person) -> (Option<&'static str>, Option<&'static str>) {
    match who.disability {
        Some((kind, degree)) => (Some(words::disability(kind)), Some(words::degree_capital(degree))),
        None => (clerk.dice.percent(40).then_some("无"), None),
    }
}

/// The card: members of a household are often paid on the head's.
fn account(sheet: &mut Sheet<'_>, head: &Person) -> String {
    let own = sheet.who.account == head.account;
    let account = if !own && !sheet.who.planted && sheet.clerk.dice.percent(40) {
        sheet.clerk.note("bank_account", "head_of_household_account");
        head.account
    } else {
        sheet.who.account
    };
    format!("DEMO-ACCT-{account:04}")
}

fn visit(clerk: &mut Clerk<'_>) -> Option<String> {
    if clerk.leaves_blank() {
        return None;
    }
    let day = Day(clerk.dice.between(Day::of(2026, 9, 20).0, Day::of(2026, 10, 31).0));
    let (year, month, date) = day.civil();
    Some(format!("{year}.{month}.{date}"))
}

fn join(clerk: &mut Clerk<'_>, categories: &[&str]) -> String {
    categories.join(clerk.dice.weigh(&[(",", 45), ("、", 35), (";", 20)]))
}

fn money(clerk: &mut Clerk<'_>, amount: u32) -> Cell {
    if clerk.dice.percent(30) { Cell::Text(format!("{amount}.00")) } else { Cell::Number(f64::from(amount)) }
}
