//! The loop of a node: sources bring batches, one place ingests them, idle moments deliver.
//!
//! **Invariant:** one task owns the node; every trigger is a variant of [`Event`].

use crate::deliver::{DeliverError, Delivery, DeliveryReport};
use crate::ingest::{Incoming, IngestError};
use crate::node::Node;
use crate::source::{Source, SourceTask, Turn, backoff};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use yibiao_contract::{Adapter, BatchLimits, Connector, EdgeError, Recovery};
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
    /// In a run that ends: the failures of sources and receivers. A run that goes on tells them as they come and go.
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

/// A part of a node that can fail and recover by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The source of a system.
    Source(SystemId),
    /// The delivery for a subscription.
    Delivery(Box<str>),
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
/// In a run that ends, the sources that read: the one whose turn it is, and the next.
const READING_ONCE: usize = 2;
/// Events that may wait for the node, over all sources; each holds at most a batch.
const EVENTS_WAITING_MAX: usize = 2;

/// Runs until the sources are drained (`once`) or until `drain` turns true. `notice` is told of each part that fails, and
/// of each that is well (again).
pub async fn run<C, A>(
    node: &mut Node,
    sources: Vec<Source<C>>,
    deliveries: &mut [Delivery<C, A>],
    options: RunOptions,
    mut jobs: mpsc::Receiver<Job>,
    mut drain: watch::Receiver<bool>,
    notice: impl Fn(Part, Option<&EdgeError>),
) -> Result<RunReport, RunError>
where
    C: Connector + 'static,
    A: Adapter,
{
    let (events, mut inbox) = mpsc::channel(EVENTS_WAITING_MAX);
    let mut tasks = JoinSet::new();
    let systems = sources.len();
    let width = if options.once { READING_ONCE } else { systems };
    let (ended, turns) = watch::channel(0);
    let mut started = 0;
    for source in &sources {
        node.metrics().source_begins(source.mapping.system().as_str());
    }
    let mut waiting = VecDeque::from(sources);
    for delivery in deliveries.iter() {
        node.metrics().tallies.receives(&delivery.subscription);
    }
    let (mut running, mut idle) = (0, BTreeSet::new());
    let mut report = RunReport::default();
    let settled = Instant::now() + options.settle;
    let mut tick = tokio::time::interval(options.poll);
    let mut outbox = Outbox::full(deliveries.len());
    let mut put_back = None;
    // Whose batch was taken in last: the one that may still be being published.
    let mut last = None;
    loop {
        while running < width
            && let Some(source) = waiting.pop_front()
        {
            let system = source.mapping.system();
            let cursor = node
                .cursor(system)
                .map_err(|source| RunError::Ingest { system, source: IngestError::Read(source) })?;
            let turn = Turn { ended: turns.clone(), first: if options.once { started } else { 0 } };
            tasks.spawn(
                SourceTask::new(source, cursor, options, settled, events.clone(), drain.clone(), turn).run(),
            );
            (running, started) = (running + 1, started + 1);
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
        // Only the next batch is decided on while one is being published.
        if let Some(system) = last.filter(|_| !matches!(event, Event::Batch { .. })) {
            tokio::task::block_in_place(|| node.settle())
                .map_err(|source| RunError::Ingest { system, source })?;
        }
        if matches!(event, Event::Tick) {
            node.metrics().tallies.at(node.last.change, (options.clock)());
        }
        match event {
            Event::Batch { incoming, done } => {
                let system = incoming.system;
                let mut gathered = gather(incoming, done, &mut inbox).await;
                let dones = std::mem::take(&mut gathered.dones);
                let group = std::mem::take(&mut gathered.group);
                idle.retain(|system| group.iter().all(|incoming| incoming.system != *system));
                tokio::task::block_in_place(|| node.ingest(group, dones))
                    .map_err(|source| RunError::Ingest { system, source })?;
                outbox = Outbox::full(deliveries.len());
                notice(Part::Source(system), None);
                last = Some(system);
                put_back = gathered.other;
            }
            Event::Idle(system) => {
                idle.insert(system);
                notice(Part::Source(system), None);
            }
            Event::Failed(system, error) => {
                tracing::error!(%system, %error, "source failed");
                node.source_failed(system, &error).map_err(|source| RunError::Ingest { system, source })?;
                if error.recovery != Recovery::Quarantine {
                    notice(Part::Source(system), Some(&error));
                    if !options.once {
                        node.metrics().restarts.with_label_values(&[system.as_str()]).inc();
                    }
                }
                idle.insert(system); // one that cannot be read holds up no receiver
                if options.once {
                    report.failed.push(error);
                }
            }
            Event::Finished => {
                running -= 1;
                ended.send_modify(|ended| *ended += 1);
            }
            Event::Job(job) => {
                let (changes, marks) = (node.last.change, node.letters.marks());
                tokio::task::block_in_place(|| job(node));
                if node.last.change != changes || node.letters.marks() > marks {
                    outbox = Outbox::full(deliveries.len());
                }
            }
            Event::Tick if outbox.due() && idle.len() == systems => {
                deliver(node, deliveries, &options, &mut outbox, &mut report, &notice).await?;
            }
            Event::Tick => {}
            Event::Drain => return Ok(report),
        }
    }
    deliver(node, deliveries, &options, &mut outbox, &mut report, &notice).await?;
    Ok(report)
}

/// Which deliveries wait, and from when on they are tried.
struct Outbox {
    waiting: BTreeSet<usize>,
    failures: u32,
    not_before: Instant,
}

impl Outbox {
    fn full(deliveries: usize) -> Self {
        Self { waiting: (0..deliveries).collect(), failures: 0, not_before: Instant::now() }
    }

    fn due(&self) -> bool {
        !self.waiting.is_empty() && Instant::now() >= self.not_before
    }

    /// Keeps the deliveries that failed for a later time.
    fn again(&mut self, failed: BTreeSet<usize>) {
        self.waiting = failed;
        self.failures += 1;
        self.not_before = Instant::now() + backoff(self.failures);
    }
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
    outbox: &mut Outbox,
    report: &mut RunReport,
    notice: &impl Fn(Part, Option<&EdgeError>),
) -> Result<(), RunError> {
    let mut failed = BTreeSet::new();
    for (at, delivery) in deliveries.iter_mut().enumerate().filter(|(at, _)| outbox.waiting.contains(at)) {
        let subscription = delivery.subscription.clone();
        let part = || Part::Delivery(subscription.clone());
        match delivery.run(node, options.limits, (options.clock)()).await {
            Ok(done) => {
                notice(part(), None);
                match report.deliveries.iter_mut().find(|last| last.subscription == done.subscription) {
                    Some(last) => *last = done,
                    None => report.deliveries.push(done),
                }
            }
            // Its first file is a batch of its source, and with that batch it is tried again.
            Err(DeliverError::NothingYet(_)) if !options.once => {
                tracing::info!(subscription = %delivery.subscription, "the receiver has delivered no file yet");
                notice(part(), None);
            }
            Err(DeliverError::Edge(error) | DeliverError::NothingYet(error)) => {
                tracing::error!(subscription = %delivery.subscription, %error, "delivery failed; its changes stay pending");
                node.metrics().tallies.failed(&delivery.subscription);
                notice(part(), Some(&error));
                failed.insert(at);
                if options.once {
                    report.failed.push(error);
                }
            }
            Err(source) => {
                return Err(RunError::Deliver { subscription: delivery.subscription.to_string(), source });
            }
        }
    }
    outbox.again(failed);
    Ok(())
}

#[cfg(test)]
mod tests;
