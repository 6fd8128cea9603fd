//! The level that this connector reaches: a table read whole, and one read by a cursor column.

#![cfg(test)]

use rusqlite::Connection;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use yibiao_connector_sql::{Config, SqlConnector};
use yibiao_contract::conformance::{self, Cannot, ConnectorFixture, Level, Sample, Trouble};

struct Table {
    folder: tempfile::TempDir,
    /// Whether it is read by a column that grows with every change.
    by_cursor: bool,
    /// Who holds the database.
    holder: Option<Connection>,
}

impl Table {
    fn path(&self) -> PathBuf {
        self.folder.path().join("rows.sqlite")
    }

    fn put(&self, id: &str, cells: [&dyn rusqlite::ToSql; 4]) {
        let [name, amount, born, note] = cells;
        Connection::open(self.path())
            .unwrap()
            .execute(
                "INSERT OR REPLACE INTO house (id, name, amount, born, note, changed)
                 SELECT ?1, ?2, ?3, ?4, ?5, 1 + coalesce(max(changed), 0) FROM house",
                rusqlite::params![id, name, amount, born, note],
            )
            .unwrap();
    }
}

impl ConnectorFixture for Table {
    type Connector = SqlConnector;

    fn subject(&self) -> String {
        if self.by_cursor { "connector-sql (cursor column)" } else { "connector-sql" }.to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.folder = tempfile::tempdir().unwrap();
        Connection::open(self.path())
            .unwrap()
            .execute_batch("CREATE TABLE house (id TEXT PRIMARY KEY, name TEXT, amount TEXT, born TEXT, note, changed INTEGER)")
            .unwrap();
        rows.iter().try_for_each(|row| self.set(row))
    }

    fn connect(&mut self) -> SqlConnector {
        let mut config = Config::new(self.path(), "house".to_owned(), "id".to_owned());
        config.cursor = self.by_cursor.then(|| "changed".to_owned());
        (config.settle_ms, config.busy_ms) = (0, 0);
        SqlConnector::new(config, Arc::new(|| u64::MAX))
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.put(&row.id, [&row.name, &row.amount, &row.born, &row.note]);
        Ok(())
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        if self.by_cursor {
            return Err(Cannot::because("a cursor column does not show deletes, as its page says"));
        }
        Connection::open(self.path()).unwrap().execute("DELETE FROM house WHERE id = ?1", [&row.id]).unwrap();
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        // A table has no bytes of a row, so its cells are kept: the text whole, the binary data in hexadecimal digits.
        self.put("K0000", [&marker, &"1", &"2000-01-01", &vec![0_u8, 255]]);
        Ok(())
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        match trouble {
            Trouble::Gone => fs::rename(self.path(), self.folder.path().join("away")).unwrap(),
            Trouble::Throttling => {
                let holder = Connection::open(self.path()).unwrap();
                holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
                self.holder = Some(holder);
            }
            Trouble::Refusing => {
                return Err(Cannot::because("the superuser, as whom tests may run, may read everything"));
            }
            Trouble::Hanging => return Err(Cannot::because("a file answers at once")),
        }
        Ok(())
    }

    fn mend(&mut self) {
        if self.holder.take().is_none() {
            fs::rename(self.folder.path().join("away"), self.path()).unwrap();
        }
    }
}

async fn level_of(by_cursor: bool) -> conformance::Report {
    let folder = tempfile::tempdir().unwrap();
    conformance::connector(&mut Table { folder, by_cursor, holder: None }).await
}

#[tokio::test]
async fn a_table_that_is_read_whole_reaches_silver() {
    level_of(false).await.require(Level::Silver);
}

#[tokio::test]
async fn a_table_that_is_read_by_a_cursor_column_reaches_silver() {
    level_of(true).await.require(Level::Silver);
}
