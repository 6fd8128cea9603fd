//! `conformance`: the kit against a program, or against the configured sources as they stand.

use crate::exit::Failure;
use crate::output::Output;
use crate::run;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use yibiao_connector_process::{Config, ProcessConnector};
use yibiao_contract::Connector;
use yibiao_contract::conformance::{self, Cannot, ConnectorFixture, Level, Report, Sample, Trouble};

/// The exit code of a fixture that cannot make its source so.
const CANNOT: i32 = 3;
/// How long a program may take to answer here.
const ANSWER_MS_MAX: u64 = 10_000;

#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// Test the connectors of a configuration on their sources as they stand: nothing is changed, and no level is given
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["fixture", "program"])]
    pub(crate) config: Option<PathBuf>,
    /// The command that makes the program's source (see crates/connector-process/README.md); without it the source is
    /// taken as it stands
    #[arg(long, value_name = "COMMAND")]
    pub(crate) fixture: Option<String>,
    /// The level to be reached
    #[arg(long, value_enum, default_value_t = Wanted::Bronze)]
    pub(crate) level: Wanted,
    /// Write the report as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// The program and its arguments, behind `--`; `{dir}` stands for an empty folder made for the test
    #[arg(last = true, required_unless_present = "config")]
    pub(crate) program: Vec<String>,
}

/// A level that can be asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Wanted {
    /// It does what it says while nothing goes wrong
    Bronze,
    /// It loses and doubles nothing whatever fails
    Silver,
}

/// The reports, as they are printed.
#[derive(Debug, Serialize)]
struct Reports {
    reports: Vec<Report>,
}

pub(crate) async fn conformance(arguments: &ConformanceArgs, output: Output) -> Result<(), Failure> {
    let (reports, graded) = match &arguments.config {
        Some(config) => (Box::pin(configured(config)).await?, false),
        None => {
            let (report, graded) = program(arguments).await?;
            (vec![report], graded)
        }
    };
    if let Some(path) = &arguments.junit {
        let xml: String = reports.iter().map(Report::junit).collect();
        let xml = xml.replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "");
        let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{xml}</testsuites>\n");
        std::fs::write(path, xml)
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
    }
    let failed: usize = reports.iter().map(|report| report.failed().count()).sum();
    let wanted = match arguments.level {
        Wanted::Bronze => Level::Bronze,
        Wanted::Silver => Level::Silver,
    };
    let reached = reports.iter().all(|report| report.level >= Some(wanted));
    output.result(&Reports { reports }, |all| {
        all.reports.iter().map(Report::to_string).collect::<Vec<_>>().join("\n")
    });
    match (graded, reached, failed) {
        (true, true, _) | (false, _, 0) => Ok(()),
        (true, false, _) => Err(Failure::check(format!("{} is not reached", wanted.name()))),
        (false, _, failed) => Err(Failure::check(format!("{failed} checks failed"))),
    }
}

/// Tests a program; says too whether it could get a level.
async fn program(arguments: &ConformanceArgs) -> Result<(Report, bool), Failure> {
    let folder = std::env::temp_dir().join(format!("yibiao-conformance-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::failed(format!("cannot make {}: {error}", folder.display())))?;
    let place = |word: &String| word.replace("{dir}", &folder.to_string_lossy());
    let mut config = Config::new(arguments.program.iter().map(place).collect());
    config.answer_ms_max = ANSWER_MS_MAX;
    config.env = run::environment();
    let fixture = arguments.fixture.as_ref().map(place);
    let graded = fixture.is_some();
    let mut program = Program { config, fixture, fault: None };
    let report = conformance::connector(&mut program).await;
    std::fs::remove_dir_all(&folder).unwrap_or_default();
    match program.fault {
        Some(fault) => Err(Failure::failed(fault)),
        None => Ok((report, graded)),
    }
}

/// A program, and the command that makes its source.
struct Program {
    config: Config,
    fixture: Option<String>,
    /// Why the command itself failed.
    fault: Option<String>,
}

impl Program {
    /// Runs the fixture's command with more words, and rows on its input.
    fn make(&mut self, words: &[&str], rows: &[Sample]) -> Result<(), Cannot> {
        let Some(fixture) = &self.fixture else {
            return Err(Cannot::because("there is no --fixture: the source is taken as it stands"));
        };
        let failed = |reason: String| format!("the fixture failed ({fixture} {}): {reason}", words.join(" "));
        let made = run_command(fixture, words, rows);
        let fault = match made {
            Ok((Some(0), _)) => return Ok(()),
            Ok((Some(CANNOT), said)) => {
                let said = said.lines().next().unwrap_or_default().trim().to_owned();
                return Err(Cannot::because(if said.is_empty() {
                    "the fixture cannot".to_owned()
                } else {
                    said
                }));
            }
            Ok((code, said)) => failed(format!(
                "exit code {}; {}",
                code.map_or("none".to_owned(), |code| code.to_string()),
                said.trim()
            )),
            Err(error) => failed(error.to_string()),
        };
        self.fault.get_or_insert(fault.clone());
        Err(Cannot::because(fault))
    }
}

fn run_command(fixture: &str, words: &[&str], rows: &[Sample]) -> std::io::Result<(Option<i32>, String)> {
    let mut command = Command::new("sh");
    // The words are arguments of the shell, so that they are never parsed by it.
    command.arg("-c").arg(format!("{fixture} \"$@\"")).arg("fixture").args(words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        let lines: String = rows.iter().map(|row| row.json() + "\n").collect();
        // A fixture that wants no rows may not have read them.
        input.write_all(lines.as_bytes()).unwrap_or_default();
    }
    let ended = child.wait_with_output()?;
    Ok((ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned()))
}

impl ConnectorFixture for Program {
    type Connector = ProcessConnector;

    fn subject(&self) -> String {
        let words = self.config.run.iter().filter(|word| !word.starts_with('-')).take(2);
        let name =
            |word: &String| Path::new(word).file_name().map(|name| name.to_string_lossy().into_owned());
        words.filter_map(name).collect::<Vec<_>>().join(" ")
    }

    fn fill(&mut self, rows: &[Sample]) -> Result<(), Cannot> {
        self.make(&["fill"], rows)
    }

    fn connect(&mut self) -> ProcessConnector {
        ProcessConnector::new(self.config.clone())
    }

    fn set(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.make(&["set"], std::slice::from_ref(row))
    }

    fn remove(&mut self, row: &Sample) -> Result<(), Cannot> {
        self.make(&["remove"], std::slice::from_ref(row))
    }

    fn poison(&mut self, marker: &str) -> Result<(), Cannot> {
        self.make(&["poison", marker], &[])
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        let kind = match trouble {
            Trouble::Gone => "gone",
            Trouble::Hanging => "hanging",
            Trouble::Refusing => "refusing",
            Trouble::Throttling => "throttling",
        };
        self.make(&["trouble", kind], &[])
    }

    fn mend(&mut self) {
        // What it failed with is told at the end.
        self.make(&["mend"], &[]).unwrap_or_default();
    }
}

/// Tests every connector of a configuration, each on its source as it stands.
async fn configured(path: &Path) -> Result<Vec<Report>, Failure> {
    let (_, wiring) = run::load(path)?;
    let mut reports = Vec::new();
    for (name, connect) in wiring.trials() {
        reports.push(Box::pin(conformance::connector(&mut AsItStands { name, connect })).await);
    }
    Ok(reports)
}

/// A source that nothing is done to.
struct AsItStands<C> {
    name: String,
    connect: Box<dyn Fn() -> C>,
}

impl<C: Connector> ConnectorFixture for AsItStands<C> {
    type Connector = C;

    fn subject(&self) -> String {
        self.name.clone()
    }

    fn fill(&mut self, _: &[Sample]) -> Result<(), Cannot> {
        Err(Cannot::because("the source is taken as it stands"))
    }

    fn connect(&mut self) -> C {
        (self.connect)()
    }

    fn set(&mut self, _: &Sample) -> Result<(), Cannot> {
        self.fill(&[])
    }

    fn trouble(&mut self, _: Trouble) -> Result<(), Cannot> {
        self.fill(&[])
    }

    /// A consumer group takes a while to be joined.
    fn idle_reads_max(&self) -> u32 {
        10
    }
}
