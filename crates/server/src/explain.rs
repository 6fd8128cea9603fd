//! `explain`: how an entity stands and why, as data and as a person reads it.

use crate::output::table;
use crate::query::cell;
use crate::values;
use serde_json::{Value as Json, json};
use yibiao_pipeline::{Node, Story};
use yibiao_record::{Op, SourceKey, Submission};

/// An entity: its records, its values with their sources, what others said, its relations.
pub(crate) fn story(node: &Node, story: &Story) -> Json {
    let dictionary = node.dictionary();
    let shown = |key: &SourceKey| format!("{}:{}", key.system, node.shown(key));
    let record_of = |row: Option<&Submission>| row.map(|row| shown(&row.key)).unwrap_or_default();
    let rows = story.rows.iter().map(|row| {
        let op = match row.op {
            Op::Upsert => "stands",
            Op::End => "ended",
            Op::Retract => "withdrawn",
        };
        json!({ "record": shown(&row.key), "state": op, "observed": row.observed_at.to_string() })
    });
    let values = story.canonical.0.iter().map(|(number, value)| {
        let from = story.rows.iter().find(|row| row.seq == value.source);
        let others: Vec<Json> = story
            .rows
            .iter()
            .filter_map(|row| Some((row, row.claim(*number)?)))
            .filter(|(_, claim)| claim.value != value.value)
            .map(|(row, claim)| {
                json!({ "record": shown(&row.key), "says": values::text(dictionary, *number, &claim.value) })
            })
            .collect();
        let (id, zh) = dictionary.element(*number).map_or(("", ""), |element| (&*element.id, &*element.zh));
        json!({
            "element": id, "zh": zh, "value": values::text(dictionary, *number, &value.value), "rule": value.rule.name(),
            "from": record_of(from), "observed": value.observed_at.to_string(), "others": others,
        })
    });
    let relations = story.relations.iter().map(|relation| {
        json!({ "role": relation.role.name(), "to": relation.to.to_string(), "says": relation.system.as_str() })
    });
    json!({
        "entity": story.entity.to_string(),
        "records": rows.collect::<Vec<_>>(),
        "values": values.collect::<Vec<_>>(),
        "relations": relations.collect::<Vec<_>>(),
    })
}

/// What was explained, as a person reads it.
pub(crate) fn text(explained: &Json) -> String {
    if explained.get("entity").is_some() { story_text(explained) } else { String::new() }
}

fn list<'a>(of: &'a Json, name: &str) -> &'a [Json] {
    of.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn story_text(story: &Json) -> String {
    let records =
        list(story, "records").iter().map(|row| ["record", "state", "observed"].map(|name| cell(row, name)));
    let values = list(story, "values").iter().map(|value| {
        let others: Vec<String> = list(value, "others")
            .iter()
            .map(|other| format!("{}: {}", cell(other, "record"), cell(other, "says")))
            .collect();
        let element = format!("{} {}", cell(value, "element"), cell(value, "zh"));
        [element, cell(value, "value"), cell(value, "from"), cell(value, "rule"), others.join("\n")]
    });
    let relations = list(story, "relations")
        .iter()
        .map(|relation| ["role", "to", "says"].map(|name| cell(relation, name)));
    format!(
        "{}\n\nRecords\n{}\n\nValues\n{}\n\nRelations\n{}",
        cell(story, "entity"),
        table(["record", "state", "observed"], records),
        table(["element", "canonical value", "from", "rule", "others say"], values),
        table(["role", "to", "says"], relations),
    )
}
