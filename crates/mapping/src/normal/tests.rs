//! The six departments' columns: one synthetic woman, as each of them writes of her.

use super::*;
use yibiao_format::Cell;
use yibiao_record::{Address, Division, Grid, IdQuality, Level, PartialDate};

fn text(said: &str) -> Cell {
    Cell::Text(said.into())
}

fn value(outcome: Outcome) -> Value {
    outcome.unwrap().unwrap().value
}

fn address(levels: &[(Level, &str)]) -> Address {
    levels.iter().fold(Address::default(), |address, (level, text)| address.with(*level, text))
}

#[test]
fn her_id_is_one_in_all_six() {
    let whole = value(citizen_id::parse(&text("990101195006190225")));
    for (column, said) in [
        ("MZ 身份证号", "'990101195006190225"),
        ("GA GMSFHM", "990101195006190225"),
        ("WJ DE02_01_030_00", "990101 19500619 0225"),
        ("YJ 身份证", "990101500619022"),
        ("NY 证件号码", "990101195006190225"),
    ] {
        assert!(value(citizen_id::parse(&text(said))) == whole, "{column}");
    }
    for cell in [text("9.90101E+17"), Cell::Number(9.90101e17)] {
        let Value::Id(lossy) = value(citizen_id::parse(&cell)) else { unreachable!("ZJ owner_id_card") };
        assert_eq!((&*lossy.digits, lossy.quality), ("990101", IdQuality::Prefix));
        assert!(whole.refines(&Value::Id(lossy)));
    }
}

#[test]
fn names_are_kept_as_each_department_writes_them() {
    for (column, said, full) in [
        ("MZ 姓名", "冉秀英", "冉秀英"),
        ("GA XM", "冉琇英", "冉琇英"),
        ("WJ DE02_01_039_00", "冉琇英　", "冉琇英"),
        ("ZJ owner_name", "冉绣英", "冉绣英"),
        ("YJ 转移对象", "冉婆婆(冉秀英)", "冉秀英"),
        ("NY 姓名", "冉琇英", "冉琇英"),
        ("MZ 户主", "冉秀英", "冉秀英"),
        ("GA HZXM", "冉琇英", "冉琇英"),
        ("NY 户主姓名", "冉光明", "冉光明"),
        ("MZ 监护人", "冉光明", "冉光明"),
        ("WJ 联系人姓名", "冉光明", "冉光明"),
        ("YJ 紧急联系人", "冉光明(儿子)", "冉光明"),
        ("YJ 转移责任人", "李强", "李强"),
        ("NY 帮扶责任人", "陈静", "陈静"),
        ("WJ 签约医生", "周医生", "周医生"),
    ] {
        let Value::Name(name) = value(name::parse(&text(said))) else { unreachable!() };
        assert_eq!(&*name.full, full, "{column}");
    }
}

#[test]
fn dates_keep_the_precision_of_their_column() {
    use date::Style;
    let day = |year, month, day| PartialDate::day(year, month, day).unwrap();
    for (column, said, style, date) in [
        ("MZ 出生年月", "1950年五月初五(农历)", Style::Dotted, day(1950, 6, 19)),
        ("GA CSRQ", "19500619", Style::Compact, day(1950, 6, 19)),
        ("WJ DE02_01_005_01", "1950-06-19T00:00:00", Style::IsoDateTime, day(1950, 6, 19)),
        ("NY 出生日期", "18433", Style::SerialText, day(1950, 6, 19)),
        ("MZ 最近探访日期", "2026.10.8", Style::Dotted, day(2026, 10, 8)),
        ("WJ 随访日期", "20260915", Style::Compact, day(2026, 9, 15)),
        ("NY 走访时间", "202609", Style::CompactMonth, PartialDate::month(2026, 9).unwrap()),
        ("MZ 享受起始年月", "2019.07", Style::DottedMonth, PartialDate::month(2019, 7).unwrap()),
        ("ZJ built_year", "1988", Style::YearNumber, PartialDate::year(1988)),
        ("YJ 建房时间", "80年代", Style::YearOrDecade, PartialDate::decade(1980)),
    ] {
        assert!(value(date::parse(&text(said), style)) == Value::Date(date), "{column}");
    }
}

#[test]
fn telephones_are_digits() {
    for (column, cell, phones) in [
        ("MZ 联系方式", text("199 0000 0022"), &["19900000022"][..]),
        ("GA LXDH", text("19900000022"), &["19900000022"]),
        ("WJ DE02_01_010_00", text("+86-199-0000-0022"), &["19900000022"]),
        ("ZJ phone", text("0990-1234567"), &["09901234567"]),
        ("YJ 电话", text("19900000022/19900000033(儿)"), &["19900000022", "19900000033"]),
        ("NY 联系电话", text("１９９００００００２２"), &["19900000022"]),
        ("MZ 监护人电话", text("19900000033"), &["19900000033"]),
        ("WJ 联系人电话", text("199-0000-0033"), &["19900000033"]),
        ("YJ 紧急联系电话", Cell::Number(1.990_000_003_3E10), &["19900000033"]),
    ] {
        let phones = phones.iter().map(|phone| (*phone).into()).collect();
        assert!(value(phone::parse(&cell)) == Value::Phones(phones), "{column}");
    }
}

#[test]
fn addresses_and_divisions_agree_across_departments() {
    use Level::{City, District, Group, House, Place, Province, Town, Village};
    let whole = [
        (Province, "示例省"),
        (City, "示例市"),
        (District, "示例区"),
        (Town, "青石镇"),
        (Village, "桃花村"),
        (Group, "3"),
        (House, "12"),
    ];
    for (column, said, levels) in [
        ("MZ 户籍所在地", "示例区青石镇桃花村3社12号", &whole[2..]),
        ("GA HJDXZ", "示例省示例市示例区青石镇桃花村三组12号", &whole[..]),
        ("MZ 家庭住址", "桃花村3社12号", &whole[4..]),
        ("WJ 现住址", "示例区青石镇桃花村3组", &whole[2..6]),
        ("ZJ house_addr", "青石镇桃花村第三村民小组12号", &whole[3..]),
        ("YJ 居住地点", "桃花村三社老屋基", &[(Village, "桃花村"), (Group, "3"), (Place, "老屋基")]),
        ("NY 家庭详细地址", "示例省/示例市/示例区/青石镇/桃花村/三组", &whole[..6]),
    ] {
        assert!(value(address::parse(&text(said))) == Value::Address(address(levels)), "{column}");
    }
    for (column, said, code, levels) in [
        ("MZ 所属镇村", "青石镇桃花村", "", &whole[3..5]),
        ("GA XZQHDM", "990101", "990101", &[][..]),
        ("WJ ORG_AREA", "990101101", "990101101", &[]),
        ("ZJ village_code", "990101101203", "990101101203", &[]),
        ("YJ 镇村", "青石镇 桃花村", "", &whole[3..5]),
        ("NY 行政区划", "9.90101E+11", "990101", &[]),
    ] {
        let division = Division { code: code.into(), names: address(levels) };
        assert!(value(division::parse(&text(said))) == Value::Division(division), "{column}");
    }
    for (column, said, village_code, village) in [
        ("MZ 网格", "桃花村第二网格", "", "桃花村"),
        ("GA WGBH", "990101101203002", "990101101203", ""),
        ("YJ 所在网格", "2网格", "", ""),
    ] {
        let grid = Grid { village_code: village_code.into(), village: village.into(), number: 2 };
        assert!(value(grid::parse(&text(said))) == Value::Grid(grid), "{column}");
    }
}

#[test]
fn numbers_and_flags_are_exact() {
    for (column, cell, number) in [
        ("MZ 月保障金(元)", text("480.00"), "480"),
        ("MZ 月人均收入", Cell::Number(310.0), "310"),
        ("NY 人均年纯收入", text("9860.50"), "9860.5"),
        ("ZJ area_m2", text("96.50"), "96.5"),
        ("NY 承包耕地(亩)", text("2.3"), "2.3"),
    ] {
        let Value::Decimal(read) = value(number::parse_decimal(&cell)) else { unreachable!() };
        assert_eq!(read.to_string(), number, "{column}");
    }
    for (column, said, number) in
        [("MZ 家庭人口", "1人", 1), ("YJ 同住人数", "1", 1), ("NY 家庭人口数", "3", 3)]
    {
        assert!(value(number::parse_integer(&text(said))) == Value::Integer(number), "{column}");
    }
    for (column, said, truth) in [
        ("MZ 是否独居", "是", true),
        ("YJ 独居", "√", true),
        ("YJ 需协助转移", "是", true),
        ("NY 住房是否安全", "否", false),
    ] {
        assert!(value(flag::parse(&text(said))) == Value::Bool(truth), "{column}");
    }
}

#[test]
fn several_codes_and_codes_with_meanings_come_apart() {
    for (column, said, items) in [
        ("WJ 慢病类型", "I10;E11.9", ["I10", "E11.9"]),
        ("NY 患病情况", "高血压、糖尿病", ["高血压", "糖尿病"]),
        ("MZ 救助类别", "农村低保,高龄津贴", ["农村低保", "高龄津贴"]),
        ("YJ 隐患情况", "屋后滑坡隐患;墙体裂缝", ["屋后滑坡隐患", "墙体裂缝"]),
        ("YJ 整改情况", "已设警示,未加固", ["已设警示", "未加固"]),
    ] {
        assert_eq!(codes::split(said).collect::<Vec<_>>(), items, "{column}");
    }
    for (column, said, code) in
        [("WJ 自理能力评估", "9(中度依赖)", "9"), ("WJ 居住情况", "2独居", "2"), ("YJ 危房等级", "C级", "C")]
    {
        assert_eq!(codes::code_and_meaning(said).0, code, "{column}");
    }
}
