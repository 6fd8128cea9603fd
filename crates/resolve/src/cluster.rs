//! Clusters inside a component: must-links first, then average linkage with vetoes.
//!
//! **Invariant:** a pure function of a component whose records are given in canonical order (by hash of their keys);
//! sums are integers and averages are compared by cross-multiplication, so no order of work shows in the result.

use crate::spec::Cuts;

/// Pair weights of a component, each pair once.
pub(crate) struct Matrix {
    size: usize,
    weights: Vec<i32>,
    marks: Vec<u8>,
}

/// Marks of a pair.
pub(crate) mod mark {
    /// A steward said that they are one.
    pub(crate) const MUST: u8 = 1;
    /// A steward said that they are not.
    pub(crate) const CANNOT: u8 = 1 << 1;
    /// A rule forbids an automatic merge.
    pub(crate) const VETO: u8 = 1 << 2;
    /// A rule asks a steward.
    pub(crate) const ASK: u8 = 1 << 3;
    /// One of the two fits another cluster nearly as well.
    pub(crate) const TORN: u8 = 1 << 4;
}

impl Matrix {
    pub(crate) fn new(size: usize) -> Self {
        let pairs = size * size.saturating_sub(1) / 2;
        Self { size, weights: vec![0; pairs], marks: vec![0; pairs] }
    }

    /// Where a pair stands. `a` and `b` differ.
    fn at(a: usize, b: usize) -> usize {
        let (low, high) = (a.min(b), a.max(b));
        high * (high - 1) / 2 + low
    }

    pub(crate) fn set(&mut self, a: usize, b: usize, weight: i32, marks: u8) {
        let at = Self::at(a, b);
        if let (Some(slot), Some(mark)) = (self.weights.get_mut(at), self.marks.get_mut(at)) {
            *slot = weight;
            *mark |= marks;
        }
    }

    pub(crate) fn add_mark(&mut self, a: usize, b: usize, marks: u8) {
        if let Some(mark) = self.marks.get_mut(Self::at(a, b)) {
            *mark |= marks;
        }
    }

    /// The weight and the marks of a pair.
    pub(crate) fn get(&self, a: usize, b: usize) -> (i32, u8) {
        let at = Self::at(a, b);
        let found = self.weights.get(at).copied().zip(self.marks.get(at).copied());
        found.expect("invariant: a pair of the matrix")
    }
}

/// The sum of the weights between two clusters, and their pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Average {
    pub(crate) sum: i64,
    pub(crate) pairs: i64,
}

impl Average {
    /// Ordered by the averages.
    pub(crate) fn compare(self, other: Self) -> std::cmp::Ordering {
        (self.sum * other.pairs).cmp(&(other.sum * self.pairs))
    }

    fn reaches(self, cut: i32) -> bool {
        self.sum >= i64::from(cut) * self.pairs
    }

    /// The average, rounded down, in thousandths of a bit.
    pub(crate) fn floor(self) -> i32 {
        i32::try_from(self.sum.div_euclid(self.pairs.max(1)))
            .expect("invariant: an average of 32-bit weights")
    }
}

/// Two clusters became one. They are named by their first records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merge {
    pub(crate) left: usize,
    pub(crate) right: usize,
    /// `None`: a steward's link.
    pub(crate) average: Option<Average>,
}

/// Two clusters that a steward should see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) average: Average,
    /// A rule asks, or forbids the merge that the weight would allow.
    pub(crate) ruled: bool,
}

/// What became of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clustering {
    /// Each cluster's records, sorted; clusters by their first record.
    pub(crate) clusters: Vec<Vec<usize>>,
    pub(crate) merges: Vec<Merge>,
    /// Each cluster with the cluster that fits it best of those it may not join by itself.
    pub(crate) doubts: Vec<Doubt>,
}

/// Marks that forbid an automatic merge.
const FORBIDDING: u8 = PARTING | mark::TORN;

/// Marks of pairs that are, or may be, two entities.
const PARTING: u8 = mark::CANNOT | mark::VETO | mark::ASK;

struct Linkage {
    /// The records of the cluster that a record heads; empty where it heads none.
    members: Vec<Vec<usize>>,
    sums: Vec<i64>,
    marks: Vec<u8>,
    /// Of each head, the best later head to merge with.
    best: Vec<Option<usize>>,
    auto: i32,
    margin: i32,
}

impl Linkage {
    fn new(matrix: &Matrix, auto: i32, margin: i32) -> Self {
        Self {
            members: (0..matrix.size).map(|record| vec![record]).collect(),
            sums: matrix.weights.iter().copied().map(i64::from).collect(),
            marks: matrix.marks.clone(),
            best: vec![None; matrix.size],
            auto,
            margin,
        }
    }

    fn count(&self, head: usize) -> usize {
        self.members.get(head).map_or(0, Vec::len)
    }

    fn between(&self, a: usize, b: usize) -> (Average, u8) {
        let at = Matrix::at(a, b);
        let sum = self.sums.get(at).copied().expect("invariant: a pair of the matrix");
        let pairs = i64::try_from(self.count(a) * self.count(b)).expect("invariant: a component fits memory");
        (Average { sum, pairs }, self.marks.get(at).copied().unwrap_or(0))
    }

    fn heads(&self) -> impl Iterator<Item = usize> {
        (0..self.members.len()).filter(|head| self.count(*head) > 0)
    }

    /// Whether two clusters may merge by themselves, and how well.
    fn mergeable(&self, a: usize, b: usize) -> Option<Average> {
        let (average, marks) = self.between(a, b);
        let forbidden = marks & FORBIDDING != 0;
        (!forbidden && average.reaches(self.auto)).then_some(average)
    }

    fn find_best(&mut self, head: usize) {
        let mut best: Option<(Average, usize)> = None;
        for other in self.heads().filter(|other| *other > head) {
            if let Some(average) = self.mergeable(head, other)
                && best.is_none_or(|(than, _)| average.compare(than).is_gt())
            {
                best = Some((average, other));
            }
        }
        if let Some(slot) = self.best.get_mut(head) {
            *slot = best.map(|(_, other)| other);
        }
    }

    /// Whether `one`, about to join `other`, fits nearly as well another cluster that may not be with `other`: of two
    /// people of one name, nobody knows which it is.
    fn torn(&self, one: usize, other: usize, average: Average) -> bool {
        let short =
            Average { sum: average.sum - i64::from(self.margin) * average.pairs, pairs: average.pairs };
        self.heads().filter(|rival| *rival != one && *rival != other).any(|rival| {
            let parted = self.between(rival, other).1 & PARTING != 0;
            let (fit, marks) = self.between(one, rival);
            parted && marks & PARTING == 0 && fit.reaches(self.auto) && fit.compare(short).is_gt()
        })
    }

    /// Leaves it to a steward whether two clusters are one.
    fn ask(&mut self, left: usize, right: usize) {
        if let Some(marks) = self.marks.get_mut(Matrix::at(left, right)) {
            *marks |= mark::TORN;
        }
        self.find_best(left);
    }

    /// Joins `right` to `left`; `left` is the lower.
    fn merge(&mut self, left: usize, right: usize) {
        let others: Vec<usize> = self.heads().filter(|head| *head != left && *head != right).collect();
        for other in others {
            let (from, to) = (Matrix::at(right, other), Matrix::at(left, other));
            let (sum, marks) = (self.sums.get(from).copied(), self.marks.get(from).copied());
            if let (Some(sum), Some(slot)) = (sum, self.sums.get_mut(to)) {
                *slot += sum;
            }
            if let (Some(marks), Some(slot)) = (marks, self.marks.get_mut(to)) {
                *slot |= marks;
            }
        }
        let moved = self.members.get_mut(right).map(std::mem::take).unwrap_or_default();
        if let Some(members) = self.members.get_mut(left) {
            members.extend(moved);
        }
    }

    /// After a merge: the heads whose best was one of the two, and all that `left` may now suit better.
    fn refresh(&mut self, left: usize, right: usize) {
        self.find_best(left);
        let earlier: Vec<usize> = self.heads().filter(|head| *head < right && *head != left).collect();
        for head in earlier {
            match self.best.get(head).copied().flatten() {
                Some(best) if best == left || best == right => self.find_best(head),
                current if head < left => {
                    let offered = self.mergeable(head, left);
                    let kept = current.map(|best| (self.between(head, best).0, best));
                    let better = offered.is_some_and(|average| {
                        kept.is_none_or(|(than, best)| average.compare(than).then(best.cmp(&left)).is_gt())
                    });
                    if better && let Some(slot) = self.best.get_mut(head) {
                        *slot = Some(left);
                    }
                }
                _ => {}
            }
        }
    }

    /// The two clusters that fit best of all; of equals, those with the lowest records.
    fn next(&self) -> Option<(usize, usize, Average)> {
        let mut best: Option<(usize, usize, Average)> = None;
        for head in self.heads() {
            let Some(other) = self.best.get(head).copied().flatten() else { continue };
            let (average, _) = self.between(head, other);
            if best.is_none_or(|(_, _, than)| average.compare(than).is_gt()) {
                best = Some((head, other, average));
            }
        }
        best
    }
}

/// Clusters a component by the cuts on average weights.
pub(crate) fn cluster(matrix: &Matrix, cuts: &Cuts) -> Clustering {
    let mut linkage = Linkage::new(matrix, cuts.auto, cuts.margin);
    let mut merges = must_merges(matrix, &mut linkage);
    for head in linkage.heads().collect::<Vec<_>>() {
        linkage.find_best(head);
    }
    while let Some((left, right, average)) = linkage.next() {
        if cuts.margin > 0 && (linkage.torn(left, right, average) || linkage.torn(right, left, average)) {
            linkage.ask(left, right);
            continue;
        }
        linkage.merge(left, right);
        linkage.refresh(left, right);
        merges.push(Merge { left, right, average: Some(average) });
    }
    let doubts = doubts(&linkage, cuts.auto, cuts.review);
    let mut clusters: Vec<Vec<usize>> =
        linkage.members.into_iter().filter(|members| !members.is_empty()).collect();
    clusters.iter_mut().for_each(|members| members.sort_unstable());
    clusters.sort_unstable();
    Clustering { clusters, merges, doubts }
}

/// Joins what stewards linked. Their word stands above every rule; where links and a parting contradict each other
/// over a detour, the links hold.
fn must_merges(matrix: &Matrix, linkage: &mut Linkage) -> Vec<Merge> {
    let mut merges = Vec::new();
    let mut head: Vec<usize> = (0..matrix.size).collect();
    for b in 1..matrix.size {
        for a in 0..b {
            let of = |record: usize| head.get(record).copied().unwrap_or(record);
            let (left, right) = (of(a).min(of(b)), of(a).max(of(b)));
            if matrix.get(a, b).1 & mark::MUST == 0 || left == right {
                continue;
            }
            linkage.merge(left, right);
            merges.push(Merge { left, right, average: None });
            head.iter_mut().filter(|of| **of == right).for_each(|of| *of = left);
        }
    }
    merges
}

fn doubts(linkage: &Linkage, auto: i32, review: i32) -> Vec<Doubt> {
    let heads: Vec<usize> = linkage.heads().collect();
    let mut doubts: Vec<Doubt> = Vec::new();
    for head in &heads {
        let mut best: Option<Doubt> = None;
        for other in heads.iter().filter(|other| *other != head) {
            let (average, marks) = linkage.between(*head, *other);
            let asked = marks & (mark::ASK | mark::TORN) != 0;
            if marks & mark::CANNOT != 0 || !(asked || average.reaches(review)) {
                continue;
            }
            let ruled = asked || marks & mark::VETO != 0 && average.reaches(auto);
            let doubt = Doubt { left: *head.min(other), right: *head.max(other), average, ruled };
            if doubt.ruled {
                doubts.push(doubt);
            } else if best.is_none_or(|best| average.compare(best.average).is_gt()) {
                best = Some(doubt);
            }
        }
        doubts.extend(best);
    }
    doubts.sort_unstable_by_key(|doubt| (doubt.left, doubt.right));
    doubts.dedup_by_key(|doubt| (doubt.left, doubt.right));
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix(size: usize, weights: &[(usize, usize, i32, u8)]) -> Matrix {
        let mut matrix = Matrix::new(size);
        for a in 0..size {
            for b in 0..a {
                matrix.set(a, b, -10_000, 0);
            }
        }
        for (a, b, weight, marks) in weights {
            matrix.set(*a, *b, *weight, *marks);
        }
        matrix
    }

    fn cuts(review: i32, margin: i32) -> Cuts {
        Cuts { review, auto: 0, margin, ..Cuts::default() }
    }

    #[test]
    fn a_record_that_fits_two_parted_clusters_alike_joins_neither() {
        let weights = |third| [(0, 1, 9_000, mark::VETO), (0, 2, 8_000, 0), (1, 2, third, 0)];
        let found = cluster(&matrix(3, &weights(7_000)), &cuts(-3_000, 2_000));
        assert_eq!(found.clusters.len(), 3);
        assert!(found.doubts.iter().filter(|doubt| doubt.right == 2).count() >= 1);
        let found = cluster(&matrix(3, &weights(5_000)), &cuts(-3_000, 2_000));
        assert_eq!(found.clusters, [vec![0, 2], vec![1]]);
    }

    #[test]
    fn one_strong_pair_does_not_chain_two_groups() {
        let weights = [(0, 1, 9_000, 0), (1, 2, 8_000, 0), (2, 3, 9_000, 0)];
        let found = cluster(&matrix(4, &weights), &cuts(-3_000, 0));
        assert_eq!(found.clusters, [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn a_veto_holds_for_every_cluster_that_its_pair_is_in() {
        let weights = [(0, 1, 9_000, 0), (1, 2, 8_000, 0), (0, 2, 7_000, mark::VETO)];
        let found = cluster(&matrix(3, &weights), &cuts(-3_000, 0));
        assert_eq!(found.clusters, [vec![0, 1], vec![2]]);
        assert!(found.doubts[0].ruled);
    }

    #[test]
    fn a_link_stands_above_weight_and_veto_and_a_parting_above_weight() {
        let weights =
            [(0, 1, -9_000, mark::MUST | mark::VETO), (1, 2, 9_000, mark::CANNOT), (0, 2, 9_000, 0)];
        let found = cluster(&matrix(3, &weights), &cuts(-3_000, 0));
        assert_eq!(found.clusters, [vec![0, 1], vec![2]]);
        assert_eq!(found.doubts, []);
    }

    #[test]
    fn what_lies_between_the_cuts_is_a_doubt() {
        let found = cluster(&matrix(3, &[(0, 1, -2_000, 0), (0, 2, -4_000, 0)]), &cuts(-3_000, 0));
        assert_eq!(found.clusters.len(), 3);
        assert_eq!(found.doubts.len(), 1);
        assert_eq!((found.doubts[0].left, found.doubts[0].right), (0, 1));
    }

    /// The same by the plain definition: at each step try all pairs.
    fn plainly(matrix: &Matrix, auto: i32) -> Vec<Vec<usize>> {
        let mut clusters: Vec<Vec<usize>> = (0..matrix.size).map(|record| vec![record]).collect();
        loop {
            let mut best: Option<(Average, usize, usize)> = None;
            for a in 0..clusters.len() {
                for b in a + 1..clusters.len() {
                    let (mut sum, mut marks) = (0, 0);
                    for x in &clusters[a] {
                        for y in &clusters[b] {
                            sum += i64::from(matrix.get(*x, *y).0);
                            marks |= matrix.get(*x, *y).1;
                        }
                    }
                    let pairs = i64::try_from(clusters[a].len() * clusters[b].len()).unwrap();
                    let average = Average { sum, pairs };
                    let allowed =
                        marks & (mark::CANNOT | mark::VETO | mark::ASK) == 0 && average.reaches(auto);
                    if allowed && best.is_none_or(|(than, ..)| average.compare(than).is_gt()) {
                        best = Some((average, a, b));
                    }
                }
            }
            let Some((_, a, b)) = best else { break };
            let moved = clusters.remove(b);
            clusters[a].extend(moved);
        }
        clusters.iter_mut().for_each(|members| members.sort_unstable());
        clusters.sort_unstable();
        clusters
    }

    proptest! {
        #[test]
        fn the_fast_way_is_the_plain_way(
            weights in proptest::collection::vec((-4i32..5, prop_oneof![8 => Just(0), 1 => Just(mark::VETO), 1 => Just(mark::CANNOT)]), 28),
        ) {
            let mut matrix = Matrix::new(8);
            let mut weights = weights.into_iter();
            for a in 0..8 {
                for b in 0..a {
                    let (weight, marks) = weights.next().unwrap();
                    matrix.set(a, b, weight, marks);
                }
            }
            prop_assert_eq!(cluster(&matrix, &cuts(-2, 0)).clusters, plainly(&matrix, 0));
        }
    }
}
