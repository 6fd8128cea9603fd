//! Questions about the topic, and making it.

use crate::Settings;
use crate::group::Group;
use crate::reading::{cannot_read, edge};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use std::time::{Duration, Instant};
use yibiao_contract::{EdgeError, Finding, Recovery};
use yibiao_kafka_client::{Told, Why, said};

/// How long to wait between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a question to the brokers may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The settings that every client of the brokers has.
pub(crate) fn client(settings: &Settings) -> ClientConfig {
    yibiao_kafka_client::client(&settings.config.brokers, &settings.config.properties)
}

/// Makes the topic where it is missing and the configuration says how.
pub(crate) fn ensure(settings: &Settings) -> Result<(), EdgeError> {
    let Some(partitions) = settings.config.create_partitions else { return Ok(()) };
    // A client that makes topics does not tell why the brokers are out of reach: one that asks goes before it.
    if self::partitions(settings)? > 0 {
        return Ok(());
    }
    let attempt = format!("cannot make topic {}", settings.config.topic);
    let failed = |reason: String| {
        let hint = "start the brokers, or make the topic by hand; it is tried again by itself";
        edge(&attempt, reason, hint, Recovery::Retry)
    };
    let admin: AdminClient<Told> =
        client(settings).create_with_context(Told::default()).map_err(|error| failed(said(&error)))?;
    let replicas = TopicReplication::Fixed(settings.config.create_replicas);
    let topic = NewTopic::new(&settings.config.topic, partitions, replicas);
    let options = AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
    // Every reading runs on a thread that may block.
    let made = tokio::runtime::Handle::current().block_on(admin.create_topics([&topic], &options));
    if let Some(Err((_, code))) = made.map_err(|error| failed(said(&error)))?.pop()
        && code != RDKafkaErrorCode::TopicAlreadyExists
    {
        return Err(failed(code.to_string()));
    }
    // A broker hears of a new topic a little after its controller.
    let started = Instant::now();
    while self::partitions(settings)? == 0 {
        if started.elapsed() > TIMEOUT {
            return Err(failed("the brokers do not know it yet".to_owned()));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Whether the brokers answer a consumer.
pub(crate) fn answers(settings: &Settings, consumer: &BaseConsumer<Group>) -> Result<(), EdgeError> {
    let told = &consumer.context().told;
    match consumer.fetch_metadata(Some(&settings.config.topic), TIMEOUT) {
        Ok(_) => {
            told.answered();
            Ok(())
        }
        Err(error) => Err(away(settings, told.why(&error))),
    }
}

/// How many partitions the topic has.
pub(crate) fn partitions(settings: &Settings) -> Result<usize, EdgeError> {
    let asker: BaseConsumer<Told> =
        client(settings).create_with_context(Told::default()).map_err(|error| {
            edge(&cannot_read(settings), said(&error), "correct the source's settings", Recovery::Halt)
        })?;
    yibiao_kafka_client::partitions(&asker, &settings.config.topic, TIMEOUT)
        .map_err(|why| away(settings, why))
}

fn away(settings: &Settings, why: Why) -> EdgeError {
    let hint = why.hint.unwrap_or("start the brokers, or correct `brokers:`; it is tried again by itself");
    edge(&cannot_read(settings), why.reason, hint, Recovery::Retry)
}

/// Whether it can be read.
pub(crate) fn check(settings: &Settings) -> Vec<Finding> {
    let subject = format!("topic {}", settings.config.topic);
    let finding = |good, detail: String, hint: &str| {
        vec![Finding { subject: subject.clone(), good, detail, hint: hint.to_owned() }]
    };
    match partitions(settings) {
        Ok(0) if settings.config.create_partitions.is_some() => {
            finding(true, "is made when the node starts".to_owned(), "")
        }
        Ok(0) => finding(
            false,
            "there is no such topic".to_owned(),
            "create it, or let the node do so with `create_partitions:`",
        ),
        Ok(partitions) => finding(true, format!("can be read, {partitions} partitions"), ""),
        Err(error) => finding(false, error.reason, &error.hint),
    }
}
