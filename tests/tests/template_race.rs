//! A receiver that delivers another file while what goes back to it is being made ready gets nothing made of both.

#![cfg(test)]

mod node;

use node::{edition, once, open};
use std::sync::{Arc, Mutex};
use yibiao_contract::{
    Adapter, Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Delivery as How, Discovered,
    EdgeError, Finding, Item, OutBatch, Outcome, Recovery,
};
use yibiao_mapping::Mapping;
use yibiao_pipeline::{Delivery, Source};
use yibiao_record::SystemId;
use yibiao_synth::{County, Noise, Plan};
use yibiao_tests::departments::Sheet;

/// A department whose file is another one at each reading that starts anew; the last stays.
#[derive(Clone, Debug)]
struct Swapped {
    editions: Vec<Vec<Item>>,
    readings: usize,
}

impl Connector for Swapped {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: true }
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        Ok(Vec::new())
    }

    async fn read(&mut self, from: &Cursor, _: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        if *from != Cursor::default() {
            return Ok(None);
        }
        let at = self.readings.min(self.editions.len() - 1);
        self.readings += 1;
        Ok(Some(Batch { items: self.editions[at].clone(), cursor: Cursor(vec![1]) }))
    }

    async fn commit(&mut self, _: &Cursor) -> Result<(), EdgeError> {
        Ok(())
    }
}

/// Keeps what it is asked to write.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<OutBatch>>>);

impl Adapter for Kept {
    fn delivery(&self) -> How {
        How::Replace
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn write(&mut self, batch: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
        self.0.lock().unwrap().push(batch.clone());
        Ok(vec![Outcome::Delivered; batch.rows.len()])
    }

    async fn last_applied(&self) -> Result<Option<u64>, EdgeError> {
        Ok(None)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_replaced_between_its_two_readings_is_delivered_into_again_and_never_by_half() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { households: 10, seed: 3, noise: Noise::mid(), traps: false };
    County::generate(&plan).write(folder.path()).unwrap();
    let mapping = Arc::new(Mapping::of_system(SystemId::new("WJ").unwrap()).unwrap().clone());
    let mut sheet = Sheet::read(&mapping, folder.path()).unwrap();
    let old = edition(&mapping, &sheet, &sheet.rows, "old");
    sheet.rows.remove(0);
    let new = edition(&mapping, &sheet, &sheet.rows, "new");
    let sources = || {
        let connector = Swapped { editions: vec![old.clone()], readings: 0 };
        vec![Source { mapping: mapping.clone(), connector }]
    };
    let adapter = Kept::default();
    let mut deliveries = [Delivery {
        subscription: "wj-elderly".into(),
        mapping: mapping.clone(),
        reader: Swapped { editions: vec![old.clone(), new], readings: 0 },
        adapter: adapter.clone(),
    }];
    let mut node = open(&folder.path().join("data"));
    let report = once(&mut node, sources(), &mut deliveries).await;
    assert_eq!(report.failed.iter().map(|error| error.recovery).collect::<Vec<_>>(), [Recovery::Retry]);
    assert!(adapter.0.lock().unwrap().is_empty());
    let report = once(&mut node, sources(), &mut deliveries).await;
    assert_eq!(report.failed.len(), 0);
    let written = adapter.0.lock().unwrap();
    assert_eq!(written.len(), 1);
    assert_eq!((written[0].edition.as_deref(), written[0].rows.len()), (Some("new"), sheet.rows.len()));
}
