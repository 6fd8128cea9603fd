//! `yibiao conformance`: the example in Python, programs that break the rules, and configured sources as they stand.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Where the example lies.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../connector-process/example");
const COLUMNS: [&str; 5] = ["id", "name", "amount", "born", "note"];

fn conformance(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yibiao"));
    command.args(["--json", "conformance"]).args(words).output().unwrap()
}

fn program<'a>(script: &'a str, options: &[&'a str]) -> Output {
    let words = [options, &["--", "python3", script, "{dir}/rows.jsonl"], &COLUMNS].concat();
    conformance(&words)
}

fn report(output: &Output) -> serde_json::Value {
    let all: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    all["reports"][0].clone()
}

fn verdict<'r>(report: &'r serde_json::Value, name: &str) -> &'r str {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap();
    check["verdict"].as_str().unwrap()
}

fn fixture() -> String {
    format!("python3 {EXAMPLE}/fixture.py {{dir}}/rows.jsonl")
}

#[test]
fn the_example_in_python_reaches_silver_by_the_verb() {
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("junit.xml");
    let script = format!("{EXAMPLE}/lines.py");
    let fixture = fixture();
    let output =
        program(&script, &["--fixture", &fixture, "--level", "silver", "--junit", junit.to_str().unwrap()]);
    let report = report(&output);
    assert_eq!((output.status.code(), &report["level"]), (Some(0), &"silver".into()), "{report:#}");
    assert_eq!(verdict(&report, "poison"), "passed");
    assert_eq!(verdict(&report, "hanging"), "not_applicable");
    let xml = fs::read_to_string(junit).unwrap();
    assert!(xml.contains("<testsuite name=\"python3 lines.py\"") && xml.contains("failures=\"0\""), "{xml}");
}

#[test]
fn a_program_that_breaks_a_rule_does_not_reach_the_level_and_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let careless = folder.path().join("careless.py");
    let good = fs::read_to_string(Path::new(EXAMPLE).join("lines.py")).unwrap();
    // It stops at a bad record.
    let bad = good.replace("return {**said, \"bad\": \"it is no JSON object with a key\"}", "raise");
    assert_ne!(good, bad);
    fs::write(&careless, bad).unwrap();
    let output = program(careless.to_str().unwrap(), &["--fixture", &fixture(), "--level", "silver"]);
    let report = report(&output);
    assert_eq!((output.status.code(), &report["level"]), (Some(4), &"bronze".into()), "{report:#}");
    assert_eq!(verdict(&report, "poison"), "failed");
}

#[test]
fn a_fixture_that_fails_is_told_and_not_taken_for_a_rule_that_does_not_apply() {
    let script = format!("{EXAMPLE}/lines.py");
    let output = program(&script, &["--fixture", "sh -c 'exit 9'"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("exit code 9"), "{told}");
}

#[test]
fn a_program_without_a_fixture_is_tested_on_its_source_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    fs::write(&path, "{\"id\":\"a\",\"name\":\"x\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n{\"id\":\"d\"}\n")
        .unwrap();
    let script = format!("{EXAMPLE}/lines.py");
    let output = conformance(&["--", "python3", &script, path.to_str().unwrap(), "id", "name"]);
    let report = report(&output);
    assert_eq!((output.status.code(), &report["level"]), (Some(0), &serde_json::Value::Null), "{report:#}");
    assert_eq!((verdict(&report, "restart"), verdict(&report, "update")), ("passed", "not_applicable"));
}

#[test]
fn configured_sources_are_tested_as_they_stand_and_left_so() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    fs::create_dir(&inputs).unwrap();
    let config = folder.path().join("yibiao.yaml");
    let script = Path::new(EXAMPLE).join("lines.py");
    fs::write(inputs.join("houses.jsonl"), "{\"house_code\":\"H-1\"}\n{\"house_code\":\"H-2\"}\n").unwrap();
    let source = format!(
        "node: {{ data: store }}\nsources:\n- system: ZJ\n  program: {{ run: [python3, \"{}\", \"{}/houses.jsonl\", house_code] }}\n",
        script.display(),
        inputs.display()
    );
    fs::write(&config, source).unwrap();
    let output = conformance(&["-c", config.to_str().unwrap()]);
    let report = report(&output);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!((&report["subject"], verdict(&report, "read-all")), (&"source ZJ".into(), "passed"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is made beside the configuration");
}

#[test]
fn the_rows_of_a_program_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("yibiao.yaml");
    let rows = folder.path().join("houses.jsonl");
    let script = Path::new(EXAMPLE).join("lines.py");
    fs::write(&rows, "{\"house_code\":\"H-1\"}\n{\n{\"house_code\":\"H-2\"}\n").unwrap();
    let source = format!(
        "node: {{ data: store }}\nsources:\n- system: ZJ\n  program: {{ run: [python3, \"{}\", \"${{ROWS}}\", house_code] }}\n",
        script.display()
    );
    fs::write(&config, source).unwrap();
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yibiao"));
        command.args(["--json", "run", "--once", "-c"]).arg(&config).env("ROWS", &rows).output().unwrap()
    };
    let told = |output: &Output| format!("{output:?}");
    let first = run();
    assert_eq!(first.status.code(), Some(0), "{}", told(&first));
    let list = |verb: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yibiao"));
        let output =
            command.arg("--json").args(verb).arg("-c").arg(&config).env("ROWS", &rows).output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", told(&output)))
    };
    let quarantined = list(&["quarantine", "list"]);
    assert_eq!(quarantined.as_array().map(Vec::len), Some(1), "{quarantined:#}");
    let status = list(&["status"]);
    // Nothing comes a second time.
    assert_eq!(run().status.code(), Some(0));
    assert_eq!(list(&["status"]), status);
}
