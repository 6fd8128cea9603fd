//! Eating places as two guides list them.

#![expect(clippy::indexing_slicing, reason = "every index is drawn below the length of its list")]

use super::words::{digits, drawn, one, percent, raised, slips, word};
use super::{Invented, sheet};
use yibiao_tests::dice::Dice;

const SCHEMA: &str = "
row_key: id
clean_files: true
fields:
  - {is: organisation, columns: [name]}
  - {is: address, columns: [addr]}
  - {is: place, columns: [city]}
  - {is: phone, columns: [phone]}
  - {is: text, columns: [type]}
";

const SORTS: [&str; 14] = [
    "cafe",
    "restaurant",
    "grill",
    "house",
    "bar",
    "kitchen",
    "bistro",
    "diner",
    "deli",
    "pizza",
    "room",
    "tavern",
    "garden",
    "hotel",
];
const STREETS: [(&str, &str); 6] = [
    ("street", "st."),
    ("avenue", "ave."),
    ("boulevard", "blvd."),
    ("road", "rd."),
    ("drive", "dr"),
    ("place", "pl."),
];
const TYPES: [&str; 10] = [
    "american",
    "italian",
    "french",
    "seafood",
    "steakhouses",
    "mexican",
    "asian",
    "coffee shops",
    "continental",
    "delis",
];
const CITIES: [&str; 5] = ["los pinos", "new bridge", "santa rosa", "port hill", "green falls"];

#[derive(Clone)]
struct Place {
    name: Vec<String>,
    number: usize,
    street: usize,
    kind: usize,
    side: &'static str,
    city: usize,
    phone: String,
    sort: usize,
}

fn place(dice: &mut Dice) -> Place {
    let mut name: Vec<String> = (0..1 + dice.below(2)).map(|_| drawn(dice, 700)).collect();
    if percent(dice, 45) {
        name.push(one(dice, &SORTS).to_owned());
    }
    let city = dice.below(CITIES.len());
    Place {
        name,
        number: 1 + dice.below(14_000),
        street: 3_000 + dice.below(160),
        kind: dice.below(STREETS.len()),
        side: one(dice, &["", "", "", "n. ", "s. ", "w. ", "e. "]),
        city,
        phone: format!("{}{}", 210 + city * 100 + dice.below(2) * 3, digits(dice, 7)),
        sort: dice.below(TYPES.len()),
    }
}

fn listed(dice: &mut Dice, place: &Place, other: bool) -> Vec<String> {
    let mut name = place.name.clone();
    let (mut city, mut sort) = (CITIES[place.city].to_owned(), place.sort);
    let (full, short) = STREETS[place.kind];
    let mut kind = full;
    let mut phone = place.phone.clone();
    let mut side = place.side;
    if other {
        if name.len() > 1 && percent(dice, 18) {
            name.pop();
        } else if percent(dice, 12) {
            name.push(one(dice, &SORTS).to_owned());
        }
        if percent(dice, 10) {
            name.push("the".to_owned());
        }
        if percent(dice, 10) {
            name.push(format!("({})", CITIES[place.city]));
        }
        if percent(dice, 25) {
            city = word(5_000 + place.street % 12);
        }
        if percent(dice, 60) {
            sort = dice.below(TYPES.len());
        }
        if percent(dice, 6) {
            phone = format!("{}{}", phone.get(..3).unwrap_or_default(), digits(dice, 7));
        }
        if percent(dice, 25) {
            side = "";
        }
        kind = short;
    } else if percent(dice, 50) {
        kind = short;
    }
    let number = if other && percent(dice, 5) { place.number + 2 } else { place.number };
    let street = slips(dice, &word(place.street), if other { 5 } else { 0 });
    let name = slips(dice, &name.join(" "), if other { 8 } else { 0 });
    let mark = if other { '-' } else { '/' };
    let (area, rest) = phone.split_at(3);
    let (exchange, line) = rest.split_at(3);
    let addr = if percent(dice, 4) {
        format!("{} {kind} near {}", raised(&street), word(7))
    } else {
        format!("{number} {side}{street} {kind}")
    };
    vec![name, addr, city, format!("{area}{mark}{exchange}-{line}"), TYPES[sort].to_owned()]
}

/// The set.
pub(super) fn set(dice: &mut Dice) -> Invented {
    let (mut here, mut there) = (Vec::new(), Vec::new());
    let (mut of_here, mut of_there) = (Vec::new(), Vec::new());
    let mut places: Vec<Place> = Vec::new();
    for number in 0u32..900 {
        let mut new = place(dice);
        if let Some(other) = places.get(dice.below(places.len().max(1))) {
            match dice.below(100) {
                0..8 => new = Place { name: other.name.clone(), sort: other.sort, ..new },
                8..12 => new = Place { name: new.name, phone: new.phone, sort: new.sort, ..other.clone() },
                // Two rooms of one hotel: one house, one exchange.
                12..14 => new = Place { name: new.name, sort: new.sort, ..other.clone() },
                _ => {}
            }
        }
        let part = dice.below(10);
        if part < 6 {
            here.push([vec![format!("h{number}")], listed(dice, &new, false)].concat());
            of_here.push(number);
        }
        if part > 4 {
            there.push([vec![format!("t{number}")], listed(dice, &new, true)].concat());
            of_there.push(number);
        }
        places.push(new);
    }
    let header = ["id", "name", "addr", "city", "phone", "type"];
    Invented {
        name: "eating places",
        schema: SCHEMA,
        files: vec![("here", sheet(&header, here)), ("there", sheet(&header, there))],
        truth: vec![of_here, of_there],
        between: true,
    }
}
