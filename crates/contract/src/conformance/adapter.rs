//! The checks of an [`Adapter`], Bronze; those of Silver are in `adapter_silver`.

use super::adapter_silver as more;
use super::book::differs;
use super::connector::Trouble;
use super::report::Report;
use super::run::{
    Cannot, Flaw, Outage, Run, TROUBLES, broken, bronze, judge_delivered, judge_good, judge_outcomes,
    judge_quiet, judge_words, silver,
};
use super::sample::{COLUMNS, Sample, samples};
use crate::{Adapter, OutBatch, OutRow, Outcome, RowStatus};
use std::time::Duration;
use yibiao_format::Cell;

/// What an author gives the kit: a receiver of their own, and the means to look into it.
///
/// The kit makes the receiver anew for every check.
pub trait AdapterFixture {
    /// The adapter that is tested.
    type Adapter: Adapter;

    /// What the report calls it: the name of its crate.
    fn subject(&self) -> String;

    /// Makes the receiver anew, free of every trouble, so that it holds exactly these rows of its own, in this order. One
    /// that never has rows of its own is made empty, and says [`Cannot`] where rows are asked for.
    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot>;

    /// An adapter for the receiver, as the node makes it at its start.
    fn connect(&mut self) -> Self::Adapter;

    /// The rows as the receiver has them now.
    fn look(&mut self) -> Vec<Sample>;

    /// A row that the receiver refuses for good.
    fn unfit(&self) -> Result<OutRow, Cannot> {
        Err(Cannot::because("the receiver refuses no row"))
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

pub(super) const ROWS: usize = 7;

/// Tests an adapter and says which level it reaches.
pub async fn adapter<F: AdapterFixture>(fixture: &mut F) -> Report {
    let mut run = Run::new("adapter", fixture.subject(), fixture.patience());
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
        bronze("outcomes", "every row has its outcome, in order; an empty batch has none", &[]),
        outcomes(f),
    )
    .await;
    let told = &["outcomes"];
    run.check(bronze("written", "the receiver has the rows that are told to be delivered", told), written(f))
        .await;
    let made = &["written"];
    let stands = &["written", "order"];
    run.check(
        bronze("values", "text of every script, decimals and dates arrive as they are", made),
        values(f),
    )
    .await;
    run.check(
        bronze("untouched", "cells that a batch does not name stay as the receiver had them", made),
        untouched(f),
    )
    .await;
    run.check(bronze("many", "a batch of 500 rows arrives whole", made), many(f)).await;
    run.check(
        bronze("quiet", "no finding, error or `Debug` shows a value of a row", made),
        quiet(f, outage.as_ref()),
    )
    .await;
    run.check(
        silver("twice", "a batch that is written twice leaves what one leaves", made),
        more::twice(f, false),
    )
    .await;
    run.check(silver("redeliver", "so it does where another adapter repeats it", made), more::twice(f, true))
        .await;
    run.check(silver("order", "of two batches the later one stands", made), more::order(f)).await;
    run.check(
        silver("position", "the position that it tells is the one that was written last", made),
        more::position(f),
    )
    .await;
    run.check(
        silver("refuse-one", "a row that is refused has a reason, and the others arrive", made),
        more::refuse_one(f),
    )
    .await;
    run.check(
        silver("given-up", "a write that is given up half-way can be made again", made),
        more::given_up(f),
    )
    .await;
    for (name, rule, trouble) in TROUBLES {
        run.check(silver(name, rule, stands), more::trouble(f, trouble)).await;
    }
    run.check(silver("error-words", "an error names attempt, reason and next step", made), async {
        judge_words(outage.as_ref())
    })
    .await;
    run.end()
}

/// A receiver made anew and what it holds: rows of its own where it can.
pub(super) fn start<F: AdapterFixture>(f: &mut F, rows: usize) -> Result<bool, Flaw> {
    match f.fill(&samples(rows)) {
        Ok(()) => Ok(true),
        Err(_) => f.fill(&[]).map(|()| false).map_err(Flaw::from),
    }
}

/// The samples with other values, in the columns that are written.
fn changed(rows: usize) -> Vec<Sample> {
    let mut others = samples(rows + 1);
    others.rotate_left(1);
    let own = samples(rows);
    own.into_iter().zip(others).map(|(own, other)| Sample { id: own.id, ..other }).collect()
}

pub(super) fn batch(upto: u64, rows: &[Sample], columns: &[&str], own: bool) -> OutBatch {
    let row = |(sample, place): (&Sample, u64)| OutRow {
        locator: own.then_some(place),
        key: Some(sample.id.clone()),
        cells: sample
            .cells()
            .into_iter()
            .filter(|(column, _)| columns.contains(column))
            .map(|(column, text)| (column.to_owned(), Cell::Text(text.to_owned())))
            .collect(),
        status: RowStatus::Changed,
        reason: String::new(),
    };
    OutBatch { upto, edition: None, rows: rows.iter().zip(1..).map(row).collect() }
}

/// All columns but the key of rows that the receiver has; the key too of those that it does not have.
pub(super) fn columns(own: bool) -> &'static [&'static str] {
    if own { &COLUMNS[1..] } else { &COLUMNS }
}

async fn good<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    start(f, ROWS)?;
    judge_good(&f.connect().check().await)
}

async fn ill<F: AdapterFixture>(f: &mut F, outage: &mut Option<Outage>) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    f.trouble(Trouble::Gone)?;
    let mut adapter = f.connect();
    let findings = adapter.check().await;
    let error = adapter.write(&batch(1, &plain(ROWS, "secret"), columns(own), own)).await.err();
    f.mend();
    outage.insert(Outage { findings, error }).judge_findings()
}

/// Writes, and fails where not every row has its outcome.
pub(super) async fn write<A: Adapter>(adapter: &mut A, batch: &OutBatch) -> Result<Vec<Outcome>, Flaw> {
    judge_outcomes(adapter.write(batch).await, batch.rows.len(), "row")
}

/// Writes, and fails where not every row is delivered.
pub(super) async fn deliver<A: Adapter>(adapter: &mut A, batch: &OutBatch) -> Result<(), Flaw> {
    judge_delivered(&write(adapter, batch).await?, "a row")
}

/// Fails unless the receiver has exactly these rows in some order.
pub(super) fn holds<F: AdapterFixture>(f: &mut F, want: &[Sample], hint: &str) -> Result<(), Flaw> {
    let has = f.look();
    for sample in want {
        let of_it: Vec<&Sample> = has.iter().filter(|row| row.id == sample.id).collect();
        let [row] = of_it.as_slice() else {
            return Err(broken(format!("the receiver has row {} {} times", sample.id, of_it.len()), hint));
        };
        let cell = |column: &str| {
            let found = row.cells().into_iter().find(|(name, _)| *name == column);
            found.map_or(Cell::Absent, |(_, text)| Cell::Text(text.to_owned()))
        };
        if let Some(column) = differs(sample, cell) {
            return Err(broken(
                format!("{column} of {} is {:?} at the receiver", sample.id, cell(column)),
                hint,
            ));
        }
    }
    match has.len() == want.len() {
        true => Ok(()),
        false => Err(broken(
            format!("the receiver has {} rows, and {} were expected", has.len(), want.len()),
            hint,
        )),
    }
}

/// Rows with plain values, so that only `values` judges how values are written.
pub(super) fn plain(rows: usize, word: &str) -> Vec<Sample> {
    let row = |own: Sample| Sample {
        name: format!("{word} {}", own.id),
        amount: "5".to_owned(),
        born: "2001-02-03".to_owned(),
        note: word.to_owned(),
        id: own.id,
    };
    samples(rows).into_iter().map(row).collect()
}

async fn outcomes<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let mut adapter = f.connect();
    write(&mut adapter, &batch(1, &plain(ROWS, "one"), columns(own), own)).await?;
    // A receiver that is replaced as a whole keeps its own rows.
    write(&mut adapter, &batch(2, &[], columns(own), own)).await.map(drop)
}

async fn written<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let rows = plain(ROWS, "one");
    deliver(&mut f.connect(), &batch(1, &rows, columns(own), own)).await?;
    holds(f, &rows, "say `Delivered` of a row only when the receiver has it")
}

async fn values<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let rows = changed(ROWS);
    deliver(&mut f.connect(), &batch(1, &rows, columns(own), own)).await?;
    holds(f, &rows, "encode text as the receiver reads it; keep numbers and dates as they are given")
}

async fn untouched<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    f.fill(&samples(ROWS))?;
    let rows: Vec<Sample> =
        samples(ROWS).into_iter().map(|row| Sample { amount: "5".to_owned(), ..row }).collect();
    deliver(&mut f.connect(), &batch(1, &rows, &["amount"], true)).await?;
    holds(f, &rows, "set the cells of the batch, and no other")
}

async fn many<F: AdapterFixture>(f: &mut F) -> Result<(), Flaw> {
    let own = start(f, 500)?;
    let rows = plain(500, "many");
    deliver(&mut f.connect(), &batch(1, &rows, columns(own), own)).await?;
    holds(f, &rows, "write a large batch in parts, if need be, and tell of all")
}

async fn quiet<F: AdapterFixture>(f: &mut F, outage: Option<&Outage>) -> Result<(), Flaw> {
    let own = start(f, ROWS)?;
    let rows = plain(ROWS, "secret");
    let mut adapter = f.connect();
    deliver(&mut adapter, &batch(1, &rows, columns(own), own)).await?;
    let mut said = vec![("its `Debug`", format!("{adapter:?}"))];
    said.push(("`check`", format!("{:?}", adapter.check().await)));
    said.extend(outage.into_iter().flat_map(Outage::said));
    let values: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    judge_quiet(&said, &values)
}
