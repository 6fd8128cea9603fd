//! `dlq`: what receivers refused for good; listed, looked at, sent again, or dropped.
//!
//! **Invariant:** only `show` tells what a letter holds, and it leaves an entry in the audit log.

use crate::cli::{DlqArgs, DlqSome, DlqVerb, DlqWhich};
use crate::control::Request;
use crate::exit::Failure;
use crate::handle::{Refusal, hex};
use crate::output::Output;
use crate::query::{ask, cell, rows};
use crate::wire;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use yibiao_contract::error_headers;
use yibiao_pipeline::{Node, Selection};
use yibiao_store::DeadLetter;

/// What is asked about dead letters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    List { which: Which, limit: usize },
    Show { letter: (String, u64), actor: String },
    Replay { which: Which, actor: String },
    Purge { which: Which, actor: String },
}

/// Which letters are meant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Which {
    letters: Vec<(String, u64)>,
    subscription: Option<String>,
    reason: Option<String>,
}

impl Which {
    fn typed(which: DlqWhich) -> Result<Which, Failure> {
        let letters = which.letters.iter().map(|name| letter(name)).collect::<Result<_, _>>()?;
        Ok(Which { letters, subscription: which.subscription, reason: which.reason })
    }

    /// The same, where everything is meant only by those who say so.
    fn typed_or_all(DlqSome { which, all }: DlqSome) -> Result<Which, Failure> {
        let which = Which::typed(which)?;
        let names = !which.letters.is_empty() || which.subscription.is_some() || which.reason.is_some();
        if names || all {
            return Ok(which);
        }
        Err(Failure::usage("name letters, --subscription or --reason, or say --all"))
    }

    fn selection(self) -> Selection {
        Selection {
            letters: self.letters.into_iter().map(|(subscription, at)| (subscription.into(), at)).collect(),
            subscription: self.subscription.map(String::into),
            code: self.reason.map(String::into),
        }
    }
}

/// A letter's name as people type it.
fn letter(name: &str) -> Result<(String, u64), Failure> {
    let parsed = name
        .rsplit_once(':')
        .and_then(|(subscription, at)| Some((subscription.to_owned(), at.parse().ok()?)));
    parsed.ok_or_else(|| {
        Failure::usage(format!("{name:?} is no dead letter: write SUBSCRIPTION:POSITION, as `dlq list` does"))
    })
}

/// What a node says.
pub(crate) fn answer(node: &mut Node, what: Ask) -> Result<Json, Refusal> {
    let now = wire::now();
    match what {
        Ask::List { which, limit } => {
            let (letters, all) = node.dead_letters(&which.selection(), limit).map_err(Refusal::failed)?;
            Ok(json!({ "letters": letters.iter().map(line).collect::<Vec<_>>(), "all": all }))
        }
        Ask::Show { letter: (subscription, at), actor } => {
            let found = node.look_at_dead_letter(&subscription, at, &actor, now).map_err(Refusal::failed)?;
            let found = found
                .ok_or_else(|| Refusal::Missing(format!("there is no dead letter {subscription}:{at}")))?;
            Ok(whole(&found))
        }
        Ask::Replay { which, actor } => {
            let count = node.replay_dead_letters(&which.selection(), &actor, now).map_err(Refusal::failed)?;
            Ok(
                json!({ "letters": count, "next": "a running node sends them again at once, a stopped one at its next run" }),
            )
        }
        Ask::Purge { which, actor } => {
            let count = node.purge_dead_letters(&which.selection(), &actor, now).map_err(Refusal::failed)?;
            Ok(json!({ "letters": count, "next": "their changes stay counted as dead" }))
        }
    }
}

/// A letter without what it holds.
fn line(letter: &DeadLetter) -> Json {
    json!({
        "letter": format!("{}:{}", letter.subscription, letter.at), "subscription": &*letter.subscription,
        "position": letter.at.0, "reason": &*letter.code, "detail": &*letter.reason, "receiver": &*letter.receiver,
        "refused": letter.refused, "refused_at": letter.refused_at.to_string(), "bytes": letter.body.len(),
        "replay": letter.replay,
    })
}

fn whole(letter: &DeadLetter) -> Json {
    let mut headers: Map<String, Json> =
        letter.headers.iter().map(|(name, value)| (name.to_string(), (**value).into())).collect();
    let errors =
        error_headers(&letter.sender, &letter.subscription, letter.at.0, &letter.code, &letter.reason);
    headers.extend(errors.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    let mut whole = line(letter);
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("key".to_owned(), String::from_utf8_lossy(&letter.key).into());
        whole.insert("headers".to_owned(), headers.into());
        whole.insert("body".to_owned(), String::from_utf8_lossy(&letter.body).into());
        whole.insert("body_hex".to_owned(), hex(&letter.body).into());
    }
    whole
}

pub(crate) async fn dlq(arguments: DlqArgs, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        DlqVerb::List { config, which, limit } => {
            let what = Ask::List { which: Which::typed(which)?, limit };
            output.result(&ask(&config, Request::Dlq(what)).await?, list);
        }
        DlqVerb::Show { config, letter: name, actor } => {
            let what = Ask::Show { letter: letter(&name)?, actor: actor.actor };
            output.result(&ask(&config, Request::Dlq(what)).await?, |found| {
                let names = ["letter", "reason", "detail", "receiver", "refused", "refused_at", "key"];
                let mut lines: Vec<String> =
                    names.map(|name| format!("{name:<10} {}", cell(found, name))).into();
                let headers = found.get("headers").and_then(Json::as_object).into_iter().flatten();
                lines.extend(headers.map(|(name, value)| {
                    format!("{:<10} {name}: {}", "header", value.as_str().unwrap_or_default())
                }));
                lines.push(format!("{:<10} {}", "body", cell(found, "body")));
                lines.join("\n")
            });
        }
        DlqVerb::Replay { config, some, actor } => {
            let what = Ask::Replay { which: Which::typed_or_all(some)?, actor: actor.actor };
            output.result(&ask(&config, Request::Dlq(what)).await?, |done| {
                format!("{} letters are marked: {}", cell(done, "letters"), cell(done, "next"))
            });
        }
        DlqVerb::Purge { config, some, actor } => {
            let what = Ask::Purge { which: Which::typed_or_all(some)?, actor: actor.actor };
            output.result(&ask(&config, Request::Dlq(what)).await?, |done| {
                format!("{} letters are gone; {}", cell(done, "letters"), cell(done, "next"))
            });
        }
    }
    Ok(())
}

fn list(found: &Json) -> String {
    let columns = ["letter", "reason", "detail", "receiver", "refused", "bytes", "replay"];
    let letters = found.get("letters").cloned().unwrap_or_default();
    let shown = letters.as_array().map_or(0, Vec::len);
    let text = rows(&letters, columns, "There is no dead letter.");
    match found.get("all").and_then(Json::as_u64) {
        Some(all) if usize::try_from(all).is_ok_and(|all| all > shown) => {
            format!("{text}\n\nthe first {shown} of {all}")
        }
        _ => text,
    }
}
