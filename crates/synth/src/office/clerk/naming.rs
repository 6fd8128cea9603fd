//! The name as a clerk writes it and as the department's system keeps it.

use super::{Clerk, Habit};
use crate::names;
use crate::roll::Department;
use crate::world::{Person, Relation, Sex, World};

impl Clerk<'_> {
    /// The name, with what the department's system does to it.
    pub(in crate::office) fn name(&mut self, world: &World, who: &Person) -> String {
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
}
