//! One reader's way through the windows of a ledger.

use alloc::vec::Vec;
use core::ops::Range;

use super::{Window, heap::WindowedLedger};
use crate::{key::InlineKey, snapshot::Snapshot};

/// A reader's place in the windows of a ledger. Each reader has its own, and none takes anything
/// from another.
///
/// [`read`](Self::read) returns what has happened in the windows that have ended since the last
/// read. Windows end by [`rotate`](WindowedLedger::rotate), never by a read.
///
/// ```
/// # #[cfg(feature = "std-ledger")] {
/// use highwater::WindowedLedger;
///
/// let ledger = WindowedLedger::<u64>::with_capacity(100);
/// let mut cursor = ledger.cursor();
/// ledger.record_peak(&7, 2 << 20);
/// ledger.rotate()?;
/// ledger.record_peak(&7, 1 << 20);
/// ledger.rotate()?;
///
/// let interval = cursor.read();
/// assert_eq!(interval.snapshot().peak(&7), 2 << 20);
/// assert_eq!((interval.windows(), interval.missed()), (1..3, 0));
/// assert!(cursor.read().windows().is_empty());
/// # }
/// # Ok::<(), highwater::WindowsExhausted>(())
/// ```
pub struct WindowCursor<K: InlineKey, S, const BYTE_BITS: u32> {
    ledger: WindowedLedger<K, S, BYTE_BITS>,
    /// The first window that was not read.
    next: u64,
}

impl<K: InlineKey, S, const BYTE_BITS: u32> WindowedLedger<K, S, BYTE_BITS> {
    /// A reader's place, before the end of the current window.
    #[must_use]
    pub fn cursor(&self) -> WindowCursor<K, S, BYTE_BITS> {
        WindowCursor { ledger: self.clone(), next: self.number() }
    }
}

impl<K: InlineKey, S: core::hash::BuildHasher, const BYTE_BITS: u32> WindowCursor<K, S, BYTE_BITS> {
    /// The merge of the windows that have ended since the last read, or since this cursor was made.
    /// Allocates.
    #[must_use = "the windows are not read again"]
    pub fn read(&mut self) -> Interval<K> {
        let now = self.ledger.number();
        let windows = self.next..now;
        self.next = now;
        // Those before are gone, without a look.
        let oldest = now.saturating_sub(self.ledger.closed_windows() as u64).max(windows.start);
        let kept: Vec<_> = (oldest..now).filter_map(|number| self.ledger.closed(number)).collect();
        let missed = now - windows.start - kept.len() as u64;
        Interval { windows, missed, snapshot: Snapshot::merge(kept.iter().map(Window::snapshot)) }
    }
}

impl<K: InlineKey, S, const BYTE_BITS: u32> core::fmt::Debug for WindowCursor<K, S, BYTE_BITS> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WindowCursor").field("next", &self.next).finish_non_exhaustive()
    }
}

/// The peaks of several windows together, with one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval<K> {
    windows: Range<u64>,
    missed: u64,
    snapshot: Snapshot<K>,
}

impl<K: Clone> Interval<K> {
    /// The [merge](Snapshot::merge) of the windows: of each principal the highest peak, and one
    /// certificate for all others, the missed windows excepted. Allocates.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<K> {
        self.snapshot.clone()
    }
}

impl<K> Interval<K> {
    /// How many of the [`windows`](Self::windows) had been overwritten when they were read. What
    /// was recorded in them is in no part of this interval.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }

    /// The numbers of the windows, the missed ones included.
    #[must_use]
    pub const fn windows(&self) -> Range<u64> {
        self.windows.start..self.windows.end
    }
}
