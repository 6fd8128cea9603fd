//! What to compare and how to find candidates, as data: fields, blocking keys, rules and cuts.
//!
//! A `Spec` is written by hand (YAML or JSON). It says nothing about weights: those are the [`Model`](crate::Model).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// What a column or feature means, and with it how two of its values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A given name in an alphabetic script.
    GivenName,
    /// A family name in an alphabetic script.
    FamilyName,
    /// All names of a person in an alphabetic script.
    FullName,
    /// A date: `1988-05-03`, `1988-05`, `1988`, `1988~` (about), `198_` (decade).
    Date,
    /// A number that individuates and that nobody can check.
    IdNumber,
    /// A telephone number, digits only.
    Phone,
    /// An e-mail address.
    Email,
    /// An address in words.
    Address,
    /// A postcode.
    Postcode,
    /// An organisation's name.
    Organisation,
    /// A code or a word of a small vocabulary: it agrees or it does not.
    Code,
    /// Free text, compared by its words. The first text of a thing without a name is its title.
    Text,
    /// Several people in one text, such as the authors of a book.
    NameList,
    /// A short text such as a place name, compared as a string.
    Place,
    /// A number, compared by distance.
    Number,
    /// A Chinese personal name in one of its forms, as written.
    HanName,
    /// A citizen id number: see [`zh::id_text`](crate::zh::id_text).
    CitizenId,
    /// A birth date, written as a [`Kind::Date`]: compares by how much is known, and knows the lunar calendar.
    BirthDate,
    /// A Chinese address by level: see [`zh::home_text`](crate::zh::home_text).
    Home,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// Its name, unique in the spec.
    pub name: Box<str>,
    /// What it means.
    pub kind: Kind,
    /// The evidence group: correlated fields (address, postcode, landline) that count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<str>>,
    /// The field with which this one is sometimes swapped (given name and family name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swaps_with: Option<Box<str>>,
    /// `false`: used in blocking keys only.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub compared: bool,
}

impl FieldSpec {
    /// A compared field without group.
    pub fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.into(), kind, group: None, swaps_with: None, compared: true }
    }

    /// The same, in an evidence group.
    pub fn in_group(self, group: &str) -> Self {
        Self { group: Some(group.into()), ..self }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// What a blocking key takes of a value. One value may give several keys, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Take {
    /// The whole value: `field`.
    Whole,
    /// The first characters, where there are that many: `field.first3`.
    First(u8),
    /// The last characters, where there are that many: `field.last4`.
    Last(u8),
    /// How the first word sounds (Soundex): `field.sound`.
    Sound,
    /// Each word of two or more characters: `field.word`.
    Word,
    /// All words, sorted: `field.words`.
    Words,
    /// The first word: `field.head`.
    Head,
    /// The last word: `field.tail`.
    Tail,
    /// The year of a date, where known: `field.year`.
    Year,
    /// Month and day of a date, the smaller first, so that swapped ones meet: `field.monthday`.
    MonthDay,
    /// The part of a postcode before the space, or the first two thirds: `field.sector`.
    Sector,
    /// Year and month of a birth date: `field.month`.
    Month,
    /// The village, compound or road of a Chinese address: `field.village`.
    Village,
    /// The village with the group, the compound with the building, or the road with the number: `field.group`.
    Group,
}

/// One part of a key: a field and what is taken of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub field: Box<str>,
    /// What is taken.
    pub take: Take,
}

/// A composite key: all parts together, written `family.sound + given.first3 + born.year`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyExpression(pub Vec<Part>);

/// A key expression that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot read the key part {part:?}: write field, or field.take with one of first<n>, last<n>, sound, word, words, head, tail, year, monthday, sector, month, village, group"
)]
pub struct KeyExpressionError {
    part: String,
}

impl KeyExpression {
    /// Reads the written form.
    pub fn parse(text: &str) -> Result<Self, KeyExpressionError> {
        text.split('+').map(str::trim).map(parse_part).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_part(text: &str) -> Result<Part, KeyExpressionError> {
    let refused = || KeyExpressionError { part: text.to_owned() };
    let (field, take) = match text.split_once('.') {
        None => (text, Take::Whole),
        Some((field, take)) => (field, parse_take(take).ok_or_else(refused)?),
    };
    if field.is_empty() {
        return Err(refused());
    }
    Ok(Part { field: field.into(), take })
}

fn parse_take(text: &str) -> Option<Take> {
    if let Some(count) = text.strip_prefix("first") {
        return count.parse().ok().filter(|count| *count > 0).map(Take::First);
    }
    if let Some(count) = text.strip_prefix("last") {
        return count.parse().ok().filter(|count| *count > 0).map(Take::Last);
    }
    PLAIN_TAKES.iter().find(|(name, _)| *name == text).map(|(_, take)| *take)
}

const PLAIN_TAKES: [(&str, Take); 11] = [
    ("sound", Take::Sound),
    ("word", Take::Word),
    ("words", Take::Words),
    ("head", Take::Head),
    ("tail", Take::Tail),
    ("year", Take::Year),
    ("monthday", Take::MonthDay),
    ("sector", Take::Sector),
    ("month", Take::Month),
    ("village", Take::Village),
    ("group", Take::Group),
];

impl fmt::Display for KeyExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" + ")?;
            }
            f.write_str(&part.field)?;
            match part.take {
                Take::Whole => {}
                Take::First(count) => write!(f, ".first{count}")?,
                Take::Last(count) => write!(f, ".last{count}")?,
                plain => {
                    let name =
                        PLAIN_TAKES.iter().find(|(_, take)| *take == plain).map_or("", |(name, _)| name);
                    write!(f, ".{name}")?;
                }
            }
        }
        Ok(())
    }
}

impl Serialize for KeyExpression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyExpression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// One blocking key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySpec {
    /// Two records that share its value are candidates.
    pub on: KeyExpression,
    /// While more live records than the cap share a value, those are told apart further by the first of these; where
    /// that is still too many, by the next as well. A record that lacks such a part has no candidates by this key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refine: Vec<KeyExpression>,
    /// Records with the same value are likely one entity: never given up as generic, and used to train.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub individuating: bool,
}

impl KeySpec {
    /// A key without refinement.
    pub fn new(on: &str) -> Result<Self, KeyExpressionError> {
        Ok(Self { on: KeyExpression::parse(on)?, refine: Vec::new(), individuating: false })
    }

    /// The same, refined by one more expression.
    pub fn refined_by(mut self, expression: &str) -> Result<Self, KeyExpressionError> {
        self.refine.push(KeyExpression::parse(expression)?);
        Ok(self)
    }

    /// The same, individuating.
    pub fn individuating(self) -> Self {
        Self { individuating: true, ..self }
    }
}

/// A condition of a rule: the field compares at one of these levels (the names of [`crate::levels`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The field.
    pub field: Box<str>,
    /// The levels; `missing` is where one of the two has no value.
    pub levels: Vec<Box<str>>,
}

/// What follows when a rule holds of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// No two clusters that hold such a pair merge without a steward.
    Veto,
    /// No two clusters that hold such a pair merge, and nobody is asked.
    Part,
    /// As `Veto`, and the pair is a question for a steward whatever else speaks against it.
    Review,
    /// The pair weighs at least as much as the automatic cut.
    Join,
}

/// A fixed rule over the levels of a pair. The strongest effect counts: part, review, veto, join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// All of these hold.
    pub when: Vec<Condition>,
    /// What follows.
    pub effect: Effect,
}

/// Where weights are cut, in thousandths of a bit. An average of pair weights is compared with `review` and `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cuts {
    /// A pair at or above it is an edge: it bounds the work, it merges nothing.
    pub weak: i32,
    /// Clusters whose average is at or above it are shown to a steward.
    pub review: i32,
    /// Clusters whose average is at or above it merge.
    pub auto: i32,
    /// A cluster that fits two others, which may not be together, joins the better only if that is better by this much;
    /// otherwise a steward is asked. Zero asks nobody.
    pub margin: i32,
    /// No pair weighs less.
    pub floor: i32,
    /// No pair weighs more.
    pub ceiling: i32,
}

impl Default for Cuts {
    fn default() -> Self {
        Self { weak: 2_000, review: -3_000, auto: 0, margin: 0, floor: -12_000, ceiling: 14_000 }
    }
}

/// What is compared of one kind of entity, and how candidates are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The fields, at most 64.
    #[serde(serialize_with = "one_a_line")]
    pub fields: Vec<FieldSpec>,
    /// The blocking keys.
    #[serde(serialize_with = "one_a_line")]
    pub keys: Vec<KeySpec>,
    /// Fixed rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "one_a_line")]
    pub rules: Vec<RuleSpec>,
    /// The most live records that one value of a key may join as candidates.
    #[serde(default = "default_cap")]
    pub cap: u32,
    /// Where weights are cut.
    #[serde(default)]
    pub cuts: Cuts,
}

/// In YAML each item is one line, so that versions compare line by line.
pub(crate) fn one_a_line<S: Serializer, T: Serialize>(items: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(items.iter().map(serde_saphyr::FlowMap))
}

fn default_cap() -> u32 {
    50
}

/// A field's place in its spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(pub u8);

impl Spec {
    /// The most fields.
    pub const FIELDS_MAX: usize = 64;

    /// An empty spec with the usual cap and cuts.
    pub fn new(fields: Vec<FieldSpec>, keys: Vec<KeySpec>) -> Self {
        Self { fields, keys, rules: Vec::new(), cap: default_cap(), cuts: Cuts::default() }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<Field> {
        let at = self.fields.iter().position(|field| &*field.name == name)?;
        u8::try_from(at).ok().map(Field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_expression_reads_back_as_written() {
        for text in ["id", "family.sound + given.first3 + born.year", "phone.last4 + street.word", "a.words"]
        {
            assert_eq!(KeyExpression::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_key_part_of_unknown_form_is_refused() {
        for text in ["", "a + ", "a.first", "a.first0", "a.soundly", ".year"] {
            assert!(KeyExpression::parse(text).is_err(), "{text}");
        }
    }
}
