//! The same on invented sets that are not of persons, for whoever changes what is compared and how:
//! `accuracy_invented [SEED [FOLDER]]`. With a folder, the rows are written there with their cluster and their entity.

use std::fmt::Write as _;
use std::path::PathBuf;
use yibiao_benches::invented::{self, Invented};
use yibiao_benches::report;
use yibiao_resolve::flat::Flat;
use yibiao_tests::Failure;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args_os().skip(1);
    let seed = arguments.next().and_then(|seed| seed.to_str().map(str::parse)).transpose()?.unwrap_or(1);
    let folder = arguments.next().map(PathBuf::from);
    for set in invented::sets(seed) {
        let (score, resolved) = set.run()?;
        report::tell(&format!(
            "{:18} {:5} records {:5} entities {:5} clusters, pairwise P {:.4} R {:.4} F1 {:.4}, {} reviews",
            set.name,
            score.records,
            score.entities,
            score.clusters,
            score.pairwise.precision,
            score.pairwise.recall,
            score.pairwise.f1(),
            resolved.reviews,
        ));
        if let Some(folder) = &folder {
            std::fs::write(folder.join(format!("{}.csv", set.name)), rows(&set, &resolved)?)?;
            std::fs::write(
                folder.join(format!("{}.model.json", set.name)),
                serde_json::to_string_pretty(&resolved.weights.trained().map(|trained| &trained.model))?,
            )?;
        }
    }
    Ok(())
}

/// The rows with cluster, entity and file before them.
fn rows(set: &Invented, resolved: &Flat) -> Result<String, Failure> {
    let mut text = String::new();
    for (((name, sheet), entities), numbers) in set.files.iter().zip(&set.truth).zip(&resolved.clusters) {
        for ((row, entity), number) in sheet.rows.iter().zip(entities).zip(numbers) {
            writeln!(text, "{number}|{entity}|{name}|{}", row.join("|"))?;
        }
    }
    Ok(text)
}
