//! What is shown of each subscription. A node may have ten thousand of them: each is a few numbers here, and its series are
//! made when somebody asks for them.
//!
//! **Invariant:** it is shown and decides nothing.

use crate::account::Account;
use crate::lag::Lag;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yibiao_record::{ChangeSeq, Timestamp};

/// What becomes of a dead letter that is replayed or purged.
const LETTER_OUTCOMES: [&str; 5] = ["replayed", "filtered", "refused", "superseded", "purged"];

/// The numbers of all subscriptions; clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallies(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    /// Where the feed ends.
    feed: ChangeSeq,
    now: Timestamp,
    lag: Lag,
    of: BTreeMap<Box<str>, Tally>,
}

/// The numbers of one subscription.
#[derive(Clone, Debug, Default)]
struct Tally {
    position: u64,
    delivered: u64,
    filtered: u64,
    dead: u64,
    letters: u64,
    disabled: bool,
    /// It has somewhere to go.
    receives: bool,
    /// Deliveries that failed.
    failures: u64,
    /// Letters that were settled, by outcome.
    settled: [u64; LETTER_OUTCOMES.len()],
}

/// All series of one name.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    /// Which label holds the subscription.
    label: &'static str,
    /// The series of one subscription: their further labels, and their values.
    series: fn(&Table, &Tally) -> Vec<(Labels, f64)>,
}

type Labels = &'static [(&'static str, &'static str)];

impl Tallies {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, subscription: &str, change: impl FnOnce(&mut Tally)) {
        let mut table = self.table();
        match table.of.get_mut(subscription) {
            Some(tally) => change(tally),
            None => change(table.of.entry(subscription.into()).or_default()),
        }
    }

    /// A subscription has somewhere to go. It is shown before anything fails: an alert compares with what was shown before.
    pub(crate) fn receives(&self, subscription: &str) {
        self.change(subscription, |tally| tally.receives = true);
    }

    /// A delivery failed, and is tried again after a while.
    pub(crate) fn failed(&self, subscription: &str) {
        self.change(subscription, |tally| tally.failures += 1);
    }

    /// A dead letter was replayed or purged.
    pub(crate) fn settled(&self, subscription: &str, outcome: &str) {
        self.change(subscription, |tally| {
            let of = LETTER_OUTCOMES.iter().zip(&mut tally.settled).find(|(name, _)| **name == outcome);
            of.into_iter().for_each(|(_, settled)| *settled += 1);
        });
    }

    /// The counts of a subscription, as the store has them.
    pub(crate) fn show(&self, account: &Account) {
        self.change(&account.subscription, |tally| {
            tally.position = account.feed.saturating_sub(account.pending);
            (tally.delivered, tally.filtered, tally.dead) =
                (account.delivered, account.filtered_in_all(), account.dead);
            tally.letters = u64::try_from(account.letters).unwrap_or(u64::MAX);
            tally.disabled = account.disabled.is_some();
        });
        self.ends(ChangeSeq(account.feed));
    }

    /// Where the feed ends now.
    pub(crate) fn ends(&self, feed: ChangeSeq) {
        let mut table = self.table();
        table.feed = table.feed.max(feed);
    }

    /// What time it is where the feed ends at a change.
    pub(crate) fn at(&self, feed: ChangeSeq, now: Timestamp) {
        let mut table = self.table();
        table.feed = table.feed.max(feed);
        table.now = now;
        table.lag.note(feed, now);
    }
}

impl Collector for Tallies {
    /// None: some of the names are also those of what sources count.
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let table = self.table();
        FAMILIES.iter().map(|family| family.collect(&table)).collect()
    }
}

impl Family {
    fn collect(&self, table: &Table) -> MetricFamily {
        let mut metrics = Vec::new();
        for (subscription, tally) in &table.of {
            let series = (self.series)(table, tally);
            metrics
                .extend(series.into_iter().map(|(labels, value)| self.metric(subscription, labels, value)));
        }
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(self.kind);
        family.set_metric(metrics);
        family
    }

    fn metric(&self, subscription: &str, labels: Labels, value: f64) -> Metric {
        let pair = |(name, value): (&str, &str)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.to_owned());
            pair.set_value(value.to_owned());
            pair
        };
        let own = std::iter::once((self.label, subscription)).chain(labels.iter().copied());
        let mut labels: Vec<LabelPair> = own.map(pair).collect();
        labels.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        let mut metric = Metric::default();
        metric.set_label(labels);
        if self.kind == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        metric
    }
}

impl Table {
    fn pending(&self, tally: &Tally) -> u64 {
        self.feed.0.saturating_sub(tally.position)
    }
}

const FAMILIES: [Family; 10] = [
    Family {
        name: "yibiao_subscription_changes",
        help: "Changes of the feed by what became of them for a subscription; the four add up to the feed.",
        kind: MetricType::GAUGE,
        label: "subscription",
        series: |table, tally| {
            vec![
                (&[("outcome", "delivered")], float(tally.delivered)),
                (&[("outcome", "filtered")], float(tally.filtered)),
                (&[("outcome", "dead")], float(tally.dead)),
                (&[("outcome", "pending")], float(table.pending(tally))),
            ]
        },
    },
    Family {
        name: "yibiao_subscription_reconciliation_gap_events",
        help: "Changes of the feed that none of the four counts holds: always 0.",
        kind: MetricType::GAUGE,
        label: "subscription",
        series: |table, tally| {
            let held = [table.pending(tally), tally.delivered, tally.filtered, tally.dead];
            one(float(table.feed.0) - held.into_iter().map(float).sum::<f64>())
        },
    },
    Family {
        name: "yibiao_subscription_disabled",
        help: "1 where the receiver said that it is gone.",
        kind: MetricType::GAUGE,
        label: "subscription",
        series: |_, tally| one(f64::from(u8::from(tally.disabled))),
    },
    Family {
        name: "yibiao_subscription_dlq_events",
        help: "Dead letters that wait.",
        kind: MetricType::GAUGE,
        label: "subscription",
        series: |_, tally| one(float(tally.letters)),
    },
    Family {
        name: "yibiao_subscription_dlq_settled_total",
        help: "Dead letters that were replayed or purged, by what became of them.",
        kind: MetricType::COUNTER,
        label: "subscription",
        series: |_, tally| {
            const OUTCOMES: [Labels; LETTER_OUTCOMES.len()] = [
                &[("outcome", LETTER_OUTCOMES[0])],
                &[("outcome", LETTER_OUTCOMES[1])],
                &[("outcome", LETTER_OUTCOMES[2])],
                &[("outcome", LETTER_OUTCOMES[3])],
                &[("outcome", LETTER_OUTCOMES[4])],
            ];
            let any = tally.receives || tally.settled.iter().any(|settled| *settled > 0);
            let settled = OUTCOMES.into_iter().zip(tally.settled);
            settled.filter(|_| any).map(|(labels, settled)| (labels, float(settled))).collect()
        },
    },
    Family {
        name: "yibiao_subscription_lag_events",
        help: "Changes that wait for a receiver.",
        kind: MetricType::GAUGE,
        label: "subscription",
        series: |table, tally| of_receiver(tally, float(table.pending(tally))),
    },
    Family {
        name: "yibiao_subscription_lag_seconds",
        help: "How far the feed has gone on since the oldest change that waits.",
        kind: MetricType::GAUGE,
        label: "subscription",
        series: |table, tally| of_receiver(tally, float(table.lag.behind(tally.position, table.now).0)),
    },
    Family {
        name: "yibiao_subscription_oldest_unacked_seconds",
        help: "How long the oldest change that waits has waited.",
        kind: MetricType::GAUGE,
        label: "subscription",
        series: |table, tally| of_receiver(tally, float(table.lag.behind(tally.position, table.now).1)),
    },
    Family {
        name: "yibiao_component_errors_total",
        help: crate::metrics::ERRORS_HELP,
        kind: MetricType::COUNTER,
        label: "component",
        series: |_, tally| {
            let labels: Labels = &[("stage", "sending"), ("error_type", "edge")];
            Vec::from_iter(tally.receives.then(|| (labels, float(tally.failures))))
        },
    },
    Family {
        name: "yibiao_component_restarts_total",
        help: crate::metrics::RESTARTS_HELP,
        kind: MetricType::COUNTER,
        label: "component",
        series: |_, tally| of_receiver(tally, float(tally.failures)),
    },
];

fn one(value: f64) -> Vec<(Labels, f64)> {
    vec![(&[], value)]
}

/// A series only where there is a receiver.
fn of_receiver(tally: &Tally, value: f64) -> Vec<(Labels, f64)> {
    if tally.receives { one(value) } else { Vec::new() }
}

/// As metrics have numbers: exact up to 2^53.
#[expect(clippy::as_conversions, reason = "there is no other way from u64 to f64")]
fn float(number: u64) -> f64 {
    number as f64
}
