//! The planted traps that concern reading: each is a rule.

use crate::rows::{claim, identity, parse, text, value};
use yibiao_format::Cell;
use yibiao_mapping::align::{Incoming, align};
use yibiao_mapping::{Identity, Parsed};
use yibiao_record::{ClaimFlags, IdQuality, Level, Op, Value};

fn id(parsed: &Parsed) -> (String, IdQuality) {
    match value(parsed, "citizen_id") {
        Value::Id(id) => (id.digits.to_string(), id.quality),
        _ => panic!("no id"),
    }
}

fn full_name(parsed: &Parsed) -> String {
    match value(parsed, "name") {
        Value::Name(name) => name.full.to_string(),
        _ => panic!("no name"),
    }
}

#[test]
fn t02_a_row_with_only_a_name_and_a_place_is_still_a_row() {
    let parsed = parse(
        "YJ",
        &[("镇村", text("青石镇 桃花村")), ("转移对象", text("王桂英")), ("居住地点", text("桃花村五社"))],
    );
    assert!(claim(&parsed, "citizen_id").is_none());
    assert_eq!(full_name(&parsed), "王桂英");
}

#[test]
fn t03_near_equal_ids_and_homophone_names_stay_two_identities() {
    let twin = |id: &str, name: &str| {
        parse("NY", &[("证件号码", text(id)), ("姓名", text(name)), ("户编号", text("1"))])
    };
    let (first, second) = (twin("990101201205063022", "陈子涵"), twin("", "陈子晗"));
    assert_ne!(identity(&first), identity(&second));
}

#[test]
fn t04_a_shared_telephone_is_read_for_everyone_who_gives_it() {
    let phones = |cell: &str| match value(
        &parse("YJ", &[("转移对象", text("张德福")), ("电话", text(cell))]),
        "mobile",
    ) {
        Value::Phones(phones) => phones,
        _ => panic!("no telephone"),
    };
    assert_eq!(phones("19900000051"), phones("199-0000-0051"));
    assert_eq!(phones("19900000022/19900000033(儿)").len(), 2);
}

#[test]
fn t05_t08_an_id_of_the_old_form_is_the_same_id() {
    let old = parse("GA", &[("GMSFHM", text("990101491001021")), ("XM", text("谭光荣"))]);
    assert_eq!(id(&old).1, IdQuality::Valid);
    assert!(claim(&old, "citizen_id").unwrap().flags.has(ClaimFlags::RAISED));
    let new = parse("WJ", &[("DE02_01_030_00", text(&id(&old).0)), ("DE02_01_039_00", text("谭光荣"))]);
    assert_eq!(id(&old), id(&new));
    assert!(!claim(&new, "citizen_id").unwrap().flags.has(ClaimFlags::RAISED));
}

#[test]
fn t06_a_death_is_a_life_event_not_a_mistake() {
    let death = parse("GA", &[("op", text("D")), ("注销原因", text("死亡"))]);
    assert_eq!((death.op, death.claims.len()), (Op::End, 0));
}

#[test]
fn t07_one_person_may_stand_in_two_households_of_one_file() {
    let row = |household: &str| {
        parse(
            "NY",
            &[
                ("证件号码", text("990101195006190225")),
                ("姓名", text("覃玉珍")),
                ("户编号", text(household)),
            ],
        )
    };
    let (first, second) = (row("510000001"), row("510000002"));
    assert_ne!(first.household, second.household);
    assert_ne!(identity(&first), identity(&second));
}

#[test]
fn t09_an_id_that_went_through_a_number_is_a_prefix_and_two_people_stay_two() {
    let row =
        |name: &str| parse("MZ", &[("身份证号", Cell::Number(9.901_011_962_030_5e17)), ("姓名", text(name))]);
    let (first, second) = (row("向文海"), row("向文河"));
    assert_eq!(id(&first).1, IdQuality::Prefix);
    assert!("990101196203050197".starts_with(&id(&first).0));
    assert!(id(&first).0.len() <= 15);
    assert!(claim(&first, "citizen_id").unwrap().flags.has(ClaimFlags::TRUNCATED));
    assert_ne!(identity(&first), identity(&second));
}

#[test]
fn zeros_at_the_end_of_an_id_are_doubted_everywhere_but_where_ids_are_issued() {
    // The check character of 990101 1968-10-01 500 happens to be 0.
    let (known, cut) = ("990101196810015", "990101196810015000");
    let read = |system: &str, column: &str, name: &str| {
        id(&parse(system, &[(column, text(cut)), (name, text("甲乙"))]))
    };
    for (system, column, name) in
        [("MZ", "身份证号", "姓名"), ("WJ", "DE02_01_030_00", "DE02_01_039_00"), ("NY", "证件号码", "姓名")]
    {
        assert_eq!(read(system, column, name), (known.to_owned(), IdQuality::Prefix), "{system}");
    }
    assert_eq!(read("GA", "GMSFHM", "XM"), (cut.to_owned(), IdQuality::Valid));
}

#[test]
fn t10_every_interpunct_is_one() {
    for (system, column, name) in [
        ("GA", "XM", "阿卜杜拉·买买提"),
        ("MZ", "姓名", "阿卜杜拉•买买提"),
        ("WJ", "DE02_01_039_00", "阿卜杜拉・买买提"),
        ("NY", "姓名", "阿卜杜拉‧买买提"),
        ("ZJ", "owner_name", "阿卜杜拉.买买提"),
        ("YJ", "转移对象", "阿卜杜拉 买买提"),
        ("YJ", "转移对象", "阿卜杜拉-买买提"),
    ] {
        assert_eq!(full_name(&parse(system, &[(column, text(name))])), "阿卜杜拉·买买提", "{system} {name}");
    }
}

#[test]
fn t11_a_hanzi_outside_gbk_and_what_became_of_it_are_read() {
    assert_eq!(full_name(&parse("GA", &[("XM", text("王䶮"))])), "王䶮");
    assert_eq!(full_name(&parse("WJ", &[("DE02_01_039_00", text("李𬭎"))])), "李𬭎");
    for (system, column, name) in
        [("MZ", "姓名", "王?"), ("MZ", "姓名", "李hong"), ("NY", "姓名", "王(龙天)")]
    {
        let parsed = parse(system, &[(column, text(name))]);
        assert!(full_name(&parsed).starts_with(['王', '李']), "{name}");
    }
}

#[test]
fn t12_a_later_message_with_the_new_address_is_the_newer_version() {
    let row = |at: &str, address: &str| {
        parse("GA", &[("op", text("U")), ("更新时间", text(at)), ("XZDXZ", text(address))])
    };
    let old = row("2025-11-25T12:08:08+08:00", "示例省示例市示例区青石镇桃花村一组8号");
    let new = row("2026-04-02T09:00:00+08:00", "示例省示例市示例区青石镇茶店村二组3号");
    assert!(new.version > old.version);
    let Value::Address(address) = value(&new, "residence_address") else { panic!("no address") };
    assert_eq!(address.get(Level::Village), Some("茶店村"));
}

#[test]
fn t14_a_relatives_id_does_not_make_the_row_the_relatives() {
    let row = |name: &str| parse("MZ", &[("身份证号", text("990101195505150770")), ("姓名", text(name))]);
    assert_ne!(identity(&row("冉启凤")), identity(&row("田茂林")));
}

#[test]
fn t16_a_child_without_name_and_id_is_known_by_parent_and_household() {
    let parsed = parse("NY", &[("姓名", text("吴大勇之子")), ("户编号", text("510000005"))]);
    assert!(claim(&parsed, "citizen_id").is_none());
    assert!(identity(&parsed).iter().any(|text| text.contains("吴大勇")));
}

#[test]
fn t19_a_disability_certificate_number_holds_the_id() {
    let parsed = parse("MZ", &[("身份证号", text("99010119660818062742")), ("姓名", text("罗正碧"))]);
    assert_eq!(id(&parsed), ("990101196608180627".to_owned(), IdQuality::Valid));
    // Type and grade stand behind it. They are the certificate's word, not the ledger's.
    let derived = |id: &str| claim(&parsed, id).filter(|claim| claim.flags.has(ClaimFlags::DERIVED)).unwrap();
    assert!(derived("disability_type").value == Value::Code("4".into()));
    assert!(derived("disability_level").value == Value::Code("2".into()));
    let own = parse(
        "MZ",
        &[("身份证号", text("99010119660818062742")), ("姓名", text("罗正碧")), ("残疾类别", text("视力"))],
    );
    assert!(claim(&own, "disability_type").unwrap().is_evidence());
}

#[test]
fn t21_a_village_that_was_merged_reads_under_its_old_name() {
    for (system, column, address) in [
        ("MZ", "家庭住址", "李家坝村2社8号"),
        ("NY", "家庭详细地址", "示例省/示例市/示例区/青石镇/李家坝村/二组"),
    ] {
        let parsed = parse(system, &[("姓名", text("杨光明")), (column, text(address))]);
        let Value::Address(address) = value(&parsed, "residence_address") else { panic!("no address") };
        assert_eq!((address.get(Level::Village), address.get(Level::Group)), (Some("李家坝村"), Some("2")));
    }
}

#[test]
fn t22_two_rows_of_one_person_keep_two_keys() {
    let row = |id: &str, name: &str| parse("MZ", &[("身份证号", text(id)), ("姓名", text(name))]);
    let rows: Vec<_> =
        [row("990101195006190225", "蒲明珍"), row("", "蒲明真"), row("990101195006190225", "蒲明珍")]
            .into_iter()
            .map(|parsed| match parsed.identity {
                Identity::Columns(identity) => Incoming { identity, content: 0 },
                Identity::Key(_) => panic!("no key column"),
            })
            .collect();
    let keys: std::collections::BTreeSet<_> =
        align(&[true, true, false, false], &[], &rows).into_iter().map(|aligned| aligned.local).collect();
    assert_eq!(keys.len(), 3);
}

#[test]
fn t23_two_digits_swapped_fail_the_check_and_are_kept() {
    let parsed =
        parse("WJ", &[("DE02_01_030_00", text("990101195006190252")), ("DE02_01_039_00", text("舒成林"))]);
    assert_eq!(id(&parsed), ("990101195006190252".to_owned(), IdQuality::BadCheck));
    assert!(claim(&parsed, "citizen_id").unwrap().flags.has(ClaimFlags::BAD_CHECK));
}

#[test]
fn t24_an_old_message_that_arrives_late_has_the_lower_version() {
    let at = |time: &str| parse("GA", &[("op", text("U")), ("更新时间", text(time))]).version;
    assert!(at("2026-03-01T08:00:00+08:00") < at("2026-03-01T08:00:01+08:00"));
    assert_eq!(at("2026-03-01T08:00:00+08:00"), at("2026-03-01T00:00:00Z"));
}
