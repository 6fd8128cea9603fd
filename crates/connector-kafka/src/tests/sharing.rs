//! What happens to partitions that move between two of a group.

use super::{LIMITS, config, connector, drain, messages, next, record};
use crate::KafkaConnector;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use yibiao_contract::{BatchLimits, Connector, Cursor, Item};
use yibiao_kafka_testkit::Broker;

impl KafkaConnector {
    /// The partitions that are read here, and those of them that the group wants back.
    fn share(&self) -> (BTreeSet<i32>, BTreeSet<i32>) {
        crate::locked(&self.reading).share()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_a_group_share_the_partitions_and_lose_none() {
    let broker = Broker::shared();
    let mut config = config(broker, "shared");
    config.create_partitions = Some(4);
    let (mut one, mut two) = (connector(&config), connector(&config));
    let (_, mut at_one) = drain(&mut one, &Cursor::default(), LIMITS).await;
    let values: Vec<(String, String)> =
        (0..200).map(|number| (format!("k{number}"), format!(r#"{{"姓名":"n{number}"}}"#))).collect();
    broker.produce("shared", values[..100].iter().map(|(key, value)| record(key, value)));
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut note = |rows: Vec<String>| {
        for row in rows {
            *seen.entry(row.rsplit(':').next().unwrap().to_owned()).or_insert(0) += 1;
        }
    };
    let (rows, next) = drain(&mut one, &at_one, LIMITS).await;
    note(rows);
    at_one = next;
    // The second joins while the first goes on: both are asked until all has come.
    let mut at_two = at_one.clone();
    broker.produce("shared", values[100..].iter().map(|(key, value)| record(key, value)));
    for _ in 0..5 {
        let ((rows_one, next_one), (rows_two, next_two)) =
            tokio::join!(drain(&mut one, &at_one, LIMITS), drain(&mut two, &at_two, LIMITS));
        note(rows_one);
        note(rows_two);
        (at_one, at_two) = (next_one, next_two);
    }
    assert_eq!(seen.len(), 200, "every message reaches one of the two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_is_given_up_only_once_what_was_handed_on_of_it_is_durable() {
    let broker = Broker::shared();
    let mut config = config(broker, "handed");
    config.create_partitions = Some(2);
    let (mut one, mut two) = (connector(&config), connector(&config));
    let (_, start) = drain(&mut one, &Cursor::default(), LIMITS).await;
    let keys: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    broker.produce("handed", keys.iter().map(|key| record(key, "{}")));
    let mut handed = start.clone();
    while let Some(batch) = next(&mut one, &handed, LIMITS).await {
        handed = batch.cursor;
    }
    // The second joins: the group wants a partition back, and does not get it.
    let mut rounds = 0;
    while one.share().1.is_empty() {
        let (_, read) = tokio::join!(one.read(&handed, LIMITS), two.read(&start, LIMITS));
        assert_eq!(read.unwrap(), None);
        rounds += 1;
        assert!(rounds < 60, "the group wants nothing back");
    }
    for _ in 0..3 {
        let (rest, read) = tokio::join!(one.read(&handed, LIMITS), two.read(&start, LIMITS));
        assert_eq!((rest.unwrap(), read.unwrap()), (None, None), "not before the node has called it durable");
    }
    let wanted = one.share().1;
    one.commit(&handed).await.unwrap();
    let mut moved = None;
    for _ in 0..60 {
        let (rest, read) = tokio::join!(one.read(&handed, LIMITS), two.read(&start, LIMITS));
        assert_eq!(rest.unwrap(), None, "all of it was handed on before");
        moved = moved.or(read.unwrap());
        if moved.is_some() {
            break;
        }
    }
    assert!(!messages(&moved.unwrap()).is_empty());
    assert!(one.share().1.is_empty() && one.share().0.is_disjoint(&wanted));
    let told = crate::locked(&two.reading).told(&wanted);
    assert!(told.values().all(|offset| *offset > 0), "the group knows how far the first came: {told:?}");
}

/// Who handed on which message, in the order in which it was done.
type Told = Mutex<Vec<(usize, String, u64)>>;

/// Reads as the pipeline does, one batch ahead of what is durable, until everybody has read everything.
async fn follow(who: usize, connector: &mut KafkaConnector, told: &Told, done: impl Fn() -> bool) {
    let small = BatchLimits { rows_max: 25, ..LIMITS };
    let (mut at, mut open) = (Cursor::default(), VecDeque::new());
    while !done() {
        let read = connector.read(&at, small).await.unwrap();
        let kept = usize::from(read.is_some());
        while open.len() > kept {
            connector.commit(&open.pop_front().unwrap()).await.unwrap();
        }
        let Some(batch) = read else { continue };
        at = batch.cursor.clone();
        open.push_back(batch.cursor);
        for item in batch.items {
            let Item::Messages(messages) = item else { panic!("no messages: {item:?}") };
            let of = messages.messages.iter().map(|message| (who, messages.name.clone(), message.locator));
            told.lock().unwrap().extend(of);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_nobody_hands_on_what_the_other_has_taken_over_and_none_is_left_out() {
    const MESSAGES: usize = 3_000;
    let broker = Broker::shared();
    let mut config = config(broker, "moving");
    config.create_partitions = Some(4);
    config.wait_ms = 50;
    let (mut one, mut two) = (connector(&config), connector(&config));
    drain(&mut one, &Cursor::default(), LIMITS).await;
    let keys: Vec<String> = (0..MESSAGES).map(|number| format!("k{number}")).collect();
    let told = Told::default();
    let seen = |who: usize| {
        let told = told.lock().unwrap();
        told.iter().filter(|(whose, ..)| *whose == who).map(|(_, name, at)| (name.clone(), *at)).collect()
    };
    // The second has a position of its own, and so reads its partitions from the start.
    let done = || {
        let (one, two): (BTreeSet<_>, BTreeSet<_>) = (seen(1), seen(2));
        !two.is_empty() && one.union(&two).count() == MESSAGES
    };
    let sending = async {
        for chunk in keys.chunks(100) {
            tokio::task::block_in_place(|| {
                broker.produce("moving", chunk.iter().map(|key| record(key, "{}")));
            });
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(sending, follow(1, &mut one, &told, done), follow(2, &mut two, &told, done));
    let told = told.into_inner().unwrap();
    let mut taken_over: BTreeSet<&str> = BTreeSet::new();
    let mut next: BTreeMap<(usize, &str), u64> = BTreeMap::new();
    for (who, name, at) in &told {
        if *who == 2 {
            taken_over.insert(name);
        }
        assert!(*who == 2 || !taken_over.contains(name.as_str()), "{name} was handed on by both at once");
        let expected = next.insert((*who, name), at + 1).unwrap_or(0);
        assert_eq!(*at, expected, "{name} is handed on without a gap or a repeat");
    }
}
