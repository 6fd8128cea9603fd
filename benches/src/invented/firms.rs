//! Organisations as many lists of one city name them, and Chinese companies.

#![expect(clippy::indexing_slicing, reason = "every index is drawn below the length of its list")]

use super::words::{digits, drawn, one, percent, raised, slips, word};
use super::{Invented, sheet};
use yibiao_tests::dice::Dice;

const SCHEMA: &str = "
fields:
  - {is: organisation, columns: [name]}
  - {is: address, columns: [address]}
  - {is: postcode, columns: [zip]}
  - {is: phone, columns: [phone]}
";
const SORTS: [&str; 12] = [
    "School",
    "Center",
    "Academy",
    "Learning Center",
    "Day Care",
    "Services",
    "Church",
    "Association",
    "Community Center",
    "Head Start",
    "Elementary School",
    "House",
];
const FORMS: [&str; 5] = [", Inc.", " Inc", " LLC", " Corporation", " Co."];
const STREETS: [(&str, &str); 5] =
    [("Street", "St"), ("Avenue", "Ave"), ("Boulevard", "Blvd."), ("Road", "Rd"), ("Place", "Pl")];
const SIDES: [(&str, &str); 4] = [("North", "N."), ("South", "S"), ("West", "W."), ("East", "E")];

#[derive(Clone)]
struct Site {
    name: Vec<String>,
    sort: &'static str,
    number: usize,
    side: usize,
    street: usize,
    kind: usize,
    zip: String,
    phone: String,
}

fn site(dice: &mut Dice) -> Site {
    Site {
        name: (0..1 + dice.below(3)).map(|_| raised(&drawn(dice, 600))).collect(),
        sort: one(dice, &SORTS),
        number: 100 + dice.below(9_000),
        side: dice.below(SIDES.len()),
        street: 4_000 + dice.below(220),
        kind: dice.below(STREETS.len()),
        zip: format!("606{:02}", dice.below(55)),
        phone: digits(dice, 7),
    }
}

fn listed(dice: &mut Dice, site: &Site) -> Vec<String> {
    let mut name = site.name.join(" ");
    if !percent(dice, 15) {
        name = format!("{name} {}", site.sort);
    }
    if percent(dice, 25) {
        name.push_str(one(dice, &FORMS));
    }
    if percent(dice, 5) {
        name = format!("{} - {name}", word(site.street));
    }
    name = slips(dice, &name, 8);
    let (side, kind) = (SIDES[site.side], STREETS[site.kind]);
    let side = if percent(dice, 40) { side.0 } else { side.1 };
    let kind = match dice.below(10) {
        0..4 => kind.0,
        4..8 => kind.1,
        _ => "",
    };
    let number = if percent(dice, 3) { site.number + 2 } else { site.number };
    let mut address = format!("{number} {side} {} {kind}", raised(&word(site.street)));
    address = slips(dice, &address, 4);
    if percent(dice, 10) {
        address = format!("{address} Springfield IL {}", site.zip);
    }
    let zip = if percent(dice, 50) { String::new() } else { site.zip.clone() };
    let phone = match dice.below(20) {
        0..4 => String::new(),
        4 => digits(dice, 7),
        _ => site.phone.clone(),
    };
    vec![name, if percent(dice, 4) { String::new() } else { address }, zip, phone]
}

/// Sites of organisations: each in several lists.
pub(super) fn organisations(dice: &mut Dice) -> Invented {
    let (mut rows, mut truth) = (Vec::new(), Vec::new());
    let mut sites: Vec<Site> = Vec::new();
    for number in 0u32..1_000 {
        let mut new = site(dice);
        if let Some(other) = sites.get(dice.below(sites.len().max(1))) {
            match dice.below(100) {
                // A branch: another house, sometimes the head office's phone.
                0..10 => {
                    new.name = other.name.clone();
                    new.sort = other.sort;
                    if percent(dice, 30) {
                        new.phone = other.phone.clone();
                    }
                }
                // Another organisation in the house.
                10..15 => new = Site { name: new.name, sort: new.sort, phone: new.phone, ..other.clone() },
                _ => {}
            }
        }
        for _ in 0..1 + dice.below(5) {
            rows.push(listed(dice, &new));
            truth.push(number);
        }
        sites.push(new);
    }
    Invented {
        name: "organisations",
        schema: SCHEMA,
        files: vec![("sites", sheet(&["name", "address", "zip", "phone"], rows))],
        truth: vec![truth],
        between: false,
    }
}

const CHINESE: &str = "
fields:
  - {is: organisation, columns: [名称]}
  - {is: address, columns: [住所]}
  - {is: phone, columns: [电话]}
  - {is: id_number, columns: [代码]}
";
const REGIONS: [&str; 6] = ["四川省成都市", "成都市", "云岭县", "四川云岭", "绵阳市", "云岭县青溪镇"];
const TRADES: [&str; 24] = [
    "锦", "瑞", "丰", "华", "盛", "宏", "鑫", "泰", "安", "达", "恒", "源", "祥", "佳", "美", "创", "联",
    "信", "诚", "德", "康", "宇", "嘉", "禾",
];
const BRANCHES: [&str; 8] = ["商贸", "建筑工程", "农业科技", "物流", "养殖", "餐饮管理", "网络科技", "种植"];
const LEGAL: [(&str, &str); 4] =
    [("有限公司", "有限责任公司"), ("有限责任公司", "公司"), ("专业合作社", "农民专业合作社"), ("厂", "厂")];
const ROADS: [&str; 6] = ["人民路", "解放街", "青溪大道", "东风路", "新华街", "建设路"];

/// Chinese companies: each in several registers.
pub(super) fn chinese(dice: &mut Dice) -> Invented {
    let (mut rows, mut truth) = (Vec::new(), Vec::new());
    for number in 0u32..700 {
        let trade: String = (0..2 + dice.below(2)).map(|_| one(dice, &TRADES)).collect();
        let (region, branch) = (dice.below(REGIONS.len()), one(dice, &BRANCHES));
        let legal = LEGAL[dice.below(LEGAL.len())];
        let (road, house) = (one(dice, &ROADS), 1 + dice.below(300));
        let (phone, code) = (format!("1{}", digits(dice, 10)), format!("9151{}", digits(dice, 14)));
        for _ in 0..1 + dice.below(4) {
            let region = match dice.below(10) {
                0..6 => REGIONS[region],
                6..8 => "",
                _ => "四川省云岭县",
            };
            let branch = if percent(dice, 10) { "" } else { branch };
            let legal = match dice.below(10) {
                0..7 => legal.0,
                7..9 => legal.1,
                _ => "",
            };
            let name = if percent(dice, 15) {
                format!("{trade}（{region}）{branch}{legal}")
            } else {
                format!("{region}{trade}{branch}{legal}")
            };
            let house = format!("{}{road}{house}号", if percent(dice, 50) { "云岭县" } else { "" });
            let phone = if percent(dice, 60) { phone.clone() } else { String::new() };
            let code = if percent(dice, 35) { slips(dice, &code, 5) } else { String::new() };
            rows.push(vec![name, if percent(dice, 20) { String::new() } else { house }, phone, code]);
            truth.push(number);
        }
    }
    Invented {
        name: "Chinese companies",
        schema: CHINESE,
        files: vec![("register", sheet(&["名称", "住所", "电话", "代码"], rows))],
        truth: vec![truth],
        between: false,
    }
}
