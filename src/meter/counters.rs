//! What all meters over one ledger have allowed and denied, as numbers for an exporter.

use super::denial::Denial;
use crate::sync::{AtomicUsize, Ordering};

/// Growths allowed and denied by the meters over one ledger; each counts for itself and wraps at
/// `usize::MAX`.
///
/// All zero when new, so that it can live in a `static`. Counting is one relaxed addition: nothing
/// is published through these numbers, a reader only wants each to be right in the end.
#[derive(Debug)]
pub struct MeterCounters {
    allowed: AtomicUsize,
    over_ceiling: AtomicUsize,
    over_type_maximum: AtomicUsize,
    table: AtomicUsize,
    failed_by_engine: AtomicUsize,
}

/// Growths allowed and denied by all meters over one ledger, each number read by itself. They wrap
/// where `usize` does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MeterStats {
    /// Growths of memories and tables that were approved, those that the engine then failed to do
    /// included.
    pub allowed: u64,
    /// Memory growths denied by the limits of the lease.
    pub denied_over_ceiling: u64,
    /// Growths denied because the memory or table may not become that large by its type.
    pub denied_over_type_maximum: u64,
    /// Table growths denied by the limits of the lease.
    pub denied_table: u64,
    /// Growths approved that the engine failed to do.
    pub failed_by_engine: u64,
}

impl MeterStats {
    /// Growths that did not take place, for whatever reason.
    #[must_use]
    pub const fn denied(&self) -> u64 {
        self.denied_over_ceiling
            .wrapping_add(self.denied_over_type_maximum)
            .wrapping_add(self.denied_table)
            .wrapping_add(self.failed_by_engine)
    }
}

macro_rules! new_counters {
    ($($constness:tt)?) => {
        /// All zero.
        pub(crate) $($constness)? fn new() -> Self {
            Self {
                allowed: AtomicUsize::new(0),
                over_ceiling: AtomicUsize::new(0),
                over_type_maximum: AtomicUsize::new(0),
                table: AtomicUsize::new(0),
                failed_by_engine: AtomicUsize::new(0),
            }
        }
    };
}

impl MeterCounters {
    #[cfg(not(highwater_loom))]
    new_counters!(const);
    #[cfg(highwater_loom)]
    new_counters!();

    /// The numbers now. Five loads; may be called anywhere, an interrupt included.
    pub(crate) fn stats(&self) -> MeterStats {
        let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed) as u64;
        MeterStats {
            allowed: read(&self.allowed),
            denied_over_ceiling: read(&self.over_ceiling),
            denied_over_type_maximum: read(&self.over_type_maximum),
            denied_table: read(&self.table),
            failed_by_engine: read(&self.failed_by_engine),
        }
    }

    #[inline]
    pub(super) fn count_allowed(&self) {
        self.allowed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_denied(&self, denial: Denial) {
        let counter = match denial {
            Denial::OverCeiling => &self.over_ceiling,
            Denial::OverTypeMaximum => &self.over_type_maximum,
            Denial::Table => &self.table,
            Denial::FailedByEngine => &self.failed_by_engine,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
