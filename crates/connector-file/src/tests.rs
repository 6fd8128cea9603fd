//! What the connector promises, on folders made for each test.

use crate::{Clock, Config, FileConnector};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;
use yibiao_contract::{Batch, BatchLimits, Connector, Cursor, EdgeError, Item, Recovery};
use yibiao_format::Layout;

const LIMITS: BatchLimits = BatchLimits { rows_max: 2, bytes_max: 1 << 20 };

struct Rig {
    folder: tempfile::TempDir,
    now_ms: Arc<AtomicU64>,
}

impl Rig {
    fn new() -> Rig {
        Rig { folder: tempfile::tempdir().unwrap(), now_ms: Arc::new(AtomicU64::new(0)) }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn drop_file(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
        self.wait(10_000);
    }

    /// Sets the clock to so long after the last change in the folder.
    fn wait(&self, quiet_ms: u64) {
        let newest = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().modified().unwrap())
            .map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_millis())
            .max();
        let newest = u64::try_from(newest.unwrap()).unwrap();
        self.now_ms.store(newest + quiet_ms, Ordering::Relaxed);
    }

    fn connector(&self, name: &str) -> FileConnector {
        let now_ms = Arc::clone(&self.now_ms);
        let clock: Clock = Arc::new(move || now_ms.load(Ordering::Relaxed));
        let config = Config::new(self.folder.path().to_owned(), name.to_owned(), true);
        FileConnector::new(config, Layout::Csv { encoding: None, separator: b',' }, clock)
    }
}

/// What a batch holds, in short.
fn render(read: &Result<Option<Batch>, EdgeError>) -> String {
    match read {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(batch)) => batch.items.iter().map(item).collect::<Vec<_>>().join(" "),
        Err(error) => format!("{:?}: {error}", error.recovery),
    }
}

fn item(item: &Item) -> String {
    match item {
        Item::Open(edition) => format!("open({})", edition.name),
        Item::Row(row) => format!("row({})", String::from_utf8_lossy(&row.raw)),
        Item::Bad(bad) => format!("bad({}: {})", bad.locator, bad.reason),
        Item::Close => "close".to_owned(),
        Item::Messages(_) => unreachable!("a source of editions sends no messages"),
    }
}

/// Reads until there is nothing new or an error, and says what came.
async fn drain(connector: &mut FileConnector, cursor: &mut Cursor) -> String {
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
async fn a_file_is_read_in_bounded_batches_to_its_end() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n2,b\n3,c\n");
    let mut cursor = Cursor::default();
    insta::assert_snapshot!(drain(&mut rig.connector("a.csv"), &mut cursor).await, @r"
    open(a.csv) row(1,a) row(2,b)
    row(3,c) close
    ");
}

#[tokio::test]
async fn a_redelivered_file_yields_nothing_and_a_changed_one_is_read() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n");
    let mut connector = rig.connector("a.csv");
    let mut cursor = Cursor::default();
    drain(&mut connector, &mut cursor).await;
    fs::remove_file(rig.path("a.csv")).unwrap();
    rig.drop_file("a.csv", "k,v\n1,a\n");
    let newer = UNIX_EPOCH + std::time::Duration::from_secs(1);
    fs::File::options().write(true).open(rig.path("a.csv")).unwrap().set_modified(newer).unwrap();
    assert_eq!(drain(&mut connector, &mut cursor).await, "");
    assert_eq!(drain(&mut rig.connector("a.csv"), &mut cursor).await, "");
    rig.drop_file("a.csv", "k,v\n1,b\n");
    assert_eq!(drain(&mut connector, &mut cursor).await, "open(a.csv) row(1,b) close");
}

#[tokio::test]
async fn reading_anew_from_the_start_brings_everything_again() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n2,b\n3,c\n");
    let mut connector = rig.connector("a.csv");
    let first = drain(&mut connector, &mut Cursor::default()).await;
    assert_eq!(drain(&mut connector, &mut Cursor::default()).await, first);
}

#[tokio::test]
async fn a_packed_redelivery_of_the_same_content_yields_nothing() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n");
    let mut connector = rig.connector("a.csv");
    let mut cursor = Cursor::default();
    drain(&mut connector, &mut cursor).await;
    fs::remove_file(rig.path("a.csv")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"k,v\n1,a\n").unwrap();
    fs::write(rig.path("a.csv.gz"), packed.finish().unwrap()).unwrap();
    rig.wait(10_000);
    assert_eq!(drain(&mut connector, &mut cursor).await, "");
}

#[tokio::test]
async fn a_file_that_still_grows_is_left_alone() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n");
    rig.wait(1_999);
    let mut connector = rig.connector("a.csv");
    let mut cursor = Cursor::default();
    assert_eq!(drain(&mut connector, &mut cursor).await, "");
    fs::write(rig.path("a.csv"), "k,v\n1,a\n2,b\n").unwrap();
    rig.wait(1_999);
    assert_eq!(drain(&mut connector, &mut cursor).await, "");
    rig.wait(2_000);
    assert_eq!(drain(&mut connector, &mut cursor).await, "open(a.csv) row(1,a) row(2,b)\nclose");
}

#[tokio::test]
async fn a_clock_that_runs_behind_the_file_server_does_not_hold_a_file_back_for_ever() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n");
    let mut connector = rig.connector("a.csv");
    let mut cursor = Cursor::default();
    rig.now_ms.store(1_000, Ordering::Relaxed);
    assert_eq!(drain(&mut connector, &mut cursor).await, "");
    rig.now_ms.store(3_000, Ordering::Relaxed);
    assert_eq!(drain(&mut connector, &mut cursor).await, "open(a.csv) row(1,a) close");
}

#[tokio::test]
async fn one_cursor_of_an_unchanged_folder_gives_equal_batches() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n2,b\n3,c\n4,d\n5,e\n");
    let mut connector = rig.connector("a.csv");
    let mut cursor = Cursor::default();
    while let Some(batch) = connector.read(&cursor, LIMITS).await.unwrap() {
        let again = connector.read(&cursor, LIMITS).await.unwrap();
        assert_eq!(again.as_ref(), Some(&batch));
        cursor = batch.cursor;
    }
    assert!(!cursor.0.is_empty());
}

#[tokio::test]
async fn after_a_restart_the_file_in_progress_is_read_from_its_start() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,v\n1,a\n2,b\n3,c\n");
    let first = rig.connector("a.csv").read(&Cursor::default(), LIMITS).await.unwrap().unwrap();
    let mut cursor = first.cursor;
    insta::assert_snapshot!(drain(&mut rig.connector("a.csv"), &mut cursor).await, @r"
    open(a.csv) row(1,a) row(2,b)
    row(3,c) close
    ");
}

#[tokio::test]
async fn a_file_that_breaks_off_gives_its_rows_then_the_error_and_reading_goes_on_behind_it() {
    let rig = Rig::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(b"k,v\n1,a\n2,b\n").unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() - 10);
    fs::write(rig.path("a.csv.gz"), packed).unwrap();
    rig.drop_file("b.csv", "k,v\n9,z\n");
    let mut connector = rig.connector("*.csv");
    let mut cursor = Cursor::default();
    let to_the_break = drain(&mut connector, &mut cursor).await;
    let behind_it = drain(&mut connector, &mut cursor).await;
    insta::assert_snapshot!(format!("{to_the_break}\n--\n{behind_it}"), @r"
    open(a.csv) row(1,a)
    Quarantine: cannot read a.csv.gz, row 2: the compressed data breaks off; the file was not copied to its end: have it delivered again
    --
    open(b.csv) row(9,z) close
    ");
    assert_eq!(drain(&mut rig.connector("*.csv"), &mut cursor).await, "");
}

#[tokio::test]
async fn a_refused_file_is_remembered_even_where_nothing_else_is_new() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k,k\n1,a\n");
    let mut connector = rig.connector("a.csv");
    let mut cursor = Cursor::default();
    insta::assert_snapshot!(drain(&mut connector, &mut cursor).await, @"Quarantine: cannot read a.csv, column k: columns 1 and 2 of the header have the same name; rename one of them in the file, and check that the first record is the header");
    drain(&mut connector, &mut cursor).await;
    assert_eq!(drain(&mut rig.connector("a.csv"), &mut cursor).await, "");
    rig.drop_file("a.csv", "k,v\n1,a\n");
    assert_eq!(drain(&mut rig.connector("a.csv"), &mut cursor).await, "open(a.csv) row(1,a) close");
}

#[tokio::test]
async fn a_folder_under_the_name_of_the_file_is_an_error() {
    let rig = Rig::new();
    fs::create_dir(rig.path("a.csv")).unwrap();
    let read = rig.connector("a.csv").read(&Cursor::default(), LIMITS).await;
    insta::assert_snapshot!(render(&read), @"Halt: cannot read a.csv: it is a folder or a device, no file; move it away and deliver the file under this name");
}

#[tokio::test]
async fn a_file_that_lies_there_twice_is_an_error() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k\n1\n");
    rig.drop_file("a.csv.gz", "k\n1\n");
    let read = rig.connector("a.csv").read(&Cursor::default(), LIMITS).await;
    insta::assert_snapshot!(render(&read), @"Halt: cannot choose a file for a.csv: it lies there twice, plain and as .gz; leave the newer one and move the other away");
}

#[tokio::test]
async fn a_cursor_of_another_kind_is_refused() {
    let rig = Rig::new();
    rig.drop_file("a.csv", "k\n1\n");
    let read = rig.connector("a.csv").read(&Cursor(b"{\"version\":9,\"files\":{}}".to_vec()), LIMITS).await;
    assert_eq!(read.unwrap_err().recovery, Recovery::Halt);
}

#[tokio::test]
async fn check_tells_cause_and_hint() {
    let rig = Rig::new();
    let render = |findings: Vec<yibiao_contract::Finding>| {
        let folder = rig.folder.path().display().to_string();
        let lines = findings.iter().map(|finding| {
            format!(
                "{} {}: {} {}",
                finding.good,
                finding.subject.replace(&folder, "IN"),
                finding.detail,
                finding.hint
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let absent = render(rig.connector("a.csv").check().await);
    rig.drop_file("a.csv", "");
    let empty = render(rig.connector("a.csv").check().await);
    rig.drop_file("a.csv", "k,v\n");
    let good = render(rig.connector("a.csv").check().await);
    insta::assert_snapshot!(format!("{absent}\n{empty}\n{good}"), @r"
    true folder IN: can be read 
    false file a.csv: no such file lies in the folder have it delivered, or check the name in the configuration
    true folder IN: can be read 
    false file a.csv: it is empty have it exported and delivered again
    true folder IN: can be read 
    true file a.csv: can be read, 2 columns 
    ");
    let missing = Config::new(Path::new("/nowhere/at/all").to_owned(), "a.csv".to_owned(), true);
    let clock: Clock = Arc::new(|| 0);
    let layout = Layout::Csv { encoding: None, separator: b',' };
    let findings = FileConnector::new(missing, layout, clock).check().await;
    insta::assert_snapshot!(render(findings), @"false folder /nowhere/at/all: it is not there check the folder in the configuration and the rights on it");
}

#[test]
fn a_star_in_a_name_stands_for_any_letters() {
    let matching = ["a.csv", "ab.csv", "a-2026.csv", "b.csv", "a.csvx", "a.xlsx"];
    let matched: Vec<&str> =
        matching.into_iter().filter(|name| crate::folder::matches("a*.csv", name)).collect();
    assert_eq!(matched, ["a.csv", "ab.csv", "a-2026.csv"]);
    assert!(crate::folder::matches("*x*y*", "axbyc"));
    assert!(!crate::folder::matches("*x*y*", "aybxc"));
}
