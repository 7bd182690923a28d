//! The bare limit: no keys, no admission, only a load and a comparison in an array by index.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Peer;
use crate::suite::workload::Pattern;

pub struct BareArray {
    peaks: Box<[AtomicU64]>,
}

impl<K: 'static> Peer<K> for BareArray {
    type Subject<'k> = usize;

    fn fresh(capacity: usize) -> Self {
        Self { peaks: (0..capacity).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Scattered by an odd factor, as a hash would, so that a walk over the principals is not a
    /// walk over the array.
    fn subject(&self, _key: &K, index: usize) -> usize {
        index.wrapping_mul(0x9E37_79B1) % self.peaks.len()
    }

    #[inline]
    fn record(&self, index: &mut usize, bytes: u64) {
        super::raise(&self.peaks[*index], bytes);
    }

    #[inline]
    fn peak(&self, index: &mut usize) -> u64 {
        self.peaks[*index].load(Relaxed)
    }

    fn takes(pattern: Pattern) -> bool {
        matches!(pattern, Pattern::NotRaised | Pattern::Raised | Pattern::Read)
    }
}
