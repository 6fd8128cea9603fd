//! Every operation of the HTTP interface, as it is documented.

/// One operation, as it is documented.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// Names of parameters in `components`.
    pub(super) parameters: &'static [&'static str],
    pub(super) body: Body,
    pub(super) answers: &'static [Answer],
}

/// What a request carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Nothing,
    Rows,
    AvroSchema,
}

/// Status, meaning, media type and the schema's name in `components`; no name for one without a schema.
pub(super) type Answer = (u16, &'static str, &'static str, &'static str);

pub(super) const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
pub(super) const REGISTRY: &str = "application/vnd.schemaregistry.v1+json";
const UNKNOWN: Answer = (401, "The request has no token, or one that is not known.", JSON, "Error");
const FORBIDDEN: Answer = (403, "The token is for something else.", JSON, "Error");
const LATER: Answer = (503, "The node starts or stops; Retry-After says when to come again.", JSON, "Error");
const FAILED: Answer = (500, "The node could not answer.", JSON, "Error");
const NO_SUBJECT: Answer = (404, "There is no such subject, version or schema.", REGISTRY, "RegistryError");
const BAD_SCHEMA: Answer = (422, "It is no Avro schema.", REGISTRY, "RegistryError");
const READ_ONLY: Answer = (403, "The registry is read-only.", REGISTRY, "RegistryError");

const fn registry(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    answers: &'static [Answer],
) -> Operation {
    Operation { method, path, tag: "registry", summary, parameters, body: Body::Nothing, answers }
}

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        method: "post",
        path: "/v1/submissions/{system}",
        tag: "rows",
        summary: "Push rows, or the department's own file. The answer comes when they are durable.",
        parameters: &["system", "idempotencyKey", "contentEncoding", "traceparent"],
        body: Body::Rows,
        answers: &[
            (200, "The receipt.", JSON, "Receipt"),
            (400, "The Idempotency-Key cannot be used.", JSON, "Error"),
            UNKNOWN,
            FORBIDDEN,
            (404, "There is no such system.", JSON, "Error"),
            (408, "The body did not come in time.", JSON, "Error"),
            (409, "The same request is being taken in.", JSON, "Error"),
            (413, "The body is too long.", JSON, "Error"),
            (415, "The media type is not one that can be read.", JSON, "Error"),
            (
                422,
                "No row could be read (a receipt), or the body is none of the system's (an error).",
                JSON,
                "ReceiptOrError",
            ),
            (
                429,
                "Too many requests of the system are being taken in; Retry-After says when to come again.",
                JSON,
                "Error",
            ),
            FAILED,
            LATER,
        ],
    },
    Operation {
        method: "get",
        path: "/v1/receipts/{id}",
        tag: "rows",
        summary: "A receipt once more.",
        parameters: &["receipt"],
        body: Body::Nothing,
        answers: &[
            (200, "The receipt.", JSON, "Receipt"),
            UNKNOWN,
            (404, "There is no such receipt, or it is of another system.", JSON, "Error"),
            FAILED,
        ],
    },
    Operation {
        method: "get",
        path: "/v1/changes",
        tag: "feed",
        summary: "The events of a subscription after a position: a page, a long poll, or with `Accept: text/event-stream` \
                  server-sent events. Who asks for what follows a position, has what is before it.",
        parameters: &["subscription", "after", "limit", "wait", "lastEventId"],
        body: Body::Nothing,
        answers: &[
            (200, "The events, and the position to go on after.", JSON, "ChangesPage"),
            (400, "A parameter is not understood.", TEXT, ""),
            UNKNOWN,
            FORBIDDEN,
            (422, "The feed ends before this position: take a snapshot.", JSON, "Error"),
            FAILED,
            LATER,
        ],
    },
    Operation {
        method: "get",
        path: "/v1/snapshot",
        tag: "feed",
        summary: "How the records of a subscription stand at one position, page by page. Go on with the changes after it.",
        parameters: &["subscription", "cursor", "limit"],
        body: Body::Nothing,
        answers: &[
            (200, "The records, each as created.", JSON, "SnapshotPage"),
            (400, "A parameter is not understood.", TEXT, ""),
            UNKNOWN,
            FORBIDDEN,
            (422, "There is no such snapshot.", JSON, "Error"),
            FAILED,
            LATER,
        ],
    },
    Operation {
        method: "get",
        path: "/livez",
        tag: "node",
        summary: "Whether the process lives.",
        parameters: &[],
        body: Body::Nothing,
        answers: &[(200, "It does.", TEXT, "")],
    },
    Operation {
        method: "get",
        path: "/readyz",
        tag: "node",
        summary: "Whether every part works, and of those that do not, why.",
        parameters: &[],
        body: Body::Nothing,
        answers: &[
            (200, "Every part works.", JSON, "Readiness"),
            (503, "Some do not: the reasons by part.", JSON, "Readiness"),
        ],
    },
    Operation {
        method: "get",
        path: "/metrics",
        tag: "node",
        summary: "The metrics, for Prometheus.",
        parameters: &[],
        body: Body::Nothing,
        answers: &[(200, "The text format of Prometheus.", TEXT, "")],
    },
    Operation {
        method: "get",
        path: "/openapi.json",
        tag: "node",
        summary: "This document.",
        parameters: &[],
        body: Body::Nothing,
        answers: &[(200, "OpenAPI 3.1.", JSON, "Document")],
    },
    Operation {
        method: "get",
        path: "/asyncapi.json",
        tag: "node",
        summary: "The topics and feeds of the node.",
        parameters: &[],
        body: Body::Nothing,
        answers: &[(200, "AsyncAPI 3.0.", JSON, "Document")],
    },
    registry(
        "get",
        "/registry",
        "That the registry is there.",
        &[],
        &[(200, "An empty object.", REGISTRY, "Document")],
    ),
    registry("get", "/registry/subjects", "The subjects.", &[], &[(200, "Their names.", REGISTRY, "Names")]),
    Operation {
        method: "post",
        path: "/registry/subjects/{subject}",
        tag: "registry",
        summary: "Look up whether a schema is the subject's.",
        parameters: &["subject"],
        body: Body::AvroSchema,
        answers: &[(200, "It is.", REGISTRY, "SubjectVersion"), NO_SUBJECT, BAD_SCHEMA],
    },
    registry("delete", "/registry/subjects/{subject}", "Refused.", &["subject"], &[READ_ONLY]),
    registry(
        "get",
        "/registry/subjects/{subject}/versions",
        "The versions of a subject.",
        &["subject"],
        &[(200, "Their numbers.", REGISTRY, "Numbers"), NO_SUBJECT],
    ),
    Operation {
        method: "post",
        path: "/registry/subjects/{subject}/versions",
        tag: "registry",
        summary: "Registering what is there already gives its number; anything else is refused.",
        parameters: &["subject"],
        body: Body::AvroSchema,
        answers: &[(200, "It is there already.", REGISTRY, "SchemaId"), READ_ONLY, BAD_SCHEMA],
    },
    registry(
        "get",
        "/registry/subjects/{subject}/versions/{version}",
        "A version of a subject.",
        &["subject", "version"],
        &[(200, "The version.", REGISTRY, "SubjectVersion"), NO_SUBJECT],
    ),
    registry(
        "delete",
        "/registry/subjects/{subject}/versions/{version}",
        "Refused.",
        &["subject", "version"],
        &[READ_ONLY],
    ),
    registry(
        "get",
        "/registry/subjects/{subject}/versions/{version}/schema",
        "The schema of a version.",
        &["subject", "version"],
        &[(200, "The schema itself.", REGISTRY, "Document"), NO_SUBJECT],
    ),
    registry(
        "get",
        "/registry/schemas/types",
        "The kinds of schema.",
        &[],
        &[(200, "Avro alone.", REGISTRY, "Names")],
    ),
    registry(
        "get",
        "/registry/schemas/ids/{schemaId}",
        "The schema of a number.",
        &["schemaId"],
        &[(200, "The schema.", REGISTRY, "SchemaText"), NO_SUBJECT],
    ),
    registry(
        "get",
        "/registry/schemas/ids/{schemaId}/schema",
        "The schema of a number, by itself.",
        &["schemaId"],
        &[(200, "The schema itself.", REGISTRY, "Document"), NO_SUBJECT],
    ),
    registry(
        "get",
        "/registry/schemas/ids/{schemaId}/subjects",
        "The subjects that have the schema.",
        &["schemaId"],
        &[(200, "Their names.", REGISTRY, "Names"), NO_SUBJECT],
    ),
    registry(
        "get",
        "/registry/schemas/ids/{schemaId}/versions",
        "The subjects and versions that have the schema.",
        &["schemaId"],
        &[(200, "The versions.", REGISTRY, "SubjectVersions"), NO_SUBJECT],
    ),
    Operation {
        method: "post",
        path: "/registry/compatibility/subjects/{subject}/versions",
        tag: "registry",
        summary: "Whether a schema may follow those of a subject.",
        parameters: &["subject"],
        body: Body::AvroSchema,
        answers: &[(200, "Whether it may, and why not.", REGISTRY, "Compatibility"), NO_SUBJECT, BAD_SCHEMA],
    },
    Operation {
        method: "post",
        path: "/registry/compatibility/subjects/{subject}/versions/{version}",
        tag: "registry",
        summary: "Whether a schema may follow a version of a subject.",
        parameters: &["subject", "version"],
        body: Body::AvroSchema,
        answers: &[(200, "Whether it may, and why not.", REGISTRY, "Compatibility"), NO_SUBJECT, BAD_SCHEMA],
    },
    registry(
        "get",
        "/registry/config",
        "How versions may follow each other.",
        &[],
        &[(200, "The level.", REGISTRY, "Level")],
    ),
    registry("put", "/registry/config", "Refused.", &[], &[READ_ONLY]),
    registry(
        "get",
        "/registry/config/{subject}",
        "How versions of a subject may follow each other.",
        &["subject"],
        &[(200, "The level.", REGISTRY, "Level"), NO_SUBJECT],
    ),
    registry("put", "/registry/config/{subject}", "Refused.", &["subject"], &[READ_ONLY]),
    registry(
        "get",
        "/registry/mode",
        "That the registry is read-only.",
        &[],
        &[(200, "The mode.", REGISTRY, "Mode")],
    ),
    registry("put", "/registry/mode", "Refused.", &[], &[READ_ONLY]),
];
