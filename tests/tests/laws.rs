//! The laws of the resolver over six departments' files of an invented county, read as a node reads them: no order of
//! arrival, no batching and nothing that was taken back leaves a trace in who is one entity and what stands of it.

#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::OnceLock;
use yibiao_record::{
    ChangeKind, Decision, DecisionKind, DecisionSeq, EntityId, EntityKind, Op, SourceKey, Submission,
};
use yibiao_resolve::world::{Assignment, Settings, World, WorldInput};
use yibiao_synth::{County, Noise, Plan};
use yibiao_tests::arrival::Arrival;
use yibiao_tests::departments::Folder;
use yibiao_tests::history::{History, decision};
use yibiao_tests::picture::Picture;

const HOUSEHOLDS: u32 = 150;
const ORDERS: u64 = 24;
/// Batches of at most 2^8 events: about a quarter of the history.
const BATCH_BITS_MAX: usize = 8;

struct Case {
    history: History,
    at_once: Picture,
    standing: BTreeMap<SourceKey, Submission>,
}

fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let plan = Plan { households: HOUSEHOLDS, seed: 7, noise: Noise::mid(), traps: true };
        let folder = tempfile::tempdir().unwrap();
        County::generate(&plan).write(folder.path()).unwrap();
        let history = History::of(&Folder::read(folder.path()).unwrap(), 1).unwrap();
        let (world, standing) = history.one_shot().unwrap();
        let at_once = Picture::of(&world, &standing);
        Case { history, at_once, standing }
    })
}

fn world() -> World {
    let (world, _) = case().history.one_shot().unwrap();
    world
}

fn decide(world: &mut World, kind: DecisionKind, seq: u64) {
    world.apply(&[WorldInput::Decision(&decision((kind, seq)))]);
}

#[test]
fn the_history_holds_what_the_laws_are_about() {
    let Case { history, standing, .. } = case();
    let of_op = |op| history.messages.iter().filter(|message| message.op == op).count();
    assert!(of_op(Op::End) > 5 && of_op(Op::Retract) > 5, "{} and {}", of_op(Op::End), of_op(Op::Retract));
    let updates = of_op(Op::Upsert).saturating_sub(standing.len());
    assert!(updates > 20, "{updates} updates");
    let late = history.messages.iter().filter(|message| {
        standing.get(&message.key).is_some_and(|standing| message.version < standing.version)
    });
    assert!(late.count() > 5, "messages that a newer one overrules");
    for kind in EntityKind::ALL {
        let links = |one: &Decision| matches!(&one.kind, DecisionKind::Link(of, ..) if *of == kind);
        let unlinks = |one: &Decision| matches!(&one.kind, DecisionKind::Unlink(of, ..) if *of == kind);
        assert!(history.in_force().iter().any(links), "{}", kind.name());
        assert!(history.in_force().iter().any(unlinks), "{}", kind.name());
    }
    assert!(world().reviews(EntityKind::Person).len() > 1);
    assert!(history.in_force().iter().any(|one| matches!(one.kind, DecisionKind::Pin(..))));
    assert!(history.decisions.iter().any(|one| matches!(one.kind, DecisionKind::TakeBack(_))));
}

#[test]
fn any_order_and_any_batching_give_what_one_batch_of_what_remains_gives() {
    let Case { history, at_once, .. } = case();
    assert!(at_once.numbers_fit());
    for seed in 0..ORDERS {
        let arrived = Arrival::random(history, seed, BATCH_BITS_MAX).play(history).unwrap();
        let picture = Picture::of(&arrived.world, &arrived.standing);
        let differing = picture.differing(at_once);
        assert_eq!(&picture, at_once, "order {seed}, {} batches, {differing} entities", arrived.batches);
        assert!(picture.numbers_fit(), "order {seed}");
    }
}

#[test]
fn the_steps_of_any_arrival_tell_the_entities_that_there_are() {
    let Case { history, .. } = case();
    for seed in 0..3 {
        let arrived = Arrival::random(history, seed, BATCH_BITS_MAX).play(history).unwrap();
        let there: BTreeMap<EntityId, Vec<SourceKey>> = EntityKind::ALL
            .iter()
            .flat_map(|kind| arrived.world.entities(*kind))
            .map(|entity| (entity, arrived.world.members(entity)))
            .collect();
        assert_eq!(arrived.told, there, "order {seed}");
    }
}

#[test]
fn what_is_unlinked_and_taken_back_is_as_before() {
    let Case { at_once, standing, .. } = case();
    let mut world = world();
    for (kind, seq) in EntityKind::ALL.into_iter().zip((1_000..).step_by(10)) {
        let largest = world.entities(kind).max_by_key(|entity| world.members(*entity).len()).unwrap();
        let members = world.members(largest);
        let [first, .., last] = members.as_slice() else { panic!("no {} has two members", kind.name()) };
        decide(&mut world, DecisionKind::Unlink(kind, first.clone(), last.clone()), seq);
        assert_ne!(world.entity_of(kind, first), world.entity_of(kind, last));
        assert_ne!(&Picture::of(&world, standing), at_once);
        decide(&mut world, DecisionKind::TakeBack(DecisionSeq(seq)), seq + 1);
        assert_eq!(&Picture::of(&world, standing), at_once, "{}", kind.name());
        assert_eq!(world.members(largest), members, "the entity keeps its number");
    }
}

#[test]
fn what_is_linked_and_taken_back_is_as_before() {
    let Case { at_once, standing, .. } = case();
    let mut world = world();
    for (kind, seq) in EntityKind::ALL.into_iter().zip((1_000..).step_by(10)) {
        let ends: Vec<EntityId> =
            [world.entities(kind).next(), world.entities(kind).last()].into_iter().flatten().collect();
        let members: Vec<SourceKey> =
            ends.iter().flat_map(|entity| world.members(*entity).into_iter().next()).collect();
        let [one, other] = members.as_slice() else { panic!("there is no second {}", kind.name()) };
        decide(&mut world, DecisionKind::Link(kind, one.clone(), other.clone()), seq);
        assert_eq!(world.entity_of(kind, one), world.entity_of(kind, other));
        decide(&mut world, DecisionKind::TakeBack(DecisionSeq(seq)), seq + 1);
        assert_eq!(&Picture::of(&world, standing), at_once, "{}", kind.name());
    }
}

#[test]
fn a_world_started_from_what_was_told_takes_no_step_and_is_the_same() {
    let Case { history, at_once, .. } = case();
    let arrived = Arrival::random(history, 99, BATCH_BITS_MAX).play(history).unwrap();
    let next: Vec<(EntityKind, u64)> =
        EntityKind::ALL.iter().map(|kind| (*kind, arrived.world.next_number(*kind))).collect();
    let assignments =
        arrived.told.iter().map(|(entity, members)| Assignment { entity: *entity, members: members.clone() });
    let mut restored = World::new(Settings::shipped()).unwrap();
    let rows = arrived.standing.values().cloned();
    let steps = restored.restore(rows, assignments, &next, &history.decisions);
    assert_eq!(steps, []);
    assert_eq!(&Picture::of(&restored, &arrived.standing), at_once);
    for (kind, next) in next {
        assert_eq!(restored.next_number(kind), next);
    }
    for (entity, members) in &arrived.told {
        assert_eq!(&restored.members(*entity), members);
    }
}

#[test]
fn what_comes_a_second_time_regroups_nothing() {
    let Case { history, at_once, standing } = case();
    let mut world = world();
    let rows = standing.values().map(|submission| WorldInput::Record { submission });
    let inputs: Vec<WorldInput<'_>> =
        rows.chain(history.decisions.iter().map(WorldInput::Decision)).collect();
    for (size, what) in [(inputs.len(), "at once"), (50, "in batches")] {
        for batch in inputs.chunks(size) {
            let steps = world.apply(batch);
            assert!(steps.iter().all(|step| step.kind == ChangeKind::Updated), "{what}");
        }
        assert_eq!(&Picture::of(&world, standing), at_once, "{what}");
    }
}

#[test]
fn a_row_that_came_and_was_retracted_leaves_no_trace() {
    let Case { at_once, standing, .. } = case();
    let mut world = world();
    let twin = |row: &Submission, op| {
        let local = format!("{}-again", row.key.local).into();
        Submission {
            key: SourceKey { local, ..row.key.clone() },
            op,
            version: row.version + i64::from(op != Op::Upsert),
            ..row.clone()
        }
    };
    for op in [Op::Upsert, Op::Retract] {
        let rows: Vec<Submission> = standing.values().step_by(9).map(|row| twin(row, op)).collect();
        let inputs: Vec<WorldInput<'_>> =
            rows.iter().map(|submission| WorldInput::Record { submission }).collect();
        world.apply(&inputs);
        assert_eq!(&Picture::of(&world, standing) == at_once, op == Op::Retract);
    }
}
