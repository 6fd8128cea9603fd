//! The level that this connector reaches: rows that are pushed.

#![cfg(test)]

use tokio::sync::oneshot;
use yibiao_connector_file::FileConnector;
use yibiao_connector_http::{HttpConnector, Inbox, Kind, read_body};
use yibiao_contract::conformance::{self, Cannot, ConnectorFixture, Level, Sample, Trouble};
use yibiao_format::Limits;
use yibiao_mapping::Mapping;
use yibiao_record::Timestamp;
use yibiao_schema::Dictionary;

const MAPPING: &str = "
version: 1
system: ZJ
department: { zh: 示例, en: example }
form: { zh: 示例, en: example }
source: { file: rows.csv, layout: { csv: { encoding: utf-8 } }, mode: snapshot }
delete: retract
key: { column: id }
observed: { constant: 2026-10-31 }
columns:
  - { column: id, element: house_ref, class: lossless, as: reference }
  - { column: name, element: hazard_desc, class: lossless, as: text }
  - { column: amount, element: floor_area, class: lossless, as: { decimal: { number: true } } }
  - { column: born, element: employer, class: lossless, as: text }
  - { column: note, element: evac_site, class: lossless, as: text }
";

/// A desk that pushes rows.
struct Desk {
    mapping: Mapping,
    inbox: Inbox,
    /// Those who wait for their answers.
    waiting: Vec<oneshot::Receiver<()>>,
}

impl Desk {
    fn push(&mut self, lines: &str) {
        let (at, limits) = (Timestamp(1_790_000_000), Limits::default());
        let pushed = read_body(&self.mapping, Kind::Ndjson, false, lines.as_bytes(), limits, at).unwrap();
        self.waiting.push(self.inbox.leave(pushed.items).unwrap());
    }
}

impl ConnectorFixture for Desk {
    type Connector = HttpConnector<FileConnector>;

    fn subject(&self) -> String {
        "connector-http (push)".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        (self.inbox, self.waiting) = (Inbox::new(), Vec::new());
        let lines: String = rows.iter().map(|row| row.json() + "\n").collect();
        if !rows.is_empty() {
            self.push(&lines);
        }
        Ok(())
    }

    fn connect(&mut self) -> Self::Connector {
        HttpConnector::new(Some(self.inbox.clone()), None)
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.push(&row.json());
        Ok(())
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.push(&format!("{{\"key\":\"{}\",\"value\":null}}", row.id));
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.push(&format!("{{{marker}"));
        Ok(())
    }

    fn trouble(&mut self, _: Trouble) -> Result<(), Cannot> {
        Err(Cannot::because(
            "it reaches for nobody: who pushes comes by itself, and again where it got no answer",
        ))
    }
}

#[tokio::test]
async fn what_is_pushed_reaches_silver() {
    let mapping = Mapping::parse_yaml("push.yaml", MAPPING, Dictionary::shipped()).unwrap();
    let mut desk = Desk { mapping, inbox: Inbox::new(), waiting: Vec::new() };
    conformance::connector(&mut desk).await.require(Level::Silver);
}
