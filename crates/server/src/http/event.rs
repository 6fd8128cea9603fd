//! Events as CloudEvents in JSON.

use crate::values;
use serde_json::{Map, Value as Json, json};
use yibiao_contract::ChangeEvent;
use yibiao_record::ChangeKind;
use yibiao_schema::Dictionary;

/// The event's type, as subscribers know it.
pub(super) fn kind(event: &ChangeEvent) -> String {
    format!("yibiao.{}.{}.v1", event.entity.kind.name(), event.kind.name())
}

/// The whole event. Values are the texts that `yibiao export` writes, under the elements' names.
pub(super) fn json(dictionary: &Dictionary, event: &ChangeEvent) -> Json {
    let name = |element| dictionary.element(element).map(|element| element.id.to_string());
    let record = event.record.as_ref().map(|record| {
        let values: Map<String, Json> = record
            .values
            .iter()
            .filter_map(|(element, value)| {
                Some((name(*element)?, values::text(dictionary, *element, value).into()))
            })
            .collect();
        let members: Vec<Json> = record
            .members
            .iter()
            .map(|key| json!({ "system": key.system.as_str(), "local_key": &*key.local }))
            .collect();
        let flags: Map<String, Json> =
            record.flags.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).into())).collect();
        json!({ "values": values, "members": members, "flags": flags })
    });
    let entity = event.entity.to_string();
    let changed: Vec<String> = event.changed.iter().filter_map(|element| name(*element)).collect();
    let mut data =
        json!({ "entity": entity, "change": event.kind.name(), "changed": changed, "record": record });
    let beside = match event.kind {
        ChangeKind::Merged { into } => Some(("merged_into", into)),
        ChangeKind::Split { from } => Some(("split_from", from)),
        ChangeKind::Created | ChangeKind::Updated | ChangeKind::Retired => None,
    };
    if let (Some((name, other)), Some(data)) = (beside, data.as_object_mut()) {
        data.insert(name.to_owned(), other.to_string().into());
    }
    json!({
        "specversion": "1.0", "id": event.position.to_string(), "source": "urn:yibiao:node", "type": kind(event),
        "subject": entity, "time": event.time.to_string(), "datacontenttype": "application/json", "data": data,
    })
}
