//! Rows as the mappings make them, for tests: everybody in them is invented.

use yibiao_record::{
    Address, Claim, ClaimFlags, Division, ElementId, IdNumber, IdQuality, Level, Name, Op, PartialDate,
    SourceKey, Submission, SubmissionSeq, SystemId, Timestamp, Value,
};
use yibiao_schema::element;

/// A row that is being made.
#[derive(Clone)]
pub(crate) struct Made(pub(crate) Submission);

/// The key of a row, `GA:1`.
pub(crate) fn key(text: &str) -> SourceKey {
    let (system, local) = text.split_once(':').unwrap();
    SourceKey { system: SystemId::new(system).unwrap(), local: local.into() }
}

/// A row of that key and name.
pub(crate) fn row(at: &str, name: &str) -> Made {
    let submission = Submission {
        seq: SubmissionSeq(0),
        key: key(at),
        op: Op::Upsert,
        version: 0,
        observed_at: Timestamp(1_000),
        claims: Vec::new(),
        raw: Box::default(),
    };
    let mut parts = name.split('(');
    let full = parts.next().unwrap_or_default();
    let others = parts.map(|other| other.trim_end_matches(')').into()).collect();
    Made(submission).claim(element::NAME, Value::Name(Name { full: full.into(), others }))
}

impl Made {
    pub(crate) fn claim(mut self, element: ElementId, value: Value) -> Self {
        self.0.claims.push(Claim { element, value, flags: ClaimFlags::default() });
        self
    }

    /// A citizen id: 18 characters valid, fewer a beginning, with `!` after them a slip.
    pub(crate) fn id(self, text: &str) -> Self {
        let digits = text.trim_end_matches('!');
        let quality = if text.ends_with('!') {
            IdQuality::BadCheck
        } else if digits.len() == 18 {
            IdQuality::Valid
        } else {
            IdQuality::Prefix
        };
        self.claim(element::CITIZEN_ID, Value::Id(IdNumber { digits: digits.into(), quality }))
    }

    /// A birth date, `1950-06-19`, `1950-06` or `1950`.
    pub(crate) fn born(self, text: &str) -> Self {
        let mut parts = text.split('-').map(|part| part.parse::<i16>().unwrap());
        let year = parts.next().unwrap();
        let small = |part: i16| u8::try_from(part).unwrap();
        let date = match (parts.next(), parts.next()) {
            (Some(month), Some(day)) => PartialDate::day(year, small(month), small(day)).unwrap(),
            (Some(month), None) => PartialDate::month(year, small(month)).unwrap(),
            _ => PartialDate::year(year),
        };
        self.claim(element::BIRTH_DATE, Value::Date(date))
    }

    pub(crate) fn sex(self, code: &str) -> Self {
        self.claim(element::SEX, Value::Code(code.into()))
    }

    pub(crate) fn phone(self, number: &str) -> Self {
        self.claim(element::MOBILE, Value::Phones(vec![number.into()]))
    }

    /// Where she lives: village, group, house; empty for unknown.
    pub(crate) fn home(self, village: &str, group: &str, house: &str) -> Self {
        let levels = [(Level::Village, village), (Level::Group, group), (Level::House, house)];
        let known = levels.iter().filter(|(_, text)| !text.is_empty());
        let address = known
            .fold(Address::default().with(Level::Town, "青石镇"), |address, (level, text)| {
                address.with(*level, text)
            });
        self.claim(element::RESIDENCE_ADDRESS, Value::Address(address))
    }

    pub(crate) fn division(self, village: &str) -> Self {
        let names = Address::default().with(Level::Town, "青石镇").with(Level::Village, village);
        self.claim(element::DIVISION_CODE, Value::Division(Division { code: "".into(), names }))
    }

    /// The household as its department numbers it, the head's name, and the relation to the head.
    pub(crate) fn household(self, number: &str, head: &str, relation: &str) -> Self {
        let scheme = self.0.key.system.as_str().into();
        self.claim(element::HOUSEHOLD_REF, Value::Reference { scheme, number: number.into() })
            .claim(element::HEAD_NAME, Value::Name(Name::plain(head)))
            .claim(element::RELATION_TO_HEAD, Value::Code(relation.into()))
    }

    pub(crate) fn house(self, number: &str) -> Self {
        let scheme = self.0.key.system.as_str().into();
        self.claim(element::HOUSE_REF, Value::Reference { scheme, number: number.into() })
    }

    pub(crate) fn at(mut self, observed_at: i64) -> Self {
        self.0.observed_at = Timestamp(observed_at);
        self
    }

    pub(crate) fn version(mut self, version: i64) -> Self {
        self.0.version = version;
        self
    }

    pub(crate) fn op(mut self, op: Op) -> Self {
        self.0.op = op;
        self
    }
}

/// A valid citizen id from its first 17 digits.
pub(crate) fn whole_id(first17: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 =
        first17.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    let check = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][usize::try_from(sum % 11).unwrap()];
    format!("{first17}{check}")
}
