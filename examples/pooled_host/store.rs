//! A Store that sees many leases, and what it holds after each.
//!
//! wasmtime frees an instance's memory when its *Store* is dropped, not before, and a linear memory
//! never shrinks. A Store that goes back to the pool therefore still holds whatever its
//! leaseholders grew. A host can live with that in two ways, and this one shows the second:
//!
//! - keep the instance for the next leaseholder, who then finds the last one's data and starts with
//!   the last one's memory: only for guests that trust each other;
//! - give each lease an instance of its own, with fresh memory, in the Store that is there. No
//!   principal sees another's data, and the bytes that a principal grew (its *own*) are told from
//!   those that the Store held before (*inherited*). The Store as a whole keeps growing, so it is
//!   replaced after a number of leases or above a number of bytes.
//!
//! Instances come from the engine's pool of memories, whose size bounds the host as a whole: a slot
//! for each lease that a Store may see in its life.

use std::sync::Arc;

use highwater::{
    Attribution, Budget, BudgetedLimits, Denial, Lease, LeaseReport, MemoryLedger, MeterCounters,
    MeterLimits, StoreMemoryMeter,
};
use serde::Serialize;
use wasmtime::error::Context;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Memory, PoolingAllocationConfig, Result, Store, Table,
};

use crate::guests::Guests;
use crate::workload::{Invocation, LARGEST_MEMORY_PAGES, PAGE_BYTES};

/// The largest table that the engine's pool has room for, in elements.
const LARGEST_TABLE: usize = 256 * LARGEST_MEMORY_PAGES as usize;

/// The bytes that one element of a table counts against ceilings and budgets: more than it takes.
const TABLE_ELEMENT_BYTES: usize = 32;

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
        // Up to here a used slot is zeroed by writing, which is cheaper than giving its pages back
        // and faulting them in.
        .linear_memory_keep_resident(1 << 20);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pooling))
        .memory_reservation(largest_memory as u64)
        .memory_guard_size(PAGE_BYTES as u64);
    Engine::new(&config).with_context(|| {
        format!("no room for {slots} memories; --pool or --leases-per-store should be smaller")
    })
}

/// One value for each of the three questions that a host may ask about a lease.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Measures<T> {
    /// The bytes that the lease added to its Store.
    pub own: T,
    /// The bytes that it found there, grown by earlier leaseholders.
    pub inherited: T,
    /// The bytes that the Store held in all: a memory never shrinks, so the end of a lease shows
    /// the most.
    pub total: T,
}

impl<T> Measures<T> {
    pub fn zip<U>(self, other: Measures<U>) -> Measures<(T, U)> {
        Measures {
            own: (self.own, other.own),
            inherited: (self.inherited, other.inherited),
            total: (self.total, other.total),
        }
    }

    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Measures<U> {
        Measures { own: f(self.own), inherited: f(self.inherited), total: f(self.total) }
    }

    pub fn as_ref(&self) -> Measures<&T> {
        Measures { own: &self.own, inherited: &self.inherited, total: &self.total }
    }
}

/// The bytes that one lease used, from two sources that know nothing of each other.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// As the meter counted it.
    pub metered: LeaseReport,
    /// As the engine reports the sizes of its memories.
    pub held: Measures<u64>,
    /// Whether a budget had no room for the guest to start.
    pub turned_away: bool,
}

/// A Store, and the memories and tables of all instances that it has seen.
pub struct PooledStore {
    store: Store<StoreMemoryMeter>,
    memories: Vec<Memory>,
    tables: Vec<Table>,
    leases: u32,
}

impl PooledStore {
    /// A Store that belongs to no principal until its first lease: it may hold nothing, and no
    /// principal is charged.
    pub fn new(
        engine: &Engine,
        ledger: &MemoryLedger,
        idle: BudgetedLimits,
        counters: &Arc<MeterCounters>,
    ) -> Self {
        let meter = StoreMemoryMeter::idle(idle, ledger.clone());
        let mut store = Store::new(engine, meter.counted_in(counters.clone()));
        store.limiter(|meter| meter);
        Self { store, memories: Vec::new(), tables: Vec::new(), leases: 0 }
    }

    /// Runs one guest for one principal, in an instance of its own, within the principal's budget.
    pub fn invoke(
        &mut self,
        guests: &Guests,
        invocation: &Invocation,
        budget: Option<&Budget>,
    ) -> Result<Usage> {
        self.leases += 1;
        let inherited = self.held_bytes();
        let limits = self.limits(invocation.ceiling_bytes);
        let limits = budget.map_or(limits.into(), |budget| limits.with_budget(budget));
        let mut lease = Lease::start(&mut self.store, Store::data_mut, invocation.principal, limits);
        let turned_away = match lease.instantiate_pre(guests.get(invocation.guest)) {
            Ok(instance) => {
                self.memories.extend(instance.get_memory(&mut *lease, "memory"));
                self.tables.extend(instance.get_table(&mut *lease, "table"));
                let run = instance.get_typed_func::<u32, u32>(&mut *lease, "run")?;
                run.call(&mut *lease, invocation.pages)?;
                false
            }
            Err(_) if matches!(lease.report().last_denial, Some(Denial::OverBudget { .. })) => true,
            Err(error) => return Err(error),
        };
        let metered = lease.end();
        let total = self.held_bytes();
        Ok(Usage { metered, held: Measures { own: total - inherited, inherited, total }, turned_away })
    }

    /// Limits that leave a lease `ceiling` bytes for memories and tables, on top of what the Store
    /// holds already.
    fn limits(&self, ceiling: usize) -> MeterLimits {
        let held = self.store.data().report();
        let inherited = held.total + held.table_elements * TABLE_ELEMENT_BYTES;
        MeterLimits::builder()
            .total_memory(inherited + ceiling)
            .table_element_bytes(TABLE_ELEMENT_BYTES)
            .attribution(Attribution::OwnGrowth)
            .build()
    }

    /// Leases that the Store has seen.
    pub fn leases(&self) -> u32 {
        self.leases
    }

    /// Bytes of all memories in the Store, as the engine has them.
    pub fn held_bytes(&self) -> u64 {
        self.memories.iter().map(|memory| memory.data_size(&self.store) as u64).sum()
    }

    /// Bytes of all memories and tables in the Store, as the engine has them and budgets count
    /// them.
    pub fn in_use(&self) -> u64 {
        let elements: u64 = self.tables.iter().map(|table| table.size(&self.store)).sum();
        self.held_bytes() + elements * TABLE_ELEMENT_BYTES as u64
    }
}
