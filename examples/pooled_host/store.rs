//! A Store that sees many leases, and what it holds after each.
//!
//! wasmtime frees an instance's memory when its *Store* is dropped, not before, and a linear memory never shrinks. A
//! Store that goes back to the pool therefore still holds whatever its leaseholders grew. A host can live with that in
//! two ways, and this one shows the second:
//!
//! - keep the instance for the next leaseholder, who then finds the last one's data and starts with the last one's
//!   memory: only for guests that trust each other;
//! - give each lease an instance of its own, with fresh memory, in the Store that is there. Nobody sees another's
//!   data, and what a principal grew (its *own* bytes) can be told from what the Store held before (*inherited*). The
//!   Store as a whole keeps growing, so it is replaced after a number of leases or above a number of bytes.
//!
//! Instances come from the engine's pool of memories, whose size bounds the host as a whole: a slot for each lease
//! that a Store may see in its life.

use highwater::{MemoryLedger, PrincipalId};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, Memory, PoolingAllocationConfig, Result, Store};

use crate::guests::Guests;
use crate::meter::StoreMemoryMeter;
use crate::workload::{Invocation, LARGEST_MEMORY_PAGES, PAGE_BYTES};

/// The largest table that the engine's pool has room for, in elements.
const LARGEST_TABLE: usize = 256 * LARGEST_MEMORY_PAGES as usize;

/// An engine whose pool has room for `stores` Stores with `leases` instances each.
pub fn engine(stores: usize, leases: u32) -> Result<Engine> {
    let slots = u32::try_from(stores)?.saturating_mul(leases);
    let largest_memory = LARGEST_MEMORY_PAGES as usize * PAGE_BYTES;
    let mut pooling = PoolingAllocationConfig::new();
    pooling
        .total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots)
        .max_memory_size(largest_memory)
        .table_elements(LARGEST_TABLE)
        // Up to here a used slot is zeroed by writing, which is cheaper than giving its pages back and faulting them in.
        .linear_memory_keep_resident(1 << 20);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pooling))
        .memory_reservation(largest_memory as u64)
        .memory_guard_size(PAGE_BYTES as u64);
    Engine::new(&config)
}

/// What a principal used in one lease, in bytes, as the engine reports it for its memories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Held by the Store before the lease.
    pub inherited: u64,
    /// Held by the Store at its end: a memory never shrinks, so this is also the most it held.
    pub total: u64,
    /// How often the guest was told no.
    pub denied_grows: u64,
}

impl Usage {
    /// What this lease added.
    pub fn own(&self) -> u64 {
        self.total - self.inherited
    }
}

/// A Store and the memories of all instances that it has seen.
pub struct PooledStore {
    store: Store<StoreMemoryMeter>,
    memories: Vec<Memory>,
    leases: u32,
}

impl PooledStore {
    pub fn new(engine: &Engine, ledger: &MemoryLedger) -> Self {
        // Nobody's until its first lease: a ceiling of 0 allows nothing, so nothing is charged either.
        let meter = StoreMemoryMeter::new(0, PrincipalId::default(), ledger.clone());
        let mut store = Store::new(engine, meter);
        store.limiter(|meter| meter);
        Self { store, memories: Vec::new(), leases: 0 }
    }

    /// Runs one guest for one principal, in an instance of its own.
    pub fn invoke(&mut self, guests: &Guests, invocation: &Invocation) -> Result<Usage> {
        self.leases += 1;
        let inherited = self.held_bytes();
        let denied_before = self.store.data().denied;
        self.store.data_mut().set(invocation.ceiling_bytes, invocation.principal);
        let instance = guests.get(invocation.guest).instantiate(&mut self.store)?;
        self.memories.extend(instance.get_memory(&mut self.store, "memory"));
        let run = instance.get_typed_func::<u32, u32>(&mut self.store, "run")?;
        run.call(&mut self.store, invocation.pages)?;
        let denied_grows = self.store.data().denied - denied_before;
        Ok(Usage { inherited, total: self.held_bytes(), denied_grows })
    }

    /// Leases that the Store has seen.
    pub fn leases(&self) -> u32 {
        self.leases
    }

    /// Bytes of all memories in the Store, as the engine has them.
    pub fn held_bytes(&self) -> u64 {
        self.memories.iter().map(|memory| memory.data_size(&self.store) as u64).sum()
    }
}
