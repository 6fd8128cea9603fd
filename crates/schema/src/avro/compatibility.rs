//! Whether a schema may take a published one's place.

use apache_avro::Schema;
use apache_avro::schema::{Name, RecordSchema};
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use std::collections::BTreeMap;

/// Why a schema may not take a published one's place.
#[derive(Debug, thiserror::Error)]
pub enum Incompatible {
    /// One of the two is no Avro schema.
    #[error("cannot read the {which} schema; write valid Avro JSON")]
    NotAvro {
        /// `old` or `new`.
        which: &'static str,
        /// What Avro says.
        source: Box<apache_avro::Error>,
    },
    /// A reader of one could not read records of the other.
    #[error(
        "the {reader} schema cannot read records of the other; give a new field a null default, keep every type"
    )]
    Unreadable {
        /// `old` or `new`.
        reader: &'static str,
        /// What Avro says.
        source: Box<apache_avro::error::CompatibilityError>,
    },
    /// A reader of one could read only some records of the other.
    #[error(
        "an enum or union differs, so some records would not be readable; publish a new major version instead"
    )]
    Partly,
    /// A type has another name or namespace.
    #[error("the type {old} became {new}; keep the name and the namespace")]
    Renamed {
        /// Its published full name.
        old: String,
        /// Its new full name.
        new: String,
    },
    /// A field has another type.
    #[error("the field {field} changed its type; publish the new type under a new element")]
    Retyped {
        /// Its path.
        field: String,
    },
    /// An element's number stands under another field name, or the other way round.
    #[error(
        "element {number} was the field {old}, and is now {new}; neither name nor number is ever used again"
    )]
    Renumbered {
        /// The element's number.
        number: u64,
        /// The published field.
        old: String,
        /// The new field, or what became of it.
        new: String,
    },
}

/// Whether `new` may take the place of the published `old`: each reads the other's records fully, and no type, name,
/// namespace or element number changed.
pub fn compatible(old: &str, new: &str) -> Result<(), Incompatible> {
    let parse = |which, text| {
        Schema::parse_str(text).map_err(|source| Incompatible::NotAvro { which, source: Box::new(source) })
    };
    let (old, new) = (parse("old", old)?, parse("new", new)?);
    same_shape(&old, &new, "")?;
    let reads = |reader, writers: &Schema, readers: &Schema| {
        SchemaCompatibility::can_read(writers, readers)
            .map_err(|source| Incompatible::Unreadable { reader, source: Box::new(source) })
    };
    match (reads("new", &old, &new)?, reads("old", &new, &old)?) {
        (Compatibility::Full, Compatibility::Full) => Ok(()),
        _ => Err(Incompatible::Partly),
    }
}

/// What Avro's own check lets pass: namespaces, `string` for `bytes`, and element numbers.
fn same_shape(old: &Schema, new: &Schema, path: &str) -> Result<(), Incompatible> {
    if let (Some(old), Some(new)) = (name_of(old), name_of(new))
        && old.fullname(None) != new.fullname(None)
    {
        return Err(Incompatible::Renamed { old: old.fullname(None), new: new.fullname(None) });
    }
    match (old, new) {
        (Schema::Record(old), Schema::Record(new)) => {
            same_numbers(old, new)?;
            for field in &old.fields {
                if let Some(other) = new.fields.iter().find(|other| other.name == field.name) {
                    let path = format!("{path}{}{}", if path.is_empty() { "" } else { "." }, field.name);
                    same_shape(&field.schema, &other.schema, &path)?;
                }
            }
            Ok(())
        }
        (Schema::Union(old), Schema::Union(new)) if old.variants().len() == new.variants().len() => {
            old.variants().iter().zip(new.variants()).try_for_each(|(old, new)| same_shape(old, new, path))
        }
        (Schema::Array(old), Schema::Array(new)) => same_shape(&old.items, &new.items, path),
        (Schema::Enum(_), Schema::Enum(_)) | (Schema::Ref { .. }, Schema::Ref { .. }) => Ok(()),
        (old, new) if old == new => Ok(()),
        _ => Err(Incompatible::Retyped { field: path.to_owned() }),
    }
}

fn name_of(schema: &Schema) -> Option<&Name> {
    match schema {
        Schema::Record(record) => Some(&record.name),
        Schema::Enum(schema) => Some(&schema.name),
        Schema::Ref { name } => Some(name),
        _ => None,
    }
}

fn same_numbers(old: &RecordSchema, new: &RecordSchema) -> Result<(), Incompatible> {
    let (old, new) = (numbers(old), numbers(new));
    for (number, field) in &old {
        match new.get(number) {
            Some(other) if other == field => {}
            Some(other) => {
                return Err(Incompatible::Renumbered {
                    number: *number,
                    old: (*field).to_owned(),
                    new: (*other).to_owned(),
                });
            }
            None if new.values().any(|other| other == field) => {
                return Err(Incompatible::Renumbered {
                    number: *number,
                    old: (*field).to_owned(),
                    new: "under another number".to_owned(),
                });
            }
            None => {}
        }
    }
    Ok(())
}

/// The element numbers of a record's fields, with the fields' names.
fn numbers(record: &RecordSchema) -> BTreeMap<u64, &str> {
    record
        .fields
        .iter()
        .filter_map(|field| Some((field.custom_attributes.get("number")?.as_u64()?, field.name.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{"type": "record", "name": "Person", "namespace": "cn.yibiao", "fields": [
        {"name": "id", "type": "string"},
        {"name": "name", "type": ["null", {"type": "record", "name": "PersonName", "fields": [
            {"name": "full", "type": "string"}, {"name": "others", "type": {"type": "array", "items": "string"}}]}],
            "default": null, "number": 2},
        {"name": "since", "type": ["null", {"type": "enum", "name": "Precision", "symbols": ["year", "day"]}],
            "default": null, "number": 3},
        {"name": "size", "type": ["null", "int"], "default": null, "number": 4}]}"#;

    #[track_caller]
    fn refused(from: &str, to: &str, expected: &str) {
        let new = OLD.replace(from, to);
        assert_ne!(new, OLD, "the edit did not apply");
        assert_eq!(compatible(OLD, &new).unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_schema_takes_its_own_place() {
        compatible(OLD, OLD).unwrap();
    }

    #[test]
    fn a_new_nullable_field_is_welcome() {
        let field = r#"{"name": "sex", "type": ["null", "string"], "default": null, "number": 5},"#;
        compatible(OLD, &OLD.replace(r#"{"name": "size""#, &format!("{field} {{\"name\": \"size\"")))
            .unwrap();
    }

    #[test]
    fn a_new_field_without_a_default_is_refused() {
        refused(
            r#"{"name": "id", "type": "string"},"#,
            r#"{"name": "id", "type": "string"}, {"name": "key", "type": "string"},"#,
            "the new schema cannot read records of the other; give a new field a null default, keep every type",
        );
    }

    #[test]
    fn a_removed_field_without_a_default_is_refused() {
        refused(
            r#"{"name": "id", "type": "string"},"#,
            "",
            "the old schema cannot read records of the other; give a new field a null default, keep every type",
        );
    }

    #[test]
    fn a_changed_type_is_refused_though_avro_would_promote_it() {
        let message =
            |field| format!("the field {field} changed its type; publish the new type under a new element");
        refused(r#"["null", "int"]"#, r#"["null", "long"]"#, &message("size"));
        refused(
            r#"{"name": "full", "type": "string"}"#,
            r#"{"name": "full", "type": "bytes"}"#,
            &message("name.full"),
        );
        refused(r#"["null", "int"]"#, r#"["null", "int", "string"]"#, &message("size"));
    }

    #[test]
    fn a_renamed_element_is_refused() {
        refused(
            r#""name": "size""#,
            r#""name": "household_size""#,
            "element 4 was the field size, and is now household_size; neither name nor number is ever used again",
        );
        refused(
            r#""number": 4"#,
            r#""number": 5"#,
            "element 4 was the field size, and is now under another number; neither name nor number is ever used again",
        );
    }

    #[test]
    fn a_renamed_type_or_namespace_is_refused() {
        refused(
            r#""name": "Person","#,
            r#""name": "Citizen","#,
            "the type cn.yibiao.Person became cn.yibiao.Citizen; keep the name and the namespace",
        );
        refused(
            r#""namespace": "cn.yibiao""#,
            r#""namespace": "cn.other""#,
            "the type cn.yibiao.Person became cn.other.Person; keep the name and the namespace",
        );
        refused(
            r#""name": "PersonName""#,
            r#""name": "FullName""#,
            "the type cn.yibiao.PersonName became cn.yibiao.FullName; keep the name and the namespace",
        );
    }

    #[test]
    fn a_changed_enum_is_refused() {
        assert!(matches!(
            compatible(OLD, &OLD.replace(r#"["year", "day"]"#, r#"["year", "month", "day"]"#)),
            Err(Incompatible::Partly | Incompatible::Unreadable { .. })
        ));
    }
}
