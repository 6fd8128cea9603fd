//! How the program fails: one message for a person, and a code for a program.

use crate::output::Output;
use std::error::Error;
use std::process::ExitCode;

/// Why a verb did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Failed while running (1).
    pub(crate) fn run(error: &dyn Error) -> Self {
        Self { code: 1, message: chain(error) }
    }

    /// Failed while running, in words (1).
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// The command line is wrong (2).
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// The configuration is wrong (3).
    pub(crate) fn config(error: &dyn Error) -> Self {
        Self { code: 3, message: chain(error) }
    }

    /// A check found something (4).
    pub(crate) fn check(message: impl Into<String>) -> Self {
        Self { code: 4, message: message.into() }
    }

    /// The counts of the promise do not add up (5).
    pub(crate) fn gap(message: impl Into<String>) -> Self {
        Self { code: 5, message: message.into() }
    }

    /// There is no such thing (6).
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self { code: 6, message: message.into() }
    }

    /// What was learnt is no plausible model (7).
    pub(crate) fn implausible(message: impl Into<String>) -> Self {
        Self { code: 7, message: message.into() }
    }

    /// Prints it, and gives the code.
    pub(crate) fn report(&self, output: Output) -> ExitCode {
        output.error(self.code, &self.message);
        ExitCode::from(self.code)
    }
}

/// An error with its causes, each once.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
