//! The work of the ledgers behind one lock while they hold it.

use std::{
    hash::{BuildHasher, Hash},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use hashbrown::HashMap;

use super::scanning::Lowest;

pub type Residents<K, S> = HashMap<K, AtomicU64, S>;

/// Records under an exclusive lock, so exactly: raises a resident, or admits a newcomer above the
/// lowest.
#[inline]
pub fn record<K, S>(residents: &mut Residents<K, S>, capacity: usize, key: &K, bytes: u64)
where
    K: Hash + Eq + Clone,
    S: BuildHasher,
{
    if let Some(peak) = residents.get_mut(key) {
        let peak = peak.get_mut();
        *peak = bytes.max(*peak);
        return;
    }
    if residents.len() >= capacity {
        let mut lowest = Lowest::new();
        for (key, peak) in &*residents {
            lowest.offer(key, peak.load(Relaxed));
        }
        match lowest.found() {
            Some((_, lowest)) if bytes <= lowest => return,
            Some((victim, _)) => _ = residents.remove(&victim),
            None => {}
        }
    }
    residents.insert(key.clone(), AtomicU64::new(bytes));
}

#[inline]
pub fn peak<K: Hash + Eq, S: BuildHasher>(residents: &Residents<K, S>, key: &K) -> u64 {
    residents.get(key).map_or(0, |peak| peak.load(Relaxed))
}
