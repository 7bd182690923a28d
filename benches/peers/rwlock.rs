//! hashbrown behind parking_lot's readers-writer lock: residents share it, newcomers take it alone.

use std::hash::{BuildHasher, Hash};

use parking_lot::RwLock;

use super::{
    Peer,
    locked::{self, Residents},
};

pub struct RwLockLedger<K, S> {
    residents: RwLock<Residents<K, S>>,
    capacity: usize,
}

impl<K, S> Peer<K> for RwLockLedger<K, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    S: BuildHasher + Default + Send + Sync + 'static,
{
    type Subject<'k> = &'k K;

    fn fresh(capacity: usize) -> Self {
        Self { residents: RwLock::new(Residents::with_capacity_and_hasher(capacity, S::default())), capacity }
    }

    fn subject<'k>(&self, key: &'k K, _index: usize) -> &'k K {
        key
    }

    #[inline]
    fn record(&self, key: &mut &K, bytes: u64) {
        if let Some(peak) = self.residents.read().get(*key) {
            super::raise(peak, bytes);
            return;
        }
        locked::record(&mut self.residents.write(), self.capacity, key, bytes);
    }

    #[inline]
    fn peak(&self, key: &mut &K) -> u64 {
        locked::peak(&self.residents.read(), key)
    }
}
