//! Publishing: what the resolver regrouped becomes changes of the feed, and changes and submissions one commit.
//!
//! **Invariant:** a change says what differs from what was last published of its entity, and nothing is published that
//! differs in nothing.
//! **Invariant:** batches are published and committed one after the other, in the order in which they were decided on,
//! though the next is decided on meanwhile.

use crate::desk::News;
use crate::ingest::{Draft, IngestError};
use crate::metrics::{Metrics, Stage};
use crate::published::Published;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Instant;
use tokio::sync::{oneshot, watch};
use yibiao_contract::fault::{self, Point};
use yibiao_record::{
    Change, ChangeKind, ChangeSeq, EntityKind, Submission, SubmissionSeq, SystemId, Timestamp,
};
use yibiao_resolve::survive::{self, Pin};
use yibiao_resolve::world::{Step, World};
use yibiao_schema::Dictionary;
use yibiao_store::{AuditDraft, Raw, ReadError, Store, View};

/// A draft and what the resolver made of it.
#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) draft: Draft,
    pub(crate) steps: Vec<Standing>,
    /// Per kind: records, and questions that wait for a steward.
    pub(crate) counts: BTreeMap<EntityKind, (usize, usize)>,
}

/// A step of an entity with all that its values follow from.
pub(crate) struct Standing {
    pub(crate) step: Step,
    pub(crate) pins: Vec<Pin>,
}

impl Standing {
    /// Steps of a world as it stands after them.
    pub(crate) fn of(world: &World, steps: Vec<Step>) -> Vec<Standing> {
        steps.into_iter().map(|step| Standing { pins: world.pins(step.entity), step }).collect()
    }
}

/// The half of a node that publishes and commits.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) store: Arc<Store>,
    pub(crate) dictionary: &'static Dictionary,
    pub(crate) metrics: Metrics,
    pub(crate) published: Published,
    /// Tells all who send that the feed has grown.
    pub(crate) news: watch::Sender<News>,
}

impl Publisher {
    /// Adds the changes that the steps come to.
    pub(crate) fn publish(&mut self, resolved: Resolved) -> Result<Draft, IngestError> {
        let Resolved { mut draft, steps, counts } = resolved;
        let started = Instant::now();
        let changes = self.changes(&draft, steps)?;
        changes.iter().for_each(|change| self.published.note(change));
        draft.commit.changes.extend(changes);
        self.metrics.spent(Stage::Survive, started);
        self.show(&counts);
        Ok(draft)
    }

    /// The changes that steps come to, each of another entity; nothing is noted as published.
    pub(crate) fn changes(&self, draft: &Draft, steps: Vec<Standing>) -> Result<Vec<Change>, ReadError> {
        let view = self.store.view()?;
        let stored = stored(&view, draft, &steps)?;
        // Every batch before this one is committed.
        let mut last = view.last().change;
        let mut changes = Vec::new();
        for Standing { step, pins } in steps {
            let rows: Vec<&Submission> = step
                .rows
                .iter()
                .filter_map(|seq| draft.submission(*seq).or_else(|| stored.get(seq)))
                .collect();
            let seq = ChangeSeq(last.0 + 1);
            if let Some(change) = self.change(seq, step, &rows, &pins, draft.time) {
                last = seq;
                changes.push(change);
            }
        }
        Ok(changes)
    }

    /// The change that a step of an entity is, where it is one.
    fn change(
        &self,
        seq: ChangeSeq,
        step: Step,
        rows: &[&Submission],
        pins: &[Pin],
        at: Timestamp,
    ) -> Option<Change> {
        let Step { entity, kind, members, relations, .. } = step;
        if matches!(kind, ChangeKind::Merged { .. } | ChangeKind::Retired) {
            let (members, values, relations) = (Vec::new(), Vec::new(), Vec::new());
            return Some(Change { seq, entity, kind, time: at, members, values, relations });
        }
        let canonical = survive::canonical(entity.kind, rows, pins, self.dictionary);
        let difference = self.published.difference(entity, canonical, &members, &relations);
        if matches!(kind, ChangeKind::Updated) && !difference.shape && difference.values.is_empty() {
            return None;
        }
        let time = rows.iter().map(|row| row.observed_at).max().unwrap_or(Timestamp(0)).max(at);
        Some(Change { seq, entity, kind, time, members, values: difference.values, relations })
    }

    /// Publishes and commits a batch of rows.
    fn finish(&mut self, resolved: Resolved) -> Result<(), IngestError> {
        let mut draft = self.publish(resolved)?;
        let mut counts: BTreeMap<SystemId, Vec<(Box<str>, i64)>> = BTreeMap::new();
        for ((system, outcome), n) in &draft.rows {
            let n = i64::try_from(*n).unwrap_or(i64::MAX);
            draft.commit.counters.push((format!("rows/{system}/{}", outcome.name()), n));
            counts.entry(*system).or_default().push((outcome.name().into(), n));
        }
        draft.commit.audit.extend(counts.into_iter().map(|(system, counts)| AuditDraft {
            at: draft.time,
            actor: system.as_str().into(),
            action: "ingest".into(),
            subjects: Vec::new(),
            counts,
        }));
        fault::pass(Point::BeforeCommit);
        self.commit(&draft)?;
        for ((system, outcome), n) in &draft.rows {
            self.metrics.rows.with_label_values(&[system.as_str(), outcome.name()]).inc_by(*n);
        }
        Ok(())
    }

    /// Makes a draft durable.
    pub(crate) fn commit(&self, draft: &Draft) -> Result<(), IngestError> {
        self.metrics.timed(Stage::Commit, || self.store.commit(&draft.commit))?;
        if !draft.commit.changes.is_empty() {
            self.news.send_modify(|_| {});
        }
        for change in &draft.commit.changes {
            self.metrics.changes.with_label_values(&[change.entity.kind.name(), change.kind.name()]).inc();
        }
        Ok(())
    }

    /// Shows the state in the metrics.
    pub(crate) fn show(&self, counts: &BTreeMap<EntityKind, (usize, usize)>) {
        let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        for (kind, (records, reviews)) in counts {
            let labels = [kind.name()];
            let entities = self.published.count(*kind);
            self.metrics.entities.with_label_values(&labels).set(signed(entities));
            self.metrics.joined.with_label_values(&labels).set(signed(records.saturating_sub(entities)));
            self.metrics.review.with_label_values(&labels).set(signed(*reviews));
        }
    }
}

/// The submissions of the steps that are in the store already: each is read once, however many entities speak of it.
fn stored(
    view: &View,
    draft: &Draft,
    steps: &[Standing],
) -> Result<BTreeMap<SubmissionSeq, Submission>, ReadError> {
    let mut wanted: Vec<SubmissionSeq> = steps
        .iter()
        .flat_map(|standing| standing.step.rows.iter().copied())
        .filter(|seq| draft.submission(*seq).is_none())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    // The rows of a household often follow each other.
    let runs = wanted.chunk_by(|a, b| a.0 + 1 == b.0);
    let of_runs = runs.filter_map(|run| Some((*run.first()?, *run.last()?)));
    of_runs
        .flat_map(|(first, last)| view.submissions(first..=last, Raw::Skip))
        .map(|read| read.map(|submission| (submission.seq, submission)))
        .collect()
}

/// A batch on its way to the publishing thread, with the publisher and whoever waits until it is durable.
type Work = (Box<Publisher>, Resolved, Vec<oneshot::Sender<()>>);

/// The publisher on its way back.
type Done = (Box<Publisher>, Result<(), IngestError>);

/// The thread that publishes. It is one for all batches, so that the memory of one serves the next.
#[derive(Debug)]
struct Hands {
    work: mpsc::Sender<Work>,
    done: Mutex<mpsc::Receiver<Done>>,
}

impl Hands {
    fn new() -> Self {
        let (work, given) = mpsc::channel::<Work>();
        let (tell, done) = mpsc::channel();
        std::thread::spawn(move || {
            while let Ok((mut publisher, resolved, waiting)) = given.recv() {
                let done = publisher.finish(resolved);
                if done.is_ok() {
                    fault::pass(Point::AfterCommitBeforeAck);
                    for one in waiting {
                        if one.send(()).is_err() {
                            tracing::trace!("the source has gone; its batch is durable all the same");
                        }
                    }
                }
                if tell.send((publisher, done)).is_err() {
                    return; // the node is gone
                }
            }
        });
        Self { work, done: Mutex::new(done) }
    }

    /// Waits for the publisher; none comes back where the thread has panicked.
    fn wait(&mut self) -> Option<Done> {
        self.done.get_mut().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}

/// Where the publisher is, and the thread that it works on.
#[derive(Debug)]
pub(crate) struct Publishing {
    hands: Hands,
    at: At,
}

#[derive(Debug)]
enum At {
    /// At rest: all that was decided on is published and durable.
    Idle(Box<Publisher>),
    /// At work on a batch.
    Busy {
        /// The batch's first submission, where it has one: from it on, the store may lack submissions.
        first: Option<SubmissionSeq>,
        /// Whether the batch changes what is known as delivered.
        delivered: bool,
    },
    /// Given up: its thread ended in a panic.
    Lost,
}

impl Publishing {
    /// A publisher at rest.
    pub(crate) fn new(publisher: Publisher) -> Self {
        Self { hands: Hands::new(), at: At::Idle(Box::new(publisher)) }
    }

    /// Starts on a batch; whoever waits for it is told when it is durable. The one before must have ended.
    pub(crate) fn start(&mut self, resolved: Resolved, waiting: Vec<oneshot::Sender<()>>) {
        let At::Idle(publisher) = std::mem::replace(&mut self.at, At::Lost) else {
            return; // the node is to be opened again
        };
        let first = resolved.draft.commit.submissions.first().map(|submission| submission.seq);
        let delivered = !resolved.draft.commit.delivered.is_empty();
        if self.hands.work.send((publisher, resolved, waiting)).is_ok() {
            self.at = At::Busy { first, delivered };
        }
    }

    /// Waits for the batch at work; says whether there was one.
    pub(crate) fn settle(&mut self) -> Result<bool, IngestError> {
        match std::mem::replace(&mut self.at, At::Lost) {
            At::Busy { .. } => {
                let (publisher, done) = self.hands.wait().ok_or(IngestError::Panicked)?;
                self.at = At::Idle(publisher);
                done.map(|()| true)
            }
            At::Lost => Err(IngestError::Panicked),
            idle @ At::Idle(_) => {
                self.at = idle;
                Ok(false)
            }
        }
    }

    /// The publisher at rest, to publish with.
    pub(crate) fn publisher_mut(&mut self) -> Result<&mut Publisher, IngestError> {
        match &mut self.at {
            At::Idle(publisher) => Ok(publisher),
            At::Busy { .. } | At::Lost => Err(IngestError::Panicked),
        }
    }

    /// The publisher at rest.
    pub(crate) fn publisher(&self) -> Option<&Publisher> {
        match &self.at {
            At::Idle(publisher) => Some(publisher),
            At::Busy { .. } | At::Lost => None,
        }
    }

    /// Whether a submission may not be in the store yet.
    pub(crate) fn holds(&self, seq: SubmissionSeq) -> bool {
        matches!(self.at, At::Busy { first: Some(first), .. } if seq >= first)
    }

    /// Whether what is known as delivered may not be in the store yet.
    pub(crate) fn holds_delivered(&self) -> bool {
        matches!(self.at, At::Busy { delivered: true, .. })
    }
}
