//! What comes out: each department's own file, receipts, exports.

use crate::support::{Desk, FILES, bytes, file, tree, write_county};
use calamine::{Data, Reader, Xlsx, open_workbook};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn gb18030(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let (text, wrong) = encoding_rs::GB18030.decode_without_bom_handling(&bytes);
    assert!(!wrong, "{} is not in its own encoding", path.display());
    text.into_owned()
}

/// The file's columns, and of each row what says which row it is.
fn outline(system: &str, path: &Path) -> (Vec<String>, Vec<String>) {
    match system {
        "GA" => {
            let text = fs::read_to_string(path).unwrap();
            let row = |line: &str| {
                let row: Json = serde_json::from_str(line).unwrap();
                format!("{} {} {}", row["person_key"], row["op"], row["更新时间"])
            };
            let keys = |line: &str| {
                let keys: Vec<&str> =
                    line.split("\":").map(|part| part.rsplit('"').next().unwrap()).collect();
                keys.join(" ")
            };
            (text.lines().map(keys).collect(), text.lines().map(row).collect())
        }
        "WJ" => {
            let text = gb18030(path);
            let header = text.lines().next().unwrap().to_owned();
            let mut csv = csv::Reader::from_reader(text.as_bytes());
            let dates = csv.records().map(|row| row.unwrap()[17].to_owned()).collect();
            (vec![header], dates)
        }
        "NY" => {
            let text = fs::read_to_string(path).unwrap();
            let tags = |record: &str| {
                let tags: Vec<&str> =
                    record.split("</").skip(1).map(|tag| tag.split('>').next().unwrap()).collect();
                tags.join(" ")
            };
            let records: Vec<&str> = text.split("<记录 ").skip(1).collect();
            let number = |record: &&str| record.split('"').nth(1).unwrap().to_owned();
            (records.iter().map(|record| tags(record)).collect(), records.iter().map(number).collect())
        }
        "ZJ" => {
            let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
            let list = |sql: &str| -> Vec<String> {
                let mut statement = database.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            };
            (
                list("SELECT name || ' ' || type FROM pragma_table_info('zj_house_survey')"),
                list("SELECT house_code FROM zj_house_survey ORDER BY rowid"),
            )
        }
        _ => {
            let (sheet, header) = if system == "MZ" { ("台账", 2) } else { ("转移清单", 1) };
            let mut book: Xlsx<_> = open_workbook(path).unwrap();
            let range = book.worksheet_range(sheet).unwrap();
            let rows: Vec<&[Data]> = range.rows().collect();
            let columns = rows[header].iter().map(ToString::to_string).collect();
            let places = rows.iter().map(|row| row.iter().any(|cell| *cell != Data::Empty).to_string());
            (columns, places.collect())
        }
    }
}

/// Whether all of the words stand among the others, in their order.
fn holds_in_order(others: &str, words: &str) -> bool {
    let mut others = others.split(' ');
    words.split(' ').all(|word| others.any(|other| other == word))
}

#[test]
fn each_department_gets_its_own_file_back_with_its_own_columns_rows_and_order() {
    let desk = Desk::county(60);
    let before = bytes(&desk.input());
    let summary = desk.run_once();
    for (system, file) in FILES {
        let (columns, rows) = outline(system, &desk.written(system));
        let (own_columns, own_rows) = outline(system, &desk.delivered(system));
        assert_eq!(rows, own_rows, "{system}");
        if system == "NY" {
            // An element that was left out where nothing was known may have come, at its place.
            assert!(columns.iter().zip(&own_columns).all(|(now, own)| holds_in_order(now, own)));
        } else {
            assert_eq!(columns, own_columns, "{system}");
        }
        let written = fs::read(desk.written(system)).unwrap();
        assert_ne!(written, before[Path::new(file)], "{system} has planted errors, and none was corrected");
    }
    let folders: BTreeSet<String> = fs::read_dir(desk.out())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, FILES.map(|(system, _)| system.to_owned()).into());
    assert_eq!(bytes(&desk.input()), before, "the departments' files are only read");
    let accounts = summary["status"]["subscriptions"].as_array().unwrap();
    for account in accounts {
        let count = |name: &str| account[name].as_i64().unwrap();
        assert_eq!(count("gap"), 0, "{account}");
        assert_eq!(count("delivered") + count("filtered") + count("dead") + count("pending"), count("feed"));
    }
    assert_eq!(accounts.len(), FILES.len());
}

#[test]
fn a_receipt_tells_the_fate_of_every_row_and_opens_in_a_spreadsheet_program() {
    let desk = Desk::county(40);
    let summary = desk.run_once();
    for (system, file) in FILES {
        let receipt = fs::read(desk.out().join(system).join(format!("{file}.receipt.csv"))).unwrap();
        let text =
            std::str::from_utf8(receipt.strip_prefix(b"\xef\xbb\xbf").expect("a byte order mark")).unwrap();
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(csv.headers().unwrap(), &csv::StringRecord::from(vec!["row", "status", "状态", "reason"]));
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for row in csv.records() {
            let row = row.unwrap();
            assert!(!row[0].is_empty() && !row[2].is_empty(), "{system} {row:?}");
            assert!(
                &row[1] != "changed" || !row[3].is_empty(),
                "{system}: a change without its reason: {row:?}"
            );
            *counts.entry(row[1].to_owned()).or_default() += 1;
        }
        let (_, rows) = outline(system, &desk.delivered(system));
        let notes = if file.ends_with(".xlsx") { u64::MAX } else { 0 };
        let told: u64 = counts.values().sum();
        assert!(
            notes > 0 || told == u64::try_from(rows.len()).unwrap(),
            "{system}: {told} of {}",
            rows.len()
        );
        let of_summary =
            |delivery: &&Json| delivery["subscription"].as_str().unwrap().starts_with(&system.to_lowercase());
        let delivery = summary["deliveries"].as_array().unwrap().iter().find(of_summary).unwrap();
        assert_eq!(delivery["rows"], serde_json::to_value(&counts).unwrap(), "{system}");
    }
}

#[test]
fn an_export_of_members_has_one_line_per_key_and_row_numbers_where_there_is_no_key_column() {
    let desk = Desk::county(60);
    desk.run_once();
    let members = desk.members("person");
    let mut csv = csv::Reader::from_reader(members.as_bytes());
    assert_eq!(
        csv.headers().unwrap(),
        &csv::StringRecord::from(vec!["system", "local_key", "entity_id", "live"])
    );
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in csv.records() {
        let row = row.unwrap();
        assert!(row[2].starts_with("P-") && ["true", "false"].contains(&&row[3]), "{row:?}");
        assert!(keys.entry(row[0].to_owned()).or_default().insert(row[1].to_owned()), "{row:?} stands twice");
    }
    let numbers = |range: std::ops::Range<usize>| range.map(|n| n.to_string()).collect::<BTreeSet<_>>();
    let ny = fs::read_to_string(desk.delivered("NY")).unwrap().matches("<记录 ").count();
    assert_eq!(keys["NY"], numbers(1..ny + 1));
    let wj = outline("WJ", &desk.delivered("WJ")).1.len();
    assert_eq!(keys["WJ"], numbers(1..wj + 1));
    for (system, first) in [("MZ", 4), ("YJ", 3)] {
        let last = keys[system].iter().map(|key| key.parse::<usize>().unwrap()).max().unwrap();
        assert!(keys[system].is_subset(&numbers(first..last + 1)), "{system} are row numbers of the sheet");
    }
    let ga: BTreeSet<String> = fs::read_to_string(desk.delivered("GA"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap()["person_key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys["GA"], ga);
    let houses: BTreeSet<String> = outline("ZJ", &desk.delivered("ZJ")).1.into_iter().collect();
    assert_eq!(keys["ZJ"], houses);
}

#[test]
fn an_entity_is_exported_and_explained_in_every_format() {
    let desk = Desk::county(40);
    desk.run_once();
    let (csv, ndjson) = (desk.path("p.csv"), desk.path("p.ndjson"));
    for path in [&csv, &ndjson] {
        desk.ask(&["export", "--out", path.to_str().unwrap()]);
    }
    let rows = csv::Reader::from_path(csv).unwrap().into_records().count();
    let text = fs::read_to_string(ndjson).unwrap();
    let first: Json = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(text.lines().count(), rows);
    let id = first["entity_id"].as_str().unwrap();
    let member = first["members"].as_str().unwrap().split(' ').next().unwrap();
    let by_id = desk.ask(&["explain", id]);
    assert_eq!(by_id, desk.ask(&["explain", member]));
    let name = by_id["values"].as_array().unwrap().iter().find(|value| value["element"] == "name").unwrap();
    assert_eq!(name["value"], first["name"]);
    assert!(desk.yibiao(&["explain", id]).out.contains(name["value"].as_str().unwrap()));
    let pair = desk.ask(&["explain", "MZ:4", "MZ:5"]);
    assert!(pair.is_object(), "{pair}");
}

#[test]
fn packed_files_are_read_like_plain_ones() {
    let desk = Desk::county(40);
    desk.run_once();
    let packed = Desk::empty();
    write_county(&packed.input(), 40);
    for (system, name) in FILES {
        if system == "ZJ" {
            continue;
        }
        let plain = packed.delivered(system);
        let out = fs::File::create(packed.input().join(format!("{name}.gz"))).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
        std::io::copy(&mut fs::File::open(&plain).unwrap(), &mut encoder).unwrap();
        encoder.finish().unwrap();
        fs::remove_file(plain).unwrap();
    }
    packed.run_once();
    assert_eq!(packed.everything(), desk.everything());
    assert_eq!(bytes(&packed.out()), bytes(&desk.out()));
}

#[test]
fn the_demo_configuration_takes_its_folders_from_the_environment() {
    let desk = Desk::county(40);
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/demo/yibiao.yaml");
    let run = |out: &str, store: &str| {
        let mut command = std::process::Command::new(crate::support::YIBIAO);
        command.current_dir(desk.path("")).args(["run", "--once", "--json", "-c"]).arg(&demo);
        command.env("INPUT_DIR", "in").env("OUT_DIR", out).env("DATA_DIR", store);
        crate::support::Ran::of(&command.output().unwrap())
    };
    run("new/out", "new/store").json();
    desk.run_once();
    assert_eq!(bytes(&desk.path("new/out")), bytes(&desk.out()));
    let unset = run("", "new/store");
    assert_eq!(unset.code, Some(3));
    assert!(unset.err.contains("${OUT_DIR}") && unset.err.contains("deliveries[0]"), "{}", unset.err);
}

#[test]
fn the_demo_shows_itself_in_a_folder_of_its_own_and_leaves_others_alone() {
    let desk = Desk::empty();
    let dir = desk.path("demo");
    let demo = |words: &[&str]| {
        let mut command = std::process::Command::new(crate::support::YIBIAO);
        command.args(["demo", "--households", "40", "--dir"]).arg(&dir).args(words);
        crate::support::Ran::of(&command.output().unwrap())
    };
    let report = demo(&["--json"]).json();
    assert_eq!(report["files"].as_array().unwrap().len(), 2 * FILES.len());
    assert!(report["burden"]["items_asked"].as_u64() > report["burden"]["left_to_key"].as_u64());
    assert!(report["sample"]["spellings"].as_array().unwrap().len() > 1);
    let first = tree(&dir.join("out"));
    assert!(demo(&[]).out.contains("left to key"), "a second demo empties the folder of the first");
    assert_eq!(first.keys().collect::<Vec<_>>(), tree(&dir.join("out")).keys().collect::<Vec<_>>());
    fs::remove_file(dir.join(".yibiao-demo")).unwrap();
    let refused = demo(&[]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("name another folder with --dir"), "{}", refused.err);
    assert!(dir.join("in").join(file("GA")).exists());
}
