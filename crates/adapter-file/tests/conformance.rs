//! The level that this adapter reaches: into a CSV file, and into a table of a database.

#![cfg(test)]

use rusqlite::Connection;
use std::fs;
use std::path::PathBuf;
use yibiao_adapter_file::{Config, FileAdapter, Form};
use yibiao_contract::conformance::{self, AdapterFixture, COLUMNS, Cannot, Level, Sample, Trouble};
use yibiao_contract::{OutRow, RowStatus};
use yibiao_format::{Cell, Layout, Limits};

struct Receiver {
    folder: tempfile::TempDir,
    form: Form,
}

fn csv() -> Layout {
    Layout::Csv { encoding: None, separator: b',' }
}

impl Receiver {
    fn new(form: Form) -> Receiver {
        Receiver { folder: tempfile::tempdir().unwrap(), form }
    }

    fn name(&self) -> &'static str {
        if matches!(self.form, Form::File(_)) { "rows.csv" } else { "rows.sqlite" }
    }

    fn template(&self) -> PathBuf {
        self.folder.path().join("in").join(self.name())
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

fn sample(mut text: impl FnMut(usize) -> String) -> Sample {
    Sample { id: text(0), name: text(1), amount: text(2), born: text(3), note: text(4) }
}

impl AdapterFixture for Receiver {
    type Adapter = FileAdapter;

    fn subject(&self) -> String {
        format!("adapter-file ({})", self.name())
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        if rows.is_empty() {
            return Err(Cannot::because("it writes into rows that the receiver has"));
        }
        self.folder = tempfile::tempdir().unwrap();
        fs::create_dir(self.folder.path().join("in")).unwrap();
        match self.form {
            Form::File(_) => {
                let lines: String = rows.iter().map(Sample::csv).collect();
                fs::write(self.template(), COLUMNS.join(",") + "\n" + &lines).unwrap();
            }
            Form::Sqlite { .. } => {
                let mut database = Connection::open(self.template()).unwrap();
                database
                    .execute_batch("CREATE TABLE house (id TEXT PRIMARY KEY, name TEXT, amount TEXT, born TEXT, note TEXT)")
                    .unwrap();
                let all = database.transaction().unwrap();
                for row in rows {
                    let cells = row.cells().map(|(_, text)| text);
                    all.execute("INSERT INTO house VALUES (?1, ?2, ?3, ?4, ?5)", cells).unwrap();
                }
                all.commit().unwrap();
            }
        }
        Ok(())
    }

    fn connect(&mut self) -> FileAdapter {
        FileAdapter::new(Config::new(self.out(), self.template(), self.form.clone()))
    }

    fn look(&mut self) -> Vec<Sample> {
        let path = self.out().join(self.name());
        match self.form {
            Form::File(_) => {
                let mut reader = yibiao_format::open(&path, &csv(), Limits::default()).unwrap();
                let rows = std::iter::from_fn(|| reader.next_row().unwrap());
                let text =
                    |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { String::new() };
                rows.map(|row| row.unwrap().cells).map(|cells| sample(|place| text(&cells[place]))).collect()
            }
            Form::Sqlite { .. } => {
                let database = Connection::open(path).unwrap();
                let mut rows = database.prepare("SELECT id, name, amount, born, note FROM house").unwrap();
                let rows = rows.query_map([], |row| Ok(sample(|place| row.get_unwrap(place)))).unwrap();
                rows.map(Result::unwrap).collect()
            }
        }
    }

    fn unfit(&self) -> Result<OutRow, Cannot> {
        let cells = vec![("name".to_owned(), Cell::Text("nobody's".to_owned()))];
        let (locator, key, status) = (Some(999), Some("K999".to_owned()), RowStatus::Changed);
        Ok(OutRow { locator, key, cells, status, reason: String::new() })
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        match trouble {
            Trouble::Gone => {
                let inputs = self.folder.path().join("in");
                fs::rename(inputs, self.folder.path().join("away")).unwrap();
                Ok(())
            }
            Trouble::Refusing => {
                Err(Cannot::because("the superuser, as whom tests may run, may write everywhere"))
            }
            Trouble::Hanging | Trouble::Throttling => Err(Cannot::because("a folder answers at once")),
        }
    }

    fn mend(&mut self) {
        fs::rename(self.folder.path().join("away"), self.folder.path().join("in")).unwrap();
    }
}

#[tokio::test]
async fn a_file_reaches_silver() {
    conformance::adapter(&mut Receiver::new(Form::File(csv()))).await.require(Level::Silver);
}

#[tokio::test]
async fn a_database_reaches_silver() {
    let form = Form::Sqlite { table: "house".to_owned(), key: "id".to_owned() };
    conformance::adapter(&mut Receiver::new(form)).await.require(Level::Silver);
}
