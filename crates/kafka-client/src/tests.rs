//! What is told of brokers that are out of reach.

use crate::{Told, Why, client, partitions, said};
use rdkafka::client::ClientContext;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

const TIMED_OUT: KafkaError = KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut);

fn of(code: RDKafkaErrorCode) -> KafkaError {
    KafkaError::Global(code)
}

#[test]
fn a_failure_says_what_was_told_of_the_connections_before_it() {
    let told = Told::default();
    told.error(of(RDKafkaErrorCode::Authentication), "broker-1: invalid credentials");
    told.error(of(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
    let Why { reason, hint } = told.why(&TIMED_OUT);
    assert!(reason.ends_with("authentication failed: broker-1: invalid credentials"), "{reason}");
    assert!(hint.unwrap().contains("`sasl.password`"));
}

#[test]
fn what_was_told_is_no_cause_once_a_broker_answers_nor_of_other_failures() {
    let told = Told::default();
    told.error(of(RDKafkaErrorCode::BrokerTransportFailure), "broker-1: refused");
    let fenced = KafkaError::MessageProduction(RDKafkaErrorCode::Fenced);
    assert_eq!(told.why(&fenced).reason, fenced.to_string());
    told.answered();
    assert_eq!(told.why(&TIMED_OUT), Why { reason: TIMED_OUT.to_string(), hint: None });
}

#[test]
fn a_port_where_nobody_listens_is_told() {
    // Taken, and given back.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let asker: BaseConsumer<Told> =
        client(&address, &BTreeMap::new()).create_with_context(Told::default()).unwrap();
    let why = partitions(&asker, "topic", Duration::from_millis(500)).unwrap_err();
    assert!(why.reason.contains("refused") && why.reason.contains(&address), "{why:?}");
}

#[test]
fn a_setting_that_is_refused_is_named_without_its_value() {
    let properties = BTreeMap::from([("sasl.pasword".to_owned(), "a secret".to_owned())]);
    let made =
        client("127.0.0.1:1", &properties).create_with_context::<_, BaseConsumer<Told>>(Told::default());
    let said = said(&made.err().unwrap());
    assert!(said.contains("sasl.pasword") && !said.contains("a secret"), "{said}");
}
