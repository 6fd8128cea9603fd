//! What a reader of committed records sees.

use crate::desk::{Desk, members};
use crate::rows::{self, Sent};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::time::Duration;
use yibiao_kafka_testkit::{Broker, Record};

/// A number below `bound`, by a fixed rule (splitmix64).
pub(crate) fn drawn(seed: u64, bound: u64) -> u64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % bound
}

pub(crate) fn pause(duration: Duration) {
    let (_keep, never) = mpsc::channel::<()>();
    assert!(never.recv_timeout(duration).is_err());
}

/// Every event once, each partition in the order of the feed, and as many as the node counts as delivered.
fn judge_events(events: &[Record], delivered: u64) {
    let mut last: BTreeMap<i32, u64> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for event in events {
        let id: u64 = event.headers["ce_id"].parse().unwrap();
        assert!(ids.insert(id), "event {id} stands twice");
        let before = last.insert(event.partition, id);
        assert!(before.is_none_or(|before| before < id), "event {id} comes too late");
        assert_eq!(event.headers["ce_subject"], event.key);
    }
    assert_eq!(u64::try_from(ids.len()).unwrap(), delivered, "none is missing");
}

/// The node at rest: every topic agrees with what it exports, and the counts add up.
pub(crate) fn judge(desk: &Desk<'_>, rows: usize) {
    let status = desk.settled(rows);
    let account = &status["subscriptions"][0];
    assert_eq!(account["gap"], 0);
    assert_eq!(account["dead"], 0);
    let events = desk.events();
    judge_events(&events, account["delivered"].as_u64().unwrap());
    let exported = desk.exported();
    assert!(!exported.is_empty());
    let of_live = |mut told: BTreeMap<(String, String), String>| {
        told.retain(|key, _| exported.contains_key(key)); // those whose row ended are evidence still
        told
    };
    assert_eq!(of_live(members(&events)), exported);
    assert_eq!(of_live(members(&desk.current())), exported);
}

#[test]
fn six_departments_over_the_bus_give_every_change_exactly_once() {
    let broker = Broker::shared();
    let desk = Desk::new(broker, "whole.county");
    let node = desk.run();
    let mut rows = rows::of_county(30);
    desk.has_topics();
    desk.send(&rows);
    judge(&desk, rows.len());
    // Everything again changes nothing, and a delete is a change.
    let before = desk.changes();
    desk.send(&rows);
    judge(&desk, rows.len() * 2);
    assert_eq!(desk.changes(), before);
    let gone = rows.pop().unwrap();
    desk.delete(&gone.system, &gone.key);
    desk.send(&[Sent { value: "{poison".to_owned(), ..gone.clone() }]);
    judge(&desk, rows.len() * 2 + 4);
    let after = desk.changes();
    assert!(after > before);
    assert!(!desk.exported().contains_key(&(gone.system.clone(), gone.key.clone())));
    desk.delete(&gone.system, &gone.key);
    judge(&desk, rows.len() * 2 + 5);
    assert_eq!(desk.changes(), after, "what has ended cannot end again");
    node.stop();
}
