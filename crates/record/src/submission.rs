//! One row as a system sent it, and what it claims.

use crate::{ElementId, SourceKey, SubmissionSeq, Timestamp, Value};
use std::fmt;

/// Marks that a mapping or the pipeline sets on a claim. A small set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimFlags(pub u16);

impl ClaimFlags {
    /// A 15-digit id was raised to 18.
    pub const RAISED: ClaimFlags = ClaimFlags(1);
    /// An id went through a number type and lost its end.
    pub const TRUNCATED: ClaimFlags = ClaimFlags(1 << 1);
    /// The check character or the date inside an id fails.
    pub const BAD_CHECK: ClaimFlags = ClaimFlags(1 << 2);
    /// A lunar date was converted.
    pub const LUNAR: ClaimFlags = ClaimFlags(1 << 3);
    /// The cell could not be parsed; the value is [`Value::Unparsed`].
    pub const UNPARSED: ClaimFlags = ClaimFlags(1 << 4);
    /// The value was derived from another cell of the same row: never evidence on its own.
    pub const DERIVED: ClaimFlags = ClaimFlags(1 << 5);
    /// The value is what we delivered to this cell: not its source's own word, so neither evidence nor canonical.
    pub const ECHO: ClaimFlags = ClaimFlags(1 << 6);

    /// Both sets of marks.
    pub const fn with(self, other: ClaimFlags) -> ClaimFlags {
        ClaimFlags(self.0 | other.0)
    }

    /// Whether all of `other`'s marks are set.
    pub const fn has(self, other: ClaimFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One value that a row claims for an element.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// Which element.
    pub element: ElementId,
    /// What it says.
    pub value: Value,
    /// Marks.
    pub flags: ClaimFlags,
}

impl Claim {
    /// Whether the claim may be compared in matching and become canonical.
    pub fn is_evidence(&self) -> bool {
        !self.flags.has(ClaimFlags::UNPARSED) && !self.flags.has(ClaimFlags::DERIVED)
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.element.0, self.value)
    }
}

/// What a submission does to the record under its source key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// States the row.
    Upsert,
    /// A life event ended the row: it stays as evidence and stops giving current values.
    End,
    /// The row was wrong: it is forgotten as evidence.
    Retract,
}

/// One accepted row.
#[derive(Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its place in the log.
    pub seq: SubmissionSeq,
    /// Whose row it is.
    pub key: SourceKey,
    /// What it does.
    pub op: Op,
    /// Orders the submissions of one key where the source has a rule for it (its own update time); 0 where it has
    /// none and arrival decides.
    pub version: i64,
    /// When the row was observed, by its source.
    pub observed_at: Timestamp,
    /// What it claims, by element. Of an [`Op::End`] or [`Op::Retract`], the claims of the row that it ends.
    pub claims: Vec<Claim>,
    /// The row's bytes as they came (of a workbook, its cells as JSON).
    pub raw: Box<[u8]>,
}

impl Submission {
    /// The claim for an element, where the row makes one.
    pub fn claim(&self, element: ElementId) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.element == element)
    }
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "submission {} of {} ({:?}, {} claims)",
            self.seq,
            self.key.system,
            self.op,
            self.claims.len()
        )
    }
}
