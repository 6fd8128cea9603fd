//! A name, taken apart once: characters, sounds, surname, how rare it is.

use super::fold::{Piece, fold};
use super::sound::{Sound, compound, surname};
use super::tables::{COMPOUND_SURNAMES, GIVEN_SHARE, NICKNAME_ENDINGS, SURNAME_SHARE};
use smallvec::SmallVec;
use yibiao_record::Name;

/// One place of a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unit {
    /// The character; zero where only the sound is known, or nothing.
    pub(super) ch: u32,
    /// Its sound.
    pub(super) sound: Sound,
    /// Its sound, neighbours made equal.
    pub(super) near: Sound,
    /// Another sound, of a surname that families read differently.
    pub(super) other: Sound,
}

impl Unit {
    fn han(c: char) -> Unit {
        let sound = Sound::of(c);
        Unit { ch: u32::from(c), sound, near: sound.near(), other: Sound::NONE }
    }

    fn spoken(sound: Sound) -> Unit {
        Unit { ch: 0, sound, near: sound.near(), other: Sound::NONE }
    }

    /// Whether nothing is known of it.
    pub(super) fn is_lost(self) -> bool {
        self.ch == 0 && !self.sound.is_known()
    }
}

/// One form of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameForm {
    pub(super) units: SmallVec<[Unit; 4]>,
    /// How many of the units are the surname; zero of a dotted name.
    pub(super) surname: u8,
    /// Written with an interpunct, or long enough to have lost one.
    pub(super) dotted: bool,
    /// A name of endearment (冉婆婆).
    pub(super) nickname: bool,
    rarity_millibits: i32,
}

impl NameForm {
    /// Takes a text apart; `None` where it holds no name of its own (吴大勇之子, an empty cell).
    pub fn new(text: &str) -> Option<NameForm> {
        if is_unnamed(text) {
            return None;
        }
        let folded = fold(text);
        let dotted = folded.parts.len() > 1;
        let mut units: SmallVec<[Unit; 4]> = SmallVec::new();
        for part in &folded.parts {
            push_part(&mut units, part);
        }
        if units.len() < 2 || units.iter().all(|unit| unit.ch == 0) {
            return None;
        }
        let long = units.len() > 4;
        let chars: String = units.iter().filter_map(|unit| char::from_u32(unit.ch)).collect();
        let surname_len = if dotted { 0 } else { surname_len(&units) };
        if dotted || long {
            for unit in &mut units {
                unit.other = char::from_u32(unit.ch).map_or(Sound::NONE, Sound::second);
            }
        } else {
            read_surname(&mut units, surname_len);
        }
        let nickname =
            !dotted && NICKNAME_ENDINGS.iter().any(|ending| chars.ends_with(ending)) && units.len() <= 4;
        let dotted = dotted || long;
        let rarity_millibits = rarity(&units, usize::from(surname_len));
        Some(NameForm {
            units,
            surname: if dotted { 0 } else { surname_len },
            dotted,
            nickname,
            rarity_millibits,
        })
    }

    /// How surprising it is that a stranger bears this name, in thousandths of a bit, from rough shares of surnames and
    /// characters (a fixed table, so that it never drifts with the data).
    pub fn rarity_millibits(&self) -> i32 {
        self.rarity_millibits
    }

    /// A number equal for names that sound alike, and only for them (but for chance).
    pub fn sound_key(&self) -> u64 {
        self.hash(|unit| u64::from(if unit.sound.is_known() { unit.sound.near().number() } else { unit.ch }))
    }

    /// A number equal for names whose surnames sound alike.
    pub fn surname_key(&self) -> u64 {
        let count = if self.dotted { 2 } else { usize::from(self.surname).max(1) };
        self.units.iter().take(count).fold(FNV, |hash, unit| mix(hash, u64::from(unit.near.number())))
    }

    /// A number equal for names whose last characters sound alike.
    pub fn last_key(&self) -> u64 {
        self.units.last().map_or(0, |unit| mix(FNV, u64::from(unit.near.number())))
    }

    /// Whether some character was lost, so that the sound key cannot be trusted.
    pub fn has_lost(&self) -> bool {
        self.units.iter().any(|unit| !unit.sound.is_known())
    }

    fn hash(&self, part: impl Fn(&Unit) -> u64) -> u64 {
        self.units.iter().fold(FNV, |hash, unit| mix(hash, part(unit)))
    }
}

/// All forms under which a row names one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameForms(pub SmallVec<[NameForm; 1]>);

impl NameForms {
    /// The forms of a name: the full one and the others, without repeats.
    pub fn new(name: &Name) -> NameForms {
        NameForms(name_texts(name).iter().filter_map(|text| NameForm::new(text)).collect())
    }
}

/// The forms of a name that name somebody, as texts, without repeats: the full one first.
pub fn name_texts(name: &Name) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    if let Some(described) = described_rare(name) {
        return vec![described];
    }
    let others = name.others.iter().map(|other| &**other);
    for text in std::iter::once(&*name.full).chain(others) {
        if names_somebody(text) && !texts.iter().any(|other| other == text) {
            texts.push(text.to_owned());
        }
    }
    texts
}

/// Whether a text may hold a name of its own, without taking it apart.
fn names_somebody(text: &str) -> bool {
    let (mut han, mut other, mut latin) = (0, 0, false);
    for c in text.chars() {
        let letter = c.is_ascii_alphabetic();
        other += usize::from(letter && !latin) + usize::from(matches!(c, '?' | '\u{FFFD}' | '□'));
        latin = letter;
        han += usize::from(super::fold::is_han(c));
    }
    han >= 1 && han + other >= 2 && !is_unnamed(text)
}

/// 王(龙天): one character, then in brackets the parts of a second that the system could not hold. Read as 王 and a lost
/// character.
fn described_rare(name: &Name) -> Option<String> {
    let (before, bracket) = match name.full.split_once(['(', '（']) {
        Some((before, rest)) => (before, rest.trim_end_matches([')', '）'])),
        None => (&*name.full, name.others.first().map_or("", |other| other)),
    };
    let han = |text: &str| text.chars().filter(|c| super::fold::is_han(*c)).count();
    let one = han(before) == 1 && before.chars().count() == 1;
    (one && han(bracket) >= 1).then(|| format!("{before}?"))
}

/// 某某之子, 某某之妻, 某某家的, 未取名: it tells of somebody, but names nobody.
fn is_unnamed(text: &str) -> bool {
    let unnamed = ["未取名", "未命名", "无名", "待取名", "婴儿", "新生儿", "宝宝"];
    let of_another =
        ["之子", "之女", "之妻", "之母", "之父", "之夫", "之孙", "之媳", "之孙女", "之长子", "之次子"];
    unnamed.iter().any(|word| text.contains(word))
        || of_another.iter().any(|ending| text.trim_end().ends_with(ending) && text.chars().count() > 3)
}

fn push_part(units: &mut SmallVec<[Unit; 4]>, part: &[Piece]) {
    let mut latin = String::new();
    for piece in part.iter().copied().chain([Piece::Lost]).zip(0..=part.len()) {
        let (piece, at) = piece;
        if let Piece::Latin(letter) = piece {
            latin.push(letter);
            continue;
        }
        if !latin.is_empty() {
            units.push(Unit::spoken(Sound::pack(&latin)));
            latin.clear();
        }
        match piece {
            Piece::Han(c) => units.push(Unit::han(c)),
            Piece::Lost if at < part.len() => units.push(Unit::spoken(Sound::NONE)),
            _ => {}
        }
    }
}

fn surname_len(units: &[Unit]) -> u8 {
    let mut first = units.iter().filter_map(|unit| char::from_u32(unit.ch));
    let pair: String = first.by_ref().take(2).collect();
    u8::from(units.len() >= 3 && COMPOUND_SURNAMES.contains(&pair.as_str())) + 1
}

fn read_surname(units: &mut [Unit], len: u8) {
    let chars: String =
        units.iter().take(usize::from(len)).filter_map(|unit| char::from_u32(unit.ch)).collect();
    if len == 2 {
        if let Some(sounds) = compound(&chars) {
            for (unit, sound) in units.iter_mut().zip(sounds) {
                (unit.sound, unit.near) = (sound, sound.near());
            }
        }
    } else if let (Some(unit), Some(c)) = (units.first_mut(), chars.chars().next())
        && unit.ch != 0
    {
        let (sound, other) = surname(c);
        (unit.sound, unit.near, unit.other) = (sound, sound.near(), other);
    }
}

fn rarity(units: &[Unit], surname: usize) -> i32 {
    let mut millibits = 0;
    for (at, unit) in units.iter().enumerate() {
        let table = if at < surname { SURNAME_SHARE } else { GIVEN_SHARE };
        let known = char::from_u32(unit.ch)
            .filter(|_| unit.ch != 0)
            .and_then(|c| table.iter().find(|(chars, _)| chars.contains(c)))
            .map(|(_, share)| *share);
        millibits += match known {
            Some(share) => 13_288 - log2_millibits(share),
            None if unit.is_lost() => 0,
            // A surname outside the table is one of hundreds, a given character one of thousands.
            None if at < surname && surname == 1 => 11_000,
            None if at < surname => 5_500,
            None => 10_500,
        };
    }
    millibits
}

/// log2 in thousandths, by squaring: exact enough, and without floating point.
pub(crate) fn log2_millibits(n: u32) -> i32 {
    if n == 0 {
        return 0;
    }
    let whole = 31 - n.leading_zeros();
    // n / 2^whole in fixed point with 30 fraction bits, in [1, 2).
    let mut x = (u64::from(n) << 30) >> whole;
    let mut fraction = 0i32;
    for _ in 0..14 {
        x = (x * x) >> 30;
        fraction <<= 1;
        if x >= 1 << 31 {
            fraction |= 1;
            x >>= 1;
        }
    }
    let whole = i32::try_from(whole).expect("invariant: at most 31");
    whole * 1_000 + ((fraction * 1_000) >> 14)
}

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

fn mix(hash: u64, part: u64) -> u64 {
    let hash = (hash ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}
