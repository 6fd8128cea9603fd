//! Addresses that are refused, peers that hang, drip or talk too much, and connections that are kept.

use super::*;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const LIMITS: Limits = Limits { timeout: Duration::from_secs(20), body_bytes_max: 1_000 };

fn client(allow: &[&str], limits: Limits) -> Client {
    let allowed = Allowed::parse(allow.iter().copied()).unwrap();
    Client::new(Trust::load(None).unwrap(), allowed, limits)
}

/// A server that says something on each connection that it is asked on, and then as told.
struct Server {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Close,
    Hold,
    AnswerAgain,
}

impl Server {
    async fn saying(answer: &'static [u8], then: Then) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(stream, answer, then));
            }
        });
        Server { address, _tasks: tasks }
    }

    fn url(&self) -> Url {
        Url::parse(&format!("http://{}/a", self.address)).unwrap()
    }
}

async fn serve(mut stream: TcpStream, answer: &'static [u8], then: Then) {
    let mut heard = [0; 4_096];
    loop {
        if stream.read(&mut heard).await.unwrap_or(0) == 0 || stream.write_all(answer).await.is_err() {
            return;
        }
        match then {
            Then::Close => return,
            Then::Hold => std::future::pending().await,
            Then::AnswerAgain => {}
        }
    }
}

async fn get(client: &Client, kept: &mut Kept, url: &Url, want: Body) -> Result<Answer, Fault> {
    let request = Request { method: Method::GET, url, headers: &[], body: Bytes::new(), want };
    client.send(kept, request).await
}

async fn once(client: &Client, url: &Url, want: Body) -> Result<Answer, Fault> {
    get(client, &mut Kept::default(), url, want).await
}

#[tokio::test]
async fn local_addresses_are_refused_however_they_are_written() {
    let nobody = client(&[], LIMITS);
    for host in [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.0.9",
        "169.254.169.254",
        "100.64.1.1",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "2130706433",
        "0x7f.1",
    ] {
        for scheme in ["http", "https"] {
            let url = Url::parse(&format!("{scheme}://{host}:9/")).unwrap();
            let fault = once(&nobody, &url, Body::Nothing).await.unwrap_err();
            assert!(matches!(fault, Fault::Local(_)), "{host}: {fault}");
        }
    }
}

#[tokio::test]
async fn plain_http_goes_to_no_public_address() {
    let url = Url::parse("http://8.8.8.8/").unwrap();
    let fault = once(&client(&["10.0.0.0/8"], LIMITS), &url, Body::Nothing).await.unwrap_err();
    assert!(matches!(fault, Fault::Plain(_)), "{fault}");
}

#[test]
fn one_local_address_among_others_refuses_the_name() {
    let allowed = Allowed::parse(["10.0.0.0/8"]).unwrap();
    let addresses =
        |texts: &[&str]| -> Vec<SocketAddr> { texts.iter().map(|text| text.parse().unwrap()).collect() };
    assert!(allowed.check(&addresses(&["8.8.8.8:443", "10.0.0.1:443"]), true).is_ok());
    assert!(allowed.check(&addresses(&["8.8.8.8:443", "127.0.0.1:443"]), true).is_err());
    assert!(allowed.check(&addresses(&["[2606:4700::1]:443"]), true).is_ok());
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server =
        Server::saying(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", Then::Close).await;
    let answer = once(&client(&["127.0.0.0/8"], LIMITS), &server.url(), Body::Whole).await.unwrap();
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn a_connection_is_kept_and_replaced_where_the_server_has_closed_it() {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let client = client(&["127.0.0.1"], LIMITS);
    for then in [Then::AnswerAgain, Then::Close] {
        let server = Server::saying(OK, then).await;
        let mut kept = Kept::default();
        for _ in 0..3 {
            let answer = get(&client, &mut kept, &server.url(), Body::Whole).await.unwrap();
            assert_eq!((answer.status, &*answer.body), (200, &b"ok"[..]));
        }
    }
}

#[tokio::test]
async fn whoever_hangs_drips_or_breaks_off_holds_nobody_for_ever() {
    let short = Limits { timeout: Duration::from_millis(200), ..LIMITS };
    let client = client(&["127.0.0.1"], short);
    let cut: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok";
    for (answer, then, expected) in [
        (&b""[..], Then::Hold, "timeout"),
        (b"HTTP/1.1 200", Then::Hold, "timeout"),
        (cut, Then::Hold, "timeout"),
        (cut, Then::Close, "broken-off"),
        (b"SSH-2.0\r\n\r\n", Then::Close, "broken-off"),
        (b"", Then::Close, "broken-off"),
    ] {
        let server = Server::saying(answer, then).await;
        let fault = once(&client, &server.url(), Body::Whole).await.unwrap_err();
        assert_eq!(fault.name(), expected, "{fault}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{nobody}/")).unwrap();
    assert_eq!(once(&client, &url, Body::Nothing).await.unwrap_err().name(), "no-connection");
}

#[tokio::test]
async fn an_answer_without_end_is_dropped_and_its_status_still_counts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = [0; 4_096];
            assert!(stream.read(&mut heard).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 8_192]).await.is_ok() {}
        }
    });
    let client = client(&["127.0.0.1"], LIMITS);
    assert_eq!(once(&client, &url, Body::Whole).await.unwrap_err().name(), "too-long");
    let mut kept = Kept::default();
    assert_eq!(get(&client, &mut kept, &url, Body::Nothing).await.unwrap().status, 200);
    assert!(kept.0.is_none(), "a connection with a rest in it is no good");
}

#[test]
fn a_head_without_end_is_no_answer() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "y".repeat(100_000));
        let server = Server::saying(head.leak().as_bytes(), Then::Hold).await;
        let fault = once(&client(&["127.0.0.1"], LIMITS), &server.url(), Body::Nothing).await.unwrap_err();
        assert_eq!(fault.name(), "broken-off", "{fault}");
    });
}

#[test]
fn an_address_is_taken_apart_and_a_reference_is_put_to_it() {
    let url = Url::parse("https://host:8443/v1/rows?limit=2#part").unwrap();
    assert_eq!((url.to_string().as_str(), url.path_and_query()), ("https://host:8443", "/v1/rows?limit=2"));
    for (reference, expected) in [
        ("/other?a=1", "/other?a=1"),
        ("?cursor=x", "/v1/rows?cursor=x"),
        ("more", "/v1/more"),
        ("https://host:8443/z", "/z"),
    ] {
        let joined = url.join(reference).unwrap();
        assert_eq!(joined.path_and_query(), expected);
        assert!(joined.same_server(&url));
    }
    assert!(!url.join("https://elsewhere/z").unwrap().same_server(&url));
    let more = url.with_query([("after", "a b&c=张"), ("n", "1")]);
    assert_eq!(more.path_and_query(), "/v1/rows?limit=2&after=a%20b%26c%3D%E5%BC%A0&n=1");
    for bad in ["host/path", "ftp://host/", "https://user:secret@host/", "https://", "//host", ""] {
        assert!(Url::parse(bad).is_err() || url.join(bad).is_err(), "{bad}");
    }
}

#[test]
fn later_is_said_in_seconds_or_as_a_date() {
    let later = |said: &'static str| {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(said))]);
        retry_after(&headers, 1_790_000_000).map(|later| later.as_secs())
    };
    assert_eq!(later("120"), Some(120));
    assert_eq!(later("Mon, 21 Sep 2026 14:14:00 GMT"), Some(1_790_000_040 - 1_790_000_000));
    assert_eq!(later("Mon, 21 Sep 2020 14:14:00 GMT"), Some(0));
    assert_eq!(later("soon"), None);
}

#[test]
fn a_secret_is_found_where_it_is_kept_and_never_printed() {
    let folder = tempfile();
    let file = folder.join("secret");
    std::fs::write(&file, "in-the-file\n").unwrap();
    let environment = |name: &str| (name == "SET").then_some("in-the-environment");
    let find = |env: Option<&str>, file: Option<&str>| {
        let secret = SecretRef { env: env.map(str::to_owned), file: file.map(str::to_owned) };
        secret.find(environment).and_then(|source| source.read())
    };
    let held = find(Some("SET"), None).unwrap();
    assert_eq!((held.reveal(), format!("{held:?}")), ("in-the-environment", "secret".to_owned()));
    assert_eq!(find(None, file.to_str()).unwrap().reveal(), "in-the-file");
    std::fs::write(&file, " \n").unwrap();
    assert!(matches!(find(None, file.to_str()), Err(SecretError::Empty { .. })));
    assert!(matches!(find(Some("UNSET"), None), Err(SecretError::Environment(_))));
    assert!(matches!(find(Some("SET"), file.to_str()), Err(SecretError::Unclear)));
    std::fs::remove_dir_all(folder).unwrap();
}

/// A folder of this process's own.
fn tempfile() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("yibiao-http-client-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
