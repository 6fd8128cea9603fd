//! The six files, in the departments' formats, written row by row.

mod book;
mod ledger;
mod messages;
mod monitoring;
mod survey;
mod visits;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::Plan;
use crate::roll::{Department, Rolls};
use crate::world::World;

/// What writing a file needs.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) world: &'a World,
    pub(crate) rolls: &'a Rolls,
}

/// Why a file was not written.
#[derive(Debug, Error)]
pub enum WriteErrorKind {
    /// The file system refused.
    #[error("cannot write to the file")]
    Io(#[from] io::Error),
    /// The workbook could not be packed.
    #[error("cannot pack the workbook")]
    Zip(#[from] zip::result::ZipError),
    /// The database refused.
    #[error("cannot write the database")]
    Database(#[from] rusqlite::Error),
    /// A record could not be written as CSV.
    #[error("cannot write a record")]
    Csv(#[from] csv::Error),
}

/// A file of the county was not written.
#[derive(Debug, Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    path: PathBuf,
    source: WriteErrorKind,
}

/// Names of the files of a department.
pub(crate) fn names(department: Department) -> &'static [&'static str] {
    match department {
        Department::Mz => &["mz_difficulty_ledger.xlsx"],
        Department::Ga => &["ga_population.ndjson"],
        Department::Wj => &["wj_elderly_followup.csv"],
        Department::Zj => &["zj_house_survey.sql", "zj_house_survey.sqlite"],
        Department::Yj => &["yj_flood_evacuation.xlsx"],
        Department::Ny => &["ny_poverty_monitoring.xml"],
    }
}

/// Writes all files; the names and lengths of what was written.
pub(crate) fn write(source: Source<'_>, dir: &Path) -> Result<Vec<(PathBuf, u64)>, WriteError> {
    let mut written = Vec::new();
    for name in Department::ALL.into_iter().flat_map(names) {
        let path = dir.join(name);
        let length =
            write_one(source, name, &path).map_err(|kind| WriteError { path: path.clone(), source: kind })?;
        written.push((path, length));
    }
    Ok(written)
}

fn write_one(source: Source<'_>, name: &str, path: &Path) -> Result<u64, WriteErrorKind> {
    if name.ends_with(".sqlite") {
        survey::write_database(source, path)?;
    } else {
        let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
        match name {
            "mz_difficulty_ledger.xlsx" => ledger::write_relief(source, &mut out)?,
            "yj_flood_evacuation.xlsx" => ledger::write_flood(source, &mut out)?,
            "ga_population.ndjson" => messages::write(source, &mut out)?,
            "wj_elderly_followup.csv" => visits::write(source, &mut out)?,
            "ny_poverty_monitoring.xml" => monitoring::write(source, &mut out)?,
            _ => survey::write_dump(source, &mut out)?,
        }
        out.flush()?;
    }
    Ok(std::fs::metadata(path)?.len())
}

/// Writes a file of the truth.
pub(crate) fn write_lines(
    dir: &Path,
    name: &str,
    lines: impl Iterator<Item = String>,
) -> Result<(), WriteError> {
    let path = dir.join(name);
    let write = || -> Result<(), WriteErrorKind> {
        let mut out = BufWriter::with_capacity(1 << 16, File::create(&path)?);
        for line in lines {
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(())
    };
    write().map_err(|kind| WriteError { path: path.clone(), source: kind })
}

pub(crate) use ledger::{FLOOD_FIRST_ROW, RELIEF_FIRST_ROW, lies_under_merged_cell};
