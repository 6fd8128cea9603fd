//! A program that runs: asked line by line, each answer within a time, each line within a length.

use crate::Config;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use yibiao_contract::EdgeError;
use yibiao_contract::program::{Answer, Hello, PROTOCOL, Request};

/// Lines that may have been read ahead of the one that is waited for.
const LINES_AHEAD_MAX: usize = 64;
/// How long a program may take to end by itself once its input is closed.
const GRACE: Duration = Duration::from_secs(2);
/// Longest line of its log that is taken over, in bytes.
const LOG_LINE_BYTES_MAX: u64 = 1_000;
/// What a program has of the node's environment.
const ENVIRONMENT: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

enum Line {
    Text(Vec<u8>),
    TooLong,
}

pub(crate) struct Running {
    child: Child,
    /// Taken where the program is to end.
    input: Option<ChildStdin>,
    lines: Receiver<Line>,
    hello: Hello,
    /// When the answer at hand must be there as a whole.
    due: Instant,
    line_bytes: usize,
}

impl Running {
    /// Starts the program and greets it.
    pub(crate) fn start(config: &Config) -> Result<Running, EdgeError> {
        let attempt = format!("cannot start {}", config.name());
        let hint = "check `run:` in the configuration, and the rights on the program";
        let Some((program, arguments)) = config.run.split_first() else {
            return Err(EdgeError::halt(attempt, "no program is named", hint));
        };
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        command.envs(ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(&config.env).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| EdgeError::retry(&attempt, error.kind().to_string(), hint))?;
        let (sender, lines) = sync_channel(LINES_AHEAD_MAX);
        if let Some(output) = child.stdout.take() {
            let bytes_max = config.line_bytes_max;
            std::thread::spawn(move || read_lines(output, bytes_max, &sender));
        }
        if let Some(log) = child.stderr.take() {
            let name = config.name();
            std::thread::spawn(move || take_over_log(log, &name));
        }
        let input = child.stdin.take();
        let hello = Hello { protocol: PROTOCOL, replay: true, snapshot: false };
        let mut running = Running { child, input, lines, hello, due: Instant::now(), line_bytes: 0 };
        running.hello = match running.ask(config, &Request::Hello { protocol: PROTOCOL })? {
            Answer::Hello(hello) if hello.protocol == PROTOCOL => hello,
            Answer::Hello(hello) => {
                let reason =
                    format!("it speaks version {} of the protocol, the node {PROTOCOL}", hello.protocol);
                return Err(EdgeError::halt(
                    attempt,
                    reason,
                    "use a version of the program that the node knows",
                ));
            }
            Answer::Error(error) => return Err(error.into()),
            other => return Err(running.astray(config, &other, "`hello`")),
        };
        Ok(running)
    }

    pub(crate) fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The length of the last line.
    pub(crate) fn line_bytes(&self) -> usize {
        self.line_bytes
    }

    /// Asks something and gives the first line of the answer.
    pub(crate) fn ask(&mut self, config: &Config, request: &Request) -> Result<Answer, EdgeError> {
        self.due = Instant::now() + Duration::from_millis(config.answer_ms_max);
        let mut line = serde_json::to_vec(request).unwrap_or_default();
        line.push(b'\n');
        let sent = self.input.as_mut().map(|input| input.write_all(&line).and_then(|()| input.flush()));
        // One that is gone cannot be asked; why it went is told by its status.
        if matches!(sent, Some(Ok(()))) { self.next(config) } else { Err(self.ended(config)) }
    }

    /// The next line of the answer.
    pub(crate) fn next(&mut self, config: &Config) -> Result<Answer, EdgeError> {
        let line = match self.lines.recv_timeout(self.due.saturating_duration_since(Instant::now())) {
            Ok(Line::Text(line)) => line,
            Ok(Line::TooLong) => {
                let reason =
                    format!("a line is longer than `line_bytes_max`, {} bytes", config.line_bytes_max);
                return Err(self.broke(config, &reason));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(self.ended(config)),
            Err(RecvTimeoutError::Timeout) => {
                return Err(EdgeError::retry(
                    format!("cannot read from {}", config.name()),
                    format!("it did not answer within `answer_ms_max`, {} ms", config.answer_ms_max),
                    "it is ended and started again by itself; let it say `nothing` or an error rather than wait",
                ));
            }
        };
        self.line_bytes = line.len();
        // The parser's own message may quote the line.
        serde_json::from_slice(&line).map_err(|error| {
            let column = error.column();
            self.broke(config, &format!("a line is no answer of the protocol, from byte {column} on"))
        })
    }

    /// The error for an answer to another question.
    pub(crate) fn astray(&self, config: &Config, answer: &Answer, wanted: &str) -> EdgeError {
        let got = match answer {
            Answer::Hello(_) => "hello",
            Answer::Findings(_) => "findings",
            Answer::Schemas(_) => "schemas",
            Answer::Open(_) | Answer::Row(_) | Answer::Bad(_) | Answer::Close {} => "an item of an edition",
            Answer::Messages(_) => "messages",
            Answer::Message(_) => "a message without `messages` before it",
            Answer::End { .. } => "end",
            Answer::Nothing {} => "nothing",
            Answer::Done {} => "done",
            Answer::Error(_) => "error",
        };
        self.broke(config, &format!("it answered {got}, and {wanted} was asked for"))
    }

    /// The error of a program that breaks the protocol: it will do so again.
    pub(crate) fn broke(&self, config: &Config, reason: &str) -> EdgeError {
        EdgeError::halt(
            format!("cannot read from {}", config.name()),
            reason,
            "have its author correct it: `yibiao conformance` shows what is wrong",
        )
    }

    /// The error of a program that is gone.
    fn ended(&mut self, config: &Config) -> EdgeError {
        self.input = None;
        let status = match self.lines.recv_timeout(GRACE) {
            // Its output is closed: it has ended, or is about to.
            Err(RecvTimeoutError::Disconnected) => self.child.wait().ok(),
            _ => None,
        };
        let reason =
            status.map_or("it closed its output".to_owned(), |status| format!("it ended ({status})"));
        let hint = "see its lines in the log; it is started again by itself, at the stored position";
        EdgeError::retry(format!("cannot read from {}", config.name()), reason, hint)
    }
}

impl Drop for Running {
    /// Its input closed, it ends by itself; else it is ended.
    fn drop(&mut self) {
        self.input = None;
        let due = Instant::now() + GRACE;
        while let Ok(Line::Text(_) | Line::TooLong) =
            self.lines.recv_timeout(due.saturating_duration_since(Instant::now()))
        {}
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            tracing::warn!(%error, "a program could not be ended");
        }
    }
}

fn read_lines(output: impl Read, bytes_max: usize, sender: &SyncSender<Line>) {
    let mut output = BufReader::new(output);
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    loop {
        let mut line = Vec::new();
        match output.by_ref().take(limit).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(length) if line.last() != Some(&b'\n') && length > bytes_max => {
                // What follows cannot be told apart any more: whoever reads ends the program.
                drop(sender.send(Line::TooLong));
                return;
            }
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => {
                if sender.send(Line::Text(line)).is_err() {
                    return;
                }
            }
        }
    }
}

/// Takes the program's log over into the node's, line by line.
fn take_over_log(log: impl Read, program: &str) {
    let mut log = BufReader::new(log);
    let mut line = Vec::new();
    loop {
        line.clear();
        match log.by_ref().take(LOG_LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                tracing::info!(program, text = text.trim_end(), "told by a program");
            }
        }
    }
}
