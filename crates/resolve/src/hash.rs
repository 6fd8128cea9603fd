//! Stable hashes. They order ties and name blocks, so they must never change between runs, machines or versions.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};
use yibiao_record::SourceKey;

/// Hash of a text.
pub(crate) fn text(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// Hash of a record key: by it ties between records are broken, so that no system is always first.
pub(crate) fn key(key: &SourceKey) -> u64 {
    xxh3_64_with_seed(key.local.as_bytes(), xxh3_64(key.system.as_bytes()))
}

/// Two hashes made one; order matters. (The finaliser of SplitMix64.)
pub(crate) fn join(left: u64, right: u64) -> u64 {
    let mut x = (left ^ 0x9E37_79B9_7F4A_7C15).rotate_left(25).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ right;
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
