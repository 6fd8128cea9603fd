//! Takes what a department pushes over HTTP, beside whatever else brings in its rows; and asks a department's REST source
//! for them ([`pull`]).
//!
//! The server reads a request's body with [`read_body`] and leaves it in the [`Inbox`]; the connector takes it from there
//! and says so once it is durable. The inbox is bounded: what does not fit is refused, for the sender to try again.
//!
//! **Invariant:** a request is answered as taken in only after the durable commit of all its rows.
//! **Invariant:** a pushed file never comes between the rows of another edition of the same system.

mod body;
mod inbox;
pub mod pull;
#[cfg(test)]
mod tests;

pub use body::{BodyError, Kind, Pushed, PushedRow, read_body};
pub use inbox::{Full, Inbox};

use std::collections::VecDeque;
use std::fmt;
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding, Item,
};

/// Batches of pushed rows in a row after which the other source has its turn.
const PUSHES_IN_A_ROW_MAX: u32 = 8;

/// A system's source: what is pushed, and what another connector reads, where there is one.
pub struct HttpConnector<C> {
    inbox: Option<Inbox>,
    inner: Option<C>,
    /// Whether the other source is within an edition.
    within: bool,
    in_a_row: u32,
    /// Of each batch that was handed on and is not yet durable, whether it was pushed.
    handed_on: VecDeque<bool>,
}

impl<C> fmt::Debug for HttpConnector<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConnector").field("pushed", &self.inbox.is_some()).finish_non_exhaustive()
    }
}

impl<C> HttpConnector<C> {
    /// A source that is pushed, read by another connector, or both.
    pub fn new(inbox: Option<Inbox>, inner: Option<C>) -> HttpConnector<C> {
        HttpConnector { inbox, inner, within: false, in_a_row: 0, handed_on: VecDeque::new() }
    }

    fn pushed(&mut self, limits: BatchLimits) -> Option<Vec<Item>> {
        self.inbox.as_ref()?.take(limits, !self.within)
    }
}

impl<C: Connector + Sync> Connector for HttpConnector<C> {
    fn capabilities(&self) -> ConnectorCapabilities {
        let none = ConnectorCapabilities { replay: false, snapshot: false };
        self.inner.as_ref().map_or(none, Connector::capabilities)
    }

    async fn check(&self) -> Vec<Finding> {
        match (&self.inner, &self.inbox) {
            (Some(inner), _) => inner.check().await,
            (None, Some(inbox)) => vec![inbox.finding()],
            (None, None) => Vec::new(),
        }
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        match &self.inner {
            Some(inner) => inner.discover().await,
            None => Ok(Vec::new()),
        }
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let turn = self.in_a_row >= PUSHES_IN_A_ROW_MAX;
        // A file that is being taken over is taken over to its end.
        let whole = self.inbox.as_ref().is_some_and(Inbox::within_edition);
        if (!turn || whole)
            && let Some(items) = self.pushed(limits)
        {
            self.in_a_row += 1;
            self.handed_on.push_back(true);
            return Ok(Some(Batch { items, cursor: from.clone() }));
        }
        // Somebody waits for an answer: reading on could take a while, and the answer comes first.
        if !turn && self.handed_on.contains(&true) {
            return Ok(None);
        }
        self.in_a_row = 0;
        let Some(inner) = &mut self.inner else { return Ok(None) };
        let batch = inner.read(from, limits).await.inspect_err(|_| self.within = false)?;
        if let Some(batch) = &batch {
            for item in &batch.items {
                match item {
                    Item::Open(_) => self.within = true,
                    Item::Close => self.within = false,
                    Item::Row(_) | Item::Bad(_) | Item::Messages(_) => {}
                }
            }
            self.handed_on.push_back(false);
        }
        Ok(batch)
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        match (self.handed_on.pop_front(), &mut self.inner) {
            (Some(true), _) => {
                if let Some(inbox) = &self.inbox {
                    inbox.durable();
                }
                Ok(())
            }
            (_, Some(inner)) => inner.commit(upto).await,
            (_, None) => Ok(()),
        }
    }

    async fn ready(&mut self) {
        match &self.inbox {
            Some(inbox) => inbox.filled().await,
            None => std::future::pending().await,
        }
    }
}
