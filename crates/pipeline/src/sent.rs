//! What came of a batch of events: how much of it is settled, and why the rest was left.
//!
//! **Invariant:** what is settled is the beginning of the batch: behind an event that waits, nothing counts as delivered.

use crate::account::Disposition;
use crate::dispatch::{DispatchError, EventDelivery};
use crate::events::EventPage;
use std::collections::BTreeMap;
use std::time::Duration;
use yibiao_contract::{EdgeError, EventAdapter, EventBatch, FeedMark, Outcome, Recovery};
use yibiao_record::ChangeSeq;
use yibiao_store::{ReadError, View, value_digest};

/// What is to be done about a receiver that said that it is gone.
pub(crate) const GONE_HINT: &str =
    "it is disabled and its changes stay pending; `yibiao webhook enable` goes on with them";

/// What came of a page: the part of it that is settled.
pub(crate) struct Sent {
    pub(crate) page: EventPage,
    /// What was behind it, until it is settled or given up.
    rest: Option<EventPage>,
    /// Of its events, those that are dead.
    dead: u64,
    /// Why the rest was left.
    pub(crate) open: Option<Open>,
}

/// Why the receiver left an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// It may take it later, and asked for this pause.
    Later(Duration),
    /// It is gone.
    Gone,
}

impl Sent {
    pub(crate) fn dispositions(&self) -> BTreeMap<Disposition, u64> {
        let mut counts = self.page.dispositions();
        if self.dead > 0 {
            counts.insert(Disposition::Dead, self.dead);
            counts.entry(Disposition::Delivered).and_modify(|delivered| *delivered -= self.dead);
        }
        counts
    }

    /// The event at the head is dead, and nothing behind it was tried.
    pub(crate) fn give_up(&mut self) {
        if let Some(mut page) = self.rest.take() {
            page.cut(1);
            self.page = page;
            self.dead = 1;
        }
    }
}

/// Sends a page and says what became of it.
pub(crate) async fn send<E: EventAdapter>(
    delivery: &mut EventDelivery<E>,
    mut page: EventPage,
    upto: FeedMark,
) -> Result<Sent, DispatchError> {
    let batch = EventBatch { upto, events: std::mem::take(&mut page.events) };
    let outcomes = delivery.adapter.write(&batch).await?;
    page.events = batch.events;
    let settled = |outcome: &&Outcome| matches!(outcome, Outcome::Delivered | Outcome::Reject(_));
    let settled = outcomes.iter().take(page.events.len()).take_while(settled).count();
    let dead = outcomes.iter().take(settled).filter(|outcome| matches!(outcome, Outcome::Reject(_))).count();
    let open = (settled < page.events.len()).then(|| match outcomes.get(settled) {
        Some(Outcome::Gone) => Open::Gone,
        Some(Outcome::Retry(asked)) => Open::Later(Duration::from_millis(*asked)),
        Some(Outcome::Delivered | Outcome::Reject(_) | Outcome::Unknown) | None => {
            Open::Later(Duration::ZERO)
        }
    });
    // Only an event at the head can be given up.
    let rest = (open.is_some() && settled == 0).then(|| page.clone());
    page.cut(settled);
    Ok(Sent { page, rest, dead: u64::try_from(dead).unwrap_or(u64::MAX), open })
}

pub(crate) fn untaken<E: EventAdapter>(delivery: &EventDelivery<E>, hint: &str) -> EdgeError {
    let reason = delivery.adapter.trouble();
    EdgeError {
        attempt: format!("cannot deliver for {}", delivery.subscription),
        reason: reason.unwrap_or_else(|| "the receiver did not take every event".to_owned()),
        hint: hint.to_owned(),
        recovery: Recovery::Retry,
        edition: None,
    }
}

/// A position of this feed.
pub(crate) fn mark(view: &View, position: u64) -> Result<FeedMark, ReadError> {
    let mut hasher = blake3::Hasher::new();
    if let Some(change) = view.change(ChangeSeq(position))? {
        let mut put = |bytes: &[u8]| {
            hasher.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(bytes);
        };
        put(change.entity.to_string().as_bytes());
        put(change.kind.name().as_bytes());
        put(&change.time.0.to_le_bytes());
        for key in &change.members {
            put(key.system.as_str().as_bytes());
            put(key.local.as_bytes());
        }
        for (element, value) in &change.values {
            put(&element.0.to_le_bytes());
            put(&value.as_ref().map(|value| value_digest(&value.value)).unwrap_or_default());
        }
    }
    let digest: String = hasher.finalize().to_hex().chars().take(16).collect();
    Ok(FeedMark { position, digest: digest.into() })
}
