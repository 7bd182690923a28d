//! The public ledgers: faces of one [`Core`](self::core::Core), over different keys and storage.

mod core;
#[cfg(feature = "alloc")]
pub(crate) mod epoch;
mod face;
#[cfg(not(highwater_loom))]
pub(crate) mod fixed;
mod hashers;
#[cfg(feature = "alloc")]
pub(crate) mod inline;
mod ranking;
#[cfg(feature = "alloc")]
mod report;
#[cfg(feature = "alloc")]
mod source;
#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
pub(crate) mod windowed;

use crate::{sync::widen, table::word::Peak};
pub use hashers::{DefaultHashBuilder, FixedState};
#[cfg(feature = "alloc")]
pub use source::SnapshotSource;

/// The capacity of a default ledger, in principals.
pub const MAX_PRINCIPALS: usize = 4096;

/// The largest peak that can be held, in bytes: 2<sup>63</sup> - 1, or 2<sup>31</sup> - 1 where the
/// target has no 64-bit atomics. Larger values count as this one.
pub const MAX_PEAK: u64 = widen(Peak::MAX);

/// The bytes that an `Arc` takes from the allocator: two counts, then the shared value at its
/// alignment.
#[cfg(feature = "alloc")]
const fn arc_bytes<T>() -> usize {
    size_of::<[usize; 2]>().next_multiple_of(align_of::<T>()) + size_of::<T>()
}

/// The numbers of a ledger, for an exporter of metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerStats {
    /// Principals in the ledger.
    pub residents: usize,
    /// The most principals it holds.
    pub capacity: usize,
    /// An upper bound of every untracked peak, in bytes, as long as no value was refused.
    pub floor: u64,
    /// An upper bound of every untracked peak, in bytes, even if values were refused.
    pub untracked_at_most: u64,
    /// Residents that were evicted by a newcomer.
    pub evictions: u64,
    /// Values above the floor that were not kept.
    pub refused: u64,
}
