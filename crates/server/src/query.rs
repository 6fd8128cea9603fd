//! The verbs that ask a node something: a running one through its socket, a stopped one by opening it.

use crate::cli::{
    BackupArgs, ConfigArg, ExplainArgs, ExportArgs, ExportFormat, QuarantineArgs, QuarantineVerb,
    RestoreArgs, ReviewArgs, ReviewVerb, SchemaArgs, SchemaVerb,
};
use crate::control::{self, Answer, Request};
use crate::exit::Failure;
use crate::output::{Output, table};
use crate::{explain, handle, run, waterfall};
use prometheus::Registry;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use yibiao_record::EntityKind;
use yibiao_schema::{Dictionary, avro};
use yibiao_store::OpenError;

/// How long a node that has the store may take until it answers, and how often it is asked.
const STARTING_MAX: Duration = Duration::from_secs(30);
const ASK_AGAIN: Duration = Duration::from_millis(50);

pub(crate) async fn ask(config: &ConfigArg, request: Request) -> Result<Json, Failure> {
    let (config, wiring) = run::load(&config.config)?;
    let started = Instant::now();
    let answer = loop {
        let running = control::ask(&config.data, &request).await.map_err(|error| {
            Failure::failed(format!("cannot reach the node that runs on {}: {error}", config.data.display()))
        })?;
        if let Some(answer) = running {
            break answer;
        }
        // A node that is just starting or stopping has the store, and does not answer.
        match run::open_store(&config) {
            Err(OpenError::InUse { .. }) if started.elapsed() < STARTING_MAX => {
                tokio::time::sleep(ASK_AGAIN).await;
            }
            store => {
                let store = store.map_err(|error| Failure::run(&error))?;
                break handle::handle(&mut run::open_on(store, &wiring, &Registry::new())?, request);
            }
        }
    };
    match answer {
        Answer::Done(result) => Ok(result),
        Answer::Missing(what) => Err(Failure::missing(what)),
        Answer::Failed(why) => Err(Failure::failed(why)),
    }
}

/// The path as another process understands it.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::run(&error))
}

pub(crate) async fn status(arguments: &ConfigArg, output: Output) -> Result<(), Failure> {
    output.result(&ask(arguments, Request::Status).await?, handle::status_text);
    Ok(())
}

pub(crate) async fn explain(arguments: &ExplainArgs, output: Output) -> Result<(), Failure> {
    let request = Request::Explain { subjects: arguments.subjects.clone(), entity: arguments.entity.clone() };
    let explained = ask(&arguments.config, request).await?;
    if let Some(path) = &arguments.svg {
        let drawn = waterfall::svg(&explained)
            .ok_or_else(|| Failure::usage("only two records have a waterfall; name two"))?;
        std::fs::write(path, drawn)
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
    }
    output.result(&explained, explain::text);
    Ok(())
}

pub(crate) async fn review(arguments: ReviewArgs, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        ReviewVerb::List { config, limit } => {
            let tasks = ask(&config, Request::ReviewList { limit }).await?;
            output.result(&tasks, |tasks| {
                rows(tasks, ["entity", "left", "right", "weight_bits"], "No task waits for a steward.")
            });
        }
        ReviewVerb::Decisions(config) => {
            let list = ask(&config, Request::Decisions).await?;
            let columns = ["decision", "what", "subjects", "actor", "reason", "at", "holds"];
            output.result(&list, |list| rows(list, columns, "No decision was taken."));
        }
        ReviewVerb::Export { config, out, limit } => {
            let done = ask(&config, Request::ReviewExport { out: absolute(&out)?, limit }).await?;
            output.result(&done, |done| {
                format!(
                    "{} of {} waiting tasks in {}",
                    cell(done, "tasks"),
                    cell(done, "waiting"),
                    cell(done, "file")
                )
            });
        }
        ReviewVerb::Import { config, file, actor } => {
            let done = ask(&config, Request::ReviewImport { file: absolute(&file)?, actor }).await?;
            output.result(&done, imported);
            let bad = list(&done, "contradictory").len() + list(&done, "unclear").len();
            if bad > 0 {
                return Err(Failure::check(format!(
                    "{bad} rows were not taken over; correct them and import the file again"
                )));
            }
        }
        ReviewVerb::Decide(decide) => {
            let request = Request::Decide {
                ruling: decide.ruling,
                subjects: decide.subjects,
                element: decide.element,
                from: decide.from,
                entity: decide.entity,
                actor: decide.actor,
                reason: decide.reason,
            };
            let done = ask(&decide.config, request).await?;
            output.result(&done, |done| {
                format!(
                    "decision {} holds; {} changes were published",
                    cell(done, "decision"),
                    cell(done, "changes")
                )
            });
        }
    }
    Ok(())
}

/// What became of the rows of a workbook, as a person reads it.
fn imported(done: &Json) -> String {
    let decided = list(done, "decided").iter().chain(list(done, "taken_back"));
    let decided =
        decided.map(|of| ["row", "decision", "what", "subjects", "changes"].map(|name| cell(of, name)));
    let told = |name: &str| {
        let rows = list(done, name);
        let lines = rows.iter().map(|of| format!("  row {}: {}", cell(of, "row"), cell(of, "why")));
        format!("{}\n{}", rows.len(), lines.collect::<Vec<_>>().join("\n")).trim_end().to_owned()
    };
    format!(
        "Decided\n{}\n\nUndecided {}\nContradictory {}\nNot understood {}\nNo longer asked {}",
        table(["row", "decision", "", "on", "changes"], decided),
        list(done, "undecided").len(),
        told("contradictory"),
        told("unclear"),
        told("no_longer_asked"),
    )
}

pub(crate) async fn quarantine(arguments: QuarantineArgs, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        QuarantineVerb::List(config) => {
            let list = ask(&config, Request::QuarantineList).await?;
            let columns = ["id", "system", "edition", "row", "rule", "reason"];
            output.result(&list, |list| rows(list, columns, "The quarantine is empty."));
        }
        QuarantineVerb::Show { config, id } => {
            let entry = ask(&config, Request::QuarantineShow { id }).await?;
            output.result(&entry, |entry| {
                let lines = ["id", "system", "edition", "row", "rule", "reason", "at", "raw"];
                lines.map(|name| format!("{name:<8} {}", cell(entry, name))).join("\n")
            });
        }
        QuarantineVerb::Retry(config) => {
            let done = ask(&config, Request::QuarantineRetry).await?;
            output.result(&done, |done| {
                format!("{} rows are let go of; {}", cell(done, "rows"), cell(done, "next"))
            });
        }
    }
    Ok(())
}

pub(crate) async fn export(arguments: &ExportArgs, output: Output) -> Result<(), Failure> {
    let by_ending = match arguments.out.extension().and_then(|extension| extension.to_str()) {
        Some("ndjson" | "jsonl") => ExportFormat::Ndjson,
        _ => ExportFormat::Csv,
    };
    let request = Request::Export {
        entity: arguments.entity.clone(),
        members: arguments.members,
        out: absolute(&arguments.out)?,
        format: arguments.format.unwrap_or(by_ending),
    };
    let done = ask(&arguments.config, request).await?;
    output.result(&done, |done| format!("{} lines in {}", cell(done, "lines"), cell(done, "file")));
    Ok(())
}

pub(crate) fn schema(arguments: &SchemaArgs, output: Output) -> Result<(), Failure> {
    let SchemaVerb::Export { out } = &arguments.verb;
    let write = |name: &str, text: &str| -> Result<String, Failure> {
        let path = out.join(name);
        std::fs::create_dir_all(out)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
        Ok(path.display().to_string())
    };
    let mut files = Vec::new();
    for kind in EntityKind::ALL {
        let text = avro::export(Dictionary::shipped(), kind);
        files.push(write(&format!("{}.v1.avsc", kind.name()), &text)?);
    }
    output.result(&files, |files| files.join("\n"));
    Ok(())
}

pub(crate) async fn backup(arguments: &BackupArgs, output: Output) -> Result<(), Failure> {
    let done = ask(&arguments.config, Request::Backup { to: absolute(&arguments.to)? }).await?;
    output.result(&done, |done| {
        format!("{} holds the store up to change {}", cell(done, "file"), cell(done, "changes"))
    });
    Ok(())
}

pub(crate) fn restore(arguments: &RestoreArgs, output: Output) -> Result<(), Failure> {
    let (config, _) = run::load(&arguments.config.config)?;
    yibiao_store::restore(&arguments.from, &run::store_options(&config))
        .map_err(|error| Failure::run(&error))?;
    let done = json!({ "data": config.data.display().to_string() });
    output.result(&done, |done| format!("restored into {}", cell(done, "data")));
    Ok(())
}

/// A list of objects as a table.
pub(crate) fn rows<const N: usize>(list: &Json, columns: [&str; N], nothing: &str) -> String {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return nothing.to_owned();
    }
    table(columns, list.iter().map(|of| columns.map(|column| cell(of, column))))
}

/// A member of an object that is a list.
pub(crate) fn list<'a>(of: &'a Json, name: &str) -> &'a [Json] {
    of.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A member of an object as text; a list as its items.
pub(crate) fn cell(of: &Json, name: &str) -> String {
    match of.get(name) {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(" "),
        Some(other) => other.to_string(),
    }
}
