//! The level that this adapter reaches, on Kafka itself.

#![cfg(test)]

use yibiao_adapter_kafka::{Config, KafkaAdapter};
use yibiao_contract::conformance::{self, Cannot, EventFixture, Level, Received, Trouble};
use yibiao_contract::{ChangeEvent, EventRecord};
use yibiao_kafka_testkit::{Broker, Record};
use yibiao_record::{ElementId, EntityKind, Name, Value};
use yibiao_schema::avro::EntitySchema;
use yibiao_schema::{Dictionary, element};

struct Topics {
    broker: Broker,
    number: u32,
}

impl Topics {
    fn config(&self) -> Config {
        let mut config =
            Config::new(self.broker.bootstrap().to_owned(), format!("kit{}.county", self.number));
        config.partitions = 1;
        // A broker that is killed is not waited for long.
        config.answer_ms_max = 5_000;
        config
    }
}

fn received(record: Record) -> Received {
    let schema = EntitySchema::of(Dictionary::shipped(), EntityKind::Person);
    let body = record.value.expect("the topic of changes has no tombstones");
    let person = schema.decode(&body[5..]).expect("it is a record behind a Confluent header");
    let name = person.values.into_iter().find_map(|(_, value)| match value {
        Value::Name(name) => Some(name.full.to_string()),
        _ => None,
    });
    Received { position: record.headers["ce_id"].parse().unwrap(), entity: record.key, name }
}

impl EventFixture for Topics {
    type Adapter = KafkaAdapter;

    fn subject(&self) -> String {
        "adapter-kafka".to_owned()
    }

    fn empty(&mut self) -> Result<(), Cannot> {
        self.number += 1;
        Ok(())
    }

    fn connect(&mut self) -> KafkaAdapter {
        KafkaAdapter::new(self.config(), "s".to_owned(), Dictionary::shipped(), [EntityKind::Person])
    }

    fn name(&self, name: &str) -> (ElementId, Value) {
        (element::NAME, Value::Name(Name::plain(name)))
    }

    fn look(&mut self) -> Vec<Received> {
        let topic = self.config().changes_topic(EntityKind::Person);
        self.broker.committed(&topic).into_iter().map(received).collect()
    }

    fn unfit(&self, event: ChangeEvent) -> Result<ChangeEvent, Cannot> {
        // A masked name is text, and the schema wants a name.
        let values = vec![(element::NAME, Value::Text("甲**".into()))];
        Ok(ChangeEvent { record: Some(EventRecord { values, ..EventRecord::default() }), ..event })
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        self.broker.suffer(trouble)
    }

    fn mend(&mut self) {
        self.broker.start_again();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_reach_silver() {
    let mut topics = Topics { broker: Broker::start(), number: 0 };
    conformance::event_adapter(&mut topics).await.require(Level::Silver);
}
