//! The topics: declared here, made where missing, checked where not.

use crate::{Settings, edge};
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::time::{Duration, Instant};
use yibiao_contract::{EdgeError, Finding, Recovery};
use yibiao_kafka_client::{Told, said};

/// How long a question to the brokers may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait between two questions.
const PAUSE: Duration = Duration::from_millis(50);
const SPEAK: &str = "cannot speak to Kafka";
const ABSENT: &str = "it is not there, or its settings may not be read";
/// Of a topic that is not there: nothing for a person to do.
const MADE: &str = "is made when the node first writes to it";
const DAY_MS: u64 = 86_400_000;
/// Longest record of the topic of dead letters.
pub(crate) const DEAD_BYTES_MAX: usize = 16 << 20;
/// Longest record of a topic that does not say.
const RECORD_BYTES_MAX: usize = 1 << 20;

/// A topic as it must be.
pub(crate) struct Declared {
    pub(crate) name: String,
    partitions: i32,
    policy: &'static str,
    /// Settings that it is made with.
    others: Vec<(&'static str, String)>,
}

/// Every topic of the subscription.
pub(crate) fn declared(settings: &Settings) -> Vec<Declared> {
    let config = &settings.config;
    let mut topics = vec![Declared {
        name: config.position_topic(&settings.subscription),
        partitions: 1,
        policy: "compact",
        // It is read at every start: small segments let most of it be dropped.
        others: vec![
            ("segment.bytes", "1048576".to_owned()),
            ("min.cleanable.dirty.ratio", "0.1".to_owned()),
        ],
    }];
    for schema in &settings.schemas {
        let retention = u64::from(config.retention_days) * DAY_MS;
        topics.push(Declared {
            name: config.changes_topic(schema.kind()),
            partitions: config.partitions,
            policy: "delete",
            others: vec![("retention.ms", retention.to_string())],
        });
        topics.push(Declared {
            name: config.current_topic(schema.kind()),
            partitions: config.partitions,
            policy: "compact",
            others: Vec::new(),
        });
        topics.push(Declared {
            name: config.dead_topic(schema.kind()),
            partitions: config.partitions,
            policy: "delete",
            // What is too large for the other two must fit here.
            others: vec![
                ("retention.ms", retention.to_string()),
                ("max.message.bytes", DEAD_BYTES_MAX.to_string()),
            ],
        });
    }
    topics
}

fn admin(settings: &Settings) -> Result<(AdminClient<Told>, AdminOptions), EdgeError> {
    let options = AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
    let refused =
        |error: KafkaError| edge(SPEAK, said(&error), "correct the receiver's settings", Recovery::Halt);
    // A client that makes topics does not tell why the brokers are out of reach: one that asks goes before it.
    let asker: BaseConsumer<Told> =
        settings.client().create_with_context(Told::default()).map_err(refused)?;
    let topic = settings.config.position_topic(&settings.subscription);
    yibiao_kafka_client::partitions(&asker, &topic, TIMEOUT).map_err(|why| {
        let hint =
            why.hint.unwrap_or("start the brokers, or correct `brokers:`; it is tried again by itself");
        edge(SPEAK, why.reason, hint, Recovery::Retry)
    })?;
    let admin = settings.client().create_with_context(Told::default()).map_err(refused)?;
    Ok((admin, options))
}

/// Makes the topics that are missing, and refuses those that would lose records; the bytes of a record that the topics of
/// events and current records all take. Runs on a thread that may block.
pub(crate) fn ensure(settings: &Settings) -> Result<usize, EdgeError> {
    let declared = declared(settings);
    let (admin, options) = admin(settings)?;
    let topics: Vec<NewTopic<'_>> = declared
        .iter()
        .map(|topic| {
            let replicas = TopicReplication::Fixed(settings.config.replicas);
            let new =
                NewTopic::new(&topic.name, topic.partitions, replicas).set("cleanup.policy", topic.policy);
            topic.others.iter().fold(new, |new, (name, value)| new.set(name, value))
        })
        .collect();
    let hint = "start the brokers, or grant the node's user to make topics; it is tried again by itself";
    let failed = |name: &str, reason: String| {
        edge(&format!("cannot make topic {name}"), reason, hint, Recovery::Retry)
    };
    let made = tokio::runtime::Handle::current().block_on(admin.create_topics(&topics, &options));
    for made in made.map_err(|error| failed(&settings.config.prefix, said(&error)))? {
        if let Err((name, code)) = made
            && code != RDKafkaErrorCode::TopicAlreadyExists
        {
            return Err(failed(&name, code.to_string()));
        }
    }
    let started = Instant::now();
    let mut found = found(&admin, &options, &declared)?;
    // A broker hears of a new topic a little after its controller.
    let unheard_of = |finding: &Finding| finding.detail == ABSENT || finding.detail == MADE;
    while findings(&declared, &found).iter().any(unheard_of) && started.elapsed() < TIMEOUT {
        std::thread::sleep(PAUSE);
        found = self::found(&admin, &options, &declared)?;
    }
    let findings = findings(&declared, &found);
    match findings.into_iter().find(|finding| !finding.good || unheard_of(finding)) {
        None => Ok(bytes_max(settings, &found)),
        Some(wrong) => Err(edge(
            &format!("cannot write to {}", wrong.subject),
            wrong.detail,
            &wrong.hint,
            Recovery::Halt,
        )),
    }
}

/// Whether each topic is as declared.
pub(crate) fn check(settings: &Settings) -> Result<Vec<Finding>, EdgeError> {
    let declared = declared(settings);
    let (admin, options) = admin(settings)?;
    let found = found(&admin, &options, &declared)?;
    Ok(findings(&declared, &found))
}

/// The settings of the topics that are there.
struct Found {
    topics: Vec<ConfigResource>,
    /// Whether those that were not found are known not to be there.
    missing: bool,
}

/// Asks for the settings of the topics.
fn found(
    admin: &AdminClient<Told>,
    options: &AdminOptions,
    declared: &[Declared],
) -> Result<Found, EdgeError> {
    let asked: Vec<ResourceSpecifier<'_>> =
        declared.iter().map(|topic| ResourceSpecifier::Topic(&topic.name)).collect();
    let answer = tokio::runtime::Handle::current().block_on(admin.describe_configs(&asked, options));
    let answer = answer.map_err(|error| {
        let hint = "start the brokers, or correct `brokers:`; it is tried again by itself";
        edge("cannot ask for the topics' settings", said(&error), hint, Recovery::Retry)
    })?;
    let mut found = Found { topics: Vec::new(), missing: true };
    for answer in answer {
        match answer {
            Ok(resource) => found.topics.push(resource),
            // An answer of this kind does not name its topic: one other reason makes them all doubtful.
            Err(code) => {
                found.missing &= matches!(
                    code,
                    RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition
                );
            }
        }
    }
    Ok(found)
}

fn findings(declared: &[Declared], found: &Found) -> Vec<Finding> {
    declared.iter().map(|topic| finding(topic, found)).collect()
}

impl Found {
    fn setting(&self, topic: &str, name: &str) -> Option<&str> {
        let of = OwnedResourceSpecifier::Topic(topic.to_owned());
        self.topics.iter().find(|found| found.specifier == of)?.get(name)?.value.as_deref()
    }
}

/// The longest record that every topic of events and current records takes.
fn bytes_max(settings: &Settings, found: &Found) -> usize {
    let config = &settings.config;
    let topics = settings
        .schemas
        .iter()
        .flat_map(|schema| [config.changes_topic(schema.kind()), config.current_topic(schema.kind())]);
    let said = topics.filter_map(|topic| found.setting(&topic, "max.message.bytes")?.parse().ok());
    said.min().unwrap_or(RECORD_BYTES_MAX)
}

/// What is to be said of a topic.
fn finding(topic: &Declared, found: &Found) -> Finding {
    let subject = format!("topic {}", topic.name);
    match found.setting(&topic.name, "cleanup.policy") {
        Some(policy) if policy == topic.policy => Finding {
            subject,
            good: true,
            detail: format!("cleanup.policy is {policy}"),
            hint: String::new(),
        },
        Some(policy) => Finding {
            subject,
            good: false,
            detail: format!("its cleanup.policy is {policy}, and {} is needed", topic.policy),
            hint: format!("set cleanup.policy={} on the topic", topic.policy),
        },
        None if found.missing => {
            Finding { subject, good: true, detail: MADE.to_owned(), hint: String::new() }
        }
        None => Finding {
            subject,
            good: false,
            detail: ABSENT.to_owned(),
            hint: "let the node make it, or grant its user to describe it".to_owned(),
        },
    }
}
