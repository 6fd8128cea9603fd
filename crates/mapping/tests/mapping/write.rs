//! The way back into a department's own row.

use crate::rows::{edition, element, mapping, text};
use yibiao_format::Cell;
use yibiao_mapping::{Before, CellEdit, Spellings};
use yibiao_record::{Address, ElementId, IdNumber, IdQuality, Level, Name, PartialDate, Value};

fn edits(system: &str, own: &[(&str, Cell)], canonical: &[(&str, Value)]) -> Vec<CellEdit> {
    let mut own = own.to_vec();
    for (name, cell) in [("person_key", text("RK1")), ("op", text("I")), ("更新时间", text("2026-01-01"))]
    {
        if system == "GA" {
            own.push((name, cell));
        }
    }
    let (opening, row) = edition(system, &own);
    let binding = mapping(system).bind("file", &opening).unwrap();
    mapping(system).write(&binding.own(&row), &canon(canonical))
}

fn canon(canonical: &[(&str, Value)]) -> impl Fn(ElementId) -> Option<Value> {
    move |of| canonical.iter().find(|(id, _)| element(id) == of).map(|(_, value)| value.clone())
}

#[track_caller]
fn check(system: &str, column: &str, own: Cell, canonical: (&str, Value), expected: Option<(Cell, Before)>) {
    let found = edits(system, &[(column, own)], &[canonical]);
    let found = found.into_iter().find(|edit| edit.column == column).map(|edit| (edit.cell, edit.before));
    assert!(found == expected, "{system} {column}: {found:?}");
}

fn code(code: &str) -> Value {
    Value::Code(code.into())
}

fn valid(digits: &str) -> Value {
    Value::Id(IdNumber { digits: digits.into(), quality: IdQuality::Valid })
}

fn home() -> Address {
    [
        (Level::Province, "示例省"),
        (Level::City, "示例市"),
        (Level::District, "示例区"),
        (Level::Town, "青石镇"),
        (Level::Village, "桃花村"),
        (Level::Group, "3"),
        (Level::House, "12"),
    ]
    .into_iter()
    .fold(Address::default(), |address, (level, text)| address.with(level, text))
}

#[test]
fn an_empty_cell_is_completed_and_a_differing_one_corrected() {
    let id = || ("citizen_id", valid("990101195006190225"));
    let written = text("990101195006190225");
    check("MZ", "身份证号", text(""), id(), Some((written.clone(), Before::Empty)));
    check("MZ", "身份证号", text("不详"), id(), Some((written.clone(), Before::Empty)));
    check("MZ", "身份证号", text("990101195006190252"), id(), Some((written.clone(), Before::Differs)));
    check("MZ", "身份证号", Cell::Number(9.901_011_950_061_9e17), id(), Some((written, Before::Differs)));
}

#[test]
fn a_cell_that_says_the_same_in_its_own_way_stays() {
    check("MZ", "身份证号", text("'990101195006190225"), ("citizen_id", valid("990101195006190225")), None);
    check("YJ", "身份证", text("990101500619022"), ("citizen_id", valid("990101195006190225")), None);
    let day = || ("birth_date", Value::Date(PartialDate::day(1950, 6, 19).unwrap()));
    check("MZ", "出生年月", text("1950年五月初五(农历)"), day(), None);
    check("MZ", "出生年月", text("1950年6月"), day(), None);
    let phone = || ("mobile", Value::Phones(vec!["19900000022".into()]));
    check("WJ", "DE02_01_010_00", text("+86-199-0000-0022"), phone(), None);
    check("YJ", "电话", text("19900000022/19900000033(儿)"), phone(), None);
}

#[test]
fn a_cell_takes_the_columns_own_form() {
    let name = || ("name", Value::Name(Name::plain("阿卜杜拉·买买提")));
    for (system, column, written) in [
        ("GA", "XM", "阿卜杜拉·买买提"),
        ("MZ", "姓名", "阿卜杜拉•买买提"),
        ("WJ", "DE02_01_039_00", "阿卜杜拉・买买提"),
        ("NY", "姓名", "阿卜杜拉‧买买提"),
        ("ZJ", "owner_name", "阿卜杜拉.买买提"),
    ] {
        check(system, column, text("某人"), name(), Some((text(written), Before::Differs)));
    }
    let day = || ("birth_date", Value::Date(PartialDate::day(1950, 6, 19).unwrap()));
    for (system, column, written) in [
        ("GA", "CSRQ", "19500619"),
        ("MZ", "出生年月", "1950.06"),
        ("WJ", "DE02_01_005_01", "1950-06-19T00:00:00"),
        ("NY", "出生日期", "18433"),
    ] {
        check(system, column, Cell::Absent, day(), Some((text(written), Before::Empty)));
    }
    let address = || ("residence_address", Value::Address(home()));
    for (system, column, written) in [
        ("GA", "XZDXZ", "示例省示例市示例区青石镇桃花村三组12号"),
        ("MZ", "家庭住址", "桃花村3社12号"),
        ("WJ", "现住址", "示例区青石镇桃花村3组"),
        ("ZJ", "house_addr", "青石镇桃花村第三村民小组12号"),
        ("YJ", "居住地点", "桃花村三社"),
        ("NY", "家庭详细地址", "示例省/示例市/示例区/青石镇/桃花村/三组"),
    ] {
        check(system, column, Cell::Absent, address(), Some((text(written), Before::Empty)));
    }
}

#[test]
fn a_name_too_long_for_the_column_is_not_cut() {
    let name = Value::Name(Name::plain("阿不都热依木·买买提依明"));
    check("ZJ", "owner_name", text("某人"), ("name", name), None);
}

#[test]
fn a_nickname_stays_in_front_of_the_corrected_name() {
    let name = Value::Name(Name::plain("冉琇英"));
    let expected = Some((text("冉婆婆(冉琇英)"), Before::Differs));
    check("YJ", "转移对象", text("冉婆婆(冉秀英)"), ("name", name), expected);
}

#[test]
fn what_an_address_says_besides_is_not_lost() {
    check("YJ", "居住地点", text("桃花村三社老屋基"), ("residence_address", Value::Address(home())), None);
    check(
        "WJ",
        "现住址",
        text("示例区青石镇桃花村3组12号"),
        ("residence_address", Value::Address(home())),
        None,
    );
    let moved = home().with(Level::Group, "5");
    let expected = Some((text("桃花村五社"), Before::Differs));
    check("YJ", "居住地点", text("桃花村三社老屋基"), ("residence_address", Value::Address(moved)), expected);
    let more = Some((text("示例区青石镇桃花村3组"), Before::Differs));
    check("WJ", "现住址", text("示例区青石镇3组"), ("residence_address", Value::Address(home())), more);
}

#[test]
fn an_address_outside_the_files_area_is_written_in_full() {
    let away = home().with(Level::District, "邻近区");
    let expected = Some((text("示例省示例市邻近区青石镇桃花村3社12号"), Before::Empty));
    check("MZ", "家庭住址", Cell::Absent, ("residence_address", Value::Address(away)), expected);
}

#[test]
fn a_code_is_written_as_the_nearest_coarser_one_that_the_column_knows() {
    check(
        "WJ",
        "DE02_01_018_00",
        text("1"),
        ("marital_status", code("22")),
        Some((text("2"), Before::Differs)),
    );
    check("MZ", "是否独居", text("是"), ("living_alone", code("3")), Some((text("否"), Before::Differs)));
    check("MZ", "是否独居", text("否"), ("living_alone", code("3")), None);
    check("ZJ", "safety_level", text("A"), ("safety_grade", code("unsafe")), None);
}

#[test]
fn a_row_is_written_in_its_own_dialect_or_its_townships() {
    check("WJ", "DE02_01_040_00", text("M"), ("sex", code("2")), Some((text("F"), Before::Differs)));
    check("WJ", "DE02_01_040_00", text("1"), ("sex", code("2")), Some((text("2"), Before::Differs)));

    let row =
        |sex: &str, area: &str| edition("WJ", &[("DE02_01_040_00", text(sex)), ("ORG_AREA", text(area))]);
    let mapping = mapping("WJ");
    let mut spellings = Spellings::default();
    for (sex, area) in [("M", "990101103"), ("F", "990101103"), ("1", "990101103"), ("1", "990101101")] {
        let (opening, row) = row(sex, area);
        spellings.note(mapping, &mapping.bind("file", &opening).unwrap().own(&row));
    }
    for (area, expected) in [("990101103", "F"), ("990101101", "2"), ("990101109", "2")] {
        let (opening, row) = row("", area);
        let binding = mapping.bind("file", &opening).unwrap();
        let edits = mapping.write_like(&binding.own(&row), &spellings, &canon(&[("sex", code("2"))]));
        assert!(edits.len() == 1 && edits[0].cell == text(expected), "{area}");
    }
}

#[test]
fn a_derived_cell_follows_from_other_elements() {
    let categories = |codes: &[&str]| {
        let codes = codes.iter().map(|code| Box::from(*code)).collect();
        ("assistance_category", Value::Codes(codes))
    };
    let differs = |word: &str| Some((text(word), Before::Differs));
    check("ZJ", "object_type", text("一般户"), categories(&["112", "210"]), differs("低保户"));
    check("ZJ", "object_type", text("低保户"), categories(&["112"]), None);
    check("ZJ", "object_type", text("低保户"), categories(&["122", "112"]), differs("特困户"));
    check("ZJ", "object_type", text("一般户"), ("monitor_category", code("3")), differs("监测户"));
    check("ZJ", "object_type", text("监测户"), ("monitor_category", code("3")), None);
    check("ZJ", "object_type", text("一般户"), categories(&["210"]), None);
    check("NY", "住房是否安全", text("是"), ("safety_grade", code("C")), differs("否"));
    check("NY", "住房是否安全", Cell::Absent, ("safety_grade", code("B")), Some((text("是"), Before::Empty)));
    check("YJ", "需协助转移", text("否"), ("self_care_ability", code("3")), differs("是"));
}

#[test]
fn what_a_department_says_for_a_reason_of_its_own_stays() {
    check("YJ", "需协助转移", text("是"), ("self_care_ability", code("1")), None);
    check("NY", "健康状况", text("残疾"), ("health_status", code("3")), None);
    check(
        "NY",
        "健康状况",
        text("健康"),
        ("health_status", code("3")),
        Some((text("长期慢性病"), Before::Differs)),
    );
    check(
        "WJ",
        "随访日期",
        Cell::Absent,
        ("last_visit_date", Value::Date(PartialDate::day(2026, 10, 8).unwrap())),
        None,
    );
    check("MZ", "家庭人口", text("1人"), ("household_size", Value::Integer(3)), None);
    check("NY", "户主姓名", text("冉光明"), ("head_name", Value::Name(Name::plain("冉琇英"))), None);
}

#[test]
fn numbers_of_households_and_houses_are_never_carried_over() {
    let reference = |scheme: &str| Value::Reference { scheme: scheme.into(), number: "990101012345".into() };
    check("MZ", "家庭编号", Cell::Absent, ("household_ref", reference("GA")), None);
    check("MZ", "家庭编号", Cell::Absent, ("household_ref", reference("MZ")), None);
    check("ZJ", "house_code", Cell::Absent, ("house_ref", reference("GA")), None);
}

#[test]
fn a_finding_only_fills_a_gap() {
    let found = || ("hazard_desc", Value::Text("后墙开裂".into()));
    check("YJ", "隐患情况", text("临河低洼"), found(), None);
    check("YJ", "隐患情况", Cell::Absent, found(), Some((text("后墙开裂"), Before::Empty)));
}

#[test]
fn the_identity_after_writing_is_what_the_next_edition_will_show() {
    let (opening, row) =
        edition("MZ", &[("身份证号", text("")), ("姓名", text("冉秀英")), ("家庭编号", text("DB1"))]);
    let binding = mapping("MZ").bind("file", &opening).unwrap();
    let canonical =
        [("citizen_id", valid("990101195006190225")), ("name", Value::Name(Name::plain("冉琇英")))];
    let edits = mapping("MZ").write(&binding.own(&row), &canon(&canonical));
    let after = binding.identity_after(&row, &edits);
    assert_eq!(
        after.iter().map(|text| &**text).collect::<Vec<_>>(),
        ["990101195006190225", "冉琇英", "", "DB1"]
    );
}

#[test]
fn what_is_set_or_kept_is_not_printed() {
    let edits = edits("MZ", &[("姓名", text("甲"))], &[("name", Value::Name(Name::plain("冉琇英")))]);
    assert_eq!(format!("{edits:?}"), "[edit of 姓名 (Differs)]");
}
