//! What a damaged, foreign or newer file is answered with: an error that names it, never a panic and never a wrong value.

use crate::codec::Put;
use crate::engine::{Batch, Engine, EngineKind, OpenFailure};
use crate::key::{self, FORMAT_KEY, Table};
use crate::{
    AuditDraft, AuditError, Commit, OpenError, Options, QuarantineEntry, QuarantineId, Raw, ReadError, Store,
};
use std::path::Path;
use yibiao_record::{Op, SourceKey, Submission, SubmissionSeq, SystemId, Timestamp};

fn options(dir: &Path) -> Options {
    Options { cache_bytes: 8 << 20, ..Options::new(dir) }
}

fn submission(seq: u64) -> Submission {
    Submission {
        seq: SubmissionSeq(seq),
        key: SourceKey { system: SystemId::new("GA").unwrap(), local: seq.to_string().into() },
        op: Op::Upsert,
        version: 0,
        observed_at: Timestamp(0),
        claims: Vec::new(),
        raw: Box::default(),
    }
}

/// A store of three submissions and three audit entries, damaged by `damage`.
fn damaged(dir: &Path, damage: impl FnOnce(&mut Batch)) -> Result<Store, OpenError> {
    let store = Store::open(&options(dir)).unwrap();
    for seq in 1..=3 {
        let draft = AuditDraft { action: "ingest".into(), ..AuditDraft::default() };
        let commit = Commit { submissions: vec![submission(seq)], audit: vec![draft], ..Commit::default() };
        store.commit(&commit).unwrap();
    }
    drop(store);
    let engine = Engine::open(EngineKind::Redb, &EngineKind::Redb.path_in(dir), 8 << 20).ok().unwrap();
    let mut batch = Batch::default();
    damage(&mut batch);
    engine.commit(&batch).unwrap();
    drop(engine);
    Store::open(&options(dir))
}

#[test]
fn a_store_of_a_later_format_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let refused =
        damaged(dir.path(), |batch| batch.put(Table::Meta, FORMAT_KEY, |out| out.put_varint(2))).unwrap_err();
    assert!(matches!(refused, OpenError::Format { found: 2, .. }), "{refused}");
    assert!(refused.to_string().ends_with("use the program version that wrote it, or a later one"));
}

#[test]
fn a_redb_file_of_another_program_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = damaged(dir.path(), |batch| batch.remove(Table::Meta, FORMAT_KEY)).unwrap_err();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
}

#[test]
fn a_log_that_does_not_end_where_the_last_commit_says_is_torn() {
    for (remove, put, found) in [(Some(3), None, 2), (None, Some(4), 4)] {
        let dir = tempfile::tempdir().unwrap();
        let refused = damaged(dir.path(), |batch| {
            if let Some(seq) = remove {
                batch.remove(Table::Submission, &key::sequence(seq));
            }
            if let Some(seq) = put {
                batch.put(Table::Submission, &key::sequence(seq), |_| {});
            }
        })
        .unwrap_err();
        let torn = matches!(
            refused,
            OpenError::Torn { table: "submission", found: at, expected: 3, .. } if at == found
        );
        assert!(torn, "{refused}");
    }
}

#[test]
fn a_hole_in_a_log_is_an_error_and_ends_the_reading() {
    let dir = tempfile::tempdir().unwrap();
    let store = damaged(dir.path(), |batch| batch.remove(Table::Submission, &key::sequence(2))).unwrap();
    let view = store.view().unwrap();
    let read: Vec<_> = view.submissions(.., Raw::Keep).collect();
    assert_eq!(read.len(), 2);
    assert!(matches!(read[1], Err(ReadError::Missing { table: "submission", position: 2 })));
    assert!(matches!(view.submission(SubmissionSeq(2)), Err(ReadError::Missing { position: 2, .. })));
}

#[test]
fn bytes_that_are_no_submission_are_named_by_table_and_number() {
    let dir = tempfile::tempdir().unwrap();
    let store = damaged(dir.path(), |batch| {
        batch.put(Table::Submission, &key::sequence(2), |out| out.push(200));
    })
    .unwrap();
    let error = store.view().unwrap().submission(SubmissionSeq(2)).unwrap_err();
    assert_eq!(error.to_string(), "cannot decode entry 2 of table submission of the store");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "stored operation has the unknown tag 200");
}

#[test]
fn an_altered_audit_entry_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = damaged(dir.path(), |batch| {
        let draft = AuditDraft { action: "nothing".into(), ..AuditDraft::default() };
        batch.put(Table::Audit, &key::sequence(2), |out| {
            out.extend_from_slice(&[7; 32]);
            crate::codec::write_audit(out, &draft);
        });
    })
    .unwrap();
    let broken = store.view().unwrap().verify_audit().unwrap_err();
    assert!(matches!(broken, AuditError::Broken { seq } if seq.0 == 2), "{broken}");
}

#[test]
fn what_is_personal_is_not_printed() {
    let entry = QuarantineEntry {
        id: QuarantineId(1),
        system: SystemId::new("MZ").unwrap(),
        edition: "台账.xlsx".into(),
        locator: 7,
        raw: "冉秀英,990101195006190225".as_bytes().into(),
        reason: "unmapped code".into(),
        rule: "unmapped-code".into(),
        at: Timestamp(0),
    };
    assert_eq!(format!("{entry:?}"), "quarantined 1 of MZ by unmapped-code (28 bytes)");
}

#[test]
fn a_folder_that_is_not_there_is_told_apart_from_a_failing_disk() {
    let failed = Engine::open(EngineKind::Redb, Path::new("/nowhere/at all/x.redb"), 1 << 20);
    let Err(OpenFailure::Engine(error)) = failed else { panic!("it opened") };
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::NotFound));
    assert_eq!(error.to_string(), "storage engine failed");
}
