//! What the kit found: for a person, for a program, for a build server.

use serde::Serialize;
use std::fmt;

/// A level of conformance; each includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It does what it says while nothing goes wrong.
    Bronze,
    /// It loses and doubles nothing while its peer, its input or the node fails.
    Silver,
    /// It stands kill -9 of both ends at any moment (see [`gold`](super::gold)); not run by the kit itself.
    Gold,
}

impl Level {
    /// The level's name, lower-case.
    pub fn name(self) -> &'static str {
        match self {
            Level::Bronze => "bronze",
            Level::Silver => "silver",
            Level::Gold => "gold",
        }
    }
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The rule is kept.
    Passed,
    /// The rule is broken.
    Failed {
        /// What was seen.
        reason: String,
        /// What to look at.
        hint: String,
    },
    /// There is nothing to test the rule with, as the fixture or the capabilities say.
    NotApplicable {
        /// Why.
        reason: String,
    },
    /// A check that it builds on was not passed.
    NotRun {
        /// Which one.
        needs: &'static str,
    },
}

/// One check of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, such as `read-all`.
    pub name: &'static str,
    /// The level that it belongs to.
    pub level: Level,
    /// The rule that it tests.
    pub rule: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was tested.
    pub subject: String,
    /// `connector`, `adapter` or `event adapter`.
    pub kind: &'static str,
    /// The highest level that was reached.
    pub level: Option<Level>,
    /// The checks, in the order in which they ran.
    pub checks: Vec<Check>,
}

impl Report {
    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| matches!(check.verdict, Verdict::Failed { .. }))
    }

    /// For a test: fails with the table unless the level was reached.
    ///
    /// # Panics
    /// Where the level was not reached.
    pub fn require(&self, level: Level) {
        assert!(self.level >= Some(level), "{} is not reached\n{self}", level.name());
    }

    /// As JSON, on several lines.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_else(|error| format!("\"{error}\""))
    }

    /// As a test suite in JUnit's XML, which build servers show.
    pub fn junit(&self) -> String {
        let skipped = self
            .checks
            .iter()
            .filter(|check| matches!(check.verdict, Verdict::NotApplicable { .. } | Verdict::NotRun { .. }));
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
            escaped(&self.subject),
            self.checks.len(),
            self.failed().count(),
            skipped.count()
        );
        for check in &self.checks {
            let body = match &check.verdict {
                Verdict::Passed => String::new(),
                Verdict::Failed { reason, hint } => {
                    format!("<failure message=\"{}\">{}</failure>", escaped(reason), escaped(hint))
                }
                Verdict::NotApplicable { reason } => format!("<skipped message=\"{}\"/>", escaped(reason)),
                Verdict::NotRun { needs } => format!("<skipped message=\"needs {needs}\"/>"),
            };
            let class = format!("{}.{}", escaped(&self.subject), check.level.name());
            xml.push_str(&format!(
                "  <testcase classname=\"{class}\" name=\"{}: {}\">{body}</testcase>\n",
                check.name,
                escaped(check.rule)
            ));
        }
        xml.push_str("</testsuite>\n");
        xml
    }
}

/// Text as XML holds it; characters that XML cannot hold are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            other => out.push(other),
        }
    }
    out
}

impl fmt::Display for Report {
    /// The table for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}: {}", self.kind, self.subject, self.level.map_or("no level", Level::name))?;
        for check in &self.checks {
            let Check { name, level, rule, verdict } = check;
            let mark = match verdict {
                Verdict::Passed => "ok",
                Verdict::Failed { .. } => "FAILED",
                Verdict::NotApplicable { .. } => "n/a",
                Verdict::NotRun { .. } => "not run",
            };
            writeln!(f, "  {:<6} {name:<15} {mark:<7} {rule}", level.name())?;
            match verdict {
                Verdict::Passed => {}
                Verdict::Failed { reason, hint } => {
                    writeln!(f, "{:33}{reason}\n{:33}{hint}", "", "")?;
                }
                Verdict::NotApplicable { reason } => writeln!(f, "{:33}{reason}", "")?,
                Verdict::NotRun { needs } => writeln!(f, "{:33}{needs} comes first", "")?,
            }
        }
        Ok(())
    }
}
