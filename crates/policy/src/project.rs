//! The gate: who is admitted, and what of them leaves.

use crate::check::{Checker, RawSubscription};
use crate::flag::reaches;
use crate::rule::{read_yaml, version_error};
use crate::{Flag, Handling, Limits, PolicyError, RuleId, Subscription, mask};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use yibiao_record::{ChangeKind, ElementId, EntityKind, SystemId, Timestamp, Value};
use yibiao_schema::{Dictionary, element};

/// All subscriptions of a node. Clones are the same.
#[derive(Clone, Debug)]
pub struct Policy {
    dictionary: Arc<Dictionary>,
    subscriptions: Arc<BTreeMap<String, Subscription>>,
}

/// Whom a delivery is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// What it is.
    pub kind: EntityKind,
    /// The event that is delivered; `None` where the subscriber's rows are written as they stand.
    pub event: Option<&'a ChangeKind>,
    /// Whether the subscriber holds a row of it.
    pub held: bool,
    /// Its canonical values. Filters and flags are computed from them, whatever the subscriber receives.
    pub values: &'a dyn Fn(ElementId) -> Option<Value>,
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (held: {})", self.kind.name(), self.held)
    }
}

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projected {
    /// It leaves as it is.
    Allow,
    /// This leaves in its place. It may be of another type than the element's.
    Mask(Value),
    /// Nothing leaves.
    Refuse(RuleId),
}

/// A subject that a subscription may be told of, at the time it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Admitted<'a> {
    policy: &'a Policy,
    subscription: &'a Subscription,
    subject: Subject<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    version: u32,
    subscriptions: Vec<RawSubscription>,
}

impl Policy {
    /// The subscriptions of the demonstration.
    pub fn shipped() -> &'static Policy {
        static SHIPPED: OnceLock<Policy> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            Policy::parse_yaml(
                "schemas/policy/demo.yaml",
                include_str!("../../../schemas/policy/demo.yaml"),
                Dictionary::shipped(),
                Limits::shipped(),
            )
            .expect("invariant: the shipped policy loads, which a test checks")
        })
    }

    /// Reads the subscriptions and checks them whole. `file` is its name in errors.
    pub fn parse_yaml(
        file: &str,
        text: &str,
        dictionary: &Dictionary,
        limits: &Limits,
    ) -> Result<Policy, PolicyError> {
        let raw: RawPolicy = read_yaml(file, text)?;
        if raw.version != 1 {
            return Err(version_error(file, raw.version));
        }
        let mut checker = Checker::new(dictionary, limits);
        let mut subscriptions = BTreeMap::new();
        for raw in raw.subscriptions {
            if let Some(subscription) = checker.check(raw)
                && subscriptions.insert(subscription.id.clone(), subscription).is_some()
            {
                checker.refuse(RuleId::DoubleId, "id", "another subscription has this id", "give it its own");
            }
        }
        if checker.refusals.is_empty() {
            Ok(Policy { dictionary: Arc::new(dictionary.clone()), subscriptions: Arc::new(subscriptions) })
        } else {
            Err(PolicyError { file: file.to_owned(), refusals: checker.refusals })
        }
    }

    /// The subscriptions, by id.
    pub fn subscriptions(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.values()
    }

    /// One of them.
    pub fn subscription(&self, id: &str) -> Option<&Subscription> {
        self.subscriptions.get(id)
    }

    /// Who rules on an element, first rank first; none: the most recent observation rules.
    pub fn authority(&self, element: ElementId) -> &[SystemId] {
        self.dictionary.element(element).map_or(&[], |element| &element.authority)
    }

    /// Opens the gate for one subject, or says why it stays shut. `at` is the time of the delivery, not that of the
    /// change.
    pub fn admit<'a>(
        &'a self,
        subscription: &'a Subscription,
        subject: Subject<'a>,
        at: Timestamp,
    ) -> Result<Admitted<'a>, RuleId> {
        subscription.runs(at)?;
        if !subscription.entities.contains(&subject.kind) {
            return Err(RuleId::EntityNotSubscribed);
        }
        if subscription.own_rows_only && !subject.held {
            return Err(RuleId::NotHeld);
        }
        if let (Some(events), Some(event)) = (&subscription.events, subject.event) {
            let always = matches!(event, ChangeKind::Merged { .. } | ChangeKind::Split { .. });
            if !always && !events.contains(event.name()) {
                return Err(RuleId::OtherEvent);
            }
        }
        if !self.inside(subscription, subject.values) {
            return Err(RuleId::OutsidePopulation);
        }
        Ok(Admitted { policy: self, subscription, subject })
    }

    /// Whether a subject with these values is of the population. What is unknown is outside.
    fn inside(&self, subscription: &Subscription, values: &dyn Fn(ElementId) -> Option<Value>) -> bool {
        let population = &subscription.population;
        let in_division = || match values(element::DIVISION_CODE) {
            Some(Value::Division(division)) => {
                population.divisions.iter().any(|code| division.code.starts_with(code.as_str()))
            }
            _ => false,
        };
        (population.divisions.is_empty() || in_division())
            && population.present.iter().all(|element| values(*element).is_some())
            && population.codes.iter().all(|(element, codes)| {
                values(*element).is_some_and(|value| {
                    codes.iter().any(|code| reaches(&self.dictionary, *element, &value, code))
                })
            })
    }
}

impl Admitted<'_> {
    /// What becomes of a value of the subject.
    pub fn project(&self, element: ElementId, value: &Value) -> Projected {
        let Some(graded) = self.policy.dictionary.element(element) else {
            return Projected::Refuse(RuleId::UngradedElement);
        };
        let Some(handling) = self.subscription.elements.get(&element) else {
            return Projected::Refuse(RuleId::NotSubscribed);
        };
        if graded.entity != self.subject.kind || !graded.value_type.holds(value) {
            return Projected::Refuse(RuleId::WrongType);
        }
        match handling {
            Handling::Full => Projected::Allow,
            Handling::Masked => match mask::mask(&self.policy.dictionary, element, value) {
                Some(masked) => Projected::Mask(masked),
                None => Projected::Refuse(RuleId::NothingLeft),
            },
        }
    }

    /// A yes-or-no answer about the subject; `None` where too little is known.
    pub fn flag(&self, flag: Flag) -> Result<Option<bool>, RuleId> {
        if !self.subscription.flags.contains(&flag) {
            return Err(RuleId::NotSubscribed);
        }
        if flag.entity() != self.subject.kind {
            return Err(RuleId::EntityNotSubscribed);
        }
        Ok(flag.answer(&self.policy.dictionary, self.subject.values))
    }
}
