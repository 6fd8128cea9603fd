//! `connector new` and `adapter new`: a crate outside this workspace that builds, with a test, a page and its level.

use crate::exit::Failure;
use crate::output::Output;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct ConnectorArgs {
    #[command(subcommand)]
    pub(crate) verb: ConnectorVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorVerb {
    /// Make a crate of a connector: a source of 60 lines, its test, its page, and a program that a node runs
    New(NewArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AdapterArgs {
    #[command(subcommand)]
    pub(crate) verb: AdapterVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdapterVerb {
    /// Make a crate of an adapter, its test and its page
    New(NewArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The crate's name: lower-case letters, digits and hyphens, such as `county-registry`
    pub(crate) name: String,
    /// The folder in which the crate's own folder is made
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) into: PathBuf,
    /// Where the crate finds `yibiao-contract`: a checkout of Yibiao, the URL of its git repository, or a version where a
    /// registry has it. Without it, the checkout that this program was built from
    #[arg(long, value_name = "WHERE", env = "YIBIAO_SOURCE")]
    pub(crate) yibiao: Option<String>,
}

/// What was made, as it is printed.
#[derive(Debug, Serialize)]
struct Made {
    folder: PathBuf,
    files: Vec<&'static str>,
    depends_on: String,
}

/// A crate to be made: the words that its name replaces, and its files.
struct Template {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

const IGNORED: &str = "/target\n";
const FORMAT: (&str, &str) = (".rustfmt.toml", include_str!("../templates/rustfmt.toml"));

const CONNECTOR: Template = Template {
    name: "hello-source",
    files: &[
        ("Cargo.toml", include_str!("../templates/connector/manifest.toml")),
        ("README.md", include_str!("../templates/connector/README.md")),
        ("src/lib.rs", include_str!("../templates/connector/lib.rs")),
        ("src/main.rs", include_str!("../templates/connector/main.rs")),
        ("tests/conformance.rs", include_str!("../templates/connector/conformance.rs")),
        (".gitignore", IGNORED),
        FORMAT,
    ],
};

const ADAPTER: Template = Template {
    name: "hello-sink",
    files: &[
        ("Cargo.toml", include_str!("../templates/adapter/manifest.toml")),
        ("README.md", include_str!("../templates/adapter/README.md")),
        ("src/lib.rs", include_str!("../templates/adapter/lib.rs")),
        ("tests/conformance.rs", include_str!("../templates/adapter/conformance.rs")),
        (".gitignore", IGNORED),
        FORMAT,
    ],
};

pub(crate) fn connector(arguments: &ConnectorArgs, output: Output) -> Result<(), Failure> {
    let ConnectorVerb::New(new) = &arguments.verb;
    make(new, &CONNECTOR, output)
}

pub(crate) fn adapter(arguments: &AdapterArgs, output: Output) -> Result<(), Failure> {
    let AdapterVerb::New(new) = &arguments.verb;
    make(new, &ADAPTER, output)
}

fn make(new: &NewArgs, template: &Template, output: Output) -> Result<(), Failure> {
    let name = Name::parse(&new.name)?;
    let depends_on = dependency(new.yibiao.as_deref(), &built_from())?;
    let folder = new.into.join(&new.name);
    let failed = |path: &Path, error: std::io::Error| {
        Failure::failed(format!("cannot make {}: {error}; choose another folder with --into", path.display()))
    };
    // Nothing that is there already is written over.
    fs::create_dir_all(&new.into).map_err(|error| failed(&new.into, error))?;
    fs::create_dir(&folder).map_err(|error| failed(&folder, error))?;
    for (file, text) in template.files {
        let path = folder.join(file);
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, name.put_into(text, template.name).replace("WHERE", &depends_on)))
            .map_err(|error| failed(&path, error))?;
    }
    let files = template.files.iter().map(|(file, _)| *file).collect();
    output.result(&Made { folder, files, depends_on }, |made| {
        format!(
            "made {}\n\n  cd {}\n  cargo test -- --nocapture    # builds it and shows its level\n\nREADME.md says how a node runs it.",
            made.folder.display(),
            made.folder.display()
        )
    });
    Ok(())
}

/// A crate's name as Cargo, Rust's modules and Rust's types write it.
struct Name {
    package: String,
    module: String,
    kind: String,
}

impl Name {
    fn parse(written: &str) -> Result<Name, Failure> {
        let parts: Vec<&str> = written.split('-').collect();
        let good = |part: &&str| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        let reserved = ["test", "core", "std", "alloc", "self", "super", "crate"];
        if !parts.iter().all(good) || written.len() > 64 || reserved.contains(&written) {
            return Err(Failure::usage(format!(
                "cannot name a crate {written:?}: use lower-case letters, digits and single hyphens, such as county-registry"
            )));
        }
        let kind = parts.iter().map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        });
        Ok(Name { package: written.to_owned(), module: parts.join("_"), kind: kind.collect() })
    }

    /// Replaces a template's name, in each of its spellings.
    fn put_into(&self, text: &str, template: &str) -> String {
        let Ok(theirs) = Name::parse(template) else { return text.to_owned() };
        text.replace(&theirs.package, &self.package)
            .replace(&theirs.module, &self.module)
            .replace(&theirs.kind, &self.kind)
    }
}

/// The checkout that this program was built from.
fn built_from() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What stands in a manifest for where `yibiao-contract` is found.
fn dependency(written: Option<&str>, built_from: &Path) -> Result<String, Failure> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string(); // a TOML string is written alike
    let path_of = |checkout: &Path| {
        let contract = checkout.join("crates/contract").canonicalize().ok()?;
        contract
            .join("Cargo.toml")
            .is_file()
            .then(|| format!("path = {}", quoted(&contract.to_string_lossy())))
    };
    let Some(written) = written else {
        return path_of(built_from).ok_or_else(|| {
            Failure::usage(
                "cannot tell where `yibiao-contract` is: the checkout that this program was built from is not there; \
                 name one with --yibiao (or YIBIAO_SOURCE): a checkout, the URL of the git repository that you were given, \
                 or a version where your registry has it",
            )
        });
    };
    if written.contains("://") || written.starts_with("git@") || written.ends_with(".git") {
        return Ok(format!("git = {}", quoted(written)));
    }
    if written.starts_with(|first: char| first.is_ascii_digit() || first == '=' || first == '^') {
        return Ok(format!("version = {}", quoted(written)));
    }
    path_of(Path::new(written)).ok_or_else(|| {
        Failure::usage(format!(
            "cannot find crates/contract in {written}: name a checkout of Yibiao, a git URL or a version with --yibiao"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_world_source_is_no_longer_than_60_lines() {
        for (file, text) in CONNECTOR.files {
            assert!(*file != "src/lib.rs" || text.lines().count() <= 60);
        }
    }

    #[test]
    fn a_name_is_spelled_as_cargo_and_rust_want_it() {
        let name = Name::parse("county-registry2").unwrap();
        let text = name.put_into("hello-source hello_source HelloSource", "hello-source");
        assert_eq!(text, "county-registry2 county_registry2 CountyRegistry2");
        for bad in ["", "County", "a_b", "a--b", "-a", "2a", "../a", "test"] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_crate_finds_the_contract_where_it_is_told_to() {
        let checkout = built_from();
        let path = dependency(None, &checkout).unwrap();
        assert!(path.starts_with("path = \"/") && path.ends_with("/crates/contract\""), "{path}");
        assert_eq!(dependency(Some(&checkout.to_string_lossy()), Path::new("/nowhere")).unwrap(), path);
        let git = dependency(Some("https://git.example/yibiao.git"), Path::new("/nowhere")).unwrap();
        assert_eq!(git, "git = \"https://git.example/yibiao.git\"");
        assert_eq!(dependency(Some("0.1"), Path::new("/nowhere")).unwrap(), "version = \"0.1\"");
        assert!(dependency(None, Path::new("/nowhere")).is_err());
        assert!(dependency(Some("/tmp"), Path::new("/nowhere")).is_err());
    }
}
