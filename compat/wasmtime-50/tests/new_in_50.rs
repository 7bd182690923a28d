//! What wasmtime 50 asks and says that earlier versions did not, with real guests.

#[path = "../../../tests/engines/mod.rs"]
mod engines;

use ::wasmtime;
use engines::{
    PAGE,
    first_meter::{Both, CEILING, call, instance, memory, metered, store},
    id,
};
use highwater::{Denial, MemoryLedger, MeterLimits, StoreMemoryMeter};
use wasmtime::{Config, Engine, Error, ResourceLimiter, Result, Store};

fn with_gc() -> Config {
    let mut config = Config::new();
    config.wasm_gc(true).wasm_function_references(true);
    config
}

#[test]
fn a_gc_heap_that_the_host_grows_is_asked_about() {
    let (ledger, mut store) = store(&with_gc(), MeterLimits::total(64 * PAGE));
    let grower = instance(&mut store, include_str!("../../../tests/guests/grower.wat")).unwrap();
    let everything =
        |store: &mut Store<Both>| store.gc_heap_capacity() + memory(store, grower).data_size(&*store);
    for bytes in [1, 3 * PAGE as u64, 9 * PAGE as u64] {
        let (before, asked) = (store.gc_heap_capacity(), store.data().asked);
        store.gc_heap_grow(bytes).unwrap();
        assert!(store.gc_heap_capacity() as u64 >= before as u64 + bytes);
        assert!(store.data().asked > asked);
        let real = everything(&mut store);
        assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    }

    let (before, failed) = (store.gc_heap_capacity(), store.data().failed);
    store.gc_heap_grow(64 * PAGE as u64).unwrap_err();
    assert_eq!(
        (store.gc_heap_capacity(), store.data().failed),
        (before, failed),
        "denied, so nothing failed"
    );
    let real = everything(&mut store);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    assert_eq!(store.data().meter.report().last_denial, Some(Denial::OverCeiling));

    // A guest goes on in the heap that the host has made.
    let list = instance(&mut store, include_str!("../../../tests/guests/list.wat")).unwrap();
    assert_eq!(call::<i32, i32>(&mut store, list, "grow", 5_000), 0);
    let real = everything(&mut store);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
}

#[test]
fn a_gc_heap_that_cannot_grow_is_taken_back() {
    let mut config = with_gc();
    config.gc_heap_reservation(4 * PAGE as u64).gc_heap_reservation_for_growth(0).gc_heap_may_move(false);
    let (ledger, mut store) = store(&config, MeterLimits::total(CEILING));
    store.gc_heap_grow(1).unwrap();
    let (real, failed) = (store.gc_heap_capacity(), store.data().failed);
    store.gc_heap_grow(40 * PAGE as u64).unwrap_err();
    assert_eq!((store.gc_heap_capacity(), store.data().failed), (real, failed + 1));
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    assert_eq!(store.data().meter.report().last_denial, Some(Denial::FailedByEngine));
}

/// A host that leaves a table's maximum to the engine.
struct Careless {
    meter: StoreMemoryMeter,
    failures: Vec<String>,
}

impl ResourceLimiter for Careless {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.meter.memory_growing(current, desired, maximum)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.meter.table_growing(current, desired, None)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failures.push(error.to_string());
        self.meter.table_grow_failed(error)
    }
}

/// An approved growth that the engine fails for the table's type must be taken back, and one that overflows, which was never
/// approved, must leave the growth before it alone.
#[test]
fn a_table_past_its_type_comes_through_the_callback() {
    let mut config = Config::new();
    config.wasm_memory64(true);
    let meter =
        StoreMemoryMeter::with_limits(MeterLimits::total(CEILING), id("alice"), MemoryLedger::default());
    let mut store = Store::new(&Engine::new(&config).unwrap(), Careless { meter, failures: vec![] });
    store.limiter(|host| host);
    let wat = r#"(module (table (export "t0") i64 10 100 funcref)
        (func (export "grow") (param i64) (result i64) (table.grow (ref.null func) (local.get 0))))"#;
    let module = wasmtime::Module::new(store.engine(), wat).unwrap();
    let guest = wasmtime::Instance::new(&mut store, &module, &[]).unwrap();
    let grow = guest.get_typed_func::<i64, i64>(&mut store, "grow").unwrap();
    let table = guest.get_table(&mut store, "t0").unwrap();
    for (by, answer, elements, denial) in [
        (5, 10, 15, None),
        (86, -1, 15, Some(Denial::FailedByEngine)),
        (85, 15, 100, Some(Denial::FailedByEngine)),
        (1, -1, 100, Some(Denial::FailedByEngine)),
        (-1, -1, 100, Some(Denial::OverTypeMaximum)),
    ] {
        assert_eq!(grow.call(&mut store, by).unwrap(), answer, "by {by}");
        store.data_mut().meter.settle();
        let report = store.data().meter.report();
        assert_eq!((table.size(&store), report.table_elements), (elements, elements as usize), "by {by}");
        assert_eq!(report.last_denial, denial, "by {by}");
    }
    let (exceeded, overflow) = ("Table maximum size exceeded", "overflow calculating new table size");
    assert_eq!(store.data().failures, [exceeded, exceeded, overflow]);
}
