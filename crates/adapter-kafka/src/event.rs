//! One event as Kafka records: CloudEvents in binary mode, Avro behind a Confluent header.

use crate::Settings;
use crate::numbers::Numbers;
use rdkafka::message::{Header, OwnedHeaders};
use yibiao_contract::{ChangeEvent, cloud_event};
use yibiao_schema::avro::AvroError;

/// What goes into the topics for one event.
pub(crate) struct Written {
    pub(crate) changes_topic: String,
    pub(crate) current_topic: String,
    pub(crate) key: String,
    pub(crate) headers: OwnedHeaders,
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

pub(crate) fn write(settings: &Settings, numbers: &Numbers, event: &ChangeEvent) -> Result<Written, Unfit> {
    let kind = event.entity.kind;
    let schema =
        settings.schemas.iter().find(|schema| schema.kind() == kind).ok_or(Unfit::Kind(kind.name()))?;
    let record = event.record.clone().unwrap_or_default();
    let mut body = vec![0];
    let number = numbers.of(schema);
    body.extend_from_slice(&number.to_be_bytes());
    body.extend(schema.encode(event.entity, &record.members, &record.values)?);
    Ok(Written {
        changes_topic: settings.config.changes_topic(kind),
        current_topic: settings.config.current_topic(kind),
        key: event.entity.to_string(),
        headers: headers(settings, number, event),
        body,
        gone: event.record.is_none(),
    })
}

fn headers(settings: &Settings, number: u32, event: &ChangeEvent) -> OwnedHeaders {
    let source = format!("urn:yibiao:{}", settings.config.prefix);
    let mut headers = vec![("content-type".to_owned(), "application/vnd.confluent.avro".to_owned())];
    headers.extend(
        cloud_event::attributes(event, &source)
            .into_iter()
            .map(|(name, value)| (format!("ce_{name}"), value)),
    );
    if let Some(registry) = &settings.config.registry {
        let url = format!("{}/schemas/ids/{}", registry.trim_end_matches('/'), number);
        headers.push(("ce_dataschema".to_owned(), url));
    }
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, (key, value)| {
        all.insert(Header { key, value: Some(value) })
    })
}
