//! From accepted rows to what the resolver makes of them, and the values of an entity as they stand.

use crate::ingest::Draft;
use crate::metrics::Stage;
use crate::node::Node;
use crate::publisher::{Resolved, Standing};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;
use yibiao_record::{Canonical, Decision, EntityId, EntityKind, SourceKey, Submission, SubmissionSeq};
use yibiao_resolve::survive;
use yibiao_resolve::world::WorldInput;
use yibiao_store::{Raw, ReadError, View};

impl Node {
    /// Resolves the draft's submissions and the decisions.
    pub(crate) fn resolve(&mut self, draft: Draft, decisions: &[Decision]) -> Resolved {
        let inputs: Vec<WorldInput<'_>> =
            latest(&draft).chain(decisions.iter().map(WorldInput::Decision)).collect();
        if inputs.is_empty() {
            return Resolved { draft, ..Resolved::default() };
        }
        let world = &mut self.world;
        let steps = self.metrics.timed(Stage::Resolve, || world.apply(&inputs));
        Resolved { draft, steps: Standing::of(&self.world, steps), counts: self.counts() }
    }

    /// Per kind: records, and questions that wait for a steward.
    pub(crate) fn counts(&self) -> BTreeMap<EntityKind, (usize, usize)> {
        let counts = |kind| {
            let engine = self.world.engine(kind);
            (kind, (engine.record_count(), engine.review_count()))
        };
        EntityKind::ALL.into_iter().map(counts).collect()
    }

    /// The latest submissions of an entity's rows, as the store has them.
    pub(crate) fn submissions(&self, entity: EntityId, view: &View) -> Result<Vec<Submission>, ReadError> {
        let read = |seq: SubmissionSeq| view.submissions(seq..=seq, Raw::Skip).next();
        self.world.submissions(entity).into_iter().filter_map(read).collect()
    }

    /// The canonical values of an entity as they stand.
    pub(crate) fn canonical(&self, entity: EntityId, view: &View) -> Result<Canonical, ReadError> {
        let rows = self.submissions(entity, view)?;
        let rows: Vec<&Submission> = rows.iter().collect();
        Ok(survive::canonical(entity.kind, &rows, &self.world.pins(entity), self.dictionary))
    }
}

/// A draft's submissions; of several versions of a key only the last, which alone is compared.
fn latest(draft: &Draft) -> impl Iterator<Item = WorldInput<'_>> {
    let submissions = &draft.commit.submissions;
    let mut last: HashMap<&SourceKey, SubmissionSeq, FxBuildHasher> = HashMap::default();
    last.extend(submissions.iter().map(|submission| (&submission.key, submission.seq)));
    let latest = move |submission: &&Submission| last.get(&submission.key) == Some(&submission.seq);
    submissions.iter().filter(latest).map(|submission| WorldInput::Record { submission })
}
