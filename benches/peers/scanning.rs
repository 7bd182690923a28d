//! The replacement rule over a map without an order: what a ledger on any of these maps has to do
//! at capacity.

use super::Peer;

/// A concurrent map of peaks, as far as [`ScanningLedger`] needs it.
pub trait PeakMap<K>: Send + Sync + 'static {
    fn fresh(capacity: usize) -> Self;
    /// Raises the peak of a resident to at least `bytes`; false if `key` is not one.
    fn raise(&self, key: &K, bytes: u64) -> bool;
    /// Takes `key` in with `bytes`, or raises it if another thread was first.
    fn insert(&self, key: K, bytes: u64);
    fn remove(&self, key: &K);
    fn peak(&self, key: &K) -> Option<u64>;
    fn len(&self) -> usize;
    /// The resident with the lowest peak, found by visiting all of them.
    fn lowest(&self) -> Option<(K, u64)>;
}

/// The ledger that `highwater` replaces, over any map: size and victim are only approximate under
/// races.
pub struct ScanningLedger<M> {
    map: M,
    capacity: usize,
}

impl<K: Clone + Send + Sync + 'static, M: PeakMap<K>> Peer<K> for ScanningLedger<M> {
    type Subject<'k> = &'k K;

    fn fresh(capacity: usize) -> Self {
        Self { map: M::fresh(capacity), capacity }
    }

    fn subject<'k>(&self, key: &'k K, _index: usize) -> &'k K {
        key
    }

    #[inline]
    fn record(&self, key: &mut &K, bytes: u64) {
        if self.map.raise(key, bytes) {
            return;
        }
        if self.map.len() >= self.capacity {
            match self.map.lowest() {
                Some((_, lowest)) if bytes <= lowest => return,
                Some((victim, _)) => self.map.remove(&victim),
                None => {}
            }
        }
        self.map.insert((*key).clone(), bytes);
    }

    #[inline]
    fn peak(&self, key: &mut &K) -> u64 {
        self.map.peak(key).unwrap_or(0)
    }
}

/// Keeps the lowest of the residents it is shown, cloning the key at each new minimum.
pub struct Lowest<K>(Option<(K, u64)>);

impl<K: Clone> Lowest<K> {
    pub fn new() -> Self {
        Self(None)
    }

    pub fn offer(&mut self, key: &K, peak: u64) {
        if self.0.as_ref().is_none_or(|(_, lowest)| peak < *lowest) {
            self.0 = Some((key.clone(), peak));
        }
    }

    pub fn found(self) -> Option<(K, u64)> {
        self.0
    }
}
