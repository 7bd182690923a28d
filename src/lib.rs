#![doc = include_str!("../README.md")]
#![cfg_attr(not(highwater_loom), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std-ledger", highwater_steps))]
extern crate std;

// The models use the crate by its name, as other tests do.
#[cfg(all(test, highwater_loom))]
extern crate self as highwater;
#[cfg(all(test, highwater_loom))]
#[path = "../tests/models/mod.rs"]
mod models;

mod budget;
mod key;
mod ledger;
mod meter;
mod principal;
mod sync;
mod table;
mod tracker;

#[doc = include_str!("../docs/budgets.md")]
#[cfg(any(doc, doctest))]
pub mod budgets {}
#[doc = include_str!("../docs/design.md")]
#[cfg(doc)]
pub mod design {}
#[doc = include_str!("../docs/embedded.md")]
#[cfg(any(doc, doctest))]
pub mod embedded {}
#[doc = include_str!("../docs/metering.md")]
#[cfg(doc)]
pub mod metering {}

pub use budget::{Budget, OverBudget, Reservation, StaticBudget};
pub use key::{InlineKey, InlineStr, InlineStrError};
#[cfg(not(highwater_loom))]
pub use ledger::fixed::StaticLedger;
pub use ledger::{DefaultHashBuilder, FixedState, LedgerStats, MAX_PEAK, MAX_PRINCIPALS};
#[cfg(feature = "wasmtime")]
pub use meter::instance_remains;
pub use meter::{
    Account, Attribution, BudgetedLimits, Denial, Lease, LeaseReport, Mark, MeterCounters, MeterLimits,
    MeterLimitsBuilder, MeterStats, SharedCounters, StoreMemoryMeter,
};
pub use principal::{PrincipalId, PrincipalIdError};
#[cfg(highwater_steps)]
#[doc(hidden)]
pub use sync::stepped;
pub use table::Recorded;
pub use tracker::{LedgerHandle, Tracker};
#[cfg(feature = "alloc")]
pub use {
    crossbeam_epoch::Collector,
    equivalent::Equivalent,
    key::epoch::{EpochKey, RETIRED_ALLOWANCE},
    ledger::{
        epoch::{Ledger, PinnedLedger, Recorder},
        inline::{InlineLedger, MemoryLedger},
    },
};
