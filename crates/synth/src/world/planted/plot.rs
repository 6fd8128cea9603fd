//! The cast of the planted traps and the means to put it on the stage.

use yibiao_format::Cell;

use super::super::family::{add_house, next_person};
use super::super::person::Rolls;
use super::super::{
    Founding, Household, Marital, Monitoring, Person, PersonIndex, Relation, Relief, Sex, Work, World,
};
use crate::day::{Day, Moment};
use crate::dice::Dice;
use crate::identity::CitizenId;
use crate::names::PersonName;
use crate::place::Spot;
use crate::roll::{Change, Department, Kind, Story};

/// Somebody of the cast.
pub(super) struct Role {
    /// What the plot calls them.
    pub(super) key: &'static str,
    /// Name.
    pub(super) name: PersonName,
    /// Sex.
    pub(super) sex: Sex,
    /// Day of birth.
    pub(super) born: (i32, u8, u8),
    /// Sequence number of the id.
    pub(super) sequence: u16,
    /// The last two digits of the phone; 0 for none.
    pub(super) phone: u64,
    /// How they stand to the head of the household.
    pub(super) relation: Relation,
    /// Marital status.
    pub(super) marital: Marital,
}

const fn han(surname: &'static str, first: &'static str, second: &'static str) -> PersonName {
    PersonName::Han { surname, first, second }
}

const fn role(
    key: &'static str,
    name: PersonName,
    sex: Sex,
    born: (i32, u8, u8),
    (sequence, phone): (u16, u64),
    relation: Relation,
    marital: Marital,
) -> Role {
    Role { key, name, sex, born, sequence, phone, relation, marital }
}

use Marital::{Divorced, Married, Single, Widowed};
use Relation::{Daughter, Head, Mother, Son, Spouse};
use Sex::{Man, Woman};

const ERKIN: (&str, &str) = ("艾尔肯", "艾力肯");

/// Everybody who is planted.
pub(super) const CAST: &[Role] = &[
    role("ran", han("冉", "琇", "英"), Woman, (1950, 6, 19), (22, 22), Head, Widowed),
    role("ran son", han("冉", "光", "明"), Man, (1972, 3, 14), (31, 33), Head, Divorced),
    role("ran grandson", han("冉", "启", "航"), Man, (2003, 11, 2), (55, 34), Son, Single),
    role("peng older", han("彭", "玉", "兰"), Woman, (1951, 4, 8), (44, 35), Head, Widowed),
    role("peng younger", han("彭", "玉", "兰"), Woman, (1952, 9, 17), (46, 36), Head, Widowed),
    role("luo father", han("罗", "建", "华"), Man, (1985, 2, 11), (13, 37), Head, Married),
    role("luo mother", han("谢", "春", "燕"), Woman, (1987, 7, 26), (28, 38), Spouse, Married),
    role("luo twin one", han("罗", "雨", "涵"), Woman, (2014, 5, 16), (122, 0), Daughter, Single),
    role("luo twin two", han("罗", "雨", "晗"), Woman, (2014, 5, 16), (124, 0), Daughter, Single),
    role("shi father", han("石", "国", "富"), Man, (1954, 10, 3), (17, 39), Head, Widowed),
    role("shi son", han("石", "小", "富"), Man, (1980, 6, 21), (33, 39), Son, Single),
    role("qu father", han("瞿", "永", "昌"), Man, (1963, 1, 25), (15, 40), Head, Married),
    role("qu mother", han("向", "素", "清"), Woman, (1965, 12, 9), (24, 41), Spouse, Married),
    role("zhu", han("朱", "伟", ""), Man, (1988, 8, 8), (19, 42), Head, Married),
    role("qu daughter", han("瞿", "晓", "燕"), Woman, (1991, 3, 28), (26, 43), Spouse, Married),
    role("dead", han("谭", "正", "清"), Man, (1937, 7, 7), (11, 44), Head, Widowed),
    role("elder son", han("谢", "世", "福"), Man, (1968, 5, 5), (21, 45), Head, Single),
    role("shared mother", han("张", "素", "珍"), Woman, (1945, 11, 30), (48, 46), Mother, Widowed),
    role("younger son", han("谢", "世", "全"), Man, (1971, 9, 12), (23, 47), Head, Single),
    role("old form", han("覃", "永", "福"), Man, (1948, 2, 20), (27, 48), Head, Widowed),
    role("river one", han("杨", "国", "江"), Man, (1961, 4, 14), (13, 49), Head, Single),
    role("river two", han("杨", "国", "河"), Man, (1961, 4, 14), (15, 50), Head, Single),
    role(
        "erkin",
        PersonName::Dotted { own: ERKIN, other: ("库尔班", "库尔巴尼") },
        Man,
        (1957, 8, 19),
        (35, 51),
        Head,
        Married,
    ),
    role(
        "mayila",
        PersonName::Dotted { own: ("玛依拉", "马依拉"), other: ERKIN },
        Woman,
        (1986, 1, 6),
        (32, 52),
        Daughter,
        Single,
    ),
    role("rare yan", han("陈", "䶮", ""), Man, (1979, 12, 24), (37, 53), Head, Single),
    role("rare hong", han("周", "𬭎", ""), Man, (1956, 6, 30), (39, 54), Head, Widowed),
    role("moved", han("舒", "海", "霞"), Woman, (1984, 10, 18), (52, 55), Head, Divorced),
    role("renamed", han("何", "红", "英"), Woman, (1969, 3, 3), (54, 56), Head, Widowed),
    role("pasted husband", han("蒲", "大", "成"), Man, (1954, 5, 27), (41, 57), Head, Married),
    role("pasted wife", han("滕", "冬", "梅"), Woman, (1956, 11, 15), (56, 58), Spouse, Married),
    role("host", han("唐", "德", "兴"), Man, (1950, 9, 9), (43, 59), Head, Widowed),
    role("two ids", han("唐", "志", "刚"), Man, (1975, 4, 1), (45, 60), Head, Single),
    role("baby father", han("廖", "大", "勇"), Man, (1994, 7, 19), (47, 61), Head, Married),
    role("baby mother", han("秦", "婷", ""), Woman, (1996, 2, 13), (58, 62), Spouse, Married),
    role("baby", han("廖", "一", "辰"), Man, (2026, 9, 22), (11, 0), Son, Single),
    role("same day one", han("王", "伟", ""), Man, (1986, 6, 16), (51, 63), Head, Single),
    role("same day two", han("王", "伟", ""), Man, (1986, 6, 16), (157, 64), Head, Single),
    role("certificate", han("龙", "正", "碧"), Woman, (1964, 8, 2), (62, 65), Head, Widowed),
    role("lunar", han("袁", "素", "芬"), Woman, (1949, 3, 7), (64, 66), Head, Widowed),
    role("old village", han("曾", "光", "华"), Man, (1959, 12, 11), (53, 67), Head, Single),
    role("twice", han("钟", "明", "珍"), Woman, (1943, 6, 4), (66, 68), Head, Widowed),
    role("swapped", han("程", "大", "林"), Man, (1958, 2, 26), (59, 69), Head, Single),
    role("late", han("魏", "小", "兵"), Man, (1981, 11, 9), (61, 71), Head, Single),
];

/// The stage.
pub(super) struct Plot<'a> {
    pub(super) world: &'a mut World,
    founding: &'a mut Founding,
    dice: Dice,
}

impl<'a> Plot<'a> {
    /// The empty stage.
    pub(super) fn new(world: &'a mut World, founding: &'a mut Founding, seed: u64) -> Plot<'a> {
        Plot { world, founding, dice: Dice::at(seed, &[4]) }
    }

    /// A household of those members, the head first, at that group, number and corner.
    pub(super) fn household(
        &mut self,
        at: (u8, u16, &'static str),
        keys: &[&'static str],
    ) -> Vec<PersonIndex> {
        let (group, number, corner) = at;
        let household = self.world.households.len();
        let house =
            add_house(self.world, self.founding, &mut self.dice, 0, Spot::Rural { group, number, corner });
        if let Some(house) = self.world.houses.get_mut(house) {
            (house.survey, house.structure, house.built, house.grade, house.used) =
                (None, 1, 1998, 'B', "自用");
        }
        let head = next_person(self.world);
        let mut members = Vec::new();
        for key in keys {
            members.push(next_person(self.world));
            let person = self.act(key, household);
            self.world.people.push(person);
        }
        self.world.households.push(Household {
            head,
            size: u32::try_from(keys.len()).expect("invariant: a family"),
            village: 0,
            house,
            registered_house: house,
            moved: None,
            parents_apart: false,
            relief: None,
            monitoring: None,
            flood: None,
        });
        members
    }

    /// A household of one.
    pub(super) fn alone(&mut self, at: (u8, u16, &'static str), key: &'static str) -> PersonIndex {
        let members = self.household(at, &[key]);
        *members.first().expect("invariant: one member was asked for")
    }

    fn act(&mut self, key: &str, household: usize) -> Person {
        let role = CAST.iter().find(|role| role.key == key).expect("invariant: a role of the cast");
        let (year, month, day) = role.born;
        let born = Day::of(year, month, day);
        let age = born.years_until(crate::day::AS_OF);
        self.founding.accounts += 1;
        let dotted = role.name.is_dotted();
        Person {
            name: role.name,
            former: None,
            sex: role.sex,
            born,
            id: CitizenId { region: 990_101, born, sequence: role.sequence },
            second_id: None,
            ethnicity: if dotted { "05" } else { "15" },
            phone: (role.phone > 0).then_some(19_900_000_000 + role.phone),
            former_phone: None,
            guardian: None,
            household,
            relation: role.relation,
            marital: role.marital,
            education: if age > 55 {
                80
            } else if age > 20 {
                70
            } else if age > 6 {
                80
            } else {
                90
            },
            work: Work::None,
            illnesses: Vec::new(),
            disability: None,
            dependence: 0,
            died: None,
            account: self.founding.accounts,
            rolls: Rolls::default(),
            planted: true,
        }
    }

    /// Changes a person.
    pub(super) fn person(&mut self, index: PersonIndex) -> &mut Person {
        self.world.people.get_mut(index.at()).expect("invariant: somebody on the stage")
    }

    fn family(&mut self, index: PersonIndex) -> &mut Household {
        let household = self.world.person(index).household;
        self.world.households.get_mut(household).expect("invariant: a household on the stage")
    }

    /// Enters somebody in the relief ledger.
    pub(super) fn relief(&mut self, index: PersonIndex) {
        self.person(index).rolls.relief = true;
        let number = self.founding.relief_numbers.entry(2019).or_insert(0);
        *number += 1;
        let number = *number;
        let family = self.family(index);
        if family.relief.is_none() {
            family.relief = Some(Relief {
                since: (2019, 7),
                number,
                category: Some("农村低保"),
                amount: 480,
                income: 310,
            });
        }
    }

    /// Enters somebody in the monitoring of poor households.
    pub(super) fn monitor(&mut self, index: PersonIndex) {
        self.person(index).rolls.monitoring = true;
        let number = self.founding.monitoring_numbers.issue();
        let helper = self.world.village(0).staff.helpers[0].clone();
        let family = self.family(index);
        if family.monitoring.is_none() {
            family.monitoring = Some(Monitoring {
                number,
                category: "边缘易致贫户",
                risk: "因病",
                farmland: 23,
                income: 876_050,
                helper,
            });
        }
    }

    /// Puts somebody on the evacuation list, by danger.
    pub(super) fn flood(&mut self, index: PersonIndex, danger: &'static str) {
        self.person(index).rolls.flood = true;
        self.family(index).flood = Some(danger);
    }

    /// Lets the health office visit somebody in those quarters.
    pub(super) fn visits(&mut self, index: PersonIndex, quarters: [bool; 4]) {
        self.person(index).rolls.visits = quarters;
    }

    /// Puts the house of somebody into the survey.
    pub(super) fn survey(&mut self, index: PersonIndex, code: Option<u64>) {
        let code = code.unwrap_or_else(|| self.founding.survey_codes.issue());
        let house = self.family(index).house;
        if let Some(house) = self.world.houses.get_mut(house) {
            house.survey = Some(code);
            house.owner = index;
        }
    }

    /// Plants a cell.
    pub(super) fn cell(
        &mut self,
        department: Department,
        index: PersonIndex,
        column: &'static str,
        cell: Cell,
    ) {
        self.cell_of_copy(department, index, 0, column, cell);
    }

    /// Plants a cell in a second row.
    pub(super) fn cell_of_copy(
        &mut self,
        department: Department,
        index: PersonIndex,
        copy: u8,
        column: &'static str,
        cell: Cell,
    ) {
        self.world.planted.cells.entry((department, index, copy)).or_default().push((column, cell));
    }

    /// Plants text.
    pub(super) fn says(
        &mut self,
        department: Department,
        index: PersonIndex,
        column: &'static str,
        text: &str,
    ) {
        self.cell(department, index, column, Cell::Text(text.to_owned()));
    }

    /// Plants what happened to the registration of somebody.
    pub(super) fn story(
        &mut self,
        index: PersonIndex,
        changed: Option<(Moment, Change)>,
        closed: Option<(Moment, &'static str)>,
        late: Option<Moment>,
    ) {
        let opened = Moment { day: Day::of(2025, 11, 20), second: 36_000 };
        let story = Story { opened, changed, closed, redelivered: false, late };
        self.world.planted.stories.insert((index, Kind::Home), story);
    }

    /// Says that those people are in a trap.
    pub(super) fn trap(&mut self, trap: &'static str, people: &[PersonIndex]) {
        self.world.planted.traps.extend(people.iter().map(|person| (trap, *person)));
    }
}

/// A moment on a day.
pub(super) fn on(year: i32, month: u8, day: u8) -> Moment {
    Moment { day: Day::of(year, month, day), second: 36_000 }
}
