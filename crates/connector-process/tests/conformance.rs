//! The level of the example in Python, and with it of the node's side.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use yibiao_connector_process::{Config, ProcessConnector};
use yibiao_contract::conformance::{self, COLUMNS, Cannot, ConnectorFixture, Level, Sample, Trouble};

/// A file of JSON lines, read by the example.
struct Lines {
    folder: tempfile::TempDir,
}

impl Lines {
    fn path(&self) -> PathBuf {
        self.folder.path().join("rows.jsonl")
    }

    fn add(&self, line: &str) {
        let before = fs::read_to_string(self.path()).unwrap_or_default();
        fs::write(self.path(), before + line + "\n").unwrap();
    }
}

impl ConnectorFixture for Lines {
    type Connector = ProcessConnector;

    fn subject(&self) -> String {
        "connector-process (lines.py)".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.folder = tempfile::tempdir().unwrap();
        fs::write(self.path(), "").unwrap();
        rows.iter().for_each(|row| self.add(&row.json()));
        Ok(())
    }

    fn connect(&mut self) -> ProcessConnector {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("example/lines.py");
        let words = ["python3".to_owned(), script.display().to_string(), self.path().display().to_string()];
        ProcessConnector::new(Config::new(words.into_iter().chain(COLUMNS.map(str::to_owned)).collect()))
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.add(&row.json());
        Ok(())
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.add(&format!("{{\"id\":\"{}\",\"deleted\":true}}", row.id));
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.add(&format!("{{{marker}"));
        Ok(())
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        match trouble {
            Trouble::Gone => {
                fs::rename(self.path(), self.folder.path().join("away")).unwrap();
                Ok(())
            }
            _ => Err(Cannot::because("a file answers at once")),
        }
    }

    fn mend(&mut self) {
        fs::rename(self.folder.path().join("away"), self.path()).unwrap();
    }
}

#[tokio::test]
async fn the_example_in_python_reaches_silver() {
    let mut lines = Lines { folder: tempfile::tempdir().unwrap() };
    conformance::connector(&mut lines).await.require(Level::Silver);
}
