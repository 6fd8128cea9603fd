//! From accepted rows to what the resolver makes of them, and the values of an entity as they stand.

use crate::ingest::Draft;
use crate::metrics::Stage;
use crate::node::Node;
use crate::publisher::{Resolved, Standing};
use std::collections::BTreeMap;
use yibiao_record::{Canonical, Decision, EntityId, EntityKind, SourceKey, Submission, SubmissionSeq};
use yibiao_resolve::survive;
use yibiao_resolve::world::WorldInput;
use yibiao_store::{Raw, ReadError, View};

impl Node {
    /// Resolves the draft's submissions and the decisions.
    pub(crate) fn resolve(&mut self, draft: Draft, decisions: &[Decision]) -> Resolved {
        // Of several versions of a key in one batch, only the last is compared.
        let latest: BTreeMap<&SourceKey, &Submission> =
            draft.commit.submissions.iter().map(|submission| (&submission.key, submission)).collect();
        let inputs: Vec<WorldInput<'_>> = latest
            .into_values()
            .map(|submission| WorldInput::Record { submission })
            .chain(decisions.iter().map(WorldInput::Decision))
            .collect();
        if inputs.is_empty() {
            return Resolved { draft, ..Resolved::default() };
        }
        let world = &mut self.world;
        let steps = self.metrics.timed(Stage::Resolve, || world.apply(&inputs));
        let steps = steps
            .into_iter()
            .map(|step| Standing { rows: self.latest(&step.rows), pins: self.world.pins(step.entity), step })
            .collect();
        Resolved { draft, steps, counts: self.counts() }
    }

    /// Per kind: records, and questions that wait for a steward.
    pub(crate) fn counts(&self) -> BTreeMap<EntityKind, (usize, usize)> {
        let counts = |kind| {
            let engine = self.world.engine(kind);
            (kind, (engine.record_count(), engine.review_count()))
        };
        EntityKind::ALL.into_iter().map(counts).collect()
    }

    /// The latest submissions of these source keys.
    fn latest(&self, rows: &[SourceKey]) -> Vec<SubmissionSeq> {
        rows.iter().filter_map(|key| self.records.get(key)).map(|entry| entry.seq).collect()
    }

    /// The latest submissions of these source keys, as the store has them.
    pub(crate) fn submissions(&self, rows: &[SourceKey], view: &View) -> Result<Vec<Submission>, ReadError> {
        let read = |seq: SubmissionSeq| view.submissions(seq..=seq, Raw::Skip).next();
        self.latest(rows).into_iter().filter_map(read).collect()
    }

    /// The canonical values of an entity as they stand.
    pub(crate) fn canonical(&self, entity: EntityId, view: &View) -> Result<Canonical, ReadError> {
        let rows = self.submissions(&self.world.rows(entity), view)?;
        let rows: Vec<&Submission> = rows.iter().collect();
        Ok(survive::canonical(entity.kind, &rows, &self.world.pins(entity), self.dictionary))
    }
}
