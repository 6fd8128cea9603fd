//! Signing, as Standard Webhooks has it: HMAC-SHA256 over id, timestamp and body, joined by points.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use yibiao_http_client::Secret;

/// What base64 keys begin with.
const PREFIX: &str = "whsec_";
/// Shortest key, in bytes.
const KEY_BYTES_MIN: usize = 24;

/// A secret that cannot sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadKey {
    #[error("a secret that begins with whsec_ goes on in base64")]
    Encoding,
    #[error("a secret has at least {KEY_BYTES_MIN} bytes")]
    Short,
}

/// The key that a secret stands for.
pub(crate) fn key(secret: &Secret) -> Result<hmac::Key, BadKey> {
    let text = secret.reveal();
    let bytes = match text.strip_prefix(PREFIX) {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| BadKey::Encoding)?,
        None => text.as_bytes().to_vec(),
    };
    if bytes.len() < KEY_BYTES_MIN {
        return Err(BadKey::Short);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// The `webhook-signature` header: one signature for each key.
pub(crate) fn sign(keys: &[hmac::Key], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signature = |key: &hmac::Key| {
        let mut context = hmac::Context::with_key(key);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    };
    keys.iter().map(signature).collect::<Vec<_>>().join(" ")
}
