//! Jars from Maven Central, once for all test binaries.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where tools for tests are kept: in the user's cache.
pub(crate) fn tools() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(PathBuf::from(home).join(".cache"))
    });
    cache.expect("HOME is set").join("yibiao-tools")
}

/// Kafka with its tools and Kafka Connect.
pub(crate) fn kafka() -> PathBuf {
    dependencies("kafka-4.3.1", include_str!("../poms/kafka.xml"))
}

/// Debezium's connector for PostgreSQL, as a plugin of Kafka Connect.
pub(crate) fn debezium() -> PathBuf {
    dependencies("debezium-3.6.1", include_str!("../poms/debezium.xml"))
}

/// An Avro converter, as a plugin of Kafka Connect.
pub(crate) fn converter() -> PathBuf {
    dependencies("apicurio-converter-2.6.13", include_str!("../poms/converter.xml"))
}

/// Apicurio Registry.
pub(crate) fn registry() -> PathBuf {
    brought("apicurio-registry-3.3.3", |folder| {
        let artifact = "-Dartifact=io.apicurio:apicurio-registry-app:3.3.3:tar.gz:all";
        maven(folder, &["dependency:copy", artifact, "-DoutputDirectory=."]);
        std::fs::create_dir(folder.join("lib")).expect("it can be written to");
        let unpack = "tar -xzf apicurio-registry-app-3.3.3-all.tar.gz -C lib";
        let done = Command::new("sh").args(["-c", unpack]).current_dir(folder).status();
        assert!(done.is_ok_and(|done| done.success()), "the registry can be unpacked");
    })
}

/// What a list of dependencies comes to.
fn dependencies(name: &str, pom: &str) -> PathBuf {
    brought(name, |folder| {
        std::fs::write(folder.join("pom.xml"), pom).expect("it can be written to");
        maven(folder, &["dependency:copy-dependencies", "-DoutputDirectory=lib"]);
    })
}

/// The folder `lib` that `bring` makes in a folder of that name; made where missing.
fn brought(name: &str, bring: impl FnOnce(&Path)) -> PathBuf {
    let folder = tools().join(name);
    let jars = folder.join("lib");
    if jars.is_dir() {
        return jars;
    }
    std::fs::create_dir_all(&folder).expect("the cache can be written to");
    // Brought beside and put in place whole, so that a run that breaks off leaves nothing half.
    let partial = tempfile::tempdir_in(&folder).expect("the cache can be written to");
    bring(partial.path());
    let placed = std::fs::rename(partial.path().join("lib"), &jars);
    assert!(placed.is_ok() || jars.is_dir(), "the jars cannot be put in place: {placed:?}");
    jars
}

/// Runs Maven in a folder.
fn maven(folder: &Path, goal: &[&str]) {
    let done = Command::new("mvn")
        .args(["-q", "-B"])
        .args(goal)
        .current_dir(folder)
        .output()
        .expect("mvn can be started: tests/run.sh installs it");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}
