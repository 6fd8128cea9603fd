//! `doctor`: everything that `check` looks at, and how the running node is: what fails, the likely cause, the next step.

use crate::check::{self, Line};
use crate::config::{Config, From, To};
use crate::control::{self, Answer, Request};
use crate::exit::{Failure, chain};
use crate::output::Output;
use crate::query::cell;
use crate::run;
use crate::wire::{self, Wiring};
use serde_json::Value as Json;
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use yibiao_contract::Finding;
use yibiao_policy::Subscription;
use yibiao_store::OpenError;

/// Below so much free space the disk is told to be short.
const DISK_FREE_MIN: u64 = 1 << 30;
/// Below so many percent, too.
const DISK_FREE_PERCENT_MIN: u64 = 5;
/// How long a busy node may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

pub(crate) async fn doctor(path: &Path, output: Output) -> Result<(), Failure> {
    let (config, wiring) = run::load(path)?;
    let mut lines = vec![Line::of("node", disk(&config.data))];
    lines.extend(node(&config).await);
    lines.extend(check::findings(&config, &wiring).await?);
    lines.extend(subscriptions(&config, &wiring));
    lines.extend(registries(&config).await);
    check::report(&lines, output)
}

/// Subscriptions that are delivered, and are over or have not begun.
fn subscriptions(config: &Config, wiring: &Wiring) -> Vec<Line> {
    let of =
        config.deliveries.iter().filter_map(|delivery| wiring.policy.subscription(&delivery.subscription));
    let line = |subscription: &Subscription| {
        let part = format!("delivery {}", subscription.id());
        let finding = match subscription.runs(wire::now()) {
            Ok(()) => good("subscription", "is in force"),
            Err(rule) => bad(
                "subscription",
                format!("nothing leaves under it: {}", rule.id()),
                "have it renewed in the policy, or take the delivery out of the configuration",
            ),
        };
        Line::of(&part, finding)
    };
    of.map(line).collect()
}

/// The schema registries that are named.
async fn registries(config: &Config) -> Vec<Line> {
    let sources = config.sources.iter().filter_map(|source| match &source.from {
        From::Kafka(kafka) => Some((format!("source {}", source.system), kafka.registry.clone()?)),
        _ => None,
    });
    let deliveries = config.deliveries.iter().filter_map(|delivery| match &delivery.to {
        To::Kafka(kafka) => Some((format!("delivery {}", delivery.subscription), kafka.registry.clone()?)),
        To::File { .. } | To::Webhook(_) => None,
    });
    let mut lines = Vec::new();
    for (part, url) in sources.chain(deliveries) {
        lines.push(Line::of(&part, registry(&url).await));
    }
    lines
}

async fn registry(url: &str) -> Finding {
    let subject = format!("registry {url}");
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let address = match host.rsplit_once(':') {
        Some(_) => host.to_owned(),
        None => format!("{host}:{}", if scheme == "https" { 443 } else { 80 }),
    };
    let hint = "start it, or correct `registry:` in the configuration";
    match tokio::time::timeout(ANSWER_MAX, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => good(&subject, "can be reached"),
        Ok(Err(error)) => bad(&subject, format!("cannot be reached: {error}"), hint),
        Err(_) => bad(&subject, format!("does not answer within {ANSWER_MAX:?}"), hint),
    }
}

fn good(subject: &str, detail: impl Into<String>) -> Finding {
    Finding { subject: subject.to_owned(), good: true, detail: detail.into(), hint: String::new() }
}

fn bad(subject: &str, detail: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { subject: subject.to_owned(), good: false, detail: detail.into(), hint: hint.into() }
}

/// What one that runs says of itself, and where none does, whether one could.
async fn node(config: &Config) -> Vec<Line> {
    let of_node = |finding| Line::of("node", finding);
    match told(config, &Request::Readiness).await {
        Err(finding) => vec![of_node(finding)],
        Ok(None) => {
            let stopped = bad(
                "node",
                format!("none runs on {}", config.data.display()),
                "start it with `yibiao run`; if it was running, its standard error says why it ended",
            );
            let mut lines = vec![of_node(stopped), of_node(store(config))];
            lines.extend(address(config).await.map(of_node));
            lines
        }
        Ok(Some(reasons)) => {
            let mut lines = vec![of_node(good("node", "runs"))];
            lines.extend(parts(&reasons));
            lines.extend(served(config).await.map(of_node));
            match told(config, &Request::Status).await {
                Ok(Some(status)) => lines.extend(state(&status)),
                Ok(None) => {}
                Err(finding) => lines.push(of_node(finding)),
            }
            lines
        }
    }
}

/// What a running node answers; `None` where none runs.
async fn told(config: &Config, request: &Request) -> Result<Option<Json>, Finding> {
    let hint = "look at its log; if it hangs, stop it and start it again: nothing acknowledged is lost";
    match tokio::time::timeout(ANSWER_MAX, control::ask(&config.data, request)).await {
        Ok(Ok(None)) => Ok(None),
        Ok(Ok(Some(Answer::Done(answer)))) => Ok(Some(answer)),
        Ok(Ok(Some(Answer::Missing(why) | Answer::Failed(why)))) => Err(bad("node", why, hint)),
        Ok(Err(error)) => Err(bad("node", format!("its control socket fails: {error}"), hint)),
        Err(_) => Err(bad("node", format!("it runs and does not answer within {ANSWER_MAX:?}"), hint)),
    }
}

/// The parts that are not ready. A reason ends in what to do.
fn parts(reasons: &Json) -> Vec<Line> {
    let reasons = reasons.as_object().into_iter().flatten();
    let line = |(part, reason): (&String, &Json)| {
        let reason = reason.as_str().unwrap_or_default();
        let (detail, hint) =
            reason.split_once("; ").unwrap_or((reason, "wait; it is looked at again by itself"));
        Line::of(part, bad("state", detail, hint))
    };
    reasons.map(line).collect()
}

/// What the node has counted.
fn state(status: &Json) -> Vec<Line> {
    let number = |of: &Json, name: &str| of.get(name).and_then(Json::as_i64).unwrap_or(0);
    let mut lines = Vec::new();
    for of in status.get("subscriptions").and_then(Json::as_array).into_iter().flatten() {
        let name = cell(of, "subscription");
        let part = format!("delivery {name}");
        let [pending, gap] = ["pending", "gap"].map(|count| number(of, count));
        let waiting = number(of, "letters");
        lines.push(Line::of(
            &part,
            match gap {
                0 => good("counts", format!("add up; {pending} changes wait")),
                gap => bad(
                    "counts",
                    format!("{gap} changes are unaccounted for: a defect"),
                    "keep the data folder and report it",
                ),
            },
        ));
        if waiting > 0 {
            lines.push(Line::of(
                &part,
                bad(
                    "dead letters",
                    format!("its receiver refused {waiting} changes for good"),
                    format!(
                        "`yibiao dlq list --subscription {name}` says why; then `dlq replay` or `dlq purge`"
                    ),
                ),
            ));
        }
    }
    match number(status, "quarantined") {
        0 => lines.push(Line::of("node", good("quarantine", "is empty"))),
        rows => lines.push(Line::of(
            "node",
            bad(
                "quarantine",
                format!("{rows} rows could not be read"),
                "`yibiao quarantine list` says why; correct the source or its mapping, then `yibiao quarantine retry`",
            ),
        )),
    }
    lines
}

/// Whether the store of a stopped node opens.
fn store(config: &Config) -> Finding {
    match run::open_store(config).map(|store| store.view().map(|view| view.last())) {
        Ok(Ok(last)) => good("store", format!("opens, with {} submissions", last.submission.0)),
        Ok(Err(error)) => bad("store", chain(&error), "restore the newest backup with `yibiao restore`"),
        Err(error @ OpenError::InUse { .. }) => bad(
            "store",
            chain(&error),
            "a node that starts, stops or hangs has it: wait, or end that process",
        ),
        Err(error) => bad(
            "store",
            chain(&error),
            "keep the folder, and restore the newest backup with `yibiao restore`",
        ),
    }
}

/// Whether a node that is started could listen.
async fn address(config: &Config) -> Option<Finding> {
    let address = config.listen?;
    let subject = format!("address {address}");
    Some(match TcpListener::bind(address).await {
        Ok(_) => good(&subject, "is free"),
        Err(error) => bad(
            &subject,
            format!("cannot be listened on: {error}"),
            "end the program that has the port, or change node.listen",
        ),
    })
}

/// Whether the running node listens where the configuration says.
async fn served(config: &Config) -> Option<Finding> {
    let address = config.listen?;
    let subject = format!("address {address}");
    Some(match TcpStream::connect(address).await {
        Ok(_) => good(&subject, "is served"),
        Err(error) => bad(
            &subject,
            format!("does not answer: {error}"),
            "the node may have been started with another configuration: start it again with this one",
        ),
    })
}

/// How much room the data folder has.
fn disk(data: &Path) -> Finding {
    // Where the folder is yet to be made, its nearest ancestor tells.
    let there = data.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let subject = format!("disk of {}", data.display());
    let space = match rustix::fs::statvfs(there) {
        Ok(space) => space,
        Err(error) => return bad(&subject, format!("cannot be asked: {error}"), "see that it is mounted"),
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let all = space.f_blocks.saturating_mul(space.f_frsize);
    let detail = format!("{} MiB of {} MiB are free", free >> 20, all >> 20);
    if free < DISK_FREE_MIN || free < all / 100 * DISK_FREE_PERCENT_MIN {
        let hint = "free some: without room the node cannot commit, and takes in nothing more";
        return bad(&subject, detail, hint);
    }
    good(&subject, detail)
}
