//! The rules by which something is refused, each with an id that logs, receipts and tests can name.

use std::fmt;

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleId {
    /// The file is not of the form that it must have.
    Form,
    /// Two subscriptions have one id.
    DoubleId,
    /// The limits have no row for the department.
    UnknownDepartment,
    /// The subscription is for another matter than the department's.
    OtherMatter,
    /// The dictionary has no such element, so it is not graded.
    UngradedElement,
    /// A sensitive element is asked for without a legal basis.
    SensitiveWithoutBasis,
    /// The limits refuse the element to the department, whatever its basis.
    ForbiddenElement,
    /// The element is neither an own item of the department nor granted to it.
    BeyondNeed,
    /// The department may have the element masked only.
    FullValue,
    /// The element has a type that no mask can be made of.
    NoMask,
    /// The flag is not granted to the department.
    FlagNotGranted,
    /// The element's kind of entity is not subscribed.
    EntityNotSubscribed,
    /// The population is chosen by an element that the subscription does not receive in full.
    FilterDiscloses,
    /// No purpose is stated.
    MissingPurpose,
    /// No legal basis is stated.
    MissingBasis,
    /// Nobody approved it.
    MissingApprover,
    /// It has no end.
    MissingUntil,
    /// It has no beginning, and the limits bound its length.
    MissingFrom,
    /// It ends before it begins.
    EndsBeforeBegin,
    /// It runs longer than the limits allow.
    TooLong,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotBegun,
    /// The subject is not of its population.
    OutsidePopulation,
    /// The subscriber does not hold the subject itself.
    NotHeld,
    /// The event is not one of its events.
    OtherEvent,
    /// The element is not one of its elements.
    NotSubscribed,
    /// The value is not of the element's type, or could not be parsed at all.
    WrongType,
    /// No mask can be made of the value.
    NothingLeft,
}

impl RuleId {
    /// The id, as in logs, receipts and errors.
    pub fn id(self) -> &'static str {
        match self {
            RuleId::Form => "form",
            RuleId::DoubleId => "double-id",
            RuleId::UnknownDepartment => "unknown-department",
            RuleId::OtherMatter => "other-matter",
            RuleId::UngradedElement => "ungraded-element",
            RuleId::SensitiveWithoutBasis => "sensitive-without-basis",
            RuleId::ForbiddenElement => "forbidden-element",
            RuleId::BeyondNeed => "beyond-need",
            RuleId::FullValue => "full-value",
            RuleId::NoMask => "no-mask",
            RuleId::FlagNotGranted => "flag-not-granted",
            RuleId::EntityNotSubscribed => "entity-not-subscribed",
            RuleId::FilterDiscloses => "filter-discloses",
            RuleId::MissingPurpose => "missing-purpose",
            RuleId::MissingBasis => "missing-basis",
            RuleId::MissingApprover => "missing-approver",
            RuleId::MissingUntil => "missing-until",
            RuleId::MissingFrom => "missing-from",
            RuleId::EndsBeforeBegin => "ends-before-begin",
            RuleId::TooLong => "too-long",
            RuleId::Expired => "expired",
            RuleId::NotBegun => "not-begun",
            RuleId::OutsidePopulation => "outside-population",
            RuleId::NotHeld => "not-held",
            RuleId::OtherEvent => "other-event",
            RuleId::NotSubscribed => "not-subscribed",
            RuleId::WrongType => "wrong-type",
            RuleId::NothingLeft => "nothing-left",
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One thing that is refused: where it stands, by which rule, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: RuleId,
    /// Where: the subscription and the key, or line and column.
    pub key: String,
    /// Why.
    pub reason: String,
    /// What to do.
    pub hint: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]; {}", self.key, self.reason, self.rule, self.hint)
    }
}

/// A policy or limits file that was refused, with everything that is wrong in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot load {file}{}", listed(.refusals))]
pub struct PolicyError {
    /// The file.
    pub file: String,
    /// What is wrong; at least one.
    pub refusals: Vec<Refusal>,
}

/// One refusal on the same line, several on a line each.
fn listed(refusals: &[Refusal]) -> String {
    let separator = if refusals.len() == 1 { ": " } else { "\n  " };
    refusals.iter().map(|refusal| format!("{separator}{refusal}")).collect()
}

/// Most lists, maps and values of a file: a hundred thousand subscriptions. What repeats itself without end has more.
const NODES_MAX: usize = 2_500_000;

/// Reads a YAML file into its raw form.
pub(crate) fn read_yaml<'text, T: serde::Deserialize<'text>>(
    file: &str,
    text: &'text str,
) -> Result<T, PolicyError> {
    let budget = serde_saphyr::budget! { max_nodes: NODES_MAX, max_events: NODES_MAX * 2 };
    let options = serde_saphyr::options! { budget: budget };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let key = error
            .location()
            .map_or_else(|| "start".to_owned(), |at| format!("line {}, column {}", at.line(), at.column()));
        let refusal = Refusal {
            rule: RuleId::Form,
            key,
            reason: error.without_snippet().to_string(),
            hint: "correct the key or value there; the files in schemas/policy/ show the form",
        };
        PolicyError { file: file.to_owned(), refusals: vec![refusal] }
    })
}

/// A file of a version that this build does not read.
pub(crate) fn version_error(file: &str, version: u32) -> PolicyError {
    let refusal = Refusal {
        rule: RuleId::Form,
        key: "version".to_owned(),
        reason: format!("version {version} is not known"),
        hint: "write version 1, or use the release that reads it",
    };
    PolicyError { file: file.to_owned(), refusals: vec![refusal] }
}
