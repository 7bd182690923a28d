//! A GC heap that is made for an instance, whether or not that can be created. Since wasmtime 46 a
//! heap need not begin empty.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

mod engines;
use ::wasmtime;
use engines::{PAGE, first_meter, id};
use first_meter::store;
use highwater::{Lease, MeterLimits};
use wasmtime::{Config, Linker, Module};

#[test]
fn a_gc_heap_outlives_the_instance_that_it_was_made_for() {
    let mut config = Config::new();
    config.wasm_gc(true).wasm_function_references(true).gc_heap_initial_size(3 * PAGE as u64);
    config.wasm_multi_memory(true);
    for memories in ["(memory 20)", "(memory 2) (memory 20)", "(memory 2) (table 10000000 funcref)"] {
        let limits = MeterLimits::total(10 * PAGE);
        let (ledger, mut store) = store(&config, limits);
        let wat = format!(
            "(module (type $a (array i8)) {memories} (func (drop (array.new_default $a (i32.const 5)))))"
        );
        let module = Module::new(store.engine(), wat).unwrap();
        let guest = Linker::new(store.engine()).instantiate_pre(&module).unwrap();
        let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("bob"), limits);
        for _ in 0..3 {
            assert!(lease.instantiate_pre(&guest).is_err());
            assert_eq!(lease.gc_heap_capacity(), 3 * PAGE);
            assert_eq!(lease.report().own, 3 * PAGE, "{memories}");
        }
        drop(lease);
        assert_eq!(ledger.peak(&id("bob")), 3 * PAGE as u64);
    }
}
