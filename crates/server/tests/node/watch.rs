//! A node that watches its folders: what is dropped is read once it is whole, and delivered.

use crate::support::{Desk, bytes, wait_for, write_county};
use std::fs::{self, File};
use std::io::Write;

#[test]
fn files_dropped_while_the_node_runs_are_read_and_delivered() {
    let desk = Desk::empty();
    let mut node = desk.serve();
    node.ready();
    let made = desk.path("made");
    fs::create_dir(&made).unwrap();
    write_county(&made, 40);
    for entry in fs::read_dir(&made).unwrap() {
        let path = entry.unwrap().path();
        fs::rename(&path, desk.input().join(path.file_name().unwrap())).unwrap();
    }
    node.quiet();
    let rows = node.metric("yibiao_ingest_rows_total{outcome=\"new\",system=\"GA\"}").unwrap();
    assert!(rows > 50.0);
    assert_eq!(node.stop().code, Some(0));
    let together = Desk::county(40);
    together.run_once();
    assert_eq!(desk.counts()[0], together.counts()[0]);
    assert_eq!(
        bytes(&desk.out()).keys().collect::<Vec<_>>(),
        bytes(&together.out()).keys().collect::<Vec<_>>()
    );
}

#[test]
fn a_file_that_is_half_written_is_not_read_until_it_is_whole() {
    let undisturbed = Desk::county_of(40, &["GA", "WJ"]);
    undisturbed.run_once();
    let desk = Desk::county_of(40, &["GA", "WJ"]).settle(1.5);
    let text = fs::read(desk.delivered("WJ")).unwrap();
    fs::remove_file(desk.delivered("WJ")).unwrap();
    let mut node = desk.serve();
    let new = "yibiao_ingest_rows_total{outcome=\"new\",system=\"WJ\"}";
    let mut file = File::create(desk.delivered("WJ")).unwrap();
    let mut pieces = text.chunks(8);
    // The police's file is read and delivered while this one is still being written, piece by piece.
    wait_for("the police to get their file", || {
        file.write_all(pieces.next().unwrap()).unwrap();
        desk.written("GA").exists().then_some(())
    });
    assert_eq!(node.metric(new), None, "a part of the file was read");
    assert!(!desk.written("WJ").exists(), "a part of the file was given back");
    assert!(pieces.len() > 0);
    pieces.for_each(|piece| file.write_all(piece).unwrap());
    drop(file);
    wait_for("the file to be read", || node.metric(new));
    node.quiet();
    assert_eq!(node.stop().code, Some(0));
    assert_eq!(desk.counts()[0], undisturbed.counts()[0]);
    assert_eq!(desk.counts()[2], 0);
}

#[test]
fn a_run_that_ends_waits_for_what_was_just_dropped_to_settle() {
    let desk = Desk::county_of(40, &["GA"]).settle(0.6);
    desk.run_once();
    assert!(desk.counts()[0] > 50);
}

#[test]
fn a_delivery_that_failed_is_tried_again_by_itself() {
    let desk = Desk::county_of(40, &["GA", "WJ"]);
    fs::write(desk.out(), "in the way").unwrap();
    let mut node = desk.serve();
    let reason = wait_for("a reason", || {
        let (_, body) = node.get("/readyz")?;
        body.contains("delivery ga-residents").then_some(body)
    });
    assert!(reason.contains("a file and a folder are mixed up"), "{reason}");
    fs::remove_file(desk.out()).unwrap();
    node.ready();
    node.quiet();
    assert!(desk.written("GA").exists() && desk.written("WJ").exists());
    assert_eq!(node.stop().code, Some(0));
}
