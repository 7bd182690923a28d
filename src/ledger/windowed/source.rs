//! Ledgers by windows as exporters see them.

use alloc::vec::Vec;
use core::hash::BuildHasher;

use super::{Window, heap::WindowedLedger};
use crate::{
    key::InlineKey,
    ledger::{LedgerStats, SnapshotSource},
    snapshot::Snapshot,
};

impl<K: InlineKey, S: BuildHasher, const BYTE_BITS: u32> WindowedLedger<K, S, BYTE_BITS> {
    /// The window that ended last, if one has.
    fn last_closed(&self) -> Option<Window<'static, K>> {
        loop {
            let last = self.number() - 1;
            if last == 0 {
                return None;
            }
            // Repeats only if so many windows have ended meanwhile that this one is gone.
            if let Some(window) = self.closed(last) {
                return Some(window);
            }
        }
    }
}

/// Reports the window that ended last. Before one has ended, that is window 0, which is empty.
impl<K: InlineKey, S: BuildHasher, const BYTE_BITS: u32> SnapshotSource for WindowedLedger<K, S, BYTE_BITS> {
    type Principal = K;

    fn snapshot(&self) -> Snapshot<K> {
        let before_all = || Snapshot::new(Vec::new(), Ord::cmp, 0, self.capacity(), 0).of_window(0);
        self.last_closed().map_or_else(before_all, |window| window.snapshot())
    }

    /// The numbers of that window; evictions are those of all windows so far.
    fn stats(&self) -> LedgerStats {
        let last = self.last_closed();
        let of_last = |read: fn(&Window<'static, K>) -> u64| last.as_ref().map_or(0, read);
        LedgerStats {
            residents: last.as_ref().map_or(0, Window::len),
            capacity: self.capacity(),
            floor: of_last(Window::floor),
            untracked_at_most: of_last(Window::untracked_at_most),
            evictions: self.evictions(),
            refused: of_last(Window::refused),
        }
    }
}
