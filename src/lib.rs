//! Exact high-water marks of the biggest users, in fixed memory.
//!
//! A host that runs WebAssembly for many principals (users, tenants, agents) records how much memory
//! each of them used. A ledger keeps the highest value of each of the biggest principals, *exactly*,
//! in memory that never grows, and an upper bound for all others. It is lock-free on every path and
//! `no_std` at its core. Meters put it behind the limiters of wasmtime and wasmi.
//!
//! ```
//! # fn main() -> Result<(), highwater::PrincipalIdError> {
//! # #[cfg(feature = "std-ledger")] {
//! use highwater::{MemoryLedger, PrincipalId};
//!
//! let ledger = MemoryLedger::default(); // 4096 places; clones share them
//! let alice = PrincipalId::new("alice")?;
//! ledger.record_peak(&alice, 3 << 20);
//! ledger.record_peak(&alice, 1 << 20);
//! assert_eq!(ledger.peak(&alice), 3 << 20);
//! assert_eq!(ledger.floor(), 0); // every principal is listed so far
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! # What do you want to do?
//!
//! | to | use |
//! | --- | --- |
//! | know which principals needed the most memory | [`MemoryLedger`], for ids of text; [`InlineLedger`], for other plain keys |
//! | the same for keys of any type | [`Ledger`]; a [`Recorder`] for each thread without `std`; [`Ledger::pin`] for many calls at once |
//! | the same in a `static`, without an allocator | [`StaticLedger`] |
//! | merge the ledgers of several nodes, or send them elsewhere | [`Snapshot`] |
//! | know the peaks of each interval, and forget those who left | [`WindowedLedger`], with a [`WindowCursor`] for each reader; [`StaticWindowedLedger`] |
//! | record often for one principal | [`Tracker`] |
//! | limit and charge the guests of a Store | [`StoreMemoryMeter`] with [`MeterLimits`] and a [`Lease`] |
//! | do so with another engine, or an error of your own | [`impl_resource_limiter!`], [`Account`] |
//! | bound what all Stores of a host or of a tenant hold together | [`MeterLimits::with_budget`] and a [`Budget`] |
//! | know what is in use *now*, and deny what would be too much | [`Budget`], [`StaticBudget`] |
//!
//! # Guides
//!
//! - [`metering`]: what engines report and what they leave out, leases of pooled Stores, limits
//! - [`budgets`]: ceiling, budget or ledger; chains of budgets
//! - [`reports`]: snapshots, what they certify, merging, their form
//! - [`windows`]: peaks per interval, periods and readers, long leases
//! - [`embedded`]: statics, interrupts, sizes, worst cases
//! - [`design`]: the contract, the protocol, the orderings, what was tried, the limitations
//!
//! # From where a call may be made
//!
//! | call | threads | interrupts and signal handlers | allocates |
//! | --- | --- | --- | --- |
//! | any call on a ledger with inline keys, [`StaticLedger`] included | yes | yes, on top of any call on the same ledger | only `snapshot` and `top` |
//! | any call on a [`WindowedLedger`] or [`StaticWindowedLedger`] | yes | yes, on top of any call on the same ledger | only those that return a [`Window`] from the heap, and [`WindowCursor::read`] |
//! | any call on a [`Ledger`] | yes | no | admissions |
//! | [`Tracker`] | as its ledger | as its ledger | as its ledger |
//! | [`Budget`], [`StaticBudget`] | yes | yes | only `new` and `child` of `Budget` |
//! | [`StoreMemoryMeter`] | the thread that runs the Store | no | as its ledger |
//!
//! No call waits for another thread.
//!
//! # Features
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `std` (default) | `std-ledger` and `wasmtime` |
//! | `std-ledger` | the ledgers with the standard library and no engine: randomly seeded hashes, epoch pins of the thread; implies `alloc` |
//! | `alloc` | ledgers and budgets on the heap |
//! | `wasmtime`, `wasmtime-async` | limiters of wasmtime 43 to 50; they do not imply `std` |
//! | `wasmi` | the limiter of wasmi 2 |
//! | `serde` | `Serialize` and `Deserialize` |
//! | `portable-atomic` | processors without compare-and-swap |
//!
//! No feature changes a type. Without any, there are [`StaticLedger`], [`StaticBudget`], [`Tracker`]
//! and the meter's core.
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
#[cfg(feature = "alloc")]
mod snapshot;
mod sync;
mod table;
mod tracker;

#[doc = include_str!("../README.md")]
#[cfg(all(doctest, feature = "std"))]
mod readme {}

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
#[doc = include_str!("../docs/reports.md")]
#[cfg(doc)]
pub mod reports {}
#[doc = include_str!("../docs/windows.md")]
#[cfg(any(doc, doctest))]
pub mod windows {}

pub use budget::{Budget, OverBudget, Reservation, StaticBudget};
pub use key::{InlineKey, InlineStr, InlineStrError};
#[cfg(not(highwater_loom))]
pub use ledger::fixed::StaticLedger;
#[cfg(all(not(highwater_loom), target_has_atomic = "64", not(highwater_narrow)))]
pub use ledger::windowed::StaticWindowedLedger;
#[cfg(all(feature = "alloc", target_has_atomic = "64", not(highwater_narrow)))]
pub use ledger::windowed::{Interval, WindowCursor, WindowedLedger};
#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
pub use ledger::windowed::{Window, WindowsExhausted};
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
    key::limbo::{EpochKey, RETIRED_ALLOWANCE},
    ledger::{
        SnapshotSource,
        epoch::{Ledger, PinnedLedger, Recorder},
        inline::{InlineLedger, MemoryLedger},
    },
    snapshot::Snapshot,
};
