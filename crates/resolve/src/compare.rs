//! At which level two values of a kind compare.
//!
//! **Invariant:** `compare` is symmetric, and a function of the two values alone.

use crate::{
    features::{DateParts, Derived, Value},
    similar::{winkler_reaches, within_edits},
    spec::Kind,
    wording, zh,
};

/// Whether comparing two values of a kind takes so long, and finds the same two so often, that it is worth remembering.
pub(crate) fn worth_remembering(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::GivenName
            | Kind::FamilyName
            | Kind::HanName
            | Kind::Place
            | Kind::Organisation
            | Kind::Text
            | Kind::NameList
    )
}

/// The level, an index into [`levels`](crate::levels), at which two values of a kind compare. Level `swapped` of a name
/// is not seen here but where both records' fields are at hand.
pub fn compare(kind: Kind, a: &Value, b: &Value) -> u8 {
    if let (Derived::Zh(a), Derived::Zh(b)) = (&a.derived, &b.derived) {
        // Two equal texts may both know little: a birth year, a village.
        return zh::key::compare(a, b);
    }
    if a.text == b.text {
        return 0;
    }
    match kind {
        Kind::GivenName | Kind::FamilyName => name(&a.text, &b.text),
        Kind::FullName => full_name(a, b),
        Kind::Date => date(a, b),
        Kind::IdNumber if !within_edits(&a.text, &b.text, 2) => 3,
        Kind::IdNumber => first_of(&[within_edits(&a.text, &b.text, 1)]),
        Kind::Phone => first_of(&[suffix(&a.text, &b.text), within_edits(&a.text, &b.text, 1)]),
        Kind::Email => email(&a.text, &b.text),
        Kind::Address => address(a, b),
        Kind::Postcode => postcode(&a.text, &b.text),
        Kind::Organisation => wording::organisation(&a.text, &b.text),
        Kind::Code => 1,
        Kind::HanName | Kind::BirthDate | Kind::Home => 7,
        Kind::CitizenId => 5,
        Kind::Text => wording::text(&a.text, &b.text),
        Kind::NameList => wording::name_list(&a.text, &b.text),
        Kind::Place => {
            first_of(&[within_edits(&a.text, &b.text, 1), winkler_reaches(&a.text, &b.text, 0.88)])
        }
        Kind::Number => number(a, b),
    }
}

/// 1 for the first condition that holds, 2 for the second, and so on; where none does, the next: disagreement.
fn first_of(conditions: &[bool]) -> u8 {
    let at = conditions.iter().position(|holds| *holds).unwrap_or(conditions.len());
    u8::try_from(at + 1).expect("invariant: a kind has few levels")
}

fn name(a: &str, b: &str) -> u8 {
    let single = a.chars().nth(1).is_none() || b.chars().nth(1).is_none();
    let first = a.chars().next() == b.chars().next();
    if single {
        return if first { 5 } else { 6 };
    }
    let long = a.len().min(b.len()) >= 3;
    if long && within_edits(a, b, 1) && winkler_reaches(a, b, 0.7) {
        return 2;
    }
    let starts = long && (a.starts_with(b) || b.starts_with(a));
    if starts || winkler_reaches(a, b, 0.88) {
        3
    } else if winkler_reaches(a, b, 0.78) {
        4
    } else {
        6
    }
}

fn overlap(a: &Value, b: &Value) -> (usize, usize) {
    let (Derived::Words(a), Derived::Words(b)) = (&a.derived, &b.derived) else { return (0, 1) };
    let (mut rest, mut shared) = (b.iter().peekable(), 0);
    for word in a {
        while rest.next_if(|other| *other < word).is_some() {}
        shared += usize::from(rest.next_if_eq(&word).is_some());
    }
    (shared, (a.len() + b.len() - shared).max(1))
}

fn word_counts(a: &Value, b: &Value) -> (usize, usize) {
    let count = |value: &Value| if let Derived::Words(words) = &value.derived { words.len() } else { 0 };
    let (a, b) = (count(a), count(b));
    (a.min(b), a.max(b))
}

fn full_name(a: &Value, b: &Value) -> u8 {
    let (shared, all) = overlap(a, b);
    let (fewer, _) = word_counts(a, b);
    if shared == all {
        return 1;
    }
    if within_edits(&a.text, &b.text, 1) && winkler_reaches(&a.text, &b.text, 0.7) {
        return 2;
    }
    if shared == fewer && fewer >= 2 {
        return 3;
    }
    if fewer >= 2 && similar_words(&a.text, &b.text) {
        return 4;
    }
    if shared >= 1 { 5 } else { 6 }
}

/// Whether each word of the one with fewer words is close to a word of the other, one to one.
fn similar_words(a: &str, b: &str) -> bool {
    let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (mut few, mut many) = (split(a), split(b));
    if few.len() > many.len() {
        std::mem::swap(&mut few, &mut many);
    }
    few.sort_unstable();
    many.sort_unstable();
    few.iter().all(|word| {
        let found = many.iter().position(|other| {
            word == other
                || winkler_reaches(word, other, 0.88)
                || ((word.len() == 1 || other.len() == 1) && word.chars().next() == other.chars().next())
        });
        found.is_some_and(|at| {
            many.remove(at);
            true
        })
    })
}

fn date(a: &Value, b: &Value) -> u8 {
    let (Derived::Date(x), Derived::Date(y)) = (&a.derived, &b.derived) else { return 7 };
    if x.compatible(*y) {
        return 1;
    }
    let whole = |date: &DateParts| date.day != 0;
    let year_off = x.year.abs_diff(y.year);
    if whole(x) && whole(y) {
        if year_off == 0 && x.month == y.day && x.day == y.month {
            return 2;
        }
        if within_edits(&a.text, &b.text, 1) {
            return 3;
        }
        let same = [year_off == 0, x.month == y.month, x.day == y.day];
        if same.iter().filter(|same| **same).count() == 2 {
            return 4;
        }
    }
    if year_off == 0 {
        5
    } else if year_off <= 10 {
        6
    } else {
        7
    }
}

fn suffix(a: &str, b: &str) -> bool {
    a.len().min(b.len()) >= 7 && (a.ends_with(b) || b.ends_with(a))
}

fn email(a: &str, b: &str) -> u8 {
    let local = |text| str::split(text, '@').next().unwrap_or("");
    first_of(&[
        within_edits(a, b, 1),
        local(a) == local(b),
        winkler_reaches(a, b, 0.9) || winkler_reaches(local(a), local(b), 0.93),
    ])
}

fn address(a: &Value, b: &Value) -> u8 {
    let (shared, all) = overlap(a, b);
    let (fewer, _) = word_counts(a, b);
    let longest = a.text.chars().count().max(b.text.chars().count());
    first_of(&[
        shared == all,
        // The one may name the town as well.
        shared * 10 >= all * 6
            || (shared == fewer && fewer >= 3)
            || within_edits(&a.text, &b.text, longest / 5),
        shared * 10 >= all * 3,
    ])
}

fn postcode(a: &str, b: &str) -> u8 {
    let sector = |text: &str| crate::block::sector(text).to_owned();
    let area = |text: &str| text.chars().take(2).collect::<String>();
    first_of(&[within_edits(a, b, 1), sector(a) == sector(b), area(a) == area(b)])
}

fn number(a: &Value, b: &Value) -> u8 {
    let (Derived::Number(x), Derived::Number(y)) = (&a.derived, &b.derived) else { return 3 };
    let (off, size) = (x.abs_diff(*y), x.unsigned_abs().max(y.unsigned_abs()));
    first_of(&[off.saturating_mul(50) <= size, off.saturating_mul(8) <= size])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levels::levels;
    use proptest::prelude::*;

    fn at(kind: Kind, a: &str, b: &str) -> &'static str {
        let (a, b) = (Value::new(kind, a), Value::new(kind, b));
        levels(kind)[usize::from(compare(kind, &a, &b))].name
    }

    #[test]
    fn each_kind_tells_a_slip_from_a_difference() {
        for (kind, a, b, expected) in [
            (Kind::GivenName, "oliver", "olivre", "one_edit"),
            (Kind::GivenName, "o", "oliver", "initial"),
            (Kind::GivenName, "ann", "annabella", "close"),
            (Kind::GivenName, "oliver", "isla", "else"),
            (Kind::FullName, "ada mary king", "king ada mary", "same_words"),
            (Kind::FullName, "ada king", "ada mary king", "contained"),
            (Kind::FullName, "ada kings", "ada mary king", "similar_words"),
            (Kind::Date, "1988-05-03", "1988-03-05", "swapped"),
            (Kind::Date, "1988-05-03", "1988-05-08", "one_edit"),
            (Kind::Date, "1988-05-03", "1988-05", "compatible"),
            (Kind::Date, "1988-05-03", "1961-05-03", "two_parts"),
            (Kind::Date, "1988-05-03", "1921-06-14", "else"),
            (Kind::IdNumber, "5304218", "5304281", "one_edit"),
            (Kind::Phone, "01012345678", "12345678", "suffix"),
            (Kind::Email, "a.lima@x.org", "a.lima@y.net", "same_local"),
            (Kind::Address, "12 long street", "long street 12", "same_words"),
            (Kind::Address, "12 long street", "12 logn street", "close"),
            (Kind::Postcode, "ne30 3dd", "ne30 7xy", "sector"),
            (Kind::Organisation, "north bank", "north bank holding", "contained"),
            (Kind::Code, "a", "b", "else"),
            (Kind::Text, "a b c d e f g h", "a b c d e f g", "most"),
            (Kind::Place, "newcastle upon tyne", "newcastle upontyne", "one_edit"),
            (Kind::Number, "1000", "1001", "close"),
        ] {
            assert_eq!(at(kind, a, b), expected, "{kind:?} {a} {b}");
        }
    }

    proptest! {
        #[test]
        fn comparison_is_symmetric_and_in_range(a in "[a-c ]{0,9}", b in "[a-c ]{0,9}", c in "[0-9-]{4,10}", d in "[0-9-]{4,10}") {
            for kind in [
                Kind::GivenName, Kind::FamilyName, Kind::FullName, Kind::Date, Kind::IdNumber, Kind::Phone, Kind::Email,
                Kind::Address, Kind::Postcode, Kind::Organisation, Kind::Code, Kind::Text, Kind::Place, Kind::Number, Kind::NameList,
            ] {
                for (a, b) in [(&a, &b), (&c, &d), (&a, &c)] {
                    let (a, b) = (Value::new(kind, a), Value::new(kind, b));
                    let level = compare(kind, &a, &b);
                    prop_assert_eq!(level, compare(kind, &b, &a), "{:?}", kind);
                    prop_assert!(usize::from(level) < levels(kind).len());
                    prop_assert_eq!(compare(kind, &a, &a), 0);
                }
            }
        }
    }
}
