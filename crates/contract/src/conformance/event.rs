//! The checks of an [`EventAdapter`], Bronze; those of Silver are in `event_silver`.

use super::connector::Trouble;
use super::event_silver as more;
use super::report::Report;
use super::run::{
    Cannot, Flaw, Outage, Run, TROUBLES, broken, bronze, judge_delivered, judge_good, judge_outcomes,
    judge_quiet, judge_words, silver,
};
use super::sample::samples;
use crate::{ChangeEvent, Delivery, EventAdapter, EventBatch, EventRecord, FeedMark, Outcome};
use std::collections::BTreeMap;
use std::time::Duration;
use yibiao_record::{ChangeKind, ElementId, EntityId, EntityKind, Timestamp, Value};

/// What an author gives the kit: a receiver of events of their own, and the means to look into it.
///
/// The kit makes the receiver anew for every check.
pub trait EventFixture {
    /// The adapter that is tested.
    type Adapter: EventAdapter;

    /// What the report calls it: the name of its crate.
    fn subject(&self) -> String;

    /// Makes the receiver anew, free of every trouble, with nothing in it.
    fn empty(&mut self) -> Result<(), Cannot>;

    /// An adapter for the receiver, as the node makes it at its start.
    fn connect(&mut self) -> Self::Adapter;

    /// A person's name as a value that the receiver takes.
    fn name(&self, name: &str) -> (ElementId, Value);

    /// Every event that the receiver has, those of one entity in the order in which it took them.
    fn look(&mut self) -> Vec<Received>;

    /// An event that the receiver refuses for good, as this one would be.
    fn unfit(&self, event: ChangeEvent) -> Result<ChangeEvent, Cannot> {
        Err(Cannot::because(format!("the receiver refuses no event (such as {})", event.position)))
    }

    /// Brings a trouble upon the receiver.
    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        Err(Cannot::because(format!("the fixture cannot make the receiver so: {trouble:?}")))
    }

    /// Ends the trouble.
    fn mend(&mut self) {}

    /// How long a check may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// An event as a receiver has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its position.
    pub position: u64,
    /// The entity's id.
    pub entity: String,
    /// The name in its record; `None` where it has no record.
    pub name: Option<String>,
}

/// Entities of the kit's events.
const ENTITIES: u64 = 3;
pub(super) const EVENTS: u64 = 7;

/// Tests an adapter of events and says which level it reaches.
pub async fn event_adapter<F: EventFixture>(fixture: &mut F) -> Report {
    let mut run = Run::new("event adapter", fixture.subject(), fixture.patience());
    let f = fixture;
    let mut outage = None;
    run.check(
        bronze("check-good", "`check` finds a good receiver good and says what it looked at", &[]),
        good(f),
    )
    .await;
    run.check(
        bronze("check-broken", "`check` says what is wrong with a broken receiver and what to do", &[]),
        ill(f, &mut outage),
    )
    .await;
    run.check(
        bronze("outcomes", "every event has its outcome, in order; an empty batch has none", &[]),
        outcomes(f),
    )
    .await;
    let told = &["outcomes"];
    run.check(bronze("delivered", "every event arrives, and no other", told), delivered(f)).await;
    let made = &["delivered"];
    run.check(bronze("order", "the events of one entity arrive in their order", made), order(f)).await;
    run.check(bronze("values", "text of every script arrives as it is", made), values(f)).await;
    run.check(bronze("many", "500 events arrive, in batches as large as it takes", made), many(f)).await;
    run.check(
        bronze("quiet", "no finding, error or `Debug` shows a value of a record", made),
        quiet(f, outage.as_ref()),
    )
    .await;
    run.check(
        silver("position", "the position that it tells is the one that was written last", made),
        more::position(f),
    )
    .await;
    run.check(
        silver("empty-batch", "a batch without events moves the position", &["position"]),
        more::empty_batch(f),
    )
    .await;
    run.check(silver("twice", "a batch that is written twice arrives once", made), more::twice(f)).await;
    run.check(silver("redeliver", "so it does where another adapter repeats it", made), more::redeliver(f))
        .await;
    run.check(silver("overlap", "of a batch that arrived in part, the rest arrives", made), more::overlap(f))
        .await;
    run.check(silver("fenced", "an adapter that was replaced writes nothing more", made), more::fenced(f))
        .await;
    run.check(
        silver("refuse-one", "an event that is refused has a reason, and the others arrive", made),
        more::refuse_one(f),
    )
    .await;
    run.check(
        silver("given-up", "a write that is given up half-way can be made again", made),
        more::given_up(f),
    )
    .await;
    for (name, rule, trouble) in TROUBLES {
        run.check(silver(name, rule, made), more::trouble(f, trouble)).await;
    }
    run.check(silver("error-words", "an error names attempt, reason and next step", made), async {
        judge_words(outage.as_ref())
    })
    .await;
    run.end()
}

pub(super) fn event<F: EventFixture>(f: &F, position: u64, name: &str) -> ChangeEvent {
    let number = position % ENTITIES + 1;
    let (element, value) = f.name(name);
    let kind = if position <= ENTITIES { ChangeKind::Created } else { ChangeKind::Updated };
    let record = EventRecord { values: vec![(element, value)], ..EventRecord::default() };
    ChangeEvent {
        position,
        entity: EntityId { kind: EntityKind::Person, number },
        kind,
        time: Timestamp(1_790_000_000),
        changed: vec![element],
        record: Some(record),
    }
}

/// The kit's events from one position to another.
pub(super) fn events<F: EventFixture>(f: &F, from: u64, to: u64) -> Vec<ChangeEvent> {
    (from..=to).map(|position| event(f, position, &format!("name {position}"))).collect()
}

pub(super) fn batch(upto: u64, events: Vec<ChangeEvent>) -> EventBatch {
    EventBatch { upto: mark(upto), events }
}

pub(super) fn mark(position: u64) -> FeedMark {
    FeedMark { position, digest: format!("d{position}").into() }
}

/// Writes as the node does: no more events at once than the adapter takes, and again from the first that waits, as long as
/// each time at least one is settled.
pub(super) async fn write<A: EventAdapter>(
    adapter: &mut A,
    batch: &EventBatch,
) -> Result<Vec<Outcome>, Flaw> {
    let mut outcomes = Vec::new();
    loop {
        let rest = batch.events.get(outcomes.len()..).unwrap_or_default();
        let events: Vec<ChangeEvent> = rest.iter().take(adapter.events_max().max(1)).cloned().collect();
        let upto = match events.last() {
            Some(last) if events.len() < rest.len() => mark(last.position),
            _ => batch.upto.clone(),
        };
        let part = EventBatch { upto, events };
        let told = judge_outcomes(adapter.write(&part).await, part.events.len(), "event")?;
        let is_settled = |outcome: &&Outcome| matches!(outcome, Outcome::Delivered | Outcome::Reject(_));
        let settled = told.iter().take_while(is_settled).count();
        let stuck = settled == 0;
        outcomes.extend(told.into_iter().take(if stuck { usize::MAX } else { settled }));
        if stuck || outcomes.len() >= batch.events.len() {
            return Ok(outcomes);
        }
    }
}

pub(super) async fn deliver<A: EventAdapter>(adapter: &mut A, batch: &EventBatch) -> Result<(), Flaw> {
    judge_delivered(&write(adapter, batch).await?, "an event")
}

/// An adapter as the node makes it: asked how far the receiver is before it writes.
pub(super) async fn connect<F: EventFixture>(f: &mut F) -> Result<F::Adapter, Flaw> {
    let mut adapter = f.connect();
    adapter
        .last_applied()
        .await
        .map_err(|error| broken(error.to_string(), "tell the position, or `None`"))?;
    Ok(adapter)
}

/// Fails unless the receiver has exactly the events of these positions; more than once where it only appends.
pub(super) fn holds<F: EventFixture>(
    f: &mut F,
    positions: std::ops::RangeInclusive<u64>,
    appends: bool,
    hint: &str,
) -> Result<(), Flaw> {
    let mut counts: BTreeMap<u64, u64> = positions.map(|position| (position, 0)).collect();
    for received in f.look() {
        match counts.get_mut(&received.position) {
            Some(count) => *count += 1,
            None => {
                return Err(broken(format!("event {} arrived, which was not sent", received.position), hint));
            }
        }
    }
    match counts.into_iter().find(|(_, count)| *count == 0 || (*count > 1 && !appends)) {
        Some((position, count)) => Err(broken(format!("event {position} arrived {count} times"), hint)),
        None => Ok(()),
    }
}

/// Whether a repeat may arrive twice.
pub(super) fn repeats<A: EventAdapter>(adapter: &A) -> bool {
    adapter.delivery() == Delivery::Append
}

async fn good<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    judge_good(&f.connect().check().await)
}

async fn ill<F: EventFixture>(f: &mut F, outage: &mut Option<Outage>) -> Result<(), Flaw> {
    f.empty()?;
    f.trouble(Trouble::Gone)?;
    let mut adapter = f.connect();
    let findings = adapter.check().await;
    let error = adapter.write(&batch(EVENTS, events(f, 1, EVENTS))).await.err();
    f.mend();
    outage.insert(Outage { findings, error }).judge_findings()
}

async fn outcomes<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    write(&mut adapter, &batch(EVENTS, events(f, 1, EVENTS))).await?;
    write(&mut adapter, &batch(EVENTS + 1, Vec::new())).await.map(drop)
}

async fn delivered<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    deliver(&mut adapter, &batch(EVENTS, events(f, 1, EVENTS))).await?;
    holds(f, 1..=EVENTS, false, "say `Delivered` of an event only when the receiver has it")
}

async fn order<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    deliver(&mut adapter, &batch(12, events(f, 1, 12))).await?;
    deliver(&mut adapter, &batch(24, events(f, 13, 24))).await?;
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for Received { position, entity, .. } in f.look() {
        let before = last.insert(entity.clone(), position).unwrap_or(0);
        if position < before {
            return Err(broken(
                format!("of {entity}, event {position} arrived behind {before}"),
                "send the events of one entity one behind the other: one key, one partition, one request at a time",
            ));
        }
    }
    Ok(())
}

async fn values<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let names: BTreeMap<u64, String> = (1..=EVENTS).zip(samples(7).into_iter().map(|row| row.name)).collect();
    let events = names.iter().map(|(position, name)| event(f, *position, name)).collect();
    deliver(&mut connect(f).await?, &batch(EVENTS, events)).await?;
    for received in f.look() {
        if received.name.as_ref() != names.get(&received.position) {
            return Err(broken(
                format!("the name of event {} is {:?} at the receiver", received.position, received.name),
                "encode text as the receiver reads it",
            ));
        }
    }
    Ok(())
}

async fn many<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    deliver(&mut adapter, &batch(500, events(f, 1, 500))).await?;
    let appends = repeats(&adapter);
    holds(f, 1..=500, appends, "write a large batch in parts, if need be, and tell of all")
}

async fn quiet<F: EventFixture>(f: &mut F, outage: Option<&Outage>) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    deliver(&mut adapter, &batch(EVENTS, events(f, 1, EVENTS))).await?;
    let mut said = vec![("its `Debug`", format!("{adapter:?}"))];
    said.push(("`check`", format!("{:?}", adapter.check().await)));
    said.extend(outage.into_iter().flat_map(Outage::said));
    let values: Vec<String> = (1..=EVENTS).map(|position| format!("name {position}")).collect();
    judge_quiet(&said, &values)
}
