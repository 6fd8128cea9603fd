//! What the pipeline counts. Every label value comes from the configuration or from a closed set; none is an id.

use prometheus::{
    Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, exponential_buckets,
};

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowOutcome {
    /// A source key never seen before.
    New,
    /// A known key with other content.
    Changed,
    /// What is known already, or our own word come back.
    Repeated,
    /// Older than what is known of the key.
    Stale,
    /// A life event ended it.
    Ended,
    /// It was withdrawn.
    Retracted,
    /// It could not be read; kept with its bytes and a reason.
    Quarantined,
}

impl RowOutcome {
    /// All outcomes.
    pub const ALL: [RowOutcome; 7] = [
        RowOutcome::New,
        RowOutcome::Changed,
        RowOutcome::Repeated,
        RowOutcome::Stale,
        RowOutcome::Ended,
        RowOutcome::Retracted,
        RowOutcome::Quarantined,
    ];

    /// The label value.
    pub fn name(self) -> &'static str {
        match self {
            RowOutcome::New => "new",
            RowOutcome::Changed => "changed",
            RowOutcome::Repeated => "repeated",
            RowOutcome::Stale => "stale",
            RowOutcome::Ended => "ended",
            RowOutcome::Retracted => "retracted",
            RowOutcome::Quarantined => "quarantined",
        }
    }
}

/// The metrics of a node.
#[derive(Debug)]
pub struct Metrics {
    pub(crate) received: IntCounterVec,
    pub(crate) rows: IntCounterVec,
    pub(crate) errors: IntCounterVec,
    pub(crate) changes: IntCounterVec,
    pub(crate) entities: IntGaugeVec,
    pub(crate) joined: IntGaugeVec,
    pub(crate) review: IntGaugeVec,
    pub(crate) sent: IntCounterVec,
    pub(crate) outcomes: IntGaugeVec,
    pub(crate) gap: IntGaugeVec,
    pub(crate) batch_seconds: Histogram,
    pub(crate) batch_rows: Histogram,
    pub(crate) delivery_seconds: Histogram,
    pub(crate) quarantine_open: IntGauge,
}

impl Metrics {
    /// Makes the metrics and registers them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters =
            |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
                let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
                registry.register(Box::new(metric.clone()))?;
                Ok(metric)
            };
        let gauges = |name: &str, help: &str, labels: &[&str]| -> Result<IntGaugeVec, prometheus::Error> {
            let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let histogram = |name: &str, help: &str, first: f64, factor: f64, count: usize| {
            let options = HistogramOpts::new(name, help).buckets(exponential_buckets(first, factor, count)?);
            let metric = Histogram::with_opts(options)?;
            registry.register(Box::new(metric.clone()))?;
            Ok::<_, prometheus::Error>(metric)
        };
        let quarantine_open =
            IntGauge::new("yibiao_quarantine_open_rows", "Rows that wait in the quarantine.")?;
        registry.register(Box::new(quarantine_open.clone()))?;
        Ok(Self {
            received: counters(
                "yibiao_component_received_events_total",
                "Rows read from a source.",
                &["component"],
            )?,
            rows: counters(
                "yibiao_ingest_rows_total",
                "Rows by what became of them.",
                &["system", "outcome"],
            )?,
            errors: counters(
                "yibiao_component_errors_total",
                "Failures of a source or receiver, by stage and by what the pipeline did about them.",
                &["component", "stage", "error_type"],
            )?,
            changes: counters("yibiao_changes_total", "Changes published, by kind.", &["entity", "kind"])?,
            entities: gauges("yibiao_entities", "Living entities.", &["entity"])?,
            joined: gauges(
                "yibiao_dedupe_joined_records",
                "Records that share an entity with an earlier one.",
                &["entity"],
            )?,
            review: gauges("yibiao_dedupe_review_pending", "Tasks that wait for a steward.", &["entity"])?,
            sent: counters(
                "yibiao_component_sent_events_total",
                "Rows written to a receiver.",
                &["component"],
            )?,
            outcomes: gauges(
                "yibiao_subscription_changes",
                "Changes of the feed by what became of them for a subscription; the four add up to the feed.",
                &["subscription", "outcome"],
            )?,
            gap: gauges(
                "yibiao_subscription_reconciliation_gap_events",
                "Changes of the feed that none of the four counts holds: always 0.",
                &["subscription"],
            )?,
            batch_seconds: histogram(
                "yibiao_batch_seconds",
                "Time to decide on and commit a batch.",
                0.001,
                2.0,
                14,
            )?,
            batch_rows: histogram("yibiao_batch_rows", "Rows of a batch.", 1.0, 4.0, 9)?,
            delivery_seconds: histogram(
                "yibiao_subscription_delivery_seconds",
                "Time of a delivery.",
                0.001,
                2.0,
                16,
            )?,
            quarantine_open,
        })
    }

    /// Counts a delivery that failed.
    pub fn delivery_failed(&self, subscription: &str) {
        self.errors.with_label_values(&[subscription, "sending", "edge"]).inc();
    }
}
