//! The score of a clustering against the truth: pairwise over unordered pairs of records, B-cubed over records.
//!
//! **Invariant:** the figures are those of the shared scorers (`score.py`, `score_flat.py`): records that the clustering
//! lacks count as singletons, records that the truth does not know are left out, and with no predicted pair precision
//! is 1.

use std::collections::{BTreeMap, BTreeSet};

/// A record, as the truth calls it: its file or department, and its key there.
pub type Record = (Box<str>, Box<str>);

/// Precision and recall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Of what was joined, the share that belongs together.
    pub precision: f64,
    /// Of what belongs together, the share that was joined.
    pub recall: f64,
}

impl Measure {
    /// The harmonic mean.
    pub fn f1(self) -> f64 {
        let sum = self.precision + self.recall;
        if sum > 0.0 { 2.0 * self.precision * self.recall / sum } else { 0.0 }
    }
}

/// The score of one clustering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Records that the truth knows.
    pub records: usize,
    /// Entities that there are.
    pub entities: usize,
    /// Clusters that were made of the records that the truth knows.
    pub clusters: usize,
    /// Clusters that join two entities or more.
    pub mixed: usize,
    /// Over pairs.
    pub pairwise: Measure,
    /// Over records.
    pub bcubed: Measure,
}

/// Scores a clustering: the entity and the cluster of each record. `between` two files, only pairs of a record of the one
/// and a record of the other count.
pub fn score(
    truth: &BTreeMap<Record, Box<str>>,
    clusters: &BTreeMap<Record, u64>,
    between: Option<(&str, &str)>,
) -> Score {
    let mut of_entity: BTreeMap<&str, Size> = BTreeMap::new();
    let mut of_cluster: BTreeMap<Cluster<'_>, Size> = BTreeMap::new();
    let mut of_both: BTreeMap<(&str, Cluster<'_>), Size> = BTreeMap::new();
    for (record, entity) in truth {
        let cluster = clusters.get(record).map_or(Cluster::Missing(record), |number| Cluster::Made(*number));
        of_entity.entry(entity).or_default().count(record, between);
        of_cluster.entry(cluster).or_default().count(record, between);
        of_both.entry((entity, cluster)).or_default().count(record, between);
    }
    let pairs = |sizes: &mut dyn Iterator<Item = &Size>| {
        let pairs = |size: &Size| match between {
            Some(_) => size.one * size.other,
            None => size.all * (size.all - 1) / 2,
        };
        sizes.map(pairs).sum::<u64>()
    };
    let right = pairs(&mut of_both.values());
    let share = |of: u64| if of == 0 { 1.0 } else { ratio(right, of) };
    let pairwise = Measure {
        precision: share(pairs(&mut of_cluster.values())),
        recall: share(pairs(&mut of_entity.values())),
    };
    let (mut precision, mut recall) = (0.0, 0.0);
    for ((entity, cluster), both) in &of_both {
        let square = both.all * both.all;
        precision += ratio(square, of_cluster.get(cluster).map_or(1, |size| size.all));
        recall += ratio(square, of_entity.get(entity).map_or(1, |size| size.all));
    }
    let records: u64 = of_entity.values().map(|size| size.all).sum();
    let bcubed = Measure { precision: precision / ratio(records, 1), recall: recall / ratio(records, 1) };
    let mut seen = BTreeSet::new();
    let mixed: BTreeSet<Cluster<'_>> =
        of_both.keys().map(|(_, cluster)| *cluster).filter(|cluster| !seen.insert(*cluster)).collect();
    Score {
        records: truth.len(),
        entities: of_entity.len(),
        clusters: of_cluster.len(),
        mixed: mixed.len(),
        pairwise,
        bcubed,
    }
}

/// How many records: in all, and of each of the two files between which pairs count.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    all: u64,
    one: u64,
    other: u64,
}

impl Size {
    fn count(&mut self, record: &Record, between: Option<(&str, &str)>) {
        self.all += 1;
        self.one += u64::from(between.is_some_and(|(one, _)| one == &*record.0));
        self.other += u64::from(between.is_some_and(|(_, other)| other == &*record.0));
    }
}

/// A cluster: one that was made, or a record that was left out of the clustering.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cluster<'a> {
    Made(u64),
    Missing(&'a Record),
}

/// A quotient of counts.
#[expect(clippy::as_conversions, reason = "counts of pairs stay below 2^53, which a float holds exactly")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(local: &str) -> Record {
        ("f".into(), local.into())
    }

    fn truth(of: &[(&str, &str)]) -> BTreeMap<Record, Box<str>> {
        of.iter().map(|(local, entity)| (record(local), Box::from(*entity))).collect()
    }

    fn clusters(of: &[(&str, u64)]) -> BTreeMap<Record, u64> {
        of.iter().map(|(local, cluster)| (record(local), *cluster)).collect()
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn a_clustering_is_scored_over_pairs_and_over_records() {
        // By hand: pairs made ab, cd, ce, de; true ab, ac, bc, de; right ab, de.
        let truth = truth(&[("a", "x"), ("b", "x"), ("c", "x"), ("d", "y"), ("e", "y")]);
        let score = score(&truth, &clusters(&[("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 2)]), None);
        assert!(near(score.pairwise.precision, 0.5) && near(score.pairwise.recall, 0.5));
        let precision = (1.0 + 1.0 + 1.0 / 3.0 + 2.0 / 3.0 + 2.0 / 3.0) / 5.0;
        let recall = (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 1.0 + 1.0) / 5.0;
        assert!(near(score.bcubed.precision, precision) && near(score.bcubed.recall, recall));
        assert_eq!((score.records, score.entities, score.clusters, score.mixed), (5, 2, 2, 1));
    }

    #[test]
    fn a_record_left_out_of_the_clustering_stands_alone_and_an_unknown_one_is_not_scored() {
        let truth = truth(&[("a", "x"), ("b", "x")]);
        let score = score(&truth, &clusters(&[("a", 1), ("z", 1)]), None);
        assert_eq!((score.clusters, score.mixed), (2, 0));
        assert!(near(score.pairwise.precision, 1.0) && near(score.pairwise.recall, 0.0));
        assert!(near(score.pairwise.f1(), 0.0));
    }
}
