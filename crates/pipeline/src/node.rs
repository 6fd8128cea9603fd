//! A node: the store and everything that is derived from it and kept in memory.
//!
//! **Invariant:** what is in memory is a function of what is in the store; [`Node::open`] computes it.

use crate::desk::{News, Turns};
use crate::ingest::IngestError;
use crate::intake::Intake;
use crate::letters::Letters;
use crate::metrics::Metrics;
use crate::published::Published;
use crate::publisher::{Publisher, Publishing};
use crate::quarantine::Quarantine;
use crate::records::Records;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use yibiao_contract::Cursor;
use yibiao_mapping::Mapping;
use yibiao_policy::Policy;
use yibiao_record::{
    Decision, DecisionKind, DecisionSeq, EntityId, EntityKind, SourceKey, Submission, SystemId,
};
use yibiao_resolve::file::ModelFileError;
use yibiao_resolve::world::{Assignment, Settings, World};
use yibiao_schema::Dictionary;
use yibiao_store::{Boundary, Raw, ReadError, Store, View};

/// What a node is made of.
#[derive(Debug)]
pub struct Parts {
    /// The open store.
    pub store: Store,
    /// The dictionary.
    pub dictionary: &'static Dictionary,
    /// One mapping per connected system.
    pub mappings: Vec<Arc<Mapping>>,
    /// What may leave.
    pub policy: Policy,
    /// What is counted.
    pub metrics: Metrics,
}

/// Why a node did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store could not be read.
    #[error("cannot rebuild the node's state from its store")]
    Read(#[from] ReadError),
    /// The models cannot be used.
    #[error("cannot use the models in force")]
    Models(#[from] ModelFileError),
}

/// The store and what is derived from it.
#[derive(Debug)]
pub struct Node {
    pub(crate) store: Arc<Store>,
    pub(crate) dictionary: &'static Dictionary,
    pub(crate) mappings: BTreeMap<SystemId, Arc<Mapping>>,
    pub(crate) policy: Policy,
    pub(crate) metrics: Metrics,
    pub(crate) world: World,
    /// The models in force.
    pub(crate) settings: Settings,
    pub(crate) records: Records,
    pub(crate) publishing: Publishing,
    pub(crate) intakes: BTreeMap<SystemId, Intake>,
    pub(crate) decisions: Decisions,
    pub(crate) quarantine: Quarantine,
    pub(crate) letters: Letters,
    pub(crate) news: watch::Sender<News>,
    pub(crate) turns: Turns,
    /// Where the logs end; of submissions and quarantine, with the batch that is being published.
    pub(crate) last: Boundary,
}

/// The decisions that hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decisions {
    pub(crate) all: Vec<Decision>,
    taken_back: std::collections::BTreeSet<DecisionSeq>,
}

impl Decisions {
    pub(crate) fn note(&mut self, decision: Decision) {
        if let DecisionKind::TakeBack(seq) = decision.kind {
            self.taken_back.insert(seq);
        }
        self.all.push(decision);
    }

    pub(crate) fn holds(&self, seq: DecisionSeq) -> bool {
        !self.taken_back.contains(&seq)
    }
}

impl Node {
    /// Rebuilds the state from the store.
    pub fn open(parts: Parts) -> Result<Node, OpenError> {
        let view = parts.store.view()?;
        let mut records = Records::default();
        let mut latest: BTreeMap<SourceKey, Submission> = BTreeMap::new();
        for submission in view.submissions(.., Raw::Keep) {
            let mut submission = submission?;
            records.replay(&submission);
            submission.raw = Box::default();
            latest.insert(submission.key.clone(), submission);
        }
        let mut published = Published::default();
        let mut members: BTreeMap<EntityId, Vec<SourceKey>> = BTreeMap::new();
        let mut next: BTreeMap<EntityKind, u64> = BTreeMap::new();
        for change in view.changes(..) {
            let change = change?;
            published.note(&change);
            let after = next.entry(change.entity.kind).or_insert(1);
            *after = (*after).max(change.entity.number + 1);
            if change.members.is_empty() {
                members.remove(&change.entity);
            } else {
                members.insert(change.entity, change.members);
            }
        }
        let mut decisions = Decisions::default();
        for decision in view.decisions() {
            decisions.note(decision?);
        }
        let settings = decisions.settings()?;
        let mut world = empty_world(&settings)?;
        let assignments = members.into_iter().map(|(entity, members)| Assignment { entity, members });
        let next: Vec<(EntityKind, u64)> = next.into_iter().collect();
        let steps = world.restore(latest.into_values(), assignments, &next, &decisions.all);
        if !steps.is_empty() {
            // Other models than those that the feed was made with; nothing is published before the next input.
            tracing::warn!(
                entities = steps.len(),
                "the models in force give another partition than the feed tells"
            );
        }
        let last = view.last();
        let store = Arc::new(parts.store);
        let news = watch::Sender::default();
        let publisher = Publisher {
            store: Arc::clone(&store),
            dictionary: parts.dictionary,
            metrics: parts.metrics.clone(),
            published,
            news: news.clone(),
        };
        let mut node = Node {
            last,
            store,
            dictionary: parts.dictionary,
            mappings: parts.mappings.into_iter().map(|mapping| (mapping.system(), mapping)).collect(),
            policy: parts.policy,
            metrics: parts.metrics,
            world,
            settings,
            records,
            publishing: Publishing::new(publisher),
            intakes: BTreeMap::new(),
            decisions,
            quarantine: Quarantine::load(&view)?,
            letters: Letters::load(&view)?,
            news,
            turns: Turns::default(),
        };
        node.load_locators(&view)?;
        node.refresh_gauges();
        node.refresh_accounts()?;
        node.tell();
        Ok(node)
    }

    /// Where a system's connector goes on.
    pub fn cursor(&self, system: SystemId) -> Result<Cursor, ReadError> {
        Ok(Cursor(self.store.view()?.cursor(system.as_str())?.unwrap_or_default()))
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The store, for what needs no more than reading it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The dictionary.
    pub fn dictionary(&self) -> &'static Dictionary {
        self.dictionary
    }

    /// Rows of files without a key column stand where the last edition lists them.
    fn load_locators(&mut self, view: &View) -> Result<(), ReadError> {
        let systems: Vec<SystemId> = self.records.systems().collect();
        for system in systems {
            let Some(edition) = view.editions(system)?.pop() else { continue };
            for row in view.edition_pages(system, edition)?.into_iter().flat_map(|page| page.rows) {
                if let Some(entry) = self.records.get_mut(&SourceKey { system, local: row.local }) {
                    entry.locator = row.locator;
                }
            }
        }
        Ok(())
    }

    /// Shows the state in the metrics.
    pub(crate) fn refresh_gauges(&self) {
        self.published_by().show(&self.counts());
        self.show_quarantine();
    }

    pub(crate) fn show_quarantine(&self) {
        self.metrics.quarantine_open.set(i64::try_from(self.quarantine.open()).unwrap_or(i64::MAX));
    }

    /// The publisher at rest.
    pub(crate) fn published_by(&self) -> &Publisher {
        self.publishing
            .publisher()
            .expect("invariant: only taking in goes on while a batch is being published")
    }

    /// Waits until all that was taken in is published and durable.
    pub(crate) fn settle(&mut self) -> Result<(), IngestError> {
        if self.publishing.settle()? {
            let Boundary { submission, quarantine, .. } = self.last;
            self.last = Boundary { submission, quarantine, ..self.store.view()?.last() };
            self.metrics.tallies.ends(self.last.change);
        }
        Ok(())
    }

    /// Looks where the logs end after a commit made while the publisher was at rest.
    pub(crate) fn renew_last(&mut self) -> Result<(), ReadError> {
        self.last = self.store.view()?.last();
        self.metrics.tallies.ends(self.last.change);
        Ok(())
    }
}

/// A world without rows that scores on every core.
pub(crate) fn empty_world(settings: &Settings) -> Result<World, ModelFileError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    Ok(World::new(settings.clone())?.with_threads(threads))
}
