//! The clerk: tells the truth about one element, or fails to.
//!
//! Damage is clumped on purpose. Each village has a clerk per department with good and bad habits, and some rows are
//! written in a hurry; a rate of the plan is what comes out on average.

use super::Slip;
use crate::Plan;
use crate::day::Day;
use crate::dice::{Dice, Rate};
use crate::identity::check_character;
use crate::names;
use crate::noise::Noise;
use crate::roll::Department;
use crate::world::{House, Household, Person, PersonIndex, Relation, Sex, World};

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
            percent = percent * 8 / 100;
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

    /// The citizen id. `relatives` are those whose id could be taken by mistake.
    pub(super) fn citizen_id(
        &mut self,
        world: &World,
        who: &Person,
        household: &Household,
        second: bool,
    ) -> IdForm {
        const ELEMENT: &str = "citizen_id";
        let noise = self.noise;
        let mut id = who.id;
        if let Some(other) = who.second_id {
            let by_chance = !self.quiet && self.department != Department::Ga && self.dice.percent(40);
            if second || by_chance {
                id = other;
                self.note(ELEMENT, "second_valid_id");
            }
        }
        if self.department != Department::Ga && who.is_newborn() && !self.quiet {
            self.note(ELEMENT, "not_yet_issued");
            return IdForm::Missing;
        }
        let certified = matches!(self.department, Department::Mz | Department::Ny);
        if let (true, Some((kind, degree))) = (certified, who.disability)
            && self.slips_at(noise.id_certificate, Habit::Id, ELEMENT, "disability_cert_20")
        {
            return IdForm::Text(format!("{}{}{degree}", id.full(), super::words::certificate_kind(kind)));
        }
        if self.slips_at(noise.id_missing, Habit::Id, ELEMENT, "missing") {
            return IdForm::Missing;
        }
        // Half of the people are old enough; among those the rate doubles to hold for all.
        if who.born.year() < 1984 && self.slips_at(noise.id_old_form, Habit::Id, ELEMENT, "15_digit") {
            return IdForm::Text(id.old_form());
        }
        let full = id.full();
        if self.slips_at(noise.id_truncated, Habit::Id, ELEMENT, "truncated") {
            return IdForm::Truncated(full);
        }
        if self.slips_at(noise.id_check, Habit::Id, ELEMENT, "wrong_check") {
            return IdForm::Text(self.wrong_check(&full));
        }
        if self.slips_at(noise.id_typo, Habit::Id, ELEMENT, "typo") {
            return IdForm::Text(self.mistyped(&full));
        }
        if self.slip(noise.id_relative, Habit::Id) {
            let relatives: Vec<&Person> = world
                .members(household)
                .map(|(_, member)| member)
                .filter(|member| member.id != who.id)
                .collect();
            if !relatives.is_empty() {
                self.note(ELEMENT, "relative_id");
                return IdForm::Text(self.dice.pick(&relatives).id.full());
            }
        }
        IdForm::Text(full)
    }

    fn wrong_check(&mut self, full: &str) -> String {
        let mut text: String = full.chars().take(17).collect();
        let right = check_character(&text);
        let others: Vec<char> = "0123456789X".chars().filter(|other| *other != right).collect();
        text.push(self.dice.pick(&others));
        text
    }

    /// One digit wrong, or two different neighbours swapped.
    fn mistyped(&mut self, full: &str) -> String {
        let mut characters: Vec<char> = full.chars().collect();
        let place = usize::try_from(self.dice.between(6, 15)).expect("invariant: a small number");
        let pair = (characters.get(place).copied(), characters.get(place + 1).copied());
        if let (Some(one), Some(other)) = pair {
            if one != other && self.dice.percent(50) {
                characters.swap(place, place + 1);
            } else if let Some(character) = characters.get_mut(place) {
                let others: Vec<char> = "0123456789".chars().filter(|digit| *digit != one).collect();
                *character = self.dice.pick(&others);
            }
        }
        characters.into_iter().collect()
    }

    /// The name, with what the department's system does to it.
    pub(super) fn name(&mut self, world: &World, who: &Person) -> String {
        let noise = self.noise;
        let mut name = who.name;
        let register = self.department == Department::Ga;
        if let Some(former) = who.former
            && !register
            && self.slips_at(noise.name_former, Habit::Name, "name", "former_name")
        {
            name = former;
        }
        let unnamed = matches!(self.department, Department::Ny | Department::Yj | Department::Mz);
        if who.is_newborn() && unnamed && !self.quiet && self.dice.percent(50) {
            let head = world.person(world.household(who.household).head);
            self.note("name", "unnamed_baby");
            return format!("{}之{}", head.name.text(), if who.sex == Sex::Man { "子" } else { "女" });
        }
        if name.is_dotted()
            && self.slips_at(noise.name_transliterated, Habit::Name, "name", "transliteration")
        {
            name = name.transliterated().unwrap_or(name);
        }
        let mut text = name.text();
        if name.is_dotted() {
            text = self.dot(&text);
        }
        text = self.misheard(&text);
        if let Some(rare) = name.rare() {
            let system_holds_it = matches!(self.department, Department::Ga | Department::Wj);
            if !system_holds_it && self.slips_at(noise.name_rare_lost, Habit::Name, "name", "rare_hanzi_lost")
            {
                let shown = self.dice.pick(&["?", rare.sound, rare.homophone, rare.parts]);
                text = text.replace(rare.hanzi, shown);
            }
        }
        text = self.aliased(world, who, text);
        self.padded(text)
    }

    fn dot(&mut self, text: &str) -> String {
        let dot = match self.department {
            Department::Ga => return text.to_owned(),
            Department::Mz => "\u{2022}",
            Department::Wj => "\u{30fb}",
            Department::Ny => "\u{2027}",
            Department::Zj => ".",
            Department::Yj => self.dice.pick(&["-", " "]),
        };
        if self.slips_at(self.noise.name_dot_lost, Habit::Name, "name", "dot_lost") {
            return text.replace('·', "");
        }
        self.note("name", "dot_variant");
        text.replace('·', dot)
    }

    fn misheard(&mut self, text: &str) -> String {
        let noise = self.noise;
        if self.slip(noise.name_homophone, Habit::Name)
            && let Some((other, of_surname)) = names::homophone(&mut self.dice, text)
        {
            self.note("name", if of_surname { "homophone_surname" } else { "homophone" });
            return other;
        }
        if self.slip(noise.name_variant, Habit::Name)
            && let Some(other) = names::look_alike(&mut self.dice, text)
        {
            self.note("name", "variant");
            return other;
        }
        if text.chars().count() > 2 && self.slip(noise.name_dropped, Habit::Name) {
            let doubled = self.dice.percent(40);
            let place = usize::try_from(self.dice.between(1, 2)).expect("invariant: a small number");
            self.note("name", if doubled { "char_doubled" } else { "char_dropped" });
            let times = |at: usize| {
                if at != place {
                    1
                } else if doubled {
                    2
                } else {
                    0
                }
            };
            return text.chars().enumerate().flat_map(|(at, c)| std::iter::repeat_n(c, times(at))).collect();
        }
        text.to_owned()
    }

    /// A nickname before the name, or a remark behind it.
    fn aliased(&mut self, world: &World, who: &Person, text: String) -> String {
        let alias = self.noise.name_alias;
        match self.department {
            Department::Yj | Department::Zj if who.age() >= 50 => {
                let rate = if self.department == Department::Zj { alias.times(20) } else { alias };
                if !self.slip(rate, Habit::Name) {
                    return text;
                }
                let Some(nickname) = names::nickname(&mut self.dice, who.name, who.sex) else { return text };
                self.note("name", "alias_bracket");
                format!("{nickname}({text})")
            }
            Department::Mz
                if matches!(who.relation, Relation::Spouse | Relation::Mother) && who.sex == Sex::Woman =>
            {
                if !self.slip(alias.times(20), Habit::Name) {
                    return text;
                }
                let head = world.person(world.household(who.household).head);
                let how = if who.relation == Relation::Spouse { "妻" } else { "母" };
                self.note("name", "relation_bracket");
                format!("{text}({}之{how})", head.name.text())
            }
            _ => text,
        }
    }

    fn padded(&mut self, text: String) -> String {
        let spreads = matches!(self.department, Department::Mz | Department::Yj);
        if spreads
            && text.chars().count() == 2
            && self.slips_at(self.noise.name_spread, Habit::Name, "name", "inner_space")
        {
            let blank = self.dice.pick(&[" ", "\u{3000}", "  "]);
            let mut characters = text.chars();
            let first = characters.next().map(String::from).unwrap_or_default();
            return format!("{first}{blank}{}", characters.as_str());
        }
        if self.slips_at(self.noise.name_padded, Habit::Name, "name", "padding") {
            let blank =
                self.dice.weigh(&[("\u{3000}", 3), (" ", 3), ("\u{a0}", 2), ("\u{200b}", 1), ("\t", 1)]);
            return if self.dice.percent(75) { format!("{text}{blank}") } else { format!("{blank}{text}") };
        }
        text
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
