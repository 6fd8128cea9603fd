//! The minimum-necessary table as fixtures, what makes a subscription load, and the laws of the gate.

use crate::{Admitted, Flag, Handling, Limits, Policy, Projected, RuleId, Subject, Subscription};
use proptest::prelude::*;
use std::collections::BTreeSet;
use yibiao_record::{
    Address, ChangeKind, Decimal, Division, ElementId, EntityId, EntityKind, Grid, IdNumber, IdQuality,
    Level, Name, PartialDate, SystemId, Timestamp, Value,
};
use yibiao_schema::{Dictionary, ValueType, element};

const DEMO: &str = include_str!("../../../schemas/policy/demo.yaml");

/// 2026-10-31, Beijing time.
fn now() -> Timestamp {
    Timestamp::from_civil(2026, 10, 31, 28_800).unwrap()
}

fn load(text: &str) -> Result<Policy, Vec<(RuleId, String)>> {
    Policy::parse_yaml("demo.yaml", text, Dictionary::shipped(), Limits::shipped()).map_err(|error| {
        error
            .refusals
            .into_iter()
            .map(|refusal| (refusal.rule, format!("{}: {}", refusal.key, refusal.reason)))
            .collect()
    })
}

fn subscription(id: &str) -> &'static Subscription {
    Policy::shipped().subscription(id).unwrap()
}

/// A department's subscription in the demonstration.
fn of(department: &str) -> &'static Subscription {
    let system = SystemId::new(department).unwrap();
    Policy::shipped().subscriptions().find(|subscription| subscription.subscriber() == system).unwrap()
}

/// The demonstration with one line of one department's subscription replaced.
fn edited(department: &str, from: &str, to: &str) -> String {
    let at = DEMO.find(&format!("subscriber: {department}\n")).unwrap();
    let (before, after) = DEMO.split_at(at);
    assert!(after.contains(from), "the edit of {from} did not apply");
    format!("{before}{}", after.replacen(from, to, 1))
}

#[track_caller]
fn refused(text: &str, expected: &[RuleId]) {
    let rules: Vec<_> = load(text).unwrap_err().into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, expected);
}

mod table;

/// The gate, opened for a subject of which nothing is known.
fn admitted(subscription: &'static Subscription, kind: EntityKind) -> Admitted<'static> {
    let subject = Subject { kind, event: None, held: true, values: &|_| None };
    Policy::shipped().admit(subscription, subject, now()).unwrap()
}

#[test]
fn the_shipped_files_load() {
    Limits::parse_yaml(
        "limits.v1.yaml",
        include_str!("../../../schemas/policy/limits.v1.yaml"),
        Dictionary::shipped(),
    )
    .unwrap();
    let policy = load(DEMO).unwrap();
    let subscribers: BTreeSet<_> = policy.subscriptions().map(|own| own.subscriber().to_string()).collect();
    assert_eq!(subscribers.into_iter().collect::<Vec<_>>(), ["GA", "MZ", "NY", "WJ", "YJ", "ZJ"]);
}

#[test]
fn an_element_that_is_neither_own_nor_granted_is_refused() {
    refused(&edited("GA", "elements: [", "elements: [floor_area, "), &[RuleId::BeyondNeed]);
    refused(&edited("ZJ", "elements: [", "elements: [birth_date, "), &[RuleId::BeyondNeed]);
}

#[test]
fn an_element_that_the_dictionary_does_not_grade_is_refused() {
    refused(&edited("GA", "elements: [", "elements: [blood_group, "), &[RuleId::UngradedElement]);
}

#[test]
fn what_must_be_stated_is_stated() {
    for (from, rules) in [
        ("    purpose: 社会救助对象定期核查\n", &[RuleId::MissingPurpose][..]),
        ("    approvers: [区数据局, 区民政局]\n", &[RuleId::MissingApprover]),
        ("    until: 2027-12-31\n", &[RuleId::MissingUntil]),
    ] {
        refused(&edited("MZ", from, ""), rules);
    }
    refused(&edited("GA", "legal_basis: [户口登记条例 第3条]", "legal_basis: ['']"), &[RuleId::MissingBasis]);
    refused(&edited("GA", "purpose: 实有人口信息核实", "purpose: ' '"), &[RuleId::MissingPurpose]);
}

#[test]
fn a_sensitive_element_needs_a_legal_basis() {
    let text = edited("WJ", "    legal_basis: [基本医疗卫生与健康促进法 第35条]\n", "");
    let refusals = load(&text).unwrap_err();
    let sensitive = refusals.iter().filter(|(rule, _)| *rule == RuleId::SensitiveWithoutBasis).count();
    assert_eq!((sensitive, refusals.len()), (5, 6));
}

#[test]
fn days_are_days() {
    for bad in ["2027-02-30", "soon", "2027-12", "2027-12-31-1", "''"] {
        refused(&edited("MZ", "until: 2027-12-31", &format!("until: {bad}")), &[RuleId::Form]);
    }
    refused(&edited("YJ", "from: 2026-04-01", "from: 2027-04-01"), &[RuleId::EndsBeforeBegin]);
}

#[test]
fn a_department_without_limits_gets_nothing() {
    refused(&edited("MZ", "subscriber: MZ", "subscriber: CL"), &[RuleId::UnknownDepartment]);
    refused(&edited("MZ", "matter: 困难群众动态核查", "matter: 其他"), &[RuleId::OtherMatter]);
}

#[test]
fn an_id_names_one_subscription() {
    refused(&DEMO.replace("id: ga-residents", "id: mz-hardship"), &[RuleId::DoubleId]);
}

#[test]
fn a_kind_of_entity_is_subscribed_before_its_elements() {
    let text = edited("ZJ", "entities: [person, dwelling]", "entities: [dwelling]");
    let refusals = load(&text).unwrap_err();
    assert!(refusals.iter().all(|(rule, _)| *rule == RuleId::EntityNotSubscribed));
    assert_eq!(refusals.len(), 6);
}

#[test]
fn a_flag_is_granted_or_refused() {
    refused(
        &edited("GA", "    own_rows_only", "    flags: [low_income]\n    own_rows_only"),
        &[RuleId::FlagNotGranted],
    );
}

#[test]
fn what_has_no_mask_leaves_in_full_or_not_at_all() {
    let masked = |element: &str| {
        edited("MZ", "    own_rows_only", &format!("    masked: [{element}]\n    own_rows_only"))
    };
    refused(&masked("monthly_amount"), &[RuleId::NoMask]);
    refused(&masked("bank_account"), &[RuleId::NoMask]);
    refused(&masked("sex"), &[RuleId::NoMask]);
    refused(&masked("income_pc_year"), &[RuleId::Form]);
    assert!(load(&masked("citizen_id")).is_ok());
}

#[test]
fn a_filter_may_not_disclose_what_is_not_received() {
    let filtered = |department: &str, population: &str| {
        edited(department, "    own_rows_only", &format!("    population: {population}\n    own_rows_only"))
    };
    refused(&filtered("GA", "{ present: [chronic_disease] }"), &[RuleId::FilterDiscloses]);
    refused(&filtered("ZJ", "{ present: [citizen_id] }"), &[RuleId::FilterDiscloses]);
    refused(&filtered("GA", "{ codes: { assistance_category: ['110'] } }"), &[RuleId::FilterDiscloses]);
    refused(&filtered("MZ", "{ codes: { assistance_category: ['999'] } }"), &[RuleId::Form]);
    refused(&filtered("MZ", "{ codes: { name: ['1'] } }"), &[RuleId::Form]);
    assert!(
        load(&filtered("MZ", "{ divisions: ['990101'], codes: { assistance_category: ['110'] } }")).is_ok()
    );
}

#[test]
fn an_error_names_file_place_reason_rule_and_what_to_do() {
    let text = edited("GA", "elements: [", "elements: [bank_account, ");
    let error = Policy::parse_yaml("demo.yaml", &text, Dictionary::shipped(), Limits::shipped())
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!(error, @"cannot load demo.yaml: subscription ga-residents, elements: 公安 is refused bank_account (bank) [forbidden-element]; drop the element");
    let text = edited("GA", "    matter:", "    colour: red\n    matter:");
    let error = load(&text).unwrap_err();
    assert!(error[0].0 == RuleId::Form && error[0].1.starts_with("line 28, column "), "{error:?}");
}

#[test]
fn a_row_of_the_limits_names_what_exists() {
    let limits = include_str!("../../../schemas/policy/limits.v1.yaml");
    let rules = |from: &str, to: &str| {
        let text = limits.replacen(from, to, 1);
        assert_ne!(text, limits, "the edit did not apply");
        let error = Limits::parse_yaml("limits.yaml", &text, Dictionary::shipped()).unwrap_err();
        error.refusals.into_iter().map(|refusal| refusal.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules("grants: [safety_grade]", "grants: [blood_group]"), [RuleId::UngradedElement]);
    assert_eq!(rules("{ group: income }", "{ group: wealth }"), [RuleId::Form]);
    assert_eq!(rules("department: GA", "department: MZ"), [RuleId::DoubleId]);
    assert_eq!(rules("version: 1", "version: 2"), [RuleId::Form]);
}

#[test]
fn a_population_is_chosen_by_division_presence_and_code() {
    let text = edited(
        "MZ",
        "    own_rows_only",
        "    population: { divisions: ['990101101'], present: [name], codes: { assistance_category: ['110'] } }\n    own_rows_only",
    );
    let policy = load(&text).unwrap();
    let mz = policy.subscription("mz-hardship").unwrap();
    let admits = |division: &str, name: bool, category: &str| {
        let values = |element| match element {
            element::DIVISION_CODE => {
                Some(Value::Division(Division { code: division.into(), ..Division::default() }))
            }
            element::NAME => name.then(|| Value::Name(Name::plain("冉琇英"))),
            element::ASSISTANCE_CATEGORY => Some(Value::Codes(vec![category.into()])),
            _ => None,
        };
        let subject = Subject { kind: EntityKind::Person, event: None, held: true, values: &values };
        policy.admit(mz, subject, now()).map(|_| ())
    };
    assert_eq!(admits("990101101203", true, "112"), Ok(()));
    for (division, name, category) in [
        ("990102101203", true, "112"),
        ("990101", true, "112"),
        ("990101101203", false, "112"),
        ("990101101203", true, "210"),
    ] {
        assert_eq!(admits(division, name, category), Err(RuleId::OutsidePopulation));
    }
}

#[test]
fn only_held_subjects_and_chosen_events_are_told_but_merges_always_are() {
    let text = edited("MZ", "    own_rows_only", "    events: [updated]\n    own_rows_only");
    let policy = load(&text).unwrap();
    let mz = policy.subscription("mz-hardship").unwrap();
    let admits = |held, event: &ChangeKind| {
        let subject = Subject { kind: EntityKind::Person, event: Some(event), held, values: &|_| None };
        policy.admit(mz, subject, now()).map(|_| ())
    };
    let other = EntityId { kind: EntityKind::Person, number: 1 };
    assert_eq!(admits(true, &ChangeKind::Updated), Ok(()));
    assert_eq!(admits(true, &ChangeKind::Created), Err(RuleId::OtherEvent));
    assert_eq!(admits(true, &ChangeKind::Merged { into: other }), Ok(()));
    assert_eq!(admits(true, &ChangeKind::Split { from: other }), Ok(()));
    assert_eq!(admits(false, &ChangeKind::Updated), Err(RuleId::NotHeld));
    refused(&edited("MZ", "    own_rows_only", "    events: [merged]\n    own_rows_only"), &[RuleId::Form]);
}

#[test]
fn authority_is_the_dictionarys() {
    let systems =
        |element| Policy::shipped().authority(element).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(systems(element::MARITAL_STATUS), ["MZ", "GA"]);
    assert!(systems(element::MOBILE).is_empty());
    assert!(systems(ElementId(999)).is_empty());
}

/// A value of each type; `Unparsed` is of none.
fn any_value() -> impl Strategy<Value = Value> {
    let text = || "[0-9a-z冉琇英·*]{0,20}".prop_map(|text: String| -> Box<str> { text.into() });
    let code = || {
        prop::sample::select(vec!["1", "2", "8", "12", "112", "210", "I10", "x"]).prop_map(Box::<str>::from)
    };
    let quality = prop::sample::select(vec![
        IdQuality::Valid,
        IdQuality::Prefix,
        IdQuality::BadCheck,
        IdQuality::Other,
    ]);
    prop_oneof![
        text().prop_map(Value::Text),
        text().prop_map(|full| Value::Name(Name::plain(&full))),
        code().prop_map(Value::Code),
        prop::collection::vec(code(), 0..3).prop_map(Value::Codes),
        (1900i16..2030, 1u8..13)
            .prop_map(|(year, month)| Value::Date(PartialDate::month(year, month).unwrap())),
        (-99i64..99, 0u8..3).prop_map(|(units, scale)| Value::Decimal(Decimal::new(units, scale).unwrap())),
        any::<i64>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Bool),
        ("[0-9]{0,17}[0-9X]?", quality)
            .prop_map(|(digits, quality)| Value::Id(IdNumber { digits: digits.into(), quality })),
        prop::collection::vec("[0-9]{1,12}".prop_map(|phone: String| -> Box<str> { phone.into() }), 0..3)
            .prop_map(Value::Phones),
        text().prop_map(|text| Value::Address(Address::default().with(Level::House, &text))),
        text().prop_map(|code| Value::Division(Division { code, ..Division::default() })),
        any::<u16>().prop_map(|number| Value::Grid(Grid { number, ..Grid::default() })),
        text().prop_map(|number| Value::Reference { scheme: "MZ".into(), number }),
        text().prop_map(Value::Unparsed),
    ]
}

fn any_subscription() -> impl Strategy<Value = &'static Subscription> {
    let ids: Vec<_> = Policy::shipped().subscriptions().map(|own| own.id().to_owned()).collect();
    prop::sample::select(ids).prop_map(|id| subscription(&id))
}

proptest! {
    #[test]
    fn nothing_leaves_outside_elements_population_and_time(
        own in any_subscription(),
        number in 0u16..60,
        kind in prop::sample::select(EntityKind::ALL.to_vec()),
        held in any::<bool>(),
        at in 1_700_000_000i64..1_900_000_000,
        value in any_value(),
    ) {
        let subject = Subject { kind, event: None, held, values: &|_| None };
        let Ok(admitted) = Policy::shipped().admit(own, subject, Timestamp(at)) else { return Ok(()) };
        prop_assert!(held && Timestamp(at) < own.end() && own.entities().any(|own| own == kind));
        let projected = admitted.project(ElementId(number), &value);
        if let Projected::Refuse(_) = projected {
            return Ok(());
        }
        let graded = Dictionary::shipped().element(ElementId(number)).expect("ungraded, and it left");
        let listed = own.elements().find(|(element, _)| element.0 == number);
        prop_assert!(graded.entity == kind && graded.value_type.holds(&value));
        match projected {
            Projected::Allow => prop_assert_eq!(listed.map(|own| own.1), Some(Handling::Full)),
            Projected::Mask(masked) => {
                prop_assert_eq!(listed.map(|own| own.1), Some(Handling::Masked));
                let identifies = matches!(graded.value_type, ValueType::CitizenId | ValueType::Name | ValueType::Phones);
                prop_assert_eq!(identifies, matches!(masked, Value::Text(_)));
            }
            Projected::Refuse(_) => unreachable!("handled above"),
        }
    }

    #[test]
    fn a_mask_never_holds_the_birth_date_or_the_sequence(date in "[0-9]{8}", sequence in "[0-9]{3}", check in "[0-9X]") {
        let digits = format!("990101{date}{sequence}{check}");
        let id = Value::Id(IdNumber { digits: digits.into(), quality: IdQuality::Valid });
        let gate = admitted(of("ZJ"), EntityKind::Person);
        let expected = Projected::Mask(Value::Text(format!("990101***********{check}").into()));
        prop_assert!(gate.project(element::CITIZEN_ID, &id) == expected);
    }

    #[test]
    fn a_masked_code_is_refined_by_what_it_hides(code in prop::sample::select(vec!["1", "11", "12", "2", "3", "8", "9"])) {
        let fine = Value::Code(code.into());
        let gate = admitted(of("YJ"), EntityKind::Person);
        let Projected::Mask(coarse) = gate.project(element::SELF_CARE_ABILITY, &fine) else {
            return Err(TestCaseError::fail("no mask"));
        };
        prop_assert!(Dictionary::shipped().refines(element::SELF_CARE_ABILITY, &fine, &coarse));
    }
}
