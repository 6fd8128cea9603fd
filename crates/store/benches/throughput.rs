//! Durable throughput of the store alone: how many submissions a second one writer commits, each batch fsynced, with as
//! many changes; what the disk holds; how fast the log is read back.
//!
//! `cargo bench -p yibiao-store --bench throughput -- [submissions] [batch] [folder]`; a folder that already holds
//! submissions is only read, as a node does when it starts.

#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::path::PathBuf;
use std::time::Instant;
use yibiao_record::{
    Address, CanonicalValue, Change, ChangeKind, ChangeSeq, Claim, ClaimFlags, ElementId, EntityId,
    EntityKind, IdNumber, IdQuality, Level, Name, Op, PartialDate, Rule, SourceKey, Submission,
    SubmissionSeq, SystemId, Timestamp, Value,
};
use yibiao_store::{Commit, Options, Raw, Store};

fn main() {
    let mut numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let total: u64 = numbers.next().map_or(200_000, |text| text.parse().expect("a number of submissions"));
    let batch: u64 = numbers.next().map_or(1_000, |text| text.parse().expect("a batch size"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = numbers.next().map_or_else(|| folder.path().join("data"), PathBuf::from);
    let opened = Instant::now();
    let store = Store::open(&Options::new(&dir)).expect("a store");
    println!("open           {:>10.1} ms", opened.elapsed().as_secs_f64() * 1e3);
    let held = store.view().expect("a view").last().submission.0;
    if held == 0 {
        write(&store, total, batch);
    }
    read(&store);
}

fn write(store: &Store, total: u64, batch: u64) {
    let mut committing = 0.0;
    let mut slowest = 0.0_f64;
    let started = Instant::now();
    for first in (1..=total).step_by(usize::try_from(batch).expect("a small number")) {
        let rows = first..(first + batch).min(total + 1);
        let commit = Commit {
            submissions: rows.clone().map(submission).collect(),
            changes: rows.map(change).collect(),
            cursors: vec![("GA".to_owned(), first.to_be_bytes().to_vec())],
            counters: vec![("rows_in".to_owned(), 1)],
            ..Commit::default()
        };
        let began = Instant::now();
        store.commit(&commit).expect("a working disk");
        let took = began.elapsed().as_secs_f64();
        committing += took;
        slowest = slowest.max(took);
    }
    let rows = count(total);
    println!("{total} submissions and as many changes in batches of {batch}");
    println!(
        "commit alone   {:>10.0} submissions/s, slowest commit {:.1} ms",
        rows / committing,
        slowest * 1e3
    );
    println!("with making    {:>10.0} submissions/s", rows / started.elapsed().as_secs_f64());
    let bytes = store.metrics().commit_bytes.get();
    let disk = u64::try_from(store.metrics().disk_bytes.get()).expect("a size");
    println!("encoded        {:>10.0} bytes a submission with its change", count(bytes) / rows);
    println!("on disk        {:>10.2} times that", count(disk) / count(bytes));
}

fn read(store: &Store) {
    let rows = count(store.view().expect("a view").last().submission.0);
    for (raw, name) in [(Raw::Keep, "with raw"), (Raw::Skip, "without raw")] {
        let began = Instant::now();
        let view = store.view().expect("a view");
        let claims: usize =
            view.submissions(.., raw).map(|submission| submission.expect("a submission").claims.len()).sum();
        let took = began.elapsed().as_secs_f64();
        println!("read {name:<12}{:>7.2} us a submission, {claims} claims", took / rows * 1e6);
    }
}

fn count(number: u64) -> f64 {
    u32::try_from(number)
        .map_or_else(|_| f64::from(u32::try_from(number >> 10).expect("not that large")) * 1024.0, f64::from)
}

/// Twenty claims and 300 raw bytes: near a row of the population register.
fn submission(seq: u64) -> Submission {
    let address = Address::default()
        .with(Level::District, "桃源区")
        .with(Level::Town, "青石镇")
        .with(Level::Village, "桃花村")
        .with(Level::Group, &(seq % 9).to_string())
        .with(Level::House, &(seq % 97).to_string());
    let mut values = vec![
        Value::Name(Name::plain("欧阳秀英")),
        Value::Id(IdNumber { digits: format!("990101{seq:012}").into(), quality: IdQuality::Valid }),
        Value::Date(PartialDate::day(1950, 6, 19).expect("a date")),
        Value::Phones(vec![format!("139{seq:08}").into()]),
        Value::Address(address),
        Value::Reference { scheme: "GA".into(), number: (seq / 4).to_string().into() },
        Value::Text("无".into()),
        Value::Integer(12),
        Value::Bool(true),
    ];
    values.extend((0..11).map(|code: u32| Value::Code(code.to_string().into())));
    let claims = (1..).zip(values).map(|(element, value)| Claim {
        element: ElementId(element),
        value,
        flags: ClaimFlags::default(),
    });
    Submission {
        seq: SubmissionSeq(seq),
        key: SourceKey { system: SystemId::new("GA").expect("a name"), local: format!("R{seq:09}").into() },
        op: Op::Upsert,
        version: i64::try_from(seq).expect("small"),
        observed_at: Timestamp(1_790_000_000),
        claims: claims.collect(),
        raw: format!(r#"{{"id":{seq},"rest":"{}"}}"#, "字".repeat(92)).into_bytes().into(),
    }
}

fn change(seq: u64) -> Change {
    let row = submission(seq);
    let value = |claim: Claim| CanonicalValue {
        value: claim.value,
        source: row.seq,
        system: row.key.system,
        observed_at: row.observed_at,
        rule: Rule::Authority,
    };
    Change {
        seq: ChangeSeq(seq),
        entity: EntityId { kind: EntityKind::Person, number: seq },
        kind: ChangeKind::Created,
        time: row.observed_at,
        members: vec![row.key.clone()],
        values: row.claims.into_iter().map(|claim| (claim.element, Some(value(claim)))).collect(),
        relations: Vec::new(),
    }
}
