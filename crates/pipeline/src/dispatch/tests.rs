//! A receiver's own word on where it has come, against the feed.

use super::*;
use crate::ingest::Draft;
use crate::testing;
use prometheus::core::Collector;
use yibiao_contract::{Delivery, Finding};
use yibiao_contract::{EventBatch, FeedMark, Outcome};
use yibiao_policy::Limits;
use yibiao_record::{Change, ChangeKind, EntityId, EntityKind};
use yibiao_schema::Dictionary;
use yibiao_store::{Commit, EngineKind, Options, Store};

/// A receiver that only tells where it has come.
#[derive(Debug)]
struct Told(Option<FeedMark>);

impl EventAdapter for Told {
    fn delivery(&self) -> Delivery {
        Delivery::Transactional
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn last_applied(&mut self) -> Result<Option<FeedMark>, EdgeError> {
        Ok(self.0.clone())
    }

    async fn write(&mut self, batch: &EventBatch) -> Result<Vec<Outcome>, EdgeError> {
        Ok(vec![Outcome::Delivered; batch.events.len()])
    }
}

fn change(seq: u64, time: i64) -> Change {
    Change {
        seq: ChangeSeq(seq),
        entity: EntityId { kind: EntityKind::Person, number: seq },
        kind: ChangeKind::Created,
        time: Timestamp(time),
        members: Vec::new(),
        values: Vec::new(),
        relations: Vec::new(),
    }
}

/// A store whose feed has three changes, of which two were noted as delivered.
fn store(time: i64) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { dir: folder.path().to_owned(), engine: EngineKind::Redb, cache_bytes: 1 << 20 };
    let store = Store::open(&options).unwrap();
    let changes = (1..=3).map(|seq| change(seq, time)).collect();
    store.commit(&Commit { changes, positions: vec![("s".to_owned(), 2)], ..Commit::default() }).unwrap();
    (folder, store)
}

async fn noted(told: Option<FeedMark>, view: &View) -> Result<u64, String> {
    let dispatch = Dispatch {
        policy: Policy::shipped().clone(),
        feed: SharedFeed::default(),
        clock: Timestamp::default,
        poll: Duration::ZERO,
    };
    let mut delivery = EventDelivery { subscription: "s".into(), adapter: Told(told) };
    dispatch.noted(&mut delivery, view).await.map_err(|error| match error {
        DispatchError::Edge(error) => error.reason,
        other => panic!("{other}"),
    })
}

#[tokio::test]
async fn a_receiver_of_this_feed_goes_on_and_any_other_needs_a_person() {
    let (_folder, store_of) = store(1);
    let view = store_of.view().unwrap();
    assert_eq!(noted(None, &view).await, Ok(2));
    for reached in [2, 3] {
        assert_eq!(noted(Some(mark(&view, reached).unwrap()), &view).await, Ok(2), "{reached}");
    }
    let behind = noted(Some(mark(&view, 1).unwrap()), &view).await.unwrap_err();
    assert_eq!(behind, "its receiver is at position 1, and 2 was noted as delivered");
    let ahead = FeedMark { position: 4, ..mark(&view, 3).unwrap() };
    assert_eq!(
        noted(Some(ahead), &view).await.unwrap_err(),
        "its receiver is at position 4, and the feed ends at 3"
    );
    let (_other_folder, other) = store(7);
    let foreign = mark(&other.view().unwrap(), 3).unwrap();
    let reason = noted(Some(foreign), &view).await.unwrap_err();
    assert_eq!(reason, "its receiver knows another change at position 3 than the feed has");
}

/// A receiver that tells what it is sent, and takes it or not.
#[derive(Debug)]
struct Tells {
    sent: mpsc::UnboundedSender<u64>,
    takes: bool,
}

impl EventAdapter for Tells {
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
        batch.events.iter().for_each(|event| self.sent.send(event.position).unwrap());
        let outcome = if self.takes { Outcome::Delivered } else { Outcome::Retry(0) };
        Ok(vec![outcome; batch.events.len()])
    }
}

/// A node of that store, whose jobs a test does, and the task that sends to a receiver.
struct Sending {
    _folder: tempfile::TempDir,
    _drain: watch::Sender<bool>,
    _task: tokio::task::JoinSet<()>,
    node: Node,
    asked: mpsc::Receiver<Job>,
    sent: mpsc::UnboundedReceiver<u64>,
}

impl Sending {
    fn to(takes: bool) -> Sending {
        let (folder, store) = store(1);
        drop(store);
        let options =
            Options { dir: folder.path().to_owned(), engine: EngineKind::Redb, cache_bytes: 1 << 20 };
        let text = "version: 1\nsubscriptions:\n  - { id: s, subscriber: SJ, matter: 基础数据治理, purpose: p, legal_basis: [b], \
                    approvers: [a], until: 2027-12-31, entities: [person], own_rows_only: false, elements: [name] }\n";
        let policy = Policy::parse_yaml("test", text, Dictionary::shipped(), Limits::shipped()).unwrap();
        let node = testing::open(&options, &policy);
        let (feed, poll) = (SharedFeed::default(), Duration::ZERO);
        let dispatch = Dispatch { policy, feed, clock: Timestamp::default, poll };
        let ((tell, sent), (jobs, asked)) = (mpsc::unbounded_channel(), mpsc::channel(1));
        let (drain, drained) = watch::channel(false);
        let delivery = EventDelivery { subscription: "s".into(), adapter: Tells { sent: tell, takes } };
        let mut task = tokio::task::JoinSet::new();
        task.spawn(dispatch.run(delivery, jobs, drained, |_, _| {}));
        Sending { _folder: folder, _drain: drain, _task: task, node, asked, sent }
    }

    /// Does the next job of the node.
    async fn work(&mut self) {
        let job = self.asked.recv().await.unwrap();
        job(&mut self.node);
    }

    /// The next event that the receiver is sent, without that the node is asked for anything.
    async fn unasked(&mut self) -> u64 {
        tokio::select! {
            biased;
            sent = self.sent.recv() => sent.unwrap(),
            _ = self.asked.recv() => panic!("the node is asked"),
        }
    }
}

#[tokio::test]
async fn an_idle_receiver_is_sent_what_is_new_as_soon_as_it_is_durable() {
    let mut sending = Sending::to(true);
    sending.work().await;
    assert_eq!(sending.unasked().await, 3);
    sending.work().await;
    let commit = Commit { changes: vec![change(4, 1)], ..Commit::default() };
    let draft = Draft { commit, ..Draft::default() };
    sending.node.publishing.publisher_mut().unwrap().commit(&draft).unwrap();
    assert_eq!(sending.unasked().await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_takes_nothing_is_tried_again_and_its_node_is_asked_nothing() {
    let mut sending = Sending::to(false);
    sending.work().await;
    for _ in 0..5 {
        assert_eq!(sending.unasked().await, 3);
    }
    let shown = sending.node.metrics().tallies.collect();
    let failures = shown.iter().find(|family| family.name() == "yibiao_component_restarts_total").unwrap();
    let [failures] = failures.get_metric() else { panic!("one subscription has a receiver") };
    assert!(failures.get_counter().get_value() >= 4.0);
}
