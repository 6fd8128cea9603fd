//! What is learnt of invented records, and what is refused.

use super::*;
use crate::{FieldSpec, KeySpec};

/// People whose second row has a slip in one of ten names; the note is noise.
fn records(people: usize) -> Vec<Features> {
    let mut records = Vec::new();
    for person in 0..people {
        for row in 0..2 {
            let mut features = Features::new();
            let slip = if row == 1 && person % 10 == 0 { "x" } else { "" };
            features.push(Field(0), format!("given{} family{}{slip}", person % 37, person % 101));
            features
                .push(Field(1), format!("{}-0{}-{}", 1900 + person % 97, 1 + person % 9, 10 + person % 19));
            features.push(Field(2), format!("id{person}"));
            features.push(Field(3), ["a", "b"][(person + row) % 2].to_owned());
            records.push(features);
        }
    }
    records
}

fn spec() -> Spec {
    let fields = vec![
        FieldSpec::new("name", Kind::FullName),
        FieldSpec::new("born", Kind::Date),
        FieldSpec::new("id", Kind::IdNumber),
        FieldSpec::new("note", Kind::Code),
    ];
    let keys = ["name", "born", "id"].map(|on| KeySpec::new(on).unwrap().individuating());
    Spec::new(fields, keys.into())
}

fn learn(spec: &Spec, base: &Model, records: &[Features], labels: &[Label<'_>]) -> Trained {
    let records: Vec<&Features> = records.iter().collect();
    let training = Training { spec, base, records: &records, labels, seed: SEED, listed_min: 2 };
    train(&training).unwrap()
}

fn rules(trained: &Trained) -> Vec<&'static str> {
    trained.findings.iter().map(Implausible::rule).collect()
}

#[test]
fn a_set_that_holds_enough_gives_a_plausible_model() {
    let (spec, records) = (spec(), records(400));
    let trained = learn(&spec, &Model::default_for(&spec), &records, &[]);
    assert_eq!(trained.findings, []);
    assert!((350..450).contains(&trained.made.matches), "{}", trained.made.matches);
    let again: Vec<Features> = records.into_iter().rev().collect();
    assert_eq!(learn(&spec, &Model::default_for(&spec), &again, &[]), trained);
}

#[test]
fn a_set_without_matches_gives_no_model() {
    let spec = spec();
    let records: Vec<Features> = records(400).into_iter().step_by(2).collect();
    let trained = learn(&spec, &Model::default_for(&spec), &records, &[]);
    assert!(rules(&trained).contains(&"no_session"), "{:?}", trained.findings);
}

#[test]
fn a_field_that_the_model_tells_to_rules_only_keeps_its_weights() {
    let (spec, records) = (spec(), records(400));
    let mut base = Model::default_for(&spec);
    base.fields.insert("id".into(), FieldModel::from_shares(Kind::IdNumber, [(0.5, 0.5); 4]));
    let trained = learn(&spec, &base, &records, &[]);
    assert_eq!(trained.model.fields.get("id"), base.fields.get("id"));
    assert_eq!(trained.made.kept, ["id".into()]);
}

#[test]
fn rulings_move_what_is_learnt_and_never_overwrite_it() {
    let (spec, records) = (spec(), records(400));
    let base = Model::default_for(&spec);
    let share = |trained: &Trained| trained.model.fields["name"].levels[0].m;
    let before = share(&learn(&spec, &base, &records, &[]));
    // Linked pairs whose names have nothing in common.
    let pairs = |count: usize| -> Vec<Label<'_>> {
        let label = |at: usize| Label {
            left: &records[4 * (at % 50)],
            right: &records[4 * (at % 50) + 402],
            linked: true,
        };
        (0..count).map(label).collect()
    };
    let [few, many, most] =
        [5, 100, 10_000].map(|count| share(&learn(&spec, &base, &records, &pairs(count))));
    assert!(before > few && few > many, "{before} {few} {many}");
    assert!((many - most).abs() < 1e-4 && most > before / 2.1, "{many} {most}");
}

#[test]
fn a_model_that_stewards_contradict_is_refused() {
    let (spec, records) = (spec(), records(400));
    let parted: Vec<Label<'_>> = (1..40)
        .map(|at| Label { left: &records[2 * at], right: &records[2 * at + 1], linked: false })
        .collect();
    let trained = learn(&spec, &Model::default_for(&spec), &records, &parted);
    assert_eq!(trained.made.labels.parted, 39);
    assert!(rules(&trained).contains(&"rulings_contradicted"), "{:?}", trained.made.labels);
}

#[test]
fn each_rule_of_plausibility_finds_what_breaks_it() {
    let (spec, records) = (spec(), records(400));
    let good = learn(&spec, &Model::default_for(&spec), &records, &[]);
    let broken = |breaks: &dyn Fn(&mut Trained)| {
        let mut trained = good.clone();
        breaks(&mut trained);
        trained.findings = plausible::findings(&spec, &[], &trained);
        rules(&trained)
    };
    let level = |trained: &mut Trained, at: usize, m: f64, u: f64| {
        let levels = &mut trained.model.fields.get_mut("born").unwrap().levels;
        (levels[at].m, levels[at].u, levels[at].bits) = (m, u, bits_of_ratio(m, u));
    };
    assert_eq!(broken(&|_| ()), [""; 0]);
    assert_eq!(broken(&|trained| trained.made.matches = 39), ["too_few_matches"]);
    assert_eq!(broken(&|trained| trained.made.matching_share = 0.05), ["matching_share"]);
    assert_eq!(broken(&|trained| level(trained, 0, 0.1, 0.2)), ["agreement_unlikelier"]);
    let part_below_none = |trained: &mut Trained| {
        level(trained, 3, 0.02, 0.9);
        level(trained, 7, 0.5, 0.5);
    };
    assert_eq!(broken(&part_below_none), ["not_monotone"]);
    assert_eq!(
        broken(&|trained| trained.made.sessions.iter_mut().for_each(|session| session.used = false)),
        ["no_session"]
    );
    let differ = |trained: &mut Trained| {
        trained.made.sessions[0].agreement.insert("born".into(), 0.1);
        trained.made.sessions[2].agreement.insert("born".into(), 0.9);
    };
    assert_eq!(broken(&differ), ["sessions_disagree"]);
}
