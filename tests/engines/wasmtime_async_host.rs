//! A wasmtime Store whose limiter is the asynchronous one.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use highwater::{MemoryLedger, MeterLimits, StoreMemoryMeter, instance_remains};
use wasmtime::{Config, Engine, Instance, Memory, Module, Store};

use super::{Host, PAGE, id};

pub struct AsyncHost {
    store: Store<StoreMemoryMeter>,
    instances: Vec<Instance>,
    memories: Vec<Memory>,
}

/// Runs a future that never has to wait for anything outside.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

impl AsyncHost {
    fn with_config(config: &Config, meter: StoreMemoryMeter) -> Self {
        let mut store = Store::new(&Engine::new(config).unwrap(), meter);
        store.limiter_async(|meter| meter);
        Self { store, instances: Vec::new(), memories: Vec::new() }
    }
}

impl Host for AsyncHost {
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
        let instance =
            run(Instance::new_async(&mut self.store, &module, &[])).map_err(|error| format!("{error:#}"))?;
        self.memories.extend(instance.get_memory(&mut self.store, "m0"));
        self.instances.push(instance);
        Ok(self.instances.len() - 1)
    }

    fn call(&mut self, instance: usize, function: &str, argument: i32) -> Result<i32, String> {
        let function =
            self.instances[instance].get_typed_func::<i32, i32>(&mut self.store, function).unwrap();
        run(function.call_async(&mut self.store, argument)).map_err(|error| format!("{error:#}"))
    }

    fn meter(&mut self) -> &mut StoreMemoryMeter {
        self.store.data_mut()
    }

    fn engine_bytes(&mut self) -> usize {
        self.memories.iter().map(|memory| memory.data_size(&self.store)).sum()
    }
}

/// There is no `Lease::instantiate` for futures, but what it does.
pub fn a_failed_instantiation_is_withdrawn() {
    let ledger = MemoryLedger::default();
    let meter = StoreMemoryMeter::with_limits(MeterLimits::total(10 * PAGE), id("alice"), ledger.clone());
    let mut host = AsyncHost::new(meter);
    for (wat, pages) in [
        ("(module (memory 3) (memory 8))", 0),
        (include_str!("../guests/start_traps.wat"), 3),
        ("(module (memory 7) (table 1 funcref))", 3),
    ] {
        let module = Module::new(host.store.engine(), wat).unwrap();
        let mark = host.meter().mark();
        let error = run(Instance::new_async(&mut host.store, &module, &[])).unwrap_err();
        if instance_remains(&error) {
            host.meter().settle()
        } else {
            host.meter().withdraw(mark)
        }
        assert_eq!(host.meter().report().total, pages * PAGE, "{error:?}");
    }
    assert_eq!(ledger.peak(&id("alice")), 3 * PAGE as u64);
}
