//! `explain`: how an entity stands and why, as data and as a person reads it.

use crate::output::table;
use crate::query::{cell, list};
use serde_json::{Value as Json, json};
use yibiao_contract::values;
use yibiao_pipeline::{Node, Story};
use yibiao_record::{EntityKind, Op, SourceKey, Submission};
use yibiao_resolve::{Obstacle, Remedy, Side, WhyNot};

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
    let told =
        story.members.first().and_then(|key| node.world().engine(story.entity.kind).explain_cluster(key));
    let all = |keys: &[SourceKey]| keys.iter().map(shown).collect::<Vec<_>>();
    let steps = told.iter().flat_map(|told| &told.steps).map(|step| {
        json!({ "left": all(&step.left), "right": all(&step.right), "average_bits": step.average.map(bits) })
    });
    let near = told.iter().flat_map(|told| &told.near).map(|near| {
        json!({ "records": all(&near.members), "average_bits": bits(near.average), "kept_apart_by": obstacle(near.obstacle) })
    });
    json!({
        "entity": story.entity.to_string(),
        "steps": steps.collect::<Vec<_>>(),
        "near": near.collect::<Vec<_>>(),
        "records": rows.collect::<Vec<_>>(),
        "values": values.collect::<Vec<_>>(),
        "relations": relations.collect::<Vec<_>>(),
    })
}

/// A pair: what it weighs, part by part, and whether and why the two are apart. `None` where one of the two is no record
/// of this kind.
pub(crate) fn pair(node: &Node, kind: EntityKind, left: &SourceKey, right: &SourceKey) -> Option<Json> {
    let WhyNot { pair, meetings, average, obstacle: apart, remedies } =
        node.world().engine(kind).explain_apart(left, right)?;
    let shown = |key: &SourceKey| format!("{}:{}", key.system, node.shown(key));
    let fields = pair.fields.iter().map(|field| {
        json!({
            "field": field.field, "group": field.group, "left": field.left, "right": field.right, "level": field.level,
            "m": field.m, "u": field.u, "bits": bits(field.bits), "rarity_bits": bits(field.rarity),
            "name_bits": field.name_bits.map(bits), "seen": field.seen,
            "within_group": field.within_group,
        })
    });
    let groups = pair
        .groups
        .iter()
        .map(|group| json!({ "group": group.group, "sum_bits": bits(group.sum), "bits": bits(group.bits) }));
    Some(json!({
        "pair": [shown(left), shown(right)],
        "together": apart == Obstacle::None,
        "kept_apart_by": obstacle(apart),
        "prior_bits": bits(pair.prior),
        "fields": fields.collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "rule": pair.rule,
        "ruling": pair.ruling,
        "weight_bits": bits(pair.weight),
        "average_bits": average.map(bits),
        "cuts_bits": {
            "weak": bits(pair.cuts.weak), "review": bits(pair.cuts.review), "auto": bits(pair.cuts.auto),
            "floor": bits(pair.cuts.floor), "ceiling": bits(pair.cuts.ceiling),
        },
        "model": node.model(kind).0.title(),
        "model_digest": node.model(kind).0.content_digest(),
        "would_change": remedies.iter().map(|one| remedy(node, one)).collect::<Vec<_>>(),
        "keys": meetings.iter().map(|met| json!({ "key": met.key, "meets": met.meets })).collect::<Vec<_>>(),
    }))
}

/// What would have to change, as data and in words.
fn remedy(node: &Node, remedy: &Remedy) -> Json {
    let shown = |key: &SourceKey| format!("{}:{}", key.system, node.shown(key));
    let (what, words) = match remedy {
        Remedy::Link => ("link", "a steward links the two (yibiao review decide link)".to_owned()),
        Remedy::TakeBack => {
            ("take_back", "the ruling that parts the two is taken back (yibiao review decisions)".to_owned())
        }
        Remedy::Rule { when, .. } => {
            let when: Vec<String> = when.iter().map(|(field, level)| format!("{field} at {level}")).collect();
            ("rule", format!("a fixed rule no longer holds: not {}", when.join(" with ")))
        }
        Remedy::OtherPair { left, right } => {
            ("other_pair", format!("a rule or ruling no longer parts {} and {}", shown(left), shown(right)))
        }
        Remedy::Field { field, level, gain, enough } => {
            let enough = if *enough { "enough alone" } else { "not enough alone" };
            ("field", format!("they agree on {field} (now {level}): {:+.1} bits, {enough}", bits(*gain)))
        }
        Remedy::Key { key, lacks } => {
            let lacks = match lacks.as_slice() {
                [] => "",
                [Side::Left] => " (the first has none)",
                [Side::Right] => " (the second has none)",
                _ => " (neither has one)",
            };
            ("key", format!("they meet by {key}{lacks}"))
        }
    };
    let mut told = json!({ "what": what, "text": words });
    if let (Json::Object(told), Remedy::Field { field, level, gain, enough }) = (&mut told, remedy) {
        told.insert("field".to_owned(), json!(field));
        told.insert("level".to_owned(), json!(level));
        told.insert("gain_bits".to_owned(), json!(bits(*gain)));
        told.insert("enough".to_owned(), json!(enough));
    }
    told
}

/// Thousandths of a bit as bits.
fn bits(thousandths: i32) -> f64 {
    f64::from(thousandths) / 1_000.0
}

fn obstacle(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::None => "nothing: they are one",
        Obstacle::Ruling => "a steward's ruling",
        Obstacle::Rule => "a fixed rule",
        Obstacle::Review => "the band that a steward decides",
        Obstacle::Weight => "too little weight",
        Obstacle::Apart => "no chain of candidates between them",
    }
}

/// What was explained, as a person reads it.
pub(crate) fn text(explained: &Json) -> String {
    if explained.get("entity").is_some() { story_text(explained) } else { pair_text(explained) }
}

fn pair_text(pair: &Json) -> String {
    let fields = list(pair, "fields").iter().map(|field| {
        ["field", "left", "right", "level", "m", "u", "bits", "rarity_bits", "group"]
            .map(|name| cell(field, name))
    });
    let groups =
        list(pair, "groups").iter().map(|group| ["group", "sum_bits", "bits"].map(|name| cell(group, name)));
    let keys: Vec<String> = list(pair, "keys")
        .iter()
        .map(|key| {
            let meets =
                if key.get("meets") == Some(&Json::Bool(true)) { "" } else { " (shared by too many)" };
            format!("{}{meets}", cell(key, "key"))
        })
        .collect();
    let cuts = pair.get("cuts_bits").cloned().unwrap_or_default();
    let would: String =
        list(pair, "would_change").iter().map(|one| format!("\n  {}", cell(one, "text"))).collect();
    let would = if would.is_empty() {
        would
    } else {
        format!("\nThey would be together if one of these came true{would}")
    };
    let rule = [cell(pair, "rule"), cell(pair, "ruling")]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>();
    format!(
        "{}\n\nPrior {} bits\n{}\n\nEvidence groups count once\n{}\n\nWeight {} bits{}; a steward is asked from {}, joined by itself from {}\nKept apart by {}{}\nFound by {}{would}",
        cell(pair, "pair"),
        cell(pair, "prior_bits"),
        table(["field", "one", "other", "level", "m", "u", "bits", "rarity", "group"], fields),
        table(["group", "sum", "counts"], groups),
        cell(pair, "weight_bits"),
        if rule.is_empty() { String::new() } else { format!(" ({})", rule.join(", ")) },
        cell(&cuts, "review"),
        cell(&cuts, "auto"),
        cell(pair, "kept_apart_by"),
        match pair.get("average_bits") {
            Some(Json::Number(average)) => format!(" (their clusters weigh {average} bits on average)"),
            _ => String::new(),
        },
        if keys.is_empty() { "no key".to_owned() } else { keys.join("; ") },
    )
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
    let steps = list(story, "steps")
        .iter()
        .map(|step| ["left", "right", "average_bits"].map(|name| cell(step, name)));
    let near = list(story, "near")
        .iter()
        .map(|near| ["records", "average_bits", "kept_apart_by"].map(|name| cell(near, name)));
    format!(
        "{}\n\nRecords\n{}\n\nHow they came together\n{}\n\nNear, and apart\n{}\n\nValues\n{}\n\nRelations\n{}",
        cell(story, "entity"),
        table(["record", "state", "observed"], records),
        table(["one part", "other part", "average bits"], steps),
        table(["records", "average bits", "kept apart by"], near),
        table(["element", "canonical value", "from", "rule", "others say"], values),
        table(["role", "to", "says"], relations),
    )
}
