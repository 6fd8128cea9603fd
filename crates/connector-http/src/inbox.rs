//! What was pushed and waits to be taken in: a bounded queue between the server's requests and a source's task.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use yibiao_contract::{BatchLimits, Finding, Item, Messages};

/// Requests that may wait for one system.
const REQUESTS_MAX: usize = 256;
/// Bytes of requests that may wait for one system; a larger request is taken where it waits alone.
const BYTES_MAX: usize = 128 << 20;

/// The inbox of one system. Clones are the same inbox.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Shared>);

/// The inbox is full: again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests wait to be taken in")]
pub struct Full;

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    filled: Notify,
}

#[derive(Default)]
struct State {
    requests: VecDeque<Request>,
    bytes: usize,
    /// The request that is half taken, and a file: nothing may come between.
    within: bool,
    /// Of each batch that was taken and is not yet durable, whom to tell.
    taken: VecDeque<Vec<oneshot::Sender<()>>>,
}

struct Request {
    items: VecDeque<Item>,
    bytes: usize,
    /// Whether it is a file.
    edition: bool,
    done: oneshot::Sender<()>,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inbox of {} requests", self.state().requests.len())
    }
}

impl Inbox {
    /// An empty inbox.
    pub fn new() -> Inbox {
        Inbox::default()
    }

    /// Leaves items; the receiver is told when they are durable.
    pub fn leave(&self, items: Vec<Item>) -> Result<oneshot::Receiver<()>, Full> {
        let bytes = items.iter().map(size).sum();
        let mut state = self.state();
        let room = state.requests.is_empty() || state.bytes.saturating_add(bytes) <= BYTES_MAX;
        if !room || state.requests.len() >= REQUESTS_MAX {
            return Err(Full);
        }
        let (done, durable) = oneshot::channel();
        let edition = matches!(items.first(), Some(Item::Open(_)));
        state.bytes += bytes;
        state.requests.push_back(Request { items: items.into(), bytes, edition, done });
        drop(state);
        self.0.filled.notify_one();
        Ok(durable)
    }

    /// What a check finds: there is nothing to reach, for others come to it.
    pub(crate) fn finding(&self) -> Finding {
        let detail = format!("can be pushed to, {} requests wait", self.state().requests.len());
        Finding { subject: "inbox".to_owned(), good: true, detail, hint: String::new() }
    }

    /// Resolves when there is something to take.
    pub(crate) async fn filled(&self) {
        loop {
            let filled = self.0.filled.notified();
            if !self.state().requests.is_empty() {
                return;
            }
            filled.await;
        }
    }

    /// Whether a file was taken in part.
    pub(crate) fn within_edition(&self) -> bool {
        self.state().within
    }

    /// The next batch, of one or more requests; files only where `editions` may come.
    pub(crate) fn take(&self, limits: BatchLimits, editions: bool) -> Option<Vec<Item>> {
        let mut state = self.state();
        let (mut items, mut done) = (Vec::new(), Vec::new());
        let mut room = Room { limits, empty: true };
        while room.limits.rows_max > 0 {
            let Some(request) = state.requests.front_mut().filter(|request| editions || !request.edition)
            else {
                break;
            };
            while let Some(item) = request.items.pop_front() {
                let (part, rest) = room.take(item);
                items.extend(part);
                if let Some(rest) = rest {
                    request.items.push_front(rest);
                    break;
                }
            }
            let (ended, edition) = (request.items.is_empty(), request.edition);
            state.within = edition && !ended;
            if !ended {
                break;
            }
            if let Some(request) = state.requests.pop_front() {
                state.bytes = state.bytes.saturating_sub(request.bytes);
                done.push(request.done);
            }
        }
        if items.is_empty() {
            return None;
        }
        state.taken.push_back(done);
        Some(items)
    }

    /// The oldest batch that was taken is durable.
    pub(crate) fn durable(&self) {
        let done = self.state().taken.pop_front().unwrap_or_default();
        for done in done {
            // Whoever asked may have gone.
            done.send(()).unwrap_or_default();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of a batch's limits.
struct Room {
    limits: BatchLimits,
    /// Whether no row was taken yet: one row over the limit comes alone.
    empty: bool,
}

impl Room {
    /// What of an item fits, and what is left of it.
    fn take(&mut self, item: Item) -> (Option<Item>, Option<Item>) {
        match item {
            Item::Messages(mut messages) => {
                let fitting =
                    messages.messages.iter().take_while(|message| self.admit(message.raw.len())).count();
                let rest = messages.messages.split_off(fitting);
                let left = Messages {
                    messages: rest,
                    name: messages.name.clone(),
                    columns: messages.columns.clone(),
                };
                let part = (fitting > 0).then_some(Item::Messages(messages));
                (part, (!left.messages.is_empty()).then_some(Item::Messages(left)))
            }
            Item::Row(_) | Item::Bad(_) if !self.admit(size(&item)) => (None, Some(item)),
            Item::Row(_) | Item::Bad(_) | Item::Open(_) | Item::Close => (Some(item), None),
        }
    }

    /// Makes room for a row, where there is any.
    fn admit(&mut self, bytes: usize) -> bool {
        let BatchLimits { rows_max, bytes_max } = self.limits;
        if rows_max == 0 || (bytes > bytes_max && !self.empty) {
            return false;
        }
        self.limits = BatchLimits { rows_max: rows_max - 1, bytes_max: bytes_max.saturating_sub(bytes) };
        self.empty = false;
        true
    }
}

fn size(item: &Item) -> usize {
    match item {
        Item::Messages(messages) => messages.messages.iter().map(|message| message.raw.len()).sum(),
        Item::Row(row) => row.raw.len(),
        Item::Bad(bad) => bad.raw.len(),
        Item::Open(_) | Item::Close => 0,
    }
}
