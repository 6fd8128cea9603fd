//! Everything about a person that a register asks, beyond who they are in the family.

use super::super::person::Rolls;
use super::super::{Founding, Person, Work};
use super::{Culture, Sketch};
use crate::day::AS_OF;
use crate::dice::{Dice, Rate};

/// Completes somebody sketched.
pub(super) fn complete(
    founding: &mut Founding,
    dice: &mut Dice,
    sketch: &Sketch,
    culture: Culture,
    household: usize,
) -> Person {
    let age = sketch.born.years_until(AS_OF);
    let owns_phone = match age {
        ..13 => dice.percent(3),
        13..78 => dice.percent(93),
        _ => dice.percent(45),
    };
    let phone = owns_phone.then(|| founding.phones.issue());
    let former_phone = (owns_phone && dice.percent(35)).then(|| founding.phones.issue());
    founding.accounts += 1;
    let disability_rate = if age >= 60 { Rate::basis(900) } else { Rate::basis(250) };
    let disability = dice.happens(disability_rate).then(|| {
        (
            dice.weigh(&[(5, 52), (2, 14), (3, 16), (6, 8), (7, 6), (8, 2), (4, 2)]),
            dice.weigh(&[(1, 14), (2, 34), (3, 28), (4, 24)]),
        )
    });
    let dependence = match age {
        ..60 => u8::from(disability.is_some_and(|(_, degree)| degree <= 2)) * 6,
        60..75 => dice.weigh(&[(0, 40), (1, 20), (2, 18), (3, 12), (5, 5), (8, 3), (14, 2)]),
        _ => dice.weigh(&[
            (0, 18),
            (1, 16),
            (2, 16),
            (3, 14),
            (4, 9),
            (6, 9),
            (7, 6),
            (9, 5),
            (12, 4),
            (22, 3),
        ]),
    };
    Person {
        name: sketch.name,
        former: None,
        sex: sketch.sex,
        born: sketch.born,
        id: founding.ids.issue(dice, sketch.born, sketch.sex),
        second_id: None,
        // Who marries in keeps the own ethnicity; here the household's is close enough.
        ethnicity: culture.ethnicity,
        phone,
        former_phone,
        guardian: None,
        household,
        relation: sketch.relation,
        marital: sketch.marital,
        education: education(dice, age),
        work: work(dice, age),
        illnesses: illnesses(dice, age),
        disability,
        dependence,
        died: None,
        account: founding.accounts,
        rolls: Rolls::default(),
        planted: false,
    }
}

fn education(dice: &mut Dice, age: i32) -> u8 {
    match age {
        ..6 => 90,
        6..12 => 80,
        12..15 => 70,
        15..18 => dice.weigh(&[(60, 60), (40, 25), (70, 15)]),
        18..35 => dice.weigh(&[(20, 22), (30, 28), (60, 22), (40, 10), (70, 16), (10, 2)]),
        35..60 => dice.weigh(&[(70, 50), (80, 18), (60, 18), (30, 8), (20, 4), (40, 2)]),
        _ => dice.weigh(&[(80, 52), (90, 24), (70, 18), (60, 6)]),
    }
}

fn work(dice: &mut Dice, age: i32) -> Work {
    const PLACES: &[&str] = &["示例区", "示例市"];
    const BRANDS: &[&str] = &["鸿运", "九鼎", "瑞丰", "春晖", "大江", "泰安", "金穗", "百川", "恒生", "云岭"];
    const TRADES: &[&str] = &[
        "建筑有限公司",
        "运输有限公司",
        "制衣厂",
        "电器有限公司",
        "百货商店",
        "茶叶专业合作社",
        "中心小学",
        "人民医院",
        "榨菜厂",
    ];
    match age {
        20..63 if dice.percent(38) => Work::Firm(dice.pick(PLACES), dice.favour(BRANDS), dice.pick(TRADES)),
        20..63 => dice.weigh(&[(Work::Farm, 45), (Work::Own, 20), (Work::None, 35)]),
        63..75 if dice.percent(25) => Work::Farm,
        _ => Work::None,
    }
}

fn illnesses(dice: &mut Dice, age: i32) -> Vec<&'static str> {
    const KNOWN: &[(&str, u32)] =
        &[("I10", 46), ("E11.9", 18), ("M19.9", 14), ("J44.9", 8), ("I25.1", 9), ("I69.3", 5)];
    let sick = match age {
        ..45 => 2,
        45..60 => 14,
        _ => 64,
    };
    if !dice.percent(sick) {
        return Vec::new();
    }
    let drawn: Vec<&str> = (0..dice.weigh(&[(1, 66), (2, 26), (3, 8)])).map(|_| dice.weigh(KNOWN)).collect();
    KNOWN.iter().map(|(code, _)| *code).filter(|code| drawn.contains(code)).collect()
}
