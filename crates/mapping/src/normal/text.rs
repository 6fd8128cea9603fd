//! Free text, and what all normalisers share: padding, placeholders, the text of a cell, comparison keys.

use super::{Outcome, Reading};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use yibiao_format::Cell;
use yibiao_record::Value;

/// Reads free text: padding and scrape artefacts go, the rest stays as written.
pub fn parse(cell: &Cell) -> Outcome {
    let Some(text) = cell_text(cell) else { return Ok(None) };
    let text = without_glosses(&text);
    Ok(Some(Reading::plain(Value::Text(text.into()))))
}

/// Writes free text.
pub fn write(text: &str) -> Option<Cell> {
    Some(Cell::Text(text.to_owned()))
}

/// The text of any cell without padding; `None` where it is absent or blank. A number is written in plain decimal
/// notation, without `.0`.
pub fn cell_text(cell: &Cell) -> Option<Cow<'_, str>> {
    let text = match cell {
        Cell::Absent => return None,
        Cell::Text(text) => Cow::Borrowed(trim(text)),
        Cell::Number(number) | Cell::DateSerial(number) => Cow::Owned(number.to_string()),
        Cell::Integer(number) => Cow::Owned(number.to_string()),
        Cell::Bool(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
    };
    (!text.is_empty()).then_some(text)
}

/// The text of a cell that says something: `None` also for the usual placeholders.
pub(super) fn said(cell: &Cell) -> Option<Cow<'_, str>> {
    cell_text(cell).filter(|text| !is_placeholder(text, &[]))
}

/// Whether a character is padding: white space of any width, control characters, and what has no width at all.
pub fn is_padding(c: char) -> bool {
    if c.is_ascii() {
        return c <= ' ' || c == '\u{7F}';
    }
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// The text without padding at its ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_padding)
}

/// Whether a trimmed text stands for "nothing": one of the usual words for it, or one of `words`.
pub fn is_placeholder(text: &str, words: &[Box<str>]) -> bool {
    let usual = [
        "无",
        "不详",
        "空",
        "未知",
        "未提供",
        "暂无",
        "没有",
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\",
        "∅",
        "NULL",
        "null",
        "N/A",
        "#N/A",
    ];
    text.is_empty() || usual.contains(&text) || words.iter().any(|word| **word == *text)
}

/// The text as it is compared: compatibility forms unified (NFKC), padding removed wherever it stands, lower case.
pub fn key(text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()) {
        return text.to_owned();
    }
    text.nfkc().filter(|c| !is_padding(*c)).flat_map(char::to_lowercase).collect()
}

/// Full-width digits, letters and punctuation as ASCII, in place of NFKC where only width matters. Borrows clean text.
pub fn narrow(text: &str) -> Cow<'_, str> {
    let wide = |c: char| matches!(c, '\u{FF01}'..='\u{FF5E}' | '\u{3000}');
    if !text.contains(wide) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(narrow_char).collect())
}

/// As [`narrow`], of one character.
pub(super) fn narrow_char(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(c) - 0xFEE0).expect("invariant: the block maps onto ASCII")
        }
        _ => c,
    }
}

/// Whether a character is a hanzi, of any plane.
pub fn is_hanzi(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '〇')
}

/// A hanzi followed by its own pronunciation in brackets (`統(tǒng)`) is what a page scraper leaves: the brackets go.
/// Only a pronunciation with a tone mark counts, so that `李(hong)`, a lost hanzi, stays.
fn without_glosses(text: &str) -> Cow<'_, str> {
    if !text.contains(is_tone_vowel) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(['(', '（']) {
        let (before, from_bracket) = rest.split_at(open);
        out.push_str(before);
        let inner = from_bracket.trim_start_matches(['(', '（']);
        let after = inner.find([')', '）']).map(|close| inner.split_at(close));
        rest = match after {
            Some((gloss, tail)) if before.ends_with(is_hanzi) && is_pronunciation(gloss) => {
                let mut tail = tail.chars();
                tail.next();
                tail.as_str()
            }
            _ => {
                out.push_str(from_bracket.split_at(from_bracket.len() - inner.len()).0);
                inner
            }
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn is_pronunciation(text: &str) -> bool {
    (1..=7).contains(&text.chars().count())
        && text.contains(is_tone_vowel)
        && text.chars().all(|c| c.is_ascii_lowercase() || c == 'ü' || is_tone_vowel(c))
}

fn is_tone_vowel(c: char) -> bool {
    "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ".contains(c)
}
