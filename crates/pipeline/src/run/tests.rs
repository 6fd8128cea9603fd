//! Sources that fail, on a clock that goes as fast as the loop does.

use super::*;
use crate::testing;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use yibiao_contract::{Batch, ConnectorCapabilities, Cursor, Discovered, Finding, OutBatch, Outcome};
use yibiao_mapping::Mapping;
use yibiao_policy::Policy;
use yibiao_store::{EngineKind, Options};

/// How a source answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    Fails,
    Halts,
    Panics,
}

/// A source without rows, whose first readings go as they are told; it notes when it was read.
#[derive(Debug)]
struct Moody {
    moods: VecDeque<Mood>,
    read_at: Arc<Mutex<Vec<Instant>>>,
}

impl Connector for Moody {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: false }
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        Ok(Vec::new())
    }

    async fn read(&mut self, _: &Cursor, _: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        self.read_at.lock().unwrap().push(Instant::now());
        let recovery = match self.moods.pop_front().unwrap_or(Mood::Well) {
            Mood::Well => return Ok(None),
            Mood::Fails => Recovery::Retry,
            Mood::Halts => Recovery::Halt,
            Mood::Panics => panic!("as it was told"),
        };
        let [attempt, reason, hint] = ["cannot read", "as it was told", "wait"].map(str::to_owned);
        Err(EdgeError { attempt, reason, hint, recovery, edition: None })
    }

    async fn commit(&mut self, _: &Cursor) -> Result<(), EdgeError> {
        Ok(())
    }
}

/// No delivery is made.
#[derive(Debug)]
struct Nowhere;

impl Adapter for Nowhere {
    fn delivery(&self) -> yibiao_contract::Delivery {
        yibiao_contract::Delivery::Append
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn write(&mut self, _: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
        Ok(Vec::new())
    }

    async fn last_applied(&self) -> Result<Option<u64>, EdgeError> {
        Ok(None)
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_in_any_way_is_started_again_after_pauses_that_grow_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { dir: folder.path().to_owned(), engine: EngineKind::Redb, cache_bytes: 1 << 20 };
    let mut node = testing::open(&options, Policy::shipped());
    let moods = [[Mood::Fails, Mood::Panics, Mood::Halts].repeat(3), Vec::new()];
    let failures = moods[0].len();
    let mut read_at = BTreeMap::new();
    let sources: Vec<Source<Moody>> = moods
        .into_iter()
        .zip(Mapping::shipped())
        .map(|(moods, mapping)| {
            let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
            read_at.insert(mapping.system(), Arc::clone(&times));
            let connector = Moody { moods: moods.into(), read_at: times };
            Source { mapping: Arc::new(mapping.clone()), connector }
        })
        .collect();
    let [failing, well] = [0, 1].map(|at: usize| sources[at].mapping.system());
    let run_options = RunOptions {
        clock: Timestamp::default,
        once: false,
        settle: Duration::ZERO,
        poll: Duration::from_secs(2),
        limits: BatchLimits { rows_max: 10, bytes_max: 1 << 20 },
    };
    let (stop, drain) = watch::channel(false);
    let (_jobs, waiting) = mpsc::channel(1);
    let (told, mut notices) = mpsc::unbounded_channel();
    let notice = move |part, error: Option<&EdgeError>| {
        told.send((part, error.map(|error| error.reason.clone()))).unwrap();
    };
    let none: &mut [Delivery<Moody, Nowhere>] = &mut [];
    let ended = async {
        let mut reasons = Vec::new();
        while let Some((part, reason)) = notices.recv().await {
            match reason {
                _ if part != Part::Source(failing) => assert_eq!(reason, None),
                Some(reason) => reasons.push(reason),
                None => break, // it is well again
            }
        }
        stop.send(true).unwrap();
        reasons
    };
    let (ran, reasons) =
        tokio::join!(run(&mut node, sources, none, run_options, waiting, drain, notice), ended);
    ran.unwrap();
    assert_eq!(reasons.len(), failures);
    assert!(reasons[1].contains("panicked"), "{reasons:?}");
    let pauses: Vec<f64> = {
        let times = read_at[&failing].lock().unwrap();
        times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).take(failures).collect()
    };
    let expected = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0];
    let near = |(is, should): (&f64, &f64)| (is - should).abs() < 0.1;
    assert!(pauses.iter().zip(&expected).all(near) && pauses.len() == expected.len(), "{pauses:?}");
    assert!(read_at[&well].lock().unwrap().len() > 80, "it was read all the while");
    let restarts = |system: SystemId| node.metrics().restarts.with_label_values(&[system.as_str()]).get();
    assert_eq!((restarts(failing), restarts(well)), (u64::try_from(failures).unwrap(), 0));
}
