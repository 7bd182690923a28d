//! A GC heap that is made for an instance, whether or not that can be created. Since wasmtime 46 a heap need
//! not begin empty.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

mod engines;
use ::wasmtime;
use engines::{PAGE, first_meter, id};
use first_meter::store;
use highwater::{Lease, MeterLimits, instance_remains};
use wasmtime::{Config, Instance, Module};

#[test]
fn a_gc_heap_outlives_the_instance_that_it_was_made_for() {
    let mut config = Config::new();
    config.wasm_gc(true).wasm_function_references(true).gc_heap_initial_size(3 * PAGE as u64);
    let (_, mut store) = store(&config, MeterLimits::total(10 * PAGE));
    let module = Module::new(
        store.engine(),
        "(module (type $a (array i8)) (memory 20)
           (func (drop (array.new_default $a (i32.const 5)))))",
    )
    .unwrap();
    let limits = MeterLimits::total(10 * PAGE);
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("alice"), limits);
    let heap = lease.gc_heap_capacity();
    assert!(lease.instantiate(|store| Instance::new(store, &module, &[]), instance_remains).is_err());
    let remains = lease.gc_heap_capacity() - heap;
    assert_eq!((remains, lease.report().total), (3 * PAGE, 0), "taken back with the rest");
    let known = lease.report().total;
    lease.data_mut().meter.reconcile(known + remains);
    assert_eq!(lease.end().own, store.gc_heap_capacity());
}
