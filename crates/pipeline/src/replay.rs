//! Sending dead letters again: what the feed says at their position, as today's policy lets it through.
//!
//! **Invariant:** order per entity is kept: no event follows a later one of its entity that the receiver has.

use crate::deliver::unfinished;
use crate::dispatch::{Dispatch, DispatchError, EventDelivery, ask};
use crate::letters::{Resent, dead_letter};
use crate::node::Node;
use crate::run::Job;
use crate::sent::NOT_EVERY_EVENT;
use tokio::sync::mpsc;
use yibiao_contract::{EventAdapter, Outcome};
use yibiao_record::ChangeSeq;
use yibiao_store::{DeadLetter, ReadError, View};

impl Dispatch {
    /// Sends what a running node has marked.
    pub(crate) async fn replay<E: EventAdapter>(
        &self,
        delivery: &mut EventDelivery<E>,
        jobs: &mpsc::Sender<Job>,
        noted: u64,
    ) -> Result<(), DispatchError> {
        loop {
            let subscription = delivery.subscription.clone();
            let (view, letters) = ask(jobs, move |node| marked(node, &subscription)).await??;
            if letters.is_empty() {
                return Ok(());
            }
            let resent = self.resend(delivery, &view, letters, noted).await?;
            drop(view);
            let (subscription, at) = (delivery.subscription.clone(), (self.clock)());
            ask(jobs, move |node| node.settle_letters(&subscription, resent, at)).await??;
        }
    }

    /// The same, of a node that is not running.
    pub(crate) async fn replay_on<E: EventAdapter>(
        &self,
        delivery: &mut EventDelivery<E>,
        node: &mut Node,
        noted: u64,
    ) -> Result<(), DispatchError> {
        loop {
            let (view, letters) = marked(node, &delivery.subscription)?;
            if letters.is_empty() {
                return Ok(());
            }
            let resent = self.resend(delivery, &view, letters, noted).await?;
            drop(view);
            node.settle_letters(&delivery.subscription, resent, (self.clock)())?;
        }
    }

    async fn resend<E: EventAdapter>(
        &self,
        delivery: &mut EventDelivery<E>,
        view: &View,
        letters: Vec<DeadLetter>,
        noted: u64,
    ) -> Result<Vec<(DeadLetter, Resent)>, DispatchError> {
        let subscription = delivery.subscription.clone();
        let (mut resent, mut again, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for letter in letters {
            let mut page = self.page(&subscription, view, letter.at.0.saturating_sub(1), 1, 1).await?;
            let later = self.later(&subscription, view, letter.at, noted).await?;
            match (page.events.pop(), page.filtered.first(), later) {
                (_, _, Some(later)) => resent.push((letter, Resent::Superseded(later))),
                (Some(event), _, None) => {
                    again.push(letter);
                    events.push(event);
                }
                (None, Some((_, rule)), None) => resent.push((letter, Resent::Filtered(*rule))),
                // Every change is an event or filtered.
                (None, None, None) => return Err(again_later(&subscription)),
            }
        }
        let outcomes =
            if events.is_empty() { Vec::new() } else { delivery.adapter.rewrite(events.clone()).await? };
        if outcomes.len() != again.len() {
            return Err(again_later(&subscription));
        }
        for ((letter, event), outcome) in again.into_iter().zip(events).zip(outcomes) {
            let became = match outcome {
                Outcome::Delivered => Resent::Delivered,
                Outcome::Reject(reason) => {
                    let at = (self.clock)();
                    Resent::Refused(dead_letter(&subscription, &delivery.adapter, &event, &reason, at))
                }
                Outcome::Retry(_) | Outcome::Unknown | Outcome::Gone => {
                    return Err(again_later(&subscription));
                }
            };
            resent.push((letter, became));
        }
        Ok(resent)
    }

    /// A later event of the same entity that the receiver has.
    async fn later(
        &self,
        subscription: &str,
        view: &View,
        at: ChangeSeq,
        noted: u64,
    ) -> Result<Option<u64>, ReadError> {
        let Some(change) = view.change(at)? else { return Ok(None) };
        let later = {
            let mut feed = self.feed.lock().await;
            feed.changes_of(view, change.entity, at.0, noted)?
        };
        for seq in later.into_iter().rev() {
            let refused = view.dead_letter(ChangeSeq(seq), subscription)?.is_some();
            if !refused && !self.page(subscription, view, seq - 1, 1, 1).await?.events.is_empty() {
                return Ok(Some(seq));
            }
        }
        Ok(None)
    }
}

/// It is not known of every event what became of it.
fn again_later(subscription: &str) -> DispatchError {
    unfinished(subscription, NOT_EVERY_EVENT.to_owned(), "it is tried again by itself").into()
}

/// The store as it is, and what a node has marked of a subscription.
fn marked(node: &Node, subscription: &str) -> Result<(View, Vec<DeadLetter>), ReadError> {
    let view = node.store().view()?;
    let letters = node.marked_letters(subscription, &view)?;
    Ok((view, letters))
}
