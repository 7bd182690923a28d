//! The same scenarios through every adapter.

#![cfg(all(feature = "alloc", not(any(highwater_narrow, highwater_core_only))))]

mod engines;
use ::wasmtime;
use engines::wasmtime_host::{Carrier, WasmtimeHost};
use highwater::StoreMemoryMeter;

/// A limiter of the user's own.
pub struct Limiter(StoreMemoryMeter);

highwater::impl_resource_limiter! {
    impl wasmtime::ResourceLimiter for Limiter { |limiter| limiter.0 }
}

impl Carrier for Limiter {
    fn around(meter: StoreMemoryMeter) -> Self {
        Self(meter)
    }

    fn meter(&mut self) -> &mut StoreMemoryMeter {
        &mut self.0
    }
}

#[cfg(feature = "wasmtime")]
impl Carrier for StoreMemoryMeter {
    fn around(meter: StoreMemoryMeter) -> Self {
        meter
    }

    fn meter(&mut self) -> &mut StoreMemoryMeter {
        self
    }
}

#[cfg(feature = "wasmtime")]
mod through_wasmtime {
    crate::scenarios_on!(crate::WasmtimeHost<highwater::StoreMemoryMeter>);
}

mod through_the_macro {
    crate::scenarios_on!(crate::WasmtimeHost<crate::Limiter>);

    #[test]
    fn a_failure_that_nobody_approved_is_known_by_its_words() {
        crate::engines::wasmtime_host::a_failure_that_nobody_approved_is_known_by_its_words::<crate::Limiter>(
        );
    }
}

#[cfg(feature = "wasmtime-async")]
mod through_async_wasmtime {
    crate::scenarios_on!(crate::engines::wasmtime_async_host::AsyncHost);

    #[test]
    fn a_failed_instantiation_is_withdrawn_if_nothing_was_created() {
        crate::engines::wasmtime_async_host::a_failed_instantiation_is_withdrawn_if_nothing_was_created();
    }
}

#[cfg(feature = "wasmi")]
mod through_wasmi {
    crate::scenarios_on!(crate::engines::wasmi_host::WasmiHost);

    #[test]
    fn a_failed_instantiation_keeps_what_it_made() {
        crate::engines::wasmi_host::a_failed_instantiation_keeps_what_it_made();
    }
}
