//! Ledgers in statics: no allocator, no construction at run time.

use core::{fmt, hash::BuildHasher};

use super::{FixedState, core::Core, readings};
use crate::{
    key::InlineKey,
    meter::MeterCounters,
    table::{Fixed, Hint, Recorded},
    tracker::{Tracker, sealed},
};

/// Exact high-water marks of the `CAPACITY` biggest users, in memory fixed at link time.
///
/// ```
/// use highwater::{PrincipalId, StaticLedger};
///
/// static LEDGER: StaticLedger<PrincipalId, 64> = StaticLedger::new();
///
/// LEDGER.record_peak(&PrincipalId::default(), 65_536);
/// assert_eq!(LEDGER.peak(&PrincipalId::default()), 65_536);
/// ```
///
/// Every method may be called from the main loop, interrupts of any priority, signal handlers and panic
/// handlers, on top of any other call on the same ledger, whatever that one was about to do. None
/// allocates, locks or waits. [Without an operating system](crate::embedded) has the details, the
/// worst cases, and what differs where a processor has no compare-and-swap.
///
/// The key decides what a place costs: choose the smallest that tells your users apart, such as
/// `u16`, `[u8; 16]` or `InlineStr<16>`. [`memory_bytes`](Self::memory_bytes) is constant, so that
/// a budget can be asserted at compile time:
///
/// ```
/// # use highwater::StaticLedger;
/// static LEDGER: StaticLedger<[u8; 16], 64> = StaticLedger::new();
/// const _: () = assert!(LEDGER.memory_bytes() <= 16 * 1024);
/// ```
///
/// Made of zero bytes only (with the default hasher, or any other that is), so that it lies in
/// `.bss`. It has twice as many slots as places. Each admission that is interrupted holds one until it is
/// over; with as many of them at once as there are places, a newcomer finds no slot and is
/// [`Refused`](Recorded::Refused). That cannot be where there are more places than levels of interrupts.
///
/// A capacity of 0 does not compile:
///
/// ```compile_fail
/// static LEDGER: highwater::StaticLedger<u64, 0> = highwater::StaticLedger::new();
/// ```
pub struct StaticLedger<K: InlineKey, const CAPACITY: usize, S = FixedState> {
    core: Core<Fixed<K, CAPACITY>, S>,
}

impl<K: InlineKey, const CAPACITY: usize> StaticLedger<K, CAPACITY> {
    /// An empty ledger with the fixed seed of [`FixedState`].
    #[must_use]
    pub const fn new() -> Self {
        Self::with_hasher(FixedState)
    }
}

impl<K: InlineKey, const CAPACITY: usize, S> StaticLedger<K, CAPACITY, S> {
    /// An empty ledger with a hasher of the caller's, all of whose bits should be well mixed. A
    /// hasher that is not all zeroes, such as one with a seed inside, moves the whole ledger from
    /// `.bss` to `.data`.
    #[must_use]
    pub const fn with_hasher(hasher: S) -> Self {
        // Evaluated for its assertions, with or without a call that needs the shape.
        let _ = Fixed::<K, CAPACITY>::SHAPE;
        Self { core: Core::new(Fixed::NEW, hasher) }
    }

    #[inline]
    fn core(&self) -> &Core<Fixed<K, CAPACITY>, S> {
        &self.core
    }

    readings!();

    /// The bytes that the ledger occupies: its size.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        size_of::<Self>()
    }

    /// Calls `visit` for each resident and its peak in bytes, in no order. Allocates nothing; may be
    /// called from an interrupt.
    ///
    /// Returns whether nobody was admitted meanwhile: then these were all the residents, each once.
    /// Otherwise each was resident with that peak at some instant during the call, but one that was
    /// evicted and admitted again may come twice, and newcomers may come beside those they evicted.
    pub fn for_each(&self, visit: impl FnMut(K, u64)) -> bool {
        self.core.table().walk(&(), visit)
    }

    /// Fills `top` with the residents with the highest peaks in bytes, highest first, ties by key, each
    /// once, and returns the part that is filled: all of it, unless there are fewer residents.
    /// Allocates nothing; may be called from an interrupt. Takes time proportional to slots times
    /// length of `top`.
    #[must_use]
    pub fn top_into<'t>(&self, top: &'t mut [(K, u64)]) -> &'t mut [(K, u64)] {
        self.core.top_into(top, Ord::cmp, &())
    }
}

impl<K: InlineKey, const CAPACITY: usize, S: BuildHasher> StaticLedger<K, CAPACITY, S> {
    /// Records that `key` used `bytes`: raises its peak, or admits it if it belongs to the top.
    ///
    /// 0 is a no-op; values from [`MAX_PEAK`](crate::MAX_PEAK) on count as that. A value at or below the floor costs one load; one that does not raise a resident's peak writes nothing; an admission takes time
    /// linear in the capacity (64-bit words: logarithmic). Never allocates, never waits; may be called
    /// from an interrupt, on top of any call on the same ledger.
    #[inline]
    pub fn record_peak(&self, key: &K, bytes: u64) -> Recorded {
        self.core.record::<K, _>(key, bytes, None, || ())
    }

    /// The peak of `key` in bytes, or 0 if it is not resident: then it never recorded more than
    /// [`untracked_at_most`](Self::untracked_at_most). Never allocates, never waits; may be called from
    /// an interrupt, on top of any call on the same ledger.
    #[must_use]
    #[inline]
    pub fn peak(&self, key: &K) -> u64 {
        self.core.peak(key, &())
    }

    /// A [`Tracker`] that records for `key` in this ledger.
    #[must_use]
    pub const fn tracker(&self, key: K) -> Tracker<&Self> {
        Tracker::new(self, key)
    }
}

impl<K: InlineKey, const CAPACITY: usize, S: BuildHasher> sealed::Handle for &StaticLedger<K, CAPACITY, S> {
    type Key = K;

    #[inline]
    fn record_hinted(&self, key: &K, bytes: u64, hint: &mut Hint) -> Recorded {
        self.core.record_hinted::<K, _>(key, bytes, hint, || ())
    }

    #[inline]
    fn meter_counters(&self) -> &MeterCounters {
        self.core.counters()
    }
}

/// Records them all. For the reference, as a static cannot be borrowed mutably.
impl<K: InlineKey, const CAPACITY: usize, S: BuildHasher> Extend<(K, u64)> for &StaticLedger<K, CAPACITY, S> {
    fn extend<I: IntoIterator<Item = (K, u64)>>(&mut self, records: I) {
        records.into_iter().for_each(|(key, bytes)| _ = self.record_peak(&key, bytes));
    }
}

impl<K: InlineKey, const CAPACITY: usize> Default for StaticLedger<K, CAPACITY> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: InlineKey, const CAPACITY: usize, S> fmt::Debug for StaticLedger<K, CAPACITY, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.debug("StaticLedger", f)
    }
}
