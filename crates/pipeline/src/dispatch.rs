//! Sending events on: each event subscription has a task that reads the feed beside the node and writes to its receiver.
//!
//! The node is told the new position; it never waits for a receiver.
//!
//! **Invariant:** a position moves after the receiver has the events up to it, and where the receiver can tell its own
//! position, that one rules: a crash between the two repeats nothing and loses nothing.

use crate::account::Disposition;
use crate::deliver::{DeliverError, unfinished};
use crate::desk::{Desk, rest};
use crate::guard::panicked;
use crate::node::Node;
use crate::page::{Found, PAGE_CHANGES_MAX, SharedFeed};
use crate::patience::{Next, Trouble, spread};
use crate::receiver::Disabled;
use crate::run::{Job, Part};
use crate::sent::{Done, GONE_HINT, Open, Sent, mark, send, untaken};
use crate::source::backoff;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use yibiao_contract::fault::{self, Point};
use yibiao_contract::{EdgeError, EventAdapter, Recovery};
use yibiao_policy::Policy;
use yibiao_record::{ChangeSeq, Timestamp};
use yibiao_store::{ReadError, View};

/// A subscription that receives events, and the way to its receiver.
#[derive(Debug)]
pub struct EventDelivery<E> {
    /// The subscription's id.
    pub subscription: Box<str>,
    /// Writes to the receiver.
    pub adapter: E,
}

/// What all event deliveries of a node share.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// What may leave.
    pub policy: Policy,
    /// The index of the feed.
    pub feed: SharedFeed,
    /// The time of day, which decides only whether a subscription runs.
    pub clock: fn() -> Timestamp,
    /// How long whoever fetches events waits where there is nothing new.
    pub poll: Duration,
}

/// Why events could not be sent on.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The receiver could not be written to; its changes stay pending.
    #[error("the receiver cannot be reached")]
    Edge(#[from] EdgeError),
    /// The store could not be read.
    #[error("cannot read the store")]
    Read(#[from] ReadError),
    /// What was delivered could not be noted.
    #[error("cannot note the delivery")]
    Note(#[from] DeliverError),
    /// The node has stopped.
    #[error("the node has stopped")]
    Stopped,
}

impl Dispatch {
    /// Sends events on until the node drains. `notice` is told of every failure and of every success after it.
    pub async fn run<E: EventAdapter>(
        self,
        mut delivery: EventDelivery<E>,
        jobs: mpsc::Sender<Job>,
        mut drain: watch::Receiver<bool>,
        notice: impl Fn(Part, Option<&EdgeError>),
    ) {
        let part = Part::Delivery(delivery.subscription.clone());
        let subscription = delivery.subscription.clone();
        let Ok(mut desk) = ask(&jobs, move |node| node.desk(&subscription)).await else {
            return; // the node has stopped
        };
        let mut failures = 0;
        loop {
            let mut stopping = drain.clone();
            let attempt = format!("cannot deliver for {}", delivery.subscription);
            let following = self.follow(&mut delivery, &mut desk, &jobs, &mut stopping, |error| {
                failures = 0;
                notice(part.clone(), error);
            });
            let ended = tokio::select! {
                _ = drain.wait_for(|drain| *drain) => return,
                // Whatever state a panic left it in, it asks the receiver anew.
                ended = AssertUnwindSafe(following).catch_unwind() => {
                    ended.unwrap_or_else(|_| Err(DispatchError::Edge(panicked(&attempt))))
                }
            };
            let error = match ended {
                Ok(()) | Err(DispatchError::Stopped) => return,
                Err(DispatchError::Edge(error)) => error,
                Err(error) => unforeseen(&delivery.subscription, &error),
            };
            tracing::error!(subscription = %delivery.subscription, %error, "events cannot be sent on; they stay pending");
            notice(part.clone(), Some(&error));
            failures += 1;
            desk.tallies.failed(&delivery.subscription);
            if rest(&mut drain, backoff(failures)).await.is_break() || desk.turn(&mut drain).await.is_break()
            {
                return;
            }
        }
    }

    /// Brings a receiver to the end of the feed of a node that is not running.
    pub async fn finish<E: EventAdapter>(
        &self,
        delivery: &mut EventDelivery<E>,
        node: &mut Node,
    ) -> Result<u64, DispatchError> {
        let mut noted = self.noted(delivery, &node.store().view()?).await?;
        let mut sent = 0;
        self.replay_on(delivery, node, noted).await?;
        loop {
            let view = node.store().view()?;
            let events_max = delivery.adapter.events_max();
            let page = self.page(&delivery.subscription, &view, noted, PAGE_CHANGES_MAX, events_max).await?;
            if page.upto == noted {
                return Ok(sent);
            }
            if let Some(disabled) = Disabled::read(&view, &delivery.subscription)? {
                return Err(disabled.error(&delivery.subscription).into());
            }
            let upto = mark(&view, page.upto)?;
            drop(view);
            let at = (self.clock)();
            let mut done = send(delivery, page, upto, at).await?;
            if done.page.upto > noted {
                noted = done.page.upto;
                sent += u64::try_from(done.page.events.len()).unwrap_or(u64::MAX);
                node.note_events(&delivery.subscription, noted, done.done(), at)?;
            }
            match done.open {
                None => {}
                Some(Open::Later(asked)) if asked.is_zero() && !done.page.events.is_empty() => {}
                Some(Open::Later(_)) => return Err(untaken(delivery, "the next run tries it again").into()),
                Some(Open::Gone) => {
                    let error = untaken(delivery, GONE_HINT);
                    node.disable(&delivery.subscription, &error.reason, at)?;
                    return Err(error.into());
                }
            }
        }
    }

    /// Goes on until something fails that nobody foresaw. `told` is told of every event that waits, and whenever the
    /// receiver has what there is.
    async fn follow<E: EventAdapter>(
        &self,
        delivery: &mut EventDelivery<E>,
        desk: &mut Desk,
        jobs: &mpsc::Sender<Job>,
        drain: &mut watch::Receiver<bool>,
        mut told: impl FnMut(Option<&EdgeError>),
    ) -> Result<(), DispatchError> {
        let view = desk.store.view()?;
        let mut noted = self.noted(delivery, &view).await?;
        drop(view); // a view that is held keeps the store from reusing space
        let mut trouble = Trouble::default();
        loop {
            // What is new from here on wakes it.
            if desk.news.borrow_and_update().marked.contains(&*delivery.subscription) {
                Box::pin(self.replay(delivery, jobs, noted)).await?;
            }
            let (page, upto) = match self.next(delivery, &desk.store, noted).await? {
                Found::Page(page, upto) => (page, upto),
                Found::Nothing(disabled) => {
                    told(disabled.map(|disabled| disabled.error(&delivery.subscription)).as_ref());
                    if desk.until_news(drain).await.is_break() {
                        return Ok(());
                    }
                    continue;
                }
            };
            let mut sent = send(delivery, page, upto, (self.clock)()).await?;
            fault::pass(Point::AfterSendBeforeNote);
            let (pause, error) = self.after(delivery, &mut sent, &mut trouble);
            if error.is_some() {
                desk.tallies.failed(&delivery.subscription);
            }
            self.note(delivery, jobs, &mut sent, noted, error.as_ref()).await?;
            noted = sent.page.upto.max(noted);
            drop(sent); // while the receiver is left alone, nothing is held for it
            told(error.as_ref());
            if !pause.is_zero() && rest(drain, pause).await.is_break() {
                return Ok(());
            }
            if error.is_some() && desk.turn(drain).await.is_break() {
                return Ok(());
            }
        }
    }

    /// How long to wait after a batch, and why, where something is left of it. What is given up is dead from here on.
    fn after<E: EventAdapter>(
        &self,
        delivery: &EventDelivery<E>,
        sent: &mut Sent,
        trouble: &mut Trouble,
    ) -> (Duration, Option<EdgeError>) {
        let asked = match sent.open {
            None => {
                trouble.over();
                return (Duration::ZERO, None);
            }
            Some(Open::Gone) => return (Duration::ZERO, Some(untaken(delivery, GONE_HINT))),
            Some(Open::Later(asked)) => asked,
        };
        if !sent.page.events.is_empty() {
            trouble.over();
            return (asked, None);
        }
        let subscription = &delivery.subscription;
        match trouble.failed(delivery.adapter.patience(), asked, (self.clock)()) {
            Next::Again(pause) => {
                let pause = spread(pause, subscription);
                let error = untaken(delivery, &format!("it is tried again by itself, next in {pause:?}"));
                tracing::warn!(%subscription, %error, "an event waits");
                (pause, Some(error))
            }
            Next::GiveUp => {
                let error =
                    untaken(delivery, "the event counts as dead; mend the receiver and send it again");
                tracing::error!(%subscription, %error, "an event is given up");
                sent.give_up(delivery, &error.reason, (self.clock)());
                (Duration::ZERO, Some(error))
            }
        }
    }

    /// Notes what came of a batch, where something did.
    async fn note<E: EventAdapter>(
        &self,
        delivery: &EventDelivery<E>,
        jobs: &mpsc::Sender<Job>,
        sent: &mut Sent,
        noted: u64,
        error: Option<&EdgeError>,
    ) -> Result<(), DispatchError> {
        let (subscription, at) = (delivery.subscription.clone(), (self.clock)());
        let (upto, done) = (sent.page.upto, sent.done());
        let gone = error.filter(|_| sent.open == Some(Open::Gone)).map(|error| error.reason.clone());
        if upto <= noted && gone.is_none() {
            return Ok(());
        }
        ask(jobs, move |node| {
            if upto > noted {
                node.note_events(&subscription, upto, done, at)?;
            }
            match gone {
                Some(reason) => node.disable(&subscription, &reason, at),
                None => Ok(()),
            }
        })
        .await??;
        Ok(())
    }

    /// What was noted as delivered, held against where the receiver says that it has come. One that is behind has lost
    /// something, and one that knows another feed was written to by another node or store: a person must look.
    async fn noted<E: EventAdapter>(
        &self,
        delivery: &mut EventDelivery<E>,
        view: &View,
    ) -> Result<u64, DispatchError> {
        let noted = view.position(&delivery.subscription)?.unwrap_or(0);
        let feed = view.last().change.0;
        let Some(applied) = delivery.adapter.last_applied().await? else { return Ok(noted) };
        let fault = |reason: String, hint: &str| {
            DispatchError::Edge(EdgeError {
                attempt: format!("cannot go on delivering for {}", delivery.subscription),
                reason,
                hint: hint.to_owned(),
                recovery: Recovery::Halt,
                edition: None,
            })
        };
        let at = applied.position;
        if at > feed {
            return Err(fault(
                format!("its receiver is at position {at}, and the feed ends at {feed}"),
                "another node writes to it, or the store is new or restored: give it another receiver",
            ));
        }
        if mark(view, at)? != applied {
            return Err(fault(
                format!("its receiver knows another change at position {at} than the feed has"),
                "another node writes to it, or the store is new or restored: give it another receiver",
            ));
        }
        if at < noted {
            return Err(fault(
                format!("its receiver is at position {at}, and {noted} was noted as delivered"),
                "the receiver has lost what it had: restore it, or deliver to a new one under a new subscription",
            ));
        }
        Ok(noted)
    }
}

/// Asks the node for something between two batches.
pub(crate) async fn ask<T: Send + 'static>(
    jobs: &mpsc::Sender<Job>,
    work: impl FnOnce(&mut Node) -> T + Send + 'static,
) -> Result<T, DispatchError> {
    let (reply, answer) = oneshot::channel();
    let job: Job = Box::new(move |node| {
        // Whoever asked may have gone.
        drop(reply.send(work(node)));
    });
    jobs.send(job).await.map_err(|_| DispatchError::Stopped)?;
    answer.await.map_err(|_| DispatchError::Stopped)
}

fn unforeseen(subscription: &str, error: &DispatchError) -> EdgeError {
    let hint = "it is tried again by itself; if it stays so, start the node again";
    unfinished(subscription, error.to_string(), hint)
}

impl Node {
    /// Notes that a subscription's receiver has come to a position.
    pub(crate) fn note_events(
        &mut self,
        subscription: &str,
        upto: u64,
        done: Done,
        at: Timestamp,
    ) -> Result<(), DeliverError> {
        let Done { counts, letters, took } = done;
        let sent = counts.get(&Disposition::Delivered).copied().unwrap_or(0);
        self.metrics.tallies.receives(subscription);
        self.move_position(subscription, ChangeSeq(upto), &counts, letters, at)?;
        self.metrics().sent.with_label_values(&[subscription]).inc_by(sent);
        if let Some(took) = took {
            self.metrics().delivery_seconds.with_label_values(&[subscription]).observe(took.as_secs_f64());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
