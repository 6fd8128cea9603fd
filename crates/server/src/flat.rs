//! `resolve`: de-duplicates any CSV files, without a node.

use crate::cli::ResolveArgs;
use crate::exit::Failure;
use crate::output::Output;
use serde::Serialize;
use std::path::{Path, PathBuf};
use yibiao_format::{Cell, Layout, Limits};
use yibiao_resolve::flat::{self, Progress, Schema, Table};

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
    file: String,
}

pub(crate) fn resolve(arguments: &ResolveArgs, output: Output) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&arguments.schema).map_err(|error| {
        Failure::failed(format!("cannot read the schema {}: {error}", arguments.schema.display()))
    })?;
    let schema = Schema::parse(&text).map_err(|error| Failure::config(&error))?;
    let mut unreadable = 0;
    let mut inputs = Vec::new();
    for path in &arguments.inputs {
        inputs.push(read(path, &schema, &mut unreadable)?);
    }
    let tables: Vec<Table<'_>> =
        inputs.iter().map(|input| Table { header: &input.header, rows: &input.rows }).collect();
    let bar = output.progress("rows");
    let resolved = flat::resolve(&schema, &tables, |progress| match progress {
        Progress::Reading(rows) => bar.set_message(format!("reading {rows} rows")),
        Progress::Training => bar.set_message("learning weights"),
        Progress::Comparing(rows) => bar.set_message(format!("comparing {rows} rows")),
    });
    bar.finish_and_clear();
    let resolved = resolved.map_err(|error| Failure::run(&error))?;
    write(&arguments.out, &inputs, &resolved.clusters)?;
    let mut sizes = std::collections::BTreeMap::<u64, usize>::new();
    for cluster in resolved.clusters.iter().flatten() {
        *sizes.entry(*cluster).or_insert(0) += 1;
    }
    let summary = Summary {
        rows: sizes.values().sum(),
        clusters: u64::try_from(sizes.len()).unwrap_or(u64::MAX),
        rows_in_clusters_of_two_or_more: sizes.values().filter(|size| **size > 1).sum(),
        reviews: resolved.reviews,
        unreadable_rows: unreadable,
        file: arguments.out.display().to_string(),
    };
    output.result(&summary, |summary| {
        format!(
            "{} rows are {} entities; {} rows share theirs with another\n{} pairs of clusters are worth a look; {} rows could not be read\n{}",
            summary.rows,
            summary.clusters,
            summary.rows_in_clusters_of_two_or_more,
            summary.reviews,
            summary.unreadable_rows,
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

fn text(cell: Cell) -> String {
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
