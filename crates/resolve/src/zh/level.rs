//! How alike two names are, in levels.

use super::form::{NameForm, NameForms, Unit};
use super::tables::LOOK_ALIKES;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use std::sync::OnceLock;

/// The levels, from the most to the least alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HanNameLevel {
    /// The same characters, after folding of width, script and variants.
    Exact,
    /// Other characters, the same sounds.
    SameSound,
    /// One character differs, by one that looks or sounds nearly alike, or that was lost.
    LookAlike,
    /// The same surname and one of two given characters, or one character dropped or doubled.
    OneCharacter,
    /// A dotted name in another transliteration, or cut off.
    Transliteration,
    /// The same name of endearment, or one beside a name of the same surname.
    Nickname,
    /// The same surname only.
    Surname,
    /// Nothing in common.
    Different,
}

impl HanNameLevel {
    /// All levels, best first.
    pub const ALL: [HanNameLevel; 8] = [
        HanNameLevel::Exact,
        HanNameLevel::SameSound,
        HanNameLevel::LookAlike,
        HanNameLevel::OneCharacter,
        HanNameLevel::Transliteration,
        HanNameLevel::Nickname,
        HanNameLevel::Surname,
        HanNameLevel::Different,
    ];

    /// Its place among the levels of the kind.
    pub(crate) fn index(self) -> u8 {
        match self {
            HanNameLevel::Exact => 0,
            HanNameLevel::SameSound => 1,
            HanNameLevel::LookAlike => 2,
            HanNameLevel::OneCharacter => 3,
            HanNameLevel::Transliteration => 4,
            HanNameLevel::Nickname => 5,
            HanNameLevel::Surname => 6,
            HanNameLevel::Different => 7,
        }
    }
}

/// The best level over all forms of both; `None` where one of them names nobody.
pub fn han_name_level(a: &NameForms, b: &NameForms) -> Option<HanNameLevel> {
    a.0.iter().flat_map(|left| b.0.iter().map(|right| form_level(left, right))).min()
}

pub(crate) fn form_level(a: &NameForm, b: &NameForm) -> HanNameLevel {
    let same = a.units.len() == b.units.len();
    if a.nickname || b.nickname {
        // 冉婆婆 may well be any 冉; two different endearments are two people more often than not.
        let same = same && a.units.iter().zip(&b.units).all(|(x, y)| x.ch == y.ch);
        return if same || (a.nickname != b.nickname && surnames_agree(a, b)) {
            HanNameLevel::Nickname
        } else {
            HanNameLevel::Different
        };
    }
    if same {
        let level = aligned(a, b);
        if level < HanNameLevel::OneCharacter {
            return level;
        }
    }
    if a.dotted || b.dotted {
        return transliterated(a, b);
    }
    if same && a.units.len() >= 3 && given_differing(a, b) == 1 && surnames_agree(a, b) {
        return HanNameLevel::OneCharacter;
    }
    if one_dropped(&a.units, &b.units) || one_dropped(&b.units, &a.units) {
        return HanNameLevel::OneCharacter;
    }
    if surnames_agree(a, b) { HanNameLevel::Surname } else { HanNameLevel::Different }
}

/// Levels of names of one length, place by place.
fn aligned(a: &NameForm, b: &NameForm) -> HanNameLevel {
    let (mut sounds, mut close, mut lost, mut far) = (0, 0, 0, 0);
    for (x, y) in a.units.iter().zip(&b.units) {
        if x.ch == y.ch && x.ch != 0 {
        } else if sounds_agree(x, y) {
            sounds += 1;
        } else if x.is_lost() || y.is_lost() || unreadable(x, y) {
            lost += 1;
        } else if near(x, y) || look_alike(x.ch, y.ch) {
            close += 1;
        } else {
            far += 1;
        }
    }
    if far > 0 || close + lost > 1 || lost + 1 > a.units.len() {
        HanNameLevel::Different
    } else if close + lost == 1 {
        HanNameLevel::LookAlike
    } else if sounds > 0 {
        HanNameLevel::SameSound
    } else {
        HanNameLevel::Exact
    }
}

fn sounds_agree(x: &Unit, y: &Unit) -> bool {
    let known = x.sound.is_known() && y.sound.is_known();
    known
        && (x.sound == y.sound
            || x.other.is_known() && x.other == y.sound
            || y.other.is_known() && y.other == x.sound)
}

/// A rare character without a reading stands against another: it may well be what it was replaced by.
fn unreadable(x: &Unit, y: &Unit) -> bool {
    !x.sound.is_known() || !y.sound.is_known()
}

fn near(x: &Unit, y: &Unit) -> bool {
    x.near == y.near && x.near.is_known()
}

fn look_alike(a: u32, b: u32) -> bool {
    static PAIRS: OnceLock<HashSet<(u32, u32), FxBuildHasher>> = OnceLock::new();
    let pairs = PAIRS.get_or_init(|| {
        let both = |group: &'static str| group.chars().flat_map(move |x| group.chars().map(move |y| (x, y)));
        LOOK_ALIKES.iter().flat_map(|group| both(group)).map(|(x, y)| (u32::from(x), u32::from(y))).collect()
    });
    a != 0 && pairs.contains(&(a, b))
}

fn agree(x: &Unit, y: &Unit) -> bool {
    x.ch == y.ch && x.ch != 0 || sounds_agree(x, y) || near(x, y) || look_alike(x.ch, y.ch)
}

fn surnames_agree(a: &NameForm, b: &NameForm) -> bool {
    let count = usize::from(a.surname).max(1);
    a.surname == b.surname
        && a.units
            .iter()
            .take(count)
            .zip(b.units.iter().take(count))
            .all(|(x, y)| x.ch == y.ch || sounds_agree(x, y))
}

fn given_differing(a: &NameForm, b: &NameForm) -> usize {
    let skip = usize::from(a.surname);
    a.units.iter().skip(skip).zip(b.units.iter().skip(skip)).filter(|(x, y)| !agree(x, y)).count()
}

/// Whether `short` is `long` with one character left out, the surname kept. Names of two characters are too short to
/// lose one.
fn one_dropped(short: &[Unit], long: &[Unit]) -> bool {
    if short.len() + 1 != long.len() || short.len() < 2 {
        return false;
    }
    let front = short.iter().zip(long).take_while(|(x, y)| agree(x, y)).count();
    front >= 1 && short.iter().skip(front).zip(long.iter().skip(front + 1)).all(|(x, y)| agree(x, y))
}

/// Dotted names: near-equal sounds over at least three quarters of the places, or one the beginning of the other.
fn transliterated(a: &NameForm, b: &NameForm) -> HanNameLevel {
    let (short, long) = if a.units.len() <= b.units.len() { (a, b) } else { (b, a) };
    if short.units.len() < 3 {
        return HanNameLevel::Different;
    }
    let begins = short.units.iter().zip(&long.units).all(|(x, y)| agree(x, y));
    let slips = distance(&short.units, &long.units);
    if begins && short.units.len() >= 4 || slips * 4 <= long.units.len() {
        HanNameLevel::Transliteration
    } else {
        HanNameLevel::Different
    }
}

/// Edit distance over places.
fn distance(a: &[Unit], b: &[Unit]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let up = *cell;
            let substituted = diagonal + usize::from(!agree(x, y));
            diagonal = up;
            left = substituted.min(up + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::HanNameLevel::*;
    use super::*;
    use proptest::prelude::*;
    use yibiao_record::Name;

    fn level(a: &str, b: &str) -> Option<HanNameLevel> {
        han_name_level(&NameForms::new(&Name::plain(a)), &NameForms::new(&Name::plain(b)))
    }

    #[track_caller]
    fn check(a: &str, b: &str, expected: HanNameLevel) {
        assert_eq!(level(a, b), Some(expected));
        assert_eq!(level(b, a), Some(expected));
    }

    #[test]
    fn script_width_and_variants_fall_away() {
        check("冉秀英", "冉秀英", Exact);
        check("陳偉", "陈伟", Exact);
        check("李峯", "李峰", Exact);
        check("王 芳", "王芳", Exact);
        check("王\u{3000}芳", "王芳", Exact);
    }

    #[test]
    fn characters_that_people_choose_between_stay_apart() {
        check("李堃", "李坤", SameSound);
        check("李喆", "李哲", SameSound);
    }

    #[test]
    fn every_interpunct_is_the_same() {
        for dot in ["·", "•", "・", "‧", ".", "-", " ", ""] {
            check("阿卜杜拉·买买提", &format!("阿卜杜拉{dot}买买提"), Exact);
        }
    }

    #[test]
    fn another_transliteration_is_recognised() {
        check("阿卜杜拉·买买提", "阿布都拉·麦麦提", SameSound);
        check("古丽·阿卜杜拉", "古力·阿布都拉", SameSound);
        check("吐尔逊·热合曼", "图尔逊·热和木", Transliteration);
        check("阿卜杜拉·买买提", "古丽·阿卜杜拉", Different);
        check("阿卜杜拉·买买提江", "阿卜杜拉·买买", Transliteration);
    }

    #[test]
    fn a_surname_has_its_own_reading() {
        check("单田芳", "山田芳", SameSound);
        check("仇小云", "邱小云", SameSound);
        check("解大明", "谢大明", SameSound);
        check("曾玉", "增玉", SameSound);
        check("尉迟恭", "玉池恭", SameSound);
        check("覃玉珍", "秦玉珍", SameSound);
        check("覃玉珍", "谭玉珍", SameSound);
    }

    #[test]
    fn homophones_and_look_alikes_are_near() {
        check("冉琇英", "冉秀英", SameSound);
        check("蒲明珍", "蒲明贞", SameSound);
        check("李未来", "李末来", LookAlike);
        check("陈子涵", "陈子晗", SameSound);
        check("刘丽", "牛丽", LookAlike);
    }

    #[test]
    fn a_lost_character_may_be_any_one() {
        check("王?", "王䶮", LookAlike);
        check("王(龙天)", "王䶮", LookAlike);
        check("李hong", "李宏", SameSound);
        check("李𬭎", "李宏", SameSound);
        check("李𬭎", "李hong", SameSound);
    }

    #[test]
    fn one_of_two_given_characters_is_little() {
        check("向文海", "向文河", OneCharacter);
        check("王桂英", "王桂", OneCharacter);
        check("王桂英", "王桂桂英", OneCharacter);
        check("李招弟", "李红梅", Surname);
        check("张伟", "张强", Surname);
        check("欧阳娜", "欧阳娜娜", OneCharacter);
    }

    #[test]
    fn a_bracket_holds_the_real_name_and_an_endearment_says_little() {
        let granny = Name { full: "冉婆婆".into(), others: vec!["冉秀英".into()] };
        let other = NameForms::new(&Name::plain("冉琇英"));
        assert_eq!(han_name_level(&NameForms::new(&granny), &other), Some(SameSound));
        check("冉婆婆", "冉婆婆", Nickname);
        check("冉婆婆", "冉秀英", Nickname);
        check("冉婆婆", "冉爷爷", Different);
    }

    #[test]
    fn a_child_without_a_name_has_none() {
        assert_eq!(level("吴大勇之子", "吴沐辰"), None);
        assert_eq!(level("", "吴沐辰"), None);
    }

    #[test]
    fn a_common_name_is_less_telling_than_a_rare_one() {
        let rarity = |text: &str| NameForm::new(text).unwrap().rarity_millibits();
        assert!(rarity("王桂英") < rarity("冉琇英"));
        assert!(rarity("张伟") < rarity("瞿小波"));
    }

    proptest! {
        #[test]
        fn comparison_is_symmetric_and_never_panics(a in "[王李冉秀琇英?a-c·单 ]{0,7}", b in "\\PC{0,6}") {
            prop_assert_eq!(level(&a, &b), level(&b, &a));
            if !a.contains('?') {
                prop_assert!(level(&a, &a).is_none_or(|own| own <= SameSound));
            }
        }

        #[test]
        fn equal_names_have_equal_keys(a in "[王李冉秀琇英田]{2,4}") {
            let (x, y) = (NameForm::new(&a).unwrap(), NameForm::new(&format!(" {a}")).unwrap());
            prop_assert_eq!(x.sound_key(), y.sound_key());
        }
    }
}
