//! What fails and comes back, without anyone starting it again; and what `doctor` says meanwhile.

use crate::support::{Desk, Ran, wait_for};
use serde_json::Value as Json;
use std::fs;

/// What `doctor` finds, and its exit code.
fn doctor(desk: &Desk) -> (Option<i32>, Vec<Json>) {
    let Ran { code, out, .. } = desk.yibiao(&["doctor", "--json"]);
    (code, serde_json::from_str(&out).unwrap())
}

/// The parts about which something needs attention.
fn bad(found: &[Json]) -> Vec<&str> {
    let bad: Vec<&Json> = found.iter().filter(|line| line["good"] == false).collect();
    assert!(bad.iter().all(|line| !line["detail"].as_str().unwrap().is_empty()));
    assert!(bad.iter().all(|line| !line["hint"].as_str().unwrap().is_empty()), "{bad:?}");
    let mut parts: Vec<&str> = bad.iter().map(|line| line["part"].as_str().unwrap()).collect();
    parts.dedup();
    parts
}

#[test]
fn what_vanishes_and_comes_back_goes_on_by_itself_and_holds_up_nothing_else() {
    let desk = Desk::county_of(40, &["GA", "MZ", "WJ", "ZJ"]);
    let vanished = ["MZ", "ZJ"].map(|system| (system, fs::read(desk.delivered(system)).unwrap()));
    for (system, _) in &vanished {
        fs::remove_file(desk.delivered(system)).unwrap();
        fs::create_dir(desk.delivered(system)).unwrap();
    }
    fs::create_dir(desk.out()).unwrap();
    fs::write(desk.out().join("WJ"), b"a file where a folder must be").unwrap();
    let mut node = desk.serve();
    wait_for("the police to get their file", || desk.written("GA").exists().then_some(()));
    let parts = ["delivery wj-elderly", "source MZ", "source ZJ"];
    wait_for("every reason", || {
        let (code, body) = node.get("/readyz")?;
        let answer: Json = serde_json::from_str(&body).unwrap();
        let told = parts.iter().all(|part| answer["reasons"].get(part).is_some());
        (code == 503 && told).then_some(())
    });
    let (code, found) = doctor(&desk);
    assert_eq!(code, Some(4));
    let told = bad(&found);
    assert!(parts.iter().all(|part| told.contains(part)), "{found:?}");
    assert!(!told.contains(&"source GA") && !told.contains(&"delivery ga-residents"), "{found:?}");

    for (system, bytes) in &vanished {
        fs::remove_dir(desk.delivered(system)).unwrap();
        fs::write(desk.delivered(system), bytes).unwrap();
    }
    fs::remove_file(desk.out().join("WJ")).unwrap();
    node.ready();
    node.quiet();
    let restarts = |component: &str| {
        node.metric(&format!("yibiao_component_restarts_total{{component=\"{component}\"}}")).unwrap()
    };
    for component in ["MZ", "ZJ", "wj-elderly"] {
        assert!(restarts(component) >= 1.0, "{component}");
        assert!(desk.written("WJ").exists());
    }
    for component in ["GA", "WJ", "ga-residents"] {
        assert!(restarts(component) < 1.0, "{component}");
    }
    let (_, found) = doctor(&desk);
    // Rows that its departments should look at may stand in the quarantine.
    let amiss: Vec<&Json> =
        found.iter().filter(|line| line["good"] == false && line["subject"] != "quarantine").collect();
    assert!(amiss.is_empty(), "{amiss:?}");
    assert_eq!(node.stop().code, Some(0));

    let (code, found) = doctor(&desk);
    assert_eq!(code, Some(4));
    let of_node = |subject: &str| {
        let subject =
            |line: &&Json| line["part"] == "node" && line["subject"].as_str().unwrap().starts_with(subject);
        found.iter().find(subject).unwrap_or_else(|| panic!("{found:?}"))["good"].clone()
    };
    assert_eq!(
        [of_node("node"), of_node("store"), of_node("address"), of_node("disk")].map(|good| good == true),
        [false, true, true, true]
    );
}
