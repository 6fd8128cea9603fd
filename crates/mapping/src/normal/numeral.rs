//! Whole numbers in Arabic or Chinese numerals: `23`, `２３`, `二十三`, `廿三`, `三〇二`, `壹佰零五`.

use std::fmt::Write;

/// Reads a numeral of any of these kinds that fills the whole text. `None` for anything else, and for more than eight
/// digits. The colloquial `一百五` (150) is `None` too: a clerk may have meant 105.
pub fn parse(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 48 {
        return None;
    }
    positional(text, arabic_digit).or_else(|| positional(text, hanzi_digit)).or_else(|| with_units(text))
}

/// Writes a number as people say it: 12 is `十二`, 105 `一百零五`.
pub fn hanzi(number: u32) -> String {
    let mut out = String::new();
    if number >= 10_000 {
        out.push_str(&hanzi(number / 10_000));
        out.push('万');
        let rest = number % 10_000;
        if rest > 0 {
            if rest < 1_000 {
                out.push('零');
            }
            out.push_str(&section(rest, false));
        }
        return out;
    }
    out.push_str(&section(number, true));
    out
}

/// The value of an Arabic digit, plain or full width.
pub(super) fn arabic_digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => c.to_digit(10),
        '０'..='９' => Some(u32::from(c) - u32::from('０')),
        _ => None,
    }
}

/// The value of a hanzi digit, plain or in the capital form of banks.
pub(super) fn hanzi_digit(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' | '○' => 0,
        '一' | '壹' => 1,
        '二' | '两' | '贰' | '貳' => 2,
        '三' | '叁' | '参' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// Whether a character can stand in a numeral.
pub(super) fn is_numeral(c: char) -> bool {
    arabic_digit(c).is_some() || hanzi_digit(c).is_some() || hanzi_unit(c).is_some() || tens(c).is_some()
}

fn hanzi_unit(c: char) -> Option<u32> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1_000,
        '万' => 10_000,
        _ => return None,
    })
}

/// `廿`, `卅`, `卌`: several tens in one character.
fn tens(c: char) -> Option<u32> {
    Some(match c {
        '廿' => 20,
        '卅' => 30,
        '卌' => 40,
        _ => return None,
    })
}

fn positional(text: &str, digit: fn(char) -> Option<u32>) -> Option<u32> {
    let mut value: u32 = 0;
    for c in text.chars() {
        value = value.checked_mul(10)?.checked_add(digit(c)?)?;
        if value > 99_999_999 {
            return None;
        }
    }
    Some(value)
}

fn with_units(text: &str) -> Option<u32> {
    let (mut total, mut section, mut digit, mut zero) = (0u32, 0u32, 0u32, false);
    // The last unit within the section: units must fall.
    let mut last = 10_000u32;
    for c in text.chars() {
        if let Some(d) = hanzi_digit(c) {
            if digit != 0 {
                return None;
            }
            digit = d;
            zero |= d == 0;
        } else if let Some(several) = tens(c) {
            if digit != 0 || last <= 10 {
                return None;
            }
            (section, last) = (section + several, 10);
        } else if hanzi_unit(c)? == 10_000 {
            section += digit;
            if section == 0 || total != 0 {
                return None;
            }
            (total, section, digit, last, zero) = (section * 10_000, 0, 0, 10_000, false);
        } else {
            let unit = hanzi_unit(c)?;
            let count = if digit == 0 && unit == 10 { 1 } else { digit };
            if unit >= last || count == 0 {
                return None;
            }
            (section, digit, last, zero) = (section + count * unit, 0, unit, false);
        }
    }
    let colloquial = digit != 0 && last > 10 && !zero;
    (!colloquial).then_some(total + section + digit)
}

/// A number under 10,000. `bare_ten`: 10 to 19 begin with `十` instead of `一十`.
fn section(number: u32, bare_ten: bool) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let digit = |n: u32| usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).copied().unwrap_or('零');
    let mut out = String::new();
    let mut gap = false;
    for (unit, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let count = number / unit % 10;
        if count == 0 {
            gap |= !out.is_empty();
            continue;
        }
        if gap {
            out.push('零');
            gap = false;
        }
        if !(unit == 10 && count == 1 && out.is_empty() && bare_ten) {
            out.push(digit(count));
        }
        write!(out, "{name}").expect("invariant: a String takes any text");
    }
    if out.is_empty() { "零".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_numeral_is_read() {
        for (text, number) in [
            ("23", 23),
            ("２３", 23),
            ("二十三", 23),
            ("廿三", 23),
            ("卅", 30),
            ("三〇二", 302),
            ("一百零五", 105),
            ("壹佰零伍", 105),
            ("壹佰贰拾", 120),
            ("十", 10),
            ("两千", 2_000),
            ("一万零三", 10_003),
            ("〇", 0),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_numeral_or_unclear_is_refused() {
        for text in ["", "一百五", "三村", "1三", "十百", "二廿", "百", "999999999", "万"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_in_hanzi_reads_back(number in 0u32..99_999_999) {
            prop_assert_eq!(parse(&hanzi(number)), Some(number));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[一二三十百千万零廿两0-9a]{0,9}") {
            parse(&text);
        }
    }
}
