//! Laws and examples of the world.

use super::*;
use crate::department::fixture::{Made, key, row, whole_id};
use proptest::prelude::*;
use std::collections::BTreeMap;
use yibiao_record::{DecisionKind, DecisionSeq, Name, Op, Role, Timestamp, Value};
use yibiao_schema::element;

fn world() -> World {
    World::new(Settings::shipped()).unwrap()
}

fn give(world: &mut World, rows: &[Made]) -> Vec<Step> {
    let inputs: Vec<WorldInput<'_>> =
        rows.iter().map(|made| WorldInput::Record { submission: &made.0 }).collect();
    world.apply(&inputs)
}

fn decision(seq: u64, kind: DecisionKind) -> Decision {
    Decision {
        seq: DecisionSeq(seq),
        kind,
        actor: "steward".into(),
        reason: "seen".into(),
        at: Timestamp(5_000),
    }
}

fn decide(world: &mut World, seq: u64, kind: DecisionKind) -> Vec<Step> {
    world.apply(&[WorldInput::Decision(&decision(seq, kind))])
}

/// The partition of all kinds, without numbers.
fn partition(world: &World) -> Vec<Vec<Vec<SourceKey>>> {
    EntityKind::ALL.iter().map(|kind| world.engine(*kind).partition()).collect()
}

/// Each member's entity as the steps told it.
fn told(steps: &[Step], state: &mut BTreeMap<EntityId, Vec<SourceKey>>) {
    for step in steps {
        if step.members.is_empty() {
            state.remove(&step.entity);
        } else {
            state.insert(step.entity, step.members.clone());
        }
    }
}

fn person(world: &World, at: &str) -> EntityId {
    world.entity_of(EntityKind::Person, &key(at)).unwrap()
}

fn woman() -> Vec<Made> {
    let id = whole_id("99010119500619022");
    let at = |at: &str| row(at, "冉琇英").id(&id).sex("2").born("1950-06-19").home("桃花村", "3", "12");
    vec![
        at("GA:1").household("H1", "冉琇英", "02").house("D1"),
        at("MZ:1").household("M1", "冉琇英", "01").at(900),
        row("ZJ:Z1", "冉琇英").id("990101195006190").home("桃花村", "3", "12").house("Z1"),
    ]
}

#[test]
fn a_person_has_her_household_and_her_house_with_roles() {
    let mut world = world();
    give(&mut world, &woman());
    let relations = world.relations(person(&world, "GA:1"));
    let roles: Vec<(Role, &str)> =
        relations.iter().map(|relation| (relation.role, relation.system.as_str())).collect();
    assert_eq!(
        roles,
        [
            (Role::MemberOf, "GA"),
            (Role::MemberOf, "MZ"),
            (Role::HeadOf, "GA"),
            (Role::HeadOf, "MZ"),
            (Role::LivesIn, "GA"),
            (Role::Owns, "ZJ"),
        ]
    );
    let household = relations.iter().find(|relation| relation.role == Role::MemberOf).unwrap().to;
    assert_eq!(world.members(household), [key("GA:H1"), key("MZ:M1")]);
    assert_eq!(world.rows(household), [key("GA:1"), key("MZ:1")]);
    assert!(world.relations(household).iter().any(|relation| relation.role == Role::LivesIn));
    let house = world.entity_of_row(EntityKind::Dwelling, &key("GA:1")).unwrap();
    assert_eq!(world.members(house), [key("GA:D1"), key("ZJ:Z1")]);
}

#[test]
fn an_ended_row_stays_evidence_and_gives_no_relation() {
    let mut world = world();
    give(&mut world, &woman());
    let before = person(&world, "GA:1");
    let ended = woman().remove(0).op(Op::End);
    give(&mut world, &[ended]);
    assert_eq!(person(&world, "GA:1"), before);
    assert!(world.relations(before).iter().all(|relation| relation.system.as_str() != "GA"));
}

#[test]
fn a_retracted_row_leaves_and_an_entity_without_rows_retires() {
    let mut world = world();
    give(&mut world, &woman());
    let entity = person(&world, "GA:1");
    for made in woman().into_iter().take(2) {
        give(&mut world, &[made.op(Op::Retract)]);
    }
    assert_eq!(world.members(entity), [key("ZJ:Z1")]);
    let steps = give(&mut world, &[woman().remove(2).op(Op::Retract)]);
    let of_person = steps.iter().find(|step| step.entity == entity).unwrap();
    assert_eq!((of_person.kind.clone(), of_person.members.len()), (ChangeKind::Retired, 0));
    assert_eq!(world.entities(EntityKind::Person).count(), 0);
}

#[test]
fn an_unlink_splits_and_taking_it_back_restores_the_partition() {
    let mut world = world();
    give(&mut world, &woman());
    let before = partition(&world);
    let entity = person(&world, "GA:1");
    let steps = decide(&mut world, 1, DecisionKind::Unlink(EntityKind::Person, key("GA:1"), key("MZ:1")));
    assert!(steps.iter().any(|step| step.kind == ChangeKind::Split { from: entity }));
    assert_ne!(person(&world, "GA:1"), person(&world, "MZ:1"));
    let steps = decide(&mut world, 2, DecisionKind::TakeBack(DecisionSeq(1)));
    assert!(steps.iter().any(|step| step.kind == ChangeKind::Merged { into: entity }));
    assert_eq!(partition(&world), before);
    assert_eq!(person(&world, "MZ:1"), entity);
}

#[test]
fn of_two_decisions_on_a_pair_the_later_stands_whichever_came_first() {
    let link = DecisionKind::Link(EntityKind::Person, key("GA:1"), key("GA:2"));
    let unlink = DecisionKind::Unlink(EntityKind::Person, key("GA:2"), key("GA:1"));
    let rows = [row("GA:1", "张德福").born("1953-02-11"), row("GA:2", "张富贵").born("1979-08-30")];
    for order in [[0, 1], [1, 0]] {
        let mut world = world();
        give(&mut world, &rows);
        let decisions = [decision(1, unlink.clone()), decision(2, link.clone())];
        for at in order {
            world.apply(&[WorldInput::Decision(&decisions[at])]);
        }
        assert_eq!(person(&world, "GA:1"), person(&world, "GA:2"));
        decide(&mut world, 3, DecisionKind::TakeBack(DecisionSeq(2)));
        assert_ne!(person(&world, "GA:1"), person(&world, "GA:2"));
    }
}

#[test]
fn a_pin_touches_its_entity_and_is_forgotten_when_taken_back() {
    let mut world = world();
    give(&mut world, &woman());
    let entity = person(&world, "MZ:1");
    let value = Value::Name(Name::plain("冉秀英"));
    let pin = DecisionKind::Pin(EntityKind::Person, key("MZ:1"), element::NAME, value.clone());
    let steps = decide(&mut world, 1, pin);
    assert_eq!(steps.iter().map(|step| step.entity).collect::<Vec<_>>(), [entity]);
    assert_eq!(world.pins(entity).iter().map(|pin| &pin.value).collect::<Vec<_>>(), [&value]);
    decide(&mut world, 2, DecisionKind::TakeBack(DecisionSeq(1)));
    assert_eq!(world.pins(entity), []);
}

/// A small village, in which names, telephones and houses repeat and some rows lack their id.
fn villagers(count: u8) -> Vec<Made> {
    let names =
        ["冉琇英", "冉秀英", "王桂英", "王桂英", "张伟", "张伟", "向文海", "向文河", "田小凤", "李红梅"];
    let mut rows = Vec::new();
    for at in 0..count {
        let who = usize::from(at) % names.len();
        let (year, house) = (1950 + 3 * who, (at % 4).to_string());
        let id = whole_id(&format!("990101{year}06{:02}0{:02}", 10 + who, who));
        let system = ["GA", "MZ", "WJ", "YJ", "NY", "ZJ"][usize::from(at) % 6];
        let made = row(&format!("{system}:{at}"), names[who])
            .sex(if who.is_multiple_of(2) { "2" } else { "1" })
            .born(&format!("{year}-06-{:02}", 10 + who))
            .phone(&format!("1990000{:04}", who / 2))
            .home("桃花村", &(who % 3).to_string(), &house);
        let made = if at.is_multiple_of(3) { made } else { made.id(&id) };
        let made = if system == "GA" || system == "NY" {
            made.household(&format!("H{house}"), names[who], "02")
        } else {
            made
        };
        rows.push(if system == "GA" { made.house(&format!("D{house}")) } else { made });
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_order_and_batching_give_the_partition_of_one_batch(
        order in Just((0..30usize).collect::<Vec<_>>()).prop_shuffle(), batch in 1usize..12, gone in 0usize..8,
    ) {
        let rows = villagers(30);
        let mut shuffled: Vec<Made> = order.iter().map(|at| rows[*at].clone()).collect();
        // Rows that come and go again leave nothing behind.
        let extra: Vec<Made> = (0..gone).map(|at| rows[at].clone()).collect();
        let extra: Vec<Made> = extra.into_iter().map(|mut made| { made.0.key.local = format!("{}x", made.0.key.local).into(); made }).collect();
        let mut at_once = world();
        give(&mut at_once, &rows);
        let mut streamed = world();
        let mut state = BTreeMap::new();
        told(&give(&mut streamed, &extra), &mut state);
        let withdrawn: Vec<Made> = extra.into_iter().map(|made| made.op(Op::Retract)).collect();
        let middle = shuffled.len() / 2;
        shuffled.splice(middle..middle, withdrawn);
        for run in shuffled.chunks(batch) {
            told(&give(&mut streamed, run), &mut state);
        }
        prop_assert_eq!(partition(&streamed), partition(&at_once));
        for kind in EntityKind::ALL {
            prop_assert_eq!(streamed.reviews(kind), at_once.reviews(kind));
            let live: Vec<EntityId> = streamed.entities(kind).collect();
            let of_kind: Vec<EntityId> = state.keys().copied().filter(|entity| entity.kind == kind).collect();
            prop_assert_eq!(&live, &of_kind);
        }
        for (entity, members) in &state {
            prop_assert_eq!(&streamed.members(*entity), members);
        }
    }

    #[test]
    fn a_restored_world_is_the_world_that_was(
        order in Just((0..30usize).collect::<Vec<_>>()).prop_shuffle(), batch in 1usize..12, split in prop::bool::ANY,
    ) {
        let rows = villagers(30);
        let decisions = if split {
            vec![decision(1, DecisionKind::Unlink(EntityKind::Person, rows[0].0.key.clone(), rows[10].0.key.clone()))]
        } else {
            Vec::new()
        };
        let mut running = world();
        for run in order.chunks(batch) {
            let run: Vec<Made> = run.iter().map(|at| rows[*at].clone()).collect();
            give(&mut running, &run);
        }
        for decision in &decisions {
            running.apply(&[WorldInput::Decision(decision)]);
        }
        let assignments: Vec<Assignment> = EntityKind::ALL
            .iter()
            .flat_map(|kind| running.entities(*kind))
            .map(|entity| Assignment { entity, members: running.members(entity) })
            .collect();
        let next: Vec<(EntityKind, u64)> =
            EntityKind::ALL.iter().map(|kind| (*kind, running.next_number(*kind))).collect();
        let mut restored = world();
        let steps = restored.restore(
            rows.iter().map(|made| made.0.clone()), assignments.iter().cloned(), &next, &decisions,
        );
        prop_assert_eq!(steps, []);
        prop_assert_eq!(partition(&restored), partition(&running));
        for Assignment { entity, members } in assignments {
            prop_assert_eq!(&restored.members(entity), &members);
            prop_assert_eq!(restored.relations(entity), running.relations(entity));
            prop_assert_eq!(restored.rows(entity), running.rows(entity));
        }
        for (kind, next) in next {
            prop_assert_eq!(restored.next_number(kind), next);
        }
    }
}

#[test]
fn a_partition_that_a_new_model_changed_is_told_as_steps_on_start() {
    let mut running = world();
    give(&mut running, &woman());
    let assignments: Vec<Assignment> = vec![
        Assignment { entity: EntityId { kind: EntityKind::Person, number: 4 }, members: vec![key("GA:1")] },
        Assignment {
            entity: EntityId { kind: EntityKind::Person, number: 7 },
            members: vec![key("MZ:1"), key("ZJ:Z1")],
        },
    ];
    let mut restored = world();
    let rows = woman().into_iter().map(|made| made.0);
    let steps = restored.restore(rows, assignments.into_iter(), &[(EntityKind::Person, 9)], &[]);
    let told: Vec<(u64, &str)> = steps
        .iter()
        .filter(|step| step.entity.kind == EntityKind::Person)
        .map(|step| (step.entity.number, step.kind.name()))
        .collect();
    assert_eq!(told, [(4, "merged"), (7, "updated")]);
}
