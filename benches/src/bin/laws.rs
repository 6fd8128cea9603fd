//! The laws on a whole data set: random orders of arrival and batchings of the six departments' files of `dev_8k`, with
//! updates, deletes and decisions interleaved, give the partition and the values of one batch of what remains:
//! `laws [ORDERS] [FOLDER]`. Ends with 1 where an order gives anything else.

use std::path::PathBuf;
use std::process::ExitCode;
use yibiao_benches::{report, sets};
use yibiao_tests::Failure;
use yibiao_tests::arrival::Arrival;
use yibiao_tests::departments::Folder;
use yibiao_tests::history::History;
use yibiao_tests::picture::Picture;

const SET: &str = "dev_8k";
const ORDERS: u64 = 20;
/// Of the stories and decisions; the orders have the seeds from 1.
const SEED: u64 = 20_261_031;
/// Batches of at most 2^13 events.
const BATCH_BITS_MAX: usize = 13;

fn main() -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args_os().skip(1);
    let orders = match arguments.next() {
        Some(number) => number.to_string_lossy().parse()?,
        None => ORDERS,
    };
    let Some(path) = arguments.next().map(PathBuf::from).or_else(|| sets::folder(SET)) else {
        report::tell(&format!("LEFT OUT: the data set {SET} is not there, so the laws were not tried on it"));
        return Ok(ExitCode::SUCCESS);
    };
    let history = History::of(&Folder::read(&path)?, SEED)?;
    let (world, standing) = history.one_shot()?;
    let at_once = Picture::of(&world, &standing);
    report::tell(&format!(
        "{} messages of {} keys, {} decisions",
        history.messages.len(),
        standing.len(),
        history.decisions.len()
    ));
    report::tell(&format!(
        "one batch of what remains: partition {:016x}, all {at_once:?}",
        at_once.partition_digest()
    ));
    let mut failed = !at_once.numbers_fit();
    drop((world, standing));
    for seed in 1..=orders {
        let arrived = Arrival::random(&history, seed, BATCH_BITS_MAX).play(&history)?;
        let picture = Picture::of(&arrived.world, &arrived.standing);
        let same = picture == at_once && picture.numbers_fit();
        failed |= !same;
        report::tell(&format!(
            "order {seed:2}, {:5} batches: partition {:016x}, all {:016x}, {}",
            arrived.batches,
            picture.partition_digest(),
            picture.digest(),
            if same { "same".to_owned() } else { format!("{} entities differ", picture.differing(&at_once)) }
        ));
    }
    report::tell(if failed { "FAIL" } else { "PASS" });
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
