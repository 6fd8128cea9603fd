//! The command line, as typed. What it means is in the module of each verb.

mod desk;

pub(crate) use desk::{
    DlqArgs, DlqSome, DlqVerb, DlqWhich, QuarantineArgs, QuarantineVerb, ReviewArgs, ReviewVerb, Ruling,
    WebhookArgs, WebhookVerb,
};

use crate::conformance::ConformanceArgs;
use crate::scaffold::{AdapterArgs, ConnectorArgs};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Collect once, share everywhere: reads what departments collect, resolves it into canonical records, and gives each
/// entitled department its own rows back, completed and corrected.
#[derive(Debug, Parser)]
#[command(name = "yibiao", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How the log is written to standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// What to log, such as `info` or `yibiao_pipeline=debug`
    #[arg(long, global = true, env = "YIBIAO_LOG", default_value = "warn")]
    pub(crate) log: String,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The exit codes, as the help shows them.
const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed while running: the message says what, where and what to do
  2  the command line is wrong
  3  the configuration, a mapping or the policy is wrong; nothing was opened
  4  check found something that needs a person; so did doctor
  5  the counts of the promise do not add up
  6  there is no such record, entity, task or entry
  7  what was learnt is no plausible model; nothing was written";

/// How the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for a person
    Text,
    /// One JSON object a line
    Json,
}

/// A configuration file.
#[derive(Debug, Args)]
pub(crate) struct ConfigArg {
    /// The configuration file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// See it happen: makes six departments' files, runs the whole way, prints what came of it
    Demo(DemoArgs),
    /// Run the node until it is stopped (SIGTERM or ctrl-C drains it)
    Run(RunArgs),
    /// Before a start: check configuration, reachability and rights: cause and hint
    Check(ConfigArg),
    /// Beside a running node: what fails of it and of each peer, the likely cause, the next step
    Doctor(ConfigArg),
    /// What the node holds and has done
    Status(ConfigArg),
    /// Why two records are (not) one entity, or how an entity came together
    Explain(ExplainArgs),
    /// Tasks that wait for a steward
    Review(ReviewArgs),
    /// Rows that could not be read, with their bytes and the reason
    Quarantine(QuarantineArgs),
    /// Receivers of events by webhook: what was tried, and enabling one that said it was gone
    Webhook(WebhookArgs),
    /// Changes that a receiver refused for good, with the bytes that were sent and the reason
    Dlq(DlqArgs),
    /// Write entities with members or values to a file
    Export(ExportArgs),
    /// The dictionary
    Schema(SchemaArgs),
    /// Copy the store of a running or stopped node, consistently
    Backup(BackupArgs),
    /// Put a backup into an empty data folder
    Restore(RestoreArgs),
    /// De-duplicate any CSV files, without a node
    Resolve(ResolveArgs),
    /// Test a connector against the rules of its contract
    Conformance(ConformanceArgs),
    /// A connector of your own
    Connector(ConnectorArgs),
    /// An adapter of your own
    Adapter(AdapterArgs),
    /// Learn how records are compared
    Model(ModelArgs),
    /// What a model would merge, split and change in value, before it does
    Plan(PlanArgs),
    /// Put a model in force, from this point of the logs on; what follows is published as changes
    Apply(ApplyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to put input, output and store; emptied first if it holds an earlier demo
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    pub(crate) dir: PathBuf,
    /// Households in the invented county
    #[arg(long, default_value_t = 300)]
    pub(crate) households: u32,
    /// Seed of the invented county
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Drain the inputs, deliver, and end
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Entity ids (P-00000001) or records (SYSTEM:KEY; where a file has no key column, its row number). One: its story.
    /// Two records: the waterfall of the pair
    #[arg(required = true, num_args = 1..=2)]
    pub(crate) subjects: Vec<String>,
    /// Which kind of entity the records are looked at as
    #[arg(long, default_value = "person")]
    pub(crate) entity: String,
    /// Of two records: also draw the waterfall, without values, into this file
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) svg: Option<PathBuf>,
}

/// Who acts.
#[derive(Debug, Args)]
pub(crate) struct ActorArg {
    /// The account that acts, for the audit log
    #[arg(long, env = "USER", hide_env_values = true, default_value = "operator")]
    pub(crate) actor: String,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// person, household or dwelling
    #[arg(long, default_value = "person")]
    pub(crate) entity: String,
    /// One line per source key ever accepted (system, local_key, entity_id, live) instead of one per entity
    #[arg(long)]
    pub(crate) members: bool,
    /// Where to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The format; by default from the file's ending
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportFormat>,
}

/// A format of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
pub(crate) enum ExportFormat {
    /// UTF-8, comma-separated, with a header
    Csv,
    /// One JSON object a line
    Ndjson,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    #[command(subcommand)]
    pub(crate) verb: SchemaVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaVerb {
    /// Write the Avro schemas that the dictionary gives
    Export {
        /// The folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// The file to write; must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// The backup
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// What the columns mean (see schemas/examples)
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: PathBuf,
    /// Where to write file, row_key, cluster_id
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// A model for the schema, as `yibiao model train --schema` writes it; without it one is learnt from the files
    #[arg(long, value_name = "MODEL.yaml")]
    pub(crate) model: Option<PathBuf>,
    /// The files, plain or .gz
    #[arg(required = true, value_name = "IN.csv")]
    pub(crate) inputs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) verb: ModelVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelVerb {
    /// Learn a model without labels, from a node's records (-c) or from CSV files (--schema), and write it as a file
    /// that never changes. A node's records are read between two batches, and its stewards' rulings count as labels
    Train(TrainArgs),
    /// Show a model as one HTML page: weights, frequencies, scores, blocking keys, what is unlinkable, what drifted
    Report(ReportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The configuration of the node whose records are read
    #[arg(short, long, value_name = "FILE", required_unless_present = "schema", conflicts_with = "schema")]
    pub(crate) config: Option<PathBuf>,
    /// Which kind of entity of the node
    #[arg(long, default_value = "person")]
    pub(crate) entity: String,
    /// What the columns of the files mean (see schemas/examples)
    #[arg(long, value_name = "FILE", requires = "inputs")]
    pub(crate) schema: Option<PathBuf>,
    /// The files, plain or .gz
    #[arg(value_name = "IN.csv", conflicts_with = "config")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Where to write: NAME.vNUMBER.yaml, such as person.v2.yaml; must not exist
    #[arg(short, long, value_name = "NAME.vN.yaml")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The model file
    #[arg(value_name = "MODEL.yaml")]
    pub(crate) model: PathBuf,
    /// An earlier model to show it beside
    #[arg(long, value_name = "OLD.yaml")]
    pub(crate) against: Option<PathBuf>,
    /// The page to write
    #[arg(short, long, value_name = "FILE.html")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// The model file: weights, fields, keys, rules and cuts of one kind of entity
    #[arg(value_name = "MODEL.yaml")]
    pub(crate) model: PathBuf,
    /// List at most so many entities
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// The model file
    #[arg(value_name = "MODEL.yaml")]
    pub(crate) model: PathBuf,
    /// The account that puts it in force
    #[arg(long)]
    pub(crate) actor: String,
    /// Why, without personal data
    #[arg(long)]
    pub(crate) reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
