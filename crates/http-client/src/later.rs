//! When a peer says that it wants to be asked again.

use http::{HeaderMap, header};
use std::time::{Duration, UNIX_EPOCH};

/// What `Retry-After` asks for: so many seconds, or until a date. `now` is in seconds since 1970.
pub fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let said = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(said).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(date.saturating_sub(Duration::from_secs(u64::try_from(now).unwrap_or(0))))
}
