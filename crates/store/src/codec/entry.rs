//! Quarantine, editions, deliveries, audit entries and boundaries.

use super::value::{read_system, write_system};
use super::{DecodeError, Put, whole};
use crate::{
    AuditDraft, AuditSeq, Boundary, CommitSeq, DeadLetter, EditionRow, QuarantineEntry, QuarantineId,
    ValueDigest,
};
use yibiao_record::{ChangeSeq, DecisionSeq, ElementId, SubmissionSeq, Timestamp};

pub(crate) fn write_quarantine(out: &mut Vec<u8>, entry: &QuarantineEntry) {
    write_system(out, entry.system);
    out.put_text(&entry.edition);
    out.put_varint(entry.locator);
    out.put_text(&entry.reason);
    out.put_text(&entry.rule);
    out.put_signed(entry.at.0);
    out.put_bytes(&entry.raw);
}

pub(crate) fn read_quarantine(id: QuarantineId, bytes: &[u8]) -> Result<QuarantineEntry, DecodeError> {
    whole(bytes, |from| {
        Ok(QuarantineEntry {
            id,
            system: read_system(from)?,
            edition: from.boxed_text()?,
            locator: from.varint()?,
            reason: from.boxed_text()?,
            rule: from.boxed_text()?,
            at: Timestamp(from.signed()?),
            raw: from.bytes()?.into(),
        })
    })
}

/// Without its key, which tells position and subscription.
pub(crate) fn write_dead_letter(out: &mut Vec<u8>, letter: &DeadLetter) {
    out.put_text(&letter.code);
    out.put_text(&letter.reason);
    out.put_text(&letter.receiver);
    out.put_text(&letter.sender);
    out.put_bytes(&letter.key);
    out.put_length(letter.headers.len());
    for (name, value) in &letter.headers {
        out.put_text(name);
        out.put_text(value);
    }
    out.put_bytes(&letter.body);
    out.put_varint(letter.refused);
    out.put_signed(letter.refused_at.0);
    out.put_byte(u8::from(letter.replay));
}

pub(crate) fn read_dead_letter(
    at: ChangeSeq,
    subscription: &str,
    bytes: &[u8],
) -> Result<DeadLetter, DecodeError> {
    whole(bytes, |from| {
        Ok(DeadLetter {
            at,
            subscription: subscription.into(),
            code: from.boxed_text()?,
            reason: from.boxed_text()?,
            receiver: from.boxed_text()?,
            sender: from.boxed_text()?,
            key: from.bytes()?.into(),
            headers: from.list(|from| Ok((from.boxed_text()?, from.boxed_text()?)))?,
            body: from.bytes()?.into(),
            refused: from.varint()?,
            refused_at: Timestamp(from.signed()?),
            replay: from.boolean("replay")?,
        })
    })
}

pub(crate) fn write_edition_rows(out: &mut Vec<u8>, rows: &[EditionRow]) {
    out.put_length(rows.len());
    for row in rows {
        out.put_varint(row.locator);
        out.put_text(&row.local);
        out.put_length(row.identity.len());
        for column in &row.identity {
            out.put_text(column);
        }
    }
}

pub(crate) fn read_edition_rows(bytes: &[u8]) -> Result<Vec<EditionRow>, DecodeError> {
    whole(bytes, |from| {
        from.list(|from| {
            Ok(EditionRow {
                locator: from.varint()?,
                local: from.boxed_text()?,
                identity: from.list(|from| from.text().map(String::from))?,
            })
        })
    })
}

pub(crate) fn write_delivered(out: &mut Vec<u8>, elements: &[(ElementId, ValueDigest)]) {
    out.put_length(elements.len());
    for (element, digest) in elements {
        out.put_varint(u64::from(element.0));
        out.extend_from_slice(digest);
    }
}

pub(crate) fn read_delivered(bytes: &[u8]) -> Result<Vec<(ElementId, ValueDigest)>, DecodeError> {
    whole(bytes, |from| from.list(|from| Ok((ElementId(from.small("element")?), from.array()?))))
}

pub(crate) fn write_audit(out: &mut Vec<u8>, draft: &AuditDraft) {
    out.put_signed(draft.at.0);
    out.put_text(&draft.actor);
    out.put_text(&draft.action);
    out.put_length(draft.subjects.len());
    for subject in &draft.subjects {
        out.put_text(subject);
    }
    out.put_length(draft.counts.len());
    for (name, count) in &draft.counts {
        out.put_text(name);
        out.put_signed(*count);
    }
}

pub(crate) fn read_audit(bytes: &[u8]) -> Result<AuditDraft, DecodeError> {
    whole(bytes, |from| {
        Ok(AuditDraft {
            at: Timestamp(from.signed()?),
            actor: from.boxed_text()?,
            action: from.boxed_text()?,
            subjects: from.list(|from| from.boxed_text())?,
            counts: from.list(|from| Ok((from.boxed_text()?, from.signed()?)))?,
        })
    })
}

pub(crate) fn write_boundary(out: &mut Vec<u8>, boundary: &Boundary) {
    out.put_varint(boundary.submission.0);
    out.put_varint(boundary.change.0);
    out.put_varint(boundary.decision.0);
    out.put_varint(boundary.quarantine.0);
    out.put_varint(boundary.audit.0);
}

pub(crate) fn read_boundary(commit: CommitSeq, bytes: &[u8]) -> Result<Boundary, DecodeError> {
    whole(bytes, |from| {
        Ok(Boundary {
            commit,
            submission: SubmissionSeq(from.varint()?),
            change: ChangeSeq(from.varint()?),
            decision: DecisionSeq(from.varint()?),
            quarantine: QuarantineId(from.varint()?),
            audit: AuditSeq(from.varint()?),
        })
    })
}
