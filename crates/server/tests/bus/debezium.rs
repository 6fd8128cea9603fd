//! Tables of a real database, over Debezium.

use crate::desk::{Desk, standing, wait_for};
use crate::numbered::{citizen_id, name};
use std::collections::BTreeMap;
use std::path::Path;
use yibiao_kafka_testkit::{Broker, Debezium, ForeignRegistry, Form};
use yibiao_record::Value;
use yibiao_schema::element;

const TABLES: &str = r#"
create table ledger (
    id text primary key, "身份证号" text, "姓名" text, "出生年月" date, "联系方式" text, "月保障金(元)" numeric);
create table population (
    person_key text primary key, op text, "GMSFHM" text, "XM" text, "CSRQ" date, "LXDH" text, "更新时间" timestamptz);
create table watch (
    id text primary key, "证件号码" text, "姓名" text, "出生日期" date, "人均年纯收入" numeric(10, 2));
alter table ledger replica identity full;
alter table population replica identity full;
alter table watch replica identity full;
"#;

fn config(registry: &str) -> String {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/policy/bus.yaml");
    format!(
        r#"
node: {{ data: "${{DATA_DIR}}", listen: "${{HTTP_LISTEN}}", poll_seconds: 0.05 }}
policy: {policy}
sources:
  - system: MZ
    kafka: {{ brokers: "${{KAFKA_BOOTSTRAP}}", topic: dbz.mz.public.ledger, group: dbz.mz, format: debezium-json }}
  - system: GA
    kafka: {{ brokers: "${{KAFKA_BOOTSTRAP}}", topic: dbz.ga.public.population, group: dbz.ga, format: debezium-avro,
             registry: "{registry}" }}
  - system: NY
    kafka: {{ brokers: "${{KAFKA_BOOTSTRAP}}", topic: dbz.ny.public.watch, group: dbz.ny, format: debezium-json,
             days: [出生日期], decimals: {{ 人均年纯收入: 2 }} }}
deliveries:
  - subscription: bus-persons
    kafka: {{ brokers: "${{KAFKA_BOOTSTRAP}}", prefix: dbz.county }}
"#,
        policy = policy.display()
    )
}

/// Which rows are one person, as the node exports it.
fn together(desk: &Desk<'_>) -> Vec<Vec<String>> {
    let mut together: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((system, key), entity) in desk.exported() {
        together.entry(entity).or_default().push(format!("{system}:{key}"));
    }
    let mut together: Vec<Vec<String>> = together.into_values().collect();
    together.sort();
    together
}

#[test]
fn rows_of_three_tables_become_persons_through_snapshot_insert_update_and_delete() {
    let (broker, registry) = (Broker::shared(), ForeignRegistry::shared());
    let row = |table: &str, key: &str, person: u64, more: &str| {
        let op = if table == "population" { ", 'I'" } else { "" };
        let day = format!("1950-01-{:02}", person % 28 + 1);
        let (id, name) = (citizen_id(person), name(person));
        format!("insert into {table} values ('{key}'{op}, '{id}', '{name}', '{day}', {more});")
    };
    let at = "'2026-10-01T08:00:00+08'";
    let before = [
        TABLES,
        &row("ledger", "k0", 0, "'13900000001', 850.5"),
        &row("population", "p0", 0, &format!("'13900000002', {at}")),
        &row("population", "p1", 1, &format!("'13900000003', {at}")),
        &row("watch", "w0", 0, "-12.30"),
    ];
    let read = [
        ("dbz.mz", "ledger", Form::JsonWithSchema),
        ("dbz.ga", "population", Form::Avro),
        ("dbz.ny", "watch", Form::Json),
    ];
    let debezium = Debezium::start(broker, registry, &before.concat(), &read);
    let desk = Desk::of(broker, "dbz.county", &config(&registry.url()));
    let node = desk.run();
    let becomes = |expected: &[&[&str]]| {
        wait_for(
            || (together(&desk) == expected).then_some(()),
            || format!("{:?}\n{}\n{}", together(&desk), desk.log(), debezium.log()),
        );
    };
    becomes(&[&["GA:p0", "MZ:k0", "NY:w0"], &["GA:p1"]]);

    debezium.sql(&row("ledger", "k1", 1, "null, 60"));
    debezium.sql("update population set \"LXDH\" = '13900000005', \"更新时间\" = '2026-10-02T00:00:00Z' where person_key = 'p1'");
    debezium.sql("delete from population where person_key = 'p0'");
    becomes(&[&["GA:p1", "MZ:k1"], &["MZ:k0", "NY:w0"]]);

    let status = desk.settled(8);
    for system in status["systems"].as_array().unwrap() {
        assert!(system["rows"].get("quarantined").is_none_or(|count| count == 0), "{system}");
    }
    let texts = |system: &str, key: &str| {
        let whose = desk.exported()[&(system.to_owned(), key.to_owned())].clone();
        let record = standing(&desk.current()).remove(&whose).unwrap();
        let shown = |wanted| {
            let value = record.values.iter().find(|(element, _)| *element == wanted).map(|(_, value)| value);
            value.map(|value| match value {
                Value::Date(date) => {
                    let (month, day) = (date.month_number().unwrap(), date.day_number().unwrap());
                    format!("{}-{month:02}-{day:02}", date.year_number())
                }
                Value::Decimal(amount) => amount.to_string(),
                Value::Phones(phones) => phones.join(" "),
                other => panic!("not looked at: {other:?}"),
            })
        };
        [element::BIRTH_DATE, element::MONTHLY_AMOUNT, element::MOBILE].map(shown)
    };
    let some = |texts: [&str; 3]| texts.map(|text| Some(text.to_owned()));
    assert_eq!(texts("MZ", "k0"), some(["1950-01-01", "850.5", "13900000001"]));
    assert_eq!(texts("MZ", "k1"), some(["1950-01-02", "60", "13900000005"]));
    node.stop();
}
