//! Rules of addresses, one table a rule.

use super::*;
use Level::{
    Building, City, Compound, District, House, Place, Province, Road, RoadNumber, Room, Town, Unit, Village,
};
use proptest::prelude::*;

fn read_cell(said: &str) -> Address {
    match parse(&Cell::Text(said.into())).unwrap_or_else(|_| panic!("{said}")).unwrap().value {
        Value::Address(address) => address,
        _ => unreachable!(),
    }
}

fn address(levels: &[(Level, &str)]) -> Address {
    levels.iter().fold(Address::default(), |address, (level, text)| address.with(*level, text))
}

fn check(said: &str, levels: &[(Level, &str)]) {
    let read = read_cell(said);
    let shown: Vec<_> = read.levels().collect();
    assert_eq!(shown, address(levels).levels().collect::<Vec<_>>(), "{said}");
}

const GROUP: Level = Level::Group;

#[test]
fn a_village_address_is_read_in_every_departments_style() {
    let village = [(District, "示例区"), (Town, "青石镇"), (Village, "桃花村"), (GROUP, "3"), (House, "12")];
    check("示例区青石镇桃花村3社12号", &village);
    let full = [(Province, "示例省"), (City, "示例市")];
    check("示例省示例市示例区青石镇桃花村三组12号", &[&full[..], &village[..]].concat());
    check("桃花村3社12号", &village[2..]);
    check("示例区青石镇桃花村3组", &village[..4]);
    check("青石镇桃花村第三村民小组12号", &village[1..]);
    check("青石镇桃花村第三村民小组１２号", &village[1..]);
    check("青石镇桃花村第3村民小组12号", &village[1..]);
    check("桃花村三社老屋基", &[(Village, "桃花村"), (GROUP, "3"), (Place, "老屋基")]);
    check("示例省/示例市/示例区/青石镇/桃花村/三组", &[&full[..], &village[..4]].concat());
    check("示例省/示例市/示例区/青石镇/桃花村/第三组", &[&full[..], &village[..4]].concat());
    check("示例区 青石镇 桃花村 3队", &village[..4]);
}

#[test]
fn levels_may_be_left_out() {
    check("3社12号", &[(GROUP, "3"), (House, "12")]);
    check("示例区青石镇3社12号", &[(District, "示例区"), (Town, "青石镇"), (GROUP, "3"), (House, "12")]);
    check("示例区桃花村3社", &[(District, "示例区"), (Village, "桃花村"), (GROUP, "3")]);
    check("桃花村老屋基", &[(Village, "桃花村"), (Place, "老屋基")]);
    check("李家坝村３６号", &[(Village, "李家坝村"), (House, "36")]);
    check("示例省/示例区/青石镇", &[(Province, "示例省"), (District, "示例区"), (Town, "青石镇")]);
    check(
        "示例省/示例市/青石镇/桃花村/一组",
        &[(Province, "示例省"), (City, "示例市"), (Town, "青石镇"), (Village, "桃花村"), (GROUP, "1")],
    );
    check("6社学堂边", &[(GROUP, "6"), (Place, "学堂边")]);
}

#[test]
fn she_zu_dui_and_villagers_group_are_one_level() {
    for said in [
        "桃花村3社",
        "桃花村三社",
        "桃花村3组",
        "桃花村三组",
        "桃花村第三组",
        "桃花村3队",
        "桃花村三生产队",
        "桃花村第三村民小组",
        "桃花村第3村民小组",
        "桃花村３小组",
    ] {
        check(said, &[(Village, "桃花村"), (GROUP, "3")]);
    }
    check("桃花村十二组", &[(Village, "桃花村"), (GROUP, "12")]);
    check("桃花村廿三社", &[(Village, "桃花村"), (GROUP, "23")]);
}

#[test]
fn a_town_address_is_read_in_every_style() {
    let town = [(Town, "东城街道"), (Village, "人民路社区")];
    let house = [(Road, "迎宾大道"), (RoadNumber, "193"), (Compound, "朝阳小区")];
    let room = [(Building, "3"), (Unit, "2"), (Room, "1603")];
    check("东城街道人民路社区迎宾大道193号朝阳小区3栋2单元1603室", &[&town[..], &house, &room].concat());
    check("迎宾大道193号朝阳小区3栋2单元1603室", &[&house[..], &room].concat());
    check("迎宾大道193号朝阳小区3幢2单元1603", &[&house[..], &room].concat());
    check("迎宾大道193号朝阳小区3-2-1603", &[&house[..], &room].concat());
    check("迎宾大道193号3-2-1603", &[&house[..2], &room].concat());
    check("迎宾大道193号3号楼2单元1603室", &[&house[..2], &room].concat());
    check("朝阳小区18栋2单元404室", &[(Compound, "朝阳小区"), (Building, "18"), (Unit, "2"), (Room, "404")]);
    check("朝阳小区18-2-404", &[(Compound, "朝阳小区"), (Building, "18"), (Unit, "2"), (Room, "404")]);
    check(
        "东城街道人民路社区阳光家园12栋",
        &[&town[..], &[(Compound, "阳光家园"), (Building, "12")]].concat(),
    );
    check("示例区/花园社区/幸福里", &[(District, "示例区"), (Village, "花园社区"), (Compound, "幸福里")]);
    check(
        "朝阳街139号供销社家属院14栋2单元1102室",
        &[
            (Road, "朝阳街"),
            (RoadNumber, "139"),
            (Compound, "供销社家属院"),
            (Building, "14"),
            (Unit, "2"),
            (Room, "1102"),
        ],
    );
    check(
        "人民路社区体育场路12号附3号",
        &[(Village, "人民路社区"), (Road, "体育场路"), (RoadNumber, "12附3")],
    );
    check("学府路208号5栋", &[(Road, "学府路"), (RoadNumber, "208"), (Building, "5")]);
    check("阳光公寓A座501室", &[(Compound, "阳光公寓"), (Building, "A"), (Room, "501")]);
}

#[test]
fn a_suffix_within_a_name_does_not_cut_it() {
    check("人民路社区", &[(Village, "人民路社区")]);
    check("老街社区学府路168号", &[(Village, "老街社区"), (Road, "学府路"), (RoadNumber, "168")]);
    check("石板坡村3组", &[(Village, "石板坡村"), (GROUP, "3")]);
    check("关口村五组石板坡", &[(Village, "关口村"), (GROUP, "5"), (Place, "石板坡")]);
    check("李家坝村2社", &[(Village, "李家坝村"), (GROUP, "2")]);
    check("古镇村3组", &[(Village, "古镇村"), (GROUP, "3")]);
    check("三社区幸福里", &[(Village, "三社区"), (Compound, "幸福里")]);
    check("李村村3组", &[(Village, "李村村"), (GROUP, "3")]);
    check("幸福新村3栋2单元", &[(Compound, "幸福新村"), (Building, "3"), (Unit, "2")]);
    check("桃花村3组公路边", &[(Village, "桃花村"), (GROUP, "3"), (Place, "公路边")]);
    check("谭家沟村五组新房子", &[(Village, "谭家沟村"), (GROUP, "5"), (Place, "新房子")]);
    check("东城街道商贸社区", &[(Town, "东城街道"), (Village, "商贸社区")]);
    check("三合村院子", &[(Village, "三合村"), (Place, "院子")]);
    check("桃花村三社老屋基12号", &[(Village, "桃花村"), (GROUP, "3"), (Place, "老屋基"), (House, "12")]);
}

#[test]
fn remarks_behind_an_address_are_dropped() {
    for said in [
        "示例区铁厂村3组\n电话联系后上门",
        "示例区铁厂村3组,近公路",
        "示例区铁厂村3组\"老院子\"",
        "示例区铁厂村3组\n(村委会旁)",
        "示例区铁厂村3组（村委会旁）",
    ] {
        check(said, &[(District, "示例区"), (Village, "铁厂村"), (GROUP, "3")]);
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for said in ["老屋基", "电话联系", "?", "12345"] {
        assert_eq!(parse(&Cell::Text(said.into())), Err(Unreadable("address")), "{said}");
    }
    assert_eq!(parse(&Cell::Text("无".into())), Ok(None));
    assert_eq!(parse(&Cell::Text("1号".repeat(100_000))), Err(Unreadable("address")));
}

#[test]
fn every_department_writes_in_its_own_style() {
    let village = read_cell("示例省示例市示例区青石镇桃花村三组老屋基12号");
    let style = |from, to, without: &[Level], group, separator: &str| Style {
        from,
        to,
        without: without.to_vec(),
        group,
        separator: separator.into(),
        short_room: false,
    };
    for (style, written) in [
        (style(Province, House, &[Place], Group::HanziZu, ""), "示例省示例市示例区青石镇桃花村三组12号"),
        (style(District, House, &[Place], Group::She, ""), "示例区青石镇桃花村3社12号"),
        (style(Village, House, &[Place], Group::She, ""), "桃花村3社12号"),
        (style(District, GROUP, &[], Group::Zu, ""), "示例区青石镇桃花村3组"),
        (style(Town, House, &[Place], Group::Ordinal, ""), "青石镇桃花村第三村民小组12号"),
        (style(Village, Place, &[], Group::HanziShe, ""), "桃花村三社老屋基"),
        (style(Province, GROUP, &[], Group::HanziZu, "/"), "示例省/示例市/示例区/青石镇/桃花村/三组"),
    ] {
        assert_eq!(write(&village, &style), Some(Cell::Text(written.into())));
    }
    let town = read_cell("东城街道人民路社区迎宾大道193号朝阳小区3栋2单元1603室");
    let short = Style { from: Road, short_room: true, ..Style::default() };
    assert_eq!(write(&town, &short), Some(Cell::Text("迎宾大道193号朝阳小区3-2-1603".into())));
    assert_eq!(write(&town, &style(Place, Place, &[], Group::Zu, "")), None);
}

fn any_address() -> impl Strategy<Value = Address> {
    let wide = (
        prop::option::of("[示例江北]{2,3}省"),
        prop::option::of("[示例江北]{2,3}市"),
        prop::option::of("[示例江北]{2,3}区"),
        prop::option::of("[青石桃源白鹤]{2}(镇|乡)"),
        prop::option::of("[桃花李家坝和平]{2,3}村"),
    );
    let country =
        (prop::option::of(1u32..40), prop::option::of("老屋基|石板坡|岩脚"), prop::option::of(1u32..200));
    let town = (
        prop::option::of("[文化朝阳迎宾]{2}(路|街|大道)"),
        prop::option::of(1u32..300),
        prop::option::of("[朝阳幸福]{2}(小区|花园|苑)"),
        prop::option::of((1u32..20, 1u32..5, 101u32..1900)),
    );
    let set = |address: Address, level, text: Option<String>| match text {
        Some(text) => address.with(level, &text),
        None => address,
    };
    let wide = wide.prop_map(move |(a, b, c, d, e)| {
        let address = set(set(Address::default(), Province, a), City, b);
        set(set(set(address, District, c), Town, d), Village, e)
    });
    prop_oneof![
        (wide.clone(), country).prop_map(move |(address, (group, place, house))| {
            let address = set(set(address, GROUP, group.map(|n| n.to_string())), Place, place);
            set(address, House, house.map(|n| n.to_string()))
        }),
        (wide, town).prop_map(move |(address, (road, number, compound, room))| {
            let number = road.as_ref().and(number).map(|n| n.to_string());
            let address =
                set(set(set(address.without(Village), Road, road), RoadNumber, number), Compound, compound);
            match room {
                None => address,
                Some((b, u, r)) => address
                    .with(Building, &b.to_string())
                    .with(Unit, &u.to_string())
                    .with(Room, &r.to_string()),
            }
        }),
    ]
}

proptest! {
    #[test]
    fn an_address_reads_back_whole_from_a_column_of_all_levels(address in any_address()) {
        for group in [Group::HanziZu, Group::Zu, Group::She, Group::HanziShe, Group::Ordinal] {
            for (separator, short_room) in [("", false), ("/", false), ("", true)] {
                let style = Style { group, separator: separator.into(), short_room, ..Style::default() };
                let Some(Cell::Text(written)) = write(&address, &style) else {
                    // A place, or nothing at all, is no address.
                    prop_assert!(address.levels().all(|(level, _)| level == Place), "{:?}", address.levels().collect::<Vec<_>>());
                    continue;
                };
                prop_assert!(read_cell(&written) == address, "{}", written);
            }
        }
    }

    #[test]
    fn an_address_reads_back_as_far_as_its_column_holds_it(address in any_address(), from in 0usize..14, to in 0usize..14) {
        let style = Style { from: Level::ALL[from], to: Level::ALL[to], ..Style::default() };
        let Some(cell) = write(&address, &style) else { return Ok(()) };
        let Value::Address(read) = parse(&cell).unwrap().unwrap().value else { unreachable!() };
        prop_assert!(address.refines(&read));
        prop_assert_eq!(write(&read, &style), Some(cell));
    }

    #[test]
    fn whatever_is_read_is_written_as_something_it_refines(
        said: String,
        parts in "[示例省市区镇村社组路号栋单元室小第三十0-9/ -]{0,24}",
    ) {
        for said in [said, parts] {
            let Ok(Some(Reading { value: Value::Address(address), .. })) = parse(&Cell::Text(said)) else { continue };
            let Some(cell) = write(&address, &Style::default()) else { continue };
            prop_assert!(Value::Address(address).refines(&parse(&cell).unwrap().unwrap().value));
        }
    }
}
