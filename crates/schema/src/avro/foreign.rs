//! Records of schemas that are not ours, as JSON: what a department's own producer or Debezium writes.
//!
//! A schema tells more than its Avro types: that a number is a day or that bytes are a decimal stands in `logicalType`, or,
//! as Kafka Connect writes it, in `connect.name`. Both are followed, so that a value comes out as people write it.

use super::plain;
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A schema of someone else.
#[derive(Clone, Debug)]
pub struct ForeignSchema {
    schema: Schema,
    json: Json,
    /// Named types, by their name without its namespace and with it.
    named: BTreeMap<String, Json>,
}

/// A schema that is none, or bytes that are not of it. It holds nothing of the content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// The text is no Avro schema.
    #[error("it is no Avro schema")]
    Schema,
    /// The bytes are not a record of the schema.
    #[error("the bytes are no record of their schema")]
    Bytes,
    /// Bytes are left behind the record.
    #[error("{0} bytes are left behind the record")]
    Left(usize),
}

impl ForeignSchema {
    /// Reads a schema.
    pub fn parse(text: &str) -> Result<ForeignSchema, ForeignError> {
        let schema = Schema::parse_str(text).map_err(|_| ForeignError::Schema)?;
        let json: Json = serde_json::from_str(text).map_err(|_| ForeignError::Schema)?;
        let mut named = BTreeMap::new();
        collect(&json, &mut named);
        Ok(ForeignSchema { schema, json, named })
    }

    /// Reads a record, all of `bytes`.
    pub fn read(&self, mut bytes: &[u8]) -> Result<Json, ForeignError> {
        let reader = GenericDatumReader::builder(&self.schema).build().map_err(|_| ForeignError::Schema)?;
        let value = reader.read_value(&mut bytes).map_err(|_| ForeignError::Bytes)?;
        if !bytes.is_empty() {
            return Err(ForeignError::Left(bytes.len()));
        }
        // The reader takes a text that breaks off for a null.
        if !value.validate(&self.schema) {
            return Err(ForeignError::Bytes);
        }
        Ok(self.json(&value, &self.json))
    }

    fn json(&self, value: &Avro, schema: &Json) -> Json {
        let schema = self.resolved(schema);
        match value {
            Avro::Null => Json::Null,
            Avro::Boolean(value) => (*value).into(),
            Avro::Int(value) => plain::number(i64::from(*value), plain::meaning(schema)),
            Avro::Long(value) => plain::number(*value, plain::meaning(schema)),
            Avro::Float(value) => f64::from(*value).into(),
            Avro::Double(value) => (*value).into(),
            Avro::Bytes(bytes) | Avro::Fixed(_, bytes) => plain::bytes(bytes, plain::scale(schema)),
            Avro::Decimal(decimal) => {
                let bytes = Vec::<u8>::try_from(decimal).unwrap_or_default();
                plain::bytes(&bytes, plain::scale(schema).or(Some(0)))
            }
            Avro::String(text) | Avro::Enum(_, text) => text.as_str().into(),
            Avro::Uuid(uuid) => uuid.to_string().into(),
            Avro::Union(branch, value) => {
                let branches = schema.as_array().map(Vec::as_slice).unwrap_or_default();
                let branch = usize::try_from(*branch).ok().and_then(|branch| branches.get(branch));
                self.json(value, branch.unwrap_or(&Json::Null))
            }
            Avro::Array(items) => {
                let of = schema.get("items").unwrap_or(&Json::Null);
                items.iter().map(|item| self.json(item, of)).collect()
            }
            Avro::Map(entries) => {
                let of = schema.get("values").unwrap_or(&Json::Null);
                let entries: BTreeMap<_, _> =
                    entries.iter().map(|(key, value)| (key.clone(), self.json(value, of))).collect();
                entries.into_iter().collect()
            }
            Avro::Record(fields) if variable_scale(schema, fields).is_some() => {
                variable_scale(schema, fields).into()
            }
            Avro::Record(fields) => {
                let of: &[Json] = schema.get("fields").and_then(Json::as_array).map_or(&[], Vec::as_slice);
                let field = |(name, value): &(String, Avro)| {
                    let described =
                        of.iter().find(|field| field.get("name") == Some(&Json::from(name.as_str())));
                    let kind = described.and_then(|field| field.get("type")).unwrap_or(&Json::Null);
                    (name.clone(), self.json(value, kind))
                };
                fields.iter().map(field).collect()
            }
            Avro::Date(days) => plain::number(i64::from(*days), Some(plain::Meaning::Days)),
            Avro::TimestampMillis(at) | Avro::LocalTimestampMillis(at) => {
                plain::number(*at, Some(plain::Meaning::Milliseconds))
            }
            Avro::TimestampMicros(at) | Avro::LocalTimestampMicros(at) => {
                plain::number(*at, Some(plain::Meaning::Microseconds))
            }
            Avro::TimestampNanos(at) | Avro::LocalTimestampNanos(at) => {
                plain::number(at.div_euclid(1_000), Some(plain::Meaning::Microseconds))
            }
            Avro::TimeMillis(at) => (*at).into(),
            Avro::TimeMicros(at) => (*at).into(),
            Avro::BigDecimal(decimal) => decimal.to_string().into(),
            Avro::Duration(_) => Json::Null,
        }
    }

    /// The type that a name stands for.
    fn resolved<'a>(&'a self, schema: &'a Json) -> &'a Json {
        let by_name = |name: &str| self.named.get(name);
        match schema {
            Json::String(name) => by_name(name).unwrap_or(schema),
            // `{"type": {"type": "record", …}}`
            Json::Object(object) => match object.get("type") {
                Some(inner @ (Json::Object(_) | Json::Array(_))) => inner,
                Some(Json::String(name)) => by_name(name).unwrap_or(schema),
                _ => schema,
            },
            _ => schema,
        }
    }
}

/// A decimal that brings its own scale, as text.
fn variable_scale(schema: &Json, fields: &[(String, Avro)]) -> Option<String> {
    if schema.get("connect.name").and_then(Json::as_str) != Some(plain::VARIABLE_SCALE) {
        return None;
    }
    match fields {
        [(_, Avro::Int(scale)), (_, Avro::Bytes(raw))] => plain::variable_scale(i64::from(*scale), raw),
        _ => None,
    }
}

/// Finds the named types of a schema.
fn collect(schema: &Json, named: &mut BTreeMap<String, Json>) {
    match schema {
        Json::Array(branches) => branches.iter().for_each(|branch| collect(branch, named)),
        Json::Object(object) => {
            let kind = object.get("type").and_then(Json::as_str);
            if let (Some("record" | "enum" | "fixed"), Some(name)) =
                (kind, object.get("name").and_then(Json::as_str))
            {
                named.insert(name.to_owned(), schema.clone());
                if let Some(namespace) = object.get("namespace").and_then(Json::as_str) {
                    named.insert(format!("{namespace}.{name}"), schema.clone());
                }
            }
            for inner in ["type", "items", "values"].into_iter().filter_map(|key| object.get(key)) {
                collect(inner, named);
            }
            for field in object.get("fields").and_then(Json::as_array).into_iter().flatten() {
                collect(field.get("type").unwrap_or(&Json::Null), named);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apache_avro::writer::datum::GenericDatumWriter;

    /// As Debezium's Avro converter describes a table of PostgreSQL.
    const ENVELOPE: &str = r#"{"type":"record","name":"Envelope","namespace":"s.public.t","fields":[
        {"name":"before","type":["null",{"type":"record","name":"Value","fields":[
            {"name":"id","type":"int"},
            {"name":"born","type":["null",{"type":"int","connect.version":1,"connect.name":"io.debezium.time.Date"}]},
            {"name":"area","type":["null",{"type":"bytes","scale":2,"precision":8,"connect.name":
                "org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}]}],"connect.name":"s.public.t.Value"}]},
        {"name":"after","type":["null","Value"]},
        {"name":"op","type":"string"}],"connect.name":"s.public.t.Envelope"}"#;

    fn some(value: Avro) -> Avro {
        Avro::Union(1, Box::new(value))
    }

    fn envelope() -> Vec<u8> {
        let row = |fields: Vec<(&str, Avro)>| {
            Avro::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let area = apache_avro::Decimal::from(vec![0xff_u8, 0x38]); // -200, so -2.00
        let after = row(vec![
            ("id", Avro::Int(7)),
            ("born", some(Avro::Int(-7_033))),
            ("area", some(Avro::Decimal(area))),
        ]);
        let value = row(vec![
            ("before", Avro::Union(0, Box::new(Avro::Null))),
            ("after", some(after)),
            ("op", Avro::String("c".to_owned())),
        ]);
        let schema = Schema::parse_str(ENVELOPE).unwrap();
        let mut bytes = Vec::new();
        GenericDatumWriter::builder(&schema).build().unwrap().write_value(&mut bytes, value).unwrap();
        bytes
    }

    #[test]
    fn days_and_decimals_come_out_as_people_write_them_through_a_named_type_too() {
        let read = ForeignSchema::parse(ENVELOPE).unwrap().read(&envelope()).unwrap();
        assert_eq!(
            read.to_string(),
            r#"{"after":{"area":"-2.00","born":"1950-09-30","id":7},"before":null,"op":"c"}"#
        );
    }

    #[test]
    fn bytes_that_break_off_or_go_on_are_refused() {
        let schema = ForeignSchema::parse(ENVELOPE).unwrap();
        let mut bytes = envelope();
        assert_eq!(schema.read(&bytes[..bytes.len() - 1]), Err(ForeignError::Bytes));
        bytes.push(0);
        assert_eq!(schema.read(&bytes), Err(ForeignError::Left(1)));
        assert_eq!(ForeignSchema::parse("{}").unwrap_err(), ForeignError::Schema);
    }
}
