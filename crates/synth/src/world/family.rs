//! Families: a household is drawn as a sketch of who is in it, then completed with everything a register asks.

use super::{Founding, House, Household, Marital, PersonIndex, Relation, Sex, World};
use crate::Plan;
use crate::day::{AS_OF, Day, Moment};
use crate::dice::Dice;
use crate::names::{self, Clan, PersonName};
use crate::place::Spot;
use crate::world::fate;

mod life;
mod means;

/// How the people of a household are named.
#[derive(Clone, Copy)]
struct Culture {
    ethnicity: &'static str,
    naming: Naming,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Han,
    Dotted,
    Undivided,
}

/// Somebody as first sketched.
struct Sketch {
    relation: Relation,
    sex: Sex,
    born: Day,
    name: PersonName,
    marital: Marital,
}

/// What sketching needs to know.
struct Sketcher<'a> {
    dice: &'a mut Dice,
    clan: Clan,
    culture: Culture,
    members: Vec<Sketch>,
    twins: Vec<(usize, usize)>,
}

/// Adds a household, its house and its cases to a village.
pub(super) fn settle(
    world: &mut World,
    founding: &mut Founding,
    plan: &Plan,
    dice: &mut Dice,
    village: usize,
) {
    let clan = world.village(village).clan;
    let culture = culture(dice);
    let mut sketcher = Sketcher { dice, clan, culture, members: Vec::new(), twins: Vec::new() };
    let parents_in = sketcher.draw();
    let Sketcher { members, twins, dice, .. } = sketcher;
    let spot = Spot::find(dice, world.village(village));
    let house = add_house(world, founding, dice, village, spot);
    let household = world.households.len();
    let head = next_person(world);
    for sketch in &members {
        let person = life::complete(founding, dice, sketch, culture, household);
        world.people.push(person);
    }
    for (one, other) in twins {
        for at in [one, other] {
            let index = PersonIndex(head.0 + u32::try_from(at).expect("invariant: a family"));
            world.marks.push((format!("twin:{household}"), index));
        }
    }
    world.households.push(Household {
        head,
        size: u32::try_from(members.len()).expect("invariant: a family"),
        village,
        house,
        registered_house: house,
        moved: None,
        parents_apart: parents_in && dice.percent(25),
        relief: None,
        monitoring: None,
        flood: None,
    });
    fate::find_guardians(world, dice, household);
    means::provide(world, founding, plan, dice, household);
    fate::befall(world, founding, plan, dice, household);
}

/// The index that the next person will have.
pub(super) fn next_person(world: &World) -> PersonIndex {
    PersonIndex(u32::try_from(world.people.len()).expect("invariant: fewer than 4 thousand million people"))
}

/// Adds a house whose owner is the next person to come, and whose household is the next.
pub(super) fn add_house(
    world: &mut World,
    founding: &mut Founding,
    dice: &mut Dice,
    village: usize,
    spot: Spot,
) -> usize {
    let serial = founding.addresses.entry(village).or_insert(0);
    *serial += 1;
    let serial = *serial;
    let rural = matches!(spot, Spot::Rural { .. });
    let built = if rural { dice.between(1962, 2018) } else { dice.between(1988, 2022) };
    let structure = match built {
        _ if !rural => dice.weigh(&[(4, 60), (1, 40)]),
        ..1985 => dice.weigh(&[(2, 60), (3, 35), (1, 5)]),
        1985..2000 => dice.weigh(&[(2, 25), (3, 40), (1, 35)]),
        _ => dice.weigh(&[(1, 85), (4, 10), (3, 5)]),
    };
    let grade = match structure {
        2 => dice.weigh(&[('A', 15), ('B', 35), ('C', 32), ('D', 18)]),
        3 => dice.weigh(&[('A', 35), ('B', 40), ('C', 18), ('D', 7)]),
        _ => dice.weigh(&[('A', 75), ('B', 20), ('C', 4), ('D', 1)]),
    };
    let survey = (rural && dice.percent(90)).then(|| founding.survey_codes.issue());
    world.houses.push(House {
        village,
        spot,
        serial,
        owner: next_person(world),
        household: world.households.len(),
        survey,
        structure,
        built,
        area_halves: u32::try_from(dice.between(90, 480)).expect("invariant: a positive number"),
        grade,
        used: dice.weigh(&[("自用", 88), ("闲置", 6), ("出租", 6)]),
    });
    world.houses.len() - 1
}

/// Adds a house of known make to a household that exists.
pub(super) fn add_house_at(
    world: &mut World,
    village: usize,
    spot: Spot,
    serial: u32,
    owner: PersonIndex,
) -> usize {
    world.houses.push(House {
        village,
        spot,
        serial,
        owner,
        household: world.person(owner).household,
        survey: None,
        structure: 1,
        built: 2016,
        area_halves: 210,
        grade: 'A',
        used: "自用",
    });
    world.houses.len() - 1
}

fn culture(dice: &mut Dice) -> Culture {
    match dice.below(1000) {
        0..9 => Culture { ethnicity: dice.weigh(&[("05", 5), ("17", 3), ("07", 2)]), naming: Naming::Dotted },
        9..14 => Culture { ethnicity: dice.weigh(&[("02", 1), ("04", 1)]), naming: Naming::Undivided },
        _ => Culture {
            ethnicity: dice.weigh(&[
                ("01", 66),
                ("15", 22),
                ("06", 6),
                ("12", 2),
                ("03", 2),
                ("08", 1),
                ("11", 1),
            ]),
            naming: Naming::Han,
        },
    }
}

impl Sketcher<'_> {
    /// Draws a household; whether parents of the head live in it.
    fn draw(&mut self) -> bool {
        match self.dice.below(100) {
            0..11 => self.old_alone(),
            11..25 => self.old_couple(),
            25..58 => self.couple_with_children(27, 52),
            58..70 => return self.three_generations_under_the_son(),
            70..80 => self.three_generations_under_the_father(),
            80..88 => self.couple(24, 62),
            88..94 => self.one_alone(),
            94..98 => self.grandparents_and_child(),
            _ => self.parent_with_child(),
        }
        false
    }

    fn old_alone(&mut self) {
        let age = self.dice.between(62, 90);
        let sex = if self.dice.percent(58) { Sex::Woman } else { Sex::Man };
        let single = sex == Sex::Man && self.dice.percent(35);
        self.head(sex, age, if single { Marital::Single } else { Marital::Widowed });
    }

    fn old_couple(&mut self) {
        let age = self.dice.between(61, 84);
        self.couple(age, age);
    }

    fn couple(&mut self, youngest: i32, oldest: i32) {
        let age = self.dice.between(youngest, oldest);
        let head = self.head(Sex::Man, age, Marital::Married);
        self.wife(head, Relation::Spouse);
    }

    fn couple_with_children(&mut self, youngest: i32, oldest: i32) {
        let age = self.dice.between(youngest, oldest);
        let head = self.head(Sex::Man, age, Marital::Married);
        let wife = self.wife(head, Relation::Spouse);
        self.children(head, wife, Relation::Son, Relation::Daughter);
    }

    fn three_generations_under_the_son(&mut self) -> bool {
        self.couple_with_children(30, 55);
        let (born, name) =
            self.members.first().map(|head| (head.born, head.name)).expect("invariant: a head was drawn");
        let age = born.years_until(AS_OF) + self.dice.between(21, 32);
        let alone = self.dice.percent(35);
        let widower = alone && self.dice.percent(35);
        let marital = if alone { Marital::Widowed } else { Marital::Married };
        if !alone || widower {
            let born = self.born(age);
            let name = self.name(name.surname(), Sex::Man, born, None);
            self.members.push(Sketch { relation: Relation::Father, sex: Sex::Man, born, name, marital });
        }
        if !alone || !widower {
            let born = self.born(age - self.dice.clone().between(-2, 4));
            let surname = names::surname(self.dice);
            let name = self.name(Some(surname), Sex::Woman, born, None);
            self.members.push(Sketch { relation: Relation::Mother, sex: Sex::Woman, born, name, marital });
        }
        true
    }

    fn three_generations_under_the_father(&mut self) {
        let age = self.dice.between(50, 72);
        let head = self.head(Sex::Man, age, Marital::Married);
        self.wife(head, Relation::Spouse);
        let son = self.child(head, age - self.dice.clone().between(22, 28), Relation::Son, Sex::Man);
        if let Some(son) = self.members.get_mut(son) {
            son.marital = Marital::Married;
        }
        let wife = self.wife(son, Relation::DaughterInLaw);
        self.children(son, wife, Relation::Grandson, Relation::Granddaughter);
    }

    fn one_alone(&mut self) {
        let age = self.dice.between(22, 60);
        let sex = if self.dice.percent(65) { Sex::Man } else { Sex::Woman };
        let marital =
            self.dice.weigh(&[(Marital::Single, 60), (Marital::Divorced, 30), (Marital::Widowed, 10)]);
        self.head(sex, age, marital);
    }

    fn grandparents_and_child(&mut self) {
        let age = self.dice.between(52, 72);
        let head = self.head(Sex::Man, age, Marital::Married);
        self.wife(head, Relation::Spouse);
        for _ in 0..self.dice.between(1, 2) {
            let sex = self.either();
            let relation = if sex == Sex::Man { Relation::Grandson } else { Relation::Granddaughter };
            let age = self.dice.between(1, 15);
            self.child(head, age, relation, sex);
        }
    }

    fn parent_with_child(&mut self) {
        let age = self.dice.between(28, 48);
        let sex = if self.dice.percent(70) { Sex::Woman } else { Sex::Man };
        let marital = if self.dice.percent(60) { Marital::Divorced } else { Marital::Widowed };
        let head = self.head(sex, age, marital);
        self.children(head, head, Relation::Son, Relation::Daughter);
    }

    fn head(&mut self, sex: Sex, age: i32, marital: Marital) -> usize {
        let born = self.born(age);
        let surname = self.clan.surname(self.dice);
        let name = self.name(Some(surname), sex, born, None);
        self.add(Sketch { relation: Relation::Head, sex, born, name, marital })
    }

    fn wife(&mut self, husband: usize, relation: Relation) -> usize {
        let born = self.at(husband).born;
        let born = Day((born.0 + self.dice.between(-900, 1900)).min(AS_OF.0 - 20 * 366));
        // Half of the wives come from the villages around.
        let surname =
            if self.dice.percent(50) { self.clan.surname(self.dice) } else { names::surname(self.dice) };
        let name = self.name(Some(surname), Sex::Woman, born, None);
        self.add(Sketch { relation, sex: Sex::Woman, born, name, marital: Marital::Married })
    }

    /// One to three children of a father (whose name they bear) and a mother (whose age they go by).
    fn children(&mut self, father: usize, mother: usize, sons: Relation, daughters: Relation) {
        let mother_age = self.at(mother).born.years_until(AS_OF);
        let mut age = mother_age - self.dice.between(20, 29);
        for _ in 0..self.dice.weigh(&[(1, 45), (2, 42), (3, 13)]) {
            // Grown children have left, most of them.
            if age < 0 || (age > 24 && self.dice.percent(70)) {
                age -= 3;
                continue;
            }
            let sex = self.either();
            let relation = |sex| if sex == Sex::Man { sons } else { daughters };
            let one = self.child(father, age, relation(sex), sex);
            if self.dice.below(1000) < 13 {
                let second = if self.dice.percent(65) { sex } else { sex.other() };
                let born = self.at(one).born;
                let name = match self.culture.naming {
                    Naming::Han => names::twin(self.dice, self.at(one).name, second, born.year()),
                    _ => self.name(None, second, born, Some(self.at(father).name)),
                };
                let two = self.add(Sketch {
                    relation: relation(second),
                    sex: second,
                    born,
                    name,
                    marital: Marital::Single,
                });
                self.twins.push((one, two));
            }
            age -= self.dice.between(2, 6);
        }
    }

    fn child(&mut self, father: usize, age: i32, relation: Relation, sex: Sex) -> usize {
        let born = self.born(age);
        let father = self.at(father).name;
        let name = self.name(father.surname(), sex, born, Some(father));
        self.add(Sketch { relation, sex, born, name, marital: Marital::Single })
    }

    fn name(
        &mut self,
        surname: Option<&'static str>,
        sex: Sex,
        born: Day,
        father: Option<PersonName>,
    ) -> PersonName {
        match (self.culture.naming, surname) {
            (Naming::Han, Some(surname)) => names::given(self.dice, &self.clan, surname, sex, born.year()),
            (Naming::Undivided, _) => names::undivided(self.dice),
            _ => names::dotted(self.dice, self.culture.ethnicity, sex, father),
        }
    }

    fn born(&mut self, age: i32) -> Day {
        let before = age.max(0) * 1461 / 4 + self.dice.between(0, 364);
        Day(AS_OF.0 - before)
    }

    fn either(&mut self) -> Sex {
        if self.dice.percent(53) { Sex::Man } else { Sex::Woman }
    }

    fn at(&self, index: usize) -> &Sketch {
        self.members.get(index).expect("invariant: an index of this family")
    }

    fn add(&mut self, sketch: Sketch) -> usize {
        self.members.push(sketch);
        self.members.len() - 1
    }
}

/// A moment of the year before the files were made, in working hours.
pub(super) fn moment(dice: &mut Dice, first: Day, last: Day) -> Moment {
    Moment { day: Day(dice.between(first.0, last.0)), second: 28_800 + dice.below(28_800) }
}
