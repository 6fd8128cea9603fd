//! Keeps a department's rows in one JSON file, each under its key.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use yibiao_contract::{Adapter, Cell, Delivery, EdgeError, Finding, OutBatch, Outcome};

type Rows = serde_json::Map<String, serde_json::Value>;

/// A JSON file as a receiver of rows. Its folder must exist.
#[derive(Debug)]
pub struct HelloSink {
    /// The file; made with the first batch.
    pub path: PathBuf,
}

impl HelloSink {
    fn failed(&self, reason: impl ToString) -> EdgeError {
        let attempt = format!("cannot write {}", self.path.display());
        EdgeError::retry(attempt, reason.to_string(), "check the folder and the rights on it")
    }

    fn rows(&self) -> Result<Rows, EdgeError> {
        match fs::read(&self.path) {
            // The parser's own message may quote the file.
            Ok(text) => serde_json::from_slice(&text).map_err(|_| self.failed("it is no JSON object")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Rows::new()),
            Err(error) => Err(self.failed(error.kind())),
        }
    }

    /// Puts the rows in place whole: a crash leaves the old file or the new one.
    fn put(&self, rows: &Rows) -> std::io::Result<()> {
        let partial = self.path.with_extension("partial");
        let mut file = BufWriter::new(File::create(&partial)?);
        serde_json::to_writer(&mut file, rows)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(partial, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

fn json(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Absent => serde_json::Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Integer(number) => (*number).into(),
        Cell::Number(number) | Cell::DateSerial(number) => (*number).into(),
        Cell::Bool(value) => (*value).into(),
    }
}

impl Adapter for HelloSink {
    fn delivery(&self) -> Delivery {
        Delivery::Upsert
    }

    async fn check(&self) -> Vec<Finding> {
        let folder = self.path.parent().map(PathBuf::from).unwrap_or_default();
        let found =
            fs::read_dir(&folder).map(|_| "is there".to_owned()).map_err(|error| self.failed(error.kind()));
        vec![Finding::of(format!("folder {}", folder.display()), found)]
    }

    async fn write(&mut self, batch: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
        let mut rows = self.rows()?;
        let outcomes = batch.rows.iter().map(|row| {
            let Some(key) = &row.key else { return Outcome::Reject("the row has no key".to_owned()) };
            let held = rows.entry(key.clone()).or_insert_with(|| Rows::new().into());
            if let Some(held) = held.as_object_mut() {
                held.extend(row.cells.iter().map(|(column, cell)| (column.clone(), json(cell))));
            }
            Outcome::Delivered
        });
        let outcomes = outcomes.collect();
        self.put(&rows).map_err(|error| self.failed(error.kind()))?;
        Ok(outcomes)
    }

    async fn last_applied(&self) -> Result<Option<u64>, EdgeError> {
        Ok(None) // the file does not tell: what is repeated changes nothing
    }
}
