//! One run of checks: in order, each with a time limit, each only where what it builds on holds.

use super::connector::Trouble;
use super::report::{Check, Level, Report, Verdict};
use crate::{EdgeError, Finding, Outcome};
use std::future::Future;
use std::time::Duration;

/// Why there is nothing to test a rule with: the fixture or the peer has no such thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cannot(pub String);

impl Cannot {
    /// Because of this.
    pub fn because(reason: impl Into<String>) -> Cannot {
        Cannot(reason.into())
    }
}

/// What was said while the peer was gone. Asked once, since ending and starting a peer may be slow.
pub(super) struct Outage {
    pub(super) findings: Vec<Finding>,
    pub(super) error: Option<EdgeError>,
}

impl Outage {
    /// Fails unless every bad finding has a cause and a next step, and there is one.
    pub(super) fn judge_findings(&self) -> Result<(), Flaw> {
        let mut bad = self.findings.iter().filter(|finding| !finding.good).peekable();
        if bad.peek().is_none() {
            return Err(broken("it found good what is gone", "reach for the other side in `check`"));
        }
        match bad.find(|finding| finding.detail.is_empty() || finding.hint.is_empty()) {
            Some(finding) => Err(broken(
                format!("{} has no cause or no next step", finding.subject),
                "fill `detail` with the cause, and `hint` with what a person does next",
            )),
            None => Ok(()),
        }
    }

    /// Everything that was said, with who said it.
    pub(super) fn said(&self) -> Vec<(&'static str, String)> {
        let error = self.error.as_ref().map(|error| ("an error", error.to_string()));
        let check = ("`check` of what is gone", format!("{:?}", self.findings));
        std::iter::once(check).chain(error).collect()
    }
}

/// Fails where an error lacks one of its parts.
pub(super) fn judge_words(outage: Option<&Outage>) -> Result<(), Flaw> {
    let Some(outage) = outage else {
        return Err(Flaw::NotApplicable("the fixture cannot make the other side gone".to_owned()));
    };
    match &outage.error {
        Some(error) if error.attempt.is_empty() || error.reason.is_empty() || error.hint.is_empty() => {
            Err(broken(
                format!("attempt {:?}, reason {:?}, hint {:?}", error.attempt, error.reason, error.hint),
                "say what was attempted on what, why it failed, and what a person does next",
            ))
        }
        Some(_) | None => Ok(()),
    }
}

/// Fails unless what was found is good and says so.
pub(super) fn judge_good(findings: &[Finding]) -> Result<(), Flaw> {
    let hint = "return a `Finding` for each thing that was looked at: subject, good, detail";
    if findings.is_empty() {
        return Err(broken("it found nothing at all", hint));
    }
    let bad = |finding: &&Finding| !finding.good || finding.subject.is_empty() || finding.detail.is_empty();
    match findings.iter().find(bad) {
        Some(finding) => Err(broken(format!("{}: {}", finding.subject, finding.detail), hint)),
        None => Ok(()),
    }
}

/// Fails where something that was said holds one of these values.
pub(super) fn judge_quiet(said: &[(&'static str, String)], values: &[String]) -> Result<(), Flaw> {
    match said.iter().find(|(_, text)| values.iter().any(|value| text.contains(value.as_str()))) {
        Some((who, _)) => Err(broken(
            format!("{who} shows a value of a row"),
            "name files, tables, columns, hosts and places, never what is in a cell",
        )),
        None => Ok(()),
    }
}

/// Fails unless something was written and each of so many things has its outcome. `one` names a thing: "row".
pub(super) fn judge_outcomes(
    outcomes: Result<Vec<Outcome>, EdgeError>,
    written: usize,
    one: &str,
) -> Result<Vec<Outcome>, Flaw> {
    let outcomes = outcomes
        .map_err(|error| broken(error.to_string(), "a receiver that is well takes what it is given"))?;
    match outcomes.len() == written {
        true => Ok(outcomes),
        false => Err(broken(
            format!("{} outcomes for {written} {one}s", outcomes.len()),
            &format!("return one outcome for each {one}, in the order of the {one}s"),
        )),
    }
}

/// Fails unless all was delivered. `one` names a thing: "a row".
pub(super) fn judge_delivered(outcomes: &[Outcome], one: &str) -> Result<(), Flaw> {
    match outcomes.iter().find(|outcome| **outcome != Outcome::Delivered) {
        Some(other) => {
            Err(broken(format!("{one} was not delivered: {other:?}"), "see why the receiver did not take it"))
        }
        None => Ok(()),
    }
}

/// Fails where something was refused for good while the receiver was in trouble. `one` names a thing: "a row".
pub(super) fn judge_waiting(tried: &Result<Vec<Outcome>, EdgeError>, one: &str) -> Result<(), Flaw> {
    let outcomes = tried.as_deref().unwrap_or_default();
    match outcomes.iter().any(|outcome| matches!(outcome, Outcome::Reject(_))) {
        true => Err(broken(
            format!("{one} was refused for good, which would have been taken later"),
            "`Reject` is about what is sent; of a receiver that takes nothing say `Retry`, or give an error",
        )),
        false => Ok(()),
    }
}

/// What may befall a receiver: the name of the check, its rule, and what is done to the receiver.
pub(super) const TROUBLES: [(&str, &str, Trouble); 4] = [
    ("gone", "nothing is told as delivered, or lost, while the receiver is gone", Trouble::Gone),
    ("hanging", "nothing waits for ever, or is lost, while the receiver hangs", Trouble::Hanging),
    ("refusing", "nothing is lost while the receiver refuses", Trouble::Refusing),
    ("throttling", "nothing is lost while the receiver asks to come later", Trouble::Throttling),
];

/// Why a check is not passed.
pub(super) enum Flaw {
    Broken { reason: String, hint: String },
    NotApplicable(String),
}

impl From<Cannot> for Flaw {
    fn from(cannot: Cannot) -> Flaw {
        Flaw::NotApplicable(cannot.0)
    }
}

/// The rule is broken: what was seen, and what to look at.
pub(super) fn broken(reason: impl Into<String>, hint: &str) -> Flaw {
    Flaw::Broken { reason: reason.into(), hint: hint.to_owned() }
}

/// A rule that an author has to keep.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) level: Level,
    pub(super) rule: &'static str,
    /// Checks without which this one would fail for no reason of its own.
    pub(super) needs: &'static [&'static str],
}

pub(super) const fn bronze(name: &'static str, rule: &'static str, needs: &'static [&'static str]) -> Rule {
    Rule { name, level: Level::Bronze, rule, needs }
}

pub(super) const fn silver(name: &'static str, rule: &'static str, needs: &'static [&'static str]) -> Rule {
    Rule { name, level: Level::Silver, rule, needs }
}

pub(super) struct Run {
    pub(super) report: Report,
    patience: Duration,
    /// Whether the fixture could make what the rules are about: without it no level is given.
    pub(super) graded: bool,
}

impl Run {
    pub(super) fn new(kind: &'static str, subject: String, patience: Duration) -> Run {
        Run { report: Report { subject, kind, level: None, checks: Vec::new() }, patience, graded: true }
    }

    /// Runs a check, unless one that it needs was not passed.
    pub(super) async fn check(&mut self, rule: Rule, check: impl Future<Output = Result<(), Flaw>>) {
        let Rule { name, level, rule, needs } = rule;
        let passed = |needed: &&&str| {
            let found = self.report.checks.iter().find(|check| check.name == **needed);
            found
                .is_some_and(|check| matches!(check.verdict, Verdict::Passed | Verdict::NotApplicable { .. }))
        };
        let verdict = match needs.iter().find(|needed| !passed(needed)) {
            Some(needs) => Verdict::NotRun { needs },
            None => match tokio::time::timeout(self.patience, check).await {
                Ok(Ok(())) => Verdict::Passed,
                Ok(Err(Flaw::Broken { reason, hint })) => Verdict::Failed { reason, hint },
                Ok(Err(Flaw::NotApplicable(reason))) => Verdict::NotApplicable { reason },
                Err(_) => Verdict::Failed {
                    reason: format!("it did not come to an end in {:?}", self.patience),
                    hint: "give every wait a limit; say `None` or an error rather than wait on".to_owned(),
                },
            },
        };
        self.report.checks.push(Check { name, level, rule, verdict });
    }

    pub(super) fn end(mut self) -> Report {
        let reached = |level: Level| {
            self.report
                .checks
                .iter()
                .filter(|check| check.level <= level)
                .all(|check| matches!(check.verdict, Verdict::Passed | Verdict::NotApplicable { .. }))
        };
        let level = [Level::Silver, Level::Bronze].into_iter().find(|level| reached(*level));
        self.report.level = level.filter(|_| self.graded);
        self.report
    }
}
