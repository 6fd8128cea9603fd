//! The connector against a real server on loopback that pages in every way, limits, refuses and talks nonsense.

use super::*;
use axum::Router;
use axum::body::Bytes as AxumBytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method as Verb, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use yibiao_http_client::{Secret, SecretRef, Trust};
use yibiao_record::SystemId;

const NOW: Timestamp = Timestamp(1_790_000_000);
const LIMITS: BatchLimits = BatchLimits { rows_max: 1_000, bytes_max: 1 << 20 };

/// A request: method, path and query, headers, body.
#[derive(Clone, Debug)]
struct Asked {
    verb: Verb,
    uri: String,
    headers: HeaderMap,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// An answer: status, headers, body.
type Said = (u16, Vec<(&'static str, String)>, String);
type Answer = Arc<dyn Fn(&Asked) -> Said + Send + Sync>;

#[derive(Clone)]
struct Desk {
    answer: Answer,
    asked: Arc<Mutex<Vec<Asked>>>,
}

struct Source {
    desk: Desk,
    url: String,
    _tasks: JoinSet<()>,
}

async fn serve(
    State(desk): State<Desk>,
    verb: Verb,
    uri: Uri,
    headers: HeaderMap,
    body: AxumBytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let asked = Asked { verb, uri: uri.to_string(), headers, body };
    desk.asked.lock().unwrap().push(asked.clone());
    let (status, headers, body) = (desk.answer)(&asked);
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

impl Source {
    async fn answering(answer: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Source {
        let desk = Desk { answer: Arc::new(answer), asked: Arc::default() };
        let router = Router::new().fallback(serve).with_state(desk.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Source { desk, url, _tasks: tasks }
    }

    fn config(&self) -> Config {
        let mut config = Config::new(format!("{}/rows", self.url));
        config.allow = vec!["127.0.0.1".to_owned()];
        config
    }

    fn asked(&self) -> Vec<Asked> {
        self.desk.asked.lock().unwrap().clone()
    }

    fn uris(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.uri).collect()
    }
}

fn parts(config: Config) -> Parts {
    Parts {
        config,
        mapping: Arc::new(Mapping::of_system(SystemId::new("ZJ").unwrap()).unwrap().clone()),
        token: None,
        client_secret: None,
        trust: Trust::load(None).unwrap(),
        clock: || NOW,
    }
}

fn connector(config: Config) -> PullConnector {
    PullConnector::new(parts(config)).unwrap()
}

/// The keys and faults of a batch's rows.
fn rows(batch: &Batch) -> Vec<String> {
    let mut found = Vec::new();
    for item in &batch.items {
        let Item::Messages(messages) = item else { panic!("{item:?}") };
        found.extend(messages.messages.iter().map(|message| match &message.body {
            MessageBody::Cells(_) => message.key.clone().unwrap(),
            MessageBody::Delete => format!("-{}", message.key.clone().unwrap()),
            MessageBody::Bad(reason) => reason.clone(),
        }));
    }
    found
}

/// Reads to the end: all rows, and where it stands then.
async fn drain(connector: &mut PullConnector, mut cursor: Cursor) -> (Vec<String>, Cursor) {
    let mut found = Vec::new();
    while let Some(batch) = connector.read(&cursor, LIMITS).await.unwrap() {
        found.extend(rows(&batch));
        cursor = batch.cursor;
    }
    (found, cursor)
}

async fn drained(config: Config) -> Vec<String> {
    drain(&mut connector(config), Cursor::default()).await.0
}

fn row(key: usize) -> serde_json::Value {
    json!({ "house_code": format!("H-{key}") })
}

fn five() -> Vec<String> {
    (1..=5).map(|key| format!("H-{key}")).collect()
}

/// Two rows of five from a place on.
fn two(from: usize) -> Vec<serde_json::Value> {
    (from + 1..=5).take(2).map(row).collect()
}

fn number(asked: &Asked, name: &str) -> Option<usize> {
    let (_, query) = asked.uri.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))?.parse().ok())
}

fn ok(page: serde_json::Value) -> Said {
    (200, Vec::new(), page.to_string())
}

#[tokio::test]
async fn pages_are_followed_by_number_by_count_and_by_link() {
    let source = Source::answering(|asked| {
        let from = number(asked, "page").map(|page| page * 2).or(number(asked, "skip")).unwrap_or(0);
        let (_, headers, body) = ok(json!({ "data": { "items": two(from) } }));
        let next = format!("<?skip={}>; title=\"a, b\"; rel=\"last next\", </first>; rel=first", from + 2);
        (200, if from < 4 { vec![("Link", next)] } else { headers }, body)
    })
    .await;
    let mut config = source.config();
    config.rows = "/data/items".to_owned();
    for next in [
        Next::Page { name: "page".to_owned(), first: 0 },
        Next::Offset { name: "skip".to_owned() },
        Next::Link,
    ] {
        config.next = Some(next.clone());
        assert_eq!(drained(config.clone()).await, five(), "{next:?}");
    }
    let uris = source.uris();
    assert_eq!(uris[..4], ["/rows?page=0", "/rows?page=1", "/rows?page=2", "/rows?page=3"]);
    assert_eq!(
        uris[4..],
        ["/rows", "/rows?skip=2", "/rows?skip=4", "/rows?skip=5", "/rows", "/rows?skip=2", "/rows?skip=4"]
    );
}

#[tokio::test]
async fn a_cursor_is_found_in_page_row_or_header_and_sent_in_query_header_or_body() {
    let source = Source::answering(|asked| {
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let sent = [asked.header("x-after").map(str::to_owned), body["after"].as_str().map(str::to_owned)];
        let from =
            number(asked, "after").or_else(|| sent.into_iter().flatten().next()?.parse().ok()).unwrap_or(0);
        let next = (from < 4).then(|| (from + 2).to_string());
        let rows: Vec<_> = (from + 1..=5)
            .take(2)
            .map(|key| json!({ "house_code": format!("H-{key}"), "seq": key }))
            .collect();
        let (status, _, page) = ok(json!({ "rows": rows, "next": next }));
        (status, next.map(|next| ("X-Next", next)).into_iter().collect(), page)
    })
    .await;
    for from in [
        CursorFrom::Page("/next".to_owned()),
        CursorFrom::Row("/seq".to_owned()),
        CursorFrom::Header("x-next".to_owned()),
    ] {
        for (to, name) in
            [(CursorTo::Query, "after"), (CursorTo::Header, "x-after"), (CursorTo::Body, "after")]
        {
            let mut config = source.config();
            config.rows = "/rows".to_owned();
            config.body = (to == CursorTo::Body).then(|| json!({ "limit": 2 }).as_object().unwrap().clone());
            config.next = Some(Next::Cursor { from: from.clone(), to, name: name.to_owned() });
            assert_eq!(drained(config).await, five(), "{from:?} {to:?}");
        }
    }
    let posted = source.asked().into_iter().find(|asked| asked.verb == Verb::POST).unwrap();
    assert_eq!(posted.body, r#"{"limit":2}"#);
}

#[tokio::test]
async fn reading_goes_on_where_it_stood_and_a_source_at_its_end_is_left_alone() {
    let source = Source::answering(|asked| {
        let from = number(asked, "after").unwrap_or(0);
        ok(json!(
            (from + 1..=5)
                .take(2)
                .map(|key| json!({ "house_code": format!("H-{key}"), "seq": key }))
                .collect::<Vec<_>>()
        ))
    })
    .await;
    let mut config = source.config();
    config.next = Some(Next::Cursor {
        from: CursorFrom::Row("/seq".to_owned()),
        to: CursorTo::Query,
        name: "after".to_owned(),
    });
    let mut first = connector(config.clone());
    let batch = first.read(&Cursor::default(), LIMITS).await.unwrap().unwrap();
    assert_eq!(rows(&batch), ["H-1", "H-2"]);
    // Another life of the node, from what was committed.
    let mut second = connector(config.clone());
    let (rest, end) = drain(&mut second, batch.cursor.clone()).await;
    assert_eq!(rest, ["H-3", "H-4", "H-5"]);
    let asked = source.asked().len();
    assert_eq!(second.read(&end, LIMITS).await.unwrap(), None);
    assert_eq!(source.asked().len(), asked, "it was asked within the poll");
    let mut third = connector(config.clone());
    assert_eq!(third.read(&end, LIMITS).await.unwrap(), None);
    assert_eq!(source.uris().last().unwrap(), "/rows?after=5", "behind the end stands what comes next");
    // A position of another configuration is none.
    config.url.push_str("?kind=2");
    let mut other = connector(config);
    assert!(other.read(&end, LIMITS).await.unwrap().is_some());
    assert_eq!(source.uris().last().unwrap(), "/rows?kind=2");
    let foreign = connector(source.config()).read(&Cursor(b"xx".to_vec()), LIMITS).await.unwrap_err();
    assert_eq!(foreign.recovery, Recovery::Halt);
}

#[tokio::test]
async fn what_did_not_change_is_not_read_again() {
    let source = Source::answering(|asked| match asked.header("if-none-match") {
        Some("\"v1\"") => (304, Vec::new(), String::new()),
        _ => (200, vec![("ETag", "\"v1\"".to_owned())], json!([row(1)]).to_string()),
    })
    .await;
    let mut config = source.config();
    config.poll_seconds = 0;
    let mut connector = connector(config);
    let batch = connector.read(&Cursor::default(), LIMITS).await.unwrap().unwrap();
    assert_eq!(rows(&batch), ["H-1"]);
    assert_eq!(connector.read(&batch.cursor, LIMITS).await.unwrap(), None);
    assert_eq!(source.asked()[1].header("if-none-match"), Some("\"v1\""));
}

#[tokio::test]
async fn rows_have_keys_of_their_own_and_may_be_no_more_and_a_bad_one_stands_alone() {
    let page = r#"[{"id":7,"v":{"house_code":"x"}}, {"id":"8","gone":true}, {"v":1}, {"id":9,"gone":false}]"#;
    let source = Source::answering(move |_| (200, Vec::new(), page.to_owned())).await;
    let mut config = source.config();
    config.key = Some("/id".to_owned());
    config.deleted = Some("/gone".to_owned());
    let found = drained(config).await;
    assert_eq!((found.len(), &*found[1], &*found[3]), (4, "-8", "9"));
    assert!(found[2].contains("`key`"), "{found:?}");
}

#[tokio::test]
async fn a_page_that_is_none_is_set_aside_once_with_its_bytes_and_asked_for_again() {
    let good = Arc::new(Mutex::new(false));
    let mended = good.clone();
    let source = Source::answering(move |_| {
        if *mended.lock().unwrap() {
            ok(json!([row(1)]))
        } else {
            (200, Vec::new(), "<html>张三".to_owned())
        }
    })
    .await;
    let mut config = source.config();
    config.poll_seconds = 0;
    let mut connector = connector(config);
    let batch = connector.read(&Cursor::default(), LIMITS).await.unwrap().unwrap();
    let Item::Messages(messages) = &batch.items[0] else { panic!() };
    assert_eq!(messages.messages[0].raw, "<html>张三".as_bytes());
    assert!(matches!(&messages.messages[0].body, MessageBody::Bad(reason) if reason.contains("line 1")));
    let error = connector.read(&batch.cursor, LIMITS).await.unwrap_err();
    assert!(error.to_string().contains("set aside") && !error.to_string().contains("html"), "{error}");
    *good.lock().unwrap() = true;
    let mended = connector.read(&batch.cursor, LIMITS).await.unwrap().unwrap();
    assert_eq!(rows(&mended), ["H-1"]);
}

#[tokio::test]
async fn a_page_that_is_none_stops_nothing_where_a_link_leads_on() {
    let source = Source::answering(|asked| match number(asked, "p") {
        None => (200, vec![("Link", "</rows?p=2>; rel=next".to_owned())], "{}".to_owned()),
        Some(_) => ok(json!([row(2)])),
    })
    .await;
    let mut config = source.config();
    config.next = Some(Next::Link);
    let found = drained(config).await;
    assert!(found[0].contains("`rows`") && found[1] == "H-2", "{found:?}");
}

#[tokio::test]
async fn a_link_to_another_server_is_not_followed() {
    let source = Source::answering(|_| {
        (200, vec![("Link", "<http://127.0.0.2:9/x>; rel=next".to_owned())], json!([row(1)]).to_string())
    })
    .await;
    let mut config = source.config();
    config.next = Some(Next::Link);
    let batch = connector(config).read(&Cursor::default(), LIMITS).await.unwrap().unwrap();
    assert!(rows(&batch)[0].contains("another server"), "{:?}", rows(&batch));
}

#[tokio::test]
async fn a_limit_is_kept_and_a_refusal_is_told() {
    for (status, header, told) in [
        (429, Some(("Retry-After", "3600")), false),
        (429, Some(("X-RateLimit-Reset", "3600")), false),
        (503, Some(("Retry-After", "3600")), true),
        (429, None, true),
        (500, None, true),
        (404, None, true),
        (302, Some(("Location", "/elsewhere")), true),
    ] {
        let said = header.map(|(name, value)| (name, value.to_owned()));
        let source =
            Source::answering(move |_| (status, said.clone().into_iter().collect(), String::new())).await;
        let mut connector = connector(source.config());
        let first = connector.read(&Cursor::default(), LIMITS).await;
        assert_eq!(first.is_err(), told, "{status}");
        let again = connector.read(&Cursor::default(), LIMITS).await;
        assert_eq!(again.is_err(), told, "{status}");
        let paced = header.is_some_and(|(name, _)| name != "Location");
        assert_eq!(source.asked().len(), if paced { 1 } else { 2 }, "{status}");
    }
}

#[tokio::test]
async fn a_rate_that_is_used_up_is_not_overdrawn() {
    let source = Source::answering(|_| {
        let used_up = vec![("RateLimit", "limit=1, remaining=0, reset=3600".to_owned())];
        (200, used_up, json!([row(1)]).to_string())
    })
    .await;
    let mut config = source.config();
    config.next = Some(Next::Page { name: "page".to_owned(), first: 1 });
    assert_eq!(drained(config).await, ["H-1"]);
    assert_eq!(source.asked().len(), 1);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_anew_where_it_is_refused() {
    let given = Arc::new(Mutex::new(0));
    let tokens = given.clone();
    let source = Source::answering(move |asked| {
        if asked.uri == "/token" {
            let mut given = tokens.lock().unwrap();
            *given += 1;
            return ok(
                json!({ "access_token": format!("t{given}"), "expires_in": 3600, "token_type": "Bearer" }),
            );
        }
        // The first token ends early, after two pages.
        let good = match number(asked, "page") {
            Some(1 | 2) => "Bearer t1",
            _ => "Bearer t2",
        };
        if asked.header("authorization") != Some(good) {
            return (401, Vec::new(), String::new());
        }
        ok(json!((number(asked, "page").unwrap() < 4).then(|| row(1)).into_iter().collect::<Vec<_>>()))
    })
    .await;
    let mut config = source.config();
    config.next = Some(Next::Page { name: "page".to_owned(), first: 1 });
    config.oauth = Some(Oauth {
        url: format!("{}/token", source.url),
        client_id: "yibiao node".to_owned(),
        client_secret: SecretRef::default(),
        scope: Some("rows:read".to_owned()),
    });
    let mut parts = parts(config);
    parts.client_secret = Some(SecretSource::Held(Secret::from("s3cret")));
    let mut connector = PullConnector::new(parts).unwrap();
    let (found, _) = drain(&mut connector, Cursor::default()).await;
    assert_eq!((found.len(), *given.lock().unwrap()), (3, 2));
    let asked = source.asked();
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=rows%3Aread");
    assert_eq!(asked[0].header("authorization"), Some("Basic eWliaWFvJTIwbm9kZTpzM2NyZXQ="));

    let refusing = Source::answering(|_| (401, Vec::new(), String::new())).await;
    let mut config = refusing.config();
    config.headers.insert("X-Api-Version".to_owned(), "2".to_owned());
    let error = self::connector(config).read(&Cursor::default(), LIMITS).await.unwrap_err();
    assert!(error.hint.contains("`token`"), "{error}");
    assert_eq!(refusing.asked()[0].header("x-api-version"), Some("2"));
}

#[tokio::test]
async fn a_page_that_is_too_long_and_a_source_that_is_away_are_told() {
    let source = Source::answering(|_| ok(json!((1..100).map(row).collect::<Vec<_>>()))).await;
    let mut config = source.config();
    config.page_bytes_max = 100;
    let error = connector(config.clone()).read(&Cursor::default(), LIMITS).await.unwrap_err();
    assert!(error.hint.contains("page_bytes_max"), "{error}");
    config.allow.clear();
    let error = connector(config.clone()).read(&Cursor::default(), LIMITS).await.unwrap_err();
    assert!(error.recovery == Recovery::Halt && error.hint.contains("allow"), "{error}");
    config.allow = vec!["127.0.0.0/8".to_owned()];
    config.url = "http://127.0.0.1:1/".to_owned();
    let error = connector(config.clone()).read(&Cursor::default(), LIMITS).await.unwrap_err();
    assert_eq!(error.recovery, Recovery::Retry);
    assert!(!connector(config).check().await[0].good);
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::new("https://host/rows".to_owned());
        change(&mut config);
        PullConnector::new(parts(config)).unwrap_err().to_string()
    };
    assert!(refused(&|config| config.url = "host".to_owned()).contains("`url`"));
    assert!(refused(&|config| config.allow = vec!["x".to_owned()]).contains("`allow`"));
    assert!(refused(&|config| config.deleted = Some("/gone".to_owned())).contains("`deleted`"));
    assert!(
        refused(&|config| drop(config.headers.insert("a b".to_owned(), String::new()))).contains("`headers`")
    );
    let cursor =
        Next::Cursor { from: CursorFrom::Page("/n".to_owned()), to: CursorTo::Body, name: "n".to_owned() };
    assert!(refused(&|config| config.next = Some(cursor.clone())).contains("`body: {}`"));
}

#[tokio::test]
async fn a_page_is_parted_and_asked_for_again_in_its_middle_only_by_another_connector() {
    let source = Source::answering(|asked| {
        let from: usize = number(asked, "from").unwrap_or(0);
        ok(json!((from + 1..=5).map(row).collect::<Vec<_>>()))
    })
    .await;
    let mut config = source.config();
    config.next = Some(Next::Offset { name: "from".to_owned() });
    let few = BatchLimits { rows_max: 2, ..LIMITS };
    let mut first = connector(config.clone());
    let batch = first.read(&Cursor::default(), few).await.unwrap().unwrap();
    assert_eq!(rows(&batch), ["H-1", "H-2"]);
    let middle = batch.cursor;
    let batch = first.read(&middle, few).await.unwrap().unwrap();
    assert_eq!((rows(&batch), source.asked().len()), (vec!["H-3".to_owned(), "H-4".to_owned()], 1));
    let Some(Item::Messages(messages)) = batch.items.first() else { panic!() };
    assert_eq!(messages.messages[0].locator, 3, "a row is named by its place in the page");
    assert_eq!(drain(&mut first, batch.cursor).await.0, ["H-5"]);

    assert_eq!(drain(&mut connector(config), middle).await.0, ["H-3", "H-4", "H-5"]);
}

#[tokio::test]
async fn a_page_that_is_another_in_its_middle_begins_again() {
    let keys = Arc::new(Mutex::new(vec![1, 2, 3]));
    let held = keys.clone();
    let source = Source::answering(move |_| {
        ok(json!(held.lock().unwrap().iter().copied().map(row).collect::<Vec<_>>()))
    })
    .await;
    let one = BatchLimits { rows_max: 1, ..LIMITS };
    let batch = connector(source.config()).read(&Cursor::default(), one).await.unwrap().unwrap();
    assert_eq!(rows(&batch), ["H-1"]);
    keys.lock().unwrap().push(4);
    let (found, _) = drain(&mut connector(source.config()), batch.cursor.clone()).await;
    assert_eq!(found, ["H-2", "H-3", "H-4"], "what came behind does not change what was handed on");
    *keys.lock().unwrap() = vec![9, 2];
    assert_eq!(drain(&mut connector(source.config()), batch.cursor).await.0, ["H-9", "H-2"]);
}
