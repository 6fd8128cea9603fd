//! What happens when the group shares its partitions anew: each starts where the node's own commit says.

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use yibiao_kafka_client::Told;

/// What the client library's callbacks and the reading share.
#[derive(Debug, Default)]
pub(crate) struct Group {
    state: Mutex<State>,
    pub(crate) told: Told,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// By partition, the offset of the next message.
    pub(crate) next: BTreeMap<i32, i64>,
    /// The partitions that are read here.
    pub(crate) assigned: BTreeSet<i32>,
    /// Those of which nothing is left for now.
    pub(crate) at_end: BTreeSet<i32>,
    /// Those that the group wants back, of which nothing more is handed on.
    pub(crate) leaving: BTreeSet<i32>,
    /// The membership ends.
    pub(crate) closing: bool,
    /// Whether the group has said what is read here.
    pub(crate) joined: bool,
    /// Why partitions could not be taken or given up.
    pub(crate) failed: Option<String>,
}

impl Group {
    pub(crate) fn at(next: BTreeMap<i32, i64>) -> Group {
        Group { state: Mutex::new(State { next, ..State::default() }), told: Told::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment: a panic elsewhere cannot leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether messages of a partition are handed on.
    pub(crate) fn reads(&self, partition: i32) -> bool {
        self.assigned.contains(&partition) && !self.leaving.contains(&partition)
    }

    /// Notes that partitions are given up.
    pub(crate) fn gone(&mut self, partitions: &BTreeSet<i32>) {
        for partition in partitions {
            self.assigned.remove(partition);
            self.at_end.remove(partition);
            self.leaving.remove(partition);
        }
    }

    /// Whether nothing is left to read for now.
    pub(crate) fn drained(&self) -> bool {
        self.joined && self.assigned.is_subset(&self.at_end)
    }
}

impl ClientContext for Group {
    fn error(&self, error: KafkaError, reason: &str) {
        self.told.error(error, reason);
    }
}

impl ConsumerContext for Group {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let numbers: BTreeSet<i32> =
            partitions.elements().iter().map(|element| element.partition()).collect();
        let mut state = self.state();
        let done = if what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let mut from = TopicPartitionList::new();
            let mut done = Ok(());
            for element in partitions.elements() {
                let next = state.next.get(&element.partition());
                let offset = next.map_or(Offset::Beginning, |next| Offset::Offset(*next));
                done = done.and(from.add_partition_offset(element.topic(), element.partition(), offset));
            }
            state.assigned.extend(&numbers);
            state.joined = true;
            done.and_then(|()| consumer.incremental_assign(&from))
        } else if state.closing || consumer.assignment_lost() {
            state.gone(&numbers);
            consumer.incremental_unassign(partitions)
        } else {
            // The group waits until the reading has given them up.
            state.leaving.extend(&numbers);
            Ok(())
        };
        if let Err(error) = done {
            state.failed = Some(error.to_string());
        }
    }
}
