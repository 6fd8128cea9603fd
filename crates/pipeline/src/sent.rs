//! What came of a batch of events: how much of it is settled, and why the rest was left.
//!
//! **Invariant:** what is settled is the beginning of the batch: behind an event that waits, nothing counts as delivered.

use crate::account::Disposition;
use crate::deliver::unfinished;
use crate::dispatch::{DispatchError, EventDelivery};
use crate::events::EventPage;
use crate::letters::dead_letter;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use yibiao_contract::{EdgeError, EventAdapter, EventBatch, FeedMark, Outcome};
use yibiao_record::{ChangeSeq, Timestamp};
use yibiao_store::{DeadLetter, ReadError, View, value_digest};

/// What is to be done about a receiver that said that it is gone.
pub(crate) const GONE_HINT: &str =
    "it is disabled and its changes stay pending; `yibiao webhook enable` goes on with them";

/// Why, where the adapter does not say it.
pub(crate) const NOT_EVERY_EVENT: &str = "the receiver did not take every event";

/// What came of a page: the part of it that is settled.
pub(crate) struct Sent {
    pub(crate) page: EventPage,
    /// What was behind it, until it is settled or given up.
    rest: Option<EventPage>,
    /// Of its events, those that are dead.
    letters: Vec<DeadLetter>,
    took: Duration,
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
    /// What the node is to note of it. The letters go with it.
    pub(crate) fn done(&mut self) -> Done {
        let (mut counts, letters) = (self.page.dispositions(), std::mem::take(&mut self.letters));
        let dead = u64::try_from(letters.len()).unwrap_or(u64::MAX);
        if dead > 0 {
            counts.insert(Disposition::Dead, dead);
            counts.entry(Disposition::Delivered).and_modify(|delivered| *delivered -= dead);
        }
        Done { counts, letters, took: Some(self.took) }
    }

    /// The event at the head is dead, and nothing behind it was tried.
    pub(crate) fn give_up<E: EventAdapter>(
        &mut self,
        delivery: &EventDelivery<E>,
        reason: &str,
        at: Timestamp,
    ) {
        if let Some(mut page) = self.rest.take() {
            page.cut(1);
            let dead = |event| dead_letter(&delivery.subscription, &delivery.adapter, event, reason, at);
            self.letters = page.events.iter().map(dead).collect();
            self.page = page;
        }
    }
}

/// What became of a page, as the node notes it.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) counts: BTreeMap<Disposition, u64>,
    pub(crate) letters: Vec<DeadLetter>,
    /// How long the receiver took; of one that fetches, nobody knows.
    pub(crate) took: Option<Duration>,
}

/// Sends a page and says what became of it.
pub(crate) async fn send<E: EventAdapter>(
    delivery: &mut EventDelivery<E>,
    mut page: EventPage,
    upto: FeedMark,
    at: Timestamp,
) -> Result<Sent, DispatchError> {
    let started = Instant::now();
    let batch = EventBatch { upto, events: std::mem::take(&mut page.events) };
    let outcomes = delivery.adapter.write(&batch).await?;
    page.events = batch.events;
    let settled = |outcome: &&Outcome| matches!(outcome, Outcome::Delivered | Outcome::Reject(_));
    let settled = outcomes.iter().take(page.events.len()).take_while(settled).count();
    let refused =
        page.events.iter().zip(&outcomes).take(settled).filter_map(|(event, outcome)| match outcome {
            Outcome::Reject(reason) => {
                Some(dead_letter(&delivery.subscription, &delivery.adapter, event, reason, at))
            }
            _ => None,
        });
    let letters: Vec<DeadLetter> = refused.collect();
    if !letters.is_empty() {
        let (subscription, refused) = (&delivery.subscription, letters.len());
        tracing::warn!(%subscription, refused, "the receiver refused events; they are dead letters");
    }
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
    Ok(Sent { page, rest, letters, took: started.elapsed(), open })
}

pub(crate) fn untaken<E: EventAdapter>(delivery: &EventDelivery<E>, hint: &str) -> EdgeError {
    let reason = delivery.adapter.trouble();
    unfinished(&delivery.subscription, reason.unwrap_or_else(|| NOT_EVERY_EVENT.to_owned()), hint)
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
