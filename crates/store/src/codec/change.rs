//! Changes and decisions.

use super::value::{
    entity_kind, entity_kind_tag, read_entity, read_source_key, read_system, read_value, write_entity,
    write_source_key, write_system, write_value,
};
use super::{DecodeError, Put, Reader, whole};
use yibiao_record::{
    CanonicalValue, Change, ChangeKind, ChangeSeq, Decision, DecisionKind, DecisionSeq, ElementId, Relation,
    Role, Rule, SubmissionSeq, Timestamp,
};

pub(crate) fn write_change(out: &mut Vec<u8>, change: &Change) {
    write_entity(out, change.entity);
    match change.kind {
        ChangeKind::Created => out.put_byte(1),
        ChangeKind::Updated => out.put_byte(2),
        ChangeKind::Merged { into } => {
            out.put_byte(3);
            write_entity(out, into);
        }
        ChangeKind::Split { from } => {
            out.put_byte(4);
            write_entity(out, from);
        }
        ChangeKind::Retired => out.put_byte(5),
    }
    out.put_signed(change.time.0);
    out.put_length(change.members.len());
    for member in &change.members {
        write_source_key(out, member);
    }
    out.put_length(change.values.len());
    for (element, value) in &change.values {
        out.put_varint(u64::from(element.0));
        match value {
            None => out.put_byte(0),
            Some(value) => {
                out.put_byte(rule_tag(value.rule));
                out.put_varint(value.source.0);
                write_system(out, value.system);
                out.put_signed(value.observed_at.0);
                write_value(out, &value.value);
            }
        }
    }
    out.put_length(change.relations.len());
    for relation in &change.relations {
        out.put_byte(role_tag(relation.role));
        write_entity(out, relation.to);
        write_system(out, relation.system);
        out.put_signed(relation.observed_at.0);
    }
}

pub(crate) fn read_change(seq: ChangeSeq, bytes: &[u8]) -> Result<Change, DecodeError> {
    whole(bytes, |from| {
        Ok(Change {
            seq,
            entity: read_entity(from)?,
            kind: match from.byte()? {
                1 => ChangeKind::Created,
                2 => ChangeKind::Updated,
                3 => ChangeKind::Merged { into: read_entity(from)? },
                4 => ChangeKind::Split { from: read_entity(from)? },
                5 => ChangeKind::Retired,
                tag => return Err(DecodeError::Tag { what: "kind of change", tag }),
            },
            time: Timestamp(from.signed()?),
            members: from.list(read_source_key)?,
            values: from.list(read_changed_value)?,
            relations: from.list(read_relation)?,
        })
    })
}

fn read_changed_value(from: &mut Reader<'_>) -> Result<(ElementId, Option<CanonicalValue>), DecodeError> {
    let element = ElementId(from.small("element")?);
    let value = match from.byte()? {
        0 => None,
        tag => {
            let rule = rule(tag)?;
            let source = SubmissionSeq(from.varint()?);
            let system = read_system(from)?;
            let observed_at = Timestamp(from.signed()?);
            Some(CanonicalValue { value: read_value(from)?, source, system, observed_at, rule })
        }
    };
    Ok((element, value))
}

fn read_relation(from: &mut Reader<'_>) -> Result<Relation, DecodeError> {
    Ok(Relation {
        role: role(from.byte()?)?,
        to: read_entity(from)?,
        system: read_system(from)?,
        observed_at: Timestamp(from.signed()?),
    })
}

/// 0 is left out: it marks an element without a value.
fn rule_tag(rule: Rule) -> u8 {
    match rule {
        Rule::Pinned => 1,
        Rule::Authority => 2,
        Rule::Recency => 3,
        Rule::Majority => 4,
        Rule::Completeness => 5,
        Rule::Derived => 6,
        Rule::TieBreak => 7,
    }
}

fn rule(tag: u8) -> Result<Rule, DecodeError> {
    Ok(match tag {
        1 => Rule::Pinned,
        2 => Rule::Authority,
        3 => Rule::Recency,
        4 => Rule::Majority,
        5 => Rule::Completeness,
        6 => Rule::Derived,
        7 => Rule::TieBreak,
        tag => return Err(DecodeError::Tag { what: "rule", tag }),
    })
}

fn role_tag(role: Role) -> u8 {
    match role {
        Role::MemberOf => 1,
        Role::HeadOf => 2,
        Role::LivesIn => 3,
        Role::Owns => 4,
    }
}

fn role(tag: u8) -> Result<Role, DecodeError> {
    Ok(match tag {
        1 => Role::MemberOf,
        2 => Role::HeadOf,
        3 => Role::LivesIn,
        4 => Role::Owns,
        tag => return Err(DecodeError::Tag { what: "role", tag }),
    })
}

pub(crate) fn write_decision(out: &mut Vec<u8>, decision: &Decision) {
    match &decision.kind {
        DecisionKind::Link(kind, a, b) => {
            out.put_byte(1);
            out.put_byte(entity_kind_tag(*kind));
            write_source_key(out, a);
            write_source_key(out, b);
        }
        DecisionKind::Unlink(kind, a, b) => {
            out.put_byte(2);
            out.put_byte(entity_kind_tag(*kind));
            write_source_key(out, a);
            write_source_key(out, b);
        }
        DecisionKind::Pin(kind, key, element, value) => {
            out.put_byte(3);
            out.put_byte(entity_kind_tag(*kind));
            write_source_key(out, key);
            out.put_varint(u64::from(element.0));
            write_value(out, value);
        }
        DecisionKind::TakeBack(seq) => {
            out.put_byte(4);
            out.put_varint(seq.0);
        }
        DecisionKind::Adopt(kind, model) => {
            out.put_byte(5);
            out.put_byte(entity_kind_tag(*kind));
            out.put_text(model);
        }
    }
    out.put_text(&decision.actor);
    out.put_text(&decision.reason);
    out.put_signed(decision.at.0);
}

pub(crate) fn read_decision(seq: DecisionSeq, bytes: &[u8]) -> Result<Decision, DecodeError> {
    whole(bytes, |from| {
        let kind = match from.byte()? {
            1 => {
                DecisionKind::Link(entity_kind(from.byte()?)?, read_source_key(from)?, read_source_key(from)?)
            }
            2 => DecisionKind::Unlink(
                entity_kind(from.byte()?)?,
                read_source_key(from)?,
                read_source_key(from)?,
            ),
            3 => DecisionKind::Pin(
                entity_kind(from.byte()?)?,
                read_source_key(from)?,
                ElementId(from.small("element")?),
                read_value(from)?,
            ),
            4 => DecisionKind::TakeBack(DecisionSeq(from.varint()?)),
            5 => DecisionKind::Adopt(entity_kind(from.byte()?)?, from.boxed_text()?),
            tag => return Err(DecodeError::Tag { what: "decision", tag }),
        };
        Ok(Decision {
            seq,
            kind,
            actor: from.boxed_text()?,
            reason: from.boxed_text()?,
            at: Timestamp(from.signed()?),
        })
    })
}
