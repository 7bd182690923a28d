//! Ledgers by windows in statics: no allocator, no construction at run time.

use core::{fmt, hash::BuildHasher};

use super::{
    Window, WindowsExhausted,
    core::{Tables, WindowedCore},
    window::Entries,
};
use crate::{
    key::InlineKey,
    ledger::{FixedState, ranking::Ranking},
    sync::widen,
    table::{Fixed, Hint, Recorded, Storage, Table, span::Value},
    tracker::{Tracker, sealed},
};

/// A [`WindowedLedger`](crate::WindowedLedger) in memory fixed at link time: the `CAPACITY` biggest
/// users of each window.
///
/// It has room for `WINDOWS` windows at once: the current one, and `WINDOWS - 1` that have ended.
///
/// ```
/// use highwater::StaticWindowedLedger;
///
/// static LEDGER: StaticWindowedLedger<u16, 64, 4> = StaticWindowedLedger::new();
///
/// LEDGER.record_peak(&7, 65_536);
/// let number = LEDGER.rotate()?;
/// let mut buffer = [(0, 0); 64];
/// let window = LEDGER.closed(number, &mut buffer).expect("it has just ended");
/// assert_eq!((window.peak(&7), window.floor()), (65_536, 0));
/// # Ok::<(), highwater::WindowsExhausted>(())
/// ```
///
/// Every method may be called from the main loop, interrupts of any priority, signal handlers and
/// panic handlers, on top of any other call on the same ledger. None allocates, locks or waits. Not
/// all its bytes are zero, so that it lies in `.data`. As with a
/// [`StaticLedger`](crate::StaticLedger), a newcomer can be refused only where there are no more
/// places than levels of interrupts.
///
/// Less than two windows do not compile:
///
/// ```compile_fail
/// use highwater::StaticWindowedLedger;
/// static LEDGER: StaticWindowedLedger<u64, 64, 1> = StaticWindowedLedger::new();
/// ```
pub struct StaticWindowedLedger<
    K: InlineKey,
    const CAPACITY: usize,
    const WINDOWS: usize,
    S = FixedState,
    const BYTE_BITS: u32 = 40,
> {
    core: WindowedCore<[FixedTable<K, CAPACITY>; WINDOWS], S, BYTE_BITS>,
}

type FixedTable<K, const CAPACITY: usize> = Table<Fixed<K, CAPACITY, true>>;

impl<St: Storage, const WINDOWS: usize> Tables for [Table<St>; WINDOWS] {
    type Storage = St;

    #[inline]
    fn tables(&self) -> &[Table<St>] {
        self
    }
}

impl<K: InlineKey, const CAPACITY: usize, const WINDOWS: usize> StaticWindowedLedger<K, CAPACITY, WINDOWS> {
    /// A ledger whose first window is current, with the fixed seed of [`FixedState`].
    #[must_use]
    pub const fn new() -> Self {
        Self::with_hasher(FixedState)
    }
}

impl<K: InlineKey, const CAPACITY: usize, const WINDOWS: usize, S, const BYTE_BITS: u32>
    StaticWindowedLedger<K, CAPACITY, WINDOWS, S, BYTE_BITS>
{
    /// The most that a peak can be, in bytes. Larger values count as this one.
    pub const MAX_PEAK: u64 = widen(Value::<BYTE_BITS>::MAX_BYTES);
    /// The number of the last window.
    pub const LAST_WINDOW: u64 = widen(Value::<BYTE_BITS>::LAST_WINDOW);

    /// The same with a hasher of the caller's, all bits of whose hashes should be well mixed, and
    /// any division of the words.
    #[must_use]
    pub const fn with_hasher(hasher: S) -> Self {
        const { assert!(WINDOWS >= 2, "with less than two windows, none that has ended can be read") };
        let tables = [const { Table::for_windows(Fixed::NEW, &Fixed::<K, CAPACITY, true>::SHAPE) }; WINDOWS];
        Self { core: WindowedCore::new(tables, hasher) }
    }

    /// As [`WindowedLedger::rotate`](crate::WindowedLedger::rotate).
    ///
    /// # Errors
    ///
    /// The current window is the [last](Self::LAST_WINDOW) that can be numbered. It goes on, and
    /// nothing is lost.
    pub fn rotate(&self) -> Result<u64, WindowsExhausted> {
        self.core.rotate().ok_or(WindowsExhausted)
    }

    /// The number of the current window. The first one has the number 1. One load.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.core.present().window()
    }

    /// As [`WindowedLedger::floor`](crate::WindowedLedger::floor). One load.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.core.present().bytes()
    }

    /// The most principals that a window holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.core.capacity()
    }

    /// The bytes that the ledger occupies: its size.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl<K: InlineKey, const CAPACITY: usize, const WINDOWS: usize, S: BuildHasher, const BYTE_BITS: u32>
    StaticWindowedLedger<K, CAPACITY, WINDOWS, S, BYTE_BITS>
{
    /// As [`WindowedLedger::record_peak`](crate::WindowedLedger::record_peak).
    #[inline]
    pub fn record_peak(&self, key: &K, bytes: u64) -> Recorded {
        self.core.record(key, bytes, None, || ())
    }

    /// As [`WindowedLedger::peak`](crate::WindowedLedger::peak).
    #[must_use]
    pub fn peak(&self, key: &K) -> u64 {
        self.core.peak(key, &())
    }

    /// The current window, as far as it has come. Its principals are in `buffer`, those with the
    /// highest peaks first, ties by key. If they fill it, the lowest of them bounds all others.
    ///
    /// Takes time proportional to the number of slots times the length of the buffer.
    #[must_use]
    pub fn current<'t>(&self, buffer: &'t mut [(K, u64)]) -> Window<'t, K> {
        let (present, filled, refusals) = self.core.read_current(|table, span| {
            let mut ranking = Ranking::new(&mut *buffer, CAPACITY, Ord::cmp);
            table.walk(span, &(), |key, peak| ranking.insert(key, peak));
            ranking.into_filled().len()
        });
        let (number, capacity) = (present.window(), buffer.len().min(CAPACITY));
        let entries = &buffer[..filled];
        // If the buffer is too short for the window, the lowest that is listed bounds the others.
        let cut = entries.last().filter(|_| filled == capacity && capacity < CAPACITY);
        let floor = cut.map_or(0, |&(_, peak)| peak).max(present.bytes());
        Window { number, entries: Entries::Lent(entries), floor, refusals, capacity }
    }

    /// A window that has ended, or `None` if it has not ended or is no longer kept. Its principals
    /// are in `buffer`, as those of [`current`](Self::current). All calls with buffers of one length
    /// return the same for one window.
    ///
    /// Takes time proportional to the number of slots times the length of the buffer. The first
    /// read of a window makes it final: it writes to each slot of the window's table, once.
    #[must_use]
    pub fn closed<'t>(&self, number: u64, buffer: &'t mut [(K, u64)]) -> Option<Window<'t, K>> {
        let capacity = buffer.len().min(CAPACITY);
        let mut ranking = Ranking::new(buffer, CAPACITY, Ord::cmp);
        let refusals = self.core.read_closed(number, &(), |key, peak| ranking.insert(key, peak))?;
        Some(Window::closed(number, Entries::Lent(ranking.into_filled()), capacity, refusals))
    }

    /// A [`Tracker`] that records for `key` in this ledger.
    #[must_use]
    pub const fn tracker(&self, key: K) -> Tracker<&Self> {
        Tracker::new(self, key)
    }
}

impl<K: InlineKey, const CAPACITY: usize, const WINDOWS: usize, S: BuildHasher, const BYTE_BITS: u32>
    sealed::Handle for &StaticWindowedLedger<K, CAPACITY, WINDOWS, S, BYTE_BITS>
{
    type Key = K;

    #[inline]
    fn record_hinted(&self, key: &K, bytes: u64, hint: &mut Hint) -> Recorded {
        self.core.record(key, bytes, Some(hint), || ())
    }

    #[inline]
    fn is_over(&self, hint: &Hint) -> bool {
        self.core.is_over(hint)
    }
}

impl<K: InlineKey, const CAPACITY: usize, const WINDOWS: usize> Default
    for StaticWindowedLedger<K, CAPACITY, WINDOWS>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<K: InlineKey, const CAPACITY: usize, const WINDOWS: usize, S, const BYTE_BITS: u32> fmt::Debug
    for StaticWindowedLedger<K, CAPACITY, WINDOWS, S, BYTE_BITS>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticWindowedLedger")
            .field("window", &self.number())
            .field("capacity", &CAPACITY)
            .field("floor", &self.floor())
            .finish_non_exhaustive()
    }
}
