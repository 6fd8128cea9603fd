//! The checks of a [`Connector`](crate::Connector) that belong to Silver: nothing is lost or doubled whatever fails.

use super::book::{Reading, Said, text};
use super::connector::{ConnectorFixture, NARROW, ROWS, Trial, Trouble, WIDE, all_came};
use super::run::{Flaw, Run, broken, judge_words, silver};
use super::sample::samples;
use crate::{BatchLimits, Connector, Cursor, Recovery};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Bytes of an unreadable record, to be found in the quarantine and nowhere else.
const MARKER: &str = "p0isonM4rker";

pub(super) async fn run<F: ConnectorFixture>(run: &mut Run, t: &mut Trial<'_, F>) {
    let read = &["read-all"];
    run.check(
        silver(
            "redeliver",
            "what was not committed comes again to the next connector",
            &["read-all", "open-close"],
        ),
        redeliver(t),
    )
    .await;
    let again = &["redeliver"];
    run.check(silver("repeat", "two reads from one cursor begin alike", again), repeat(t)).await;
    run.check(silver("restart", "a new connector goes on at any cursor without a loss", again), restart(t))
        .await;
    run.check(silver("read-ahead", "two batches may wait for their commit", read), read_ahead(t)).await;
    run.check(silver("given-up", "a read that is given up half-way loses nothing", read), given_up(t)).await;
    run.check(
        silver("foreign-cursor", "a cursor of another kind is refused, not taken as the start", read),
        foreign(t),
    )
    .await;
    run.check(silver("update", "a changed row comes as it stands, and otherwise as before", read), update(t))
        .await;
    run.check(silver("delete", "a removed row is seen to be gone", read), delete(t)).await;
    run.check(
        silver("poison", "an unreadable record comes as bad, its bytes whole; the others go on", read),
        poison(t),
    )
    .await;
    run.check(silver("gone", "nothing is lost while the source is gone", read), trouble(t, Trouble::Gone))
        .await;
    run.check(
        silver("hanging", "nothing waits for ever, or is lost, while the source hangs", read),
        trouble(t, Trouble::Hanging),
    )
    .await;
    run.check(
        silver("refusing", "nothing is lost while the source refuses", read),
        trouble(t, Trouble::Refusing),
    )
    .await;
    run.check(
        silver("throttling", "nothing is lost while the source asks to come later", read),
        trouble(t, Trouble::Throttling),
    )
    .await;
    run.check(silver("error-words", "an error names attempt, reason and next step", read), async {
        judge_words(t.outage.as_ref())
    })
    .await;
}

fn may_replay<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    match t.fixture.connect().capabilities().replay {
        true => Ok(()),
        false => Err(Flaw::NotApplicable("the source cannot be read again (`replay: false`)".to_owned())),
    }
}

async fn redeliver<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    may_replay(t)?;
    let keys = t.fill(ROWS)?;
    let idle = t.fixture.idle_reads_max();
    let mut first = t.start();
    for _ in 0..idle + 2 {
        if let Ok(Some(batch)) = first.connector.read(&first.cursor, NARROW).await {
            first.take(batch);
        }
    }
    drop(first);
    let mut second = t.start();
    second.until(WIDE, idle, |book| book.has(&keys)).await?;
    let hint = "reading has no effect at the source: mark, move and delete in `commit` alone";
    all_came(&second.book, &keys, &second.because(), hint)
}

/// The next batch, as the pipeline waits for it.
async fn next<C: Connector>(
    reading: &mut Reading<C>,
    limits: BatchLimits,
    idle: u32,
) -> Option<crate::Batch> {
    for _ in 0..=idle {
        if let Ok(Some(batch)) = reading.connector.read(&reading.cursor, limits).await {
            return Some(batch);
        }
    }
    None
}

async fn repeat<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    may_replay(t)?;
    t.fill(ROWS)?;
    let idle = t.fixture.idle_reads_max();
    let mut reading = t.start();
    for _ in 0..2 {
        let mut lines = Vec::new();
        let mut batch = None;
        for _ in 0..2 {
            batch = next(&mut reading, NARROW, idle).await;
            lines.push(batch.as_ref().map(|batch| reading.book.peek(batch)).unwrap_or_default());
        }
        let [first, second] = lines.as_slice() else { return Ok(()) };
        let common = first.len().min(second.len());
        if first.get(..common) != second.get(..common) || (common == 0 && first.len() != second.len()) {
            return Err(broken(
                format!("{} rows came, then {} others", first.len(), second.len()),
                "start at the cursor that `read` is given, whatever was read before",
            ));
        }
        match batch {
            Some(batch) => reading.take(batch),
            None => break,
        }
    }
    Ok(())
}

async fn restart<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    may_replay(t)?;
    let (_, reading) = t.read(ROWS, NARROW).await?;
    // Gone before the next one begins, as with a node that is started again.
    let Reading { connector, book, marks, .. } = reading;
    drop(connector);
    let lines = &book.lines;
    // The first cursor, the last but one, and one between: enough to see every state that a cursor has.
    let middle = marks.len() / 2;
    let chosen: BTreeSet<usize> = [0, middle, marks.len().saturating_sub(2)].into();
    for (cursor, came) in chosen.into_iter().filter_map(|place| marks.get(place)) {
        let rest = lines.get(*came..).unwrap_or_default();
        let keys: BTreeSet<String> = rest.iter().map(|line| line.key.clone()).collect();
        let idle = t.fixture.idle_reads_max();
        let mut next = Reading::new(t.fixture.connect(), cursor.clone());
        next.until(NARROW, idle, |book| book.has(&keys)).await?;
        let hint =
            "keep in the cursor all that is needed to go on; begin an edition again where it broke off";
        all_came(&next.book, &keys, &next.because(), hint)?;
    }
    Ok(())
}

async fn read_ahead<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let keys = t.fill(ROWS)?;
    let idle = t.fixture.idle_reads_max();
    let mut reading = t.start();
    for _ in 0..2 {
        if let Some(batch) = next(&mut reading, NARROW, idle).await {
            reading.take(batch);
        }
    }
    let hint =
        "let `read` go on from the cursor that it is given, though the last batch is not committed yet";
    if reading.marks.len() < 2 && !reading.book.has(&keys) {
        return Err(broken("no second batch came before the first was committed", hint));
    }
    for (cursor, _) in reading.marks.clone() {
        reading.connector.commit(&cursor).await.map_err(|error| broken(error.to_string(), hint))?;
    }
    reading.until(NARROW, idle, |book| book.has(&keys)).await?;
    all_came(&reading.book, &keys, &reading.because(), hint)?;
    match reading.book.counts().into_iter().find(|(_, count)| *count > 1) {
        Some((_, count)) if t.learned.is_none() => Err(broken(format!("a row came {count} times"), hint)),
        _ => Ok(()),
    }
}

async fn given_up<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let keys = t.fill(ROWS)?;
    let idle = t.fixture.idle_reads_max();
    let mut reading = t.start();
    for _ in 0..2 {
        let ended = {
            let mut read = pin!(reading.connector.read(&reading.cursor, NARROW));
            poll_fn(|context| {
                Poll::Ready(match read.as_mut().poll(context) {
                    Poll::Ready(ended) => Some(ended),
                    Poll::Pending => None,
                })
            })
            .await
        };
        // One that ended at once was not given up: what it gave counts.
        if let Some(Ok(Some(batch))) = ended {
            reading.take(batch);
            reading.commit().await?;
        }
    }
    reading.until(NARROW, idle, |book| book.has(&keys)).await?;
    let hint = "a dropped `read` must not have moved on: keep what was read only when it is returned";
    all_came(&reading.book, &keys, &reading.because(), hint)
}

async fn foreign<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    may_replay(t)?;
    t.fill(ROWS)?;
    let read = t.fixture.connect().read(&Cursor(b"no cursor of yours".to_vec()), WIDE).await;
    match read {
        Err(error) if error.recovery == Recovery::Halt => Ok(()),
        Err(error) => Err(broken(
            format!("the error says {:?}", error.recovery),
            "a stored position that cannot be read needs a person: `Recovery::Halt`",
        )),
        Ok(_) => Err(broken(
            "it was taken",
            "parse the cursor and refuse what does not parse; name a version in it",
        )),
    }
}

async fn update<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    t.fixture.fill(&samples(ROWS))?;
    let (_, mut reading) = t.read(ROWS, WIDE).await?;
    let Some(mut row) = samples(ROWS).into_iter().nth(1) else { return Ok(()) };
    let before = reading.book.table.get(&row.id).cloned();
    row.amount = "77.5".to_owned();
    t.fixture.set(&row)?;
    let idle = t.fixture.idle_reads_max();
    let stands = |line: &super::book::Line| super::book::means("amount", &row.amount, line.cell("amount"));
    reading.until(WIDE, idle, |book| book.table.get(&row.id).is_some_and(stands)).await?;
    let after = reading.book.table.get(&row.id);
    let hint = "look at the source anew on every read behind the end";
    let Some(after) = after.filter(|line| stands(line)) else {
        return Err(broken(format!("the new value of {} did not come{}", row.id, reading.because()), hint));
    };
    let same = |column: &&str| before.as_ref().is_none_or(|before| before.cell(column) == after.cell(column));
    match ["id", "name", "born", "note"].iter().find(|column| !same(column)) {
        Some(column) => Err(broken(
            format!("{column} came in another form than before, though it did not change"),
            "read a row in one way, whether it comes with all others or alone",
        )),
        None => Ok(()),
    }
}

async fn delete<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    t.fixture.fill(&samples(ROWS))?;
    let (_, mut reading) = t.read(ROWS, WIDE).await?;
    let Some(row) = samples(ROWS).into_iter().nth(2) else { return Ok(()) };
    t.fixture.remove(&row)?;
    let idle = t.fixture.idle_reads_max();
    reading.until(WIDE, idle, |book| !book.table.contains_key(&row.id)).await?;
    if reading.book.table.contains_key(&row.id) {
        return Err(broken(
            format!("{} still stands{}", row.id, reading.because()),
            "send a delete message, or a whole edition that lacks the row and is closed",
        ));
    }
    match reading.book.table.len() {
        left if left == ROWS - 1 => Ok(()),
        left => Err(broken(
            format!("{left} rows are left of {ROWS}, and one was removed"),
            "say `whole` only of an edition that holds every row",
        )),
    }
}

async fn poison<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let rows = samples(ROWS);
    let (last, before) =
        rows.split_last().map_or((None, rows.as_slice()), |(last, before)| (Some(last), before));
    t.fixture.fill(before)?;
    t.fixture.poison(MARKER)?;
    if let Some(last) = last {
        t.fixture.set(last)?;
    }
    let keys: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut reading = t.start();
    let idle = t.fixture.idle_reads_max();
    reading.until(WIDE, idle, |book| book.has(&keys)).await?;
    all_came(&reading.book, &keys, &reading.because(), "one bad record does not end the reading")?;
    let holds = |raw: &[u8]| raw.windows(MARKER.len()).any(|part| part == MARKER.as_bytes());
    let bad = reading.book.lines.iter().find_map(|line| match &line.said {
        Said::Bad(reason) => Some((reason, &line.raw)),
        Said::Stands | Said::Gone => None,
    });
    match bad {
        None => {
            Err(broken("the unreadable record did not come", "send it as `Bad`, so that it is quarantined"))
        }
        Some((_, raw)) if !holds(raw) => {
            Err(broken("its bytes are not whole", "give `raw` the record as it came, byte for byte"))
        }
        Some((reason, _)) if reason.is_empty() || reason.contains(MARKER) => Err(broken(
            "its reason is empty, or quotes the record",
            "say what is wrong and where, not what is there",
        )),
        Some(_) => Ok(()),
    }
}

async fn trouble<F: ConnectorFixture>(t: &mut Trial<'_, F>, trouble: Trouble) -> Result<(), Flaw> {
    t.fixture.fill(&samples(ROWS))?;
    let keys = t.fill(ROWS)?;
    let idle = t.fixture.idle_reads_max();
    let mut reading = t.start();
    if let Some(batch) = next(&mut reading, NARROW, idle).await {
        reading.take(batch);
        reading.commit().await?;
    }
    t.fixture.trouble(trouble)?;
    for _ in 0..2 {
        match reading.connector.read(&reading.cursor, NARROW).await {
            Ok(Some(batch)) => reading.take(batch),
            Ok(None) => {}
            Err(error) => reading.errors.push(error),
        }
    }
    t.fixture.mend();
    reading.until(NARROW, idle, |book| book.has(&keys)).await?;
    let hint = "after a failure start at the cursor that `read` is given, over a new connection";
    all_came(&reading.book, &keys, &reading.because(), hint)?;
    match reading
        .book
        .table
        .values()
        .find(|line| text(line.cell("id")).is_empty() && line.said == Said::Stands)
    {
        Some(_) => Err(broken("a row came half", hint)),
        None => Ok(()),
    }
}
