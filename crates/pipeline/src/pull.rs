//! The feed for receivers that come and fetch it: pages of events, and how they stand at one position.
//!
//! **Invariant:** asking has no effect but one: who asks for what follows a position, has what is before it.

use crate::dispatch::{Dispatch, DispatchError, ask};
use crate::events::{EventPage, Viewer};
use crate::run::Job;
use crate::sent::Done;
use tokio::sync::mpsc;
use yibiao_contract::ChangeEvent;
use yibiao_policy::Subscription;
use yibiao_record::EntityId;
use yibiao_store::View;

/// How a subscription's entities stand at one position: one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotPage {
    /// The entities, each as created.
    pub events: Vec<ChangeEvent>,
    /// The position at which they stand so: changes after it complete the picture.
    pub position: u64,
    /// Where the next page goes on; `None` after the last.
    pub next: Option<EntityId>,
}

impl Dispatch {
    /// What a subscription sees of at most `limit` changes after a position; `None` where the feed ends before it.
    pub async fn changes(
        &self,
        jobs: &mpsc::Sender<Job>,
        subscription: &str,
        after: u64,
        limit: usize,
    ) -> Result<Option<EventPage>, DispatchError> {
        let view = ask(jobs, |node| node.store().view()).await??;
        if after > view.last().change.0 {
            return Ok(None);
        }
        Ok(Some(self.page(subscription, &view, after, limit, usize::MAX).await?))
    }

    /// A page of how the subscription's entities stand at a position, the end of the feed where none is given.
    pub async fn snapshot(
        &self,
        jobs: &mpsc::Sender<Job>,
        subscription: &str,
        position: Option<u64>,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Option<SnapshotPage>, DispatchError> {
        let view = ask(jobs, |node| node.store().view()).await??;
        let end = view.last().change.0;
        let position = position.unwrap_or(end);
        let Some(subscription) = self.policy.subscription(subscription).filter(|_| position <= end) else {
            return Ok(None);
        };
        Ok(Some(self.standing_at(&view, subscription, position, after, limit).await?))
    }

    async fn standing_at(
        &self,
        view: &View,
        subscription: &Subscription,
        position: u64,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<SnapshotPage, DispatchError> {
        let viewer = Viewer { policy: &self.policy, subscription, at: (self.clock)() };
        let mut feed = self.feed.lock().await;
        let (events, next) =
            tokio::task::block_in_place(|| feed.snapshot(view, viewer, position, after, limit))?;
        Ok(SnapshotPage { events, position, next })
    }

    /// Notes that a receiver that fetches its events has those up to a position.
    pub async fn fetched(
        &self,
        jobs: &mpsc::Sender<Job>,
        subscription: &str,
        upto: u64,
        limit: usize,
    ) -> Result<(), DispatchError> {
        loop {
            let view = ask(jobs, |node| node.store().view()).await??;
            let noted = view.position(subscription)?.unwrap_or(0);
            if noted >= upto.min(view.last().change.0) {
                return Ok(());
            }
            let left = usize::try_from(upto - noted).unwrap_or(usize::MAX);
            let page = self.page(subscription, &view, noted, left.min(limit), usize::MAX).await?;
            drop(view);
            let (subscription, at) = (subscription.to_owned(), (self.clock)());
            let done = Done { counts: page.dispositions(), ..Done::default() };
            ask(jobs, move |node| {
                // Two requests of one receiver may come at once: what is noted is noted once.
                let now = node.store().view()?.position(&subscription)?.unwrap_or(0);
                if now == noted {
                    node.note_events(&subscription, page.upto, done, at)?;
                }
                Ok::<(), DispatchError>(())
            })
            .await??;
        }
    }
}
