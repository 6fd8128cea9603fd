//! `model`, `plan`, `apply`: how records are compared, learnt and put in force.

pub(crate) mod answer;
mod report;

use crate::cli::{ApplyArgs, ModelArgs, ModelVerb, PlanArgs, ReportArgs, TrainArgs};
use crate::control::Request;
use crate::exit::Failure;
use crate::flat;
use crate::output::{Output, table};
use crate::query::{absolute, ask, cell, list};
use serde_json::{Value as Json, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use yibiao_resolve::Spec;
use yibiao_resolve::file::ModelFile;
use yibiao_resolve::train::Trained;

pub(crate) async fn model(arguments: ModelArgs, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        ModelVerb::Train(arguments) => train(arguments, output).await,
        ModelVerb::Report(arguments) => report(&arguments, output),
    }
}

/// The name and version that a file's name gives: `person.v2.yaml`.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) version: u32,
}

impl Named {
    pub(crate) fn of(path: &Path) -> Option<Named> {
        let stem = path.file_name()?.to_str()?.strip_suffix(".yaml")?;
        let (name, version) = stem.rsplit_once(".v")?;
        let version = version.parse().ok().filter(|version| *version > 0)?;
        (!name.is_empty()).then(|| Named { name: name.to_owned(), version })
    }
}

async fn train(arguments: TrainArgs, output: Output) -> Result<(), Failure> {
    let TrainArgs { config, entity, schema, inputs, out } = arguments;
    let named = Named::of(&out).ok_or_else(|| {
        Failure::usage(format!(
            "{} tells no name and version; write NAME.vNUMBER.yaml, such as person.v2.yaml",
            out.display()
        ))
    })?;
    if out.exists() {
        return Err(exists(&out));
    }
    let learnt = match (config, schema) {
        (Some(config), _) => {
            let request =
                Request::Learn { entity, name: named.name, version: named.version, out: absolute(&out)? };
            ask(&crate::cli::ConfigArg { config }, request).await?
        }
        (None, Some(schema)) => {
            let (spec, trained) = flat::learn(&schema, &inputs, output)?;
            keep(&named, spec, trained, &out).map_err(Failure::failed)?
        }
        (None, None) => {
            return Err(Failure::usage("name a node with -c, or a --schema and files".to_owned()));
        }
    };
    let findings = list(&learnt, "findings");
    if !findings.is_empty() {
        let reasons: Vec<&str> = findings.iter().filter_map(Json::as_str).collect();
        return Err(Failure::implausible(format!(
            "what was learnt is no plausible model, and nothing was written:\n       {}",
            reasons.join("\n       ")
        )));
    }
    output.result(&learnt, |learnt| {
        format!(
            "{} ({})\nlearnt from {} records; about {} pairs match\n{}",
            cell(learnt, "model"),
            cell(learnt, "digest"),
            cell(learnt, "records"),
            cell(learnt, "matches"),
            cell(learnt, "file"),
        )
    });
    Ok(())
}

fn exists(path: &Path) -> Failure {
    Failure::failed(format!(
        "{} is there already, and a version of a model never changes; write the next version",
        path.display()
    ))
}

/// Writes what was learnt, where it is plausible, and tells of it.
pub(crate) fn keep(named: &Named, spec: Spec, trained: Trained, out: &Path) -> Result<Json, String> {
    let Trained { model, made, findings } = trained;
    if !findings.is_empty() {
        return Ok(json!({
            "findings": findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "rules": findings.iter().map(|finding| finding.rule()).collect::<Vec<_>>(),
        }));
    }
    let (records, matches) = (made.records, made.matches);
    let file = ModelFile::new(&named.name, named.version, made, spec, model);
    let write = || -> std::io::Result<()> {
        let mut to = std::fs::File::options().write(true).create_new(true).open(out)?;
        to.write_all(file.to_yaml().as_bytes())?;
        to.sync_all()
    };
    write().map_err(|error| {
        format!(
            "cannot write the model to {}: {error}; a version of a model never changes: write a new file",
            out.display()
        )
    })?;
    Ok(json!({
        "model": file.title(), "digest": file.digest, "records": records, "matches": matches,
        "file": out.display().to_string(), "findings": [],
    }))
}

fn report(arguments: &ReportArgs, output: Output) -> Result<(), Failure> {
    let file = read(&arguments.model)?;
    let against = arguments.against.as_deref().map(checked).transpose()?;
    let page = report::html(&file, against.as_ref().map(|(_, file)| file));
    std::fs::write(&arguments.out, page)
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", arguments.out.display())))?;
    let done = json!({ "file": arguments.out.display().to_string(), "model": file.title() });
    output.result(&done, |done| format!("{} in {}", cell(done, "model"), cell(done, "file")));
    Ok(())
}

/// Reads a model file.
pub(crate) fn read(path: &Path) -> Result<ModelFile, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::failed(format!("cannot read the model {}: {error}", path.display())))?;
    ModelFile::parse_yaml(&text).map_err(|error| Failure::config(&error))
}

/// A model file that another process is to read: read here first, so that what is wrong is told before it is asked.
fn checked(path: &Path) -> Result<(PathBuf, ModelFile), Failure> {
    let file = read(path)?;
    Ok((absolute(path)?, file))
}

pub(crate) async fn plan(arguments: PlanArgs, output: Output) -> Result<(), Failure> {
    let (model, file) = checked(&arguments.model)?;
    let request = Request::PlanModel { digest: file.content_digest().into(), model, limit: arguments.limit };
    output.result(&ask(&arguments.config, request).await?, plan_text);
    Ok(())
}

pub(crate) async fn apply(arguments: ApplyArgs, output: Output) -> Result<(), Failure> {
    let (model, file) = checked(&arguments.model)?;
    let request = Request::ApplyModel {
        digest: file.content_digest().into(),
        model,
        actor: arguments.actor,
        reason: arguments.reason,
    };
    let done = ask(&arguments.config, request).await?;
    output.result(&done, |done| {
        format!(
            "{} is in force by decision {}, after submission {}; {} changes were published\nto go back: yibiao review decide take-back {}",
            cell(done, "model"),
            cell(done, "decision"),
            cell(done, "submission"),
            cell(done, "changes"),
            cell(done, "decision"),
        )
    });
    Ok(())
}

/// A plan as a person reads it.
fn plan_text(plan: &Json) -> String {
    let columns = [
        "entity",
        "entities_before",
        "entities_after",
        "merged",
        "split",
        "created",
        "retired",
        "revalued",
        "related",
        "reviews_before",
        "reviews_after",
    ];
    let header = [
        "",
        "entities",
        "after",
        "merged",
        "split off",
        "created",
        "retired",
        "values change",
        "only relations",
        "tasks",
        "after",
    ];
    let counts = list(plan, "counts").iter().map(|of| columns.map(|column| cell(of, column)));
    let values = list(plan, "values")
        .iter()
        .map(|of| ["entity", "element", "zh", "changes"].map(|name| cell(of, name)));
    let items = list(plan, "list")
        .iter()
        .map(|of| ["what", "entity", "other", "records", "others"].map(|name| cell(of, name)));
    format!(
        "{} in place of {}\n\n{}\n\nValues that would change\n{}\n\nWhat would merge, split and change value ({} of {})\n{}",
        cell(plan, "after"),
        cell(plan, "before"),
        table(header, counts),
        table(["entity", "element", "", "entities"], values),
        list(plan, "list").len(),
        cell(plan, "steps"),
        table(["", "entity", "with", "its records", "the other's"], items),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_file_is_named_by_name_and_version() {
        let named = Named::of(Path::new("/a/person.v12.yaml")).unwrap();
        assert_eq!((&*named.name, named.version), ("person", 12));
        for path in ["person.yaml", "person.v0.yaml", "person.vx.yaml", ".v1.yaml", "person.v1.json"] {
            assert!(Named::of(Path::new(path)).is_none(), "{path}");
        }
    }
}
