//! Short ways to say what every connector and adapter says.

use crate::{Cursor, EdgeError, Finding, Recovery};

impl Cursor {
    /// A cursor that is one number: an offset, a line, a version.
    pub fn at(place: u64) -> Cursor {
        Cursor(format!("1:{place}").into_bytes())
    }

    /// The number of a cursor made by [`Cursor::at`]; 0 at the very start. Anything else is refused.
    pub fn place(&self) -> Result<u64, EdgeError> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let place = std::str::from_utf8(&self.0).ok().and_then(|text| text.strip_prefix("1:")?.parse().ok());
        place.ok_or_else(|| {
            EdgeError::halt(
                "cannot resume at the stored position",
                "it is of another kind of source",
                "use the version that wrote it, or start the source anew",
            )
        })
    }
}

impl EdgeError {
    /// A failure that may pass by itself.
    pub fn retry(
        attempt: impl Into<String>,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) -> EdgeError {
        EdgeError {
            attempt: attempt.into(),
            reason: reason.into(),
            hint: hint.into(),
            recovery: Recovery::Retry,
            edition: None,
        }
    }

    /// A failure that a person must mend.
    pub fn halt(attempt: impl Into<String>, reason: impl Into<String>, hint: impl Into<String>) -> EdgeError {
        EdgeError { recovery: Recovery::Halt, ..EdgeError::retry(attempt, reason, hint) }
    }
}

impl Finding {
    /// A finding about something: good with what was found, or bad for the error's reason.
    pub fn of(subject: impl Into<String>, found: Result<String, EdgeError>) -> Finding {
        let (good, detail, hint) = match found {
            Ok(detail) => (true, detail, String::new()),
            Err(error) => (false, error.reason, error.hint),
        };
        Finding { subject: subject.into(), good, detail, hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_one_number_gives_it_back_and_any_other_is_refused() {
        assert_eq!(Cursor::at(7).place().unwrap(), 7);
        assert_eq!(Cursor::default().place().unwrap(), 0);
        for other in [&b"7"[..], b"1:", b"1:x", b"2:7", b"\xff", b"{}"] {
            assert_eq!(Cursor(other.to_vec()).place().unwrap_err().recovery, Recovery::Halt);
        }
    }
}
