//! A node that runs: health, stopping, and the verbs that reach it through its socket.

use crate::support::{Desk, bytes, wait_for};
use serde_json::Value as Json;
use std::fs;

#[test]
fn a_node_tells_that_it_lives_and_whether_it_is_ready() {
    let desk = Desk::county(40);
    let mut node = desk.serve();
    let (code, body) = wait_for("/livez", || node.get("/livez"));
    assert_eq!((code, body.as_str()), (200, "ok\n"));
    // Until the store is read the node says what it waits for.
    let (code, body) = node.get("/readyz").unwrap();
    let answer: Json = serde_json::from_str(&body).unwrap();
    assert_eq!(code == 200, answer["ready"].as_bool().unwrap());
    assert_eq!(answer["ready"].as_bool().unwrap(), answer["reasons"].as_object().unwrap().is_empty());
    node.ready();
    node.quiet();
    assert_eq!(node.get("/nowhere").unwrap().0, 404);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_source_that_cannot_be_read_is_a_reason_not_to_be_ready_and_holds_up_no_other() {
    let desk = Desk::county(40);
    let ledger = fs::read(desk.delivered("MZ")).unwrap();
    fs::remove_file(desk.delivered("MZ")).unwrap();
    fs::create_dir(desk.delivered("MZ")).unwrap();
    let mut node = desk.serve();
    wait_for("the police to get their file", || desk.written("GA").exists().then_some(()));
    let reason = wait_for("a reason", || {
        let answer: Json = serde_json::from_str(&node.get("/readyz")?.1).unwrap();
        answer["reasons"].get("source MZ").map(ToString::to_string)
    });
    assert!(reason.contains("mz_difficulty_ledger.xlsx") && reason.contains("it is a folder"), "{reason}");
    assert!(!desk.written("MZ").exists());
    fs::remove_dir(desk.delivered("MZ")).unwrap();
    fs::write(desk.delivered("MZ"), ledger).unwrap();
    node.ready();
    node.quiet();
    assert!(desk.written("MZ").exists());
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_node_that_is_told_to_stop_finishes_and_goes_on_where_it_stopped() {
    let undisturbed = Desk::county(40);
    undisturbed.run_once();
    let desk = undisturbed.twin();
    for round in 0..4 {
        let mut node = desk.serve();
        if round % 2 == 0 {
            node.ready();
        } else {
            wait_for("the node", || node.get("/livez"));
        }
        let ended = node.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    let mut node = desk.serve();
    node.quiet();
    assert_eq!(node.stop().code, Some(0));
    assert_eq!(desk.counts()[0], undisturbed.counts()[0]);
    desk.run_once();
    assert_eq!(
        bytes(&desk.out()).keys().collect::<Vec<_>>(),
        bytes(&undisturbed.out()).keys().collect::<Vec<_>>()
    );
    assert!(!desk.store().join("control.sock").exists());
}

#[test]
fn one_data_folder_takes_one_node() {
    let desk = Desk::county(40);
    let mut node = desk.serve();
    node.quiet();
    let second = desk.yibiao(&["run", "--once"]);
    assert_eq!(second.code, Some(1));
    assert!(second.err.contains("another") || second.err.contains("already"), "{}", second.err);
    assert!(desk.ask(&["status"])["changes"].as_u64() > Some(0), "the first still answers");
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_running_node_answers_as_a_stopped_one() {
    let desk = Desk::county(60);
    let mut node = desk.serve();
    node.quiet();
    let verbs: [&[&str]; 5] = [
        &["status"],
        &["review", "list", "--limit", "5"],
        &["review", "decisions"],
        &["quarantine", "list"],
        &["explain", "P-00000001"],
    ];
    let running = verbs.map(|verb| desk.ask(verb));
    let everything = desk.everything();
    assert_eq!(running[1].as_array().unwrap().len(), 5);
    assert_eq!(node.stop().code, Some(0));
    assert_eq!(verbs.map(|verb| desk.ask(verb)), running);
    assert_eq!(desk.everything(), everything);
}

/// Which person a record belongs to.
fn person(desk: &Desk, record: &str) -> String {
    desk.ask(&["explain", record])["entity"].as_str().unwrap().to_owned()
}

#[test]
fn a_steward_links_parts_pins_and_takes_back_on_a_running_node() {
    let desk = Desk::county(60);
    let mut node = desk.serve();
    node.quiet();
    let members = desk.members("person");
    let decide = |words: &[&str]| {
        let told =
            [&["review", "decide"], words, &["--actor", "steward-1", "--reason", "seen in the archive"]]
                .concat();
        desk.ask(&told)["decision"].as_u64().unwrap().to_string()
    };
    let take_back = |decision: &str| decide(&["take-back", decision]);
    let tasks = desk.ask(&["review", "list", "--limit", "1000"]);
    let task = tasks.as_array().unwrap().iter().find(|task| task["entity"] == "person").unwrap();
    let [left, right] = ["left", "right"].map(|side| task[side][0].as_str().unwrap().to_owned());
    assert_ne!(person(&desk, &left), person(&desk, &right));

    let linked = decide(&["link", &left, &right]);
    assert_eq!(person(&desk, &left), person(&desk, &right));
    take_back(&linked);
    assert_eq!(desk.members("person"), members, "a link taken back leaves every key where it was");

    let together = desk.ask(&["explain", "P-00000001"]);
    let records: Vec<&str> = together["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["record"].as_str().unwrap())
        .collect();
    let parted = decide(&["unlink", records[0], records[1]]);
    assert_ne!(person(&desk, records[0]), person(&desk, records[1]));
    take_back(&parted);
    assert_eq!(desk.members("person"), members, "so does an unlink");

    let value = |record: &str| {
        let story = desk.ask(&["explain", record]);
        let value = story["values"]
            .as_array()
            .unwrap()
            .iter()
            .find(|value| value["element"] == "name")
            .unwrap()
            .clone();
        [value["value"].clone(), value["rule"].clone()]
    };
    let before = value(records[0]);
    let pinned = decide(&["pin", records[0], "--element", "name", "--from", &right]);
    let [name, rule] = value(records[0]);
    assert!(name != before[0] && rule == "pinned", "{name} {rule}");
    take_back(&pinned);
    assert_eq!(value(records[0]), before);

    let again = desk.yibiao(&["review", "decide", "take-back", &pinned, "--actor", "a", "--reason", "r"]);
    assert_eq!((again.code, again.err.contains("still holds")), (Some(1), true), "{}", again.err);
    let decisions = desk.ask(&["review", "decisions"]);
    assert_eq!(decisions.as_array().unwrap().iter().filter(|decision| decision["holds"] == true).count(), 3);
    assert_eq!(node.stop().code, Some(0));
    desk.run_once();
    assert_eq!(desk.members("person"), members, "decisions outlive the node that took them");
}

#[test]
fn a_decision_is_delivered_by_the_node_that_runs() {
    let desk = Desk::county(60);
    let mut node = desk.serve();
    node.quiet();
    let changes = desk.counts()[1];
    let tasks = desk.ask(&["review", "list", "--limit", "1000"]);
    let task = tasks.as_array().unwrap().iter().find(|task| task["entity"] == "person").unwrap();
    let sides = ["left", "right"].map(|side| task[side][0].as_str().unwrap().to_owned());
    desk.ask(&["review", "decide", "link", &sides[0], &sides[1], "--actor", "s", "--reason", "r"]);
    assert!(desk.counts()[1] > changes);
    node.quiet();
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_backup_of_a_running_node_restored_elsewhere_gives_the_same_node() {
    let desk = Desk::county(40);
    let mut node = desk.serve();
    node.quiet();
    let (all, counts) = (desk.everything(), desk.counts());
    let file = desk.path("store.backup");
    desk.ask(&["backup", "--to", file.to_str().unwrap()]);
    let again = desk.yibiao(&["backup", "--to", file.to_str().unwrap()]);
    assert_eq!(again.code, Some(1), "a backup is never written over");
    assert!(again.err.contains("store.backup"), "{}", again.err);
    assert_eq!(node.stop().code, Some(0));

    let elsewhere = desk.twin();
    elsewhere.ask(&["restore", "--from", file.to_str().unwrap()]);
    assert_eq!(elsewhere.everything(), all);
    elsewhere.run_once();
    assert_eq!(
        (elsewhere.everything(), elsewhere.counts()),
        (all, counts),
        "it goes on where the backup was taken"
    );
    assert_eq!(bytes(&elsewhere.out()), bytes(&desk.out()));

    let full = elsewhere.yibiao(&["restore", "--from", file.to_str().unwrap()]);
    assert_eq!(full.code, Some(1));
    assert!(full.err.contains("store") && full.err.contains("empty"), "{}", full.err);
    let other = desk.twin();
    let no_backup = other.delivered("GA");
    let refused = other.yibiao(&["restore", "--from", no_backup.to_str().unwrap()]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("ga_population.ndjson"), "{}", refused.err);
}

#[test]
fn the_log_can_be_read_by_a_program_and_names_no_person() {
    let desk = Desk::county(40);
    let ran = desk.yibiao(&["run", "--once", "--log", "debug", "--log-format", "json"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.lines().count() > 10);
    for line in ran.err.lines() {
        let entry: Json = serde_json::from_str(line).unwrap();
        assert!(entry["level"].is_string(), "{line}");
    }
    let members = desk.path("p.csv");
    desk.ask(&["export", "--out", members.to_str().unwrap()]);
    for row in csv::Reader::from_path(members).unwrap().records() {
        for cell in row.unwrap().iter().skip(2).filter(|cell| cell.chars().count() > 8) {
            assert!(!ran.err.contains(cell), "the log tells personal data");
        }
    }
}
