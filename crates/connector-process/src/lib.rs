//! Reads a department's rows from a program, written in any language, that speaks line-delimited JSON over standard input
//! and output. The protocol is on this crate's page; its words are in [`yibiao_contract::program`].
//!
//! **Invariant:** whatever the program does (crash, hang, talk nonsense, talk too much) is a failure of the connector, and
//! the next reading starts it anew at the stored position.
//! **Invariant:** the program sees of the node's environment only what every program needs, and what its configuration
//! names.

mod config;
mod running;
#[cfg(test)]
mod tests;

pub use config::Config;

use crate::running::Running;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yibiao_contract::program::{Answer, FoundLine, Items, Request, SchemaLine};
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding,
};

/// What the text of a cursor is preceded by, so that a position of another kind of source is told from it.
const CURSOR: &str = "p1:";
/// Longest cursor of a program, in bytes.
const CURSOR_BYTES_MAX: usize = 64 << 10;

/// A program as a source of rows.
pub struct ProcessConnector {
    config: Arc<Config>,
    /// Locked only while it is taken out or put back, so that the connector can be shared between threads.
    running: Mutex<Option<Running>>,
    capabilities: Arc<Mutex<ConnectorCapabilities>>,
}

impl fmt::Debug for ProcessConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessConnector").field("config", &self.config).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProcessConnector {
    /// A connector for the program, which is started when it is first needed.
    pub fn new(config: Config) -> ProcessConnector {
        let strict = ConnectorCapabilities { replay: true, snapshot: false };
        ProcessConnector {
            config: Arc::new(config),
            running: Mutex::new(None),
            capabilities: Arc::new(Mutex::new(strict)),
        }
    }

    /// Does something with a program on a thread that may block; a program that failed is not used again.
    async fn with<T: Send + 'static>(
        &self,
        running: Option<Running>,
        work: impl FnOnce(&mut Running, &Config) -> Result<T, EdgeError> + Send + 'static,
    ) -> Result<(Running, T), EdgeError> {
        let (config, capabilities) = (Arc::clone(&self.config), Arc::clone(&self.capabilities));
        let ended = tokio::task::spawn_blocking(move || {
            let mut running = match running {
                Some(running) => running,
                None => Running::start(&config)?,
            };
            let hello = running.hello();
            *locked(&capabilities) = ConnectorCapabilities { replay: hello.replay, snapshot: hello.snapshot };
            let done = work(&mut running, &config)?;
            Ok((running, done))
        });
        ended.await.unwrap_or_else(|_| {
            let hint = "it is started again by itself, at the stored position";
            Err(EdgeError::retry("cannot finish reading", "the reading task was ended", hint))
        })
    }
}

impl Connector for ProcessConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        *locked(&self.capabilities)
    }

    async fn check(&self) -> Vec<Finding> {
        let subject = format!("program {}", self.config.name());
        // A program of its own, so that a reading is not disturbed.
        match self.with(None, findings).await {
            Ok((_, findings)) => findings,
            Err(error) => vec![Finding::of(subject, Err(error))],
        }
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        let (_, found) = self.with(None, schemas).await?;
        Ok(found)
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let from = text_of(from)?;
        let running = locked(&self.running).take();
        let (running, batch) =
            self.with(running, move |running, config| read(running, config, from, limits)).await?;
        *locked(&self.running) = Some(running);
        batch
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        let upto = text_of(upto)?;
        // One that is not running is told nothing: it reads from the stored position when it starts.
        let Some(running) = locked(&self.running).take() else { return Ok(()) };
        let committed = self.with(Some(running), move |running, config| {
            Ok(match running.ask(config, &Request::Commit { upto })? {
                Answer::Done {} => Ok(()),
                Answer::Error(error) => Err(error.into()),
                other => return Err(running.astray(config, &other, "`done`")),
            })
        });
        let (running, committed) = committed.await?;
        *locked(&self.running) = Some(running);
        committed
    }
}

fn findings(running: &mut Running, config: &Config) -> Result<Vec<Finding>, EdgeError> {
    match running.ask(config, &Request::Check)? {
        Answer::Findings(lines) => {
            let finding = |FoundLine { subject, good, detail, hint }| Finding { subject, good, detail, hint };
            Ok(lines.into_iter().map(finding).collect())
        }
        Answer::Error(error) => Err(error.into()),
        other => Err(running.astray(config, &other, "`findings`")),
    }
}

fn schemas(running: &mut Running, config: &Config) -> Result<Vec<Discovered>, EdgeError> {
    match running.ask(config, &Request::Discover)? {
        Answer::Schemas(lines) => {
            let found = |SchemaLine { name, columns }| Discovered { name, columns };
            Ok(lines.into_iter().map(found).collect())
        }
        Answer::Error(error) => Err(error.into()),
        other => Err(running.astray(config, &other, "`schemas`")),
    }
}

/// Reads a batch. The outer error ends the program, the inner one is what the program itself says.
fn read(
    running: &mut Running,
    config: &Config,
    from: String,
    limits: BatchLimits,
) -> Result<Result<Option<Batch>, EdgeError>, EdgeError> {
    let BatchLimits { rows_max, bytes_max } = limits;
    let (mut items, mut rows, mut bytes) = (Items::default(), 0, 0);
    let mut answer = running.ask(config, &Request::Read { from, rows_max, bytes_max })?;
    loop {
        answer = match answer {
            Answer::Nothing {} if rows == 0 => return Ok(Ok(None)),
            Answer::Error(error) => return Ok(Err(error.into())),
            Answer::End { cursor } if cursor.len() > CURSOR_BYTES_MAX => {
                return Err(
                    running.broke(config, &format!("its cursor is longer than {CURSOR_BYTES_MAX} bytes"))
                );
            }
            Answer::End { cursor } => {
                let cursor = Cursor(format!("{CURSOR}{cursor}").into_bytes());
                return Ok(Ok(Some(Batch { items: items.end(), cursor })));
            }
            item => {
                if matches!(item, Answer::Row(_) | Answer::Bad(_) | Answer::Message(_)) {
                    rows += 1;
                    bytes += running.line_bytes();
                }
                if rows > rows_max {
                    return Err(
                        running.broke(config, &format!("it gave more than the {rows_max} rows asked for"))
                    );
                }
                // A line holds a row's bytes and its cells, each escaped: far more than that is no row within the limit.
                if rows > 1
                    && bytes > bytes_max.saturating_mul(BYTES_SLACK).saturating_add(config.line_bytes_max)
                {
                    return Err(running
                        .broke(config, &format!("it gave far more than the {bytes_max} bytes asked for")));
                }
                if let Err(stray) = items.take(item) {
                    return Err(running.astray(config, &stray, "an item, `end` or `nothing`"));
                }
                running.next(config)?
            }
        };
    }
}

/// How many bytes of lines may stand for one byte of raw rows.
const BYTES_SLACK: usize = 16;

/// The program's own text of a cursor.
fn text_of(cursor: &Cursor) -> Result<String, EdgeError> {
    if cursor.0.is_empty() {
        return Ok(String::new());
    }
    let text = std::str::from_utf8(&cursor.0).ok().and_then(|text| text.strip_prefix(CURSOR));
    text.map(str::to_owned).ok_or_else(|| {
        EdgeError::halt(
            "cannot resume at the stored position",
            "it is not a position of a program",
            "use the kind of source that wrote it, or start the source anew",
        )
    })
}
