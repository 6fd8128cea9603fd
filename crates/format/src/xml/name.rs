//! Column names as element names: what an XML name may not hold is written `_xHHHH_`, as databases do it.

/// The column's name of an element or attribute name.
pub(crate) fn decode(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("_x") {
        plain.push_str(before);
        match escape(after) {
            Some((letter, tail)) => {
                plain.push(letter);
                rest = tail;
            }
            None => {
                plain.push_str("_x");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The letter of `HHHH_…` or `HHHHHHHH_…`, and what follows.
fn escape(text: &str) -> Option<(char, &str)> {
    let (digits, tail) = text.split_once('_')?;
    if !matches!(digits.len(), 4 | 8) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).map(|letter| (letter, tail))
}

/// Whether a text begins as an escape does, or will once the letters that `is_escaped` says are escaped themselves.
pub(crate) fn looks_escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> bool {
    let Some(digits) = text.strip_prefix("_x") else { return false };
    [4, 8].into_iter().any(|width| {
        digits.split_at_checked(width).is_some_and(|(digits, rest)| {
            digits.bytes().all(|byte| byte.is_ascii_hexdigit())
                && rest.chars().next().is_some_and(|next| next == '_' || is_escaped(next))
        })
    })
}

/// The element name of a column.
pub(crate) fn encode(column: &str) -> String {
    let mut name = String::with_capacity(column.len());
    let mut rest = column;
    while let Some(letter) = rest.chars().next() {
        let tail = rest.strip_prefix(letter).unwrap_or_default();
        if !looks_escaped(rest, |next| !is_inner(next))
            && (is_start(letter) || (!name.is_empty() && is_inner(letter)))
        {
            name.push(letter);
        } else {
            let code = u32::from(letter);
            let width = if code > 0xFFFF { 8 } else { 4 };
            name.push_str(&format!("_x{code:0width$X}_"));
        }
        rest = tail;
    }
    name
}

fn is_start(letter: char) -> bool {
    letter.is_ascii_alphabetic()
        || matches!(letter, '_' | ':' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
}

fn is_inner(letter: char) -> bool {
    letter.is_ascii_digit()
        || matches!(letter, '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
        || is_start(letter)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn brackets_in_a_column_name_are_escaped_as_databases_do_it() {
        assert_eq!(encode("承包耕地(亩)"), "承包耕地_x0028_亩_x0029_");
        assert_eq!(decode("承包耕地_x0028_亩_x0029_"), "承包耕地(亩)");
        assert_eq!(decode("a_xyz_"), "a_xyz_");
        assert_eq!(encode("1st"), "_x0031_st");
    }

    proptest! {
        #[test]
        fn an_encoded_name_decodes_to_the_column(column in "[_x0A ]{0,14}|[_x0-9A-F()亩\u{20000} a-]{0,12}") {
            prop_assert_eq!(decode(&encode(&column)), column);
        }
    }
}
