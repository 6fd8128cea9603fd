//! The level that this adapter reaches.

use hello_sink::HelloSink;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use yibiao_contract::conformance::{self, AdapterFixture, Cannot, Level, Sample, Trouble};
use yibiao_contract::{OutRow, RowStatus};

struct Receiver {
    folder: tempfile::TempDir,
}

impl Receiver {
    fn path(&self) -> PathBuf {
        self.folder.path().join("out").join("rows.json")
    }
}

impl AdapterFixture for Receiver {
    type Adapter = HelloSink;

    fn subject(&self) -> String {
        "hello-sink".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.folder = tempfile::tempdir().unwrap();
        fs::create_dir(self.folder.path().join("out")).unwrap();
        let rows: Vec<String> = rows.iter().map(|row| format!("{:?}:{}", row.id, row.json())).collect();
        fs::write(self.path(), format!("{{{}}}", rows.join(","))).unwrap();
        Ok(())
    }

    fn connect(&mut self) -> HelloSink {
        HelloSink { path: self.path() }
    }

    fn look(&mut self) -> Vec<Sample> {
        let text = fs::read(self.path()).unwrap();
        let rows: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_slice(&text).unwrap();
        let sample = |(id, row): (String, BTreeMap<String, String>)| {
            let cell = |column: &str| row.get(column).cloned().unwrap_or_default();
            Sample { id, name: cell("name"), amount: cell("amount"), born: cell("born"), note: cell("note") }
        };
        rows.into_iter().map(sample).collect()
    }

    fn unfit(&self) -> Result<OutRow, Cannot> {
        let (cells, reason) = (Vec::new(), String::new());
        Ok(OutRow { locator: None, key: None, cells, status: RowStatus::Changed, reason })
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        match trouble {
            Trouble::Gone => {
                fs::rename(self.folder.path().join("out"), self.folder.path().join("away")).unwrap()
            }
            _ => return Err(Cannot::because("a folder answers at once")),
        }
        Ok(())
    }

    fn mend(&mut self) {
        fs::rename(self.folder.path().join("away"), self.folder.path().join("out")).unwrap();
    }
}

#[tokio::test]
async fn it_reaches_its_level() {
    let mut receiver = Receiver { folder: tempfile::tempdir().unwrap() };
    let report = conformance::adapter(&mut receiver).await;
    println!("{report}");
    report.require(Level::Bronze);
}
