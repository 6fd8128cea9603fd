//! What a node shows of itself in `/metrics`, and that `deploy/metrics.md` tells of all of it and of nothing else.

use crate::support::{Desk, wait_for};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Name, type and label names of each metric.
type Metrics = BTreeMap<String, (String, BTreeSet<String>)>;

fn documented() -> Metrics {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/metrics.md");
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        assert!(!cells[3].is_empty(), "{line} says nothing");
        let labels = cells[2].split(", ").filter(|label| *label != "–");
        let labels = labels.map(|label| label.trim_matches('`').to_owned()).collect();
        (cells[0].trim_matches('`').to_owned(), (cells[1].to_owned(), labels))
    };
    text.lines().filter(|line| line.starts_with("| `yibiao_")).map(row).collect()
}

fn shown(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.split_once(' ').unwrap();
            metrics.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if !line.starts_with('#') {
            let series = line.rsplit_once(' ').unwrap().0;
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let of = |name: &str| {
                ["", "_bucket", "_sum", "_count"].into_iter().find_map(|end| {
                    Some(name.strip_suffix(end)?.to_owned()).filter(|name| metrics.contains_key(name))
                })
            };
            let name = of(name).unwrap_or_else(|| panic!("{line} has no type"));
            let labels = labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty());
            let labels =
                labels.map(|label| label.split('=').next().unwrap().to_owned()).filter(|label| label != "le");
            metrics.get_mut(&name).unwrap().1.extend(labels);
        }
    }
    metrics
}

#[test]
fn every_metric_is_documented_and_every_documented_one_is_shown() {
    let desk = Desk::county(40);
    // A source and a receiver that fail show the metrics of failure.
    let ledger = fs::read(desk.delivered("MZ")).unwrap();
    fs::remove_file(desk.delivered("MZ")).unwrap();
    fs::create_dir(desk.delivered("MZ")).unwrap();
    let mut node = desk.serve();
    wait_for("a failure", || {
        node.metric("yibiao_component_errors_total{component=\"MZ\",error_type=\"halt\",stage=\"receiving\"}")
    });
    fs::remove_dir(desk.delivered("MZ")).unwrap();
    fs::write(desk.delivered("MZ"), ledger).unwrap();
    node.ready();
    node.quiet();
    let (code, text) = node.get("/metrics").unwrap();
    assert_eq!(code, 200);
    assert_eq!(shown(&text), documented());
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_counter_ends_in_total_once_and_nothing_else_does() {
    for (name, (kind, labels)) in documented() {
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        assert_eq!(name.matches("_total").count(), usize::from(kind == "counter"), "{name}");
        assert!(["counter", "gauge", "histogram"].contains(&&*kind), "{name}");
        let closed = [
            "system",
            "subscription",
            "component",
            "entity",
            "outcome",
            "kind",
            "stage",
            "error_type",
            "route",
            "code",
        ];
        assert!(labels.iter().all(|label| closed.contains(&&**label)), "{name}: {labels:?}");
    }
}

#[test]
fn the_metrics_count_what_the_status_counts() {
    let desk = Desk::county(40);
    let mut node = desk.serve();
    node.quiet();
    let status = desk.ask(&["status"]);
    let number = |value: &serde_json::Value| f64::from(u32::try_from(value.as_u64().unwrap()).unwrap());
    for of in status["systems"].as_array().unwrap() {
        let system = of["system"].as_str().unwrap();
        let new = node.metric(&format!("yibiao_ingest_rows_total{{outcome=\"new\",system=\"{system}\"}}"));
        assert_eq!(new, Some(number(&of["rows"]["new"])), "{system}");
    }
    for of in status["entities"].as_array().unwrap() {
        let entity = of["entity"].as_str().unwrap();
        let shown = |name: &str| node.metric(&format!("{name}{{entity=\"{entity}\"}}"));
        assert_eq!(shown("yibiao_entities"), Some(number(&of["entities"])));
        assert_eq!(shown("yibiao_dedupe_joined_records"), Some(number(&of["joined"])));
        assert_eq!(shown("yibiao_dedupe_review_pending"), Some(number(&of["reviews"])));
    }
    for account in status["subscriptions"].as_array().unwrap() {
        let subscription = account["subscription"].as_str().unwrap();
        for outcome in ["delivered", "filtered", "dead", "pending"] {
            let labels = format!("{{outcome=\"{outcome}\",subscription=\"{subscription}\"}}");
            let shown = node.metric(&format!("yibiao_subscription_changes{labels}"));
            assert_eq!(shown, Some(number(&account[outcome])), "{labels}");
        }
    }
    assert!(node.metric("yibiao_process_resident_memory_bytes") > Some(1e6));
    assert!(node.metric("yibiao_store_disk_bytes") > Some(1e5));
    assert_eq!(node.stop().code, Some(0));
}
