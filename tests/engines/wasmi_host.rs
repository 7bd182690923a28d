//! A wasmi Store.

use highwater::{MemoryLedger, MeterLimits, StoreMemoryMeter};
use wasmi::{Config, Engine, Instance, Memory, Module, Store};

use super::{Host, PAGE, id};

pub struct WasmiHost {
    store: Store<StoreMemoryMeter>,
    instances: Vec<Instance>,
    memories: Vec<Memory>,
}

impl WasmiHost {
    fn on(engine: &Engine, meter: StoreMemoryMeter) -> Self {
        let mut store = Store::new(engine, meter);
        store.limiter(|meter| meter);
        Self { store, instances: Vec::new(), memories: Vec::new() }
    }
}

impl Host for WasmiHost {
    const ASKS_PAST_MAXIMUM: bool = false;

    fn new(meter: StoreMemoryMeter) -> Self {
        Self::on(&Engine::default(), meter)
    }

    /// wasmi pays for growth with fuel, after the limiter has approved it.
    fn cramped(meter: StoreMemoryMeter) -> Self {
        let mut config = Config::default();
        config.consume_fuel(true);
        let mut host = Self::on(&Engine::new(&config), meter);
        host.store.set_fuel(100_000).unwrap();
        host
    }

    fn instantiate(&mut self, wat: &str) -> Result<usize, String> {
        let module = Module::new(self.store.engine(), wat).unwrap();
        let instance = Instance::new(&mut self.store, &module, &[]).map_err(|error| error.to_string())?;
        self.memories.extend(instance.get_memory(&self.store, "m0"));
        self.instances.push(instance);
        Ok(self.instances.len() - 1)
    }

    fn call(&mut self, instance: usize, function: &str, argument: i32) -> Result<i32, String> {
        let function = self.instances[instance].get_typed_func::<i32, i32>(&self.store, function).unwrap();
        function.call(&mut self.store, argument).map_err(|error| error.to_string())
    }

    fn meter(&mut self) -> &mut StoreMemoryMeter {
        self.store.data_mut()
    }

    fn engine_bytes(&mut self) -> usize {
        self.memories.iter().map(|memory| memory.data_size(&self.store)).sum()
    }
}

/// wasmi keeps what an instantiation made before it failed, so nothing may be withdrawn: the limit
/// on the number of memories shows that the first of two is still there.
pub fn a_failed_instantiation_keeps_what_it_made() {
    let limits = MeterLimits::builder().total_memory(3 * PAGE).memories(2).build();
    let ledger = MemoryLedger::default();
    let mut config = Config::default();
    config.wasm_multi_memory(true);
    let meter = StoreMemoryMeter::with_limits(limits, id("alice"), ledger.clone());
    let mut host = WasmiHost::on(&Engine::new(&config), meter);

    assert!(host.instantiate("(module (memory 2) (memory 2))").is_err(), "the second is over the ceiling");
    assert_eq!(host.meter().report().total, 2 * PAGE);
    assert!(host.instantiate("(module (memory 1))").is_ok());
    assert!(host.instantiate("(module (memory 0))").is_err(), "there are two memories already");
    host.meter().settle();
    assert_eq!(ledger.peak(&id("alice")), 3 * PAGE as u64);
}
