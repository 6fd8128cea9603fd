//! The kit judges right: what is good passes everything, and each fault fails the check that is made for it and no other.

mod receiver;
mod source;
mod subscriber;

use super::*;
use receiver::ReceiverFixture;
use source::SourceFixture;
use subscriber::SubscriberFixture;

fn failed(report: &Report) -> Vec<&'static str> {
    report.failed().map(|check| check.name).collect()
}

fn shown(wrong: &[(&str, String)]) -> String {
    let shown = wrong.iter().map(|(fault, report)| format!("with the fault {fault}: {report}"));
    shown.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_good_connector_reaches_silver_and_each_fault_fails_its_own_check() {
    let good = connector(&mut SourceFixture::new("")).await;
    good.require(Level::Silver);
    let mut wrong = Vec::new();
    for check in &good.checks {
        let report = connector(&mut SourceFixture::new(check.name)).await;
        if failed(&report) != [check.name] {
            wrong.push((check.name, report.to_string()));
        }
    }
    assert!(wrong.is_empty(), "{}", shown(&wrong));
}

#[tokio::test]
async fn a_good_adapter_reaches_silver_and_each_fault_fails_its_own_check() {
    let good = adapter(&mut ReceiverFixture::new("")).await;
    good.require(Level::Silver);
    let mut wrong = Vec::new();
    for check in &good.checks {
        let report = adapter(&mut ReceiverFixture::new(check.name)).await;
        if failed(&report) != [check.name] {
            wrong.push((check.name, report.to_string()));
        }
    }
    assert!(wrong.is_empty(), "{}", shown(&wrong));
}

#[tokio::test]
async fn a_good_event_adapter_reaches_silver_and_each_fault_fails_its_own_check() {
    let good = event_adapter(&mut SubscriberFixture::new("")).await;
    good.require(Level::Silver);
    let mut wrong = Vec::new();
    for check in &good.checks {
        let report = event_adapter(&mut SubscriberFixture::new(check.name)).await;
        if failed(&report) != [check.name] {
            wrong.push((check.name, report.to_string()));
        }
    }
    assert!(wrong.is_empty(), "{}", shown(&wrong));
}

#[tokio::test]
async fn every_check_is_of_one_name_and_nothing_is_left_untested_by_the_good_ones() {
    for report in [
        connector(&mut SourceFixture::new("")).await,
        adapter(&mut ReceiverFixture::new("")).await,
        event_adapter(&mut SubscriberFixture::new("")).await,
    ] {
        let names: std::collections::BTreeSet<_> = report.checks.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), report.checks.len());
        assert!(report.checks.iter().all(|check| check.verdict == Verdict::Passed), "{report}");
    }
}

#[tokio::test]
async fn a_source_that_can_only_be_taken_as_it_stands_is_tested_and_gets_no_level() {
    let mut fixture = SourceFixture::new("");
    fixture.fill(&samples(5)).unwrap();
    fixture.fixed = true;
    let report = connector(&mut fixture).await;
    assert_eq!((report.level, failed(&report)), (None, Vec::new()), "{report}");
    let ran =
        |name: &str| report.checks.iter().any(|check| check.name == name && check.verdict == Verdict::Passed);
    assert!(
        ["check-good", "read-all", "redeliver", "repeat", "restart", "foreign-cursor"].into_iter().all(ran),
        "{report}"
    );
    let mut faulty = SourceFixture::new("restart");
    faulty.fill(&samples(5)).unwrap();
    faulty.fixed = true;
    assert_eq!(failed(&connector(&mut faulty).await), ["restart"]);
}

#[tokio::test]
async fn a_report_says_the_same_as_table_json_and_junit() {
    let report = connector(&mut SourceFixture::new("delete")).await;
    assert_eq!(report.level, Some(Level::Bronze));
    let table = report.to_string();
    assert!(
        table.starts_with("connector <memory>: bronze\n") && table.contains("delete          FAILED"),
        "{table}"
    );
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    let failed =
        json["checks"].as_array().unwrap().iter().find(|check| check["verdict"] == "failed").unwrap();
    assert_eq!((&failed["name"], &json["level"]), (&"delete".into(), &"bronze".into()));
    let xml = report.junit();
    assert!(xml.contains("failures=\"1\"") && xml.contains("name=\"&lt;memory&gt;\""), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), report.checks.len());
}

#[test]
#[should_panic(expected = "silver is not reached")]
fn a_level_that_is_not_reached_fails_the_test_that_requires_it() {
    let report =
        Report { subject: String::new(), kind: "connector", level: Some(Level::Bronze), checks: Vec::new() };
    report.require(Level::Silver);
}

#[test]
fn a_number_a_date_and_a_text_mean_what_they_say() {
    use super::book::means;
    use yibiao_format::Cell;
    assert!(means("amount", "0.10", &Cell::Number(0.1)));
    assert!(means("amount", "-7", &Cell::Integer(-7)));
    assert!(!means("amount", "100", &Cell::Integer(1)));
    assert!(means("born", "2000-02-29", &Cell::DateSerial(36_585.0)));
    assert!(!means("born", "2000-02-29", &Cell::DateSerial(36_586.0)));
    assert!(means("note", "", &Cell::Absent));
    assert!(!means("note", "a", &Cell::Text("a ".to_owned())));
}
