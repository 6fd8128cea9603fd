//! The laws on a whole node, store and all: in which order departments deliver, in what pieces, and in which order a
//! log's messages come, leaves no trace in the entities and what stands of them; nor does a node that is started anew in
//! between.

#![cfg(test)]

mod node;

use node::{edition, once, open};
use std::collections::BTreeMap;
use std::sync::Arc;
use yibiao_adapter_file::FileAdapter;
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding, Item,
};
use yibiao_mapping::{Key, Mapping, Mode};
use yibiao_pipeline::{Delivery, Node, Source};
use yibiao_record::{EntityKind, SourceKey, Submission};
use yibiao_synth::{County, Noise, Plan};
use yibiao_tests::departments::Sheet;
use yibiao_tests::dice::Dice;
use yibiao_tests::picture::Picture;

const HOUSEHOLDS: u32 = 60;
const ORDERS: u64 = 4;

/// A department that has put some editions on the shelf and lets the first few be read.
#[derive(Clone, Debug)]
struct Shelf {
    editions: Vec<Vec<Item>>,
    released: usize,
}

impl Connector for Shelf {
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
        let at = from.0.first().copied().map_or(0, usize::from);
        let items = self.editions.get(..self.released).and_then(|released| released.get(at)).cloned();
        let cursor = Cursor(vec![u8::try_from(at + 1).unwrap()]);
        Ok(items.map(|items| Batch { items, cursor }))
    }

    async fn commit(&mut self, _: &Cursor) -> Result<(), EdgeError> {
        Ok(())
    }
}

/// The six departments' sheets, each as one edition.
fn at_once(sheets: &[Sheet]) -> Vec<Shelf> {
    let editions = Mapping::shipped().iter().zip(sheets);
    editions
        .map(|(mapping, sheet)| Shelf {
            editions: vec![edition(mapping, sheet, &sheet.rows, "")],
            released: 1,
        })
        .collect()
}

/// The same in another order: a log in pieces and in any order; a snapshot first without its last rows; rows with a key
/// of their own in any order.
fn in_pieces(sheets: &[Sheet], dice: &mut Dice) -> Vec<Shelf> {
    let shelf = |(mapping, sheet): (&Mapping, &Sheet)| {
        let mut rows = sheet.rows.clone();
        if matches!(mapping.source().key, Key::Column(_)) {
            dice.shuffle(&mut rows);
        }
        let editions = if mapping.source().mode == Mode::Snapshot {
            let (before, _) = rows.split_at(rows.len() / 3 + dice.below(rows.len() / 2));
            vec![edition(mapping, sheet, before, ""), edition(mapping, sheet, &rows, "")]
        } else {
            rows.chunks(1 + dice.below(40) + rows.len() / 40)
                .map(|rows| edition(mapping, sheet, rows, ""))
                .collect()
        };
        Shelf { editions, released: 0 }
    };
    Mapping::shipped().iter().zip(sheets).map(shelf).collect()
}

async fn drain(node: &mut Node, shelves: &[Shelf], order: &[usize]) {
    let sources = order
        .iter()
        .map(|at| Source {
            mapping: Arc::new(Mapping::shipped()[*at].clone()),
            connector: shelves[*at].clone(),
        })
        .collect();
    let deliveries: &mut [Delivery<Shelf, FileAdapter>] = &mut [];
    let report = once(node, sources, deliveries).await;
    assert_eq!(report.failed.len(), 0);
}

fn picture(node: &Node) -> Picture {
    let mut standing: BTreeMap<SourceKey, Submission> = BTreeMap::new();
    for entity in EntityKind::ALL.into_iter().flat_map(|kind| node.entities(kind)) {
        let story = node.story(entity).unwrap().unwrap();
        standing.extend(story.rows.into_iter().map(|row| (row.key.clone(), row)));
    }
    Picture::of(node.world(), &standing)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_what_pieces_and_in_which_order_departments_deliver_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { households: HOUSEHOLDS, seed: 3, noise: Noise::mid(), traps: true };
    County::generate(&plan).write(folder.path()).unwrap();
    let sheets: Vec<Sheet> =
        Mapping::shipped().iter().map(|mapping| Sheet::read(mapping, folder.path()).unwrap()).collect();
    let mut first = open(&folder.path().join("first"));
    let mut order: Vec<usize> = (0..sheets.len()).collect();
    drain(&mut first, &at_once(&sheets), &order).await;
    let expected = picture(&first);
    assert!(expected.numbers_fit());
    for seed in 0..ORDERS {
        let mut dice = Dice::new(seed);
        let mut shelves = in_pieces(&sheets, &mut dice);
        let data = folder.path().join(seed.to_string());
        let mut node = open(&data);
        while shelves.iter().any(|shelf| shelf.released < shelf.editions.len()) {
            for shelf in &mut shelves {
                shelf.released = shelf.editions.len().min(shelf.released + dice.below(4));
            }
            dice.shuffle(&mut order);
            drain(&mut node, &shelves, &order).await;
            if dice.below(3) == 0 {
                drop(node);
                node = open(&data);
            }
        }
        let found = picture(&node);
        assert_eq!(found, expected, "order {seed}: {} entities differ", found.differing(&expected));
        drop(node);
        assert_eq!(picture(&open(&data)), expected, "order {seed}, opened again");
    }
}
