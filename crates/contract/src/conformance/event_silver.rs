//! The checks of an [`EventAdapter`](crate::EventAdapter) that belong to Silver: nothing is lost or doubled whatever fails.

use super::connector::Trouble;
use super::event::{
    EVENTS, EventFixture, batch, connect, deliver, event, events, holds, mark, repeats, write,
};
use super::run::{Flaw, broken, judge_waiting};
use crate::{Delivery, EventAdapter, FeedMark, Outcome};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

const ONCE: &str = "leave out what is not beyond the receiver's own position; else say `Delivery::Append`";

fn appended() -> Flaw {
    Flaw::NotApplicable("the receiver only appends (`Delivery::Append`)".to_owned())
}

pub(super) async fn position<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let hint =
        "note position and digest with the events, in one step where the receiver can; else say `None`";
    let told = |applied: Result<Option<FeedMark>, crate::EdgeError>| {
        applied.map_err(|error| broken(error.to_string(), hint))
    };
    let mut adapter = f.connect();
    if let Some(before) = told(adapter.last_applied().await)? {
        return Err(broken(format!("a new receiver is told to be at {}", before.position), hint));
    }
    deliver(&mut adapter, &batch(EVENTS, events(f, 1, EVENTS))).await?;
    let transactional = adapter.delivery() == Delivery::Transactional;
    let after = told(adapter.last_applied().await)?;
    drop(adapter);
    let again = told(f.connect().last_applied().await)?;
    let want = Some(mark(EVENTS));
    if after == want && again == want {
        return Ok(());
    }
    match (after, again) {
        (None, None) if !transactional => {
            Err(Flaw::NotApplicable("the receiver cannot tell its position".to_owned()))
        }
        (after, again) => Err(broken(format!("after {want:?} it tells {after:?}, and then {again:?}"), hint)),
    }
}

pub(super) async fn empty_batch<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    deliver(&mut adapter, &batch(EVENTS, events(f, 1, EVENTS))).await?;
    deliver(&mut adapter, &batch(EVENTS + 5, Vec::new())).await?;
    let hint = "note the position of a batch without events too: what lies before it was filtered";
    match adapter.last_applied().await.map_err(|error| broken(error.to_string(), hint))? {
        None => Err(Flaw::NotApplicable("the receiver cannot tell its position".to_owned())),
        Some(applied) if applied == mark(EVENTS + 5) => Ok(()),
        Some(applied) => Err(broken(format!("it is still at {}", applied.position), hint)),
    }
}

pub(super) async fn twice<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    if repeats(&adapter) {
        return Err(appended());
    }
    let batch = batch(EVENTS, events(f, 1, EVENTS));
    deliver(&mut adapter, &batch).await?;
    deliver(&mut adapter, &batch).await?;
    holds(f, 1..=EVENTS, false, ONCE)
}

pub(super) async fn redeliver<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let batch = batch(EVENTS, events(f, 1, EVENTS));
    let mut first = connect(f).await?;
    if repeats(&first) {
        return Err(appended());
    }
    deliver(&mut first, &batch).await?;
    drop(first);
    let mut second = connect(f).await?;
    deliver(&mut second, &batch).await?;
    holds(f, 1..=EVENTS, false, ONCE)
}

pub(super) async fn overlap<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    deliver(&mut adapter, &batch(4, events(f, 1, 4))).await?;
    deliver(&mut adapter, &batch(EVENTS, events(f, 1, EVENTS))).await?;
    let appends = repeats(&adapter);
    holds(f, 1..=EVENTS, appends, ONCE)
}

pub(super) async fn fenced<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut old = connect(f).await?;
    if old.delivery() != Delivery::Transactional {
        return Err(Flaw::NotApplicable("the receiver is not `Delivery::Transactional`".to_owned()));
    }
    deliver(&mut old, &batch(2, events(f, 1, 2))).await?;
    let mut new = connect(f).await?;
    // Whether it fails or says nothing: it must not arrive.
    drop(old.write(&batch(9, events(f, 9, 9))).await);
    deliver(&mut new, &batch(EVENTS, events(f, 3, EVENTS))).await?;
    holds(f, 1..=EVENTS, false, "shut out every earlier writer before `last_applied` answers")
}

pub(super) async fn refuse_one<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let mut mixed = events(f, 1, EVENTS);
    let unfit = f.unfit(event(f, EVENTS + 1, "unfit"))?;
    mixed.push(unfit);
    mixed.push(event(f, EVENTS + 2, "last"));
    let outcomes = write(&mut connect(f).await?, &batch(EVENTS + 2, mixed)).await?;
    let hint = "answer the event that is refused with `Reject` and its reason, and deliver the others";
    let refused = usize::try_from(EVENTS).unwrap_or(0);
    for (place, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Reject(reason) if place == refused && !reason.is_empty() => {}
            Outcome::Delivered if place != refused => {}
            other => return Err(broken(format!("event {} is {other:?}", place + 1), hint)),
        }
    }
    let arrived: Vec<u64> = f.look().into_iter().map(|received| received.position).collect();
    let want = (1..=EVENTS).chain([EVENTS + 2]);
    match want.into_iter().find(|position| !arrived.contains(position)) {
        Some(position) => Err(broken(format!("event {position} did not arrive"), hint)),
        None if arrived.contains(&(EVENTS + 1)) => Err(broken("the event that was refused arrived", hint)),
        None => Ok(()),
    }
}

pub(super) async fn given_up<F: EventFixture>(f: &mut F) -> Result<(), Flaw> {
    f.empty()?;
    let batch = batch(EVENTS, events(f, 1, EVENTS));
    let mut adapter = connect(f).await?;
    let ended = {
        let mut write = pin!(adapter.write(&batch));
        poll_fn(|context| Poll::Ready(write.as_mut().poll(context).is_ready())).await
    };
    // One that ended at once was not given up. After every other the node asks how far the receiver is.
    if !ended {
        adapter.last_applied().await.map_err(|error| broken(error.to_string(), ONCE))?;
        deliver(&mut adapter, &batch).await?;
    }
    let appends = repeats(&adapter);
    holds(
        f,
        1..=EVENTS,
        appends,
        "a dropped `write` may have written; the next one must come to the same end",
    )
}

pub(super) async fn trouble<F: EventFixture>(f: &mut F, trouble: Trouble) -> Result<(), Flaw> {
    f.empty()?;
    let mut adapter = connect(f).await?;
    deliver(&mut adapter, &batch(3, events(f, 1, 3))).await?;
    f.trouble(trouble)?;
    let rest = batch(EVENTS, events(f, 4, EVENTS));
    let tried = adapter.write(&rest).await;
    f.mend();
    judge_waiting(&tried, "an event")?;
    let appends = repeats(&adapter);
    let claimed = tried.is_ok_and(|outcomes| outcomes.iter().all(|outcome| *outcome == Outcome::Delivered));
    if claimed {
        return holds(f, 1..=EVENTS, appends, "say `Delivered` only of what arrived");
    }
    let hint =
        "what is not known to have arrived is `Retry`, `Unknown` or an error; after a failure connect anew";
    adapter.last_applied().await.map_err(|error| broken(error.to_string(), hint))?;
    deliver(&mut adapter, &rest).await?;
    holds(f, 1..=EVENTS, appends, hint)
}
