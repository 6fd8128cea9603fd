//! The level that this connector reaches, on Kafka itself: a topic of JSON objects.

#![cfg(test)]

use yibiao_connector_kafka::{Config, KafkaConnector};
use yibiao_contract::conformance::{self, COLUMNS, Cannot, ConnectorFixture, Level, Sample, Trouble};
use yibiao_kafka_testkit::Broker;

struct Topic {
    broker: Broker,
    number: u32,
}

impl Topic {
    fn name(&self) -> String {
        format!("kit-{}", self.number)
    }

    fn produce(&self, key: &str, value: Option<&str>) {
        self.broker.produce(&self.name(), [(Some(key.as_bytes()), value.map(str::as_bytes))]);
    }
}

impl ConnectorFixture for Topic {
    type Connector = KafkaConnector;

    fn subject(&self) -> String {
        "connector-kafka".to_owned()
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.number += 1;
        self.broker.make_topic(&self.name(), 1);
        let rows: Vec<(String, String)> = rows.iter().map(|row| (row.id.clone(), row.json())).collect();
        let records = rows.iter().map(|(key, value)| (Some(key.as_bytes()), Some(value.as_bytes())));
        self.broker.produce(&self.name(), records);
        Ok(())
    }

    fn connect(&mut self) -> KafkaConnector {
        let bootstrap = self.broker.bootstrap().to_owned();
        let mut config = Config::new(bootstrap, self.name(), format!("group-{}", self.name()));
        config.wait_ms = 50;
        KafkaConnector::new(config, COLUMNS.map(str::to_owned).to_vec())
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.produce(&row.id, Some(&row.json()));
        Ok(())
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.produce(&row.id, None);
        Ok(())
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.produce("poison", Some(&format!("{{{marker}")));
        Ok(())
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        self.broker.suffer(trouble)
    }

    fn mend(&mut self) {
        self.broker.start_again();
    }

    /// Joining the group takes its time, and so does a broker that comes back.
    fn idle_reads_max(&self) -> u32 {
        30
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_reaches_silver() {
    let mut topic = Topic { broker: Broker::start(), number: 0 };
    conformance::connector(&mut topic).await.require(Level::Silver);
}
