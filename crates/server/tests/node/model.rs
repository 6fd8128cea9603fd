//! Another model: planned, put in force, kept over a restart, taken back; and none where none can be learnt.

use crate::support::{Desk, YIBIAO};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The shipped model of persons, with another version and automatic cut.
fn model(desk: &Desk, name: &str, version: u32, auto: i32) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/models/person.v1.yaml");
    let text = fs::read_to_string(shipped).unwrap();
    let text = text.replacen("version: 1", &format!("version: {version}"), 1);
    let text = text.replacen("auto: 2500", &format!("auto: {auto}"), 1);
    let path = desk.path(name);
    fs::write(&path, text).unwrap();
    path
}

/// Which rows are one person.
fn partition(desk: &Desk) -> BTreeSet<BTreeSet<String>> {
    let mut of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in desk.members("person").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        of.entry(cells[2].to_owned()).or_default().insert(format!("{}:{}", cells[0], cells[1]));
    }
    of.into_values().collect()
}

fn apply(path: &Path) -> [&str; 6] {
    ["apply", path.to_str().unwrap(), "--actor", "lead", "--reason", "planned and looked at"]
}

fn in_force(desk: &Desk) -> Json {
    let status = desk.ask(&["status"]);
    let of = status["entities"].as_array().unwrap().iter().find(|of| of["entity"] == "person").unwrap();
    of["model"].clone()
}

#[test]
fn a_model_does_what_was_planned_stays_over_a_restart_and_goes_back_without_a_trace() {
    let desk = Desk::county(40);
    desk.run_once();
    let (before, counts) = (desk.everything(), desk.counts());
    let path = model(&desk, "person.v2.yaml", 2, 26_000);
    let plan = desk.ask(&["plan", path.to_str().unwrap(), "--limit", "5"]);
    assert_eq!((desk.everything(), desk.counts()), (before.clone(), counts), "a plan changes nothing");
    let planned = |name: &str| -> u64 {
        plan["counts"].as_array().unwrap().iter().map(|of| of[name].as_u64().unwrap()).sum()
    };
    assert!(planned("split") > 0, "{plan}");
    assert_eq!(plan["list"].as_array().unwrap().len(), 5);

    let done = desk.ask(&apply(&path));
    let all = ["merged", "split", "created", "retired", "revalued", "related"].map(planned);
    assert_eq!(done["changes"].as_u64(), Some(all.iter().sum()), "what was planned is what was published");
    assert_eq!(done["submission"].as_u64(), Some(counts[0]), "at a marked position");
    assert_eq!(in_force(&desk), "person v2");
    assert_eq!(desk.yibiao(&apply(&path)).code, Some(1), "it is in force already");
    let other = model(&desk, "other.yaml", 2, 25_000);
    let refused = desk.yibiao(&apply(&other));
    assert!(refused.err.contains("a version never changes"), "{}", refused.err);

    // Every verb opens the store anew; a run reads the same files again.
    let after = desk.everything();
    let changes = desk.counts();
    desk.run_once();
    assert_eq!((desk.everything(), desk.counts()), (after, changes));
    let twin = desk.twin();
    let path = model(&twin, "person.v2.yaml", 2, 26_000);
    twin.ask(&apply(&path));
    twin.run_once();
    assert_eq!(partition(&twin), partition(&desk), "in force before the rows or after them is one");

    let decision = done["decision"].to_string();
    desk.ask(&["review", "decide", "take-back", &decision, "--actor", "lead", "--reason", "too strict"]);
    assert_eq!(in_force(&desk), "person v1");
    assert_eq!(desk.everything(), before);
}

#[test]
fn too_few_rows_give_no_model_and_leave_no_file() {
    let desk = Desk::empty();
    let schema = desk.path("schema.yaml");
    fs::write(&schema, "fields:\n- {is: full_name, columns: [name]}\n- {is: date, columns: [born]}\n")
        .unwrap();
    let rows = desk.path("rows.csv");
    fs::write(&rows, "name,born\nada king,1815-12-10\nada king,1815-12-10\nbo lima,1990-01-02\n").unwrap();
    let train = |out: &Path| {
        let mut command = Command::new(YIBIAO);
        command.args(["model", "train", "--schema"]).arg(&schema).arg("--out").arg(out).arg(&rows);
        command.output().unwrap()
    };
    let out = desk.path("people.v1.yaml");
    let refused = train(&out);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(7), "{said}");
    assert!(said.contains("too_few_matches") && !out.exists(), "{said}");
    assert_eq!(train(&desk.path("people.yaml")).status.code(), Some(2), "a name without a version");
    fs::write(&out, "mine").unwrap();
    assert_eq!(train(&out).status.code(), Some(1));
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine", "a version of a model is never overwritten");
}

/// Weights of levels as the model file states them.
fn weights(yaml: &str) -> BTreeMap<String, BTreeMap<String, (f64, f64, f64)>> {
    let mut fields: BTreeMap<String, BTreeMap<String, _>> = BTreeMap::new();
    let mut field = String::new();
    for line in yaml.split("\nmodel:").nth(1).unwrap().lines() {
        let number = |name: &str| -> Option<f64> {
            let text = line.split(&format!("{name}: ")).nth(1)?;
            text.split([',', ' ', '}']).next()?.parse().ok()
        };
        if let Some(name) = line.trim().strip_suffix(':').filter(|name| *name != "levels") {
            field = name.to_owned();
        } else if let (Some(m), Some(u), Some(bits)) = (number("m"), number("u"), number("bits")) {
            let level = line.split("name: ").nth(1).unwrap().split(',').next().unwrap().to_owned();
            fields.entry(field.clone()).or_default().insert(level, (m, u, bits / 1_000.0));
        }
    }
    fields
}

#[test]
fn every_number_of_a_waterfall_follows_from_the_model_file() {
    let desk = Desk::county(40);
    desk.run_once();
    let yaml = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/models/person.v1.yaml");
    let weights = weights(&fs::read_to_string(yaml).unwrap());
    let near = |a: f64, b: f64| (a - b).abs() < 0.002;
    let (mut pairs, mut named) = (0, 0);
    for rows in partition(&desk).into_iter().filter(|rows| rows.len() > 1).take(12) {
        let rows: Vec<&String> = rows.iter().collect();
        let picture = desk.path("pair.svg");
        let pair = desk.ask(&["explain", rows[0], rows[1], "--svg", picture.to_str().unwrap()]);
        assert!(fs::read_to_string(picture).unwrap().ends_with("</svg>\n"));
        let number = |of: &Json, name: &str| of[name].as_f64().unwrap();
        assert!(near(number(&pair, "prior_bits"), -15.0));
        let (mut alone, mut groups): (f64, BTreeMap<String, f64>) = (-15.0, BTreeMap::new());
        for field in pair["fields"].as_array().unwrap() {
            let of = &weights[field["field"].as_str().unwrap()];
            let (m, u, bits) = of[field["level"].as_str().unwrap()];
            assert!(near(number(field, "m"), m) && near(number(field, "u"), u), "{field}");
            assert!(near(number(field, "bits"), bits), "{field}");
            // What is not set by hand is the logarithm of the shares.
            assert!(near(u, 1.0) || near(bits, 0.0) || ((m / u).log2() - bits).abs() < 0.03, "{field}");
            let mut rarity = 0.0;
            if let Some(own) = field["name_bits"].as_f64() {
                // The first level's u, and three quarters of what the name tells by itself, within limits.
                let exact = of
                    .values()
                    .map(|(_, u, _)| *u)
                    .zip(of.keys())
                    .find(|(_, level)| *level == "exact")
                    .unwrap()
                    .0;
                rarity = (exact.log2() + 0.75 * own).clamp(-8.0, 4.0);
                named += 1;
            }
            assert!((number(field, "rarity_bits") - rarity).abs() < 0.01, "{field} {rarity}");
            match field["group"].as_str() {
                None => alone += bits + rarity,
                Some(group) => {
                    let best = groups.entry(group.to_owned()).or_insert(f64::NEG_INFINITY);
                    *best = best.max(bits + rarity);
                }
            }
        }
        let sum = (alone + groups.values().sum::<f64>()).clamp(-14.0, 32.0);
        let ruled = pair["rule"] == "join";
        assert!(ruled || (number(&pair, "weight_bits") - sum).abs() < 0.02, "{pair} {sum}");
        pairs += 1;
    }
    assert!(pairs == 12 && named > 0, "{pairs} pairs, {named} names that tell how rare they are");
}
