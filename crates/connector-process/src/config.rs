//! What an operator writes about a program.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A program that brings a department's rows.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The program and its arguments. It is found as a shell would find it; no shell is started.
    pub run: Vec<String>,
    /// What stands in its environment beside `PATH`, `HOME`, `LANG`, `LC_ALL`, `TZ` and `TMPDIR`: settings and secrets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long it may take to start and to answer, in milliseconds; a batch as a whole. One that takes longer is ended.
    #[serde(default = "answer_ms_max_default")]
    pub answer_ms_max: u64,
    /// Longest line, in bytes.
    #[serde(default = "line_bytes_max_default")]
    pub line_bytes_max: usize,
}

fn answer_ms_max_default() -> u64 {
    60_000
}

fn line_bytes_max_default() -> usize {
    8 << 20
}

impl Config {
    /// A program with the defaults.
    pub fn new(run: Vec<String>) -> Config {
        Config {
            run,
            env: BTreeMap::new(),
            answer_ms_max: answer_ms_max_default(),
            line_bytes_max: line_bytes_max_default(),
        }
    }

    /// What the program is called: the last file among the words before any option, without folders.
    pub(crate) fn name(&self) -> String {
        let named =
            |word: &String| Path::new(word).file_name().map(|name| name.to_string_lossy().into_owned());
        let program = self.run.first().and_then(named).unwrap_or_default();
        let script =
            self.run.get(1).filter(|word| !word.starts_with('-') && word.contains('.')).and_then(named);
        script.unwrap_or(program)
    }
}

impl fmt::Debug for Config {
    /// Without arguments and environment, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("program", &self.name()).finish_non_exhaustive()
    }
}
