//! Entity resolution: block, compare, score, cluster, survive; pure and deterministic.
