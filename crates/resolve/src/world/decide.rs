//! Stewards' decisions in force, on record keys.

use super::World;
use super::stages::Batch;
use crate::engine::{Input, Ruling};
use crate::survive::Pin;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{Decision, DecisionKind, DecisionSeq, EntityKind, SourceKey, Timestamp};

/// All decisions that were not taken back. Of two on the same pair the later stands, whichever came first.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    in_force: BTreeMap<DecisionSeq, (DecisionKind, Timestamp)>,
    taken_back: BTreeSet<DecisionSeq>,
    /// Decisions by kind and pair (the lower key first), and pins by kind and key.
    by_pair: BTreeMap<(EntityKind, SourceKey, SourceKey), BTreeSet<DecisionSeq>>,
    by_key: BTreeMap<(EntityKind, SourceKey), BTreeSet<DecisionSeq>>,
}

fn pair_of(kind: &DecisionKind) -> Option<((EntityKind, SourceKey, SourceKey), Ruling)> {
    let (of, a, b, ruling) = match kind {
        DecisionKind::Link(of, a, b) => (of, a, b, Ruling::Link),
        DecisionKind::Unlink(of, a, b) => (of, a, b, Ruling::Unlink),
        DecisionKind::Pin(..) | DecisionKind::TakeBack(_) | DecisionKind::Adopt(..) => return None,
    };
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    Some(((*of, low.clone(), high.clone()), ruling))
}

impl Decisions {
    /// Records a decision; gives the decision whose effect must be looked at again.
    fn take(&mut self, decision: &Decision) -> Option<DecisionKind> {
        if let DecisionKind::TakeBack(seq) = decision.kind {
            self.taken_back.insert(seq);
            let (kind, _) = self.in_force.remove(&seq)?;
            if let Some((pair, _)) = pair_of(&kind) {
                self.by_pair.get_mut(&pair).map(|seqs| seqs.remove(&seq));
            } else if let DecisionKind::Pin(of, key, ..) = &kind {
                self.by_key.get_mut(&(*of, key.clone())).map(|seqs| seqs.remove(&seq));
            }
            return Some(kind);
        }
        // By what records are compared is set up before any is given.
        if self.taken_back.contains(&decision.seq) || matches!(decision.kind, DecisionKind::Adopt(..)) {
            return None;
        }
        if let Some((pair, _)) = pair_of(&decision.kind) {
            self.by_pair.entry(pair).or_default().insert(decision.seq);
        } else if let DecisionKind::Pin(of, key, ..) = &decision.kind {
            self.by_key.entry((*of, key.clone())).or_default().insert(decision.seq);
        }
        self.in_force.insert(decision.seq, (decision.kind.clone(), decision.at));
        Some(decision.kind.clone())
    }

    /// The ruling on a pair that stands.
    fn ruling(&self, pair: &(EntityKind, SourceKey, SourceKey)) -> Option<Ruling> {
        let last = self.by_pair.get(pair)?.last()?;
        self.in_force.get(last).and_then(|(kind, _)| pair_of(kind)).map(|(_, ruling)| ruling)
    }

    /// Whether any value was ever pinned.
    pub(super) fn any_pin(&self) -> bool {
        !self.by_key.is_empty()
    }

    /// The pins on any of some keys.
    pub(super) fn pins(&self, of: EntityKind, keys: &BTreeSet<SourceKey>) -> Vec<Pin> {
        let mut pins = Vec::new();
        for key in keys {
            for seq in self.by_key.get(&(of, key.clone())).into_iter().flatten() {
                if let Some((DecisionKind::Pin(_, key, element, value), at)) = self.in_force.get(seq) {
                    pins.push(Pin { key: key.clone(), element: *element, value: value.clone(), at: *at });
                }
            }
        }
        pins
    }
}

impl World {
    pub(super) fn take_decision(&mut self, decision: &Decision, batch: &mut Batch) {
        let Some(kind) = self.decisions.take(decision) else { return };
        if let Some((pair, _)) = pair_of(&kind) {
            let ruling = self.decisions.ruling(&pair);
            let (of, a, b) = pair;
            let (a, b) = (self.number(of, &a), self.number(of, &b));
            batch.rule(of, ruling.map_or(Input::TakeBack(a, b), |ruling| Input::Rule(a, b, ruling)));
        } else if let DecisionKind::Pin(of, key, ..) = kind {
            batch.pinned.push((of, key));
        }
    }
}
