//! The citizen id as a clerk gives it.

use super::{Clerk, Habit, IdForm};
use crate::identity::check_character;
use crate::office::words;
use crate::roll::Department;
use crate::world::{Household, Person, World};

const ELEMENT: &str = "citizen_id";

impl Clerk<'_> {
    /// The citizen id: of people with two, the second where asked for (or by chance).
    pub(in crate::office) fn citizen_id(
        &mut self,
        world: &World,
        who: &Person,
        household: &Household,
        second: bool,
    ) -> IdForm {
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
            return IdForm::Text(format!("{}{}{degree}", id.full(), words::certificate_kind(kind)));
        }
        if self.slips_at(noise.id_missing, Habit::Id, ELEMENT, "missing") {
            return IdForm::Missing;
        }
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
}
