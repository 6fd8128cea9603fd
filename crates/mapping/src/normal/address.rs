//! Postal addresses to levels and back: by their suffixes, not by a segmenter.
//!
//! **Invariant:** an address that is written reads back as one that the original refines; otherwise it is not written.

mod parse;

use super::{Outcome, Reading, Unreadable, numeral, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::{Address, Level, Value};

pub(super) use parse::read;

/// How the number of a village group is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// `三组`
    #[default]
    HanziZu,
    /// `3组`
    Zu,
    /// `3社`
    She,
    /// `三社`
    HanziShe,
    /// `第三村民小组`
    Ordinal,
}

/// How a column writes addresses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// The widest level written (`province`, `city`, `district`, `town`, `village`, `group`, `place`, `road`,
    /// `road_number`, `compound`, `building`, `unit`, `room`, `house`, in this order).
    #[serde(deserialize_with = "level")]
    pub from: Level,
    /// The narrowest level written, in the same order.
    #[serde(deserialize_with = "level")]
    pub to: Level,
    /// Levels between these two that are left out.
    #[serde(deserialize_with = "levels")]
    pub without: Vec<Level>,
    /// How a village group is written.
    pub group: Group,
    /// What stands between the levels: empty, or `/`.
    pub separator: Box<str>,
    /// Whether building, unit and room are written `3-2-1603`.
    pub short_room: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            from: Level::Province,
            to: Level::House,
            without: Vec::new(),
            group: Group::HanziZu,
            separator: "".into(),
            short_room: false,
        }
    }
}

/// Reads an address. Remarks behind it (on a new line, in quotation marks or brackets, behind a comma) are dropped.
pub fn parse(cell: &Cell) -> Outcome {
    let Some(said) = text::said(cell) else { return Ok(None) };
    let address = read(&said).ok_or(Unreadable("address"))?;
    Ok(Some(Reading::plain(Value::Address(address))))
}

/// Writes an address: the levels of the column's style that are known.
pub fn write(address: &Address, style: &Style) -> Option<Cell> {
    let mut out = String::with_capacity(64);
    let short = style.short_room
        && [Level::Building, Level::Unit, Level::Room].iter().all(|level| address.get(*level).is_some());
    for (level, text) in address.levels() {
        if level < style.from || level > style.to || style.without.contains(&level) {
            continue;
        }
        // Numbers stay with the name that they belong to.
        let number = matches!(level, Level::RoadNumber | Level::Building | Level::Unit | Level::Room);
        if !out.is_empty() && !number {
            out.push_str(&style.separator);
        }
        match level {
            Level::Group => push_group(&mut out, text, style.group),
            Level::RoadNumber | Level::House => push_all(&mut out, &[text, "号"]),
            Level::Building if short => out.push_str(text),
            Level::Unit | Level::Room if short => push_all(&mut out, &["-", text]),
            Level::Building => push_all(&mut out, &[text, "栋"]),
            Level::Unit => push_all(&mut out, &[text, "单元"]),
            Level::Room => push_all(&mut out, &[text, "室"]),
            _ => out.push_str(text),
        }
    }
    read(&out).filter(|back| address.refines(back)).map(|_| Cell::Text(out))
}

fn push_all(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

fn push_group(out: &mut String, group: &str, style: Group) {
    let hanzi = || numeral::parse(group).map_or_else(|| group.to_owned(), numeral::hanzi);
    match style {
        Group::HanziZu => push_all(out, &[&hanzi(), "组"]),
        Group::Zu => push_all(out, &[group, "组"]),
        Group::She => push_all(out, &[group, "社"]),
        Group::HanziShe => push_all(out, &[&hanzi(), "社"]),
        Group::Ordinal => push_all(out, &["第", &hanzi(), "村民小组"]),
    }
}

/// The level of a name as configuration spells it.
fn level<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    let name = Box::<str>::deserialize(deserializer)?;
    level_by_name(&name).ok_or_else(|| serde::de::Error::custom("unknown level of an address"))
}

fn levels<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Level>, D::Error> {
    let names = Vec::<Box<str>>::deserialize(deserializer)?;
    let by_name = |name: &str| {
        level_by_name(name).ok_or_else(|| serde::de::Error::custom("unknown level of an address"))
    };
    names.iter().map(|name| by_name(name)).collect()
}

fn level_by_name(name: &str) -> Option<Level> {
    Some(match name {
        "province" => Level::Province,
        "city" => Level::City,
        "district" => Level::District,
        "town" => Level::Town,
        "village" => Level::Village,
        "group" => Level::Group,
        "place" => Level::Place,
        "road" => Level::Road,
        "road_number" => Level::RoadNumber,
        "compound" => Level::Compound,
        "building" => Level::Building,
        "unit" => Level::Unit,
        "room" => Level::Room,
        "house" => Level::House,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
