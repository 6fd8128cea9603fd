//! The laws of the engine, over small sets that collide a lot.

use crate::{
    Condition, Cuts, Effect, Engine, Features, Field, FieldSpec, GroupModel, Input, KeySpec, Kind, Model,
    RuleSpec, Ruling, Spec, WithinModel,
    plan::Plan,
    score::{Scorer, Values},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use yibiao_record::{SourceKey, SystemId};

/// A spec with tiny caps, so that blocks cross them all the time.
fn spec() -> Spec {
    let fields = vec![
        FieldSpec { swaps_with: Some("family".into()), ..FieldSpec::new("given", Kind::GivenName) },
        FieldSpec::new("family", Kind::FamilyName),
        FieldSpec::new("born", Kind::Date),
        FieldSpec::new("phone", Kind::Phone).in_group("home"),
        FieldSpec::new("street", Kind::Address).in_group("home"),
        FieldSpec::new("id", Kind::IdNumber),
    ];
    let key = |on: &str| KeySpec::new(on).unwrap();
    let keys = vec![
        key("phone"),
        key("given + family").refined_by("born.year").unwrap().individuating(),
        key("born").refined_by("family").unwrap().refined_by("given.first1").unwrap(),
        key("id").individuating(),
        key("street.word + given.first1"),
    ];
    let when = vec![Condition { field: "id".into(), levels: vec!["else".into()] }];
    let ask = vec![
        Condition { field: "id".into(), levels: vec!["exact".into()] },
        Condition { field: "given".into(), levels: vec!["else".into(), "missing".into()] },
    ];
    Spec {
        rules: vec![RuleSpec { when, effect: Effect::Veto }, RuleSpec { when: ask, effect: Effect::Review }],
        cap: 3,
        cuts: Cuts { weak: -4_000, review: -3_000, auto: 0, ..Cuts::default() },
        ..Spec::new(fields, keys)
    }
}

fn engine() -> Engine {
    let spec = spec();
    let model = Model { prior: -8_000, ..Model::default_for(&spec) };
    Engine::new(spec, model).unwrap()
}

fn key(number: u8) -> SourceKey {
    let system = if number.is_multiple_of(2) { "AA" } else { "BB" };
    SourceKey { system: SystemId::new(system).unwrap(), local: format!("{number}").into() }
}

const WORDS: [[&str; 4]; 6] = [
    ["anna", "annah", "bert", "king"],
    ["king", "kings", "lima", "anna"],
    ["1988-05-03", "1988-03-05", "1988", "1951-01-01"],
    ["12345678", "12345679", "5550000", "5550001"],
    ["long road", "long street", "hill street", "road"],
    ["7001", "7001", "7002", "9999"],
];

fn features(choice: &[u8; 6]) -> Features {
    let mut features = Features::new();
    for (field, (words, choice)) in WORDS.iter().zip(choice).enumerate() {
        // Choices beyond the words are a missing value.
        if let Some(word) = words.get(usize::from(*choice)) {
            features.push(Field(u8::try_from(field).unwrap()), *word);
        }
    }
    features
}

fn input() -> impl Strategy<Value = Input> {
    let record = 0u8..14;
    prop_oneof![
        10 => (record.clone(), choice()).prop_map(|(record, choice)| Input::Upsert(key(record), features(&choice))),
        3 => record.clone().prop_map(|record| Input::Remove(key(record))),
        1 => (record.clone(), record.clone()).prop_map(|(a, b)| Input::Rule(key(a), key(b), Ruling::Link)),
        1 => (record.clone(), record.clone()).prop_map(|(a, b)| Input::Rule(key(a), key(b), Ruling::Unlink)),
        1 => (record.clone(), record).prop_map(|(a, b)| Input::TakeBack(key(a), key(b))),
    ]
}

/// What a history leaves: the live records and the rulings in force, as inputs.
fn remains(history: &[Input]) -> Vec<Input> {
    let (mut records, mut rulings) = (BTreeMap::new(), BTreeMap::new());
    let pair = |a: &SourceKey, b: &SourceKey| (a.min(b).clone(), a.max(b).clone());
    for input in history {
        match input {
            Input::Upsert(key, features) => drop(records.insert(key.clone(), features.clone())),
            Input::Remove(key) => drop(records.remove(key)),
            Input::Rule(a, b, ruling) if a != b => drop(rulings.insert(pair(a, b), *ruling)),
            Input::Rule(..) => {}
            Input::TakeBack(a, b) => drop(rulings.remove(&pair(a, b))),
        }
    }
    let records = records.into_iter().map(|(key, features)| Input::Upsert(key, features));
    records.chain(rulings.into_iter().map(|((a, b), ruling)| Input::Rule(a, b, ruling))).collect()
}

fn one_shot(inputs: &[Input]) -> Engine {
    let mut engine = engine();
    engine.apply(inputs.to_vec());
    engine
}

/// A model in which a home agrees and changes what names weigh.
fn model_of_homes(spec: &Spec) -> Model {
    let within = [("given", vec![4_000, 3_000, 2_000, 1_000, 0, 0, -3_000]), ("family", vec![500; 7])];
    let within = within.map(|(field, bits)| (field.into(), WithinModel { bits, rarity: false }));
    let home = GroupModel { agrees_from: 9_000, bits: 7_500, within: within.into() };
    Model { prior: -8_000, groups: [("home".into(), home)].into(), ..Model::default_for(spec) }
}

fn choice() -> impl Strategy<Value = [u8; 6]> {
    prop::array::uniform6(prop_oneof![4 => 0u8..2, 2 => 2u8..4, 1 => Just(9u8)])
}

proptest! {
    #[test]
    fn giving_a_pair_up_early_changes_no_edge(a in choice(), b in choice(), homes in any::<bool>(), weak in -9_000i32..9_000) {
        let mut spec = spec();
        spec.cuts.weak = weak;
        let model = if homes { model_of_homes(&spec) } else { Model::default_for(&spec) };
        let plan = Plan::new(&spec, &model).unwrap();
        let (mut values, mut scorer) = (Values::new(&plan), Scorer::new(&plan));
        let [a, b] = [a, b].map(|choice| values.pack(&plan, &features(&choice)));
        let whole = scorer.score(&plan, &values, &a, &b);
        let asked = matches!(whole.effect, Some(Effect::Review | Effect::Join));
        let expected = (whole.weight >= weak || asked).then_some(whole);
        prop_assert_eq!(scorer.edge(&plan, &values, &a, &b), expected);
        prop_assert_eq!(scorer.score(&plan, &values, &b, &a), whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_history_gives_the_partition_of_what_it_leaves(
        history in prop::collection::vec(input(), 0..60),
        batch in 1usize..12,
    ) {
        let mut engine = engine();
        let mut partition: Vec<Vec<SourceKey>> = Vec::new();
        for inputs in history.chunks(batch) {
            for regroup in engine.apply(inputs.to_vec()) {
                for cluster in &regroup.before {
                    let at = partition.iter().position(|held| held == cluster);
                    prop_assert!(at.is_some(), "a regroup starts from clusters that were");
                    partition.swap_remove(at.unwrap());
                }
                partition.extend(regroup.after);
            }
            partition.sort();
            prop_assert_eq!(&partition, &engine.partition());
        }
        let other = one_shot(&remains(&history));
        prop_assert_eq!(engine.partition(), other.partition());
        prop_assert_eq!(engine.reviews(), other.reviews());
        prop_assert_eq!(engine.statistics().edges, other.statistics().edges);
        prop_assert_eq!(engine.statistics().capped_blocks, other.statistics().capped_blocks);
    }

    #[test]
    fn the_order_of_arrival_changes_nothing(
        history in prop::collection::vec(input(), 0..40),
        seed in any::<u64>(),
        batch in 1usize..12,
    ) {
        let mut inputs = remains(&history);
        let partition = one_shot(&inputs).partition();
        let mut state = seed;
        for at in (1..inputs.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            inputs.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
        }
        let mut engine = engine();
        for inputs in inputs.chunks(batch) {
            engine.apply(inputs.to_vec());
        }
        prop_assert_eq!(engine.partition(), partition);
    }

    #[test]
    fn what_is_done_and_taken_back_leaves_no_trace(
        history in prop::collection::vec(input(), 0..40),
        more in prop::collection::vec(input(), 1..12),
    ) {
        let mut engine = one_shot(&history);
        let (partition, reviews) = (engine.partition(), engine.reviews());
        engine.apply(more.clone());
        // Undo: what `more` named goes back to what the history left.
        let mut undo = Vec::new();
        for input in &more {
            match input {
                Input::Upsert(key, _) | Input::Remove(key) => undo.push(Input::Remove(key.clone())),
                Input::Rule(a, b, _) | Input::TakeBack(a, b) => undo.push(Input::TakeBack(a.clone(), b.clone())),
            }
        }
        undo.extend(remains(&history));
        engine.apply(undo);
        prop_assert_eq!(engine.partition(), partition);
        prop_assert_eq!(engine.reviews(), reviews);
    }
}

#[test]
fn crossing_the_cap_and_back_leaves_no_trace() {
    let shared = features(&[9, 9, 9, 0, 9, 9]);
    let mut engine = engine();
    for record in 0..3 {
        engine.apply(vec![Input::Upsert(key(record), shared.clone())]);
    }
    let edges = engine.statistics().edges;
    assert_eq!(edges, 3, "three records share a phone");
    engine.apply(vec![Input::Upsert(key(3), shared.clone())]);
    assert_eq!(engine.statistics().edges, 0, "a fourth makes the phone generic");
    engine.apply(vec![Input::Remove(key(3))]);
    assert_eq!(engine.statistics().edges, edges);
}

#[test]
fn growth_does_not_part_records_of_an_individuating_key() {
    let same = features(&[0, 0, 0, 9, 9, 0]);
    let mut engine = engine();
    for record in 0..40 {
        engine.apply(vec![Input::Upsert(key(record), same.clone())]);
    }
    assert_eq!(engine.partition().len(), 1);
}

#[test]
fn a_removed_record_takes_its_bridge_with_it() {
    let mut engine = engine();
    let record = |number, choice| Input::Upsert(key(number), features(&choice));
    engine.apply(vec![
        record(0, [0, 0, 0, 9, 9, 9]),
        record(1, [0, 0, 0, 0, 9, 9]),
        record(2, [9, 9, 0, 0, 9, 9]),
    ]);
    let with = engine.partition();
    engine.apply(vec![Input::Remove(key(1))]);
    engine.apply(vec![record(1, [0, 0, 0, 0, 9, 9])]);
    assert_eq!(engine.partition(), with);
}
