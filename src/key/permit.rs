//! The permit to free retired keys, so that the drop of a key does not free others.
//!
//! The drop of a key may record in a ledger, and an admission frees keys. If such a nested call
//! freed keys as well, the stack would grow with every key that waits.

#[cfg(not(feature = "std-ledger"))]
use crate::sync::{AtomicUsize, Ordering};

/// The permit of a thread. A call from inside the drop of a key does not get one.
#[cfg(feature = "std-ledger")]
pub(super) struct FreePermit;

#[cfg(feature = "std-ledger")]
std::thread_local! {
    static HELD: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}

#[cfg(feature = "std-ledger")]
impl FreePermit {
    pub(super) fn acquire() -> Option<Self> {
        (!HELD.replace(true)).then(|| Self)
    }
}

#[cfg(feature = "std-ledger")]
impl Drop for FreePermit {
    fn drop(&mut self) {
        HELD.set(false);
    }
}

/// How many calls on one ledger may free keys at once. Without thread-local storage a nested call
/// cannot be told from a call of another thread, so this also bounds how deep drops nest.
#[cfg(not(feature = "std-ledger"))]
const PERMITS: usize = 4;

/// One of the permits of a ledger.
#[cfg(not(feature = "std-ledger"))]
pub(super) struct FreePermit<'a>(&'a AtomicUsize);

#[cfg(not(feature = "std-ledger"))]
impl<'a> FreePermit<'a> {
    /// `held` counts the permits that are taken.
    pub(super) fn acquire(held: &'a AtomicUsize) -> Option<Self> {
        // Relaxed, here and below: a count.
        let permit = Self(held);
        (held.fetch_add(1, Ordering::Relaxed) < PERMITS).then_some(permit)
    }
}

#[cfg(not(feature = "std-ledger"))]
impl Drop for FreePermit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
