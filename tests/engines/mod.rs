//! The same guests on every engine: what a host has to offer, the hosts, and the scenarios that
//! each must pass.

#![allow(dead_code, reason = "every test binary uses its own part of these helpers")]

use highwater::{LeaseReport, MeterLimits, PrincipalId, StoreMemoryMeter};

#[cfg(feature = "wasmtime")]
pub mod failures;
#[cfg(feature = "wasmtime")]
pub mod first_meter;
#[path = "../common/replaced_rule.rs"]
pub mod replaced_rule;
pub mod scenarios;
#[cfg(feature = "wasmi")]
pub mod wasmi_host;
#[cfg(feature = "wasmtime-async")]
pub mod wasmtime_async_host;
pub mod wasmtime_host;

/// The bytes of a WebAssembly page.
pub const PAGE: usize = 65_536;

/// A Store with a meter, on some engine.
pub trait Host: Sized {
    fn new(meter: StoreMemoryMeter) -> Self;

    /// A Store in which growth past a few pages is approved and then fails.
    fn cramped(meter: StoreMemoryMeter) -> Self;

    /// Instantiates a module and answers the number of its instance.
    fn instantiate(&mut self, wat: &str) -> Result<usize, String>;

    fn call(&mut self, instance: usize, function: &str, argument: i32) -> Result<i32, String>;

    fn meter(&mut self) -> &mut StoreMemoryMeter;

    /// The sum of the sizes that the engine itself reports for the memories in the Store.
    fn engine_bytes(&mut self) -> usize;

    /// Whether the engine asks the limiter about growth past a memory's own maximum.
    const ASKS_PAST_MAXIMUM: bool;

    /// Ends one principal's turn and begins another's, as a pool does between guests.
    fn hand_over(&mut self, principal: &str, limits: MeterLimits) -> LeaseReport {
        let meter = self.meter();
        meter.end_lease();
        let report = meter.report();
        meter.start_lease(id(principal), limits);
        report
    }

    /// The meter's total, which has to be the engine's after every step.
    fn checked_total(&mut self) -> usize {
        let total = self.meter().report().total;
        assert_eq!(total, self.engine_bytes(), "the meter's total is not the engine's");
        total
    }
}

pub fn id(name: &str) -> PrincipalId {
    PrincipalId::new(name).unwrap()
}
