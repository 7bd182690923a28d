//! The same rule over scc's `HashIndex`, whose reads take no lock (its `HashMap` locks a bucket for
//! each).

use std::{
    hash::{BuildHasher, Hash},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use scc::{Guard, HashIndex};

use super::scanning::{Lowest, PeakMap, ScanningLedger};

pub type SccLedger<K, S> = ScanningLedger<Index<K, S>>;

pub struct Index<K, S: BuildHasher> {
    peaks: HashIndex<K, AtomicU64, S>,
    /// Beside the index, since its own `len` visits every bucket.
    len: AtomicUsize,
}

impl<K, S> PeakMap<K> for Index<K, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    S: BuildHasher + Default + Send + Sync + 'static,
{
    fn fresh(capacity: usize) -> Self {
        Self { peaks: HashIndex::with_capacity_and_hasher(capacity, S::default()), len: AtomicUsize::new(0) }
    }

    #[inline]
    fn raise(&self, key: &K, bytes: u64) -> bool {
        self.peaks.peek_with(key, |_, peak| super::raise(peak, bytes)).is_some()
    }

    fn insert(&self, key: K, bytes: u64) {
        match self.peaks.insert_sync(key, AtomicU64::new(bytes)) {
            Ok(()) => _ = self.len.fetch_add(1, Relaxed),
            Err((key, _)) => _ = self.raise(&key, bytes),
        }
    }

    fn remove(&self, key: &K) {
        if self.peaks.remove_sync(key) {
            self.len.fetch_sub(1, Relaxed);
        }
    }

    #[inline]
    fn peak(&self, key: &K) -> Option<u64> {
        self.peaks.peek_with(key, |_, peak| peak.load(Relaxed))
    }

    fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    fn lowest(&self) -> Option<(K, u64)> {
        let (guard, mut lowest) = (Guard::new(), Lowest::new());
        for (key, peak) in self.peaks.iter(&guard) {
            lowest.offer(key, peak.load(Relaxed));
        }
        lowest.found()
    }
}
