//! Canonical records as Avro bytes, and the number by which a schema registry knows their schema.

use super::convert::{AvroError, AvroRecord, from_avro, to_avro_values};
use super::shape::export;
use crate::Dictionary;
use apache_avro::Schema;
use apache_avro::rabin::Rabin;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use std::fmt;
use yibiao_record::{ElementId, EntityId, EntityKind, SourceKey, Value};

/// The schema of one kind of entity, ready to write and read records.
#[derive(Clone, Debug)]
pub struct EntitySchema {
    dictionary: &'static Dictionary,
    kind: EntityKind,
    text: String,
    schema: Schema,
    id: u32,
}

impl EntitySchema {
    /// The schema that the dictionary gives now.
    pub fn of(dictionary: &'static Dictionary, kind: EntityKind) -> EntitySchema {
        let text = export(dictionary, kind);
        let schema =
            Schema::parse_str(&text).expect("invariant: the generated schema is one, which a test checks");
        EntitySchema { dictionary, kind, text, id: number(&schema), schema }
    }

    /// The kind of entity.
    pub fn kind(&self) -> EntityKind {
        self.kind
    }

    /// The schema as it is published.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its number in our own registry.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Writes records, any number of them.
    pub fn writer(&self) -> RecordWriter<'_> {
        let writer = GenericDatumWriter::builder(&self.schema).build();
        RecordWriter {
            schema: self,
            writer: writer.expect("invariant: the schema names only what it defines"),
        }
    }

    /// What [`RecordWriter::encode`] wrote.
    pub fn decode(&self, mut bytes: &[u8]) -> Result<AvroRecord, AvroError> {
        let broken = |_| AvroError::Field { field: "record".to_owned() };
        let reader = GenericDatumReader::builder(&self.schema).build().map_err(broken)?;
        from_avro(self.dictionary, &reader.read_value(&mut bytes).map_err(broken)?)
    }
}

/// Writes records of one kind of entity.
pub struct RecordWriter<'s> {
    schema: &'s EntitySchema,
    writer: GenericDatumWriter<'s>,
}

impl fmt::Debug for RecordWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordWriter").field("kind", &self.schema.kind).finish_non_exhaustive()
    }
}

impl RecordWriter<'_> {
    /// Of which schema.
    pub fn schema(&self) -> &EntitySchema {
        self.schema
    }

    /// A record as bytes.
    pub fn encode(
        &self,
        id: EntityId,
        members: &[SourceKey],
        values: &[(ElementId, Value)],
    ) -> Result<Vec<u8>, AvroError> {
        let record = to_avro_values(self.schema.dictionary, id, members, values)?;
        let mut bytes = Vec::new();
        self.writer
            .write_value(&mut bytes, record)
            .map_err(|_| AvroError::Field { field: "record".to_owned() })?;
        Ok(bytes)
    }
}

/// The number of a schema in our own registry; `None` of a text that is no schema. It is made from the schema itself, so
/// it is the same on every node and for ever.
pub fn schema_id(text: &str) -> Option<u32> {
    Some(number(&Schema::parse_str(text).ok()?))
}

/// The lower 31 bits of the schema's fingerprint: a registry's numbers are positive.
fn number(schema: &Schema) -> u32 {
    let fingerprint = schema.fingerprint::<Rabin>();
    let (first, _) =
        fingerprint.bytes.split_first_chunk::<4>().expect("invariant: the fingerprint has 64 bits");
    (u32::from_le_bytes(*first) & 0x7fff_ffff).max(1)
}
