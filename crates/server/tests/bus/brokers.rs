//! Brokers that guard themselves: three together, of which one may die.

use crate::desk::Desk;
use crate::numbered::{Numbered, Verdict};
use crate::rules::judge;
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
