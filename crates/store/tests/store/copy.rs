//! Backup and restore.

use crate::support::{check_whole, commit, run_to};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use yibiao_store::{BackupError, EngineKind, OpenError, Options, RestoreError, Store, restore};

fn options(dir: &Path, engine: EngineKind) -> Options {
    Options { dir: dir.to_owned(), engine, cache_bytes: 16 << 20 }
}

fn engines() -> Vec<EngineKind> {
    EngineKind::ALL.into_iter().filter(|kind| *kind != EngineKind::Sled || cfg!(feature = "sled")).collect()
}

#[test]
fn a_restored_backup_is_the_store_that_was_backed_up() {
    for from in engines() {
        for to in engines() {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("backup.redb");
            let store = Store::open(&options(&dir.path().join("data"), from)).unwrap();
            run_to(&store, 40);
            store.backup(&file).unwrap();
            run_to(&store, 45);
            let restored = options(&dir.path().join("restored"), to);
            restore(&file, &restored).unwrap();
            let restored = Store::open(&restored).unwrap();
            assert_eq!(check_whole(&restored), 40);
            run_to(&restored, 45);
            assert_eq!(check_whole(&restored), 45);
        }
    }
}

#[test]
fn a_backup_made_while_commits_go_on_is_a_store_at_one_moment() {
    for engine in engines() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&options(&dir.path().join("data"), engine)).unwrap();
        run_to(&store, 10);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut n = 11;
                while !stop.load(Ordering::Relaxed) {
                    store.commit(&commit(n)).unwrap();
                    n += 1;
                }
            });
            for copy in 0..3 {
                let before = store.view().unwrap().last().commit.0;
                let file = dir.path().join(format!("backup-{copy}"));
                store.backup(&file).unwrap();
                let after = store.view().unwrap().last().commit.0;
                let restored = options(&dir.path().join(format!("restored-{copy}")), engine);
                restore(&file, &restored).unwrap();
                let whole = check_whole(&Store::open(&restored).unwrap());
                assert!((before..=after).contains(&whole), "{whole} of {before} to {after}");
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}

#[test]
fn a_backup_never_replaces_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir.path().join("data"), EngineKind::Redb)).unwrap();
    let file = dir.path().join("backup");
    std::fs::write(&file, "precious").unwrap();
    let refused = store.backup(&file).unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

#[test]
fn a_backup_that_cannot_be_written_leaves_nothing_and_the_store_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir.path().join("data"), EngineKind::Redb)).unwrap();
    run_to(&store, 1);
    let refused = store.backup(&dir.path().join("no such folder/backup")).unwrap_err();
    assert!(refused.to_string().contains("no such folder"), "{refused}");
    run_to(&store, 2);
    assert_eq!(check_whole(&store), 2);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// What an earlier backup left when it was killed is no reason to refuse the next.
#[test]
fn a_backup_follows_one_that_was_broken_off() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir.path().join("data"), EngineKind::Redb)).unwrap();
    run_to(&store, 3);
    let file = dir.path().join("backup");
    std::fs::write(dir.path().join("backup.partial"), "half").unwrap();
    store.backup(&file).unwrap();
    assert!(!dir.path().join("backup.partial").exists());
    assert!(file.exists());
}

#[test]
fn a_restore_never_writes_into_a_folder_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let data = options(&dir.path().join("data"), EngineKind::Redb);
    let store = Store::open(&data).unwrap();
    run_to(&store, 2);
    let file = dir.path().join("backup");
    store.backup(&file).unwrap();
    run_to(&store, 3);
    let refused = restore(&file, &data).unwrap_err();
    assert!(matches!(refused, RestoreError::NotEmpty { .. }), "{refused}");
    assert_eq!(check_whole(&store), 3);
}

#[test]
fn what_is_not_a_backup_is_not_restored() {
    let dir = tempfile::tempdir().unwrap();
    let data = options(&dir.path().join("data"), EngineKind::Redb);
    for (name, content) in [("text", vec![b'x'; 10_000]), ("empty", Vec::new())] {
        let file = dir.path().join(name);
        std::fs::write(&file, &content).unwrap();
        let refused = restore(&file, &data).unwrap_err();
        assert!(
            matches!(&refused, RestoreError::Open { source, .. } if matches!(**source, OpenError::Foreign { .. })),
            "{name}: {refused}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), content);
    }
    let refused = restore(&dir.path().join("nothing"), &data).unwrap_err();
    assert!(matches!(refused, RestoreError::Backup { .. }), "{refused}");
    let refused = restore(dir.path(), &data).unwrap_err();
    assert!(matches!(refused, RestoreError::Backup { .. }), "{refused}");
    // None of them left anything, so that a good backup can follow.
    let store = Store::open(&options(&dir.path().join("other"), EngineKind::Redb)).unwrap();
    run_to(&store, 2);
    store.backup(&dir.path().join("backup")).unwrap();
    restore(&dir.path().join("backup"), &data).unwrap();
    assert_eq!(check_whole(&Store::open(&data).unwrap()), 2);
}

/// A backup is only read: it restores any number of times.
#[test]
fn a_backup_is_not_changed_by_restoring() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir.path().join("data"), EngineKind::Redb)).unwrap();
    run_to(&store, 2);
    let file = dir.path().join("backup");
    store.backup(&file).unwrap();
    let content = std::fs::read(&file).unwrap();
    for copy in ["a", "b"] {
        restore(&file, &options(&dir.path().join(copy), EngineKind::Redb)).unwrap();
    }
    assert!(std::fs::read(&file).unwrap() == content);
}

/// The file with a few bytes flipped at a place.
fn flipped(content: &[u8], at: usize) -> Vec<u8> {
    let mut damaged = content.to_vec();
    damaged[at..(at + 16).min(content.len())].iter_mut().for_each(|byte| *byte ^= 0x55);
    damaged
}

/// The places to damage: the header closely, the rest of the file at steps that fall on all parts of a page.
fn places(length: usize) -> impl Iterator<Item = usize> {
    (0..512).step_by(16).chain((512..length).step_by(4_096 + 272))
}

#[test]
fn a_damaged_backup_is_told_or_gives_the_whole_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir.path().join("data"), EngineKind::Redb)).unwrap();
    run_to(&store, 40);
    let file = dir.path().join("backup");
    store.backup(&file).unwrap();
    let content = std::fs::read(&file).unwrap();
    let damaged = dir.path().join("old-backup");
    let mut refused = 0;
    for at in places(content.len()) {
        std::fs::write(&damaged, flipped(&content, at)).unwrap();
        let restored = options(&dir.path().join(format!("restored-{at}")), EngineKind::Redb);
        match restore(&damaged, &restored) {
            Ok(()) => assert_eq!(check_whole(&Store::open(&restored).unwrap()), 40, "byte {at}"),
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("old-backup as a store; take"), "byte {at}: {error}");
                let RestoreError::Open { source, .. } = error else { panic!("byte {at}: {error}") };
                assert!(source.to_string().contains("damaged"), "byte {at}: {source}");
                assert_eq!(std::fs::read_dir(&restored.dir).unwrap().count(), 0, "byte {at}");
            }
        }
    }
    assert!(refused > 20, "{refused} damaged backups were refused");
}

#[test]
fn a_damaged_store_opens_or_says_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let data = options(&dir.path().join("data"), EngineKind::Redb);
    run_to(&Store::open(&data).unwrap(), 40);
    let path = data.dir.join("yibiao.redb");
    let content = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for at in places(content.len()) {
        std::fs::write(&path, flipped(&content, at)).unwrap();
        if let Err(error) = Store::open(&data) {
            refused += 1;
            assert!(error.to_string().contains(&data.dir.display().to_string()), "byte {at}: {error}");
            assert!(error.to_string().contains("restore a backup"), "byte {at}: {error}");
        }
    }
    assert!(refused > 5, "{refused} damaged stores were refused");
    std::fs::write(&path, content).unwrap();
    assert_eq!(check_whole(&Store::open(&data).unwrap()), 40);
}
