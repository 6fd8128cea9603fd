//! Verbs on what waits for a person: reviews, quarantined rows, dead letters, webhooks.

use super::{ActorArg, ConfigArg};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct WebhookArgs {
    #[command(subcommand)]
    pub(crate) verb: WebhookVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookVerb {
    /// The latest attempts, the newest last
    Attempts {
        #[command(flatten)]
        config: ConfigArg,
        /// Of one subscription
        #[arg(long, value_name = "ID")]
        subscription: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Deliver again to a receiver that answered 410
    Enable {
        #[command(flatten)]
        config: ConfigArg,
        /// The subscription
        subscription: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    #[command(subcommand)]
    pub(crate) verb: ReviewVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReviewVerb {
    /// The waiting tasks, those that would change most first
    List {
        #[command(flatten)]
        config: ConfigArg,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Rule on two records, pin a value, or take an earlier decision back
    Decide(DecideArgs),
    /// The decisions taken
    Decisions(ConfigArg),
    /// Write the waiting tasks as a workbook to decide in, and the decisions that hold (personal data: mind who gets it)
    Export {
        #[command(flatten)]
        config: ConfigArg,
        /// The workbook to write; must not exist
        #[arg(long, value_name = "TASKS.xlsx")]
        out: PathBuf,
        /// At most so many tasks
        #[arg(long, default_value_t = 500)]
        limit: usize,
    },
    /// Take over what was decided in such a workbook; what is not taken over is told row by row
    Import {
        #[command(flatten)]
        config: ConfigArg,
        /// The workbook
        #[arg(value_name = "TASKS.xlsx")]
        file: PathBuf,
        /// The account that rules
        #[arg(long)]
        actor: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// `link` and `unlink` take two records, `pin` one record with --element and --from, `take-back` a decision's number
    #[arg(value_enum)]
    pub(crate) ruling: Ruling,
    /// Records (SYSTEM:KEY), or the number of the decision to take back
    #[arg(required = true, num_args = 1..=2)]
    pub(crate) subjects: Vec<String>,
    /// The element to pin
    #[arg(long)]
    pub(crate) element: Option<String>,
    /// The record whose value is pinned (SYSTEM:KEY)
    #[arg(long)]
    pub(crate) from: Option<String>,
    /// Which kind of entity
    #[arg(long, default_value = "person")]
    pub(crate) entity: String,
    /// The account that rules
    #[arg(long)]
    pub(crate) actor: String,
    /// Why, without personal data
    #[arg(long)]
    pub(crate) reason: String,
}

/// What a steward rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
pub(crate) enum Ruling {
    /// The two records are the same entity
    Link,
    /// They are not
    Unlink,
    /// The entity that holds the record has this value
    Pin,
    /// An earlier decision no longer holds
    TakeBack,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineArgs {
    #[command(subcommand)]
    pub(crate) verb: QuarantineVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineVerb {
    /// The rows set aside: system, file, row, reason
    List(ConfigArg),
    /// One row with its bytes (personal data: mind who looks)
    Show {
        #[command(flatten)]
        config: ConfigArg,
        /// Its number
        id: u64,
    },
    /// Read the editions that hold quarantined rows again with the mappings of today
    Retry(ConfigArg),
}

#[derive(Debug, Args)]
pub(crate) struct DlqArgs {
    #[command(subcommand)]
    pub(crate) verb: DlqVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqVerb {
    /// The dead letters: which change, of which subscription, why
    List {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        which: DlqWhich,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One with its headers and bytes (personal data: whoever looks is written into the audit log)
    Show {
        #[command(flatten)]
        config: ConfigArg,
        /// Which: SUBSCRIPTION:POSITION, as `dlq list` shows it
        letter: String,
        #[command(flatten)]
        actor: ActorArg,
    },
    /// Send some or all again: a running node at once, a stopped one when it runs
    Replay {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        some: DlqSome,
        #[command(flatten)]
        actor: ActorArg,
    },
    /// Drop some or all with their bytes; their changes stay counted as dead
    Purge {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        some: DlqSome,
        #[command(flatten)]
        actor: ActorArg,
    },
}

/// Which dead letters something is done to.
#[derive(Debug, Args)]
pub(crate) struct DlqSome {
    #[command(flatten)]
    pub(crate) which: DlqWhich,
    /// All that are there
    #[arg(long)]
    pub(crate) all: bool,
}

/// Which dead letters are meant.
#[derive(Debug, Args)]
pub(crate) struct DlqWhich {
    /// These: SUBSCRIPTION:POSITION
    #[arg(value_name = "LETTER")]
    pub(crate) letters: Vec<String>,
    /// Of one subscription
    #[arg(long)]
    pub(crate) subscription: Option<String>,
    /// Refused for one reason: unfit, too_large, refused, superseded
    #[arg(long)]
    pub(crate) reason: Option<String>,
}
