//! A process killed at any moment.
//!
//! The test starts its own executable again as a writer, reads the acknowledgements that the writer prints, and kills
//! it after a time that a seed gives.

use crate::disk::Random;
use crate::support::{check_whole, commit};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use yibiao_store::{EngineKind, Options, Store};

/// Names the folder and the engine to the writer.
const DIR: &str = "YIBIAO_STORE_TEST_DIR";
const ENGINE: &str = "YIBIAO_STORE_TEST_ENGINE";

/// Processes killed.
const ROUNDS: u64 = 100;

/// Commits in a store before a new one is begun.
const LAST: u64 = 120;

fn options(dir: &Path, engine: EngineKind) -> Options {
    Options { dir: dir.to_owned(), engine, cache_bytes: 8 << 20 }
}

/// Commits numbered commits to the end, and tells each number when it is acknowledged.
fn write_all(options: &Options, last: u64, out: &mut impl Write) {
    let store = Store::open(options).unwrap();
    let next = store.view().unwrap().last().commit.0 + 1;
    for n in next..=last {
        store.commit(&commit(n)).unwrap();
        writeln!(out, "acknowledged {n}").unwrap();
        out.flush().unwrap();
    }
}

/// Started by the other tests with a folder, it is the writer that they kill. Alone it writes to the end.
#[test]
fn a_writer_left_alone_ends_whole() {
    if let Some(dir) = std::env::var_os(DIR) {
        let engine = EngineKind::by_name(&std::env::var(ENGINE).unwrap()).unwrap();
        write_all(&options(Path::new(&dir), engine), LAST, &mut std::io::stdout().lock());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir.path().join("data"), EngineKind::Redb);
    let mut printed = Vec::new();
    write_all(&options, 20, &mut printed);
    assert_eq!(String::from_utf8(printed).unwrap().lines().count(), 20);
    assert_eq!(check_whole(&Store::open(&options).unwrap()), 20);
}

/// From when the time to a kill is counted.
#[derive(PartialEq)]
enum From {
    /// The start of the process: it may be killed while it opens or makes the store.
    Start,
    /// Its first acknowledgement: it is killed among commits, however slow the machine.
    FirstAcknowledgement,
}

/// Runs a writer and kills it after some time; the last commit that it acknowledged.
fn run_and_kill(dir: &Path, engine: EngineKind, from: From, after: Duration) -> Option<u64> {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::a_writer_left_alone_ends_whole", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .env(ENGINE, engine.name())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let (send, acknowledged) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // The test harness prints before it on the first line.
            if let Some((_, n)) = line.split_once("acknowledged ") {
                send.send(n.parse::<u64>().unwrap()).unwrap();
            }
        }
    });
    let mut last = None;
    if from == From::FirstAcknowledgement {
        // A writer with nothing left to commit ends without one.
        last = acknowledged.recv_timeout(Duration::from_secs(60)).ok();
    }
    let end = Instant::now() + after;
    while let Ok(n) = acknowledged.recv_timeout(end.saturating_duration_since(Instant::now())) {
        last = Some(n);
    }
    // SIGKILL: no destructor runs. A writer that has ended is past killing, and that is a round too.
    drop(writer.kill());
    writer.wait().unwrap();
    reader.join().unwrap();
    acknowledged.try_iter().last().or(last)
}

/// Kills writers at random moments, among them while they open and while they make the store.
fn kill_rounds(engine: EngineKind, rounds: u64) {
    let mut random = Random(3);
    let (mut inside, mut ended) = (0, 0);
    let mut dir = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 0..rounds {
        let options = options(&dir.path().join("data"), engine);
        let from = if random.coin() { From::Start } else { From::FirstAcknowledgement };
        let after = Duration::from_micros(random.below(60_000));
        let acknowledged = run_and_kill(&options.dir, engine, from, after).unwrap_or(before);
        assert!(acknowledged >= before, "round {round}");
        let store = Store::open(&options).unwrap();
        let whole = check_whole(&store);
        assert!(
            (acknowledged..=acknowledged + 1).contains(&whole),
            "round {round}: acknowledged {acknowledged}, found {whole}"
        );
        inside += u64::from(whole > before && whole < LAST);
        before = whole;
        drop(store);
        // Every few rounds the store is run to its end and a new one begun, so that making one is killed too.
        if whole == LAST || round % 8 == 7 {
            let store = Store::open(&options).unwrap();
            crate::support::run_to(&store, LAST);
            assert_eq!(check_whole(&store), LAST);
            ended += 1;
            before = 0;
            dir = tempfile::tempdir().unwrap();
        }
    }
    assert!(inside > rounds / 4, "only {inside} of {rounds} kills fell among commits");
    assert!(ended > 0);
}

#[test]
fn a_kill_at_any_moment_loses_and_tears_nothing() {
    kill_rounds(EngineKind::Redb, ROUNDS);
}

#[test]
#[cfg(feature = "sled")]
fn a_kill_at_any_moment_loses_and_tears_nothing_on_sled() {
    kill_rounds(EngineKind::Sled, ROUNDS);
}
