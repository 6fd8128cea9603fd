//! A receiver's own word on where it has come, against the feed.

use super::*;
use yibiao_contract::{Delivery, Finding};
use yibiao_contract::{EventBatch, FeedMark, Outcome};
use yibiao_record::{Change, ChangeKind, EntityId, EntityKind};
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
        policy: Arc::new(Policy::shipped().clone()),
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
