//! One exchange: a request and its answer, within its bounds.

use crate::address::Allowed;
use crate::connection::{Connection, Kept, Trust, connect};
use crate::url::Url;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use std::net::IpAddr;
use std::time::Duration;

/// How long the rest of an answer that nobody wants is read, so that the connection can be used again.
const DISCARD: Duration = Duration::from_millis(500);
/// As what requests are sent.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("yibiao/", env!("CARGO_PKG_VERSION")));

/// Bounds on an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Looking up, connecting, sending and receiving together.
    pub timeout: Duration,
    /// Most bytes of an answer's body.
    pub body_bytes_max: usize,
}

/// What to ask of whom.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// How.
    pub method: Method,
    /// Whom and for what.
    pub url: &'a Url,
    /// Headers beside `Host`, `User-Agent` and `Content-Length`.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// What to send.
    pub body: Bytes,
    /// What is wanted of the answer.
    pub want: Body,
}

/// What is wanted of an answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it; one that is too long is a fault.
    Whole,
    /// Nothing: the status tells.
    Nothing,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, where it was wanted.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The name stands for no address.
    #[error("its name is not known")]
    Unknown,
    /// The address is of a local network.
    #[error("its address {0} is private or local")]
    Local(IpAddr),
    /// Plain HTTP to a public address.
    #[error("its address {0} is public, and plain http would let anybody read along")]
    Plain(IpAddr),
    /// Nobody listens there, or nobody can get there.
    #[error("cannot connect: {0}")]
    Connect(std::io::Error),
    /// It is not whom its certificate says, or speaks no TLS.
    #[error("cannot trust it: {0}")]
    Tls(std::io::Error),
    /// It did not answer in time.
    #[error("it did not answer within {0:?}")]
    Timeout(Duration),
    /// It answered with more than anybody wants to hold.
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    /// What it said is no HTTP, or it broke off.
    #[error("it broke off: {0}")]
    Broken(hyper::Error),
}

impl Fault {
    /// Whether only a change of the configuration helps.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Fault::Local(_) | Fault::Plain(_))
    }

    /// A word for it, of a closed set.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Unknown => "unknown-name",
            Fault::Local(_) | Fault::Plain(_) => "forbidden-address",
            Fault::Connect(_) => "no-connection",
            Fault::Tls(_) => "no-trust",
            Fault::Timeout(_) => "timeout",
            Fault::TooLong(_) => "too-long",
            Fault::Broken(_) => "broken-off",
        }
    }
}

/// Sends requests.
#[derive(Clone, Debug)]
pub struct Client {
    trust: Trust,
    allowed: Allowed,
    limits: Limits,
}

impl Client {
    /// A client with its bounds.
    pub fn new(trust: Trust, allowed: Allowed, limits: Limits) -> Client {
        Client { trust, allowed, limits }
    }

    /// Whether the server can be connected to.
    pub async fn reach(&self, url: &Url) -> Result<(), Fault> {
        self.in_time(connect(&self.trust, &self.allowed, url)).await.map(drop)
    }

    /// One exchange, on the connection that was kept where it is to the same server and still good.
    pub async fn send(&self, kept: &mut Kept, request: Request<'_>) -> Result<Answer, Fault> {
        let reused =
            kept.0.take().filter(|kept| !kept.sender.is_closed() && kept.to.same_server(request.url));
        let (answer, connection) = self.in_time(self.exchange(reused, request)).await?;
        kept.0 = connection;
        Ok(answer)
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let timeout = self.limits.timeout;
        tokio::time::timeout(timeout, work).await.unwrap_or(Err(Fault::Timeout(timeout)))
    }

    async fn exchange(
        &self,
        reused: Option<Connection>,
        request: Request<'_>,
    ) -> Result<(Answer, Option<Connection>), Fault> {
        // A server may close a connection that was kept at any moment; then a new one is needed.
        if let Some(mut connection) = reused
            && let Ok(response) = ask(&mut connection, &request).await
        {
            return self.answer(connection, response, request.want).await;
        }
        let mut connection = connect(&self.trust, &self.allowed, request.url).await?;
        let response = ask(&mut connection, &request).await?;
        self.answer(connection, response, request.want).await
    }

    async fn answer(
        &self,
        connection: Connection,
        response: http::Response<Incoming>,
        want: Body,
    ) -> Result<(Answer, Option<Connection>), Fault> {
        let (head, mut body) = response.into_parts();
        let bytes_max = self.limits.body_bytes_max;
        let mut answer =
            Answer { status: head.status.as_u16(), headers: head.headers, body: Bytes::default() };
        match want {
            Body::Whole => {
                answer.body = read(&mut body, bytes_max).await?;
                Ok((answer, Some(connection)))
            }
            Body::Nothing => {
                let rest = tokio::time::timeout(DISCARD, read(&mut body, bytes_max)).await;
                Ok((answer, Some(connection).filter(|_| matches!(rest, Ok(Ok(_))))))
            }
        }
    }
}

async fn ask(connection: &mut Connection, request: &Request<'_>) -> Result<http::Response<Incoming>, Fault> {
    let mut sent = http::Request::new(Full::new(request.body.clone()));
    *sent.method_mut() = request.method.clone();
    // Both were parsed as parts of an address.
    *sent.uri_mut() = request.url.path_and_query().parse().map_err(|_| Fault::Unknown)?;
    let host = HeaderValue::from_str(&request.url.authority()).map_err(|_| Fault::Unknown)?;
    sent.headers_mut().insert(header::HOST, host);
    sent.headers_mut().insert(header::USER_AGENT, AGENT);
    for (name, value) in request.headers {
        sent.headers_mut().insert(name.clone(), value.clone());
    }
    connection.sender.ready().await.map_err(Fault::Broken)?;
    connection.sender.send_request(sent).await.map_err(Fault::Broken)
}

async fn read(body: &mut Incoming, bytes_max: usize) -> Result<Bytes, Fault> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(Fault::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > bytes_max {
            return Err(Fault::TooLong(bytes_max));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
