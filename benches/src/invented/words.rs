//! Words that nobody has to know, some common and most rare, and what hands do to them.

#![expect(clippy::indexing_slicing, reason = "every index is drawn below the length of its list")]

use yibiao_tests::dice::Dice;

const STARTS: [&str; 16] = ["b", "br", "c", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v"];
const MIDDLES: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ea", "ou"];
const ENDS: [&str; 12] = ["l", "n", "r", "s", "t", "nd", "rk", "ll", "m", "x", "ng", "tion"];

/// One of a list.
pub(super) fn one<'a, T: ?Sized>(dice: &mut Dice, list: &[&'a T]) -> &'a T {
    list[dice.below(list.len())]
}

/// Whether it happens, so many times in a hundred.
pub(super) fn percent(dice: &mut Dice, share: usize) -> bool {
    dice.below(100) < share
}

/// The word of a number: always the same.
pub(super) fn word(number: usize) -> String {
    let (mut rest, mut word) = (number * 7 + 3, String::new());
    for _ in 0..2 + number % 2 {
        word.push_str(STARTS[rest % STARTS.len()]);
        rest /= STARTS.len();
        rest += number * 31 + 11;
        word.push_str(MIDDLES[rest % MIDDLES.len()]);
        rest = rest / 3 + number;
    }
    word.push_str(ENDS[rest % ENDS.len()]);
    word
}

/// A word of a vocabulary, low numbers more often: half of all uses fall on a twelfth of it or so.
pub(super) fn drawn(dice: &mut Dice, vocabulary: usize) -> String {
    let (a, b, c) = (dice.below(vocabulary), dice.below(vocabulary), dice.below(vocabulary));
    word(a * b / vocabulary * c / vocabulary)
}

/// A word with its first letter raised.
pub(super) fn raised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A person's name: given name, perhaps a middle initial, family name.
pub(super) fn person(dice: &mut Dice) -> (String, Option<char>, String) {
    let given = raised(&drawn(dice, 120));
    let middle = percent(dice, 35).then(|| char::from(b'A' + u8::try_from(dice.below(26)).unwrap_or(0)));
    (given, middle, raised(&word(2_000 + dice.below(900))))
}

/// One letter lost, doubled, changed or swapped with the next.
pub(super) fn slip(dice: &mut Dice, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    let at = dice.below(letters.len() - 1);
    match dice.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters[at] = char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0)),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

/// The text with a slip, so many times in a hundred.
pub(super) fn slips(dice: &mut Dice, text: &str, share: usize) -> String {
    if percent(dice, share) { slip(dice, text) } else { text.to_owned() }
}

/// Digits.
pub(super) fn digits(dice: &mut Dice, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or(0))).collect()
}
