//! The laws of the way back, over every column of every shipped mapping.

use crate::column::{Class, Column, Form, Said};
use crate::{Mapping, Write};
use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, Union};
use yibiao_format::{Cell, Opening, Row};
use yibiao_record::{
    Address, Decimal, Division, Grid, IdNumber, IdQuality, Level, Name, PartialDate, SystemId, Value,
};
use yibiao_schema::{Dictionary, ValueType};

fn columns() -> impl Iterator<Item = (&'static Mapping, &'static Column)> {
    Mapping::shipped()
        .iter()
        .flat_map(|mapping| mapping.columns().iter().map(move |column| (mapping, column)))
}

fn text(pattern: &'static str) -> impl Strategy<Value = Box<str>> {
    pattern.prop_map(Box::from)
}

fn day() -> impl Strategy<Value = PartialDate> {
    (1905i16..2030, 1u8..=12, 1u8..=28)
        .prop_map(|(year, month, day)| PartialDate::day(year, month, day).unwrap())
}

fn date() -> impl Strategy<Value = PartialDate> {
    prop_oneof![
        4 => day(),
        2 => (1905i16..2030, 1u8..=12).prop_map(|(year, month)| PartialDate::month(year, month).unwrap()),
        1 => (1905i16..2030).prop_map(PartialDate::year),
        1 => (1905i16..2030).prop_map(PartialDate::about_year),
        1 => (1930i16..2000).prop_map(PartialDate::decade),
    ]
}

/// An id whose check holds, or one whose check does not (GB 11643, ISO 7064 MOD 11-2).
fn id() -> impl Strategy<Value = IdNumber> {
    (day(), 0u32..1_000, any::<bool>()).prop_map(|(day, number, spoilt)| {
        let (year, month, of_month) =
            (day.year_number(), day.month_number().unwrap(), day.day_number().unwrap());
        let stem = format!("990101{year:04}{month:02}{of_month:02}{number:03}");
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 =
            stem.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
        let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap()).unwrap();
        let (check, quality) = match check {
            _ if !spoilt => (check, IdQuality::Valid),
            '1' => ('2', IdQuality::BadCheck),
            _ => ('1', IdQuality::BadCheck),
        };
        IdNumber { digits: format!("{stem}{check}").into(), quality }
    })
}

fn address() -> impl Strategy<Value = Address> {
    let rural = (1u32..9, 1u32..60).prop_map(|(group, house)| {
        Address::default()
            .with(Level::Town, "青石镇")
            .with(Level::Village, "桃花村")
            .with(Level::Group, &group.to_string())
            .with(Level::House, &house.to_string())
    });
    let urban = (1u32..200, 1u32..20, 1u32..4, 101u32..2000).prop_map(|(number, building, unit, room)| {
        Address::default()
            .with(Level::Town, "东城街道")
            .with(Level::Village, "人民路社区")
            .with(Level::Road, "迎宾大道")
            .with(Level::RoadNumber, &number.to_string())
            .with(Level::Compound, "朝阳小区")
            .with(Level::Building, &building.to_string())
            .with(Level::Unit, &unit.to_string())
            .with(Level::Room, &room.to_string())
    });
    let district =
        prop_oneof![3 => Just(("示例省", "示例市", "示例区")), 1 => Just(("邻近省", "邻近市", "邻近区"))];
    let left_out = prop::option::of(prop::sample::select(vec![
        Level::Province,
        Level::City,
        Level::Town,
        Level::Village,
        Level::Group,
        Level::House,
        Level::Road,
        Level::Unit,
    ]));
    (prop_oneof![rural, urban], district, left_out).prop_map(
        |(address, (province, city, district), left_out)| {
            let address = address
                .with(Level::Province, province)
                .with(Level::City, city)
                .with(Level::District, district);
            left_out.into_iter().fold(address, Address::without)
        },
    )
}

fn names_of(address: &Address) -> Address {
    let names = address.levels().filter(|(level, _)| *level <= Level::Village);
    names.fold(Address::default(), |names, (level, name)| names.with(level, name))
}

fn value_of(column: &Column, system: SystemId) -> BoxedStrategy<Value> {
    let dictionary = Dictionary::shipped();
    let element = dictionary.element(column.element()).unwrap();
    let code = || -> Vec<Box<str>> {
        dictionary.codes_of(element.number).unwrap().codes().iter().map(|code| code.code.clone()).collect()
    };
    match element.value_type {
        ValueType::Text if matches!(column.form, Form::Account { .. }) => {
            text("[A-Z]{2,5}(-[A-Z0-9]{2,6}){0,2}").prop_map(Value::Text).boxed()
        }
        ValueType::Text => text("[一-龥A-Za-z0-9]{1,12}(;[一-龥]{1,5})?").prop_map(Value::Text).boxed(),
        ValueType::Name => {
            let full = prop_oneof!["[冉王李张欧阳][秀英琇绣伟明]{1,2}", "[阿古][卜丽]{1,2}·[买提别克]{2,4}"];
            let others = prop::collection::vec(text("[冉王李张][婆爷孃][婆爷孃]"), 0..2);
            (full, others).prop_map(|(full, others)| Value::Name(Name { full: full.into(), others })).boxed()
        }
        ValueType::Code => prop::sample::select(code()).prop_map(Value::Code).boxed(),
        ValueType::Codes => prop::collection::btree_set(prop::sample::select(code()), 1..4)
            .prop_map(|codes| Value::Codes(codes.into_iter().collect()))
            .boxed(),
        ValueType::Date => date().prop_map(Value::Date).boxed(),
        ValueType::Decimal => (0i64..9_999_999, 0u8..4)
            .prop_map(|(units, scale)| Value::Decimal(Decimal::new(units, scale).unwrap()))
            .boxed(),
        ValueType::Integer => (0i64..40).prop_map(Value::Integer).boxed(),
        ValueType::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        ValueType::CitizenId => id().prop_map(Value::Id).boxed(),
        ValueType::Phones => {
            let one = prop_oneof![text("1[3-9][0-9]{9}"), text("0990[1-9][0-9]{6}")];
            prop::collection::vec(one, 1..3)
                .prop_map(|mut phones| {
                    let first = phones.first().cloned();
                    phones.retain(|phone| Some(phone) != first.as_ref());
                    phones.insert(0, first.unwrap());
                    Value::Phones(phones)
                })
                .boxed()
        }
        ValueType::Address => address().prop_map(Value::Address).boxed(),
        ValueType::Division => {
            (address(), prop::sample::select(vec!["", "990101", "990101101", "990101101203"]))
                .prop_map(|(address, code)| {
                    Value::Division(Division { code: code.into(), names: names_of(&address) })
                })
                .boxed()
        }
        ValueType::Grid => (any::<bool>(), any::<bool>(), 1u16..20)
            .prop_map(|(code, name, number)| {
                let village_code = if code { "990101101203" } else { "" };
                let village = if name { "桃花村" } else { "" };
                Value::Grid(Grid { village_code: village_code.into(), village: village.into(), number })
            })
            .boxed(),
        ValueType::Reference => text("[A-Z]{0,2}[0-9]{4,12}(-[0-9]{4})?")
            .prop_map(move |number| Value::Reference { scheme: system.as_str().into(), number })
            .boxed(),
    }
}

/// Any of the 120 columns, a value of its element, and another that the cell may hold before.
fn column_and_value() -> impl Strategy<Value = (&'static Mapping, &'static Column, Value, Option<Value>)> {
    let one = |(mapping, column): (&'static Mapping, &'static Column)| {
        (value_of(column, mapping.system()), prop::option::of(value_of(column, mapping.system())))
            .prop_map(move |(value, other)| (mapping, column, value, other))
            .boxed()
    };
    Union::new(columns().map(one))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_as_the_column_class_says((mapping, column, value, _) in column_and_value(), spelling in 0usize..2) {
        let at = format!("{} {}", mapping.system(), column.name());
        let Some(cell) = column.write(&value, spelling) else { return Ok(()) };
        let Said::Value(back) = column.read(&cell) else { panic!("{at}: what was written does not read") };
        match column.class() {
            Class::Lossless => prop_assert!(back.value == value, "{at}: another value"),
            Class::Lossy | Class::Derived => {
                let refines = Dictionary::shipped().refines(column.element(), &value, &back.value);
                prop_assert!(refines, "{at}: not a coarser value");
                prop_assert!(column.write(&back.value, spelling) == Some(cell), "{at}: not the same bytes again");
            }
        }
    }

    #[test]
    fn any_cell_is_read_as_something(
        (_, column, _, _) in column_and_value(),
        cell in prop_oneof![
            any::<String>().prop_map(Cell::Text),
            "[0-9A-Z一二三廿〇第年月日省市区镇村组号路./,;、()+ -]{0,24}".prop_map(Cell::Text),
            any::<f64>().prop_map(Cell::Number),
            any::<f64>().prop_map(Cell::DateSerial),
            any::<i64>().prop_map(Cell::Integer),
            any::<bool>().prop_map(Cell::Bool),
        ],
    ) {
        let first = column.read(&cell);
        if let Said::Value(reading) = &first {
            prop_assert!(Dictionary::shipped().element(column.element()).unwrap().value_type.holds(&reading.value));
        }
        prop_assert!(first == column.read(&cell));
    }

    #[test]
    fn a_cell_that_was_written_is_not_written_again((mapping, column, value, other) in column_and_value()) {
        let mut columns: Vec<String> = mapping.columns().iter().map(|column| column.name().to_owned()).collect();
        columns.extend(mapping.source().row_columns().into_iter().map(str::to_owned));
        columns.sort();
        columns.dedup();
        let opening = Opening {
            columns,
            titles: vec!["2026年10月".to_owned()],
            attributes: vec![("导出时间".to_owned(), "2026-10-31".to_owned())],
        };
        let binding = mapping.bind("file", &opening).unwrap();
        let canonical = |element| (element == column.element()).then(|| value.clone());
        let mut row = Row { locator: 1, cells: vec![Cell::Absent; opening.columns.len()], raw: Vec::new() };
        let own = opening.columns.iter().position(|name| name == column.name()).unwrap();
        row.cells[own] = other.and_then(|other| column.write(&other, 1)).unwrap_or(Cell::Absent);
        for edit in mapping.write(&binding.own(&row), &canonical) {
            let at = opening.columns.iter().position(|name| *name == edit.column).unwrap();
            row.cells[at] = edit.cell;
        }
        let again = mapping.write(&binding.own(&row), &canonical);
        prop_assert!(again.is_empty(), "{} {}", mapping.system(), column.name());
    }
}

#[test]
fn a_plain_value_can_be_written_into_every_column_that_is_written() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    for (mapping, column) in columns().filter(|(_, column)| column.writes() != Write::Never) {
        let values = value_of(column, mapping.system());
        let tried = 60;
        let written = (0..tried)
            .filter(|_| column.write(&values.new_tree(&mut runner).unwrap().current(), 0).is_some())
            .count();
        assert!(written > 0, "{} {}: nothing of {tried} could be written", mapping.system(), column.name());
    }
}

#[test]
fn the_classes_of_the_120_columns_are_counted() {
    let mut sum = 0;
    let mut lines = String::new();
    for mapping in Mapping::shipped() {
        let count = |class| mapping.columns().iter().filter(|column| column.class() == class).count();
        let [lossless, lossy, derived] = [Class::Lossless, Class::Lossy, Class::Derived].map(count);
        sum += lossless + lossy + derived;
        lines.push_str(&format!(
            "{}: {lossless} lossless, {lossy} lossy, {derived} derived\n",
            mapping.system()
        ));
    }
    print!("{lines}");
    assert_eq!(sum, 120);
    insta::assert_snapshot!(lines, @"
    MZ: 11 lossless, 14 lossy, 0 derived
    GA: 10 lossless, 8 lossy, 0 derived
    WJ: 8 lossless, 11 lossy, 0 derived
    ZJ: 6 lossless, 7 lossy, 1 derived
    YJ: 10 lossless, 7 lossy, 1 derived
    NY: 15 lossless, 10 lossy, 1 derived
    ");
}

#[test]
fn the_citizen_id_is_lossless_where_it_is_text() {
    for (mapping, column) in columns().filter(|(_, column)| matches!(column.form, Form::CitizenId { .. })) {
        let lossless = mapping.system().as_str() != "ZJ";
        assert_eq!(column.class() == Class::Lossless, lossless, "{}", mapping.system());
    }
}
