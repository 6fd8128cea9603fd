//! The schemas as they are written: JSON with keys in a fixed order.

use crate::{Dictionary, Element, ValueType};
use serde::Serialize;
use std::collections::BTreeSet;
use yibiao_record::{EntityKind, Level};

/// The namespace of all our types.
pub const NAMESPACE: &str = "cn.yibiao";

/// The name of the schema's file below `schemas/avro/`.
pub fn file_name(kind: EntityKind) -> String {
    format!("{}.v1.avsc", kind.name())
}

/// The name of the record type of an entity.
fn type_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Dwelling => "Dwelling",
        EntityKind::Person => "Person",
        EntityKind::Household => "Household",
    }
}

/// The schema of one kind of entity, pretty-printed, with a line end at its end.
pub fn export(dictionary: &Dictionary, kind: EntityKind) -> String {
    let mut defined = BTreeSet::new();
    let mut fields = vec![
        Field::required("id", "The entity's public id 实体编号", Type::Name("string")),
        Field::required(
            "members",
            "The source records that are this entity 来源记录",
            Type::array(Type::record(
                "SourceKey",
                "A record by its source's own key 来源键",
                vec![
                    Field::required("system", "The department's system 系统", Type::Name("string")),
                    Field::required("local_key", "Its key for the record 本地键", Type::Name("string")),
                ],
            )),
        ),
    ];
    for element in dictionary.elements().filter(|element| element.entity == kind) {
        fields.push(Field::of_element(element, &mut defined));
    }
    let root = Type::Record(Record {
        kind: "record",
        name: type_name(kind),
        namespace: Some(NAMESPACE),
        doc: "A canonical record: the one value that holds of each element 权威记录".to_owned(),
        fields,
    });
    let mut text = serde_json::to_string_pretty(&root).expect("invariant: names and texts only");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Record {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'static str>,
    doc: String,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: Type,
    doc: String,
    /// `Some` writes `"default": null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

#[derive(Serialize)]
struct Array {
    #[serde(rename = "type")]
    kind: &'static str,
    items: Box<Type>,
}

#[derive(Serialize)]
struct Enum {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    doc: String,
    symbols: &'static [&'static str],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Type {
    /// A primitive type, or a named type that an earlier field defines.
    Name(&'static str),
    Nullable(&'static str, Box<Type>),
    Array(Array),
    Enum(Enum),
    Record(Record),
}

impl Field {
    fn required(name: &str, doc: &str, kind: Type) -> Field {
        Field {
            name: name.to_owned(),
            kind,
            doc: doc.to_owned(),
            default: None,
            number: None,
            class: None,
            authority: None,
            codes: None,
            unit: None,
        }
    }

    fn nullable(name: &str, doc: &str, kind: Type) -> Field {
        Field { default: Some(()), ..Field::required(name, doc, Type::Nullable("null", Box::new(kind))) }
    }

    fn of_element(element: &Element, defined: &mut BTreeSet<&'static str>) -> Field {
        let doc = format!("{} {}", element.zh, element.en);
        Field {
            number: Some(element.number.0),
            class: Some(element.class.name()),
            authority: Some(element.authority.iter().map(ToString::to_string).collect()),
            codes: element.codes.clone(),
            unit: element.unit.clone(),
            ..Field::nullable(&element.id, &doc, Type::of_value(element.value_type, defined))
        }
    }
}

impl Type {
    fn array(items: Type) -> Type {
        Type::Array(Array { kind: "array", items: Box::new(items) })
    }

    fn record(name: &'static str, doc: &str, fields: Vec<Field>) -> Type {
        Type::Record(Record { kind: "record", name, namespace: None, doc: doc.to_owned(), fields })
    }

    /// The type of an element's values; a named one is defined where it first stands and only named afterwards.
    fn of_value(value_type: ValueType, defined: &mut BTreeSet<&'static str>) -> Type {
        match value_type {
            ValueType::Text | ValueType::Code | ValueType::Decimal => Type::Name("string"),
            ValueType::Codes | ValueType::Phones => Type::array(Type::Name("string")),
            ValueType::Integer => Type::Name("long"),
            ValueType::Boolean => Type::Name("boolean"),
            ValueType::Name => once("PersonName", defined, |_| person_name()),
            ValueType::Date => once("PartialDate", defined, |_| partial_date()),
            ValueType::CitizenId => once("CitizenId", defined, |_| citizen_id()),
            ValueType::Address => once("Address", defined, |_| address()),
            ValueType::Division => once("Division", defined, division),
            ValueType::Grid => once("Grid", defined, |_| grid()),
            ValueType::Reference => once("Reference", defined, |_| reference()),
        }
    }
}

fn once(
    name: &'static str,
    defined: &mut BTreeSet<&'static str>,
    define: fn(&mut BTreeSet<&'static str>) -> Type,
) -> Type {
    if defined.insert(name) { define(defined) } else { Type::Name(name) }
}

fn person_name() -> Type {
    let fields = vec![
        Field::required("full", "In full 全名", Type::Name("string")),
        Field::required("others", "Other forms 其他写法", Type::array(Type::Name("string"))),
    ];
    Type::record("PersonName", "A person's name 人名", fields)
}

fn partial_date() -> Type {
    let precision = Type::Enum(Enum {
        kind: "enum",
        name: "Precision",
        doc: "How much of a date is known 精度".to_owned(),
        symbols: PRECISIONS,
    });
    let fields = vec![
        Field::required("year", "The year; of a decade, its first 年", Type::Name("int")),
        Field::nullable("month", "1 to 12 月", Type::Name("int")),
        Field::nullable("day", "From 1 日", Type::Name("int")),
        Field::required("precision", "How much is known 精度", precision),
    ];
    Type::record("PartialDate", "A date of known precision 日期", fields)
}

fn citizen_id() -> Type {
    let quality = Type::Enum(Enum {
        kind: "enum",
        name: "IdQuality",
        doc: "How far a citizen id number is known 号码质量".to_owned(),
        symbols: QUALITIES,
    });
    let fields = vec![
        Field::required("digits", "Digits and X 号码", Type::Name("string")),
        Field::required("quality", "How far it is known 号码质量", quality),
    ];
    Type::record("CitizenId", "A citizen id number 公民身份号码", fields)
}

fn address() -> Type {
    let fields = Level::ALL
        .into_iter()
        .map(|level| Field::nullable(level_name(level), level_zh(level), Type::Name("string")))
        .collect();
    Type::record("Address", "An address by level 分级地址", fields)
}

fn division(defined: &mut BTreeSet<&'static str>) -> Type {
    let names = once("Address", defined, |_| address());
    let fields = vec![
        Field::required("code", "2, 4, 6, 9 or 12 digits; empty: unknown 代码", Type::Name("string")),
        Field::required("names", "Its names, by level 名称", names),
    ];
    Type::record("Division", "An administrative division 行政区划", fields)
}

fn grid() -> Type {
    let fields = vec![
        Field::required("village_code", "12 digits; empty: unknown 村代码", Type::Name("string")),
        Field::required("village", "Its name; empty: unknown 村名", Type::Name("string")),
        Field::required("number", "From 1, within the village 编号", Type::Name("int")),
    ];
    Type::record("Grid", "A grid of a village or community 网格", fields)
}

fn reference() -> Type {
    let fields = vec![
        Field::required("scheme", "Whose numbering it is 编号体系", Type::Name("string")),
        Field::required("number", "The number 编号", Type::Name("string")),
    ];
    Type::record("Reference", "A department's own reference 部门编号", fields)
}

/// The symbols of `Precision`, in the order of [`yibiao_record::Precision`].
pub(super) const PRECISIONS: &[&str] = &["decade", "about_year", "year", "month", "day"];

/// The symbols of `IdQuality`, in the order of [`yibiao_record::IdQuality`].
pub(super) const QUALITIES: &[&str] = &["valid", "prefix", "bad_check", "other"];

/// The field of an address level.
pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Province => "province",
        Level::City => "city",
        Level::District => "district",
        Level::Town => "town",
        Level::Village => "village",
        Level::Group => "group",
        Level::Place => "place",
        Level::Road => "road",
        Level::RoadNumber => "road_number",
        Level::Compound => "compound",
        Level::Building => "building",
        Level::Unit => "unit",
        Level::Room => "room",
        Level::House => "house",
    }
}

fn level_zh(level: Level) -> &'static str {
    match level {
        Level::Province => "省",
        Level::City => "市",
        Level::District => "区县",
        Level::Town => "乡镇街道",
        Level::Village => "村社区",
        Level::Group => "组",
        Level::Place => "小地名",
        Level::Road => "路街",
        Level::RoadNumber => "路号",
        Level::Compound => "小区",
        Level::Building => "栋",
        Level::Unit => "单元",
        Level::Room => "室",
        Level::House => "门牌号",
    }
}
