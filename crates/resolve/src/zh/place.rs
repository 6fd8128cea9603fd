//! Where somebody lives, and how two such places compare: by level, since levels are left out all the time.

use crate::hash;
use yibiao_record::{Address, Level};

/// The levels that an address feature holds, in the order of its text.
const LEVELS: [Level; 11] = [
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

/// An address in matching form: the hash of each level, zero where it is not known.
#[derive(Clone, PartialEq, Eq)]
pub struct Home {
    town: u64,
    village: u64,
    group: u64,
    place: u64,
    road: u64,
    road_number: u64,
    compound: u64,
    building: u64,
    unit: u64,
    room: u64,
    house: u64,
}

/// The text of an address as a feature; `None` where it says nothing below the town.
pub fn home_text(address: &Address) -> Option<String> {
    let below_town =
        [Level::Village, Level::Road, Level::Compound].iter().any(|level| address.get(*level).is_some());
    below_town.then(|| {
        let parts: Vec<&str> = LEVELS.iter().map(|level| address.get(*level).unwrap_or("")).collect();
        parts.join("|")
    })
}

impl Home {
    /// Reads the matching form back.
    pub(crate) fn parse(text: &str) -> Home {
        let mut parts = text.split('|').map(|part| if part.is_empty() { 0 } else { hash::text(part) | 1 });
        let mut next = || parts.next().unwrap_or(0);
        Home {
            town: next(),
            village: next(),
            group: next(),
            place: next(),
            road: next(),
            road_number: next(),
            compound: next(),
            building: next(),
            unit: next(),
            room: next(),
            house: next(),
        }
    }

    /// The level, an index into [`HOME`](super::key::HOME).
    pub(crate) fn compare(&self, other: &Home) -> u8 {
        let village = both(self.village, other.village);
        let road = both(self.road, other.road);
        let compound = both(self.compound, other.compound);
        if both(self.town, other.town) == Some(false) && road != Some(true) && compound != Some(true) {
            return 7;
        }
        let urban = compound == Some(true)
            || road == Some(true) && both(self.road_number, other.road_number) == Some(true);
        if urban {
            return self.in_one_compound(other);
        }
        match village {
            Some(true) => self.in_one_village(other),
            Some(false) => 7,
            None if road == Some(true) => 5,
            None => 6,
        }
    }

    fn in_one_compound(&self, other: &Home) -> u8 {
        let building = both(self.building, other.building);
        let room = both(self.room, other.room);
        match (building, both(self.unit, other.unit), room) {
            (Some(false), _, _) | (_, Some(false), _) | (_, _, Some(false)) => 4,
            (Some(true) | None, _, Some(true)) => 0,
            (Some(true), _, None) => 1,
            (None, _, None) => {
                if self.room | other.room == 0 {
                    1
                } else {
                    2
                }
            }
        }
    }

    fn in_one_village(&self, other: &Home) -> u8 {
        let group = both(self.group, other.group);
        let house = both(self.house, other.house);
        match (group, house) {
            (Some(false), _) => 5,
            (Some(true), Some(true)) => 0,
            (Some(true), Some(false)) => 4,
            (Some(true), None) if both(self.place, other.place) == Some(true) => 1,
            // Each group numbers its houses from one.
            (Some(true), None) | (None, Some(true)) => 2,
            (None, _) => 3,
        }
    }

    /// What blocking keys take: the village (or road, or compound), the village with the group, the whole house.
    pub(crate) fn village_key(&self) -> Option<u64> {
        [self.village, self.compound, self.road].into_iter().find(|part| *part != 0)
    }

    /// The village with the group, the compound with the building, or the road with the number.
    pub(crate) fn group_key(&self) -> Option<u64> {
        let pairs =
            [(self.village, self.group), (self.compound, self.building), (self.road, self.road_number)];
        pairs.into_iter().find(|(a, b)| *a != 0 && *b != 0).map(|(a, b)| hash::join(a, b))
    }

    /// The house or flat.
    pub(crate) fn house_key(&self) -> Option<u64> {
        let group = self.group_key()?;
        let door = if self.house != 0 { self.house } else { self.room };
        (door != 0).then(|| hash::join(group, hash::join(self.unit, door)))
    }
}

/// Whether two parts agree, where both are known.
fn both(a: u64, b: u64) -> Option<bool> {
    (a != 0 && b != 0).then_some(a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(levels: &[(Level, &str)]) -> Home {
        let address =
            levels.iter().fold(Address::default(), |address, (level, text)| address.with(*level, text));
        Home::parse(&home_text(&address).unwrap())
    }

    #[track_caller]
    fn check(a: &[(Level, &str)], b: &[(Level, &str)], expected: &str) {
        let (a, b) = (home(a), home(b));
        let name = |level: u8| crate::zh::key::HOME[usize::from(level)].name;
        assert_eq!(name(a.compare(&b)), expected);
        assert_eq!(name(b.compare(&a)), expected);
    }

    #[test]
    fn a_village_house_is_told_by_group_and_number_whatever_is_left_out() {
        use Level::{Group, House, Place, Town, Village};
        let full = [(Town, "青石镇"), (Village, "桃花村"), (Group, "3"), (House, "12")];
        check(&full, &[(Village, "桃花村"), (Group, "3"), (House, "12")], "house");
        check(&full, &[(Village, "桃花村"), (House, "12")], "group");
        check(&full, &[(Village, "桃花村"), (Group, "3")], "group");
        check(&full, &[(Village, "桃花村")], "village");
        check(&full, &[(Village, "桃花村"), (Group, "3"), (House, "13")], "other_house");
        check(&full, &[(Village, "桃花村"), (Group, "4"), (House, "12")], "other_group");
        check(&full, &[(Village, "铁厂村"), (Group, "3"), (House, "12")], "elsewhere");
        check(&full, &[(Town, "白沙镇"), (Village, "桃花村"), (Group, "3")], "elsewhere");
        let spot = [(Village, "桃花村"), (Group, "3"), (Place, "老屋基")];
        check(&spot, &spot, "spot");
    }

    #[test]
    fn a_flat_is_told_by_compound_building_and_room() {
        use Level::{Building, Compound, Road, RoadNumber, Room, Unit};
        let flat = [(Compound, "朝阳小区"), (Building, "3"), (Unit, "2"), (Room, "1603")];
        let road = [(Road, "迎宾大道"), (RoadNumber, "193"), (Building, "3"), (Unit, "2"), (Room, "1603")];
        check(&flat, &flat, "house");
        check(&flat, &[(Compound, "朝阳小区"), (Building, "3")], "spot");
        check(&flat, &[(Compound, "朝阳小区"), (Building, "3"), (Unit, "2"), (Room, "1604")], "other_house");
        check(
            &road,
            &[(Road, "迎宾大道"), (RoadNumber, "193"), (Building, "3"), (Unit, "2"), (Room, "1603")],
            "house",
        );
        check(&road, &[(Road, "迎宾大道"), (RoadNumber, "7")], "other_group");
    }

    #[test]
    fn an_address_that_ends_at_the_town_is_no_home() {
        assert_eq!(home_text(&Address::default().with(Level::Town, "青石镇")), None);
    }
}
