//! What the adapter promises, in folders made for each test.

use crate::{Config, FileAdapter, Form};
use rusqlite::Connection;
use std::fs;
use std::path::PathBuf;
use yibiao_contract::{Adapter, OutBatch, OutRow, RowStatus};
use yibiao_format::{Cell, Layout};

struct Rig {
    folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Rig {
        Rig { folder: tempfile::tempdir().unwrap() }
    }

    fn input(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn output(&self, name: &str) -> PathBuf {
        self.folder.path().join("out").join("MZ").join(name)
    }

    fn csv(&self, content: &str) -> FileAdapter {
        fs::write(self.input("a.csv"), content).unwrap();
        let form = Form::File(Layout::Csv { encoding: None, separator: b',' });
        FileAdapter::new(Config::new(self.output(""), self.input("a.csv"), form))
    }

    fn sqlite(&self, statements: &str) -> FileAdapter {
        Connection::open(self.input("h.sqlite")).unwrap().execute_batch(statements).unwrap();
        let form = Form::Sqlite { table: "house".to_owned(), key: "code".to_owned() };
        FileAdapter::new(Config::new(self.output(""), self.input("h.sqlite"), form))
    }

    /// Names, sizes and times of what lies in the output folder.
    fn state(&self) -> Vec<(String, u64, std::time::SystemTime)> {
        let mut state: Vec<_> = fs::read_dir(self.output(""))
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let meta = entry.metadata().unwrap();
                (entry.file_name().into_string().unwrap(), meta.len(), meta.modified().unwrap())
            })
            .collect();
        state.sort();
        state
    }

    fn names(&self) -> Vec<String> {
        self.state().into_iter().map(|(name, _, _)| name).collect()
    }
}

fn row(locator: u64, cells: &[(&str, Cell)]) -> OutRow {
    let cells: Vec<(String, Cell)> =
        cells.iter().map(|(column, cell)| ((*column).to_owned(), cell.clone())).collect();
    let status = if cells.is_empty() { RowStatus::Unchanged } else { RowStatus::Changed };
    OutRow { locator: Some(locator), key: None, cells, status, reason: String::new() }
}

fn keyed(key: &str, cells: &[(&str, Cell)]) -> OutRow {
    OutRow { locator: None, key: Some(key.to_owned()), ..row(0, cells) }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn batch(upto: u64, rows: Vec<OutRow>) -> OutBatch {
    OutBatch { upto, edition: None, rows }
}

#[tokio::test]
async fn the_file_goes_back_under_its_name_with_a_receipt() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\r\n1,a\r\n2,b\r\n");
    let mut review = row(2, &[]);
    review.status = RowStatus::Review;
    review.reason = "=two candidates".to_owned();
    let rows = vec![row(1, &[("v", text("新")), ("w", text("x"))]), review];
    let outcomes = adapter.write(&batch(7, rows)).await.unwrap();
    insta::assert_debug_snapshot!(outcomes, @r"
    [
        Delivered,
        Delivered,
    ]
    ");
    assert_eq!(rig.names(), [".a.csv.position.json", "a.csv", "a.csv.receipt.csv"]);
    assert_eq!(fs::read_to_string(rig.output("a.csv")).unwrap(), "k,v\r\n1,新\r\n2,b\r\n");
    let receipt = fs::read_to_string(rig.output("a.csv.receipt.csv")).unwrap();
    insta::assert_snapshot!(receipt.strip_prefix('\u{feff}').unwrap().replace('\r', ""), @r"
    row,status,状态,reason
    1,changed,已更新,column w stays as it was: the file has no such column
    2,review,待裁决,'=two candidates
    ");
    assert_eq!(adapter.last_applied().await.unwrap(), Some(7));
    assert_eq!(fs::read_to_string(rig.input("a.csv")).unwrap(), "k,v\r\n1,a\r\n2,b\r\n");
}

/// What the connectors say of the content.
fn digest(content: &[u8]) -> Option<Box<str>> {
    Some(blake3::hash(content).to_hex().as_str().into())
}

#[tokio::test]
async fn rows_of_another_edition_than_lies_there_are_to_be_made_again() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\n1,a\n2,b\n");
    let mut made = batch(1, vec![row(2, &[("v", text("c"))])]);
    made.edition = digest(b"k,v\n1,a\n2,b\n");
    adapter.write(&made).await.unwrap();
    let before = rig.state();
    // The receiver sorts its rows, while what was read of the old order is on its way.
    fs::write(rig.input("a.csv"), "k,v\n2,b\n1,a\n").unwrap();
    made.upto = 2;
    let error = adapter.write(&made).await.unwrap_err();
    insta::assert_snapshot!(format!("{:?}: {error}", error.recovery), @"Retry: cannot write a.csv: its receiver delivered another file while this one was made ready; it is made again from the new file");
    assert_eq!(rig.state(), before);
    assert_eq!(fs::read_to_string(rig.output("a.csv")).unwrap(), "k,v\n1,a\n2,c\n");
}

#[tokio::test]
async fn rows_of_another_database_than_lies_there_are_to_be_made_again() {
    let rig = Rig::new();
    let mut adapter = rig.sqlite(HOUSES);
    let mut made = batch(1, vec![keyed("h1", &[("owner", text("乙"))])]);
    made.edition = digest(&fs::read(rig.input("h.sqlite")).unwrap());
    adapter.write(&made).await.unwrap();
    let before = rig.state();
    let owner = Connection::open(rig.input("h.sqlite")).unwrap();
    owner.execute_batch("UPDATE house SET owner = '丁'").unwrap();
    let error = adapter.write(&made).await.unwrap_err();
    assert_eq!(error.recovery, yibiao_contract::Recovery::Retry);
    assert_eq!(rig.state(), before);
}

#[tokio::test]
async fn a_batch_written_twice_touches_nothing() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\n1,a\n");
    let once = batch(1, vec![row(1, &[("v", text("b"))])]);
    adapter.write(&once).await.unwrap();
    let before = rig.state();
    adapter.write(&once).await.unwrap();
    assert_eq!(rig.state(), before);
    adapter.write(&batch(2, once.rows)).await.unwrap();
    assert_eq!(rig.state()[1..], before[1..]);
    assert_eq!(adapter.last_applied().await.unwrap(), Some(2));
}

#[tokio::test]
async fn a_row_that_the_receiver_does_not_hold_is_rejected() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\n1,a\n");
    let rows = vec![row(9, &[("v", text("b"))]), keyed("K9", &[("v", text("b"))]), keyed("K8", &[])];
    let outcomes = adapter.write(&batch(1, rows)).await.unwrap();
    insta::assert_debug_snapshot!(outcomes, @r#"
    [
        Reject(
            "the template has no such row",
        ),
        Reject(
            "the template has no such row",
        ),
        Delivered,
    ]
    "#);
}

#[tokio::test]
async fn the_position_counts_only_for_the_file_that_it_was_noted_for() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\n1,a\n");
    assert_eq!(adapter.last_applied().await.unwrap(), None);
    adapter.write(&batch(3, vec![])).await.unwrap();
    assert_eq!(adapter.last_applied().await.unwrap(), Some(3));
    fs::write(rig.output("a.csv"), "someone else's").unwrap();
    assert_eq!(adapter.last_applied().await.unwrap(), None);
    adapter.write(&batch(3, vec![])).await.unwrap();
    assert_eq!(fs::read_to_string(rig.output("a.csv")).unwrap(), "k,v\n1,a\n");
}

#[tokio::test]
async fn what_a_crash_left_is_overwritten() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\n1,a\n");
    fs::create_dir_all(rig.output("")).unwrap();
    fs::write(rig.output(".a.csv.partial"), "k,v\n1,half a ro").unwrap();
    adapter.write(&batch(1, vec![])).await.unwrap();
    assert_eq!(rig.names(), [".a.csv.position.json", "a.csv", "a.csv.receipt.csv"]);
    assert_eq!(fs::read_to_string(rig.output("a.csv")).unwrap(), "k,v\n1,a\n");
}

#[tokio::test]
async fn a_packed_template_serves_and_the_file_goes_back_plain() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\n1,a\n");
    let mut packed = flate2::read::GzEncoder::new(
        fs::File::open(rig.input("a.csv")).unwrap(),
        flate2::Compression::fast(),
    );
    std::io::copy(&mut packed, &mut fs::File::create(rig.input("a.csv.gz")).unwrap()).unwrap();
    fs::remove_file(rig.input("a.csv")).unwrap();
    adapter.write(&batch(1, vec![row(1, &[("v", text("b"))])])).await.unwrap();
    assert_eq!(fs::read_to_string(rig.output("a.csv")).unwrap(), "k,v\n1,b\n");
}

#[tokio::test]
async fn a_failure_names_file_and_hint_and_leaves_the_last_file() {
    let rig = Rig::new();
    let mut adapter = rig.csv("k,v\n1,a\n");
    adapter.write(&batch(1, vec![])).await.unwrap();
    fs::remove_file(rig.input("a.csv")).unwrap();
    let missing = adapter.write(&batch(2, vec![])).await.unwrap_err();
    assert_eq!(fs::read_to_string(rig.output("a.csv")).unwrap(), "k,v\n1,a\n");
    fs::remove_dir_all(rig.output("")).unwrap();
    fs::write(rig.folder.path().join("out").join("MZ"), "a file").unwrap();
    let folder = adapter.write(&batch(2, vec![])).await.unwrap_err();
    let render = |error: yibiao_contract::EdgeError| {
        format!("{:?}: {error}", error.recovery).replace(&rig.folder.path().display().to_string(), "")
    };
    insta::assert_snapshot!(format!("{}\n{}", render(missing), render(folder)), @r"
    Retry: cannot read a.csv: it is not there; check the path in the configuration
    Halt: cannot write /out/MZ/: a file and a folder are mixed up; check the path in the configuration
    ");
}

#[test]
fn a_full_disk_means_try_again() {
    let cause = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let error = crate::system("a.csv", &cause);
    insta::assert_snapshot!(format!("{:?}: {error}", error.recovery), @"Retry: cannot write a.csv: no room is left on the device; make room; writing is tried again");
}

#[tokio::test]
async fn check_tells_whether_folder_and_template_are_as_needed() {
    let rig = Rig::new();
    let adapter = rig.csv("k,k\n1,a\n");
    let render = |findings: Vec<yibiao_contract::Finding>| {
        let lines = findings
            .into_iter()
            .map(|finding| format!("{} {}: {}", finding.good, finding.subject, finding.detail));
        lines.collect::<Vec<_>>().join("\n").replace(&rig.folder.path().display().to_string(), "")
    };
    let before = render(adapter.check().await);
    fs::write(rig.input("a.csv"), "k,v\n").unwrap();
    fs::create_dir_all(rig.output("")).unwrap();
    let after = render(adapter.check().await);
    insta::assert_snapshot!(format!("{before}\n{after}"), @r"
    true folder /out/MZ/: will be created
    false template /a.csv: columns 1 and 2 of the header have the same name
    true folder /out/MZ/: can be written to
    true template /a.csv: can be read
    ");
    assert!(rig.names().is_empty());
}

const HOUSES: &str = "CREATE TABLE house (code varchar(20) PRIMARY KEY, owner varchar(4), id double precision, built smallint, area numeric(8,2), level text NOT NULL CHECK (level IN ('A', 'B')));
    CREATE TRIGGER nosy AFTER UPDATE ON house BEGIN UPDATE house SET built = 0; END;
    INSERT INTO house VALUES ('h1', '甲', 990101196203050000.0, 1998, 80.5, 'A'), ('h2', NULL, NULL, NULL, NULL, 'B');";

fn dump(path: PathBuf) -> String {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection
        .prepare(
            "SELECT code, quote(owner), quote(id), quote(built), quote(area), level FROM house ORDER BY code",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| (0..6).map(|place| row.get::<_, String>(place)).collect::<Result<Vec<_>, _>>())
        .unwrap();
    rows.map(|row| row.unwrap().join(" ")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_database_goes_back_with_the_cells_set_and_its_triggers_silent() {
    let rig = Rig::new();
    let mut adapter = rig.sqlite(HOUSES);
    let rows = vec![
        keyed("h1", &[("owner", text("欧阳娜娜")), ("built", text("2001"))]),
        keyed("h2", &[("area", Cell::Number(120.0)), ("id", Cell::Number(9.9e17)), ("level", text("A"))]),
    ];
    adapter.write(&batch(1, rows)).await.unwrap();
    insta::assert_snapshot!(dump(rig.output("h.sqlite")), @r"
    h1 '欧阳娜娜' 9.9010119620305e+17 2001 80.5 A
    h2 NULL 9.9e+17 NULL 120 A
    ");
    assert_eq!(rig.names(), [".h.sqlite.position.json", "h.sqlite", "h.sqlite.receipt.csv"]);
}

#[tokio::test]
async fn a_column_refuses_what_its_declared_type_cannot_hold() {
    let rig = Rig::new();
    let mut adapter = rig.sqlite(HOUSES);
    let cells = [
        ("owner", text("阿卜杜拉·买买提")),
        ("id", text("990101196203050031")),
        ("built", text("90年代")),
        ("level", Cell::Absent),
        ("colour", text("x")),
    ];
    let rows = vec![keyed("h1", &cells), keyed("h9", &[("built", Cell::Integer(1))])];
    let outcomes = adapter.write(&batch(1, rows)).await.unwrap();
    assert_eq!(outcomes.len(), 2);
    let receipt = fs::read_to_string(rig.output("h.sqlite.receipt.csv")).unwrap();
    insta::assert_snapshot!(receipt.strip_prefix('\u{feff}').unwrap().replace('\r', "").replace("; ", "\n  "), @r"
    row,status,状态,reason
    h1,changed,已更新,column owner stays as it was: it is longer than the column
      column id stays as it was: the column would change its digits
      column built stays as it was: the column holds numbers
      column level stays as it was: the table's rules refuse it
      column colour stays as it was: the table has no such column
    h9,changed,已更新,column built stays as it was: the template has no such row
    ");
    assert_eq!(fs::read(rig.output("h.sqlite")).unwrap(), fs::read(rig.input("h.sqlite")).unwrap());
}

#[tokio::test]
async fn a_database_that_needs_no_change_goes_back_byte_for_byte() {
    let rig = Rig::new();
    let mut adapter = rig.sqlite(&format!("PRAGMA journal_mode = WAL; {HOUSES}"));
    adapter.write(&batch(1, vec![keyed("h1", &[("built", Cell::Integer(1998))])])).await.unwrap();
    assert_eq!(fs::read(rig.output("h.sqlite")).unwrap(), fs::read(rig.input("h.sqlite")).unwrap());
    let before = rig.state();
    adapter.write(&batch(1, vec![keyed("h1", &[("built", Cell::Integer(1998))])])).await.unwrap();
    assert_eq!(rig.state(), before);
}

#[tokio::test]
async fn what_is_still_in_the_write_ahead_log_goes_back_too() {
    let rig = Rig::new();
    let mut adapter = rig.sqlite(HOUSES);
    let writer = Connection::open(rig.input("h.sqlite")).unwrap();
    writer
        .execute_batch("PRAGMA journal_mode = WAL; INSERT INTO house VALUES ('h3', '丙', 1, 1, 1, 'A')")
        .unwrap();
    adapter.write(&batch(1, vec![keyed("h1", &[("owner", text("乙"))])])).await.unwrap();
    assert!(dump(rig.output("h.sqlite")).contains("h3 '丙'"));
    assert!(dump(rig.output("h.sqlite")).contains("h1 '乙'"));
}

#[tokio::test]
async fn a_key_column_that_is_not_there_stops_the_receiver() {
    let rig = Rig::new();
    drop(rig.sqlite(HOUSES));
    let form = Form::Sqlite { table: "house".to_owned(), key: "kode".to_owned() };
    let mut adapter = FileAdapter::new(Config::new(rig.output(""), rig.input("h.sqlite"), form));
    let error = adapter.write(&batch(1, vec![])).await.unwrap_err();
    insta::assert_snapshot!(format!("{:?}: {error}", error.recovery), @"Halt: cannot write table house of h.sqlite: it has no column kode; check table and key column in the mapping");
}
