//! Brokers that guard themselves: three together, of which one may die, and one that asks for a login.

use crate::desk::{Desk, wait_for};
use crate::numbered::{Numbered, Verdict};
use crate::rules::judge;
use std::path::Path;
use yibiao_contract::fault::Point;
use yibiao_kafka_testkit::Broker;

/// Numbered persons of a sending.
const PERSONS: u64 = 24;

#[test]
fn of_three_brokers_one_may_die_and_nothing_is_missing_doubled_or_out_of_order() {
    let brokers = Broker::start_three();
    let shipped = Desk::shipped("quorum.county");
    let config = shipped
        .replace("create_partitions: 3", "create_partitions: 3, create_replicas: 3")
        .replace("prefix: quorum.county", "prefix: quorum.county, replicas: 3");
    let desk = Desk::of(&brokers[0], "quorum.county", &config);
    desk.make_topics();
    let node = desk.run();
    let (mut numbered, mut sent) = (Numbered::default(), 0);
    let mut send = || {
        let rows = numbered.rows(PERSONS);
        sent += rows.len();
        desk.send(&rows);
        sent
    };
    // The node has written, so that every topic has a leader.
    desk.settled(send());
    for (topic, point) in [
        ("quorum.county.chg.civil.person.v1", Some(Point::InTransaction)),
        ("quorum.county.ctl.position.bus-persons.v1", Some(Point::AfterSendBeforeNote)),
        ("quorum.county.in.mz.rows.v1", None),
    ] {
        if let Some(point) = point {
            desk.arm(point);
        }
        send();
        if let Some(point) = point {
            desk.held(point);
        }
        // Whoever leads what is written or read dies, and is away while more comes.
        let leader = usize::try_from(brokers[0].leader(topic, 0)).unwrap();
        brokers[leader - 1].kill();
        if let Some(point) = point {
            desk.release(point);
        }
        desk.settled(send());
        brokers[leader - 1].start_again();
        send();
        brokers[0].in_sync();
    }
    judge(&desk, sent);
    assert_eq!(numbered.judge(&desk.events(), &desk.current()), Verdict::default());
    node.stop();
}

/// A node of one department, whose brokers ask for a login.
fn guarded(broker: &Broker, password: &str) -> String {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/policy/bus.yaml");
    let properties = broker.properties().iter().map(|(name, value)| {
        let value = if name == "sasl.password" { password } else { value };
        format!("{name}: \"{value}\"")
    });
    let properties = properties.collect::<Vec<_>>().join(", ");
    format!(
        r#"
node: {{ data: "${{DATA_DIR}}", listen: "${{HTTP_LISTEN}}", poll_seconds: 0.05 }}
policy: {}
sources:
  - system: MZ
    kafka: {{ brokers: "${{KAFKA_BOOTSTRAP}}", topic: login.county.in.mz.rows.v1, group: login.mz, create_partitions: 1,
             properties: {{ {properties} }} }}
deliveries:
  - subscription: bus-persons
    kafka: {{ brokers: "${{KAFKA_BOOTSTRAP}}", prefix: login.county, properties: {{ {properties} }} }}
"#,
        policy.display()
    )
}

#[test]
fn a_broker_that_refuses_the_login_is_told_without_the_password_and_one_that_takes_it_is_used() {
    let broker = Broker::start_with_login();
    let wrong = Desk::of(&broker, "login.county", &guarded(&broker, "another-secret"));
    let node = wrong.run();
    let parts = ["source MZ", "delivery bus-persons"];
    let told = || {
        let mut reasons = wrong.unready();
        reasons.retain(|_, reason| reason.contains("authentication failed"));
        parts.iter().all(|part| reasons.contains_key(*part)).then_some(reasons)
    };
    let reasons = wait_for(told, || format!("{:?}\n{}", wrong.unready(), wrong.log()));
    for part in parts {
        assert!(reasons[part].contains("correct `sasl.mechanism`, `sasl.username` and `sasl.password`"));
    }
    let said = [wrong.say(&["check", "--json"]), wrong.say(&["doctor", "--json"])];
    for said in &said {
        assert!(said.matches("authentication failed").count() >= 2, "{said}");
    }
    let log = wrong.log();
    assert!(log.contains("authentication failed"), "{log}");
    assert!(!format!("{reasons:?}{said:?}{log}").contains("another-secret"));
    node.stop();

    let desk = Desk::of(&broker, "login.county", &guarded(&broker, &broker.properties()["sasl.password"]));
    assert!(!desk.say(&["check", "--json"]).contains("authentication"));
    let node = desk.run();
    let topic = "login.county.in.mz.rows.v1";
    wait_for(|| broker.has_topic(topic).then_some(()), || desk.log());
    let mut numbered = Numbered::default();
    let rows = numbered.rows(PERSONS);
    desk.send(&rows);
    judge(&desk, rows.len());
    assert_eq!(numbered.judge(&desk.events(), &desk.current()), Verdict::default());
    node.stop();
}
