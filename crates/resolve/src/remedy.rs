//! What would have to change for two records to be together.
//!
//! **Invariant:** each remedy is what the engine would do: the pair is scored again with the one thing changed.

use crate::cluster::{Average, mark};
use crate::engine::{Engine, Ruling};
use crate::levels::levels;
use crate::plan::MISSING_BIT;
use crate::score::FieldOutcome;
use crate::spec::{Effect, Field};
use crate::state::Worker;
use serde::Serialize;
use yibiao_record::SourceKey;

/// One thing that would have to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Remedy {
    /// A steward links the two. It always helps.
    Link,
    /// The steward's ruling that parts the two is taken back.
    TakeBack,
    /// A fixed rule no longer holds: one of these fields compares at another level.
    Rule {
        /// What the rule does.
        effect: Effect,
        /// Its fields, and the level of each in this pair.
        when: Vec<(Box<str>, Box<str>)>,
    },
    /// A rule or ruling on another pair of the two clusters no longer holds.
    OtherPair {
        /// The record of the one cluster.
        #[serde(serialize_with = "crate::story::key")]
        left: SourceKey,
        /// That of the other.
        #[serde(serialize_with = "crate::story::key")]
        right: SourceKey,
    },
    /// The pair agrees fully on a field.
    Field {
        /// The field.
        field: Box<str>,
        /// How it compares now; `missing` where one of the two has no value.
        level: Box<str>,
        /// What that would add, in thousandths of a bit, without the rarity of the value.
        gain: i32,
        /// Whether it alone would do.
        enough: bool,
    },
    /// The two meet: they agree on a blocking key.
    Key {
        /// The key.
        key: String,
        /// Which of the two has no value for it.
        lacks: Vec<Side>,
    },
}

/// One of two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one.
    Left,
    /// The other.
    Right,
}

/// The two clusters as they stand to each other.
pub(crate) struct Between<'a> {
    /// The weights between them; none where they are in no component together.
    pub(crate) average: Option<Average>,
    /// Pairs that forbid or ask, with their marks.
    pub(crate) marked: &'a [(u32, u32, u8)],
}

/// Pairs of records of two clusters that are named as keeping them apart.
const OTHER_PAIRS_MAX: usize = 3;

impl Engine {
    /// What would bring two live records together that are apart; what does most first.
    pub(crate) fn remedies(&self, a: u32, b: u32, between: &Between<'_>) -> Vec<Remedy> {
        let mut remedies = Vec::new();
        let ruling = self.state.rulings.get(&a).and_then(|of| of.get(&b));
        if ruling == Some(&Ruling::Unlink) {
            remedies.push(Remedy::TakeBack);
        }
        let mut worker = Worker::new(&self.state.plan);
        self.state.score(&mut worker, a, b);
        remedies.extend(self.rules_that_hold(&worker));
        for (left, right, _) in
            between.marked.iter().filter(|pair| (pair.0, pair.1) != (a, b)).take(OTHER_PAIRS_MAX)
        {
            let key = |record: u32| self.state.slot(record).key.clone();
            remedies.push(Remedy::OtherPair { left: key(*left), right: key(*right) });
        }
        if between.average.is_none() {
            remedies.extend(self.keys_apart(a, b));
        }
        remedies.extend(self.fields_that_help(&mut worker, a, b, between));
        remedies.push(Remedy::Link);
        remedies
    }

    /// The rules that hold of the pair scored last and keep it apart.
    fn rules_that_hold(&self, worker: &Worker) -> Vec<Remedy> {
        let outcomes = worker.scorer.outcomes();
        let level_of = |field: Field| {
            outcomes.iter().find(|outcome| outcome.field == field).map(|outcome| outcome.level)
        };
        let mut found = Vec::new();
        for rule in self.state.plan.rules.iter().filter(|rule| rule.effect != Effect::Join) {
            let holds = |(field, mask): &(Field, u32)| {
                mask & level_of(*field).map_or(MISSING_BIT, |level| 1 << level) != 0
            };
            if rule.when.iter().all(holds) {
                let when = rule
                    .when
                    .iter()
                    .map(|(field, _)| (self.field_name(*field), self.level_name(*field, level_of(*field))));
                found.push(Remedy::Rule { effect: rule.effect, when: when.collect() });
            }
        }
        found
    }

    fn field_name(&self, field: Field) -> Box<str> {
        self.spec.fields.get(usize::from(field.0)).map(|field| field.name.clone()).unwrap_or_default()
    }

    fn level_name(&self, field: Field, level: Option<u8>) -> Box<str> {
        let kind = self.state.plan.field(field).kind;
        level
            .and_then(|level| levels(kind).get(usize::from(level)))
            .map_or("missing", |level| level.name)
            .into()
    }

    /// Keys by which the two do not meet.
    fn keys_apart(&self, a: u32, b: u32) -> Vec<Remedy> {
        use crate::block::Records;
        let mut found = Vec::new();
        for (at, spec) in self.spec.keys.iter().enumerate() {
            let view = self.state.view(at);
            let (of_a, of_b) = (view.hashes(a, 0), view.hashes(b, 0));
            if of_a.iter().any(|value| of_b.contains(value)) {
                continue;
            }
            let sides = [(Side::Left, of_a.is_empty()), (Side::Right, of_b.is_empty())];
            let lacks = sides.into_iter().filter(|(_, lacks)| *lacks).map(|(side, _)| side).collect();
            found.push(Remedy::Key { key: spec.on.to_string(), lacks });
        }
        found
    }

    /// Fields on which full agreement would add to the weight of the pair scored last.
    fn fields_that_help(&self, worker: &mut Worker, a: u32, b: u32, between: &Between<'_>) -> Vec<Remedy> {
        let plan = &self.state.plan;
        let before = self.state.score(worker, a, b);
        let told = worker.scorer.outcomes.clone();
        // The average is what is cut; of several pairs, one must make up for all.
        let wanted = match between.average {
            Some(Average { sum, pairs }) => i64::from(plan.cuts.auto) * pairs - sum,
            None => i64::from(plan.cuts.auto) - i64::from(before.weight),
        };
        let ruled = between.marked.iter().any(|pair| (pair.0, pair.1) != (a, b));
        let mut found = Vec::new();
        for (field, of_plan) in (0u8..).map(Field).zip(&plan.fields).filter(|(_, field)| field.compared) {
            self.state.score(worker, a, b);
            let level = told.iter().find(|outcome| outcome.field == field).map(|outcome| outcome.level);
            if level == Some(0) {
                continue;
            }
            let bits = of_plan.bits.first().copied().unwrap_or(0);
            let agrees = FieldOutcome { field, level: 0, bits, rarity: 0, values: (0, 0) };
            // As compared, before groups counted: what a group made of the others is made anew.
            worker.scorer.compare(
                plan,
                &self.state.values,
                &self.state.slot(a).packed,
                &self.state.slot(b).packed,
            );
            worker.scorer.outcomes.retain(|outcome| outcome.field != field);
            worker.scorer.outcomes.push(agrees);
            worker.scorer.outcomes.sort_unstable_by_key(|outcome| outcome.field);
            let after = worker.scorer.finish(plan);
            let gain = after.weight - before.weight;
            if gain <= 0 {
                continue;
            }
            let free = matches!(after.effect, None | Some(Effect::Join)) && !ruled && !self.unlinked(a, b);
            let enough = free && i64::from(gain) >= wanted;
            let level = self.level_name(field, level);
            found.push(Remedy::Field { field: self.field_name(field), level, gain, enough });
        }
        let gain = |remedy: &Remedy| if let Remedy::Field { gain, .. } = remedy { *gain } else { 0 };
        found.sort_by_key(|remedy| std::cmp::Reverse(gain(remedy)));
        found
    }

    fn unlinked(&self, a: u32, b: u32) -> bool {
        self.state.rulings.get(&a).and_then(|of| of.get(&b)) == Some(&Ruling::Unlink)
    }
}

/// Whether marks keep two clusters apart.
pub(crate) fn keeps_apart(marks: u8) -> bool {
    marks & (mark::CANNOT | mark::VETO | mark::ASK) != 0
}
