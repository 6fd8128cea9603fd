//! Citizen id numbers (公民身份号码, GB 11643): check character, old form of 15 digits, and what spreadsheets and
//! doubles leave of a number.

use super::{Outcome, Reading, Unreadable, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::{ClaimFlags, IdNumber, IdQuality, PartialDate, Value};

/// How a column writes ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// All characters, as text. An id of which only the beginning is known does not fit.
    Text,
    /// A double: the first 15 digits and three zeros. An id that ends in X does not fit.
    Double,
}

/// Digits of an id that a double of it still tells: 15 significant ones.
const DOUBLE_DIGITS: usize = 15;
/// Fewer known digits than a province's code say nothing.
const KNOWN_DIGITS_MIN: usize = 2;
const REFUSED: Unreadable = Unreadable("citizen id number");

/// Reads an id. Of a double of 15 significant digits these count as known: so a spreadsheet leaves them. (A database may
/// round all 18 digits to the same double; then, if the id ends in 872 to 999, the 15th is one too high.)
pub fn parse(cell: &Cell) -> Outcome {
    let outcome = match cell {
        Cell::Number(number) | Cell::DateSerial(number) => from_double(*number),
        Cell::Integer(number) => from_integer(*number),
        _ => {
            let Some(said) = text::said(cell) else { return Ok(None) };
            from_text(&said)
        }
    };
    outcome.map(Some).ok_or(REFUSED)
}

/// Writes an id.
pub fn write(id: &IdNumber, style: Style) -> Option<Cell> {
    let whole = id.quality != IdQuality::Prefix;
    match style {
        Style::Text => whole.then(|| Cell::Text(id.digits.to_string())),
        Style::Double => {
            let fits =
                matches!(id.quality, IdQuality::Valid | IdQuality::Prefix) && !id.digits.ends_with('X');
            let kept = id.digits.get(..DOUBLE_DIGITS).unwrap_or(&id.digits);
            fits.then(|| format!("{kept:0<18}").parse().ok().map(Cell::Number)).flatten()
        }
    }
}

/// Type (1 to 7) and level (1 to 4) of disability, which follow the id in the number of a disability certificate.
pub fn certificate(cell: &Cell) -> Option<(char, char)> {
    let Cell::Text(said) = cell else { return None };
    let characters = characters(said)?;
    certificate_parts(&characters).map(|(_, kind, level)| (kind, level))
}

/// Whether the 18th character is the check character of the 17 before it (ISO 7064 MOD 11-2).
pub fn check_holds(id: &str) -> bool {
    id.len() == 18 && id.get(..17).and_then(check_character) == id.chars().next_back()
}

fn from_text(said: &str) -> Option<Reading> {
    if said.len() == 18 && said.bytes().all(|b| b.is_ascii_digit()) {
        return Some(eighteen(said.to_owned()));
    }
    if let Some((digits, exponent)) = scientific(said) {
        return from_scientific(said, &digits, exponent);
    }
    let characters = characters(said)?;
    match characters.len() {
        18 if is_shaped(&characters) => Some(eighteen(characters)),
        15 => Some(raised(&characters).unwrap_or_else(|| other(characters))),
        // The X of the end was dropped by a number type: the rest holds only if the check character is an X.
        17 if check_character(&characters) == Some('X') && birth_date_exists(&characters) => {
            Some(prefix(&characters))
        }
        20 => match certificate_parts(&characters) {
            Some((id, _, _)) => Some(eighteen(id.to_owned())),
            None => Some(other(characters)),
        },
        5..=20 => Some(other(characters)),
        _ => None,
    }
}

/// The characters that count: full width made plain, upper case, without spaces, hyphens, dots and apostrophes. `None`
/// where another character than letters and digits remains.
fn characters(said: &str) -> Option<String> {
    let mut out = String::with_capacity(20);
    for c in said.chars().map(text::narrow_char) {
        match c {
            '0'..='9' | 'A'..='Z' => out.push(c),
            'a'..='z' => out.push(c.to_ascii_uppercase()),
            '×' | 'Х' | 'х' => out.push('X'),
            '-' | '\'' | '’' | '‘' | '`' | '"' | '.' | '—' | '–' => {}
            c if text::is_padding(c) => {}
            _ => return None,
        }
    }
    Some(out)
}

fn is_shaped(id: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    id.get(..17).is_some_and(digits) && id.get(17..).is_some_and(|last| last == "X" || digits(last))
}

/// Eighteen characters of the right shape.
fn eighteen(id: String) -> Reading {
    if birth_date_exists(&id) && check_holds(&id) {
        return Reading::plain(Value::Id(IdNumber { digits: id.into(), quality: IdQuality::Valid }));
    }
    // Zeros at the end and a check that fails: a spreadsheet's number, later stored as text.
    if let Some(known) = id.strip_suffix("000")
        && let Some(reading) = known_digits(known)
    {
        return reading;
    }
    Reading {
        value: Value::Id(IdNumber { digits: id.into(), quality: IdQuality::BadCheck }),
        flags: ClaimFlags::BAD_CHECK,
    }
}

/// The 18-digit form of a number of the old form, where its date exists. The order numbers 996 to 999 were kept for
/// people over a hundred, who are of the nineteenth century; as the numbers began in 1984, nobody born before 1870 has
/// one.
fn raised(old: &str) -> Option<Reading> {
    if !old.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (region, rest) = old.split_at_checked(6)?;
    let centenarian = old.get(12..)? >= "996" && old.get(6..8)? >= "70";
    let century = if centenarian { "18" } else { "19" };
    let mut id = [region, century, rest].concat();
    if !birth_date_exists(&id) {
        return None;
    }
    id.push(check_character(&id)?);
    Some(Reading {
        value: Value::Id(IdNumber { digits: id.into(), quality: IdQuality::Valid }),
        flags: ClaimFlags::RAISED,
    })
}

fn certificate_parts(characters: &str) -> Option<(&str, char, char)> {
    if characters.len() != 20 {
        return None;
    }
    let (id, rest) = characters.split_at_checked(18)?;
    let mut rest = rest.chars();
    let kind = rest.next().filter(|c| ('1'..='7').contains(c))?;
    let level = rest.next().filter(|c| ('1'..='4').contains(c))?;
    is_shaped(id).then_some((id, kind, level))
}

fn other(characters: String) -> Reading {
    Reading::plain(Value::Id(IdNumber { digits: characters.into(), quality: IdQuality::Other }))
}

fn prefix(digits: &str) -> Reading {
    Reading {
        value: Value::Id(IdNumber { digits: digits.into(), quality: IdQuality::Prefix }),
        flags: ClaimFlags::TRUNCATED,
    }
}

/// What is known of an id whose significant digits these are: zeros at the end may stand for lost digits. If they
/// complete an existing birth date, all 15 digits of a double are known; else only what comes before the zeros.
fn known_digits(significant: &str) -> Option<Reading> {
    let significant = significant.trim_end_matches('0');
    let padded = format!("{significant:0<DOUBLE_DIGITS$}");
    if padded.len() == DOUBLE_DIGITS && birth_date_exists(&padded) {
        return Some(prefix(&padded));
    }
    (KNOWN_DIGITS_MIN..DOUBLE_DIGITS + 1).contains(&significant.len()).then(|| prefix(significant))
}

/// The digits and the exponent of a number like `9.90101E+17`.
fn scientific(said: &str) -> Option<(String, u8)> {
    let (mantissa, exponent) = said.split_once(['E', 'e'])?;
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (first, rest) = mantissa.split_at_checked(1)?;
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix('.')? };
    let digits = [first, rest].concat();
    digits.bytes().all(|b| b.is_ascii_digit()).then_some((digits, exponent))
}

/// The digits that are left are known.
fn from_scientific(said: &str, digits: &str, exponent: u8) -> Option<Reading> {
    if !(16..=17).contains(&exponent) {
        return None;
    }
    if digits.len() > DOUBLE_DIGITS { from_double(said.parse().ok()?) } else { known_digits(digits) }
}

fn from_integer(number: i64) -> Option<Reading> {
    let digits = number.to_string();
    if digits.len() == 18 && digits.ends_with("000") {
        return known_digits(digits.trim_end_matches('0'));
    }
    from_text(&digits)
}

fn from_double(number: f64) -> Option<Reading> {
    if !(1e4..1e18).contains(&number) || number.fract() != 0.0 {
        return None;
    }
    // The shortest text that gives the same double has as many digits as its writer had.
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e')?;
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if !matches!(exponent, "16" | "17") {
        return from_text(&number.to_string());
    }
    if digits.len() <= DOUBLE_DIGITS {
        return known_digits(&digits);
    }
    // More: the double was made of all digits, and is off by at most half the distance to the next double.
    let whole: i64 = format!("{number:.0}").parse().ok()?;
    let half_step = if exponent == "17" { 64 } else { 8 };
    let (low, high) = ((whole - half_step).to_string(), (whole + half_step).to_string());
    let common = low.bytes().zip(high.bytes()).take_while(|(a, b)| a == b).count();
    low.get(..common).map(prefix)
}

/// The check character of 17 digits.
fn check_character(digits: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if digits.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (digit, weight) in digits.chars().zip(WEIGHTS) {
        sum += digit.to_digit(10)? * weight;
    }
    "10X98765432".chars().nth(usize::try_from(sum % 11).ok()?)
}

/// Whether the digits 7 to 14 are a date of the last centuries.
fn birth_date_exists(id: &str) -> bool {
    let part = |from: usize, to: usize| id.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let (Some(year), Some(month), Some(day)) = (part(6, 10), part(10, 12), part(12, 14)) else {
        return false;
    };
    let small = |n: i16| u8::try_from(n).unwrap_or(0);
    (1850..=2100).contains(&year) && PartialDate::day(year, small(month), small(day)).is_some()
}

#[cfg(test)]
mod tests;
