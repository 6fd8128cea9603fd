//! The node over HTTP: rows and files pushed, receipts, refusals, and the schema registry.

use crate::support::{Desk, FILES, Served, TOKEN, file, wait_for};
use serde_json::{Value as Json, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use yibiao_record::EntityKind;
use yibiao_schema::Dictionary;
use yibiao_schema::avro::EntitySchema;

/// What the node answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    fn statuses(&self) -> Vec<String> {
        let rows = self.json()["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
    }
}

/// Sends a request: method and path, headers, body.
pub(crate) fn send(desk: &Desk, what: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", desk.port)).unwrap();
    let mut head = format!("{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Content-Length") {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { code, head: head.to_owned(), body: body.to_owned() }
}

/// Pushes with the token.
pub(crate) fn push(desk: &Desk, system: &str, media: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let token = format!("Bearer {TOKEN}");
    let all = [&[("Authorization", &*token), ("Content-Type", media)], headers].concat();
    send(desk, &format!("POST /v1/submissions/{system}"), &all, body)
}

/// A node to which five departments push, and whose feed the token may read.
pub(crate) fn bus() -> Desk {
    let desk = Desk::empty();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/policy/bus.yaml");
    let mut text = format!(
        "node: {{ data: store, listen: \"127.0.0.1:{}\", poll_seconds: 0.05 }}\npolicy: {}\nsources:\n",
        desk.port,
        policy.display()
    );
    for (system, _) in FILES {
        text.push_str(&format!("- {{ system: {system}, http: {{}} }}\n"));
    }
    text.push_str(
        "http: { tokens: [ { env: YIBIAO_TOKEN, push: [GA, MZ, WJ, YJ, NY], subscriptions: [bus-persons] } ] }\n",
    );
    fs::write(desk.config(), text).unwrap();
    desk
}

pub(crate) fn started(desk: &Desk) -> Served<'_> {
    let node = desk.serve();
    node.ready();
    node
}

const ROW: &str = r#"{"身份证号":"110101195003071218","姓名":"张三"}"#;

#[test]
fn a_pushed_file_gives_what_the_dropped_file_gives() {
    let systems = ["GA", "MZ", "WJ", "YJ", "NY"];
    let dropped = Desk::county_of(40, &systems);
    dropped.run_once();
    let pushed = bus();
    let mut node = started(&pushed);
    for system in systems {
        let bytes = fs::read(dropped.delivered(system)).unwrap();
        let media = if file(system).ends_with(".csv") { "text/csv" } else { "application/octet-stream" };
        let answer = push(&pushed, &system.to_lowercase(), media, &[], &bytes);
        assert_eq!(answer.code, 200, "{answer:?}");
        let again = push(&pushed, system, media, &[], &bytes);
        assert!(
            again.statuses().iter().all(|status| status == "repeat" || status == "quarantined"),
            "{again:?}"
        );
    }
    let of = |text: String| {
        text.lines().filter(|line| !line.starts_with("GA")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of(pushed.members("person")), of(dropped.members("person")));
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn what_was_answered_survives_a_kill_and_is_answered_the_same_again() {
    let desk = bus();
    let node = started(&desk);
    let key = [("Idempotency-Key", "request-1")];
    let first = push(&desk, "MZ", "application/json", &key, ROW.as_bytes());
    assert_eq!((first.code, first.statuses()), (200, vec!["new".to_owned()]));
    let receivers = first.json()["rows"][0]["receivers"].clone();
    assert_eq!(receivers, json!(["bus-persons"]));
    node.signal("KILL");
    drop(node);
    let mut node = started(&desk);
    let again = push(&desk, "MZ", "application/json", &key, ROW.as_bytes());
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let receipt = again.header("location").unwrap().to_owned();
    let token = format!("Bearer {TOKEN}");
    assert_eq!(send(&desk, &format!("GET {receipt}"), &[("Authorization", &token)], b"").body, first.body);
    assert_eq!(send(&desk, &format!("GET {receipt}"), &[], b"").code, 401);
    let other = push(&desk, "MZ", "application/json", &key, b"{}");
    assert_eq!(other.code, 422);
    // Without the key it is a request of its own, which says nothing new.
    assert_eq!(push(&desk, "MZ", "application/json", &[], ROW.as_bytes()).statuses(), ["repeat"]);
    assert_eq!(desk.counts()[0], 1);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn the_log_tells_under_which_receipt_a_trace_goes_on_and_repeats_no_other_header() {
    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let desk = bus();
    let mut node = desk.serve_as(&["run", "--log", "warn,traceparent=trace"]);
    node.ready();
    let push = |headers| push(&desk, "MZ", "application/json", headers, ROW.as_bytes());
    let traced = push(&[("traceparent", TRACE)]);
    push(&[("traceparent", "00-110101195003071218-b7ad6b7169203331-01")]);
    push(&[("traceparent", TRACE), ("traceparent", TRACE)]);
    push(&[]);
    let ended = node.stop();
    let lines: Vec<&str> = ended.err.lines().filter(|line| line.contains("taken in")).collect();
    let [line] = lines[..] else { panic!("{}", ended.err) };
    let receipt = traced.json()["id"].as_str().unwrap().to_owned();
    assert!(line.contains(TRACE) && line.contains(&receipt) && line.contains("MZ"), "{line}");
    assert!(!ended.err.contains("110101195003071218"));
    assert!(!ended.err.contains('\u{1b}'), "colours are for terminals only");
}

#[test]
fn rows_are_told_apart_and_a_delete_withdraws() {
    let desk = bus();
    let mut node = started(&desk);
    let lines = format!("{{\"key\":\"a\",\"value\":{ROW}}}\n{{\"key\":\"b\",\"value\":{ROW}}}\nno row\n");
    let answer = push(&desk, "MZ", "application/x-ndjson", &[], lines.as_bytes());
    assert_eq!(
        (answer.code, answer.statuses()),
        (200, ["joined", "joined", "quarantined"].map(str::to_owned).to_vec())
    );
    let rows = answer.json()["rows"].clone();
    assert_eq!(rows[0]["entity"], rows[1]["entity"]);
    assert!(rows[2]["reason"].as_str().unwrap().contains("JSON"), "{rows}");
    let gone = push(&desk, "MZ", "application/json", &[], br#"{"key":"b","value":null}"#);
    assert_eq!(gone.statuses(), ["withdrawn"]);
    let bad = push(&desk, "MZ", "application/json", &[], br#"[{"key":"","value":{}}]"#);
    assert_eq!((bad.code, bad.statuses()), (422, vec!["quarantined".to_owned()]));
    assert_eq!(desk.counts()[2], 2, "what cannot be read is kept");
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn whoever_may_not_or_cannot_is_told_so() {
    let desk = bus();
    let mut node = started(&desk);
    let code = |headers: &[(&str, &str)], what: &str| send(&desk, what, headers, b"{}").code;
    let token = format!("Bearer {TOKEN}");
    let right = ("Authorization", &*token);
    assert_eq!(code(&[], "POST /v1/submissions/MZ"), 401);
    assert_eq!(code(&[("Authorization", "Bearer other")], "POST /v1/submissions/MZ"), 401);
    assert_eq!(code(&[right], "POST /v1/submissions/ZJ"), 403);
    assert_eq!(code(&[right], "POST /v1/submissions/XX"), 404);
    assert_eq!(code(&[right], "GET /v1/receipts/..%2Fyibiao"), 404);
    assert_eq!(code(&[right], "GET /v1/changes?subscription=another"), 403);
    assert_eq!(code(&[right], "GET /v1/changes?subscription=bus-persons&after=99"), 422);
    assert_eq!(code(&[right, ("Content-Type", "image/png")], "POST /v1/submissions/MZ"), 415);
    assert_eq!(code(&[right, ("Content-Encoding", "br")], "POST /v1/submissions/MZ"), 415);
    let huge = ("Content-Length", "99999999999");
    assert_eq!(code(&[right, huge], "POST /v1/submissions/MZ"), 413);
    let broken = push(&desk, "MZ", "application/json", &[], br#"[{"#);
    assert_eq!(broken.code, 422);
    assert_eq!(desk.counts(), [0, 0, 0]);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn the_registry_answers_as_deserialisers_ask_and_changes_nothing() {
    let desk = bus();
    let mut node = started(&desk);
    let get = |path: &str| send(&desk, &format!("GET /registry{path}"), &[], b"");
    let post = |path: &str, body: &Json| {
        send(&desk, &format!("POST /registry{path}"), &[], body.to_string().as_bytes())
    };
    let schema = EntitySchema::of(Dictionary::shipped(), EntityKind::Person);
    let latest = get("/subjects/yibiao.person.v1/versions/latest").json();
    assert_eq!((latest["id"].as_u64(), latest["version"].as_u64()), (Some(schema.id().into()), Some(1)));
    assert_eq!(get(&format!("/schemas/ids/{}", schema.id())).json()["schema"], schema.text());
    let same = json!({ "schema": schema.text() });
    assert_eq!(post("/subjects/yibiao.person.v1/versions", &same).json()["id"], schema.id());
    assert_eq!(post("/subjects/yibiao.person.v1", &same).json()["version"], 1);
    let other = json!({ "schema": "\"string\"" });
    assert_eq!(post("/subjects/yibiao.person.v1/versions", &other).code, 403);
    assert_eq!(post("/subjects/yibiao.person.v1", &other).json()["error_code"], 40403);
    assert_eq!(post("/subjects/yibiao.person.v1", &json!({ "schema": "{" })).json()["error_code"], 42201);
    assert_eq!(get("/subjects/nobody/versions").json()["error_code"], 40401);
    assert_eq!(get("/subjects/yibiao.person.v1/versions/7").json()["error_code"], 40402);
    assert_eq!(get("/schemas/ids/1").json()["error_code"], 40403);
    let fits = |body| post("/compatibility/subjects/yibiao.person.v1/versions/latest", body).json();
    assert_eq!(
        (&fits(&same)["is_compatible"], &fits(&other)["is_compatible"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_push_beyond_what_is_taken_in_at_once_is_asked_to_come_again() {
    const AT_ONCE: u32 = 256;
    let desk = bus();
    let mut node = started(&desk);
    // More than a pipe holds.
    let row = |at: u64| {
        let number = at * 7_919;
        format!(
            "{{\"身份证号\":\"11010119{number:010}\",\"姓名\":\"张{at}\",\"住址\":\"某县某镇某村{at}号\"}}\n"
        )
    };
    let many: String = (0..1_500).map(row).collect();
    assert_eq!(push(&desk, "MZ", "application/x-ndjson", &[], many.as_bytes()).code, 200);
    // Whoever exports into a pipe that nobody reads holds the node up.
    let path = desk.path("pipe.csv");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut pipe = fs::File::options().read(true).write(true).open(&path).unwrap();
    let mut export = desk.command(&["export", "--out", path.to_str().unwrap()]).spawn().unwrap();
    pipe.read_exact(&mut [0]).unwrap();
    let inside = "yibiao_buffer_size_events{system=\"MZ\"}";
    let push = |at: u32| {
        let key = format!("request {at}");
        push(&desk, "MZ", "application/json", &[("Idempotency-Key", &*key)], ROW.as_bytes())
    };
    let push = &push;
    let answers = std::thread::scope(|scope| {
        let pushed: Vec<_> = (0..AT_ONCE).map(|at| scope.spawn(move || push(at))).collect();
        wait_for("all to be inside", || (node.metric(inside) == Some(f64::from(AT_ONCE))).then_some(()));
        let refused = push(AT_ONCE);
        assert_eq!((refused.code, refused.header("Retry-After")), (429, Some("1")), "{refused:?}");
        assert_eq!(node.metric("yibiao_backpressure_refused_total{system=\"MZ\"}"), Some(1.0));
        let mut end = pipe.try_clone().unwrap();
        scope.spawn(move || {
            let mut read = [0; 4096];
            while pipe.read(&mut read).map(|count| read[count - 1]).unwrap() != b'\0' {}
        });
        assert!(export.wait().unwrap().success());
        end.write_all(b"\0").unwrap();
        pushed.into_iter().map(|answer| answer.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(answers.iter().all(|answer| answer.code == 200), "{answers:?}");
    let rows = |outcome: &str| {
        node.metric(&format!("yibiao_ingest_rows_total{{outcome=\"{outcome}\",system=\"MZ\"}}"))
    };
    assert_eq!((rows("new"), rows("repeated")), (Some(1_501.0), Some(f64::from(AT_ONCE - 1))));
    assert_eq!(push(AT_ONCE + 1).statuses(), ["repeat"]);
    assert_eq!(node.metric(inside), Some(0.0));
    assert_eq!(node.stop().code, Some(0));
}
