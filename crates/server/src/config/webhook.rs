//! Webhooks in the configuration: variables replaced, secrets found.

use super::{ConfigError, Reader};
use yibiao_adapter_webhook::Config;
use yibiao_http_client::{SecretRef, SecretSource};

/// A webhook as it is meant.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) config: Config,
    pub(crate) secrets: Vec<SecretSource>,
    pub(crate) token: Option<SecretSource>,
}

impl Reader<'_> {
    pub(super) fn webhook(&self, key: &str, mut config: Config) -> Result<Webhook, ConfigError> {
        config.url = self.text(&format!("{key}.url"), &config.url)?;
        self.texts(&format!("{key}.feed"), &mut config.feed)?;
        self.texts(&format!("{key}.allow"), &mut config.allow)?;
        config.ca = self.path(&format!("{key}.ca"), config.ca)?;
        let secrets = config.secrets.iter().enumerate();
        let secrets = secrets.map(|(at, secret)| self.secret(&format!("{key}.secrets[{at}]"), secret));
        let secrets = secrets.collect::<Result<_, _>>()?;
        let token =
            config.token.as_ref().map(|token| self.secret(&format!("{key}.token"), token)).transpose()?;
        Ok(Webhook { config, secrets, token })
    }

    /// A secret where it is kept. Without it nothing is opened.
    pub(super) fn secret(&self, key: &str, secret: &SecretRef) -> Result<SecretSource, ConfigError> {
        let mut secret = secret.clone();
        secret.file = self.path(key, secret.file)?;
        let environment = |name: &str| self.environment.get(name).map(String::as_str);
        let found = secret.find(environment);
        found.map_err(|error| ConfigError::Secret {
            path: self.path.to_owned(),
            key: key.to_owned(),
            detail: error.to_string(),
        })
    }

    /// The path of a file, as text.
    pub(super) fn path(&self, key: &str, written: Option<String>) -> Result<Option<String>, ConfigError> {
        written.map(|path| Ok(self.folder(key, &path)?.display().to_string())).transpose()
    }
}
