//! A folder with the six departments' files, read through format and mapping, keyed as a node keys them.

use crate::Failure;
use rusqlite::types::ValueRef;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use yibiao_format::{Cell, Limits, Opening, Row, cells_json};
use yibiao_mapping::{Identity, Mapping, Parsed, SourceForm, align};
use yibiao_record::{SourceKey, Submission, SubmissionSeq, SystemId};

/// The rows of a folder.
#[derive(Debug, Default)]
pub struct Folder {
    /// All rows, in the order of the files: of a log all its messages.
    pub rows: Vec<Submission>,
    /// What the truth files call each row: its key, or its number where the file has no key column.
    pub called: BTreeMap<SourceKey, Box<str>>,
    /// Rows that were not taken in, by system.
    pub refused: BTreeMap<SystemId, usize>,
    /// Systems that order the versions of a key themselves.
    pub versioned: BTreeSet<SystemId>,
}

/// A row before it has a key.
struct Unkeyed {
    locator: u64,
    parsed: Parsed,
    raw: Vec<u8>,
}

impl fmt::Debug for Unkeyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.locator)
    }
}

/// What a department's file holds.
#[derive(Debug)]
pub struct Sheet {
    /// What stands before the rows.
    pub opening: Opening,
    /// The rows that could be read.
    pub rows: Vec<Row>,
    /// How many could not.
    pub bad: usize,
}

impl Sheet {
    /// Reads the file or table of a mapping in a folder. The file may be packed (`.gz`).
    pub fn read(mapping: &Mapping, folder: &Path) -> Result<Sheet, Failure> {
        let path = find(folder, &mapping.source().file)?;
        match &mapping.source().form {
            SourceForm::File(layout) => {
                let mut reader = yibiao_format::open(&path, layout, Limits::default())?;
                let mut sheet = Sheet { opening: reader.opening().clone(), rows: Vec::new(), bad: 0 };
                while let Some(row) = reader.next_row()? {
                    match row {
                        Ok(row) => sheet.rows.push(row),
                        Err(_) => sheet.bad += 1,
                    }
                }
                Ok(sheet)
            }
            SourceForm::Table { table, columns } => read_table(&path, table, columns),
        }
    }
}

impl Folder {
    /// Reads a folder.
    pub fn read(folder: &Path) -> Result<Folder, Failure> {
        let mut found = Folder::default();
        for mapping in Mapping::shipped() {
            let Sheet { opening, rows, bad } = Sheet::read(mapping, folder)?;
            let binding = mapping.bind(&mapping.source().file, &opening)?;
            let (mut unkeyed, mut refused) = (Vec::with_capacity(rows.len()), bad);
            for row in rows {
                match binding.parse(&row) {
                    Ok(parsed) => unkeyed.push(Unkeyed { locator: row.locator, parsed, raw: row.raw }),
                    Err(_) => refused += 1,
                }
            }
            let system = mapping.system();
            found.refused.insert(system, refused);
            if mapping.source().version_column.is_some() {
                found.versioned.insert(system);
            }
            found.key(mapping, unkeyed)?;
        }
        Ok(found)
    }

    fn key(&mut self, mapping: &Mapping, rows: Vec<Unkeyed>) -> Result<(), Failure> {
        let incoming = rows.iter().map(|row| match &row.parsed.identity {
            Identity::Columns(identity) => align::Incoming { identity: identity.clone(), content: 0 },
            Identity::Key(_) => align::Incoming { identity: Vec::new(), content: 0 },
        });
        let aligned = align::align(&mapping.identity_names(), &[], &incoming.collect::<Vec<_>>());
        for (row, aligned) in rows.into_iter().zip(aligned) {
            let Unkeyed { locator, parsed, raw } = row;
            let (local, called) = match parsed.identity {
                Identity::Key(key) => (key.clone(), key),
                Identity::Columns(_) => (aligned.local, locator.to_string().into()),
            };
            let key = SourceKey { system: mapping.system(), local };
            self.called.insert(key.clone(), called);
            self.rows.push(Submission {
                seq: SubmissionSeq(u64::try_from(self.rows.len())? + 1),
                key,
                op: parsed.op,
                version: parsed.version,
                observed_at: parsed.observed_at,
                claims: parsed.claims,
                raw: raw.into(),
            });
        }
        Ok(())
    }
}

fn find(folder: &Path, file: &str) -> Result<PathBuf, Failure> {
    let candidates = [folder.join(file), folder.join(format!("{file}.gz"))];
    let found = candidates.into_iter().find(|path| path.exists());
    found.ok_or_else(|| format!("there is no {file} in {}", folder.display()).into())
}

fn read_table(path: &Path, table: &str, columns: &[String]) -> Result<Sheet, Failure> {
    let connection = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(&format!("SELECT {} FROM {table}", columns.join(",")))?;
    let opening = Opening { columns: columns.to_vec(), ..Opening::default() };
    let mut sheet = Sheet { opening, rows: Vec::new(), bad: 0 };
    let mut found = statement.query([])?;
    for locator in 1.. {
        let Some(row) = found.next()? else { break };
        let cells =
            (0..columns.len()).map(|at| Ok(cell(row.get_ref(at)?))).collect::<Result<Vec<_>, Failure>>()?;
        sheet.rows.push(Row { locator, raw: cells_json(&cells), cells });
    }
    Ok(sheet)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Cell::Absent,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Number(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
    }
}
