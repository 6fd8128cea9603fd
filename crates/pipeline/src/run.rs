//! The loop of a node: sources bring batches, one place ingests them, idle moments deliver.
//!
//! **Invariant:** one task owns the node; every trigger is a variant of [`Event`].

use crate::deliver::{DeliverError, Delivery, DeliveryReport};
use crate::ingest::{Incoming, IngestError};
use crate::node::Node;
use crate::source::{Source, SourceTask};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use yibiao_contract::{Adapter, BatchLimits, Connector, EdgeError};
use yibiao_record::{SystemId, Timestamp};

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// The time of day, which decides only whether a subscription runs; each delivery notes it.
    pub clock: fn() -> Timestamp,
    /// Drain every source, deliver, and end.
    pub once: bool,
    /// In a run that ends: how long after its start a source may still turn out to have something, because what was just
    /// dropped is not read before it has settled.
    pub settle: Duration,
    /// How long an idle source is left alone, and how long new changes may wait for their delivery.
    pub poll: Duration,
    /// Bounds on a batch.
    pub limits: BatchLimits,
}

/// Work that someone wants done with the node between two batches: a query, a decision, a backup.
pub type Job = Box<dyn FnOnce(&mut Node) + Send>;

/// What a run did.
#[derive(Debug, Default)]
pub struct RunReport {
    /// Sources and receivers that failed in a way that a person must look at.
    pub failed: Vec<EdgeError>,
    /// What each delivery did last.
    pub deliveries: Vec<DeliveryReport>,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A batch could not be committed.
    #[error("cannot take in a batch of {system}")]
    Ingest {
        /// Whose batch.
        system: SystemId,
        /// Why.
        source: IngestError,
    },
    /// A delivery could not be noted.
    #[error("cannot deliver for {subscription}")]
    Deliver {
        /// Which subscription.
        subscription: String,
        /// Why.
        source: DeliverError,
    },
}

/// Everything that can happen to a running node.
pub(crate) enum Event {
    /// A batch was read and parsed.
    Batch { incoming: Incoming, done: oneshot::Sender<()> },
    /// A source has nothing more for now.
    Idle(SystemId),
    /// A source failed.
    Failed(SystemId, EdgeError),
    /// A source's task ended.
    Finished,
    /// Someone wants something of the node.
    Job(Job),
    /// It is time to look whether something waits to be delivered.
    Tick,
    /// Stop: the batch at hand is finished, nothing new is read.
    Drain,
}

/// How long a small batch waits for others, and how many rows make it large.
const GATHER: Duration = Duration::from_millis(3);
const GATHER_ROWS: usize = 1_000;
/// Events that may wait for the node, over all sources; each holds at most a batch.
const EVENTS_WAITING_MAX: usize = 2;

/// Runs until the sources are drained (`once`) or until `drain` turns true.
pub async fn run<C, A>(
    node: &mut Node,
    sources: Vec<Source<C>>,
    deliveries: &mut [Delivery<C, A>],
    options: RunOptions,
    mut jobs: mpsc::Receiver<Job>,
    mut drain: watch::Receiver<bool>,
) -> Result<RunReport, RunError>
where
    C: Connector + 'static,
    A: Adapter,
{
    let (events, mut inbox) = mpsc::channel(EVENTS_WAITING_MAX);
    let mut tasks = JoinSet::new();
    let systems = sources.len();
    // A run that ends reads one source after the other, so that entity ids come out the same each time.
    let width = if options.once { 1 } else { systems };
    let mut waiting = VecDeque::from(sources);
    let (mut running, mut idle) = (0, BTreeSet::new());
    let mut report = RunReport::default();
    let settled = Instant::now() + options.settle;
    let mut tick = tokio::time::interval(options.poll);
    let mut undelivered = true;
    let mut put_back = None;
    loop {
        while running < width
            && let Some(source) = waiting.pop_front()
        {
            let system = source.mapping.system();
            let cursor = node
                .cursor(system)
                .map_err(|source| RunError::Ingest { system, source: IngestError::Read(source) })?;
            tasks.spawn(
                SourceTask::new(source, cursor, options, settled, events.clone(), drain.clone()).run(),
            );
            running += 1;
        }
        if options.once && running == 0 {
            break;
        }
        let event = match put_back.take() {
            Some(event) => event,
            None => tokio::select! {
            biased;
            _ = drain.wait_for(|drain| *drain) => Event::Drain,
            Some(job) = jobs.recv() => Event::Job(job),
            Some(event) = inbox.recv() => event,
            _ = tick.tick(), if !options.once => Event::Tick,
            },
        };
        match event {
            Event::Batch { incoming, done } => {
                let system = incoming.system;
                let mut gathered = gather(incoming, done, &mut inbox).await;
                let dones = std::mem::take(&mut gathered.dones);
                let group = std::mem::take(&mut gathered.group);
                idle.retain(|system| group.iter().all(|incoming| incoming.system != *system));
                tokio::task::block_in_place(|| node.ingest(group))
                    .map_err(|source| RunError::Ingest { system, source })?;
                undelivered = true;
                for done in dones {
                    if done.send(()).is_err() {
                        tracing::trace!("the source has gone; its batch is durable all the same");
                    }
                }
                put_back = gathered.other;
            }
            Event::Idle(system) => {
                idle.insert(system);
            }
            Event::Failed(system, error) => {
                tracing::error!(%system, %error, "source failed");
                node.source_failed(system, &error).map_err(|source| RunError::Ingest { system, source })?;
                report.failed.push(error);
            }
            Event::Finished => running -= 1,
            Event::Job(job) => {
                tokio::task::block_in_place(|| job(node));
                undelivered = true;
            }
            Event::Tick if undelivered && idle.len() == systems => {
                report.deliveries = deliver(node, deliveries, &options, &mut report.failed).await?;
                undelivered = false;
            }
            Event::Tick => {}
            Event::Drain => return Ok(report),
        }
    }
    report.deliveries = deliver(node, deliveries, &options, &mut report.failed).await?;
    Ok(report)
}

/// Small batches that are committed together.
struct Gathered {
    group: Vec<Incoming>,
    dones: Vec<oneshot::Sender<()>>,
    /// What else came meanwhile.
    other: Option<Event>,
}

/// Group commit: where a batch is small, waits a little for others, so that one fsync carries them all.
async fn gather(first: Incoming, done: oneshot::Sender<()>, inbox: &mut mpsc::Receiver<Event>) -> Gathered {
    let mut rows = first.parcels.len();
    let mut gathered = Gathered { group: vec![first], dones: vec![done], other: None };
    let until = Instant::now() + GATHER;
    while rows < GATHER_ROWS && gathered.other.is_none() {
        match tokio::time::timeout_at(until, inbox.recv()).await {
            Ok(Some(Event::Batch { incoming, done })) => {
                rows += incoming.parcels.len();
                gathered.group.push(incoming);
                gathered.dones.push(done);
            }
            Ok(other) => gathered.other = other,
            Err(_) => break,
        }
    }
    gathered
}

async fn deliver<C: Connector, A: Adapter>(
    node: &mut Node,
    deliveries: &mut [Delivery<C, A>],
    options: &RunOptions,
    failed: &mut Vec<EdgeError>,
) -> Result<Vec<DeliveryReport>, RunError> {
    let mut reports = Vec::new();
    for delivery in deliveries {
        match delivery.run(node, options.limits, (options.clock)()).await {
            Ok(report) => reports.push(report),
            Err(DeliverError::Edge(error)) => {
                tracing::error!(subscription = %delivery.subscription, %error, "delivery failed; its changes stay pending");
                node.metrics().delivery_failed(&delivery.subscription);
                failed.push(error);
            }
            Err(source) => {
                return Err(RunError::Deliver { subscription: delivery.subscription.to_string(), source });
            }
        }
    }
    Ok(reports)
}
