//! The checks of a [`Connector`], Bronze; those of Silver are in `connector_silver`.

use super::book::{Book, Reading, differs};
use super::connector_silver as more;
use super::report::Report;
use super::run::{Cannot, Flaw, Outage, Run, broken, bronze, judge_good, judge_quiet};
use super::sample::{COLUMNS, Sample, samples};
use crate::{BatchLimits, Connector, Cursor};
use std::collections::BTreeSet;
use std::time::Duration;

/// What can be wrong with a peer while a connector or an adapter works with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot be reached: the folder is not there, the host is down.
    Gone,
    /// It takes the question and does not answer.
    Hanging,
    /// It refuses: the rights were taken away, or the password was changed.
    Refusing,
    /// It asks to come again later: 429, 503, a lock that another holds.
    Throttling,
}

/// What an author gives the kit: a source of their own, and the means to change it.
///
/// The kit fills the source anew for every check. What a source cannot do is answered with [`Cannot`] and its reason; the
/// report shows it.
pub trait ConnectorFixture {
    /// The connector that is tested.
    type Connector: Connector;

    /// What the report calls it: the name of its crate.
    fn subject(&self) -> String;

    /// Makes the source anew, free of every trouble, so that it holds exactly these rows in this order.
    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot>;

    /// A connector for the source, as the node makes it at its start.
    fn connect(&mut self) -> Self::Connector;

    /// Lets a row stand so at the source from now on: another content of a row that is there, or a new row at the end.
    fn set(&mut self, row: &Sample) -> Result<(), Cannot>;

    /// Removes a row from the source.
    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        Err(Cannot::because(format!("the fixture removes no rows (such as {})", row.id)))
    }

    /// Puts a record at the end of the source that cannot be read and whose bytes hold `marker`.
    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        Err(Cannot::because(format!("the fixture makes no unreadable record ({} letters)", marker.len())))
    }

    /// Brings a trouble upon the source. [`Trouble::Gone`] at the least is possible with almost every source.
    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        Err(Cannot::because(format!("the fixture cannot make the source so: {trouble:?}")))
    }

    /// Ends the trouble: the source is as it was before.
    fn mend(&mut self) {}

    /// After how many reads in a row that bring nothing a source counts as read to its end. More than one for a source
    /// that needs a while to begin, such as a consumer group that is being joined.
    fn idle_reads_max(&self) -> u32 {
        1
    }

    /// How long a check may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// Limits that do not matter.
pub(super) const WIDE: BatchLimits = BatchLimits { rows_max: 1_000, bytes_max: 1 << 20 };
/// Limits that part the kit's rows into several batches.
pub(super) const NARROW: BatchLimits = BatchLimits { rows_max: 3, bytes_max: 1 << 20 };
/// Rows of most checks: two full narrow batches and one row.
pub(super) const ROWS: usize = 7;

/// Tests a connector and says which level it reaches.
pub async fn connector<F: ConnectorFixture>(fixture: &mut F) -> Report {
    let mut run = Run::new("connector", fixture.subject(), fixture.patience());
    let mut trial = Trial { fixture, learned: None, outage: None };
    let t = &mut trial;
    run.check(
        bronze("check-good", "`check` finds a good source good and says what it looked at", &[]),
        good(t),
    )
    .await;
    run.check(
        bronze("check-broken", "`check` says what is wrong with a broken source and what to do", &[]),
        ill(t),
    )
    .await;
    run.check(bronze("discover", "`discover` names the schema with its columns", &[]), discover(t)).await;
    run.check(bronze("read-all", "every row comes, each once, and no other", &[]), read_all(t)).await;
    let read = &["read-all"];
    run.check(bronze("values", "text of every script, decimals and dates come as they are", read), values(t))
        .await;
    run.check(bronze("bytes", "every row brings its bytes as they came", read), bytes(t)).await;
    run.check(
        bronze("shape", "editions are opened, filled and closed; rows have a cell a column", read),
        shape(t),
    )
    .await;
    run.check(bronze("batch-rows", "a batch holds no more rows than asked for", read), batch_rows(t)).await;
    run.check(
        bronze("batch-bytes", "a batch holds no more bytes than asked for, or one row", read),
        batch_bytes(t),
    )
    .await;
    run.check(bronze("empty", "a source without rows gives none, and no error", read), empty(t)).await;
    run.check(bronze("nothing-new", "behind the end nothing comes a second time", read), nothing_new(t))
        .await;
    run.check(
        bronze("open-close", "a connector that is dropped leaves the source free", read),
        open_close(t),
    )
    .await;
    run.check(bronze("quiet", "no finding, error or `Debug` shows a value of a row", read), quiet(t)).await;
    more::run(&mut run, t).await;
    run.graded = trial.learned.is_none();
    run.end()
}

/// A fixture, and what its source holds where it cannot be filled.
pub(super) struct Trial<'f, F> {
    pub(super) fixture: &'f mut F,
    /// The rows of a source that can only be taken as it stands.
    pub(super) learned: Option<BTreeSet<String>>,
    /// What was said while the source was gone.
    pub(super) outage: Option<Outage>,
}

impl<F: ConnectorFixture> Trial<'_, F> {
    /// Fills the source and says which rows it holds; of one that cannot be filled, which were read before.
    pub(super) fn fill(&mut self, rows: usize) -> Result<BTreeSet<String>, Flaw> {
        match (self.fixture.fill(&samples(rows)), &self.learned) {
            (Ok(()), _) => Ok(samples(rows).into_iter().map(|row| row.id).collect()),
            (Err(_), Some(learned)) => Ok(learned.clone()),
            (Err(cannot), None) => Err(cannot.into()),
        }
    }

    /// A connector made just now, at the start of the source.
    pub(super) fn start(&mut self) -> Reading<F::Connector> {
        Reading::new(self.fixture.connect(), Cursor::default())
    }

    /// Fills the source and reads it to its end.
    pub(super) async fn read(
        &mut self,
        rows: usize,
        limits: BatchLimits,
    ) -> Result<(BTreeSet<String>, Reading<F::Connector>), Flaw> {
        let keys = self.fill(rows)?;
        let mut reading = self.start();
        let idle = self.fixture.idle_reads_max();
        reading.until(limits, idle, |book| book.has(&keys)).await?;
        Ok((keys, reading))
    }
}

/// Fails where rows are missing.
pub(super) fn all_came(book: &Book, keys: &BTreeSet<String>, because: &str, hint: &str) -> Result<(), Flaw> {
    match book.missing(keys) {
        missing if missing.is_empty() => Ok(()),
        missing => {
            let some: Vec<&str> = missing.iter().map(String::as_str).take(3).collect();
            // Keys of the kit's own rows may be printed; those of a source as it stands may not.
            let some = if some.iter().all(|key| is_ours(key)) { some.join(", ") } else { "–".to_owned() };
            Err(broken(
                format!("{} of {} rows did not come: {some}{because}", missing.len(), keys.len()),
                hint,
            ))
        }
    }
}

fn is_ours(key: &str) -> bool {
    key.len() <= 8 && key.starts_with('K') && key.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}

async fn good<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    // A source that cannot be filled is taken as it stands.
    t.fill(ROWS).map(drop).or_else(pass_over)?;
    judge_good(&t.fixture.connect().check().await)
}

fn pass_over(flaw: Flaw) -> Result<(), Flaw> {
    match flaw {
        Flaw::NotApplicable(_) => Ok(()),
        broken => Err(broken),
    }
}

async fn ill<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    t.fixture.fill(&samples(ROWS))?;
    t.fixture.trouble(Trouble::Gone)?;
    let mut connector = t.fixture.connect();
    let findings = connector.check().await;
    let error = connector.read(&Cursor::default(), WIDE).await.err();
    t.fixture.mend();
    t.outage.insert(Outage { findings, error }).judge_findings()
}

async fn discover<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let filled = t.fixture.fill(&samples(ROWS)).is_ok();
    let connector = t.fixture.connect();
    let hint = "return a `Discovered` for each file, table or topic, with its columns";
    let found = connector.discover().await.map_err(|error| broken(error.to_string(), hint))?;
    if found.is_empty() && !connector.capabilities().replay {
        return Err(Flaw::NotApplicable(
            "what is pushed offers nothing to look up (`replay: false`)".to_owned(),
        ));
    }
    if found.is_empty() && filled {
        return Err(broken("it discovered nothing", hint));
    }
    let lacks =
        |columns: &[String]| COLUMNS.iter().find(|column| !columns.iter().any(|name| name == *column));
    match found.iter().find_map(|found| lacks(&found.columns).map(|column| (&found.name, column))) {
        Some((name, column)) if filled => Err(broken(format!("{name} lacks the column {column}"), hint)),
        _ => Ok(()),
    }
}

async fn read_all<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let hint = "read from the cursor on, in order, and say `None` at the end";
    if t.fixture.fill(&samples(ROWS)).is_err() {
        let mut reading = t.start();
        let idle = t.fixture.idle_reads_max();
        reading.until(WIDE, idle, |_| false).await?;
        if let Some(error) = reading.errors.first() {
            return Err(broken(format!("reading failed: {error}"), hint));
        }
        t.learned = Some(reading.book.lines.iter().map(|line| line.key.clone()).collect());
        return Ok(());
    }
    let (keys, reading) = t.read(ROWS, WIDE).await?;
    all_came(&reading.book, &keys, &reading.because(), hint)?;
    match reading.book.counts().into_iter().find(|(key, count)| *count > 1 || !keys.contains(*key)) {
        Some((key, 1)) => Err(broken(format!("a row came that is not in the source: {key}"), hint)),
        Some((key, count)) => Err(broken(format!("row {key} came {count} times"), hint)),
        None => Ok(()),
    }
}

async fn values<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    t.fixture.fill(&samples(2 * ROWS))?;
    let (_, reading) = t.read(2 * ROWS, WIDE).await?;
    for sample in samples(2 * ROWS) {
        let cell = |column: &str| match reading.book.table.get(&sample.id) {
            Some(line) => line.cell(column).clone(),
            None => yibiao_format::Cell::Absent,
        };
        if let Some(column) = differs(&sample, cell) {
            let (want, got) = (sample.cells(), cell(column));
            let want = want.iter().find(|(name, _)| *name == column).map(|(_, text)| *text);
            return Err(broken(
                format!("{column} of {} is {got:?}, and the source has {want:?}", sample.id),
                "decode text by the source's encoding; keep numbers and dates as the source writes them",
            ));
        }
    }
    Ok(())
}

async fn bytes<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let (_, reading) = t.read(ROWS, WIDE).await?;
    match reading.book.table.values().find(|line| line.raw.is_empty()) {
        Some(_) => Err(broken(
            "a row came without bytes",
            "give `raw` the row as it came; where a source has no bytes, `cells_json` of the cells",
        )),
        None => Ok(()),
    }
}

async fn shape<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let (_, reading) = t.read(ROWS, NARROW).await?;
    let hint = "`Open`, then rows with a cell for each column of its opening, then `Close`; or `Messages`";
    match reading.book.faults.first() {
        Some(fault) => Err(broken(fault.clone(), hint)),
        None if reading.book.is_open() && t.learned.is_none() => {
            Err(broken("an edition was not closed", hint))
        }
        None => Ok(()),
    }
}

async fn batch_rows<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    for rows_max in [1, 3] {
        let (_, reading) = t.read(ROWS, BatchLimits { rows_max, ..WIDE }).await?;
        if let Some((rows, _)) = reading.sizes.iter().find(|(rows, _)| *rows > rows_max) {
            return Err(broken(
                format!("a batch held {rows} rows where {rows_max} were asked for"),
                "stop at `limits.rows_max` and go on from the cursor",
            ));
        }
    }
    Ok(())
}

async fn batch_bytes<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let (_, reading) = t.read(ROWS, WIDE).await?;
    let sizes: Vec<usize> = reading.book.lines.iter().map(|line| line.raw.len()).collect();
    let bytes_max = sizes.iter().max().unwrap_or(&0) + sizes.iter().min().unwrap_or(&0);
    for bytes_max in [bytes_max, 1] {
        let (_, reading) = t.read(ROWS, BatchLimits { bytes_max, ..WIDE }).await?;
        if let Some((rows, bytes)) =
            reading.sizes.iter().find(|(rows, bytes)| *rows > 1 && *bytes > bytes_max)
        {
            return Err(broken(
                format!("a batch held {rows} rows of {bytes} bytes where {bytes_max} were asked for"),
                "stop before the row that would go over `limits.bytes_max`, unless it is the first",
            ));
        }
    }
    Ok(())
}

async fn empty<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    t.fixture.fill(&[])?;
    let mut reading = t.start();
    reading.until(WIDE, 1, |_| true).await?;
    let hint = "say `None`, or an edition without rows";
    match (reading.errors.first(), reading.book.lines.first()) {
        (Some(error), _) => Err(broken(error.to_string(), hint)),
        (None, Some(_)) => Err(broken("rows came of a source without rows", hint)),
        (None, None) => Ok(()),
    }
}

async fn nothing_new<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let (_, mut reading) = t.read(ROWS, WIDE).await?;
    let came = reading.book.lines.len();
    for _ in 0..3 {
        reading.until(WIDE, 1, |_| true).await?;
    }
    match reading.book.lines.len() - came {
        0 => Ok(()),
        again if t.learned.is_some() && came >= super::book::LINES_MAX => {
            Err(Flaw::NotApplicable(format!("the source is longer than the kit reads ({again} rows more)")))
        }
        again => Err(broken(
            format!("{again} rows came again behind the end"),
            "what the cursor says is what was read: look at nothing else",
        )),
    }
}

async fn open_close<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    let keys = t.fill(ROWS)?;
    for _ in 0..3 {
        drop(t.fixture.connect());
    }
    let mut reading = t.start();
    let idle = t.fixture.idle_reads_max();
    reading.until(WIDE, idle, |book| book.has(&keys)).await?;
    let hint = "let go of connections, locks and files in `Drop`; take them in `read`, not when made";
    all_came(&reading.book, &keys, &reading.because(), hint)
}

async fn quiet<F: ConnectorFixture>(t: &mut Trial<'_, F>) -> Result<(), Flaw> {
    t.fixture.fill(&samples(ROWS))?;
    let (_, reading) = t.read(ROWS, WIDE).await?;
    let mut said = vec![("its `Debug`", format!("{:?}", reading.connector))];
    said.push(("`check`", format!("{:?}", reading.connector.check().await)));
    if let Ok(found) = reading.connector.discover().await {
        said.push(("`discover`", format!("{found:?}")));
    }
    said.extend(t.outage.iter().flat_map(Outage::said));
    let values: Vec<String> = samples(ROWS).into_iter().flat_map(|row| [row.name, row.born]).collect();
    judge_quiet(&said, &values)
}
