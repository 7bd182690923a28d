//! Ledgers in statics: no allocator, no construction at run time.

use core::{fmt, hash::BuildHasher};

use super::{
    FixedState,
    core::Core,
    face::{inline_calls, readings},
};
use crate::{
    key::InlineKey,
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
/// Every method may be called from the main loop, interrupts of any priority, signal handlers and
/// panic handlers, on top of any other call on the same ledger, whatever that one was about to do.
/// None allocates, locks or waits. [Without an operating system](crate::embedded) has the details,
/// the worst cases, and what differs where a processor has no compare-and-swap.
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
/// All its bytes are zero (with the default hasher, or any other whose bytes are), so that it lies
/// in `.bss`. It has twice as many slots as places. An interrupted admission holds one slot until
/// it is over. With as many of them at once as there are places, a newcomer finds no slot and is
/// [`Refused`](Recorded::Refused). That cannot happen where there are more places than levels of
/// interrupts.
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
    /// An empty ledger with a hasher of the caller's, all bits of whose hashes should be well
    /// mixed. A hasher whose bytes are not all zero, such as one with a seed inside, moves the
    /// whole ledger from `.bss` to `.data`.
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
}

impl<K: InlineKey, const CAPACITY: usize, S: BuildHasher> StaticLedger<K, CAPACITY, S> {
    // `record_peak`, `peak` and others: in `face.rs`.
    inline_calls!(K);

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
        self.core.record::<K, _>(key, bytes, Some(hint), || ())
    }
}

/// Records all items. Implemented for the reference, as a static cannot be borrowed mutably.
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
