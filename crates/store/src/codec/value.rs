//! Values and the parts they are made of.

use super::{DecodeError, Put, Reader};
use crate::ValueDigest;
use yibiao_record::{
    Address, Decimal, Division, EntityId, EntityKind, Grid, IdNumber, IdQuality, Level, Name, PartialDate,
    Precision, SourceKey, SystemId, Value,
};

/// A digest by which a value is known again: the first half of BLAKE3 over its encoding.
pub fn value_digest(value: &Value) -> ValueDigest {
    let mut bytes = Vec::with_capacity(64);
    write_value(&mut bytes, value);
    let hash = blake3::hash(&bytes);
    let (digest, _) = hash.as_bytes().split_first_chunk().expect("invariant: a hash has 32 bytes");
    *digest
}

pub(super) fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => tagged_text(out, 1, text),
        Value::Name(name) => {
            out.put_byte(2);
            out.put_text(&name.full);
            write_texts(out, &name.others);
        }
        Value::Code(code) => tagged_text(out, 3, code),
        Value::Codes(codes) => {
            out.put_byte(4);
            write_texts(out, codes);
        }
        Value::Date(date) => {
            out.put_byte(5);
            write_date(out, *date);
        }
        Value::Decimal(decimal) => {
            out.put_byte(6);
            out.put_signed(decimal.units());
            out.put_byte(decimal.scale());
        }
        Value::Integer(number) => {
            out.put_byte(7);
            out.put_signed(*number);
        }
        Value::Bool(yes) => {
            out.put_byte(8);
            out.put_byte(u8::from(*yes));
        }
        Value::Id(id) => {
            out.put_byte(9);
            out.put_byte(id_quality_tag(id.quality));
            out.put_text(&id.digits);
        }
        Value::Phones(phones) => {
            out.put_byte(10);
            write_texts(out, phones);
        }
        Value::Address(address) => {
            out.put_byte(11);
            write_address(out, address);
        }
        Value::Division(division) => {
            out.put_byte(12);
            out.put_text(&division.code);
            write_address(out, &division.names);
        }
        Value::Grid(grid) => {
            out.put_byte(13);
            out.put_text(&grid.village_code);
            out.put_text(&grid.village);
            out.put_varint(u64::from(grid.number));
        }
        Value::Reference { scheme, number } => {
            tagged_text(out, 14, scheme);
            out.put_text(number);
        }
        Value::Unparsed(text) => tagged_text(out, 15, text),
    }
}

pub(super) fn read_value(from: &mut Reader<'_>) -> Result<Value, DecodeError> {
    Ok(match from.byte()? {
        1 => Value::Text(from.boxed_text()?),
        2 => Value::Name(Name { full: from.boxed_text()?, others: read_texts(from)? }),
        3 => Value::Code(from.boxed_text()?),
        4 => Value::Codes(read_texts(from)?),
        5 => Value::Date(read_date(from)?),
        6 => {
            let units = from.signed()?;
            Value::Decimal(Decimal::new(units, from.byte()?).ok_or(DecodeError::Bounds { what: "decimal" })?)
        }
        7 => Value::Integer(from.signed()?),
        8 => Value::Bool(from.boolean("boolean")?),
        9 => {
            let quality = id_quality(from.byte()?)?;
            Value::Id(IdNumber { digits: from.boxed_text()?, quality })
        }
        10 => Value::Phones(read_texts(from)?),
        11 => Value::Address(read_address(from)?),
        12 => Value::Division(Division { code: from.boxed_text()?, names: read_address(from)? }),
        13 => Value::Grid(Grid {
            village_code: from.boxed_text()?,
            village: from.boxed_text()?,
            number: from.small("grid number")?,
        }),
        14 => Value::Reference { scheme: from.boxed_text()?, number: from.boxed_text()? },
        15 => Value::Unparsed(from.boxed_text()?),
        tag => return Err(DecodeError::Tag { what: "value", tag }),
    })
}

fn tagged_text(out: &mut Vec<u8>, tag: u8, text: &str) {
    out.put_byte(tag);
    out.put_text(text);
}

fn write_texts(out: &mut Vec<u8>, texts: &[Box<str>]) {
    out.put_length(texts.len());
    for text in texts {
        out.put_text(text);
    }
}

fn read_texts(from: &mut Reader<'_>) -> Result<Vec<Box<str>>, DecodeError> {
    from.list(Reader::boxed_text)
}

/// Only the known parts stand after the precision.
fn write_date(out: &mut Vec<u8>, date: PartialDate) {
    out.put_byte(match date.precision() {
        Precision::Decade => 1,
        Precision::AboutYear => 2,
        Precision::Year => 3,
        Precision::Month => 4,
        Precision::Day => 5,
    });
    out.put_signed(i64::from(date.year_number()));
    for part in [date.month_number(), date.day_number()].into_iter().flatten() {
        out.put_byte(part);
    }
}

fn read_date(from: &mut Reader<'_>) -> Result<PartialDate, DecodeError> {
    let bounds = DecodeError::Bounds { what: "date" };
    let tag = from.byte()?;
    let year = i16::try_from(from.signed()?).map_err(|_| bounds)?;
    match tag {
        1 if year.rem_euclid(10) == 0 => Ok(PartialDate::decade(year)),
        1 => Err(bounds),
        2 => Ok(PartialDate::about_year(year)),
        3 => Ok(PartialDate::year(year)),
        4 => PartialDate::month(year, from.byte()?).ok_or(bounds),
        5 => {
            let month = from.byte()?;
            PartialDate::day(year, month, from.byte()?).ok_or(bounds)
        }
        tag => Err(DecodeError::Tag { what: "precision", tag }),
    }
}

fn write_address(out: &mut Vec<u8>, address: &Address) {
    out.put_length(address.levels().count());
    for (level, text) in address.levels() {
        out.put_byte(level_tag(level));
        out.put_text(text);
    }
}

fn read_address(from: &mut Reader<'_>) -> Result<Address, DecodeError> {
    let mut address = Address::default();
    for _ in 0..from.length()? {
        let level = level(from.byte()?)?;
        address = address.with(level, from.text()?);
    }
    Ok(address)
}

fn id_quality_tag(quality: IdQuality) -> u8 {
    match quality {
        IdQuality::Valid => 1,
        IdQuality::Prefix => 2,
        IdQuality::BadCheck => 3,
        IdQuality::Other => 4,
    }
}

fn id_quality(tag: u8) -> Result<IdQuality, DecodeError> {
    Ok(match tag {
        1 => IdQuality::Valid,
        2 => IdQuality::Prefix,
        3 => IdQuality::BadCheck,
        4 => IdQuality::Other,
        tag => return Err(DecodeError::Tag { what: "id quality", tag }),
    })
}

fn level_tag(level: Level) -> u8 {
    match level {
        Level::Province => 1,
        Level::City => 2,
        Level::District => 3,
        Level::Town => 4,
        Level::Village => 5,
        Level::Group => 6,
        Level::Place => 7,
        Level::Road => 8,
        Level::RoadNumber => 9,
        Level::Compound => 10,
        Level::Building => 11,
        Level::Unit => 12,
        Level::Room => 13,
        Level::House => 14,
    }
}

fn level(tag: u8) -> Result<Level, DecodeError> {
    Ok(match tag {
        1 => Level::Province,
        2 => Level::City,
        3 => Level::District,
        4 => Level::Town,
        5 => Level::Village,
        6 => Level::Group,
        7 => Level::Place,
        8 => Level::Road,
        9 => Level::RoadNumber,
        10 => Level::Compound,
        11 => Level::Building,
        12 => Level::Unit,
        13 => Level::Room,
        14 => Level::House,
        tag => return Err(DecodeError::Tag { what: "address level", tag }),
    })
}

pub(super) fn write_system(out: &mut Vec<u8>, system: SystemId) {
    out.put_text(system.as_str());
}

pub(super) fn read_system(from: &mut Reader<'_>) -> Result<SystemId, DecodeError> {
    SystemId::new(from.text()?).map_err(|_| DecodeError::Bounds { what: "system name" })
}

pub(super) fn write_source_key(out: &mut Vec<u8>, key: &SourceKey) {
    write_system(out, key.system);
    out.put_text(&key.local);
}

pub(super) fn read_source_key(from: &mut Reader<'_>) -> Result<SourceKey, DecodeError> {
    Ok(SourceKey { system: read_system(from)?, local: from.boxed_text()? })
}

pub(super) fn entity_kind_tag(kind: EntityKind) -> u8 {
    match kind {
        EntityKind::Dwelling => 1,
        EntityKind::Person => 2,
        EntityKind::Household => 3,
    }
}

pub(super) fn entity_kind(tag: u8) -> Result<EntityKind, DecodeError> {
    Ok(match tag {
        1 => EntityKind::Dwelling,
        2 => EntityKind::Person,
        3 => EntityKind::Household,
        tag => return Err(DecodeError::Tag { what: "entity kind", tag }),
    })
}

pub(super) fn write_entity(out: &mut Vec<u8>, entity: EntityId) {
    out.put_byte(entity_kind_tag(entity.kind));
    out.put_varint(entity.number);
}

pub(super) fn read_entity(from: &mut Reader<'_>) -> Result<EntityId, DecodeError> {
    let kind = entity_kind(from.byte()?)?;
    Ok(EntityId { kind, number: from.varint()? })
}
