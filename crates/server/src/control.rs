//! How the command line reaches a running node: a Unix socket in the data folder, one JSON request and one JSON answer a
//! connection.
//!
//! **Invariant:** whoever may open the data folder may use the socket, and nobody else: it is made with mode 0600, and
//! nothing is served beyond the machine.

use crate::cli::{ExportFormat, Ruling};
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

/// Longest request, in bytes.
const REQUEST_BYTES_MAX: u64 = 1 << 20;
/// Requests that may wait for the node at once.
const REQUESTS_WAITING_MAX: usize = 16;

/// What a verb asks of a node, running or just opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    Status,
    /// Why the node is not ready, by part: answered beside the node, which may be busy.
    Readiness,
    Explain {
        subjects: Vec<String>,
        entity: String,
    },
    ReviewList {
        limit: usize,
    },
    Decide {
        ruling: Ruling,
        subjects: Vec<String>,
        element: Option<String>,
        from: Option<String>,
        entity: String,
        actor: String,
        reason: String,
    },
    Decisions,
    ReviewExport {
        out: PathBuf,
        limit: usize,
    },
    ReviewImport {
        file: PathBuf,
        actor: String,
    },
    QuarantineList,
    QuarantineShow {
        id: u64,
    },
    QuarantineRetry,
    Dlq(crate::dlq::Ask),
    Export {
        entity: String,
        members: bool,
        out: PathBuf,
        format: ExportFormat,
    },
    Backup {
        to: PathBuf,
    },
    Learn {
        entity: String,
        name: String,
        version: u32,
        out: PathBuf,
    },
    PlanModel {
        model: PathBuf,
        /// Of the file that was looked at.
        digest: String,
        limit: usize,
    },
    ApplyModel {
        model: PathBuf,
        digest: String,
        actor: String,
        reason: String,
    },
    Enable {
        subscription: String,
    },
}

/// What a verb answers: the result as JSON (the command line renders it), or why not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done(serde_json::Value),
    Missing(String),
    Failed(String),
}

/// A request on its way to the node's loop.
pub(crate) struct Call {
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Answer>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("control request")
    }
}

/// Where the socket of a data folder is.
fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Asks a running node; `None` where none runs on this data folder.
pub(crate) async fn ask(data: &Path, request: &Request) -> io::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(socket(data)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    stream.write_all(&serde_json::to_vec(request)?).await?;
    stream.shutdown().await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Serves the socket until the receiver of calls is gone.
pub(crate) fn listen(data: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let path = socket(data);
    match std::fs::remove_file(&path) {
        // Left by a node that was killed; the store's lock has shown that none runs.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok((listener, path))
}

/// The channel from the socket to the node's loop.
pub(crate) fn channel() -> (mpsc::Sender<Call>, mpsc::Receiver<Call>) {
    mpsc::channel(REQUESTS_WAITING_MAX)
}

/// Takes connections and hands their requests to the node's loop.
pub(crate) async fn serve(listener: UnixListener, calls: mpsc::Sender<Call>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        // One at a time: the node answers one at a time.
        if let Err(error) = connection(stream, &calls).await {
            tracing::debug!(%error, "control connection broke off");
        }
    }
}

async fn connection(mut stream: UnixStream, calls: &mpsc::Sender<Call>) -> io::Result<()> {
    let mut bytes = Vec::new();
    (&mut stream).take(REQUEST_BYTES_MAX).read_to_end(&mut bytes).await?;
    let (reply, answer) = oneshot::channel();
    let call = Call { request: serde_json::from_slice(&bytes)?, reply };
    let stopping =
        || Answer::Failed("the node is stopping; ask again when it is up, or when it is down".to_owned());
    let answer = match calls.send(call).await {
        Ok(()) => answer.await.unwrap_or_else(|_| stopping()),
        Err(_) => stopping(),
    };
    stream.write_all(&serde_json::to_vec(&answer)?).await?;
    stream.shutdown().await
}
