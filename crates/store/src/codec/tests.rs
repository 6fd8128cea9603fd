//! Every encoding reads back, and bytes of any content are refused without a panic.

use super::*;
use crate::{
    AuditDraft, AuditSeq, Boundary, CommitSeq, DeadLetter, EditionRow, QuarantineEntry, QuarantineId, Raw,
};
use proptest::collection::vec;
use proptest::prelude::*;
use yibiao_record::{
    Address, CanonicalValue, Change, ChangeKind, ChangeSeq, Claim, ClaimFlags, Decimal, Decision,
    DecisionKind, DecisionSeq, Division, ElementId, EntityId, EntityKind, Grid, IdNumber, IdQuality, Level,
    Name, Op, PartialDate, Relation, Role, Rule, SourceKey, Submission, SubmissionSeq, SystemId, Timestamp,
    Value,
};

fn text() -> impl Strategy<Value = Box<str>> {
    "\\PC{0,12}".prop_map(Box::from)
}

fn texts() -> impl Strategy<Value = Vec<Box<str>>> {
    vec(text(), 0..4)
}

fn date() -> impl Strategy<Value = PartialDate> {
    (any::<i16>(), 1u8..=12, 1u8..=28, 0..5).prop_map(|(year, month, day, precision)| match precision {
        // A decade's first year may lie below the smallest year.
        0 => PartialDate::decade(year.max(-32_760)),
        1 => PartialDate::about_year(year),
        2 => PartialDate::year(year),
        3 => PartialDate::month(year, month).unwrap(),
        _ => PartialDate::day(year, month, day).unwrap(),
    })
}

fn address() -> impl Strategy<Value = Address> {
    vec((prop::sample::select(&Level::ALL[..]), text()), 0..8).prop_map(|levels| {
        levels.iter().fold(Address::default(), |all, (level, text)| all.with(*level, text))
    })
}

fn value() -> impl Strategy<Value = Value> {
    let quality = prop::sample::select(vec![
        IdQuality::Valid,
        IdQuality::Prefix,
        IdQuality::BadCheck,
        IdQuality::Other,
    ]);
    prop_oneof![
        text().prop_map(Value::Text),
        (text(), texts()).prop_map(|(full, others)| Value::Name(Name { full, others })),
        text().prop_map(Value::Code),
        texts().prop_map(Value::Codes),
        date().prop_map(Value::Date),
        (any::<i64>(), 0u8..=18)
            .prop_map(|(units, scale)| Value::Decimal(Decimal::new(units, scale).unwrap())),
        any::<i64>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Bool),
        (text(), quality).prop_map(|(digits, quality)| Value::Id(IdNumber { digits, quality })),
        texts().prop_map(Value::Phones),
        address().prop_map(Value::Address),
        (text(), address()).prop_map(|(code, names)| Value::Division(Division { code, names })),
        (text(), text(), any::<u16>()).prop_map(|(village_code, village, number)| Value::Grid(Grid {
            village_code,
            village,
            number
        })),
        (text(), text()).prop_map(|(scheme, number)| Value::Reference { scheme, number }),
        text().prop_map(Value::Unparsed),
    ]
}

fn system() -> impl Strategy<Value = SystemId> {
    "[A-Za-z0-9-]{1,8}".prop_map(|name| SystemId::new(&name).unwrap())
}

fn source_key() -> impl Strategy<Value = SourceKey> {
    (system(), text()).prop_map(|(system, local)| SourceKey { system, local })
}

fn element() -> impl Strategy<Value = ElementId> {
    any::<u16>().prop_map(ElementId)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn kind() -> impl Strategy<Value = EntityKind> {
    prop::sample::select(&EntityKind::ALL[..])
}

fn entity() -> impl Strategy<Value = EntityId> {
    (kind(), any::<u64>()).prop_map(|(kind, number)| EntityId { kind, number })
}

fn submission() -> impl Strategy<Value = Submission> {
    let claim = (element(), any::<u16>(), value()).prop_map(|(element, flags, value)| Claim {
        element,
        flags: ClaimFlags(flags),
        value,
    });
    let op = prop::sample::select(vec![Op::Upsert, Op::End, Op::Retract]);
    (any::<u64>(), source_key(), op, any::<i64>(), time(), vec(claim, 0..6), vec(any::<u8>(), 0..40))
        .prop_map(|(seq, key, op, version, observed_at, claims, raw)| Submission {
            seq: SubmissionSeq(seq),
            key,
            op,
            version,
            observed_at,
            claims,
            raw: raw.into(),
        })
}

fn change() -> impl Strategy<Value = Change> {
    let rule = prop::sample::select(vec![
        Rule::Pinned,
        Rule::Authority,
        Rule::Recency,
        Rule::Majority,
        Rule::Completeness,
        Rule::Derived,
        Rule::TieBreak,
    ]);
    let canonical = (value(), any::<u64>(), system(), time(), rule).prop_map(
        |(value, source, system, observed_at, rule)| CanonicalValue {
            value,
            source: SubmissionSeq(source),
            system,
            observed_at,
            rule,
        },
    );
    let role = prop::sample::select(vec![Role::MemberOf, Role::HeadOf, Role::LivesIn, Role::Owns]);
    let relation = (role, entity(), system(), time()).prop_map(|(role, to, system, observed_at)| Relation {
        role,
        to,
        system,
        observed_at,
    });
    let kind = prop_oneof![
        Just(ChangeKind::Created),
        Just(ChangeKind::Updated),
        entity().prop_map(|into| ChangeKind::Merged { into }),
        entity().prop_map(|from| ChangeKind::Split { from }),
        Just(ChangeKind::Retired),
    ];
    (
        any::<u64>(),
        entity(),
        kind,
        time(),
        vec(source_key(), 0..4),
        vec((element(), prop::option::of(canonical)), 0..5),
        vec(relation, 0..4),
    )
        .prop_map(|(seq, entity, kind, time, members, values, relations)| Change {
            seq: ChangeSeq(seq),
            entity,
            kind,
            time,
            members,
            values,
            relations,
        })
}

fn decision() -> impl Strategy<Value = Decision> {
    let ruled = prop_oneof![
        (kind(), source_key(), source_key()).prop_map(|(kind, a, b)| DecisionKind::Link(kind, a, b)),
        (kind(), source_key(), source_key()).prop_map(|(kind, a, b)| DecisionKind::Unlink(kind, a, b)),
        (kind(), source_key(), element(), value())
            .prop_map(|(kind, key, element, value)| DecisionKind::Pin(kind, key, element, value)),
        any::<u64>().prop_map(|seq| DecisionKind::TakeBack(DecisionSeq(seq))),
        (kind(), text()).prop_map(|(kind, model)| DecisionKind::Adopt(kind, model)),
    ];
    (any::<u64>(), ruled, text(), text(), time()).prop_map(|(seq, kind, actor, reason, at)| Decision {
        seq: DecisionSeq(seq),
        kind,
        actor,
        reason,
        at,
    })
}

fn encoded(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

/// Reading fails on every beginning of the bytes: no part of a value is taken for the whole.
fn refuses_every_beginning<T>(bytes: &[u8], read: impl Fn(&[u8]) -> Result<T, DecodeError>) {
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "the first {end} of {} bytes were taken", bytes.len());
    }
}

proptest! {
    #[test]
    fn numbers_read_back(unsigned in any::<u64>(), signed in any::<i64>()) {
        let bytes = encoded(|out| {
            out.put_varint(unsigned);
            out.put_signed(signed);
        });
        let mut from = Reader::new(&bytes);
        prop_assert_eq!(from.varint(), Ok(unsigned));
        prop_assert_eq!(from.signed(), Ok(signed));
        prop_assert_eq!(from.end(), Ok(()));
    }

    #[test]
    fn a_submission_reads_back(submission in submission()) {
        let bytes = encoded(|out| write_submission(out, &submission));
        prop_assert_eq!(&read_submission(submission.seq, &bytes, Raw::Keep).unwrap(), &submission);
        let without = read_submission(submission.seq, &bytes, Raw::Skip).unwrap();
        prop_assert_eq!(without, Submission { raw: Box::default(), ..submission });
    }

    #[test]
    fn a_change_reads_back(change in change()) {
        let bytes = encoded(|out| write_change(out, &change));
        prop_assert_eq!(&read_change(change.seq, &bytes).unwrap(), &change);
        refuses_every_beginning(&bytes, |bytes| read_change(change.seq, bytes));
    }

    #[test]
    fn a_decision_reads_back(decision in decision()) {
        let bytes = encoded(|out| write_decision(out, &decision));
        prop_assert_eq!(&read_decision(decision.seq, &bytes).unwrap(), &decision);
        refuses_every_beginning(&bytes, |bytes| read_decision(decision.seq, bytes));
    }

    #[test]
    fn a_quarantined_row_reads_back(
        system in system(), id in any::<u64>(), locator in any::<u64>(), edition in text(), reason in text(),
        rule in text(), at in time(), raw in vec(any::<u8>(), 0..40),
    ) {
        let entry = QuarantineEntry {
            id: QuarantineId(id), system, edition, locator, raw: raw.into(), reason, rule, at,
        };
        let bytes = encoded(|out| write_quarantine(out, &entry));
        prop_assert_eq!(&read_quarantine(entry.id, &bytes).unwrap(), &entry);
        refuses_every_beginning(&bytes, |bytes| read_quarantine(entry.id, bytes));
    }

    #[test]
    fn a_dead_letter_reads_back(
        at in any::<u64>(), words in (text(), text(), text(), text(), text()), key in vec(any::<u8>(), 0..9),
        headers in vec((text(), text()), 0..4), body in vec(any::<u8>(), 0..40), refused in any::<u64>(),
        refused_at in time(), replay in any::<bool>(),
    ) {
        let (subscription, code, reason, receiver, sender) = words;
        let (key, body) = (key.into(), body.into());
        let letter = DeadLetter {
            at: ChangeSeq(at), subscription, code, reason, receiver, sender, key, headers, body, refused, refused_at,
            replay,
        };
        let bytes = encoded(|out| write_dead_letter(out, &letter));
        let read = |bytes: &[u8]| read_dead_letter(letter.at, &letter.subscription, bytes);
        prop_assert_eq!(&read(&bytes).unwrap(), &letter);
        refuses_every_beginning(&bytes, read);
    }

    #[test]
    fn an_edition_reads_back(rows in vec((any::<u64>(), text(), vec(".{0,6}", 0..3)), 0..6)) {
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(locator, local, identity)| EditionRow { locator, local, identity })
            .collect();
        let bytes = encoded(|out| write_edition_rows(out, &rows));
        prop_assert_eq!(&read_edition_rows(&bytes).unwrap(), &rows);
        refuses_every_beginning(&bytes, read_edition_rows);
    }

    #[test]
    fn a_delivery_reads_back(elements in vec((element(), any::<[u8; 16]>()), 0..6)) {
        let bytes = encoded(|out| write_delivered(out, &elements));
        prop_assert_eq!(&read_delivered(&bytes).unwrap(), &elements);
        refuses_every_beginning(&bytes, read_delivered);
    }

    #[test]
    fn an_audit_entry_reads_back(
        at in time(), actor in text(), action in text(), subjects in texts(),
        counts in vec((text(), any::<i64>()), 0..4),
    ) {
        let draft = AuditDraft { at, actor, action, subjects, counts };
        let bytes = encoded(|out| write_audit(out, &draft));
        prop_assert_eq!(&read_audit(&bytes).unwrap(), &draft);
        refuses_every_beginning(&bytes, read_audit);
    }

    #[test]
    fn a_boundary_reads_back(numbers in any::<[u64; 6]>()) {
        let [commit, submission, change, decision, quarantine, audit] = numbers;
        let boundary = Boundary {
            commit: CommitSeq(commit),
            submission: SubmissionSeq(submission),
            change: ChangeSeq(change),
            decision: DecisionSeq(decision),
            quarantine: QuarantineId(quarantine),
            audit: AuditSeq(audit),
        };
        let bytes = encoded(|out| write_boundary(out, &boundary));
        prop_assert_eq!(read_boundary(boundary.commit, &bytes), Ok(boundary));
        refuses_every_beginning(&bytes, |bytes| read_boundary(boundary.commit, bytes));
    }

    /// Whatever the bytes, a reader ends; what it takes, it writes again as bytes that give the same.
    #[test]
    fn bytes_of_any_content_are_read_or_refused(bytes in vec(any::<u8>(), 0..60)) {
        if let Ok(submission) = read_submission(SubmissionSeq(1), &bytes, Raw::Keep) {
            let again = encoded(|out| write_submission(out, &submission));
            prop_assert_eq!(read_submission(SubmissionSeq(1), &again, Raw::Keep), Ok(submission));
        }
        if let Ok(change) = read_change(ChangeSeq(1), &bytes) {
            let again = encoded(|out| write_change(out, &change));
            prop_assert_eq!(read_change(ChangeSeq(1), &again), Ok(change));
        }
        if let Ok(decision) = read_decision(DecisionSeq(1), &bytes) {
            let again = encoded(|out| write_decision(out, &decision));
            prop_assert_eq!(read_decision(DecisionSeq(1), &again), Ok(decision));
        }
    }

    #[test]
    fn values_have_one_digest_only_if_they_are_equal(a in value(), b in value()) {
        prop_assert_eq!(value_digest(&a) == value_digest(&b), a == b);
        prop_assert_eq!(value_digest(&a), value_digest(&a.clone()));
    }
}

#[test]
fn a_number_longer_than_64_bits_is_refused() {
    let mut bytes = vec![0xff; 9];
    bytes.push(0x02);
    assert_eq!(Reader::new(&bytes).varint(), Err(DecodeError::Bounds { what: "number" }));
    bytes.pop();
    bytes.push(0x01);
    assert_eq!(Reader::new(&bytes).varint(), Ok(u64::MAX));
}

#[test]
fn a_length_beyond_the_bytes_is_refused_before_anything_is_allocated() {
    let bytes = encoded(|out| out.put_varint(u64::MAX));
    assert_eq!(read_delivered(&bytes), Err(DecodeError::Short));
}

/// The digest is on disk: it must not change with a version.
#[test]
fn a_digest_is_the_same_in_every_version() {
    let digest = value_digest(&Value::Text("桃花村".into()));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "dc5617bfe8213b5aef0b66cc2e72110a");
}
