//! When the source may be asked again: by its own limits.

use std::time::Duration;
use yibiao_http_client::{HeaderMap, retry_after};

/// The longest pause that is believed: behind it stands a mistake.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Numbers from here on are moments, below it they are lengths.
const MOMENT_MIN: u64 = 1_000_000_000;

/// How long the source wants to be left alone: by `Retry-After`, or because nothing remains of its rate limit. `now` is in
/// seconds since 1970.
pub(crate) fn pause(headers: &HeaderMap, status: u16, now: i64) -> Option<Duration> {
    let refused = matches!(status, 429 | 503);
    let asked = retry_after(headers, now).filter(|_| refused);
    let used_up = || {
        let (remaining, reset) = limit(headers)?;
        (refused || remaining == Some(0)).then(|| until(reset, now))
    };
    asked.or_else(used_up).map(|pause| pause.min(PAUSE_MAX))
}

fn until(reset: u64, now: i64) -> Duration {
    let now = u64::try_from(now).unwrap_or(0);
    Duration::from_secs(if reset >= MOMENT_MIN { reset.saturating_sub(now) } else { reset })
}

/// What remains, and when it is renewed: `RateLimit` in its two forms, `RateLimit-*` and `X-RateLimit-*`.
fn limit(headers: &HeaderMap) -> Option<(Option<u64>, u64)> {
    let said = |name: &str| headers.get(name)?.to_str().ok();
    if let Some(together) = said("ratelimit") {
        let of = |names: [&str; 2]| {
            together.split([',', ';']).filter_map(|part| part.split_once('=')).find_map(|(name, value)| {
                names.contains(&name.trim()).then(|| value.trim().parse().ok()).flatten()
            })
        };
        return Some((of(["remaining", "r"]), of(["reset", "t"])?));
    }
    ["ratelimit", "x-ratelimit"].into_iter().find_map(|prefix| {
        let number = |name: &str| said(&format!("{prefix}-{name}"))?.trim().parse().ok();
        Some((number("remaining"), number("reset")?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use yibiao_http_client::{HeaderName, HeaderValue};

    const NOW: i64 = 1_790_000_000;

    fn seconds(status: u16, said: &[(&'static str, &'static str)]) -> Option<u64> {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pause(&said.iter().map(header).collect(), status, NOW).map(|pause| pause.as_secs())
    }

    #[test]
    fn a_limit_is_kept_however_it_is_said() {
        assert_eq!(seconds(429, &[("retry-after", "7")]), Some(7));
        assert_eq!(seconds(503, &[("retry-after", "Mon, 21 Sep 2026 14:14:00 GMT")]), Some(40));
        assert_eq!(seconds(429, &[("x-ratelimit-reset", "1790000030")]), Some(30));
        assert_eq!(seconds(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")]), Some(9));
        assert_eq!(seconds(200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "9")]), Some(9));
        assert_eq!(seconds(200, &[("ratelimit", "limit=10, remaining=0, reset=8")]), Some(8));
        assert_eq!(seconds(200, &[("ratelimit", "\"default\";r=0;t=6")]), Some(6));
        assert_eq!(seconds(200, &[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "9")]), None);
        assert_eq!(seconds(200, &[("retry-after", "7")]), None);
        assert_eq!(seconds(429, &[("retry-after", "99999999")]), Some(86_400));
        assert_eq!(seconds(429, &[("retry-after", "soon")]), None);
    }
}
