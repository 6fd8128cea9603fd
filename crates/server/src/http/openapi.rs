//! The OpenAPI 3.1 document of what the node serves: made from the configuration and the dictionary, held against the
//! routes by a test.

mod operations;

use super::{BODY_BYTES_MAX, Http};
use crate::http::openapi::operations::{Body, JSON, OPERATIONS, Operation, REGISTRY};
use serde_json::{Map, Value as Json, json};
use yibiao_schema::Dictionary;

/// The document of a node.
pub(super) fn document(http: &Http) -> Json {
    let mut paths: Map<String, Json> = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Yibiao",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Push rows, read the changes of canonical records, and look up their schemas.",
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "rows", "description": "Departments push rows." },
            { "name": "feed", "description": "Subscribers read changes." },
            { "name": "registry", "description": "The subset of Confluent's schema registry that clients use, read-only." },
            { "name": "node", "description": "Health, metrics, documentation." },
        ],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "parameters": parameters(http),
            "schemas": schemas(),
        },
    })
}

fn described(operation: &Operation) -> Json {
    let mut answers: Map<String, Json> = Map::new();
    for (code, meaning, media, schema) in operation.answers {
        let schema = match *schema {
            "" => json!({ "type": "string" }),
            name => reference("schemas", name),
        };
        let mut content = json!({ (*media): { "schema": schema } });
        if operation.path == "/v1/changes"
            && *code == 200
            && let Some(content) = content.as_object_mut()
        {
            content.insert("text/event-stream".to_owned(), json!({ "schema": { "type": "string" } }));
        }
        let mut answer = json!({ "description": meaning, "content": content });
        if matches!(code, 429 | 503)
            && operation.path != "/readyz"
            && let Some(answer) = answer.as_object_mut()
        {
            let header =
                json!({ "Retry-After": { "schema": { "type": "integer" }, "description": "seconds" } });
            answer.insert("headers".to_owned(), header);
        }
        answers.insert(code.to_string(), answer);
    }
    let parameters: Vec<Json> =
        operation.parameters.iter().map(|name| reference("parameters", name)).collect();
    let mut described = json!({
        "tags": [operation.tag], "summary": operation.summary, "operationId": name(operation),
        "parameters": parameters, "responses": answers,
    });
    let beside = described.as_object_mut();
    if let Some(described) = beside {
        if let Some(body) = body(operation.body) {
            described.insert("requestBody".to_owned(), body);
        }
        if operation.path.starts_with("/v1/") {
            described.insert("security".to_owned(), json!([{ "token": [] }]));
        }
    }
    described
}

/// A name for code that is generated from the document.
fn name(operation: &Operation) -> String {
    let words = operation.path.split(['/', '.']).filter(|word| !word.is_empty());
    let words = words.map(|word| word.trim_matches(['{', '}']).to_owned());
    std::iter::once(operation.method.to_owned()).chain(words).collect::<Vec<_>>().join("_")
}

fn body(of: Body) -> Option<Json> {
    let content = match of {
        Body::Nothing => return None,
        Body::AvroSchema => json!({ REGISTRY: { "schema": reference("schemas", "SchemaText") } }),
        Body::Rows => {
            let row = json!({ "oneOf": [
                { "type": "object", "description": "A row, with the department's own column names." },
                { "type": "array", "items": { "type": "object" } },
            ] });
            let lines = json!({ "schema": { "type": "string", "description": "One row a line." } });
            let file = json!({ "schema": { "type": "string", "format": "binary", "description": "The department's own file." } });
            json!({
                JSON: { "schema": row }, "application/x-ndjson": lines, "text/csv": lines,
                "application/octet-stream": file,
                "application/xml": file,
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": file,
            })
        }
    };
    let limit = format!("At most {BODY_BYTES_MAX} bytes.");
    Some(json!({ "required": true, "content": content, "description": limit }))
}

fn reference(of: &str, name: &str) -> Json {
    json!({ "$ref": format!("#/components/{of}/{name}") })
}

fn parameters(http: &Http) -> Json {
    let systems: Vec<&str> = http.0.doors.keys().map(|system| system.as_str()).collect();
    let parameter = |at: &str, name: &str, schema: Json, description: &str| json!({ "in": at, "name": name, "required": at == "path", "schema": schema, "description": description });
    let mut subscription =
        parameter("query", "subscription", json!({ "type": "string" }), "Which; the token must be for it.");
    if let Some(subscription) = subscription.as_object_mut() {
        subscription.insert("required".to_owned(), true.into());
    }
    let mut system = json!({ "type": "string" });
    if let Some(system) = system.as_object_mut().filter(|_| !systems.is_empty()) {
        system.insert("examples".to_owned(), json!(systems));
    }
    let number = json!({ "type": "integer", "minimum": 0 });
    json!({
        "system": parameter("path", "system", system, "A system that is connected, in upper or lower case."),
        "idempotencyKey": parameter("header", "Idempotency-Key", json!({ "type": "string", "maxLength": 256 }),
            "A request sent again under its key is answered with its receipt and changes nothing."),
        "contentEncoding": parameter("header", "Content-Encoding", json!({ "enum": ["gzip", "identity"] }), "How the body is packed."),
        "traceparent": parameter("header", "traceparent", json!({ "type": "string" }), "Under which trace it is sent (W3C Trace Context)."),
        "receipt": parameter("path", "id", json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }), "As the Location of the push said."),
        "subscription": subscription,
        "after": parameter("query", "after", number.clone(), "The position that is already there."),
        "limit": parameter("query", "limit", json!({ "type": "integer", "minimum": 1, "maximum": 1000 }), "At most so many changes are looked at."),
        "wait": parameter("query", "wait", json!({ "type": "integer", "minimum": 0, "maximum": 60 }), "Seconds to wait where there is nothing."),
        "lastEventId": parameter("header", "Last-Event-ID", number, "Of server-sent events: the last one that came."),
        "cursor": parameter("query", "cursor", json!({ "type": "string" }), "Of the page before."),
        "subject": parameter("path", "subject", json!({ "type": "string" }), "Its name."),
        "version": parameter("path", "version", json!({ "type": "string" }), "Its number, or `latest`."),
        "schemaId": parameter("path", "schemaId", json!({ "type": "integer" }), "The number of the schema."),
    })
}

fn object(properties: Json, required: &[&str]) -> Json {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn schemas() -> Json {
    let [text, number] = ["string", "integer"].map(|kind| json!({ "type": kind }));
    let list = |of: Json| json!({ "type": "array", "items": of });
    let events = list(reference("schemas", "ChangeEvent"));
    json!({
        "Error": object(json!({ "error": text, "hint": text }), &["error", "hint"]),
        "Receipt": object(json!({
            "id": text, "system": text, "body": text, "received_at": text,
            "counts": { "type": "object", "additionalProperties": number },
            "rows": list(object(json!({ "row": number, "status": text, "entity": text, "reason": text, "receivers": list(text.clone()) }),
                &["row", "status"])),
        }), &["id", "system", "received_at", "counts", "rows"]),
        "ReceiptOrError": { "anyOf": [reference("schemas", "Receipt"), reference("schemas", "Error")] },
        "ChangesPage": object(json!({ "subscription": text, "events": events, "next": number }), &["subscription", "events", "next"]),
        "SnapshotPage": object(json!({ "subscription": text, "events": events, "cursor": { "type": ["string", "null"] }, "position": number }),
            &["subscription", "events", "position"]),
        "ChangeEvent": change_event(),
        "Values": values(),
        "Readiness": object(json!({ "ready": { "type": "boolean" }, "reasons": { "type": "object", "additionalProperties": text } }),
            &["ready", "reasons"]),
        "RegistryError": object(json!({ "error_code": number, "message": text }), &["error_code", "message"]),
        "SchemaText": object(json!({ "schema": text, "schemaType": { "const": "AVRO" } }), &["schema"]),
        "SchemaId": object(json!({ "id": number }), &["id"]),
        "SubjectVersion": object(json!({ "subject": text, "version": number, "id": number, "schema": text }), &["subject", "version", "id"]),
        "SubjectVersions": list(object(json!({ "subject": text, "version": number }), &["subject", "version"])),
        "Compatibility": object(json!({ "is_compatible": { "type": "boolean" }, "messages": list(text.clone()) }), &["is_compatible"]),
        "Level": object(json!({ "compatibilityLevel": text }), &["compatibilityLevel"]),
        "Mode": object(json!({ "mode": text }), &["mode"]),
        "Names": list(text),
        "Numbers": list(number),
        "Document": { "type": "object" },
    })
}

/// An event in CloudEvents' JSON.
pub(super) fn change_event() -> Json {
    let text = json!({ "type": "string" });
    let member = object(json!({ "system": text, "local_key": text }), &["system", "local_key"]);
    let record = object(
        json!({
            "values": reference("schemas", "Values"),
            "members": { "type": "array", "items": member },
            "flags": { "type": "object", "additionalProperties": { "type": "boolean" } },
        }),
        &["values", "members", "flags"],
    );
    let data = object(
        json!({
            "entity": text, "change": { "enum": ["created", "updated", "merged", "split", "retired"] },
            "changed": { "type": "array", "items": text }, "record": { "anyOf": [record, { "type": "null" }] },
            "merged_into": text, "split_from": text,
        }),
        &["entity", "change", "changed", "record"],
    );
    object(
        json!({
            "specversion": { "const": "1.0" }, "id": text, "source": text, "type": text, "subject": text, "time": text,
            "datacontenttype": text, "data": data,
        }),
        &["specversion", "id", "source", "type", "subject", "time", "data"],
    )
}

/// The values of a record, by the names of the dictionary.
pub(super) fn values() -> Json {
    let property = |element: &yibiao_schema::Element| {
        let description = format!("{} {}", element.zh, element.en);
        (element.id.to_string(), json!({ "type": "string", "description": description }))
    };
    let properties: Map<String, Json> = Dictionary::shipped().elements().map(property).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

#[cfg(test)]
mod tests;
