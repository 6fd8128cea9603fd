//! Why: what a pair weighs, how a cluster came together, and what keeps two records apart; as data.
//!
//! **Invariant:** explaining changes nothing and shows what the engine did, from the same numbers.

use crate::{
    block::Records,
    cluster::{Average, Clustering, Matrix, mark},
    engine::{Engine, Ruling},
    levels::levels,
    remedy::{Between, keeps_apart},
    spec::Cuts,
    state::Worker,
    story::{
        ClusterStory, FieldStory, GroupStory, MeetingStory, NearStory, Obstacle, PairStory, Shown, StepStory,
        WhyNot,
    },
};
use std::collections::BTreeSet;
use yibiao_record::SourceKey;

/// A part of a component, clustered once more for the telling.
struct Told {
    records: Vec<u32>,
    matrix: Matrix,
    clustering: Clustering,
}

impl Told {
    /// The pairs of two clusters that keep them apart whatever they weigh.
    fn marked(&self, one: &[usize], other: &[usize]) -> Vec<(u32, u32, u8)> {
        let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (*a, *b)));
        let marked = pairs.filter_map(|(a, b)| {
            let (_, marks) = self.matrix.get(a, b);
            Some((*self.records.get(a)?, *self.records.get(b)?, marks)).filter(|_| keeps_apart(marks))
        });
        marked.collect()
    }
}

impl Engine {
    /// What two live records weigh together.
    pub fn explain_pair(&self, left: &SourceKey, right: &SourceKey) -> Option<PairStory> {
        let (a, b) = (self.live(left)?, self.live(right)?);
        let (plan, values) = (&self.state.plan, &self.state.values);
        let mut worker = Worker::new(plan);
        let outcome = self.state.score(&mut worker, a, b);
        let mut fields = Vec::new();
        for of in worker.scorer.outcomes() {
            let (field, spec) = (plan.field(of.field), self.spec.fields.get(usize::from(of.field.0))?);
            let level = levels(field.kind).get(usize::from(of.level))?;
            let model = self.model.fields.get(&spec.name)?.levels.get(usize::from(of.level))?;
            let shown = |number: u32| Shown(values.value(field, number).text.clone());
            let exact = field.exact >> of.level & 1 == 1;
            let value = |number: u32| values.value(field, number);
            let own = [of.values.0, of.values.1].map(|number| value(number).derived.rarity());
            let seen = field.model.as_ref().and_then(|model| model.frequencies.as_ref()).map(|frequencies| {
                let count = |number: u32| frequencies.of(&value(number).text);
                [count(of.values.0).max(count(of.values.1)), frequencies.total]
            });
            fields.push(FieldStory {
                field: spec.name.clone(),
                group: spec.group.clone(),
                left: shown(of.values.0),
                right: shown(of.values.1),
                level: level.name,
                m: model.m,
                u: model.u,
                bits: of.bits,
                rarity: of.rarity,
                name_bits: own.into_iter().flatten().min().filter(|_| exact),
                seen: seen.filter(|_| exact && own == [None, None]),
                within_group: of.bits != model.bits,
            });
        }
        let sum = |group: &str| {
            let of_group = fields.iter().filter(|field| field.group.as_deref() == Some(group));
            of_group.map(|field| field.bits + field.rarity).sum()
        };
        let groups = plan.groups.iter().zip(worker.scorer.groups());
        Some(PairStory {
            left: left.clone(),
            right: right.clone(),
            prior: plan.prior,
            groups: groups
                .map(|(group, bits)| GroupStory {
                    group: group.name.clone(),
                    sum: sum(&group.name),
                    bits: *bits,
                })
                .collect(),
            fields,
            rule: outcome.effect,
            ruling: self.ruling(left, right),
            weight: outcome.weight,
            cuts: plan.cuts,
        })
    }

    /// How the cluster of a live record came together, and what was near.
    pub fn explain_cluster(&self, key: &SourceKey) -> Option<ClusterStory> {
        let record = self.live(key)?;
        let told = self.tell(record);
        let at = told.records.iter().position(|other| *other == record)?;
        let own = told.clustering.clusters.iter().find(|members| members.contains(&at))?;
        let mut near: Vec<NearStory> = told
            .clustering
            .clusters
            .iter()
            .filter(|members| *members != own)
            .map(|members| {
                let (average, marks) = between(&told.matrix, own, members);
                let obstacle = obstacle(average, marks, &self.state.plan.cuts);
                NearStory { members: self.sorted_keys(&told, members), average: average.floor(), obstacle }
            })
            .collect();
        near.sort_unstable_by(|a, b| b.average.cmp(&a.average).then_with(|| a.members.cmp(&b.members)));
        Some(ClusterStory { members: self.sorted_keys(&told, own), steps: self.steps(&told, own), near })
    }

    /// Whether two live records are together, and if not, why.
    pub fn explain_apart(&self, left: &SourceKey, right: &SourceKey) -> Option<WhyNot> {
        let pair = self.explain_pair(left, right)?;
        let (a, b) = (self.live(left)?, self.live(right)?);
        let meetings = self.meetings(a, b);
        let told = self.tell(a);
        let cluster_of = |record: u32| {
            let at = told.records.iter().position(|other| *other == record)?;
            told.clustering.clusters.iter().find(|members| members.contains(&at))
        };
        let mut marked = Vec::new();
        let (average, obstacle) = match (cluster_of(a), cluster_of(b)) {
            (Some(one), Some(other)) if one == other => (None, Obstacle::None),
            (Some(one), Some(other)) => {
                let (average, marks) = between(&told.matrix, one, other);
                marked = told.marked(one, other);
                (Some(average), obstacle(average, marks, &self.state.plan.cuts))
            }
            _ if pair.ruling == Some(Ruling::Unlink) => (None, Obstacle::Ruling),
            _ => (None, Obstacle::Apart),
        };
        let remedies = match obstacle {
            Obstacle::None => Vec::new(),
            _ => self.remedies(a, b, &Between { average, marked: &marked }),
        };
        Some(WhyNot { pair, meetings, average: average.map(Average::floor), obstacle, remedies })
    }

    fn live(&self, key: &SourceKey) -> Option<u32> {
        self.find(key).filter(|record| self.state.slot(*record).live)
    }

    /// Clusters the part of a component that holds a record once more.
    fn tell(&self, record: u32) -> Told {
        let mut component = BTreeSet::new();
        let mut open = vec![record];
        while let Some(record) = open.pop() {
            if component.insert(record) {
                open.extend(self.state.slot(record).edges.iter().map(|(other, _)| *other));
                open.extend(self.state.linked(record));
            }
        }
        let component: Vec<u32> = component.into_iter().collect();
        let mut worker = Worker::new(&self.state.plan);
        let mut parts = self.state.cluster_component(&mut worker, &component).into_iter();
        let (records, clustering) = parts
            .find(|(records, _)| records.contains(&record))
            .expect("invariant: parts make up the component");
        let matrix = self.state.matrix(&mut worker, &records);
        Told { records, matrix, clustering }
    }

    fn sorted_keys(&self, told: &Told, members: &[usize]) -> Vec<SourceKey> {
        let records = members.iter().filter_map(|at| told.records.get(*at));
        let mut keys: Vec<SourceKey> = records.map(|record| self.state.slot(*record).key.clone()).collect();
        keys.sort_unstable();
        keys
    }

    /// The merges of one cluster, told over from single records.
    fn steps(&self, told: &Told, own: &[usize]) -> Vec<StepStory> {
        let mut parts: Vec<Vec<usize>> = own.iter().map(|at| vec![*at]).collect();
        let mut steps = Vec::new();
        for merge in &told.clustering.merges {
            let find = |parts: &[Vec<usize>], at: usize| parts.iter().position(|part| part.contains(&at));
            let (Some(left), Some(right)) = (find(&parts, merge.left), find(&parts, merge.right)) else {
                continue;
            };
            let moved = parts.get_mut(right).map(std::mem::take).unwrap_or_default();
            let Some(into) = parts.get_mut(left) else { continue };
            steps.push(StepStory {
                left: self.sorted_keys(told, into),
                right: self.sorted_keys(told, &moved),
                average: merge.average.map(Average::floor),
            });
            into.extend(moved);
        }
        steps
    }

    fn meetings(&self, a: u32, b: u32) -> Vec<MeetingStory> {
        let mut meetings = Vec::new();
        for ((at, key), spec) in self.state.plan.keys.iter().enumerate().zip(&self.spec.keys) {
            let view = self.state.view(at);
            let (of_a, of_b) = (view.hashes(a, 0), view.hashes(b, 0));
            if !of_a.iter().any(|value| of_b.contains(value)) {
                continue;
            }
            let mut met = Vec::new();
            self.state.blocks.candidates(key, &view, a, &mut met);
            meetings.push(MeetingStory { key: spec.on.to_string(), meets: met.contains(&b) });
        }
        meetings
    }
}

/// The weights between two clusters, and the marks of all their pairs.
fn between(matrix: &Matrix, one: &[usize], other: &[usize]) -> (Average, u8) {
    let mut average = Average { sum: 0, pairs: 0 };
    let mut all = 0;
    for a in one {
        for b in other {
            let (weight, marks) = matrix.get(*a, *b);
            average.sum += i64::from(weight);
            average.pairs += 1;
            all |= marks;
        }
    }
    (average, all)
}

fn obstacle(average: Average, marks: u8, cuts: &Cuts) -> Obstacle {
    if marks & mark::CANNOT != 0 {
        Obstacle::Ruling
    } else if marks & (mark::VETO | mark::ASK) != 0 {
        Obstacle::Rule
    } else if average.floor() >= cuts.review {
        Obstacle::Review
    } else {
        Obstacle::Weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Condition, Effect, Features, Field, FieldSpec, Input, KeySpec, Kind, Model, RuleSpec, Spec};
    use yibiao_record::SystemId;

    fn key(local: &str) -> SourceKey {
        SourceKey { system: SystemId::new("AA").unwrap(), local: local.into() }
    }

    fn engine(rows: &[(&str, [&str; 3])]) -> Engine {
        let fields = vec![
            FieldSpec::new("name", Kind::FullName),
            FieldSpec::new("born", Kind::Date),
            FieldSpec::new("id", Kind::IdNumber),
        ];
        let keys = vec![KeySpec::new("name.word").unwrap(), KeySpec::new("born").unwrap()];
        let when = vec![Condition { field: "id".into(), levels: vec!["else".into()] }];
        let rules = vec![RuleSpec { when, effect: Effect::Veto }];
        let spec = Spec { rules, ..Spec::new(fields, keys) };
        let model = Model::default_for(&spec);
        let mut engine = Engine::new(spec, model).unwrap();
        let inputs = rows.iter().map(|(local, cells)| {
            let mut features = Features::new();
            for (field, cell) in cells.iter().enumerate() {
                features.push(Field(u8::try_from(field).unwrap()), *cell);
            }
            Input::Upsert(key(local), features)
        });
        engine.apply(inputs.collect());
        engine
    }

    #[test]
    fn the_waterfall_of_a_pair_adds_up_to_its_weight() {
        let engine = engine(&[("1", ["ada king", "1815-12-10", ""]), ("2", ["ada kin", "1815-10-12", ""])]);
        let story = engine.explain_pair(&key("1"), &key("2")).unwrap();
        let sum: i32 = story.fields.iter().map(|field| field.bits + field.rarity).sum();
        assert_eq!((story.prior + sum).clamp(story.cuts.floor, story.cuts.ceiling), story.weight);
        assert_eq!(story.fields.iter().map(|field| field.level).collect::<Vec<_>>(), ["one_edit", "swapped"]);
    }

    #[test]
    fn the_story_of_a_cluster_tells_each_merge_and_what_was_near() {
        let engine = engine(&[
            ("1", ["ada king", "1815-12-10", "77001"]),
            ("2", ["ada king", "1815-12-10", ""]),
            ("3", ["ada king", "1815-12-10", "12999"]),
        ]);
        let story = engine.explain_cluster(&key("2")).unwrap();
        assert_eq!(story.steps.len(), 1);
        assert_eq!(story.members.len(), 2);
        assert_eq!(story.near.len(), 1);
        assert_eq!(story.near[0].obstacle, Obstacle::Rule);
    }

    #[test]
    fn two_records_apart_are_told_the_reason() {
        let mut engine = engine(&[
            ("1", ["ada king", "1815-12-10", ""]),
            ("2", ["ada king", "1815-12-10", ""]),
            ("3", ["bo lima", "1990-01-01", ""]),
        ]);
        let reason = |engine: &Engine, a, b| engine.explain_apart(&key(a), &key(b)).unwrap().obstacle;
        assert_eq!(reason(&engine, "1", "2"), Obstacle::None);
        assert_eq!(reason(&engine, "1", "3"), Obstacle::Apart);
        assert!(engine.explain_apart(&key("1"), &key("3")).unwrap().meetings.is_empty());
        engine.apply(vec![Input::Rule(key("1"), key("2"), Ruling::Unlink)]);
        assert_eq!(reason(&engine, "1", "2"), Obstacle::Ruling);
    }

    #[test]
    fn a_story_prints_without_values() {
        let engine = engine(&[("1", ["ada king", "", ""]), ("2", ["ada king", "", ""])]);
        let story = engine.explain_pair(&key("1"), &key("2")).unwrap();
        assert!(!format!("{story:?}").contains("ada"));
        assert!(serde_json::to_string(&story).unwrap().contains("ada king"));
    }
}
