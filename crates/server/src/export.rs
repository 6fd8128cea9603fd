//! Entities with members or values, as CSV or NDJSON.

use crate::cli::ExportFormat;
use serde_json::{Map, Value as Json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use yibiao_contract::values;
use yibiao_pipeline::Node;
use yibiao_record::EntityKind;
use yibiao_store::ReadError;

/// Why an export was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    #[error("cannot read the store")]
    Read(#[from] ReadError),
}

/// Lines with columns, in either format.
struct Lines {
    path: PathBuf,
    columns: Vec<String>,
    out: Out,
    count: u64,
}

enum Out {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Ndjson(BufWriter<File>),
}

impl Lines {
    fn create(path: &Path, format: ExportFormat, columns: Vec<String>) -> Result<Self, ExportError> {
        let fail = |source| ExportError::Write { path: path.to_owned(), source };
        let file = BufWriter::new(File::create(path).map_err(fail)?);
        let mut lines = Lines {
            path: path.to_owned(),
            out: match format {
                ExportFormat::Csv => Out::Csv(Box::new(csv::Writer::from_writer(file))),
                ExportFormat::Ndjson => Out::Ndjson(file),
            },
            columns,
            count: 0,
        };
        if let Out::Csv(csv) = &mut lines.out {
            csv.write_record(&lines.columns)
                .map_err(|source| ExportError::Csv { path: path.to_owned(), source })?;
        }
        Ok(lines)
    }

    fn line(&mut self, cells: Vec<Option<String>>) -> Result<(), ExportError> {
        let path = || self.path.clone();
        self.count += 1;
        match &mut self.out {
            Out::Csv(csv) => csv
                .write_record(cells.into_iter().map(Option::unwrap_or_default))
                .map_err(|source| ExportError::Csv { path: path(), source }),
            Out::Ndjson(out) => {
                let object: Map<String, Json> = self
                    .columns
                    .iter()
                    .zip(cells)
                    .filter_map(|(column, cell)| Some((column.clone(), Json::String(cell?))))
                    .collect();
                writeln!(out, "{}", Json::Object(object))
                    .map_err(|source| ExportError::Write { path: path(), source })
            }
        }
    }

    fn finish(mut self) -> Result<u64, ExportError> {
        let flushed = match &mut self.out {
            Out::Csv(csv) => csv.flush(),
            Out::Ndjson(out) => out.flush(),
        };
        flushed.map_err(|source| ExportError::Write { path: self.path.clone(), source })?;
        Ok(self.count)
    }
}

/// One line per source key ever accepted.
pub(crate) fn members(
    node: &Node,
    kind: EntityKind,
    out: &Path,
    format: ExportFormat,
) -> Result<u64, ExportError> {
    let columns = ["system", "local_key", "entity_id", "live"].map(str::to_owned).into();
    let mut lines = Lines::create(out, format, columns)?;
    for member in node.members(kind)? {
        let entity = member.entity.map(|entity| entity.to_string());
        lines.line(vec![
            Some(member.system.to_string()),
            Some(member.shown),
            entity,
            Some(if member.live { "true" } else { "false" }.to_owned()),
        ])?;
    }
    lines.finish()
}

/// One line per entity, with a column per element.
pub(crate) fn entities(
    node: &Node,
    kind: EntityKind,
    out: &Path,
    format: ExportFormat,
) -> Result<u64, ExportError> {
    let dictionary = node.dictionary();
    let elements: Vec<_> = dictionary.elements().filter(|element| element.entity == kind).collect();
    let fixed = ["entity_id", "members"].map(str::to_owned).into_iter();
    let columns = fixed.chain(elements.iter().map(|element| element.id.to_string())).collect();
    let mut lines = Lines::create(out, format, columns)?;
    for entity in node.entities(kind) {
        let Some(story) = node.story(entity)? else { continue };
        let members: Vec<String> =
            story.members.iter().map(|key| format!("{}:{}", key.system, node.shown(key))).collect();
        let mut cells = vec![Some(entity.to_string()), Some(members.join(" "))];
        cells.extend(elements.iter().map(|element| {
            let value = story.canonical.get(element.number)?;
            Some(values::text(dictionary, element.number, &value.value))
        }));
        lines.line(cells)?;
    }
    lines.finish()
}
