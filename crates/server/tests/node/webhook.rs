//! Events by webhook from a running node: killed in the middle, refused, told that the receiver is gone.

use crate::support::{Desk, FILES, file, wait_for};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request as it came.
#[derive(Clone, Debug)]
struct Posted {
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

/// A receiver that keeps what it is sent and answers with one status.
#[derive(Clone)]
struct Receiver {
    posted: Arc<Mutex<Vec<Posted>>>,
    status: Arc<Mutex<u16>>,
    /// From so many requests on none is answered.
    answered: Arc<(Mutex<usize>, Condvar)>,
    port: u16,
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Receiver {
            posted: Arc::default(),
            status: Arc::new(Mutex::new(204)),
            answered: Arc::new((Mutex::new(usize::MAX), Condvar::new())),
            port,
        };
        let of = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let of = of.clone();
                std::thread::spawn(move || of.serve(stream.unwrap()));
            }
        });
        receiver
    }

    /// Answers one connection until it ends; a node that was killed ends it anywhere.
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let asked = line.starts_with("OPTIONS");
            let mut headers = BTreeMap::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
                let Some((name, value)) = line.trim().split_once(": ") else { break };
                headers.insert(name.to_lowercase(), value.to_owned());
            }
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            let status = if asked { 200 } else { *self.status.lock().unwrap() };
            if !asked {
                let of = |name: &str| headers[name].clone();
                self.posted.lock().unwrap().push(Posted {
                    id: of("webhook-id"),
                    timestamp: of("webhook-timestamp"),
                    signature: of("webhook-signature"),
                    body: String::from_utf8(body).unwrap(),
                });
                let count = self.posted.lock().unwrap().len();
                let (answered, changed) = &*self.answered;
                drop(changed.wait_while(answered.lock().unwrap(), |answered| *answered <= count).unwrap());
            }
            write!(stream, "HTTP/1.1 {status} X\r\nWebHook-Allowed-Origin: *\r\nContent-Length: 0\r\n\r\n")
                .ok()?;
        }
    }

    fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    /// Answers no request from so many on, until it is called again.
    fn answer_until(&self, requests: usize) {
        *self.answered.0.lock().unwrap() = requests;
        self.answered.1.notify_all();
    }

    fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// A desk of six departments whose persons go to this receiver.
    fn desk(&self, files: Option<&Desk>) -> Desk {
        let desk = Desk::empty();
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/policy/bus.yaml");
        let mut text = format!(
            "node: {{ data: store, listen: \"127.0.0.1:{}\", poll_seconds: 0.05 }}\npolicy: {}\nsources:\n",
            desk.port,
            policy.display()
        );
        for (system, _) in FILES {
            let kind = if system == "ZJ" { "sql" } else { "file" };
            text.push_str(&format!(
                "- {{ system: {system}, {kind}: {{ folder: in, settle_seconds: 0 }} }}\n"
            ));
            if let Some(files) = files {
                fs::copy(files.delivered(system), desk.input().join(file(system))).unwrap();
            }
        }
        fs::write(desk.path("secret"), SECRET).unwrap();
        fs::write(desk.path("second"), "another secret of enough bytes").unwrap();
        text.push_str(&format!(
            "deliveries:\n- subscription: bus-persons\n  webhook: {{ url: \"http://127.0.0.1:{}/hook\", \
             secrets: [ {{ file: secret }}, {{ file: second }} ], allow: [127.0.0.1] }}\n",
            self.port
        ));
        fs::write(desk.config(), text).unwrap();
        desk
    }
}

/// The account of the subscription.
fn account(desk: &Desk) -> Json {
    let status = desk.ask(&["status"]);
    status["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|of| of["subscription"] == "bus-persons")
        .unwrap()
        .clone()
}

fn delivered(desk: &Desk) {
    wait_for("all changes to be delivered", || {
        let status = desk.ask(&["status"]);
        let account = account(desk);
        let read = status["systems"].as_array().unwrap().iter().all(|of| of["live"] != 0);
        (read && account["pending"] == 0 && account["feed"] == status["changes"]).then_some(())
    });
}

/// The table that a receiver keeps by the rule, having dropped what it had seen before.
fn table(posted: &[Posted]) -> BTreeMap<String, Json> {
    let (mut seen, mut table) = (BTreeMap::new(), BTreeMap::new());
    for Posted { id, body, .. } in posted {
        let event: Json = serde_json::from_str(body).unwrap();
        if let Some(before) = seen.insert(id.clone(), event.clone()) {
            assert_eq!(before, event, "{id} was sent again, and is another");
            continue;
        }
        let entity = event["subject"].as_str().unwrap().to_owned();
        match &event["data"]["record"] {
            Json::Null => table.remove(&entity),
            record => table.insert(entity, record.clone()),
        };
    }
    table
}

#[test]
fn a_node_killed_in_the_middle_sends_everything_in_order_and_what_it_repeats_has_its_id() {
    let county = Desk::county(40);
    let undisturbed = Receiver::start();
    let desk = undisturbed.desk(Some(&county));
    let mut node = desk.serve();
    delivered(&desk);
    assert_eq!(node.stop().code, Some(0));

    let receiver = Receiver::start();
    let desk = receiver.desk(Some(&county));
    let kills = 3;
    for _ in 0..kills {
        let until = receiver.posted().len() + 12;
        receiver.answer_until(until);
        let node = desk.serve();
        // The node is killed while it waits for an answer.
        wait_for("some events", || (receiver.posted().len() == until).then_some(()));
        node.signal("KILL");
        drop(node);
    }
    receiver.answer_until(usize::MAX);
    let mut node = desk.serve();
    delivered(&desk);
    let account = account(&desk);
    assert_eq!((&account["gap"], &account["dead"]), (&0.into(), &0.into()));
    assert_eq!(node.stop().code, Some(0));

    let posted = receiver.posted();
    let position =
        |posted: &Posted| -> u64 { posted.id.strip_prefix("bus-persons.").unwrap().parse().unwrap() };
    // Within a life of the node positions rise; each start goes back to the last that was noted, and no further than one
    // batch.
    let back = posted.windows(2).filter(|pair| position(&pair[1]) <= position(&pair[0])).count();
    assert!(back <= kills, "{back} steps back in {kills} kills");
    assert!(back > 0, "a request without its answer is sent again");
    let distinct: std::collections::BTreeSet<u64> = posted.iter().map(position).collect();
    assert_eq!(u64::try_from(distinct.len()).unwrap(), account["delivered"].as_u64().unwrap());
    let entities: BTreeMap<String, Vec<u64>> = posted.iter().fold(BTreeMap::new(), |mut all, posted| {
        let event: Json = serde_json::from_str(&posted.body).unwrap();
        all.entry(event["subject"].as_str().unwrap().to_owned())
            .or_insert_with(Vec::new)
            .push(position(posted));
        all
    });
    for positions in entities.values() {
        let mut seen = std::collections::BTreeSet::new();
        let first: Vec<u64> = positions.iter().copied().filter(|position| seen.insert(*position)).collect();
        assert!(first.is_sorted(), "a record's events come in their order: {positions:?}");
    }
    // Entity ids are given in the order of arrival, which differs between runs; how many there are does not.
    assert_eq!(table(&posted).len(), table(&undisturbed.posted()).len());
    let path = desk.path("persons.csv");
    let persons = desk.ask(&["export", "--entity", "person", "--out", path.to_str().unwrap()]);
    assert_eq!(persons["lines"], table(&posted).len());
    verified_by_openssl(&desk, posted.last().unwrap());
}

/// Verifies a signature with a program that is not ours.
fn verified_by_openssl(desk: &Desk, posted: &Posted) {
    let signed = desk.path("signed");
    fs::write(&signed, format!("{}.{}.{}", posted.id, posted.timestamp, posted.body)).unwrap();
    let script = format!(
        "key=$(printf %s '{}' | base64 -d | od -An -vtx1 | tr -d ' \\n'); \
         openssl dgst -sha256 -mac HMAC -macopt hexkey:$key -binary '{}' | base64",
        SECRET.strip_prefix("whsec_").unwrap(),
        signed.display()
    );
    let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let expected = format!("v1,{}", String::from_utf8(output.stdout).unwrap().trim());
    let (first, second) = posted.signature.split_once(' ').unwrap();
    assert_eq!(first, expected, "{}", String::from_utf8_lossy(&output.stderr));
    assert_ne!(first, second, "each secret signs");
}

#[test]
fn a_receiver_that_is_gone_is_left_alone_until_it_is_enabled_whatever_starts_again() {
    let county = Desk::county(12);
    let receiver = Receiver::start();
    receiver.answer(410);
    let desk = receiver.desk(Some(&county));
    let mut node = desk.serve();
    wait_for("the receiver to be disabled", || account(&desk)["disabled"].is_string().then_some(()));
    assert_eq!(receiver.posted().len(), 1);
    let (code, reasons) = node.get("/readyz").unwrap();
    assert!(code == 503 && reasons.contains("yibiao webhook enable bus-persons"), "{reasons}");
    assert_eq!(node.metric("yibiao_subscription_disabled{subscription=\"bus-persons\"}"), Some(1.0));
    assert_eq!(node.stop().code, Some(0));
    receiver.answer(204);
    let mut node = desk.serve();
    wait_for("the node to say so again", || {
        node.get("/readyz").filter(|(_, reasons)| reasons.contains("webhook enable")).map(drop)
    });
    assert_eq!(receiver.posted().len(), 1, "disabled outlives the node");
    let account_before = account(&desk);
    assert_eq!((&account_before["delivered"], &account_before["gap"]), (&0.into(), &0.into()));
    let text = desk.yibiao(&["status"]).out;
    assert!(text.contains("bus-persons is disabled since"), "{text}");

    desk.ask(&["webhook", "enable", "bus-persons"]);
    delivered(&desk);
    assert!(receiver.posted().len() > 1);
    assert_eq!(account(&desk)["disabled"], Json::Null);
    let again = desk.yibiao(&["webhook", "enable", "bus-persons"]);
    assert_eq!(again.code, Some(6), "{}", again.err);
    let tried = desk.ask(&["webhook", "attempts", "--subscription", "bus-persons", "--limit", "1000"]);
    let outcomes: Vec<&str> =
        tried.as_array().unwrap().iter().map(|tried| tried["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes[..2], ["agreed", "gone"], "{outcomes:?}");
    assert_eq!(outcomes.last(), Some(&"delivered"));
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn what_is_refused_is_dead_and_what_is_wrong_with_the_configuration_loses_nothing() {
    let county = Desk::county(12);
    let receiver = Receiver::start();
    receiver.answer(422);
    let desk = receiver.desk(Some(&county));
    let mut node = desk.serve();
    wait_for("the node to stop counting events as dead", || {
        node.get("/readyz").filter(|(_, reasons)| reasons.contains("it refused the last 10 events")).map(drop)
    });
    assert_eq!((&account(&desk)["dead"], &account(&desk)["gap"]), (&10.into(), &0.into()));
    receiver.answer(204);
    delivered(&desk);
    let settled = account(&desk);
    assert_eq!((&settled["dead"], &settled["gap"]), (&10.into(), &0.into()));
    assert_eq!(node.stop().code, Some(0));

    let other = receiver.desk(Some(&county));
    let text = fs::read_to_string(other.config()).unwrap();
    fs::write(other.config(), text.replace("allow: [127.0.0.1]", "allow: []")).unwrap();
    let mut node = other.serve();
    wait_for("the address to be refused", || {
        node.get("/readyz").filter(|(_, reasons)| reasons.contains("private or local")).map(drop)
    });
    let account = account(&other);
    assert_eq!((&account["delivered"], &account["dead"]), (&0.into(), &0.into()));
    assert_eq!(node.stop().code, Some(0));
    let checked = other.yibiao(&["check"]);
    assert_eq!(checked.code, Some(4));
    assert!(checked.out.contains("allow"), "{}", checked.out);
    fs::remove_file(other.path("secret")).unwrap();
    fs::write(other.config(), text.replace("{ file: secret }", "{ env: NO_SUCH_VARIABLE }")).unwrap();
    let refused = other.yibiao(&["run", "--once"]);
    assert_eq!(refused.code, Some(3));
    assert!(refused.err.contains("NO_SUCH_VARIABLE") && !refused.err.contains("whsec"), "{}", refused.err);
}
