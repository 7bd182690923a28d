//! A wasmtime Store, of whichever version the test calls `wasmtime`.

use highwater::StoreMemoryMeter;

use super::{Host, PAGE};
use crate::wasmtime::{Config, Engine, Instance, Memory, Module, ResourceLimiter, Store};

/// The carrier of the meter in the Store's data: the meter, or a type of the user's own around it.
pub trait Carrier: ResourceLimiter + Send + 'static {
    fn around(meter: StoreMemoryMeter) -> Self;
    fn meter(&mut self) -> &mut StoreMemoryMeter;
}

pub struct WasmtimeHost<C: 'static> {
    store: Store<C>,
    instances: Vec<Instance>,
    memories: Vec<Memory>,
}

impl<C: Carrier> WasmtimeHost<C> {
    fn with_config(config: &Config, meter: StoreMemoryMeter) -> Self {
        let mut store = Store::new(&Engine::new(config).unwrap(), C::around(meter));
        store.limiter(|carrier| carrier);
        Self { store, instances: Vec::new(), memories: Vec::new() }
    }
}

impl<C: Carrier> Host for WasmtimeHost<C> {
    const ASKS_PAST_MAXIMUM: bool = true;

    fn new(meter: StoreMemoryMeter) -> Self {
        Self::with_config(&Config::new(), meter)
    }

    fn cramped(meter: StoreMemoryMeter) -> Self {
        let mut config = Config::new();
        config.memory_may_move(false).memory_reservation(8 * PAGE as u64).memory_reservation_for_growth(0);
        Self::with_config(&config, meter)
    }

    fn instantiate(&mut self, wat: &str) -> Result<usize, String> {
        let module = Module::new(self.store.engine(), wat).unwrap();
        let instance = Instance::new(&mut self.store, &module, &[]).map_err(|error| format!("{error:#}"))?;
        self.memories.extend(instance.get_memory(&mut self.store, "m0"));
        self.instances.push(instance);
        Ok(self.instances.len() - 1)
    }

    fn call(&mut self, instance: usize, function: &str, argument: i32) -> Result<i32, String> {
        let function =
            self.instances[instance].get_typed_func::<i32, i32>(&mut self.store, function).unwrap();
        function.call(&mut self.store, argument).map_err(|error| format!("{error:#}"))
    }

    fn meter(&mut self) -> &mut StoreMemoryMeter {
        self.store.data_mut().meter()
    }

    fn engine_bytes(&mut self) -> usize {
        self.memories.iter().map(|memory| memory.data_size(&self.store)).sum()
    }
}

/// The one thing that only the words of an error tell, so it is tried on each version of wasmtime.
pub fn a_failure_that_nobody_approved_is_known_by_its_words<C: Carrier>() {
    let ledger = highwater::MemoryLedger::default();
    let limits = highwater::MeterLimits::total(1 << 20);
    let mut config = Config::new();
    config.wasm_custom_page_sizes(true).wasm_memory64(true);
    let meter = StoreMemoryMeter::with_limits(limits, super::id("alice"), ledger.clone());
    let mut host = WasmtimeHost::<C>::with_config(&config, meter);

    let bytes = host.instantiate(include_str!("../guests/byte_pages.wat")).unwrap();
    assert_eq!(host.call(bytes, "grow", 1_000), Ok(1));
    assert_eq!(host.call(bytes, "grow", -1_000), Ok(-1), "past 4 GiB");
    assert_eq!(host.checked_total(), 1_001);

    let wide = host.instantiate(include_str!("../guests/sixty_four_bit.wat")).unwrap();
    let grow = host.instances[wide].get_typed_func::<i64, i64>(&mut host.store, "grow_table").unwrap();
    assert_eq!(grow.call(&mut host.store, 90).unwrap(), 10);
    assert_eq!(grow.call(&mut host.store, -1).unwrap(), -1, "past what can be counted");
    let report = host.meter().report();
    assert_eq!((report.table_elements, report.denied), (100, 2));
    assert_eq!(report.last_denial, Some(highwater::Denial::OverTypeMaximum));
    host.meter().settle();
    assert_eq!(ledger.peak(&super::id("alice")), host.engine_bytes() as u64);
}
