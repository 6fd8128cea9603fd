//! What the store counts.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Registry};

/// The store's metrics. They count from the moment the store is opened, registered or not.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Time of a commit, from the call to the end of its fsync.
    pub commit_seconds: Histogram,
    /// Submissions in a commit.
    pub commit_submissions: Histogram,
    /// Bytes of keys and values in a commit, as encoded.
    pub commit_bytes: IntCounter,
    /// Commits that failed.
    pub commit_errors: IntCounter,
    /// Size of the store on disk.
    pub disk_bytes: IntGauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let valid = "invariant: the names and buckets are valid";
        let seconds =
            HistogramOpts::new("yibiao_store_commit_seconds", "Time of a commit, to the end of its fsync.")
                .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]);
        let submissions = HistogramOpts::new("yibiao_store_commit_submissions", "Submissions in a commit.")
            .buckets(vec![0.0, 1.0, 10.0, 100.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0]);
        let counter = |name: &str, help: &str| IntCounter::new(name, help).expect(valid);
        Self {
            commit_seconds: Histogram::with_opts(seconds).expect(valid),
            commit_submissions: Histogram::with_opts(submissions).expect(valid),
            commit_bytes: counter(
                "yibiao_store_commit_bytes_total",
                "Bytes of keys and values committed, as encoded.",
            ),
            commit_errors: counter("yibiao_store_commit_errors_total", "Commits that failed."),
            disk_bytes: IntGauge::new("yibiao_store_disk_bytes", "Size of the store on disk.").expect(valid),
        }
    }

    /// Makes the metrics part of what `registry` serves.
    pub fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        registry.register(Box::new(self.commit_seconds.clone()))?;
        registry.register(Box::new(self.commit_submissions.clone()))?;
        registry.register(Box::new(self.commit_bytes.clone()))?;
        registry.register(Box::new(self.commit_errors.clone()))?;
        registry.register(Box::new(self.disk_bytes.clone()))
    }
}
