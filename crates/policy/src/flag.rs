//! Yes-or-no answers that stand in for the facts behind them.

use serde::Deserialize;
use yibiao_record::{ElementId, EntityKind, Value};
use yibiao_schema::{Dictionary, element};

/// A yes-or-no answer, computed from canonical values that the receiver does not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// 需协助转移: does not look after herself without help, or is disabled of grade one or two.
    NeedsHelp,
    /// 低收入: receives the subsistence allowance or support in hardship, or is at its margin.
    LowIncome,
    /// 因病: the household's risk of return to poverty is illness.
    PoorThroughIllness,
}

/// The coarse codes of `assistance` that mean a low income.
const LOW_INCOME: [&str; 4] = ["110", "120", "130", "140"];

impl Flag {
    /// The name, as in the policy file.
    pub fn name(self) -> &'static str {
        match self {
            Flag::NeedsHelp => "needs_help",
            Flag::LowIncome => "low_income",
            Flag::PoorThroughIllness => "poor_through_illness",
        }
    }

    /// What it is about.
    pub fn entity(self) -> EntityKind {
        match self {
            Flag::NeedsHelp | Flag::LowIncome => EntityKind::Person,
            Flag::PoorThroughIllness => EntityKind::Household,
        }
    }

    /// The elements that it is computed from.
    pub fn sources(self) -> &'static [ElementId] {
        match self {
            Flag::NeedsHelp => &[element::SELF_CARE_ABILITY, element::DISABILITY_LEVEL],
            Flag::LowIncome => &[element::ASSISTANCE_CATEGORY],
            Flag::PoorThroughIllness => &[element::RETURN_RISK],
        }
    }

    /// The answer, or `None` where too little is known.
    pub fn answer(
        self,
        dictionary: &Dictionary,
        values: &dyn Fn(ElementId) -> Option<Value>,
    ) -> Option<bool> {
        let code = |element, codes: &[&str]| {
            let value = values(element)?;
            let below = |code: &&str| reaches(dictionary, element, &value, code);
            Some(codes.iter().any(below))
        };
        match self {
            Flag::NeedsHelp => {
                let dependent = code(element::SELF_CARE_ABILITY, &["9"]);
                let disabled = code(element::DISABILITY_LEVEL, &["1", "2"]);
                if dependent == Some(true) || disabled == Some(true) { Some(true) } else { dependent }
            }
            Flag::LowIncome => code(element::ASSISTANCE_CATEGORY, &LOW_INCOME),
            Flag::PoorThroughIllness => code(element::RETURN_RISK, &["1"]),
        }
    }
}

/// Whether a coded value is `code` or refines it; of a set, whether one of its codes does.
pub(crate) fn reaches(dictionary: &Dictionary, element: ElementId, value: &Value, code: &str) -> bool {
    let coarse: Box<str> = code.into();
    let coarse = match value {
        Value::Codes(_) => Value::Codes(vec![coarse]),
        _ => Value::Code(coarse),
    };
    dictionary.refines(element, value, &coarse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(flag: Flag, known: &[(ElementId, Value)], expected: Option<bool>) {
        let values =
            |element| known.iter().find(|(known, _)| *known == element).map(|(_, value)| value.clone());
        assert_eq!(flag.answer(Dictionary::shipped(), &values), expected);
    }

    fn code(code: &str) -> Value {
        Value::Code(code.into())
    }

    #[test]
    fn help_is_needed_by_the_dependent_and_by_the_severely_disabled() {
        check(Flag::NeedsHelp, &[(element::SELF_CARE_ABILITY, code("2"))], Some(true));
        check(Flag::NeedsHelp, &[(element::SELF_CARE_ABILITY, code("12"))], Some(false));
        check(
            Flag::NeedsHelp,
            &[(element::SELF_CARE_ABILITY, code("1")), (element::DISABILITY_LEVEL, code("1"))],
            Some(true),
        );
        check(Flag::NeedsHelp, &[(element::DISABILITY_LEVEL, code("4"))], None);
        check(Flag::NeedsHelp, &[], None);
    }

    #[test]
    fn low_income_follows_from_the_allowances_that_are_means_tested() {
        let set = |codes: &[&str]| Value::Codes(codes.iter().map(|code| (*code).into()).collect());
        check(Flag::LowIncome, &[(element::ASSISTANCE_CATEGORY, set(&["112", "210"]))], Some(true));
        check(Flag::LowIncome, &[(element::ASSISTANCE_CATEGORY, set(&["210", "220"]))], Some(false));
        check(Flag::LowIncome, &[], None);
    }

    #[test]
    fn illness_is_told_without_its_name() {
        check(Flag::PoorThroughIllness, &[(element::RETURN_RISK, code("1"))], Some(true));
        check(Flag::PoorThroughIllness, &[(element::RETURN_RISK, code("3"))], Some(false));
    }

    #[test]
    fn the_codes_that_decide_a_flag_exist() {
        let exists =
            |element, code: &str| Dictionary::shipped().codes_of(element).unwrap().code(code).is_some();
        assert!(LOW_INCOME.iter().all(|code| exists(element::ASSISTANCE_CATEGORY, code)));
        assert!(exists(element::SELF_CARE_ABILITY, "9"));
        assert!(["1", "2"].iter().all(|code| exists(element::DISABILITY_LEVEL, code)));
        assert_eq!(
            &*Dictionary::shipped().codes_of(element::RETURN_RISK).unwrap().code("1").unwrap().zh,
            "因病"
        );
    }
}
