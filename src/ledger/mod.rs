//! The ledgers that users hold: faces of one [`core`](self::core), over different keys and storage.

mod core;
#[cfg(feature = "alloc")]
pub(crate) mod epoch;
#[cfg(not(loom))]
pub(crate) mod fixed;
mod hashers;
#[cfg(feature = "alloc")]
pub(crate) mod inline;
mod ranking;
#[cfg(feature = "alloc")]
mod report;

use crate::table::word::{Peak, widen};
pub use hashers::{DefaultHashBuilder, FixedState};

/// The capacity of a default ledger, in principals.
pub const MAX_PRINCIPALS: usize = 4096;

/// The largest peak that can be held, in bytes: 2<sup>63</sup> - 1, or 2<sup>31</sup> - 1 where the
/// target has no 64-bit atomics. Larger values count as this one.
pub const MAX_PEAK: u64 = widen(Peak::MAX);

/// The bytes that an `Arc` takes from the allocator: two counts, then what it shares, which may be aligned further.
#[cfg(feature = "alloc")]
const fn arc_bytes<T>() -> usize {
    size_of::<[usize; 2]>().next_multiple_of(align_of::<T>()) + size_of::<T>()
}

/// The numbers of a ledger, for an exporter of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerStats {
    /// Principals in the ledger.
    pub residents: usize,
    /// The most principals it holds.
    pub capacity: usize,
    /// The bound of every untracked peak, in bytes, as long as nothing was refused.
    pub floor: u64,
    /// The bound of every untracked peak, in bytes, whatever was refused.
    pub untracked_at_most: u64,
    /// Residents that gave way to a newcomer.
    pub evictions: u64,
    /// Values above the floor that were not kept.
    pub refused: u64,
    /// What the meters over this ledger have allowed and denied.
    pub meter: crate::MeterStats,
}

/// The readings that are the same for every kind of ledger.
macro_rules! readings {
    () => {
        /// A bound, in bytes, of what is not in the ledger: 0 until it is full, and never falling.
        ///
        /// No resident's peak is below it. As long as [`refused`](Self::refused) is 0, no principal
        /// outside the ledger has ever recorded more. One load; may be called from an interrupt.
        #[must_use]
        #[inline]
        pub fn floor(&self) -> u64 {
            self.core().table().floor()
        }

        /// The largest value, in bytes, that any principal outside the ledger can ever have
        /// recorded: the [`floor`](Self::floor), or the largest value refused if that is higher.
        #[must_use]
        pub fn untracked_at_most(&self) -> u64 {
            self.core().table().untracked_at_most()
        }

        /// The number of residents, never more than the capacity. Constant time; helps an admission
        /// in flight to its end.
        #[must_use]
        pub fn len(&self) -> usize {
            self.core().table().len()
        }

        /// Whether nothing above 0 was recorded yet.
        #[must_use]
        pub fn is_empty(&self) -> bool {
            self.len() == 0
        }

        /// The most principals that the ledger holds.
        #[must_use]
        pub fn capacity(&self) -> usize {
            self.core().table().capacity()
        }

        /// How many residents gave way to a newcomer, counted as their calls return. Wraps where
        /// `usize` does.
        #[must_use]
        pub fn evictions(&self) -> u64 {
            self.core().table().evictions()
        }

        /// How many records were [`Refused`](crate::Recorded::Refused). While it is 0 the ledger is
        /// exact; otherwise [`untracked_at_most`](Self::untracked_at_most) still holds. Wraps where
        /// `usize` does.
        #[must_use]
        pub fn refused(&self) -> u64 {
            self.core().table().refused()
        }

        /// All these numbers at once, each read by itself.
        #[must_use]
        pub fn stats(&self) -> $crate::LedgerStats {
            self.core().stats()
        }
    };
}
pub(crate) use readings;
