//! T02 to T24: two people who look like one, and one who looks like two.

use yibiao_format::Cell;

use super::plot::{Plot, on};
use crate::day::Day;
use crate::identity::CitizenId;
use crate::place::Spot;
use crate::roll::Change;
use crate::roll::Department::{Ga, Mz, Ny, Wj, Yj, Zj};
use crate::roll::Kind;
use crate::world::PersonIndex;
use crate::world::family::add_house_at;

const OFFICER: &str = "19900000100";
const MZ_ID: &str = "身份证号";
const WJ_ID: &str = "DE02_01_030_00";
const YJ_ID: &str = "身份证";
const NY_ID: &str = "证件号码";

/// Puts all of them on the stage.
pub(super) fn plant(plot: &mut Plot<'_>) {
    let younger = same_name_same_group(plot);
    twins_and_one_phone(plot);
    registered_with_her_parents(plot);
    dead_but_paid(plot);
    mother_of_two_households(plot);
    let old_form = old_form(plot);
    let river = equal_as_numbers(plot);
    names_of_other_scripts(plot);
    let rare = rare_characters(plot);
    moved_and_renamed(plot);
    husbands_id(plot);
    let two_ids = two_ids(plot);
    newborn(plot);
    same_name_same_day(plot);
    forms_of_one_number(plot);
    twice_in_the_ledger(plot);
    late_message(plot);
    let elders = [younger, old_form, river, rare, two_ids];
    for elder in elders {
        plot.says(Yj, elder, "电话", OFFICER);
    }
    plot.trap("T17", &elders);
}

/// T02.
fn same_name_same_group(plot: &mut Plot<'_>) -> PersonIndex {
    let older = plot.alone((5, 7, "石滚湾"), "peng older");
    let younger = plot.alone((5, 19, "大屋场"), "peng younger");
    for person in [older, younger] {
        plot.relief(person);
        plot.visits(person, [false, person == younger, true, person == older]);
    }
    plot.flood(younger, "危岩下方");
    plot.cell(Mz, older, MZ_ID, Cell::Absent);
    plot.says(Wj, younger, WJ_ID, "");
    plot.cell(Yj, younger, YJ_ID, Cell::Absent);
    plot.says(Yj, younger, "居住地点", "桃花村五社");
    plot.trap("T02", &[older, younger]);
    younger
}

/// T03 and T04.
fn twins_and_one_phone(plot: &mut Plot<'_>) {
    let family =
        plot.household((1, 3, "烂田湾"), &["luo father", "luo mother", "luo twin one", "luo twin two"]);
    let [father, mother, one, two] = family[..] else { unreachable!("invariant: four members") };
    for member in [father, mother, one, two] {
        plot.monitor(member);
    }
    for twin in [one, two] {
        plot.person(twin).guardian = Some(mother);
    }
    plot.says(Ny, two, NY_ID, "");
    plot.trap("T03", &[one, two]);
    let family = plot.household((1, 8, "烂田湾"), &["shi father", "shi son"]);
    let [father, son] = family[..] else { unreachable!("invariant: two members") };
    plot.relief(father);
    plot.visits(father, [true, true, false, false]);
    plot.flood(father, "水库下游");
    plot.flood(son, "水库下游");
    plot.trap("T04", &[father, son]);
}

/// T05: hosts come before their guests.
fn registered_with_her_parents(plot: &mut Plot<'_>) {
    let parents = plot.household((2, 4, "水碾子"), &["qu father", "qu mother"]);
    let host = plot.world.person(*parents.first().expect("invariant: two members")).household;
    let couple = plot.household((6, 11, "沙田坎"), &["zhu", "qu daughter"]);
    let daughter = *couple.last().expect("invariant: two members");
    plot.world.planted.registered_again.insert(daughter, (Kind::MarriedOut, host));
    let old_form = plot.world.person(daughter).id.old_form();
    plot.cell_of_copy(Ga, daughter, 1, "GMSFHM", Cell::Text(old_form));
    plot.cell_of_copy(Ga, daughter, 1, "XM", Cell::Text("瞿小燕".to_owned()));
    plot.trap("T05", &[daughter]);
}

/// T06.
fn dead_but_paid(plot: &mut Plot<'_>) {
    let dead = plot.alone((2, 17, "水碾子"), "dead");
    plot.relief(dead);
    plot.visits(dead, [true, false, false, false]);
    plot.person(dead).died = Some(Day::of(2026, 3, 9));
    plot.story(dead, None, Some((on(2026, 3, 12), "死亡")), None);
    plot.trap("T06", &[dead]);
}

/// T07: the younger son's household counts her too.
fn mother_of_two_households(plot: &mut Plot<'_>) {
    let elder = plot.household((4, 5, "瓦厂坡"), &["elder son", "shared mother"]);
    let [elder_son, mother] = elder[..] else { unreachable!("invariant: two members") };
    let younger_son = plot.alone((4, 6, "瓦厂坡"), "younger son");
    for person in [elder_son, mother, younger_son] {
        plot.monitor(person);
    }
    plot.visits(mother, [true; 4]);
    let host = plot.world.person(younger_son).household;
    plot.world.planted.guests.push((mother, host));
    plot.trap("T07", &[mother]);
}

/// T08.
fn old_form(plot: &mut Plot<'_>) -> PersonIndex {
    let person = plot.alone((5, 22, "大屋场"), "old form");
    plot.relief(person);
    plot.visits(person, [true, true, false, false]);
    plot.flood(person, "临河低洼");
    let old = plot.world.person(person).id.old_form();
    plot.says(Mz, person, MZ_ID, &old);
    plot.says(Yj, person, YJ_ID, &old);
    plot.trap("T08", &[person]);
    person
}

/// T09: both ledger cells are numbers, and both numbers are the same.
fn equal_as_numbers(plot: &mut Plot<'_>) -> PersonIndex {
    let one = plot.alone((6, 2, "沙田坎"), "river one");
    let two = plot.alone((6, 29, "黄葛树"), "river two");
    for person in [one, two] {
        plot.relief(person);
        plot.cell(Mz, person, MZ_ID, Cell::Number(990_101_196_104_140_000.0));
    }
    plot.flood(two, "冲沟出口");
    plot.trap("T09", &[one, two]);
    two
}

/// T10.
fn names_of_other_scripts(plot: &mut Plot<'_>) {
    let family = plot.household((7, 1, "下院子"), &["erkin", "mayila"]);
    let [father, daughter] = family[..] else { unreachable!("invariant: two members") };
    plot.relief(father);
    plot.visits(father, [false, true, true, false]);
    plot.survey(father, None);
    for person in [father, daughter] {
        plot.flood(person, "临河低洼");
        plot.monitor(person);
    }
    plot.person(father).guardian = Some(daughter);
    plot.says(Mz, father, "姓名", "艾力肯\u{2022}库尔班");
    plot.says(Yj, father, "转移对象", "艾尔肯 库尔班");
    plot.says(Yj, daughter, "转移对象", "玛依拉 艾尔肯");
    plot.trap("T10", &[father, daughter]);
}

/// T11.
fn rare_characters(plot: &mut Plot<'_>) -> PersonIndex {
    let yan = plot.alone((7, 13, "下院子"), "rare yan");
    let hong = plot.alone((7, 26, "窑罐厂"), "rare hong");
    plot.relief(yan);
    plot.monitor(yan);
    plot.says(Mz, yan, "姓名", "陈?");
    plot.says(Mz, yan, "户主", "陈?");
    plot.says(Ny, yan, "姓名", "陈(龙天)");
    plot.relief(hong);
    plot.visits(hong, [false, false, true, false]);
    plot.survey(hong, None);
    plot.flood(hong, "屋后高切坡");
    plot.says(Mz, hong, "姓名", "周hong");
    plot.says(Mz, hong, "户主", "周hong");
    plot.says(Zj, hong, "owner_name", "周宏");
    plot.trap("T11", &[yan, hong]);
    hong
}

/// T12 and T13.
fn moved_and_renamed(plot: &mut Plot<'_>) {
    let moved = plot.alone((4, 21, "岩湾头"), "moved");
    plot.relief(moved);
    plot.survey(moved, None);
    let last = plot.world.villages.len() - 1;
    let village = plot.world.village(last).clone();
    let spot = Spot::Rural { group: 2, number: 16, corner: "碾子坝" };
    let spot = if village.urban { Spot::find(&mut crate::dice::Dice::at(0, &[]), &village) } else { spot };
    let to = add_house_at(plot.world, last, spot, 0, moved);
    let household = plot.world.person(moved).household;
    let at = on(2026, 6, 18);
    let old = plot.world.household(household).house;
    if let Some(household) = plot.world.households.get_mut(household) {
        household.moved = Some((at, old));
        household.house = to;
        household.registered_house = to;
    }
    plot.story(moved, Some((at, Change::Move)), None, None);
    plot.says(Mz, moved, "户籍所在地", "示例区青石镇桃花村4社21号");
    plot.says(Mz, moved, "家庭住址", "桃花村4社21号");
    plot.says(Mz, moved, "所属镇村", "青石镇桃花村");
    plot.says(Mz, moved, "网格", "桃花村第二网格");
    plot.trap("T12", &[moved]);

    let renamed = plot.alone((4, 30, "岩湾头"), "renamed");
    plot.person(renamed).former =
        Some(crate::names::PersonName::Han { surname: "何", first: "招", second: "弟" });
    plot.story(renamed, Some((on(2026, 5, 11), Change::Name)), None, None);
    plot.relief(renamed);
    plot.monitor(renamed);
    plot.says(Mz, renamed, "姓名", "何招弟");
    plot.says(Mz, renamed, "户主", "何招弟");
    plot.trap("T13", &[renamed]);
}

/// T14.
fn husbands_id(plot: &mut Plot<'_>) {
    let couple = plot.household((2, 25, "后头坪"), &["pasted husband", "pasted wife"]);
    let [husband, wife] = couple[..] else { unreachable!("invariant: two members") };
    for person in [husband, wife] {
        plot.relief(person);
        plot.visits(person, [true, false, true, false]);
    }
    let id = plot.world.person(husband).id.full();
    plot.says(Mz, wife, MZ_ID, &id);
    plot.trap("T14", &[wife, husband]);
}

/// T15.
fn two_ids(plot: &mut Plot<'_>) -> PersonIndex {
    let host = plot.alone((1, 28, "半边街"), "host");
    let host = plot.world.person(host).household;
    let person = plot.alone((2, 28, "后头坪"), "two ids");
    let second = CitizenId { region: 990_102, born: Day::of(1976, 4, 1), sequence: 45 };
    plot.world.planted.registered_again.insert(person, (Kind::SecondId, host));
    plot.cell_of_copy(Ga, person, 1, "GMSFHM", Cell::Text(second.full()));
    plot.cell_of_copy(Ga, person, 1, "CSRQ", Cell::Text(second.born.compact()));
    plot.relief(person);
    plot.flood(person, "屋后高切坡");
    plot.says(Yj, person, YJ_ID, &second.full());
    plot.trap("T15", &[person]);
    person
}

/// T16.
fn newborn(plot: &mut Plot<'_>) {
    let family = plot.household((5, 33, "石滚湾"), &["baby father", "baby mother", "baby"]);
    let [father, mother, baby] = family[..] else { unreachable!("invariant: three members") };
    for person in [father, mother, baby] {
        plot.monitor(person);
    }
    plot.person(baby).guardian = Some(father);
    plot.says(Ny, baby, "姓名", "廖大勇之子");
    plot.says(Ny, baby, NY_ID, "");
    plot.trap("T16", &[baby]);
}

/// T18.
fn same_name_same_day(plot: &mut Plot<'_>) {
    let one = plot.alone((3, 36, "老屋基"), "same day one");
    let two = plot.alone((6, 40, "黄葛树"), "same day two");
    plot.relief(one);
    plot.monitor(one);
    plot.relief(two);
    plot.flood(two, "冲沟出口");
    plot.cell(Mz, one, MZ_ID, Cell::Absent);
    plot.says(Mz, one, "出生年月", "1986-06-16");
    plot.says(Mz, two, "出生年月", "1986.06.16");
    plot.cell(Yj, two, YJ_ID, Cell::Absent);
    plot.trap("T18", &[one, two]);
}

/// T19, T20, T21 and T23.
fn forms_of_one_number(plot: &mut Plot<'_>) {
    let certificate = plot.alone((3, 44, "大屋场"), "certificate");
    plot.relief(certificate);
    plot.person(certificate).disability = Some((5, 2));
    let number = format!("{}42", plot.world.person(certificate).id.full());
    plot.says(Mz, certificate, MZ_ID, &number);
    plot.trap("T19", &[certificate]);

    // Her id carries the lunar date as if it were solar; the health record has the solar date.
    let lunar = plot.alone((3, 46, "大屋场"), "lunar");
    plot.relief(lunar);
    plot.visits(lunar, [true, true, true, true]);
    plot.says(Mz, lunar, "出生年月", "1949年三月初七(农历)");
    plot.says(Wj, lunar, "DE02_01_005_01", "1949-04-04T00:00:00");
    plot.trap("T20", &[lunar]);

    let village = plot.alone((3, 48, "大屋场"), "old village");
    plot.relief(village);
    plot.monitor(village);
    let former = plot.world.village(0).former_name.clone().unwrap_or_default();
    plot.says(Mz, village, "户籍所在地", &format!("示例区青石镇{former}3社48号"));
    plot.says(Mz, village, "家庭住址", &format!("{former}3社48号"));
    plot.says(Ny, village, "家庭详细地址", &format!("示例省/示例市/示例区/青石镇/{former}/三组"));
    plot.trap("T21", &[village]);

    let swapped = plot.alone((1, 52, "半边街"), "swapped");
    plot.relief(swapped);
    plot.visits(swapped, [true, false, true, false]);
    let id = plot.world.person(swapped).id.full();
    let mut digits: Vec<char> = id.chars().collect();
    digits.swap(14, 15);
    plot.says(Wj, swapped, WJ_ID, &digits.into_iter().collect::<String>());
    plot.trap("T23", &[swapped]);
}

/// T22.
fn twice_in_the_ledger(plot: &mut Plot<'_>) {
    let person = plot.alone((1, 50, "半边街"), "twice");
    plot.relief(person);
    plot.person(person).rolls.relief_twice = true;
    plot.visits(person, [false, false, true, false]);
    plot.says(Mz, person, "救助类别", "农村低保");
    for (column, text) in [("姓名", "钟明真"), ("户主", "钟明真"), ("救助类别", "高龄津贴")]
    {
        plot.cell_of_copy(Mz, person, 1, column, Cell::Text(text.to_owned()));
    }
    plot.cell_of_copy(Mz, person, 1, MZ_ID, Cell::Absent);
    plot.cell_of_copy(Mz, person, 1, "月保障金(元)", Cell::Number(50.0));
    plot.trap("T22", &[person]);
}

/// T24: the register's older message, with the older phone, comes after the newer.
fn late_message(plot: &mut Plot<'_>) {
    let person = plot.alone((1, 55, "半边街"), "late");
    plot.relief(person);
    plot.person(person).former_phone = Some(19_900_000_070);
    plot.story(person, Some((on(2026, 7, 2), Change::Phone)), None, Some(on(2025, 12, 27)));
    plot.trap("T24", &[person]);
}
