//! The adapter scenarios on wasmtime 48, through the macro.

use ::wasmtime48 as wasmtime;

#[path = "../../../tests/engines/mod.rs"]
mod engines;

highwater_wasmtime_compat::limiter!(wasmtime);

impl engines::wasmtime_host::Carrier for Limiter {
    fn around(meter: highwater::StoreMemoryMeter) -> Self {
        Self(meter)
    }

    fn meter(&mut self) -> &mut highwater::StoreMemoryMeter {
        &mut self.0
    }
}

scenarios_on!(engines::wasmtime_host::WasmtimeHost<Limiter>);

#[test]
fn a_failure_that_nobody_approved_is_known_by_its_words() {
    engines::wasmtime_host::a_failure_that_nobody_approved_is_known_by_its_words::<Limiter>();
}
