//! The crate's own `ResourceLimiter` on wasmtime 45: `cargo test --features range --test range_45`.

use ::wasmtime45 as wasmtime;
use highwater::{MemoryLedger, MeterLimits, StoreMemoryMeter, instance_remains};

#[path = "../../../tests/engines/mod.rs"]
mod engines;
use engines::{PAGE, id};

impl engines::wasmtime_host::Carrier for StoreMemoryMeter {
    fn around(meter: StoreMemoryMeter) -> Self {
        meter
    }

    fn meter(&mut self) -> &mut StoreMemoryMeter {
        self
    }
}

scenarios_on!(engines::wasmtime_host::WasmtimeHost<StoreMemoryMeter>);

#[test]
fn a_failure_that_nobody_approved_is_known_by_its_words() {
    engines::wasmtime_host::a_failure_that_nobody_approved_is_known_by_its_words::<StoreMemoryMeter>();
}

#[test]
fn a_failed_instantiation_is_withdrawn_unless_it_started() {
    let engine = wasmtime::Engine::default();
    let ledger = MemoryLedger::default();
    let meter = StoreMemoryMeter::with_limits(MeterLimits::total(10 * PAGE), id("alice"), ledger.clone());
    let mut store = wasmtime::Store::new(&engine, meter);
    store.limiter(|meter| meter);
    for (wat, remains, pages) in [
        ("(module (memory 3) (memory 8))", false, 0),
        (include_str!("../../../tests/guests/start_traps.wat"), true, 3),
        (r#"(module (memory 1) (data (i32.const 65536) "x"))"#, true, 4),
    ] {
        let module = wasmtime::Module::new(&engine, wat).unwrap();
        let mark = store.data_mut().mark();
        let error = wasmtime::Instance::new(&mut store, &module, &[]).unwrap_err();
        assert_eq!(instance_remains(&error), remains, "{error:?}");
        if remains {
            store.data_mut().settle()
        } else {
            store.data_mut().withdraw(mark)
        }
        assert_eq!(store.data().report().total, pages * PAGE);
    }
    assert_eq!(ledger.peak(&id("alice")), 4 * PAGE as u64);
}
