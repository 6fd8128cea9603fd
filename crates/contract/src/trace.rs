//! Under which trace of its sender a row came, by W3C's Trace Context.

use std::fmt;

/// The header that tells of a trace, and the target of the log lines that repeat it.
pub const TRACE_PARENT: &str = "traceparent";

/// A trace of a sender's: its id, the step in it that sent, and flags. Numbers only, and whatever else a header held is
/// gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent(Box<str>);

impl TraceParent {
    /// Reads the header's values; `None` unless there is one that is as the standard says.
    pub fn of<'h>(values: impl IntoIterator<Item = &'h [u8]>) -> Option<TraceParent> {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => TraceParent::parse(std::str::from_utf8(value).ok()?),
            _ => None,
        }
    }

    fn parse(value: &str) -> Option<TraceParent> {
        let mut parts = value.splitn(5, '-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
            (part.len() == digits && part.bytes().all(hex)).then_some(part)
        };
        let (version, trace, parent, flags) = (number(2)?, number(32)?, number(16)?, number(2)?);
        let is_zero = |part: &str| part.bytes().all(|digit| digit == b'0');
        // Later versions may add to it, this one may not.
        let longer = version == "00" && parts.next().is_some();
        let good = version != "ff" && !longer && !is_zero(trace) && !is_zero(parent);
        good.then(|| TraceParent(format!("00-{trace}-{parent}-{flags}").into()))
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn read(value: &str) -> Option<String> {
        TraceParent::of([value.as_bytes()]).map(|trace| trace.to_string())
    }

    #[test]
    fn a_trace_is_taken_as_the_standard_says_and_nothing_else_is() {
        assert_eq!(read(GOOD).as_deref(), Some(GOOD));
        let later = GOOD.replacen("00", "cc", 1) + "-what comes later";
        assert_eq!(read(&later).as_deref(), Some(GOOD), "of a later version, what this one knows");
        for bad in [
            String::new(),
            GOOD.to_uppercase(),
            format!("{GOOD}-more"),
            format!(" {GOOD}"),
            GOOD.replacen("00", "ff", 1),
            GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            GOOD.replace("b7ad6b7169203331", &"0".repeat(16)),
            GOOD.replace("0af7", "张三"),
            GOOD.replace("-01", ""),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
        assert_eq!(TraceParent::of([GOOD.as_bytes(), GOOD.as_bytes()]), None, "two are none");
        assert_eq!(TraceParent::of([b"\xff".as_slice()]), None);
    }
}
