//! `demo`: an invented county, the whole way, in one command.

use crate::admin::Readiness;
use crate::cli::DemoArgs;
use crate::exit::Failure;
use crate::output::{Output, table};
use crate::run::{self, Summary};
use crate::wire::Wiring;
use prometheus::Registry;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::task::JoinSet;
use yibiao_contract::values;
use yibiao_mapping::{Burden, Mapping, burden};
use yibiao_pipeline::{Node, Story};
use yibiao_record::{EntityKind, Submission};
use yibiao_schema::{Dictionary, element};
use yibiao_synth::{County, Noise, Plan};

/// The configuration that ships, and that a reader can run by hand.
const CONFIG: &str = include_str!("../../../deploy/demo/yibiao.yaml");
/// Marks a folder as an earlier demo, which may be emptied.
const MARK: &str = ".yibiao-demo";

/// What came of it, as it is printed.
#[derive(Debug, Serialize)]
struct Report {
    households: u32,
    people: usize,
    rows: BTreeMap<String, usize>,
    sample: Option<Sample>,
    burden: BurdenLine,
    files: Vec<String>,
    seconds: f64,
    run: Summary,
}

#[derive(Debug, Serialize)]
struct BurdenLine {
    items_asked: usize,
    distinct: usize,
    not_derivable: usize,
    left_to_key: usize,
}

/// One person and where each of her values comes from.
#[derive(Debug, Serialize)]
struct Sample {
    entity: String,
    spellings: Vec<(String, String)>,
    values: Vec<SampleValue>,
}

#[derive(Debug, Serialize)]
struct SampleValue {
    element: String,
    value: String,
    from: String,
    rule: &'static str,
    observed: String,
}

pub(crate) async fn demo(arguments: &DemoArgs, output: Output) -> Result<(), Failure> {
    let started = Instant::now();
    let config = prepare(&arguments.dir)?;
    let bar = output.progress("inventing a county");
    let plan =
        Plan { households: arguments.households, seed: arguments.seed, noise: Noise::mid(), traps: true };
    let county = tokio::task::block_in_place(|| {
        let county = County::generate(&plan);
        county.write(&arguments.dir.join("in")).map(|_| county)
    });
    bar.finish_and_clear();
    let county = county.map_err(|error| Failure::run(&error))?;
    let (mut config, _) = run::load(&config)?;
    config.read_at_once(); // nobody else writes these files
    let wiring = Wiring::of(&config).map_err(|error| Failure::config(&error))?;
    let mut node = run::open(&config, &wiring, &Registry::new())?;
    let mut tasks = JoinSet::new();
    let drained = run::drain_on_signal(&mut tasks)?;
    let run = run::drive(&mut node, &config, &wiring, None, drained, &Readiness::default(), output).await?;
    let rows = Mapping::shipped()
        .iter()
        .map(|mapping| (mapping.system().to_string(), county.records(mapping.system())));
    let report = Report {
        households: arguments.households,
        people: county.people(),
        rows: rows.collect(),
        sample: sample(&node)?,
        burden: BurdenLine::of(burden(Mapping::shipped(), Dictionary::shipped())),
        files: written(&arguments.dir.join("out")),
        seconds: started.elapsed().as_secs_f64(),
        run,
    };
    output.result(&report, |report| text(report, &arguments.dir));
    run::verdict(&node, &report.run)
}

/// Makes the folders and the configuration, and gives the configuration's path. A folder that holds something else than
/// an earlier demo is left alone.
fn prepare(dir: &Path) -> Result<PathBuf, Failure> {
    let fail = |what: &str, error: std::io::Error| {
        Failure::failed(format!("cannot {what} {}: {error}", dir.display()))
    };
    let mark = dir.join(MARK);
    let used = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if used && !mark.exists() {
        return Err(Failure::failed(format!(
            "{} holds something else than an earlier demo; name another folder with --dir",
            dir.display()
        )));
    }
    if used {
        std::fs::remove_dir_all(dir).map_err(|error| fail("empty", error))?;
    }
    std::fs::create_dir_all(dir.join("in")).map_err(|error| fail("make", error))?;
    std::fs::write(&mark, "an earlier `yibiao demo`; may be deleted\n")
        .map_err(|error| fail("write to", error))?;
    let mut config = CONFIG.to_owned();
    for (name, folder) in [("INPUT_DIR", "in"), ("OUT_DIR", "out"), ("DATA_DIR", "store")] {
        config = config.replace(&format!("${{{name}}}"), folder);
    }
    let path = dir.join("yibiao.yaml");
    std::fs::write(&path, config).map_err(|error| fail("write to", error))?;
    Ok(path)
}

impl BurdenLine {
    fn of(burden: Burden) -> Self {
        let Burden { items, elements, after_derivation, left_to_key } = burden;
        Self { items_asked: items, distinct: elements, not_derivable: after_derivation, left_to_key }
    }
}

/// The person whom most departments know; of several, the first found.
fn sample(node: &Node) -> Result<Option<Sample>, Failure> {
    let mut best: Option<Story> = None;
    let systems = |story: &Story| story.rows.iter().map(|row| row.key.system).collect::<BTreeSet<_>>().len();
    for entity in node.entities(EntityKind::Person) {
        let Some(story) = node.story(entity).map_err(|error| Failure::run(&error))? else { continue };
        if best.as_ref().is_none_or(|best| systems(&story) > systems(best)) {
            best = Some(story);
        }
    }
    let Some(story) = best else { return Ok(None) };
    let dictionary = node.dictionary();
    let spelling = |row: &Submission| {
        let claim = row.claim(element::NAME)?;
        let shown = format!("{}:{}", row.key.system, node.shown(&row.key));
        Some((shown, values::text(dictionary, element::NAME, &claim.value)))
    };
    let values = story.canonical.0.iter().map(|(number, value)| SampleValue {
        element: dictionary
            .element(*number)
            .map(|element| format!("{} {}", element.id, element.zh))
            .unwrap_or_default(),
        value: values::text(dictionary, *number, &value.value),
        from: value.system.to_string(),
        rule: value.rule.name(),
        observed: value.observed_at.to_string().chars().take(10).collect(),
    });
    Ok(Some(Sample {
        entity: story.entity.to_string(),
        spellings: story.rows.iter().filter_map(spelling).collect(),
        values: values.collect(),
    }))
}

/// The files that departments got back.
fn written(out: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let folders = std::fs::read_dir(out).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in folders.filter(|path| path.is_dir()) {
        let inside = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let hidden =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        files.extend(inside.filter(|path| !hidden(path)).map(|path| path.display().to_string()));
    }
    files.sort();
    files
}

fn text(report: &Report, dir: &Path) -> String {
    let rows: Vec<String> = report.rows.iter().map(|(system, rows)| format!("{system} {rows}")).collect();
    let mut text = format!(
        "An invented county: {} households, {} people.\nRecords in the six departments' files: {}\n\n{}\n",
        report.households,
        report.people,
        rows.join(", "),
        run::text(&report.run),
    );
    if let Some(sample) = &report.sample {
        let spellings: Vec<String> =
            sample.spellings.iter().map(|(row, name)| format!("{row} {name}")).collect();
        let values = sample.values.iter().map(|value| {
            [
                value.element.clone(),
                value.value.clone(),
                value.from.clone(),
                value.rule.to_owned(),
                value.observed.clone(),
            ]
        });
        text.push_str(&format!(
            "\nOne person, {}, as the departments spell her or his name\n  {}\n{}\n",
            sample.entity,
            spellings.join("\n  "),
            table(["element", "canonical value", "from", "rule", "observed"], values),
        ));
    }
    let BurdenLine { items_asked, distinct, not_derivable, left_to_key } = report.burden;
    text.push_str(&format!(
        "\nWhat the six forms ask\n  {items_asked} items without sharing -> {distinct} distinct -> {not_derivable} that do not \
         follow from others -> {left_to_key} left to key\n\nWritten back\n  {}\n\nDone in {:.1} s. Go on with\n  \
         yibiao explain -c {config} {sample}\n  yibiao review list -c {config}\n  yibiao export -c {config} --members --out members.csv",
        report.files.join("\n  "),
        report.seconds,
        config = dir.join("yibiao.yaml").display(),
        sample = report.sample.as_ref().map_or("P-00000001", |sample| &sample.entity),
    ));
    text
}
