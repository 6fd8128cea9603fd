//! Where something is: addresses by level, divisions, grids.

/// The levels of an address, widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省
    Province,
    /// 市 (of a province)
    City,
    /// 区, 县, 县级市
    District,
    /// 镇, 乡, 街道
    Town,
    /// 村, 社区
    Village,
    /// 组 = 社 = 村民小组 = 队: the number, in Arabic digits
    Group,
    /// A named spot in a village (老屋基), known to those who live there
    Place,
    /// 路, 街, 大道
    Road,
    /// The number on the road
    RoadNumber,
    /// 小区, 苑, 花园
    Compound,
    /// 栋 = 幢 = 座: the number
    Building,
    /// 单元: the number
    Unit,
    /// 室: the number
    Room,
    /// The number of a house in a village group
    House,
}

impl Level {
    /// All levels, widest first.
    pub const ALL: [Level; 14] = [
        Level::Province,
        Level::City,
        Level::District,
        Level::Town,
        Level::Village,
        Level::Group,
        Level::Place,
        Level::Road,
        Level::RoadNumber,
        Level::Compound,
        Level::Building,
        Level::Unit,
        Level::Room,
        Level::House,
    ];
}

/// An address by level. Names are without padding and in the source's characters, with their suffix (桃花村);
/// numbers are Arabic digits without suffix (`3`).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Vec<(Level, Box<str>)>);

impl Address {
    /// The text of a level, where known.
    pub fn get(&self, level: Level) -> Option<&str> {
        self.0.iter().find(|(at, _)| *at == level).map(|(_, text)| &**text)
    }

    /// The same address with `level` set to `text`.
    pub fn with(mut self, level: Level, text: &str) -> Self {
        self.0.retain(|(at, _)| *at != level);
        self.0.push((level, text.into()));
        self.0.sort();
        self
    }

    /// The same address without `level`.
    pub fn without(mut self, level: Level) -> Self {
        self.0.retain(|(at, _)| *at != level);
        self
    }

    /// The known levels, widest first.
    pub fn levels(&self) -> impl Iterator<Item = (Level, &str)> {
        self.0.iter().map(|(level, text)| (*level, &**text))
    }

    /// Whether no level is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every level of `coarser` stands in `self` with the same text.
    pub fn refines(&self, coarser: &Address) -> bool {
        coarser.levels().all(|(level, text)| self.get(level) == Some(text))
    }

    /// Whether no level known to both differs.
    pub fn agrees_with(&self, other: &Address) -> bool {
        other.levels().all(|(level, text)| self.get(level).is_none_or(|own| own == text))
    }
}

impl FromIterator<(Level, Box<str>)> for Address {
    /// The address of these levels; of a level that comes twice, the last counts.
    fn from_iter<I: IntoIterator<Item = (Level, Box<str>)>>(levels: I) -> Self {
        let mut levels: Vec<_> = levels.into_iter().collect();
        levels.reverse();
        levels.sort_by_key(|(level, _)| *level);
        levels.dedup_by_key(|(level, _)| *level);
        Self(levels)
    }
}

/// An administrative division, down to a village or community.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Division {
    /// Its code without trailing zeros of levels not given: 2, 4, 6, 9 or 12 digits (GB/T 2260, GB/T 10114, and
    /// the statistical division codes); empty where only names are known.
    pub code: Box<str>,
    /// Its names, from province to village, as far as known.
    pub names: Address,
}

impl Division {
    /// Whether `self` has a code that begins with `coarser`'s, and all its names.
    pub fn refines(&self, coarser: &Division) -> bool {
        self.code.starts_with(&*coarser.code) && self.names.refines(&coarser.names)
    }
}

/// A grid (网格): a number within a village or community.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grid {
    /// The village's code of 12 digits; empty where unknown.
    pub village_code: Box<str>,
    /// The village's name; empty where unknown.
    pub village: Box<str>,
    /// The number within the village, from 1.
    pub number: u16,
}

impl Grid {
    /// Whether the numbers are equal and `self` knows whatever `coarser` knows of the village.
    pub fn refines(&self, coarser: &Grid) -> bool {
        let knows = |own: &str, theirs: &str| theirs.is_empty() || own == theirs;
        self.number == coarser.number
            && knows(&self.village_code, &coarser.village_code)
            && knows(&self.village, &coarser.village)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_refines_one_with_levels_left_out() {
        let full = Address::default()
            .with(Level::Group, "3")
            .with(Level::Village, "桃花村")
            .with(Level::House, "12");
        let coarse = Address::default().with(Level::Village, "桃花村");
        assert!(full.refines(&coarse));
        assert!(!coarse.refines(&full));
        assert!(full.agrees_with(&coarse.clone().with(Level::Town, "青石镇")));
        assert!(!full.agrees_with(&coarse.with(Level::Group, "4")));
    }

    #[test]
    fn an_address_is_the_same_in_one_go_and_level_by_level() {
        let levels = [
            (Level::House, "12"),
            (Level::Village, "李家坝村"),
            (Level::House, "13"),
            (Level::Town, "青石镇"),
        ];
        let at_once: Address = levels.iter().map(|(level, text)| (*level, (*text).into())).collect();
        let in_steps =
            levels.iter().fold(Address::default(), |address, (level, text)| address.with(*level, text));
        assert!(at_once == in_steps);
    }
}
