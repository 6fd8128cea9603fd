//! An address on the web, taken apart.

use http::Uri;
use std::fmt;

/// An `http` or `https` address.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    pub(crate) secure: bool,
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    path_and_query: Box<str>,
}

/// Text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write http:// or https://, a host and a path, without a user")]
pub struct BadUrl;

impl Url {
    /// Reads an address. A fragment is dropped; a user before the host is refused, since it would be printed.
    pub fn parse(text: &str) -> Result<Url, BadUrl> {
        let uri: Uri = text.parse().map_err(|_| BadUrl)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(BadUrl),
        };
        let authority =
            uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(BadUrl)?;
        let host = authority.host();
        if host.is_empty() {
            return Err(BadUrl);
        }
        let path_and_query = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Url {
            secure,
            host: host.into(),
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            path_and_query: path_and_query.into(),
        })
    }

    /// What a reference found in an answer to a request of this address stands for.
    pub fn join(&self, reference: &str) -> Result<Url, BadUrl> {
        let (path, _) = self.path_and_query.split_once('?').unwrap_or((&self.path_and_query, ""));
        let path_and_query = match reference {
            _ if reference.contains("://") => return Url::parse(reference),
            _ if reference.starts_with("//") || reference.is_empty() => return Err(BadUrl),
            _ if reference.starts_with('/') => reference.to_owned(),
            _ if reference.starts_with('?') => format!("{path}{reference}"),
            _ => {
                let (folder, _) = path.rsplit_once('/').unwrap_or_default();
                format!("{folder}/{reference}")
            }
        };
        Url::parse(&format!("{self}{path_and_query}"))
    }

    /// The same with pairs of name and value added to its query.
    pub fn with_query<'t>(&self, pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> Url {
        let mut path_and_query = self.path_and_query.to_string();
        for (name, value) in pairs {
            path_and_query.push(if path_and_query.contains('?') { '&' } else { '?' });
            encode(name, &mut path_and_query);
            path_and_query.push('=');
            encode(value, &mut path_and_query);
        }
        Url { path_and_query: path_and_query.into(), ..self.clone() }
    }

    /// Whether both are of one server.
    pub fn same_server(&self, other: &Url) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// Path and query: what stands in the request.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The host as it is looked up.
    pub(crate) fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// What the `Host` header says.
    pub(crate) fn authority(&self) -> String {
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// Pairs of name and value as a form sends them.
pub fn form<'t>(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        encode(name, &mut text);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

/// Writes what may not stand in a query as it is, by its bytes.
pub(crate) fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

impl fmt::Display for Url {
    /// Without path and query, which may hold more than is to be printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
