//! The words and codes that each department has for the same fact.

use crate::world::{Marital, Relation, Sex};

/// GB/T 3304 code, full name, short name.
const ETHNICITIES: &[(&str, &str, &str)] = &[
    ("01", "汉族", "汉"),
    ("02", "蒙古族", "蒙古"),
    ("03", "回族", "回"),
    ("04", "藏族", "藏"),
    ("05", "维吾尔族", "维吾尔"),
    ("06", "苗族", "苗"),
    ("07", "彝族", "彝"),
    ("08", "壮族", "壮"),
    ("11", "满族", "满"),
    ("12", "侗族", "侗"),
    ("15", "土家族", "土家"),
    ("17", "哈萨克族", "哈萨克"),
];

/// The full name of an ethnicity, as WJ writes it.
pub(crate) fn ethnicity(code: &str) -> &'static str {
    ETHNICITIES.iter().find(|(known, ..)| *known == code).map_or("其他", |(_, name, _)| name)
}

/// The short name, as NY writes it.
pub(super) fn ethnicity_short(code: &str) -> &'static str {
    ETHNICITIES.iter().find(|(known, ..)| *known == code).map_or("其他", |(_, _, short)| short)
}

/// 男 or 女.
pub(crate) fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Man => "男",
        Sex::Woman => "女",
    }
}

/// GB/T 2261.1, as GA and most of WJ write it.
pub(super) fn sex_code(sex: Sex) -> &'static str {
    match sex {
        Sex::Man => "1",
        Sex::Woman => "2",
    }
}

/// GB/T 2261.2.
pub(super) fn marital_code(marital: Marital) -> u8 {
    match marital {
        Marital::Single => 10,
        Marital::Married => 20,
        Marital::Widowed => 30,
        Marital::Divorced => 40,
    }
}

/// Marital status in words, for the truth.
pub(crate) fn marital(marital: Marital) -> &'static str {
    match marital {
        Marital::Single => "未婚",
        Marital::Married => "已婚",
        Marital::Widowed => "丧偶",
        Marital::Divorced => "离婚",
    }
}

/// GB/T 4761.
pub(super) fn relation_code(relation: Relation, sex: Sex) -> &'static str {
    match (relation, sex) {
        (Relation::Head, _) => "02",
        (Relation::Spouse, _) => "10",
        (Relation::Son, _) => "20",
        (Relation::Daughter, _) => "30",
        (Relation::DaughterInLaw, _) => "39",
        (Relation::Grandson, _) => "41",
        (Relation::Granddaughter, _) => "42",
        (Relation::Father, _) => "51",
        (Relation::Mother, _) => "52",
        (Relation::Other, _) => "80",
    }
}

/// The relation as MZ says it.
pub(crate) fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Head => "本人",
        Relation::Spouse => "配偶",
        Relation::Son => "儿子",
        Relation::Daughter => "女儿",
        Relation::DaughterInLaw => "儿媳",
        Relation::Grandson => "孙子",
        Relation::Granddaughter => "孙女",
        Relation::Father => "父亲",
        Relation::Mother => "母亲",
        Relation::Other => "其他",
    }
}

/// The relation as NY says it.
pub(super) fn relation_of(relation: Relation) -> &'static str {
    match relation {
        Relation::Head => "户主",
        Relation::Spouse => "配偶",
        Relation::Son => "之子",
        Relation::Daughter => "之女",
        Relation::DaughterInLaw => "之儿媳",
        Relation::Grandson => "之孙子",
        Relation::Granddaughter => "之孙女",
        Relation::Father => "之父",
        Relation::Mother => "之母",
        Relation::Other => "其他",
    }
}

/// Education in words, from its GB/T 4658 code.
pub(crate) fn education(code: u8) -> &'static str {
    match code {
        10 => "研究生",
        20 => "本科",
        30 => "大专",
        40 => "中职",
        60 => "高中",
        70 => "初中",
        80 => "小学",
        _ => "文盲或半文盲",
    }
}

/// Kind of disability (2 to 8) in words.
pub(crate) fn disability(kind: u8) -> &'static str {
    match kind {
        2 => "视力",
        3 => "听力",
        4 => "言语",
        5 => "肢体",
        6 => "智力",
        7 => "精神",
        _ => "多重",
    }
}

/// The digit for a kind of disability in a certificate number.
pub(super) fn certificate_kind(kind: u8) -> u8 {
    match kind {
        2 => 1,
        3 => 2,
        4 => 3,
        5 => 4,
        6 => 5,
        7 => 6,
        _ => 7,
    }
}

/// A degree (1 to 4) in the digits of banknotes, as MZ writes it.
pub(super) fn degree_capital(degree: u8) -> &'static str {
    match degree {
        1 => "壹级",
        2 => "贰级",
        3 => "叁级",
        _ => "肆级",
    }
}

/// A degree in words, as NY writes it.
pub(super) fn degree(degree: u8) -> &'static str {
    match degree {
        1 => "一级",
        2 => "二级",
        3 => "三级",
        _ => "四级",
    }
}

/// A disease in words, from its ICD-10 code.
pub(super) fn illness(code: &str) -> &'static str {
    match code {
        "I10" => "高血压",
        "E11.9" => "糖尿病",
        "M19.9" => "关节炎",
        "J44.9" => "慢阻肺",
        "I25.1" => "冠心病",
        _ => "脑卒中后遗症",
    }
}

/// How able somebody is to care for themselves, from the score, as MZ says it.
pub(crate) fn care(dependence: u8) -> &'static str {
    match dependence {
        0..=8 => "自理",
        9..=18 => "半失能",
        _ => "失能",
    }
}

/// The same, as WJ says it.
pub(super) fn dependence(score: u8) -> &'static str {
    match score {
        0..=3 => "可自理",
        4..=8 => "轻度依赖",
        9..=18 => "中度依赖",
        _ => "不能自理",
    }
}

/// A structure in words, from its code.
pub(crate) fn structure(code: u8) -> &'static str {
    match code {
        1 => "砖混",
        2 => "土木",
        3 => "砖木",
        4 => "钢混",
        _ => "其他",
    }
}
