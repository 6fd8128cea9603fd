//! Publishing: what the resolver regrouped becomes changes of the feed.
//!
//! **Invariant:** a change says what differs from what was last published of its entity, and nothing is published that
//! differs in nothing.

use crate::ingest::{Draft, IngestError};
use crate::metrics::Stage;
use crate::node::Node;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;
use yibiao_record::{
    Canonical, Change, ChangeKind, ChangeSeq, Decision, EntityId, SourceKey, Submission, Timestamp,
};
use yibiao_resolve::survive;
use yibiao_resolve::world::{Step, WorldInput};
use yibiao_store::{Raw, ReadError, View};

impl Node {
    /// Resolves the draft's submissions and the decisions, and adds the changes to the draft.
    pub(crate) fn publish(&mut self, draft: &mut Draft, decisions: &[Decision]) -> Result<(), IngestError> {
        // Of several versions of a key in one batch, only the last is compared.
        let latest: BTreeMap<&SourceKey, &Submission> =
            draft.commit.submissions.iter().map(|submission| (&submission.key, submission)).collect();
        let inputs: Vec<WorldInput<'_>> = latest
            .into_values()
            .map(|submission| WorldInput::Record { submission })
            .chain(decisions.iter().map(WorldInput::Decision))
            .collect();
        if inputs.is_empty() {
            return Ok(());
        }
        let world = &mut self.world;
        let steps = self.metrics.timed(Stage::Resolve, || world.apply(&inputs));
        let started = Instant::now();
        let view = self.store.view()?;
        for step in steps {
            if let Some(change) = self.change(step, draft, &view)? {
                self.last.change = change.seq;
                self.published.note(&change);
                draft.commit.changes.push(change);
            }
        }
        self.metrics.spent(Stage::Survive, started);
        Ok(())
    }

    /// The change that a step of an entity is, where it is one.
    fn change(&self, step: Step, draft: &Draft, view: &View) -> Result<Option<Change>, ReadError> {
        let seq = ChangeSeq(self.last.change.0 + 1);
        let Step { entity, kind, members, rows, relations } = step;
        if matches!(kind, ChangeKind::Merged { .. } | ChangeKind::Retired) {
            let (members, values, relations) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(Some(Change { seq, entity, kind, time: draft.time, members, values, relations }));
        }
        let rows = self.submissions(&rows, Some(draft), view)?;
        let rows: Vec<&Submission> = rows.iter().map(AsRef::as_ref).collect();
        let canonical = self.survive(entity, &rows);
        let difference = self.published.difference(entity, &canonical, &members, &relations);
        if matches!(kind, ChangeKind::Updated) && !difference.shape && difference.values.is_empty() {
            return Ok(None);
        }
        let time = rows.iter().map(|row| row.observed_at).max().unwrap_or(Timestamp(0)).max(draft.time);
        Ok(Some(Change { seq, entity, kind, time, members, values: difference.values, relations }))
    }

    /// The latest submissions of these source keys.
    pub(crate) fn submissions<'draft>(
        &self,
        rows: &[SourceKey],
        draft: Option<&'draft Draft>,
        view: &View,
    ) -> Result<Vec<Cow<'draft, Submission>>, ReadError> {
        let mut found = Vec::with_capacity(rows.len());
        for key in rows {
            let Some(entry) = self.records.get(key) else { continue };
            if let Some(submission) = draft.and_then(|draft| draft.submission(entry.seq)) {
                found.push(Cow::Borrowed(submission));
            } else {
                let one = view.submissions(entry.seq..=entry.seq, Raw::Skip).next().transpose()?;
                found.extend(one.map(Cow::Owned));
            }
        }
        Ok(found)
    }

    fn survive(&self, entity: EntityId, rows: &[&Submission]) -> Canonical {
        survive::canonical(entity.kind, rows, &self.world.pins(entity), self.dictionary)
    }

    /// The canonical values of an entity as they stand.
    pub(crate) fn canonical(&self, entity: EntityId, view: &View) -> Result<Canonical, ReadError> {
        let rows = self.submissions(&self.world.rows(entity), None, view)?;
        let rows: Vec<&Submission> = rows.iter().map(AsRef::as_ref).collect();
        Ok(self.survive(entity, &rows))
    }
}
