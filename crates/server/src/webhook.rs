//! `webhook`: what was tried of deliveries to receivers' addresses, and enabling a receiver that said it was gone.

use crate::cli::{WebhookArgs, WebhookVerb};
use crate::control::Request;
use crate::exit::Failure;
use crate::output::Output;
use crate::query::{ask, cell, rows};
use crate::run;
use serde_json::Value as Json;
use yibiao_adapter_webhook::AttemptLog;

pub(crate) async fn webhook(arguments: WebhookArgs, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        WebhookVerb::Attempts { config, subscription, limit } => {
            let (config, _) = run::load(&config.config)?;
            let found = AttemptLog::read(&config.data, subscription.as_deref(), limit).map_err(|error| {
                Failure::failed(format!("cannot read what was tried in {}: {error}", config.data.display()))
            })?;
            let found: Json = serde_json::to_value(found).map_err(|error| Failure::run(&error))?;
            let columns = ["at", "subscription", "event", "outcome", "status", "took_ms"];
            output.result(&found, |found| rows(found, columns, "Nothing was tried yet."));
        }
        WebhookVerb::Enable { config, subscription } => {
            let done = ask(&config, Request::Enable { subscription }).await?;
            output.result(&done, |done| {
                format!(
                    "{} goes on with {} pending changes",
                    cell(done, "subscription"),
                    cell(done, "pending")
                )
            });
        }
    }
    Ok(())
}
