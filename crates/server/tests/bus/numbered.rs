//! A source whose rows are numbered, so that a reader can tell which are missing, doubled or out of order.
//!
//! Each person has a row of its own, under the key `n<number>`; each row says a number greater than any row before, as the
//! digits of the person's telephone.

use crate::rows::Sent;
use std::collections::BTreeMap;
use yibiao_kafka_testkit::Record;
use yibiao_record::{EntityKind, Value};
use yibiao_schema::avro::EntitySchema;
use yibiao_schema::{Dictionary, element};

/// What was sent so far.
#[derive(Default)]
pub(crate) struct Numbered {
    /// The number that was said last, by person.
    last: BTreeMap<u64, u64>,
    /// The number of the next row.
    next: u64,
}

/// What became of the rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Persons that never came, or whose last row never came.
    pub(crate) missing: usize,
    /// Persons that came into being more than once.
    pub(crate) doubled: usize,
    /// Events that say an older number than one before them.
    pub(crate) disordered: usize,
}

impl Numbered {
    /// New persons, and behind every second one another row of a person that was sent before.
    pub(crate) fn rows(&mut self, persons: u64) -> Vec<Sent> {
        let mut rows = Vec::new();
        for at in 0..persons {
            let known = u64::try_from(self.last.len()).unwrap();
            rows.push(self.row(known));
            if at % 2 == 1 {
                rows.push(self.row(crate::rules::drawn(self.next, known)));
            }
        }
        rows
    }

    /// How many rows were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.next
    }

    fn row(&mut self, person: u64) -> Sent {
        let said = self.next;
        self.next += 1;
        self.last.insert(person, said);
        let row = serde_json::json!({
            "身份证号": citizen_id(person),
            "姓名": name(person),
            "联系方式": format!("139{said:08}"),
        });
        Sent { system: "MZ".to_owned(), key: format!("n{person}"), value: row.to_string() }
    }

    /// Holds what came out against what was sent.
    pub(crate) fn judge(&self, events: &[Record], current: &[Record]) -> Verdict {
        let schema = EntitySchema::of(Dictionary::shipped(), EntityKind::Person);
        let (mut created, mut told): (BTreeMap<u64, usize>, BTreeMap<u64, Vec<u64>>) = Default::default();
        for event in events {
            let Some((person, said)) = read(&schema, event) else { continue };
            told.entry(person).or_default().push(said);
            if event.headers["ce_type"] == "yibiao.person.created.v1" {
                *created.entry(person).or_insert(0) += 1;
            }
        }
        let standing: BTreeMap<u64, u64> =
            current.iter().filter_map(|record| read(&schema, record)).collect();
        let came = |person: &u64, said: &u64| {
            let told = told.get(person).and_then(|told| told.last());
            told == Some(said) && standing.get(person) == Some(said) && created.contains_key(person)
        };
        Verdict {
            missing: self.last.iter().filter(|(person, said)| !came(person, said)).count(),
            doubled: created.values().filter(|times| **times > 1).count(),
            disordered: told.values().map(|told| told.windows(2).filter(|two| two[1] < two[0]).count()).sum(),
        }
    }
}

/// The person and the number that a record says, where it is one of ours.
fn read(schema: &EntitySchema, record: &Record) -> Option<(u64, u64)> {
    let read = schema.decode(&record.value.as_ref()?[5..]).unwrap();
    let person = read.members.iter().find_map(|key| key.local.strip_prefix('n')?.parse().ok())?;
    let said = read.values.iter().find_map(|(element, value)| match value {
        Value::Phones(phones) if *element == element::MOBILE => {
            phones.first()?.strip_prefix("139")?.parse().ok()
        }
        _ => None,
    })?;
    Some((person, said))
}

/// A valid number, another for each of 20,160 persons.
pub(crate) fn citizen_id(person: u64) -> String {
    let (year, month, day) = (1950 + person / 336 % 60, person / 28 % 12 + 1, person % 28 + 1);
    let digits = format!("110101{year}{month:02}{day:02}121");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize =
        digits.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    let check = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum % 11];
    format!("{digits}{check}")
}

pub(crate) fn name(person: u64) -> String {
    let given: Vec<char> = "安博昌达恩芳刚海继佳凯兰明宁平清荣书天文".chars().collect();
    let length = u64::try_from(given.len()).unwrap();
    let nth = |at: u64| given[usize::try_from(at % length).unwrap()];
    format!("司马{}{}", nth(person), nth(person / length))
}
