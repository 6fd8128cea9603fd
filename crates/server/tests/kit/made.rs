//! `yibiao connector new` and `adapter new`: what is made builds, outside this workspace, and reaches its level.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn made(kind: &str, name: &str, folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yibiao"));
    command.args([kind, "new", name, "--into"]).arg(folder).env_remove("YIBIAO_SOURCE").output().unwrap()
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where made crates are built.
fn target() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_yibiao")).parent().unwrap().with_file_name("made")
}

/// Builds and tests a crate. It cannot use what this workspace has built, whose libraries have more features; what it builds
/// itself stays for the next time.
fn cargo_test(made: &Path) -> String {
    // The same versions, so that nothing is fetched: cargo takes over what it needs of them.
    fs::copy(checkout().join("Cargo.lock"), made.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--config", "profile.dev.debug=false", "--", "--nocapture"])
        .current_dir(made)
        .env("CARGO_TARGET_DIR", target())
        .output()
        .unwrap();
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    told
}

#[test]
fn a_made_connector_builds_passes_its_tests_and_runs_as_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let output = made("connector", "county-registry", folder.path());
    assert!(output.status.success(), "{output:?}");
    let made_in = folder.path().join("county-registry");
    let told = cargo_test(&made_in);
    assert!(told.contains("connector county-registry: silver"), "{told}");
    // As written, so as its author's editor will leave it.
    let formatted =
        Command::new(env!("CARGO")).args(["fmt", "--check"]).current_dir(&made_in).output().unwrap();
    assert!(formatted.status.success(), "{formatted:?}");

    let program = target().join("debug/county-registry");
    let rows = folder.path().join("rows.jsonl");
    fs::write(&rows, "{\"id\":\"1\"}\n{\"id\":\"2\"}\n{\"id\":\"3\"}\n{\"id\":\"4\"}\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_yibiao"));
    let tested =
        command.args(["conformance", "--"]).args([&program, &rows]).args(["id", "name"]).output().unwrap();
    assert_eq!(tested.status.code(), Some(0), "{}", String::from_utf8_lossy(&tested.stdout));
}

#[test]
fn a_made_adapter_builds_and_passes_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    assert!(made("adapter", "county-desk", folder.path()).status.success());
    let told = cargo_test(&folder.path().join("county-desk"));
    assert!(told.contains("adapter county-desk: silver"), "{told}");
}

#[test]
fn a_folder_that_is_there_already_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("county-desk")).unwrap();
    let output = made("adapter", "county-desk", folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_dir(folder.path().join("county-desk")).unwrap().count(), 0);
}
