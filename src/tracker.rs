//! Repeated records for one principal.

use core::fmt;

use crate::table::{Hint, Recorded};

pub(crate) mod sealed {
    use super::{Hint, Recorded};

    /// The calls that trackers and meters make on a handle.
    pub trait Handle {
        type Key: Clone;

        /// Records for a key. The hint is of this key and this ledger, or new.
        fn record_hinted(&self, key: &Self::Key, bytes: u64, hint: &mut Hint) -> Recorded;

        /// Whether what was recorded with this hint counts no more, since its window has ended.
        #[inline]
        fn is_over(&self, _hint: &Hint) -> bool {
            false
        }
    }
}

/// A handle to a ledger that a [`Tracker`] or a meter can own: a clone of an
/// [`InlineLedger`](crate::InlineLedger) or a [`Ledger`](crate::Ledger), or a reference to a
/// [`StaticLedger`](crate::StaticLedger). Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle to a ledger",
    label = "not a ledger",
    note = "a tracker or meter owns a `MemoryLedger`, an `InlineLedger<K>`, a `Ledger<K>`, or a `&StaticLedger<K, N>`"
)]
pub trait LedgerHandle: sealed::Handle<Key = Self::Principal> {
    /// The type of the ledger's keys.
    type Principal: Clone;
}

impl<L: sealed::Handle> LedgerHandle for L {
    type Principal = L::Key;
}

/// Records many times for one principal, at the price of a comparison.
///
/// It keeps the principal's key and a hint: the slot where the ledger last had the key, and the
/// peak there. Recording a value that is not above that peak touches no shared memory. Raising the
/// peak is one compare-and-swap, without hash, probe, key comparison or pin, unless another thread
/// has raised it meanwhile.
///
/// ```
/// # #[cfg(feature = "std-ledger")] {
/// use highwater::{MemoryLedger, PrincipalId, Recorded, Tracker};
///
/// let ledger = MemoryLedger::default();
/// let mut tracker = Tracker::new(ledger.clone(), PrincipalId::default());
/// assert_eq!(tracker.record_peak(65_536), Recorded::Admitted);
/// assert_eq!(tracker.record_peak(65_536), Recorded::Unchanged);
/// assert_eq!(tracker.record_peak(131_072), Recorded::Raised);
/// assert_eq!(ledger.peak(tracker.key()), 131_072);
/// # }
/// ```
pub struct Tracker<L: LedgerHandle> {
    ledger: L,
    key: L::Principal,
    hint: Hint,
}

impl<L: LedgerHandle> Tracker<L> {
    /// A tracker of one principal, which becomes resident with its first record.
    #[must_use]
    pub const fn new(ledger: L, key: L::Principal) -> Self {
        Self { ledger, key, hint: Hint::new() }
    }

    /// As the ledger's `record_peak` for the tracker's principal. May be used wherever that may.
    ///
    /// The answer for a value that is not above the last peak (or floor) that this tracker has seen
    /// is `Unchanged`, without a look at the ledger.
    #[inline]
    pub fn record_peak(&mut self, bytes: u64) -> Recorded {
        self.ledger.record_hinted(&self.key, bytes, &mut self.hint)
    }

    /// Tracks another principal from now on.
    pub fn retarget(&mut self, key: L::Principal) {
        self.key = key;
        self.hint = Hint::new();
    }

    /// The principal.
    #[must_use]
    pub const fn key(&self) -> &L::Principal {
        &self.key
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> &L {
        &self.ledger
    }
}

impl<L: LedgerHandle + Clone> Clone for Tracker<L> {
    fn clone(&self) -> Self {
        Self { ledger: self.ledger.clone(), key: self.key.clone(), hint: self.hint }
    }
}

impl<L: LedgerHandle + fmt::Debug> fmt::Debug for Tracker<L>
where
    L::Principal: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker")
            .field("key", &self.key)
            .field("seen", &self.hint.seen())
            .field("ledger", &self.ledger)
            .finish()
    }
}
