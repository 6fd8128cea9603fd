//! Where people live: towns, villages, streets and houses of the invented district 示例区.

use crate::dice::Dice;
use crate::names::Clan;

/// The district that all addresses name.
pub(crate) const DISTRICT: &str = "示例区";
/// Its six-digit code.
pub(crate) const DISTRICT_CODE: u32 = 990_101;

/// Towns: code within the district, name, what a group is called there in speech.
const TOWNS: &[(u32, &str, &str)] = &[
    (101, "青石镇", "社"),
    (1, "河滨街道", "组"),
    (102, "柳溪镇", "组"),
    (103, "磨盘镇", "队"),
    (104, "大田镇", "社"),
    (105, "清江镇", "组"),
    (201, "梨树乡", "社"),
    (106, "沙坝镇", "队"),
    (107, "望江镇", "组"),
    (2, "城南街道", "组"),
    (108, "响水镇", "社"),
    (202, "马鞍乡", "队"),
    (109, "铜鼓镇", "组"),
    (110, "回龙镇", "社"),
    (203, "九岭乡", "组"),
    (111, "鹿角镇", "社"),
    (112, "双井镇", "组"),
    (204, "松林乡", "队"),
    (113, "三汇镇", "社"),
    (3, "江北街道", "组"),
    (114, "罗田镇", "组"),
    (205, "老鹰乡", "社"),
    (115, "楠竹镇", "队"),
    (116, "黑水镇", "组"),
    (117, "白沙镇", "社"),
    (206, "甘溪乡", "组"),
    (118, "石柱坪镇", "队"),
    (119, "两河口镇", "社"),
    (120, "太平坝镇", "组"),
    (207, "野茶乡", "社"),
];

/// Names of villages. The first belongs to the first town.
const VILLAGES: &[&str] = &[
    "桃花",
    "水井湾",
    "梨子坪",
    "庙垭",
    "三角田",
    "岩口",
    "长滩",
    "柿子树",
    "铁匠沟",
    "栗子坪",
    "高坎",
    "鱼塘",
    "枣子垭",
    "马道",
    "落水洞",
    "香樟",
    "茅坝",
    "大河沟",
    "老寨",
    "凉风垭",
    "楠木坪",
    "花石",
    "新田",
    "白岩",
    "鸡公岭",
    "双石",
    "青杠林",
    "黄泥坡",
    "盐井",
    "车家坝",
    "枇杷园",
    "红土",
    "五通",
    "石院",
    "永乐",
    "前锋",
    "向阳",
    "民主",
    "联合",
    "兴隆",
    "太和",
    "龙塘",
];

/// Names of villages before they were merged in 2019.
const FORMER_VILLAGES: &[&str] = &[
    "周家湾",
    "斑竹园",
    "罗汉坪",
    "熊家沟",
    "黄金坪",
    "水打田",
    "石盘",
    "青林",
    "凤形",
    "乌龟石",
    "双土地",
    "蒲家坪",
];

/// Names of urban communities.
const COMMUNITIES: &[&str] =
    &["码头", "钟楼", "南门", "花果山", "东风", "水巷子", "广场", "红岩", "纺织", "林场", "书院", "盐店街"];

/// Streets and what they were called before.
const STREETS: &[(&str, Option<&str>)] = &[
    ("滨河大道", Some("河街")),
    ("人民西路", None),
    ("凤凰大道", Some("解放北路")),
    ("桂花街", None),
    ("学院路", Some("红旗路")),
    ("香樟路", None),
    ("民族路", None),
    ("金竹大道", Some("胜利街")),
    ("南滨路", None),
];

/// Housing compounds.
const COMPOUNDS: &[&str] = &[
    "滨江名苑",
    "桂园小区",
    "农机局家属院",
    "锦绣花园",
    "安置小区",
    "碧水湾",
    "粮站宿舍",
    "凤凰城",
    "阳光苑",
    "学府雅居",
];

/// Names that a village gives to a corner of itself.
const CORNERS: &[&str] = &[
    "老屋基",
    "大屋场",
    "石滚湾",
    "烂田湾",
    "水碾子",
    "瓦厂坡",
    "后头坪",
    "半边街",
    "岩湾头",
    "沙田坎",
    "黄葛树",
    "下院子",
    "窑罐厂",
    "碾子坝",
];

/// A village or an urban community.
#[derive(Clone)]
pub(crate) struct Village {
    /// Index of its town.
    town: usize,
    /// Its twelve-digit code.
    pub(crate) code: u64,
    /// Its name, with 村 or 社区.
    pub(crate) name: String,
    /// A former name, where it was merged.
    pub(crate) former_name: Option<String>,
    /// Whether people live in streets and compounds.
    pub(crate) urban: bool,
    /// How many groups it has.
    pub(crate) groups: u8,
    /// The highest house number of a group.
    numbers: u16,
    /// Its surnames.
    pub(crate) clan: Clan,
    /// The telephone of its officer, which often stands for an old person's.
    pub(crate) officer_phone: u64,
    /// Who is responsible in a flood, who for poor households, who is the doctor.
    pub(crate) staff: Staff,
}

/// Names of those who are responsible in a village.
#[derive(Clone)]
pub(crate) struct Staff {
    /// Two persons responsible for evacuation.
    pub(crate) evacuation: [String; 2],
    /// Three helpers of poor households.
    pub(crate) helpers: [String; 3],
    /// The family doctor.
    pub(crate) doctor: String,
}

impl Village {
    /// The town's name.
    pub(crate) fn town(&self) -> &'static str {
        town(self.town).1
    }

    /// What a group is called in speech: 组, 社 or 队.
    pub(crate) fn group_word(&self) -> &'static str {
        town(self.town).2
    }

    /// A number for the town, for habits that a town's clerks share.
    pub(crate) fn town_number(&self) -> u64 {
        u64::from(town(self.town).0)
    }

    /// The nine-digit code of the town.
    pub(crate) fn town_code(&self) -> u64 {
        self.code / 1000
    }

    /// The number of the grid that a group belongs to: two groups make one.
    pub(crate) fn grid(&self, group: u8) -> u8 {
        if self.urban { group } else { group.div_ceil(2) }
    }
}

/// The villages of a county of so many households: all of a town before the next town, about 85 households each
/// while they are few. In a larger county the villages are larger, and have more house numbers: no more houses share one
/// than in a small county.
pub(crate) fn villages(dice: &mut Dice, households: u32) -> Vec<Village> {
    let most = u32::try_from(TOWNS.len() * 24).expect("invariant: a short list");
    let number = (households / 85).clamp(1, most);
    let towns = usize::try_from(number.div_ceil(8)).expect("invariant: a small number").min(TOWNS.len());
    let number = usize::try_from(number).expect("invariant: a small number");
    let each = households / u32::try_from(number).expect("invariant: a small number");
    let numbers = u16::try_from(99 * each / 85).unwrap_or(u16::MAX).clamp(99, 9_999);
    let mut villages = Vec::with_capacity(number);
    for town_index in 0..towns {
        let here = number / towns + usize::from(town_index < number % towns);
        for place in 0..here {
            villages.push(Village { numbers, ..village(dice, town_index, place) });
        }
    }
    // With a single town the county would have no urban address at all.
    if towns == 1 && number > 2 {
        villages.pop();
        villages.push(Village { numbers, ..village(dice, 1, 0) });
    }
    villages
}

fn village(dice: &mut Dice, town_index: usize, place: usize) -> Village {
    let (town_code, town_name, _) = *town(town_index);
    let urban = town_name.ends_with("街道");
    let shift = town_index * 5 + place;
    let pick =
        |names: &[&'static str]| *names.get(shift % names.len()).expect("invariant: taken modulo the length");
    let name = if urban {
        let second = if place >= COMMUNITIES.len() { "二" } else { "" };
        format!("{}{second}社区", pick(COMMUNITIES))
    } else {
        format!("{}村", pick(VILLAGES))
    };
    let mut number = u64::try_from(place).expect("invariant: a small number") + if urban { 1 } else { 201 };
    if town_index == 0 {
        // 桃花村, the first of the list, has the code 203.
        number = match number {
            201 => 203,
            202 | 203 => number - 1,
            other => other,
        };
    }
    let first = town_index == 0 && place == 0;
    let merged = !urban && (first || dice.percent(25));
    let former_name = merged.then(|| {
        let name = if first { "周家湾" } else { dice.pick(FORMER_VILLAGES) };
        format!("{name}村")
    });
    let clan = Clan::found(dice);
    let staff = staff(dice, &clan);
    let groups = if urban { dice.between(2, 4) } else { dice.between(4, 8) };
    Village {
        town: town_index,
        code: (u64::from(DISTRICT_CODE) * 1000 + u64::from(town_code)) * 1000 + number,
        name,
        former_name,
        urban,
        numbers: 99,
        groups: if first { 8 } else { u8::try_from(groups).expect("invariant: at most 8") },
        clan,
        officer_phone: 19_900_000_100 + u64::try_from(shift % 400).expect("invariant: below 400"),
        staff,
    }
}

fn staff(dice: &mut Dice, clan: &Clan) -> Staff {
    let mut person = || {
        let surname = clan.surname(dice);
        let sex = if dice.percent(60) { crate::world::Sex::Man } else { crate::world::Sex::Woman };
        let year = dice.between(1968, 1995);
        crate::names::given(dice, clan, surname, sex, year).text()
    };
    let evacuation = [person(), person()];
    let helpers = [person(), person(), person()];
    Staff { evacuation, helpers, doctor: format!("{}医生", clan.surname(dice)) }
}

fn town(index: usize) -> &'static (u32, &'static str, &'static str) {
    TOWNS.get(index).expect("invariant: a village belongs to a town")
}

/// Where in a village a house stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// In a group of a village, by number, with the name of the corner.
    Rural {
        /// The group, from 1.
        group: u8,
        /// The house number.
        number: u16,
        /// The name of the corner.
        corner: &'static str,
    },
    /// In a compound on a street.
    Urban {
        /// The grid, from 1.
        grid: u8,
        /// The street and its former name.
        street: (&'static str, Option<&'static str>),
        /// The number in the street.
        number: u16,
        /// The compound.
        compound: &'static str,
        /// Building, unit and room.
        flat: (u8, u8, u16),
    },
}

impl Spot {
    /// A spot in a village.
    pub(crate) fn find(dice: &mut Dice, village: &Village) -> Spot {
        let small = |n: i32| u8::try_from(n).expect("invariant: a small number");
        let group = small(dice.between(1, i32::from(village.groups)));
        let number =
            u16::try_from(dice.between(1, i32::from(village.numbers))).expect("invariant: a small number");
        if village.urban {
            let room = dice.between(1, 18) * 100 + dice.between(1, 4);
            Spot::Urban {
                grid: group,
                street: dice.pick(STREETS),
                number: number * 2,
                compound: dice.pick(COMPOUNDS),
                flat: (
                    small(dice.between(1, 18)),
                    small(dice.between(1, 4)),
                    u16::try_from(room).expect("invariant: a small number"),
                ),
            }
        } else {
            // A corner belongs to a group: the same group and village always name the same two.
            let place = usize::from(group) * 2 + usize::from(number > 50);
            let corner = CORNERS.get(place % CORNERS.len()).expect("invariant: taken modulo the length");
            Spot::Rural { group, number, corner }
        }
    }

    /// The group, or in town the grid.
    pub(crate) fn group(self) -> u8 {
        match self {
            Spot::Rural { group, .. } => group,
            Spot::Urban { grid, .. } => grid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_village_of_the_sample_woman_is_always_there() {
        for households in [1, 300, 8_000, 400_000] {
            let villages = villages(&mut Dice::at(1, &[]), households);
            let first = villages.first().unwrap();
            assert_eq!(
                (first.town(), first.name.as_str(), first.code),
                ("青石镇", "桃花村", 990_101_101_203)
            );
        }
    }

    #[test]
    fn codes_and_names_of_villages_are_unique_within_their_town() {
        let villages = villages(&mut Dice::at(1, &[]), 400_000);
        let mut codes: Vec<u64> = villages.iter().map(|village| village.code).collect();
        let mut names: Vec<(u64, &str)> =
            villages.iter().map(|v| (v.town_number(), v.name.as_str())).collect();
        codes.sort_unstable();
        codes.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((codes.len(), names.len(), villages.len()), (720, 720, 720));
    }
}
