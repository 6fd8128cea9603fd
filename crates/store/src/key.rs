//! Every table of the store: what its keys and values are, and how long an entry lives.
//!
//! | table | key | value | lifetime |
//! |---|---|---|---|
//! | 0 `meta` | a name in ASCII | `format`: the version of this page and of the codec, a varint | for ever |
//! | 1 `submission` | sequence | [`Submission`](yibiao_record::Submission) | for ever, never changed |
//! | 2 `change` | sequence | [`Change`](yibiao_record::Change) | for ever, never changed |
//! | 3 `decision` | sequence | [`Decision`](yibiao_record::Decision) | for ever, never changed |
//! | 4 `cursor` | the source's name | the connector's own bytes | replaced |
//! | 5 `position` | the subscription's name | a varint | replaced |
//! | 6 `quarantine` | id | [`QuarantineEntry`](crate::QuarantineEntry) | for ever, never changed |
//! | 7 `quarantine_closed` | id | the reason, text | for ever; absent while the entry is open |
//! | 8 `edition` | system, edition, page | the rows of an [`EditionPage`](crate::EditionPage) | until a later edition is complete |
//! | 9 `delivered` | system, local key | [`DeliveredRow`](crate::DeliveredRow)'s elements | replaced; absent when nothing was written |
//! | 10 `audit` | sequence | hash, then the [`AuditEntry`](crate::AuditEntry) | for ever, never changed |
//! | 11 `counter` | the counter's name | a zigzag varint | replaced |
//! | 12 `boundary` | commit sequence | [`Boundary`](crate::Boundary) | for ever, never changed |
//! | 13 `dead_letter` | feed position, the subscription's name | [`DeadLetter`](crate::DeadLetter) | until it is replayed or purged |
//!
//! A sequence, id or edition is eight bytes, a page four, all big-endian, so that the order of the bytes is the order
//! of the numbers and the logs are written at their end. A system is its name, padded with zeros to eight bytes. Names
//! and local keys are UTF-8 and stand last.
//!
//! **Invariant:** a table's number is never reused; the number, not the name, is what the sled engine stores.

use yibiao_record::{SourceKey, SystemId};

/// The version of the layout and the codec that this build writes.
pub(crate) const FORMAT: u64 = 1;

/// The key of the format version in [`Table::Meta`].
pub(crate) const FORMAT_KEY: &[u8] = b"format";

/// A table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Meta,
    Submission,
    Change,
    Decision,
    Cursor,
    Position,
    Quarantine,
    QuarantineClosed,
    Edition,
    Delivered,
    Audit,
    Counter,
    Boundary,
    DeadLetter,
}

impl Table {
    /// All tables, by number.
    pub(crate) const ALL: [Table; 14] = [
        Table::Meta,
        Table::Submission,
        Table::Change,
        Table::Decision,
        Table::Cursor,
        Table::Position,
        Table::Quarantine,
        Table::QuarantineClosed,
        Table::Edition,
        Table::Delivered,
        Table::Audit,
        Table::Counter,
        Table::Boundary,
        Table::DeadLetter,
    ];

    /// The number on disk.
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Table::Meta => 0,
            Table::Submission => 1,
            Table::Change => 2,
            Table::Decision => 3,
            Table::Cursor => 4,
            Table::Position => 5,
            Table::Quarantine => 6,
            Table::QuarantineClosed => 7,
            Table::Edition => 8,
            Table::Delivered => 9,
            Table::Audit => 10,
            Table::Counter => 11,
            Table::Boundary => 12,
            Table::DeadLetter => 13,
        }
    }

    /// The name on disk, and in errors.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Table::Meta => "meta",
            Table::Submission => "submission",
            Table::Change => "change",
            Table::Decision => "decision",
            Table::Cursor => "cursor",
            Table::Position => "position",
            Table::Quarantine => "quarantine",
            Table::QuarantineClosed => "quarantine_closed",
            Table::Edition => "edition",
            Table::Delivered => "delivered",
            Table::Audit => "audit",
            Table::Counter => "counter",
            Table::Boundary => "boundary",
            Table::DeadLetter => "dead_letter",
        }
    }
}

/// The key of a position in a log.
pub(crate) fn sequence(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// Reads [`sequence`] back.
pub(crate) fn parse_sequence(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// The key of a system, and the beginning of every key under it.
pub(crate) fn system(system: SystemId) -> [u8; 8] {
    let mut key = [0; 8];
    for (to, from) in key.iter_mut().zip(system.as_str().bytes()) {
        *to = from;
    }
    key
}

/// Reads [`system`] back.
pub(crate) fn parse_system(key: &[u8]) -> Option<SystemId> {
    let name = key.get(..8)?.split(|byte| *byte == 0).next()?;
    SystemId::new(std::str::from_utf8(name).ok()?).ok()
}

/// The key of a page of an edition.
pub(crate) fn edition_page(of: SystemId, edition: u64, page: u32) -> [u8; 20] {
    let mut key = [0; 20];
    let parts = system(of).into_iter().chain(edition.to_be_bytes()).chain(page.to_be_bytes());
    for (to, from) in key.iter_mut().zip(parts) {
        *to = from;
    }
    key
}

/// Reads [`edition_page`] back.
pub(crate) fn parse_edition_page(key: &[u8]) -> Option<(SystemId, u64, u32)> {
    let (rest, page) = key.split_last_chunk::<4>()?;
    let (system, edition) = rest.split_last_chunk::<8>()?;
    (system.len() == 8)
        .then(|| Some((parse_system(system)?, u64::from_be_bytes(*edition), u32::from_be_bytes(*page))))?
}

/// The key of a dead letter.
pub(crate) fn dead_letter(position: u64, subscription: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + subscription.len());
    bytes.extend_from_slice(&sequence(position));
    bytes.extend_from_slice(subscription.as_bytes());
    bytes
}

/// Reads [`dead_letter`] back.
pub(crate) fn parse_dead_letter(key: &[u8]) -> Option<(u64, &str)> {
    let (position, subscription) = key.split_first_chunk()?;
    Some((u64::from_be_bytes(*position), std::str::from_utf8(subscription).ok()?))
}

/// The key of a source key.
pub(crate) fn source_key(key: &SourceKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + key.local.len());
    bytes.extend_from_slice(&system(key.system));
    bytes.extend_from_slice(key.local.as_bytes());
    bytes
}

/// Reads [`source_key`] back.
pub(crate) fn parse_source_key(key: &[u8]) -> Option<SourceKey> {
    Some(SourceKey { system: parse_system(key)?, local: std::str::from_utf8(key.get(8..)?).ok()?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_number_and_name_belong_to_one_table() {
        for (place, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(table.tag()), place);
            let same = Table::ALL.into_iter().filter(|other| other.name() == table.name()).count();
            assert_eq!(same, 1, "{}", table.name());
        }
    }

    proptest! {
        #[test]
        fn keys_read_back_as_written(name in "[A-Za-z0-9-]{1,8}", local in any::<String>(), a in any::<u64>(), b in any::<u32>()) {
            let system = SystemId::new(&name).unwrap();
            prop_assert_eq!(parse_sequence(&sequence(a)), Some(a));
            prop_assert_eq!(parse_edition_page(&edition_page(system, a, b)), Some((system, a, b)));
            let bytes = dead_letter(a, &local);
            prop_assert_eq!(parse_dead_letter(&bytes), Some((a, &*local)));
            let key = SourceKey { system, local: local.into() };
            prop_assert_eq!(parse_source_key(&source_key(&key)), Some(key));
        }

        #[test]
        fn the_order_of_keys_is_the_order_of_numbers(a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(sequence(a).cmp(&sequence(b)), a.cmp(&b));
        }
    }
}
