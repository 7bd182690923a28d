//! Random numbers for one level of urgency.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A sequence that only its caller draws from, so loads and stores suffice.
pub(crate) struct Random(AtomicU32);

impl Random {
    /// The sequence of `seed`, which is not 0.
    pub(crate) const fn new(seed: u32) -> Self {
        assert!(seed != 0);
        Self(AtomicU32::new(seed))
    }

    /// A random number below `bound` (Marsaglia's xorshift32, reduced by multiplication).
    pub(crate) fn below(&self, bound: u32) -> u32 {
        let mut x = self.0.load(Relaxed);
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.0.store(x, Relaxed);
        ((u64::from(x) * u64::from(bound)) >> 32) as u32
    }
}
