//! Rows that cannot be taken in, and exit codes.

use crate::support::{Desk, Ran, YIBIAO};
use std::fs;
use std::process::Command;

/// A mark for a sex that no mapping knows, in the row of the second follow-up.
fn unmapped(desk: &Desk) {
    let text = encoding_rs::GB18030.decode(&fs::read(desk.delivered("WJ")).unwrap()).0.into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut cells: Vec<&str> = lines[2].split(',').collect();
    cells[2] = "Q";
    lines[2] = cells.join(",");
    fs::write(desk.delivered("WJ"), encoding_rs::GB18030.encode(&format!("{}\n", lines.join("\n"))).0)
        .unwrap();
}

#[test]
fn an_unmapped_code_is_set_aside_with_its_row_until_the_mapping_is_mended() {
    let mut desk = Desk::county(40);
    let whole = desk.twin();
    whole.run_once();
    unmapped(&desk);
    desk.run_once();
    let list = desk.ask(&["quarantine", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    let entry = &list[0];
    assert_eq!(
        (&entry["system"], &entry["edition"], &entry["row"]),
        (&"WJ".into(), &"wj_elderly_followup.csv".into(), &2.into())
    );
    assert!(entry["reason"].as_str().unwrap().contains("DE02_01_040_00"), "{entry}");
    assert_eq!(desk.counts()[0] + 1, whole.counts()[0], "the good rows go on");
    let id = entry["id"].to_string();
    let shown = desk.ask(&["quarantine", "show", &id]);
    let raw = shown["raw_hex"].as_str().unwrap();
    assert_eq!(raw.len(), 2 * usize::try_from(entry["bytes"].as_u64().unwrap()).unwrap());
    assert!(raw.contains("2c512c"), "the bytes as they came: {raw}");
    let receipt = fs::read_to_string(desk.out().join("WJ/wj_elderly_followup.csv.receipt.csv")).unwrap();
    assert!(receipt.lines().any(|line| line.starts_with("2,quarantined")), "{receipt}");

    // Tried again with the same mapping, it is set aside again.
    assert_eq!(desk.ask(&["quarantine", "retry"])["rows"], 1);
    desk.run_once();
    assert_eq!(desk.counts()[2], 1);

    let shipped = include_str!("../../../../schemas/mapping/wj.yaml");
    let mended = shipped.replacen(
        "        section: ORG_AREA\n",
        "        section: ORG_AREA\n        also: { Q: \"1\" }\n",
        1,
    );
    assert_ne!(mended, shipped);
    desk.map("WJ", &mended);
    assert_eq!(desk.ask(&["quarantine", "retry"])["systems"][0], "WJ");
    desk.run_once();
    assert_eq!((desk.counts()[0], desk.counts()[2]), (whole.counts()[0], 0));
    assert_eq!(desk.ask(&["quarantine", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn a_retry_on_a_running_node_reads_the_file_again() {
    let desk = Desk::county_of(40, &["GA", "WJ"]);
    unmapped(&desk);
    let mut node = desk.serve();
    node.quiet();
    assert_eq!(desk.counts()[2], 1);
    desk.ask(&["quarantine", "retry"]);
    assert_eq!(node.stop().code, Some(0));
    desk.run_once();
    assert_eq!(desk.counts()[2], 1, "what still cannot be read stands in the quarantine anew");
}

fn code(words: &[&str]) -> Option<i32> {
    Ran::of(&Command::new(YIBIAO).args(words).output().unwrap()).code
}

#[test]
fn each_exit_code_means_what_the_help_says() {
    let desk = Desk::county(40);
    let help = Ran::of(&Command::new(YIBIAO).arg("--help").output().unwrap());
    for (code, words) in [
        ("0", "done"),
        ("1", "failed while running"),
        ("2", "the command line is wrong"),
        ("3", "the configuration, a mapping or the policy is wrong"),
        ("4", "check found something"),
        ("5", "the counts of the promise do not add up"),
        ("6", "there is no such record"),
    ] {
        assert!(help.out.contains(&format!("  {code}  {words}")), "{}", help.out);
    }
    assert_eq!((help.code, code(&["--version"])), (Some(0), Some(0)));
    assert_eq!(code(&["run"]), Some(2));
    assert_eq!(code(&["status", "-c", "nowhere.yaml", "--log", "=="]), Some(2));
    assert_eq!(code(&["status", "-c", "nowhere.yaml"]), Some(3));
    assert_eq!(desk.yibiao(&["check"]).code, Some(0));
    fs::rename(desk.delivered("MZ"), desk.path("aside")).unwrap();
    let checked = desk.yibiao(&["check", "--json"]);
    assert_eq!(checked.code, Some(4));
    assert!(checked.out.contains("mz_difficulty_ledger.xlsx") && checked.out.contains("\"good\": false"));
    let ran = desk.run_once_badly();
    assert!(ran.err.contains("mz_difficulty_ledger.xlsx"), "{}", ran.err);
    fs::rename(desk.path("aside"), desk.delivered("MZ")).unwrap();
    desk.run_once();
    for missing in [["explain", "P-99999999"], ["explain", "GA:nobody"]] {
        assert_eq!(desk.yibiao(&missing).code, Some(6), "{missing:?}");
    }
    assert_eq!(desk.yibiao(&["quarantine", "show", "77"]).code, Some(6));
    assert_eq!(desk.yibiao(&["export", "--entity", "cat", "--out", "x.csv"]).code, Some(6));
    let config = fs::read_to_string(desk.config()).unwrap();
    fs::write(desk.config(), config.replacen("system: GA", "system: XX", 1)).unwrap();
    let unknown = desk.yibiao(&["status", "--json"]);
    assert_eq!(unknown.code, Some(3));
    let told: serde_json::Value = serde_json::from_str(&unknown.err).unwrap();
    assert_eq!(told["code"], 3);
    assert!(told["error"].as_str().unwrap().contains("XX"), "{told}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let script = "set -o pipefail; \"$0\" --help >/dev/null; \"$0\" schema export --out \"$1\" | true";
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::of(&Command::new("bash").args(["-c", script, YIBIAO]).arg(dir.path()).output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}
