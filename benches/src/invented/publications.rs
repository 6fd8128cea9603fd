//! Publications as two libraries list them.

#![expect(clippy::indexing_slicing, reason = "every index is drawn below the length of its list")]

use super::words::{drawn, one, percent, person, raised, slip, slips};
use super::{Invented, sheet};
use yibiao_tests::dice::Dice;

const SCHEMA: &str = "
row_key: id
clean_files: true
fields:
  - {is: text, columns: [title]}
  - {is: name_list, columns: [authors]}
  - {is: text, columns: [venue]}
  - {is: date, columns: [year]}
";

/// What one library calls a venue, and the other.
const VENUES: [(&str, &str); 6] = [
    ("Trans. Data Syst.", "Transactions on Data Systems (TDS)"),
    ("DATACONF", "International Conference on Data and Knowledge"),
    ("Data Record", "Data Record"),
    ("The Journal of Data", "The Data Journal - The International Journal of Large Data"),
    ("LDB", "Large Data Bases"),
    ("Notices", "ACX Notices"),
];
const SMALL: [&str; 8] = ["of", "for", "the", "in", "a", "on", "with", "and"];
const FRONT: [&str; 6] = [
    "Editorial",
    "Guest Editorial",
    "Foreword",
    "Report on the Workshop",
    "Chair's Message",
    "Reminiscences",
];

#[derive(Clone)]
struct Work {
    title: Vec<String>,
    authors: Vec<(String, Option<char>, String)>,
    venue: usize,
    year: usize,
}

fn work(dice: &mut Dice) -> Work {
    let mut title = Vec::new();
    let length = 3 + dice.below(8);
    while title.len() < length {
        title.push(raised(&drawn(dice, 1_200)));
        if percent(dice, 35) {
            title.push(one(dice, &SMALL).to_owned());
        }
    }
    let authors = (0..1 + dice.below(4)).map(|_| person(dice)).collect();
    Work { title, authors, venue: dice.below(VENUES.len()), year: 1994 + dice.below(10) }
}

/// Works, a part of them near twins of others.
fn works(dice: &mut Dice) -> Vec<Work> {
    let mut works: Vec<Work> = Vec::new();
    for _ in 0..2_000 {
        let mut new = work(dice);
        let other = works.get(dice.below(works.len().max(1))).cloned();
        match (dice.below(100), other) {
            // First at a conference, then in a journal, perhaps under a longer title.
            (0..6, Some(other)) => {
                let venue = (other.venue + 1 + dice.below(VENUES.len() - 1)) % VENUES.len();
                let year = other.year + 1 + dice.below(2);
                new = Work { venue, year, ..other };
                if percent(dice, 50) {
                    new.title.push(raised(&drawn(dice, 1_200)));
                }
            }
            // The next of a series by the same people.
            (6..9, Some(other)) => {
                new.authors = other.authors;
                new.title =
                    other.title.iter().take(other.title.len() / 2).chain(&new.title).cloned().collect();
            }
            (9..13, _) => {
                let front = one(dice, &FRONT);
                new.title = front.split(' ').map(str::to_owned).collect();
                if percent(dice, 40) {
                    new.title.push(new.year.to_string());
                }
                new.authors.truncate(1);
            }
            _ => {}
        }
        works.push(new);
    }
    works
}

fn in_full(work: &Work) -> Vec<String> {
    let name = |(given, middle, family): &(String, Option<char>, String)| {
        let middle = middle.map(|letter| format!("{letter}. ")).unwrap_or_default();
        format!("{given} {middle}{family}")
    };
    vec![
        work.title.join(" "),
        work.authors.iter().map(name).collect::<Vec<_>>().join(", "),
        VENUES[work.venue].0.to_owned(),
        work.year.to_string(),
    ]
}

fn as_typed(dice: &mut Dice, work: &Work) -> Vec<String> {
    let mut title = work.title.clone();
    if percent(dice, 4) && title.len() > 4 {
        title.truncate(title.len() - 2);
    }
    let mut title = title.join(" ");
    if percent(dice, 30) {
        title = raised(&title.to_lowercase());
    }
    title = slips(dice, &title, 10);
    let initials = percent(dice, 25);
    let mut authors = Vec::new();
    for (given, middle, family) in &work.authors {
        let given =
            if initials { format!("{}.", given.chars().next().unwrap_or('x')) } else { given.clone() };
        let middle =
            middle.filter(|_| percent(dice, 60)).map(|letter| format!("{letter}. ")).unwrap_or_default();
        authors.push(format!("{given} {middle}{}", slips(dice, family, 4)));
    }
    if authors.len() > 2 && percent(dice, 5) {
        authors.pop();
    }
    if authors.len() > 1 && percent(dice, 4) {
        authors.reverse();
    }
    let authors = if percent(dice, 2) { String::new() } else { authors.join(", ") };
    let year = if percent(dice, 2) { work.year + 1 } else { work.year };
    let venue = VENUES[work.venue].1;
    let venue = if percent(dice, 3) { slip(dice, venue) } else { venue.to_owned() };
    vec![title, authors, venue, year.to_string()]
}

/// The set.
pub(super) fn set(dice: &mut Dice) -> Invented {
    let (mut here, mut there) = (Vec::new(), Vec::new());
    let (mut of_here, mut of_there) = (Vec::new(), Vec::new());
    for (number, work) in (0u32..).zip(works(dice)) {
        let place = dice.below(10);
        if place < 9 {
            here.push([vec![format!("h{number}")], in_full(&work)].concat());
            of_here.push(number);
        }
        if place > 1 {
            there.push([vec![format!("t{number}")], as_typed(dice, &work)].concat());
            of_there.push(number);
        }
    }
    let header = ["id", "title", "authors", "venue", "year"];
    Invented {
        name: "publications",
        schema: SCHEMA,
        files: vec![("here", sheet(&header, here)), ("there", sheet(&header, there))],
        truth: vec![of_here, of_there],
        between: true,
    }
}
