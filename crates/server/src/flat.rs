//! `resolve`: de-duplicates any CSV files, without a node.

use crate::cli::ResolveArgs;
use crate::exit::Failure;
use crate::output::Output;
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::{Path, PathBuf};
use yibiao_format::{Cell, Layout, Limits};
use yibiao_resolve::flat::{self, Progress, Schema, Table, Weights};
use yibiao_resolve::train::Trained;
use yibiao_resolve::{Model, Spec};

/// A file, read whole.
struct Input {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    keys: Vec<String>,
}

/// What came of it, as it is printed.
#[derive(Debug, Serialize)]
struct Summary {
    rows: usize,
    clusters: u64,
    rows_in_clusters_of_two_or_more: usize,
    reviews: usize,
    unreadable_rows: usize,
    /// Where the weights come from.
    weights: &'static str,
    /// What speaks against what was learnt.
    findings: Vec<String>,
    file: String,
}

/// The schema and the files.
struct Opened {
    schema: Schema,
    inputs: Vec<Input>,
    unreadable: usize,
}

impl Opened {
    fn new(schema: &Path, paths: &[PathBuf]) -> Result<Opened, Failure> {
        let text = std::fs::read_to_string(schema).map_err(|error| {
            Failure::failed(format!("cannot read the schema {}: {error}", schema.display()))
        })?;
        let schema = Schema::parse(&text).map_err(|error| Failure::config(&error))?;
        let (mut unreadable, mut inputs) = (0, Vec::new());
        for path in paths {
            inputs.push(read(path, &schema, &mut unreadable)?);
        }
        Ok(Opened { schema, inputs, unreadable })
    }

    fn tables(&self) -> Vec<Table<'_>> {
        self.inputs.iter().map(|input| Table { header: &input.header, rows: &input.rows }).collect()
    }
}

/// Shows what is going on.
fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Reading(rows) => bar.set_message(format!("reading {rows} rows")),
        Progress::Training => bar.set_message("learning weights"),
        Progress::Comparing(rows) => bar.set_message(format!("comparing {rows} rows")),
    }
}

/// Learns a model for a schema from files.
pub(crate) fn learn(schema: &Path, paths: &[PathBuf], output: Output) -> Result<(Spec, Trained), Failure> {
    let opened = Opened::new(schema, paths)?;
    let bar = output.progress("rows");
    let trained = flat::train(&opened.schema, &opened.tables(), |progress| show(&bar, progress));
    bar.finish_and_clear();
    trained.map_err(|error| Failure::run(&error))
}

/// A model for the schema.
fn model(path: &Path, schema: &Schema) -> Result<Model, Failure> {
    let file = crate::model::read(path)?;
    let spec = schema.spec().map_err(|error| Failure::run(&error))?;
    if file.spec == spec {
        return Ok(file.model);
    }
    Err(Failure::failed(format!(
        "{} is a model for another schema; learn one for this schema with `yibiao model train --schema`",
        path.display()
    )))
}

pub(crate) fn resolve(arguments: &ResolveArgs, output: Output) -> Result<(), Failure> {
    let opened = Opened::new(&arguments.schema, &arguments.inputs)?;
    let given = arguments.model.as_deref().map(|path| model(path, &opened.schema)).transpose()?;
    let bar = output.progress("rows");
    let resolved =
        flat::resolve(&opened.schema, &opened.tables(), given.as_ref(), |progress| show(&bar, progress));
    bar.finish_and_clear();
    let resolved = resolved.map_err(|error| Failure::run(&error))?;
    write(&arguments.out, &opened.inputs, &resolved.clusters)?;
    let mut sizes = std::collections::BTreeMap::<u64, usize>::new();
    for cluster in resolved.clusters.iter().flatten() {
        *sizes.entry(*cluster).or_insert(0) += 1;
    }
    let weights = match &resolved.weights {
        Weights::Learnt(_) => "learnt from the rows",
        Weights::Given => "of the model given",
        Weights::Shipped(_) => "shipped; too little to learn from",
    };
    let findings = resolved.weights.trained().map(|trained| &trained.findings).into_iter().flatten();
    let findings = findings.map(ToString::to_string).collect();
    let summary = Summary {
        rows: sizes.values().sum(),
        clusters: u64::try_from(sizes.len()).unwrap_or(u64::MAX),
        rows_in_clusters_of_two_or_more: sizes.values().filter(|size| **size > 1).sum(),
        reviews: resolved.reviews,
        unreadable_rows: opened.unreadable,
        weights,
        findings,
        file: arguments.out.display().to_string(),
    };
    output.result(&summary, |summary| {
        let why = summary.findings.iter().map(|finding| format!("\n  {finding}"));
        format!(
            "{} rows are {} entities; {} rows share theirs with another\n{} pairs of clusters are worth a look; {} rows could not be read\nweights: {}{}\n{}",
            summary.rows,
            summary.clusters,
            summary.rows_in_clusters_of_two_or_more,
            summary.reviews,
            summary.unreadable_rows,
            summary.weights,
            why.collect::<String>(),
            summary.file,
        )
    });
    Ok(())
}

fn read(path: &Path, schema: &Schema, unreadable: &mut usize) -> Result<Input, Failure> {
    let layout = Layout::Csv { encoding: None, separator: b',' };
    let mut reader =
        yibiao_format::open(path, &layout, Limits::default()).map_err(|error| Failure::run(&error))?;
    let header = reader.opening().columns.clone();
    let key = match &schema.row_key {
        Some(column) => Some(header.iter().position(|name| **name == **column).ok_or_else(|| {
            Failure::failed(format!(
                "{} has no column {column:?}, which the schema names as row key; correct row_key in the schema",
                path.display()
            ))
        })?),
        None => None,
    };
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    while let Some(row) = reader.next_row().map_err(|error| Failure::run(&error))? {
        let Ok(row) = row else {
            *unreadable += 1;
            continue;
        };
        let cells: Vec<String> = row.cells.into_iter().map(text).collect();
        let named = key.and_then(|at| cells.get(at)).cloned();
        keys.push(named.unwrap_or_else(|| row.locator.to_string()));
        rows.push(cells);
    }
    Ok(Input { path: path.to_owned(), header, rows, keys })
}

pub(crate) fn text(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text,
        Cell::Absent => String::new(),
        Cell::Number(number) | Cell::DateSerial(number) => number.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Bool(yes) => yes.to_string(),
    }
}

fn write(out: &Path, inputs: &[Input], clusters: &[Vec<u64>]) -> Result<(), Failure> {
    let fail = |error: csv::Error| Failure::failed(format!("cannot write {}: {error}", out.display()));
    let mut csv = csv::Writer::from_path(out).map_err(fail)?;
    csv.write_record(["file", "row_key", "cluster_id"]).map_err(fail)?;
    for (input, clusters) in inputs.iter().zip(clusters) {
        let file = input.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        for (key, cluster) in input.keys.iter().zip(clusters) {
            csv.write_record([&file, key, &cluster.to_string()]).map_err(fail)?;
        }
    }
    csv.flush().map_err(|error| Failure::failed(format!("cannot write {}: {error}", out.display())))
}
