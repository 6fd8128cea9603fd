//! The level that this connector reaches: a folder of one CSV file.

#![cfg(test)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use yibiao_connector_file::{Config, FileConnector};
use yibiao_contract::conformance::{self, COLUMNS, Cannot, ConnectorFixture, Level, Sample, Trouble};
use yibiao_format::Layout;

struct Folder {
    folder: tempfile::TempDir,
    lines: Vec<(String, String)>,
}

impl Folder {
    fn inputs(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    /// Delivers the file as departments are asked to: written beside and renamed.
    fn deliver(&self) {
        let header = COLUMNS.join(",") + "\n";
        let text: String = self.lines.iter().map(|(_, line)| line.as_str()).collect();
        fs::create_dir_all(self.inputs()).unwrap();
        fs::write(self.inputs().join("partial"), header + &text).unwrap();
        fs::rename(self.inputs().join("partial"), self.inputs().join("rows.csv")).unwrap();
    }
}

impl ConnectorFixture for Folder {
    type Connector = FileConnector;

    fn subject(&self) -> String {
        "connector-file".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.folder = tempfile::tempdir().unwrap();
        self.lines = rows.iter().map(|row| (row.id.clone(), row.csv())).collect();
        self.deliver();
        Ok(())
    }

    fn connect(&mut self) -> FileConnector {
        let mut config = Config::new(self.inputs(), "rows.csv".to_owned(), true);
        config.settle_ms = 0;
        FileConnector::new(config, Layout::Csv { encoding: None, separator: b',' }, Arc::new(|| u64::MAX))
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        match self.lines.iter_mut().find(|(id, _)| *id == row.id) {
            Some((_, line)) => *line = row.csv(),
            None => self.lines.push((row.id.clone(), row.csv())),
        }
        self.deliver();
        Ok(())
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.lines.retain(|(id, _)| *id != row.id);
        self.deliver();
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.lines.push((String::new(), format!("{marker},one,cell,too,many,here\n")));
        self.deliver();
        Ok(())
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        match trouble {
            Trouble::Gone => {
                fs::rename(self.inputs(), self.folder.path().join("away")).unwrap();
                Ok(())
            }
            Trouble::Refusing => {
                Err(Cannot::because("the superuser, as whom tests may run, may read everything"))
            }
            Trouble::Hanging | Trouble::Throttling => Err(Cannot::because("a folder answers at once")),
        }
    }

    fn mend(&mut self) {
        fs::rename(self.folder.path().join("away"), self.inputs()).unwrap();
    }
}

#[tokio::test]
async fn it_reaches_silver() {
    let mut folder = Folder { folder: tempfile::tempdir().unwrap(), lines: Vec::new() };
    conformance::connector(&mut folder).await.require(Level::Silver);
}
