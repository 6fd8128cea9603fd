//! A source's task: reads and parses one batch ahead of the node, and acknowledges what is durable.
//!
//! **Invariant:** `Connector::commit` follows the node's word that the batch is durable, never precedes it.

use crate::guard::guarded;
use crate::ingest::Incoming;
use crate::parse::{Parcel, Parser};
use crate::run::{Event, RunOptions};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use yibiao_contract::{Connector, Cursor, EdgeError, Recovery};
use yibiao_mapping::Mapping;

/// First and longest pause after a failure.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
const BACKOFF_LONGEST: Duration = Duration::from_secs(60);
/// Batches of a source that the node may have without having called them durable: one that it publishes, one that it
/// decides on.
const UNACKNOWLEDGED_MAX: usize = 2;
/// Failures in a row after which a source is given up in a run that is to end.
const FAILURES_ONCE_MAX: u32 = 2;

/// How long to wait after so many failures in a row.
pub(crate) fn backoff(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    BACKOFF_FIRST.saturating_mul(1 << doublings).min(BACKOFF_LONGEST)
}

/// One connected system.
#[derive(Debug)]
pub struct Source<C> {
    /// How its rows are read.
    pub mapping: Arc<Mapping>,
    /// Where its rows come from.
    pub connector: C,
}

pub(crate) struct SourceTask<C> {
    connector: C,
    parser: Parser,
    cursor: Cursor,
    /// The batches that the node has and has not yet called durable, in their order.
    unacknowledged: VecDeque<(oneshot::Receiver<()>, Cursor)>,
    failures: u32,
    options: RunOptions,
    /// When everything that lay there at the start of the run has settled.
    settled: Instant,
    events: mpsc::Sender<Event>,
    drain: watch::Receiver<bool>,
    turn: Turn,
}

/// In a run that ends, sources tell what they have read one after the other, so that entity ids come out the same each
/// time; the next in the row reads its first batch meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// How many sources have ended.
    pub(crate) ended: watch::Receiver<usize>,
    /// How many must have ended first.
    pub(crate) first: usize,
}

impl<C: Connector> SourceTask<C> {
    pub(crate) fn new(
        source: Source<C>,
        cursor: Cursor,
        options: RunOptions,
        settled: Instant,
        events: mpsc::Sender<Event>,
        drain: watch::Receiver<bool>,
        turn: Turn,
    ) -> Self {
        let parser = Parser::new(source.mapping);
        Self {
            connector: source.connector,
            parser,
            cursor,
            unacknowledged: VecDeque::new(),
            failures: 0,
            options,
            settled,
            events,
            drain,
            turn,
        }
    }

    /// Goes on until the source is drained (in a run that ends), given up, or the node stops.
    pub(crate) async fn run(mut self) {
        while self.step().await.is_continue() {}
        // Fails only where the node has stopped, and then nobody counts its sources.
        drop(self.events.send(Event::Finished).await);
    }

    async fn step(&mut self) -> ControlFlow<()> {
        // Before the reading: its turn to tell may come long after.
        let settled = Instant::now() >= self.settled;
        let attempt = format!("cannot read the rows of {}", self.parser.system());
        let read = guarded(&attempt, self.connector.read(&self.cursor, self.options.limits)).await;
        // Parsed while the node still has the batches before.
        let next = read.map(|batch| batch.map(|batch| (self.parser.parse(batch.items), batch.cursor)));
        let kept = if matches!(next, Ok(Some(_))) { UNACKNOWLEDGED_MAX - 1 } else { 0 };
        self.acknowledge(kept).await?;
        // Before the batch that moves on behind them: whoever is killed in between is told again.
        for refused in self.parser.refused() {
            self.send(Event::Failed(self.parser.system(), refused)).await?;
        }
        match next {
            Ok(Some((parcels, upto))) => self.hand_over(parcels, upto).await,
            Ok(None) => {
                self.failures = 0;
                self.send(Event::Idle(self.parser.system())).await?;
                match (self.options.once, settled) {
                    (false, _) => self.rest(self.options.poll).await,
                    (true, false) => self.rest(self.settled.saturating_duration_since(Instant::now())).await,
                    (true, true) => ControlFlow::Break(()),
                }
            }
            Err(error) => self.fail(error).await,
        }
    }

    async fn hand_over(&mut self, parcels: Vec<Parcel>, upto: Cursor) -> ControlFlow<()> {
        self.failures = 0;
        self.cursor = upto.clone();
        let (done, durable) = oneshot::channel();
        self.unacknowledged.push_back((durable, upto.clone()));
        let incoming = Incoming { system: self.parser.system(), parcels, cursor: upto };
        self.send(Event::Batch { incoming, done }).await
    }

    /// Acknowledges what is durable, until no more than `kept` batches are left.
    async fn acknowledge(&mut self, kept: usize) -> ControlFlow<()> {
        while self.unacknowledged.len() > kept
            && let Some((durable, upto)) = self.unacknowledged.pop_front()
        {
            if durable.await.is_err() {
                return ControlFlow::Break(()); // the node has stopped before it was durable
            }
            let attempt = format!("cannot acknowledge the rows of {}", self.parser.system());
            if let Err(error) = guarded(&attempt, self.connector.commit(&upto)).await {
                self.send(Event::Failed(self.parser.system(), error)).await?;
            }
        }
        ControlFlow::Continue(())
    }

    async fn fail(&mut self, error: EdgeError) -> ControlFlow<()> {
        self.failures += 1;
        self.parser.abandon();
        let recovery = error.recovery;
        self.send(Event::Failed(self.parser.system(), error)).await?;
        // An edition that was set aside does not stand in the way of the next.
        if recovery == Recovery::Quarantine {
            return ControlFlow::Continue(());
        }
        if self.options.once && (recovery == Recovery::Halt || self.failures >= FAILURES_ONCE_MAX) {
            return ControlFlow::Break(());
        }
        self.rest(backoff(self.failures)).await
    }

    async fn send(&mut self, event: Event) -> ControlFlow<()> {
        let first = self.turn.first;
        if self.turn.ended.wait_for(|ended| *ended >= first).await.is_err() {
            return ControlFlow::Break(());
        }
        match self.events.send(event).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Waits, or ends where the node drains.
    async fn rest(&mut self, pause: Duration) -> ControlFlow<()> {
        tokio::select! {
            _ = self.drain.wait_for(|drain| *drain) => ControlFlow::Break(()),
            () = self.connector.ready() => ControlFlow::Continue(()),
            () = tokio::time::sleep(pause) => ControlFlow::Continue(()),
        }
    }
}
