//! The reader of addresses: cuts one level after the other from the front.

use super::{Address, Level, numeral, text};
use std::borrow::Cow;

/// Reads an address; `None` where no level but perhaps a place is found.
pub(in crate::normal) fn read(said: &str) -> Option<Address> {
    let said = text::narrow(said);
    let said = said.split([',', ';', '"', '“', '(', '（', '。', '\n', '【']).next().map(text::trim)?;
    if said.len() > ADDRESS_MAX {
        return None;
    }
    let mut reader = Reader { levels: Vec::with_capacity(Level::ALL.len()), reached: None };
    for segment in said.split('/') {
        let spaced = segment.contains(text::is_padding);
        if spaced {
            let closed: String = segment.chars().filter(|c| !text::is_padding(*c)).collect();
            reader.segment(&closed);
        } else {
            reader.segment(segment);
        }
    }
    let located = reader.levels.iter().any(|(level, _)| *level != Level::Place);
    located.then(|| reader.levels.into_iter().collect())
}

/// What ends a name of a level, the longer first where one ends with the other.
const PROVINCE: &[&str] = &["特别行政区", "自治区", "省"];
const CITY: &[&str] = &["自治州", "地区", "盟", "市"];
const DISTRICT: &[&str] = &["自治县", "自治旗", "新区", "区", "县", "旗", "市"];
const TOWN: &[&str] = &["街道办事处", "街道", "苏木", "镇", "乡"];
const VILLAGE: &[&str] = &["社区居委会", "村委会", "居委会", "社区", "嘎查", "村"];
const ROAD: &[&str] = &["大道", "大街", "胡同", "路", "街", "巷", "弄"];
const GROUP: &[&str] = &["村民小组", "居民小组", "村民组", "居民组", "生产队", "小组", "组", "社", "队"];
const BUILDING: &[&str] = &["号楼", "栋", "幢", "座"];
/// Endings of a compound's name, in whose absence a name in the country is taken for a place.
const COMPOUND: &[&str] = &["小区", "花园", "家园", "公寓", "家属院", "新村", "苑"];
/// The longest address, in bytes (two hundred hanzi).
const ADDRESS_MAX: usize = 600;
/// The longest name of a level, in bytes (twelve hanzi).
const NAME_MAX: usize = 36;

/// A number in Arabic digits.
type Number<'a> = Cow<'a, str>;

/// What the numbers at the end of an address are of.
enum Numbers<'a> {
    House(Number<'a>),
    Rooms(Vec<(Level, Number<'a>)>),
}

struct Reader {
    levels: Vec<(Level, Box<str>)>,
    /// The last level found.
    reached: Option<Level>,
}

impl Reader {
    /// Reads one stretch of an address, which begins at a level below the last one found.
    fn segment(&mut self, segment: &str) {
        let mut rest = segment;
        let named: [(Level, &[&str]); 5] = [
            (Level::Province, PROVINCE),
            (Level::City, CITY),
            (Level::District, DISTRICT),
            (Level::Town, TOWN),
            (Level::Village, VILLAGE),
        ];
        for (level, suffixes) in named {
            if self.reached.is_some_and(|reached| reached >= level) || group(rest).is_some() {
                continue;
            }
            if let Some((name, after)) = name(rest, level, suffixes) {
                self.set(level, name);
                rest = after;
            }
        }
        if let Some((number, after)) = group(rest) {
            self.set(Level::Group, &number);
            rest = after;
        }
        if self.reached != Some(Level::Group) || rest.contains('号') {
            rest = self.road(rest);
        }
        self.buildings(rest);
    }

    /// A road with or without a number.
    fn road<'a>(&mut self, rest: &'a str) -> &'a str {
        let Some((road, after)) = name(rest, Level::Road, ROAD) else { return rest };
        let number = house_number(after);
        // `路边`, `老街` at the end of a village's address: a spot, no road.
        let in_country = self.get(Level::Village).is_some_and(|village| village.ends_with('村'));
        if number.is_none() && (in_country || self.reached == Some(Level::Group)) {
            return rest;
        }
        self.set(Level::Road, road);
        let Some((number, after)) = number else { return after };
        self.set(Level::RoadNumber, &number);
        after
    }

    /// A compound or a place, then building, unit and room, or the number of a house.
    fn buildings(&mut self, rest: &str) {
        let in_town = self.get(Level::Road).is_some()
            || self.get(Level::Village).is_some_and(|village| village.ends_with("社区"));
        let found = rest.char_indices().find_map(|(at, _)| {
            let (head, tail) = rest.split_at_checked(at)?;
            numbers(tail).map(|(numbers, after)| (head, numbers, after))
        });
        let Some((head, numbers, after)) = found else { return self.place_or_compound(rest, in_town, false) };
        match numbers {
            Numbers::House(number) => {
                // A place and the house there.
                self.place_or_compound(head, in_town, false);
                self.set(Level::House, &number);
                self.buildings(after);
            }
            Numbers::Rooms(numbers) => {
                self.place_or_compound(head, in_town, true);
                for (level, number) in numbers {
                    self.set(level, &number);
                }
                if !after.is_empty() && self.get(Level::Place).is_none() {
                    self.set(Level::Place, after);
                }
            }
        }
    }

    fn place_or_compound(&mut self, name: &str, in_town: bool, has_building: bool) {
        if name.is_empty() {
            return;
        }
        let compound = in_town || has_building || COMPOUND.iter().any(|suffix| name.ends_with(suffix));
        self.set(if compound { Level::Compound } else { Level::Place }, name);
    }

    fn get(&self, level: Level) -> Option<&str> {
        self.levels.iter().find(|(at, _)| *at == level).map(|(_, text)| &**text)
    }

    fn set(&mut self, level: Level, text: &str) {
        self.levels.push((level, text.into()));
        self.reached = self.reached.max(Some(level));
    }
}

/// The name at the front that ends with one of the suffixes, and what follows.
fn name<'a>(rest: &'a str, level: Level, suffixes: &[&str]) -> Option<(&'a str, &'a str)> {
    for (at, c) in rest.char_indices().take_while(|(at, _)| *at < NAME_MAX) {
        if c.is_ascii_digit() || c == '号' {
            return None;
        }
        // Most characters begin no suffix at all.
        if !begins_suffix(c) {
            continue;
        }
        let from = rest.get(at..)?;
        let Some(suffix) = suffixes.iter().find(|suffix| from.starts_with(**suffix)) else { continue };
        let (name, after) = rest.split_at_checked(at + suffix.len())?;
        let before = name.strip_suffix(*suffix)?;
        if is_name(before, suffix, after, level) {
            return Some((name, after));
        }
    }
    None
}

fn begins_suffix(c: char) -> bool {
    matches!(
        c,
        '特' | '自'
            | '省'
            | '地'
            | '盟'
            | '市'
            | '新'
            | '区'
            | '县'
            | '旗'
            | '街'
            | '苏'
            | '镇'
            | '乡'
            | '社'
            | '村'
            | '居'
            | '嘎'
            | '大'
            | '胡'
            | '路'
            | '巷'
            | '弄'
    )
}

/// Whether a text before a suffix, with what follows the suffix, is a name of the level: `示例` before 区 is, `社` (of
/// 社区) is not.
fn is_name(before: &str, suffix: &str, after: &str, level: Level) -> bool {
    if before.is_empty() {
        return false;
    }
    let one_character = before.chars().nth(1).is_none();
    let continues = |words: &[&str]| words.iter().any(|word| after.starts_with(word));
    match (level, suffix) {
        (Level::City | Level::District, "市") if one_character || continues(&["场", "政", "民"]) => false,
        (Level::District, "区") => !["社", "小", "校", "园", "景", "矿", "厂", "片", "库", "林", "牧", "山"]
            .iter()
            .any(|end| before.ends_with(end)),
        (Level::Town, "镇" | "乡") => !continues(&["村", "社区", "路", "街", "组", "政府"]),
        (Level::Village, "村") if continues(&["民小组", "民组", "村", "委会", "小组"]) => false,
        (Level::Village, "村") => {
            // 新村 before a building, or behind a road, is a compound.
            let road = ROAD.iter().any(|road| before.contains(road)) && before.ends_with('新');
            !road && !room_numbers(after).0.iter().any(|(level, _)| *level == Level::Building)
        }
        (Level::Road, _) => {
            !continues(&["边", "口", "旁", "上", "下", "头", "坎", "社区", "村", "小区", "道"])
                && !before.contains("小区")
        }
        _ => true,
    }
}

/// `3社`, `三组`, `第三村民小组`, `5队`.
fn group(rest: &str) -> Option<(Number<'_>, &str)> {
    let numbered = rest.strip_prefix('第').unwrap_or(rest);
    let (number, after) = number(numbered)?;
    let suffix = GROUP.iter().find(|suffix| after.starts_with(**suffix))?;
    let after = after.strip_prefix(*suffix)?;
    // 三社区, 三组团
    let part_of_word = after.starts_with('团') || *suffix == "社" && after.starts_with('区');
    (!part_of_word).then_some((number, after))
}

/// `12号`, `193号附2号`, `193-1号`: the number, and what follows. `3号楼` is a building.
fn house_number(rest: &str) -> Option<(Number<'_>, &str)> {
    let (mut out, mut after) = number(rest)?;
    if let Some((second, rest)) = after.strip_prefix(['-', '之']).and_then(number) {
        out = Cow::Owned([&out, "-", &second].concat());
        after = rest;
    }
    after = after.strip_prefix('号')?;
    if after.starts_with(['楼', '栋', '幢']) {
        return None;
    }
    if let Some((second, rest)) = after.strip_prefix('附').and_then(number) {
        out = Cow::Owned([&out, "附", &second].concat());
        after = rest.strip_prefix('号').unwrap_or(rest);
    }
    Some((out, after))
}

/// The numbers at the front, if they have a meaning in an address, and what follows.
fn numbers(rest: &str) -> Option<(Numbers<'_>, &str)> {
    if !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || numeral::is_numeral(c)) {
        return None;
    }
    if let Some((number, after)) = house_number(rest) {
        return Some((Numbers::House(number), after));
    }
    let (numbers, after) = room_numbers(rest);
    (!numbers.is_empty()).then_some((Numbers::Rooms(numbers), after))
}

/// `3栋2单元1603室`, `3幢2单元404`, `3-2-1603`, `12栋`, `A座501`: the numbers, and what follows.
fn room_numbers(rest: &str) -> (Vec<(Level, Number<'_>)>, &str) {
    if let Some((numbers, after)) = short_numbers(rest) {
        return (numbers, after);
    }
    let mut found = Vec::new();
    let mut rest = rest;
    for (level, suffixes) in
        [(Level::Building, BUILDING), (Level::Unit, &["单元"][..]), (Level::Room, &["室", "房"][..])]
    {
        let Some((number, after)) = number(rest).or_else(|| letter(rest)) else { break };
        if let Some(after) = suffixes.iter().find_map(|suffix| after.strip_prefix(*suffix)) {
            found.push((level, number));
            rest = after;
        } else if level == Level::Room && after.is_empty() && !found.is_empty() {
            // The room at the end needs no suffix.
            found.push((level, number));
            rest = after;
        }
    }
    (found, rest)
}

/// `3-2-1603` (building, unit, room) or `3-1603` (building, room).
fn short_numbers(rest: &str) -> Option<(Vec<(Level, Number<'_>)>, &str)> {
    let (building, after) = number(rest)?;
    let (second, after) = number(after.strip_prefix('-')?)?;
    let Some((room, after)) = after.strip_prefix('-').and_then(number) else {
        let after = after.strip_prefix('室').unwrap_or(after);
        return (!after.starts_with('号'))
            .then(|| (vec![(Level::Building, building), (Level::Room, second)], after));
    };
    let after = after.strip_prefix('室').unwrap_or(after);
    Some((vec![(Level::Building, building), (Level::Unit, second), (Level::Room, room)], after))
}

/// A number at the front in Arabic digits or hanzi, and what follows.
fn number(rest: &str) -> Option<(Number<'_>, &str)> {
    let arabic = rest.starts_with(|c: char| c.is_ascii_digit());
    let belongs = |c: char| if arabic { c.is_ascii_digit() } else { numeral::is_numeral(c) };
    let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    if arabic && !digits.starts_with('0') && digits.len() <= 8 {
        return Some((Cow::Borrowed(digits), after));
    }
    let number = numeral::parse(digits)?;
    Some((Cow::Owned(number.to_string()), after))
}

/// A building that has a letter (`A栋`).
fn letter(rest: &str) -> Option<(Number<'_>, &str)> {
    let letter = rest.chars().next().filter(char::is_ascii_alphabetic)?;
    Some((Cow::Owned(letter.to_ascii_uppercase().to_string()), rest.get(1..)?))
}
