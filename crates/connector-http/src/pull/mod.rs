//! Asks a REST source for its rows, page by page.
//!
//! **Invariant:** asking changes nothing at the source; where to go on stands in the node's own commit, beside the rows.
//! **Invariant:** a page that cannot be read is set aside with its bytes, once; a row that cannot be, alone.
//! **Invariant:** the source is left alone as long as it asks, and between two rounds as long as the configuration says.

mod config;
mod held;
mod oauth;
mod pace;
mod page;
mod parts;
mod position;
#[cfg(test)]
mod tests;

pub use config::{Config, CursorFrom, CursorTo, Next, Oauth};
pub use parts::{ConfigError, Parts};

use crate::body;
use crate::pull::held::Held;
use crate::pull::oauth::Credentials;
use crate::pull::page::{Page, Unread};
use crate::pull::position::{Ask, Position};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use yibiao_contract::{
    Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Discovered, EdgeError, Finding, Item,
    Message, MessageBody, Messages, Recovery,
};
use yibiao_http_client::{
    Allowed, Answer, Body, Bytes, Client, Fault, HeaderName, HeaderValue, Kept, Limits, Method, Request,
    SecretSource, Url, bearer, header,
};
use yibiao_mapping::Mapping;
use yibiao_record::Timestamp;

/// Headers of a request.
type Headers = Vec<(HeaderName, HeaderValue)>;

/// How asked-for rows are named in the quarantine.
const NAME: &str = "pull";
/// Longest page that is set aside whole; of a longer one, its beginning.
const UNREAD_BYTES_MAX: usize = 1 << 20;

/// A REST source of rows.
pub struct PullConnector {
    config: Config,
    mapping: Arc<Mapping>,
    url: Url,
    /// What positions belong to.
    source: String,
    headers: Headers,
    token: Option<SecretSource>,
    credentials: Option<Credentials>,
    client: Client,
    kept: Kept,
    clock: fn() -> Timestamp,
    /// Not before this is the source asked again, and what is to be said of it until then.
    rest: Option<(Instant, Option<String>)>,
    /// What is left of the page that was read last.
    held: Option<Held>,
}

impl fmt::Debug for PullConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PullConnector").field("config", &self.config).finish_non_exhaustive()
    }
}

impl PullConnector {
    /// A connector for the source of a department.
    pub fn new(parts: Parts) -> Result<PullConnector, ConfigError> {
        let Parts { config, mapping, token, client_secret, trust, clock } = parts;
        let url = Url::parse(&config.url).map_err(|error| ConfigError::Url("url", error))?;
        let allowed =
            Allowed::parse(config.allow.iter().map(String::as_str)).map_err(ConfigError::Network)?;
        let header = |(name, value): (&String, &String)| {
            let fault = || ConfigError::Header(name.clone());
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| fault())?;
            Ok((name, HeaderValue::from_str(value).map_err(|_| fault())?))
        };
        let headers = config.headers.iter().map(header).collect::<Result<_, _>>()?;
        if config.deleted.is_some() && config.key.is_none() {
            return Err(ConfigError::Deleted);
        }
        if config.body.is_none() && matches!(config.next, Some(Next::Cursor { to: CursorTo::Body, .. })) {
            return Err(ConfigError::CursorTo);
        }
        if config.oauth.is_some() && config.token.is_some() {
            return Err(ConfigError::Tokens);
        }
        let limits = Limits {
            timeout: Duration::from_millis(config.timeout_ms),
            body_bytes_max: config.page_bytes_max,
        };
        let credentials = match (&config.oauth, client_secret) {
            (Some(oauth), Some(secret)) => {
                Some(Credentials::new(oauth, secret).map_err(|error| ConfigError::Url("oauth.url", error))?)
            }
            _ => None,
        };
        let source = blake3::hash(format!("{} {:?}", config.url, config.next).as_bytes());
        Ok(PullConnector {
            url,
            source: source.to_hex().chars().take(16).collect(),
            headers,
            token,
            credentials,
            client: Client::new(trust, allowed, limits),
            kept: Kept::default(),
            clock,
            rest: None,
            held: None,
            config,
            mapping,
        })
    }

    /// Address, headers and body of the request for a page.
    fn written(&self, position: &Position) -> Result<(Url, Headers, Bytes), EdgeError> {
        let (mut url, mut headers) = (self.url.clone(), self.headers.clone());
        let mut body = self.config.body.clone();
        match (&self.config.next, &position.ask) {
            (Some(Next::Page { name, first }), Ask::Start) => {
                url = url.with_query([(&**name, &*first.to_string())]);
            }
            (Some(Next::Page { name, .. } | Next::Offset { name }), Ask::Number(number)) => {
                url = url.with_query([(&**name, &*number.to_string())]);
            }
            (Some(Next::Link), Ask::Path(path)) => {
                url =
                    url.join(path).map_err(|_| self.edge("its next link is no address", Recovery::Retry))?;
            }
            (Some(Next::Cursor { to, name, .. }), Ask::Cursor(cursor)) => match to {
                CursorTo::Query => url = url.with_query([(&**name, &**cursor)]),
                CursorTo::Header => {
                    let header = HeaderName::from_bytes(name.as_bytes()).ok();
                    let header = header.zip(HeaderValue::from_str(cursor).ok());
                    headers
                        .push(header.ok_or_else(|| self.edge("its cursor is no header", Recovery::Retry))?);
                }
                CursorTo::Body => {
                    body.get_or_insert_default().insert(name.clone(), cursor.clone().into());
                }
            },
            _ => {}
        }
        headers.push((header::ACCEPT, HeaderValue::from_static("application/json")));
        if let Some(etag) = position.etag.as_ref().and_then(|etag| HeaderValue::from_str(etag).ok()) {
            headers.push((header::IF_NONE_MATCH, etag));
        }
        let Some(body) = body else { return Ok((url, headers, Bytes::new())) };
        headers.push((header::CONTENT_TYPE, HeaderValue::from_static("application/json")));
        Ok((url, headers, serde_json::Value::Object(body).to_string().into()))
    }

    /// Asks for a page; where a token that was good once is refused, once more with a new one.
    async fn ask(&mut self, position: &Position) -> Result<(Url, Answer), EdgeError> {
        let (url, headers, body) = self.written(position)?;
        let method = if self.config.body.is_some() { Method::POST } else { Method::GET };
        let mut renewed = false;
        loop {
            let mut headers = headers.clone();
            headers.extend(self.authorization().await?);
            let request = Request {
                method: method.clone(),
                url: &url,
                headers: &headers,
                body: body.clone(),
                want: Body::Whole,
            };
            let answer =
                self.client.send(&mut self.kept, request).await.map_err(|fault| self.fault(&fault))?;
            match &mut self.credentials {
                Some(credentials) if answer.status == 401 && !renewed => {
                    credentials.forget();
                    renewed = true;
                }
                _ => return Ok((url, answer)),
            }
        }
    }

    async fn authorization(&mut self) -> Result<Option<(HeaderName, HeaderValue)>, EdgeError> {
        let token = match (&mut self.credentials, &self.token) {
            (Some(credentials), _) => credentials.token(&self.client).await.map_err(|reason| EdgeError {
                attempt: "cannot get a token".to_owned(),
                reason,
                hint: "correct `oauth`; it is tried again by itself".to_owned(),
                recovery: Recovery::Retry,
                edition: None,
            })?,
            (None, Some(token)) => {
                let token = token.read().map_err(|error| self.edge(&error.to_string(), Recovery::Retry))?;
                token.reveal().to_owned()
            }
            (None, None) => return Ok(None),
        };
        let value =
            bearer(&token).ok_or_else(|| self.edge("its token is no header value", Recovery::Halt))?;
        Ok(Some((header::AUTHORIZATION, value)))
    }

    /// What an answer without a page comes to; `None` where it is a page.
    fn refused(&mut self, answer: &Answer) -> Option<EdgeError> {
        let pause = pace::pause(&answer.headers, answer.status, (self.clock)().0);
        let status = answer.status;
        if let Some(pause) = pause {
            tracing::debug!(status, ?pause, "the source wants to be left alone");
            // Being paced is no failure, being out of service is.
            let said = (status == 503).then(|| "it is out of service, and said for how long".to_owned());
            self.rest_for(pause, said);
        }
        let (reason, hint) = match status {
            200..=299 | 304 => return None,
            429 if pause.is_some() => return None,
            401 | 403 => ("it refused the node", "correct `token`, `oauth` or `headers`"),
            300..=399 => {
                ("it leads elsewhere, where nobody follows", "write the address that it leads to in `url`")
            }
            404 | 410 => ("it has no such page", "correct `url`; was a cursor kept too long?"),
            408 | 425 | 429 => ("it wants to be asked later", "it is tried again by itself"),
            400..=499 => ("it does not understand the request", "correct `url`, `next` or `body`"),
            _ => ("it failed", "it is tried again by itself"),
        };
        Some(EdgeError {
            attempt: format!("cannot read a page of {}", self.url),
            reason: format!("it answered {status}: {reason}"),
            hint: hint.to_owned(),
            recovery: Recovery::Retry,
            edition: None,
        })
    }

    /// Leaves the source alone for a while, or for longer where it asked for that.
    fn rest_for(&mut self, pause: Duration, said: Option<String>) {
        let until = Instant::now() + pause;
        if self.rest.as_ref().is_none_or(|(later, _)| *later < until) {
            self.rest = Some((until, said));
        }
    }

    fn poll(&self) -> Duration {
        Duration::from_secs(self.config.poll_seconds)
    }

    fn edge(&self, reason: &str, recovery: Recovery) -> EdgeError {
        EdgeError {
            attempt: format!("cannot read a page of {}", self.url),
            reason: reason.to_owned(),
            hint: "correct the source's settings; it is tried again by itself".to_owned(),
            recovery,
            edition: None,
        }
    }

    fn fault(&self, fault: &Fault) -> EdgeError {
        let (hint, recovery) = match fault {
            Fault::Local(_) | Fault::Plain(_) => (
                "correct `url`, or list the network under `allow` if the source is meant to be there",
                Recovery::Halt,
            ),
            Fault::TooLong(_) => ("ask for fewer rows a page, or raise `page_bytes_max`", Recovery::Halt),
            Fault::Tls(_) => ("correct the name in `url`, or name its authority in `ca`", Recovery::Retry),
            _ => ("start the source, or correct `url`; it is tried again by itself", Recovery::Retry),
        };
        EdgeError { hint: hint.to_owned(), ..self.edge(&fault.to_string(), recovery) }
    }

    /// What becomes of a page, and where to go on.
    fn taken(
        &mut self,
        position: &Position,
        url: &Url,
        answer: &Answer,
        limits: BatchLimits,
    ) -> Result<Option<Batch>, EdgeError> {
        let Page { rows, next, end } =
            match page::read(&self.config, (&position.ask, url), &answer.headers, &answer.body) {
                Ok(page) => page,
                Err(unread) => return self.set_aside(position, unread, &answer.body, (self.clock)()),
            };
        let mut after = Position::at(&self.source, next);
        if end {
            let etag = answer.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
            // What is asked for again is the same as was asked for now.
            after.etag = etag.filter(|_| after.ask == position.ask).map(str::to_owned);
        }
        self.hand_on(Held::new(position, rows, after, end), limits)
    }

    /// The next rows of a page.
    fn hand_on(&mut self, mut held: Held, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let asked = held.at.clone();
        let (first, rows) = held.take(limits);
        if held.is_empty() && held.end {
            self.rest_for(self.poll(), None);
        }
        if rows.is_empty() {
            let moved = held.after.ask != asked.ask || asked.within.is_some();
            return Ok(moved.then(|| Batch { items: Vec::new(), cursor: held.after.cursor() }));
        }
        let pushed = body::rows(&self.mapping, NAME, first, rows, (self.clock)())
            .map_err(|error| self.edge(&error.to_string(), Recovery::Halt))?;
        let cursor = if held.is_empty() { held.after.cursor() } else { held.at.cursor() };
        self.held = Some(held).filter(|held| !held.is_empty());
        Ok(Some(Batch { items: pushed.items, cursor }))
    }

    /// A page that cannot be read goes to the quarantine, once. Where it is not known what follows it, it is asked for
    /// again until it can be read.
    fn set_aside(
        &mut self,
        position: &Position,
        unread: Unread,
        page: &[u8],
        at: Timestamp,
    ) -> Result<Option<Batch>, EdgeError> {
        let digest = blake3::hash(page).to_hex().to_string();
        let Unread { reason, next } = unread;
        if position.unread.as_ref() == Some(&digest) {
            let words = format!("a page cannot be read and was set aside: {reason}");
            self.rest_for(self.poll(), Some(words.clone()));
            let hint =
                "`yibiao quarantine list` has it; have the source mended, or correct `rows`".to_owned();
            return Err(EdgeError { hint, ..self.edge(&words, Recovery::Retry) });
        }
        let known = next.is_some();
        let mut after = Position::at(&self.source, next.unwrap_or_else(|| position.ask.clone()));
        after.unread = (!known).then_some(digest);
        let raw = page.get(..UNREAD_BYTES_MAX).unwrap_or(page).to_vec();
        let body = MessageBody::Bad(format!("the page: {reason}"));
        let messages = vec![Message { locator: 0, key: None, at, raw, body }];
        let item = Messages { name: NAME.to_owned(), columns: self.mapping.message_columns(), messages };
        Ok(Some(Batch { items: vec![Item::Messages(item)], cursor: after.cursor() }))
    }
}

impl Connector for PullConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: false }
    }

    async fn check(&self) -> Vec<Finding> {
        let subject = format!("source {}", self.url);
        match self.client.reach(&self.url).await {
            Ok(()) => {
                let detail = "can be connected to".to_owned();
                vec![Finding { subject, good: true, detail, hint: String::new() }]
            }
            Err(fault) => {
                let EdgeError { reason, hint, .. } = self.fault(&fault);
                vec![Finding { subject, good: false, detail: reason, hint }]
            }
        }
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        Ok(vec![Discovered { name: NAME.to_owned(), columns: self.mapping.message_columns() }])
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        let position = Position::parse(&self.source, from)?;
        if let Some(held) = self.held.take().filter(|held| held.at == position) {
            return self.hand_on(held, limits);
        }
        match &self.rest {
            Some((until, said)) if Instant::now() < *until => {
                return said.as_ref().map_or(Ok(None), |said| Err(self.edge(said, Recovery::Retry)));
            }
            _ => self.rest = None,
        }
        let (url, answer) = self.ask(&position).await?;
        if let Some(error) = self.refused(&answer) {
            return Err(error);
        }
        match answer.status {
            304 => {
                self.rest_for(self.poll(), None);
                Ok(None)
            }
            429 => Ok(None),
            _ => self.taken(&position, &url, &answer, limits),
        }
    }

    async fn commit(&mut self, _: &Cursor) -> Result<(), EdgeError> {
        Ok(())
    }
}
