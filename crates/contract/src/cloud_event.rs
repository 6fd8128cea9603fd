//! A change event as a CloudEvent (version 1.0): its attributes, whichever way it goes, and its form in JSON.
//!
//! **Invariant:** an event's id is its position in the feed: sent again, it is the same, and whoever has seen it knows it.

use crate::{ChangeEvent, values};
use serde_json::{Map, Value as Json, json};
use yibiao_record::{ChangeKind, ElementId, EntityId};
use yibiao_schema::Dictionary;

/// The media type of one event in JSON.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// The source of events where nothing else is configured.
pub const SOURCE: &str = "urn:yibiao:node";

/// How much of the record an event in JSON carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    /// All that the subscription may see.
    Full,
    /// Nothing but whose it is and which elements changed; the whole event is fetched from this address.
    Thin(&'a str),
}

/// The event's type, as subscribers know it.
pub fn kind(event: &ChangeEvent) -> String {
    format!("yibiao.{}.{}.v1", event.entity.kind.name(), event.kind.name())
}

/// The attributes, without those that are about the data.
pub fn attributes(event: &ChangeEvent, source: &str) -> Vec<(&'static str, String)> {
    let entity = event.entity.to_string();
    let mut attributes = vec![
        ("specversion", "1.0".to_owned()),
        ("id", event.position.to_string()),
        ("source", source.to_owned()),
        ("type", kind(event)),
        ("subject", entity.clone()),
        ("time", event.time.to_string()),
        ("partitionkey", entity),
    ];
    if let Some((beside, _, other)) = other(event) {
        attributes.push((beside, other.to_string()));
    }
    attributes
}

/// The other entity of a merge or split, as the attribute and as the member of the data that name it.
fn other(event: &ChangeEvent) -> Option<(&'static str, &'static str, EntityId)> {
    match event.kind {
        ChangeKind::Merged { into } => Some(("mergedinto", "merged_into", into)),
        ChangeKind::Split { from } => Some(("splitfrom", "split_from", from)),
        ChangeKind::Created | ChangeKind::Updated | ChangeKind::Retired => None,
    }
}

/// The whole event. Values are the texts that `yibiao export` writes, under the elements' names.
pub fn json(dictionary: &Dictionary, event: &ChangeEvent, source: &str, form: Data<'_>) -> Json {
    let mut whole: Map<String, Json> = attributes(event, source)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Json::String(value)))
        .collect();
    whole.insert("datacontenttype".to_owned(), "application/json".into());
    if let Data::Thin(dataref) = form {
        whole.insert("dataref".to_owned(), dataref.into());
    }
    whole.insert("data".to_owned(), Json::Object(data(dictionary, event, form)));
    Json::Object(whole)
}

fn data(dictionary: &Dictionary, event: &ChangeEvent, form: Data<'_>) -> Map<String, Json> {
    let name = |element| dictionary.element(element).map(|element| element.id.to_string());
    let changed: Vec<String> = event.changed.iter().filter_map(|element| name(*element)).collect();
    let mut data = Map::new();
    data.insert("entity".to_owned(), event.entity.to_string().into());
    data.insert("change".to_owned(), event.kind.name().into());
    data.insert("changed".to_owned(), changed.into());
    if let Some((_, member, other)) = other(event) {
        data.insert(member.to_owned(), other.to_string().into());
    }
    if form == Data::Full {
        data.insert("record".to_owned(), record(dictionary, event, name));
    }
    data
}

fn record(dictionary: &Dictionary, event: &ChangeEvent, name: impl Fn(ElementId) -> Option<String>) -> Json {
    let Some(record) = &event.record else { return Json::Null };
    let value = |(element, value): &(ElementId, _)| {
        Some((name(*element)?, Json::from(values::text(dictionary, *element, value))))
    };
    let values: Map<String, Json> = record.values.iter().filter_map(value).collect();
    let members: Vec<Json> = record
        .members
        .iter()
        .map(|key| json!({ "system": key.system.as_str(), "local_key": &*key.local }))
        .collect();
    let flags: Map<String, Json> =
        record.flags.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).into())).collect();
    json!({ "values": values, "members": members, "flags": flags })
}
