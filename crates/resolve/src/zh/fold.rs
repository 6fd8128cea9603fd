//! Folding of characters: width and compatibility (NFKC), traditional to simplified, variants; what is not part of a
//! name falls out.

use super::tables::VARIANTS;
use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;

/// A name's characters after folding.
pub(super) struct Folded {
    /// Parts between interpuncts: one for most names.
    pub(super) parts: Vec<Vec<Piece>>,
}

/// One character of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// A character of the script.
    Han(char),
    /// A Latin letter, lower case.
    Latin(char),
    /// A place where a character was lost in some encoding.
    Lost,
}

/// Whether a character parts a dotted name.
pub(crate) fn is_interpunct(c: char) -> bool {
    matches!(c, '·' | '•' | '・' | '‧' | '∙' | '⋅' | '●' | '.' | '．' | '｡' | '。' | '-' | '－' | '–' | '—')
}

/// Whether a character is a Chinese one (all CJK blocks, extensions included).
pub(crate) fn is_han(c: char) -> bool {
    matches!(u32::from(c),
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF | 0x2E80..=0x2FDF | 0x3007)
}

/// Folds a text. A space between two Chinese characters of a long name parts it like an interpunct.
pub(super) fn fold(text: &str) -> Folded {
    let mut parts = vec![Vec::new()];
    let han = text.chars().filter(|c| is_han(*c)).count();
    for c in text.nfkc() {
        let piece = if is_interpunct(c) || (c.is_whitespace() && han > 4) {
            parts.push(Vec::new());
            continue;
        } else if is_han(c) {
            Piece::Han(simple(c))
        } else if c.is_ascii_alphabetic() {
            Piece::Latin(c.to_ascii_lowercase())
        } else if matches!(c, '?' | '\u{FFFD}' | '□' | '■' | '*' | '〓' | '○') {
            Piece::Lost
        } else {
            continue;
        };
        if let Some(part) = parts.last_mut() {
            part.push(piece);
        }
    }
    parts.retain(|part| !part.is_empty());
    Folded { parts }
}

/// The common simplified form of one character. Character by character: a phrase rule would make two spellings of one
/// name unequal in length.
fn simple(c: char) -> char {
    static OPENCC: OnceLock<OpenCC> = OnceLock::new();
    static OWN: OnceLock<BTreeMap<char, char>> = OnceLock::new();
    let own = OWN.get_or_init(|| VARIANTS.iter().copied().collect());
    if let Some(common) = own.get(&c) {
        return *common;
    }
    let opencc = OPENCC.get_or_init(|| {
        OpenCC::from_config(BuiltinConfig::T2s).expect("invariant: t2s is a built-in dictionary")
    });
    let mut buffer = [0; 4];
    let converted = opencc.convert(c.encode_utf8(&mut buffer));
    let mut chars = converted.chars();
    match (chars.next(), chars.next()) {
        (Some(one), None) => own.get(&one).copied().unwrap_or(one),
        _ => c,
    }
}
