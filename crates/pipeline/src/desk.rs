//! What a task that sends events on has of its node: it reads the store itself, is told when something is new, and asks the
//! node only to note what was delivered.

use crate::node::Node;
use crate::tallies::Tallies;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use yibiao_store::Store;

/// What a node tells all who send, whenever the feed has grown and whenever this changes.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The subscriptions that have letters to be sent again.
    pub(crate) marked: BTreeSet<Box<str>>,
}

/// What a task that sends has of its node.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) store: Arc<Store>,
    pub(crate) news: watch::Receiver<News>,
    pub(crate) tallies: Tallies,
    pub(crate) turns: Turns,
}

/// The moments at which receivers that took nothing are tried again, one after the other over all of a node: thousands that
/// fail together must not hold up those that do not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<Mutex<Option<Instant>>>);

/// From one turn to the next.
const BETWEEN: Duration = Duration::from_millis(2);

impl Turns {
    /// How long it is until the next turn, which is taken.
    pub(crate) fn take(&self, now: Instant) -> Duration {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = free.map_or(now, |free| free.max(now));
        *free = Some(turn + BETWEEN);
        turn - now
    }
}

/// Waits for a while; breaks where the node drains.
pub(crate) async fn rest(drain: &mut watch::Receiver<bool>, pause: Duration) -> ControlFlow<()> {
    tokio::select! {
        _ = drain.wait_for(|drain| *drain) => ControlFlow::Break(()),
        () = tokio::time::sleep(pause) => ControlFlow::Continue(()),
    }
}

impl Desk {
    /// Waits for one's turn among all that are tried again.
    pub(crate) async fn turn(&self, drain: &mut watch::Receiver<bool>) -> ControlFlow<()> {
        rest(drain, self.turns.take(Instant::now())).await
    }

    /// Waits until the node has something new.
    pub(crate) async fn until_news(&mut self, drain: &mut watch::Receiver<bool>) -> ControlFlow<()> {
        tokio::select! {
            _ = drain.wait_for(|drain| *drain) => ControlFlow::Break(()),
            changed = self.news.changed() => match changed {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()), // the node has stopped
            },
        }
    }
}

impl Node {
    /// A place to send a subscription's events from.
    pub(crate) fn desk(&self, subscription: &str) -> Desk {
        self.metrics.tallies.receives(subscription);
        Desk {
            store: Arc::clone(&self.store),
            news: self.news.subscribe(),
            tallies: self.metrics.tallies.clone(),
            turns: self.turns.clone(),
        }
    }

    /// Tells all who send whose letters are to be sent again, and that they should look.
    pub(crate) fn tell(&self) {
        let marked = self.letters.marked_subscriptions();
        self.news.send_modify(|news| news.marked = marked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_that_fail_at_one_moment_are_tried_one_after_the_other() {
        let (turns, now) = (Turns::default(), Instant::now());
        let waits: Vec<Duration> = (0..3).map(|_| turns.take(now)).collect();
        assert_eq!(waits, [Duration::ZERO, BETWEEN, BETWEEN * 2]);
        assert_eq!(turns.take(now + BETWEEN * 10), Duration::ZERO, "a turn that nobody took is not kept");
    }
}
