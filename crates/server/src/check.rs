//! `check`: configuration, reachability and rights, each finding with its cause and what to do. What it finds is asked
//! before a node is started, and by `doctor` beside one that runs.

use crate::config::Config;
use crate::exit::Failure;
use crate::output::{Output, table};
use crate::run;
use crate::wire::Wiring;
use serde::Serialize;
use std::path::Path;
use yibiao_contract::{Adapter, Connector, EventAdapter, Finding};

/// A finding as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    part: String,
    subject: String,
    pub(crate) good: bool,
    detail: String,
    hint: String,
}

impl Line {
    pub(crate) fn of(part: &str, finding: Finding) -> Self {
        let Finding { subject, good, detail, hint } = finding;
        Self { part: part.to_owned(), subject, good, detail, hint }
    }
}

pub(crate) async fn check(path: &Path, output: Output) -> Result<(), Failure> {
    let (config, wiring) = run::load(path)?;
    report(&findings(&config, &wiring).await?, output)
}

/// What is found of the data folder and of every peer that the configuration names.
pub(crate) async fn findings(config: &Config, wiring: &Wiring) -> Result<Vec<Line>, Failure> {
    let mut lines = vec![Line::of("node", data_folder(&config.data))];
    for source in wiring.sources() {
        let part = format!("source {}", source.mapping.system());
        lines.extend(source.connector.check().await.into_iter().map(|finding| Line::of(&part, finding)));
    }
    for delivery in wiring.deliveries() {
        let part = format!("delivery {}", delivery.subscription);
        lines.extend(delivery.adapter.check().await.into_iter().map(|finding| Line::of(&part, finding)));
    }
    for delivery in wiring.event_deliveries().map_err(|error| Failure::config(&error))? {
        let part = format!("delivery {}", delivery.subscription);
        lines.extend(delivery.adapter.check().await.into_iter().map(|finding| Line::of(&part, finding)));
    }
    Ok(lines)
}

/// Prints what was found; fails where something of it needs a person.
pub(crate) fn report(lines: &[Line], output: Output) -> Result<(), Failure> {
    let bad = lines.iter().filter(|line| !line.good).count();
    output.result(&lines, |lines| {
        // What needs a person is seen first.
        let (good, bad): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.good);
        let rows = bad.into_iter().chain(good).map(|line| {
            let mark = if line.good { "ok" } else { "needs attention" };
            [mark, &line.part, &line.subject, &line.detail, &line.hint].map(str::to_owned)
        });
        table(["", "part", "looked at", "found", "what to do"], rows)
    });
    match bad {
        0 => Ok(()),
        1 => Err(Failure::check("1 finding needs attention".to_owned())),
        bad => Err(Failure::check(format!("{bad} findings need attention"))),
    }
}

/// Whether the data folder can be made and written to.
fn data_folder(data: &Path) -> Finding {
    let subject = format!("folder {}", data.display());
    let probe = data.join(".yibiao-check");
    let tried = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding { subject, good: true, detail: "can be written".to_owned(), hint: String::new() },
        Err(error) => Finding {
            subject,
            good: false,
            detail: format!("cannot be written: {error}"),
            hint: "make the folder, or give this user the right to write to it".to_owned(),
        },
    }
}
