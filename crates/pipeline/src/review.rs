//! What stewards rule.
//!
//! **Invariant:** a decision is stored on record keys, takes effect in the commit that stores it, and can be taken back
//! at any time.

use crate::ingest::{Draft, IngestError};
use crate::models::SwitchError;
use crate::node::Node;
use crate::publisher::Resolved;
use yibiao_record::{Decision, DecisionKind, DecisionSeq, EntityKind, Op, SourceKey, Timestamp};
use yibiao_resolve::file::ModelFileError;
use yibiao_store::AuditDraft;

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// It is about a record that does not stand.
    #[error("no record {} stands under that key; see `yibiao export --members` for the keys", .0.system)]
    NoRecord(SourceKey),
    /// A record cannot be linked to or parted from itself.
    #[error("both records are the same; name two")]
    Same,
    /// It takes back what is not there.
    #[error("there is no decision {0} that still holds; see `yibiao review decisions`")]
    NoDecision(DecisionSeq),
    /// A model is adopted in another way.
    #[error("a model is adopted by `yibiao apply`")]
    Model,
    /// The model that would be in force again cannot be used.
    #[error("cannot go back to the model before")]
    Switch(#[source] ModelFileError),
    /// It could not be made durable.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl From<SwitchError> for DecideError {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::File(error) => DecideError::Switch(error),
            SwitchError::Ingest(error) => DecideError::Ingest(error),
        }
    }
}

/// What a decision did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its number.
    pub seq: DecisionSeq,
    /// Changes published because of it.
    pub changes: u64,
}

impl Node {
    /// Takes a decision: one durable commit with all that follows from it.
    pub fn decide(
        &mut self,
        kind: DecisionKind,
        actor: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Decided, DecideError> {
        match &kind {
            DecisionKind::Link(of, a, b) | DecisionKind::Unlink(of, a, b) => {
                if a == b {
                    return Err(DecideError::Same);
                }
                self.stands(*of, a)?;
                self.stands(*of, b)?;
            }
            DecisionKind::Pin(of, key, ..) => self.stands(*of, key)?,
            DecisionKind::Adopt(..) => return Err(DecideError::Model),
            DecisionKind::TakeBack(seq) => {
                let there = self.decisions.all.iter().any(|decision| decision.seq == *seq);
                if !there || !self.decisions.holds(*seq) {
                    return Err(DecideError::NoDecision(*seq));
                }
            }
        }
        let seq = DecisionSeq(self.last.decision.0 + 1);
        let decision = Decision { seq, kind, actor: actor.into(), reason: reason.into(), at };
        if self.takes_back_a_model(&decision.kind) {
            self.settle()?;
            return Ok(self.switch(decision, "decide")?);
        }
        self.decisions.note(decision.clone());
        self.settle()?;
        let resolved = self.resolve(Draft { time: at, ..Draft::default() }, std::slice::from_ref(&decision));
        Ok(self.carry_out(decision, resolved, "decide")?)
    }

    /// Publishes what a decision came to and commits both, with an entry in the audit log.
    pub(crate) fn carry_out(
        &mut self,
        decision: Decision,
        resolved: Resolved,
        action: &str,
    ) -> Result<Decided, IngestError> {
        let seq = decision.seq;
        let publisher = self.publishing.publisher_mut()?;
        let mut draft = publisher.publish(resolved)?;
        let changes = u64::try_from(draft.commit.changes.len()).unwrap_or(u64::MAX);
        draft.commit.audit.push(AuditDraft {
            at: decision.at,
            actor: decision.actor.clone(),
            action: action.into(),
            subjects: vec![format!("decision {seq}").into()],
            counts: vec![("changes".into(), i64::try_from(changes).unwrap_or(i64::MAX))],
        });
        draft.commit.decisions.push(decision);
        publisher.commit(&draft)?;
        self.renew_last()?;
        Ok(Decided { seq, changes })
    }

    /// The decisions ever taken, and whether each still holds.
    pub fn decisions(&self) -> impl Iterator<Item = (&Decision, bool)> {
        self.decisions.all.iter().map(|decision| (decision, self.decisions.holds(decision.seq)))
    }

    fn takes_back_a_model(&self, kind: &DecisionKind) -> bool {
        let DecisionKind::TakeBack(seq) = kind else { return false };
        let taken = self.decisions.all.iter().find(|decision| decision.seq == *seq);
        taken.is_some_and(|decision| matches!(decision.kind, DecisionKind::Adopt(..)))
    }

    /// Whether a decision may name a key: that of a row, or the number of a household or house in a system.
    fn stands(&self, of: EntityKind, key: &SourceKey) -> Result<(), DecideError> {
        match self.records.get(key) {
            Some(entry) if entry.op != Op::Retract => Ok(()),
            _ if of != EntityKind::Person && self.world.entity_of(of, key).is_some() => Ok(()),
            _ => Err(DecideError::NoRecord(key.clone())),
        }
    }
}
