//! Tests of canonical values.

use super::*;
use proptest::prelude::*;
use yibiao_record::{IdNumber, Name, PartialDate, SubmissionSeq};

fn row(system: &str, local: &str, observed_at: i64, claims: &[(ElementId, Value)]) -> Submission {
    let claim = |(element, value): &(ElementId, Value)| Claim {
        element: *element,
        value: value.clone(),
        flags: ClaimFlags::default(),
    };
    Submission {
        seq: SubmissionSeq(observed_at.unsigned_abs()),
        key: SourceKey { system: SystemId::new(system).unwrap(), local: local.into() },
        op: Op::Upsert,
        version: 0,
        observed_at: Timestamp(observed_at),
        claims: claims.iter().map(claim).collect(),
        raw: Box::default(),
    }
}

fn canonical_of(rows: &[Submission]) -> Canonical {
    let rows: Vec<&Submission> = rows.iter().collect();
    canonical(EntityKind::Person, &rows, &[], Dictionary::shipped())
}

fn name(text: &str) -> (ElementId, Value) {
    (element::NAME, Value::Name(Name::plain(text)))
}

fn phones(numbers: &[&str]) -> (ElementId, Value) {
    (element::MOBILE, Value::Phones(numbers.iter().map(|number| (*number).into()).collect()))
}

fn id(digits: &str, quality: IdQuality) -> (ElementId, Value) {
    (element::CITIZEN_ID, Value::Id(IdNumber { digits: digits.into(), quality }))
}

fn told(canonical: &Canonical, element: ElementId) -> (Value, &'static str, SystemId) {
    let value = canonical.get(element).unwrap();
    (value.value.clone(), value.rule.name(), value.system)
}

fn system(name: &str) -> SystemId {
    SystemId::new(name).unwrap()
}

#[test]
fn the_department_with_authority_is_believed_though_others_are_newer() {
    let found = canonical_of(&[row("MZ", "1", 9, &[name("冉秀英")]), row("GA", "2", 1, &[name("冉琇英")])]);
    assert_eq!(told(&found, element::NAME), (name("冉琇英").1, "authority", system("GA")));
}

#[test]
fn where_nobody_has_authority_the_newest_stands() {
    let found =
        canonical_of(&[row("MZ", "1", 9, &[phones(&["1"])]), row("GA", "2", 1, &[phones(&["2", "1"])])]);
    assert_eq!(told(&found, element::MOBILE), (phones(&["1"]).1, "recency", system("MZ")));
}

#[test]
fn of_equally_new_claims_the_majority_stands() {
    let found = canonical_of(&[
        row("MZ", "1", 9, &[phones(&["1"])]),
        row("NY", "2", 9, &[phones(&["2"])]),
        row("YJ", "3", 1, &[phones(&["2"])]),
    ]);
    assert_eq!(told(&found, element::MOBILE), (phones(&["2"]).1, "majority", system("NY")));
}

#[test]
fn where_nothing_else_tells_the_lower_key_does() {
    let found = canonical_of(&[row("NY", "1", 9, &[phones(&["1"])]), row("MZ", "2", 9, &[phones(&["2"])])]);
    assert_eq!(told(&found, element::MOBILE), (phones(&["2"]).1, "tie-break", system("MZ")));
}

#[test]
fn a_valid_id_stands_above_a_damaged_one_of_the_authority() {
    let found = canonical_of(&[
        row("GA", "1", 9, &[id("990101195006190", IdQuality::Prefix)]),
        row("NY", "2", 1, &[id("990101195006190225", IdQuality::Valid)]),
    ]);
    assert_eq!(told(&found, element::CITIZEN_ID).0, id("990101195006190225", IdQuality::Valid).1);
}

#[test]
fn sex_and_birth_date_follow_from_a_valid_id() {
    let wrong = (element::BIRTH_DATE, Value::Date(PartialDate::day(1950, 6, 9).unwrap()));
    let found = canonical_of(&[row("GA", "1", 9, &[id("990101195006190225", IdQuality::Valid), wrong])]);
    let birth = Value::Date(PartialDate::day(1950, 6, 19).unwrap());
    assert_eq!(told(&found, element::BIRTH_DATE), (birth, "derived", system("GA")));
    assert_eq!(told(&found, element::SEX), (Value::Code("2".into()), "derived", system("GA")));
}

#[test]
fn an_agreeing_value_that_says_more_completes_but_one_that_differs_does_not() {
    let address = |house: &str| {
        let levels =
            [(Level::Town, "青石镇"), (Level::Village, "桃花村"), (Level::Group, "3"), (Level::House, house)];
        let levels = levels.iter().filter(|(_, text)| !text.is_empty());
        let address = levels.fold(Address::default(), |address, (level, text)| address.with(*level, text));
        (element::RESIDENCE_ADDRESS, Value::Address(address))
    };
    let found = canonical_of(&[row("GA", "1", 9, &[address("")]), row("MZ", "2", 1, &[address("12")])]);
    assert_eq!(told(&found, element::RESIDENCE_ADDRESS), (address("12").1, "completeness", system("GA")));
    let found = canonical_of(&[row("GA", "1", 9, &[address("7")]), row("MZ", "2", 1, &[address("12")])]);
    assert_eq!(told(&found, element::RESIDENCE_ADDRESS), (address("7").1, "authority", system("GA")));
}

#[test]
fn names_and_codes_of_a_division_come_together() {
    let named = Division { code: "".into(), names: Address::default().with(Level::Village, "桃花村") };
    let coded = Division { code: "990101101203".into(), names: Address::default() };
    let claim = |division: &Division| (element::DIVISION_CODE, Value::Division(division.clone()));
    let found = canonical_of(&[row("MZ", "1", 9, &[claim(&named)]), row("ZJ", "2", 1, &[claim(&coded)])]);
    let both = Division { code: coded.code, names: named.names };
    assert_eq!(told(&found, element::DIVISION_CODE).0, Value::Division(both));
}

#[test]
fn an_ended_row_an_echo_and_a_derived_cell_give_nothing() {
    let mut ended = row("GA", "1", 9, &[name("甲乙")]);
    ended.op = Op::End;
    let mut marked = row("MZ", "2", 9, &[name("丙丁"), phones(&["1"])]);
    marked.claims[0].flags = ClaimFlags::ECHO;
    marked.claims[1].flags = ClaimFlags::DERIVED;
    assert_eq!(canonical_of(&[ended, marked]), Canonical::default());
}

#[test]
fn a_pin_stands_above_authority_and_the_later_pin_above_the_earlier() {
    let rows = [row("GA", "1", 9, &[name("冉琇英")])];
    let pin = |text: &str, at: i64| Pin {
        key: rows[0].key.clone(),
        element: element::NAME,
        value: name(text).1,
        at: Timestamp(at),
    };
    let pins = [pin("冉绣英", 20), pin("冉秀英", 10)];
    let found = canonical(EntityKind::Person, &[&rows[0]], &pins, Dictionary::shipped());
    assert_eq!(told(&found, element::NAME), (name("冉绣英").1, "pinned", system("GA")));
}

#[test]
fn the_latest_visit_is_the_last_one_whoever_wrote_it_down() {
    let visit = |day: u8| (element::LAST_VISIT_DATE, Value::Date(PartialDate::day(2026, 9, day).unwrap()));
    let found = canonical_of(&[row("MZ", "1", 9, &[visit(3)]), row("WJ", "2", 1, &[visit(15)])]);
    assert_eq!(told(&found, element::LAST_VISIT_DATE), (visit(15).1, "recency", system("WJ")));
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(
        rows in prop::collection::vec((0usize..6, 0i64..3, 0u8..3, 0u8..3, prop::bool::ANY), 1..8),
        shift in 0usize..8,
    ) {
        let systems = ["GA", "MZ", "WJ", "ZJ", "YJ", "NY"];
        let rows: Vec<Submission> = rows.iter().enumerate().map(|(at, (system, observed_at, value, kind, valid))| {
            let quality = if *valid { IdQuality::Valid } else { IdQuality::Prefix };
            let claims = [
                name(["冉秀英", "冉琇英", "冉绣英"][usize::from(*value)]),
                phones(&[["1", "2", "3"][usize::from(*kind)]]),
                id(["990101195006190225", "990101195006190", "990101196203050197"][usize::from(*value)], quality),
                (element::BIRTH_DATE, Value::Date(match kind {
                    0 => PartialDate::year(1950),
                    1 => PartialDate::month(1950, 6).unwrap(),
                    _ => PartialDate::day(1950, 6, 1 + value).unwrap(),
                })),
            ];
            row(systems[*system], &at.to_string(), *observed_at, &claims)
        }).collect();
        let mut other = rows.clone();
        let shift = shift % rows.len();
        other.rotate_left(shift);
        prop_assert_eq!(canonical_of(&rows), canonical_of(&other));
        other.reverse();
        prop_assert_eq!(canonical_of(&rows), canonical_of(&other));
    }
}
