//! What an operator writes about a source that is asked for its rows.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use yibiao_http_client::SecretRef;

/// A REST source that gives rows by pages.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the first page is asked for, with whatever the query always holds. Plain `http` only to networks in `allow`.
    pub url: String,
    /// Where the rows stand in a page: a JSON pointer to an array, such as `/data/items`. Empty: the page is the array.
    #[serde(default)]
    pub rows: String,
    /// Where a row's local key stands in it, as a JSON pointer. Without it the mapping's key column tells, or the columns
    /// that identify its person.
    #[serde(default)]
    pub key: Option<String>,
    /// Where a row says by `true` that it is no more, as a JSON pointer. It needs `key`.
    #[serde(default)]
    pub deleted: Option<String>,
    /// How the next page is found. Without it the source is one page.
    #[serde(default)]
    pub next: Option<Next>,
    /// A JSON object to send; then pages are asked for by `POST`.
    #[serde(default)]
    pub body: Option<serde_json::Map<String, serde_json::Value>>,
    /// Headers to send.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A bearer token.
    #[serde(default)]
    pub token: Option<SecretRef>,
    /// A server that gives bearer tokens for a client's credentials.
    #[serde(default)]
    pub oauth: Option<Oauth>,
    /// How long a source that has been read to its end is left alone, in seconds.
    #[serde(default = "poll_seconds_default")]
    pub poll_seconds: u64,
    /// Most bytes of a page.
    #[serde(default = "page_bytes_max_default")]
    pub page_bytes_max: usize,
    /// How long a page may take, in milliseconds.
    #[serde(default = "timeout_ms_default")]
    pub timeout_ms: u64,
    /// Private, loopback and other local networks that the source may be in, such as `10.1.0.0/16`.
    #[serde(default)]
    pub allow: Vec<String>,
    /// A PEM file of authorities to believe beside the system's.
    #[serde(default)]
    pub ca: Option<String>,
}

/// How the next page is found.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Next {
    /// A `Link` header with `rel="next"` (RFC 8288), on the same server.
    Link,
    /// Pages are numbered, up to one without rows.
    Page {
        /// The number's name in the query.
        name: String,
        /// The first page's number.
        #[serde(default = "first_default")]
        first: u64,
    },
    /// Rows are counted, up to a page without rows.
    Offset {
        /// The count's name in the query.
        name: String,
    },
    /// Each page gives a cursor to send for the next.
    Cursor {
        /// Where it stands.
        from: CursorFrom,
        /// Where it is sent.
        #[serde(default)]
        to: CursorTo,
        /// Under which name it is sent.
        name: String,
    },
}

/// Where a page's cursor stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum CursorFrom {
    /// In the page, by a JSON pointer. None, or null: the source was read to its end, and is read from its start again.
    Page(String),
    /// In the page's last row, by a JSON pointer. A page without rows: the source was read to its end, and is asked for
    /// what came after.
    Row(String),
    /// In a header of the answer; as in the page.
    Header(String),
}

/// Where the cursor is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum CursorTo {
    /// In the query.
    #[default]
    Query,
    /// In a header.
    Header,
    /// In the body, as a member.
    Body,
}

/// OAuth 2, by client credentials.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Oauth {
    /// Where tokens are given.
    pub url: String,
    /// Who asks.
    pub client_id: String,
    /// By which secret.
    pub client_secret: SecretRef,
    /// What for.
    #[serde(default)]
    pub scope: Option<String>,
}

fn first_default() -> u64 {
    1
}

fn poll_seconds_default() -> u64 {
    60
}

fn page_bytes_max_default() -> usize {
    8 << 20
}

fn timeout_ms_default() -> u64 {
    30_000
}

impl Config {
    /// One page at an address, with the defaults.
    pub fn new(url: String) -> Config {
        Config {
            url,
            rows: String::new(),
            key: None,
            deleted: None,
            next: None,
            body: None,
            headers: BTreeMap::new(),
            token: None,
            oauth: None,
            poll_seconds: poll_seconds_default(),
            page_bytes_max: page_bytes_max_default(),
            timeout_ms: timeout_ms_default(),
            allow: Vec::new(),
            ca: None,
        }
    }
}

impl fmt::Debug for Config {
    /// Without the address and headers, which may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("next", &self.next).finish_non_exhaustive()
    }
}
