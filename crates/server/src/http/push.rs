//! `POST /v1/submissions/{system}`: rows or a department's file in, a receipt out; and `GET /v1/receipts/{id}`.

use super::receipts::{Receipt, ReceiptRow};
use super::{BODY_BYTES_MAX, Door, Http, Refusal, Served};
use crate::wire;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;
use yibiao_connector_http::{BodyError, Kind, Pushed, PushedRow, read_body};
use yibiao_contract::{TRACE_PARENT, TraceParent};
use yibiao_format::Limits;
use yibiao_pipeline::{Node, Received, Sent};
use yibiao_record::{SystemId, Timestamp};

/// How long a body may take to come.
const BODY_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long a request may wait for its commit.
const COMMIT_WAIT_MAX: Duration = Duration::from_secs(60);
/// Rows of a request of which it is told who receives them.
const RECEIVERS_ROWS_MAX: usize = 200;
/// Longest idempotency key.
const KEY_BYTES_MAX: usize = 256;

pub(super) async fn push(
    State(http): State<Http>,
    Path(system): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let token = http.0.access.of(&headers)?;
    let (system, door) = door(&http, &system)?;
    if !token.push.contains(&system) {
        let hint = "ask the operator for a token of this system";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "the token is not for this system", hint));
    }
    let (kind, gzip) = kind(&headers)?;
    let served = http.served()?;
    let crowded = |reason: &str| {
        http.0.metrics.refused.with_label_values(&[system.as_str()]).inc();
        Refusal::later(StatusCode::TOO_MANY_REQUESTS, reason, 1)
    };
    let bytes = said_length(&headers)?.unwrap_or(BODY_BYTES_MAX);
    let gate = http.0.gates.get(&system);
    let pass = gate.and_then(|gate| gate.enter(bytes));
    let _inside = pass.ok_or_else(|| crowded("too many requests of this system are being taken in"))?;
    let body = whole(body).await?;
    let at = wire::now();
    let digest = blake3::hash(&body).to_hex();
    let key = key(&headers)?;
    let boundary = ask(served, |node| node.last_submission()).await?;
    let id = match key {
        Some(key) => id(&[system.as_str(), "key", key]),
        None => id(&[system.as_str(), "body", &digest, &boundary.0.to_string(), &at.to_string()]),
    };
    let Some(_open) = http.0.receipts.begin(&id) else {
        return Err(Refusal::later(StatusCode::CONFLICT, "the same request is being taken in", 1));
    };
    if let Some(known) = http.0.receipts.get(&id).map_err(|error| Refusal::failed(&error))? {
        if known.body != *digest {
            let hint = "send each body under an Idempotency-Key of its own";
            let reason = "another body was sent under this Idempotency-Key";
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason, hint));
        }
        traced(&headers, &known);
        return Ok(([("idempotent-replayed", "true")], answer(&known)).into_response());
    }
    let read =
        tokio::task::block_in_place(|| read_body(&door.mapping, kind, gzip, &body, Limits::default(), at));
    let Pushed { items, rows } = read.map_err(|error| unread(&error))?;
    let durable = door.inbox.leave(items).map_err(|full| crowded(&full.to_string()))?;
    committed(served, durable).await?;
    let sent: Vec<Sent> =
        rows.iter().map(|row| Sent { key: row.key.clone(), locator: row.locator }).collect();
    let received = ask(served, move |node| node.received(system, boundary, &sent, RECEIVERS_ROWS_MAX, at));
    let received = received.await?.map_err(|error| Refusal::failed(&error))?;
    let receipt = receipt_of(id, system, digest.to_string(), at, rows, received);
    let kept = tokio::task::block_in_place(|| http.0.receipts.keep(&receipt, key.is_some()));
    kept.map_err(|error| Refusal::failed(&error))?;
    traced(&headers, &receipt);
    Ok(answer(&receipt))
}

/// Tells the log by which receipt a sender's trace goes on, where it sent one.
fn traced(headers: &HeaderMap, receipt: &Receipt) {
    let said = headers.get_all(TRACE_PARENT).iter().map(HeaderValue::as_bytes);
    if let Some(traceparent) = TraceParent::of(said) {
        let Receipt { id, system, .. } = receipt;
        tracing::trace!(target: TRACE_PARENT, %system, receipt = %id, %traceparent, "a request was taken in");
    }
}

pub(super) async fn receipt(
    State(http): State<Http>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let token = http.0.access.of(&headers)?;
    let found = http.0.receipts.get(&id).map_err(|error| Refusal::failed(&error))?;
    let own =
        |receipt: &Receipt| SystemId::new(&receipt.system).is_ok_and(|system| token.push.contains(&system));
    match found.filter(own) {
        Some(receipt) => Ok(axum::Json(receipt).into_response()),
        None => {
            let hint = "receipts are kept until many later ones have come";
            Err(Refusal::new(StatusCode::NOT_FOUND, "there is no such receipt", hint))
        }
    }
}

fn large() -> Refusal {
    let reason = format!("the body is longer than {BODY_BYTES_MAX} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason, "send the rows in several requests")
}

/// The length of the body, where it is said.
fn said_length(headers: &HeaderMap) -> Result<Option<usize>, Refusal> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|said| said.to_str().ok()?.parse::<u64>().ok());
    let Some(said) = said else { return Ok(None) };
    usize::try_from(said).ok().filter(|said| *said <= BODY_BYTES_MAX).map(Some).ok_or_else(large)
}

/// The whole body, within its limits.
async fn whole(body: Body) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_WAIT_MAX, axum::body::to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(large()),
        Err(_) => {
            let hint = "send the rows in several requests, or over a faster line";
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time", hint))
        }
    }
}

fn door<'h>(http: &'h Http, written: &str) -> Result<(SystemId, &'h Door), Refusal> {
    let names = [written.to_owned(), written.to_ascii_uppercase()];
    let mut systems = names.iter().filter_map(|name| SystemId::new(name).ok());
    let found = systems.find_map(|system| http.0.doors.get(&system).map(|door| (system, door)));
    found.ok_or_else(|| {
        let hint = "name a system that the node's configuration connects";
        Refusal::new(StatusCode::NOT_FOUND, "there is no such system here", hint)
    })
}

/// What the sender says that the body is, and whether it is packed.
fn kind(headers: &HeaderMap) -> Result<(Kind, bool), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let packed = match text(header::CONTENT_ENCODING) {
        "" | "identity" => false,
        "gzip" => true,
        _ => return Err(unsupported("only gzip is understood as Content-Encoding")),
    };
    let kind = match &*media {
        "application/json" => Kind::Json,
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            Kind::Ndjson
        }
        "text/csv" | "application/csv" => Kind::Csv,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        | "application/xml"
        | "text/xml" => Kind::Own,
        "application/gzip" | "application/x-gzip" => return Ok((Kind::Own, true)),
        // What command line tools say where nobody told them.
        "" | "application/octet-stream" | "application/x-www-form-urlencoded" => Kind::Unsaid,
        _ => return Err(unsupported("the Content-Type is not one that can be read")),
    };
    Ok((kind, packed))
}

fn unsupported(reason: &str) -> Refusal {
    let hint = "send application/json, application/x-ndjson, text/csv, or the department's own file as \
                application/octet-stream";
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason, hint)
}

fn unread(error: &BodyError) -> Refusal {
    match error {
        BodyError::Unreadable { reason, hint } => {
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason.clone(), hint.clone())
        }
        BodyError::Unsupported(reason) => unsupported(reason),
        BodyError::Aside(error) => Refusal::failed(error),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX);
    key.map(Some).ok_or_else(|| {
        let hint = "send 1 to 256 ASCII characters, such as a UUID";
        Refusal::new(StatusCode::BAD_REQUEST, "the Idempotency-Key cannot be used", hint)
    })
}

fn id(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&part.len().to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}

/// Waits until what was left in the inbox is durable.
async fn committed(served: &Served, durable: oneshot::Receiver<()>) -> Result<(), Refusal> {
    let mut drained = served.drained.clone();
    let unknown = || {
        let reason = "it is not known whether the rows were taken in";
        Refusal::later(StatusCode::SERVICE_UNAVAILABLE, reason, 5)
    };
    tokio::select! {
        biased;
        done = durable => done.map_err(|_| unknown()),
        _ = drained.wait_for(|drained| *drained) => Err(unknown()),
        () = tokio::time::sleep(COMMIT_WAIT_MAX) => Err(unknown()),
    }
}

/// Asks the node for something between two batches.
pub(super) async fn ask<T: Send + 'static>(
    served: &Served,
    work: impl FnOnce(&mut Node) -> T + Send + 'static,
) -> Result<T, Refusal> {
    let stopped = || Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "the node is stopping", 5);
    let (reply, answer) = oneshot::channel();
    let job: yibiao_pipeline::Job = Box::new(move |node| {
        // Whoever asked may have gone.
        drop(reply.send(work(node)));
    });
    served.jobs.send(job).await.map_err(|_| stopped())?;
    answer.await.map_err(|_| stopped())
}

fn receipt_of(
    id: String,
    system: SystemId,
    body: String,
    at: Timestamp,
    rows: Vec<PushedRow>,
    received: Vec<Received>,
) -> Receipt {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let told = rows.into_iter().zip(received).map(|(row, received)| {
        let quarantined = yibiao_pipeline::Fate::Quarantined;
        let told = match row.fault {
            Some(reason) => ReceiptRow {
                row: row.locator,
                status: quarantined.name().to_owned(),
                entity: None,
                reason: Some(reason),
                receivers: Vec::new(),
            },
            None => ReceiptRow {
                row: row.locator,
                status: received.fate.name().to_owned(),
                entity: received.entity.map(|entity| entity.to_string()),
                reason: None,
                receivers: received.receivers.into_iter().map(String::from).collect(),
            },
        };
        *counts.entry(told.status.clone()).or_insert(0) += 1;
        told
    });
    let rows = told.collect();
    Receipt { id, system: system.to_string(), body, received_at: at.to_string(), counts, rows }
}

/// A request of which no row could be read is refused; its rows are kept in the quarantine all the same.
fn answer(receipt: &Receipt) -> Response {
    let quarantined = receipt.rows.iter().filter(|row| row.reason.is_some()).count();
    let code = if !receipt.rows.is_empty() && quarantined == receipt.rows.len() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let location = format!("/v1/receipts/{}", receipt.id);
    (code, [(header::LOCATION, location)], axum::Json(receipt)).into_response()
}
