//! A pool of Stores that worker threads lease from.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use highwater::{BudgetedLimits, MemoryLedger, MeterCounters, MeterLimits, MeterStats};
use wasmtime::Engine;

use crate::budgets::Budgets;
use crate::store::PooledStore;

/// A Store that holds more than this is replaced, however few leases it has seen.
const RETIRE_ABOVE_BYTES: u64 = 128 << 20;

/// The data that the pool's lock protects.
struct Places {
    /// Places that are not leased. A place without a Store gets one when it is leased.
    idle: Vec<Option<PooledStore>>,
    /// The number of workers that wait for a place: a return wakes one only if there is one.
    waiting: usize,
}

/// A fixed number of Stores for any number of workers.
pub struct StorePool<'a> {
    engine: &'a Engine,
    ledger: &'a MemoryLedger,
    budgets: Option<&'a Budgets>,
    /// Of all Stores that the pool has made.
    counters: Arc<MeterCounters>,
    leases_per_store: u32,
    places: Mutex<Places>,
    returned: Condvar,
    stores_made: AtomicU64,
}

impl<'a> StorePool<'a> {
    pub fn new(
        engine: &'a Engine,
        ledger: &'a MemoryLedger,
        budgets: Option<&'a Budgets>,
        stores: usize,
        leases_per_store: u32,
    ) -> Self {
        Self {
            engine,
            ledger,
            budgets,
            counters: Arc::default(),
            leases_per_store,
            places: Mutex::new(Places { idle: (0..stores).map(|_| None).collect(), waiting: 0 }),
            returned: Condvar::new(),
            stores_made: AtomicU64::new(0),
        }
    }

    /// Waits until a Store is idle, and takes it until the lease is dropped.
    pub fn lease(&self) -> Lease<'_> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.waiting += 1;
        let mut places = self
            .returned
            .wait_while(places, |places| places.idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        places.waiting -= 1;
        let place = places.idle.pop().expect("woken only when there is one");
        drop(places);
        let store = place.unwrap_or_else(|| {
            self.stores_made.fetch_add(1, Ordering::Relaxed);
            PooledStore::new(self.engine, self.ledger, self.idle(), &self.counters)
        });
        Lease { store: Some(store), pool: self }
    }

    /// Stores made so far, replacements included.
    pub fn stores_made(&self) -> u64 {
        self.stores_made.load(Ordering::Relaxed)
    }

    /// The growths that the meters of all these Stores have allowed and denied.
    pub fn growths(&self) -> MeterStats {
        self.counters.stats()
    }

    /// Bytes that the engine holds for all Stores that are not leased, as budgets count them.
    pub fn in_use(&self) -> u64 {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.idle.iter().flatten().map(PooledStore::in_use).sum()
    }

    /// The limits while no principal holds a Store: it may grow nothing.
    fn idle(&self) -> BudgetedLimits {
        let nothing = MeterLimits::total(0);
        self.budgets.map_or(nothing.into(), |budgets| nothing.with_budget(budgets.host()))
    }

    /// Whether a Store may go back to the pool, or has seen or kept too much.
    fn may_return(&self, store: &PooledStore) -> bool {
        store.leases() < self.leases_per_store
            && store.held_bytes() <= RETIRE_ABOVE_BYTES
            && self.budgets.is_none_or(|budgets| !budgets.are_short())
    }
}

/// A Store in use; it goes back to its pool when the lease is dropped.
pub struct Lease<'a> {
    /// Present until the drop.
    store: Option<PooledStore>,
    pool: &'a StorePool<'a>,
}

impl Deref for Lease<'_> {
    type Target = PooledStore;

    fn deref(&self) -> &PooledStore {
        self.store.as_ref().expect("present until the drop")
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut PooledStore {
        self.store.as_mut().expect("present until the drop")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // A worn Store is dropped here, outside the lock, and before its place (hence its slots in
        // the engine's pool) is given to another lease.
        let place = self.store.take().filter(|store| self.pool.may_return(store));
        let mut places = self.pool.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.idle.push(place);
        if places.waiting > 0 {
            self.pool.returned.notify_one();
        }
    }
}
