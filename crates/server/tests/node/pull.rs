//! Rows asked for by a running node: killed in the middle, limited, with a row among them that is none.

use crate::http::{bus, push, started};
use crate::support::{Desk, TOKEN, wait_for};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Rows of a page.
const PAGE: usize = 8;

/// A REST source that gives a department's rows by pages, behind a token, and is out of breath now and then.
#[derive(Clone)]
struct Source {
    rows: Arc<Vec<String>>,
    /// The cursors that were asked for, in order.
    asked: Arc<Mutex<Vec<usize>>>,
    /// Every third request is refused.
    requests: Arc<Mutex<usize>>,
    port: u16,
}

impl Source {
    fn start(rows: Vec<String>) -> Source {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let source = Source { rows: Arc::new(rows), asked: Arc::default(), requests: Arc::default(), port };
        let of = source.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let of = of.clone();
                std::thread::spawn(move || of.serve(stream.unwrap()));
            }
        });
        source
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
        loop {
            let request = lines.next()?.ok()?;
            let mut entitled = false;
            loop {
                let line = lines.next()?.ok()?;
                entitled |= line.eq_ignore_ascii_case(&format!("authorization: Bearer {TOKEN}"));
                if line.is_empty() {
                    break;
                }
            }
            let (code, header, body) = self.answer(&request, entitled);
            let length = body.len();
            write!(stream, "HTTP/1.1 {code} X\r\nContent-Length: {length}\r\n{header}\r\n{body}").ok()?;
        }
    }

    fn answer(&self, request: &str, entitled: bool) -> (u16, &'static str, String) {
        let mut requests = self.requests.lock().unwrap();
        *requests += 1;
        if !entitled {
            return (401, "", String::new());
        }
        if requests.is_multiple_of(3) {
            return (429, "Retry-After: 0\r\n", String::new());
        }
        let after = request.split_once("after=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        let after: usize = after.unwrap_or(0);
        self.asked.lock().unwrap().push(after);
        let end = (after + PAGE).min(self.rows.len());
        let next = if end < self.rows.len() { json!(end) } else { json!(null) };
        (200, "", format!("{{\"items\":[{}],\"next\":{next}}}", self.rows[after..end].join(",")))
    }

    fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }

    /// A desk whose police are asked for their rows.
    fn desk(&self) -> Desk {
        let desk = bus();
        let text = fs::read_to_string(desk.config()).unwrap();
        let pull = format!(
            "pull: {{ url: \"http://127.0.0.1:{}/rows?kind=all\", rows: /items, token: {{ env: YIBIAO_TOKEN }}, \
             allow: [127.0.0.1], poll_seconds: 3600, next: {{ cursor: {{ from: {{ page: /next }}, name: after }} }} }}",
            self.port
        );
        fs::write(desk.config(), text.replacen("system: GA, http: {}", &format!("system: GA, {pull}"), 1))
            .unwrap();
        desk
    }
}

fn taken(desk: &Desk) -> u64 {
    desk.counts()[0]
}

/// Who is one person with whom. Which number a person has depends on which rows were taken in together.
fn partition(desk: &Desk) -> BTreeSet<Vec<String>> {
    let mut persons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in desk.members("person").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        persons.entry(cells[2].to_owned()).or_default().push(format!("{} {}", cells[1], cells[3]));
    }
    persons.into_values().collect()
}

#[test]
fn rows_that_are_asked_for_give_what_the_same_rows_pushed_give_whoever_dies_when() {
    let county = Desk::county_of(40, &["GA"]);
    let text = fs::read_to_string(county.delivered("GA")).unwrap();
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(rows.len() > 5 * PAGE);
    rows.insert(PAGE + 3, "\"no row\"".to_owned());

    let pushed = bus();
    let mut node = started(&pushed);
    assert_eq!(push(&pushed, "GA", "application/x-ndjson", &[], rows.join("\n").as_bytes()).code, 200);
    let (persons, counts) = (partition(&pushed), pushed.counts());
    assert_eq!(counts[2], 1);
    assert_eq!(node.stop().code, Some(0));

    let source = Source::start(rows.clone());
    let desk = source.desk();
    for pages in [2, 4] {
        let node = desk.serve();
        wait_for("some pages", || (source.asked().len() >= pages).then_some(()));
        node.signal("KILL");
        drop(node);
    }
    let mut node = desk.serve();
    wait_for("all rows", || (taken(&desk) == counts[0]).then_some(()));
    assert_eq!(partition(&desk), persons);
    assert_eq!(desk.counts()[2], counts[2]);
    let last = (rows.len() - 1) / PAGE * PAGE;
    wait_for("the last page", || (source.asked().last() == Some(&last)).then_some(()));
    // A life of the node begins where the last commit stood, not at the start.
    let asked = source.asked();
    let starts = asked.iter().filter(|after| **after == 0).count();
    assert!(
        starts <= 3 && asked.windows(2).all(|pair| pair[1] == pair[0] + PAGE || pair[1] <= pair[0]),
        "{asked:?}"
    );
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn whoever_may_not_ask_is_told_and_the_others_go_on() {
    let source = Source::start(vec!["{}".to_owned()]);
    let desk = source.desk();
    let text = fs::read_to_string(desk.config()).unwrap();
    fs::write(desk.config(), text.replacen("token: { env: YIBIAO_TOKEN }, allow", "allow", 1)).unwrap();
    let mut node = desk.serve();
    wait_for("the refusal", || {
        node.get("/readyz")
            .filter(|(_, reasons)| reasons.contains("401") && reasons.contains("`token`"))
            .map(drop)
    });
    let row = br#"{"key":"1","value":{}}"#;
    assert_eq!(push(&desk, "MZ", "application/json", &[], row).code, 200);
    assert_eq!(node.stop().code, Some(0));
}
