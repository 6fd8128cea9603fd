//! Tokens for a client's credentials (OAuth 2), kept until shortly before they end.

use crate::pull::config::Oauth;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;
use yibiao_http_client::{
    BadUrl, Body, Client, HeaderName, HeaderValue, Kept, Method, Request, SecretSource, Url, basic, form,
    header,
};

/// How long before its end a token is no longer used.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is used of which the server does not say how long it lasts.
const LIFE: Duration = Duration::from_secs(300);

/// A client's credentials, and the token that they last gave.
pub(crate) struct Credentials {
    url: Url,
    client_id: String,
    secret: SecretSource,
    scope: Option<String>,
    held: Option<(String, Instant)>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "credentials at {}", self.url)
    }
}

/// What the server gives.
#[derive(Deserialize)]
struct Given {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Credentials {
    pub(crate) fn new(oauth: &Oauth, secret: SecretSource) -> Result<Credentials, BadUrl> {
        Ok(Credentials {
            url: Url::parse(&oauth.url)?,
            client_id: oauth.client_id.clone(),
            secret,
            scope: oauth.scope.clone(),
            held: None,
        })
    }

    /// The token is no longer good.
    pub(crate) fn forget(&mut self) {
        self.held = None;
    }

    /// A token, the one that is held where it still lasts; otherwise the reason why there is none.
    pub(crate) async fn token(&mut self, client: &Client) -> Result<String, String> {
        if let Some((token, until)) = &self.held
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let secret = self.secret.read().map_err(|error| error.to_string())?;
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let headers: [(HeaderName, HeaderValue); 3] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
            (header::ACCEPT, HeaderValue::from_static("application/json")),
            (header::AUTHORIZATION, basic(&self.client_id, &secret)),
        ];
        let request = Request {
            method: Method::POST,
            url: &self.url,
            headers: &headers,
            body: form(fields).into(),
            want: Body::Whole,
        };
        let answer = client.send(&mut Kept::default(), request).await;
        let answer = answer.map_err(|fault| format!("{}: {fault}", self.url))?;
        if answer.status != 200 {
            return Err(format!("{} answered {}", self.url, answer.status));
        }
        let given: Given =
            serde_json::from_slice(&answer.body).map_err(|_| format!("{} gave no access token", self.url))?;
        let life = given.expires_in.map_or(LIFE, Duration::from_secs).saturating_sub(MARGIN);
        self.held = Some((given.access_token.clone(), Instant::now() + life));
        Ok(given.access_token)
    }
}
