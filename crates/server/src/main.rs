//! Yibiao: the one binary. Reads top-down: what is typed, what it means, who does it.
//!
//! **Invariant:** the only crate that knows which connectors exist (`wire`), that reads the environment and the clock,
//! and that prints.

mod admin;
mod check;
mod cli;
mod config;
mod conformance;
mod control;
mod demo;
mod dlq;
mod doctor;
mod exit;
mod explain;
mod export;
mod flat;
mod handle;
mod http;
mod model;
mod output;
mod query;
mod run;
mod scaffold;
mod steward;
mod waterfall;
mod webhook;
mod wire;

use clap::Parser;
use cli::{Cli, LogFormat, Verb};
use exit::Failure;
use output::Output;
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Rows are many small allocations: in a profile of a run, a quarter of the time went to the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    let done = log(&cli).and_then(|()| {
        let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::run(&error))?;
        runtime.block_on(verb(cli.verb, output))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(output),
    }
}

async fn verb(verb: Verb, output: Output) -> Result<(), Failure> {
    match verb {
        Verb::Demo(arguments) => demo::demo(&arguments, output).await,
        Verb::Run(arguments) => run::run(&arguments, output).await,
        Verb::Check(arguments) => check::check(&arguments.config, output).await,
        Verb::Doctor(arguments) => doctor::doctor(&arguments.config, output).await,
        Verb::Status(arguments) => query::status(&arguments, output).await,
        Verb::Explain(arguments) => query::explain(&arguments, output).await,
        Verb::Review(arguments) => query::review(arguments, output).await,
        Verb::Quarantine(arguments) => query::quarantine(arguments, output).await,
        Verb::Dlq(arguments) => dlq::dlq(arguments, output).await,
        Verb::Export(arguments) => query::export(&arguments, output).await,
        Verb::Schema(arguments) => query::schema(&arguments, output),
        Verb::Backup(arguments) => query::backup(&arguments, output).await,
        Verb::Restore(arguments) => query::restore(&arguments, output),
        Verb::Webhook(arguments) => webhook::webhook(arguments, output).await,
        Verb::Resolve(arguments) => flat::resolve(&arguments, output),
        Verb::Conformance(arguments) => Box::pin(conformance::conformance(&arguments, output)).await,
        Verb::Connector(arguments) => scaffold::connector(&arguments, output),
        Verb::Adapter(arguments) => scaffold::adapter(&arguments, output),
        Verb::Model(arguments) => model::model(arguments, output).await,
        Verb::Plan(arguments) => model::plan(arguments, output).await,
        Verb::Apply(arguments) => model::apply(arguments, output).await,
    }
}

/// The log goes to standard error; results go to standard output.
fn log(cli: &Cli) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&cli.log)
        .map_err(|error| Failure::usage(format!("cannot read the log filter {:?}: {error}", cli.log)))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for people: files and log collectors would keep them as bytes.
    let log = if std::io::stderr().is_terminal() { log } else { log.with_ansi(false) };
    match cli.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
