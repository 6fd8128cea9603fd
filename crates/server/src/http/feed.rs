//! `GET /v1/changes` and `GET /v1/snapshot`: the feed of one subscription, by pages, by long poll, or as server-sent
//! events.
//!
//! **Invariant:** events come in the order of the feed, each once after a position: a page goes on where the one before
//! ended, and a snapshot where its position says.

use super::metrics::Streaming;
use super::{Http, Refusal, Served};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::Instant;
use yibiao_contract::{ChangeEvent, cloud_event};
use yibiao_pipeline::EventPage;
use yibiao_record::EntityId;
use yibiao_schema::Dictionary;

/// Changes that are looked at for one page.
const PAGE_MAX: usize = 1_000;
/// How long a poll waits for something, and how long it may at most.
const WAIT_SECONDS: u64 = 25;
const WAIT_SECONDS_MAX: u64 = 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangesQuery {
    subscription: String,
    #[serde(default)]
    after: Option<u64>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    wait: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotQuery {
    subscription: String,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) async fn changes(
    State(http): State<Http>,
    Query(query): Query<ChangesQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let subscription = entitled(&http, &headers, query.subscription)?;
    let served = http.served()?.clone();
    let streamed = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let after = if streamed { last.or(query.after) } else { query.after }.unwrap_or(0);
    let limit = query.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let wait = Duration::from_secs(query.wait.unwrap_or(WAIT_SECONDS).min(WAIT_SECONDS_MAX));
    let mut reader = Reader { http, served, subscription, after, limit };
    // What the receiver asks to go on after, it has.
    reader.note().await?;
    let first = reader.page(if streamed { Duration::ZERO } else { wait }).await?;
    if streamed {
        return Ok(stream(reader, first));
    }
    let events: Vec<Json> = first.events.iter().map(json_of).collect();
    Ok(axum::Json(json!({ "subscription": reader.subscription, "events": events, "next": first.upto }))
        .into_response())
}

pub(super) async fn snapshot(
    State(http): State<Http>,
    Query(query): Query<SnapshotQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let subscription = entitled(&http, &headers, query.subscription)?;
    let served = http.served()?;
    let limit = query.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let bad = || {
        let hint = "send the cursor of the page before as it came, or none to begin";
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "there is no such snapshot", hint)
    };
    let (position, after) = match &query.cursor {
        None => (None, None),
        Some(cursor) => {
            let (position, entity) = cursor.split_once('.').ok_or_else(bad)?;
            let position: u64 = position.parse().map_err(|_| bad())?;
            (Some(position), Some(EntityId::parse(entity).ok_or_else(bad)?))
        }
    };
    let page = served.dispatch.snapshot(&served.jobs, &subscription, position, after, limit).await;
    let page = page.map_err(|error| Refusal::failed(&error))?.ok_or_else(bad)?;
    let events: Vec<Json> = page.events.iter().map(json_of).collect();
    let cursor = page.next.map(|entity| format!("{}.{entity}", page.position));
    Ok(axum::Json(json!({
        "subscription": subscription, "events": events, "cursor": cursor, "position": page.position,
    }))
    .into_response())
}

/// The subscription, of a token that may read it.
fn entitled(http: &Http, headers: &HeaderMap, subscription: String) -> Result<String, Refusal> {
    let token = http.0.access.of(headers)?;
    if token.subscriptions.contains(&*subscription) {
        return Ok(subscription);
    }
    let hint = "ask the operator for a token of this subscription";
    Err(Refusal::new(StatusCode::FORBIDDEN, "the token is not for this subscription", hint))
}

/// A receiver on its way through the feed.
struct Reader {
    http: Http,
    served: Served,
    subscription: String,
    after: u64,
    limit: usize,
}

impl Reader {
    async fn note(&self) -> Result<(), Refusal> {
        if self.after == 0 || self.http.0.delivered.contains(&*self.subscription) {
            return Ok(());
        }
        let Served { dispatch, jobs, .. } = &self.served;
        let noted = dispatch.fetched(jobs, &self.subscription, self.after, PAGE_MAX).await;
        noted.map_err(|error| Refusal::failed(&error))
    }

    /// The next page, once there is an event or the time is over. It moves on.
    async fn page(&mut self, wait: Duration) -> Result<EventPage, Refusal> {
        let until = Instant::now() + wait;
        let mut drained = self.served.drained.clone();
        loop {
            let Served { dispatch, jobs, .. } = &self.served;
            let page = dispatch.changes(jobs, &self.subscription, self.after, self.limit).await;
            let page = page.map_err(|error| Refusal::failed(&error))?.ok_or_else(|| {
                let hint = "take a snapshot: the node was restored from an older backup, or the position is \
                            of another node";
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "the feed ends before this position", hint)
            })?;
            let moved = page.upto > self.after;
            self.after = page.upto;
            if !page.events.is_empty() || (!moved && Instant::now() >= until) {
                return Ok(page);
            }
            if moved {
                continue;
            }
            tokio::select! {
                _ = drained.wait_for(|drained| *drained) => return Ok(page),
                () = tokio::time::sleep(dispatch.poll.min(Duration::from_millis(200))) => {}
            }
        }
    }
}

/// Server-sent events from a page on, until the receiver goes or the node stops.
fn stream(reader: Reader, first: EventPage) -> Response {
    let waiting = first.events.into_iter();
    let open = Streaming::begins(&reader.http.0.metrics);
    let events = stream::unfold((reader, waiting, open), |(mut reader, mut waiting, open)| async move {
        loop {
            if let Some(found) = waiting.next() {
                return Some((Ok::<Event, Infallible>(sent(&found)), (reader, waiting, open)));
            }
            if *reader.served.drained.borrow() {
                return None;
            }
            let page = reader.page(Duration::from_secs(WAIT_SECONDS_MAX)).await.ok()?;
            waiting = page.events.into_iter();
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

fn sent(found: &ChangeEvent) -> Event {
    let data = json_of(found).to_string();
    Event::default().id(found.position.to_string()).event(cloud_event::kind(found)).data(data)
}

fn json_of(found: &ChangeEvent) -> Json {
    cloud_event::json(Dictionary::shipped(), found, cloud_event::SOURCE, cloud_event::Data::Full)
}
