//! Each refusal of the minimum-necessary table: asked for in configuration, the policy does not load; asked of
//! the gate, nothing leaves.

use super::*;

/// Adding the element to the department's subscription is refused.
#[track_caller]
fn never(department: &str, element: &str, rule: RuleId) {
    let text = edited(department, "elements: [", &format!("elements: [{element}, "));
    let refusals = load(&text).unwrap_err();
    assert!(refusals.iter().any(|(of, reason)| *of == rule && reason.contains(element)), "{refusals:?}");
    let number = Dictionary::shipped().by_id(element).unwrap().number;
    assert!(of(department).elements().all(|(own, _)| own != number), "{department} gets {element}");
}

macro_rules! refusals {
    ($($name:ident: $department:literal, $element:literal;)*) => { $(
        #[test]
        fn $name() {
            never($department, $element, RuleId::ForbiddenElement);
        }
    )* };
}

refusals! {
    mz_is_refused_diagnosis_codes: "MZ", "chronic_disease";
    ga_is_refused_health_status: "GA", "health_status";
    ga_is_refused_diagnosis_codes: "GA", "chronic_disease";
    ga_is_refused_disability_type: "GA", "disability_type";
    ga_is_refused_disability_level: "GA", "disability_level";
    ga_is_refused_self_care_ability: "GA", "self_care_ability";
    ga_is_refused_monthly_income: "GA", "income_pc_month";
    ga_is_refused_yearly_income: "GA", "income_pc_year";
    ga_is_refused_the_bank_account: "GA", "bank_account";
    wj_is_refused_monthly_income: "WJ", "income_pc_month";
    wj_is_refused_yearly_income: "WJ", "income_pc_year";
    wj_is_refused_the_bank_account: "WJ", "bank_account";
    wj_is_refused_the_assistance_amount: "WJ", "monthly_amount";
    zj_is_refused_health_status: "ZJ", "health_status";
    zj_is_refused_diagnosis_codes: "ZJ", "chronic_disease";
    zj_is_refused_disability_type: "ZJ", "disability_type";
    zj_is_refused_disability_level: "ZJ", "disability_level";
    zj_is_refused_self_care_ability: "ZJ", "self_care_ability";
    zj_is_refused_the_bank_account: "ZJ", "bank_account";
    yj_is_refused_diagnosis_codes: "YJ", "chronic_disease";
    yj_is_refused_monthly_income: "YJ", "income_pc_month";
    yj_is_refused_yearly_income: "YJ", "income_pc_year";
    yj_is_refused_the_bank_account: "YJ", "bank_account";
    ny_is_refused_diagnosis_codes: "NY", "chronic_disease";
}

#[test]
fn mz_gets_diagnosis_codes_for_medical_assistance_only() {
    let text = edited("MZ", "elements: [", "elements: [chronic_disease, ");
    let medical = text.replacen("purpose: 社会救助对象定期核查", "purpose: 医疗救助", 1);
    assert!(load(&medical).is_ok());
    refused(&text, &[RuleId::ForbiddenElement]);
}

#[test]
fn zj_is_refused_the_full_id_number() {
    refused(&edited("ZJ", "    masked: [citizen_id]\n", ""), &[RuleId::FullValue]);
    let id = Value::Id(IdNumber { digits: "990101195006190225".into(), quality: IdQuality::Valid });
    let masked = admitted(of("ZJ"), EntityKind::Person).project(element::CITIZEN_ID, &id);
    assert!(masked == Projected::Mask(Value::Text("990101***********5".into())));
}

#[test]
fn every_department_with_a_full_number_lists_it() {
    for department in ["MZ", "GA", "WJ", "YJ", "NY"] {
        let handling = of(department).elements().find(|(element, _)| *element == element::CITIZEN_ID);
        assert_eq!(handling, Some((element::CITIZEN_ID, Handling::Full)), "{department}");
    }
}

#[test]
fn each_department_gets_what_the_table_grants() {
    let gets = |department, number| of(department).elements().any(|(element, _)| element == number);
    for (department, elements) in [
        ("MZ", &[element::SAFETY_GRADE][..]),
        ("GA", &[element::RESIDENCE_ADDRESS, element::MOBILE]),
        ("WJ", &[element::RESIDENCE_ADDRESS, element::MOBILE, element::DISABILITY_LEVEL]),
        ("ZJ", &[element::NAME, element::MOBILE]),
        ("YJ", &[element::CONTACT_NAME, element::CONTACT_PHONE, element::MOBILE, element::SAFETY_GRADE]),
        ("NY", &[element::ASSISTANCE_CATEGORY, element::DISABILITY_LEVEL, element::SAFETY_GRADE]),
    ] {
        for element in elements {
            assert!(gets(department, *element), "{department} {}", element.0);
        }
    }
}

#[test]
fn a_yes_or_no_stands_in_for_the_fact() {
    let values = |element| match element {
        element::ASSISTANCE_CATEGORY => Some(Value::Codes(vec!["112".into()])),
        element::SELF_CARE_ABILITY => Some(Value::Code("2".into())),
        element::RETURN_RISK => Some(Value::Code("1".into())),
        _ => None,
    };
    for (department, kind, flag) in [
        ("ZJ", EntityKind::Person, Flag::LowIncome),
        ("YJ", EntityKind::Person, Flag::NeedsHelp),
        ("NY", EntityKind::Household, Flag::PoorThroughIllness),
    ] {
        let subject = Subject { kind, event: None, held: true, values: &values };
        let admitted = Policy::shipped().admit(of(department), subject, now()).unwrap();
        assert_eq!(admitted.flag(flag), Ok(Some(true)), "{department}");
        for other in [Flag::LowIncome, Flag::NeedsHelp, Flag::PoorThroughIllness] {
            assert_eq!(other != flag, admitted.flag(other).is_err(), "{department}");
        }
    }
}

#[test]
fn yj_learns_of_self_care_only_whether_help_is_needed() {
    let gate = admitted(of("YJ"), EntityKind::Person);
    for (grade, coarse) in [("11", "8"), ("12", "8"), ("1", "8"), ("2", "9"), ("3", "9")] {
        let projected = gate.project(element::SELF_CARE_ABILITY, &Value::Code(grade.into()));
        assert!(projected == Projected::Mask(Value::Code(coarse.into())), "{grade}");
    }
}

#[test]
fn yj_ends_by_itself_and_then_owes_a_receipt_of_destruction() {
    let last = Timestamp::from_civil(2027, 3, 31, 28_800).unwrap();
    let next = Timestamp(last.0 + 86_400);
    assert_eq!(of("YJ").runs(Timestamp(next.0 - 1)), Ok(()));
    assert!(!of("YJ").destruction_due(Timestamp(next.0 - 1)));
    assert_eq!(of("YJ").runs(next), Err(RuleId::Expired));
    assert!(of("YJ").destruction_due(next));
    refused(&edited("YJ", "until: 2027-03-31", "until: 2027-04-02"), &[RuleId::TooLong]);
    refused(&edited("YJ", "    from: 2026-04-01\n", ""), &[RuleId::MissingFrom]);
}
