//! The matching forms of addresses, organisations and lists of people: what is written in short or in full becomes one.

use crate::wording::INITIAL;
use std::borrow::Cow;

/// The text with its HTML character references read: exports from web pages hold them.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    if !(text.contains('&') && text.contains(';')) {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        read.push_str(before);
        match after.split_once(';').and_then(|(name, after)| Some((reference(name)?, after))) {
            Some((letter, after)) => {
                read.push(letter);
                rest = after;
            }
            None => {
                read.push('&');
                rest = after;
            }
        }
    }
    read.push_str(rest);
    Cow::Owned(read)
}

/// Accents as names of references have them behind the letter.
const ACCENTS: [&str; 9] = ["uml", "acute", "grave", "circ", "tilde", "cedil", "ring", "slash", "caron"];

/// The character of a reference; of a letter with an accent the letter alone, as matching forms have it.
fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" | "lsquo" | "rsquo" => Some('\''),
        "nbsp" => Some(' '),
        "ndash" | "mdash" => Some('-'),
        _ => {
            let mut letters = name.chars();
            letters
                .next()
                .filter(|letter| letter.is_ascii_alphabetic() && ACCENTS.contains(&letters.as_str()))
        }
    }
}

/// Words of addresses, in full and in short; the short form is kept.
const ADDRESS_WORDS: [(&str, &str); 44] = [
    ("street", "st"),
    ("str", "st"),
    ("saint", "st"),
    ("avenue", "ave"),
    ("av", "ave"),
    ("aven", "ave"),
    ("boulevard", "blvd"),
    ("boul", "blvd"),
    ("blv", "blvd"),
    ("road", "rd"),
    ("drive", "dr"),
    ("drv", "dr"),
    ("lane", "ln"),
    ("court", "ct"),
    ("place", "pl"),
    ("square", "sq"),
    ("terrace", "ter"),
    ("terr", "ter"),
    ("circuit", "cct"),
    ("crescent", "cres"),
    ("parkway", "pkwy"),
    ("highway", "hwy"),
    ("circle", "cir"),
    ("close", "cl"),
    ("mount", "mt"),
    ("fort", "ft"),
    ("apartment", "apt"),
    ("suite", "ste"),
    ("floor", "fl"),
    ("building", "bldg"),
    ("room", "rm"),
    ("north", "n"),
    ("south", "s"),
    ("east", "e"),
    ("west", "w"),
    ("northeast", "ne"),
    ("northwest", "nw"),
    ("southeast", "se"),
    ("southwest", "sw"),
    ("first", "1st"),
    ("second", "2nd"),
    ("third", "3rd"),
    ("fourth", "4th"),
    ("fifth", "5th"),
];

/// The words of an address, those that have a short form in it; Chinese ones as pairs of neighbouring characters.
pub(crate) fn address(words: &str) -> String {
    let short = |word: &str| {
        let found = ADDRESS_WORDS.iter().find(|(full, _)| *full == word);
        found.map_or_else(|| pairs(word), |(_, short)| (*short).to_owned())
    };
    words.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// Words that say of what legal form an organisation is, and words that say nothing.
const LEGAL_FORMS: [&str; 33] = [
    "inc",
    "incorporated",
    "llc",
    "llp",
    "lp",
    "ltd",
    "limited",
    "co",
    "company",
    "corp",
    "corporation",
    "plc",
    "pty",
    "pte",
    "pvt",
    "gmbh",
    "ag",
    "kg",
    "ohg",
    "sa",
    "sarl",
    "sas",
    "srl",
    "spa",
    "bv",
    "nv",
    "ab",
    "oy",
    "as",
    "the",
    "and",
    "of",
    "foundation",
];

/// The same at the end of Chinese names, longest first.
const CHINESE_LEGAL_FORMS: [&str; 14] = [
    "股份有限责任公司",
    "农民专业合作社联合社",
    "有限责任公司",
    "股份有限公司",
    "农民专业合作社",
    "集团有限公司",
    "专业合作社",
    "有限合伙",
    "有限公司",
    "个体工商户",
    "合作社",
    "总公司",
    "分公司",
    "公司",
];

/// The words of an organisation's name without its legal form, unless nothing else is left. Chinese ones become pairs of
/// neighbouring characters, so that region, trade name and industry count by themselves.
pub(crate) fn organisation(words: &str) -> String {
    let kept: Vec<String> = words
        .split(' ')
        .filter(|word| !LEGAL_FORMS.contains(word))
        .map(chinese)
        .filter(|word| !word.is_empty())
        .collect();
    if kept.is_empty() { words.to_owned() } else { kept.join(" ") }
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn chinese(word: &str) -> String {
    if !word.chars().any(is_han) {
        return word.to_owned();
    }
    let ending = CHINESE_LEGAL_FORMS.iter().find_map(|form| word.strip_suffix(form));
    pairs(ending.unwrap_or(word))
}

/// Text with runs of Han characters as pairs of neighbours.
pub(crate) fn pairs(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut parts = Vec::new();
    for run in letters.chunk_by(|a, b| is_han(*a) == is_han(*b)) {
        if run.len() < 3 || !run.first().is_some_and(|letter| is_han(*letter)) {
            parts.push(run.iter().collect::<String>());
        } else {
            parts.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
        }
    }
    parts.join(" ")
}

/// Words that stand in a list of people and are nobody.
const NOBODY: [&str; 9] = ["jr", "sr", "ii", "iii", "dr", "prof", "et", "al", "others"];

/// A list of people as family names, each with the initial of a given name, in alphabetical order. `folded` is in lower
/// case and has its punctuation.
pub(crate) fn name_list(folded: &str) -> String {
    let spaced = folded.replace(" and ", ";").replace('&', ";");
    // Where another sign parts the people, a comma stands between family and given name.
    let comma_inside = spaced.contains(';')
        && spaced.split(';').all(|name| name.matches(',').count() <= 1)
        && spaced.split(';').any(|name| name.contains(','))
        && folded.contains(';');
    let mut people: Vec<(String, String)> = Vec::new();
    let parts: Vec<&str> =
        if comma_inside { spaced.split(';').collect() } else { spaced.split([';', ',']).collect() };
    for part in parts {
        let (front, back) =
            part.split_once(',').map_or((part, None), |(family, given)| (family, Some(given)));
        let words = words_of(front);
        let initials_only = !words.is_empty() && words.iter().all(|word| word.chars().count() == 1);
        if let (Some(given), false) = (back, words.is_empty()) {
            let initial = words_of(given).first().map(|word| first_letter(word)).unwrap_or_default();
            people.push((words.concat(), initial));
        } else if let (true, Some(last)) = (initials_only, people.last_mut()) {
            // `Vossen, G., Weske, M.`
            if last.1.is_empty() {
                last.1 = words.first().cloned().unwrap_or_default();
            }
        } else if let Some((family, given)) = words.split_last() {
            // `Vossen G`
            if family.chars().count() == 1 && !given.is_empty() {
                people.push((given.concat(), family.clone()));
            } else {
                people
                    .push((family.clone(), given.first().map(|word| first_letter(word)).unwrap_or_default()));
            }
        }
    }
    let mut names: Vec<String> = people
        .into_iter()
        .map(
            |(family, initial)| {
                if initial.is_empty() { family } else { format!("{family}{INITIAL}{initial}") }
            },
        )
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

fn first_letter(word: &str) -> String {
    word.chars().take(1).collect()
}

fn words_of(text: &str) -> Vec<String> {
    let joined: String = text.chars().filter(|letter| !matches!(letter, '\'' | '’' | '-')).collect();
    joined
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty() && !NOBODY.contains(word))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_web_pages_are_read_and_other_ampersands_stay() {
        assert_eq!(unescaped("B&#252;chner &amp; &Aacute;lvarez"), "Büchner & Alvarez");
        assert_eq!(unescaped("A&B; C & D"), "A&B; C & D");
        assert_eq!(unescaped("&#xfc;"), "ü");
    }

    #[test]
    fn an_address_in_full_and_in_short_is_one() {
        assert_eq!(address("435 south la cienega boulevard"), address("435 s la cienega blvd"));
    }

    #[test]
    fn the_legal_form_is_no_part_of_a_name_unless_it_is_all() {
        assert_eq!(organisation("little ones learning center inc"), "little ones learning center");
        assert_eq!(organisation("the company"), "the company");
        assert_eq!(organisation("成都锦瑞商贸有限责任公司"), organisation("成都锦瑞商贸有限公司"));
        assert_eq!(organisation("锦瑞商贸"), "锦瑞 瑞商 商贸");
    }

    #[test]
    fn people_are_read_in_every_usual_form() {
        for text in [
            "gottfried vossen, mathias weske",
            "vossen, g., weske, m.",
            "m. weske and g. vossen",
            "weske m, vossen g",
            "vossen, gottfried; weske, mathias",
            "gottfried k. vossen & mathias weske, et al.",
        ] {
            assert_eq!(name_list(text), "vossen~g weske~m", "{text}");
        }
        assert_eq!(name_list("vossen"), "vossen");
    }
}
