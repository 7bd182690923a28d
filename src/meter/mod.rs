//! Metering linear memory: how much a Store holds, which principal is charged, and how far it may
//! grow. `docs/metering.md` gives the reasons.

// The arithmetic and its terms, without a ledger.
mod account;
mod attribution;
mod counters;
mod denial;
mod draw;
mod limits;
mod report;
mod turn;

// The meter: an account in front of a ledger. rustdoc shows its methods in this order.
mod store_meter;

mod lease;

mod handover;

mod readings;

mod growth;

// The engines.
mod limiter_macro;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;
#[cfg(feature = "wasmtime-async")]
mod wasmtime_async;

pub use account::{Account, Mark};
pub use attribution::Attribution;
pub use counters::{MeterCounters, MeterStats, SharedCounters};
pub use denial::Denial;
pub use lease::Lease;
pub use limits::{BudgetedLimits, MeterLimits, MeterLimitsBuilder};
pub use report::LeaseReport;
pub use store_meter::StoreMemoryMeter;
#[cfg(feature = "wasmtime")]
pub use wasmtime::instance_remains;
