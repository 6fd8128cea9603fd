//! Tasks for a steward as a workbook, and the workbook as decisions: out to whoever decides in a spreadsheet program, and
//! back.
//!
//! **Invariant:** a row of the workbook decides nothing that was not asked; what is not taken over is told with its row.

mod read;
mod sort;
mod write;

use crate::handle::Refusal;
use crate::wire;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sort::{Ruled, Sorted, Standing};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use yibiao_pipeline::Node;
use yibiao_record::{DecisionKind, DecisionSeq, EntityKind, SourceKey, SystemId};
use yibiao_resolve::{PairStory, Review};

/// The sheet of tasks, and that of decisions.
const TASKS: &str = "任务 tasks";
const DECISIONS: &str = "结论 decisions";
/// The columns of tasks.
const COLUMNS: [&str; 9] = [
    "任务 task",
    "类别 entity",
    "项目 item",
    "甲方 one side",
    "乙方 other side",
    "比较 compared",
    "结论 decision",
    "理由(勿写个人信息) reason (no personal data)",
    "凭据 token",
];
/// The columns of decisions.
const DECISION_COLUMNS: [&str; 7] =
    ["序号 number", "内容 what", "对象 subjects", "账号 actor", "理由 reason", "时间 at", "撤回 take back"];
/// What may stand in the column to decide in.
const SAME: &str = "同一 same";
const DIFFERENT: &str = "不同 different";
const UNSURE: &str = "不确定 unsure";
/// What may stand in the column to take back in.
const TAKE_BACK: &str = "撤回 take back";

/// What a task is about, as it goes with its rows: the pair that is ruled on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Token(String, [String; 2], [String; 2]);

impl Token {
    fn new(kind: EntityKind, left: &SourceKey, right: &SourceKey) -> Self {
        let side = |key: &SourceKey| [key.system.to_string(), key.local.to_string()];
        Token(kind.name().to_owned(), side(left), side(right))
    }

    fn read(text: &str) -> Option<(EntityKind, SourceKey, SourceKey)> {
        let Token(kind, left, right) = serde_json::from_str(text).ok()?;
        let key = |[system, local]: [String; 2]| {
            Some(SourceKey { system: SystemId::new(&system).ok()?, local: local.into() })
        };
        Some((EntityKind::by_name(&kind)?, key(left)?, key(right)?))
    }
}

/// A task: two clusters, and the pair of their records that the ruling is to be on.
struct Task {
    kind: EntityKind,
    review: Review,
    pair: PairStory,
}

/// Pairs of a task that are looked at for the one to rule on.
const PAIRS_MAX: usize = 64;

/// The waiting tasks of all kinds, what would change most first.
fn tasks(node: &Node, limit: usize) -> Vec<Task> {
    let mut tasks = Vec::new();
    for kind in EntityKind::ALL {
        for review in node.reviews(kind).into_iter().take(limit) {
            tasks.extend(strongest(node, kind, &review).map(|pair| Task { kind, review, pair }));
        }
    }
    let changes = |task: &Task| task.review.left.len() * task.review.right.len();
    // Within a kind they are in order already; what is equal stays so.
    tasks.sort_by(|a, b| changes(b).cmp(&changes(a)).then(b.review.average.cmp(&a.review.average)));
    tasks.truncate(limit);
    tasks
}

/// The pair of two clusters that a rule asks about, else the one that weighs most.
fn strongest(node: &Node, kind: EntityKind, review: &Review) -> Option<PairStory> {
    let engine = node.world().engine(kind);
    let pairs = review.left.iter().flat_map(|left| review.right.iter().map(move |right| (left, right)));
    let stories = pairs.take(PAIRS_MAX).filter_map(|(left, right)| engine.explain_pair(left, right));
    let asks = |pair: &PairStory| pair.rule == Some(yibiao_resolve::Effect::Review);
    stories.max_by(|a, b| {
        (asks(a), a.weight)
            .cmp(&(asks(b), b.weight))
            .then_with(|| (&b.left, &b.right).cmp(&(&a.left, &a.right)))
    })
}

/// Writes the waiting tasks, and the decisions that hold, as a workbook.
pub(crate) fn export(node: &Node, out: &Path, limit: usize) -> Result<Json, Refusal> {
    if out.exists() {
        let why = format!(
            "{} is there already, and may hold decisions; import it first, or name another file",
            out.display()
        );
        return Err(Refusal::Failed(why));
    }
    let tasks = tasks(node, limit);
    write::workbook(node, &tasks, out)?;
    let waiting: usize = EntityKind::ALL.into_iter().map(|kind| node.reviews(kind).len()).sum();
    Ok(json!({ "file": out.display().to_string(), "tasks": tasks.len(), "waiting": waiting }))
}

/// Takes over what was decided in a workbook, and tells of each row what became of it.
pub(crate) fn import(node: &mut Node, file: &Path, actor: &str) -> Result<Json, Refusal> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (rows, take_backs) = read::workbook(file)?;
    let Sorted { ruled, undecided, contradictory, unclear } = sort::sort(rows, &standing(node));
    let asked = asked(node);
    let (mut decided, mut past) = (Vec::new(), Vec::new());
    for Ruled { row, kind, left, right, same, reason } in ruled {
        if let Err(why) = still_asked(node, &asked, kind, &left, &right) {
            past.push(json!({ "row": row, "why": why }));
            continue;
        }
        let shown = [&left, &right].map(|key| format!("{}:{}", key.system, node.shown(key)));
        let decision = if same {
            DecisionKind::Link(kind, left, right)
        } else {
            DecisionKind::Unlink(kind, left, right)
        };
        let reason = if reason.is_empty() { format!("{name}, row {row}") } else { reason };
        match node.decide(decision, actor, &reason, wire::now()) {
            Ok(done) => decided.push(json!({
                "row": row, "decision": done.seq.0, "what": if same { "link" } else { "unlink" }, "subjects": shown,
                "changes": done.changes,
            })),
            Err(error) => past.push(json!({ "row": row, "why": error.to_string() })),
        }
    }
    let mut taken_back = Vec::new();
    for (row, seq) in take_backs {
        match node.decide(DecisionKind::TakeBack(DecisionSeq(seq)), actor, &format!("{name}, row {row}"), wire::now()) {
            Ok(done) => taken_back.push(json!({
                "row": row, "decision": done.seq.0, "what": "take back", "subjects": [seq.to_string()], "changes": done.changes,
            })),
            Err(error) => past.push(json!({ "row": row, "why": error.to_string() })),
        }
    }
    let told = |rows: Vec<(u64, String)>| -> Vec<Json> {
        rows.into_iter().map(|(row, why)| json!({ "row": row, "why": why })).collect()
    };
    Ok(json!({
        "decided": decided, "taken_back": taken_back, "undecided": undecided, "contradictory": told(contradictory),
        "unclear": told(unclear), "no_longer_asked": past,
    }))
}

/// Rulings in force, which new ones must not contradict.
fn standing(node: &Node) -> Vec<Standing> {
    let mut in_force: BTreeMap<(EntityKind, SourceKey, SourceKey), Standing> = BTreeMap::new();
    for (decision, _) in node.decisions().filter(|(_, holds)| *holds) {
        let (kind, a, b, same) = match &decision.kind {
            DecisionKind::Link(kind, a, b) => (*kind, a, b, true),
            DecisionKind::Unlink(kind, a, b) => (*kind, a, b, false),
            DecisionKind::Pin(..) | DecisionKind::TakeBack(_) | DecisionKind::Adopt(..) => continue,
        };
        let (left, right) = if a <= b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
        let standing = Standing { seq: decision.seq.0, kind, left: left.clone(), right: right.clone(), same };
        // Of two on one pair the later holds.
        in_force.insert((kind, left, right), standing);
    }
    in_force.into_values().collect()
}

/// Which records each record's cluster is asked about.
type Asked = BTreeMap<(EntityKind, SourceKey), BTreeSet<SourceKey>>;

fn asked(node: &Node) -> Asked {
    let mut asked = Asked::new();
    for kind in EntityKind::ALL {
        for review in node.reviews(kind) {
            for (one, other) in [(&review.left, &review.right), (&review.right, &review.left)] {
                for key in one {
                    asked.entry((kind, key.clone())).or_default().extend(other.iter().cloned());
                }
            }
        }
    }
    asked
}

fn still_asked(
    node: &Node,
    asked: &Asked,
    kind: EntityKind,
    left: &SourceKey,
    right: &SourceKey,
) -> Result<(), String> {
    let of = |key: &SourceKey| node.world().entity_of(kind, key);
    match (of(left), of(right)) {
        (Some(one), Some(other)) if one == other => Err(format!("the two are one already: {one}")),
        (Some(_), Some(_))
            if asked.get(&(kind, left.clone())).is_some_and(|others| others.contains(right)) =>
        {
            Ok(())
        }
        (Some(_), Some(_)) => {
            Err("nobody asks about the two any more: what is known of them changed".to_owned())
        }
        _ => Err("one of the two records no longer stands".to_owned()),
    }
}
