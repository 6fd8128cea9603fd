//! The checks of an [`Adapter`](crate::Adapter) that belong to Silver: nothing is lost or doubled whatever fails.

use super::adapter::{AdapterFixture, ROWS, batch, columns, deliver, holds, plain, start, write};
use super::connector::Trouble;
use super::run::{Flaw, broken, judge_waiting};
use crate::{Adapter, Delivery, Outcome};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

pub(super) async fn twice<F: AdapterFixture>(f: &mut F, anew: bool) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let rows = plain(ROWS, "one");
    let batch = batch(1, &rows, columns(own), own);
    let mut adapter = f.connect();
    if adapter.delivery() == Delivery::Append {
        return Err(Flaw::NotApplicable("the receiver only appends (`Delivery::Append`)".to_owned()));
    }
    deliver(&mut adapter, &batch).await?;
    if anew {
        drop(adapter);
        adapter = f.connect();
    }
    deliver(&mut adapter, &batch).await?;
    holds(
        f,
        &rows,
        "set rows under their keys, or leave out what the receiver has; else say `Delivery::Append`",
    )
}

pub(super) async fn order<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let mut adapter = f.connect();
    if adapter.delivery() == Delivery::Append {
        return Err(Flaw::NotApplicable("the receiver only appends (`Delivery::Append`)".to_owned()));
    }
    deliver(&mut adapter, &batch(1, &plain(ROWS, "one"), columns(own), own)).await?;
    let later = plain(ROWS, "two");
    deliver(&mut adapter, &batch(2, &later, columns(own), own)).await?;
    holds(f, &later, "let the later batch replace what the earlier one wrote")
}

pub(super) async fn position<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let mut adapter = f.connect();
    let hint = "note the position with the rows, in one step where the receiver can; say `None` where it cannot tell";
    let told = |applied: Result<Option<u64>, crate::EdgeError>| {
        applied.map_err(|error| broken(error.to_string(), hint))
    };
    if let Some(before) = told(adapter.last_applied().await)? {
        return Err(broken(format!("a new receiver is told to be at {before}"), hint));
    }
    deliver(&mut adapter, &batch(7, &plain(ROWS, "one"), columns(own), own)).await?;
    let transactional = adapter.delivery() == Delivery::Transactional;
    let after = told(adapter.last_applied().await)?;
    drop(adapter);
    let again = told(f.connect().last_applied().await)?;
    match (after, again) {
        (Some(7), Some(7)) => Ok(()),
        (None, None) if !transactional => {
            Err(Flaw::NotApplicable("the receiver cannot tell its position".to_owned()))
        }
        (after, again) => {
            Err(broken(format!("after position 7 it tells {after:?}, and then {again:?}"), hint))
        }
    }
}

pub(super) async fn refuse_one<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let rows = plain(ROWS, "one");
    let mut mixed = batch(1, &rows, columns(own), own);
    mixed.rows.insert(2, f.unfit()?);
    let outcomes = write(&mut f.connect(), &mixed).await?;
    let hint = "answer the row that is refused with `Reject` and its reason, and deliver the others";
    for (place, outcome) in outcomes.iter().enumerate() {
        match (place, outcome) {
            (2, Outcome::Reject(reason)) if !reason.is_empty() => {}
            (2, other) => return Err(broken(format!("the row that is refused is {other:?}"), hint)),
            (_, Outcome::Delivered) => {}
            (_, other) => return Err(broken(format!("a row beside the refused one is {other:?}"), hint)),
        }
    }
    holds(f, &rows, hint)
}

pub(super) async fn given_up<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let rows = plain(ROWS, "one");
    let batch = batch(1, &rows, columns(own), own);
    let mut adapter = f.connect();
    let appends = adapter.delivery() == Delivery::Append;
    let ended = {
        let mut write = pin!(adapter.write(&batch));
        poll_fn(|context| Poll::Ready(write.as_mut().poll(context).is_ready())).await
    };
    // One that ended at once was not given up.
    if !ended {
        deliver(&mut adapter, &batch).await?;
    }
    if appends {
        return Ok(());
    }
    holds(f, &rows, "a dropped `write` may have written; the next one must come to the same end")
}

pub(super) async fn trouble<F: AdapterFixture>(f: &mut F, trouble: Trouble) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let (one, two) = (plain(ROWS, "one"), plain(ROWS, "two"));
    let mut adapter = f.connect();
    let appends = adapter.delivery() == Delivery::Append;
    if !appends {
        deliver(&mut adapter, &batch(1, &one, columns(own), own)).await?;
    }
    f.trouble(trouble)?;
    let second = batch(2, &two, columns(own), own);
    let tried = adapter.write(&second).await;
    f.mend();
    judge_waiting(&tried, "a row")?;
    let hint =
        "what is not known to have arrived is `Retry`, `Unknown` or an error; after a failure connect anew";
    let claimed = tried.is_ok_and(|outcomes| outcomes.iter().all(|outcome| *outcome == Outcome::Delivered));
    if claimed {
        return holds(
            f,
            &two,
            "it told of rows that the receiver does not have: say `Delivered` only of what arrived",
        );
    }
    deliver(&mut adapter, &second).await?;
    holds(f, &two, hint)
}
