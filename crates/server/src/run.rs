//! `run`: opens a node, serves it, and drains it on SIGTERM.

use crate::admin::{self, Readiness};
use crate::cli::RunArgs;
use crate::config::Config;
use crate::control::{Answer, Request};
use crate::exit::Failure;
use crate::http::{self, Http, Served};
use crate::output::{Output, table};
use crate::wire::{self, Wiring};
use crate::{control, handle};
use prometheus::Registry;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use yibiao_contract::{BatchLimits, EdgeError};
use yibiao_pipeline::{
    Account, DeliveryReport, Dispatch, DispatchError, Job, Metrics, Node, Part, Parts, RunOptions, RunReport,
    SharedFeed, Stage,
};
use yibiao_schema::Dictionary;
use yibiao_store::{OpenError, Options, Store};

/// Rows of a batch: large enough that one fsync carries many, small enough to be decided on in well under a second.
pub(crate) const BATCH: BatchLimits = BatchLimits { rows_max: 4_000, bytes_max: 8 << 20 };
/// Jobs that may wait for the node.
const JOBS_WAITING_MAX: usize = 16;
/// How long a verb that asks something of a stopped node may have its store.
const ASKING_MAX: Duration = Duration::from_secs(5);
/// How long a drain may take.
const DRAIN: Duration = Duration::from_secs(30);

/// What a run did, as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) seconds: f64,
    /// Of taking in, by stage; parsing goes on beside them.
    pub(crate) stage_seconds: BTreeMap<&'static str, f64>,
    /// Of the whole process, user and system.
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) peak_memory_bytes: Option<u64>,
    pub(crate) failed: Vec<String>,
    pub(crate) deliveries: Vec<DeliverySummary>,
    pub(crate) status: serde_json::Value,
}

/// What a delivery did, as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct DeliverySummary {
    pub(crate) subscription: String,
    pub(crate) rows: BTreeMap<&'static str, u64>,
    pub(crate) completed: u64,
    pub(crate) corrected: u64,
}

impl From<&DeliveryReport> for DeliverySummary {
    fn from(report: &DeliveryReport) -> Self {
        Self {
            subscription: report.subscription.clone(),
            rows: report.rows.clone(),
            completed: report.completed,
            corrected: report.corrected,
        }
    }
}

pub(crate) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

pub(crate) fn load(path: &Path) -> Result<(Config, Wiring), Failure> {
    let config = Config::load(path, &environment()).map_err(|error| Failure::config(&error))?;
    let wiring = Wiring::of(&config).map_err(|error| Failure::config(&error))?;
    Ok((config, wiring))
}

/// Where the store of a configuration lies.
pub(crate) fn store_options(config: &Config) -> Options {
    Options { dir: config.data.clone(), engine: wire::engine(config.engine), cache_bytes: config.cache_bytes }
}

/// Opens the node of a configuration.
pub(crate) fn open(config: &Config, wiring: &Wiring, registry: &Registry) -> Result<Node, Failure> {
    open_on(open_store(config).map_err(|error| Failure::run(&error))?, wiring, registry)
}

/// Opens the store of a configuration.
pub(crate) fn open_store(config: &Config) -> Result<Store, OpenError> {
    Store::open(&store_options(config))
}

/// The same, once whoever asks something of the stopped node has done so: that must not keep the node from starting.
async fn wait_for_store(config: &Config) -> Result<Store, OpenError> {
    let started = Instant::now();
    loop {
        match open_store(config) {
            Err(OpenError::InUse { .. }) if started.elapsed() < ASKING_MAX => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            opened => return opened,
        }
    }
}

/// Opens the node of a store.
pub(crate) fn open_on(store: Store, wiring: &Wiring, registry: &Registry) -> Result<Node, Failure> {
    store.metrics().register(registry).map_err(|error| Failure::run(&error))?;
    let metrics = Metrics::register(registry).map_err(|error| Failure::run(&error))?;
    let parts = Parts {
        store,
        dictionary: Dictionary::shipped(),
        mappings: wiring.mappings.clone(),
        policy: wiring.policy.clone(),
        metrics,
    };
    Node::open(parts).map_err(|error| Failure::run(&error))
}

pub(crate) async fn run(arguments: &RunArgs, output: Output) -> Result<(), Failure> {
    let (config, wiring) = load(&arguments.config.config)?;
    let registry = Registry::new();
    let readiness = Readiness::default();
    readiness.not_ready("store", "the store is being read");
    let mut tasks = JoinSet::new();
    let counted = http::Metrics::register(&registry).map_err(|error| Failure::run(&error))?;
    let http = Http::new(wiring.http(), &config.data, counted);
    if let (false, Some(address)) = (arguments.once, config.listen) {
        let (router, _) = admin::router(readiness.clone(), registry.clone(), http.clone())
            .map_err(|error| Failure::run(&error))?;
        let router = http.counted(router.merge(http.router().0));
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::failed(format!(
                "cannot listen on {address}: {error}; free the port or change node.listen"
            ))
        })?;
        tracing::info!(%address, "serving health, metrics, /v1 and /registry");
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "health and metrics are no longer served");
            }
        });
    }
    let drained = drain_on_signal(&mut tasks)?;
    let store = wait_for_store(&config).await.map_err(|error| Failure::run(&error))?;
    let mut node = tokio::task::block_in_place(|| open_on(store, &wiring, &registry))?;
    let summary = drive(
        &mut node,
        &config,
        &wiring,
        Some(&http).filter(|_| !arguments.once),
        drained,
        &readiness,
        output,
    )
    .await?;
    output.result(&summary, text);
    verdict(&node, &summary)
}

/// Runs an open node to its end: until it is told to stop where it serves requests, until all is done where not.
pub(crate) async fn drive(
    node: &mut Node,
    config: &Config,
    wiring: &Wiring,
    http: Option<&Http>,
    drained: watch::Receiver<bool>,
    readiness: &Readiness,
    output: Output,
) -> Result<Summary, Failure> {
    let started = Instant::now();
    let once = http.is_none();
    let mut tasks = JoinSet::new();
    let (jobs, waiting) = mpsc::channel::<Job>(JOBS_WAITING_MAX);
    let (listener, socket) = control::listen(&config.data).map_err(|error| {
        Failure::failed(format!("cannot make the control socket in {}: {error}", config.data.display()))
    })?;
    let (calls, called) = control::channel();
    tasks.spawn(async move {
        if let Err(error) = control::serve(listener, calls).await {
            tracing::error!(%error, "the control socket is no longer served");
        }
    });
    let dispatch = Dispatch {
        policy: wiring.policy.clone(),
        feed: SharedFeed::default(),
        clock: wire::now,
        poll: config.poll,
    };
    let mut events = wiring.event_deliveries().map_err(|error| Failure::config(&error))?;
    if !once {
        for delivery in events.drain(..) {
            let notice = notice(readiness.clone());
            tasks.spawn(dispatch.clone().run(delivery, jobs.clone(), drained.clone(), notice));
        }
    }
    if let Some(http) = http {
        http.serve(Served { jobs: jobs.clone(), dispatch: dispatch.clone(), drained: drained.clone() });
    }
    // Whoever is told that the node is ready may push at once.
    readiness.ready("store");
    tasks.spawn(forward(called, jobs, readiness.clone()));
    let options =
        RunOptions { once, settle: config.settle(), poll: config.poll, limits: BATCH, clock: wire::now };
    let progress = output.progress("rows");
    let mut deliveries = wiring.deliveries();
    let sources = wiring.sources();
    let notice = notice(readiness.clone());
    let ran = yibiao_pipeline::run(node, sources, &mut deliveries, options, waiting, drained, notice);
    // It holds every connector and adapter: too much for the stack of whoever waits.
    let ran = Box::pin(ran).await;
    progress.finish_and_clear();
    readiness.not_ready("node", "draining");
    if let Err(error) = std::fs::remove_file(socket) {
        tracing::debug!(%error, "the control socket stays; the next node replaces it");
    }
    let RunReport { mut failed, deliveries } = ran.map_err(|error| Failure::run(&error))?;
    for mut delivery in events {
        match dispatch.finish(&mut delivery, node).await {
            Ok(sent) => tracing::info!(subscription = %delivery.subscription, sent, "events sent on"),
            Err(DispatchError::Edge(error)) => failed.push(error),
            Err(error) => return Err(Failure::run(&error)),
        }
    }
    let status = handle::status(node).map_err(|error| Failure::run(&error))?;
    Ok(Summary {
        seconds: started.elapsed().as_secs_f64(),
        stage_seconds: Stage::ALL.map(|stage| (stage.name(), node.metrics().stage_seconds(stage))).into(),
        cpu_seconds: admin::cpu_seconds(),
        peak_memory_bytes: admin::peak_bytes(),
        failed: failed.iter().map(ToString::to_string).collect(),
        deliveries: deliveries.iter().map(DeliverySummary::from).collect(),
        status,
    })
}

/// Shows in the readiness how each part is.
fn notice(readiness: Readiness) -> impl Fn(Part, Option<&EdgeError>) + Send {
    move |part, error| {
        let name = match part {
            Part::Source(system) => format!("source {system}"),
            Part::Delivery(subscription) => format!("delivery {subscription}"),
        };
        match error {
            Some(error) => readiness.not_ready(&name, &error.to_string()),
            None => readiness.ready(&name),
        }
    }
}

/// Turns control requests into jobs of the node.
async fn forward(mut calls: mpsc::Receiver<control::Call>, jobs: mpsc::Sender<Job>, readiness: Readiness) {
    while let Some(control::Call { request, reply }) = calls.recv().await {
        if let Request::Readiness = request {
            drop(reply.send(Answer::Done(serde_json::json!(readiness.reasons()))));
            continue;
        }
        let job: Job = Box::new(move |node| {
            // Whoever asked may have gone.
            drop(reply.send(handle::handle(node, request)));
        });
        if jobs.send(job).await.is_err() {
            return;
        }
    }
}

/// Turns true when the program is told to stop. Listens from now on: whoever is told to stop while the store is still
/// being read stops in order.
pub(crate) fn drain_on_signal(tasks: &mut JoinSet<()>) -> Result<watch::Receiver<bool>, Failure> {
    let listen =
        |kind| signal(kind).map_err(|error| Failure::failed(format!("cannot listen to signals: {error}")));
    let (term, interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let (drain, drained) = watch::channel(false);
    tasks.spawn(stop_on_signal(term, interrupt, drain));
    Ok(drained)
}

async fn stop_on_signal(mut term: Signal, mut interrupt: Signal, drain: watch::Sender<bool>) {
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    if drain.send(true).is_err() {
        return; // the node has ended by itself
    }
    tokio::select! {
        () = tokio::time::sleep(DRAIN) => tracing::error!("not drained in {DRAIN:?}: ending; what was not acknowledged is read again"),
        _ = interrupt.recv() => tracing::error!("interrupted again: ending; what was not acknowledged is read again"),
    }
    std::process::exit(1);
}

/// Fails where something needs a person: the promise first.
pub(crate) fn verdict(node: &Node, summary: &Summary) -> Result<(), Failure> {
    let accounts = node.accounts().map_err(|error| Failure::run(&error))?;
    if let Some(account) = accounts.iter().find(|account| account.gap() != 0) {
        let Account { subscription, feed, .. } = account;
        let gap = account.gap();
        return Err(Failure::gap(format!(
            "the counts of subscription {subscription} miss {gap} of {feed} changes; this is a defect: keep the data folder and report it"
        )));
    }
    if summary.failed.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(summary.failed.join("\n       ")))
}

/// What a run did, as a person reads it.
pub(crate) fn text(summary: &Summary) -> String {
    let status = handle::status_text(&summary.status);
    let rows = summary.deliveries.iter().map(|delivery| {
        let count = |status: &str| delivery.rows.get(status).copied().unwrap_or(0).to_string();
        [
            delivery.subscription.clone(),
            count("changed"),
            count("unchanged"),
            count("review"),
            count("quarantined"),
            delivery.completed.to_string(),
            delivery.corrected.to_string(),
        ]
    });
    let header = [
        "subscription",
        "rows changed",
        "unchanged",
        "in review",
        "quarantined",
        "cells completed",
        "corrected",
    ];
    format!("{status}\n\nDelivered\n{}\n\n{:.1} s", table(header, rows), summary.seconds)
}
