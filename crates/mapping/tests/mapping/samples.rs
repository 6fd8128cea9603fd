//! Each form's sample row of one woman, and rows that a mapping cannot take in.

use crate::rows::{claim, edition, element, identity, mapping, parse, text, try_parse, value};
use yibiao_format::{Cell, Opening};
use yibiao_mapping::{Dwelling, Key, Mapping, MappingError, Parsed, SourceForm, Warning};
use yibiao_record::{ClaimFlags, Decimal, IdQuality, Level, Op, PartialDate, Value};
use yibiao_schema::Dictionary;

const ID: &str = "990101195006190225";

fn mz() -> Parsed {
    parse(
        "MZ",
        &[
            ("身份证号", text("'990101195006190225")),
            ("姓名", text("冉秀英")),
            ("性别", text("女")),
            ("出生年月", text("1950年五月初五(农历)")),
            ("联系方式", text("199 0000 0022")),
            ("户籍所在地", text("示例区青石镇桃花村3社12号")),
            ("家庭住址", text("桃花村3社12号")),
            ("所属镇村", text("青石镇桃花村")),
            ("网格", text("桃花村第二网格")),
            ("家庭编号", text("DB2019-0457")),
            ("户主", text("冉秀英")),
            ("与户主关系", text("本人")),
            ("家庭人口", text("1人")),
            ("监护人", text("冉光明")),
            ("监护人电话", text("19900000033")),
            ("残疾类别", text("肢体")),
            ("残疾等级", text("贰级")),
            ("自理能力", text("半失能")),
            ("是否独居", text("是")),
            ("最近探访日期", text("2026.10.8")),
            ("救助类别", text("农村低保,高龄津贴")),
            ("享受起始年月", text("2019.07")),
            ("月保障金(元)", text("480.00")),
            ("银行账号", text("DEMO-ACCT-0022")),
            ("月人均收入", Cell::Integer(310)),
        ],
    )
}

fn ga() -> Parsed {
    parse(
        "GA",
        &[
            ("GMSFHM", text(ID)),
            ("XM", text("冉琇英")),
            ("XBDM", text("2")),
            ("CSRQ", text("19500619")),
            ("MZDM", text("15")),
            ("LXDH", text("19900000022")),
            ("HJDXZ", text("示例省示例市示例区青石镇桃花村三组12号")),
            ("XZDXZ", text("示例省示例市示例区青石镇桃花村三组12号")),
            ("XZQHDM", text("990101")),
            ("WGBH", text("990101101203002")),
            ("HH", text("990101012345")),
            ("HZXM", text("冉琇英")),
            ("YHZGXDM", text("02")),
            ("HYZKDM", text("30")),
            ("WHCDDM", text("80")),
            ("FWCS", text("无")),
            ("BZDZID", text("990101101203-0312")),
            ("FWYT", text("10")),
        ],
    )
}

fn wj() -> Parsed {
    parse(
        "WJ",
        &[
            ("DE02_01_030_00", text("990101 19500619 0225")),
            ("DE02_01_039_00", text("冉琇英\u{3000}")),
            ("DE02_01_040_00", text("2")),
            ("DE02_01_005_01", text("1950-06-19T00:00:00")),
            ("DE02_01_025_00", text("土家族")),
            ("DE02_01_010_00", text("+86-199-0000-0022")),
            ("现住址", text("示例区青石镇桃花村3组")),
            ("ORG_AREA", text("990101101")),
            ("DE02_01_018_00", text("3")),
            ("联系人姓名", text("冉光明")),
            ("联系人电话", text("199-0000-0033")),
            ("健康状况", text("3")),
            ("慢病类型", text("I10;E11.9")),
            ("残疾情况代码", text("5")),
            ("残疾等级代码", text("2")),
            ("自理能力评估", text("9(中度依赖)")),
            ("居住情况", text("2独居")),
            ("随访日期", text("20260915")),
            ("签约医生", text("周医生")),
        ],
    )
}

fn zj() -> Parsed {
    parse(
        "ZJ",
        &[
            ("house_code", text("ZJ-99-000731")),
            ("village_code", text("990101101203")),
            ("house_addr", text("青石镇桃花村第三村民小组12号")),
            ("owner_name", text("冉绣英")),
            ("owner_id_card", Cell::Number(9.90101e17)),
            ("phone", text("0990-1234567")),
            ("object_type", text("低保户")),
            ("structure", text("2")),
            ("built_year", Cell::Integer(1988)),
            ("area_m2", Cell::Number(96.5)),
            ("usage", text("自用")),
            ("safety_level", text("C")),
            ("risk_desc", text("后墙开裂约2cm")),
            ("rectify_status", Cell::Integer(1)),
        ],
    )
}

fn yj() -> Parsed {
    parse(
        "YJ",
        &[
            ("镇村", text("青石镇 桃花村")),
            ("所在网格", text("2网格")),
            ("转移对象", text("冉婆婆(冉秀英)")),
            ("身份证", text("990101500619022")),
            ("电话", text("19900000022/19900000033(儿)")),
            ("居住地点", text("桃花村三社老屋基")),
            ("同住人数", Cell::Integer(1)),
            ("独居", text("√")),
            ("需协助转移", text("是")),
            ("紧急联系人", text("冉光明(儿子)")),
            ("紧急联系电话", Cell::Number(19_900_000_033.0)),
            ("房屋结构", text("土木")),
            ("建房时间", text("80年代")),
            ("危房等级", text("C级")),
            ("隐患情况", text("屋后滑坡隐患;墙体裂缝")),
            ("整改情况", text("已设警示,未加固")),
            ("安置点", text("桃花村小学")),
            ("转移责任人", text("李强")),
        ],
    )
}

fn ny() -> Parsed {
    parse(
        "NY",
        &[
            ("@序号", text("14")),
            ("行政区划", text("990101101203")),
            ("户编号", text("510000779")),
            ("户主姓名", text("冉光明")),
            ("姓名", text("冉琇英")),
            ("与户主关系", text("之母")),
            ("证件号码", text(ID)),
            ("性别", text("女性")),
            ("出生日期", text("18433")),
            ("民族", text("土家")),
            ("联系电话", text("１９９００００００２２")),
            ("家庭详细地址", text("示例省/示例市/示例区/青石镇/桃花村/三组")),
            ("家庭人口数", text("3")),
            ("文化程度", text("小学")),
            ("务工单位", text("")),
            ("健康状况", text("长期慢性病")),
            ("患病情况", text("高血压、糖尿病")),
            ("监测对象类别", text("突发严重困难户")),
            ("风险类型", text("因病")),
            ("住房是否安全", text("否")),
            ("人均年纯收入", text("9860.50")),
            ("承包耕地(亩)", text("2.3")),
            ("一卡通账号", text("DEMO ACCT 0022")),
            ("帮扶责任人", text("陈静")),
            ("走访时间", text("202609")),
            ("残疾类型", text("肢体残疾")),
            ("残疾级别", text("二级")),
        ],
    )
}

fn code(code: &str) -> Value {
    Value::Code(code.into())
}

#[test]
fn every_cell_of_the_sample_rows_reads() {
    for (system, parsed, empty) in
        [("MZ", mz(), 0), ("GA", ga(), 0), ("WJ", wj(), 0), ("ZJ", zj(), 0), ("YJ", yj(), 0), ("NY", ny(), 1)]
    {
        assert_eq!(parsed.claims.len() + empty, mapping(system).columns().len(), "{system}");
        let unread: Vec<_> =
            parsed.claims.iter().filter(|claim| claim.flags.has(ClaimFlags::UNPARSED)).collect();
        assert!(unread.is_empty(), "{system}: {unread:?}");
    }
}

#[test]
fn the_sample_woman_has_one_id_wherever_it_is_whole() {
    for parsed in [mz(), ga(), wj(), yj(), ny()] {
        let Value::Id(id) = value(&parsed, "citizen_id") else { panic!("no id") };
        assert!(&*id.digits == ID && id.quality == IdQuality::Valid);
    }
    assert!(claim(&yj(), "citizen_id").unwrap().flags.has(ClaimFlags::RAISED));
    let Value::Id(id) = value(&zj(), "citizen_id") else { panic!("no id") };
    assert!(&*id.digits == "990101" && id.quality == IdQuality::Prefix);
    assert!(claim(&zj(), "citizen_id").unwrap().flags.has(ClaimFlags::TRUNCATED));
}

#[test]
fn her_birth_date_is_one_day_in_four_notations() {
    let day = Value::Date(PartialDate::day(1950, 6, 19).unwrap());
    for parsed in [mz(), ga(), wj(), ny()] {
        assert!(value(&parsed, "birth_date") == day);
    }
    assert!(claim(&mz(), "birth_date").unwrap().flags.has(ClaimFlags::LUNAR));
}

#[test]
fn code_dialects_meet_in_the_canonical_code() {
    for parsed in [mz(), ga(), wj(), ny()] {
        assert!(value(&parsed, "sex") == code("2"));
    }
    for parsed in [ga(), wj(), ny()] {
        assert!(value(&parsed, "ethnicity") == code("15"));
    }
    for parsed in [ga(), wj()] {
        assert!(value(&parsed, "marital_status") == code("30"));
    }
    for parsed in [mz(), wj(), ny()] {
        assert!(
            value(&parsed, "disability_type") == code("4"),
            "5 of the health record is 4 of the standard"
        );
        assert!(value(&parsed, "disability_level") == code("2"));
    }
    for parsed in [wj(), ny()] {
        assert!(value(&parsed, "chronic_disease") == Value::Codes(vec!["E11.9".into(), "I10".into()]));
    }
    for parsed in [zj(), yj()] {
        assert!(value(&parsed, "house_structure") == code("2"));
        assert!(value(&parsed, "safety_grade") == code("C"));
    }
    assert!(value(&mz(), "assistance_category") == Value::Codes(vec!["112".into(), "210".into()]));
}

#[test]
fn her_account_is_one_number_whatever_stands_between_its_groups() {
    assert!(value(&mz(), "bank_account") == value(&ny(), "bank_account"));
}

#[test]
fn a_yes_or_no_column_reads_every_usual_word_and_mark() {
    let alone = |system: &str, name: &str, column: &str, cell: Cell| {
        value(&parse(system, &[(name, text("甲乙")), (column, cell)]), "living_alone")
    };
    for yes in [
        text("是"),
        text("√"),
        text("✔"),
        text("Y"),
        text("true"),
        text("1"),
        Cell::Integer(1),
        Cell::Bool(true),
    ] {
        assert!(alone("MZ", "姓名", "是否独居", yes.clone()) == code("2"), "{yes:?}");
        assert!(alone("YJ", "转移对象", "独居", yes.clone()) == code("2"), "{yes:?}");
    }
    for no in [text("否"), text("×"), text("N"), text("0"), Cell::Bool(false)] {
        assert!(alone("MZ", "姓名", "是否独居", no.clone()) == code("0"), "{no:?}");
    }
}

#[test]
fn money_is_exact() {
    assert!(value(&mz(), "monthly_amount") == Value::Decimal(Decimal::new(480, 0).unwrap()));
    assert!(value(&ny(), "income_pc_year") == Value::Decimal(Decimal::new(98_605, 1).unwrap()));
}

#[test]
fn an_address_gains_the_levels_above_that_its_file_leaves_out() {
    for parsed in [mz(), ga(), wj(), zj(), yj(), ny()] {
        let Value::Address(address) = value(&parsed, "residence_address") else { panic!("no address") };
        assert_eq!(address.get(Level::Province), Some("示例省"));
        assert_eq!(address.get(Level::District), Some("示例区"));
        assert_eq!(address.get(Level::Village), Some("桃花村"));
        assert_eq!(address.get(Level::Group), Some("3"));
    }
}

#[test]
fn what_follows_from_another_departments_word_is_no_evidence() {
    for (parsed, id) in [(zj(), "assistance_category"), (yj(), "self_care_ability"), (ny(), "safety_grade")] {
        let claim = claim(&parsed, id).unwrap();
        assert!(claim.flags.has(ClaimFlags::DERIVED) && !claim.is_evidence());
    }
    let evidence = |parsed: &Parsed| parsed.claims.iter().filter(|claim| claim.is_evidence()).count();
    assert_eq!(evidence(&zj()), 13);
}

#[test]
fn a_row_carries_its_sources_number_of_household_and_dwelling() {
    assert_eq!(mz().household.as_deref(), Some("DB2019-0457"));
    assert_eq!(ga().household.as_deref(), Some("990101012345"));
    assert_eq!(ny().household.as_deref(), Some("510000779"));
    assert_eq!(ga().dwelling.as_deref(), Some("990101101203-0312"));
    assert_eq!(zj().dwelling.as_deref(), Some("ZJ-99-000731"));
    for (parsed, system) in [(yj(), "YJ"), (ny(), "NY")] {
        assert_eq!(parsed.dwelling, None);
        assert_eq!(mapping(system).source().dwelling, Dwelling::Row);
    }
}

#[test]
fn a_row_was_observed_when_its_source_says() {
    let at = |parsed: Parsed| parsed.observed_at.to_string();
    assert_eq!(at(mz()), "2026-10-31T15:59:59Z");
    assert_eq!(at(ga()), "2025-12-31T16:00:00Z");
    assert_eq!(at(wj()), "2026-09-15T15:59:59Z");
    assert_eq!(at(ny()), "2026-10-31T01:00:00Z");
}

#[test]
fn a_row_number_is_no_key() {
    assert!(!identity(&ny()).contains(&"14"));
    assert_eq!(mapping("NY").source().locator.as_deref(), Some("@序号"));
    for system in ["MZ", "WJ", "YJ", "NY"] {
        assert!(matches!(mapping(system).source().key, Key::Identity(_)), "{system}");
    }
}

#[test]
fn the_identity_is_the_same_however_a_cell_is_written() {
    let plain = parse(
        "MZ",
        &[
            ("身份证号", text(ID)),
            ("姓名", text(" 冉秀英\u{3000}")),
            ("出生年月", text("1950-06-19")),
            ("家庭编号", text("DB2019-0457")),
        ],
    );
    assert_eq!(identity(&plain), identity(&mz()));
}

#[test]
fn a_cell_that_does_not_read_is_kept_raw_and_blocks_nothing() {
    let parsed = parse("GA", &[("GMSFHM", text(ID)), ("XM", text("冉琇英")), ("CSRQ", text("生于冬天"))]);
    let claim = claim(&parsed, "birth_date").unwrap();
    assert!(claim.value == Value::Unparsed("生于冬天".into()) && claim.flags.has(ClaimFlags::UNPARSED));
    assert!(!claim.is_evidence());
    assert!(value(&parsed, "name").type_name() == "name");
}

#[test]
fn a_code_that_no_spelling_knows_is_quarantined_with_column_and_rule_and_without_content() {
    for (system, column) in [
        ("MZ", "救助类别"),
        ("MZ", "性别"),
        ("GA", "MZDM"),
        ("WJ", "慢病类型"),
        ("ZJ", "structure"),
        ("YJ", "整改情况"),
        ("NY", "患病情况"),
    ] {
        let name = mapping(system)
            .columns()
            .iter()
            .find(|column| column.element() == element("name"))
            .map(|column| column.name())
            .unwrap();
        let quarantine = try_parse(system, &[(name, text("甲乙")), (column, text("某某新词"))]).unwrap_err();
        assert_eq!(quarantine.column.as_deref(), Some(column));
        assert_eq!(quarantine.rule, "unmapped-code");
        assert!(!quarantine.to_string().contains("某某新词"));
    }
}

#[test]
fn of_several_codes_in_a_cell_one_unknown_quarantines_the_row() {
    let row = [("姓名", text("甲乙")), ("救助类别", text("农村低保、某某新词"))];
    assert_eq!(try_parse("MZ", &row).unwrap_err().rule, "unmapped-code");
}

#[test]
fn a_row_without_its_key_is_quarantined() {
    assert_eq!(try_parse("GA", &[("person_key", text(" "))]).unwrap_err().rule, "missing-key");
    let nobody = [("镇村", text("青石镇 桃花村")), ("居住地点", text("桃花村三社"))];
    assert_eq!(try_parse("YJ", &nobody).unwrap_err().rule, "missing-identity");
}

#[test]
fn a_log_row_says_what_it_does_or_is_quarantined() {
    assert_eq!(try_parse("GA", &[("op", text("X"))]).unwrap_err().rule, "unmapped-operation");
    assert_eq!(try_parse("GA", &[("更新时间", text("昨天"))]).unwrap_err().rule, "unreadable-version");
}

#[test]
fn a_follow_up_without_a_date_counts_as_the_oldest() {
    let undated = parse("WJ", &[("DE02_01_039_00", text("甲乙")), ("随访日期", text(""))]);
    assert!(undated.observed_at < wj().observed_at);
}

#[test]
fn a_missing_key_column_refuses_the_edition_and_another_warns() {
    let refused = |system: &str, columns: &[&str]| {
        let opening = Opening {
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            titles: vec!["2026年10月".to_owned()],
            ..Opening::default()
        };
        mapping(system).bind("f", &opening).unwrap_err().to_string()
    };
    let hint = "export the file with this column, or correct the mapping if it was renamed";
    assert_eq!(
        refused("GA", &["op"]),
        format!("cannot read f: the key column person_key is missing; {hint}")
    );
    assert_eq!(
        refused("MZ", &["姓名"]),
        format!("cannot read f: the identity column 身份证号 is missing; {hint}")
    );
    assert_eq!(
        refused("MZ", &["身份证号", "姓名", "姓名"]),
        "cannot read f: the column 姓名 stands twice; rename or remove one of the two in the file, so that it is \
         clear which one counts"
    );

    let (mut opening, _) = edition("ZJ", &[("remark", Cell::Absent)]);
    opening.columns.retain(|column| column != "phone");
    let binding = mapping("ZJ").bind("f", &opening).unwrap();
    assert_eq!(binding.warnings(), [Warning::Missing("phone".into()), Warning::Unknown("remark".into())]);
}

#[test]
fn an_edition_that_does_not_say_when_it_is_from_is_refused() {
    let (mut opening, _) = edition("MZ", &[]);
    opening.titles = vec!["困难群众动态管理台账".to_owned()];
    let error = mapping("MZ").bind("f", &opening).unwrap_err();
    assert_eq!(error.reason, "no title tells which month it is about");
    let (mut opening, _) = edition("NY", &[]);
    opening.attributes.clear();
    assert_eq!(
        mapping("NY").bind("f", &opening).unwrap_err().reason,
        "the attribute 导出时间 is missing or no time"
    );
}

#[test]
fn a_source_lists_every_column_that_its_rows_need() {
    let SourceForm::Table { table, columns } = &mapping("ZJ").source().form else { panic!("no table") };
    assert_eq!((table.as_str(), columns.len()), ("zj_house_survey", 14));
    let SourceForm::File(yibiao_format::Layout::Ndjson { columns }) = &mapping("GA").source().form else {
        panic!("no NDJSON")
    };
    assert_eq!(columns.len(), 22);
    assert_eq!(columns[..4], ["op", "person_key", "更新时间", "注销原因"]);
    let SourceForm::File(yibiao_format::Layout::Xml { columns, .. }) = &mapping("NY").source().form else {
        panic!("no XML")
    };
    assert_eq!(columns.len(), 27);
}

#[test]
fn a_death_ends_a_record_and_a_double_registration_takes_it_back() {
    let op = |reason: &str| {
        try_parse("GA", &[("op", text("D")), ("注销原因", text(reason))])
            .map(|parsed| (parsed.op, parsed.claims.len()))
    };
    assert_eq!(op("死亡"), Ok((Op::End, 0)));
    assert_eq!(op("迁出"), Ok((Op::End, 0)));
    assert_eq!(op("重复户口"), Ok((Op::Retract, 0)));
    assert_eq!(op("其他").unwrap_err().rule, "unmapped-reason");
    assert_eq!(mapping("MZ").absence(), Op::End);
    assert_eq!(mapping("ZJ").absence(), Op::Retract);
}

fn refused(from: &str, to: &str) -> MappingError {
    let text = include_str!("../../../../schemas/mapping/zj.yaml");
    let edited = text.replace(from, to);
    assert_ne!(edited, text, "the edit did not apply");
    Mapping::parse_yaml("zj.yaml", &edited, Dictionary::shipped()).unwrap_err()
}

#[test]
fn an_error_in_a_mapping_names_file_key_and_what_to_do() {
    assert_eq!(
        refused("element: floor_area", "element: floor_space").to_string(),
        "cannot load mapping zj.yaml: columns, area_m2, element: the dictionary has no element floor_space; use an id \
         of schemas/dictionary, or add the element there"
    );
    assert_eq!(
        refused("低保户: \"110\"", "低保户: \"119\"").to_string(),
        "cannot load mapping zj.yaml: columns, object_type, as: the code list assistance has no code 119; map to a \
         code of the list, or add the code to schemas/codes/"
    );
    assert_eq!(
        refused("as: { date: year_number }", "as: text").to_string(),
        "cannot load mapping zj.yaml: columns, built_year, as: build_year is of type date; use the form of the \
         element's type"
    );
    assert_eq!(
        refused("column: phone", "column: owner_name").to_string(),
        "cannot load mapping zj.yaml: columns, owner_name: the column stands twice; keep one of the two"
    );
    let error = refused("mode: snapshot", "mood: snapshot");
    assert!(error.key.starts_with("line ") && error.reason.contains("mood"), "{error}");
    assert_eq!(refused("version: 1", "version: 2").key, "version");
    assert_eq!(refused("A: A, B: B", "A: A, B: A").key, "columns, safety_level, as");
    assert_eq!(refused("constant: 2026-10-31", "constant: soon").key, "observed");
    assert_eq!(
        refused("dwelling: { column: house_code }", "dwelling: { column: house }").key,
        "dwelling, column"
    );
    assert_eq!(refused("is: [\"120\"]", "is: [\"12\"]").key, "columns, object_type, derive, is");
    assert_eq!(
        refused("{ column: house_code }\n# The table", "{ identity: [usage, structure] }\n# The table").key,
        "key, identity"
    );
}
