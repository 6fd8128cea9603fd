//! Sources that are asked for their rows in the configuration: variables replaced, secrets found.

use super::{ConfigError, Reader};
use yibiao_connector_http::pull::Config;
use yibiao_http_client::SecretSource;

/// A source as it is meant.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub(crate) config: Config,
    pub(crate) token: Option<SecretSource>,
    pub(crate) client_secret: Option<SecretSource>,
}

impl Reader<'_> {
    pub(super) fn pull(&self, key: &str, mut config: Config) -> Result<Pull, ConfigError> {
        config.url = self.text(&format!("{key}.url"), &config.url)?;
        self.texts(&format!("{key}.headers"), config.headers.values_mut())?;
        self.texts(&format!("{key}.allow"), &mut config.allow)?;
        config.ca = self.path(&format!("{key}.ca"), config.ca)?;
        if let Some(oauth) = &mut config.oauth {
            oauth.url = self.text(&format!("{key}.oauth.url"), &oauth.url)?;
            oauth.client_id = self.text(&format!("{key}.oauth.client_id"), &oauth.client_id)?;
        }
        let secret = |name: &str, secret| self.secret(&format!("{key}.{name}"), secret);
        let token = config.token.as_ref().map(|token| secret("token", token)).transpose()?;
        let client_secret =
            config.oauth.as_ref().map(|oauth| secret("oauth.client_secret", &oauth.client_secret));
        Ok(Pull { client_secret: client_secret.transpose()?, token, config })
    }
}
