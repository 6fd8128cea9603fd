//! A node for tests.

use crate::metrics::Metrics;
use crate::node::{Node, Parts};
use yibiao_policy::Policy;
use yibiao_schema::Dictionary;
use yibiao_store::{Options, Store};

/// Opens a node with what its store holds.
pub(crate) fn open(options: &Options, policy: &Policy) -> Node {
    Node::open(Parts {
        store: Store::open(options).unwrap(),
        dictionary: Dictionary::shipped(),
        mappings: Vec::new(),
        policy: policy.clone(),
        metrics: Metrics::register(&prometheus::Registry::new()).unwrap(),
    })
    .unwrap()
}
