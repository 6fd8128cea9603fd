//! The jars of Kafka, from Maven Central, once for all test binaries.

use std::path::PathBuf;
use std::process::Command;

/// The folder of the jars; brought where missing.
pub(crate) fn folder() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(PathBuf::from(home).join(".cache"))
    });
    let folder = cache.expect("HOME is set").join("yibiao-tools/kafka-4.3.1");
    let jars = folder.join("lib");
    if jars.is_dir() {
        return jars;
    }
    std::fs::create_dir_all(&folder).expect("the cache can be written to");
    // Brought beside and put in place whole, so that a run that breaks off leaves nothing half.
    let partial = tempfile::tempdir_in(&folder).expect("the cache can be written to");
    std::fs::write(partial.path().join("pom.xml"), include_str!("../pom.xml")).expect("it can be written to");
    let brought = Command::new("mvn")
        .args(["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"])
        .current_dir(partial.path())
        .output()
        .expect("mvn can be started: tests/run.sh installs it");
    assert!(brought.status.success(), "{}", String::from_utf8_lossy(&brought.stdout));
    let placed = std::fs::rename(partial.path().join("lib"), &jars);
    assert!(placed.is_ok() || jars.is_dir(), "the jars cannot be put in place: {placed:?}");
    jars
}
