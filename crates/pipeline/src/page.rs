//! Pages of the feed, as one subscription may see it.

use crate::dispatch::{Dispatch, DispatchError, EventDelivery};
use crate::events::{EventFeed, EventPage, Viewer};
use crate::receiver::Disabled;
use crate::sent::mark;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};
use yibiao_contract::{EventAdapter, FeedMark};
use yibiao_store::{ReadError, Store, View};

/// The index of the feed, one for all who read events. Whoever waits for it holds no thread: a node may have thousands of
/// subscriptions.
pub type SharedFeed = Arc<Mutex<EventFeed>>;

/// Changes that are looked at for one batch of events.
pub(crate) const PAGE_CHANGES_MAX: usize = 5_000;
/// Changes that are looked at without giving way to other tasks, and where the next event is all that is wanted.
const PAGE_CHANGES_SHORT: usize = 64;

/// What there is for a receiver.
pub(crate) enum Found {
    /// It has everything, or is left alone.
    Nothing(Option<Disabled>),
    /// This comes next, up to that position.
    Page(EventPage, FeedMark),
}

impl Dispatch {
    /// What comes next for a receiver that has everything up to a position.
    pub(crate) async fn next<E: EventAdapter>(
        &self,
        delivery: &EventDelivery<E>,
        store: &Store,
        noted: u64,
    ) -> Result<Found, DispatchError> {
        let subscription = &delivery.subscription;
        // Thousands may wait for their turn: none of them holds a view meanwhile, or keeps the store from reusing space.
        let feed = self.feed.lock().await;
        let view = store.view()?;
        if let Some(disabled) = Disabled::read(&view, subscription)? {
            return Ok(Found::Nothing(Some(disabled)));
        }
        if view.last().change.0 <= noted {
            return Ok(Found::Nothing(None));
        }
        let events_max = delivery.adapter.events_max();
        let limit = if events_max == 1 { PAGE_CHANGES_SHORT } else { PAGE_CHANGES_MAX };
        let page = self.read(feed, subscription, &view, noted, limit, events_max)?;
        if page.upto == noted {
            return Ok(Found::Nothing(None));
        }
        let upto = mark(&view, page.upto)?;
        Ok(Found::Page(page, upto))
    }

    /// What a subscription sees of at most `limit` changes after a position.
    pub(crate) async fn page(
        &self,
        subscription: &str,
        view: &View,
        after: u64,
        limit: usize,
        events_max: usize,
    ) -> Result<EventPage, ReadError> {
        let feed = self.feed.lock().await;
        self.read(feed, subscription, view, after, limit, events_max)
    }

    fn read(
        &self,
        mut feed: MutexGuard<'_, EventFeed>,
        subscription: &str,
        view: &View,
        after: u64,
        limit: usize,
        events_max: usize,
    ) -> Result<EventPage, ReadError> {
        let Some(subscription) = self.policy.subscription(subscription) else {
            return Ok(EventPage { upto: after, ..EventPage::default() });
        };
        let viewer = Viewer { policy: &self.policy, subscription, at: (self.clock)() };
        let end = view.last().change.0;
        let unread = usize::try_from(end.saturating_sub(after)).unwrap_or(usize::MAX);
        let short = feed.lacks(end) <= PAGE_CHANGES_SHORT && unread.min(limit) <= PAGE_CHANGES_SHORT;
        // The index is rebuilt from the feed where a panic left it half changed: it only ever grows.
        let mut read = || feed.page(view, viewer, after, limit, events_max);
        // To hand the other tasks of this thread to another one takes longer than a short page does.
        if short { read() } else { tokio::task::block_in_place(read) }
    }
}
