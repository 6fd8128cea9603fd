//! One event as Kafka records: CloudEvents in binary mode, Avro behind a Confluent header.

use crate::Settings;
use crate::numbers::Numbers;
use rdkafka::message::{Header, OwnedHeaders};
use yibiao_contract::ChangeEvent;
use yibiao_record::ChangeKind;
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
    let entity = event.entity.to_string();
    let mut attributes = vec![
        ("content-type", "application/vnd.confluent.avro".to_owned()),
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", event.position.to_string()),
        ("ce_source", format!("urn:yibiao:{}", settings.config.prefix)),
        ("ce_type", format!("yibiao.{}.{}.v1", event.entity.kind.name(), event.kind.name())),
        ("ce_subject", entity.clone()),
        ("ce_time", event.time.to_string()),
        ("ce_partitionkey", entity),
    ];
    if let Some(registry) = &settings.config.registry {
        let url = format!("{}/schemas/ids/{}", registry.trim_end_matches('/'), number);
        attributes.push(("ce_dataschema", url));
    }
    match event.kind {
        ChangeKind::Merged { into } => attributes.push(("ce_mergedinto", into.to_string())),
        ChangeKind::Split { from } => attributes.push(("ce_splitfrom", from.to_string())),
        ChangeKind::Created | ChangeKind::Updated | ChangeKind::Retired => {}
    }
    attributes.iter().fold(OwnedHeaders::new_with_capacity(attributes.len()), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}
