//! The published Avro schemas, and canonical records in them.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p yibiao-schema` writes the generated schemas into `schemas/avro/`. The files under
//! `published/` are what subscribers were given first: they are never edited.

use apache_avro::rabin::Rabin;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Schema, types::Value as Avro};
use std::path::Path;

use crate::avro::{AvroError, AvroRecord, compatible, export, file_name, from_avro, to_avro};
use crate::{Dictionary, ValueType, element};
use yibiao_record::{
    Address, Canonical, CanonicalValue, Decimal, Division, ElementId, EntityId, EntityKind, Grid, IdNumber,
    IdQuality, Level, Name, PartialDate, Rule, SourceKey, SubmissionSeq, SystemId, Timestamp, Value,
};

const FIRST: [(EntityKind, &str, &str); 3] = [
    (EntityKind::Dwelling, include_str!("published/dwelling.v1.avsc"), "c0db1095d0104e79"),
    (EntityKind::Person, include_str!("published/person.v1.avsc"), "dc2ee4f02bf83657"),
    (EntityKind::Household, include_str!("published/household.v1.avsc"), "aa0b8ec93d4b5fa2"),
];

#[test]
fn the_checked_in_schemas_are_those_of_the_dictionary() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    for kind in EntityKind::ALL {
        let generated = export(Dictionary::shipped(), kind);
        let name = file_name(kind);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/avro").join(&name);
        if update {
            std::fs::write(&path, &generated).unwrap();
        }
        let checked_in = std::fs::read_to_string(&path).unwrap();
        assert!(
            checked_in == generated,
            "schemas/avro/{name} is not what the dictionary says: set UPDATE_SCHEMAS=1"
        );
    }
}

#[test]
fn the_dictionary_may_take_the_place_of_what_was_published_first() {
    for (kind, first, _) in FIRST {
        compatible(first, &export(Dictionary::shipped(), kind)).unwrap();
    }
}

#[test]
fn what_was_published_first_is_never_edited() {
    for (kind, first, fingerprint) in FIRST {
        let schema = Schema::parse_str(first).unwrap();
        assert_eq!(schema.fingerprint::<Rabin>().to_string(), fingerprint, "{}", kind.name());
    }
}

#[test]
fn an_incompatible_edit_of_a_published_schema_is_refused() {
    let (_, first, _) = FIRST[1];
    for (from, to) in [
        ("\"name\": \"id\"", "\"name\": \"identifier\""),
        ("\"name\": \"birth_date\"", "\"name\": \"born\""),
        ("\"name\": \"PersonName\"", "\"name\": \"HumanName\""),
        ("\"namespace\": \"cn.yibiao\"", "\"namespace\": \"cn.other\""),
        ("\"int\"", "\"long\""),
        ("\"decade\",", ""),
    ] {
        let edited = first.replace(from, to);
        assert_ne!(edited, first, "the edit of {from} did not apply");
        assert!(compatible(first, &edited).is_err(), "{from} became {to}");
    }
}

/// A value of each type, with all that the type can hold.
fn sample(value_type: ValueType) -> Value {
    let address = Address::default().with(Level::Village, "桃花村").with(Level::Group, "3");
    match value_type {
        ValueType::Text => Value::Text("无".into()),
        ValueType::Name => Value::Name(Name { full: "冉琇英".into(), others: vec!["冉婆婆".into()] }),
        ValueType::Code => Value::Code("2".into()),
        ValueType::Codes => Value::Codes(vec!["E11.9".into(), "I10".into()]),
        ValueType::Date => Value::Date(PartialDate::day(1950, 6, 19).unwrap()),
        ValueType::Decimal => Value::Decimal(Decimal::parse("9860.5").unwrap()),
        ValueType::Integer => Value::Integer(3),
        ValueType::Boolean => Value::Bool(true),
        ValueType::CitizenId => {
            Value::Id(IdNumber { digits: "990101195006190".into(), quality: IdQuality::Prefix })
        }
        ValueType::Phones => Value::Phones(vec!["19900000022".into(), "19900000033".into()]),
        ValueType::Address => Value::Address(address),
        ValueType::Division => Value::Division(Division { code: "990101101203".into(), names: address }),
        ValueType::Grid => {
            Value::Grid(Grid { village_code: "990101101203".into(), village: "桃花村".into(), number: 2 })
        }
        ValueType::Reference => Value::Reference { scheme: "GA".into(), number: "990101012345".into() },
    }
}

fn canonical(values: impl IntoIterator<Item = (ElementId, Value)>) -> Canonical {
    let value = |value| CanonicalValue {
        value,
        source: SubmissionSeq(1),
        system: SystemId::new("GA").unwrap(),
        observed_at: Timestamp(0),
        rule: Rule::Authority,
    };
    Canonical(values.into_iter().map(|(element, of)| (element, value(of))).collect())
}

/// Written as bytes and read again.
fn through_bytes(kind: EntityKind, record: Avro) -> Avro {
    let schema = Schema::parse_str(&export(Dictionary::shipped(), kind)).unwrap();
    assert!(record.validate(&schema));
    let mut bytes = Vec::new();
    GenericDatumWriter::builder(&schema).build().unwrap().write_value(&mut bytes, record).unwrap();
    GenericDatumReader::builder(&schema).build().unwrap().read_value(&mut &*bytes).unwrap()
}

#[test]
fn a_record_reads_back_as_written_full_and_empty() {
    for kind in EntityKind::ALL {
        let id = EntityId { kind, number: 42 };
        let full: Vec<_> = Dictionary::shipped()
            .elements()
            .filter(|element| element.entity == kind)
            .map(|element| (element.number, sample(element.value_type)))
            .collect();
        let members = [SourceKey { system: SystemId::new("MZ").unwrap(), local: "4".into() }];
        for values in [full, Vec::new()] {
            let record = to_avro(Dictionary::shipped(), id, &members, &canonical(values.clone())).unwrap();
            let read = from_avro(Dictionary::shipped(), &through_bytes(kind, record)).unwrap();
            assert!(read == AvroRecord { id, members: members.to_vec(), values });
        }
    }
}

#[test]
fn a_date_keeps_its_precision() {
    for date in [
        PartialDate::decade(1985),
        PartialDate::about_year(2010),
        PartialDate::year(1988),
        PartialDate::month(2019, 7).unwrap(),
        PartialDate::day(2024, 2, 29).unwrap(),
    ] {
        let id = EntityId { kind: EntityKind::Person, number: 1 };
        let values = vec![(element::BIRTH_DATE, Value::Date(date))];
        let record = to_avro(Dictionary::shipped(), id, &[], &canonical(values.clone())).unwrap();
        let read = from_avro(Dictionary::shipped(), &through_bytes(id.kind, record)).unwrap();
        assert!(read.values == values, "{:?}", date.precision());
    }
}

#[test]
fn what_does_not_belong_is_refused_rather_than_dropped() {
    let id = EntityId { kind: EntityKind::Person, number: 1 };
    let write =
        |element, value| to_avro(Dictionary::shipped(), id, &[], &canonical([(element, value)])).unwrap_err();
    assert_eq!(
        write(element::BUILD_YEAR, Value::Date(PartialDate::year(1988))),
        AvroError::Foreign { kind: "person", number: element::BUILD_YEAR.0 }
    );
    assert_eq!(
        write(element::NAME, Value::Unparsed("冉琇英".into())).to_string(),
        "cannot convert element name: it is a name, and the value is a unparsed"
    );
}
