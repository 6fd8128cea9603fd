//! Rules of names, one table a rule.

use super::*;
use proptest::prelude::*;

fn read(said: &str) -> (String, Vec<String>) {
    match parse(&Cell::Text(said.into())).unwrap().unwrap().value {
        Value::Name(name) => (name.full.to_string(), name.others.iter().map(ToString::to_string).collect()),
        _ => unreachable!(),
    }
}

fn plain(said: &str) -> String {
    let (full, others) = read(said);
    assert!(others.is_empty(), "{said}");
    full
}

#[test]
fn padding_around_a_name_changes_nothing() {
    for said in
        ["冉琇英", "冉琇英　", " 冉琇英", "冉琇英\u{A0}", "\u{200B}冉琇英", "冉琇英\t", "\u{FEFF}冉琇英\r\n"]
    {
        assert_eq!(plain(said), "冉琇英", "{said:?}");
    }
}

#[test]
fn a_short_name_that_is_spread_closes_up() {
    for (said, name) in [
        ("王 芳", "王芳"),
        ("彭　平", "彭平"),
        (" 覃　雪\u{200B}", "覃雪"),
        ("欧阳 娜娜", "欧阳娜娜"),
        ("冉\u{200B}秀 英", "冉秀英"),
        ("王 ?", "王?"),
    ] {
        assert_eq!(plain(said), name, "{said:?}");
    }
}

#[test]
fn every_interpunct_becomes_the_standard_one() {
    for said in [
        "阿卜杜拉·买买提",
        "阿卜杜拉•买买提",
        "阿卜杜拉・买买提",
        "阿卜杜拉‧买买提",
        "阿卜杜拉∙买买提",
        "阿卜杜拉.买买提",
        "阿卜杜拉．买买提",
        "阿卜杜拉｡买买提",
        "阿卜杜拉-买买提",
        "阿卜杜拉 买买提",
        "阿卜杜拉　买买提 ",
        "阿卜杜拉 · 买买提",
    ] {
        assert_eq!(plain(said), "阿卜杜拉·买买提", "{said}");
    }
    assert_eq!(plain("买买提"), "买买提");
}

#[test]
fn a_bracketed_name_keeps_both_forms() {
    for (said, full, other) in [
        ("冉婆婆(冉秀英)", "冉秀英", "冉婆婆"),
        ("冉婆婆（冉秀英）", "冉秀英", "冉婆婆"),
        ("张老汉(张德?)", "张德?", "张老汉"),
        ("冉秀英(冉婆婆)", "冉秀英", "冉婆婆"),
        ("丁德珍(丁孃孃)", "丁德珍", "丁孃孃"),
        ("谭二爷(谭国兵)", "谭国兵", "谭二爷"),
        ("张三(张山)", "张山", "张三"),
        ("萨仁(娜仁)", "萨仁", "娜仁"),
        ("李红梅(曾用名李招弟)", "李红梅", "李招弟"),
        ("孙树管(孙傲林之父)", "孙树管", "孙傲林之父"),
    ] {
        assert_eq!(read(said), (full.into(), vec![other.into()]), "{said}");
    }
}

#[test]
fn a_bracket_after_a_surname_spells_a_rare_hanzi() {
    assert_eq!(read("王(龙天)"), ("王䶮".into(), vec!["王(龙天)".into()]));
    assert_eq!(read("杨德(龙天)"), ("杨德䶮".into(), vec!["杨德(龙天)".into()]));
    assert_eq!(read("李(某旁)"), ("李?".into(), vec!["李(某旁)".into()]));
}

#[test]
fn a_note_about_a_person_is_no_name() {
    for said in [
        "冉光明(儿子)",
        "冉光明（亲属）",
        "冉光明,儿子",
        "冉光明\"儿子\"",
        "冉光明(已故)",
        "冉光明\u{200B}(已故)",
        "冉光明(户主)",
        "冉光明()",
    ] {
        assert_eq!(plain(said), "冉光明", "{said}");
    }
    assert_eq!(plain("哈里木·巴合提,儿子"), "哈里木·巴合提");
}

#[test]
fn someone_named_by_another_stays_as_written() {
    for said in ["吴大勇之子", "冉光明之母", "田茂林之妻"] {
        assert_eq!(plain(said), said);
    }
}

#[test]
fn a_lost_hanzi_is_a_question_mark() {
    for (said, name) in
        [("王?", "王?"), ("王？", "王?"), ("王□", "王?"), ("李hong", "李hong"), ("王䶮", "王䶮")]
    {
        assert_eq!(plain(said), name, "{said}");
    }
}

#[test]
fn characters_are_never_converted() {
    for said in ["劉继㛃", "李𬭎", "向宇𬸚", "谭峯", "陈喆"] {
        assert_eq!(plain(said), said);
    }
}

#[test]
fn nothing_and_what_is_no_name_are_told_apart() {
    for said in ["", "　", "无", "不详", "/"] {
        assert_eq!(parse(&Cell::Text(said.into())), Ok(None), "{said}");
    }
    for said in ["94人", "备注:见附表", "张三,李四", "()", "·"] {
        assert_eq!(parse(&Cell::Text(said.into())), Err(REFUSED), "{said}");
    }
}

#[test]
fn each_department_writes_its_own_interpunct() {
    let name = Name::plain("阿卜杜拉·买买提");
    for interpunct in ['·', '•', '・', '‧', '.', '-', ' '] {
        let cell = write(&name, &Style { interpunct, ..Style::default() });
        assert_eq!(cell, Some(Cell::Text(format!("阿卜杜拉{interpunct}买买提"))));
    }
    // A space in a short name would close up.
    let short = write(&Name::plain("萨·仁"), &Style { interpunct: ' ', ..Style::default() });
    assert_eq!(short, Some(Cell::Text("萨·仁".into())));
}

#[test]
fn a_nickname_is_written_where_the_column_takes_one() {
    let name = Name { full: "冉秀英".into(), others: vec!["冉婆婆".into()] };
    let style = Style { nickname: true, ..Style::default() };
    assert_eq!(write(&name, &style), Some(Cell::Text("冉婆婆(冉秀英)".into())));
    assert_eq!(write(&name, &Style::default()), Some(Cell::Text("冉秀英".into())));
    assert_eq!(write(&name, &Style { characters_max: Some(2), ..style }), None);
}

fn any_name() -> impl Strategy<Value = Name> {
    let full = prop_oneof![
        "[冉秀英张伟国德福桂覃]{2,4}",
        "[阿卜杜拉买提古丽]{2,5}·[阿卜杜拉买提古丽]{1,5}",
        "[冉秀英张]{1,2}[?䶮𬭎]"
    ];
    (full, prop::option::of("[冉张王]婆婆")).prop_map(|(full, other)| Name {
        full: full.into(),
        others: other.into_iter().map(Into::into).collect(),
    })
}

proptest! {
    #[test]
    fn a_name_reads_back_as_far_as_its_column_holds_it(name in any_name(), nickname: bool, at in 0usize..7) {
        let interpunct = ['·', '•', '・', '‧', '.', '-', ' '][at];
        let style = Style { interpunct, nickname, characters_max: None };
        let cell = write(&name, &style).unwrap();
        let Value::Name(read) = parse(&cell).unwrap().unwrap().value else { unreachable!() };
        prop_assert!(Value::Name(name.clone()).refines(&Value::Name(read.clone())));
        prop_assert!(!name.others.is_empty() || read == name);
        prop_assert_eq!(write(&read, &style), Some(cell));
    }

    #[test]
    fn whatever_is_read_can_be_written_and_read_again(said: String, names in "[冉秀英婆之子无()（）·. ,\"?a-]{0,12}") {
        for said in [said, names] {
            let Ok(Some(Reading { value: Value::Name(name), .. })) = parse(&Cell::Text(said)) else { continue };
            let again = parse(&write(&name, &Style::default()).unwrap()).unwrap().unwrap();
            prop_assert!(again.value == Value::Name(Name::plain(&name.full)));
        }
    }
}
