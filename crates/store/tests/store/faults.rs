//! A failing and a full disk.

use crate::disk::{Disk, Event, Fault, apply};
use crate::support::{check_whole, commit, new_file, run_to};
use yibiao_store::{CommitError, OpenError, Store};

const CACHE: usize = 4 << 20;

/// Commits that a run makes.
const LAST: u64 = 6;

/// Runs a store on a failing disk until something fails; the last acknowledged commit.
fn run_until_failure(disk: &Disk) -> u64 {
    let store = match Store::open_on(disk.clone(), CACHE) {
        Ok(store) => store,
        Err(OpenError::Engine { .. } | OpenError::Read { .. }) => return 0,
        Err(other) => panic!("{other}"),
    };
    for n in 1..=LAST {
        match store.commit(&commit(n)) {
            Ok(()) => disk.acked(n),
            Err(CommitError::Engine { source, .. }) => {
                assert!(store.is_failed());
                assert_eq!(store.metrics().commit_errors.get(), 1);
                let refused = store.commit(&commit(n)).unwrap_err();
                assert!(matches!(refused, CommitError::Refused), "{refused}");
                check_kind(disk, &source);
                return n - 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    LAST
}

/// A full disk is told from a broken one.
fn check_kind(disk: &Disk, error: &yibiao_store::EngineError) {
    if disk.is_full() {
        assert_eq!(error.io_kind(), Some(std::io::ErrorKind::StorageFull));
    }
}

/// After a failure: the file as written, and the file as fsynced, both open whole and go on to the end.
fn check_after(new: &[u8], disk: &Disk, acked: u64) {
    let mut fsynced = new.to_vec();
    let log = disk.log();
    let last_sync = log.iter().rposition(|event| matches!(event, Event::Sync));
    log.iter().take(last_sync.map_or(0, |at| at + 1)).for_each(|event| apply(&mut fsynced, event));
    for file in [disk.bytes(), fsynced] {
        let store = Store::open_on(Disk::holding(file), CACHE).unwrap();
        let whole = check_whole(&store);
        assert!((acked..=acked + 1).contains(&whole), "acknowledged {acked}, found {whole}");
        run_to(&store, LAST);
        assert_eq!(check_whole(&store), LAST);
    }
}

/// Fails the first operation, then the second, until a run meets no failure; the number of failing runs.
fn fail_each(fault: fn(u64) -> Fault) -> u64 {
    let new = new_file(CACHE);
    for after in 0.. {
        let disk = Disk::holding(new.clone());
        disk.fail(fault(after));
        let acked = run_until_failure(&disk);
        if disk.failures() == 0 {
            assert_eq!(acked, LAST);
            return after;
        }
        check_after(&new, &disk, acked);
    }
    unreachable!("a run has an end")
}

#[test]
fn an_error_at_any_write_or_sync_fails_the_commit_and_leaves_the_store_whole() {
    assert!(fail_each(Fault::Error) > 50, "a run writes and syncs often");
}

#[test]
fn a_disk_without_space_at_any_write_or_sync_fails_the_commit_and_leaves_the_store_whole() {
    assert!(fail_each(Fault::NoSpace) > 50, "a run writes and syncs often");
}

#[test]
fn a_disk_that_dies_at_any_write_or_sync_leaves_the_store_whole() {
    assert!(fail_each(Fault::Dead) > 50, "a run writes and syncs often");
}

#[test]
fn a_disk_that_is_full_at_any_size_fails_the_commit_and_leaves_the_store_whole() {
    let new = new_file(CACHE);
    let undisturbed = Disk::holding(new.clone());
    assert_eq!(run_until_failure(&undisturbed), LAST);
    let (least, most) = (new.len(), undisturbed.bytes().len());
    assert!(least < most, "a run needs space");
    let mut stopped_inside = 0;
    for part in 0..40 {
        let disk = Disk::holding(new.clone());
        disk.fail(Fault::Full(u64::try_from(least + (most - least) * part / 40).unwrap()));
        let acked = run_until_failure(&disk);
        assert!(disk.failures() > 0);
        stopped_inside += u64::from(acked > 0 && acked < LAST);
        check_after(&new, &disk, acked);
    }
    assert!(stopped_inside > 0, "some size stops a run after its first commit");
}
