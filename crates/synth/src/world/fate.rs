//! What befalls people once a family is made: somebody looks after them, they move, change their names, are
//! registered twice, and bear somebody else's name.

use super::family::{add_house, moment, next_person};
use super::{Founding, PersonIndex, Sex, World};
use crate::Plan;
use crate::day::Day;
use crate::dice::Dice;
use crate::names::{self, PersonName};
use crate::place::Spot;

/// Names who looks after the children, the old and the disabled of a household: a grown member, else somebody of the
/// same surname nearby.
pub(super) fn find_guardians(world: &mut World, dice: &mut Dice, household: usize) {
    let family = world.household(household).clone();
    let grown: Vec<PersonIndex> = world
        .members(&family)
        .filter(|(_, member)| (20..66).contains(&member.age()) && member.phone.is_some())
        .map(|(index, _)| index)
        .collect();
    let wards: Vec<PersonIndex> = world
        .members(&family)
        .filter(|(_, member)| !(15..62).contains(&member.age()) || member.disability.is_some())
        .map(|(index, _)| index)
        .collect();
    for ward in wards {
        let within = grown.iter().find(|guardian| **guardian != ward).copied();
        let guardian = within.or_else(|| if dice.percent(97) { relative(world, ward) } else { None });
        if let Some(person) = world.people.get_mut(ward.at()) {
            person.guardian = guardian;
        }
    }
}

/// Somebody in a household before this one who could be a child of theirs: of the head's surname where there is one
/// (a child bears the father's), else anybody of that age.
fn relative(world: &World, of: PersonIndex) -> Option<PersonIndex> {
    let person = world.person(of);
    let household = world.household(person.household);
    let surname = world.person(household.head).name.surname();
    let first = household.head.0;
    let fits = |index: &PersonIndex| {
        let other = world.person(*index);
        let younger = person.age() - other.age();
        (18..46).contains(&younger) && other.phone.is_some() && !other.planted && !other.rolls.unregistered
    };
    let before = || (first.saturating_sub(600)..first).rev().map(PersonIndex).filter(fits);
    before().find(|index| world.person(*index).name.surname() == surname).or_else(|| before().next())
}

/// Lets a household move, its members change their names or be registered twice, and its house have a dead owner or
/// a second house an owner.
pub(super) fn befall(
    world: &mut World,
    founding: &mut Founding,
    plan: &Plan,
    dice: &mut Dice,
    household: usize,
) {
    let family = world.household(household).clone();
    if dice.percent(4) {
        let village = if dice.percent(60) { family.village } else { household % world.villages.len() };
        let spot = Spot::find(dice, world.village(village));
        let from = add_house(world, founding, dice, village, spot);
        own(world, from, family.head, household);
        let at = moment(dice, Day::of(2026, 1, 6), Day::of(2026, 10, 20));
        let stays_registered = dice.percent(45);
        let family = world.households.get_mut(household).expect("invariant: just added");
        family.moved = Some((at, from));
        if stays_registered {
            family.registered_house = from;
        }
    } else if dice.percent(5) {
        let spot = Spot::find(dice, world.village(family.village));
        let second = add_house(world, founding, dice, family.village, spot);
        own(world, second, family.head, household);
    }
    for index in world.members(&family).map(|(index, _)| index).collect::<Vec<_>>() {
        let (age, sex, name) = {
            let person = world.person(index);
            (person.age(), person.sex, person.name)
        };
        let renamed = (16..60).contains(&age) && dice.below(1000) < 6;
        let two_ids = age >= 25 && dice.happens(plan.noise.two_ids);
        let person = world.people.get_mut(index.at()).expect("invariant: a member");
        if let (true, Some(surname)) = (renamed, name.surname()) {
            person.former = Some(names::former(dice, surname, sex));
        }
        if two_ids {
            let born = Day(person.born.0 + dice.pick(&[-366, -365, 30, 365, 366, 730]));
            person.second_id = Some(founding.ids.issue(dice, born, sex));
        }
    }
    if dice.percent(3) {
        dead_owner(world, founding, dice, household);
    }
}

fn own(world: &mut World, house: usize, owner: PersonIndex, household: usize) {
    if let Some(house) = world.houses.get_mut(house) {
        house.owner = owner;
        house.household = household;
    }
}

/// The house still stands in the name of the head's dead father, whom no register holds.
fn dead_owner(world: &mut World, founding: &mut Founding, dice: &mut Dice, household: usize) {
    let family = world.household(household).clone();
    let head = world.person(family.head).clone();
    let (Some(surname), true) = (head.name.surname(), head.sex == Sex::Man) else { return };
    let born = Day(head.born.0 - dice.between(7_700, 11_000)).max(Day::of(1905, 1, 1));
    let clan = world.village(family.village).clan;
    let owner = next_person(world);
    let name = names::given(dice, &clan, surname, Sex::Man, born.year());
    let mut father = head;
    father.name = name;
    father.born = born;
    father.id = founding.ids.issue(dice, born, Sex::Man);
    father.former = None;
    father.second_id = None;
    father.phone = None;
    father.former_phone = None;
    father.died = Some(Day(dice.between(Day::of(2005, 1, 1).0, Day::of(2020, 12, 31).0)));
    father.rolls = super::person::Rolls { unregistered: true, ..Default::default() };
    world.people.push(father);
    own(world, family.house, owner, household);
    if world.house(family.house).survey.is_some() {
        world.marks.push(("owner_not_in_GA".to_owned(), owner));
    }
}

/// Gives people of a village the name of somebody else there, in the same group where possible.
pub(crate) fn share_names(world: &mut World, plan: &Plan) {
    // Both people of a pair count towards the share, so one in two is renamed.
    let rate = plan.noise.same_name.times(50);
    let mut dice = Dice::at(plan.seed, &[3]);
    let mut pairs = 0_u32;
    let mut due = 0_u32;
    for index in 0..world.people.len() {
        due += u32::from(dice.happens(rate));
        if due == 0 {
            continue;
        }
        let index =
            PersonIndex(u32::try_from(index).expect("invariant: fewer than 4 thousand million people"));
        // One pair in six is also of one year, which only an id or a house tells apart.
        let Some(other) = namesake(world, index, dice.percent(16)) else { continue };
        let name = world.person(other).name;
        let person = world.people.get_mut(index.at()).expect("invariant: an index of this county");
        person.name = name;
        pairs += 1;
        due -= 1;
        let label = format!("same_name:{pairs}");
        if person.born.year() == world.person(other).born.year() {
            world.marks.push((format!("same_name_same_year:{pairs}"), index));
            world.marks.push((format!("same_name_same_year:{pairs}"), other));
        }
        world.marks.push((label.clone(), index));
        world.marks.push((label, other));
    }
}

/// Somebody before `index` in the same village, of the same surname and sex but of another household and name, whose
/// name can be taken.
fn namesake(world: &World, index: PersonIndex, same_year: bool) -> Option<PersonIndex> {
    let person = world.person(index);
    let PersonName::Han { surname, .. } = person.name else { return None };
    if person.planted || person.former.is_some() || person.rolls.unregistered || person.age() < 3 {
        return None;
    }
    let household = world.household(person.household);
    let group = world.house(household.house).spot.group();
    let mut elsewhere = None;
    for before in (index.0.saturating_sub(400)..household.head.0).rev().map(PersonIndex) {
        let other = world.person(before);
        let other_household = world.household(other.household);
        if other_household.village != household.village {
            break;
        }
        let fits =
            other.name.surname() == Some(surname) && other.sex == person.sex && other.name != person.name;
        if same_year && other.born.year() != person.born.year() {
            continue;
        }
        if !fits || other.planted || other.rolls.unregistered || other.former.is_some() {
            continue;
        }
        if world.house(other_household.house).spot.group() == group {
            return Some(before);
        }
        elsewhere = elsewhere.or(Some(before));
    }
    elsewhere
}
