//! From the clusters before and after to the least sets of clusters that became other clusters.

use crate::engine::Regroup;
use std::collections::BTreeMap;
use yibiao_record::SourceKey;

/// Clusters before and after.
type Sides<'a> = (Vec<&'a Vec<u32>>, Vec<&'a Vec<u32>>);

/// Groups old and new clusters that share records, and drops those that did not change.
pub(crate) fn regroups<'a>(
    before: &[Vec<u32>],
    after: &[Vec<u32>],
    key: impl Fn(u32) -> &'a SourceKey + Copy,
) -> Vec<Regroup> {
    let mut was: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, cluster) in before.iter().enumerate() {
        was.extend(cluster.iter().map(|record| (*record, at)));
    }
    let mut group: Vec<usize> = (0..before.len() + after.len()).collect();
    for (at, cluster) in after.iter().enumerate() {
        for old in cluster.iter().filter_map(|record| was.get(record)) {
            let (a, b) = (root(&mut group, *old), root(&mut group, before.len() + at));
            if let Some(slot) = group.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Sides<'_>> = BTreeMap::new();
    for (at, cluster) in before.iter().enumerate() {
        groups.entry(root(&mut group, at)).or_default().0.push(cluster);
    }
    for (at, cluster) in after.iter().enumerate() {
        groups.entry(root(&mut group, before.len() + at)).or_default().1.push(cluster);
    }
    let mut regroups: Vec<Regroup> = groups
        .into_values()
        .map(|(before, after)| Regroup { before: keyed(&before, key), after: keyed(&after, key) })
        .filter(|regroup| regroup.before != regroup.after)
        .collect();
    regroups.sort_unstable_by(|a, b| (&a.before, &a.after).cmp(&(&b.before, &b.after)));
    regroups
}

fn root(group: &mut [usize], mut at: usize) -> usize {
    while let Some(next) = group.get(at).copied().filter(|next| *next != at) {
        let after = group.get(next).copied().unwrap_or(next);
        if let Some(slot) = group.get_mut(at) {
            *slot = after;
        }
        at = next;
    }
    at
}

fn keyed<'a>(clusters: &[&Vec<u32>], key: impl Fn(u32) -> &'a SourceKey + Copy) -> Vec<Vec<SourceKey>> {
    let keys = |cluster: &&Vec<u32>| {
        let mut keys: Vec<SourceKey> = cluster.iter().map(|record| key(*record).clone()).collect();
        keys.sort_unstable();
        keys
    };
    let mut clusters: Vec<Vec<SourceKey>> = clusters.iter().map(keys).collect();
    clusters.sort_unstable();
    clusters
}
