//! What the HTTP interface counts. A route is the pattern that it was declared with, never a path that was asked for.

use super::gate::Gate;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, exponential_buckets,
};
use std::collections::BTreeMap;
use std::time::Instant;
use yibiao_record::SystemId;

/// The metrics of the HTTP interface.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    pub(super) refused: IntCounterVec,
    pub(super) readers: prometheus::IntGauge,
    inside_events: IntGaugeVec,
    inside_bytes: IntGaugeVec,
    bytes_max: IntGaugeVec,
}

impl Metrics {
    /// Makes the metrics and registers them.
    pub(crate) fn register(registry: &Registry) -> Result<Metrics, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| -> Result<_, prometheus::Error> {
            let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let gauges = |name: &str, help: &str| -> Result<_, prometheus::Error> {
            let metric = IntGaugeVec::new(Opts::new(name, help), &["system"])?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let seconds = HistogramOpts::new("yibiao_http_request_seconds", "Time until an answer began.")
            .buckets(exponential_buckets(0.001, 3.0, 11)?);
        let seconds = HistogramVec::new(seconds, &["route"])?;
        registry.register(Box::new(seconds.clone()))?;
        let readers = prometheus::IntGauge::new("yibiao_http_feed_readers", "Event streams that are open.")?;
        registry.register(Box::new(readers.clone()))?;
        Ok(Metrics {
            seconds,
            readers,
            requests: counters("yibiao_http_requests_total", "Requests answered.", &["route", "code"])?,
            refused: counters(
                "yibiao_backpressure_refused_total",
                "Requests that were refused because too many were being taken in (429).",
                &["system"],
            )?,
            inside_events: gauges("yibiao_buffer_size_events", "Pushed requests that are being taken in.")?,
            inside_bytes: gauges(
                "yibiao_buffer_size_bytes",
                "Bytes of pushed requests that are being taken in.",
            )?,
            bytes_max: gauges(
                "yibiao_buffer_max_bytes",
                "Bytes of pushed requests that may be taken in at once.",
            )?,
        })
    }

    /// Shows what is inside.
    pub(super) fn show(&self, gates: &BTreeMap<SystemId, Gate>) {
        let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        for (system, gate) in gates {
            let (requests, bytes) = gate.inside();
            let of = [system.as_str()];
            self.inside_events.with_label_values(&of).set(signed(requests));
            self.inside_bytes.with_label_values(&of).set(signed(bytes));
            self.refused.with_label_values(&of);
            self.bytes_max.with_label_values(&of).set(signed(Gate::bytes_max()));
        }
    }
}

/// Counts a request and its time.
pub(super) async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let started = Instant::now();
    let answer = next.run(request).await;
    metrics.seconds.with_label_values(&[&route]).observe(started.elapsed().as_secs_f64());
    metrics.requests.with_label_values(&[&*route, answer.status().as_str()]).inc();
    answer
}

/// A stream that is open, as long as the value lives.
#[derive(Debug)]
pub(super) struct Streaming(prometheus::IntGauge);

impl Streaming {
    pub(super) fn begins(metrics: &Metrics) -> Streaming {
        metrics.readers.inc();
        Streaming(metrics.readers.clone())
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.dec();
    }
}
