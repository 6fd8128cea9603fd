//! Numbered commits that can be checked afterwards: everything in commit `n` follows from `n`.

use crate::disk::Disk;
use std::collections::BTreeMap;
use yibiao_record::{
    Address, CanonicalValue, Change, ChangeKind, ChangeSeq, Claim, ClaimFlags, Decision, DecisionKind,
    DecisionSeq, ElementId, EntityId, EntityKind, IdNumber, IdQuality, Level, Name, Op, PartialDate, Rule,
    SourceKey, Submission, SubmissionSeq, SystemId, Timestamp, Value,
};
use yibiao_store::{
    AuditDraft, AuditSeq, Boundary, Commit, CommitSeq, DeliveredRow, EditionPage, EditionRow,
    QuarantineEntry, QuarantineId, Raw, Store, View, value_digest,
};

/// Submissions in every numbered commit, and changes.
pub(crate) const ROWS: u64 = 8;

/// The system of a row.
pub(crate) fn system(row: u64) -> SystemId {
    let names = ["GA", "MZ", "WJ", "ZJ", "YJ", "NY"];
    SystemId::new(names[usize::try_from(row % 6).unwrap()]).unwrap()
}

/// The source key of a row.
pub(crate) fn source_key(row: u64) -> SourceKey {
    SourceKey { system: system(row), local: format!("row-{:06}", row % 500).into() }
}

/// A row as a department sends it.
pub(crate) fn submission(seq: u64) -> Submission {
    let claim = |element: u16, value| Claim {
        element: ElementId(element),
        value,
        flags: ClaimFlags(u16::try_from(seq % 3).unwrap()),
    };
    let address = Address::default()
        .with(Level::District, "桃源区")
        .with(Level::Town, "青石镇")
        .with(Level::Village, "桃花村")
        .with(Level::Group, &(seq % 9).to_string())
        .with(Level::House, &(seq % 97).to_string());
    let claims = vec![
        claim(1, Value::Name(Name::plain(&format!("姓名{seq}")))),
        claim(
            2,
            Value::Id(IdNumber { digits: format!("990101{seq:012}").into(), quality: IdQuality::Valid }),
        ),
        claim(3, Value::Code((seq % 2 + 1).to_string().into())),
        claim(4, Value::Date(PartialDate::day(1950, 1, u8::try_from(seq % 28 + 1).unwrap()).unwrap())),
        claim(5, Value::Phones(vec![format!("139{seq:08}").into()])),
        claim(6, Value::Address(address)),
        claim(7, Value::Integer(i64::try_from(seq).unwrap() - 100)),
        claim(8, Value::Reference { scheme: "MZ".into(), number: (seq / 4).to_string().into() }),
    ];
    Submission {
        seq: SubmissionSeq(seq),
        key: source_key(seq),
        op: if seq % 50 == 7 { Op::End } else { Op::Upsert },
        version: i64::try_from(seq).unwrap(),
        observed_at: Timestamp(1_700_000_000 + i64::try_from(seq).unwrap()),
        claims,
        raw: format!(r#"{{"row":{seq},"name":"姓名{seq}","note":"{}"}}"#, "注".repeat(40))
            .into_bytes()
            .into(),
    }
}

/// A step of an entity.
pub(crate) fn change(seq: u64) -> Change {
    let row = submission(seq);
    let canonical = |claim: &Claim| CanonicalValue {
        value: claim.value.clone(),
        source: row.seq,
        system: row.key.system,
        observed_at: row.observed_at,
        rule: Rule::Recency,
    };
    Change {
        seq: ChangeSeq(seq),
        entity: EntityId { kind: EntityKind::Person, number: seq / 2 + 1 },
        kind: if seq.is_multiple_of(2) { ChangeKind::Created } else { ChangeKind::Updated },
        time: row.observed_at,
        members: vec![row.key.clone()],
        values: row.claims.iter().map(|claim| (claim.element, Some(canonical(claim)))).collect(),
        relations: Vec::new(),
    }
}

/// Commit `n`, from 1.
pub(crate) fn commit(n: u64) -> Commit {
    let rows = (n - 1) * ROWS + 1..=n * ROWS;
    let mut commit = Commit {
        submissions: rows.clone().map(submission).collect(),
        changes: rows.clone().map(change).collect(),
        decisions: vec![Decision {
            seq: DecisionSeq(n),
            kind: DecisionKind::Link(EntityKind::Person, source_key(n), source_key(n + 1)),
            actor: "steward".into(),
            reason: "same".into(),
            at: Timestamp(i64::try_from(n).unwrap()),
        }],
        cursors: vec![("GA".to_owned(), n.to_string().into_bytes())],
        positions: vec![("GA-persons".to_owned(), n * ROWS)],
        quarantine: vec![quarantined(n)],
        quarantine_closed: Vec::new(),
        dead_letters: Vec::new(),
        dead_letters_gone: Vec::new(),
        editions: vec![EditionPage { system: system(1), edition: n, page: 0, rows: edition_rows(n) }],
        editions_complete: vec![(system(1), n)],
        delivered: rows.map(delivered).collect(),
        audit: vec![audit(n)],
        counters: vec![("rows_in".to_owned(), i64::try_from(ROWS).unwrap())],
    };
    if n.is_multiple_of(2) {
        commit.quarantine_closed.push((QuarantineId(n / 2), "retried".into()));
    }
    commit
}

/// The quarantine entry of a commit.
pub(crate) fn quarantined(n: u64) -> QuarantineEntry {
    QuarantineEntry {
        id: QuarantineId(n),
        system: system(n),
        edition: "ledger.csv".into(),
        locator: n,
        raw: format!("broken {n}").into_bytes().into(),
        reason: "unmapped code in column 民族".into(),
        rule: "unmapped-code".into(),
        at: Timestamp(i64::try_from(n).unwrap()),
    }
}

fn edition_rows(n: u64) -> Vec<EditionRow> {
    (1..=4)
        .map(|row| EditionRow {
            locator: row,
            local: format!("{n}-{row}").into(),
            identity: vec![format!("name {row}"), format!("{n}")],
        })
        .collect()
}

/// What was delivered for a row.
pub(crate) fn delivered(row: u64) -> DeliveredRow {
    let digest = value_digest(&Value::Integer(i64::try_from(row).unwrap()));
    DeliveredRow { key: source_key(row), elements: vec![(ElementId(1), digest), (ElementId(7), digest)] }
}

/// The audit entry of a commit.
pub(crate) fn audit(n: u64) -> AuditDraft {
    AuditDraft {
        at: Timestamp(i64::try_from(n).unwrap()),
        actor: "pipeline".into(),
        action: "ingest".into(),
        subjects: vec![format!("commit {n}").into()],
        counts: vec![("rows".into(), i64::try_from(ROWS).unwrap())],
    }
}

/// Commits the numbered commits after the store's last, up to `last`.
pub(crate) fn run_to(store: &Store, last: u64) {
    let next = store.view().unwrap().last().commit.0 + 1;
    for n in next..=last {
        store.commit(&commit(n)).unwrap();
    }
}

/// Checks that a store holds commits 1 to some `n`, each whole, and nothing else; that `n`.
pub(crate) fn check_whole(store: &Store) -> u64 {
    let view = store.view().unwrap();
    let n = view.last().commit.0;
    let expected = Boundary {
        commit: CommitSeq(n),
        submission: SubmissionSeq(n * ROWS),
        change: ChangeSeq(n * ROWS),
        decision: DecisionSeq(n),
        quarantine: QuarantineId(n),
        audit: AuditSeq(n),
    };
    assert_eq!(view.last(), expected);
    let whole = content(&view);
    let again = Content::of_commits(n);
    assert!(whole == again, "the store differs from commits 1 to {n}");
    n
}

/// All that can be read from a store.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    submissions: Vec<Submission>,
    changes: Vec<Change>,
    decisions: Vec<Decision>,
    cursors: BTreeMap<String, Vec<u8>>,
    positions: BTreeMap<String, u64>,
    quarantine: Vec<QuarantineEntry>,
    closed: Vec<QuarantineId>,
    editions: Vec<EditionPage>,
    delivered: BTreeMap<SourceKey, DeliveredRow>,
    audit: Vec<AuditDraft>,
    counters: BTreeMap<String, i64>,
}

/// Reads everything.
pub(crate) fn content(view: &View) -> Content {
    let editions = view.editions(system(1)).unwrap();
    view.verify_audit().unwrap();
    Content {
        submissions: view.submissions(.., Raw::Keep).collect::<Result<_, _>>().unwrap(),
        changes: view.changes(..).collect::<Result<_, _>>().unwrap(),
        decisions: view.decisions().collect::<Result<_, _>>().unwrap(),
        cursors: view.cursors().unwrap(),
        positions: view.positions().unwrap(),
        quarantine: view.quarantine(..).collect::<Result<_, _>>().unwrap(),
        closed: view.quarantine_closed().unwrap().into_keys().collect(),
        editions: editions
            .into_iter()
            .flat_map(|edition| view.edition_pages(system(1), edition).unwrap())
            .collect(),
        delivered: (0..6)
            .flat_map(|row| view.delivered_to(system(row)).unwrap())
            .map(|row| (row.key.clone(), row))
            .collect(),
        audit: view.audit(..).map(|entry| entry.unwrap().draft).collect(),
        counters: view.counters().unwrap(),
    }
}

impl Content {
    /// What a store holds after commits 1 to `n`, told without a store.
    pub(crate) fn of_commits(n: u64) -> Content {
        let commits: Vec<_> = (1..=n).map(commit).collect();
        let last = commits.last();
        let all = |part: fn(&Commit) -> &Vec<Submission>| commits.iter().flat_map(part).cloned().collect();
        let mut counters = BTreeMap::new();
        for (name, delta) in commits.iter().flat_map(|commit| &commit.counters) {
            *counters.entry(name.clone()).or_insert(0) += delta;
        }
        let mut closed: Vec<_> =
            commits.iter().flat_map(|commit| &commit.quarantine_closed).map(|(id, _)| *id).collect();
        closed.sort();
        Content {
            submissions: all(|commit| &commit.submissions),
            changes: commits.iter().flat_map(|commit| &commit.changes).cloned().collect(),
            decisions: commits.iter().flat_map(|commit| &commit.decisions).cloned().collect(),
            cursors: last.into_iter().flat_map(|commit| commit.cursors.clone()).collect(),
            positions: last.into_iter().flat_map(|commit| commit.positions.clone()).collect(),
            quarantine: commits.iter().flat_map(|commit| &commit.quarantine).cloned().collect(),
            closed,
            editions: last.into_iter().flat_map(|commit| commit.editions.clone()).collect(),
            delivered: commits
                .iter()
                .flat_map(|commit| &commit.delivered)
                .map(|row| (row.key.clone(), row.clone()))
                .collect(),
            audit: commits.iter().flat_map(|commit| &commit.audit).cloned().collect(),
            counters,
        }
    }
}

/// The file of a store just made. A data folder never holds a file that is not at least this: it is made under another
/// name.
pub(crate) fn new_file(cache_bytes: usize) -> Vec<u8> {
    let disk = Disk::default();
    drop(Store::open_on(disk.clone(), cache_bytes).unwrap());
    disk.bytes()
}
