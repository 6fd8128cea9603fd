//! Measures whether receivers that hang hold up those that do not: ten webhooks that answer at once, alone, and then beside
//! thousands that take the request and never answer.
//!
//! `hanging NODE [HANGING]`: NODE is the program `yibiao`, HANGING how many hang (10,000 unless told). The receivers are a process of their own: this one, started again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream as Stream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use yibiao_benches::rows;
use yibiao_benches::running::Running;

/// Receivers that answer.
const WELL: usize = 10;
/// Ports that receivers share: to one alone the system would be busy finding ports of its own for the next connection.
const PORTS: usize = 100;
/// Rows that are pushed, each of a person of its own, and so an event of its own.
const ROWS: u32 = 400;
/// From one push to the next.
const PACE: Duration = Duration::from_millis(50);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);
const TOKEN: &str = "a token of the benchmark";

fn main() {
    let mut words = std::env::args().skip(1);
    let node = words.next().expect("name the program `yibiao`");
    if node == "receive" {
        receive();
    } else {
        let hanging = words.next().map_or(10_000, |hanging| hanging.parse().expect("a number"));
        print(hanging, &measure(Path::new(&node), 0), &measure(Path::new(&node), hanging));
    }
}

/// What came of one run.
struct Figures {
    /// From the push of a row to its event at a receiver that answers; sorted.
    took: Vec<Duration>,
    /// Bytes of the node that were resident at the end.
    resident: u64,
}

impl Figures {
    fn of_hundred(&self, share: usize) -> f64 {
        let at = (self.took.len().max(1) - 1) * share / 100;
        self.took.get(at).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark tells its figures to the terminal")]
fn print(hanging: usize, alone: &Figures, beside: &Figures) {
    println!("| beside {WELL} webhooks that answer | p50 | p99 | resident |\n|---|---|---|---|");
    for (name, figures) in [("nobody".to_owned(), alone), (format!("{hanging} that hang"), beside)] {
        println!(
            "| {name} | {:.1} ms | {:.1} ms | {} MB |",
            figures.of_hundred(50),
            figures.of_hundred(99),
            figures.resident >> 20
        );
    }
}

fn measure(node: &Path, hanging: usize) -> Figures {
    let (arrivals, receivers, ports) = receivers();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let listen = configure(folder.path(), &ports, hanging);
    let secrets = [("YIBIAO_TOKEN", TOKEN), ("SECRET", "a secret of the benchmark, of bytes enough")];
    let mut running = Running::node(node, folder.path(), &secrets);
    let mut door = opened(&listen, &mut running, &folder.path().join("log"));
    // The first event is the one that the hanging hang on.
    push(&mut door, &listen, 0);
    let mut reached = BTreeSet::new();
    while reached.len() < WELL + hanging {
        reached.insert(arrivals.recv_timeout(PATIENCE).expect("the first event comes to everybody").1);
    }
    let mut pushed = vec![Instant::now(); 1];
    for row in 1..=ROWS {
        let due = pushed.first().copied().unwrap_or_else(Instant::now) + PACE * row;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        pushed.push(Instant::now());
        push(&mut door, &listen, row);
    }
    let mut counts = [0; WELL];
    let mut took = Vec::new();
    let rows = usize::try_from(ROWS).unwrap_or(usize::MAX);
    while took.len() < WELL * rows {
        let (at, receiver) = arrivals.recv_timeout(PATIENCE).expect("the events come");
        // A receiver has them in the order of the pushes; those that hang are tried again meanwhile.
        if let Some(count) = counts.get_mut(receiver) {
            *count += 1;
            let since = pushed.get(*count).expect("no more events than pushes");
            took.push(at.saturating_duration_since(*since));
        }
    }
    took.sort_unstable();
    let resident = resident(running.0.id());
    drop(running);
    drop(receivers);
    Figures { took, resident }
}

/// Configures a node in a folder; says where it listens.
fn configure(folder: &Path, ports: &[u16], hanging: usize) -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let listen = free.expect("a port is free").to_string();
    let mut policy = String::from("version: 1\nsubscriptions:\n");
    let mut config = format!(
        "node: {{ data: store, listen: \"{listen}\", poll_seconds: 0.05 }}\npolicy: policy.yaml\nsources:\n\
         - {{ system: MZ, http: {{}} }}\nhttp: {{ tokens: [ {{ env: YIBIAO_TOKEN, push: [MZ] }} ] }}\ndeliveries:\n"
    );
    for (at, port) in (0..WELL + hanging).zip(ports.iter().cycle()) {
        let written = writeln!(
            policy,
            "  - {{ id: s{at}, subscriber: SJ, matter: 基础数据治理, purpose: 人口基础数据目录维护, legal_basis: [示例], \
             approvers: [区数据局], until: 2027-12-31, own_rows_only: false, entities: [person], elements: [name] }}"
        );
        let path = if at < WELL { "well" } else { "hang" };
        let also = writeln!(
            config,
            "- subscription: s{at}\n  webhook: {{ url: \"http://127.0.0.1:{port}/{path}/{at}\", secrets: [ {{ env: SECRET }} ], \
             allow: [127.0.0.1] }}"
        );
        written.and(also).expect("a text can be written to");
    }
    std::fs::write(folder.join("policy.yaml"), policy).expect("the new folder can be written to");
    std::fs::write(folder.join("yibiao.yaml"), config).expect("the new folder can be written to");
    listen
}

/// A connection to the node, once it can be pushed to.
fn opened(listen: &str, node: &mut Running, log: &Path) -> BufReader<Stream> {
    let started = Instant::now();
    loop {
        let ended = node.0.try_wait().expect("it is a child of this process").is_some();
        let log = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(!ended && started.elapsed() < PATIENCE, "the node does not answer: {:.1000}", log());
        std::thread::sleep(PACE);
        let Ok(stream) = Stream::connect(listen) else { continue };
        let mut door = BufReader::new(stream);
        if ask(&mut door, &format!("GET /readyz HTTP/1.1\r\nHost: {listen}\r\n\r\n")) == Some(200) {
            return door;
        }
    }
}

fn push(door: &mut BufReader<Stream>, listen: &str, row: u32) {
    let body = rows::row(row);
    let request = format!(
        "POST /v1/submissions/MZ HTTP/1.1\r\nHost: {listen}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(ask(door, &request), Some(200), "the node takes the row");
}

/// Sends a request and reads the answer to its end; gives its status.
fn ask(door: &mut BufReader<Stream>, request: &str) -> Option<u16> {
    door.get_mut().write_all(request.as_bytes()).ok()?;
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        door.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(said) = line.strip_prefix("http/1.1 ") {
            status = said.get(..3).and_then(|status| status.parse().ok());
        }
        if let Some(said) = line.strip_prefix("content-length: ") {
            length = said.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    door.read_exact(&mut body).ok()?;
    status
}

/// Bytes of a process that are in memory.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.expect("the system tells it") << 10
}

/// Starts the receivers: what arrives at them, when and at which; their process; their ports.
fn receivers() -> (mpsc::Receiver<(Instant, usize)>, Running, Vec<u16>) {
    let program = std::env::current_exe().expect("this program has a path");
    let child = Command::new(program).arg("receive").stdout(Stdio::piped()).spawn();
    let mut running = Running(child.expect("this program can be started"));
    let said = running.0.stdout.take().expect("invariant: it is piped");
    let mut said = BufReader::new(said).lines().map_while(Result::ok);
    let ports = said.by_ref().take(PORTS).map(|port| port.parse().expect("it tells its ports")).collect();
    let (arrived, arrivals) = mpsc::channel();
    std::thread::spawn(move || {
        for receiver in said.filter_map(|line| line.parse().ok()) {
            if arrived.send((Instant::now(), receiver)).is_err() {
                return;
            }
        }
    });
    (arrivals, running, ports)
}

/// Receives: tells the ports, and then of each event its receiver. Those under `/hang` are told and never answered.
#[tokio::main]
async fn receive() {
    let mut doors = tokio::task::JoinSet::new();
    for _ in 0..PORTS {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        tell(listener.local_addr().expect("it is bound").port());
        doors.spawn(serve(listener));
    }
    doors.join_all().await;
}

async fn serve(listener: TcpListener) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        connections.spawn(async move {
            let mut read = Vec::new();
            // Fails where the node gives up waiting.
            while let Some(answer) = request(&mut stream, &mut read).await {
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Reads one request to its end and gives the answer; `None` where the connection ends.
async fn request(stream: &mut tokio::net::TcpStream, read: &mut Vec<u8>) -> Option<&'static str> {
    const AGREED: &str = "HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: *\r\nContent-Length: 0\r\n\r\n";
    const TAKEN: &str = "HTTP/1.1 204 No Content\r\n\r\n";
    loop {
        let text = String::from_utf8_lossy(read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                read.clear();
                let mut words = head.split_whitespace();
                let (method, path) = (words.next()?, words.next()?);
                if method == "options" {
                    return Some(AGREED);
                }
                tell(path.rsplit('/').next()?);
                if path.starts_with("/hang") {
                    std::future::pending::<()>().await;
                }
                return Some(TAKEN);
            }
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}

fn tell(what: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    // Fails where nobody is left to be told.
    drop(writeln!(out, "{what}").and_then(|()| out.flush()));
}
