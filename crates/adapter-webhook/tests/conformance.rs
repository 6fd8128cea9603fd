//! The level that this adapter reaches, with a receiver that drops the ids that it has seen, as its page asks.

#![cfg(test)]

#[path = "../../../tests/support/http_peer.rs"]
mod http_peer;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use http_peer::Peer;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use yibiao_adapter_webhook::{AttemptLog, Config, Parts, WebhookAdapter};
use yibiao_contract::conformance::{self, Cannot, EventFixture, Level, Received, Trouble};
use yibiao_contract::{ChangeEvent, EventRecord};
use yibiao_http_client::{Secret, SecretRef, SecretSource, Trust};
use yibiao_record::{ElementId, Name, Timestamp, Value};
use yibiao_schema::{Dictionary, element};

/// Longest name that the receiver's column takes.
const NAME_CHARS_MAX: usize = 40;

#[derive(Default)]
struct Table {
    seen: BTreeSet<String>,
    received: Vec<Received>,
}

type Shared = Arc<Mutex<Table>>;

/// Takes an event in, unless it has it already.
async fn take(State(table): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let event: Json = serde_json::from_slice(&body).unwrap();
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let name = text(&event["data"]["record"]["values"]["name"]);
    if name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    let mut table = table.lock().unwrap();
    if table.seen.insert(headers["webhook-id"].to_str().unwrap().to_owned()) {
        let position = event["id"].as_str().unwrap().parse().unwrap();
        table.received.push(Received { position, entity: text(&event["subject"]).unwrap(), name });
    }
    StatusCode::NO_CONTENT
}

async fn agree() -> [(&'static str, &'static str); 1] {
    [("WebHook-Allowed-Origin", "*")]
}

struct Receiver {
    peer: Peer,
    table: Shared,
    log: tempfile::TempDir,
}

impl Receiver {
    fn start() -> Receiver {
        let table = Shared::default();
        let router = Router::new().route("/hook", post(take).options(agree)).with_state(table.clone());
        Receiver { peer: Peer::start(router), table, log: tempfile::tempdir().unwrap() }
    }
}

impl EventFixture for Receiver {
    type Adapter = WebhookAdapter;

    fn subject(&self) -> String {
        "adapter-webhook".to_owned()
    }

    fn empty(&mut self) -> Result<(), Cannot> {
        self.peer.mend();
        *self.table.lock().unwrap() = Table::default();
        Ok(())
    }

    fn connect(&mut self) -> WebhookAdapter {
        let mut config = Config::new(format!("{}/hook", self.peer.url()), vec![SecretRef::default()]);
        config.allow = vec!["127.0.0.1".to_owned()];
        // A receiver that hangs is not waited for long.
        config.timeout_ms = 1_000;
        WebhookAdapter::new(Parts {
            config,
            subscription: "s".to_owned(),
            secrets: vec![SecretSource::Held(Secret::from("a plain secret of enough bytes"))],
            token: None,
            trust: Trust::load(None).unwrap(),
            log: AttemptLog::new(self.log.path().to_owned(), 1 << 20),
            clock: || Timestamp(1_790_000_000),
            dictionary: Dictionary::shipped(),
        })
        .unwrap()
    }

    fn name(&self, name: &str) -> (ElementId, Value) {
        (element::NAME, Value::Name(Name::plain(name)))
    }

    fn look(&mut self) -> Vec<Received> {
        self.table.lock().unwrap().received.clone()
    }

    fn unfit(&self, event: ChangeEvent) -> Result<ChangeEvent, Cannot> {
        let values = vec![self.name(&"长".repeat(NAME_CHARS_MAX + 1))];
        Ok(ChangeEvent { record: Some(EventRecord { values, ..EventRecord::default() }), ..event })
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
async fn a_receiver_that_drops_what_it_has_seen_reaches_silver() {
    Box::pin(conformance::event_adapter(&mut Receiver::start())).await.require(Level::Silver);
}
