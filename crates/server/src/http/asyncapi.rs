//! The AsyncAPI 3.0 document of the topics that the node reads and writes, and of its feed over HTTP: made from the
//! configuration and the schemas.

use super::openapi;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use yibiao_record::{EntityKind, SystemId};
use yibiao_schema::Dictionary;
use yibiao_schema::avro::EntitySchema;

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    /// Where it is: `host:port`, several with commas.
    pub(crate) brokers: String,
    pub(crate) name: String,
    pub(crate) what: What,
}

/// What a topic holds.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Rows of a system, with these columns; the node reads them.
    Rows(SystemId, Vec<String>),
    /// Every event of a kind of entity.
    Changes(EntityKind),
    /// Each record as it is.
    Current(EntityKind),
    /// Events that the other two could not take.
    Dead(EntityKind),
    /// How far a subscription has come.
    Position,
}

const FEED: &str = "changes";

/// The document of a node with these topics.
pub(super) fn document(topics: &[Topic]) -> Json {
    let brokers: BTreeSet<&str> = topics.iter().map(|topic| topic.brokers.as_str()).collect();
    let mut servers: Map<String, Json> = brokers
        .iter()
        .enumerate()
        .map(|(at, brokers)| (format!("kafka{}", at + 1), json!({ "host": brokers, "protocol": "kafka" })))
        .collect();
    servers.insert(
        "node".to_owned(),
        json!({ "host": "127.0.0.1", "protocol": "http", "description": "node.listen" }),
    );
    let (mut channels, mut operations, mut messages) = (feed_channel(), feed_operation(), feed_message());
    for topic in topics {
        let server = brokers.iter().position(|brokers| *brokers == topic.brokers).map_or(0, |at| at + 1);
        let id = id(&topic.name);
        let (action, summary, message, body) = told(&topic.what);
        channels.insert(
            id.clone(),
            json!({
                "address": topic.name, "description": summary,
                "servers": [{ "$ref": format!("#/servers/kafka{server}") }],
                "messages": { (message.clone()): { "$ref": format!("#/components/messages/{message}") } },
            }),
        );
        operations.insert(
            format!("{action}_{id}"),
            json!({
                "action": action, "summary": summary, "channel": { "$ref": format!("#/channels/{id}") },
                "messages": [{ "$ref": format!("#/channels/{id}/messages/{message}") }],
            }),
        );
        messages.insert(message, body);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yibiao",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Departments send rows; subscribers receive what changed of canonical records.",
        },
        "defaultContentType": "application/json",
        "servers": servers,
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": { "Values": openapi::values() } },
    })
}

/// A topic's name as a key: only letters, digits and underscores.
fn id(topic: &str) -> String {
    topic.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

/// What the node does with a topic, in a word and in words, and its message: name and description.
fn told(what: &What) -> (&'static str, String, String, Json) {
    match what {
        What::Rows(system, columns) => (
            "receive",
            format!(
                "Rows of {system}, with the department's own column names; no value means that the row is no more."
            ),
            format!("rows_{system}"),
            rows(columns),
        ),
        What::Changes(kind) => (
            "send",
            format!("Every step of a {}, in order per entity.", kind.name()),
            format!("change_{}", kind.name()),
            event(*kind, false),
        ),
        What::Current(kind) => (
            "send",
            format!("Each {} as it is, compacted; no value means that it is gone.", kind.name()),
            format!("change_{}", kind.name()),
            event(*kind, false),
        ),
        What::Dead(kind) => (
            "send",
            format!(
                "Changes of a {} that could not be delivered, with the reason in Kafka Connect's headers.",
                kind.name()
            ),
            format!("dead_{}", kind.name()),
            event(*kind, true),
        ),
        What::Position => (
            "send",
            "How far in the feed the subscription has come: for the node itself.".to_owned(),
            "position".to_owned(),
            json!({ "contentType": "text/plain", "payload": { "type": "string" } }),
        ),
    }
}

fn rows(columns: &[String]) -> Json {
    let cell = json!({ "type": ["string", "number", "boolean", "null"] });
    let properties: Map<String, Json> = columns.iter().map(|column| (column.clone(), cell.clone())).collect();
    json!({
        "contentType": "application/json",
        "payload": { "type": "object", "properties": properties },
        "bindings": { "kafka": { "key": { "type": "string", "description": "The department's own key of the row." } } },
    })
}

fn event(kind: EntityKind, dead: bool) -> Json {
    let schema = EntitySchema::of(Dictionary::shipped(), kind);
    let avro: Json = serde_json::from_str(schema.text()).unwrap_or_default();
    let text = json!({ "type": "string" });
    let mut headers = json!({
        "ce_specversion": { "const": "1.0" }, "ce_id": text, "ce_source": text, "ce_type": text, "ce_subject": text,
        "ce_time": text, "ce_partitionkey": text, "ce_dataschema": text, "ce_mergedinto": text, "ce_splitfrom": text,
    });
    if let Some(headers) = headers.as_object_mut().filter(|_| dead) {
        let errors = yibiao_contract::error_headers("", "", 0, "", "");
        headers.extend(errors.into_iter().map(|(name, _)| (name.to_owned(), text.clone())));
    }
    json!({
        "contentType": "application/vnd.confluent.avro",
        "headers": { "type": "object", "properties": headers },
        "payload": { "schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": avro },
        "bindings": { "kafka": {
            "key": { "type": "string", "description": "The entity id." },
            "schemaIdLocation": "payload", "schemaIdPayloadEncoding": "confluent",
        } },
    })
}

fn feed_channel() -> Map<String, Json> {
    let channel = json!({
        "address": "/v1/changes",
        "description": "The feed of a subscription, by pages, by long poll or as server-sent events.",
        "servers": [{ "$ref": "#/servers/node" }],
        "messages": { "change": { "$ref": "#/components/messages/change" } },
    });
    Map::from_iter([(FEED.to_owned(), channel)])
}

fn feed_operation() -> Map<String, Json> {
    let operation = json!({
        "action": "send", "summary": "What a subscription may see of every change.",
        "channel": { "$ref": "#/channels/changes" },
        "messages": [{ "$ref": "#/channels/changes/messages/change" }],
        "bindings": { "http": { "method": "GET" } },
    });
    Map::from_iter([(format!("send_{FEED}"), operation)])
}

fn feed_message() -> Map<String, Json> {
    let message =
        json!({ "contentType": "application/cloudevents+json", "payload": openapi::change_event() });
    Map::from_iter([("change".to_owned(), message)])
}
