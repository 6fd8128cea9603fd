//! Dead letters through a receiver that refuses what it is told to.

use super::*;
use crate::dispatch::{Dispatch, EventDelivery};
use crate::page::SharedFeed;
use crate::testing;
use proptest::prelude::*;
use std::time::Duration;
use yibiao_contract::{Delivery, EdgeError, EventBatch, FeedMark, Finding, Outcome};
use yibiao_policy::{Limits, Policy};
use yibiao_record::Value;
use yibiao_record::{
    CanonicalValue, Change, ChangeKind, EntityId, EntityKind, Name, Rule, SubmissionSeq, SystemId,
};
use yibiao_schema::{Dictionary, element};
use yibiao_store::{EngineKind, Options};

const AT: Timestamp = Timestamp(1_795_000_000);

/// Refuses the events at some positions, and keeps the others in the order in which they come.
#[derive(Debug, Default)]
struct Picky {
    refuses: BTreeSet<u64>,
    got: Vec<u64>,
}

impl EventAdapter for Picky {
    fn delivery(&self) -> Delivery {
        Delivery::Upsert
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn last_applied(&mut self) -> Result<Option<FeedMark>, EdgeError> {
        Ok(None)
    }

    async fn write(&mut self, batch: &EventBatch) -> Result<Vec<Outcome>, EdgeError> {
        let take = |event: &ChangeEvent| {
            if self.refuses.contains(&event.position) {
                return Outcome::Reject("the receiver says no".to_owned());
            }
            self.got.push(event.position);
            Outcome::Delivered
        };
        Ok(batch.events.iter().map(take).collect())
    }

    fn letter(&self, event: &ChangeEvent) -> Letter {
        Letter { body: vec![0, 255, u8::try_from(event.position).unwrap()], ..Letter::default() }
    }
}

/// A node with a feed of one-letter names, and its one receiver.
struct Desk {
    _folder: tempfile::TempDir,
    options: Options,
    policy: Policy,
    node: Option<Node>,
    delivery: EventDelivery<Picky>,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let options =
            Options { dir: folder.path().to_owned(), engine: EngineKind::Redb, cache_bytes: 1 << 20 };
        let text = "version: 1\nsubscriptions:\n  - { id: s, subscriber: SJ, matter: 基础数据治理, purpose: p, legal_basis: [b], \
                    approvers: [a], until: 2027-12-31, entities: [person], own_rows_only: false, elements: [name] }\n";
        let policy = Policy::parse_yaml("test", text, Dictionary::shipped(), Limits::shipped()).unwrap();
        let delivery = EventDelivery { subscription: "s".into(), adapter: Picky::default() };
        let mut desk = Desk { _folder: folder, options, policy, node: None, delivery };
        desk.open();
        desk
    }

    /// Opens the node anew, as after a crash.
    fn open(&mut self) {
        self.node = None;
        self.node = Some(testing::open(&self.options, &self.policy));
    }

    fn node(&mut self) -> &mut Node {
        self.node.as_mut().unwrap()
    }

    /// The person of a number has a name, for the first time or again.
    fn publish(&mut self, numbers: &[u64]) {
        for number in numbers {
            let view = self.node().store.view().unwrap();
            let seq = ChangeSeq(view.last().change.0 + 1);
            let entity = EntityId { kind: EntityKind::Person, number: *number };
            let new = view.changes(..).all(|change| change.unwrap().entity != entity);
            let system = SystemId::new("GA").unwrap();
            let value = Value::Name(Name::plain(&format!("甲{seq}")));
            let source = SubmissionSeq(1);
            let chosen = CanonicalValue { value, source, system, observed_at: AT, rule: Rule::Recency };
            let kind = if new { ChangeKind::Created } else { ChangeKind::Updated };
            let change = Change {
                seq,
                entity,
                kind,
                time: AT,
                members: Vec::new(),
                values: vec![(element::NAME, Some(chosen))],
                relations: Vec::new(),
            };
            drop(view);
            self.node().store.commit(&Commit { changes: vec![change], ..Commit::default() }).unwrap();
        }
    }

    /// Everything goes on that can, as in a run that ends.
    fn run(&mut self) {
        let dispatch = Dispatch {
            policy: self.policy.clone(),
            feed: SharedFeed::default(),
            clock: || AT,
            poll: Duration::ZERO,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let Desk { node, delivery, .. } = self;
        runtime.block_on(dispatch.finish(delivery, node.as_mut().unwrap())).unwrap();
    }

    fn letters(&mut self) -> Vec<DeadLetter> {
        self.node().dead_letters(&Selection::default(), 100).unwrap().0
    }

    fn replay(&mut self) -> usize {
        self.node().replay_dead_letters(&Selection::default(), "someone", AT).unwrap()
    }

    /// Delivered, dead, purged and pending, which leave no gap.
    fn counts(&mut self) -> [u64; 4] {
        let account = self.node().accounts().unwrap().remove(0);
        assert_eq!(account.gap(), 0, "{account:?}");
        [account.delivered, account.dead, account.purged, account.pending]
    }
}

#[test]
fn what_a_receiver_refuses_is_kept_with_its_bytes_until_the_receiver_has_it() {
    let mut desk = Desk::new();
    desk.publish(&[1, 2, 3]);
    desk.delivery.adapter.refuses = [2].into();
    desk.run();
    desk.open();
    let [letter] = <[_; 1]>::try_from(desk.letters()).unwrap();
    assert_eq!((letter.at, &*letter.subscription, &*letter.code), (ChangeSeq(2), "s", REFUSED));
    assert_eq!((&*letter.body, &*letter.reason), (&[0, 255, 2][..], "the receiver says no"));
    assert_eq!(desk.counts(), [2, 1, 0, 0]);
    // Refused once more, it is what it was, and not marked.
    assert_eq!(desk.replay(), 1);
    desk.run();
    assert_eq!(desk.letters(), [DeadLetter { refused: 2, ..letter }]);
    assert_eq!(desk.counts(), [2, 1, 0, 0]);
    desk.delivery.adapter.refuses.clear();
    desk.run();
    assert_eq!(desk.delivery.adapter.got, [1, 3], "nobody asked for it");
    assert_eq!(desk.replay(), 1);
    desk.open();
    desk.run();
    assert_eq!(desk.delivery.adapter.got, [1, 3, 2]);
    assert_eq!(desk.letters(), []);
    assert_eq!(desk.counts(), [3, 0, 0, 0]);
}

#[test]
fn an_older_event_never_follows_a_later_one_of_its_entity() {
    let mut desk = Desk::new();
    desk.publish(&[1, 1, 2, 2]);
    desk.delivery.adapter.refuses = [1, 3, 4].into();
    desk.run();
    desk.delivery.adapter.refuses.clear();
    desk.replay();
    desk.run();
    assert_eq!(desk.delivery.adapter.got, [2, 3, 4]);
    let [left] = <[_; 1]>::try_from(desk.letters()).unwrap();
    assert_eq!((left.at, &*left.code, left.replay), (ChangeSeq(1), SUPERSEDED, false));
    assert!(left.reason.contains("event 2 "), "{}", left.reason);
    assert_eq!(desk.counts(), [3, 1, 0, 0]);
}

#[test]
fn a_purged_letter_is_gone_with_its_bytes_and_stays_counted() {
    let mut desk = Desk::new();
    desk.publish(&[1, 2]);
    desk.delivery.adapter.refuses = [1, 2].into();
    desk.run();
    let which = Selection { letters: [("s".into(), 1)].into(), ..Selection::default() };
    assert_eq!(desk.node().purge_dead_letters(&which, "someone", AT).unwrap(), 1);
    assert_eq!(desk.node().purge_dead_letters(&which, "someone", AT).unwrap(), 0);
    desk.open();
    assert_eq!(desk.letters().iter().map(|letter| letter.at.0).collect::<Vec<_>>(), [2]);
    assert_eq!(desk.counts(), [0, 2, 1, 0]);
}

#[test]
fn whoever_looks_at_a_letter_is_written_down() {
    let mut desk = Desk::new();
    desk.publish(&[1]);
    desk.delivery.adapter.refuses = [1].into();
    desk.run();
    assert!(desk.node().look_at_dead_letter("s", 1, "li", AT).unwrap().is_some());
    assert!(desk.node().look_at_dead_letter("s", 2, "li", AT).unwrap().is_none());
    let last = desk.node().store.view().unwrap().audit(..).last().unwrap().unwrap().draft;
    assert_eq!((&*last.actor, &*last.action, &*last.subjects), ("li", "dlq.show", &["s:1".into()][..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is refused, replayed and purged, and whenever the node dies: no change is lost or counted twice, and
    /// each entity's events come in their order.
    #[test]
    fn the_counts_add_up_whatever_is_done(steps in prop::collection::vec((0..6u8, prop::collection::btree_set(1..12u64, 0..6)), 1..14)) {
        let mut desk = Desk::new();
        for (step, set) in steps {
            match step {
                0 | 1 => desk.publish(&set.iter().map(|number| number % 4 + 1).collect::<Vec<_>>()),
                2 => desk.delivery.adapter.refuses = set,
                3 => { desk.replay(); }
                4 => {
                    let which = Selection { letters: set.into_iter().map(|at| ("s".into(), at)).collect(), ..Selection::default() };
                    if !which.letters.is_empty() {
                        desk.node().purge_dead_letters(&which, "someone", AT).unwrap();
                    }
                }
                _ => desk.open(),
            }
            desk.run();
            let [delivered, dead, purged, pending] = desk.counts();
            prop_assert_eq!(pending, 0);
            prop_assert_eq!(usize::try_from(dead - purged).unwrap(), desk.letters().len());
            let got = desk.delivery.adapter.got.clone();
            prop_assert_eq!(usize::try_from(delivered).unwrap(), got.len());
            let view = desk.node().store.view().unwrap();
            let mut last: BTreeMap<EntityId, u64> = BTreeMap::new();
            for at in got {
                let entity = view.change(ChangeSeq(at)).unwrap().unwrap().entity;
                let before = last.insert(entity, at);
                prop_assert!(before.is_none_or(|before| before < at));
            }
        }
    }
}
