//! Ledgers by windows on the heap, whose keys are held in the slots.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, hash::BuildHasher};

use super::{
    Window, WindowsExhausted,
    core::{Tables, WindowedCore},
    window::Entries,
};
use crate::{
    key::{InlineKey, inline::InlineCell},
    ledger::{DefaultHashBuilder, arc_bytes},
    table::{Heap, Hint, Recorded, Storage, Table, span::Value},
    tracker::{Tracker, sealed},
};

/// How many closed windows a ledger keeps unless its constructor is told otherwise.
const CLOSED_WINDOWS: usize = 3;

/// Exact high-water marks of the biggest users, window by window, for plain keys ([`InlineKey`]).
///
/// A handle: clones share one ledger. Each window holds the `capacity` keys with the highest maxima
/// *within the window*. [`rotate`](Self::rotate) ends the current window and begins the next,
/// without a stop, and each record counts in one window that was current during the call. Windows
/// that have ended can be read until as many others have ended as are kept. [By
/// windows](crate::windows) has the promise, the costs, and when a plain ledger is the better
/// choice.
///
/// ```
/// # #[cfg(feature = "std-ledger")] {
/// use highwater::{Recorded, WindowedLedger};
///
/// let ledger = WindowedLedger::<u64>::with_capacity(100);
/// assert_eq!(ledger.record_peak(&7, 3 << 20), Recorded::Admitted);
/// let number = ledger.rotate()?;
/// assert_eq!(ledger.peak(&7), 0);
/// let window = ledger.closed(number).expect("it has just ended");
/// assert_eq!(window.peak(&7), 3 << 20);
/// # }
/// # Ok::<(), highwater::WindowsExhausted>(())
/// ```
///
/// A word is divided between the number of the window and the bytes. `BYTE_BITS` is the share of
/// the bytes: peaks saturate at 2<sup>`BYTE_BITS`</sup> - 1, and there are
/// 2<sup>62 - `BYTE_BITS`</sup> - 1 windows. With 40, one tebibyte and four million windows: one a
/// minute for eight years. With 34, sixteen gibibytes and 268 million windows: one a second for as
/// long.
///
/// There is no such ledger where the target has no 64-bit atomics.
pub struct WindowedLedger<K: InlineKey, S = DefaultHashBuilder, const BYTE_BITS: u32 = 40> {
    core: Arc<HeapCore<K, S, BYTE_BITS>>,
}

type HeapTable<K> = Table<Heap<InlineCell<K>>>;
type HeapCore<K, S, const BYTE_BITS: u32> = WindowedCore<Box<[HeapTable<K>]>, S, BYTE_BITS>;

impl<St: Storage> Tables for Box<[Table<St>]> {
    type Storage = St;

    #[inline]
    fn tables(&self) -> &[Table<St>] {
        self
    }
}

impl<K: InlineKey> WindowedLedger<K> {
    /// A ledger of `capacity` places a window, which keeps three closed windows. Allocates.
    ///
    /// # Panics
    ///
    /// As [`with_windows`](Self::with_windows).
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_windows(capacity, CLOSED_WINDOWS)
    }

    /// A ledger of `capacity` places a window, which keeps `closed` closed windows. Allocates
    /// `closed + 1` tables.
    ///
    /// # Panics
    ///
    /// If the capacity is 0 or more than 2<sup>30</sup>, if `closed` is 0, or if there is not
    /// enough memory.
    #[must_use]
    pub fn with_windows(capacity: usize, closed: usize) -> Self {
        Self::with_windows_and_hasher(capacity, closed, DefaultHashBuilder::default())
    }
}

impl<K: InlineKey, S, const BYTE_BITS: u32> WindowedLedger<K, S, BYTE_BITS> {
    /// The most that a peak can be, in bytes. Larger values count as this one.
    pub const MAX_PEAK: u64 = crate::sync::widen(Value::<BYTE_BITS>::MAX_BYTES);
    /// The number of the last window.
    pub const LAST_WINDOW: u64 = crate::sync::widen(Value::<BYTE_BITS>::LAST_WINDOW);

    /// A ledger of `capacity` places a window that keeps three closed windows, with a hasher of the
    /// caller's, and any division of the words. Allocates.
    ///
    /// # Panics
    ///
    /// As [`with_windows`](WindowedLedger::with_windows).
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self::with_windows_and_hasher(capacity, CLOSED_WINDOWS, hasher)
    }

    /// The same with any number of closed windows. All bits of the hashes should be well mixed.
    /// Allocates.
    ///
    /// # Panics
    ///
    /// As [`with_windows`](WindowedLedger::with_windows).
    #[must_use]
    pub fn with_windows_and_hasher(capacity: usize, closed: usize, hasher: S) -> Self {
        Self::from_heaps(closed, hasher, || Heap::for_windows(capacity, ()))
    }

    /// For models: few spare slots, and rounds of `seq` so short that it wraps within a few
    /// admissions.
    #[cfg(highwater_loom)]
    #[cfg_attr(mutants, mutants::skip)] // For models alone.
    #[doc(hidden)]
    pub fn for_models(capacity: usize, closed: usize, spare: usize, seq_bits: u32, hasher: S) -> Self {
        let shape = crate::table::shape::Shape::new(capacity, capacity + spare).with_seq_bits(seq_bits);
        Self::from_heaps(closed, hasher, || Heap::with_vacancies(shape, ()))
    }

    fn from_heaps(closed: usize, hasher: S, heap: impl Fn() -> Heap<InlineCell<K>>) -> Self {
        assert!(closed > 0, "closed is 0: a window that has ended could never be read");
        let tables: Vec<HeapTable<K>> = (0..=closed)
            .map(|_| {
                let heap = heap();
                let shape = *heap.shape();
                Table::for_windows(heap, &shape)
            })
            .collect();
        Self { core: Arc::new(WindowedCore::new(tables.into(), hasher)) }
    }

    /// Ends the current window, begins the next, and returns the number of the one that it ended.
    ///
    /// Constant time, lock-free. Never allocates. May be called from an interrupt, on top of any
    /// call on the same ledger. Of several calls at once, each ends a window of its own.
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

    /// An upper bound, in bytes, for principals that are not in the current window: 0 until the
    /// window is full. Within a window it never falls. As long as no value was refused, no
    /// principal outside the window has recorded more in it. One load.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.core.present().bytes()
    }

    /// The most principals that a window holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.core.capacity()
    }

    /// How many closed windows are kept.
    #[must_use]
    pub fn closed_windows(&self) -> usize {
        self.core.kept() as usize
    }

    /// How many residents were evicted by a newcomer of the same window, in all windows so far.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.core.tables().iter().map(Table::evictions).sum()
    }

    /// The bytes that the ledger occupies on the heap; they never change.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let tables = self.core.tables();
        let storage = tables.iter().map(|table| table.storage().bytes()).sum::<usize>();
        arc_bytes::<HeapCore<K, S, BYTE_BITS>>() + size_of_val(tables) + storage
    }
}

impl<K: InlineKey, S: BuildHasher, const BYTE_BITS: u32> WindowedLedger<K, S, BYTE_BITS> {
    /// Records that `key` used `bytes` in the current window: raises its peak there, or admits it
    /// if it belongs to the top.
    ///
    /// 0 is a no-op. Values from [`MAX_PEAK`](Self::MAX_PEAK) on count as that. A value at or below
    /// the floor of the window costs one load. A value that does not raise a resident's peak writes
    /// nothing. The first value of a key in a window is [`Admitted`](Recorded::Admitted). An
    /// admission takes time logarithmic in the capacity. Never allocates, never waits. May be
    /// called from an interrupt, on top of any call on the same ledger.
    #[inline]
    pub fn record_peak(&self, key: &K, bytes: u64) -> Recorded {
        self.core.record(key, bytes, None, || ())
    }

    /// The peak of `key` in the current window, in bytes, or 0 if it is not in it. Never allocates,
    /// never waits. May be called from an interrupt, on top of any call on the same ledger.
    #[must_use]
    pub fn peak(&self, key: &K) -> u64 {
        self.core.peak(key, &())
    }

    /// The current window, as far as it has come. Each entry is as it was at some instant during
    /// the call, while the window was current. Takes time linear in the capacity. Allocates.
    #[must_use]
    pub fn current(&self) -> Window<'static, K> {
        let (present, entries, refusals) = self.core.entries(&());
        let (number, floor, capacity) = (present.window(), present.bytes(), self.capacity());
        Window { number, entries: Entries::Owned(entries), floor, refusals, capacity }
    }

    /// A window that has ended, or `None` if it has not ended or is no longer kept. All calls
    /// return the same for one window.
    ///
    /// Takes time linear in the capacity. The first read of a window makes it final: it writes to
    /// each slot of the window's table, once. Allocates.
    #[must_use]
    pub fn closed(&self, number: u64) -> Option<Window<'static, K>> {
        let mut entries = Vec::with_capacity(self.capacity());
        let refusals = self.core.read_closed(number, &(), |key, peak| entries.push((key, peak)))?;
        Some(Window::closed(number, Entries::Owned(entries), self.capacity(), refusals))
    }

    /// A [`Tracker`] that records for `key` in this ledger.
    #[must_use]
    pub fn tracker(&self, key: K) -> Tracker<Self> {
        Tracker::new(self.clone(), key)
    }
}

impl<K: InlineKey, S: BuildHasher, const BYTE_BITS: u32> sealed::Handle for WindowedLedger<K, S, BYTE_BITS> {
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

impl<K: InlineKey, S, const BYTE_BITS: u32> Clone for WindowedLedger<K, S, BYTE_BITS> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core) }
    }
}

impl<K: InlineKey, S, const BYTE_BITS: u32> fmt::Debug for WindowedLedger<K, S, BYTE_BITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowedLedger")
            .field("window", &self.number())
            .field("capacity", &self.capacity())
            .field("floor", &self.floor())
            .finish_non_exhaustive()
    }
}
