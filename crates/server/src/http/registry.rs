//! The schema registry: the part of Confluent's REST interface that serializers and deserializers use, read-only.
//!
//! The schemas are those that the dictionary gives; each topic that the node writes is a subject.

use super::Http;
use super::routes::Routes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use yibiao_record::EntityKind;
use yibiao_schema::Dictionary;
use yibiao_schema::avro::{EntitySchema, compatible, schema_id};

const MEDIA: &str = "application/vnd.schemaregistry.v1+json";
/// How one version of a schema may follow another.
const LEVEL: &str = "FULL_TRANSITIVE";

/// The subjects and their schemas. Each subject has one version until a schema changes.
#[derive(Debug)]
pub(super) struct Registry {
    subjects: BTreeMap<String, EntitySchema>,
}

/// A schema as a client sends it.
#[derive(Debug, Deserialize)]
struct Sent {
    schema: String,
    #[serde(default, rename = "schemaType")]
    kind: Option<String>,
}

/// An error as clients know it: HTTP's code and Confluent's.
struct Wrong(StatusCode, u32, &'static str);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let Wrong(status, code, message) = self;
        (
            status,
            [(header::CONTENT_TYPE, MEDIA)],
            json!({ "error_code": code, "message": message }).to_string(),
        )
            .into_response()
    }
}

fn said(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, MEDIA)], body.to_string()).into_response()
}

const NO_SUBJECT: Wrong = Wrong(StatusCode::NOT_FOUND, 40401, "Subject not found");
const NO_VERSION: Wrong = Wrong(StatusCode::NOT_FOUND, 40402, "Version not found");
const NO_SCHEMA: Wrong = Wrong(StatusCode::NOT_FOUND, 40403, "Schema not found");
const BAD_SCHEMA: Wrong = Wrong(StatusCode::UNPROCESSABLE_ENTITY, 42201, "Invalid schema");
const READ_ONLY: Wrong = Wrong(
    StatusCode::FORBIDDEN,
    42205,
    "The schemas come from the node's dictionary: the registry is read-only",
);

impl Registry {
    pub(super) fn new(topics: Vec<(String, EntityKind)>) -> Registry {
        let dictionary = Dictionary::shipped();
        let of_topics = topics.into_iter().map(|(topic, kind)| (format!("{topic}-value"), kind));
        let of_records = EntityKind::ALL.map(|kind| (format!("yibiao.{}.v1", kind.name()), kind));
        let subjects = of_topics
            .chain(of_records)
            .map(|(subject, kind)| (subject, EntitySchema::of(dictionary, kind)))
            .collect();
        Registry { subjects }
    }

    fn subject(&self, subject: &str) -> Result<&EntitySchema, Wrong> {
        self.subjects.get(subject).ok_or(NO_SUBJECT)
    }

    fn version(&self, subject: &str, version: &str) -> Result<&EntitySchema, Wrong> {
        let schema = self.subject(subject)?;
        if matches!(version, "1" | "latest" | "-1") { Ok(schema) } else { Err(NO_VERSION) }
    }

    fn by_id(&self, id: u32) -> Result<&EntitySchema, Wrong> {
        self.subjects.values().find(|schema| schema.id() == id).ok_or(NO_SCHEMA)
    }

    fn subjects_of(&self, id: u32) -> Vec<&String> {
        self.subjects.iter().filter(|(_, schema)| schema.id() == id).map(|(subject, _)| subject).collect()
    }
}

/// The routes, below the registry's own path.
pub(super) fn routes() -> Routes<Http> {
    Routes::new()
        .get("/", || async { said(&json!({})) })
        .get("/subjects", subjects)
        .post("/subjects/{subject}", look_up)
        .delete("/subjects/{subject}", refuse)
        .get("/subjects/{subject}/versions", versions)
        .post("/subjects/{subject}/versions", register)
        .get("/subjects/{subject}/versions/{version}", version)
        .delete("/subjects/{subject}/versions/{version}", refuse)
        .get("/subjects/{subject}/versions/{version}/schema", version_schema)
        .get("/schemas/types", || async { said(&json!(["AVRO"])) })
        .get("/schemas/ids/{schemaId}", schema)
        .get("/schemas/ids/{schemaId}/schema", schema_text)
        .get("/schemas/ids/{schemaId}/subjects", schema_subjects)
        .get("/schemas/ids/{schemaId}/versions", schema_versions)
        .post("/compatibility/subjects/{subject}/versions", compatibility_of_all)
        .post("/compatibility/subjects/{subject}/versions/{version}", compatibility)
        .get("/config", || async { said(&json!({ "compatibilityLevel": LEVEL })) })
        .put("/config", refuse)
        .get("/config/{subject}", config)
        .put("/config/{subject}", refuse)
        .get("/mode", || async { said(&json!({ "mode": "READONLY" })) })
        .put("/mode", refuse)
}

async fn refuse() -> Wrong {
    READ_ONLY
}

async fn subjects(State(http): State<Http>) -> Response {
    said(&json!(http.0.registry.subjects.keys().collect::<Vec<_>>()))
}

async fn versions(State(http): State<Http>, Path(subject): Path<String>) -> Result<Response, Wrong> {
    http.0.registry.subject(&subject)?;
    Ok(said(&json!([1])))
}

fn described(subject: &str, schema: &EntitySchema) -> Json {
    json!({ "subject": subject, "version": 1, "id": schema.id(), "schema": schema.text() })
}

async fn version(
    State(http): State<Http>,
    Path((subject, version)): Path<(String, String)>,
) -> Result<Response, Wrong> {
    Ok(said(&described(&subject, http.0.registry.version(&subject, &version)?)))
}

async fn version_schema(
    State(http): State<Http>,
    Path((subject, version)): Path<(String, String)>,
) -> Result<Response, Wrong> {
    let schema = http.0.registry.version(&subject, &version)?;
    Ok(([(header::CONTENT_TYPE, MEDIA)], schema.text().to_owned()).into_response())
}

async fn schema(State(http): State<Http>, Path(id): Path<u32>) -> Result<Response, Wrong> {
    Ok(said(&json!({ "schema": http.0.registry.by_id(id)?.text() })))
}

async fn schema_text(State(http): State<Http>, Path(id): Path<u32>) -> Result<Response, Wrong> {
    let schema = http.0.registry.by_id(id)?;
    Ok(([(header::CONTENT_TYPE, MEDIA)], schema.text().to_owned()).into_response())
}

async fn schema_subjects(State(http): State<Http>, Path(id): Path<u32>) -> Result<Response, Wrong> {
    http.0.registry.by_id(id)?;
    Ok(said(&json!(http.0.registry.subjects_of(id))))
}

async fn schema_versions(State(http): State<Http>, Path(id): Path<u32>) -> Result<Response, Wrong> {
    http.0.registry.by_id(id)?;
    let found = http.0.registry.subjects_of(id).into_iter();
    Ok(said(&found.map(|subject| json!({ "subject": subject, "version": 1 })).collect()))
}

/// The number of the schema that a client sent.
fn number(body: &[u8]) -> Result<(Sent, u32), Wrong> {
    let sent: Sent = serde_json::from_slice(body).map_err(|_| BAD_SCHEMA)?;
    if sent.kind.as_deref().is_some_and(|kind| kind != "AVRO") {
        return Err(BAD_SCHEMA);
    }
    let id = schema_id(&sent.schema).ok_or(BAD_SCHEMA)?;
    Ok((sent, id))
}

async fn look_up(
    State(http): State<Http>,
    Path(subject): Path<String>,
    body: axum::body::Bytes,
) -> Result<Response, Wrong> {
    let schema = http.0.registry.subject(&subject)?;
    let (_, id) = number(&body)?;
    if schema.id() == id { Ok(said(&described(&subject, schema))) } else { Err(NO_SCHEMA) }
}

/// Who registers what is there already is told its number; nobody registers anything else.
async fn register(
    State(http): State<Http>,
    Path(subject): Path<String>,
    body: axum::body::Bytes,
) -> Result<Response, Wrong> {
    let (_, id) = number(&body)?;
    let known = http.0.registry.subjects.get(&subject).is_some_and(|schema| schema.id() == id);
    if known { Ok(said(&json!({ "id": id }))) } else { Err(READ_ONLY) }
}

async fn compatibility(
    State(http): State<Http>,
    Path((subject, version)): Path<(String, String)>,
    body: axum::body::Bytes,
) -> Result<Response, Wrong> {
    let old = http.0.registry.version(&subject, &version)?;
    let (sent, _) = number(&body)?;
    Ok(match compatible(old.text(), &sent.schema) {
        Ok(()) => said(&json!({ "is_compatible": true })),
        Err(error) => said(&json!({ "is_compatible": false, "messages": [error.to_string()] })),
    })
}

async fn compatibility_of_all(
    http: State<Http>,
    Path(subject): Path<String>,
    body: axum::body::Bytes,
) -> Result<Response, Wrong> {
    compatibility(http, Path((subject, "latest".to_owned())), body).await
}

async fn config(State(http): State<Http>, Path(subject): Path<String>) -> Result<Response, Wrong> {
    http.0.registry.subject(&subject)?;
    Ok(said(&json!({ "compatibilityLevel": LEVEL })))
}
