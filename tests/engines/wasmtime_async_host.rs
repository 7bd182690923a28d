//! A wasmtime Store whose limiter is the asynchronous one.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use highwater::{Lease, MemoryLedger, MeterLimits, StoreMemoryMeter, instance_remains};
use wasmtime::{Config, Engine, Instance, Linker, Memory, Module, Store};

use super::{Host, PAGE, id};

pub struct AsyncHost {
    store: Store<StoreMemoryMeter>,
    instances: Vec<Instance>,
    memories: Vec<Memory>,
}

/// Runs a future that never has to wait for anything outside.
pub fn run<F: Future>(future: F) -> F::Output {
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

/// The account after the instantiation of a future.
pub fn a_failed_instantiation_is_withdrawn_if_nothing_was_created() {
    let ledger = MemoryLedger::default();
    let meter = StoreMemoryMeter::idle(MeterLimits::total(10 * PAGE), ledger.clone());
    let mut host = AsyncHost::new(meter);
    let limits = MeterLimits::total(10 * PAGE);
    let mut lease = Lease::start(&mut host.store, Store::data_mut, id("alice"), limits);
    for (wat, pages) in [
        ("(module (memory 3) (memory 8))", 0),
        (include_str!("../guests/start_traps.wat"), 3),
        ("(module (memory 6) (table 100000 funcref))", 3),
    ] {
        let module = Module::new(lease.engine(), wat).unwrap();
        let guest = Linker::new(lease.engine()).instantiate_pre(&module).unwrap();
        assert!(run(is_send(lease.instantiate_pre_async(&guest))).is_err());
        assert_eq!(lease.report().total, pages * PAGE, "{wat}");
    }
    let module = Module::new(lease.engine(), "(module (memory 3) (memory 8))").unwrap();
    let through_a_closure = lease
        .instantiate_async(async |store| Instance::new_async(store, &module, &[]).await, instance_remains);
    assert!(run(is_send(through_a_closure)).is_err());
    assert_eq!(lease.report().total, 6 * PAGE, "a closure may do anything");
    drop(lease);
    assert_eq!(ledger.peak(&id("alice")), 6 * PAGE as u64);
}

/// Most hosts move their futures between threads.
fn is_send<F: Future + Send>(future: F) -> F {
    future
}
