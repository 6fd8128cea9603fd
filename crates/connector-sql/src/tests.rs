//! What the connector promises, on databases made for each test.

use crate::{Clock, Config, SqlConnector};
use rusqlite::Connection;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use yibiao_contract::{Batch, BatchLimits, Connector, Cursor, EdgeError, Item};

const LIMITS: BatchLimits = BatchLimits { rows_max: 2, bytes_max: 1 << 20 };

struct Rig {
    folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Rig {
        let rig = Rig { folder: tempfile::tempdir().unwrap() };
        rig.run(
            "CREATE TABLE house (code TEXT PRIMARY KEY, owner_id REAL, built INTEGER, changed INTEGER);
             INSERT INTO house VALUES ('b', 990101196203050000.0, 1998, 2), ('a', NULL, NULL, 3), ('c', 7.5, 2001, 1);",
        );
        rig
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("house.sqlite")
    }

    fn run(&self, statements: &str) {
        Connection::open(self.path()).unwrap().execute_batch(statements).unwrap();
    }

    fn connector(&self, cursor: Option<&str>) -> SqlConnector {
        let mut config = Config::new(self.path(), "house".to_owned(), "code".to_owned());
        config.cursor = cursor.map(str::to_owned);
        config.busy_ms = 0;
        let clock: Clock = Arc::new(|| u64::MAX);
        SqlConnector::new(config, clock)
    }
}

fn render(read: &Result<Option<Batch>, EdgeError>) -> String {
    match read {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(batch)) => batch.items.iter().map(item).collect::<Vec<_>>().join(" "),
        Err(error) => format!("{:?}: {error}", error.recovery),
    }
}

fn item(item: &Item) -> String {
    match item {
        Item::Open(edition) => format!("open({} whole:{})", edition.name, edition.whole),
        Item::Row(row) => format!("{}:{}", row.locator, String::from_utf8_lossy(&row.raw)),
        Item::Bad(bad) => format!("bad({}: {})", bad.locator, bad.reason),
        Item::Close => "close".to_owned(),
        Item::Messages(_) => unreachable!("a source of editions sends no messages"),
    }
}

async fn drain(connector: &mut SqlConnector, cursor: &mut Cursor) -> String {
    let mut lines = Vec::new();
    loop {
        let read = connector.read(cursor, LIMITS).await;
        if matches!(read, Ok(None)) {
            break;
        }
        lines.push(render(&read));
        match read {
            Ok(Some(batch)) => *cursor = batch.cursor,
            _ => break,
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn the_table_is_read_whole_in_key_order_and_numbers_keep_their_type() {
    let rig = Rig::new();
    let mut cursor = Cursor::default();
    insta::assert_snapshot!(drain(&mut rig.connector(None), &mut cursor).await, @r#"
    open(house whole:true) 1:["a",null,null,3] 2:["b",9.9010119620305e17,1998,2]
    3:["c",7.5,2001,1] close
    "#);
}

#[tokio::test]
async fn an_unchanged_database_yields_nothing_and_a_changed_one_is_read_again() {
    let rig = Rig::new();
    let mut connector = rig.connector(None);
    let mut cursor = Cursor::default();
    drain(&mut connector, &mut cursor).await;
    assert_eq!(drain(&mut rig.connector(None), &mut cursor).await, "");
    let copy = fs::read(rig.path()).unwrap();
    fs::remove_file(rig.path()).unwrap();
    assert_eq!(drain(&mut connector, &mut cursor).await, "");
    fs::write(rig.path(), copy).unwrap();
    assert_eq!(drain(&mut connector, &mut cursor).await, "");
    rig.run("DELETE FROM house WHERE code <> 'a'");
    assert_eq!(
        drain(&mut connector, &mut cursor).await,
        "open(house whole:true) 1:[\"a\",null,null,3] close"
    );
}

#[tokio::test]
async fn with_a_cursor_column_later_readings_bring_what_is_beyond_it() {
    let rig = Rig::new();
    let mut connector = rig.connector(Some("changed"));
    let mut cursor = Cursor::default();
    let first = drain(&mut connector, &mut cursor).await;
    rig.run("UPDATE house SET built = 1999, changed = 4 WHERE code = 'b'");
    let second = drain(&mut connector, &mut cursor).await;
    rig.run("UPDATE house SET built = 1990 WHERE code = 'c'");
    let third = drain(&mut connector, &mut cursor).await;
    insta::assert_snapshot!(format!("{first}\n--\n{second}\n--\n{third}"), @r#"
    open(house whole:true) 1:["c",7.5,2001,1] 2:["b",9.9010119620305e17,1998,2]
    3:["a",null,null,3] close
    --
    open(house whole:false) 1:["b",9.9010119620305e17,1999,4] close
    --
    "#);
}

#[tokio::test]
async fn reading_anew_from_the_start_brings_everything_again() {
    let rig = Rig::new();
    let mut connector = rig.connector(Some("changed"));
    let mut cursor = Cursor::default();
    let first = drain(&mut connector, &mut cursor).await;
    rig.run("UPDATE house SET changed = 1");
    drain(&mut connector, &mut cursor).await;
    rig.run("UPDATE house SET changed = changed + 1 WHERE code = 'b'; UPDATE house SET changed = 3 WHERE code = 'a'");
    let again = drain(&mut connector, &mut Cursor::default()).await;
    assert_eq!(first, again);
}

#[tokio::test]
async fn one_cursor_of_an_unchanged_database_gives_equal_batches() {
    let rig = Rig::new();
    rig.run("INSERT INTO house VALUES ('d', 1.0, 1, 9), ('e', 2.0, 1, 9)");
    let mut connector = rig.connector(None);
    let mut cursor = Cursor::default();
    while let Some(batch) = connector.read(&cursor, LIMITS).await.unwrap() {
        assert_eq!(connector.read(&cursor, LIMITS).await.unwrap().as_ref(), Some(&batch));
        cursor = batch.cursor;
    }
    assert!(!cursor.0.is_empty());
}

#[tokio::test]
async fn reading_a_database_in_log_mode_leaves_no_file_beside_it() {
    let rig = Rig::new();
    rig.run("PRAGMA journal_mode = WAL; INSERT INTO house VALUES ('z', 1.0, 1, 1)");
    let mut cursor = Cursor::default();
    let read = drain(&mut rig.connector(None), &mut cursor).await;
    assert!(read.contains("[\"z\",1.0,1,1]"), "{read}");
    assert_eq!(fs::read_dir(rig.folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn rows_still_in_the_write_ahead_log_are_read() {
    let rig = Rig::new();
    let writer = Connection::open(rig.path()).unwrap();
    writer.execute_batch("PRAGMA journal_mode = WAL; INSERT INTO house VALUES ('z', 1.0, 1, 1)").unwrap();
    let mut cursor = Cursor::default();
    let read = drain(&mut rig.connector(None), &mut cursor).await;
    assert!(read.contains("[\"z\",1.0,1,1]"), "{read}");
}

#[tokio::test]
async fn a_half_copied_database_is_tried_again() {
    let rig = Rig::new();
    let whole = fs::read(rig.path()).unwrap();
    fs::write(rig.path(), &whole[..whole.len() - 4096]).unwrap();
    let mut connector = rig.connector(None);
    let mut cursor = Cursor::default();
    insta::assert_snapshot!(drain(&mut connector, &mut cursor).await, @"Retry: cannot read table house of house.sqlite: it is shorter than its first page says; it is being copied, or the copy broke off: deliver it under another name and rename it");
    fs::write(rig.path(), &whole).unwrap();
    assert!(drain(&mut connector, &mut cursor).await.contains("close"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_once() {
    let rig = Rig::new();
    fs::write(rig.path(), "k,v\n1,2\n").unwrap();
    let mut connector = rig.connector(None);
    let mut cursor = Cursor::default();
    insta::assert_snapshot!(drain(&mut connector, &mut cursor).await, @"Quarantine: cannot read table house of house.sqlite: it is no SQLite database; have the database delivered again");
    drain(&mut connector, &mut cursor).await;
    assert_eq!(drain(&mut rig.connector(None), &mut cursor).await, "");
}

#[tokio::test]
async fn a_missing_table_or_column_stops_the_source() {
    let rig = Rig::new();
    let mut config = Config::new(rig.path(), "houses".to_owned(), "code".to_owned());
    let clock: Clock = Arc::new(|| u64::MAX);
    let no_table =
        SqlConnector::new(config.clone(), Arc::clone(&clock)).read(&Cursor::default(), LIMITS).await;
    config.table = "house".to_owned();
    config.key = "kode".to_owned();
    let no_column = SqlConnector::new(config, clock).read(&Cursor::default(), LIMITS).await;
    insta::assert_snapshot!(format!("{}\n{}", render(&no_table), render(&no_column)), @r"
    Halt: cannot read table houses of house.sqlite: it has no such table; check path, table and columns in the configuration, and the rights on the file
    Halt: cannot read table house of house.sqlite: it has no column kode; check path, table and columns in the configuration, and the rights on the file
    ");
}

#[tokio::test]
async fn a_writer_that_holds_the_database_means_try_again() {
    let rig = Rig::new();
    let writer = Connection::open(rig.path()).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let read = rig.connector(None).read(&Cursor::default(), LIMITS).await;
    insta::assert_snapshot!(render(&read), @"Retry: cannot read table house of house.sqlite: another program holds the database; reading is tried again");
}

#[tokio::test]
async fn binary_data_makes_a_bad_row_and_reading_goes_on() {
    let rig = Rig::new();
    rig.run("UPDATE house SET built = x'00ff' WHERE code = 'a'");
    let mut cursor = Cursor::default();
    insta::assert_snapshot!(drain(&mut rig.connector(None), &mut cursor).await, @r#"
    open(house whole:true) bad(1: column built holds binary data) 2:["b",9.9010119620305e17,1998,2]
    3:["c",7.5,2001,1] close
    "#);
}
