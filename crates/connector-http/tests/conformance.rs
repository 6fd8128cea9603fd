//! The level that this connector reaches: rows that are pushed, and rows that are asked for.

#![cfg(test)]

#[path = "../../../tests/support/http_peer.rs"]
mod http_peer;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_peer::Peer;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use yibiao_connector_file::FileConnector;
use yibiao_connector_http::pull::{Config, CursorFrom, CursorTo, Next, Parts, PullConnector};
use yibiao_connector_http::{HttpConnector, Inbox, Kind, read_body};
use yibiao_contract::conformance::{self, Cannot, ConnectorFixture, Level, Sample, Trouble};
use yibiao_format::Limits;
use yibiao_http_client::Trust;
use yibiao_mapping::Mapping;
use yibiao_record::Timestamp;
use yibiao_schema::Dictionary;

const MAPPING: &str = "
version: 1
system: ZJ
department: { zh: 示例, en: example }
form: { zh: 示例, en: example }
source: { file: rows.csv, layout: { csv: { encoding: utf-8 } }, mode: snapshot }
delete: retract
key: { column: id }
observed: { constant: 2026-10-31 }
columns:
  - { column: id, element: house_ref, class: lossless, as: reference }
  - { column: name, element: hazard_desc, class: lossless, as: text }
  - { column: amount, element: floor_area, class: lossless, as: { decimal: { number: true } } }
  - { column: born, element: employer, class: lossless, as: text }
  - { column: note, element: evac_site, class: lossless, as: text }
";

fn mapping() -> Mapping {
    Mapping::parse_yaml("kit.yaml", MAPPING, Dictionary::shipped()).unwrap()
}

/// A desk that pushes rows.
struct Desk {
    mapping: Mapping,
    inbox: Inbox,
    /// Those who wait for their answers.
    waiting: Vec<oneshot::Receiver<()>>,
}

impl Desk {
    fn push(&mut self, lines: &str) {
        let (at, limits) = (Timestamp(1_790_000_000), Limits::default());
        let pushed = read_body(&self.mapping, Kind::Ndjson, false, lines.as_bytes(), limits, at).unwrap();
        self.waiting.push(self.inbox.leave(pushed.items).unwrap());
    }
}

impl ConnectorFixture for Desk {
    type Connector = HttpConnector<FileConnector>;

    fn subject(&self) -> String {
        "connector-http (push)".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        (self.inbox, self.waiting) = (Inbox::new(), Vec::new());
        let lines: String = rows.iter().map(|row| row.json() + "\n").collect();
        if !rows.is_empty() {
            self.push(&lines);
        }
        Ok(())
    }

    fn connect(&mut self) -> Self::Connector {
        HttpConnector::new(Some(self.inbox.clone()), None)
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.push(&row.json());
        Ok(())
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.push(&format!("{{\"key\":\"{}\",\"value\":null}}", row.id));
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.push(&format!("{{{marker}"));
        Ok(())
    }

    fn trouble(&mut self, _: Trouble) -> Result<(), Cannot> {
        Err(Cannot::because(
            "it reaches for nobody: who pushes comes by itself, and again where it got no answer",
        ))
    }
}

#[tokio::test]
async fn what_is_pushed_reaches_silver() {
    let mut desk = Desk { mapping: mapping(), inbox: Inbox::new(), waiting: Vec::new() };
    conformance::connector(&mut desk).await.require(Level::Silver);
}

/// Rows of a page: more than a batch of the kit's holds.
const PAGE: usize = 5;

/// What a department's REST source holds: each row once, in the order of its last change.
#[derive(Clone, Default)]
struct Rows(Arc<Mutex<Vec<(usize, String, serde_json::Value)>>>);

impl Rows {
    /// A row in the place of what was known of it. Every change has a number of its own, so that pages can follow it.
    fn put(&self, id: &str, mut row: serde_json::Value) {
        let mut rows = self.0.lock().unwrap();
        let number = rows.last().map_or(1, |(last, ..)| last + 1);
        rows.retain(|(_, known, _)| known != id);
        row["seq"] = number.into();
        rows.push((number, id.to_owned(), row));
    }
}

/// The rows that changed after a place, by pages where that is asked for, with a tag.
async fn give(State(Rows(rows)): State<Rows>, query: RawQuery, headers: HeaderMap) -> Response {
    let rows = rows.lock().unwrap();
    let query = query.0.unwrap_or_default();
    let after = query.split_once("after=").map_or(0, |(_, after)| after.parse().unwrap());
    let tag = format!("\"{}\"", rows.last().map_or(0, |(number, ..)| *number));
    if headers.get("if-none-match").is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let later = rows.iter().filter(|(number, ..)| *number > after).map(|(.., row)| row);
    let page: Vec<_> = later.take(if query.starts_with("paged") { PAGE } else { usize::MAX }).collect();
    ([("etag", tag)], serde_json::json!({ "items": page }).to_string()).into_response()
}

/// A REST source: one that is followed by the last row's number, or one that gives everything at once.
struct Rest {
    peer: Peer,
    rows: Rows,
    next: Option<Next>,
    mapping: Arc<Mapping>,
}

impl Rest {
    fn start(next: Option<Next>) -> Rest {
        let rows = Rows::default();
        let router = Router::new().route("/rows", get(give)).with_state(rows.clone());
        Rest { peer: Peer::start(router), rows, next, mapping: Arc::new(mapping()) }
    }
}

impl ConnectorFixture for Rest {
    type Connector = PullConnector;

    fn subject(&self) -> String {
        let way = if self.next.is_some() { "pull, cursor from the row" } else { "pull, one page" };
        format!("connector-http ({way})")
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.peer.mend();
        self.rows.0.lock().unwrap().clear();
        rows.iter().try_for_each(|row| self.set(row))
    }

    fn connect(&mut self) -> PullConnector {
        let query = if self.next.is_some() { "?paged" } else { "" };
        let mut config = Config::new(format!("{}/rows{query}", self.peer.url()));
        config.rows = "/items".to_owned();
        config.key = Some("/id".to_owned());
        config.deleted = Some("/gone".to_owned());
        config.next = self.next.clone();
        config.allow = vec!["127.0.0.1".to_owned()];
        // It is asked again at once, and one that hangs is not waited for long.
        (config.poll_seconds, config.timeout_ms) = (0, 1_000);
        let mapping = self.mapping.clone();
        PullConnector::new(Parts {
            config,
            mapping,
            token: None,
            client_secret: None,
            trust: Trust::load(None).unwrap(),
            clock: || Timestamp(1_790_000_000),
        })
        .unwrap()
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.rows.put(&row.id, serde_json::from_str(&row.json()).unwrap());
        Ok(())
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.rows.put(&row.id, serde_json::json!({ "id": row.id, "gone": true }));
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.rows.put(marker, serde_json::json!({ "identity": marker }));
        Ok(())
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        self.peer.bring(trouble);
        Ok(())
    }

    fn mend(&mut self) {
        self.peer.mend();
    }
}

#[tokio::test]
async fn a_source_that_is_followed_row_by_row_reaches_silver() {
    let from = CursorFrom::Row("/seq".to_owned());
    let next = Next::Cursor { from, to: CursorTo::Query, name: "after".to_owned() };
    Box::pin(conformance::connector(&mut Rest::start(Some(next)))).await.require(Level::Silver);
}

#[tokio::test]
async fn a_source_of_one_page_reaches_silver() {
    Box::pin(conformance::connector(&mut Rest::start(None))).await.require(Level::Silver);
}
