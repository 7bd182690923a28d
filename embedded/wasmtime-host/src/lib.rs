//! The part of a kernel that lends stores of wasmtime to principals and meters them into a static
//! ledger. `ci/targets` builds it for processors without an operating system; to link it takes the
//! rest of the kernel: an allocator, and the platform functions that wasmtime asks for.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use highwater::{MeterLimits, PrincipalId, StaticLedger, StoreMemoryMeter};
use wasmtime::{Engine, Store};

/// The principals' highest use.
pub static LEDGER: Ledger = Ledger::new();

/// The ledger's type: the 64 biggest users.
pub type Ledger = StaticLedger<PrincipalId, 64>;

/// The meter in each store.
pub type Meter = StoreMemoryMeter<&'static Ledger>;

/// A store whose memories are charged to `principal`, `bytes` at the most.
#[must_use]
pub fn store_for(engine: &Engine, principal: PrincipalId, bytes: usize) -> Store<Meter> {
    let meter = Meter::with_limits(MeterLimits::total(bytes), principal, &LEDGER);
    let mut store = Store::new(engine, meter);
    store.limiter(|meter| meter);
    store
}
