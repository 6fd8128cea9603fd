//! One exchange: a request and its answer, within its bounds.

use crate::address::Allowed;
use crate::connection::{Connection, Kept, Trust, connect};
use crate::exchange::{Head, ask, body};
use crate::url::Url;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::net::IpAddr;
use std::time::Duration;

/// How long the rest of an answer that nobody wants is read, so that the connection can be used again.
const DISCARD: Duration = Duration::from_millis(500);

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
    Broken(std::io::Error),
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
        let mut reused = kept.0.take().filter(|kept| kept.to.same_server(request.url));
        if !reused.as_mut().is_some_and(Connection::is_quiet) {
            reused = None;
        }
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
            && let Ok(head) = Box::pin(ask(&mut connection, &request)).await
        {
            return Box::pin(self.answer(connection, head, request.want)).await;
        }
        // What each step needs is held for that step only: thousands may wait for an answer, and thousands between two.
        let mut connection = Box::pin(connect(&self.trust, &self.allowed, request.url)).await?;
        let head = Box::pin(ask(&mut connection, &request)).await?;
        Box::pin(self.answer(connection, head, request.want)).await
    }

    async fn answer(
        &self,
        mut connection: Connection,
        mut head: Head,
        want: Body,
    ) -> Result<(Answer, Option<Connection>), Fault> {
        let (status, headers) =
            (head.response.status().as_u16(), std::mem::take(head.response.headers_mut()));
        let read = body(&mut connection, head, self.limits.body_bytes_max);
        let (body, again) = match want {
            Body::Whole => read.await?,
            // Where the rest does not come in time or is too long, the status still tells.
            Body::Nothing => match tokio::time::timeout(DISCARD, read).await {
                Ok(Ok((_, again))) => (Bytes::new(), again),
                Ok(Err(_)) | Err(_) => (Bytes::new(), false),
            },
        };
        Ok((Answer { status, headers, body }, again.then_some(connection)))
    }
}
