//! Identifiers. All are small, ordered and cheap to copy, except [`SourceKey`], which holds text.

use std::fmt;

/// A department's IT system, by its short name in the configuration (`GA`, `MZ`): one to eight ASCII letters,
/// digits or `-`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemId([u8; 8]);

/// A system name that is empty, longer than eight bytes, or holds another character than A-Z, a-z, 0-9 and `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemIdError;

impl fmt::Display for SystemIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a system name has one to eight characters of A-Z, a-z, 0-9 and -")
    }
}

impl std::error::Error for SystemIdError {}

impl SystemId {
    /// Checks and wraps a name.
    pub fn new(name: &str) -> Result<Self, SystemIdError> {
        let bytes = name.as_bytes();
        let good = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
        if bytes.is_empty() || bytes.len() > 8 || !bytes.iter().all(good) {
            return Err(SystemIdError);
        }
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(Self(id))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("invariant: checked ASCII")
    }

    /// The bytes of the name.
    pub fn as_bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|b| *b == 0).unwrap_or(8);
        self.0.get(..len).unwrap_or_default()
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a record comes from and what its source calls it. The local key may be made of personal data (where a
/// file has no key column), so it prints redacted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey {
    /// The system that speaks.
    pub system: SystemId,
    /// Its key for the row: the key column's text, or the text made from the mapping's identity columns.
    pub local: Box<str>,
}

impl fmt::Debug for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:…", self.system)
    }
}

/// The permanent number of an element in the dictionary; never reused, and what is stored on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(pub u16);

/// The kinds of entity that are resolved, in the order in which the stages resolve them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A house or flat.
    Dwelling,
    /// A natural person.
    Person,
    /// People who live as one unit, whatever the number each department gives it.
    Household,
}

impl EntityKind {
    /// All kinds, in stage order.
    pub const ALL: [EntityKind; 3] = [EntityKind::Dwelling, EntityKind::Person, EntityKind::Household];

    /// The English name, lower case, as in configuration, metrics and event types.
    pub fn name(self) -> &'static str {
        match self {
            EntityKind::Dwelling => "dwelling",
            EntityKind::Person => "person",
            EntityKind::Household => "household",
        }
    }

    /// The kind of that [`name`](Self::name).
    pub fn by_name(name: &str) -> Option<EntityKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn letter(self) -> char {
        match self {
            EntityKind::Dwelling => 'D',
            EntityKind::Person => 'P',
            EntityKind::Household => 'H',
        }
    }
}

/// The public, stable id of an entity: dense numbers per kind, minted in feed order, never reused. Written
/// `P-00000042`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId {
    /// What it is.
    pub kind: EntityKind,
    /// Its number, from 1.
    pub number: u64,
}

impl EntityId {
    /// Reads the written form back.
    pub fn parse(text: &str) -> Option<EntityId> {
        let (letter, number) = text.split_once('-')?;
        let kind =
            EntityKind::ALL.into_iter().find(|kind| letter.chars().eq(std::iter::once(kind.letter())))?;
        Some(EntityId { kind, number: number.parse().ok()? })
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08}", self.kind.letter(), self.number)
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! sequence {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

sequence! {
    /// Position of a submission in the log of accepted submissions, from 1.
    SubmissionSeq
}
sequence! {
    /// Position of a change in the change feed, from 1. It is the change's id.
    ChangeSeq
}
sequence! {
    /// Position of a steward's decision in the log of decisions, from 1.
    DecisionSeq
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_name_is_one_to_eight_plain_characters() {
        assert_eq!(SystemId::new("GA").unwrap().as_str(), "GA");
        assert_eq!(SystemId::new("ABCD-123").unwrap().to_string(), "ABCD-123");
        for bad in ["", "TOO-LONG-1", "公安", "a b"] {
            assert_eq!(SystemId::new(bad), Err(SystemIdError), "{bad}");
        }
    }

    #[test]
    fn an_entity_id_reads_back_as_written() {
        for kind in EntityKind::ALL {
            let id = EntityId { kind, number: 42 };
            assert_eq!(EntityId::parse(&id.to_string()), Some(id));
        }
        assert_eq!(EntityId::parse("X-1"), None);
        assert_eq!(EntityId::parse("P1"), None);
    }

    #[test]
    fn a_source_key_prints_without_its_local_key() {
        let key = SourceKey { system: SystemId::new("MZ").unwrap(), local: "990101195006190225".into() };
        assert_eq!(format!("{key:?}"), "MZ:…");
    }
}
