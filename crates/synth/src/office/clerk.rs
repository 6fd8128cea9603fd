//! The clerk: tells the truth about one element, or fails to.
//!
//! Damage is clumped on purpose. Each village has a clerk per department with good and bad habits, and some rows are
//! written in a hurry; a rate of the plan is what comes out on average.

mod identity;
mod naming;

use super::Slip;
use crate::Plan;
use crate::day::Day;
use crate::dice::{Dice, Rate};
use crate::noise::Noise;
use crate::roll::Department;
use crate::world::{House, Household, Person, PersonIndex, Sex, World};

/// Where a clerk works.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub(super) department: Department,
    pub(super) town: u64,
    pub(super) village: u64,
}

/// What a clerk is good or bad at.
#[derive(Clone, Copy)]
enum Habit {
    Id,
    Name,
    Birth,
    Phone,
    Address,
    Cell,
}

/// A clerk at one row.
pub(super) struct Clerk<'a> {
    /// Chance, of this row.
    pub(super) dice: Dice,
    /// What went wrong so far.
    pub(super) slips: Vec<Slip>,
    noise: &'a Noise,
    department: Department,
    habits: [u32; 6],
    hurry: u32,
    quiet: bool,
}

/// A citizen id as a clerk gives it.
pub(super) enum IdForm {
    /// Not at all.
    Missing,
    /// As text, right or wrong.
    Text(String),
    /// These 18 characters, but they go through a number and lose their end.
    Truncated(String),
}

/// A birth date as a clerk gives it.
pub(super) enum BirthForm {
    /// Not at all.
    Missing,
    /// A solar date, right or wrong.
    Day(Day),
    /// The right date, by the lunar calendar and in words.
    LunarWords(Day),
}

impl<'a> Clerk<'a> {
    /// The clerk of a desk, at the row of that path.
    pub(super) fn at(plan: &'a Plan, desk: Desk, row: &[u64], quiet: bool) -> Clerk<'a> {
        let department = desk.department.number();
        let mut who = Dice::at(plan.seed, &[20, department, desk.town, desk.village]);
        let habits = [0; 6].map(|_| who.pick(&[30, 50, 70, 90, 110, 140, 210]));
        let mut path = vec![21, department];
        path.extend_from_slice(row);
        let mut dice = Dice::at(plan.seed, &path);
        // One row in seven is written in a hurry; on average both factors are 100 %.
        let hurry = if dice.below(700) < 100 { 280 } else { 70 };
        Clerk {
            dice,
            slips: Vec::new(),
            noise: &plan.noise,
            department: desk.department,
            habits,
            hurry,
            quiet,
        }
    }

    /// Notes a deviation.
    pub(super) fn note(&mut self, element: &'static str, kind: &'static str) {
        self.slips.push(Slip { element, kind });
    }

    fn slip(&mut self, rate: Rate, habit: Habit) -> bool {
        if self.quiet {
            return false;
        }
        let place = match habit {
            Habit::Id => 0,
            Habit::Name => 1,
            Habit::Birth => 2,
            Habit::Phone => 3,
            Habit::Address => 4,
            Habit::Cell => 5,
        };
        let mut percent = self.habits.get(place).copied().unwrap_or(100);
        if rate < Rate::basis(1500) {
            percent = percent * self.hurry / 100;
        }
        if self.department == Department::Ga {
            // The police know who people are; where they moved and what their number is now, they hear like others.
            let share = match habit {
                Habit::Phone => 40,
                Habit::Address => 30,
                Habit::Id | Habit::Name | Habit::Birth | Habit::Cell => 8,
            };
            percent = percent * share / 100;
        }
        self.dice.happens(rate.times(percent))
    }

    fn slips_at(&mut self, rate: Rate, habit: Habit, element: &'static str, kind: &'static str) -> bool {
        let slipped = self.slip(rate, habit);
        if slipped {
            self.note(element, kind);
        }
        slipped
    }

    /// The sex.
    pub(super) fn sex(&mut self, who: &Person) -> Sex {
        if self.slips_at(self.noise.sex_wrong, Habit::Birth, "sex", "wrong") {
            who.sex.other()
        } else {
            who.sex
        }
    }

    /// The birth date. Only MZ takes lunar words.
    pub(super) fn birth(&mut self, who: &Person) -> BirthForm {
        const ELEMENT: &str = "birth_date";
        let noise = self.noise;
        let year = who.born.year();
        if self.slips_at(noise.birth_missing, Habit::Birth, ELEMENT, "missing") {
            return BirthForm::Missing;
        }
        if self.slip(noise.birth_typo, Habit::Birth)
            && let Some(day) = self.mistyped_day(who.born)
        {
            self.note(ELEMENT, "typo");
            return BirthForm::Day(day);
        }
        let by_lunar = matches!(self.department, Department::Wj | Department::Ny) && year < 1970;
        if by_lunar && self.slip(noise.birth_lunar_as_solar, Habit::Birth) {
            let (year, month, day) = who.born.lunar();
            let month = u8::try_from(month.unsigned_abs()).expect("invariant: a month");
            if let Some(day) = Day::checked(year, month, day) {
                self.note(ELEMENT, "lunar_as_solar");
                return BirthForm::Day(day);
            }
        }
        let words = self.department == Department::Mz && year < 1966;
        if words && self.slips_at(noise.birth_lunar_words, Habit::Birth, ELEMENT, "lunar_text") {
            return BirthForm::LunarWords(who.born);
        }
        BirthForm::Day(who.born)
    }

    fn mistyped_day(&mut self, born: Day) -> Option<Day> {
        let (year, month, day) = born.civil();
        match self.dice.below(4) {
            0 if month != day => Day::checked(year, day, month),
            0 | 1 => Day::checked(year, month, if day > 9 { day - 9 } else { day + 10 }),
            2 => Day::checked(year + self.dice.pick(&[-1, 1]), month, day),
            _ => Day::checked(year + self.dice.pick(&[-10, 10]), month, day),
        }
        .filter(|typed| *typed <= crate::day::AS_OF && *typed != born)
    }

    /// The phone.
    pub(super) fn phone(
        &mut self,
        world: &World,
        index: PersonIndex,
        who: &Person,
        officer: u64,
    ) -> Option<u64> {
        const ELEMENT: &str = "mobile";
        let noise = self.noise;
        let guardian = who.guardian.and_then(|guardian| world.person(guardian).phone);
        let Some(own) = who.phone else {
            return guardian
                .filter(|_| self.quiet || self.dice.percent(80))
                .inspect(|_| self.note(ELEMENT, "guardian_phone"));
        };
        if self.slips_at(noise.phone_missing, Habit::Phone, ELEMENT, "missing") {
            return None;
        }
        if self.slip(noise.phone_shared, Habit::Phone) {
            let household = world.household(who.household);
            let relative = world
                .members(household)
                .filter(|(other, _)| *other != index)
                .find_map(|(_, member)| member.phone);
            let shared = guardian.or(relative).unwrap_or(officer);
            self.note(ELEMENT, "shared");
            return Some(if self.dice.percent(12) { officer } else { shared });
        }
        if let Some(former) = who.former_phone {
            // About one in three has a former number, so among those the rate is three times as high.
            if self.slips_at(noise.phone_stale.times(285), Habit::Phone, ELEMENT, "stale") {
                return Some(former);
            }
        }
        Some(own)
    }

    /// The house of residence: after a move perhaps still the old one.
    pub(super) fn residence<'w>(&mut self, world: &'w World, household: &Household) -> &'w House {
        if let Some((_, from)) = household.moved
            && self.slips_at(
                self.noise.address_before_move,
                Habit::Address,
                "residence_address",
                "moved_old_address",
            )
        {
            return world.house(from);
        }
        world.house(household.house)
    }

    /// Whether a village is given its former name.
    pub(super) fn uses_former_village(&mut self) -> bool {
        self.slip(self.noise.address_old_village, Habit::Address)
    }

    /// One of the levels of an address, to leave out.
    pub(super) fn omitted<T: Copy>(&mut self, levels: &[T]) -> Option<T> {
        let omits = self.slip(self.noise.address_level_omitted, Habit::Address);
        omits.then(|| self.dice.pick(levels))
    }

    /// Whether another cell stays blank.
    pub(super) fn leaves_blank(&mut self) -> bool {
        self.slip(self.noise.cell_missing, Habit::Cell)
    }

    /// The value, or nothing where the clerk leaves the cell blank.
    pub(super) fn or_blank(&mut self, value: String) -> Option<String> {
        (!self.leaves_blank()).then_some(value)
    }
}
