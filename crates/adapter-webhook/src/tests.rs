//! The adapter against real receivers on loopback: those that behave, and those that do not.

use super::*;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use yibiao_contract::{ChangeEvent, EventRecord};
use yibiao_http_client::{Secret, SecretRef};
use yibiao_record::{ChangeKind, EntityId, EntityKind, Name, Value};
use yibiao_schema::element;

const KEYS: [&str; 2] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a plain secret of enough bytes"];
const NOW: Timestamp = Timestamp(1_790_000_000);

/// What a receiver was sent.
#[derive(Clone, Debug)]
struct Heard {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// One answer: status and headers.
type Said = (u16, Vec<(&'static str, &'static str)>);

/// A receiver that agrees, and to events gives the answers in store, then 204.
#[derive(Clone, Default)]
struct Desk {
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<VecDeque<Said>>>,
    options: Arc<Mutex<Option<Said>>>,
}

struct Receiver {
    desk: Desk,
    url: String,
    _tasks: JoinSet<()>,
}

async fn receive(
    State(desk): State<Desk>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = method == Method::OPTIONS;
    desk.heard.lock().unwrap().push(Heard { method, path: uri.path().to_owned(), headers, body });
    let (status, headers) = if asked {
        let agreed = (200, vec![("WebHook-Allowed-Origin", "*")]);
        desk.options.lock().unwrap().clone().unwrap_or(agreed)
    } else {
        desk.answers.lock().unwrap().pop_front().unwrap_or((204, Vec::new()))
    };
    let mut response = StatusCode::from_u16(status).unwrap().into_response();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

impl Receiver {
    async fn answering(answers: impl IntoIterator<Item = Said>) -> Receiver {
        let desk = Desk { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Desk::default() };
        let router = Router::new().fallback(receive).with_state(desk.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { desk, url, _tasks: tasks }
    }

    fn heard(&self) -> Vec<Heard> {
        self.desk.heard.lock().unwrap().clone()
    }

    /// The ids of the events that were sent, in order.
    fn ids(&self) -> Vec<String> {
        let posted = self.heard().into_iter().filter(|heard| heard.method == Method::POST);
        posted.map(|heard| heard.headers["webhook-id"].to_str().unwrap().to_owned()).collect()
    }
}

fn config(url: &str) -> Config {
    let mut config = Config::new(url.to_owned(), vec![SecretRef::default()]);
    config.allow = vec!["127.0.0.1".to_owned()];
    config
}

fn parts(config: Config, trust: Trust, log: &Path) -> Parts {
    Parts {
        config,
        subscription: "s".to_owned(),
        secrets: KEYS.map(|key| SecretSource::Held(Secret::from(key))).into(),
        token: Some(SecretSource::Held(Secret::from("let-me-in"))),
        trust,
        log: AttemptLog::new(log.to_owned(), 2_000),
        clock: || NOW,
        dictionary: Dictionary::shipped(),
    }
}

fn with(config: Config, trust: Trust, log: &Path) -> Result<WebhookAdapter, ConfigError> {
    WebhookAdapter::new(parts(config, trust, log))
}

fn adapter(config: Config) -> WebhookAdapter {
    with(config, Trust::load(None).unwrap(), Path::new("/nowhere")).unwrap()
}

fn event(position: u64) -> ChangeEvent {
    let name = Value::Name(Name::plain("司马相如"));
    ChangeEvent {
        position,
        entity: EntityId { kind: EntityKind::Person, number: 7 },
        kind: ChangeKind::Created,
        time: NOW,
        changed: vec![element::NAME],
        record: Some(EventRecord { values: vec![(element::NAME, name)], ..EventRecord::default() }),
    }
}

fn batch(positions: impl IntoIterator<Item = u64>) -> EventBatch {
    EventBatch { upto: FeedMark::default(), events: positions.into_iter().map(event).collect() }
}

/// As a receiver would do it, with another library.
fn verifies(heard: &Heard, key: &[u8]) -> bool {
    let text = |name: &str| heard.headers[name].to_str().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{}.{}.", text("webhook-id"), text("webhook-timestamp")).as_bytes());
    mac.update(&heard.body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    text("webhook-signature").split(' ').any(|signature| signature == expected)
}

#[tokio::test]
async fn an_event_is_one_signed_request_that_a_receiver_with_either_secret_can_verify() {
    let receiver = Receiver::answering([]).await;
    let outcomes = adapter(config(&receiver.url)).write(&batch([5])).await.unwrap();
    assert_eq!(outcomes, [Outcome::Delivered]);
    let [_, heard] = &receiver.heard()[..] else { panic!() };
    assert_eq!(heard.path, "/hook");
    let old = STANDARD.decode(KEYS[0].trim_start_matches("whsec_")).unwrap();
    assert!(verifies(heard, &old) && verifies(heard, KEYS[1].as_bytes()));
    assert!(!verifies(heard, b"another secret"));
    assert_eq!(heard.headers["authorization"], "Bearer let-me-in");
    assert_eq!(heard.headers["content-type"], "application/cloudevents+json; charset=utf-8");
    let sent: serde_json::Value = serde_json::from_slice(&heard.body).unwrap();
    assert_eq!(
        sent,
        serde_json::json!({
            "specversion": "1.0", "id": "5", "source": "urn:yibiao:node", "type": "yibiao.person.created.v1",
            "subject": "P-00000007", "partitionkey": "P-00000007", "time": NOW.to_string(),
            "datacontenttype": "application/json",
            "data": {
                "entity": "P-00000007", "change": "created", "changed": ["name"],
                "record": { "values": { "name": "司马相如" }, "members": [], "flags": {} },
            },
        })
    );
}

#[tokio::test]
async fn a_thin_event_says_what_changed_and_where_to_fetch_it() {
    let receiver = Receiver::answering([]).await;
    let mut config = config(&receiver.url);
    config.data = DataForm::Thin;
    config.feed = Some("https://node:9464/".to_owned());
    adapter(config).write(&batch([5])).await.unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&receiver.heard()[1].body).unwrap();
    assert_eq!(sent["dataref"], "https://node:9464/v1/changes?subscription=s&after=4&limit=1");
    assert_eq!(
        sent["data"],
        serde_json::json!({ "entity": "P-00000007", "change": "created", "changed": ["name"] })
    );
}

#[tokio::test]
async fn nothing_is_sent_before_the_receiver_agrees_and_it_is_asked_once() {
    let receiver = Receiver::answering([]).await;
    let mut adapter = adapter(config(&receiver.url));
    for refusal in [(405, vec![]), (200, vec![]), (200, vec![("WebHook-Allowed-Origin", "somebody.else")])] {
        *receiver.desk.options.lock().unwrap() = Some(refusal);
        let error = adapter.write(&batch([1])).await.unwrap_err();
        assert_eq!(error.recovery, Recovery::Halt);
        assert!(error.hint.contains("WebHook-Allowed-Origin"), "{error}");
    }
    assert_eq!(receiver.ids(), Vec::<String>::new());
    assert_eq!(receiver.heard()[0].headers["webhook-request-origin"], "yibiao");
    *receiver.desk.options.lock().unwrap() = Some((200, vec![("WebHook-Allowed-Origin", "YIBIAO")]));
    for position in 1..=3 {
        assert_eq!(adapter.write(&batch([position])).await.unwrap(), [Outcome::Delivered]);
    }
    assert_eq!(receiver.heard().len(), 3 + 1 + 3);
}

#[tokio::test]
async fn a_rate_that_the_receiver_allows_is_kept_without_holding_back_what_is_done() {
    let receiver = Receiver::answering([]).await;
    *receiver.desk.options.lock().unwrap() =
        Some((200, vec![("WebHook-Allowed-Origin", "*"), ("WebHook-Allowed-Rate", "2")]));
    let outcomes = adapter(config(&receiver.url)).write(&batch([1, 2])).await.unwrap();
    assert!(
        matches!(outcomes[..], [Outcome::Delivered, Outcome::Retry(29_000..=30_000)]),
        "two a minute: {outcomes:?}"
    );
}

#[tokio::test]
async fn each_answer_means_what_it_says() {
    let plain = |status| (status, Vec::new());
    let later = |status, said| (status, vec![("Retry-After", said)]);
    for (answer, expected) in [
        (plain(200), Outcome::Delivered),
        (plain(202), Outcome::Delivered),
        (plain(400), Outcome::Reject("the receiver answered 400".to_owned())),
        (plain(422), Outcome::Reject("the receiver answered 422".to_owned())),
        (plain(408), Outcome::Retry(0)),
        (plain(425), Outcome::Retry(0)),
        (plain(500), Outcome::Retry(0)),
        (later(429, "7"), Outcome::Retry(7_000)),
        (later(503, "Mon, 21 Sep 2026 14:14:00 GMT"), Outcome::Retry(40_000)),
        ((302, vec![("Location", "/elsewhere")]), Outcome::Retry(0)),
        (plain(410), Outcome::Gone),
    ] {
        let receiver = Receiver::answering([answer.clone()]).await;
        let mut adapter = adapter(config(&receiver.url));
        assert_eq!(adapter.write(&batch([1])).await.unwrap(), std::slice::from_ref(&expected), "{answer:?}");
        assert_eq!(receiver.ids().len(), 1, "a redirect is not followed");
        let waits = matches!(expected, Outcome::Retry(_) | Outcome::Gone);
        assert_eq!(adapter.trouble().is_some_and(|why| why.contains(&answer.0.to_string())), waits);
    }
}

#[tokio::test]
async fn behind_an_event_that_waits_none_is_tried() {
    let receiver = Receiver::answering([(200, vec![]), (404, vec![]), (503, vec![])]).await;
    let mut adapter = adapter(config(&receiver.url));
    let outcomes = adapter.write(&batch([1, 2, 3, 4])).await.unwrap();
    assert!(
        matches!(
            outcomes[..],
            [Outcome::Delivered, Outcome::Reject(_), Outcome::Retry(0), Outcome::Retry(0)]
        ),
        "{outcomes:?}"
    );
    adapter.write(&batch([3, 4])).await.unwrap();
    assert_eq!(receiver.ids(), ["s.1", "s.2", "s.3", "s.3", "s.4"]);
}

#[tokio::test]
async fn a_receiver_that_refuses_everything_refuses_the_node_and_its_events_wait() {
    let receiver = Receiver::answering(vec![(404, vec![]); 11]).await;
    let mut adapter = adapter(config(&receiver.url));
    let outcomes = adapter.write(&batch(1..=12)).await.unwrap();
    assert!(outcomes[..10].iter().all(|outcome| matches!(outcome, Outcome::Reject(_))), "{outcomes:?}");
    assert_eq!(outcomes[10..], [Outcome::Retry(0), Outcome::Retry(0)]);
    assert!(adapter.trouble().unwrap().contains("404"));
    assert_eq!(adapter.write(&batch([11])).await.unwrap(), [Outcome::Delivered]);
}

#[tokio::test]
async fn a_receiver_that_does_not_let_the_node_in_refuses_no_event() {
    for status in [401, 403, 407] {
        let receiver = Receiver::answering([(200, vec![]), (status, vec![]), (status, vec![])]).await;
        let mut adapter = adapter(config(&receiver.url));
        // What it took before is noted before anything else.
        let outcomes = adapter.write(&batch([1, 2, 3])).await.unwrap();
        assert_eq!(outcomes, [Outcome::Delivered, Outcome::Retry(0), Outcome::Retry(0)]);
        let error = adapter.write(&batch([2, 3])).await.unwrap_err();
        assert!(error.reason.contains(&status.to_string()) && error.hint.contains("`token`"), "{error}");
        assert_eq!(adapter.write(&batch([2])).await.unwrap(), [Outcome::Delivered]);
        assert_eq!(receiver.ids(), ["s.1", "s.2", "s.2", "s.2"]);
    }
}

#[tokio::test]
async fn a_batch_grows_while_the_receiver_takes_it_and_is_one_event_after_a_failure() {
    let receiver = Receiver::answering([]).await;
    let mut adapter = adapter(config(&receiver.url));
    let mut sizes = Vec::new();
    for _ in 0..4 {
        let size = adapter.events_max();
        sizes.push(size);
        adapter.write(&batch(1..=u64::try_from(size).unwrap())).await.unwrap();
    }
    assert_eq!(sizes, [1, 2, 4, 8]);
    receiver.desk.answers.lock().unwrap().push_back((503, vec![]));
    adapter.write(&batch(1..=16)).await.unwrap();
    assert_eq!(adapter.events_max(), 1);
}

#[tokio::test]
async fn a_private_address_is_refused_unless_it_is_allowed() {
    let receiver = Receiver::answering([]).await;
    let port = receiver.url.rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "localhost"] {
        let mut config = config(&format!("http://{host}:{port}"));
        config.allow = vec!["10.0.0.0/8".to_owned()];
        let error = adapter(config).write(&batch([1])).await.unwrap_err();
        assert_eq!(error.recovery, Recovery::Halt);
        assert!(error.hint.contains("allow"), "{error}");
    }
    assert!(receiver.heard().is_empty());
}

#[tokio::test]
async fn a_receiver_that_hangs_or_is_down_is_left_for_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging = config(&format!("http://{}/", listener.local_addr().unwrap()));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.unwrap());
        }
    });
    let down = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (mut config, word) in [(hanging, "within"), (config(&format!("http://{down}/")), "connect")] {
        config.timeout_ms = 150;
        let mut adapter = adapter(config);
        assert_eq!(adapter.write(&batch([1, 2])).await.unwrap(), [Outcome::Retry(0), Outcome::Retry(0)]);
        let trouble = adapter.trouble().unwrap();
        assert!(trouble.contains(word), "{trouble}");
    }
}

#[tokio::test]
async fn a_giant_answer_is_not_read_and_its_status_counts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(&format!("http://{}/", listener.local_addr().unwrap()));
    config.handshake = false;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = [0; 9_000];
            assert!(stream.read(&mut heard).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 8_192]).await.is_ok() {}
        }
    });
    let mut adapter = adapter(config);
    for position in [1, 2] {
        assert_eq!(adapter.write(&batch([position])).await.unwrap(), [Outcome::Delivered]);
    }
}

#[tokio::test]
async fn a_receiver_is_believed_only_under_the_name_of_its_certificate() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, made.cert.pem()).unwrap();
    let server = tokio_rustls::rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![made.cert.der().clone()],
            tokio_rustls::rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut heard = [0; 9_000];
            if stream.read(&mut heard).await.unwrap_or(0) > 0 {
                stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await.unwrap();
                stream.shutdown().await.unwrap();
            }
        }
    });
    let write = async |host: &str, trust: Trust| {
        let mut config = config(&format!("https://{host}:{port}/"));
        config.handshake = false;
        config.allow.push("::1".to_owned());
        let mut adapter = with(config, trust, Path::new("/nowhere")).unwrap();
        let outcomes = adapter.write(&batch([1])).await.unwrap();
        (outcomes, adapter.trouble().unwrap_or_default())
    };
    let trusted = Trust::load(Some(&pem)).unwrap();
    assert_eq!(write("localhost", trusted.clone()).await.0, [Outcome::Delivered]);
    for (host, trust) in [("127.0.0.1", trusted), ("localhost", Trust::load(None).unwrap())] {
        let (outcomes, trouble) = write(host, trust).await;
        assert_eq!(outcomes, [Outcome::Retry(0)]);
        assert!(trouble.contains("certificate"), "{trouble}");
    }
}

#[tokio::test]
async fn what_was_tried_is_noted_in_bounded_files_without_anybodys_data() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::answering([(503, vec![]), (422, vec![])]).await;
    let mut adapter = with(config(&receiver.url), Trust::load(None).unwrap(), folder.path()).unwrap();
    for position in [1, 1, 2] {
        adapter.write(&batch([position])).await.unwrap();
    }
    let found = AttemptLog::read(folder.path(), Some("s"), 100).unwrap();
    let seen: Vec<_> = found.iter().map(|tried| (tried.event, &*tried.outcome, tried.status)).collect();
    assert_eq!(
        seen,
        [
            (None, "agreed", Some(200)),
            (Some(1), "later", Some(503)),
            (Some(1), "rejected", Some(422)),
            (Some(2), "delivered", Some(204))
        ]
    );
    assert!(AttemptLog::read(folder.path(), Some("other"), 100).unwrap().is_empty());
    for position in 3..100 {
        adapter.write(&batch([position])).await.unwrap();
    }
    let text: String = ["attempts.ndjson", "attempts.1.ndjson"]
        .map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap())
        .concat();
    assert!(text.len() <= 2 * 2_000 && !text.contains("司马") && !text.contains("P-0"), "{text}");
    let found = AttemptLog::read(folder.path(), None, 3).unwrap();
    assert_eq!(found.iter().map(|tried| tried.event).collect::<Vec<_>>(), [Some(97), Some(98), Some(99)]);
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = config("https://host/");
        change(&mut config);
        with(config, Trust::load(None).unwrap(), Path::new("/nowhere")).unwrap_err().to_string()
    };
    assert!(refused(&|config| config.url = "host".to_owned()).contains("`url`"));
    assert!(refused(&|config| config.allow = vec!["all".to_owned()]).contains("all is no network"));
    assert!(refused(&|config| config.data = DataForm::Thin).contains("`feed`"));
    assert!(refused(&|config| config.origin = "\n".to_owned()).contains("`origin`"));
}

#[tokio::test]
async fn a_secret_that_is_missing_or_short_stops_the_delivery_and_one_that_is_replaced_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let receiver = Receiver::answering([]).await;
    let mut parts = parts(config(&receiver.url), Trust::load(None).unwrap(), Path::new("/nowhere"));
    parts.secrets = vec![SecretSource::file(&file)];
    let mut adapter = WebhookAdapter::new(parts).unwrap();
    for text in [None, Some("short"), Some("whsec_***")] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let error = adapter.write(&batch([1])).await.unwrap_err();
        assert!(error.hint.contains("secrets") && !error.to_string().contains("***"), "{error}");
    }
    for secret in ["the first secret of all, long", "the second secret of all, long"] {
        std::fs::write(&file, secret).unwrap();
        assert_eq!(adapter.write(&batch([1])).await.unwrap(), [Outcome::Delivered]);
        assert!(verifies(receiver.heard().last().unwrap(), secret.as_bytes()));
    }
}
