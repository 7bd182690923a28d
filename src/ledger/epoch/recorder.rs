//! Access to a ledger for one thread.

use alloc::{borrow::ToOwned, vec::Vec};
use core::{
    fmt,
    hash::{BuildHasher, Hash},
};

use equivalent::Equivalent;

use super::{Ledger, PinnedLedger, pinned};
use crate::{
    key::{borrowed::Borrowed, limbo::EpochKey, participant::Participant},
    ledger::DefaultHashBuilder,
    snapshot::Snapshot,
    table::{Hint, Recorded},
    tracker::sealed,
};

/// A thread's (or CPU's) access to a [`Ledger`]: registered with its collector once, so that calls
/// need no thread-local storage. Neither `Send` nor `Sync`.
///
/// ```
/// use highwater::{Collector, FixedState, Ledger};
///
/// let ledger = Ledger::<u64, _>::with_collector(64, FixedState, Collector::new());
/// let recorder = ledger.recorder();
/// recorder.record_peak(&7, 65_536);
/// assert_eq!(recorder.peak(&7), 65_536);
/// ```
pub struct Recorder<K: EpochKey, S = DefaultHashBuilder> {
    ledger: Ledger<K, S>,
    participant: Participant,
}

impl<K: EpochKey, S> Ledger<K, S> {
    /// Registers the calling thread (or CPU). Allocates.
    #[must_use]
    pub fn recorder(&self) -> Recorder<K, S> {
        let handle = match &*self.inner.collector {
            Some(collector) => collector.register(),
            #[cfg(feature = "std-ledger")]
            None => crossbeam_epoch::default_collector().register(),
            #[cfg(not(feature = "std-ledger"))]
            None => unreachable!("only constructors with `std-ledger` leave the collector out"),
        };
        Recorder { ledger: self.clone(), participant: Participant::Registered(handle) }
    }
}

impl<K: EpochKey, S> Recorder<K, S> {
    /// The ledger that this recorder is registered for.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger<K, S> {
        &self.ledger
    }

    /// Pins, for many calls at the price of one pin. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn pin(&self) -> PinnedLedger<'_, K, S> {
        PinnedLedger::new(self.ledger.core(), &self.participant)
    }
}

/// The calls that pin for themselves.
impl<K: EpochKey, S: BuildHasher> Recorder<K, S> {
    /// As [`PinnedLedger::record_peak`]. Pins only for a value above the floor.
    #[inline]
    pub fn record_peak<Q>(&self, key: &Q, bytes: u64) -> Recorded
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        self.record_peak_with(key, bytes, || key.to_owned())
    }

    /// As [`PinnedLedger::record_peak_with`]. Pins only for a value above the floor.
    #[inline]
    pub fn record_peak_with<Q>(&self, key: &Q, bytes: u64, make: impl Fn() -> K) -> Recorded
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.ledger
            .core()
            .record::<Borrowed<'_, K, _, _>, _>(Borrowed::new(key, make), bytes, None, || &self.participant)
    }

    /// As [`PinnedLedger::peak`].
    #[must_use]
    #[inline]
    pub fn peak<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> u64 {
        self.ledger.core().peak(&Borrowed::for_lookup(key), &self.participant)
    }

    /// As [`PinnedLedger::snapshot`].
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<K> {
        pinned::snapshot(self.ledger.core(), &self.participant)
    }

    /// As [`PinnedLedger::top`].
    #[must_use]
    pub fn top(&self, n: usize) -> Vec<(K, u64)> {
        self.snapshot().into_iter().take(n).collect()
    }
}

impl<K: EpochKey, S: BuildHasher> sealed::Handle for Recorder<K, S> {
    type Key = K;

    #[inline]
    fn record_hinted(&self, key: &K, bytes: u64, hint: &mut Hint) -> Recorded {
        let query = Borrowed::new(key, || key.clone());
        self.ledger.core().record::<Borrowed<'_, K, _, _>, _>(query, bytes, Some(hint), || &self.participant)
    }
}

impl<K: EpochKey, S> fmt::Debug for Recorder<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
