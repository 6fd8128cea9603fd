//! One request to the receiver and what its answer means.

use crate::Parts;
use crate::attempts::{Attempt, AttemptLog};
use crate::config::{Config, DataForm};
use crate::signature;
use ring::hmac;
use std::time::Duration;
use tokio::time::Instant;
use yibiao_contract::{ChangeEvent, Finding, Letter, cloud_event};
use yibiao_http_client::{
    Allowed, Answer, Body, Bytes, Client, Fault, HeaderMap, HeaderName, HeaderValue, Kept, Limits, Method,
    Request, SecretSource, Url, bearer, header, retry_after,
};
use yibiao_record::Timestamp;
use yibiao_schema::Dictionary;

/// Most bytes of an answer that are read: nothing in it is wanted.
const ANSWER_BYTES_MAX: usize = 64 << 10;
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// Headers of a request.
type Headers = Vec<(HeaderName, HeaderValue)>;

/// What the receiver's answer means.
#[derive(Debug)]
pub(crate) enum Answered {
    /// It has the event.
    Taken,
    /// It refuses this one, with this status.
    Refused(u16),
    /// It does not let the node in, with this status.
    Denied(u16),
    /// It wants no more.
    Gone,
    /// Not now: why, and how long it asked to be left.
    Later { reason: String, after: Duration },
    /// The address may not be connected to.
    Forbidden(String),
    /// It has not agreed to be sent events.
    Unwilling(String),
    /// There is nothing to sign with.
    NoKey(String),
}

/// What the receiver agreed to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Agreement {
    /// Requests a minute.
    rate: Option<u32>,
}

impl Agreement {
    /// How far apart requests are.
    pub(crate) fn interval(&self) -> Option<Duration> {
        Some(Duration::from_secs(60) / self.rate?)
    }

    /// What an answer to `OPTIONS` agrees to; `None` where it does not agree.
    fn of(answer: &Answer, origin: &str) -> Option<Agreement> {
        let said = |name: &str| answer.headers.get(name)?.to_str().ok().map(str::trim);
        let allowed = said(ALLOWED_ORIGIN)?;
        let agreed =
            (200..300).contains(&answer.status) && (allowed == "*" || allowed.eq_ignore_ascii_case(origin));
        let rate = said(ALLOWED_RATE).and_then(|rate| rate.parse().ok()).filter(|rate| *rate > 0);
        agreed.then_some(Agreement { rate })
    }
}

/// The way to the receiver.
#[derive(Debug)]
pub(crate) struct Post {
    config: Config,
    subscription: String,
    url: Url,
    origin: HeaderValue,
    secrets: Vec<SecretSource>,
    token: Option<SecretSource>,
    client: Client,
    kept: Kept,
    log: AttemptLog,
    clock: fn() -> Timestamp,
    dictionary: &'static Dictionary,
}

impl Post {
    /// `None` where the origin is no header value.
    pub(crate) fn new(parts: Parts, url: Url, allowed: Allowed) -> Option<Post> {
        let Parts { config, subscription, secrets, token, trust, log, clock, dictionary } = parts;
        let limits = Limits { timeout: config.timeout(), body_bytes_max: ANSWER_BYTES_MAX };
        Some(Post {
            origin: HeaderValue::from_str(&config.origin).ok()?,
            client: Client::new(trust, allowed, limits),
            kept: Kept::default(),
            config,
            subscription,
            url,
            secrets,
            token,
            log,
            clock,
            dictionary,
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn subscription(&self) -> &str {
        &self.subscription
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Asks whether the receiver agrees to be sent events.
    pub(crate) async fn agree(&mut self) -> Result<Agreement, Answered> {
        if !self.config.handshake {
            return Ok(Agreement::default());
        }
        let mut headers = vec![(REQUEST_ORIGIN, self.origin.clone())];
        headers.extend(self.authorization().map_err(Answered::NoKey)?);
        let request = Request {
            method: Method::OPTIONS,
            url: &self.url,
            headers: &headers,
            body: Bytes::default(),
            want: Body::Nothing,
        };
        let (at, started) = ((self.clock)(), Instant::now());
        let answer = self.client.send(&mut self.kept, request).await;
        let agreed = match &answer {
            Ok(answer) => match Agreement::of(answer, &self.config.origin) {
                Some(agreement) => Ok(agreement),
                None => match meaning(answer, at) {
                    Answered::Taken => {
                        let reason = "it has not agreed to be sent events by this node";
                        Err(Answered::Unwilling(reason.to_owned()))
                    }
                    other => Err(other),
                },
            },
            Err(fault) => Err(failed(fault)),
        };
        let outcome = match &agreed {
            Ok(_) => "agreed",
            Err(answered) => word(answered, answer.as_ref().err()),
        };
        self.note(at, started, None, outcome, answer.ok().map(|answer| answer.status));
        agreed
    }

    /// Sends one event.
    pub(crate) async fn event(&mut self, event: &ChangeEvent) -> Answered {
        let at = (self.clock)();
        let headers_and_body = self.written(event, at);
        let (headers, body) = match headers_and_body {
            Ok(written) => written,
            Err(reason) => return Answered::NoKey(reason),
        };
        let request = Request {
            method: Method::POST,
            url: &self.url,
            headers: &headers,
            body: body.into(),
            want: Body::Nothing,
        };
        let started = Instant::now();
        let answer = self.client.send(&mut self.kept, request).await;
        let answered = match &answer {
            Ok(answer) => meaning(answer, at),
            Err(fault) => failed(fault),
        };
        let outcome = word(&answered, answer.as_ref().err());
        self.note(at, started, Some(event.position), outcome, answer.ok().map(|answer| answer.status));
        answered
    }

    /// What is sent for an event.
    fn written(&self, event: &ChangeEvent, at: Timestamp) -> Result<(Headers, Vec<u8>), String> {
        let body = self.body(event);
        let id = format!("{}.{}", self.subscription, event.position);
        let signature = signature::sign(&self.keys()?, &id, at.0, &body);
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| "it is no header value".to_owned());
        let mut headers = vec![
            (header::CONTENT_TYPE, value(&media())?),
            (REQUEST_ORIGIN, self.origin.clone()),
            (ID, value(&id)?),
            (TIMESTAMP, HeaderValue::from(at.0)),
            (SIGNATURE, value(&signature)?),
        ];
        headers.extend(self.authorization()?);
        Ok((headers, body))
    }

    fn body(&self, event: &ChangeEvent) -> Vec<u8> {
        let dataref = self.dataref(event);
        let form = dataref.as_deref().map_or(cloud_event::Data::Full, cloud_event::Data::Thin);
        cloud_event::json(self.dictionary, event, &self.config.source, form).to_string().into_bytes()
    }

    /// An event as it is sent, without what depends on the time or on a secret.
    pub(crate) fn letter(&self, event: &ChangeEvent) -> Letter {
        Letter {
            code: "",
            receiver: self.url.to_string(),
            key: event.entity.to_string().into_bytes(),
            headers: vec![(header::CONTENT_TYPE.to_string(), media())],
            body: self.body(event),
        }
    }

    /// Where the whole of a thin event is fetched.
    fn dataref(&self, event: &ChangeEvent) -> Option<String> {
        let feed = self.config.feed.as_ref().filter(|_| self.config.data == DataForm::Thin)?;
        let after = event.position.saturating_sub(1);
        let feed = feed.trim_end_matches('/');
        Some(format!("{feed}/v1/changes?subscription={}&after={after}&limit=1", self.subscription))
    }

    /// The keys as they are now, the newer first.
    fn keys(&self) -> Result<Vec<hmac::Key>, String> {
        let key = |source: &SecretSource| {
            let secret = source.read().map_err(|error| error.to_string())?;
            signature::key(&secret).map_err(|error| error.to_string())
        };
        self.secrets.iter().map(key).collect()
    }

    fn authorization(&self) -> Result<Option<(HeaderName, HeaderValue)>, String> {
        let Some(token) = &self.token else { return Ok(None) };
        let token = token.read().map_err(|error| error.to_string())?;
        let value = bearer(token.reveal()).ok_or("the token is no header value")?;
        Ok(Some((header::AUTHORIZATION, value)))
    }

    pub(crate) async fn check(&self) -> Finding {
        let subject = format!("receiver {}", self.url);
        let bad = |detail: String, hint: &str| Finding {
            subject: subject.clone(),
            good: false,
            detail,
            hint: hint.to_owned(),
        };
        if let Err(reason) = self.keys().and_then(|_| self.authorization().map(drop)) {
            return bad(reason, "correct `secrets` or `token`");
        }
        match self.client.reach(&self.url).await {
            Ok(()) => Finding {
                subject: subject.clone(),
                good: true,
                detail: "can be connected to".to_owned(),
                hint: String::new(),
            },
            Err(fault) if fault.is_forbidden() => {
                bad(fault.to_string(), "correct `url`, or list the network under `allow`")
            }
            Err(Fault::Tls(error)) => {
                bad(Fault::Tls(error).to_string(), "correct the name in `url`, or name the authority in `ca`")
            }
            Err(fault) => bad(fault.to_string(), "start the receiver, or correct `url`"),
        }
    }

    fn note(&self, at: Timestamp, started: Instant, event: Option<u64>, outcome: &str, status: Option<u16>) {
        self.log.note(&Attempt {
            at: at.to_string(),
            subscription: self.subscription.clone(),
            event,
            outcome: outcome.to_owned(),
            status,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    }
}

fn media() -> String {
    format!("{}; charset=utf-8", cloud_event::MEDIA_TYPE)
}

/// What an answer means for what was sent.
fn meaning(answer: &Answer, now: Timestamp) -> Answered {
    let Answer { status, headers, .. } = answer;
    let later = |reason: String| Answered::Later { reason, after: asked(headers, now) };
    match status {
        200..=299 => Answered::Taken,
        410 => Answered::Gone,
        401 | 403 | 407 => Answered::Denied(*status),
        300..=399 => later(format!(
            "it answered {status}, and redirects are not followed: write the address it leads to"
        )),
        408 | 425 | 429 => later(format!("it answered {status}")),
        400..=499 => Answered::Refused(*status),
        _ => later(format!("it answered {status}")),
    }
}

fn asked(headers: &HeaderMap, now: Timestamp) -> Duration {
    retry_after(headers, now.0).unwrap_or_default()
}

fn failed(fault: &Fault) -> Answered {
    if fault.is_forbidden() {
        return Answered::Forbidden(fault.to_string());
    }
    Answered::Later { reason: fault.to_string(), after: Duration::ZERO }
}

/// What the log says of an attempt.
fn word(answered: &Answered, fault: Option<&Fault>) -> &'static str {
    match (answered, fault) {
        (_, Some(fault)) => fault.name(),
        (Answered::Taken, None) => "delivered",
        (Answered::Refused(_), None) => "rejected",
        (Answered::Denied(_), None) => "denied",
        (Answered::Gone, None) => "gone",
        (Answered::Unwilling(_), None) => "not-agreed",
        (Answered::Later { .. } | Answered::Forbidden(_) | Answered::NoKey(_), None) => "later",
    }
}
