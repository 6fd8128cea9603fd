//! The house rules that Cargo and Clippy cannot check.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate and its layer; a crate may depend on those of lower layers only.
const LAYERS: &[(&str, u8)] = &[
    ("record", 0),
    ("schema", 1),
    ("format", 1),
    ("http-client", 1),
    ("kafka-client", 1),
    ("mapping", 2),
    ("resolve", 2),
    ("policy", 2),
    ("registry", 1),
    ("contract", 2),
    ("synth", 2),
    ("store", 3),
    ("connector-file", 3),
    ("connector-http", 3),
    ("connector-kafka", 3),
    ("connector-process", 3),
    ("connector-sql", 3),
    ("adapter-file", 3),
    ("adapter-kafka", 3),
    ("adapter-webhook", 3),
    ("pipeline", 4),
    ("server", 5),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn crates() -> BTreeSet<String> {
    fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Every Rust file of the workspace's own, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["crates", "tests", "benches"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn dependencies_between_crates_point_strictly_down() {
    let layers: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    for name in crates() {
        let layer = *layers.get(&*name).unwrap_or_else(|| panic!("crate {name} stands in no layer"));
        let manifest = fs::read_to_string(root().join("crates").join(&name).join("Cargo.toml")).unwrap();
        let normal = manifest.split("[dev-dependencies]").next().unwrap();
        for line in normal.lines().filter_map(|line| line.strip_prefix("yibiao-")) {
            let other = line.split(['.', ' ', '=']).next().unwrap();
            assert!(
                layers[other] < layer,
                "{name} (layer {layer}) must not depend on {other} (layer {})",
                layers[other]
            );
        }
    }
}

#[test]
fn the_code_map_names_exactly_the_crates_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let named: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `crates/"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(named, crates());
}

#[test]
fn every_source_file_opens_with_its_purpose() {
    for (path, text) in sources() {
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//!") || first.starts_with("#![doc"),
            "{} must open with //!",
            path.display()
        );
    }
}

#[test]
fn no_test_is_ignored_and_none_sleeps() {
    let banned = [concat!("#[", "ignore"), concat!("thread::", "sleep("), concat!("time::", "sleep(")];
    for (path, text) in sources() {
        let test_file =
            path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs");
        for word in banned {
            assert!(!(test_file && text.contains(word)), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn the_top_level_shows_the_card_and_little_else() {
    let allowed = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "README.zh-CN.md",
        "benches",
        "crates",
        "data",
        "deploy",
        "rust-toolchain.toml",
        "schemas",
        "target",
        "tests",
    ];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name.starts_with('.') || allowed.contains(&&*name),
            "{name} does not belong at the top level"
        );
    }
}
