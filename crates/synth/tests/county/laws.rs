//! The laws of the invented county, checked on the files that it writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use calamine::{Reader, Xlsx};
use tempfile::TempDir;
use yibiao_synth::{County, Noise, Plan};

const FILES: [&str; 7] = [
    "mz_difficulty_ledger.xlsx",
    "ga_population.ndjson",
    "wj_elderly_followup.csv",
    "zj_house_survey.sql",
    "zj_house_survey.sqlite",
    "yj_flood_evacuation.xlsx",
    "ny_poverty_monitoring.xml",
];

fn plan(households: u32) -> Plan {
    Plan { households, seed: 7, noise: Noise::mid(), traps: true }
}

fn written(plan: &Plan) -> TempDir {
    let dir = TempDir::new().unwrap();
    let county = County::generate(plan);
    county.write(dir.path()).unwrap();
    county.write_truth(dir.path()).unwrap();
    dir
}

/// The records of a truth file, split into fields (no field of theirs holds a comma).
fn truth(dir: &Path, name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(dir.join(name)).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn rows_per_department(dir: &Path) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for record in truth(dir, "truth_persons.csv") {
        *rows.entry(record[0].clone()).or_default() += 1;
    }
    rows
}

/// Rows of a department with a deviation, by element and kind.
fn errors(dir: &Path) -> BTreeMap<(String, String), usize> {
    let mut errors = BTreeMap::new();
    for record in truth(dir, "truth_errors.csv") {
        *errors.entry((record[0].clone(), format!("{}:{}", record[2], record[3]))).or_default() += 1;
    }
    errors
}

fn messages(dir: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(dir.join("ga_population.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sheet(dir: &Path, file: &str, sheet: &str) -> Vec<Vec<calamine::Data>> {
    let mut book: Xlsx<_> = calamine::open_workbook(dir.join(file)).unwrap();
    book.worksheet_range(sheet).unwrap().rows().map(<[_]>::to_vec).collect()
}

/// GB 11643, written apart from the crate's own.
fn has_valid_check(id: &str) -> bool {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = id.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    id.len() == 18 && "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap()) == id.chars().last()
}

#[test]
fn the_same_plan_gives_the_same_bytes_and_another_seed_others() {
    let [one, two] = [(); 2].map(|()| written(&plan(120)));
    let other = written(&Plan { seed: 8, ..plan(120) });
    for name in FILES.iter().chain(&["truth_persons.csv", "truth_errors.csv", "truth_traps.csv"]) {
        let hash = |dir: &TempDir| blake3::hash(&fs::read(dir.path().join(name)).unwrap());
        assert_eq!(hash(&one), hash(&two), "{name}");
        assert_ne!(hash(&one), hash(&other), "{name}");
    }
}

#[test]
fn every_file_opens_and_holds_the_records_that_the_truth_names() {
    let dir = written(&plan(300));
    let dir = dir.path();
    let rows = rows_per_department(dir);
    let keys: BTreeSet<String> =
        messages(dir).iter().map(|message| message["person_key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys.len(), rows["GA"]);

    let ledger = sheet(dir, "mz_difficulty_ledger.xlsx", "台账");
    assert_eq!(ledger[0][0].to_string(), "示例区困难群众动态管理台账(2026年10月)");
    assert_eq!(ledger[2].len(), 25);
    assert_eq!(ledger.iter().position(|row| row[0] == "合计"), Some(3 + rows["MZ"]));
    assert_eq!(sheet(dir, "mz_difficulty_ledger.xlsx", "填表说明")[0][0].to_string(), "填表说明");

    let list = sheet(dir, "yj_flood_evacuation.xlsx", "转移清单");
    assert_eq!(list.len(), 2 + rows["YJ"] + 1);
    assert_eq!(list[1][2].to_string(), "转移对象");

    let bytes = fs::read(dir.join("wj_elderly_followup.csv")).unwrap();
    let (text, _, broken) = encoding_rs::GB18030.decode(&bytes);
    assert!(!broken && text.contains("\r\n"));
    let mut records = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(records.headers().unwrap().len(), 19);
    assert_eq!(records.records().map(Result::unwrap).count(), rows["WJ"]);

    let mut xml = quick_xml::Reader::from_file(dir.join("ny_poverty_monitoring.xml")).unwrap();
    let (mut buffer, mut elements) = (Vec::new(), 0);
    loop {
        match xml.read_event_into(&mut buffer).unwrap() {
            quick_xml::events::Event::Start(start) if start.name().as_ref() == "记录" => elements += 1,
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    assert_eq!(elements, rows["NY"]);

    let database = rusqlite::Connection::open(dir.join("zj_house_survey.sqlite")).unwrap();
    let count: i64 =
        database.query_row("SELECT count(*) FROM zj_house_survey", [], |row| row.get(0)).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), rows["ZJ"]);
    let dump = fs::read_to_string(dir.join("zj_house_survey.sql")).unwrap();
    assert_eq!(dump.lines().filter(|line| line.starts_with("('ZJ-99-")).count(), rows["ZJ"]);
}

#[test]
fn damage_comes_as_often_as_the_plan_says() {
    let dir = written(&plan(3_000));
    let rows = rows_per_department(dir.path());
    let errors = errors(dir.path());
    let typed = ["MZ", "WJ", "ZJ", "YJ", "NY"];
    let share = |kind: &str| {
        let of = |department: &&str| {
            errors.get(&((*department).to_owned(), kind.to_owned())).copied().unwrap_or(0)
        };
        let (hits, all) = typed.iter().fold((0, 0), |(hits, all), one| (hits + of(one), all + rows[*one]));
        hits * 10_000 / all
    };
    // In hundredths of a per cent, with what an earlier deviation of the same cell leaves and a third to either side:
    // clerks differ, and at this size there are few of them.
    for (kind, basis) in [
        ("citizen_id:missing", 600),
        ("citizen_id:truncated", 350),
        ("citizen_id:wrong_check", 90),
        ("citizen_id:typo", 90),
        ("name:homophone", 250),
        ("name:padding", 560),
        ("birth_date:missing", 170),
        ("mobile:shared", 480),
    ] {
        let share = share(kind);
        assert!((basis * 2 / 3..=basis * 4 / 3).contains(&share), "{kind}: {share}, planned {basis}");
    }
    let register = errors[&("GA".to_owned(), "citizen_id:missing".to_owned())] * 10_000 / rows["GA"];
    assert!((24..=84).contains(&register), "the register is cleaner: {register}");
    let twice = errors[&("GA".to_owned(), "row:married_out".to_owned())];
    assert!((20..=90).contains(&twice), "wives registered twice: {twice}");
}

#[test]
fn an_id_of_the_register_is_valid_unless_it_was_damaged_on_purpose() {
    let dir = written(&plan(600));
    let damaged: BTreeSet<String> = truth(dir.path(), "truth_errors.csv")
        .into_iter()
        .filter(|record| record[0] == "GA" && (record[2] == "citizen_id" || record[2] == "GMSFHM"))
        .map(|record| record[1].clone())
        .collect();
    for message in messages(dir.path()).iter().filter(|message| message["op"] != "D") {
        let key = message["person_key"].as_str().unwrap();
        let valid = message["GMSFHM"].as_str().is_some_and(has_valid_check);
        assert!(valid || damaged.contains(key), "{key}");
    }
}

#[test]
fn without_noise_the_register_says_the_truth() {
    let county = Plan { households: 300, seed: 3, noise: Noise::none(), traps: false };
    let dir = written(&county);
    let values: BTreeMap<(String, String), String> = truth(dir.path(), "truth_values.csv")
        .into_iter()
        .map(|record| ((record[0].clone(), record[1].clone()), record[2].clone()))
        .collect();
    let person: BTreeMap<String, String> = truth(dir.path(), "truth_persons.csv")
        .into_iter()
        .filter(|record| record[0] == "GA")
        .map(|record| (record[1].clone(), record[2].clone()))
        .collect();
    let mut now = BTreeMap::new();
    for message in messages(dir.path()).into_iter().filter(|message| message["op"] != "D") {
        let moment = message["更新时间"].as_str().unwrap().to_owned();
        let kept =
            now.entry(message["person_key"].as_str().unwrap().to_owned()).or_insert_with(|| message.clone());
        if *moment > *kept["更新时间"].as_str().unwrap() {
            *kept = message;
        }
    }
    assert!(now.len() > 700);
    for (key, message) in now {
        let person = person[&key].clone();
        for (column, element) in [("GMSFHM", "citizen_id"), ("XM", "name")] {
            assert_eq!(
                message[column].as_str(),
                Some(values[&(person.clone(), element.to_owned())].as_str())
            );
        }
    }
}

#[test]
fn nothing_in_the_files_can_be_anybodys() {
    let dir = written(&plan(300));
    for message in messages(dir.path()).iter().filter(|message| message["op"] != "D") {
        assert!(message["GMSFHM"].as_str().is_none_or(|id| id.starts_with("9901")));
        assert!(
            message["LXDH"].as_str().is_none_or(|phone| phone.len() == 11 && phone.starts_with("199000"))
        );
        assert_eq!(message["XZQHDM"], "990101");
    }
}

#[test]
fn every_trap_is_planted_with_the_people_it_is_about() {
    let dir = written(&plan(150));
    let mut people: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in truth(dir.path(), "truth_traps.csv") {
        people.entry(record[0].clone()).or_default().insert(record[3].clone());
    }
    let numbers: Vec<String> = (1..=24)
        .map(|trap| format!("T{trap:02}"))
        .map(|trap| format!("{trap} {}", people.get(&trap).map_or(0, BTreeSet::len)))
        .collect();
    insta::assert_snapshot!(numbers.join(", "), @"T01 3, T02 2, T03 2, T04 2, T05 1, T06 1, T07 1, T08 1, T09 2, T10 2, T11 2, T12 1, T13 1, T14 2, T15 1, T16 1, T17 5, T18 2, T19 1, T20 1, T21 1, T22 1, T23 1, T24 1");
}

#[test]
fn the_sample_woman_stands_in_all_six_files_under_her_forms() {
    let dir = written(&plan(150));
    let rows: Vec<String> = truth(dir.path(), "truth_persons.csv")
        .into_iter()
        .filter(|record| record[2] == "P0000001")
        .map(|record| record[0].clone())
        .collect();
    assert_eq!(rows, ["MZ", "GA", "WJ", "ZJ", "YJ", "NY"]);
    let ledger = sheet(dir.path(), "mz_difficulty_ledger.xlsx", "台账");
    let hers = ledger.iter().find(|row| row[9] == "DB2019-0457").unwrap();
    insta::assert_snapshot!(hers.iter().map(ToString::to_string).collect::<Vec<_>>().join("|"), @"'990101195006190225|冉秀英|女|1950年五月初五(农历)|199 0000 0022|示例区青石镇桃花村3社12号|桃花村3社12号|青石镇桃花村|桃花村第二网格|DB2019-0457|冉秀英|本人|1人|冉光明|19900000033|肢体|贰级|半失能|是|2026.10.8|农村低保,高龄津贴|2019.07|480.00|DEMO-ACCT-0022|310");
    let register = messages(dir.path()).into_iter().find(|message| message["HH"] == "990101012345").unwrap();
    insta::assert_snapshot!(register["XM"].to_string() + &register["BZDZID"].to_string(), @r#""冉琇英""990101101203-0312""#);
}

#[test]
fn the_late_message_comes_last_and_is_the_older_one() {
    let dir = written(&plan(150));
    let hers: Vec<serde_json::Value> =
        messages(dir.path()).into_iter().filter(|message| message["XM"] == "魏小兵").collect();
    let told: Vec<(&str, &str)> =
        hers.iter().map(|m| (m["更新时间"].as_str().unwrap(), m["LXDH"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("2025-11-20T10:00:00+08:00", "19900000070"),
            ("2026-07-02T10:00:00+08:00", "19900000071"),
            ("2025-12-27T10:00:00+08:00", "19900000070"),
        ]
    );
}
