//! What a household lives on and which files it stands in because of it.

use super::super::{Founding, Monitoring, Relief, World};
use crate::Plan;
use crate::day::Day;
use crate::dice::Dice;
use crate::place::Spot;

/// Decides the relief, monitoring, flood and health files of a household.
pub(super) fn provide(
    world: &mut World,
    founding: &mut Founding,
    plan: &Plan,
    dice: &mut Dice,
    household: usize,
) {
    let (alone_and_old, size) = {
        let family = world.household(household);
        (family.size == 1 && world.person(family.head).age() >= 65, family.size)
    };
    let rural = matches!(world.house(world.household(household).house).spot, Spot::Rural { .. });
    let category = match dice.below(1000) {
        0..38 if rural => Some("农村低保"),
        0..20 => Some("城市低保"),
        38..50 => Some("低保边缘家庭"),
        50..62 if alone_and_old => Some("分散特困供养"),
        62..66 if alone_and_old => Some("集中特困供养"),
        _ => None,
    };
    let monitored = rural && size > 1 && dice.percent(6);
    let flood = if rural { dice.percent(8) } else { dice.below(1000) < 40 };
    enrol(world, dice, household, category.is_some(), monitored, flood);
    let family = world.households.get_mut(household).expect("invariant: just added");
    let first = family.head.at();
    let last = first + usize::try_from(family.size).expect("invariant: a family");
    let members = world.people.get_mut(first..last).expect("invariant: members stand together");
    if members.iter().any(|member| member.rolls.relief) {
        family.relief = Some(relief(founding, dice, category));
        // The dead are among the old, who are about two in five of the people paid.
        let rate = plan.noise.dead_but_paid.times(240);
        for member in members.iter_mut().filter(|member| member.rolls.relief && member.age() >= 68) {
            if dice.happens(rate) {
                member.died = Some(Day(dice.between(Day::of(2026, 1, 5).0, Day::of(2026, 9, 20).0)));
            }
        }
    }
    for member in members.iter_mut() {
        if !member.rolls.relief && member.age() >= 70 && dice.below(1000) < 16 {
            member.died = Some(Day(dice.between(Day::of(2026, 1, 5).0, Day::of(2026, 10, 10).0)));
        }
        if let Some(died) = member.died {
            let quarters =
                [Day::of(2025, 12, 31), Day::of(2026, 3, 31), Day::of(2026, 6, 30), Day::of(2026, 9, 30)];
            for (visit, end) in member.rolls.visits.iter_mut().zip(quarters) {
                *visit &= end < died;
            }
            member.rolls.flood = false;
            member.rolls.monitoring = false;
        }
    }
    if monitored {
        let helpers =
            &world.villages.get(family.village).expect("invariant: an index of this county").staff.helpers;
        family.monitoring = Some(monitoring(founding, dice, helpers));
    }
    if flood {
        family.flood = Some(dice.weigh(&[
            ("屋后滑坡隐患", 3),
            ("临河低洼", 3),
            ("水库下游", 2),
            ("危岩下方", 2),
            ("冲沟出口", 1),
            ("屋后高切坡", 2),
        ]));
    }
}

fn enrol(world: &mut World, dice: &mut Dice, household: usize, poor: bool, monitored: bool, flood: bool) {
    let family = world.household(household);
    let first = family.head.at();
    let last = first + usize::try_from(family.size).expect("invariant: a family");
    for person in world.people.get_mut(first..last).expect("invariant: members stand together") {
        let age = person.age();
        person.rolls.relief =
            poor || (age >= 80 && dice.percent(80)) || (person.disability.is_some() && dice.percent(55));
        person.rolls.monitoring = monitored;
        person.rolls.flood = flood;
        let managed = match age {
            65.. => dice.percent(92),
            60..65 => dice.percent(30),
            _ => false,
        };
        if managed {
            person.rolls.visits = [0; 4].map(|_| dice.percent(66));
            let certain = dice.below(4);
            for (visit, quarter) in person.rolls.visits.iter_mut().zip(0..) {
                *visit |= quarter == certain;
            }
        }
    }
}

fn relief(founding: &mut Founding, dice: &mut Dice, category: Option<&'static str>) -> Relief {
    let year = dice.between(2011, 2025);
    let number = founding.relief_numbers.entry(year).or_insert(0);
    *number += 1;
    if (year, *number) == (2019, 457) {
        // The sample woman's.
        *number += 1;
    }
    let month = u8::try_from(dice.between(1, 12)).expect("invariant: a month");
    let amount = match category {
        Some("农村低保") => dice.pick(&[480, 450, 420, 380]),
        Some("城市低保") => dice.pick(&[720, 680, 640]),
        Some("分散特困供养" | "集中特困供养") => dice.pick(&[960, 1040]),
        _ => 0,
    };
    Relief {
        since: (year, month),
        number: *number,
        category,
        amount,
        income: u32::try_from(dice.between(18, 62) * 10).expect("invariant: a positive number"),
    }
}

fn monitoring(founding: &mut Founding, dice: &mut Dice, helpers: &[String]) -> Monitoring {
    Monitoring {
        number: founding.monitoring_numbers.issue(),
        category: dice.pick(&["突发严重困难户", "脱贫不稳定户", "边缘易致贫户"]),
        risk: dice.pick(&["因病", "因残", "因学", "因灾", "缺劳力", "就业不稳"]),
        farmland: u32::try_from(dice.between(6, 88)).expect("invariant: a positive number"),
        income: u32::try_from(dice.between(320_000, 1_180_000)).expect("invariant: a positive number"),
        helper: dice.pick(&[0, 1, 2].map(|place| helpers.get(place))).cloned().unwrap_or_default(),
    }
}
