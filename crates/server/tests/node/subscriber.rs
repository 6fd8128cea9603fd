//! The feed as a subscriber reads it: by the documented rules it ends with the table that the node exports.

use crate::http::{bus, push, send, started};
use crate::support::{Desk, TOKEN};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// The elements that are compared: the subscription receives them as they are.
const ELEMENTS: [&str; 5] = ["name", "sex", "birth_date", "citizen_id", "residence_address"];

type Row = BTreeMap<String, String>;

/// A table by entity, kept by the rules: put the record under its entity; where there is none, delete the row.
#[derive(Debug, Default)]
struct Subscriber {
    table: BTreeMap<String, Row>,
    after: u64,
    kinds: BTreeMap<String, u32>,
}

impl Subscriber {
    fn apply(&mut self, event: &Json) {
        let data = &event["data"];
        let entity = data["entity"].as_str().unwrap().to_owned();
        *self.kinds.entry(data["change"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        match data["record"]["values"].as_object() {
            Some(values) => {
                let of = |name: &str| Some((name.to_owned(), values.get(name)?.as_str()?.to_owned()));
                self.table.insert(entity, ELEMENTS.into_iter().filter_map(of).collect());
            }
            None => {
                self.table.remove(&entity);
            }
        }
    }

    fn get(desk: &Desk, page: &str) -> Json {
        let answer =
            send(desk, &format!("GET {page}"), &[("Authorization", &format!("Bearer {TOKEN}"))], b"");
        assert_eq!(answer.code, 200, "{answer:?}");
        answer.json()
    }

    /// How things stand, by pages of a few entities.
    fn snapshot(&mut self, desk: &Desk) {
        let mut cursor = String::new();
        loop {
            let page = Self::get(desk, &format!("/v1/snapshot?subscription=bus-persons&limit=7{cursor}"));
            page["events"].as_array().unwrap().iter().for_each(|event| self.apply(event));
            self.after = page["position"].as_u64().unwrap();
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return,
            }
        }
    }

    /// Everything up to the end of the feed, by pages of a few changes. Each event comes once, in order.
    fn catch_up(&mut self, desk: &Desk) {
        loop {
            let after = self.after;
            let query = format!("/v1/changes?subscription=bus-persons&limit=50&wait=0&after={after}");
            let page = Self::get(desk, &query);
            let mut last = after;
            for event in page["events"].as_array().unwrap() {
                let id: u64 = event["id"].as_str().unwrap().parse().unwrap();
                assert!(id > last, "positions rise");
                last = id;
                self.apply(event);
            }
            self.after = page["next"].as_u64().unwrap();
            if self.after == after {
                return;
            }
        }
    }
}

/// The same table, as the node exports it.
fn exported(desk: &Desk) -> BTreeMap<String, Row> {
    let path = desk.path("persons.ndjson");
    desk.ask(&["export", "--entity", "person", "--out", path.to_str().unwrap()]);
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let line: Json = serde_json::from_str(line).unwrap();
        let of = |name: &str| Some((name.to_owned(), line.get(name)?.as_str()?.to_owned()));
        (line["entity_id"].as_str().unwrap().to_owned(), ELEMENTS.into_iter().filter_map(of).collect())
    };
    text.lines().map(row).collect()
}

fn decide(desk: &Desk, words: &[&str]) {
    desk.ask(&[&["review", "decide"], words, &["--actor", "steward", "--reason", "looked at"]].concat());
}

#[test]
fn whoever_follows_the_rules_ends_with_the_table_that_the_node_exports() {
    let files = Desk::county_of(60, &["GA", "MZ", "WJ", "NY"]);
    let desk = bus();
    let mut node = started(&desk);
    let (mut from_the_start, mut from_the_middle) = (Subscriber::default(), Subscriber::default());
    for (step, system) in ["GA", "MZ", "WJ", "NY"].into_iter().enumerate() {
        let bytes = fs::read(files.delivered(system)).unwrap();
        assert_eq!(push(&desk, system, "application/octet-stream", &[], &bytes).code, 200);
        from_the_start.catch_up(&desk);
        if step == 1 {
            from_the_middle.snapshot(&desk);
            assert_eq!(from_the_middle.table, exported(&desk));
        }
    }
    // Two people become one and two again, and one row is withdrawn.
    let of = |key: &str, id: &str, name: &str| {
        format!("{{\"key\":\"{key}\",\"value\":{{\"身份证号\":\"{id}\",\"姓名\":\"{name}\"}}}}")
    };
    let rows = [of("x", "110101195003071218", "张三"), of("y", "", "欧阳小小")];
    assert_eq!(push(&desk, "MZ", "application/x-ndjson", &[], rows.join("\n").as_bytes()).code, 200);
    decide(&desk, &["link", "MZ:x", "MZ:y"]);
    from_the_start.catch_up(&desk);
    decide(&desk, &["take-back", "1"]);
    let registered = |op: &str, day: u32| {
        format!(
            "{{\"op\":\"{op}\",\"person_key\":\"z\",\"XM\":\"司马大大\",\"注销原因\":\"重复户口\",\
             \"更新时间\":\"2026-10-{day:02}T08:00:00+08:00\"}}"
        )
    };
    let registered = [registered("I", 1), registered("D", 2)];
    for line in &registered {
        assert_eq!(push(&desk, "GA", "application/json", &[], line.as_bytes()).code, 200);
    }
    for subscriber in [&mut from_the_start, &mut from_the_middle] {
        subscriber.catch_up(&desk);
        assert_eq!(subscriber.table, exported(&desk));
    }
    for kind in ["created", "updated", "merged", "split", "retired"] {
        assert!(from_the_start.kinds.contains_key(kind), "{kind} was not tried: {:?}", from_the_start.kinds);
    }
    let status = desk.ask(&["status"]);
    let account = &status["subscriptions"][0];
    assert_eq!((&account["subscription"], &account["pending"]), (&"bus-persons".into(), &0.into()));
    assert_eq!(account["feed"], status["changes"]);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_stream_goes_on_after_the_last_event_that_was_seen() {
    let desk = bus();
    let mut node = started(&desk);
    let row = |key: u32| format!("{{\"key\":\"{key}\",\"value\":{{\"姓名\":\"甲{key}\"}}}}");
    let send_row = |key| {
        assert_eq!(push(&desk, "MZ", "application/json", &[], row(key).as_bytes()).code, 200);
    };
    let listen = |last: Option<&str>| {
        let mut stream = TcpStream::connect(("127.0.0.1", desk.port)).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(
            stream,
            "GET /v1/changes?subscription=bus-persons HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
             Authorization: Bearer {TOKEN}\r\n{last}\r\n"
        )
        .unwrap();
        let lines = BufReader::new(stream).lines().map(Result::unwrap);
        lines.filter_map(|line| line.strip_prefix("id: ").map(str::to_owned))
    };
    send_row(1);
    let mut stream = listen(None);
    let first = stream.next().unwrap();
    send_row(2);
    let second = stream.next().unwrap();
    drop(stream);
    send_row(3);
    let third = listen(Some(&second)).next().unwrap();
    let position = |id: &str| id.parse::<u64>().unwrap();
    assert!(position(&first) < position(&second) && position(&second) < position(&third));
    assert_eq!(listen(Some(&first)).take(2).collect::<Vec<_>>(), [second, third]);
    assert_eq!(node.stop().code, Some(0));
}
