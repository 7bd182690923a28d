//! hashbrown behind a spin lock: what a host without `std` would write.

use std::hash::{BuildHasher, Hash};

use spin::Mutex;

use super::{
    Peer,
    locked::{self, Residents},
};

pub struct SpinLockLedger<K, S> {
    residents: Mutex<Residents<K, S>>,
    capacity: usize,
}

impl<K, S> Peer<K> for SpinLockLedger<K, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    S: BuildHasher + Default + Send + Sync + 'static,
{
    type Subject<'k> = &'k K;

    fn fresh(capacity: usize) -> Self {
        Self { residents: Mutex::new(Residents::with_capacity_and_hasher(capacity, S::default())), capacity }
    }

    fn subject<'k>(&self, key: &'k K, _index: usize) -> &'k K {
        key
    }

    #[inline]
    fn record(&self, key: &mut &K, bytes: u64) {
        locked::record(&mut self.residents.lock(), self.capacity, key, bytes);
    }

    #[inline]
    fn peak(&self, key: &mut &K) -> u64 {
        locked::peak(&self.residents.lock(), key)
    }
}
