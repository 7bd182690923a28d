//! The meter of one Store: its parts and its constructors.

use core::fmt;

use super::{
    account::Account,
    counters::{Counting, MeterStats, SharedCounters},
    draw::Draw,
    limits::{BudgetedLimits, MeterLimits},
    turn::Turns,
};
#[cfg(feature = "alloc")]
use crate::MemoryLedger;
use crate::{LedgerHandle, table::Hint};

/// Meters the memories of one Store into a ledger, and limits them.
///
/// Keep one meter per Store, in the Store's data. [`lease`](Self::lease) (or
/// [`Lease::start`](crate::Lease::start), in front of the Store) charges a principal until the
/// guard is dropped; [`set`](Self::set) charges one until the next `set`.
/// [Metering](crate::metering) has the whole story.
///
/// # When a growth is recorded
///
/// An engine asks before it grows and says nothing when it has grown. Under limits built with
/// [`MeterLimits::builder`] a growth is recorded once it is *known* to have happened: at the next
/// event of this Store, at the end of the lease, when the meter is dropped, or at
/// [`settle`](Self::settle). A growth that fails is never recorded.
///
/// A meter made by [`new`](Self::new) records at the moment of approval
/// ([`MeterLimits::per_memory`]): the ledger shows the growth as soon as `memory.grow` returns,
/// without another call. The price is that an approved growth which then fails stays recorded. Both
/// cannot be had at once: success has no callback, and a ledger cannot lower a maximum.
///
/// # Cost
///
/// A growth costs a few comparisons, one counter, and one hinted record: no hash, no allocation, no
/// lock. Under limits with a [budget](MeterLimits::with_budget) it also costs one atomic update for
/// that budget and each above it.
pub struct StoreMemoryMeter<
    #[cfg(feature = "alloc")] L: LedgerHandle = MemoryLedger,
    #[cfg(not(feature = "alloc"))] L: LedgerHandle,
> {
    pub(super) ledger: L,
    pub(super) account: Account,
    /// What the Store has in budgets, if it has one.
    pub(super) draw: Option<Draw>,
    pub(super) limits: MeterLimits,
    /// In force while no principal holds the Store.
    pub(super) idle_limits: MeterLimits,
    /// The principal that holds the Store.
    pub(super) principal: Option<L::Principal>,
    /// Where the ledger last saw the principal.
    pub(super) hint: Hint,
    pub(super) counting: Counting,
    pub(super) turns: Turns,
    /// Between a mark and its end: bytes that an instantiation gets and gives back are not charged.
    pub(super) instantiating: bool,
}

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// A meter that bounds *each memory* of its Store, not the Store, at `ceiling` bytes, under
    /// [`MeterLimits::per_memory`]. `principal` holds the Store from the start and is charged with
    /// memories that an instantiation creates, too.
    ///
    /// A growth past that ceiling, or past the memory's own maximum, is denied and not recorded; an
    /// allowed one records the desired size at once. A table may have `max(ceiling / 32, 1)`
    /// elements. Nothing is summed: to bound all that a Store holds use
    /// [`with_limits`](Self::with_limits) and [`MeterLimits::total`].
    ///
    /// An allowed growth that the engine then fails stays recorded. With a ceiling near
    /// `usize::MAX` a guest with a 64-bit memory leaves a peak of 2<sup>63</sup> - 1 by one
    /// `memory.grow`.
    pub fn new(ceiling: usize, principal: L::Principal, ledger: L) -> Self {
        Self::with_limits(MeterLimits::per_memory(ceiling), principal, ledger)
    }

    /// A meter whose Store is held by `principal` from the start, under `limits`.
    ///
    /// If the limits carry a [budget](MeterLimits::with_budget), it is the Store's.
    pub fn with_limits(limits: impl Into<BudgetedLimits>, principal: L::Principal, ledger: L) -> Self {
        let mut meter = Self::idle(limits, ledger);
        meter.start_lease(principal, meter.limits);
        meter
    }

    /// A meter for a Store that no principal holds yet, as in a pool. Growth before the first
    /// lease, and between leases, is limited by `limits` and charged to no principal. If the limits
    /// carry a [budget](MeterLimits::with_budget), it is the Store's.
    pub fn idle(limits: impl Into<BudgetedLimits>, ledger: L) -> Self {
        let BudgetedLimits { limits, budget } = limits.into();
        Self {
            ledger,
            account: Account::new(),
            draw: budget.map(Draw::new),
            limits,
            idle_limits: limits,
            principal: None,
            hint: Hint::new(),
            counting: Counting::Alone(MeterStats::default()),
            turns: Turns::default(),
            instantiating: false,
        }
    }

    /// The same meter, which from now on counts the growths that it allows and denies in
    /// `counters`, together with all other meters that do: a `&'static MeterCounters` or an
    /// `Arc<MeterCounters>`. Otherwise a meter counts for itself, without an allocation.
    #[must_use]
    pub fn counted_in(mut self, counters: impl Into<SharedCounters>) -> Self {
        self.counting = Counting::Together(counters.into());
        self
    }
}

/// A Store that goes away has finished its last growth, and gives back all that it has in budgets.
impl<L: LedgerHandle> Drop for StoreMemoryMeter<L> {
    fn drop(&mut self) {
        self.settle();
    }
}

impl<L: LedgerHandle<Principal: fmt::Debug>> fmt::Debug for StoreMemoryMeter<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreMemoryMeter")
            .field("principal", &self.principal())
            .field("report", &self.report())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
