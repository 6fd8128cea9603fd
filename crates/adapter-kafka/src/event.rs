//! One event as Kafka records: CloudEvents in binary mode, Avro behind a Confluent header.

use crate::Settings;
use crate::numbers::Numbers;
use rdkafka::message::{Header, OwnedHeaders};
use yibiao_contract::{ChangeEvent, Letter, TOO_LARGE, UNFIT, cloud_event};
use yibiao_schema::avro::{AvroError, EntitySchema, RecordWriter};

/// What goes into the topics for one event.
pub(crate) struct Written {
    pub(crate) changes_topic: String,
    pub(crate) current_topic: String,
    pub(crate) key: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The record; of an entity that is gone, its id alone.
    pub(crate) body: Vec<u8>,
    /// Whether the entity is gone, so that its current record is dropped.
    pub(crate) gone: bool,
}

/// Why an event is none for this receiver.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// Its kind of entity has no topic.
    #[error("the subscription has no topic for a {0}")]
    Kind(&'static str),
    /// It does not fit the schema.
    #[error(transparent)]
    Avro(#[from] AvroError),
}

/// Writers of all kinds of record that the receiver takes.
pub(crate) fn writers(settings: &Settings) -> Vec<RecordWriter<'_>> {
    settings.schemas.iter().map(EntitySchema::writer).collect()
}

pub(crate) fn write(
    settings: &Settings,
    numbers: &Numbers,
    writers: &[RecordWriter<'_>],
    event: &ChangeEvent,
) -> Result<Written, Unfit> {
    let kind = event.entity.kind;
    let writer =
        writers.iter().find(|writer| writer.schema().kind() == kind).ok_or(Unfit::Kind(kind.name()))?;
    let record = event.record.clone().unwrap_or_default();
    let mut body = vec![0];
    let number = numbers.of(writer.schema());
    body.extend_from_slice(&number.to_be_bytes());
    body.extend(writer.encode(event.entity, &record.members, &record.values)?);
    Ok(Written {
        changes_topic: settings.config.changes_topic(kind),
        current_topic: settings.config.current_topic(kind),
        key: event.entity.to_string(),
        headers: attributes(settings, Some(number), event),
        body,
        gone: event.record.is_none(),
    })
}

/// The event's CloudEvents attributes, as headers.
fn attributes(settings: &Settings, number: Option<u32>, event: &ChangeEvent) -> Vec<(String, String)> {
    let source = format!("urn:yibiao:{}", settings.config.prefix);
    let mut attributes = vec![("content-type".to_owned(), "application/vnd.confluent.avro".to_owned())];
    attributes.extend(
        cloud_event::attributes(event, &source)
            .into_iter()
            .map(|(name, value)| (format!("ce_{name}"), value)),
    );
    if let (Some(registry), Some(number)) = (&settings.config.registry, number) {
        let url = format!("{}/schemas/ids/{}", registry.trim_end_matches('/'), number);
        attributes.push(("ce_dataschema".to_owned(), url));
    }
    attributes
}

/// Attributes as the client library takes them.
pub(crate) fn headers<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a String)>) -> OwnedHeaders {
    attributes
        .into_iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

impl Written {
    /// The bytes of each of its records, uncompressed, with what goes around it: at most so many.
    pub(crate) fn bytes(&self) -> usize {
        /// A batch of one record, and a length.
        const AROUND: usize = 100;
        const LENGTHS: usize = 10;
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len() + LENGTHS).sum();
        AROUND + self.key.len() + self.body.len() + headers
    }
}

/// An event as it goes to a receiver whose topics take so many bytes a record; without its bytes where the numbers of the
/// schemas are not known.
pub(crate) fn letter(
    settings: &Settings,
    numbers: Option<&Numbers>,
    event: &ChangeEvent,
    bytes_max: usize,
) -> Letter {
    let receiver = settings.config.changes_topic(event.entity.kind);
    let without_bytes = |code| Letter {
        code,
        receiver: receiver.clone(),
        key: event.entity.to_string().into_bytes(),
        headers: attributes(settings, None, event),
        body: Vec::new(),
    };
    match numbers.map(|numbers| write(settings, numbers, &writers(settings), event)) {
        None => without_bytes(""),
        Some(Err(_)) => without_bytes(UNFIT),
        Some(Ok(written)) => Letter {
            code: if written.bytes() > bytes_max { TOO_LARGE } else { "" },
            receiver: receiver.clone(),
            key: written.key.into_bytes(),
            headers: written.headers,
            body: written.body,
        },
    }
}
