//! What a node serves over HTTP to systems: pushing rows, receipts, the feed of changes, the schema registry.
//!
//! **Invariant:** nobody without a token that is entitled to it pushes for a system or reads a subscription.
//! **Invariant:** an answer or an error holds no value of a record, but for the feed, whose events are let through by the
//! policy.

mod access;
mod asyncapi;
mod feed;
mod gate;
mod metrics;
mod openapi;
mod push;
mod receipts;
mod registry;
pub(crate) mod routes;

pub(crate) use access::Token;
pub(crate) use asyncapi::{Topic, What};
pub(crate) use metrics::Metrics;

use access::Access;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gate::Gate;
use receipts::Receipts;
use registry::Registry;
use routes::Routes;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::sync::{mpsc, watch};
use yibiao_connector_http::Inbox;
use yibiao_mapping::Mapping;
use yibiao_pipeline::{Dispatch, Job};
use yibiao_record::SystemId;

/// Longest body of a request that pushes: a department's whole file.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Where a system's rows may be pushed to.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) inbox: Inbox,
}

/// What the requests of a running node are answered from.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) dispatch: Dispatch,
    pub(crate) drained: watch::Receiver<bool>,
}

/// What is served; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Http(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    access: Access,
    doors: BTreeMap<SystemId, Door>,
    gates: BTreeMap<SystemId, Gate>,
    /// The subscriptions that are delivered in another way: who reads those here moves no position.
    delivered: BTreeSet<Box<str>>,
    registry: Registry,
    receipts: Receipts,
    metrics: Metrics,
    topics: Vec<Topic>,
    /// Once the node is open.
    served: OnceLock<Served>,
}

/// What a configuration says of what is served.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) tokens: Vec<Token>,
    pub(crate) doors: BTreeMap<SystemId, Door>,
    pub(crate) delivered: BTreeSet<Box<str>>,
    pub(crate) subjects: Vec<(String, yibiao_record::EntityKind)>,
    pub(crate) topics: Vec<Topic>,
}

impl Http {
    /// What is served, on the node's data folder.
    pub(crate) fn new(parts: Parts, data: &Path, metrics: Metrics) -> Http {
        Http(Arc::new(Shared {
            access: Access::new(parts.tokens),
            gates: parts.doors.keys().map(|system| (*system, Gate::new())).collect(),
            doors: parts.doors,
            delivered: parts.delivered,
            registry: Registry::new(parts.subjects),
            receipts: Receipts::new(data.join("receipts")),
            metrics,
            topics: parts.topics,
            served: OnceLock::new(),
        }))
    }

    /// The node is open.
    pub(crate) fn serve(&self, served: Served) {
        // A node is opened once.
        self.0.served.set(served).unwrap_or_default();
    }

    /// Shows what waits, in the metrics.
    pub(crate) fn show(&self) {
        self.0.metrics.show(&self.0.gates);
    }

    /// Counts what a router answers.
    pub(crate) fn counted(&self, router: Router) -> Router {
        router.layer(axum::middleware::from_fn_with_state(self.0.metrics.clone(), metrics::count))
    }

    /// The routes, and which they are.
    pub(crate) fn router(&self) -> (Router, routes::Served) {
        Routes::new()
            .post("/v1/submissions/{system}", push::push)
            .get("/v1/receipts/{id}", push::receipt)
            .get("/v1/changes", feed::changes)
            .get("/v1/snapshot", feed::snapshot)
            .get("/openapi.json", openapi)
            .get("/asyncapi.json", asyncapi)
            .nest("/registry", registry::routes())
            .with(self.clone())
    }

    fn served(&self) -> Result<&Served, Refusal> {
        let starting = Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "the node is starting", 1);
        let served = self.0.served.get().ok_or(starting)?;
        if *served.drained.borrow() {
            return Err(Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "the node is stopping", 5));
        }
        Ok(served)
    }
}

async fn openapi(State(http): State<Http>) -> Response {
    axum::Json(openapi::document(&http)).into_response()
}

async fn asyncapi(State(http): State<Http>) -> Response {
    axum::Json(asyncapi::document(&http.0.topics)).into_response()
}

/// A request that is refused: why, and what to do.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: StatusCode,
    reason: String,
    hint: String,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(code: StatusCode, reason: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal { code, reason: reason.into(), hint: hint.into(), retry_after: None }
    }

    fn later(code: StatusCode, reason: &str, seconds: u64) -> Refusal {
        let hint = "send the request again after the seconds in Retry-After";
        Refusal { retry_after: Some(seconds), ..Refusal::new(code, reason, hint) }
    }

    /// The node failed.
    fn failed(error: &dyn std::error::Error) -> Refusal {
        tracing::error!(%error, "a request could not be answered");
        Refusal::later(StatusCode::INTERNAL_SERVER_ERROR, "the node could not answer", 5)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.reason, "hint": self.hint });
        let mut response = (self.code, axum::Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"yibiao\""));
        }
        response
    }
}
