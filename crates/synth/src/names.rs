//! Names: what people are called, and how a name sounds, looks or is shortened when somebody else writes it.

mod lists;

use crate::dice::Dice;
use crate::world::Sex;
pub(crate) use lists::Rare;
use lists::confusion;
use lists::fashion::{self, Fashion};

/// A name, made of parts of the lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PersonName {
    /// Surname and one or two given characters (the second may be empty).
    Han {
        /// The surname, one or two characters.
        surname: &'static str,
        /// The first given character.
        first: &'static str,
        /// The second, or nothing.
        second: &'static str,
    },
    /// Two parts with an interpunct between them, each with another transliteration.
    Dotted {
        /// The person's own name.
        own: (&'static str, &'static str),
        /// The father's name, or the second part.
        other: (&'static str, &'static str),
    },
    /// One word, neither surname nor dot.
    Undivided(&'static str),
}

impl PersonName {
    /// The name as its bearer writes it, with U+00B7 where it has a dot.
    pub(crate) fn text(self) -> String {
        match self {
            PersonName::Han { surname, first, second } => format!("{surname}{first}{second}"),
            PersonName::Dotted { own, other } => format!("{}·{}", own.0, other.0),
            PersonName::Undivided(name) => name.to_owned(),
        }
    }

    /// In another transliteration, where there is one.
    pub(crate) fn transliterated(self) -> Option<PersonName> {
        match self {
            PersonName::Dotted { own: (a, b), other } => Some(PersonName::Dotted { own: (b, a), other }),
            _ => None,
        }
    }

    /// Whether it is written with a dot.
    pub(crate) fn is_dotted(self) -> bool {
        matches!(self, PersonName::Dotted { .. })
    }

    /// The surname, where there is one.
    pub(crate) fn surname(self) -> Option<&'static str> {
        match self {
            PersonName::Han { surname, .. } => Some(surname),
            _ => None,
        }
    }

    /// The rare character in it, where there is one.
    pub(crate) fn rare(self) -> Option<&'static Rare> {
        let PersonName::Han { first, second, .. } = self else { return None };
        lists::RARE.iter().find(|rare| rare.hanzi == first || rare.hanzi == second)
    }
}

/// The surnames and the generation poem that a village shares.
#[derive(Clone, Copy)]
pub(crate) struct Clan {
    surnames: [&'static str; 3],
    generation: u32,
}

impl Clan {
    /// The clan of a new village.
    pub(crate) fn found(dice: &mut Dice) -> Clan {
        Clan { surnames: [0; 3].map(|_| dice.weigh(lists::CLANS)), generation: dice.below(20) }
    }

    /// A surname of somebody born in the village.
    pub(crate) fn surname(&self, dice: &mut Dice) -> &'static str {
        if dice.percent(55) { dice.favour(&self.surnames) } else { surname(dice) }
    }

    /// The character that names a generation, by year of birth.
    fn generation(&self, year: i32) -> &'static str {
        let step = u32::try_from((year - 1900).max(0) / 24).expect("invariant: a small number");
        let place = usize::try_from(self.generation + step).expect("invariant: a small number");
        lists::GENERATIONS.get(place % lists::GENERATIONS.len()).expect("invariant: taken modulo the length")
    }
}

/// A surname of the county at large: of women who married in, of people who moved here.
pub(crate) fn surname(dice: &mut Dice) -> &'static str {
    dice.weigh(lists::SURNAMES)
}

/// A name for somebody of a surname.
pub(crate) fn given(dice: &mut Dice, clan: &Clan, surname: &'static str, sex: Sex, year: i32) -> PersonName {
    let fashion = fashion_of(sex, year);
    if dice.below(1000) < 6 {
        let rare = dice.pick(lists::RARE).hanzi;
        let second = if dice.percent(70) { "" } else { dice.favour(fashion.second) };
        return PersonName::Han { surname, first: rare, second };
    }
    if dice.percent(fashion.single_percent) {
        return PersonName::Han { surname, first: dice.favour(fashion.single), second: "" };
    }
    let by_poem = sex == Sex::Man && dice.percent(if year < 1985 { 45 } else { 12 });
    let first = if by_poem { clan.generation(year) } else { dice.favour(fashion.first) };
    let second = dice.favour(fashion.second);
    PersonName::Han { surname, first, second: if second == first { "" } else { second } }
}

/// A given name unlike the first, for people who changed theirs: an old-fashioned one.
pub(crate) fn former(dice: &mut Dice, surname: &'static str, sex: Sex) -> PersonName {
    let (first, second) = match sex {
        Sex::Woman => dice.pick(&[
            ("招", "弟"),
            ("来", "弟"),
            ("冬", "妹"),
            ("幺", "妹"),
            ("腊", "梅"),
            ("转", "娣"),
            ("二", "妹"),
        ]),
        Sex::Man => dice.pick(&[
            ("狗", "娃"),
            ("黑", "娃"),
            ("石", "保"),
            ("毛", "弟"),
            ("老", "三"),
            ("寄", "生"),
            ("双", "喜"),
        ]),
    };
    PersonName::Han { surname, first, second }
}

/// A name for a twin: the same but for one character of the same fashion.
pub(crate) fn twin(dice: &mut Dice, name: PersonName, sex: Sex, year: i32) -> PersonName {
    let PersonName::Han { surname, first, second } = name else { return name };
    let near = confusion::SAME_SOUND.iter().find(|group| !second.is_empty() && group.contains(second));
    let other = near.and_then(|group| group.split("").find(|part| !part.is_empty() && *part != second));
    match other {
        Some(other) if dice.percent(40) => PersonName::Han { surname, first, second: other },
        _ => PersonName::Han { surname, first, second: dice.favour(fashion_of(sex, year).second) },
    }
}

/// A dotted name of an ethnicity that has them: Uyghur, Kazakh or Yi. `father` names the second part.
pub(crate) fn dotted(dice: &mut Dice, ethnicity: &str, sex: Sex, father: Option<PersonName>) -> PersonName {
    let (men, women): (&[_], &[_]) = match ethnicity {
        "17" => (lists::KAZAKH_MEN, lists::KAZAKH_WOMEN),
        "07" => (lists::YI_FIRST, lists::YI_FIRST),
        _ => (lists::UYGHUR_MEN, lists::UYGHUR_WOMEN),
    };
    let own = dice.pick(if sex == Sex::Man { men } else { women });
    let other = match father {
        Some(PersonName::Dotted { own, .. }) => own,
        _ if ethnicity == "07" => dice.pick(lists::YI_SECOND),
        _ => dice.pick(men),
    };
    PersonName::Dotted { own, other }
}

/// A name of one word.
pub(crate) fn undivided(dice: &mut Dice) -> PersonName {
    PersonName::Undivided(dice.pick(lists::UNDIVIDED))
}

/// The village's word for an old person of that name, where the name has a surname.
pub(crate) fn nickname(dice: &mut Dice, name: PersonName, sex: Sex) -> Option<String> {
    let words = if sex == Sex::Man { confusion::NICKNAMES_MEN } else { confusion::NICKNAMES_WOMEN };
    name.surname().map(|surname| format!("{surname}{}", dice.favour(words)))
}

/// One character exchanged for another of the same sound, and whether it was the surname.
pub(crate) fn homophone(dice: &mut Dice, text: &str) -> Option<(String, bool)> {
    let of_surname = dice.percent(6).then(|| exchange(dice, text, confusion::SAME_SURNAME, true)).flatten();
    match of_surname {
        Some(text) => Some((text, true)),
        None => Some((exchange(dice, text, confusion::SAME_SOUND, false)?, false)),
    }
}

/// One given character exchanged for a look-alike or variant.
pub(crate) fn look_alike(dice: &mut Dice, text: &str) -> Option<String> {
    exchange(dice, text, confusion::LOOK_ALIKE, false)
}

/// Exchanges the first (or, after the first, the last possible) character that stands in a group.
fn exchange(dice: &mut Dice, text: &str, groups: &[&str], first: bool) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let places = if first { 0..1 } else { 1..characters.len() };
    for place in places.rev() {
        let character = *characters.get(place)?;
        let Some(group) = groups.iter().find(|group| group.contains(character)) else { continue };
        let others: Vec<char> = group.chars().filter(|other| *other != character).collect();
        if others.is_empty() {
            continue;
        }
        let other = dice.pick(&others);
        let exchanged = |(at, old): (usize, &char)| if at == place { other } else { *old };
        return Some(characters.iter().enumerate().map(exchanged).collect());
    }
    None
}

fn fashion_of(sex: Sex, year: i32) -> &'static Fashion {
    match (sex, year) {
        (Sex::Man, ..1960) => &fashion::MEN_ELDER,
        (Sex::Woman, ..1960) => &fashion::WOMEN_ELDER,
        (Sex::Man, 1960..1980) => &fashion::MEN_MIDDLE,
        (Sex::Woman, 1960..1980) => &fashion::WOMEN_MIDDLE,
        (Sex::Man, 1980..2000) => &fashion::MEN_YOUNG,
        (Sex::Woman, 1980..2000) => &fashion::WOMEN_YOUNG,
        (Sex::Man, 2000..) => &fashion::BOYS,
        (Sex::Woman, 2000..) => &fashion::GIRLS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rare_character_is_outside_gbk_and_its_substitute_inside() {
        for rare in lists::RARE {
            // Today's table for GBK has this one, code page 936 of the offices' machines has not.
            let in_newer_table = rare.hanzi == "䶮";
            assert!(in_newer_table || encoding_rs::GBK.encode(rare.hanzi).2, "{} stands in GBK", rare.hanzi);
            assert!(!encoding_rs::GBK.encode(rare.homophone).2);
        }
    }

    #[test]
    fn a_homophone_differs_in_one_character() {
        let mut dice = Dice::at(3, &[]);
        for name in ["冉秀英", "谭光明", "张伟", "王建军"] {
            if let Some((other, _)) = homophone(&mut dice, name) {
                let differing = name.chars().zip(other.chars()).filter(|(a, b)| a != b).count();
                assert_eq!((differing, other.chars().count()), (1, name.chars().count()), "{name} {other}");
            }
        }
    }

    #[test]
    fn the_name_of_a_twin_keeps_the_surname() {
        let name = PersonName::Han { surname: "冉", first: "雨", second: "涵" };
        let mut dice = Dice::at(9, &[]);
        for _ in 0..20 {
            assert_eq!(twin(&mut dice, name, Sex::Woman, 2015).surname(), Some("冉"));
        }
    }
}
