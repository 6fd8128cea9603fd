//! Secrets: named in a configuration, kept in a file or the environment, never printed.

use crate::url::encode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a secret is kept, as an operator writes it: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// The environment variable that holds it.
    #[serde(default)]
    pub env: Option<String>,
    /// The file that holds it; read anew whenever it is needed, so that it can be replaced while the node runs.
    #[serde(default)]
    pub file: Option<String>,
}

/// A secret that was found, or the file to read it from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// It is this.
    Held(Secret),
    /// It is what the file holds.
    File(PathBuf),
}

/// A secret. It has no way to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A secret that is not there.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Neither or both of `env` and `file` were named.
    #[error("name exactly one of `env` and `file`")]
    Unclear,
    /// The environment has no such variable.
    #[error("the environment has no {0}, or it is empty; set it")]
    Environment(String),
    /// The file cannot be read.
    #[error("cannot read {}; make it, and let this user read it", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is empty.
    #[error("{} is empty; write the secret into it", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

impl SecretRef {
    /// Finds the secret.
    pub fn find<'e>(
        &self,
        environment: impl Fn(&str) -> Option<&'e str>,
    ) -> Result<SecretSource, SecretError> {
        match (&self.env, &self.file) {
            (Some(name), None) => {
                let held = environment(name).map(str::trim).filter(|held| !held.is_empty());
                let held = held.ok_or_else(|| SecretError::Environment(name.clone()))?;
                Ok(SecretSource::Held(Secret(held.to_owned())))
            }
            (None, Some(file)) => Ok(SecretSource::file(file)),
            _ => Err(SecretError::Unclear),
        }
    }
}

impl SecretSource {
    /// A secret from a file.
    pub fn file(path: impl AsRef<Path>) -> SecretSource {
        SecretSource::File(path.as_ref().to_owned())
    }

    /// The secret as it is now.
    pub fn read(&self) -> Result<Secret, SecretError> {
        match self {
            SecretSource::Held(secret) => Ok(secret.clone()),
            SecretSource::File(path) => {
                let path = path.clone();
                match std::fs::read_to_string(&path) {
                    Ok(text) if text.trim().is_empty() => Err(SecretError::Empty { path }),
                    Ok(text) => Ok(Secret(text.trim().to_owned())),
                    Err(source) => Err(SecretError::File { path, source }),
                }
            }
        }
    }
}

impl Secret {
    /// Whatever follows knows the secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret(text.trim().to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret")
    }
}

/// The `Authorization` header of whoever has a token; `None` where the token is no header value.
pub fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The `Authorization` header of a client with its secret, as OAuth 2 has it.
pub fn basic(client: &str, secret: &Secret) -> HeaderValue {
    let mut pair = String::new();
    encode(client, &mut pair);
    pair.push(':');
    encode(secret.reveal(), &mut pair);
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))
        .expect("invariant: base64 is a header value");
    value.set_sensitive(true);
    value
}
