//! Syllables: toneless pinyin packed into a number, with its neighbours.

use super::tables::{COMPOUND_READINGS, SURNAME_READINGS};
use pinyin::{ToPinyin, ToPinyinMulti};
use smallvec::SmallVec;

/// A toneless syllable: five bits a letter, first letter highest; zero where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Sound(u32);

impl Sound {
    /// Not known.
    pub(super) const NONE: Sound = Sound(0);

    /// Packs a syllable of at most six letters; ü is v.
    pub(super) fn pack(syllable: &str) -> Sound {
        let mut packed = 0u32;
        for (at, c) in syllable.chars().enumerate() {
            let c = if c == 'ü' { 'v' } else { c };
            if !c.is_ascii_lowercase() || at == 6 {
                return Sound::NONE;
            }
            packed = (packed << 5) | (u32::from(c) - u32::from('a') + 1);
        }
        Sound(packed)
    }

    /// The usual reading of a character.
    pub(super) fn of(c: char) -> Sound {
        c.to_pinyin().map_or(Sound::NONE, |reading| Sound::pack(reading.plain()))
    }

    /// Another reading of a character, where it has one: a transliteration may use either.
    pub(super) fn second(c: char) -> Sound {
        let first = Sound::of(c);
        let readings = c.to_pinyin_multi().into_iter().flatten();
        readings
            .map(|reading| Sound::pack(reading.plain()))
            .find(|sound| *sound != first)
            .unwrap_or(Sound::NONE)
    }

    /// Whether a reading is known.
    pub(super) fn is_known(self) -> bool {
        self.0 != 0
    }

    /// The packed number.
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// The sound with what speakers of the south-west (and tired ears) do not tell apart made equal: zh/z, ch/c, sh/s,
    /// n/l, h/f, r/l at the start, ng/n at the end, v/u.
    pub(super) fn near(self) -> Sound {
        let letters: SmallVec<[u8; 6]> = (0..6)
            .rev()
            .filter_map(|at| u8::try_from((self.0 >> (5 * at)) & 31).ok().filter(|letter| *letter != 0))
            .map(|letter| letter + b'a' - 1)
            .collect();
        let (head, tail) = match &*letters {
            [b'z', b'h', tail @ ..] => (b'z', tail),
            [b'c', b'h', tail @ ..] => (b'c', tail),
            [b's', b'h', tail @ ..] => (b's', tail),
            [b'n' | b'l' | b'r', tail @ ..] => (b'l', tail),
            [b'f', tail @ ..] => (b'h', tail),
            [head, tail @ ..] => (*head, tail),
            [] => return Sound::NONE,
        };
        let tail = match tail {
            [body @ .., b'n', b'g'] => [body, b"n"].concat(),
            other => other.to_vec(),
        };
        let mut packed = u32::from(head - b'a' + 1);
        for letter in tail {
            let letter = if letter == b'v' { b'u' } else { letter };
            packed = (packed << 5) | u32::from(letter - b'a' + 1);
        }
        Sound(packed)
    }
}

/// How a surname of one character is read, with a second reading where families differ.
pub(super) fn surname(c: char) -> (Sound, Sound) {
    match SURNAME_READINGS.iter().find(|(surname, _, _)| *surname == c) {
        Some((_, first, second)) => (Sound::pack(first), Sound::pack(second)),
        None => (Sound::of(c), Sound::NONE),
    }
}

/// How a surname of two characters is read.
pub(super) fn compound(surname: &str) -> Option<[Sound; 2]> {
    COMPOUND_READINGS
        .iter()
        .find(|(text, _)| *text == surname)
        .map(|(_, [first, second])| [Sound::pack(first), Sound::pack(second)])
}
