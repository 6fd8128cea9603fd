//! From the clusters before and after to the least sets of clusters that became other clusters.

use crate::engine::Regroup;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use yibiao_record::SourceKey;

/// Groups old and new clusters that share records, and drops those that did not change.
pub(crate) fn regroups<'a>(
    before: Vec<Vec<u32>>,
    after: Vec<Vec<u32>>,
    key: impl Fn(u32) -> &'a SourceKey + Copy,
) -> Vec<Regroup<u32>> {
    let mut was: HashMap<u32, usize, FxBuildHasher> = HashMap::default();
    for (at, cluster) in before.iter().enumerate() {
        was.extend(cluster.iter().map(|record| (*record, at)));
    }
    let olds = before.len();
    let mut group: Vec<usize> = (0..olds + after.len()).collect();
    for (at, cluster) in after.iter().enumerate() {
        for old in cluster.iter().filter_map(|record| was.get(record)) {
            let (a, b) = (root(&mut group, *old), root(&mut group, olds + at));
            if let Some(slot) = group.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let nothing = Regroup { before: Vec::new(), after: Vec::new() };
    let mut groups: Vec<Regroup<u32>> = vec![nothing; group.len()];
    for (at, cluster) in before.into_iter().enumerate() {
        if let Some(found) = groups.get_mut(root(&mut group, at)) {
            found.before.push(cluster);
        }
    }
    for (at, cluster) in after.into_iter().enumerate() {
        if let Some(found) = groups.get_mut(root(&mut group, olds + at)) {
            found.after.push(cluster);
        }
    }
    for found in &mut groups {
        sort(&mut found.before, key);
        sort(&mut found.after, key);
    }
    groups.retain(|found| found.before != found.after);
    let first =
        |clusters: &[Vec<u32>]| clusters.first().and_then(|members| members.first()).copied().map(key);
    groups.sort_unstable_by(|a, b| {
        (first(&a.before), first(&a.after)).cmp(&(first(&b.before), first(&b.after)))
    });
    groups
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

/// Sorts members by their keys, and clusters, which share none, by their first.
fn sort<'a>(clusters: &mut [Vec<u32>], key: impl Fn(u32) -> &'a SourceKey + Copy) {
    for members in clusters.iter_mut() {
        members.sort_unstable_by(|a, b| key(*a).cmp(key(*b)));
    }
    clusters.sort_unstable_by(|a, b| a.first().copied().map(key).cmp(&b.first().copied().map(key)));
}
