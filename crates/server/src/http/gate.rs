//! How much may be on its way in at once, for each system: whoever comes beyond it is asked to come again, before any of
//! its body is read.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Pushes of one system that may be taken in at once.
pub(super) const REQUESTS_MAX: usize = 256;
/// Bytes of their bodies, in KiB. A body whose length is not said counts as the longest.
const KIB_MAX: usize = 128 << 10;

/// The gate of one system.
#[derive(Debug)]
pub(super) struct Gate {
    requests: Arc<Semaphore>,
    kib: Arc<Semaphore>,
}

/// A push that is inside, until the value goes.
#[derive(Debug)]
pub(super) struct Pass {
    _request: OwnedSemaphorePermit,
    _kib: OwnedSemaphorePermit,
}

impl Gate {
    pub(super) fn new() -> Gate {
        Gate { requests: Arc::new(Semaphore::new(REQUESTS_MAX)), kib: Arc::new(Semaphore::new(KIB_MAX)) }
    }

    /// Lets a body of so many bytes in, where there is room.
    pub(super) fn enter(&self, bytes: usize) -> Option<Pass> {
        let kib = u32::try_from(bytes.div_ceil(1 << 10).min(KIB_MAX)).ok()?;
        Some(Pass {
            _request: Arc::clone(&self.requests).try_acquire_owned().ok()?,
            _kib: Arc::clone(&self.kib).try_acquire_many_owned(kib).ok()?,
        })
    }

    /// How many pushes are inside, and their bytes.
    pub(super) fn inside(&self) -> (usize, usize) {
        let kib = KIB_MAX - self.kib.available_permits();
        (REQUESTS_MAX - self.requests.available_permits(), kib << 10)
    }

    /// The bytes that may be inside.
    pub(super) fn bytes_max() -> usize {
        KIB_MAX << 10
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_makes_room_for_who_comes() {
        let gate = Gate::new();
        let mut inside: Vec<Pass> = (0..REQUESTS_MAX).map(|_| gate.enter(1).unwrap()).collect();
        assert!(gate.enter(1).is_none());
        assert_eq!(gate.inside(), (REQUESTS_MAX, REQUESTS_MAX << 10));
        inside.pop();
        assert!(gate.enter(1).is_some());
        inside.clear();
        let large = gate.enter(Gate::bytes_max()).unwrap();
        assert!(gate.enter(1).is_none(), "no bytes are left");
        drop(large);
        assert_eq!(gate.inside(), (0, 0));
    }
}
