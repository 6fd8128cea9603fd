//! T01, the sample woman: one person in six forms, each of her cells as the worked example of the design gives it.

use yibiao_format::Cell;

use super::plot::Plot;
use super::{SAMPLE_HOUSE, SAMPLE_MONITORING};
use crate::roll::Department::{Ga, Mz, Ny, Wj, Yj, Zj};

const MZ: &[(&str, &str)] = &[
    ("身份证号", "'990101195006190225"),
    ("姓名", "冉秀英"),
    ("性别", "女"),
    ("出生年月", "1950年五月初五(农历)"),
    ("联系方式", "199 0000 0022"),
    ("户籍所在地", "示例区青石镇桃花村3社12号"),
    ("家庭住址", "桃花村3社12号"),
    ("所属镇村", "青石镇桃花村"),
    ("网格", "桃花村第二网格"),
    ("家庭编号", "DB2019-0457"),
    ("户主", "冉秀英"),
    ("与户主关系", "本人"),
    ("家庭人口", "1人"),
    ("监护人", "冉光明"),
    ("监护人电话", "19900000033"),
    ("残疾类别", "肢体"),
    ("残疾等级", "贰级"),
    ("自理能力", "半失能"),
    ("是否独居", "是"),
    ("最近探访日期", "2026.10.8"),
    ("救助类别", "农村低保,高龄津贴"),
    ("享受起始年月", "2019.07"),
    ("月保障金(元)", "480.00"),
    ("银行账号", "DEMO-ACCT-0022"),
    ("月人均收入", "310"),
];

const GA: &[(&str, &str)] = &[("WGBH", "990101101203002"), ("FWCS", "无"), ("FWYT", "10")];

const WJ: &[(&str, &str)] = &[
    ("DE02_01_030_00", "990101 19500619 0225"),
    ("DE02_01_039_00", "冉琇英\u{3000}"),
    ("DE02_01_040_00", "2"),
    ("DE02_01_005_01", "1950-06-19T00:00:00"),
    ("DE02_01_025_00", "土家族"),
    ("DE02_01_010_00", "+86-199-0000-0022"),
    ("现住址", "示例区青石镇桃花村3组"),
    ("ORG_AREA", "990101101"),
    ("DE02_01_018_00", "3"),
    ("联系人姓名", "冉光明"),
    ("联系人电话", "199-0000-0033"),
    ("健康状况", "3"),
    ("慢病类型", "I10;E11.9"),
    ("残疾情况代码", "5"),
    ("残疾等级代码", "2"),
    ("自理能力评估", "9(中度依赖)"),
    ("居住情况", "2独居"),
    ("随访日期", "20260915"),
    ("签约医生", "周医生"),
];

const ZJ: &[(&str, &str)] = &[
    ("house_addr", "青石镇桃花村第三村民小组12号"),
    ("owner_name", "冉绣英"),
    ("phone", "0990-1234567"),
    ("object_type", "低保户"),
    ("structure", "2"),
    ("usage", "自用"),
    ("safety_level", "C"),
    ("risk_desc", "后墙开裂约2cm"),
];

const YJ: &[(&str, &str)] = &[
    ("镇村", "青石镇 桃花村"),
    ("所在网格", "2网格"),
    ("转移对象", "冉婆婆(冉秀英)"),
    ("身份证", "990101500619022"),
    ("电话", "19900000022/19900000033(儿)"),
    ("居住地点", "桃花村三社老屋基"),
    ("独居", "√"),
    ("需协助转移", "是"),
    ("紧急联系人", "冉光明(儿子)"),
    ("房屋结构", "土木"),
    ("建房时间", "80年代"),
    ("危房等级", "C级"),
    ("隐患情况", "屋后滑坡隐患;墙体裂缝"),
    ("整改情况", "已设警示,未加固"),
    ("安置点", "桃花村小学"),
    ("转移责任人", "李强"),
];

const NY: &[(&str, &str)] = &[
    ("行政区划", "9.90101E+11"),
    ("户编号", "510000779"),
    ("户主姓名", "冉光明"),
    ("姓名", "冉琇英"),
    ("与户主关系", "之母"),
    ("证件号码", "990101195006190225"),
    ("性别", "女性"),
    ("出生日期", "18433"),
    ("民族", "土家"),
    ("联系电话", "１９９００００００２２"),
    ("家庭详细地址", "示例省/示例市/示例区/青石镇/桃花村/三组"),
    ("家庭人口数", "3"),
    ("文化程度", "小学"),
    ("务工单位", ""),
    ("健康状况", "长期慢性病"),
    ("患病情况", "高血压、糖尿病"),
    ("残疾类型", "肢体残疾"),
    ("残疾级别", "二级"),
    ("监测对象类别", "突发严重困难户"),
    ("风险类型", "因病"),
    ("住房是否安全", "否"),
    ("人均年纯收入", "9860.50"),
    ("承包耕地(亩)", "2.3"),
    ("一卡通账号", "DEMO ACCT 0022"),
    ("帮扶责任人", "陈静"),
    ("走访时间", "202609"),
];

/// Puts the sample woman, her son and her grandson on the stage.
pub(super) fn plant(plot: &mut Plot<'_>) {
    let ran = plot.alone((3, 12, "老屋基"), "ran");
    let sons = plot.household((3, 15, "老屋基"), &["ran son", "ran grandson"]);
    let [son, grandson] = sons[..] else { unreachable!("invariant: two members were asked for") };
    describe(plot, ran, son);
    for (department, cells) in [(Mz, MZ), (Ga, GA), (Wj, WJ), (Zj, ZJ), (Yj, YJ), (Ny, NY)] {
        for (column, text) in cells {
            plot.says(department, ran, column, text);
        }
    }
    plot.cell(Zj, ran, "owner_id_card", Cell::Number(9.90101e17));
    plot.cell(Zj, ran, "built_year", Cell::Integer(1988));
    plot.cell(Zj, ran, "area_m2", Cell::Number(96.5));
    plot.cell(Zj, ran, "rectify_status", Cell::Integer(1));
    plot.cell(Yj, ran, "同住人数", Cell::Number(1.0));
    plot.cell(Yj, ran, "紧急联系电话", Cell::Number(19_900_000_033.0));
    for member in [son, grandson] {
        plot.says(Ny, member, "家庭人口数", "3");
        plot.says(Ny, member, "户编号", "510000779");
    }
    let family = plot.world.person(son).household;
    plot.world.planted.guests.push((ran, family));
    if let Some(case) =
        plot.world.households.get_mut(family).and_then(|household| household.monitoring.as_mut())
    {
        case.number = SAMPLE_MONITORING;
        case.category = "突发严重困难户";
        case.income = 986_050;
    }
    plot.trap("T01", &[ran, son, grandson]);
}

fn describe(plot: &mut Plot<'_>, ran: crate::world::PersonIndex, son: crate::world::PersonIndex) {
    let her_household = plot.world.person(ran).household;
    plot.world.planted.sample_household = Some(her_household);
    plot.relief(ran);
    plot.visits(ran, [false, false, false, true]);
    plot.survey(ran, Some(SAMPLE_HOUSE));
    plot.flood(ran, "屋后滑坡隐患");
    plot.monitor(son);
    let grandson = crate::world::PersonIndex(son.0 + 1);
    plot.monitor(grandson);
    let person = plot.person(ran);
    person.guardian = Some(son);
    person.illnesses = vec!["I10", "E11.9"];
    person.disability = Some((5, 2));
    person.dependence = 9;
    person.account = 22;
    let house = plot.world.household(her_household).house;
    if let Some(house) = plot.world.houses.get_mut(house) {
        (house.serial, house.structure, house.built, house.area_halves, house.grade) =
            (312, 2, 1988, 193, 'C');
    }
    if let Some(relief) =
        plot.world.households.get_mut(her_household).and_then(|household| household.relief.as_mut())
    {
        relief.number = 457;
    }
}
