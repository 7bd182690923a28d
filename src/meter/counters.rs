//! How many growths meters have allowed and denied, for an exporter.

#[cfg(feature = "alloc")]
use alloc::sync::Arc;

use super::denial::Denial;
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// Growths allowed and denied by all meters that [count
/// together](crate::StoreMemoryMeter::counted_in) here. Each number wraps at `usize::MAX`.
///
/// New counters are all zero, so that they can lie in a `static`. Counting is one relaxed addition:
/// nothing is published through these numbers, and each only has to be right in the end.
///
/// ```
/// use highwater::{MeterCounters, MeterLimits, StaticLedger, StoreMemoryMeter};
///
/// static LEDGER: StaticLedger<u64, 8> = StaticLedger::new();
/// static METERS: MeterCounters = MeterCounters::new();
///
/// for tenant in 0..2 {
///     let meter = StoreMemoryMeter::with_limits(MeterLimits::total(65_536), tenant, &LEDGER);
///     let mut meter = meter.counted_in(&METERS);
///     assert_eq!(meter.approve_memory(0, 65_536, None), Ok(true));
///     assert_eq!(meter.approve_memory(65_536, 131_072, None), Ok(false));
/// }
/// assert_eq!((METERS.stats().allowed, METERS.stats().denied_over_ceiling), (2, 2));
/// ```
#[derive(Debug)]
pub struct MeterCounters {
    allowed: AtomicUsize,
    over_ceiling: AtomicUsize,
    over_type_maximum: AtomicUsize,
    table: AtomicUsize,
    over_budget: AtomicUsize,
    failed_by_engine: AtomicUsize,
}

/// Growths allowed and denied by one meter, or by several that count together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MeterStats {
    /// Growths of memories and tables that were approved, those included that the engine then
    /// failed to do.
    pub allowed: u64,
    /// Memory growths denied by the limits of the lease.
    pub denied_over_ceiling: u64,
    /// Growths denied because the type of the memory or table does not allow its new size.
    pub denied_over_type_maximum: u64,
    /// Table growths denied by the limits of the lease.
    pub denied_table: u64,
    /// Growths of memories and tables denied by a budget.
    pub denied_over_budget: u64,
    /// Growths that were approved and that the engine failed to do.
    pub failed_by_engine: u64,
}

impl MeterStats {
    /// Growths that did not take place, for whatever reason.
    #[must_use]
    pub const fn denied(&self) -> u64 {
        self.denied_over_ceiling
            .wrapping_add(self.denied_over_type_maximum)
            .wrapping_add(self.denied_table)
            .wrapping_add(self.denied_over_budget)
            .wrapping_add(self.failed_by_engine)
    }
}

impl MeterCounters {
    const_fn! {
        /// All zero.
        #[must_use]
        pub fn new() -> Self {
            Self {
                allowed: AtomicUsize::new(0),
                over_ceiling: AtomicUsize::new(0),
                over_type_maximum: AtomicUsize::new(0),
                table: AtomicUsize::new(0),
                over_budget: AtomicUsize::new(0),
                failed_by_engine: AtomicUsize::new(0),
            }
        }
    }

    /// The numbers now, each read by itself. Six loads; may be called anywhere, an interrupt
    /// included.
    #[must_use]
    pub fn stats(&self) -> MeterStats {
        // Relaxed, as said above.
        let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed) as u64;
        MeterStats {
            allowed: read(&self.allowed),
            denied_over_ceiling: read(&self.over_ceiling),
            denied_over_type_maximum: read(&self.over_type_maximum),
            denied_table: read(&self.table),
            denied_over_budget: read(&self.over_budget),
            failed_by_engine: read(&self.failed_by_engine),
        }
    }

    fn count(&self, verdict: Result<(), Denial>) {
        let counter = match verdict {
            Ok(()) => &self.allowed,
            Err(Denial::OverCeiling) => &self.over_ceiling,
            Err(Denial::OverTypeMaximum) => &self.over_type_maximum,
            Err(Denial::Table) => &self.table,
            Err(Denial::OverBudget { .. }) => &self.over_budget,
            Err(Denial::FailedByEngine) => &self.failed_by_engine,
        };
        // Relaxed, as said above.
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Default for MeterCounters {
    fn default() -> Self {
        Self::new()
    }
}

impl MeterStats {
    fn count(&mut self, verdict: Result<(), Denial>) {
        let counter = match verdict {
            Ok(()) => &mut self.allowed,
            Err(Denial::OverCeiling) => &mut self.denied_over_ceiling,
            Err(Denial::OverTypeMaximum) => &mut self.denied_over_type_maximum,
            Err(Denial::Table) => &mut self.denied_table,
            Err(Denial::OverBudget { .. }) => &mut self.denied_over_budget,
            Err(Denial::FailedByEngine) => &mut self.failed_by_engine,
        };
        *counter += 1;
    }
}

/// [`MeterCounters`] that several meters share: in a `static`, or behind an `Arc`.
#[derive(Clone, Debug)]
pub struct SharedCounters(Shared);

#[derive(Clone, Debug)]
enum Shared {
    Static(&'static MeterCounters),
    #[cfg(feature = "alloc")]
    Counted(Arc<MeterCounters>),
}

impl From<&'static MeterCounters> for SharedCounters {
    fn from(counters: &'static MeterCounters) -> Self {
        Self(Shared::Static(counters))
    }
}

#[cfg(feature = "alloc")]
impl From<Arc<MeterCounters>> for SharedCounters {
    fn from(counters: Arc<MeterCounters>) -> Self {
        Self(Shared::Counted(counters))
    }
}

impl core::ops::Deref for SharedCounters {
    type Target = MeterCounters;

    fn deref(&self) -> &MeterCounters {
        match &self.0 {
            Shared::Static(counters) => counters,
            #[cfg(feature = "alloc")]
            Shared::Counted(counters) => counters,
        }
    }
}

/// Where one meter counts.
pub(super) enum Counting {
    Alone(MeterStats),
    Together(SharedCounters),
}

impl Counting {
    #[inline]
    pub(super) fn count(&mut self, verdict: Result<(), Denial>) {
        match self {
            Self::Alone(stats) => stats.count(verdict),
            Self::Together(counters) => counters.count(verdict),
        }
    }

    pub(super) fn stats(&self) -> MeterStats {
        match self {
            Self::Alone(stats) => *stats,
            Self::Together(counters) => counters.stats(),
        }
    }
}
