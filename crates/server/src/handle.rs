//! What a request does to a node, and what it answers: the same for a running node and for one just opened.

use crate::cli::{ExportFormat, Ruling};
use crate::control::{Answer, Request};
use crate::exit::chain;
use crate::model::Named;
use crate::output::table;
use crate::wire;
use crate::{dlq, explain, export, model, steward};
use serde_json::{Value as Json, json};
use std::path::Path;
use yibiao_pipeline::{Node, RowOutcome, Status};
use yibiao_record::{DecisionKind, DecisionSeq, EntityId, EntityKind, SourceKey, SystemId};
use yibiao_resolve::file::ModelFile;
use yibiao_store::{QuarantineId, ReadError};

/// Does what is asked.
pub(crate) fn handle(node: &mut Node, request: Request) -> Answer {
    let done = match request {
        Request::Status => status(node).map_err(Refusal::failed),
        // A node that does not run has no parts.
        Request::Readiness => Ok(json!({})),
        Request::Explain { subjects, entity } => explained(node, &subjects, &entity),
        Request::ReviewList { limit } => review_list(node, limit),
        Request::Decide { ruling, subjects, element, from, entity, actor, reason } => {
            decide(node, ruling, &subjects, element.as_deref(), from.as_deref(), &entity, &actor, &reason)
        }
        Request::Decisions => Ok(decisions(node)),
        Request::QuarantineList => quarantine_list(node).map_err(Refusal::failed),
        Request::QuarantineShow { id } => quarantine_show(node, id),
        Request::QuarantineRetry => retry(node),
        Request::Dlq(what) => dlq::answer(node, what),
        Request::Export { entity, members, out, format } => export_to(node, &entity, members, &out, format),
        Request::Backup { to } => backup(node, &to),
        Request::ReviewExport { out, limit } => steward::export(node, &out, limit),
        Request::ReviewImport { file, actor } => steward::import(node, &file, &actor),
        Request::Learn { entity, name, version, out } => {
            model::answer::learn(node, &entity, &Named { name, version }, &out)
        }
        Request::PlanModel { model, digest, limit } => model::answer::plan(node, &model, &digest, limit),
        Request::ApplyModel { model, digest, actor, reason } => {
            model::answer::apply(node, &model, &digest, &actor, &reason)
        }
        Request::Enable { subscription } => enable(node, &subscription),
    };
    match done {
        Ok(result) => Answer::Done(result),
        Err(Refusal::Missing(what)) => Answer::Missing(what),
        Err(Refusal::Failed(why)) => Answer::Failed(why),
    }
}

/// Why a request was not done.
pub(crate) enum Refusal {
    /// There is no such thing.
    Missing(String),
    /// It failed, or cannot be.
    Failed(String),
}

impl Refusal {
    pub(crate) fn failed(error: impl std::error::Error) -> Self {
        Refusal::Failed(chain(&error))
    }
}

/// What the node holds and has done.
pub(crate) fn status(node: &Node) -> Result<Json, ReadError> {
    let Status {
        systems,
        entities,
        records,
        reviews,
        quarantined,
        submissions,
        changes,
        decisions,
        accounts,
    } = node.status()?;
    let systems = systems.into_iter().map(|(system, of)| {
        let rows: serde_json::Map<String, Json> =
            of.rows.into_iter().map(|(outcome, count)| (outcome.name().to_owned(), json!(count))).collect();
        json!({ "system": system.as_str(), "live": of.live, "ended": of.ended, "retracted": of.retracted, "rows": rows })
    });
    let kinds = EntityKind::ALL.into_iter().map(|kind| {
        let of =
            |counts: &std::collections::BTreeMap<EntityKind, usize>| counts.get(&kind).copied().unwrap_or(0);
        json!({
            "entity": kind.name(),
            "entities": of(&entities),
            "records": of(&records),
            "joined": of(&records).saturating_sub(of(&entities)),
            "reviews": of(&reviews),
            "model": node.model(kind).0.title(),
            "model_digest": node.model(kind).0.content_digest(),
            "model_by_decision": node.model(kind).1.map(|seq| seq.0),
        })
    });
    let accounts = accounts.into_iter().map(|account| {
        json!({
            "subscription": account.subscription,
            "delivered": account.delivered,
            "filtered": account.filtered_in_all(),
            "filtered_by_rule": account.filtered,
            "dead": account.dead,
            "purged": account.purged,
            "letters": account.letters,
            "pending": account.pending,
            "feed": account.feed,
            "gap": account.gap(),
            "disabled": account.disabled.map(|disabled| format!("since {}: {}", disabled.since, disabled.reason)),
        })
    });
    Ok(json!({
        "systems": systems.collect::<Vec<_>>(),
        "entities": kinds.collect::<Vec<_>>(),
        "quarantined": quarantined,
        "submissions": submissions,
        "changes": changes,
        "decisions": decisions,
        "subscriptions": accounts.collect::<Vec<_>>(),
    }))
}

/// The status as a person reads it.
pub(crate) fn status_text(status: &Json) -> String {
    let list = |key: &str| status.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    let get = |of: &Json, key: &str| match of.get(key) {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let systems = list("systems").into_iter().map(|of| {
        let rows = of.get("rows").cloned().unwrap_or_default();
        let [new, changed, repeated, stale, ended, retracted, quarantined] =
            RowOutcome::ALL.map(|outcome| get(&rows, outcome.name()));
        [get(&of, "system"), get(&of, "live"), new, changed, repeated, stale, ended, retracted, quarantined]
    });
    let kinds = list("entities")
        .into_iter()
        .map(|of| ["entity", "entities", "records", "joined", "reviews", "model"].map(|key| get(&of, key)));
    let accounts = list("subscriptions").into_iter().map(|of| {
        ["subscription", "delivered", "filtered", "dead", "pending", "feed", "gap"].map(|key| get(&of, key))
    });
    let disabled: String = list("subscriptions")
        .iter()
        .filter(|of| of.get("disabled").is_some_and(Json::is_string))
        .map(|of| {
            let (id, why) = (get(of, "subscription"), get(of, "disabled"));
            format!("\n{id} is disabled {why}; `yibiao webhook enable {id}` goes on")
        })
        .collect();
    let systems_header =
        ["system", "live rows", "new", "changed", "repeated", "stale", "ended", "retracted", "quarantined"];
    let accounts_header =
        ["subscription", "delivered", "filtered", "dead", "pending", "changes of the feed", "gap"];
    format!(
        "Rows read\n{}\n\nFound\n{}\n\nThe promise\n{}{disabled}\n\n{} submissions, {} changes, {} decisions, {} rows in quarantine",
        table(systems_header, systems),
        table(["", "entities", "records", "joined", "tasks for a steward", "compared by"], kinds),
        table(accounts_header, accounts),
        get(status, "submissions"),
        get(status, "changes"),
        get(status, "decisions"),
        get(status, "quarantined"),
    )
}

pub(crate) fn kind(name: &str) -> Result<EntityKind, Refusal> {
    EntityKind::by_name(name).ok_or_else(|| {
        Refusal::Missing(format!("there is no kind of entity {name:?}; write person, household or dwelling"))
    })
}

/// A record as people write it: `SYSTEM:KEY`.
fn record(node: &Node, text: &str) -> Result<SourceKey, Refusal> {
    let missing = || {
        Refusal::Missing(
            "there is no such record; write SYSTEM:KEY, and where the system's file has no key column, the row's number in \
             its newest edition"
                .to_owned(),
        )
    };
    let (system, shown) = text.split_once(':').ok_or_else(missing)?;
    let system = SystemId::new(system).map_err(|_| missing())?;
    node.find(system, shown).ok_or_else(missing)
}

/// A member of an entity as lists show it: a record, or the number of a household or house in a system.
fn member(node: &Node, kind: EntityKind, text: &str) -> Result<SourceKey, Refusal> {
    let facet = text.split_once(':').and_then(|(system, local)| {
        Some(SourceKey { system: SystemId::new(system).ok()?, local: local.into() })
    });
    match facet.filter(|key| kind != EntityKind::Person && node.world().entity_of(kind, key).is_some()) {
        Some(facet) => Ok(facet),
        None => record(node, text),
    }
}

fn review_list(node: &Node, limit: usize) -> Result<Json, Refusal> {
    let mut tasks = Vec::new();
    for kind in EntityKind::ALL {
        for review in node.reviews(kind).into_iter().take(limit) {
            let side = |keys: &[SourceKey]| -> Vec<String> {
                keys.iter().map(|key| format!("{}:{}", key.system, node.shown(key))).collect()
            };
            tasks.push(json!({
                "entity": kind.name(),
                "left": side(&review.left),
                "right": side(&review.right),
                "weight_bits": f64::from(review.average) / 1_000.0,
                "records": review.left.len() + review.right.len(),
            }));
        }
    }
    tasks.truncate(limit);
    Ok(json!(tasks))
}

#[expect(clippy::too_many_arguments, reason = "they are the fields of one request")]
fn decide(
    node: &mut Node,
    ruling: Ruling,
    subjects: &[String],
    element: Option<&str>,
    from: Option<&str>,
    entity: &str,
    actor: &str,
    reason: &str,
) -> Result<Json, Refusal> {
    let entity = kind(entity)?;
    let usage = |what: &str| Refusal::Failed(format!("cannot decide: {what}"));
    let decision = match (ruling, subjects) {
        (Ruling::Link, [a, b]) => {
            DecisionKind::Link(entity, member(node, entity, a)?, member(node, entity, b)?)
        }
        (Ruling::Unlink, [a, b]) => {
            DecisionKind::Unlink(entity, member(node, entity, a)?, member(node, entity, b)?)
        }
        (Ruling::Pin, [subject]) => {
            let (Some(element), Some(from)) = (element, from) else {
                return Err(usage("pin needs --element and --from"));
            };
            let Some(element) = node.dictionary().by_id(element).map(|element| element.number) else {
                return Err(Refusal::Missing(format!("the dictionary has no element {element}")));
            };
            let value = node.claim(&record(node, from)?, element).map_err(Refusal::failed)?;
            let value = value
                .ok_or_else(|| Refusal::Missing("that record has no value for the element".to_owned()))?;
            DecisionKind::Pin(entity, member(node, entity, subject)?, element, value)
        }
        (Ruling::TakeBack, [seq]) => {
            let seq = seq.parse().map_err(|_| usage("take-back takes the number of a decision"))?;
            DecisionKind::TakeBack(DecisionSeq(seq))
        }
        (Ruling::Link | Ruling::Unlink, _) => return Err(usage("link and unlink take two records")),
        (Ruling::Pin | Ruling::TakeBack, _) => return Err(usage("pin and take-back take one subject")),
    };
    let decided = node.decide(decision, actor, reason, wire::now()).map_err(Refusal::failed)?;
    Ok(json!({ "decision": decided.seq.0, "changes": decided.changes }))
}

/// What was decided, and on what.
pub(crate) fn told(node: &Node, decision: &DecisionKind) -> (String, Vec<String>) {
    let show = |key: &SourceKey| format!("{}:{}", key.system, node.shown(key));
    match decision {
        DecisionKind::Link(kind, a, b) => (format!("link {}", kind.name()), vec![show(a), show(b)]),
        DecisionKind::Unlink(kind, a, b) => (format!("unlink {}", kind.name()), vec![show(a), show(b)]),
        DecisionKind::Pin(kind, key, element, _) => {
            let id = node.dictionary().element(*element).map_or("", |element| &*element.id);
            (format!("pin {} {id}", kind.name()), vec![show(key)])
        }
        DecisionKind::TakeBack(seq) => ("take back".to_owned(), vec![seq.to_string()]),
        DecisionKind::Adopt(kind, file) => {
            let title = ModelFile::parse_yaml(file).map(|file| file.title());
            (format!("adopt a model of {}", kind.name()), title.into_iter().collect())
        }
    }
}

fn decisions(node: &Node) -> Json {
    let list = node.decisions().map(|(decision, holds)| {
        let (what, subjects) = told(node, &decision.kind);
        json!({
            "decision": decision.seq.0, "what": what, "subjects": subjects, "actor": decision.actor,
            "reason": decision.reason, "at": decision.at.to_string(), "holds": holds,
        })
    });
    Json::Array(list.collect())
}

fn quarantine_list(node: &Node) -> Result<Json, ReadError> {
    let entries = node.quarantined()?.into_iter().map(|entry| {
        json!({
            "id": entry.id.0, "system": entry.system.as_str(), "edition": entry.edition, "row": entry.locator,
            "rule": entry.rule, "reason": entry.reason, "bytes": entry.raw.len(),
        })
    });
    Ok(Json::Array(entries.collect()))
}

fn quarantine_show(node: &Node, id: u64) -> Result<Json, Refusal> {
    let entry = node.quarantine_entry(QuarantineId(id)).map_err(Refusal::failed)?;
    let entry = entry.ok_or_else(|| Refusal::Missing(format!("there is no quarantined row {id}")))?;
    Ok(json!({
        "id": id, "system": entry.system.as_str(), "edition": entry.edition, "row": entry.locator, "rule": entry.rule,
        "reason": entry.reason, "at": entry.at.to_string(), "raw": String::from_utf8_lossy(&entry.raw),
        "raw_hex": hex(&entry.raw),
    }))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn retry(node: &mut Node) -> Result<Json, Refusal> {
    let (closed, systems) = node.retry_quarantine().map_err(Refusal::failed)?;
    let systems: Vec<&str> = systems.iter().map(SystemId::as_str).collect();
    Ok(
        json!({ "rows": closed, "systems": systems, "next": "their files are read again by the next `yibiao run`" }),
    )
}

fn export_to(
    node: &Node,
    entity: &str,
    members: bool,
    out: &Path,
    format: ExportFormat,
) -> Result<Json, Refusal> {
    let kind = kind(entity)?;
    let lines = if members {
        export::members(node, kind, out, format)
    } else {
        export::entities(node, kind, out, format)
    };
    let lines = lines.map_err(Refusal::failed)?;
    Ok(json!({ "lines": lines, "file": out.display().to_string() }))
}

fn backup(node: &Node, to: &Path) -> Result<Json, Refusal> {
    node.store().backup(to).map_err(Refusal::failed)?;
    Ok(
        json!({ "file": to.display().to_string(), "changes": node.store().view().map_err(Refusal::failed)?.last().change.0 }),
    )
}

fn enable(node: &mut Node, subscription: &str) -> Result<Json, Refusal> {
    if !node.enable(subscription, wire::now()).map_err(Refusal::failed)? {
        return Err(Refusal::Missing(format!("there is no subscription {subscription} that is disabled")));
    }
    let accounts = node.accounts().map_err(Refusal::failed)?;
    let account = accounts.into_iter().find(|account| account.subscription == subscription);
    Ok(json!({ "subscription": subscription, "pending": account.map(|account| account.pending) }))
}

fn explained(node: &Node, subjects: &[String], entity: &str) -> Result<Json, Refusal> {
    let kind = kind(entity)?;
    match subjects {
        [one] => {
            let entity = match EntityId::parse(one) {
                Some(entity) => entity,
                None => node.entity_of(kind, &record(node, one)?).ok_or_else(|| {
                    Refusal::Missing("that record belongs to no entity any more".to_owned())
                })?,
            };
            let story = node.story(entity).map_err(Refusal::failed)?;
            let gone = || {
                Refusal::Missing(format!("there is no entity {entity} any more; it was merged, or never was"))
            };
            Ok(explain::story(node, &story.ok_or_else(gone)?))
        }
        [a, b] => {
            let none = || Refusal::Missing(format!("one of the two is no {} record any more", kind.name()));
            explain::pair(node, kind, &member(node, kind, a)?, &member(node, kind, b)?).ok_or_else(none)
        }
        _ => Err(Refusal::Failed("explain takes one or two subjects".to_owned())),
    }
}
