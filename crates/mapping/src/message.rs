//! A mapping bound to messages: each is about one row, and says by its key which one.

use crate::align;
use crate::bind::BindError;
use crate::binding::{Binding, Parsed, Quarantine};
use crate::identity::Identity;
use crate::mapping::{Key, Mapping};
use yibiao_format::{Cell, Opening, Row};
use yibiao_record::Timestamp;

/// The version of a row that only its place in the source's order makes newer than the one before.
pub const ARRIVAL: i64 = i64::MIN;

/// A mapping with the place of each of its columns in the messages of one source.
#[derive(Debug)]
pub struct MessageBinding<'mapping> {
    binding: Binding<'mapping>,
}

impl Mapping {
    /// Finds the mapping's columns in messages. `name` is the source's in errors. What the mapping looks for in a file's
    /// title or root element, a message tells by its time.
    pub fn bind_messages(&self, name: &str, columns: &[String]) -> Result<MessageBinding<'_>, BindError> {
        let opening = Opening { columns: columns.to_vec(), ..Opening::default() };
        Ok(MessageBinding { binding: self.bind_rows(name, &opening)? })
    }

    /// The columns that a message may have: those that are mapped, and those that say key, operation, version or time.
    pub fn message_columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        for name in self.source.row_columns() {
            if !columns.iter().any(|column| column == name) {
                columns.push(name.to_owned());
            }
        }
        columns
    }
}

impl MessageBinding<'_> {
    /// Reads a row. `key` goes before the row's own; `at` is the time of a row that does not say its own.
    pub fn parse(&self, key: Option<&str>, at: Timestamp, cells: Vec<Cell>) -> Result<Parsed, Quarantine> {
        let row = Row { locator: 0, cells, raw: Vec::new() };
        let identity = match key {
            Some(key) => self.identity(key)?,
            None if self.by_column() => self.binding.identity(&row)?,
            None => return Err(no_key()),
        };
        self.binding.parse_as(&row, identity, at)
    }

    /// The key that a row has by itself: its key column's, or, of a file without one, that of the first row with its
    /// identity columns.
    pub fn own_key(&self, cells: Vec<Cell>) -> Result<Box<str>, Quarantine> {
        let row = Row { locator: 0, cells, raw: Vec::new() };
        match self.binding.identity(&row)? {
            Identity::Key(key) => Ok(key),
            Identity::Columns(identity) => {
                let names = self.binding.mapping().identity_names();
                let row = align::Incoming { identity, content: 0 };
                align::align(&names, &[], &[row]).pop().map(|aligned| aligned.local).ok_or_else(no_key)
            }
        }
    }

    /// A row that is no more: what its source's delete means where no reason is given.
    pub fn delete(&self, key: Option<&str>, at: Timestamp) -> Result<Parsed, Quarantine> {
        Ok(Parsed {
            identity: self.identity(key.ok_or_else(no_key)?)?,
            op: self.binding.mapping().absence(),
            version: ARRIVAL,
            observed_at: at,
            claims: Vec::new(),
            household: None,
            dwelling: None,
        })
    }

    fn identity(&self, key: &str) -> Result<Identity, Quarantine> {
        let key = key.trim();
        if key.is_empty() { Err(no_key()) } else { Ok(Identity::Key(key.into())) }
    }

    fn by_column(&self) -> bool {
        matches!(self.binding.mapping().source().key, Key::Column(_))
    }
}

fn no_key() -> Quarantine {
    Quarantine {
        column: None,
        rule: "missing-key",
        reason: "a message without a key belongs to no row; send it under the row's local key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yibiao_record::{Op, SystemId};

    fn mapping(system: &str) -> &'static Mapping {
        Mapping::of_system(SystemId::new(system).unwrap()).unwrap()
    }

    fn cells(columns: &[String], said: &[(&str, &str)]) -> Vec<Cell> {
        let cell = |column: &String| {
            let text = said.iter().find(|(name, _)| name == column);
            text.map_or(Cell::Absent, |(_, text)| Cell::Text((*text).to_owned()))
        };
        columns.iter().map(cell).collect()
    }

    const AT: Timestamp = Timestamp(1_790_000_000);

    #[test]
    fn a_file_without_a_key_column_is_keyed_by_the_message() {
        let mapping = mapping("MZ");
        let columns = mapping.message_columns();
        let binding = mapping.bind_messages("topic", &columns).unwrap();
        let row = cells(&columns, &[("姓名", "张三")]);
        let parsed = binding.parse(Some("17"), AT, row.clone()).unwrap();
        assert_eq!((parsed.identity, parsed.observed_at), (Identity::Key("17".into()), AT));
        assert_eq!(binding.parse(None, AT, row).unwrap_err().rule, "missing-key");
    }

    #[test]
    fn a_row_that_says_its_own_time_keeps_it() {
        let mapping = mapping("GA");
        let columns = mapping.message_columns();
        let binding = mapping.bind_messages("topic", &columns).unwrap();
        let said =
            [("op", "U"), ("更新时间", "2026-10-01T08:00:00+08:00"), ("person_key", "k1"), ("XM", "张三")];
        let parsed = binding.parse(None, AT, cells(&columns, &said)).unwrap();
        assert_eq!(parsed.identity, Identity::Key("k1".into()));
        assert_eq!(parsed.observed_at, Timestamp(1_790_812_800));
        assert_eq!(parsed.version, 1_790_812_800);
    }

    #[test]
    fn a_delete_follows_whatever_came_before_it() {
        for mapping in ["GA", "MZ", "WJ"].map(mapping) {
            let columns = mapping.message_columns();
            let parsed = mapping.bind_messages("topic", &columns).unwrap().delete(Some("k"), AT).unwrap();
            assert_eq!(parsed.version, ARRIVAL);
            assert_ne!(parsed.op, Op::Upsert);
        }
    }
}
