//! A Prometheus that scrapes a running node: every query of the dashboards and every alert gives a series.

use crate::http::push;
use crate::support::{Desk, wait_for};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long every query may take to have a series.
const PATIENCE: Duration = Duration::from_secs(60);
/// What Grafana puts in the place of its variable.
const INTERVAL: (&str, &str) = ("$__rate_interval", "1m");
/// The room that queries over it need: two scrapes.
const SCRAPE: (&str, &str) = ("15s", "500ms");

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// A program of Debian's package, which tests/run.sh unpacks where it is not installed.
fn program(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map_or_else(|| Path::new(&std::env::var_os("HOME").unwrap()).join(".cache"), PathBuf::from);
    let unpacked = cache.join("yibiao-tools/prometheus/usr/bin").join(name);
    if unpacked.exists() { unpacked } else { PathBuf::from(name) }
}

fn promtool(words: &[&str]) {
    let done = Command::new(program("promtool"))
        .args(words)
        .current_dir(deploy().join("prometheus"))
        .output()
        .expect("promtool can be started: tests/run.sh unpacks it");
    let said = [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(done.status.success(), "{words:?}: {said}");
}

#[test]
fn the_alert_rules_are_sound_and_fire_when_they_should() {
    promtool(&["check", "config", "prometheus.yml"]);
    promtool(&["check", "rules", "alerts.yml"]);
    promtool(&["test", "rules", "alerts_test.yml"]);
}

/// A Prometheus; it ends with the value.
struct Prometheus {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Fails only where it has ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Prometheus {
    /// Runs on the configuration that is shipped, with another target and less patience.
    fn scraping(port: u16) -> Prometheus {
        let folder = tempfile::tempdir().unwrap();
        let shipped = fs::read_to_string(deploy().join("prometheus/prometheus.yml")).unwrap();
        let rules = deploy().join("prometheus/alerts.yml").canonicalize().unwrap();
        let config = shipped
            .replace("127.0.0.1:9464", &format!("127.0.0.1:{port}"))
            .replace("[alerts.yml]", &format!("[{}]", rules.display()))
            .replace(SCRAPE.0, SCRAPE.1);
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program("prometheus"))
            .arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{own}"))
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus can be started: tests/run.sh unpacks it");
        Prometheus { child, port: own, _folder: folder }
    }

    /// What its API says; `None` while it does not.
    fn ask(&self, path: &str) -> Option<Json> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let answer: Json = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
        (answer["status"] == "success").then(|| answer["data"].clone())
    }

    /// The series of an expression.
    fn query(&self, expression: &str) -> Option<usize> {
        let encoded: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        self.ask(&format!("/api/v1/query?query={encoded}"))?["result"].as_array().map(Vec::len)
    }
}

/// Every query of a dashboard, by its panel.
fn queries(dashboard: &Json) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap().replace(INTERVAL.0, INTERVAL.1);
            let name = format!("{} / {} / {}", dashboard["title"], panel["title"], target["refId"]);
            assert!(found.insert(name.clone(), expression).is_none(), "{name} stands twice");
        }
    }
    found
}

/// What an alert compares: an alert that does not fire gives no series, so its left side is asked for.
fn left_side(expression: &str) -> &str {
    let comparison = [" > ", " != ", " == "].into_iter().find_map(|sign| expression.rsplit_once(sign));
    let (left, right) = comparison.unwrap_or_else(|| panic!("{expression} ends in no comparison"));
    assert!(right.parse::<f64>().is_ok(), "{expression} ends in no comparison");
    left
}

#[test]
fn every_query_of_the_dashboards_and_alerts_gives_a_series() {
    let desk = Desk::county(40);
    let config = fs::read_to_string(desk.config()).unwrap();
    fs::write(desk.config(), config + "http: { tokens: [ { env: YIBIAO_TOKEN, push: [MZ] } ] }\n").unwrap();
    // Something fails before all is well.
    let ledger = fs::read(desk.delivered("MZ")).unwrap();
    fs::remove_file(desk.delivered("MZ")).unwrap();
    fs::create_dir(desk.delivered("MZ")).unwrap();
    let mut node = desk.serve();
    let prometheus = Prometheus::scraping(desk.port);
    wait_for("a failure to be seen", || {
        let failed = "yibiao_component_errors_total{component=\"MZ\", stage=\"receiving\"} > 0";
        (prometheus.query(failed)? > 0).then_some(())
    });
    fs::remove_dir(desk.delivered("MZ")).unwrap();
    fs::write(desk.delivered("MZ"), ledger).unwrap();
    node.ready();
    node.quiet();
    assert_eq!(push(&desk, "MZ", "application/json", &[], "{\"姓名\":\"张三\"}".as_bytes()).code, 200);

    let mut asked = BTreeMap::new();
    for file in fs::read_dir(deploy().join("grafana")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        asked.extend(queries(&serde_json::from_str(&text).unwrap()));
    }
    assert!(asked.len() > 30, "{}", asked.len());
    let rules = wait_for("the rules", || prometheus.ask("/api/v1/rules"));
    let rules = rules["groups"][0]["rules"].as_array().unwrap().clone();
    assert!(rules.len() > 10, "{rules:?}");
    for rule in rules {
        let expression = rule["query"].as_str().unwrap();
        asked.insert(format!("alert {}", rule["name"]), left_side(expression).to_owned());
    }
    let started = Instant::now();
    let (_keep, never) = mpsc::channel::<()>();
    while !asked.is_empty() {
        asked.retain(|_, expression| prometheus.query(expression).is_none_or(|series| series == 0));
        assert!(asked.is_empty() || started.elapsed() < PATIENCE, "no series: {asked:#?}");
        assert!(never.recv_timeout(Duration::from_millis(100)).is_err());
    }
    assert_eq!(node.stop().code, Some(0));
}
