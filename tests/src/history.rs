//! A history: the messages of a folder, with updates, deletes and stewards' decisions.

use crate::Failure;
use crate::departments::Folder;
use crate::dice::Dice;
use crate::intake::Intake;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{
    Decision, DecisionKind, DecisionSeq, EntityKind, Name, Op, SourceKey, Submission, SystemId, Timestamp,
    Value,
};
use yibiao_resolve::world::{Settings, World, WorldInput};
use yibiao_schema::element;

/// Rows of a source without a version rule that get a story, one in so many.
const STORIES_ONE_IN: usize = 6;
/// Decisions of each sort.
const DECISIONS_EACH: usize = 4;

/// Messages and decisions.
#[derive(Clone, Debug)]
pub struct History {
    /// The messages. Of a source without a version rule, those of one key stand in the order in which they must come.
    pub messages: Vec<Submission>,
    /// The decisions, in their order.
    pub decisions: Vec<Decision>,
    /// Systems that order the versions of a key themselves.
    pub versioned: BTreeSet<SystemId>,
}

impl History {
    /// The rows of a folder as they are, with stories and decisions drawn from a seed.
    pub fn of(folder: &Folder, seed: u64) -> Result<History, Failure> {
        let mut dice = Dice::new(seed);
        let messages = with_stories(folder, &mut dice);
        let mut history = History { messages, decisions: Vec::new(), versioned: folder.versioned.clone() };
        let (undecided, _) = history.one_shot()?;
        history.decisions = decisions(&undecided, &mut dice);
        Ok(history)
    }

    /// What stands of each key in the end.
    pub fn standing(&self) -> BTreeMap<SourceKey, Submission> {
        let mut intake = Intake::new(self.versioned.clone());
        for message in &self.messages {
            intake.take(message);
        }
        intake.standing().clone()
    }

    /// The decisions that were not taken back.
    pub fn in_force(&self) -> Vec<Decision> {
        let taken_back: BTreeSet<DecisionSeq> = self
            .decisions
            .iter()
            .filter_map(|decision| match decision.kind {
                DecisionKind::TakeBack(seq) => Some(seq),
                _ => None,
            })
            .collect();
        self.decisions
            .iter()
            .filter(|decision| !matches!(decision.kind, DecisionKind::TakeBack(_)))
            .filter(|decision| !taken_back.contains(&decision.seq))
            .cloned()
            .collect()
    }

    /// A world that is given what stands in the end, at once; and what stands.
    pub fn one_shot(&self) -> Result<(World, BTreeMap<SourceKey, Submission>), Failure> {
        let (standing, decisions) = (self.standing(), self.in_force());
        let mut world = World::new(Settings::shipped())?;
        let rows = standing.values().map(|submission| WorldInput::Record { submission });
        let inputs: Vec<WorldInput<'_>> = rows.chain(decisions.iter().map(WorldInput::Decision)).collect();
        world.apply(&inputs);
        Ok((world, standing))
    }
}

/// The folder's messages; some rows of sources without a version rule were different before, or go, or go and come
/// again.
fn with_stories(folder: &Folder, dice: &mut Dice) -> Vec<Submission> {
    let mut of_system: BTreeMap<SystemId, Vec<&Submission>> = BTreeMap::new();
    for row in &folder.rows {
        of_system.entry(row.key.system).or_default().push(row);
    }
    let mut messages = Vec::with_capacity(folder.rows.len());
    for row in &folder.rows {
        if folder.versioned.contains(&row.key.system) || !dice.once_in(STORIES_ONE_IN) {
            messages.push(row.clone());
            continue;
        }
        let gone = |op| Submission { op, claims: Vec::new(), ..row.clone() };
        // What another row of the system says, as a typing error of the edition before.
        let other = of_system.get(&row.key.system).and_then(|rows| dice.pick(rows));
        let mistaken =
            Submission { claims: other.map(|other| other.claims.clone()).unwrap_or_default(), ..row.clone() };
        match dice.below(5) {
            0 => messages.extend([mistaken, row.clone()]),
            1 => messages.extend([row.clone(), gone(Op::End)]),
            2 => messages.extend([row.clone(), gone(Op::Retract)]),
            3 => messages.extend([row.clone(), gone(Op::End), row.clone()]),
            _ => messages.extend([mistaken, gone(Op::Retract), row.clone()]),
        }
    }
    messages
}

/// A handful of decisions of every sort on a world's records; every third is taken back.
fn decisions(world: &World, dice: &mut Dice) -> Vec<Decision> {
    let mut kinds = Vec::new();
    for kind in EntityKind::ALL {
        let clusters: Vec<Vec<SourceKey>> =
            world.entities(kind).map(|entity| world.members(entity)).collect();
        let joined: Vec<&Vec<SourceKey>> = clusters.iter().filter(|members| members.len() > 1).collect();
        for _ in 0..DECISIONS_EACH {
            if let Some([first, .., last]) = dice.pick(&joined).map(|members| members.as_slice()) {
                kinds.push(DecisionKind::Unlink(kind, first.clone(), last.clone()));
            }
            if let (Some([one, ..]), Some([.., other])) =
                (dice.pick(&clusters).map(Vec::as_slice), dice.pick(&clusters).map(Vec::as_slice))
            {
                kinds.push(DecisionKind::Link(kind, one.clone(), other.clone()));
            }
        }
        for review in world.reviews(kind).iter().take(DECISIONS_EACH) {
            if let (Some(left), Some(right)) = (review.left.first(), review.right.last()) {
                kinds.push(DecisionKind::Link(kind, left.clone(), right.clone()));
                // Ruled the other way afterwards, the pair named the other way round.
                kinds.push(DecisionKind::Unlink(kind, right.clone(), left.clone()));
            }
        }
        if kind == EntityKind::Person {
            for text in ["甲", "乙", "丙", "丁"] {
                if let Some([.., member]) = dice.pick(&clusters).map(Vec::as_slice) {
                    let value = Value::Name(Name::plain(text));
                    kinds.push(DecisionKind::Pin(kind, member.clone(), element::NAME, value));
                }
            }
        }
    }
    let mut decisions: Vec<Decision> = kinds.into_iter().zip(1..).map(decision).collect();
    let next = u64::try_from(decisions.len()).unwrap_or(u64::MAX) + 1;
    let taken_back: Vec<DecisionSeq> =
        decisions.iter().map(|decision| decision.seq).filter(|seq| seq.0.is_multiple_of(3)).collect();
    decisions.extend(taken_back.into_iter().map(DecisionKind::TakeBack).zip(next..).map(decision));
    decisions
}

/// A decision of that kind and place in the log.
pub fn decision((kind, seq): (DecisionKind, u64)) -> Decision {
    Decision {
        seq: DecisionSeq(seq),
        kind,
        actor: "steward".into(),
        reason: "a law is tried".into(),
        at: Timestamp(i64::try_from(seq).unwrap_or(i64::MAX)),
    }
}
