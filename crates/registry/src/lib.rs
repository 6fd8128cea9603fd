//! Asks a schema registry of someone else: Confluent's REST, over HTTP or HTTPS, with a login where it wants one.
//!
//! **Invariant:** what a registry that is away answers is an error, never the absence of a schema.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::ring;
use serde_json::{Value as Json, json};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How long a question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer.
const ANSWER_BYTES_MAX: u64 = 4 << 20;
const MEDIA: &str = "application/vnd.schemaregistry.v1+json";

/// Where a registry is and how it lets us in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// `http(s)://host:port/path`.
    pub url: String,
    /// The name and password that it asks for.
    pub login: Option<(String, String)>,
    /// A file (PEM) of the authorities that may vouch for it, besides those that the system trusts.
    pub authorities: Option<PathBuf>,
}

impl fmt::Debug for Access {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why a registry did not answer as asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The authorities cannot be read.
    #[error("cannot read {}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be reached, or its answer is none.
    #[error("cannot reach the registry {url}: {reason}")]
    Away {
        /// Where it is.
        url: String,
        /// Why.
        reason: String,
    },
    /// It does not let us in.
    #[error("the registry {url} does not let us in: it answered {status}")]
    Shut {
        /// Where it is.
        url: String,
        /// HTTP's code.
        status: u16,
    },
    /// It refuses a schema.
    #[error("the registry {url} refuses the schema of {subject}: {reason}")]
    Refused {
        /// Where it is.
        url: String,
        /// Whose schema.
        subject: String,
        /// What it says.
        reason: String,
    },
}

impl RegistryError {
    /// Whether the same question may be answered later without a person's help.
    pub fn passes(&self) -> bool {
        matches!(self, RegistryError::Away { .. })
    }
}

/// A registry.
pub struct Registry {
    access: Access,
    agent: Agent,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.access.fmt(f)
    }
}

impl Registry {
    /// A registry; nothing is asked yet.
    pub fn new(access: Access) -> Result<Registry, RegistryError> {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        let config = if access.url.starts_with("https:") {
            let roots = roots(access.authorities.as_deref())?;
            let provider = Arc::new(ring::default_provider());
            config.tls_config(
                TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build(),
            )
        } else {
            config
        };
        Ok(Registry { access, agent: config.build().into() })
    }

    /// The text of the schema of a number; `None` where the registry knows no such number.
    pub fn schema(&self, id: u32) -> Result<Option<String>, RegistryError> {
        let address = self.address(&format!("schemas/ids/{id}"));
        let mut request = self.agent.get(&address).header("accept", MEDIA);
        if let Some(login) = self.login() {
            request = request.header("authorization", login);
        }
        let (status, body) = self.answer(request.call())?;
        match status {
            200 => match body.get("schema").and_then(Json::as_str) {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(self.away("its answer holds no schema".to_owned())),
            },
            404 => Ok(None),
            status => Err(self.unforeseen(status)),
        }
    }

    /// The number of a schema under a subject; registered where it is not there yet.
    pub fn register(&self, subject: &str, schema: &str) -> Result<u32, RegistryError> {
        let address = self.address(&format!("subjects/{subject}/versions"));
        let mut request = self.agent.post(&address).header("accept", MEDIA).content_type(MEDIA);
        if let Some(login) = self.login() {
            request = request.header("authorization", login);
        }
        let (status, body) = self.answer(request.send(json!({ "schema": schema }).to_string()))?;
        match status {
            200 => {
                let id = body.get("id").and_then(Json::as_u64).and_then(|id| u32::try_from(id).ok());
                id.ok_or_else(|| self.away("its answer holds no number".to_owned()))
            }
            // What it says is about the schema, which holds nobody's data.
            409 | 422 => Err(RegistryError::Refused {
                url: self.access.url.clone(),
                subject: subject.to_owned(),
                reason: body
                    .get("message")
                    .and_then(Json::as_str)
                    .unwrap_or("it does not say why")
                    .to_owned(),
            }),
            status => Err(self.unforeseen(status)),
        }
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.access.url.trim_end_matches('/'))
    }

    fn login(&self) -> Option<String> {
        let (name, password) = self.access.login.as_ref()?;
        Some(format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
    }

    fn answer(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<(u16, Json), RegistryError> {
        let mut answer = answer.map_err(|error| self.away(error.to_string()))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let body = body.map_err(|error| self.away(error.to_string()))?;
        match serde_json::from_str(&body) {
            Ok(body) => Ok((status, body)),
            Err(_) if status == 200 => Err(self.away("its answer is no JSON".to_owned())),
            Err(_) => Ok((status, Json::Null)),
        }
    }

    fn away(&self, reason: String) -> RegistryError {
        RegistryError::Away { url: self.access.url.clone(), reason }
    }

    fn unforeseen(&self, status: u16) -> RegistryError {
        match status {
            401 | 403 => RegistryError::Shut { url: self.access.url.clone(), status },
            status => self.away(format!("it answered {status}")),
        }
    }
}

/// Who may vouch for a registry.
fn roots(authorities: Option<&Path>) -> Result<RootCerts, RegistryError> {
    // Those that cannot be read vouch for nobody.
    let of_system = rustls_native_certs::load_native_certs().certs;
    let mut roots: Vec<Certificate<'static>> =
        of_system.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    if let Some(path) = authorities {
        let failed = |source| RegistryError::Authorities { path: path.to_owned(), source };
        let text = std::fs::read(path).map_err(failed)?;
        let before = roots.len();
        for item in parse_pem(&text) {
            if let Ok(PemItem::Certificate(root)) = item {
                roots.push(root);
            }
        }
        if roots.len() == before {
            let reason = "it holds no certificate in PEM";
            return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidData, reason)));
        }
    }
    Ok(RootCerts::new_with_certs(&roots))
}
