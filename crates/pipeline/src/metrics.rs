//! What the pipeline counts. Every label value comes from the configuration or from a closed set; none is an id.

use crate::tallies::Tallies;
use prometheus::{
    CounterVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    exponential_buckets,
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

/// What the counters say that sources and receivers share.
pub(crate) const ERRORS_HELP: &str =
    "Failures of a source or receiver, by stage and by what the pipeline did about them.";
pub(crate) const RESTARTS_HELP: &str = "How often a source or receiver that had failed was started again.";

/// The metrics of a node.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) received: IntCounterVec,
    pub(crate) rows: IntCounterVec,
    pub(crate) errors: IntCounterVec,
    pub(crate) changes: IntCounterVec,
    pub(crate) entities: IntGaugeVec,
    pub(crate) joined: IntGaugeVec,
    pub(crate) review: IntGaugeVec,
    pub(crate) sent: IntCounterVec,
    pub(crate) restarts: IntCounterVec,
    pub(crate) batch_seconds: Histogram,
    pub(crate) batch_rows: Histogram,
    pub(crate) delivery_seconds: HistogramVec,
    pub(crate) quarantine_open: IntGauge,
    /// Of subscriptions.
    pub(crate) tallies: Tallies,
    stages: CounterVec,
}

/// Where the time of taking in goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Telling what each row is against what is known of its key.
    Decide,
    /// Who is who.
    Resolve,
    /// Which values stand, and what that changes.
    Survive,
    /// The commit.
    Commit,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Stage; 4] = [Stage::Decide, Stage::Resolve, Stage::Survive, Stage::Commit];

    /// The label value.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Decide => "decide",
            Stage::Resolve => "resolve",
            Stage::Survive => "survive",
            Stage::Commit => "commit",
        }
    }
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
        let seconds = HistogramOpts::new("yibiao_subscription_delivery_seconds", "Time of a delivery.")
            .buckets(exponential_buckets(0.001, 2.0, 16)?);
        let delivery_seconds = HistogramVec::new(seconds, &["subscription"])?;
        registry.register(Box::new(delivery_seconds.clone()))?;
        let stages = CounterVec::new(
            Opts::new("yibiao_stage_seconds_total", "Time of taking in, by stage."),
            &["stage"],
        )?;
        registry.register(Box::new(stages.clone()))?;
        let tallies = Tallies::default();
        registry.register(Box::new(tallies.clone()))?;
        Ok(Self {
            tallies,
            stages,
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
                ERRORS_HELP,
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
            restarts: counters("yibiao_component_restarts_total", RESTARTS_HELP, &["component"])?,
            batch_seconds: histogram(
                "yibiao_batch_seconds",
                "Time to decide on and commit a batch.",
                0.001,
                2.0,
                14,
            )?,
            batch_rows: histogram("yibiao_batch_rows", "Rows of a batch.", 1.0, 4.0, 9)?,
            delivery_seconds,
            quarantine_open,
        })
    }

    /// Does a stage's work and counts its time.
    pub(crate) fn timed<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let started = std::time::Instant::now();
        let done = work();
        self.spent(stage, started);
        done
    }

    /// Counts the time of a stage's work since it started.
    pub(crate) fn spent(&self, stage: Stage, started: std::time::Instant) {
        self.stages.with_label_values(&[stage.name()]).inc_by(started.elapsed().as_secs_f64());
    }

    /// The time that a stage has taken so far, in seconds.
    pub fn stage_seconds(&self, stage: Stage) -> f64 {
        self.stages.with_label_values(&[stage.name()]).get()
    }

    /// Shows a source before it has failed: an alert compares with what was shown before.
    pub(crate) fn source_begins(&self, system: &str) {
        for kind in ["retry", "quarantine", "halt"] {
            self.errors.with_label_values(&[system, "receiving", kind]);
        }
        self.restarts.with_label_values(&[system]);
    }
}
