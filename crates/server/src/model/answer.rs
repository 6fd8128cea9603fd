//! What a node answers about models: what it learns from its records, what another model would do, and that it is in force.

use super::{Named, keep};
use crate::handle::{Refusal, kind};
use crate::wire;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use yibiao_pipeline::{ModelPlan, Node};
use yibiao_record::{Change, ChangeKind, ElementId, EntityKind, SourceKey};
use yibiao_resolve::file::ModelFile;
use yibiao_resolve::train::SEED;

/// Learns a model from the node's records and its stewards' rulings, and writes it.
pub(crate) fn learn(node: &Node, entity: &str, named: &Named, out: &Path) -> Result<Json, Refusal> {
    let kind = kind(entity)?;
    if named.name != kind.name() {
        let why = format!(
            "cannot write a model of {} as {}; name the file {}.v{}.yaml",
            kind.name(),
            named.name,
            kind.name(),
            named.version
        );
        return Err(Refusal::Failed(why));
    }
    let (file, _) = node.model(kind);
    if named.version <= file.version {
        let why = format!("{} is in force; write a later version", file.title());
        return Err(Refusal::Failed(why));
    }
    let trained = node.world().engine(kind).learn(SEED).map_err(Refusal::failed)?;
    keep(named, file.spec.clone(), trained, out).map_err(Refusal::Failed)
}

/// The text of a model file that is still the one that was meant, and what it is a model of.
fn read(path: &Path, digest: &str) -> Result<(EntityKind, String), Refusal> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Refusal::Failed(format!("cannot read the model {}: {error}", path.display())))?;
    let file = ModelFile::parse_yaml(&text).map_err(Refusal::failed)?;
    if *file.content_digest() != *digest {
        return Err(Refusal::Failed(format!(
            "{} was changed just now; look at it and ask again",
            path.display()
        )));
    }
    Ok((kind(&file.name)?, text))
}

/// What a model would do: counts, and the first of what would merge, split and change value.
pub(crate) fn plan(node: &mut Node, path: &Path, digest: &str, limit: usize) -> Result<Json, Refusal> {
    let (kind, text) = read(path, digest)?;
    let after = ModelFile::parse_yaml(&text).map_err(Refusal::failed)?;
    let ModelPlan { before, entities, reviews, changes } = node.plan(kind, &text).map_err(Refusal::failed)?;
    let mut tallies: BTreeMap<EntityKind, Tally> = BTreeMap::new();
    for change in &changes {
        tallies.entry(change.entity.kind).or_default().add(change);
    }
    let counts = entities.iter().zip(&reviews).map(|((kind, before, after), (_, asked, asked_after))| {
        let of = tallies.get(kind).cloned().unwrap_or_default();
        json!({
            "entity": kind.name(), "entities_before": before, "entities_after": after,
            "reviews_before": asked, "reviews_after": asked_after,
            "merged": of.merged, "split": of.split, "created": of.created, "retired": of.retired,
            "revalued": of.revalued, "related": of.related,
        })
    });
    let values = tallies.iter().flat_map(|(kind, tally)| {
        tally.elements.iter().map(|(element, changes)| {
            let (id, zh) = named(node, *element);
            json!({ "entity": kind.name(), "element": id, "zh": zh, "changes": changes })
        })
    });
    let steps: Vec<&Change> = changes.iter().filter(|change| !is_relation_only(change)).collect();
    let items = steps.iter().take(limit).map(|change| item(node, change));
    Ok(json!({
        "entity": kind.name(),
        "before": before.title(), "before_digest": before.content_digest(),
        "after": after.title(), "after_digest": after.content_digest(),
        "counts": counts.collect::<Vec<_>>(),
        "values": values.collect::<Vec<_>>(),
        "steps": steps.len(),
        "list": items.collect::<Vec<_>>(),
    }))
}

fn named(node: &Node, element: ElementId) -> (&str, &str) {
    node.dictionary().element(element).map_or(("", ""), |element| (&*element.id, &*element.zh))
}

/// Of the changes of one kind of entity, how many of what.
#[derive(Clone, Debug, Default)]
struct Tally {
    merged: u64,
    split: u64,
    created: u64,
    retired: u64,
    revalued: u64,
    related: u64,
    elements: BTreeMap<ElementId, u64>,
}

impl Tally {
    fn add(&mut self, change: &Change) {
        *match change.kind {
            ChangeKind::Merged { .. } => &mut self.merged,
            ChangeKind::Split { .. } => &mut self.split,
            ChangeKind::Created => &mut self.created,
            ChangeKind::Retired => &mut self.retired,
            ChangeKind::Updated if change.values.is_empty() => &mut self.related,
            ChangeKind::Updated => &mut self.revalued,
        } += 1;
        if matches!(change.kind, ChangeKind::Updated) {
            for (element, _) in &change.values {
                *self.elements.entry(*element).or_insert(0) += 1;
            }
        }
    }
}

/// Neither merged nor split nor with another value: only what it is to others changed, or which records it has.
fn is_relation_only(change: &Change) -> bool {
    matches!(change.kind, ChangeKind::Updated) && change.values.is_empty()
}

fn item(node: &Node, change: &Change) -> Json {
    let shown = |keys: &[SourceKey]| -> Vec<String> {
        keys.iter().map(|key| format!("{}:{}", key.system, node.shown(key))).collect()
    };
    let (other, records, others) = match change.kind {
        ChangeKind::Merged { into } => {
            (Some(into), node.world().members(change.entity), node.world().members(into))
        }
        ChangeKind::Split { from } => (Some(from), change.members.clone(), node.world().members(from)),
        ChangeKind::Created | ChangeKind::Updated | ChangeKind::Retired => {
            (None, change.members.clone(), Vec::new())
        }
    };
    let elements: Vec<&str> = match change.kind {
        ChangeKind::Updated => change.values.iter().map(|(element, _)| named(node, *element).0).collect(),
        _ => Vec::new(),
    };
    json!({
        "what": change.kind.name(), "entity": change.entity.to_string(), "other": other.map(|other| other.to_string()),
        "records": shown(&records), "others": shown(&others), "elements": elements,
    })
}

/// Puts a model in force.
pub(crate) fn apply(
    node: &mut Node,
    path: &Path,
    digest: &str,
    actor: &str,
    reason: &str,
) -> Result<Json, Refusal> {
    let (kind, text) = read(path, digest)?;
    let decided = node.adopt(kind, &text, actor, reason, wire::now()).map_err(Refusal::failed)?;
    let submission = node.store().view().map_err(Refusal::failed)?.last().submission;
    Ok(json!({
        "model": node.model(kind).0.title(), "digest": digest, "decision": decided.seq.0, "submission": submission.0,
        "changes": decided.changes,
    }))
}
