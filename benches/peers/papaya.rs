//! The same rule over papaya's lock-free map.

use std::{
    hash::{BuildHasher, Hash},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use papaya::HashMap;

use super::scanning::{Lowest, PeakMap, ScanningLedger};

pub type PapayaLedger<K, S> = ScanningLedger<HashMap<K, AtomicU64, S>>;

impl<K, S> PeakMap<K> for HashMap<K, AtomicU64, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    S: BuildHasher + Default + Send + Sync + 'static,
{
    fn fresh(capacity: usize) -> Self {
        HashMap::with_capacity_and_hasher(capacity, S::default())
    }

    #[inline]
    fn raise(&self, key: &K, bytes: u64) -> bool {
        self.pin().get(key).inspect(|peak| super::raise(peak, bytes)).is_some()
    }

    fn insert(&self, key: K, bytes: u64) {
        super::raise(self.pin().get_or_insert_with(key, AtomicU64::default), bytes);
    }

    fn remove(&self, key: &K) {
        self.pin().remove(key);
    }

    #[inline]
    fn peak(&self, key: &K) -> Option<u64> {
        self.pin().get(key).map(|peak| peak.load(Relaxed))
    }

    fn len(&self) -> usize {
        HashMap::len(self)
    }

    fn lowest(&self) -> Option<(K, u64)> {
        let mut lowest = Lowest::new();
        for (key, peak) in &self.pin() {
            lowest.offer(key, peak.load(Relaxed));
        }
        lowest.found()
    }
}
