//! The meter that this crate began with: it looks at one `desired` at a time. Kept to show what
//! each hazard does to it.

use highwater::{MemoryLedger, MeterLimits, StoreMemoryMeter};
use wasmtime::{
    Config, Engine, Error, Instance, Memory, Module, ResourceLimiter, Result, Store, WasmParams, WasmResults,
};

use super::{id, replaced_rule::ReplacedRule};

pub struct FirstMeter {
    rule: ReplacedRule,
    /// The largest `desired` allowed.
    pub recorded: usize,
}

impl FirstMeter {
    pub fn new(max_memory_bytes: usize) -> Self {
        Self { rule: ReplacedRule { max_memory_bytes }, recorded: 0 }
    }
}

impl ResourceLimiter for FirstMeter {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let allowed = self.rule.allows_memory(desired, maximum);
        if allowed {
            self.recorded = self.recorded.max(desired);
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(self.rule.allows_table(desired, maximum))
    }
}

/// The meter at work, with the first one looking on.
pub struct Both {
    pub meter: StoreMemoryMeter,
    pub first: FirstMeter,
    /// The growths that the first meter would have allowed and the meter has not.
    pub overruled: usize,
    /// Calls of each callback, to be sure that the engine behaves as described.
    pub asked: usize,
    pub failed: usize,
}

impl Both {
    pub fn new(ceiling: usize, meter: StoreMemoryMeter) -> Self {
        Self { meter, first: FirstMeter::new(ceiling), overruled: 0, asked: 0, failed: 0 }
    }
}

impl ResourceLimiter for Both {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.asked += 1;
        let first = self.first.memory_growing(current, desired, maximum)?;
        let allowed = self.meter.memory_growing(current, desired, maximum)?;
        self.overruled += usize::from(first && !allowed);
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed += 1;
        self.meter.memory_grow_failed(error)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.asked += 1;
        let first = self.first.table_growing(current, desired, maximum)?;
        let allowed = self.meter.table_growing(current, desired, maximum)?;
        self.overruled += usize::from(first && !allowed);
        Ok(allowed)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed += 1;
        self.meter.table_grow_failed(error)
    }

    fn instances(&self) -> usize {
        ResourceLimiter::instances(&self.meter)
    }

    fn tables(&self) -> usize {
        ResourceLimiter::tables(&self.meter)
    }

    fn memories(&self) -> usize {
        ResourceLimiter::memories(&self.meter)
    }
}

pub const CEILING: usize = 1 << 30;

/// A Store held by alice, and a ledger.
pub fn store(config: &Config, limits: MeterLimits) -> (MemoryLedger, Store<Both>) {
    let ledger = MemoryLedger::default();
    let meter = StoreMemoryMeter::with_limits(limits, id("alice"), ledger.clone());
    let mut store = Store::new(&Engine::new(config).unwrap(), Both::new(CEILING, meter));
    store.limiter(|both| both);
    (ledger, store)
}

pub fn instance(store: &mut Store<Both>, wat: &str) -> wasmtime::Result<Instance> {
    let module = Module::new(store.engine(), wat)?;
    Instance::new(store, &module, &[])
}

pub fn call<P: WasmParams, R: WasmResults>(
    store: &mut Store<Both>,
    instance: Instance,
    name: &str,
    with: P,
) -> R {
    let function = instance.get_typed_func::<P, R>(&mut *store, name).unwrap();
    function.call(store, with).unwrap()
}

pub fn memory(store: &mut Store<Both>, instance: Instance) -> Memory {
    instance.get_memory(store, "m0").unwrap()
}

/// The bytes that the Store holds, according to the meter, and alice's recorded peak once nothing
/// is in flight.
pub fn metered(store: &mut Store<Both>, ledger: &MemoryLedger) -> (usize, u64) {
    let meter = &mut store.data_mut().meter;
    meter.settle();
    (meter.report().total, ledger.peak(&id("alice")))
}
