//! Reads subscriptions and checks each against dictionary and limits, gathering everything that is wrong.

use crate::subscription::{Handling, Population, Subscription};
use crate::{Department, Flag, Limits, Refusal, RuleId, mask};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{ElementId, EntityKind, SystemId, Timestamp};
use yibiao_schema::{Class, Dictionary, Element, ValueType};

/// Beijing time, in which the days of a subscription begin and end.
const OFFSET_SECONDS: i64 = 28_800;
const DAY_SECONDS: i64 = 86_400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSubscription {
    id: String,
    subscriber: String,
    matter: String,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    legal_basis: Vec<String>,
    #[serde(default)]
    approvers: Vec<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
    own_rows_only: bool,
    entities: Vec<String>,
    #[serde(default)]
    events: Option<BTreeSet<String>>,
    elements: Vec<String>,
    #[serde(default)]
    masked: Vec<String>,
    #[serde(default)]
    flags: Vec<Flag>,
    #[serde(default)]
    members: bool,
    #[serde(default)]
    population: RawPopulation,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPopulation {
    #[serde(default)]
    divisions: Vec<String>,
    #[serde(default)]
    present: Vec<String>,
    #[serde(default)]
    codes: BTreeMap<String, Vec<String>>,
}

/// The names of the events that a subscription may choose from. The other two, merged and split, always reach it: it
/// must be able to re-point what it holds.
const EVENTS: [&str; 3] = ["created", "updated", "retired"];

/// Checks subscriptions, gathering every refusal.
pub(crate) struct Checker<'a> {
    dictionary: &'a Dictionary,
    limits: &'a Limits,
    /// What was refused so far.
    pub(crate) refusals: Vec<Refusal>,
    id: String,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(dictionary: &'a Dictionary, limits: &'a Limits) -> Self {
        Self { dictionary, limits, refusals: Vec::new(), id: String::new() }
    }

    pub(crate) fn refuse(&mut self, rule: RuleId, key: &str, reason: impl Into<String>, hint: &'static str) {
        let key = format!("subscription {}, {key}", self.id);
        self.refusals.push(Refusal { rule, key, reason: reason.into(), hint });
    }

    /// The subscription, or `None` where it is refused.
    pub(crate) fn check(&mut self, raw: RawSubscription) -> Option<Subscription> {
        self.id.clone_from(&raw.id);
        let before = self.refusals.len();
        let row = self.row(&raw);
        let purpose = self.purpose(&raw);
        self.approval(&raw);
        let entities = self.entities(&raw);
        let elements = self.elements(&raw, row, &entities);
        self.flags(&raw, row, &entities);
        let population = self.population(&raw, &elements);
        self.events(&raw);
        self.members(&raw, row);
        let days = self.days(&raw, row);
        let (from, end) = days?;
        let subscriber = SystemId::new(&raw.subscriber).ok()?;
        (self.refusals.len() == before).then(|| Subscription {
            id: raw.id,
            subscriber,
            matter: raw.matter,
            purpose,
            legal_basis: raw.legal_basis,
            approvers: raw.approvers,
            from,
            end,
            own_rows_only: raw.own_rows_only,
            entities,
            events: raw.events,
            elements,
            flags: raw.flags.into_iter().collect(),
            population,
            members: raw.members,
            destroy: row.is_some_and(|row| row.destroy),
        })
    }

    fn row(&mut self, raw: &RawSubscription) -> Option<&'a Department> {
        let row = SystemId::new(&raw.subscriber).ok().and_then(|system| self.limits.department(system));
        match row {
            None => self.refuse(
                RuleId::UnknownDepartment,
                "subscriber",
                format!("the limits have no row for {}", raw.subscriber),
                "have the data authority add the department to the limits",
            ),
            Some(row) if row.matter != raw.matter => self.refuse(
                RuleId::OtherMatter,
                "matter",
                format!("the limits of {} are for {}", raw.subscriber, row.matter),
                "subscribe for that matter, or have the limits changed",
            ),
            Some(_) => {}
        }
        row
    }

    fn purpose(&mut self, raw: &RawSubscription) -> String {
        let purpose = raw.purpose.as_deref().unwrap_or_default().trim();
        if purpose.is_empty() {
            let hint = "state what the data is used for";
            self.refuse(RuleId::MissingPurpose, "purpose", "no purpose is stated", hint);
        }
        purpose.to_owned()
    }

    fn approval(&mut self, raw: &RawSubscription) {
        if !some_text(&raw.legal_basis) {
            let hint = "cite the provision that allows it";
            self.refuse(RuleId::MissingBasis, "legal_basis", "no legal basis is stated", hint);
        }
        if !some_text(&raw.approvers) {
            let hint = "name the offices that approved it";
            self.refuse(RuleId::MissingApprover, "approvers", "nobody approved it", hint);
        }
    }

    fn entities(&mut self, raw: &RawSubscription) -> BTreeSet<EntityKind> {
        let mut entities = BTreeSet::new();
        for name in &raw.entities {
            match EntityKind::by_name(name) {
                Some(kind) => {
                    entities.insert(kind);
                }
                None => {
                    let reason = format!("there is no entity {name}");
                    self.refuse(RuleId::Form, "entities", reason, "write person, household or dwelling");
                }
            }
        }
        entities
    }

    fn elements(
        &mut self,
        raw: &RawSubscription,
        row: Option<&Department>,
        entities: &BTreeSet<EntityKind>,
    ) -> BTreeMap<ElementId, Handling> {
        let mut elements = BTreeMap::new();
        for id in &raw.elements {
            let Some(element) = self.element("elements", id) else { continue };
            let masked = raw.masked.contains(id);
            let handling = if masked { Handling::Masked } else { Handling::Full };
            elements.insert(element.number, handling);
            if !entities.contains(&element.entity) {
                let reason = format!("{id} is of a {}, which is not subscribed", element.entity.name());
                self.refuse(
                    RuleId::EntityNotSubscribed,
                    "elements",
                    reason,
                    "add the entity, or drop the element",
                );
            }
            if element.class == Class::Sensitive && !some_text(&raw.legal_basis) {
                let reason = format!("{id} is sensitive, and no legal basis is stated");
                let hint = "cite the provision that allows it, or drop the element";
                self.refuse(RuleId::SensitiveWithoutBasis, "elements", reason, hint);
            }
            if let Some(row) = row {
                self.allowed(raw, row, element, masked);
            }
            if masked && !mask::exists(self.dictionary, element.number, element.value_type) {
                let reason = format!("{id} has no mask");
                self.refuse(
                    RuleId::NoMask,
                    "masked",
                    reason,
                    "drop the element: it leaves in full or not at all",
                );
            }
        }
        for id in raw.masked.iter().filter(|id| !raw.elements.contains(id)) {
            let reason = format!("{id} is not among the elements");
            self.refuse(RuleId::Form, "masked", reason, "list it under `elements` too");
        }
        elements
    }

    fn element(&mut self, key: &str, id: &str) -> Option<&'a Element> {
        let element = self.dictionary.by_id(id);
        if element.is_none() {
            let reason = format!("the dictionary has no element {id}, so it is not graded");
            self.refuse(RuleId::UngradedElement, key, reason, "name an element of schemas/dictionary/");
        }
        element
    }

    /// Whether the department's row allows an element.
    fn allowed(&mut self, raw: &RawSubscription, row: &Department, element: &Element, masked: bool) {
        let id = &element.id;
        let lifted = |unless: &Option<String>| unless.is_some() && *unless == raw.purpose;
        if let Some((group, unless)) = row.refused.get(&element.number)
            && !lifted(unless)
        {
            let reason = match unless {
                Some(purpose) => format!("{} is refused {id} ({group}) unless for {purpose}", row.zh),
                None => format!("{} is refused {id} ({group})", row.zh),
            };
            self.refuse(RuleId::ForbiddenElement, "elements", reason, "drop the element");
        } else if !row.own.contains(&element.number)
            && !row.grants.contains(&element.number)
            && !row.refused.contains_key(&element.number)
        {
            let reason = format!("{id} is neither an own item of {} nor granted to it", row.zh);
            let hint = "drop the element, or have the data authority grant it";
            self.refuse(RuleId::BeyondNeed, "elements", reason, hint);
        }
        if row.masked.contains(&element.number) && !masked {
            let reason = format!("{} is given {id} masked only", row.zh);
            self.refuse(RuleId::FullValue, "elements", reason, "list it under `masked` too");
        }
    }

    fn flags(&mut self, raw: &RawSubscription, row: Option<&Department>, entities: &BTreeSet<EntityKind>) {
        for flag in &raw.flags {
            if row.is_some_and(|row| !row.flags.contains(flag)) {
                let reason = format!("the flag {} is not granted", flag.name());
                let hint = "drop the flag, or have the data authority grant it";
                self.refuse(RuleId::FlagNotGranted, "flags", reason, hint);
            }
            if !entities.contains(&flag.entity()) {
                let reason =
                    format!("{} is of a {}, which is not subscribed", flag.name(), flag.entity().name());
                self.refuse(RuleId::EntityNotSubscribed, "flags", reason, "add the entity, or drop the flag");
            }
        }
    }

    /// Whom a filter lets through tells something of them, so it may use only what the receiver gets anyway.
    fn population(&mut self, raw: &RawSubscription, elements: &BTreeMap<ElementId, Handling>) -> Population {
        let mut population =
            Population { divisions: raw.population.divisions.clone(), ..Population::default() };
        let discloses = |checker: &mut Self, id: &str| {
            let element = checker.element("population", id)?;
            if elements.get(&element.number) != Some(&Handling::Full) {
                let reason = format!("the filter by {id} would disclose it");
                let hint = "filter by an element that is received in full";
                checker.refuse(RuleId::FilterDiscloses, "population", reason, hint);
            }
            Some(element)
        };
        if !population.divisions.is_empty() {
            discloses(self, "division_code");
        }
        for id in &raw.population.present {
            population.present.extend(discloses(self, id).map(|element| element.number));
        }
        for (id, codes) in &raw.population.codes {
            let Some(element) = discloses(self, id) else { continue };
            let list = self.dictionary.codes_of(element.number);
            let coded = matches!(element.value_type, ValueType::Code | ValueType::Codes);
            if !coded || codes.iter().any(|code| list.is_none_or(|list| list.code(code).is_none())) {
                let reason = format!("{id} has no such codes");
                self.refuse(RuleId::Form, "population", reason, "name codes of its list in schemas/codes/");
            }
            population.codes.insert(element.number, codes.clone());
        }
        population
    }

    /// Which systems hold somebody tells something of them, as their own keys do.
    fn members(&mut self, raw: &RawSubscription, row: Option<&Department>) {
        if raw.members && row.is_some_and(|row| !row.members) {
            let reason = "the keys of source records are not granted";
            let hint = "drop `members`, or have the data authority grant it";
            self.refuse(RuleId::BeyondNeed, "members", reason, hint);
        }
    }

    fn events(&mut self, raw: &RawSubscription) {
        for event in raw.events.iter().flatten().filter(|event| !EVENTS.contains(&event.as_str())) {
            let reason = format!("there is no event {event} to choose");
            self.refuse(RuleId::Form, "events", reason, "choose from created, updated and retired");
        }
    }

    fn days(
        &mut self,
        raw: &RawSubscription,
        row: Option<&Department>,
    ) -> Option<(Option<Timestamp>, Timestamp)> {
        let from = raw.from.as_deref().and_then(|text| self.day("from", text));
        let Some(until) = raw.until.as_deref() else {
            let hint = "state the last day, as 2027-12-31";
            self.refuse(RuleId::MissingUntil, "until", "it has no end", hint);
            return None;
        };
        let end = Timestamp(self.day("until", until)?.0 + DAY_SECONDS);
        if from.is_some_and(|from| from >= end) {
            self.refuse(RuleId::EndsBeforeBegin, "until", "it ends before it begins", "correct the days");
        }
        if let Some(days) = row.and_then(|row| row.longest_days) {
            let longest = i64::from(days) * DAY_SECONDS;
            match from {
                None => {
                    let hint = "state the first day, as 2027-01-01";
                    self.refuse(
                        RuleId::MissingFrom,
                        "from",
                        "its length is bounded, and it has no beginning",
                        hint,
                    );
                }
                Some(from) if end.0 - from.0 > longest => {
                    let reason = format!("it runs longer than {days} days");
                    self.refuse(RuleId::TooLong, "until", reason, "end it sooner, and renew it when needed");
                }
                Some(_) => {}
            }
        }
        Some((from, end))
    }

    /// The start of a day written `2027-12-31`.
    fn day(&mut self, key: &str, text: &str) -> Option<Timestamp> {
        let day = civil_day(text);
        if day.is_none() {
            self.refuse(RuleId::Form, key, "there is no such day", "write it as 2027-12-31");
        }
        day
    }
}

fn civil_day(text: &str) -> Option<Timestamp> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    Timestamp::from_civil(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?, OFFSET_SECONDS)
}

fn some_text(texts: &[String]) -> bool {
    texts.iter().any(|text| !text.trim().is_empty())
}
