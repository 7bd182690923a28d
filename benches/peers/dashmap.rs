//! The ledger that this crate replaces: sharded locks, and a scan of all entries for every newcomer
//! at capacity.

use std::{
    hash::{BuildHasher, Hash},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use dashmap::DashMap;

use super::scanning::{Lowest, PeakMap, ScanningLedger};

pub type DashMapLedger<K, S> = ScanningLedger<Arc<DashMap<K, AtomicU64, S>>>;

impl<K, S> PeakMap<K> for Arc<DashMap<K, AtomicU64, S>>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    S: BuildHasher + Default + Clone + Send + Sync + 'static,
{
    /// Grows as it fills, like the one replaced.
    fn fresh(_capacity: usize) -> Self {
        Arc::new(DashMap::with_hasher(S::default()))
    }

    #[inline]
    fn raise(&self, key: &K, bytes: u64) -> bool {
        self.get(key).inspect(|peak| _ = peak.fetch_max(bytes, Relaxed)).is_some()
    }

    fn insert(&self, key: K, bytes: u64) {
        self.entry(key).or_default().fetch_max(bytes, Relaxed);
    }

    fn remove(&self, key: &K) {
        DashMap::remove(self, key);
    }

    #[inline]
    fn peak(&self, key: &K) -> Option<u64> {
        self.get(key).map(|peak| peak.load(Relaxed))
    }

    fn len(&self) -> usize {
        DashMap::len(self)
    }

    fn lowest(&self) -> Option<(K, u64)> {
        let mut lowest = Lowest::new();
        for entry in self.iter() {
            lowest.offer(entry.key(), entry.value().load(Relaxed));
        }
        lowest.found()
    }
}
