//! Submissions. The raw bytes stand last, so that claims can be read without touching them.

use super::value::{read_source_key, read_value, write_source_key, write_value};
use super::{DecodeError, Put, Reader, whole};
use crate::Raw;
use yibiao_record::{Claim, ClaimFlags, ElementId, Op, Submission, SubmissionSeq, Timestamp};

pub(crate) fn write_submission(out: &mut Vec<u8>, submission: &Submission) {
    out.put_byte(match submission.op {
        Op::Upsert => 1,
        Op::End => 2,
        Op::Retract => 3,
    });
    write_source_key(out, &submission.key);
    out.put_signed(submission.version);
    out.put_signed(submission.observed_at.0);
    out.put_length(submission.claims.len());
    for claim in &submission.claims {
        out.put_varint(u64::from(claim.element.0));
        out.put_varint(u64::from(claim.flags.0));
        write_value(out, &claim.value);
    }
    out.extend_from_slice(&submission.raw);
}

pub(crate) fn read_submission(seq: SubmissionSeq, bytes: &[u8], raw: Raw) -> Result<Submission, DecodeError> {
    whole(bytes, |from| {
        let op = match from.byte()? {
            1 => Op::Upsert,
            2 => Op::End,
            3 => Op::Retract,
            tag => return Err(DecodeError::Tag { what: "operation", tag }),
        };
        let key = read_source_key(from)?;
        let version = from.signed()?;
        let observed_at = Timestamp(from.signed()?);
        let claims = from.list(read_claim)?;
        let rest = from.take_rest();
        let raw = match raw {
            Raw::Keep => rest.into(),
            Raw::Skip => Box::default(),
        };
        Ok(Submission { seq, key, op, version, observed_at, claims, raw })
    })
}

fn read_claim(from: &mut Reader<'_>) -> Result<Claim, DecodeError> {
    Ok(Claim {
        element: ElementId(from.small("element")?),
        flags: ClaimFlags(from.small("claim flags")?),
        value: read_value(from)?,
    })
}
