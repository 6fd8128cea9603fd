//! A desk with six departments' files, a configuration and the program to run on it.

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;
use yibiao_synth::{County, Noise, Plan};

/// The program.
pub(crate) const YIBIAO: &str = env!("CARGO_BIN_EXE_yibiao");
/// The token of whoever pushes to the node or reads its feed.
pub(crate) const TOKEN: &str = "a-token-of-the-tests";
/// Each department with the name of its file, in the order in which they are read.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("GA", "ga_population.ndjson"),
    ("MZ", "mz_difficulty_ledger.xlsx"),
    ("WJ", "wj_elderly_followup.csv"),
    ("ZJ", "zj_house_survey.sqlite"),
    ("YJ", "yj_flood_evacuation.xlsx"),
    ("NY", "ny_poverty_monitoring.xml"),
];
/// Each department's subscription.
const SUBSCRIPTIONS: [(&str, &str); 6] = [
    ("MZ", "mz-hardship"),
    ("GA", "ga-residents"),
    ("WJ", "wj-elderly"),
    ("ZJ", "zj-houses"),
    ("YJ", "yj-flood"),
    ("NY", "ny-monitoring"),
];
/// How long a state may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name of a department's file.
pub(crate) fn file(system: &str) -> &'static str {
    FILES.iter().find(|(name, _)| *name == system).unwrap().1
}

/// Input, output, store and configuration of one node, gone with the value.
pub(crate) struct Desk {
    dir: TempDir,
    /// Where health and metrics are served.
    pub(crate) port: u16,
    settle: f64,
    /// The file of a department's mapping, in place of the shipped one.
    mappings: BTreeMap<&'static str, PathBuf>,
    /// Departments that are not connected.
    absent: Vec<&'static str>,
}

/// What the program said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// The JSON that it printed, of a program that did what it was asked to.
    pub(crate) fn json(&self) -> Json {
        assert_eq!(self.code, Some(0), "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }
}

impl Desk {
    /// A desk without input files.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        // Whoever finds it free may take it before the node does; then the node says so and the test fails loudly.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let desk = Self { dir, port, settle: 0.0, mappings: BTreeMap::new(), absent: Vec::new() };
        desk.configure();
        desk
    }

    /// A desk with the files of a county with its planted traps.
    pub(crate) fn county(households: u32) -> Self {
        let desk = Self::empty();
        write_county(&desk.input(), households);
        desk
    }

    /// The same, with only some of the departments.
    pub(crate) fn county_of(households: u32, systems: &[&str]) -> Self {
        let mut desk = Self::county(households);
        for (system, file) in FILES {
            if !systems.contains(&system) {
                fs::remove_file(desk.input().join(file)).unwrap();
                desk.absent.push(system);
            }
        }
        desk.configure();
        desk
    }

    /// The same county and the same configuration, with nothing run yet.
    pub(crate) fn twin(&self) -> Self {
        let twin = Self::empty();
        for entry in fs::read_dir(self.input()).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, twin.input().join(path.file_name().unwrap())).unwrap();
        }
        twin
    }

    /// Waits so long before it takes a file for finished.
    pub(crate) fn settle(mut self, seconds: f64) -> Self {
        self.settle = seconds;
        self.configure();
        self
    }

    /// Reads a department with a mapping of its own.
    pub(crate) fn map(&mut self, system: &'static str, yaml: &str) {
        let path = self.path(&format!("{system}.yaml"));
        fs::write(&path, yaml).unwrap();
        self.mappings.insert(system, path);
        self.configure();
    }

    fn configure(&self) {
        let mut text = format!(
            "node: {{ data: store, listen: \"127.0.0.1:{}\", poll_seconds: 0.05 }}\nsources:\n",
            self.port
        );
        for (system, _) in FILES.into_iter().filter(|(system, _)| !self.absent.contains(system)) {
            let kind = if system == "ZJ" { "sql" } else { "file" };
            let mapping = self.mappings.get(system).map(|path| format!(", mapping: \"{}\"", path.display()));
            text.push_str(&format!(
                "- {{ system: {system}{}, {kind}: {{ folder: in, settle_seconds: {} }} }}\n",
                mapping.unwrap_or_default(),
                self.settle
            ));
        }
        text.push_str("deliveries:\n");
        for (_, subscription) in SUBSCRIPTIONS.into_iter().filter(|(system, _)| !self.absent.contains(system))
        {
            text.push_str(&format!("- {{ subscription: {subscription}, file: {{ folder: out }} }}\n"));
        }
        fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("yibiao.yaml")
    }

    pub(crate) fn input(&self) -> PathBuf {
        self.path("in")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// What a department delivered.
    pub(crate) fn delivered(&self, system: &str) -> PathBuf {
        self.input().join(file(system))
    }

    /// What a department got back.
    pub(crate) fn written(&self, system: &str) -> PathBuf {
        self.out().join(system).join(file(system))
    }

    /// The program with a verb on this desk, as it would be typed: `-c` comes last.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(YIBIAO);
        command
            .args(words)
            .arg("-c")
            .arg(self.config())
            .env_remove("YIBIAO_LOG")
            .env("YIBIAO_TOKEN", TOKEN)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn yibiao(&self, words: &[&str]) -> Ran {
        Ran::of(&self.command(words).output().unwrap())
    }

    /// A verb's answer as JSON.
    pub(crate) fn ask(&self, words: &[&str]) -> Json {
        self.yibiao(&[words, &["--json"]].concat()).json()
    }

    /// Runs to the end; everything must have gone well.
    pub(crate) fn run_once(&self) -> Json {
        self.ask(&["run", "--once"])
    }

    /// Runs to the end; something must have gone wrong in the way that code 1 stands for.
    pub(crate) fn run_once_badly(&self) -> Ran {
        let ran = self.yibiao(&["run", "--once"]);
        assert_eq!(ran.code, Some(1), "{} {}", ran.out, ran.err);
        ran
    }

    /// Which source key belongs to whom.
    pub(crate) fn members(&self, entity: &str) -> String {
        let path = self.path("members.csv");
        let done = self.ask(&["export", "--entity", entity, "--members", "--out", path.to_str().unwrap()]);
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(done["lines"].as_u64(), Some(u64::try_from(text.lines().count() - 1).unwrap()));
        text
    }

    /// Everything that the node says of what it holds: members and values of all entities.
    pub(crate) fn everything(&self) -> String {
        let path = self.path("values.csv");
        let mut text = String::new();
        for entity in ["person", "household", "dwelling"] {
            text.push_str(&self.members(entity));
            self.ask(&["export", "--entity", entity, "--out", path.to_str().unwrap()]);
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
        text
    }

    /// The numbers of submissions, changes and rows in quarantine.
    pub(crate) fn counts(&self) -> [u64; 3] {
        let status = self.ask(&["status"]);
        ["submissions", "changes", "quarantined"].map(|name| status[name].as_u64().unwrap())
    }

    /// Starts the node to run until it is stopped.
    pub(crate) fn serve(&self) -> Served<'_> {
        self.serve_as(&["run"])
    }

    /// The same, with other words.
    pub(crate) fn serve_as(&self, words: &[&str]) -> Served<'_> {
        let mut child = self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Read as they come: a full pipe would stop the node.
        let streams = [gather(child.stdout.take().unwrap()), gather(child.stderr.take().unwrap())];
        Served { desk: self, child, streams }
    }
}

/// Reads a stream to its end, aside.
fn gather(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        drop(sender.send(text)); // a test that failed no longer listens
    });
    receiver
}

/// Writes the files of a county with its planted traps; the dump of the house survey is not among them.
pub(crate) fn write_county(dir: &Path, households: u32) {
    let plan = Plan { households, seed: 7, noise: Noise::mid(), traps: true };
    County::generate(&plan).write(dir).unwrap();
    fs::remove_file(dir.join("zj_house_survey.sql")).unwrap();
}

/// A node that runs. It is killed where a test ends before it does.
pub(crate) struct Served<'desk> {
    desk: &'desk Desk,
    child: Child,
    streams: [mpsc::Receiver<String>; 2],
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        // Fails only where it has ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Served<'_> {
    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> Ran {
        let code = self.child.wait().unwrap().code();
        let [out, err] = [0, 1].map(|at| self.streams[at].recv_timeout(PATIENCE).unwrap());
        Ran { code, out, err }
    }

    /// Stops it as a service manager does, and waits until it has ended.
    pub(crate) fn stop(&mut self) -> Ran {
        self.signal("TERM");
        self.ended()
    }

    /// Status and body of a page; `None` while nobody listens.
    pub(crate) fn get(&self, page: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.desk.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let code = head.split(' ').nth(1)?.parse().ok()?;
        Some((code, body.to_owned()))
    }

    /// Waits until the node is ready.
    pub(crate) fn ready(&self) {
        wait_for("the node to be ready", || self.get("/readyz").filter(|(code, _)| *code == 200));
    }

    /// A metric's value; labels as they are shown. `None` where it is not shown (yet).
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let (_, body) = self.get("/metrics")?;
        body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// Waits until everything that lies there was read and all that follows from it was delivered.
    pub(crate) fn quiet(&self) {
        wait_for("the node to have its store", || {
            self.get("/readyz").filter(|(_, body)| !body.contains("\"store\""))
        });
        wait_for("all changes to be delivered", || {
            let status = self.desk.ask(&["status"]);
            let receives = |account: &&Json| {
                let absent = |system: &&str| {
                    SUBSCRIPTIONS.contains(&(*system, account["subscription"].as_str().unwrap()))
                };
                !self.desk.absent.iter().any(absent)
            };
            let accounts: Vec<Json> =
                status["subscriptions"].as_array().unwrap().iter().filter(receives).cloned().collect();
            let settled = |account: &Json| account["pending"] == 0 && account["feed"] == status["changes"];
            (status["changes"] != 0 && !accounts.is_empty() && accounts.iter().all(settled)).then_some(())
        });
    }
}

/// Asks again and again until there is an answer.
pub(crate) fn wait_for<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    let (_keep, never) = mpsc::channel::<()>();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        assert!(never.recv_timeout(Duration::from_millis(20)).is_err());
    }
}

/// Every file under a folder with its bytes and the time of its last change.
pub(crate) fn tree(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let changed = fs::metadata(&path).unwrap().modified().unwrap();
                found.insert(
                    path.strip_prefix(folder).unwrap().to_owned(),
                    (fs::read(&path).unwrap(), changed),
                );
            }
        }
    }
    found
}

/// Every file under a folder with its bytes.
pub(crate) fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    tree(folder).into_iter().map(|(path, (bytes, _))| (path, bytes)).collect()
}

/// The lines of a text in no order.
pub(crate) fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}
