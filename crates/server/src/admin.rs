//! Health and metrics over HTTP, on loopback.

use crate::http::Http;
use crate::http::routes::{Routes, Served};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus::{IntGauge, Registry, TextEncoder};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a node is not ready, by part; it is ready when there is no reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Arc<Mutex<BTreeMap<String, String>>>);

impl Readiness {
    /// A part is not ready, and why.
    pub(crate) fn not_ready(&self, part: &str, reason: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part.to_owned(), reason.to_owned());
    }

    /// A part is ready.
    pub(crate) fn ready(&self, part: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
    }

    /// Every part that is not ready, with its reason.
    pub(crate) fn reasons(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the handlers share.
#[derive(Clone, Debug)]
struct Shared {
    readiness: Readiness,
    registry: Registry,
    memory: IntGauge,
    unready: IntGauge,
    http: Http,
}

/// The routes `/livez`, `/readyz` and `/metrics`.
pub(crate) fn router(
    readiness: Readiness,
    registry: Registry,
    http: Http,
) -> Result<(Router, Served), prometheus::Error> {
    let memory = IntGauge::new("yibiao_process_resident_memory_bytes", "Resident memory of the process.")?;
    registry.register(Box::new(memory.clone()))?;
    let unready = IntGauge::new("yibiao_unready_parts", "Parts that keep the node from being ready.")?;
    registry.register(Box::new(unready.clone()))?;
    Ok(Routes::new()
        .get("/livez", || async { "ok\n" })
        .get("/readyz", readyz)
        .get("/metrics", metrics)
        .with(Shared { readiness, registry, memory, unready, http }))
}

async fn readyz(State(shared): State<Shared>) -> Response {
    let reasons = shared.readiness.reasons();
    let code = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, axum::Json(serde_json::json!({ "ready": reasons.is_empty(), "reasons": reasons }))).into_response()
}

async fn metrics(State(shared): State<Shared>) -> Response {
    if let Some(bytes) = resident_bytes() {
        shared.memory.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
    shared.unready.set(i64::try_from(shared.readiness.reasons().len()).unwrap_or(i64::MAX));
    shared.http.show();
    match TextEncoder::new().encode_to_string(&shared.registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Resident memory by `/proc/self/status`; `None` where there is none.
pub(crate) fn resident_bytes() -> Option<u64> {
    status_kib("VmRSS:").map(|kib| kib << 10)
}

/// The most that was ever resident.
pub(crate) fn peak_bytes() -> Option<u64> {
    status_kib("VmHWM:").map(|kib| kib << 10)
}

/// Processor time of the process, user and system, by `/proc/self/stat`, which counts in hundredths of a second.
pub(crate) fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name, in brackets, may hold spaces; the fields after it are numbered from 3.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(f64::from(user + system) / 100.0)
}

fn status_kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}
