//! The level that this connector reaches.

use hello_source::HelloSource;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use yibiao_contract::conformance::{self, COLUMNS, Cannot, ConnectorFixture, Level, Sample, Trouble};

struct Lines {
    folder: tempfile::TempDir,
}

impl Lines {
    fn path(&self) -> PathBuf {
        self.folder.path().join("rows.jsonl")
    }

    fn add(&self, line: &str) {
        let mut file = File::options().create(true).append(true).open(self.path()).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

impl ConnectorFixture for Lines {
    type Connector = HelloSource;

    fn subject(&self) -> String {
        "hello-source".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.folder = tempfile::tempdir().unwrap();
        File::create(self.path()).unwrap();
        rows.iter().for_each(|row| self.add(&row.json()));
        Ok(())
    }

    fn connect(&mut self) -> HelloSource {
        HelloSource(self.path(), COLUMNS.map(str::to_owned).to_vec())
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.add(&row.json());
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.add(&format!("{{{marker}"));
        Ok(())
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        match trouble {
            Trouble::Gone => fs::rename(self.path(), self.folder.path().join("away")).unwrap(),
            _ => return Err(Cannot::because("a file answers at once")),
        }
        Ok(())
    }

    fn mend(&mut self) {
        fs::rename(self.folder.path().join("away"), self.path()).unwrap();
    }
}

#[tokio::test]
async fn it_reaches_its_level() {
    let mut lines = Lines { folder: tempfile::tempdir().unwrap() };
    let report = conformance::connector(&mut lines).await;
    println!("{report}");
    report.require(Level::Bronze);
}
