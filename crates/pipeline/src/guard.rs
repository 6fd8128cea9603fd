//! A connector or adapter that panics is one that failed: it is tried again, and nothing else ends.

use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use yibiao_contract::{EdgeError, Recovery};

/// Does what an edge does. Whatever state a panic left it in, it is asked again from a cursor or position of the
/// pipeline's own.
pub(crate) async fn guarded<T>(
    attempt: &str,
    work: impl Future<Output = Result<T, EdgeError>>,
) -> Result<T, EdgeError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(panicked(attempt)))
}

/// The failure that a panic is.
pub(crate) fn panicked(attempt: &str) -> EdgeError {
    EdgeError {
        attempt: attempt.to_owned(),
        reason: "it panicked, which is a defect of it".to_owned(),
        hint: "it is tried again by itself; report it with what the log says".to_owned(),
        recovery: Recovery::Retry,
        edition: None,
    }
}
