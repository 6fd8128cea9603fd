//! What the store promises when nothing goes wrong.

use crate::support::{
    self, audit, change, check_whole, commit, delivered, run_to, source_key, submission, system,
};
use std::ops::Bound;
use yibiao_record::{ChangeSeq, SubmissionSeq, SystemId};
use yibiao_store::{
    AuditSeq, Commit, CommitError, DeadLetter, DeliveredRow, EditionPage, EngineKind, Log, OpenError,
    Options, QuarantineId, Raw, Store, View,
};

fn options(dir: &tempfile::TempDir) -> Options {
    Options { cache_bytes: 16 << 20, ..Options::new(dir.path().join("data")) }
}

/// The engines of this build.
fn engines() -> Vec<EngineKind> {
    EngineKind::ALL.into_iter().filter(|kind| *kind != EngineKind::Sled || cfg!(feature = "sled")).collect()
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    for engine in engines() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { engine, ..options(&dir) };
        for last in [0, 1, 7, 20] {
            let store = Store::open(&options).unwrap();
            run_to(&store, last);
            assert_eq!(check_whole(&store), last);
        }
    }
}

#[test]
fn a_view_stays_as_it_was_while_commits_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    run_to(&store, 3);
    let before = store.view().unwrap();
    let content = support::content(&before);
    run_to(&store, 9);
    assert!(support::content(&before) == content);
    assert_eq!(before.last().commit.0, 3);
}

#[test]
fn a_log_has_no_hole_and_no_second_entry_under_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    run_to(&store, 1);
    for found in [1, 8, 10] {
        let refused =
            store.commit(&Commit { submissions: vec![submission(found)], ..Commit::default() }).unwrap_err();
        assert!(
            matches!(refused, CommitError::Sequence { log: Log::Submissions, expected: 9, .. }),
            "{refused}"
        );
        let refused =
            store.commit(&Commit { changes: vec![change(found)], ..Commit::default() }).unwrap_err();
        assert!(matches!(refused, CommitError::Sequence { log: Log::Changes, expected: 9, .. }), "{refused}");
    }
    assert!(!store.is_failed());
    run_to(&store, 2);
    assert_eq!(check_whole(&store), 2);
}

#[test]
fn only_an_entry_of_the_quarantine_can_be_closed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    run_to(&store, 1);
    for id in [0, 2] {
        let close = Commit { quarantine_closed: vec![(QuarantineId(id), "no".into())], ..Commit::default() };
        assert!(matches!(store.commit(&close), Err(CommitError::NoSuchEntry(at)) if at.0 == id));
    }
    assert_eq!(check_whole(&store), 1);
}

#[test]
fn an_empty_commit_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    store.commit(&Commit::default()).unwrap();
    assert_eq!(store.view().unwrap().last().commit.0, 0);
}

#[test]
fn entries_are_found_by_number_and_by_range() {
    for engine in engines() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Options { engine, ..options(&dir) }).unwrap();
        run_to(&store, 3);
        finds_entries(&store.view().unwrap());
    }
}

fn finds_entries(view: &View) {
    assert_eq!(view.submission(SubmissionSeq(5)).unwrap(), Some(submission(5)));
    assert_eq!(view.submission(SubmissionSeq(0)).unwrap(), None);
    assert_eq!(view.submission(SubmissionSeq(25)).unwrap(), None);
    assert_eq!(view.change(ChangeSeq(24)).unwrap(), Some(change(24)));
    let numbers = |range: (Bound<SubmissionSeq>, Bound<SubmissionSeq>)| {
        view.submissions(range, Raw::Skip)
            .map(|submission| {
                let submission = submission.unwrap();
                assert!(submission.raw.is_empty() && !submission.claims.is_empty());
                submission.seq.0
            })
            .collect::<Vec<_>>()
    };
    let (at, after) = (|n| Bound::Included(SubmissionSeq(n)), |n| Bound::Excluded(SubmissionSeq(n)));
    assert_eq!(numbers((at(3), at(5))), [3, 4, 5]);
    assert_eq!(numbers((after(3), after(5))), [4]);
    assert_eq!(numbers((at(23), Bound::Unbounded)), [23, 24]);
    assert_eq!(numbers((at(9), at(3))), Vec::<u64>::new());
    assert_eq!(numbers((after(u64::MAX), Bound::Unbounded)), Vec::<u64>::new());
    let page = view.changes_after(ChangeSeq(10), 3).unwrap();
    assert_eq!(page, [change(11), change(12), change(13)]);
    assert!(view.changes_after(ChangeSeq(24), 3).unwrap().is_empty());
    assert_eq!(view.boundaries(..).count(), 3);
}

#[test]
fn an_edition_stays_until_a_later_one_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    let (mz, wj) = (system(1), system(2));
    let page = |system, edition, page| EditionPage { system, edition, page, rows: Vec::new() };
    let write = |editions, editions_complete| {
        store.commit(&Commit { editions, editions_complete, ..Commit::default() }).unwrap();
    };
    write(vec![page(mz, 1, 0), page(mz, 1, 1), page(wj, 1, 0)], vec![(mz, 1), (wj, 1)]);
    write(vec![page(mz, 2, 0)], vec![]);
    assert_eq!(store.view().unwrap().editions(mz).unwrap(), [1, 2]);
    assert_eq!(store.view().unwrap().edition_pages(mz, 1).unwrap().len(), 2);
    write(vec![page(mz, 2, 1)], vec![(mz, 2)]);
    let view = store.view().unwrap();
    assert_eq!(view.editions(mz).unwrap(), [2]);
    assert_eq!(view.edition_pages(mz, 2).unwrap(), [page(mz, 2, 0), page(mz, 2, 1)]);
    assert_eq!(view.editions(wj).unwrap(), [1]);
}

#[test]
fn a_delivery_replaces_the_last_one_of_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    let write =
        |delivered| store.commit(&Commit { delivered: vec![delivered], ..Commit::default() }).unwrap();
    write(DeliveredRow { key: source_key(1), ..delivered(2) });
    write(delivered(1));
    assert_eq!(store.view().unwrap().delivered(&source_key(1)).unwrap(), delivered(1).elements);
    assert_eq!(store.view().unwrap().delivered_to(system(1)).unwrap(), [delivered(1)]);
    write(DeliveredRow { key: source_key(1), elements: Vec::new() });
    assert!(store.view().unwrap().delivered(&source_key(1)).unwrap().is_empty());
}

/// `GA` is the beginning of `GA1`: keys of one must not show up under the other.
#[test]
fn a_system_whose_name_begins_like_another_is_kept_apart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    let names = ["GA", "GA1", "zzzzzzzz"].map(|name| SystemId::new(name).unwrap());
    let rows = names.map(|system| {
        let mut row = delivered(1);
        row.key.system = system;
        row
    });
    store.commit(&Commit { delivered: rows.to_vec(), ..Commit::default() }).unwrap();
    for (system, row) in names.into_iter().zip(&rows) {
        assert_eq!(store.view().unwrap().delivered_to(system).unwrap(), std::slice::from_ref(row));
    }
}

#[test]
fn the_audit_log_is_chained() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    let write = |n| store.commit(&Commit { audit: vec![audit(n)], ..Commit::default() }).unwrap();
    write(1);
    let first = store.view().unwrap().verify_audit().unwrap();
    write(1);
    let view = store.view().unwrap();
    let entries: Vec<_> = view.audit(..).map(Result::unwrap).collect();
    assert_eq!(entries[0].hash, first);
    assert_eq!(view.verify_audit().unwrap(), entries[1].hash);
    assert_ne!(entries[0].hash, entries[1].hash, "equal drafts have unlike hashes at unlike places");
    assert_eq!(entries[1].seq, AuditSeq(2));
}

#[test]
fn one_process_at_a_time_opens_a_store() {
    for engine in engines() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { engine, ..options(&dir) };
        let store = Store::open(&options).unwrap();
        let refused = Store::open(&options).unwrap_err();
        assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
        drop(store);
        Store::open(&options).unwrap();
    }
}

#[test]
fn a_store_of_another_engine_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(&options(&dir)).unwrap());
    let refused = Store::open(&Options { engine: EngineKind::Sled, ..options(&dir) }).unwrap_err();
    assert!(
        matches!(refused, OpenError::OtherEngine { found: EngineKind::Redb, wanted: EngineKind::Sled, .. }),
        "{refused}"
    );
}

#[test]
#[cfg(not(feature = "sled"))]
fn an_engine_that_was_not_built_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Store::open(&Options { engine: EngineKind::Sled, ..options(&dir) }).unwrap_err();
    assert!(refused.to_string().contains("build with --features sled"), "{refused}");
}

#[test]
#[cfg(feature = "sled")]
fn the_sled_engine_warns() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { engine: EngineKind::Sled, ..options(&dir) }).unwrap();
    assert_eq!(store.warnings().len(), 1);
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir);
    std::fs::create_dir_all(&options.dir).unwrap();
    let path = options.dir.join("yibiao.redb");
    let content = vec![b'x'; 10_000];
    std::fs::write(&path, &content).unwrap();
    let refused = Store::open(&options).unwrap_err();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[test]
fn a_file_where_the_folder_should_be_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir);
    std::fs::write(&options.dir, "a file").unwrap();
    let refused = Store::open(&options).unwrap_err();
    assert!(matches!(refused, OpenError::Folder { .. }), "{refused}");
    assert!(refused.to_string().contains(options.dir.to_str().unwrap()));
}

#[test]
fn the_metrics_count_commits() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&dir)).unwrap();
    let registry = prometheus::Registry::new();
    store.metrics().register(&registry).unwrap();
    run_to(&store, 5);
    let metrics = store.metrics();
    assert_eq!(metrics.commit_seconds.get_sample_count(), 5);
    assert!((metrics.commit_submissions.get_sample_sum() - 40.0).abs() < 0.5);
    assert!(metrics.disk_bytes.get() > 0);
    assert_eq!(registry.gather().len(), 5);
}

#[test]
fn a_commit_prints_no_value() {
    let printed = format!("{:?}", commit(1));
    for personal in ["姓名", "990101", "row-0000", "139000"] {
        assert!(!printed.contains(personal), "{personal}");
    }
}

#[test]
fn a_dead_letter_stays_with_its_bytes_until_it_is_gone() {
    for engine in engines() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { engine, ..options(&dir) };
        let letter = |at: u64, subscription: &str| DeadLetter {
            at: ChangeSeq(at),
            subscription: subscription.into(),
            body: vec![0, 255, 10].into(),
            ..DeadLetter::default()
        };
        let letters = vec![letter(300, "a"), letter(7, "b"), letter(7, "a")];
        let store = Store::open(&options).unwrap();
        store.commit(&Commit { dead_letters: letters.clone(), ..Commit::default() }).unwrap();
        drop(store);
        let store = Store::open(&options).unwrap();
        let all = |view: &View| {
            let mut all = Vec::new();
            view.dead_letters(|letter| all.push(letter)).unwrap();
            all
        };
        let sorted = [&letters[2], &letters[1], &letters[0]].map(Clone::clone);
        assert_eq!(all(&store.view().unwrap()), sorted);
        let marked = DeadLetter { replay: true, ..letter(7, "b") };
        let gone = vec![(ChangeSeq(7), "a".into()), (ChangeSeq(300), "a".into())];
        let next =
            Commit { dead_letters: vec![marked.clone()], dead_letters_gone: gone, ..Commit::default() };
        store.commit(&next).unwrap();
        let view = store.view().unwrap();
        assert_eq!(all(&view), std::slice::from_ref(&marked));
        assert_eq!(view.dead_letter(ChangeSeq(7), "b").unwrap(), Some(marked));
        assert_eq!(view.dead_letter(ChangeSeq(7), "a").unwrap(), None);
    }
}
