//! The crash rounds of the level Gold: the node or its broker is killed at every point worth a test and at random, half of
//! the rounds without time to settle, and what comes out is held against what went in.
//!
//! `GOLD_ROUNDS` says how many rounds (10 unless told), `GOLD_REPORT` where the result is written.

use crate::desk::{Desk, Running};
use crate::numbered::{Numbered, Verdict};
use crate::rows;
use crate::rules::{drawn, judge, pause};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use yibiao_contract::fault::Point;
use yibiao_kafka_testkit::Broker;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Node,
    Broker,
    Both,
}

/// When: at a point, or at a moment drawn at random.
type Moment = Option<Point>;

/// What happens, round by round, over and over. The first ten have every point.
const DECK: [(Victim, Moment); 13] = [
    (Victim::Node, Some(Point::AfterDecide)),
    (Victim::Broker, Some(Point::InTransaction)),
    (Victim::Node, None),
    (Victim::Node, Some(Point::AfterSendBeforeNote)),
    (Victim::Node, Some(Point::BeforeCommit)),
    (Victim::Broker, None),
    (Victim::Node, Some(Point::AfterCommitBeforeAck)),
    (Victim::Node, Some(Point::InTransaction)),
    (Victim::Broker, Some(Point::AfterSendBeforeNote)),
    (Victim::Both, None),
    (Victim::Broker, Some(Point::AfterDecide)),
    (Victim::Broker, Some(Point::BeforeCommit)),
    (Victim::Broker, Some(Point::AfterCommitBeforeAck)),
];

/// The latest moment of a random kill after the round's rows were sent.
const MOMENT_MS_MAX: u64 = 2_500;
/// Numbered persons of a round.
const PERSONS: u64 = 24;

#[test]
fn nothing_is_missing_doubled_or_out_of_order_whoever_dies_when() {
    let rounds = std::env::var("GOLD_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    let broker = Broker::start();
    let desk = Desk::new(&broker, "gold.county");
    desk.make_topics();
    let started = Instant::now();
    let county = rows::of_county(60);
    let mut chunks = county.chunks(county.len().div_ceil(rounds));
    let (mut numbered, mut sent) = (Numbered::default(), 0);
    let mut node = None;
    let mut tally: BTreeMap<(Victim, &str), usize> = BTreeMap::new();
    for round in 0..rounds {
        let (victim, moment) = DECK[round % DECK.len()];
        let running = node.take().unwrap_or_else(|| desk.run());
        if let Some(point) = moment {
            desk.arm(point);
        }
        let chunk = [chunks.next().unwrap_or_default(), &numbered.rows(PERSONS)].concat();
        sent += chunk.len();
        desk.send(&chunk);
        node = strike(&desk, &broker, running, round, victim, moment);
        *tally.entry((victim, moment.map_or("at random", Point::name))).or_insert(0) += 1;
        // Every other round goes on at once.
        if round % 2 == 1 {
            node = Some(node.unwrap_or_else(|| desk.run()));
            desk.settled(sent);
        }
    }
    let node = node.unwrap_or_else(|| desk.run());
    judge(&desk, sent);
    let (events, current) = (desk.events(), desk.current());
    let verdict = numbered.judge(&events, &current);
    if let Some(path) = std::env::var_os("GOLD_REPORT") {
        let seconds = started.elapsed().as_secs();
        std::fs::write(path, report(&tally, &numbered, sent, events.len(), &verdict, seconds)).unwrap();
    }
    assert_eq!(verdict, Verdict::default());
    node.stop();
}

/// Kills; returns the node where it lives on.
fn strike(
    desk: &Desk<'_>,
    broker: &Broker,
    node: Running,
    round: usize,
    victim: Victim,
    moment: Moment,
) -> Option<Running> {
    match moment {
        Some(point) => desk.held(point),
        None => pause(Duration::from_millis(drawn(u64::try_from(round).unwrap(), MOMENT_MS_MAX))),
    }
    let node = if victim == Victim::Broker {
        Some(node)
    } else {
        node.kill();
        None
    };
    if victim != Victim::Node {
        broker.kill();
        broker.start_again();
    }
    if let Some(point) = moment {
        desk.release(point);
    }
    node
}

fn report(
    tally: &BTreeMap<(Victim, &str), usize>,
    numbered: &Numbered,
    sent: usize,
    events: usize,
    verdict: &Verdict,
    seconds: u64,
) -> String {
    let mut text = String::from(
        "# Gold: the crash rounds\n\nWritten by `just gold`. In each round rows are sent to the six departments' topics, and \
         the node, its broker or both\nare killed with SIGKILL at a named point (`crates/contract/src/fault.rs`) or at a random \
         moment. Every other round goes on\nat once, without time to settle. At the end a reader of committed records must have \
         every change once, in order, and the\ntopics, the node's export and its counts must agree.\n\n| killed | where | rounds \
         |\n|---|---|---|\n",
    );
    for ((victim, moment), times) in tally {
        let victim = match victim {
            Victim::Node => "node",
            Victim::Broker => "broker",
            Victim::Both => "both",
        };
        writeln!(text, "| {victim} | {moment} | {times} |").unwrap();
    }
    let Verdict { missing, doubled, disordered } = verdict;
    let rounds: usize = tally.values().sum();
    let of_numbers = numbered.sent();
    writeln!(
        text,
        "\n| rounds | rows sent | of them numbered | events read | missing | doubled | out of order | seconds \
         |\n|---|---|---|---|---|---|---|---|\n| {rounds} | {sent} | {of_numbers} | {events} | {missing} | {doubled} | \
         {disordered} | {seconds} |"
    )
    .unwrap();
    text
}
