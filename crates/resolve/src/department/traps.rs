//! The planted traps T01 to T24 as the mappings hand them on: who is one person, who is two, and what a steward must
//! see. All persons are invented; the region 990101 does not exist.

use super::fixture::{Made, key, row, whole_id};
use crate::engine::Review;
use crate::world::{Settings, World, WorldInput};
use yibiao_record::{EntityKind, Op, SourceKey};

const VILLAGE: &str = "桃花村";
const OFFICER: &str = "19900000100";

struct Case {
    world: World,
    keys: Vec<SourceKey>,
}

fn resolve(rows: &[Made]) -> Case {
    let mut world = World::new(Settings::shipped()).unwrap();
    let inputs: Vec<WorldInput<'_>> =
        rows.iter().map(|made| WorldInput::Record { submission: &made.0 }).collect();
    world.apply(&inputs);
    let keys = rows.iter().map(|made| made.0.key.clone()).collect();
    Case { world, keys }
}

impl Case {
    /// `GA:1 MZ:1 | GA:2`: these persons, and no others.
    #[track_caller]
    fn persons(&self, expected: &str) -> &Self {
        let mut expected: Vec<Vec<SourceKey>> = expected
            .split('|')
            .map(|members| {
                let mut members: Vec<SourceKey> = members.split_whitespace().map(key).collect();
                members.sort();
                members
            })
            .collect();
        expected.sort();
        let mut keys = self.keys.clone();
        keys.sort();
        keys.dedup();
        let mut found: Vec<Vec<SourceKey>> = keys
            .iter()
            .filter_map(|key| self.world.entity_of(EntityKind::Person, key))
            .map(|entity| self.world.members(entity))
            .collect();
        found.sort();
        found.dedup();
        let told = |clusters: &[Vec<SourceKey>]| -> Vec<String> {
            let name = |key: &SourceKey| format!("{}:{}", key.system, key.local);
            clusters.iter().map(|members| members.iter().map(name).collect::<Vec<_>>().join(" ")).collect()
        };
        assert_eq!(told(&found), told(&expected));
        self
    }

    /// A steward is asked about a cluster with the one and a cluster with the other.
    #[track_caller]
    fn asks(&self, a: &str, b: &str) -> &Self {
        let (a, b) = (key(a), key(b));
        let about = |review: &Review| {
            review.left.contains(&a) && review.right.contains(&b)
                || review.left.contains(&b) && review.right.contains(&a)
        };
        assert!(self.world.reviews(EntityKind::Person).iter().any(about));
        self
    }
}

#[test]
fn t01_one_woman_in_six_forms_is_one_person_and_her_son_another() {
    let id = whole_id("99010119500619022");
    let son = whole_id("99010119740311017");
    let case = resolve(&[
        row("GA:1", "冉琇英")
            .id(&id)
            .sex("2")
            .born("1950-06-19")
            .phone("19900000022")
            .home(VILLAGE, "3", "12")
            .household("990101012345", "冉琇英", "02")
            .house("D1"),
        row("MZ:1", "冉秀英")
            .id(&id)
            .sex("2")
            .born("1950-06-19")
            .phone("19900000022")
            .home(VILLAGE, "3", "12")
            .household("DB2019-0457", "冉秀英", "01"),
        row("WJ:1", "冉琇英").id(&id).sex("2").born("1950-06-19").phone("19900000022").home(VILLAGE, "3", ""),
        row("ZJ:1", "冉绣英").id("990101195006190").phone("09901234567").home(VILLAGE, "3", "12").house("1"),
        row("YJ:1", "冉婆婆(冉秀英)").id(&id).phone("19900000022").home(VILLAGE, "3", ""),
        row("NY:1", "冉琇英")
            .id(&id)
            .sex("2")
            .born("1950-06-19")
            .phone("19900000022")
            .home(VILLAGE, "3", "")
            .household("510000779", "冉光明", "51"),
        row("GA:2", "冉光明")
            .id(&son)
            .sex("1")
            .born("1974-03-11")
            .phone("19900000033")
            .home(VILLAGE, "3", "12")
            .household("990101067890", "冉光明", "02")
            .house("D1"),
        row("NY:2", "冉光明")
            .id(&son)
            .sex("1")
            .born("1974-03-11")
            .phone("19900000033")
            .home(VILLAGE, "3", "")
            .household("510000779", "冉光明", "02"),
    ]);
    case.persons("GA:1 MZ:1 WJ:1 ZJ:1 YJ:1 NY:1 | GA:2 NY:2");
    let household = |at: &str| case.world.entity_of_row(EntityKind::Household, &key(at)).unwrap();
    assert_eq!(household("GA:1"), household("MZ:1"));
    assert_eq!(household("GA:2"), household("NY:1"));
    assert_ne!(household("GA:1"), household("NY:1"));
    let house = |at: &str| case.world.entity_of_row(EntityKind::Dwelling, &key(at)).unwrap();
    assert_eq!(house("GA:1"), house("ZJ:1"));
    assert_eq!(house("GA:1"), house("YJ:1"));
}

#[test]
fn t02_two_women_of_one_name_in_one_group_stay_two_and_a_bare_row_is_a_question() {
    let (first, second) = (whole_id("99010119510304026"), whole_id("99010119521112048"));
    let case = resolve(&[
        row("GA:1", "王桂英")
            .id(&first)
            .sex("2")
            .born("1951-03-04")
            .phone("19900000041")
            .home(VILLAGE, "5", "20"),
        row("GA:2", "王桂英")
            .id(&second)
            .sex("2")
            .born("1952-11-12")
            .phone("19900000042")
            .home(VILLAGE, "5", "31"),
        row("MZ:1", "王桂英").sex("2").born("1951-03").phone("19900000041").home(VILLAGE, "5", "20"),
        row("WJ:2", "王桂英").sex("2").born("1952-11-12").phone("19900000042").home(VILLAGE, "5", ""),
        row("YJ:3", "王桂英").phone(OFFICER).home(VILLAGE, "5", ""),
    ]);
    case.persons("GA:1 MZ:1 | GA:2 WJ:2 | YJ:3");
    assert!(
        case.world
            .reviews(EntityKind::Person)
            .iter()
            .any(|review| { review.left.contains(&key("YJ:3")) || review.right.contains(&key("YJ:3")) })
    );
}

#[test]
fn t03_twins_with_names_that_sound_alike_stay_two() {
    let (first, second) = (whole_id("99010120150412022"), whole_id("99010120150412024"));
    let twin = |at: &str, name: &str| {
        row(at, name).sex("2").born("2015-04-12").phone("19900000047").home(VILLAGE, "1", "17")
    };
    resolve(&[
        twin("GA:1", "陈子涵").id(&first),
        twin("GA:2", "陈子晗").id(&second),
        twin("NY:1", "陈子涵").id(&first),
        twin("NY:2", "陈子晗"),
    ])
    .persons("GA:1 NY:1 | GA:2 NY:2");
}

#[test]
fn t04_father_and_son_with_one_telephone_stay_two() {
    let (father, son) = (whole_id("99010119530211017"), whole_id("99010119790830033"));
    let member = |at: &str, name: &str| row(at, name).phone("19900000051").home(VILLAGE, "1", "8");
    resolve(&[
        member("GA:1", "张德福").id(&father).sex("1").born("1953-02-11"),
        member("GA:2", "张富贵").id(&son).sex("1").born("1979-08-30"),
        member("YJ:1", "张德福").id(&father),
        member("YJ:2", "张富贵"),
        member("MZ:1", "张德福").sex("1").born("1953-02"),
    ])
    .persons("GA:1 YJ:1 MZ:1 | GA:2 YJ:2");
}

#[test]
fn t05_a_second_registration_under_a_homophone_and_an_old_id_is_one_person() {
    let id = whole_id("99010119870907042");
    resolve(&[
        row("GA:1", "田小凤").id(&id).sex("2").born("1987-09-07").home(VILLAGE, "4", "3"),
        row("GA:2", "田晓凤").id(&id).sex("2").born("1987-09-07").home("铁厂村", "2", "9"),
    ])
    .persons("GA:1 GA:2");
}

#[test]
fn t06_a_dead_person_still_paid_is_one_person() {
    let id = whole_id("99010119380405015");
    resolve(&[
        row("GA:1", "向德贵").id(&id).sex("1").born("1938-04-05").home(VILLAGE, "2", "30").op(Op::End),
        row("MZ:1", "向德贵").id(&id).sex("1").born("1938-04").home(VILLAGE, "2", "30"),
    ])
    .persons("GA:1 MZ:1");
}

#[test]
fn t07_a_person_counted_in_two_households_is_one_person_with_two_households() {
    let id = whole_id("99010119440515026");
    let case = resolve(&[
        row("GA:1", "覃玉珍").id(&id).sex("2").born("1944-05-15").home(VILLAGE, "2", "7").household(
            "H1",
            "覃玉珍",
            "02",
        ),
        row("NY:1", "覃玉珍").id(&id).sex("2").born("1944-05-15").home(VILLAGE, "2", "").household(
            "N1",
            "田大山",
            "51",
        ),
        row("NY:2", "覃玉珍").id(&id).sex("2").born("1944-05-15").home(VILLAGE, "6", "").household(
            "N2",
            "田二山",
            "51",
        ),
    ]);
    case.persons("GA:1 NY:1 NY:2");
    let person = case.world.entity_of(EntityKind::Person, &key("GA:1")).unwrap();
    let households: std::collections::BTreeSet<_> =
        case.world.relations(person).iter().map(|relation| relation.to).collect();
    assert!(households.len() >= 2);
}

#[test]
fn t08_an_old_id_of_fifteen_digits_that_was_raised_is_the_same() {
    let id = whole_id("99010119491001021");
    resolve(&[
        row("GA:1", "谭光荣").id(&id).sex("1").born("1949-10-01").home(VILLAGE, "5", "2"),
        row("YJ:1", "谭光荣").id(&id).phone(OFFICER).home(VILLAGE, "5", ""),
    ])
    .persons("GA:1 YJ:1");
}

#[test]
fn t09_two_cut_ids_that_are_equal_do_not_make_two_men_one() {
    let (sea, river) = (whole_id("99010119620305011"), whole_id("99010119620305019"));
    let case = resolve(&[
        row("GA:1", "向文海")
            .id(&sea)
            .sex("1")
            .born("1962-03-05")
            .phone("19900000061")
            .home(VILLAGE, "6", "2"),
        row("GA:2", "向文河")
            .id(&river)
            .sex("1")
            .born("1962-03-05")
            .phone("19900000062")
            .home(VILLAGE, "6", "3"),
        row("MZ:1", "向文海").id("990101196203050").sex("1").born("1962-03").home(VILLAGE, "6", "2"),
        row("MZ:2", "向文河").id("990101196203050").sex("1").born("1962-03").home(VILLAGE, "6", "3"),
    ]);
    case.persons("GA:1 MZ:1 | GA:2 MZ:2");
}

#[test]
fn t10_dotted_names_of_father_and_daughter_in_every_spelling_stay_two() {
    let (father, daughter) = (whole_id("99010119580610035"), whole_id("99010119850303024"));
    resolve(&[
        row("GA:1", "阿卜杜拉·买买提")
            .id(&father)
            .sex("1")
            .born("1958-06-10")
            .phone("19900000063")
            .home(VILLAGE, "7", "5"),
        row("MZ:1", "阿布都拉·麦麦提")
            .sex("1")
            .born("1958-06-10")
            .phone("19900000063")
            .home(VILLAGE, "7", "5"),
        row("YJ:1", "阿卜杜拉买买提").id(&father).phone("19900000063").home(VILLAGE, "7", ""),
        row("GA:2", "古丽·阿卜杜拉")
            .id(&daughter)
            .sex("2")
            .born("1985-03-03")
            .phone("19900000064")
            .home(VILLAGE, "7", "5"),
        row("NY:2", "古丽·阿卜杜拉").sex("2").born("1985-03-03").home(VILLAGE, "7", ""),
    ])
    .persons("GA:1 MZ:1 YJ:1 | GA:2 NY:2");
}

#[test]
fn t11_a_character_that_a_system_could_not_hold_parts_nobody() {
    let (wang, li) = (whole_id("99010119630708051"), whole_id("99010119550909053"));
    resolve(&[
        row("GA:1", "王䶮").id(&wang).sex("1").born("1963-07-08").home(VILLAGE, "7", "4"),
        row("MZ:1", "王?").id(&wang).sex("1").born("1963-07").home(VILLAGE, "7", "4"),
        row("NY:1", "王(龙天)").sex("1").born("1963-07-08").home(VILLAGE, "7", ""),
        row("GA:2", "李𬭎").id(&li).sex("1").born("1955-09-09").phone("19900000066").home(VILLAGE, "7", "6"),
        row("ZJ:2", "李宏").id("990101195509090").phone("19900000066").home(VILLAGE, "7", "6"),
        row("MZ:2", "李hong").sex("1").born("1955-09").phone("19900000066").home(VILLAGE, "7", "6"),
    ])
    .persons("GA:1 MZ:1 NY:1 | GA:2 ZJ:2 MZ:2");
}

#[test]
fn t12_an_old_address_parts_nobody() {
    let id = whole_id("99010119760125046");
    resolve(&[
        row("GA:1", "龙海燕").id(&id).sex("2").born("1976-01-25").home("铁厂村", "1", "8"),
        row("MZ:1", "龙海燕").id(&id).sex("2").born("1976-01").home(VILLAGE, "3", "41"),
        row("ZJ:1", "龙海燕").id("990101197601250").home(VILLAGE, "3", "41"),
    ])
    .persons("GA:1 MZ:1 ZJ:1");
}

#[test]
fn t13_a_former_name_under_the_same_id_and_birth_date_is_one_person() {
    let id = whole_id("99010119700120044");
    resolve(&[
        row("GA:1", "李红梅").id(&id).sex("2").born("1970-01-20").home(VILLAGE, "4", "30"),
        row("MZ:1", "李招弟").id(&id).sex("2").born("1970-01").home(VILLAGE, "4", "30"),
    ])
    .persons("GA:1 MZ:1");
}

#[test]
fn t14_a_husbands_id_in_the_wifes_row_is_a_question() {
    let (husband, wife) = (whole_id("99010119550515077"), whole_id("99010119570202068"));
    let home = |made: Made| made.phone("19900000069").home(VILLAGE, "2", "25");
    resolve(&[
        home(row("GA:1", "田茂林").id(&husband).sex("1").born("1955-05-15")),
        home(row("GA:2", "冉启凤").id(&wife).sex("2").born("1957-02-02")),
        home(row("MZ:1", "冉启凤").id(&husband).sex("2").born("1957-02")),
        home(row("MZ:2", "田茂林").id(&husband).sex("1").born("1955-05-15")),
    ])
    .persons("GA:1 MZ:2 | GA:2 | MZ:1")
    .asks("MZ:1", "GA:1");
}

#[test]
fn t15_two_valid_ids_of_one_man_are_a_question() {
    let (first, second) = (whole_id("99010219770719035"), whole_id("99010219790719037"));
    let case = resolve(&[
        row("GA:1", "黄志强")
            .id(&first)
            .sex("1")
            .born("1977-07-19")
            .phone("19900000072")
            .home(VILLAGE, "2", "19"),
        row("GA:2", "黄志强")
            .id(&second)
            .sex("1")
            .born("1979-07-19")
            .phone("19900000072")
            .home(VILLAGE, "2", "19"),
        row("MZ:1", "黄志强")
            .id(&first)
            .sex("1")
            .born("1977-07")
            .phone("19900000072")
            .home(VILLAGE, "2", "19"),
        row("YJ:1", "黄志强").id(&second).phone(OFFICER).home(VILLAGE, "2", ""),
    ]);
    case.persons("GA:1 MZ:1 | GA:2 YJ:1").asks("GA:1", "GA:2");
}

#[test]
fn t16_a_baby_without_a_name_is_found_by_birth_date_and_house() {
    let id = whole_id("99010120260920031");
    let father = whole_id("99010119960114051");
    resolve(&[
        row("GA:1", "吴沐辰")
            .id(&id)
            .sex("1")
            .born("2026-09-20")
            .phone("19900000073")
            .home(VILLAGE, "3", "52"),
        row("NY:1", "吴大勇之子").sex("1").born("2026-09-20").phone("19900000073").home(VILLAGE, "3", ""),
        row("GA:2", "吴大勇")
            .id(&father)
            .sex("1")
            .born("1996-01-14")
            .phone("19900000073")
            .home(VILLAGE, "3", "52"),
    ])
    .persons("GA:1 NY:1 | GA:2");
}

#[test]
fn t17_the_officers_telephone_joins_nobody() {
    let ids: Vec<String> =
        (0..6).map(|at| whole_id(&format!("9901011948{:02}{:02}02{}", at + 1, 2 * at + 3, at))).collect();
    let names = ["王桂芳", "谭光荣", "向文河", "李开国", "黄志强", "田小玉"];
    let rows: Vec<Made> = names
        .iter()
        .zip(&ids)
        .enumerate()
        .map(|(at, (name, id))| row(&format!("YJ:{at}"), name).id(id).phone(OFFICER).home(VILLAGE, "5", ""))
        .collect();
    resolve(&rows).persons("YJ:0 | YJ:1 | YJ:2 | YJ:3 | YJ:4 | YJ:5");
}

#[test]
fn t18_one_name_and_one_birth_date_in_one_village_are_not_enough() {
    let (first, second) = (whole_id("99010119850520155"), whole_id("99010119850520157"));
    let case = resolve(&[
        row("GA:1", "张伟")
            .id(&first)
            .sex("1")
            .born("1985-05-20")
            .phone("19900000075")
            .home(VILLAGE, "1", "55"),
        row("GA:2", "张伟")
            .id(&second)
            .sex("1")
            .born("1985-05-20")
            .phone("19900000076")
            .home(VILLAGE, "6", "40"),
        row("MZ:1", "张伟").sex("1").born("1985-05-20").phone("19900000075").home(VILLAGE, "1", "55"),
        row("NY:1", "张伟").id(&first).sex("1").born("1985-05-20").home(VILLAGE, "1", ""),
        row("MZ:2", "张伟")
            .id(&second)
            .sex("1")
            .born("1985-05-20")
            .phone("19900000076")
            .home(VILLAGE, "6", "40"),
        row("YJ:2", "张伟").phone("19900000076").home(VILLAGE, "6", ""),
        row("WJ:3", "张伟").sex("1").born("1985-05-20"),
    ]);
    case.persons("GA:1 MZ:1 NY:1 | GA:2 MZ:2 YJ:2 | WJ:3").asks("WJ:3", "GA:1");
}

#[test]
fn t19_the_id_inside_a_disability_certificate_number_is_the_id() {
    let id = whole_id("99010119681113048");
    resolve(&[
        row("GA:1", "罗正碧").id(&id).sex("2").born("1968-11-13").home(VILLAGE, "2", "45"),
        row("MZ:1", "罗正碧").id(&id).sex("2").born("1968-11").home(VILLAGE, "2", "45"),
    ])
    .persons("GA:1 MZ:1");
}

#[test]
fn t20_a_lunar_birthday_in_one_file_and_the_solar_one_in_another_are_one() {
    let id = whole_id("99010119480209088");
    resolve(&[
        row("GA:1", "秦素兰").id(&id).sex("2").born("1948-02-09").home(VILLAGE, "3", "46"),
        row("WJ:1", "秦素兰").id(&id).sex("2").born("1948-03-19").home(VILLAGE, "3", ""),
        row("WJ:2", "秦素兰").sex("2").born("1948-03-19").phone("19900000078").home(VILLAGE, "3", ""),
    ])
    .persons("GA:1 WJ:1 WJ:2");
}

#[test]
fn t21_a_merged_villages_old_name_parts_nobody() {
    let id = whole_id("99010119601130091");
    resolve(&[
        row("GA:1", "杨光明").id(&id).sex("1").born("1960-11-30").home(VILLAGE, "3", "48"),
        row("MZ:1", "杨光明")
            .sex("1")
            .born("1960-11")
            .phone("19900000079")
            .home("李家坝村", "3", "48")
            .division(VILLAGE),
        row("NY:1", "杨光明").id(&id).sex("1").born("1960-11-30").home("李家坝村", "3", ""),
    ])
    .persons("GA:1 MZ:1 NY:1");
}

#[test]
fn t22_two_rows_of_one_department_for_two_benefits_are_one_person() {
    let id = whole_id("99010119440108086");
    let at = |made: Made| made.sex("2").born("1944-01").phone("19900000080").home(VILLAGE, "1", "50");
    resolve(&[
        at(row("MZ:1", "蒲明珍").id(&id)).household("DB2019-0020", "蒲明珍", "01"),
        at(row("MZ:2", "蒲明贞")).household("DB2019-0020", "蒲明珍", "01"),
        at(row("GA:1", "蒲明珍").id(&id)),
    ])
    .persons("MZ:1 MZ:2 GA:1");
}

#[test]
fn t23_two_neighbouring_digits_swapped_part_nobody() {
    let id = whole_id("99010119540818093");
    let mut slip: Vec<char> = id.chars().collect();
    slip.swap(12, 13);
    slip.swap(15, 16);
    let slip: String = slip.into_iter().collect();
    resolve(&[
        row("GA:1", "舒成林").id(&id).sex("1").born("1954-08-18").home(VILLAGE, "7", "26"),
        row("WJ:1", "舒成林").id(&format!("{slip}!")).sex("1").born("1954-08-18").home(VILLAGE, "7", ""),
    ])
    .persons("GA:1 WJ:1");
}

#[test]
fn t24_an_old_message_that_arrives_last_changes_nothing() {
    let id = whole_id("99010119690228013");
    let new = row("GA:1", "牟大兵").id(&id).phone("19900000082").home(VILLAGE, "2", "60").version(20);
    let old = row("GA:1", "牟大兵").id(&id).phone("19900000099").home("铁厂村", "1", "1").version(10);
    let mut case = resolve(&[new]);
    assert_eq!(case.world.apply(&[WorldInput::Record { submission: &old.0 }]), []);
}

#[test]
fn twins_with_unlike_names_stay_two_though_one_has_no_id() {
    let first = whole_id("99010120150412022");
    for (one, other) in [("陈子涵", "陈子豪"), ("陈子涵", "陈大伟"), ("陈子涵", "冉小云")] {
        let twin = |at: &str, name: &str| {
            row(at, name).sex("2").born("2015-04-12").phone("19900000047").home(VILLAGE, "1", "17")
        };
        resolve(&[twin("GA:1", one).id(&first), twin("GA:2", other)]).persons("GA:1 | GA:2");
    }
}

#[test]
fn a_wifes_cut_id_in_the_row_of_the_husbands_house_joins_nobody() {
    let wife = whole_id("99010119621110922");
    for name in ["刘国林", "曹国林"] {
        resolve(&[
            row("GA:1", "曹红珍").id(&wife).sex("2").born("1962-11-10").home(VILLAGE, "5", "6"),
            row("ZJ:1", name).id("990101196211109").home(VILLAGE, "5", "6"),
        ])
        .persons("GA:1 | ZJ:1");
    }
}
