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
        // A pronunciation is short: a bracket that closes further on is none.
        let close = inner.char_indices().take(8).find(|(_, c)| matches!(c, ')' | '）')).map(|(at, _)| at);
        let after = close.and_then(|close| inner.split_at_checked(close));
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
    // All of them are of these blocks: other text is told apart by one comparison.
    matches!(c, '\u{E0}'..='\u{1DC}') && "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(said: &str) -> Option<Box<str>> {
        match parse(&Cell::Text(said.into())).unwrap()?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn padding_of_every_kind_goes_from_the_ends_only() {
        for said in ["供销 社", "　供销 社", "供销 社\u{A0}", "\u{200B}供销 社\t", "\u{FEFF} 供销 社\r\n"]
        {
            assert_eq!(read(said).as_deref(), Some("供销 社"), "{said:?}");
        }
        assert_eq!(read("　\u{200B} "), None);
    }

    #[test]
    fn a_scraped_pronunciation_goes() {
        for (said, text) in [
            ("系統(tǒng)", "系統"),
            ("系統（tǒng）治理", "系統治理"),
            ("拼(pīn)音(yīn)", "拼音"),
            ("李(hong)", "李(hong)"),
            ("甲(乙)統(tǒng", "甲(乙)統(tǒng"),
            ("(tǒng)", "(tǒng)"),
        ] {
            assert_eq!(read(said).as_deref(), Some(text), "{said}");
        }
    }

    #[test]
    fn the_usual_words_for_nothing_are_placeholders() {
        for word in ["", "无", "不详", "空", "-", "/", "∅"] {
            assert!(is_placeholder(word, &[]), "{word}");
        }
        assert!(!is_placeholder("0", &[]));
        assert!(is_placeholder("0", &["0".into()]));
        // In free text they stay: 无 may be all that is to be said.
        assert_eq!(read("无").as_deref(), Some("无"));
    }

    #[test]
    fn a_key_unifies_compatibility_forms_but_not_interpuncts() {
        for (text, as_key) in
            [("１２号", "12号"), ("⼀组", "一组"), ("（Ａ）", "(a)"), ("王 芳", "王芳"), ("a1", "a1")]
        {
            assert_eq!(key(text), as_key, "{text}");
        }
        for interpunct in ["·", "•", "‧"] {
            assert_eq!(key(interpunct), interpunct);
        }
        assert_eq!(key("⺠"), "⺠");
    }

    #[test]
    fn a_number_cell_as_text_has_no_fraction_of_zeros() {
        for (cell, text) in [
            (Cell::Number(480.0), "480"),
            (Cell::Number(2.5), "2.5"),
            (Cell::Integer(-3), "-3"),
            (Cell::Bool(true), "true"),
        ] {
            assert_eq!(cell_text(&cell).as_deref(), Some(text));
        }
        assert_eq!(cell_text(&Cell::Absent), None);
    }

    proptest! {
        #[test]
        fn free_text_reads_back_as_written(said: String) {
            let Some(text) = read(&said) else { return Ok(()) };
            let Some(Cell::Text(written)) = write(&text) else { unreachable!() };
            // One pass leaves a gloss only where another stood around it.
            prop_assume!(!text.contains(is_tone_vowel));
            prop_assert_eq!(read(&written), Some(text));
        }

        #[test]
        fn a_key_is_its_own_key(text: String) {
            let once = key(&text);
            prop_assume!(once.nfkc().eq(once.chars()));
            prop_assert_eq!(key(&once), once);
        }
    }
}
