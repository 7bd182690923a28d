//! One window of a ledger, as it was read.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
use crate::snapshot::Snapshot;
use crate::table::windows::Refusals;

/// The peaks of one window, with its certificate.
///
/// `closed` returns a window that has ended: two reads of one window agree. `current` returns the
/// current window as far as it has come. A value of this type does not change any more, and does
/// not keep the ledger. It has its entries from the heap (`'static`), or from the caller's buffer.
#[derive(Clone, Debug)]
pub struct Window<'t, K> {
    pub(super) number: u64,
    pub(super) entries: Entries<'t, K>,
    pub(super) floor: u64,
    pub(super) refusals: Refusals,
    pub(super) capacity: usize,
}

/// The principals of a window, with their peaks.
#[derive(Clone, Debug)]
pub(super) enum Entries<'t, K> {
    Lent(&'t [(K, u64)]),
    #[cfg(feature = "alloc")]
    Owned(Vec<(K, u64)>),
}

impl<K> Entries<'_, K> {
    const fn as_slice(&self) -> &[(K, u64)] {
        match self {
            Self::Lent(entries) => entries,
            #[cfg(feature = "alloc")]
            Self::Owned(entries) => entries.as_slice(),
        }
    }
}

impl<'t, K> Window<'t, K> {
    /// A window that has ended. If it has as many entries as fit, the lowest one bounds all others.
    pub(super) fn closed(number: u64, entries: Entries<'t, K>, capacity: usize, refusals: Refusals) -> Self {
        let is_full = entries.as_slice().len() == capacity;
        let lowest = entries.as_slice().iter().map(|&(_, peak)| peak).min();
        Self { number, entries, floor: lowest.filter(|_| is_full).unwrap_or(0), refusals, capacity }
    }

    /// The number of the window. The first window of a ledger has the number 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// All principals of the window with their peaks in bytes, each once. Those from a buffer of the
    /// caller's come highest first, others in no order.
    #[must_use]
    pub const fn entries(&self) -> &[(K, u64)] {
        self.entries.as_slice()
    }

    /// How many principals are in this window.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries().len()
    }

    /// The most principals that there can be here.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether no principal is in this window.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// An upper bound, in bytes, for principals that are not in this window: 0 unless the window
    /// was full. As long as [`refused`](Self::refused) is 0, none of them recorded more in it.
    ///
    /// For a window that has ended, it is exact: the lowest peak of a full window. For the current
    /// one, it holds for what was recorded before the window was read.
    #[must_use]
    pub const fn floor(&self) -> u64 {
        self.floor
    }

    /// The largest value, in bytes, that a principal that is not in this window can have recorded
    /// in it: the [`floor`](Self::floor), or the largest value refused if that is higher.
    #[must_use]
    pub const fn untracked_at_most(&self) -> u64 {
        if self.floor > self.refusals.largest { self.floor } else { self.refusals.largest }
    }

    /// How many records of this window were [`Refused`](crate::Recorded::Refused). While it is 0
    /// the window is exact; otherwise [`untracked_at_most`](Self::untracked_at_most) still holds.
    ///
    /// A call during which the window ended may be counted here, although its value was kept in the
    /// next window.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refusals.count
    }
}

impl<K: Eq> Window<'_, K> {
    /// The peak of `key` in this window, in bytes, or 0 if it is not in it. Then it recorded no
    /// more than [`untracked_at_most`](Self::untracked_at_most) in this window. Takes time linear
    /// in the number of principals.
    #[must_use]
    pub fn peak(&self, key: &K) -> u64 {
        self.entries().iter().find(|(other, _)| other == key).map_or(0, |&(_, peak)| peak)
    }
}

#[cfg(feature = "alloc")]
impl<K: Ord + Clone> Window<'_, K> {
    /// The same as a [`Snapshot`], which merges with others and can leave the process. Allocates.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<K> {
        let entries = self.entries().to_vec();
        Snapshot::new(entries, Ord::cmp, self.untracked_at_most(), self.capacity, self.refused())
            .of_window(self.number)
    }

    /// The `n` principals with the highest peaks in bytes, highest first, ties by key. Allocates.
    #[must_use]
    pub fn top(&self, n: usize) -> Vec<(K, u64)> {
        self.snapshot().into_iter().take(n).collect()
    }
}
