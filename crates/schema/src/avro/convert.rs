//! Canonical values to Avro and back.

use super::shape::{PRECISIONS, QUALITIES, level_name};
use crate::{Dictionary, Element, ValueType};
use apache_avro::types::Value as Avro;
use yibiao_record::{
    Address, Canonical, Decimal, Division, ElementId, EntityId, Grid, IdNumber, IdQuality, Level, Name,
    PartialDate, Precision, SourceKey, SystemId, Value,
};

/// A record that does not fit its schema. It names element and type, never the value.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AvroError {
    /// The dictionary has no such element of this kind of entity.
    #[error("cannot convert a {kind}: element {number} is none of its elements")]
    Foreign {
        /// The kind of entity.
        kind: &'static str,
        /// The element's number.
        number: u16,
    },
    /// A value is of another type than its element.
    #[error("cannot convert element {element}: it is a {expected}, and the value is a {found}")]
    Type {
        /// The element's id.
        element: String,
        /// Its type.
        expected: &'static str,
        /// The value's type.
        found: &'static str,
    },
    /// An Avro value is not of the schema.
    #[error("cannot read field {field}: it is not as the schema says")]
    Field {
        /// The field.
        field: String,
    },
}

/// An entity as a record of the schema that [`super::export`] writes for its kind.
pub fn to_avro(
    dictionary: &Dictionary,
    id: EntityId,
    members: &[SourceKey],
    canonical: &Canonical,
) -> Result<Avro, AvroError> {
    let values: Vec<(ElementId, &Value)> =
        canonical.0.iter().map(|(element, value)| (*element, &value.value)).collect();
    written(dictionary, id, members, &values)
}

/// As [`to_avro`], of values alone, sorted by element.
pub fn to_avro_values(
    dictionary: &Dictionary,
    id: EntityId,
    members: &[SourceKey],
    values: &[(ElementId, Value)],
) -> Result<Avro, AvroError> {
    let values: Vec<(ElementId, &Value)> = values.iter().map(|(element, value)| (*element, value)).collect();
    written(dictionary, id, members, &values)
}

fn written(
    dictionary: &Dictionary,
    id: EntityId,
    members: &[SourceKey],
    values: &[(ElementId, &Value)],
) -> Result<Avro, AvroError> {
    let own = |element: ElementId| dictionary.element(element).filter(|element| element.entity == id.kind);
    if let Some((stranger, _)) = values.iter().find(|(element, _)| own(*element).is_none()) {
        return Err(AvroError::Foreign { kind: id.kind.name(), number: stranger.0 });
    }
    let members = members
        .iter()
        .map(|key| record(vec![("system", text(key.system.as_str())), ("local_key", text(&key.local))]))
        .collect();
    let mut fields =
        vec![("id".to_owned(), Avro::String(id.to_string())), ("members".to_owned(), Avro::Array(members))];
    for element in dictionary.elements().filter(|element| element.entity == id.kind) {
        let at = values.binary_search_by_key(&element.number, |(at, _)| *at).ok();
        let value = at.and_then(|at| values.get(at)).map(|(_, value)| write(element, value)).transpose()?;
        fields.push((element.id.clone(), nullable(value)));
    }
    Ok(Avro::Record(fields))
}

/// What [`to_avro`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroRecord {
    /// The entity.
    pub id: EntityId,
    /// Its members.
    pub members: Vec<SourceKey>,
    /// Its values, sorted by element.
    pub values: Vec<(ElementId, Value)>,
}

/// Reads such a record back.
pub fn from_avro(dictionary: &Dictionary, record: &Avro) -> Result<AvroRecord, AvroError> {
    let id = read_text(field(record, "id")?).and_then(EntityId::parse).ok_or_else(|| broken("id"))?;
    let members = match field(record, "members")? {
        Avro::Array(members) => members.iter().map(read_key).collect::<Result<Vec<_>, _>>()?,
        _ => return Err(broken("members")),
    };
    let mut values = Vec::new();
    for element in dictionary.elements().filter(|element| element.entity == id.kind) {
        if let Some(value) = present(field(record, &element.id)?) {
            values
                .push((element.number, read(element.value_type, value).ok_or_else(|| broken(&element.id))?));
        }
    }
    Ok(AvroRecord { id, members, values })
}

fn write(element: &Element, value: &Value) -> Result<Avro, AvroError> {
    let written = match value {
        Value::Text(value) | Value::Code(value) => text(value),
        Value::Codes(values) | Value::Phones(values) => texts(values),
        Value::Decimal(value) => Avro::String(value.to_string()),
        Value::Integer(value) => Avro::Long(*value),
        Value::Bool(value) => Avro::Boolean(*value),
        Value::Name(name) => record(vec![("full", text(&name.full)), ("others", texts(&name.others))]),
        Value::Date(date) => write_date(*date),
        Value::Id(id) => {
            let at = match id.quality {
                IdQuality::Valid => 0,
                IdQuality::Prefix => 1,
                IdQuality::BadCheck => 2,
                IdQuality::Other => 3,
            };
            record(vec![("digits", text(&id.digits)), ("quality", symbol(QUALITIES, at))])
        }
        Value::Address(address) => write_address(address),
        Value::Division(division) => {
            record(vec![("code", text(&division.code)), ("names", write_address(&division.names))])
        }
        Value::Grid(grid) => record(vec![
            ("village_code", text(&grid.village_code)),
            ("village", text(&grid.village)),
            ("number", Avro::Int(i32::from(grid.number))),
        ]),
        Value::Reference { scheme, number } => {
            record(vec![("scheme", text(scheme)), ("number", text(number))])
        }
        Value::Unparsed(_) => Avro::Null,
    };
    if element.value_type.holds(value) {
        Ok(written)
    } else {
        Err(AvroError::Type {
            element: element.id.clone(),
            expected: element.value_type.name(),
            found: value.type_name(),
        })
    }
}

fn write_date(date: PartialDate) -> Avro {
    let part = |part: Option<u8>| nullable(part.map(|part| Avro::Int(i32::from(part))));
    let at = match date.precision() {
        Precision::Decade => 0,
        Precision::AboutYear => 1,
        Precision::Year => 2,
        Precision::Month => 3,
        Precision::Day => 4,
    };
    record(vec![
        ("year", Avro::Int(i32::from(date.year_number()))),
        ("month", part(date.month_number())),
        ("day", part(date.day_number())),
        ("precision", symbol(PRECISIONS, at)),
    ])
}

fn write_address(address: &Address) -> Avro {
    record(Level::ALL.map(|level| (level_name(level), nullable(address.get(level).map(text)))).into())
}

fn text(value: &str) -> Avro {
    Avro::String(value.to_owned())
}

fn texts(values: &[Box<str>]) -> Avro {
    Avro::Array(values.iter().map(|value| text(value)).collect())
}

fn symbol(symbols: &[&str], at: u32) -> Avro {
    let name = usize::try_from(at).ok().and_then(|at| symbols.get(at));
    Avro::Enum(at, (*name.expect("invariant: one symbol for each case")).to_owned())
}

/// In a union with null, which stands first.
fn nullable(value: Option<Avro>) -> Avro {
    match value {
        None => Avro::Union(0, Box::new(Avro::Null)),
        Some(value) => Avro::Union(1, Box::new(value)),
    }
}

fn record(fields: Vec<(&str, Avro)>) -> Avro {
    Avro::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn broken(field: &str) -> AvroError {
    AvroError::Field { field: field.to_owned() }
}

fn field<'record>(record: &'record Avro, name: &str) -> Result<&'record Avro, AvroError> {
    lookup(record, name).ok_or_else(|| broken(name))
}

fn lookup<'record>(record: &'record Avro, name: &str) -> Option<&'record Avro> {
    match record {
        Avro::Record(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, value)| value),
        _ => None,
    }
}

/// What stands in a union with null, where it is not null.
fn present(value: &Avro) -> Option<&Avro> {
    match value {
        Avro::Union(_, inner) => present(inner),
        Avro::Null => None,
        value => Some(value),
    }
}

fn read_text(value: &Avro) -> Option<&str> {
    match value {
        Avro::String(text) => Some(text),
        _ => None,
    }
}

fn read_texts(value: &Avro) -> Option<Vec<Box<str>>> {
    match value {
        Avro::Array(items) => items.iter().map(|item| read_text(item).map(Into::into)).collect(),
        _ => None,
    }
}

fn read_key(value: &Avro) -> Result<SourceKey, AvroError> {
    let part = |name| lookup(value, name).and_then(read_text);
    part("system")
        .and_then(|system| SystemId::new(system).ok())
        .zip(part("local_key"))
        .map(|(system, local)| SourceKey { system, local: local.into() })
        .ok_or_else(|| broken("members"))
}

fn read(value_type: ValueType, value: &Avro) -> Option<Value> {
    let part = |name| lookup(value, name).and_then(read_text);
    Some(match value_type {
        ValueType::Text => Value::Text(read_text(value)?.into()),
        ValueType::Code => Value::Code(read_text(value)?.into()),
        ValueType::Decimal => Value::Decimal(Decimal::parse(read_text(value)?)?),
        ValueType::Codes => Value::Codes(read_texts(value)?),
        ValueType::Phones => Value::Phones(read_texts(value)?),
        ValueType::Integer => match value {
            Avro::Long(number) => Value::Integer(*number),
            _ => return None,
        },
        ValueType::Boolean => match value {
            Avro::Boolean(value) => Value::Bool(*value),
            _ => return None,
        },
        ValueType::Name => {
            Value::Name(Name { full: part("full")?.into(), others: read_texts(lookup(value, "others")?)? })
        }
        ValueType::Date => Value::Date(read_date(value)?),
        ValueType::CitizenId => {
            let quality = match read_symbol(lookup(value, "quality")?)? {
                "valid" => IdQuality::Valid,
                "prefix" => IdQuality::Prefix,
                "bad_check" => IdQuality::BadCheck,
                "other" => IdQuality::Other,
                _ => return None,
            };
            Value::Id(IdNumber { digits: part("digits")?.into(), quality })
        }
        ValueType::Address => Value::Address(read_address(value)?),
        ValueType::Division => Value::Division(Division {
            code: part("code")?.into(),
            names: read_address(lookup(value, "names")?)?,
        }),
        ValueType::Grid => Value::Grid(Grid {
            village_code: part("village_code")?.into(),
            village: part("village")?.into(),
            number: u16::try_from(read_int(lookup(value, "number")?)?).ok()?,
        }),
        ValueType::Reference => {
            Value::Reference { scheme: part("scheme")?.into(), number: part("number")?.into() }
        }
    })
}

fn read_symbol(value: &Avro) -> Option<&str> {
    match value {
        Avro::Enum(_, symbol) => Some(symbol),
        _ => None,
    }
}

fn read_int(value: &Avro) -> Option<i32> {
    match value {
        Avro::Int(number) => Some(*number),
        _ => None,
    }
}

fn read_date(value: &Avro) -> Option<PartialDate> {
    let part = |name| {
        lookup(value, name).and_then(present).and_then(read_int).and_then(|part| u8::try_from(part).ok())
    };
    let year = i16::try_from(read_int(lookup(value, "year")?)?).ok()?;
    match read_symbol(lookup(value, "precision")?)? {
        "decade" => Some(PartialDate::decade(year)),
        "about_year" => Some(PartialDate::about_year(year)),
        "year" => Some(PartialDate::year(year)),
        "month" => PartialDate::month(year, part("month")?),
        "day" => PartialDate::day(year, part("month")?, part("day")?),
        _ => None,
    }
}

fn read_address(value: &Avro) -> Option<Address> {
    Level::ALL.into_iter().try_fold(Address::default(), |address, level| {
        let text = lookup(value, level_name(level))?;
        Some(match present(text) {
            None => address,
            Some(text) => address.with(level, read_text(text)?),
        })
    })
}
