//! What subscriptions see of a feed written by hand.

use super::*;
use yibiao_policy::Limits;
use yibiao_record::{CanonicalValue, EntityKind, Name, Rule, SubmissionSeq, SystemId};
use yibiao_schema::{Dictionary, element};
use yibiao_store::{Commit, EngineKind, Options, Store};

const AT: Timestamp = Timestamp(1_795_000_000);

fn entity(number: u64) -> EntityId {
    EntityId { kind: EntityKind::Person, number }
}

fn key(system: &str, local: &str) -> SourceKey {
    SourceKey { system: SystemId::new(system).unwrap(), local: local.into() }
}

fn value(element: ElementId, value: Value) -> (ElementId, Option<CanonicalValue>) {
    let system = SystemId::new("GA").unwrap();
    let chosen =
        CanonicalValue { value, source: SubmissionSeq(1), system, observed_at: AT, rule: Rule::Recency };
    (element, Some(chosen))
}

fn name(full: &str) -> (ElementId, Option<CanonicalValue>) {
    value(element::NAME, Value::Name(Name::plain(full)))
}

fn step(
    seq: u64,
    entity: EntityId,
    kind: ChangeKind,
    members: &[SourceKey],
    values: Vec<(ElementId, Option<CanonicalValue>)>,
) -> Change {
    let members = members.to_vec();
    Change { seq: ChangeSeq(seq), entity, kind, time: AT, members, values, relations: Vec::new() }
}

/// Two persons are one; the one that stays parts again.
fn feed() -> Vec<Change> {
    let (one, two, three) = (entity(1), entity(2), entity(3));
    let (ga, mz) = (key("GA", "a"), key("MZ", "b"));
    let employer = value(element::EMPLOYER, Value::Text("x".into()));
    vec![
        step(1, one, ChangeKind::Created, std::slice::from_ref(&ga), vec![name("甲")]),
        step(2, two, ChangeKind::Created, std::slice::from_ref(&mz), vec![name("乙")]),
        step(3, one, ChangeKind::Updated, &[ga.clone(), mz.clone()], vec![name("丙")]),
        step(4, two, ChangeKind::Merged { into: one }, &[], vec![]),
        step(5, one, ChangeKind::Updated, &[ga.clone(), mz.clone()], vec![employer]),
        step(6, three, ChangeKind::Split { from: one }, std::slice::from_ref(&mz), vec![name("乙")]),
        step(7, one, ChangeKind::Updated, std::slice::from_ref(&ga), vec![name("甲")]),
        step(8, three, ChangeKind::Retired, &[], vec![]),
    ]
}

fn store(changes: Vec<Change>) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { dir: folder.path().to_owned(), engine: EngineKind::Redb, cache_bytes: 1 << 20 };
    let store = Store::open(&options).unwrap();
    store.commit(&Commit { changes, ..Commit::default() }).unwrap();
    (folder, store)
}

fn policy(rest: &str) -> Policy {
    let text = format!(
        "version: 1\nsubscriptions:\n  - {{ id: s, subscriber: SJ, matter: 基础数据治理, purpose: p, legal_basis: [b], \
         approvers: [a], until: 2027-12-31, entities: [person], {rest} }}\n"
    );
    Policy::parse_yaml("test", &text, Dictionary::shipped(), Limits::shipped()).unwrap()
}

/// Kind of each event and what it leaves of the record, and the counts of what is not shown.
fn seen(policy: &Policy, changes: Vec<Change>, limit: usize) -> (Vec<String>, BTreeMap<RuleId, u64>) {
    seen_by(policy, changes, limit, usize::MAX)
}

fn seen_by(
    policy: &Policy,
    changes: Vec<Change>,
    limit: usize,
    events_max: usize,
) -> (Vec<String>, BTreeMap<RuleId, u64>) {
    let (_folder, store) = store(changes);
    let view = store.view().unwrap();
    let viewer = Viewer { policy, subscription: policy.subscription("s").unwrap(), at: AT };
    let (mut feed, mut events, mut filtered) = (EventFeed::default(), Vec::new(), BTreeMap::new());
    let mut at = 0;
    loop {
        let page = feed.page(&view, viewer, at, limit, events_max).unwrap();
        if page.upto == at {
            break;
        }
        at = page.upto;
        events.extend(page.events);
        for (_, rule) in page.filtered {
            *filtered.entry(rule).or_insert(0) += 1;
        }
    }
    let shown = events
        .iter()
        .map(|event| {
            let record = match &event.record {
                Some(record) => format!("{} members, {} values", record.members.len(), record.values.len()),
                None => "gone".to_owned(),
            };
            let changed = event.changed.len();
            format!("{} {} {}: {record}, {changed} changed", event.position, event.entity, event.kind.name())
        })
        .collect();
    (shown, filtered)
}

#[test]
fn every_change_is_an_event_or_counted_whatever_the_size_of_a_page() {
    let policy = policy("own_rows_only: false, members: true, elements: [name]");
    let (events, filtered) = seen(&policy, feed(), 100);
    assert_eq!(
        events,
        [
            "1 P-00000001 created: 1 members, 1 values, 1 changed",
            "2 P-00000002 created: 1 members, 1 values, 1 changed",
            "3 P-00000001 updated: 2 members, 1 values, 1 changed",
            "4 P-00000002 merged: gone, 1 changed",
            "6 P-00000003 split: 1 members, 1 values, 1 changed",
            "7 P-00000001 updated: 1 members, 1 values, 1 changed",
            "8 P-00000003 retired: gone, 1 changed",
        ]
    );
    assert_eq!(filtered, BTreeMap::from([(RuleId::NotSubscribed, 1)]), "the employer");
    for limit in [1, 3] {
        assert_eq!(seen(&policy, feed(), limit), (events.clone(), filtered.clone()));
        assert_eq!(seen_by(&policy, feed(), 100, limit), (events.clone(), filtered.clone()));
    }
}

#[test]
fn whoever_is_not_entitled_to_members_is_told_of_none() {
    let policy = policy("own_rows_only: false, elements: [name]");
    let (events, _) = seen(&policy, feed(), 100);
    assert!(events.iter().all(|event| event.contains("gone") || event.contains(" 0 members")), "{events:?}");
}

#[test]
fn an_entity_that_enters_the_view_is_created_and_one_that_leaves_it_is_retired() {
    let policy =
        policy("own_rows_only: false, elements: [name, employer], population: { present: [employer] }");
    let mut changes = feed();
    changes.truncate(5);
    changes.push(step(6, entity(1), ChangeKind::Updated, &[key("GA", "a")], vec![(element::EMPLOYER, None)]));
    let (events, filtered) = seen(&policy, changes, 100);
    assert_eq!(
        events,
        ["5 P-00000001 created: 0 members, 2 values, 2 changed", "6 P-00000001 retired: gone, 2 changed"]
    );
    assert_eq!(filtered, BTreeMap::from([(RuleId::OutsidePopulation, 4)]));
}

#[test]
fn a_table_kept_by_the_rule_equals_the_snapshot_at_every_position() {
    let policy = policy("own_rows_only: false, members: true, elements: [name, employer]");
    let (_folder, store) = store(feed());
    let view = store.view().unwrap();
    let viewer = Viewer { policy: &policy, subscription: policy.subscription("s").unwrap(), at: AT };
    let mut table: BTreeMap<EntityId, EventRecord> = BTreeMap::new();
    let mut pages = EventFeed::default();
    for upto in 1..=8 {
        for event in pages.page(&view, viewer, upto - 1, 1, 1).unwrap().events {
            match event.record {
                Some(record) => table.insert(event.entity, record),
                None => table.remove(&event.entity),
            };
        }
        let mut snapshot = BTreeMap::new();
        let (mut feed, mut after) = (EventFeed::default(), None);
        loop {
            let (events, more) = feed.snapshot(&view, viewer, upto, after, 2).unwrap();
            snapshot.extend(events.into_iter().map(|event| (event.entity, event.record.unwrap())));
            after = more;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(table, snapshot, "at {upto}");
    }
}

#[test]
fn a_page_that_is_cut_leaves_the_rest_to_the_next() {
    let policy = policy("own_rows_only: false, elements: [name]");
    let (_folder, store) = store(feed());
    let view = store.view().unwrap();
    let viewer = Viewer { policy: &policy, subscription: policy.subscription("s").unwrap(), at: AT };
    let mut pages = EventFeed::default();
    let whole = pages.page(&view, viewer, 0, 100, 100).unwrap();
    for at in 0..=whole.events.len() {
        let mut first = whole.clone();
        first.cut(at);
        let rest = pages.page(&view, viewer, first.upto, 100, 100).unwrap();
        assert_eq!([first.events, rest.events].concat(), whole.events, "cut at {at}");
        assert_eq!([first.filtered, rest.filtered].concat(), whole.filtered, "cut at {at}");
    }
}
