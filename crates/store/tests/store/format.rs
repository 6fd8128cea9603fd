//! Stores of every format ever written.

use crate::support::{check_whole, run_to};
use std::path::Path;
use yibiao_store::{Options, Store};

/// The fixture holds the numbered commits 1 to 5 as format 1 wrote them. A change of `support` that makes other commits
/// of these numbers fails here: the fixture stays, the change must not touch old numbers.
#[test]
fn a_store_of_format_1_opens_whole_and_goes_on() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1/yibiao.redb");
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(fixture, dir.path().join("yibiao.redb")).unwrap();
    let store = Store::open(&Options::new(dir.path())).unwrap();
    assert_eq!(check_whole(&store), 5);
    run_to(&store, 9);
    assert_eq!(check_whole(&store), 9);
}
