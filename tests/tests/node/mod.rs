//! A whole node, store and all, and one run of it that drains its sources.

use prometheus::Registry;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use yibiao_contract::{Adapter, BatchLimits, Connector, Edition, Item};
use yibiao_format::Row;
use yibiao_mapping::{Mapping, Mode};
use yibiao_pipeline::{Delivery, Metrics, Node, Parts, RunOptions, RunReport, Source, run};
use yibiao_policy::Policy;
use yibiao_record::Timestamp;
use yibiao_schema::Dictionary;
use yibiao_store::{Options, Store};
use yibiao_tests::departments::Sheet;

/// A node of the six departments on a store in that folder.
pub(crate) fn open(folder: &Path) -> Node {
    Node::open(Parts {
        store: Store::open(&Options { cache_bytes: 16 << 20, ..Options::new(folder) }).unwrap(),
        dictionary: Dictionary::shipped(),
        mappings: Mapping::shipped().iter().cloned().map(Arc::new).collect(),
        policy: Policy::shipped().clone(),
        metrics: Metrics::register(&Registry::new()).unwrap(),
    })
    .unwrap()
}

/// An edition of a sheet with these rows.
pub(crate) fn edition(mapping: &Mapping, sheet: &Sheet, rows: &[Row], digest: &str) -> Vec<Item> {
    let opened = Item::Open(Edition {
        name: mapping.source().file.clone(),
        opening: sheet.opening.clone(),
        whole: mapping.source().mode == Mode::Snapshot,
        digest: digest.into(),
    });
    let rows = rows.iter().cloned().map(Item::Row);
    std::iter::once(opened).chain(rows).chain([Item::Close]).collect()
}

/// Drains the sources, delivers, and ends.
pub(crate) async fn once<C: Connector + 'static, A: Adapter>(
    node: &mut Node,
    sources: Vec<Source<C>>,
    deliveries: &mut [Delivery<C, A>],
) -> RunReport {
    let options = RunOptions {
        clock: || Timestamp(0),
        once: true,
        settle: Duration::ZERO,
        poll: Duration::from_millis(1),
        limits: BatchLimits { rows_max: 1_000, bytes_max: 1 << 20 },
    };
    let (_jobs, waiting) = mpsc::channel(1);
    let (_drain, drained) = watch::channel(false);
    run(node, sources, deliveries, options, waiting, drained, |_, _| {}).await.unwrap()
}
