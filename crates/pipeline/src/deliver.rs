//! Delivering: a subscription's receiver gets its own rows, completed and corrected as the policy allows.
//!
//! **Invariant:** what is going to be written into a receiver's rows is noted as delivered, durably, before it is
//! written: whatever comes back is known as our own word, whoever died when.

use crate::account::Disposition;
use crate::guard::guarded;
use crate::letters::kept;
use crate::node::Node;
use crate::project::{Projection, Projector};
use std::collections::BTreeMap;
use std::sync::Arc;
use yibiao_contract::{
    Adapter, Batch, BatchLimits, Connector, Cursor, EdgeError, Item, Letter, OutBatch, OutRow, Outcome,
    Recovery,
};
use yibiao_format::Cell;
use yibiao_mapping::Mapping;
use yibiao_record::{ChangeSeq, EntityId, Timestamp};
use yibiao_store::{Commit, CommitError, DeadLetter, ReadError};

/// A subscription, its receiver's own rows, and the way to it.
#[derive(Debug)]
pub struct Delivery<C, A> {
    /// The subscription's id.
    pub subscription: Box<str>,
    /// How the receiver's rows are read and written.
    pub mapping: Arc<Mapping>,
    /// Reads the receiver's newest edition again.
    pub reader: C,
    /// Writes to the receiver.
    pub adapter: A,
}

/// Why a delivery did not happen.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The receiver's rows could not be read, or the receiver could not be written to; its changes stay pending.
    #[error("the receiver cannot be reached")]
    Edge(#[source] EdgeError),
    /// The receiver has delivered no file of its own, or has just begun to: there are no rows to write into.
    #[error("the receiver has delivered no file yet")]
    NothingYet(#[source] EdgeError),
    /// The store could not be read.
    #[error("cannot read the store")]
    Read(#[from] ReadError),
    /// What was delivered could not be noted.
    #[error("cannot note the delivery; start the node again")]
    Commit(#[from] CommitError),
}

/// What a delivery did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The subscription.
    pub subscription: String,
    /// The receiver's rows by what was done for them.
    pub rows: BTreeMap<&'static str, u64>,
    /// Cells that were empty and are filled now.
    pub completed: u64,
    /// Cells that said something else and are corrected now.
    pub corrected: u64,
    /// Changes by what became of them, this time.
    pub changes: BTreeMap<Disposition, u64>,
}

impl<C: Connector, A: Adapter> Delivery<C, A> {
    /// Brings the receiver to the end of the feed.
    pub(crate) async fn run(
        &mut self,
        node: &mut Node,
        limits: BatchLimits,
        at: Timestamp,
    ) -> Result<DeliveryReport, DeliverError> {
        let timer = node.metrics().delivery_seconds.with_label_values(&[&*self.subscription]).start_timer();
        let view = node.store.view()?;
        let upto = view.last().change;
        let mut report =
            DeliveryReport { subscription: self.subscription.to_string(), ..DeliveryReport::default() };
        let Some(subscription) = node.policy.subscription(&self.subscription) else { return Ok(report) };
        let mut projector = Projector::new(node, subscription, &self.mapping, &view, at)?;
        // Twice, so that the file is never held whole: first how it is spelt, then row by row.
        let learnt = read(&mut self.reader, limits, |items| {
            projector.learn(items);
            Ok(())
        });
        let Some(edition) = learnt.await? else { return Err(DeliverError::NothingYet(self.nothing_yet())) };
        let mut projections = Vec::new();
        let projected = read(&mut self.reader, limits, |items| {
            projections.extend(projector.project(items, &mut report)?);
            Ok(())
        });
        if projected.await?.as_ref() != Some(&edition) {
            return Err(DeliverError::Edge(self.another_edition()));
        }
        drop(projector);
        drop(view);
        let delivered = projections.iter().filter_map(|projection| projection.delivered.clone()).collect();
        node.store.commit(&Commit { delivered, ..Commit::default() })?;
        let (entities, rows): (Vec<_>, Vec<_>) =
            projections.into_iter().map(|Projection { entities, row, .. }| (entities, row)).unzip();
        for row in &rows {
            *report.rows.entry(row.status.words().0).or_insert(0) += 1;
        }
        let sent = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let batch = OutBatch { upto: upto.0, edition: Some(edition), rows };
        let attempt = format!("cannot deliver for {}", self.subscription);
        let outcomes = guarded(&attempt, self.adapter.write(&batch)).await.map_err(DeliverError::Edge)?;
        let rejected =
            rejected(&self.subscription, &outcomes, &entities, &batch.rows).map_err(DeliverError::Edge)?;
        node.note_delivery(&self.subscription, upto, &rejected, at, &mut report)?;
        node.metrics().sent.with_label_values(&[&*self.subscription]).inc_by(sent);
        timer.observe_duration();
        let DeliveryReport { completed, corrected, .. } = report;
        tracing::info!(subscription = %self.subscription, upto = upto.0, completed, corrected, "delivered");
        Ok(report)
    }

    /// The receiver put another file in the place of the one that was being read.
    fn another_edition(&self) -> EdgeError {
        EdgeError {
            attempt: format!("cannot deliver for {}", self.subscription),
            reason: format!("its receiver delivered another {} meanwhile", self.mapping.source().file),
            hint: "it is tried again by itself".to_owned(),
            recovery: Recovery::Retry,
            edition: None,
        }
    }

    fn nothing_yet(&self) -> EdgeError {
        EdgeError {
            attempt: format!("cannot deliver for {}", self.subscription),
            reason: format!("its receiver has delivered no {} of its own", self.mapping.source().file),
            hint: "have it delivered; until then its changes stay pending".to_owned(),
            recovery: Recovery::Retry,
            edition: None,
        }
    }
}

/// Reads the receiver's edition from its start to its end; gives its digest. `None` where there is no edition.
async fn read(
    reader: &mut impl Connector,
    limits: BatchLimits,
    mut take: impl FnMut(&[Item]) -> Result<(), ReadError>,
) -> Result<Option<Box<str>>, DeliverError> {
    let (mut cursor, mut edition) = (Cursor::default(), None);
    while let Some(Batch { items, cursor: next }) =
        guarded("cannot read the receiver's own rows", reader.read(&cursor, limits))
            .await
            .map_err(DeliverError::Edge)?
    {
        for item in &items {
            if let Item::Open(opened) = item {
                edition = Some(opened.digest.clone());
            }
        }
        tokio::task::block_in_place(|| take(&items))?;
        cursor = next;
    }
    Ok(edition)
}

/// The rows that a receiver refused for good, by the entities in them.
pub(crate) type Rejected = BTreeMap<EntityId, RejectedRow>;

/// A row that a receiver refused for good.
#[derive(Clone, Debug)]
pub(crate) struct RejectedRow {
    reason: String,
    row: OutRow,
}

impl RejectedRow {
    /// The letter of a change that the row would have told.
    pub(crate) fn letter(&self, subscription: &str, change: ChangeSeq, at: Timestamp) -> DeadLetter {
        let cell = |cell: &Cell| match cell {
            Cell::Absent => serde_json::Value::Null,
            Cell::Text(text) => text.as_str().into(),
            Cell::Number(number) | Cell::DateSerial(number) => (*number).into(),
            Cell::Integer(number) => (*number).into(),
            Cell::Bool(truth) => (*truth).into(),
        };
        let cells: serde_json::Map<String, serde_json::Value> =
            self.row.cells.iter().map(|(column, of)| (column.clone(), cell(of))).collect();
        let letter = Letter {
            receiver: "its own file".to_owned(),
            key: self.row.key.clone().unwrap_or_default().into_bytes(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: serde_json::Value::Object(cells).to_string().into_bytes(),
            ..Letter::default()
        };
        kept(subscription, change, "adapter", letter, &self.reason, at)
    }
}

/// A receiver that did not take everything.
pub(crate) fn unfinished(subscription: &str, reason: String, hint: &str) -> EdgeError {
    EdgeError {
        attempt: format!("cannot deliver for {subscription}"),
        reason,
        hint: hint.to_owned(),
        recovery: Recovery::Retry,
        edition: None,
    }
}

/// The rows that the receiver refused for good; an error where it is not known what became of a row.
fn rejected(
    subscription: &str,
    outcomes: &[Outcome],
    entities: &[Vec<EntityId>],
    rows: &[OutRow],
) -> Result<Rejected, EdgeError> {
    let mut rejected = Rejected::new();
    for ((outcome, entities), row) in outcomes.iter().zip(entities).zip(rows) {
        match outcome {
            Outcome::Delivered => {}
            Outcome::Reject(reason) => {
                let refused = RejectedRow { reason: reason.clone(), row: row.clone() };
                rejected.extend(entities.iter().map(|entity| (*entity, refused.clone())));
            }
            Outcome::Retry(_) | Outcome::Unknown | Outcome::Gone => {
                let reason = "the receiver did not take every row".to_owned();
                return Err(unfinished(subscription, reason, "it is tried again by itself"));
            }
        }
    }
    Ok(rejected)
}
